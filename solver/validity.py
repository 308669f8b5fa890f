"""Is a problem well formed? All faults at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .problem import HIGHEST, NONE, UNLIMITED, Problem
from .sparse import Sparse


class ProblemError(ValueError):
    """The arrays do not make a problem; `faults` says what is wrong with which array."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def check_problem(problem: Problem) -> None:
    """Raise `ProblemError` unless every index points at something and every rule of the class holds."""
    faults = [*_shapes(problem)]
    if not faults:
        faults = [*_references(problem), *_rules(problem), *_sizes(problem)]
    if faults:
        raise ProblemError(faults)


def _shapes(p: Problem) -> Iterator[str]:
    lengths = {
        "group": (p.groups, ("exact", "region")),
        "facility": (p.facilities, ("capacity", "minimum", "occasional", "exclusion", "region")),
        "opening": (p.openings, ("period",)),
        "option": (p.options, ("weight", "choice", "facility", "period", "size")),
        "extra": (p.extras, ("upper", "whole")),
        "portion": (len(p.portion_class), ("percent", "floor")),
        "floor": (len(p.floor_class), ("percent",)),
        "arc": (p.arcs, ("portion", "source")),
    }
    for prefix, (length, names) in lengths.items():
        for name in names:
            found = len(getattr(p, f"{prefix}_{name}"))
            if found != length:
                yield f"{prefix}_{name} has {found} elements, {length} are needed"
    for name, owners in (
        ("option_row", p.options),
        ("opening_row", p.openings),
        ("extra_row", p.extras),
        ("option_spend", p.options),
        ("opening_spend", p.openings),
        ("arc_row", p.arcs),
    ):
        sparse: Sparse = getattr(p, name)
        if sparse.owners != owners:
            yield f"{name} has {sparse.owners} owners, {owners} are needed"
    if not p.objectives:
        yield "objectives is empty: at least one is needed"
    for objective in p.objectives:
        if (len(objective.option), len(objective.opening), len(objective.extra)) != (p.options, p.openings, p.extras):
            yield f"objective {objective.name}: one profit for every option, opening and extra column is needed"


def _outside(values: NDArray[np.int64], size: int, *, none_allowed: bool = False) -> bool:
    return bool(values.size) and (values.min() < (NONE if none_allowed else 0) or values.max() >= size)


def _references(p: Problem) -> Iterator[str]:
    single = (
        ("facility_parent", p.facilities, True),
        ("opening_facility", p.facilities, False),
        ("opening_period", p.periods, False),
        ("option_group", p.groups, True),
        ("option_facility", p.facilities, True),
        ("option_period", p.periods, False),
        ("demand_class", p.class_count, False),
        ("portion_class", p.class_count, False),
        ("portion_floor", len(p.floor_class), True),
        ("floor_class", p.class_count, False),
        ("arc_demand", p.demands, False),
        ("arc_portion", len(p.portion_class), False),
        ("arc_source", p.rows, False),
    )
    for name, size, none_allowed in single:
        if _outside(getattr(p, name), size, none_allowed=none_allowed):
            yield f"{name} points outside 0..{size - 1}"
    for name, size in (
        ("option_row", p.rows),
        ("opening_row", p.rows),
        ("extra_row", p.rows),
        ("arc_row", p.rows),
        ("option_spend", p.demands),
        ("opening_spend", p.demands),
    ):
        if _outside(getattr(p, name).index, size):
            yield f"{name} points outside 0..{size - 1}"


def _rules(p: Problem) -> Iterator[str]:
    if any(True for _ in _references(p)):
        return
    module = p.facility_parent != NONE
    if np.any(module[p.facility_parent[module]]):
        yield "facility_parent: a module may stand only in a root"
    if np.any(p.facility_capacity[module] != UNLIMITED):
        yield "facility_capacity: only a root has a capacity"
    if np.any(p.facility_minimum[~module] != 0):
        yield "facility_minimum: only a module has a smallest size"
    if np.any(p.facility_occasional[module]):
        yield "facility_occasional: only a root may be occasional; its modules would be too"
    pairs = p.opening_facility * max(p.periods, 1) + p.opening_period
    if len(np.unique(pairs)) != len(pairs):
        yield "openings: a facility has two openings in one period"
    root = p.root()
    for name, number, holds in (
        ("facility_exclusion", p.facility_exclusion, root),
        ("option_choice", p.option_choice, p.option_facility),
        ("option_choice", p.option_choice, p.option_group),
    ):
        member = number != NONE
        order = np.argsort(number[member], kind="stable")
        key, value = number[member][order], holds[member][order]
        if np.any((key[1:] == key[:-1]) & (value[1:] != value[:-1])):
            yield f"{name}: members of one set must share their {'root' if holds is root else 'group and facility'}"
    if np.any(p.option_weight < 0) or np.any(p.option_size < 0) or np.any(p.facility_minimum < 0):
        yield "weights, sizes and minima must be 0 or more"
    if np.any(p.group_capacity < 0):
        yield "group_capacity must be 0 or more"
    if np.any(p.extra_lower > p.extra_upper):
        yield "extra_lower is above extra_upper"
    yield from _blend_rules(p)


def _blend_rules(p: Problem) -> Iterator[str]:
    if np.any(p.option_spend.amount < 0) or np.any(p.opening_spend.amount < 0):
        yield "spending must be 0 or more"
    for name in ("portion_percent", "floor_percent"):
        values = getattr(p, name)
        if np.any(values < 0) or np.any(values > 100):
            yield f"{name} must be within 0..100"
    if p.arcs and np.any(p.portion_class[p.arc_portion] != p.demand_class[p.arc_demand]):
        yield "arc_portion: the portion belongs to another class than the demand"
    held = p.portion_floor != NONE
    if np.any(p.floor_class[p.portion_floor[held]] != p.portion_class[held]):
        yield "portion_floor: the floor set belongs to another class"


def blend_is_possible(p: Problem) -> NDArray[np.bool_]:
    """For every demand whether its arcs can pay it in full: caps reach 100, floors are within reach."""
    usable = np.unique(np.stack([p.arc_demand, p.arc_portion]), axis=1) if p.arcs else np.zeros((2, 0), np.int64)
    demand, portion = usable
    reach = np.bincount(demand, p.portion_percent[portion], p.demands)
    possible = reach >= 100
    floors = len(p.floor_class)
    if floors:
        held = p.portion_floor[portion] != NONE
        size = (p.demands, floors)
        within = np.zeros(size, np.int64)
        np.add.at(within, (demand[held], p.portion_floor[portion][held]), p.portion_percent[portion][held])
        owns = p.demand_class[:, None] == p.floor_class[None, :]
        possible &= ~np.any(owns & (within < p.floor_percent[None, :]), axis=1)
        possible &= np.sum(np.where(owns, p.floor_percent[None, :], 0), axis=1) <= 100
    return np.asarray(possible, np.bool_)


def _sizes(p: Problem) -> Iterator[str]:
    for objective in p.objectives:
        total = sum(float(np.abs(part).sum()) for part in (objective.option, objective.opening, objective.extra))
        if total >= HIGHEST:
            yield f"objective {objective.name}: profits add up to more than 2**53; scale them down"
