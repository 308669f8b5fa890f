"""Needs that a plan leaves open: how much, why, what to do next and who does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import polars as pl

from ..solver.problem import HIGHEST, NONE, UNLIMITED, Problem
from ..solver.solution import Plan
from .book import Book
from .catalogue import catalogue_of
from .class_money import left_of_rows
from .options import EMERGENCY, EXISTS, MODULE, SITE, Options
from .projects import Row, counts_as_met

UNMET_SCHEMA = {
    "need_id": pl.String, "lots_met": pl.Int64, "lots_planned": pl.Int64, "lots_left": pl.Int64, "code": pl.String,
    "detail": pl.String, "next_step": pl.String, "unit_responsible": pl.String,
}  # fmt: skip

SITES_SCHEMA = {
    "site": pl.String, "module": pl.String, "service_type": pl.String, "operation_type": pl.String,
    "package": pl.String, "open_year": pl.Int64, "area_used": pl.Float64, "area_free": pl.Float64,
}  # fmt: skip

NO_MONEY: Final = "财力不足"
NO_SITE: Final = "资源未落实"
LATER: Final = "同等条件排序靠后"
NOT_READY: Final = "前期未完成"

MONEY: Final = "money"
MONEY_ROWS: Final = frozenset({"source", "ceiling", "debt_quota"})

NEXT_STEP: Final[Mapping[str, str]] = MappingProxyType(
    {
        NO_MONEY: "转储备库，列入下一年度预算申报，或申请调剂可用于本项的资金",
        NO_SITE: "转策划库，会同自然资源、国资部门补充闲置用房用地并确认",
        LATER: "转储备库，下一轮滚动规划优先比选",
        NOT_READY: "转策划库，完成前期工作后再行匹配",
    }
)


@dataclass(frozen=True, slots=True)
class _Room:
    """What the plan leaves of floor area and money."""

    area: Mapping[int, int]  # 0.1 m2 by root facility; UNLIMITED for no limit
    opened: frozenset[int]  # facilities
    taken_sets: Mapping[int, int]  # facility that opens, by exclusion set
    load: Mapping[int, int]  # 0.1 m2 on each module
    left: np.ndarray  # of the limit of every row


def unmet(problem: Problem, plan: Plan, options: Options, components: Sequence[Row], book: Book) -> pl.DataFrame:
    """Every open need that is not fully met at level 2 or better, with code, next step and unit responsible."""
    planned: dict[str, int] = {}
    handled: set[str] = set()
    for row in components:
        if counts_as_met(row) and not row["variant"] & EXISTS:
            planned[row["need_id"]] = planned.get(row["need_id"], 0) + row["lots"]
        elif row["need_id"] and row["variant"] & EMERGENCY:
            handled.add(row["need_id"])
    refused = {row["need"]: row for row in options.refusals.iter_rows(named=True)}
    room = _room(problem, plan, options)
    arcs = _Arcs.of(problem)
    by_need: dict[int, list[int]] = {}
    for at, need in enumerate(options.options["need"].to_list()):
        by_need.setdefault(need, []).append(at)
    facts = options.options.select("facility", "area", "cost", "level", "variant", "lots").to_dicts()
    rows = []
    for number, need in enumerate(options.needs.iter_rows(named=True)):
        lots, done = need["lots"], planned.get(need["id"], 0)
        if done >= lots:
            continue
        refusal = refused.pop(need["id"], None)
        urgent = "已安排应急处置；" if need["id"] in handled else ""
        if refusal is not None:
            words = (refusal["code"], urgent + refusal["detail"], refusal["next_step"], refusal["unit_responsible"])
        else:
            real = [
                at for at in by_need.get(number, ()) if facts[at]["level"] >= 2 and not facts[at]["variant"] & EMERGENCY
            ]
            code, why = _why(problem, plan, facts, real, room, arcs)
            part = f"已安排{done}份，余{lots - done}份；" if done else ""
            words = (code, urgent + part + why, NEXT_STEP[code], need["department"])
        rows.append((need["id"], 0, done, lots - done, *words))
    rows += [
        (row["need"], 0, 0, left, row["code"], row["detail"], row["next_step"], row["unit_responsible"])
        for left, row in _others(refused, book)
    ]
    return pl.DataFrame(sorted(rows), schema=UNMET_SCHEMA, orient="row")


def _others(refused: Mapping[str, Row], book: Book) -> list[tuple[int, Row]]:
    """Refused needs that never became a group of the program, with their lots."""
    if not refused:
        return []
    types = catalogue_of(book).service_types
    divisible = dict(zip(types["id"], types["divisible"], strict=True))
    needs = {row["id"]: row for row in book.table("needs").iter_rows(named=True) if row["id"] in refused}
    return [
        (needs[key]["lots"] if key in needs and divisible.get(needs[key]["service_type"]) else 1, row)
        for key, row in refused.items()
    ]


@dataclass(frozen=True, slots=True)
class _Arcs:
    """Arcs in the order of their demands, and where each demand's begin."""

    order: np.ndarray
    start: np.ndarray

    @classmethod
    def of(cls, problem: Problem) -> _Arcs:
        order = np.argsort(problem.arc_demand, kind="stable")
        counts = np.bincount(problem.arc_demand, minlength=problem.demands)
        return cls(order, np.concatenate([[0], np.cumsum(counts)]))

    def at(self, demand: int) -> list[int]:
        """The arcs of one demand."""
        found: list[int] = self.order[self.start[demand] : self.start[demand + 1]].tolist()
        return found


