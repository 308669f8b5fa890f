"""The main job on the embedded book, told as a person wants to read it: three lists, the money, the check."""

from __future__ import annotations

import time as clock
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .book_and_scenario import scenario_for
from .console import INTERRUPTED, NO, NO_PLAN, Console, Exit
from .running import describe, watched
from .steps import JUDGEMENTS, banner

if TYPE_CHECKING:
    from ..models.book import Book
    from ..models.checkup import CheckUp
    from ..models.plan import ProjectPlan

SHOWN = 10


def run_demo(console: Console, out: Path, time: float) -> None:
    """`qingdan demo`"""
    from ..bench.generator import demo_book
    from ..models.book import read_book
    from ..models.checker import check
    from ..models.checkup import checkup
    from ..models.run import write_run
    from ..scenarios.single import solve

    path = demo_book()
    began = clock.monotonic()
    book = read_book(path)
    reading = clock.monotonic() - began
    found = checkup(book)
    console.say(f"{banner(book)}\n")
    show_needs(console, book, found)
    show_resources(console, book)
    with watched(console) as (watch, interrupt):
        run = solve(book, scenario_for(book, None), time=time, watch=watch, interrupt=interrupt, seconds_before=reading)
        write_run(out, run)
    result = run.result
    if run.plan is None:
        console.done({**result, "run": str(out)}, "\n".join(describe(result, None)))
        raise Exit(INTERRUPTED if interrupt.is_set else NO if result["status"] == "infeasible" else NO_PLAN)
    show_projects(console, book, run.plan)
    show_money(console, book, run.plan)
    show_refusals(console, book, run.plan)
    report = check(path, out)
    word = "通过" if report.passed else "不通过"
    lines = [
        "",
        *describe(result, run.plan),
        f"独立复核：{word}（方案与资金、备选方案、理论上限）",
        f"结果文件夹：{out}",
    ]
    console.done({**result, "run": str(out), "check": report.passed}, "\n".join(lines))
    if not report.passed:
        console.progress(report.text(), at_once=True)
        raise Exit(NO)
    if interrupt.is_set:
        raise Exit(INTERRUPTED)


def show_needs(console: Console, book: Book, found: CheckUp) -> None:
    """一、需求清单"""
    import polars as pl

    from ..models.lists import needs_list

    counts = "，".join(f"{name} {found.counts.get(code, 0)}" for code, name in JUDGEMENTS.items())
    special = found.needs.filter(pl.col("need_class") == "special")
    console.say(f"一、好社区专项体检与需求清单\n体检判定：{counts}")
    first = special.sort("mandatory", "urgency", "people", descending=[True, True, True], nulls_last=True).head(SHOWN)
    shown = needs_list(book, first)
    order = {code: place for place, code in enumerate(first["id"])}
    columns = ["社区", "小区", "服务类型", "体检判定", "份数", "服务人群", "受影响人数", "紧迫度", "居民排序", "强制"]
    rows = sorted(shown.iter_rows(named=True), key=lambda row: order[row["需求编号"]])
    console.table(f"专项整治类需求 {special.height} 条（按紧迫度列前{len(rows)}条）", columns, _cells(rows, columns))
    tickets = found.tickets.group_by("department").len().sort("len", "department", descending=[True, False])
    told = "，".join(f"{department} {number}" for department, number in tickets.iter_rows())
    console.say(
        f"一般整治类 {found.tickets.height} 条，交办：{told}；未采集 {found.unknown.height} 项（不作缺口，另列）\n"
    )


def show_resources(console: Console, book: Book) -> None:
    """二、资源清单"""
    from ..models.lists import TOTAL, resource_list

    resources = resource_list(book)
    rows = []
    for (kind,), part in resources.group_by("类别", maintain_order=True):
        lines = part.filter(part["编号"] != TOTAL)
        total = lines["数量"].sum()
        unit = lines["单位"][0]
        rows.append([kind, lines.height, f"{total:,.2f} {unit}" if unit in ("万元", "m²") else f"{total:,.0f} {unit}"])
    console.say("二、资源清单")
    console.table("四类资源", ["类别", "条数", "合计"], rows)


