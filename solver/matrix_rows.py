"""The rows of a stage's mixed-integer program, part by part; columns come as `matrix` orders them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .problem import NONE, UNLIMITED, Problem
from .sparse import Sparse

Int = NDArray[np.int64]
Float = NDArray[np.float64]


@dataclass(slots=True)
class Rows:
    """Collects rows part by part."""

    count: int = 0
    row: list[Int] = field(default_factory=list)
    column: list[Int] = field(default_factory=list)
    value: list[Float] = field(default_factory=list)
    lower: list[Float] = field(default_factory=list)
    upper: list[Float] = field(default_factory=list)
    parts: list[tuple[str, int]] = field(default_factory=list)

    def add(self, name: str, lower: NDArray[Any] | float, upper: NDArray[Any] | float, size: int) -> int:
        """Open `size` further rows; gives back the number of the first."""
        first = self.count
        self.parts.append((name, first))
        self.count += size
        self.lower.append(np.broadcast_to(np.asarray(lower, np.float64), (size,)))
        self.upper.append(np.broadcast_to(np.asarray(upper, np.float64), (size,)))
        return first

    def put(self, row: Int, column: Int, value: NDArray[Any] | float) -> None:
        """Entries; several of one place are added up."""
        self.row.append(np.asarray(row, np.int64))
        self.column.append(np.asarray(column, np.int64))
        self.value.append(np.broadcast_to(np.asarray(value, np.float64), (len(self.row[-1]),)))

    def put_sparse(self, first_row: int, first_column: int, columns: Sparse, factor: float = 1.0) -> None:
        """All entries of some columns of the problem."""
        self.put(first_row + columns.index, first_column + columns.owner_of_entry(), factor * columns.amount)


def add_choices(p: Problem, rows: Rows) -> None:
    """At most one option of a choice set, where the group does not say so already."""
    member = np.flatnonzero(p.option_choice != NONE)
    # a group of capacity 1 in which all members of the set weigh something says the same already
    free = np.ones(p.options, np.bool_)
    if p.groups:
        free = (p.option_group == NONE) | (p.group_capacity[p.option_group] > 1) | (p.option_weight < 1)
    member = member[np.isin(p.option_choice[member], p.option_choice[member][free[member]])]
    sets, position = np.unique(p.option_choice[member], return_inverse=True)
    first = rows.add("choice", -np.inf, 1.0, len(sets))
    rows.put(first + position, member, 1.0)


def add_doors(p: Problem, rows: Rows, first_opening: int) -> NDArray[np.bool_]:
    """Options and modules need an opening before them; gives back which columns can never be taken.

    Options of one choice (or of one group that takes a single option) at one facility share a row for each
    period: those up to the period together are at most the openings up to it.
    """
    root = p.root()
    occasional = p.facility_occasional[root]
    shut = np.zeros(p.options + p.openings, np.bool_)

    option = np.flatnonzero(p.option_facility != NONE)
    key = _sharing(p)[option]
    shut[option] = _put_doors(
        p, rows, "door", occasional, option, key, p.option_facility[option], p.option_period[option], first_opening
    )
    module = np.flatnonzero(p.facility_parent[p.opening_facility] != NONE)
    facility = p.opening_facility[module]
    shut[first_opening + module] = _put_doors(
        p, rows, "root", occasional, first_opening + module, facility, p.facility_parent[facility],
        p.opening_period[module], first_opening,
    )  # fmt: skip
    return shut


def _sharing(p: Problem) -> Int:
    """For every option a number that it shares with those of which at most one can be taken at its facility."""
    key = np.arange(p.options, dtype=np.int64)
    chosen = p.option_choice != NONE
    key[chosen] = p.options + p.option_choice[chosen]
    if p.groups:
        single = (p.option_group != NONE) & (p.option_facility != NONE) & (p.option_weight >= 1)
        single &= p.group_capacity[p.option_group] <= 1
        above = p.options + int(p.option_choice.max(initial=0)) + 1
        key[single] = above + p.option_group[single] * max(p.facilities, 1) + p.option_facility[single]
    return key


def _put_doors(
    p: Problem, rows: Rows, name: str, occasional: NDArray[np.bool_],
    column: Int, key: Int, facility: Int, period: Int, first_opening: int,
) -> NDArray[np.bool_]:  # fmt: skip
    """Rows for columns that need `facility` open in `period`; columns of one key share them."""
    periods = p.periods
    possible = np.zeros((p.facilities, periods), np.bool_)
    possible[p.opening_facility, p.opening_period] = True
    reach = np.where(occasional[:, None], possible, np.logical_or.accumulate(possible, axis=1))
    shut = ~reach[facility, period]
    # one row for every (key, period) in which the key has a column
    pairs = np.unique(key[~shut] * periods + period[~shut])
    place, when = pairs // periods, pairs % periods
    first = rows.add(name, -np.inf, 0.0, len(pairs))
    # columns enter the rows of their key in their own and, where it lasts, all later periods
    owner_key = key[~shut]
    for ahead in range(periods):
        wanted = owner_key * periods + period[~shut] + ahead
        found = np.searchsorted(pairs, wanted)
        inside = (found < len(pairs)) & (period[~shut] + ahead < periods)
        inside[inside] = pairs[found[inside]] == wanted[inside]
        if ahead:
            inside &= ~occasional[facility[~shut]]
        rows.put(first + found[inside], column[~shut][inside], 1.0)
    # openings on the other side
    keys, at = np.unique(owner_key, return_index=True)
    row_facility = facility[~shut][at][np.searchsorted(keys, place)]
    number = np.full((p.facilities, periods), NONE, np.int64)
    number[p.opening_facility, p.opening_period] = np.arange(p.openings)
    for start in range(periods):
        opening = number[row_facility, start]
        serves = (opening != NONE) & np.where(occasional[row_facility], when == start, when >= start)
        rows.put(first + np.flatnonzero(serves), first_opening + opening[serves], -1.0)
    return shut


def add_openings(p: Problem, rows: Rows, first_opening: int) -> None:
    """A facility opens once; of an exclusion set one opens."""
    excludes = p.facility_exclusion[p.opening_facility]
    alone = excludes == NONE
    count = np.bincount(p.opening_facility, minlength=p.facilities)
    several = np.flatnonzero(alone & (count[p.opening_facility] > 1))
    facilities, position = np.unique(p.opening_facility[several], return_inverse=True)
    first = rows.add("once", -np.inf, 1.0, len(facilities))
    rows.put(first + position, first_opening + several, 1.0)
    # the row of an exclusion set holds for each of its members too
    member = np.flatnonzero(~alone)
    sets, position = np.unique(excludes[member], return_inverse=True)
    first = rows.add("exclusion", -np.inf, 1.0, len(sets))
    rows.put(first + position, first_opening + member, 1.0)


def modules_with_load(p: Problem) -> Int:
    """Modules whose minimum may be exceeded by their options: they need a column for what they take."""
    member = p.option_facility != NONE
    sizes = np.bincount(p.option_facility[member], p.option_size[member], p.facilities)
    limited = p.facility_capacity[p.root()] != UNLIMITED
    return np.flatnonzero(limited & (p.facility_minimum > 0) & (sizes > p.facility_minimum))


def add_capacity(p: Problem, rows: Rows, first_opening: int, first_load: int, load_module: Int) -> None:
    """What stands on a root takes at most its capacity; a module with a smallest size takes at least that."""
    root = p.root()
    limited = p.facility_capacity != UNLIMITED
    roots = np.flatnonzero(limited & (p.facility_parent == NONE))
    row_of_root = np.full(p.facilities, NONE, np.int64)
    first = rows.add("capacity", -np.inf, 0.0, len(roots))
    row_of_root[roots] = first + np.arange(len(roots))
    opening_root = root[p.opening_facility] if p.facilities else p.opening_facility
    # everything on a root needs it open, so the capacity may be multiplied by its openings
    own = np.flatnonzero((p.opening_facility == opening_root) & (row_of_root[opening_root] != NONE))
    rows.put(row_of_root[opening_root[own]], first_opening + own, -p.facility_capacity[p.opening_facility[own]])

    has_load = np.zeros(p.facilities, np.bool_)
    has_load[load_module] = True
    floor_only = (p.facility_minimum > 0) & ~has_load  # the options never exceed the minimum
    option = np.flatnonzero(p.option_facility != NONE)
    place = p.option_facility[option]
    direct = option[(row_of_root[root[place]] != NONE) & ~has_load[place] & ~floor_only[place]]
    rows.put(row_of_root[root[p.option_facility[direct]]], direct, p.option_size[direct])
    padded = np.flatnonzero((row_of_root[opening_root] != NONE) & floor_only[p.opening_facility])
    rows.put(row_of_root[opening_root[padded]], first_opening + padded, p.facility_minimum[p.opening_facility[padded]])
    rows.put(row_of_root[root[load_module]], first_load + np.arange(len(load_module)), 1.0)

    number = np.full(p.facilities, NONE, np.int64)
    number[load_module] = np.arange(len(load_module))
    least = rows.add("least", -np.inf, 0.0, len(load_module))
    rows.put(least + np.arange(len(load_module)), first_load + np.arange(len(load_module)), -1.0)
    opened = np.flatnonzero(has_load[p.opening_facility])
    rows.put(
        least + number[p.opening_facility[opened]],
        first_opening + opened,
        p.facility_minimum[p.opening_facility[opened]],
    )
    _rooms(p, rows, first_opening)
    load = rows.add("load", -np.inf, 0.0, len(load_module))
    rows.put(load + np.arange(len(load_module)), first_load + np.arange(len(load_module)), -1.0)
    inside = option[has_load[place]]
    rows.put(load + number[p.option_facility[inside]], inside, p.option_size[inside])


def _rooms(p: Problem, rows: Rows, first_opening: int) -> None:
    """A module holds at most its own capacity, and nothing while it is closed."""
    option = np.flatnonzero((p.option_facility != NONE) & (p.option_size > 0))
    sizes = np.bincount(p.option_facility[option], p.option_size[option], p.facilities)
    limited = (p.facility_parent != NONE) & (p.facility_capacity != UNLIMITED) & (sizes > p.facility_capacity)
    modules = np.flatnonzero(limited)
    first = rows.add("room", -np.inf, 0.0, len(modules))
    row = np.full(p.facilities, NONE, np.int64)
    row[modules] = first + np.arange(len(modules))
    inside = option[limited[p.option_facility[option]]]
    rows.put(row[p.option_facility[inside]], inside, p.option_size[inside])
    opening = np.flatnonzero(limited[p.opening_facility])
    of = p.opening_facility[opening]
    rows.put(row[of], first_opening + opening, -p.facility_capacity[of])


def add_blends(p: Problem, rows: Rows, first_opening: int, first_arc: int) -> None:
    """What is spent in a demand is paid by its arcs; portions pay at most their share, floor sets at least theirs."""
    arc = np.arange(p.arcs, dtype=np.int64)
    balance = rows.add("balance", 0.0, 0.0, p.demands)
    rows.put_sparse(balance, 0, p.option_spend)
    rows.put_sparse(balance, first_opening, p.opening_spend)
    rows.put(balance + p.arc_demand, first_arc + arc, -1.0)

    # (demand, portion) with a share below 100: what it pays <= share of what all arcs of the demand pay
    portions = max(len(p.portion_class), 1)
    below = p.portion_percent[p.arc_portion] < 100
    pairs = np.unique((p.arc_demand * portions + p.arc_portion)[below])
    first = rows.add("share", -np.inf, 0.0, len(pairs))
    demand, portion = np.divmod(pairs, portions)
    pair, of = _arcs_of(p, demand)
    inside = p.arc_portion[of] == portion[pair]
    rows.put(first + pair, first_arc + of, np.where(inside, 1.0, 0.0) - p.portion_percent[portion[pair]] / 100)

    # (demand, floor set): what its portions pay >= share of what all arcs of the demand pay
    floors = np.flatnonzero(p.floor_percent > 0)
    used = np.unique(p.arc_demand)
    by_class: dict[int, list[int]] = {}
    for floor in floors.tolist():
        by_class.setdefault(int(p.floor_class[floor]), []).append(floor)
    each = [by_class.get(c, []) for c in range(p.class_count)]
    size = np.array([len(held) for held in each], np.int64)
    order = np.array([floor for held in each for floor in held], np.int64)
    begin = np.cumsum(size) - size
    count = size[p.demand_class[used]]
    owner = np.repeat(used, count)
    floor_of = order[np.repeat(begin[p.demand_class[used]] - (np.cumsum(count) - count), count) + np.arange(len(owner))]
    first = rows.add("floor", -np.inf, 0.0, len(owner))
    pair, of = _arcs_of(p, owner)
    inside = p.portion_floor[p.arc_portion[of]] == floor_of[pair]
    rows.put(first + pair, first_arc + of, p.floor_percent[floor_of[pair]] / 100 - np.where(inside, 1.0, 0.0))


def _arcs_of(p: Problem, demand: Int) -> tuple[Int, Int]:
    """All (position in `demand`, arc of that demand)."""
    order = np.argsort(p.arc_demand, kind="stable")
    count = np.bincount(p.arc_demand, minlength=p.demands)
    begin = np.cumsum(count) - count
    each = count[demand]
    position = np.repeat(np.arange(len(demand), dtype=np.int64), each)
    offset = np.arange(len(position), dtype=np.int64) - np.repeat(np.cumsum(each) - each, each)
    return position, order[begin[demand[position]] + offset]
