"""Which region each column, arc and row belongs to, and which rows are shared between regions.

A region is a county in the plan's words: a payer with its own budgets and ceilings. All that couples regions are
the shared rows (funds of city, province and centre, rules over several counties) - few of them, so a plan can be
improved region by region while what is left of the shared rows is handed on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .problem import NONE, Problem
from .sparse import Sparse

Int = NDArray[np.int64]

SHARED = -1
MANY = -2


@dataclass(frozen=True, slots=True)
class Regions:
    """Region number of everything; `SHARED` for rows and extra columns that no single region owns."""

    count: int
    option: Int
    opening: Int
    extra: Int
    arc: Int
    row: Int


def _owner(size: int, index: Int, region: Int) -> Int:
    """For each of `size` things the one region that touches it; NONE if none does, MANY if several do."""
    low, high = np.full(size, np.iinfo(np.int64).max), np.full(size, NONE)
    np.minimum.at(low, index, region)
    np.maximum.at(high, index, region)
    return np.where(high == NONE, NONE, np.where(low == high, high, MANY))


def _entries(part: Sparse, region: Int) -> tuple[Int, Int]:
    return part.index, region[part.owner_of_entry()]


def divide(problem: Problem) -> Regions:
    """Divide by the regions of groups and facilities; one region where the parts do not fall apart."""
    p = problem
    group = p.option_group
    by_group = np.where(group != NONE, p.group_region[group] if p.groups else NONE, NONE)
    home = p.facility_region[p.root()] if p.facilities else np.zeros(0, np.int64)
    by_facility = np.where(p.option_facility != NONE, home[p.option_facility] if p.facilities else NONE, NONE)
    option = np.where(by_group != NONE, by_group, by_facility)
    opening = home[p.opening_facility] if p.openings else np.zeros(0, np.int64)
    clash = (by_group != NONE) & (by_facility != NONE) & (by_group != by_facility)
    if np.any(clash) or np.any(option == NONE) or np.any(opening == NONE):
        return _undivided(p)
    names = np.unique(np.concatenate([option, opening]))
    option, opening = np.searchsorted(names, option), np.searchsorted(names, opening)
    spenders = [_entries(p.option_spend, option), _entries(p.opening_spend, opening)]
    demand, spender = (np.concatenate(parts) for parts in zip(*spenders, strict=True))
    class_region = _owner(p.class_count, p.demand_class[demand], spender)
    if np.any(class_region == MANY):
        return _undivided(p)
    arc = np.maximum(class_region[p.demand_class[p.arc_demand]], 0) if p.arcs else np.zeros(0, np.int64)
    users = [
        _entries(p.option_row, option),
        _entries(p.opening_row, opening),
        _entries(p.arc_row, arc),
        (p.arc_source, arc),
    ]
    index, region = (np.concatenate(parts) for parts in zip(*users, strict=True))
    row = _owner(p.rows, index, region)
    extra = np.full(p.extras, SHARED)
    entry_extra, entry_row = p.extra_row.owner_of_entry(), p.extra_row.index
    local = row[entry_row] >= 0
    found = _owner(p.extras, entry_extra[local], row[entry_row[local]])
    extra = np.where(found >= 0, found, SHARED)
    # a row that only extra columns use, or extras of other regions too, is shared unless one region holds all of it
    by_extra = _owner(p.rows, entry_row, np.where(extra[entry_extra] == SHARED, MANY + 10**9, extra[entry_extra]))
    row = np.where((row == NONE) & (by_extra >= 0) & (by_extra < len(names)), by_extra, row)
    foreign = (by_extra != NONE) & (by_extra != row)
    row = np.where((row < 0) | foreign, SHARED, row)
    return Regions(len(names), option, opening, extra, arc, row)


def _undivided(p: Problem) -> Regions:
    def zeros(size: int) -> Int:
        return np.zeros(size, np.int64)

    return Regions(1, zeros(p.options), zeros(p.openings), zeros(p.extras), zeros(p.arcs), zeros(p.rows))