def show_projects(console: Console, book: Book, plan: ProjectPlan) -> None:
    """三、项目清单"""
    import polars as pl

    from ..models.lists import TOTAL, project_list

    listed = project_list(plan, book)
    largest = listed.filter(pl.col("项目编号") != TOTAL).sort("投资（万元）", descending=True).head(SHOWN)
    money = ["投资（万元）", "中央（万元）", "省（万元）", "市（万元）", "县区（万元）", "社会（万元）", "居民（万元）"]
    columns = ["项目名称", "工程", "主管部门", "意向运营方式", "开工年份", *money, "解决需求数"]
    shown = [*largest.iter_rows(named=True), *listed.filter(pl.col("项目编号") == TOTAL).iter_rows(named=True)]
    shown[-1] = {**shown[-1], "项目名称": f"全部 {listed.height - 1} 个项目合计"}
    header = [name.replace("（万元）", "") for name in columns]
    console.say("三、项目清单（测算稿）")
    title = f"投资最大的{largest.height}个项目（金额单位：万元；{plan_years(book)}）"
    console.table(title, header, _cells(shown, columns))
    reasons = plan.projects.sort("benefit", descending=True).head(3)
    for name, reason in reasons.select("name", "reason").iter_rows():
        console.say(f"　理由　{name}：{reason}")
    console.say("")


def plan_years(book: Book) -> str:
    """Year 1 is a budget, later years are a rolling plan."""
    first, last = book.years[0], book.settings.plan_years[-1]
    return f"{first}年为年度预算，{first + 1}—{last}年为中期规划"


def show_money(console: Console, book: Book, plan: ProjectPlan) -> None:
    """资金平衡表"""
    import polars as pl

    from ..models.lists import shown_wan

    names = dict(book.table("funds").select("id", "name").iter_rows())
    years = list(book.settings.plan_years)
    later = pl.col("year") > years[-1]
    used = (
        plan.funds_used.group_by("fund_id")
        .agg(
            pl.col("budget_yuan").filter(~later).sum().alias("budget"),
            pl.col("committed_yuan").filter(~later).sum().alias("arranged"),
            pl.col("committed_yuan").filter(later).sum().alias("later"),
        )
        .sort("budget", "fund_id", descending=[True, False])
    )
    shown = {name: shown_wan(used[name].to_list()) for name in ("budget", "arranged", "later")}
    lines = [[names[fund], *figures] for fund, *figures in zip(used["fund_id"], *shown.values(), strict=True)]
    lines.append(["合计", *(shown_wan([int(used[name].sum())])[0] for name in shown)])
    rows = [
        [
            name,
            f"{budget:,.2f}",
            f"{arranged:,.2f}",
            f"{budget - arranged:,.2f}",
            f"{arranged / max(budget, 0.01):.1%}",
            f"{after:,.2f}",
        ]
        for name, budget, arranged, after in lines
    ]
    title = f"资金平衡表（{years[0]}—{years[-1]}年预算，已扣除已签合同，万元；两项安排之和等于总投资）"
    header = ["资金来源", "预算", "已安排", "未安排", "安排率", "以后年度预算安排"]
    console.table(title, header, rows)


def show_refusals(console: Console, book: Book, plan: ProjectPlan) -> None:
    """本轮未纳入"""
    counts = plan.unmet.group_by("code").len().sort("len", "code", descending=[True, False])
    rows = []
    for code, number in counts.iter_rows():
        example = plan.unmet.filter(plan.unmet["code"] == code).sort("need_id").row(0, named=True)
        rows.append([code, number, example["detail"], example["next_step"], example["unit_responsible"]])
    header = ["原因", "条数", "例", "下一步", "责任单位"]
    console.table(f"本轮未纳入（转储备）{plan.unmet.height} 条", header, rows)


def _cells(rows: list[dict[str, Any]], columns: list[str]) -> list[list[object]]:
    def cell(value: object) -> object:
        return f"{value:,.2f}" if isinstance(value, float) else value

    return [[cell(row[name]) for name in columns] for row in rows]
