"""A second reading of the rules, in exact fractions: nothing is shared with the check that the solver makes itself.

Whole things are counted in Python's integers. Amounts of money come from solvers as floating-point numbers; each is taken
as the nearest fraction with a small denominator (a corner of the program has such fractions, as shares are whole percent),
and every rule must then hold without any tolerance. Where that cannot be shown, the money is looked at again with a
tolerance of `TOLERANCE` units, and the finding says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Final

import numpy as np

from ..solver.problem import HIGHEST, NONE, UNLIMITED, Problem
from ..solver.solution import Plan

DENOMINATOR: Final = 100_000
TOLERANCE: Final = Fraction(1, 1000)
MOST_LINES: Final = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of a plan: `faults` are rules that it breaks, one line each; `values` of every objective.

    `exact` says that the money too was shown to hold without any tolerance.
    """

    faults: tuple[str, ...]
    values: tuple[int, ...]
    exact: bool


def examine(problem: Problem, plan: Plan) -> Finding:
    """Check a plan against every rule of its problem, and work out its value in every objective."""
    shapes = {
        "option": problem.options, "opening": problem.openings, "extra": problem.extras, "arc": problem.arcs,
    }  # fmt: skip
    wrong = [
        f"plan: {len(getattr(plan, name))} of {size} numbers for {name}"
        for name, size in shapes.items()
        if getattr(plan, name).shape != (size,)
    ]
    if not wrong and not (np.isfinite(plan.extra).all() and np.isfinite(plan.arc).all()):
        wrong = ["plan: an amount is no finite number"]
    if wrong:
        return Finding(tuple(wrong), (), False)
    reading = _Reading(problem, plan)
    faults = list(reading.whole_faults())
    money = list(reading.money_faults(Fraction(0)))
    exact = not money
    if money:
        money = list(reading.money_faults(TOLERANCE))
    return Finding(tuple([*faults, *money][:MOST_LINES]), reading.values(), exact)


