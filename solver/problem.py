"""The problem class: groups, facilities, options, blends and rows, as flat arrays of whole numbers.

Maximise the profit of the options, openings and extra columns that are taken, such that

* **groups** - the weights of a group's options add up to at most (or exactly) its capacity;
* **choices** - at most one option of a choice set is taken (one need at one module);
* **facilities** - an option at a facility needs it open: in the same period where the facility is
  occasional, in it or an earlier one where it lasts; a module (a facility with a parent) needs its root
  open in the same sense; a facility opens at most once; of an exclusion set at most one opens;
* **capacity** - what stands on a root takes at most its capacity: options directly on it their size, an
  open module the larger of its minimum and the sizes of its options, which are at most the module's own capacity;
* **blends** - what all that is taken spends in a demand (a class in one payment period) is met by arcs
  from sources: each portion (a fund) pays at most its percentage, each floor set at least its own;
* **rows** - resource use of options, openings, extra columns and arcs is at most the limit. A source of
  money is a row too: its limit is the budget, every arc from it counts 1.

The class is that of multi-commodity capacitated location with money (see docs/explanation/method.md);
multidimensional and multiple-choice knapsack, generalized assignment, single-source location and covering
are this class with parts left empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .sparse import Sparse

Int = NDArray[np.int64]
Flags = NDArray[np.bool_]

NONE = -1
UNLIMITED = -1
HIGHEST = 2**53


def _ints(size: int = 0) -> Int:
    return np.zeros(size, np.int64)


@dataclass(frozen=True, slots=True)
class Objective:
    """One stage of the objective: the profit of every column, in whole points; more is better."""

    name: str
    option: Int
    opening: Int
    extra: Int


@dataclass(frozen=True, slots=True)
class Problem:
    """The whole program as arrays; `periods` start periods, objectives in the order of their weight.

    Every array has one element per group, facility, opening, option, extra column, row, demand, portion,
    floor set or arc, as its prefix says. `NONE` (-1) stands for "belongs to nothing". Options and openings
    are 0/1 columns in one period each; arcs are continuous and non-negative. `labels` travels along
    uninterpreted: it lets the model that built the problem find its own things again.
    """

    periods: int
    objectives: tuple[Objective, ...]
    # groups (needs)
    group_capacity: Int
    group_exact: Flags
    group_region: Int
    # facilities (roots and the modules that stand in them; a parent is always a root)
    facility_parent: Int
    facility_capacity: Int  # most that may stand on the root, or in the module; UNLIMITED where there is none
    facility_minimum: Int  # of a module: what it takes at least once open; of a root 0
    facility_occasional: Flags
    facility_exclusion: Int  # number of the set of which at most one opens, or NONE
    facility_region: Int
    # openings: a facility in a period
    opening_facility: Int
    opening_period: Int
    # options: one way to serve a group, in a period
    option_group: Int
    option_weight: Int
    option_choice: Int  # number of the choice set, or NONE; its members share group and facility
    option_facility: Int
    option_period: Int
    option_size: Int
    # rows
    row_limit: Int
    option_row: Sparse
    opening_row: Sparse
    # extra columns
    extra_lower: Int
    extra_upper: Int
    extra_whole: Flags
    extra_row: Sparse
    # blends
    class_count: int
    demand_class: Int
    option_spend: Sparse  # by option: demand, amount
    opening_spend: Sparse
    portion_class: Int
    portion_percent: Int  # largest share of every demand of the class
    portion_floor: Int  # floor set it counts for, or NONE
    floor_class: Int
    floor_percent: Int  # smallest share of every demand of the class
    arc_demand: Int
    arc_portion: Int
    arc_source: Int  # the row whose limit is the budget that it draws on
    arc_row: Sparse  # further rows
    labels: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)

    @property
    def groups(self) -> int:
        """Number of groups."""
        return len(self.group_capacity)

    @property
    def facilities(self) -> int:
        """Number of facilities, roots and modules."""
        return len(self.facility_parent)

    @property
    def openings(self) -> int:
        """Number of opening columns."""
        return len(self.opening_facility)

    @property
    def options(self) -> int:
        """Number of option columns."""
        return len(self.option_group)

    @property
    def extras(self) -> int:
        """Number of extra columns."""
        return len(self.extra_lower)

    @property
    def rows(self) -> int:
        """Number of rows, sources of money included."""
        return len(self.row_limit)

    @property
    def demands(self) -> int:
        """Number of (class, payment period) pairs in which something may be spent."""
        return len(self.demand_class)

    @property
    def arcs(self) -> int:
        """Number of ways in which a source may pay a demand."""
        return len(self.arc_demand)

    @property
    def whole_columns(self) -> int:
        """Columns that must be whole: options, openings and whole extras."""
        return self.options + self.openings + int(self.extra_whole.sum())

    def root(self) -> Int:
        """For every facility the root it stands in (itself for a root)."""
        own = np.arange(self.facilities, dtype=np.int64)
        return np.where(self.facility_parent == NONE, own, self.facility_parent)

    def stage(self, number: int, reached: tuple[int, ...]) -> Problem:
        """The problem of one stage of the objective alone.

        `reached` holds the values of all earlier stages, which become rows: the earlier objective is at
        least the value reached. These rows come last, in the order of the stages.
        """
        if len(reached) != number:
            raise ValueError(f"stage {number} needs the values of {number} earlier stages, got {len(reached)}")
        floors = self.objectives[:number]
        return replace(
            self,
            objectives=(self.objectives[number],),
            row_limit=np.concatenate([self.row_limit, -np.array(reached, np.int64)]),
            option_row=_with_rows(self.option_row, self.rows, [-f.option for f in floors]),
            opening_row=_with_rows(self.opening_row, self.rows, [-f.opening for f in floors]),
            extra_row=_with_rows(self.extra_row, self.rows, [-f.extra for f in floors]),
        )


def _with_rows(columns: Sparse, rows: int, added: list[Int]) -> Sparse:
    """The same columns with further dense rows below the `rows` that they have."""
    owner, index, amount = [columns.owner_of_entry()], [columns.index], [columns.amount]
    for offset, row in enumerate(added):
        held = np.flatnonzero(row)
        owner.append(held)
        index.append(np.full(len(held), rows + offset, np.int64))
        amount.append(row[held])
    return Sparse.from_entries(columns.owners, np.concatenate(owner), np.concatenate(index), np.concatenate(amount))


def _own(value: object, dtype: type) -> NDArray[Any]:
    """The value as a contiguous array that may be written: compiled kernels are kept for this one form alone."""
    return np.require(value, dtype, ["C", "W"])


def make_problem(periods: int, objectives: tuple[Objective, ...], **arrays: object) -> Problem:
    """Build and check a problem; arrays that are left out are empty or take their neutral value.

    Raises `ProblemError` with every fault found.
    """
    given = {name: value for name, value in arrays.items() if value is not None}
    unknown = set(given) - {f.name for f in fields(Problem)}
    if unknown:
        raise TypeError(f"Problem has no part named {', '.join(sorted(unknown))}")

    def ints(name: str, size: int, neutral: int) -> Int:
        value = given.get(name)
        return np.full(size, neutral, np.int64) if value is None else _own(value, np.int64)

    def flags(name: str, size: int) -> Flags:
        value = given.get(name)
        return np.zeros(size, np.bool_) if value is None else _own(value, np.bool_)

    def sparse(name: str, owners: int) -> Sparse:
        value = given.get(name)
        if not isinstance(value, Sparse):
            return Sparse.empty(owners)
        return Sparse(_own(value.start, np.int64), _own(value.index, np.int64), _own(value.amount, np.int64))

    group_capacity = ints("group_capacity", 0, 0)
    facility_parent = ints("facility_parent", 0, NONE)
    opening_facility = ints("opening_facility", 0, 0)
    option_group = ints("option_group", len(ints("option_period", 0, 0)), NONE)
    extra_lower = ints("extra_lower", 0, 0)
    demand_class = ints("demand_class", 0, 0)
    arc_demand = ints("arc_demand", 0, 0)
    portion_class = ints("portion_class", 0, 0)
    floor_class = ints("floor_class", 0, 0)
    groups, facilities, openings = len(group_capacity), len(facility_parent), len(opening_facility)
    options, extras = len(option_group), len(extra_lower)
    classes = given.get("class_count", int(demand_class.max(initial=-1)) + 1)
    labels = given.get("labels", {})
    problem = Problem(
        periods=periods,
        objectives=tuple(
            Objective(o.name, _own(o.option, np.int64), _own(o.opening, np.int64), _own(o.extra, np.int64))
            for o in objectives
        ),
        group_capacity=group_capacity,
        group_exact=flags("group_exact", groups),
        group_region=ints("group_region", groups, NONE),
        facility_parent=facility_parent,
        facility_capacity=ints("facility_capacity", facilities, UNLIMITED),
        facility_minimum=ints("facility_minimum", facilities, 0),
        facility_occasional=flags("facility_occasional", facilities),
        facility_exclusion=ints("facility_exclusion", facilities, NONE),
        facility_region=ints("facility_region", facilities, NONE),
        opening_facility=opening_facility,
        opening_period=ints("opening_period", openings, 0),
        option_group=option_group,
        option_weight=ints("option_weight", options, 1),
        option_choice=ints("option_choice", options, NONE),
        option_facility=ints("option_facility", options, NONE),
        option_period=ints("option_period", options, 0),
        option_size=ints("option_size", options, 0),
        row_limit=ints("row_limit", 0, 0),
        option_row=sparse("option_row", options),
        opening_row=sparse("opening_row", openings),
        extra_lower=extra_lower,
        extra_upper=ints("extra_upper", extras, 1),
        extra_whole=flags("extra_whole", extras),
        extra_row=sparse("extra_row", extras),
        class_count=int(classes),  # type: ignore[call-overload]
        demand_class=demand_class,
        option_spend=sparse("option_spend", options),
        opening_spend=sparse("opening_spend", openings),
        portion_class=portion_class,
        portion_percent=ints("portion_percent", len(portion_class), 100),
        portion_floor=ints("portion_floor", len(portion_class), NONE),
        floor_class=floor_class,
        floor_percent=ints("floor_percent", len(floor_class), 0),
        arc_demand=arc_demand,
        arc_portion=ints("arc_portion", len(arc_demand), 0),
        arc_source=ints("arc_source", len(arc_demand), 0),
        arc_row=sparse("arc_row", len(arc_demand)),
        labels=labels,  # type: ignore[arg-type]
    )
    from .validity import check_problem  # late: validity knows Problem

    check_problem(problem)
    return problem
