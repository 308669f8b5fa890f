"""A first plan from what the blocks take on average near the best prices: whatever they take more often than not.

The average over the last steps of the prices is close to a solution of the linear relaxation. Most of it is whole; what
is taken more than half of the time is taken here, the surest first, as far as groups, doors and floor area allow. Rows
and money are left to the search that starts from it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .elastic import row_use
from .prices import Average
from .problem import NONE, UNLIMITED, Problem
from .solution import Plan

Int = NDArray[np.int64]
Flags = NDArray[np.bool_]

MORE_OFTEN_THAN_NOT = 0.5
SURE = 10.0  # more than any average
JUST_SO = 1e-3  # of a limit


def rounded(problem: Problem, average: Average, allowed: Plan | None = None) -> Plan:
    """The plan of what is taken more often than not; it may break rows, owe groups that must be met, and pays nothing.

    Of a plan that is `allowed` its extra columns are kept, with what they call for, and all that supplies rows which
    it meets just so: what earlier stages reached.
    """
    p = problem
    if allowed is not None:
        average = _with(average, *_supplying(p, allowed))
    since = _opened(p, average)
    opening = since[p.opening_facility] == p.opening_period if p.openings else np.zeros(0, np.bool_)
    extra = np.clip(average.extra if allowed is None else allowed.extra, p.extra_lower, p.extra_upper)
    extra = np.where(p.extra_whole, np.round(extra), extra)
    return Plan(_taken(p, average, since), opening, extra, np.zeros(p.arcs))


def _supplying(p: Problem, plan: Plan) -> tuple[Flags, Flags]:
    """Options of a plan that supply rows which are met just so or which its extra columns call for, and their openings."""
    tight = (p.row_limit < 0) & (row_use(p, plan) > p.row_limit - JUST_SO * np.abs(p.row_limit))
    called = p.extra_row.amount * plan.extra[p.extra_row.owner_of_entry()] > 0
    tight[p.extra_row.index[called]] = True
    supplying = np.zeros(p.options, np.bool_)
    supplying[p.option_row.owner_of_entry()[tight[p.option_row.index] & (p.option_row.amount < 0)]] = True
    supplying &= plan.option
    facility = np.zeros(p.facilities + 1, np.bool_)
    facility[p.option_facility[supplying]] = True
    facility[NONE] = False
    parent = p.facility_parent[np.flatnonzero(facility[:-1])]
    facility[parent[parent != NONE]] = True
    return supplying, plan.opening & facility[p.opening_facility]


def _with(average: Average, option: Flags, opening: Flags) -> Average:
    """The average with these columns taken for sure."""
    return replace(
        average, option=np.where(option, SURE, average.option), opening=np.where(opening, SURE, average.opening)
    )


def _opened(p: Problem, average: Average) -> Int:
    """Opening period of every facility that opens, `periods` for the others."""
    since = np.full(p.facilities, p.periods)
    weight = np.bincount(p.opening_facility, average.opening, p.facilities)
    order = np.lexsort((np.arange(p.openings), average.opening))  # of each facility the weightiest period comes last
    period = np.full(p.facilities, p.periods)
    period[p.opening_facility[order]] = p.opening_period[order]
    room = np.where(p.facility_capacity == UNLIMITED, np.iinfo(np.int64).max, p.facility_capacity)
    has_period = np.zeros((p.facilities, p.periods + 1), np.bool_)
    has_period[p.opening_facility, p.opening_period] = True
    sets: set[int] = set()
    likely = np.flatnonzero(weight > MORE_OFTEN_THAN_NOT)
    roots_first = np.lexsort((likely, -weight[likely], p.facility_parent[likely] != NONE))
    for facility in likely[roots_first].tolist():
        root, exclusion, when = (
            int(p.facility_parent[facility]),
            int(p.facility_exclusion[facility]),
            int(period[facility]),
        )
        if exclusion != NONE and exclusion in sets:
            continue
        if root != NONE:
            if since[root] == p.periods or room[root] < p.facility_minimum[facility]:
                continue
            if (since[root] > when) or (p.facility_occasional[root] and since[root] != when):
                when = int(since[root])
                if not has_period[facility, when]:
                    continue
            room[root] -= p.facility_minimum[facility]
        since[facility] = when
        if exclusion != NONE:
            sets.add(exclusion)
    return since


def _taken(p: Problem, average: Average, since: Int) -> Flags:
    """Options taken more often than not, the surest first, where group, choice, door and floor area allow."""
    option = np.zeros(p.options, np.bool_)
    left = p.group_capacity.copy()
    used = np.zeros(p.facilities, np.int64)  # by modules their sizes, by roots all that stands on them
    open_now = np.flatnonzero((since < p.periods) & (p.facility_parent != NONE))
    np.add.at(used, p.facility_parent[open_now], p.facility_minimum[open_now])
    chosen: set[int] = set()
    likely = np.flatnonzero(average.option > MORE_OFTEN_THAN_NOT)
    for o in likely[np.lexsort((likely, -average.option[likely]))].tolist():
        group, choice, facility = int(p.option_group[o]), int(p.option_choice[o]), int(p.option_facility[o])
        if (group != NONE and left[group] < p.option_weight[o]) or (choice != NONE and choice in chosen):
            continue
        if facility != NONE and not _fits(p, since, used, facility, o):
            continue
        option[o] = True
        if group != NONE:
            left[group] -= p.option_weight[o]
        if choice != NONE:
            chosen.add(choice)
    return option


def _fits(p: Problem, since: Int, used: Int, facility: int, o: int) -> bool:
    """Whether an option's door is open and its size still fits; if so it is counted."""
    when, size = p.option_period[o], p.option_size[o]
    if since[facility] > when or (p.facility_occasional[facility] and since[facility] != when):
        return False
    root = int(p.facility_parent[facility])
    more = size
    if root != NONE:
        held = used[facility]
        if p.facility_capacity[facility] != UNLIMITED and held + size > p.facility_capacity[facility]:
            return False
        more = max(held + size, p.facility_minimum[facility]) - max(held, p.facility_minimum[facility])
    else:
        root = facility
    if p.facility_capacity[root] != UNLIMITED and used[root] + more > p.facility_capacity[root]:
        return False
    used[root] += more
    if root != facility:
        used[facility] += size
    return True