def _room(problem: Problem, plan: Plan, options: Options) -> _Room:
    opened = frozenset(problem.opening_facility[plan.opening].tolist())
    load: dict[int, int] = {}
    held = np.flatnonzero(plan.option & (problem.option_facility != NONE))
    for facility, size in zip(problem.option_facility[held].tolist(), problem.option_size[held].tolist(), strict=True):
        load[facility] = load.get(facility, 0) + size
    area: dict[int, int] = {}
    for facility in range(problem.facilities):
        if problem.facility_parent[facility] == NONE:
            area[facility] = int(problem.facility_capacity[facility])
    for facility in opened | set(load):
        root = _root(problem, facility)
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
    return _Room(area, opened, sets, load, left)


def _root(problem: Problem, facility: int) -> int:
    parent = int(problem.facility_parent[facility])
    return facility if parent == NONE else parent


def _fits(problem: Problem, option: int, room: _Room) -> bool:
    """Whether floor area and exclusion leave room for one more option."""
    facility = int(problem.option_facility[option])
    if facility == NONE:
        return True
    size, root = int(problem.option_size[option]), _root(problem, facility)
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


def _missing(problem: Problem, option: int, room: _Room, arcs: _Arcs) -> str:
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


def _why(
    problem: Problem, plan: Plan, facts: Sequence[Row], real: Sequence[int], room: _Room, arcs: _Arcs
) -> tuple[str, str]:
    """Code and sentence for a need that has options which the plan does not take."""
    if not real:
        return NOT_READY, "除应急处置或共用现有服务外暂无可达到“够”的措施"
    spare = [at for at in real if not plan.option[at]]
    fitting = [at for at in spare if _fits(problem, at, room)]
    if not fitting:
        return NO_SITE, f"可用场地均已排满或已安排他用（{len(spare)}个备选方案）"
    cheapest = min(fitting, key=lambda at: (facts[at]["cost"], at))
    price = f"最省的备选方案需{facts[cheapest]['cost'] / 100:.2f}万元"
    named = ""
    for at in fitting:
        missing = _missing(problem, at, room, arcs)
        if not missing:
            return LATER, f"{price}，同等条件下其他项目成效更高"
        if missing != MONEY:
            named = named or missing
    if named:
        return LATER, f"{price}，受“{named}”限制，排在其他项目之后"
    return NO_MONEY, f"{price}，本轮安排后可用资金或后续支出余地不足"


def space_table(problem: Problem, plan: Plan, options: Options, components: Sequence[Row]) -> pl.DataFrame:
    """What stands on every site that is opened: module by module, with the area used and what stays free (m²)."""
    room = _room(problem, plan, options)
    rows = []
    with_module = {_root(problem, row["facility"]) for row in components if row["part"] == MODULE}
    for row in components:
        if row["part"] not in (MODULE, SITE):
            continue
        facility = row["facility"]
        root = _root(problem, facility)
        if row["part"] == SITE and facility in with_module:
            continue
        used = max(room.load.get(facility, 0), int(problem.facility_minimum[facility]))
        free = None if room.area[root] == UNLIMITED else room.area[root] / 10
        rows.append(
            (
                row["site"], row["module"], row["service_type"], row["operation_type"], row["package"],
                row["start_year"], used / 10, free,
            )
        )  # fmt: skip
    return pl.DataFrame(sorted(rows, key=lambda r: r[:2]), schema=SITES_SCHEMA, orient="row")
