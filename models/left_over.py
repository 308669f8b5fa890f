"""What a plan leaves: floor area, money and room in rows, and whether one more option would find enough of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..solver.problem import HIGHEST, NONE, UNLIMITED, Problem
from ..solver.solution import Plan
from .class_money import left_of_rows

MONEY: Final = "money"
MONEY_ROWS: Final = frozenset({"source", "ceiling", "debt_quota"})


@dataclass(frozen=True, slots=True)
class Room:
    """What a plan leaves of floor area and money."""

    area: Mapping[int, int]  # 0.1 m2 by root facility; UNLIMITED for no limit
    opened: Mapping[int, int]  # period by facility
    taken_sets: Mapping[int, int]  # facility that opens, by exclusion set
    load: Mapping[int, int]  # 0.1 m2 on each module
    left: np.ndarray  # of the limit of every row


@dataclass(frozen=True, slots=True)
class Arcs:
    """Arcs in the order of their demands, and where each demand's begin."""

    order: np.ndarray
    start: np.ndarray

    @classmethod
    def of(cls, problem: Problem) -> Arcs:
        order = np.argsort(problem.arc_demand, kind="stable")
        counts = np.bincount(problem.arc_demand, minlength=problem.demands)
        return cls(order, np.concatenate([[0], np.cumsum(counts)]))

    def at(self, demand: int) -> list[int]:
        """The arcs of one demand."""
        found: list[int] = self.order[self.start[demand] : self.start[demand + 1]].tolist()
        return found


def room_of(problem: Problem, plan: Plan) -> Room:
    """What a plan leaves."""
    opened = dict(
        zip(problem.opening_facility[plan.opening].tolist(), problem.opening_period[plan.opening].tolist(), strict=True)
    )
    load: dict[int, int] = {}
    held = np.flatnonzero(plan.option & (problem.option_facility != NONE))
    for facility, size in zip(problem.option_facility[held].tolist(), problem.option_size[held].tolist(), strict=True):
        load[facility] = load.get(facility, 0) + size
    area: dict[int, int] = {}
    for facility in range(problem.facilities):
        if problem.facility_parent[facility] == NONE:
            area[facility] = int(problem.facility_capacity[facility])
    for facility in sorted({*opened, *load}):
        root = root_of(problem, facility)
        if area[root] == UNLIMITED:
            continue
        if problem.facility_parent[facility] == NONE:
            area[root] -= load.get(facility, 0)
        else:
            area[root] -= max(load.get(facility, 0), int(problem.facility_minimum[facility]))
    sets = {
        int(problem.facility_exclusion[facility]): facility
        for facility in opened
        if problem.facility_exclusion[facility] != NONE
    }
    left = left_of_rows(problem, plan).astype(np.float64)
    left -= np.bincount(problem.arc_source, plan.arc, problem.rows)
    paid = plan.arc[problem.arc_row.owner_of_entry()]
    np.subtract.at(left, problem.arc_row.index, problem.arc_row.amount * paid)
    return Room(area, opened, sets, load, left)


def root_of(problem: Problem, facility: int) -> int:
    """The facility that a module stands in; a root itself."""
    parent = int(problem.facility_parent[facility])
    return facility if parent == NONE else parent


def fits(problem: Problem, option: int, room: Room) -> bool:
    """Whether floor area and exclusion leave room for one more option."""
    facility = int(problem.option_facility[option])
    if facility == NONE:
        return True
    size, root = int(problem.option_size[option]), root_of(problem, facility)
    taken = room.taken_sets.get(int(problem.facility_exclusion[facility]), facility)
    if taken != facility:
        return False
    load, smallest = room.load.get(facility, 0), int(problem.facility_minimum[facility])
    capacity = int(problem.facility_capacity[facility])
    if facility != root and capacity != UNLIMITED and load + size > capacity:
        return False
    if room.area[root] == UNLIMITED:
        return True
    before = max(load, smallest) if facility in room.opened else 0
    return max(load + size, smallest) - before <= room.area[root]


def missing(problem: Problem, option: int, room: Room, arcs: Arcs) -> str:
    """What the plan leaves too little of for one more option: money, or else a row by its name; empty for nothing."""
    spend, rows = problem.option_spend, problem.option_row
    kinds, names = problem.labels["label_row_kind"], problem.labels["label_row_name"]
    found = ""
    for at in range(rows.start[option], rows.start[option + 1]):
        row, amount = int(rows.index[at]), int(rows.amount[at])
        if problem.row_limit[row] < HIGHEST and amount > 0 and amount > room.left[row] + 1e-6:
            if str(kinds[row]) in MONEY_ROWS:
                return MONEY
            found = found or str(names[row])
    for at in range(spend.start[option], spend.start[option + 1]):
        amount = int(spend.amount[at])
        portions: dict[int, float] = {}
        for arc in arcs.at(int(spend.index[at])):
            portion = int(problem.arc_portion[arc])
            portions[portion] = portions.get(portion, 0.0) + max(0.0, float(room.left[problem.arc_source[arc]]))
        have = sum(min(left, problem.portion_percent[p] / 100 * amount) for p, left in portions.items())
        if have < amount - 1e-6:
            return MONEY
    return found
