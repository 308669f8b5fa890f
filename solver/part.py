"""A part of a problem: some columns free, all others as they are, limits lowered by what the others use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .problem import NONE, Objective, Problem
from .solution import Plan
from .sparse import Sparse

Int = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Part:
    """The smaller problem, and where its columns and rows stand in the whole."""

    problem: Problem
    option: Int
    opening: Int
    extra: Int
    arc: Int
    row: Int
    demand: Int

    def cut(self, plan: Plan) -> Plan:
        """What a plan of the whole says about this part."""
        return Plan(plan.option[self.option], plan.opening[self.opening], plan.extra[self.extra], plan.arc[self.arc])

    def put(self, plan: Plan, found: Plan) -> Plan:
        """The plan of the whole with this part replaced."""
        whole = Plan(plan.option.copy(), plan.opening.copy(), plan.extra.copy(), plan.arc.copy())
        whole.option[self.option] = found.option
        whole.opening[self.opening] = found.opening
        whole.extra[self.extra] = found.extra
        whole.arc[self.arc] = found.arc
        return whole


class _Renumber:
    """Old numbers to new ones; NONE stays NONE."""

    def __init__(self, size: int, kept: Int) -> None:
        self.kept = kept
        self.table = np.full(size + 1, NONE, np.int64)
        self.table[kept] = np.arange(len(kept))

    def __call__(self, old: Int) -> Int:
        found: Int = self.table[old]
        return found


def _touched(parts: list[Int]) -> Int:
    found = np.unique(np.concatenate(parts)) if parts else np.zeros(0, np.int64)
    kept: Int = found[found != NONE]
    return kept


def _moved(part: Sparse, renumber: _Renumber) -> Sparse:
    return Sparse(part.start, renumber(part.index), part.amount)


def cut_part(
    problem: Problem,
    *,
    option: Int,
    opening: Int,
    extra: Int,
    arc: Int,
    group_capacity: Int,
    group: Int,
    row_limit: Int,
) -> Part:
    """The problem of these columns alone (single objective).

    `arc` must hold all arcs of the demands in which these columns spend. `group` are the groups whose members may
    be taken (exact ones too, which nothing else serves), `group_capacity` and `row_limit` what is left for them,
    as long as in the whole.
    """
    p, objective = problem, problem.objectives[0]
    facility = _touched([p.option_facility[option], p.opening_facility[opening]])
    facility = _touched([facility, p.facility_parent[facility]])
    option_row, opening_row = p.option_row.taken(option), p.opening_row.taken(opening)
    extra_row, arc_row = p.extra_row.taken(extra), p.arc_row.taken(arc)
    option_spend, opening_spend = p.option_spend.taken(option), p.opening_spend.taken(opening)
    row = _touched([option_row.index, opening_row.index, extra_row.index, arc_row.index, p.arc_source[arc]])
    demand = _touched([option_spend.index, opening_spend.index, p.arc_demand[arc]])
    portion = _touched([p.arc_portion[arc]])
    floor = _touched([p.portion_floor[portion]])
    classes = _touched([p.demand_class[demand], p.portion_class[portion], p.floor_class[floor]])
    to_group, to_facility = _Renumber(p.groups, group), _Renumber(p.facilities, facility)
    to_row, to_demand = _Renumber(p.rows, row), _Renumber(p.demands, demand)
    to_portion, to_floor = _Renumber(len(p.portion_class), portion), _Renumber(len(p.floor_class), floor)
    to_class = _Renumber(p.class_count, classes)
    smaller = Problem(
        periods=p.periods,
        objectives=(
            Objective(objective.name, objective.option[option], objective.opening[opening], objective.extra[extra]),
        ),
        group_capacity=group_capacity[group],
        group_exact=p.group_exact[group],
        group_region=p.group_region[group],
        facility_parent=to_facility(p.facility_parent[facility]),
        facility_capacity=p.facility_capacity[facility],
        facility_minimum=p.facility_minimum[facility],
        facility_occasional=p.facility_occasional[facility],
        facility_exclusion=p.facility_exclusion[facility],
        facility_region=p.facility_region[facility],
        opening_facility=to_facility(p.opening_facility[opening]),
        opening_period=p.opening_period[opening],
        option_group=to_group(p.option_group[option]),
        option_weight=p.option_weight[option],
        option_choice=p.option_choice[option],
        option_facility=to_facility(p.option_facility[option]),
        option_period=p.option_period[option],
        option_size=p.option_size[option],
        row_limit=row_limit[row],
        option_row=_moved(option_row, to_row),
        opening_row=_moved(opening_row, to_row),
        extra_lower=p.extra_lower[extra],
        extra_upper=p.extra_upper[extra],
        extra_whole=p.extra_whole[extra],
        extra_row=_moved(extra_row, to_row),
        class_count=len(classes),
        demand_class=to_class(p.demand_class[demand]),
        option_spend=_moved(option_spend, to_demand),
        opening_spend=_moved(opening_spend, to_demand),
        portion_class=to_class(p.portion_class[portion]),
        portion_percent=p.portion_percent[portion],
        portion_floor=to_floor(p.portion_floor[portion]),
        floor_class=to_class(p.floor_class[floor]),
        floor_percent=p.floor_percent[floor],
        arc_demand=to_demand(p.arc_demand[arc]),
        arc_portion=to_portion(p.arc_portion[arc]),
        arc_source=to_row(p.arc_source[arc]),
        arc_row=_moved(arc_row, to_row),
    )
    return Part(smaller, option, opening, extra, arc, row, demand)
