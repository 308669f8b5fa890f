"""Needs that a plan leaves open: how much, why, what to do next and who does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import polars as pl

from ..solver.problem import UNLIMITED, Problem
from ..solver.solution import Plan
from .book import Book
from .catalogue import catalogue_of
from .left_over import MONEY, Arcs, Room, fits, missing, room_of, root_of
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
JOIN: Final = "可并入其他项目"

NEXT_STEP: Final[Mapping[str, str]] = MappingProxyType(
    {
        NO_MONEY: "转储备库，列入下一年度预算申报，或申请调剂可用于本项的资金",
        NO_SITE: "转策划库，会同自然资源、国资部门补充闲置用房用地并确认",
        LATER: "转储备库，下一轮滚动规划优先比选",
        NOT_READY: "转策划库，完成前期工作后再行匹配",
        JOIN: "下一轮并入",
    }
)


def unmet(
    problem: Problem,
    plan: Plan,
    options: Options,
    components: Sequence[Row],
    book: Book,
    *,
    projects: Mapping[int, str],
) -> pl.DataFrame:
    """Every open need that is not fully met at level 2 or better, with code, next step and unit responsible.

    Lots met are those of works that start in the first plan year, lots planned those of later years. `projects`
    names the project of every module and campaign that opens, by facility.
    """
    met: dict[str, int] = {}
    planned: dict[str, int] = {}
    handled: set[str] = set()
    for row in components:
        if counts_as_met(row) and not row["variant"] & EXISTS:
            by_need = met if row["start_year"] == book.years[0] else planned
            by_need[row["need_id"]] = by_need.get(row["need_id"], 0) + row["lots"]
        elif row["need_id"] and row["variant"] & EMERGENCY:
            handled.add(row["need_id"])
    refused = {row["need"]: row for row in options.refusals.iter_rows(named=True)}
    room = room_of(problem, plan)
    arcs = Arcs.of(problem)
    of_need: dict[int, list[int]] = {}
    for at, need in enumerate(options.options["need"].to_list()):
        of_need.setdefault(need, []).append(at)
    facts = options.options.select("facility", "area", "cost", "level", "variant", "lots").to_dicts()
    rows = []
    for number, need in enumerate(options.needs.iter_rows(named=True)):
        lots, now, later = need["lots"], met.get(need["id"], 0), planned.get(need["id"], 0)
        done = now + later
        if done >= lots:
            continue
        refusal = refused.pop(need["id"], None)
        urgent = "已安排应急处置；" if need["id"] in handled else ""
        if refusal is not None:
            words = (refusal["code"], urgent + refusal["detail"], refusal["next_step"], refusal["unit_responsible"])
        else:
            real = [
                at for at in of_need.get(number, ()) if facts[at]["level"] >= 2 and not facts[at]["variant"] & EMERGENCY
            ]
            joins = _joining(problem, plan, facts, real, room, left=lots - done, projects=projects)
            code, why, step = _why(problem, plan, facts, real, room, arcs, joins)
            part = f"已安排{done}份，余{lots - done}份；" if done else ""
            words = (code, urgent + part + why, step, need["department"])
        rows.append((need["id"], now, later, lots - done, *words))
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


def _joining(
    problem: Problem,
    plan: Plan,
    facts: Sequence[Row],
    real: Sequence[int],
    room: Room,
    *,
    left: int,
    projects: Mapping[int, str],
) -> dict[int, str]:
    """Options that a project of the plan could take along without opening anything, and that project."""
    taken = set(problem.option_choice[plan.option].tolist())
    found = {}
    for at in real:
        facility, period = int(problem.option_facility[at]), int(problem.option_period[at])
        if facility not in projects or facts[at]["lots"] > left or int(problem.option_choice[at]) in taken:
            continue
        opens = room.opened[facility]
        if period == opens or (period > opens and not problem.facility_occasional[facility]):
            found[at] = projects[facility]
    return found


def _why(
    problem: Problem,
    plan: Plan,
    facts: Sequence[Row],
    real: Sequence[int],
    room: Room,
    arcs: Arcs,
    joins: Mapping[int, str],
) -> tuple[str, str, str]:
    """Code, sentence and next step for a need that has options which the plan does not take."""
    if not real:
        return NOT_READY, "除应急处置或共用现有服务外暂无可达到“够”的措施", NEXT_STEP[NOT_READY]
    spare = [at for at in real if not plan.option[at]]
    fitting = [at for at in spare if fits(problem, at, room)]
    if not fitting:
        return NO_SITE, f"可用场地均已排满或已安排他用（{len(spare)}个备选方案）", NEXT_STEP[NO_SITE]
    by_cost = sorted(fitting, key=lambda at: (facts[at]["cost"], at))
    lacks = {at: missing(problem, at, room, arcs) for at in by_cost}
    for at in by_cost:
        if at in joins and lacks[at] in ("", MONEY):
            short = "，本轮安排后可用资金或后续支出余地不足" if lacks[at] else ""
            told = f"可随“{joins[at]}”同步实施，并入需{_wan(facts[at])}{short}"
            return JOIN, told, f"{NEXT_STEP[JOIN]} {joins[at]}"
    price = f"最省的备选方案需{_wan(facts[by_cost[0]])}"
    if "" in lacks.values():
        return LATER, f"{price}，同等条件下其他项目成效更高", NEXT_STEP[LATER]
    named = next((lacks[at] for at in fitting if lacks[at] != MONEY), "")
    if named:
        return LATER, f"{price}，受“{named}”限制，排在其他项目之后", NEXT_STEP[LATER]
    return NO_MONEY, f"{price}，本轮安排后可用资金或后续支出余地不足", NEXT_STEP[NO_MONEY]


def _wan(option: Row) -> str:
    return f"{option['cost'] / 100:.2f}万元"


def space_table(problem: Problem, plan: Plan, components: Sequence[Row]) -> pl.DataFrame:
    """What stands on every site that is opened: module by module, with the area used and what stays free (m²)."""
    room = room_of(problem, plan)
    rows = []
    with_module = {root_of(problem, row["facility"]) for row in components if row["part"] == MODULE}
    for row in components:
        if row["part"] not in (MODULE, SITE):
            continue
        facility = row["facility"]
        root = root_of(problem, facility)
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
