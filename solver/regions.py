"""Which region each column, arc and row belongs to, and which rows are shared between regions.

A region is a county in the plan's words: a payer with its own budgets and ceilings. All that couples regions are
the shared rows (funds of city, province and centre, rules over several counties) - few of them, so a plan can be
improved region by region while what is left of the shared rows is handed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .problem import HIGHEST, NONE, Problem
from .solution import Plan
from .sparse import Sparse

Float = NDArray[np.float64]
Int = NDArray[np.int64]

DUST = 1e-6  # of a limit: what sums of money may be off by
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


def shared_use(problem: Problem, regions: Regions, plan: Plan) -> tuple[Int, Float]:
    """The shared rows, and what each region uses of each: (rows, regions + 1), last what belongs to no region."""
    p = problem
    rows = np.flatnonzero(regions.row == SHARED)
    number = np.full(p.rows, NONE, np.int64)
    number[rows] = np.arange(len(rows))
    use = np.zeros(len(rows) * (regions.count + 1))
    for part, value, region in (
        (p.option_row, plan.option, regions.option),
        (p.opening_row, plan.opening, regions.opening),
        (p.extra_row, plan.extra, regions.extra),
        (p.arc_row, plan.arc, regions.arc),
    ):
        held = np.flatnonzero(value)
        entries = part.taken(held)
        _add(
            use,
            regions,
            number[entries.index],
            region[held[entries.owner_of_entry()]],
            value[held][entries.owner_of_entry()] * entries.amount,
        )
    paid = np.flatnonzero(plan.arc)
    _add(use, regions, number[p.arc_source[paid]], regions.arc[paid], plan.arc[paid])
    return rows, use.reshape(len(rows), regions.count + 1)


def _add(use: Float, regions: Regions, row: Int, region: Int, amount: Float | Int) -> None:
    inside = row != NONE
    column = np.where(region >= 0, region, regions.count)
    at = row[inside] * (regions.count + 1) + column[inside]
    use += np.bincount(at, amount[inside].astype(np.float64), len(use))


def share_out(problem: Problem, regions: Regions, plan: Plan, bundles: Sequence[tuple[int, ...]]) -> list[Int]:
    """Limits for each of some bundles of regions that are planned at the same time, all others as they are.

    What is left of a shared row is divided evenly among the bundles, so that their plans fit together.
    """
    p = problem
    rows, use = shared_use(p, regions, plan)
    total = use.sum(axis=1)
    left = np.maximum(p.row_limit[rows] - total, 0.0)
    limits = []
    for bundle in bundles:
        limit = p.row_limit.copy()
        own = use[:, list(bundle)].sum(axis=1)
        room = p.row_limit[rows] - (total - own) - left * (1 - 1 / len(bundles))
        limit[rows] = np.where(p.row_limit[rows] >= HIGHEST, p.row_limit[rows], np.floor(room + DUST))
        limits.append(limit)
    return limits