class _Reading:
    """The plan by the things that it takes."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem = problem
        self.options: list[int] = np.flatnonzero(plan.option).tolist()
        self.openings: list[int] = np.flatnonzero(plan.opening).tolist()
        self.extra = {at: _fraction(float(plan.extra[at])) for at in np.flatnonzero(plan.extra).tolist()}
        self.arc = {at: _fraction(float(plan.arc[at])) for at in np.flatnonzero(plan.arc).tolist()}
        self.opened: dict[int, list[int]] = defaultdict(list)
        for at in self.openings:
            self.opened[int(problem.opening_facility[at])].append(int(problem.opening_period[at]))

    def values(self) -> tuple[int, ...]:
        """The value in every objective, rounded down."""
        out = []
        for objective in self.problem.objectives:
            value = Fraction(sum(int(objective.option[at]) for at in self.options))
            value += sum(int(objective.opening[at]) for at in self.openings)
            value += sum(int(objective.extra[at]) * amount for at, amount in self.extra.items())
            out.append(floor(value))
        return tuple(out)

    def whole_faults(self) -> Iterator[str]:
        """Rules on what is taken or not."""
        yield from self._groups()
        yield from self._doors()
        yield from self._capacities()

    def _groups(self) -> Iterator[str]:
        p = self.problem
        weight: dict[int, int] = defaultdict(int)
        choices: dict[int, int] = defaultdict(int)
        for at in self.options:
            if p.option_group[at] != NONE:
                weight[int(p.option_group[at])] += int(p.option_weight[at])
            if p.option_choice[at] != NONE:
                choices[int(p.option_choice[at])] += 1
        for group, held in weight.items():
            if held > p.group_capacity[group]:
                yield f"group {group}: {held} of {p.group_capacity[group]} are taken"
        for group in np.flatnonzero(p.group_exact).tolist():
            if weight.get(group, 0) < p.group_capacity[group]:
                yield f"group {group}: {weight.get(group, 0)} of exactly {p.group_capacity[group]} are taken"
        for choice, count in choices.items():
            if count > 1:
                yield f"choice {choice}: {count} options are taken"

    def _doors(self) -> Iterator[str]:
        p = self.problem
        sets: dict[int, int] = defaultdict(int)
        for facility, periods in self.opened.items():
            if len(periods) > 1:
                yield f"facility {facility} opens {len(periods)} times"
            parent = int(p.facility_parent[facility])
            if parent != NONE and not self._open(parent, periods[0]):
                yield f"module {facility} opens in period {periods[0]}, but root {parent} is shut"
            if p.facility_exclusion[facility] != NONE:
                sets[int(p.facility_exclusion[facility])] += 1
        for number, count in sets.items():
            if count > 1:
                yield f"exclusion {number}: {count} facilities open"
        for at in self.options:
            facility, period = int(p.option_facility[at]), int(p.option_period[at])
            if facility != NONE and not self._open(facility, period):
                yield f"option {at}: facility {facility} is shut in period {period}"

    def _open(self, facility: int, period: int) -> bool:
        """Whether a facility is open; one that is occasional (as its root says) only in its period."""
        parent = int(self.problem.facility_parent[facility])
        root = facility if parent == NONE else parent
        occasional = bool(self.problem.facility_occasional[root])
        return any(since == period if occasional else since <= period for since in self.opened.get(facility, ()))

    def _capacities(self) -> Iterator[str]:
        p = self.problem
        inside: dict[int, int] = defaultdict(int)
        for at in self.options:
            if p.option_facility[at] != NONE:
                inside[int(p.option_facility[at])] += int(p.option_size[at])
        standing: dict[int, int] = defaultdict(int)
        for facility in inside.keys() | self.opened.keys():
            parent, held = int(p.facility_parent[facility]), inside.get(facility, 0)
            if parent == NONE:
                standing[facility] += held
                continue
            if p.facility_capacity[facility] != UNLIMITED and held > p.facility_capacity[facility]:
                yield f"module {facility}: {held} stand in {p.facility_capacity[facility]}"
            least = int(p.facility_minimum[facility]) if facility in self.opened else 0
            standing[parent] += max(held, least)
        for root, held in standing.items():
            if p.facility_capacity[root] != UNLIMITED and held > p.facility_capacity[root]:
                yield f"root {root}: {held} stand in {p.facility_capacity[root]}"

    def money_faults(self, tolerance: Fraction) -> Iterator[str]:
        """Rules on amounts: continuous columns, payments, shares, and all rows."""
        p = self.problem
        for at in range(p.extras):
            amount = self.extra.get(at, Fraction(0))
            if p.extra_whole[at] and amount.denominator != 1:
                yield f"extra column {at}: {float(amount)} is not whole"
            slack = Fraction(0) if p.extra_whole[at] else tolerance
            if not p.extra_lower[at] - slack <= amount <= p.extra_upper[at] + slack:
                yield f"extra column {at}: {float(amount)} is outside {p.extra_lower[at]}..{p.extra_upper[at]}"
        yield from self._payments(tolerance)
        yield from self._rows(tolerance)

    def _payments(self, tolerance: Fraction) -> Iterator[str]:
        p = self.problem
        spent: dict[int, int] = defaultdict(int)
        for taken, sparse in ((self.options, p.option_spend), (self.openings, p.opening_spend)):
            for at in taken:
                for entry in range(int(sparse.start[at]), int(sparse.start[at + 1])):
                    spent[int(sparse.index[entry])] += int(sparse.amount[entry])
        paid: dict[int, Fraction] = defaultdict(Fraction)
        by_portion: dict[tuple[int, int], Fraction] = defaultdict(Fraction)
        by_floor: dict[tuple[int, int], Fraction] = defaultdict(Fraction)
        for at, amount in self.arc.items():
            demand, portion = int(p.arc_demand[at]), int(p.arc_portion[at])
            if amount < -tolerance:
                yield f"arc {at}: {float(amount)} is negative"
            paid[demand] += amount
            by_portion[demand, portion] += amount
            if p.portion_floor[portion] != NONE:
                by_floor[demand, int(p.portion_floor[portion])] += amount
        for demand in spent.keys() | paid.keys():
            if abs(paid.get(demand, Fraction(0)) - spent.get(demand, 0)) > tolerance:
                yield f"demand {demand}: {float(paid.get(demand, Fraction(0)))} of {spent.get(demand, 0)} is paid"
        for (demand, portion), amount in by_portion.items():
            if 100 * amount > int(p.portion_percent[portion]) * spent.get(demand, 0) + 100 * tolerance:
                yield f"demand {demand}: portion {portion} pays {float(amount)}, above its share"
        floors: dict[int, list[int]] = defaultdict(list)
        for at in np.flatnonzero(p.floor_percent > 0).tolist():
            floors[int(p.floor_class[at])].append(at)
        for demand, total in spent.items():
            for at in floors.get(int(p.demand_class[demand]), ()):
                amount = by_floor.get((demand, at), Fraction(0))
                if 100 * amount < int(p.floor_percent[at]) * total - 100 * tolerance:
                    yield f"demand {demand}: floor {at} pays {float(amount)}, below its share"

    def _rows(self, tolerance: Fraction) -> Iterator[str]:
        p = self.problem
        used: dict[int, Fraction] = defaultdict(Fraction)
        loose: set[int] = set()
        for taken, sparse in ((self.options, p.option_row), (self.openings, p.opening_row)):
            for at in taken:
                for entry in range(int(sparse.start[at]), int(sparse.start[at + 1])):
                    used[int(sparse.index[entry])] += int(sparse.amount[entry])
        for amounts, sparse in ((self.extra, p.extra_row), (self.arc, p.arc_row)):
            for at, amount in amounts.items():
                for entry in range(int(sparse.start[at]), int(sparse.start[at + 1])):
                    used[int(sparse.index[entry])] += amount * int(sparse.amount[entry])
                    loose.add(int(sparse.index[entry]))
        for at, amount in self.arc.items():
            used[int(p.arc_source[at])] += amount
            loose.add(int(p.arc_source[at]))
        for row in np.flatnonzero(p.row_limit < HIGHEST).tolist():
            over = used.get(row, Fraction(0)) - int(p.row_limit[row])
            if over > (tolerance if row in loose else Fraction(0)):
                yield f"row {row}: {float(used.get(row, 0))} is above its limit {p.row_limit[row]}"


def _fraction(value: float) -> Fraction:
    """The nearest fraction with a small denominator."""
    return Fraction(value).limit_denominator(DENOMINATOR)
