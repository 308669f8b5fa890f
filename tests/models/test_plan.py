"""The plan that people read ties to the yuan, names its projects the same way every time, and explains itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from plan_case import COUNTY, A, B, book_case, options_case
from qingdan.models.formulation import formulate
from qingdan.models.lists import needs_list, project_list, resource_list, shown_wan
from qingdan.models.options import Options
from qingdan.models.plan import ProjectPlan, make_plan
from qingdan.models.projects import project_code
from qingdan.models.scenario import Scenario, parse_scenario
from qingdan.solver.problem import Problem
from qingdan.solver.solution import Solution
from qingdan.solver.solve import solve


def solved(options: Options, scenario: Scenario | None = None) -> tuple[Problem, Solution]:
    problem = formulate(options, book_case(), scenario or Scenario())
    return problem, solve(problem, threads=1)


@pytest.fixture(scope="module")
def plan() -> ProjectPlan:
    options = options_case()
    problem, solution = solved(options)
    assert solution.objective == 1700
    return make_plan(problem, solution, options, book_case(), Scenario())


def test_every_project_is_paid_in_full(plan: ProjectPlan) -> None:
    """The funding table adds up to the cost of every project, to the yuan."""
    paid = plan.funding.group_by("project_id").agg(pl.col("amount_yuan").sum())
    both = plan.projects.join(paid, on="project_id")
    assert both.height == plan.projects.height == 3
    assert both["amount_yuan"].to_list() == both["cost_yuan"].to_list()
    assert plan.components["cost_yuan"].sum() == 100 * (2800 + 1001 + 500 + 333 + 20)


def test_shares_hold_in_every_payment_year(plan: ProjectPlan) -> None:
    """The central fund pays at most 60 % and city and county at least 10 % of the pipes in each year."""
    pipes = plan.components.filter(pl.col("measure") == "R02a")["project_id"].item()
    due = {2027: 168_000, 2028: 103_600, 2029: 8_400}
    money = plan.funding.filter(pl.col("project_id") == pipes)
    for year, amount in due.items():
        of_year = money.filter(pl.col("payment_year") == year)
        assert of_year["amount_yuan"].sum() == amount
        central = of_year.filter(pl.col("fund_id") == "M1")["amount_yuan"].sum()
        assert central <= amount * 60 // 100
        local = of_year.filter(pl.col("fund_id").is_in(["M2", "M3"]))["amount_yuan"].sum()
        assert local >= amount // 10
    assert money.filter((pl.col("fund_id") == "M1") & (pl.col("payment_year") == 2027))["amount_yuan"].sum() == 100_800


def test_budgets_are_kept_and_every_budget_year_is_accounted_for(plan: ProjectPlan) -> None:
    """Committed = spent + carried out, lapsed is the rest, and nothing exceeds what the book gives."""
    used = plan.funds_used
    assert used.height == 9  # five funds, two years, one budget that the book leaves empty
    assert (used["committed_yuan"] == used["spent_yuan"] + used["carried_out_yuan"]).all()
    assert (used["committed_yuan"] <= used["budget_yuan"]).all()
    assert (used["lapsed_yuan"] == used["budget_yuan"] - used["committed_yuan"]).all()
    assert used["committed_yuan"].sum() == plan.funding["amount_yuan"].sum()
    assert used.filter((pl.col("fund_id") == "M1") & (pl.col("year") == 2027))["budget_yuan"].item() == 300_050


def test_operators_capital_goes_straight_to_its_project(plan: ProjectPlan) -> None:
    """What an operator brings is paid to its own facility alone."""
    capital = plan.funding.filter(pl.col("fund_id") == "M5")
    site = plan.projects.filter(pl.col("kind") == "site")["project_id"].item()
    assert capital.rows() == [(site, "M5", 2028, 2028, 20_000)]


def test_works_are_packaged_by_place_year_and_department(plan: ProjectPlan) -> None:
    """A site opens with its first module; a neighbourhood's works of one department are one project."""
    site = plan.projects.filter(pl.col("kind") == "site").row(0, named=True)
    assert site["start_year"] == 2028 and site["site"] == "L1" and site["community"] == A
    inside = plan.components.filter(pl.col("project_id") == site["project_id"])["component_id"].to_list()
    module = "L1|F02b|O1|0|M2:100+M3:100"
    assert inside == ["N2|F02b|O1|L1|3|1|2028|0", f"module|{module}|2028", "site|L1|2027"]
    assert site["project_id"] == project_code("site", "L1", "民政", "F02", 2028)
    assert site["store"] == "储备" and site["cost_yuan"] == 183_400 and site["running_cost_yuan"] == 17_000
    works = plan.projects.filter(pl.col("kind") == "works")
    assert set(works["neighbourhood"]) == {"X1", ""} and set(works["store"]) == {"实施"}


def test_project_codes_stay_when_the_plan_around_them_changes(plan: ProjectPlan) -> None:
    """The same works have the same code in every run, whatever else is planned."""
    options = options_case()
    problem, solution = solved(options)
    assert solution.plan is not None
    option = solution.plan.option.copy()
    option[0] = False
    arcs = solution.plan.arc.copy()
    dropped = problem.option_spend.taken(np.array([0])).index
    arcs[np.isin(problem.arc_demand, dropped)] = 0
    # the emergency handling of N4 shares a demand with the pipes: pay it anew
    shared = problem.option_spend.taken(np.array([4]))
    for demand, amount in zip(shared.index, shared.amount, strict=True):
        of_county = [
            a for a in np.flatnonzero(problem.arc_demand == demand) if problem.row_limit[problem.arc_source[a]] == 5000
        ]
        arcs[of_county[0]] = amount
    less = replace(solution, plan=replace(solution.plan, option=option, arc=arcs))
    other = make_plan(problem, less, options, book_case(), Scenario())
    assert set(other.projects["project_id"]) < set(plan.projects["project_id"])
    assert other.projects.height == 2


def test_a_project_says_why_it_is_in_the_list(plan: ProjectPlan) -> None:
    """Needs, people, urgency, rank and the share of outside money stand in one sentence."""
    row = plan.projects.filter(pl.col("neighbourhood") == "X1").row(0, named=True)
    assert "解决1项需求（供水管网与二次供水），服务900人次" in row["reason"]
    assert "紧迫度最高5级" in row["reason"] and "居民排序最前第1位" in row["reason"]
    assert "市县以外资金占" in row["reason"] and row["name"] == "一号小区：供水管网与二次供水"


def test_a_pinned_need_is_said_to_be_pinned() -> None:
    """What a person decided is not passed off as the program's choice."""
    scenario = parse_scenario('[[rule]]\nkind = "pin"\nname = "确定一号"\nneeds = ["N1"]\nbasis = "会议纪要3号"\n')
    options = options_case()
    problem, solution = solved(options, scenario)
    made = make_plan(problem, solution, options, book_case(), scenario)
    row = made.projects.filter(pl.col("neighbourhood") == "X1").row(0, named=True)
    assert row["reason"].startswith("确定纳入（依据“会议纪要3号”）")


def test_needs_left_open_have_a_code_and_a_next_step(plan: ProjectPlan) -> None:
    """A refusal keeps its reason; a need whose house is full is told so."""
    rows = {row["need_id"]: row for row in plan.unmet.to_dicts()}
    assert set(rows) == {"N3", "N4"}
    assert rows["N4"]["code"] == "民意未达到" and rows["N4"]["detail"].startswith("已安排应急处置")
    assert rows["N4"]["unit_responsible"] == "百花洲街道"
    assert rows["N3"]["code"] == "资源未落实" and rows["N3"]["unit_responsible"] == "民政"
    for row in rows.values():
        assert (row["lots_met"], row["lots_planned"], row["lots_left"]) == (0, 0, 1) and row["next_step"]


def test_a_need_without_money_is_told_so() -> None:
    """A need that only dearer works would meet is left open for want of money, not for want of merit."""
    options = options_case()
    frame = options.options.with_columns(
        pl.when(pl.col("measure") == "R02a").then(95_000).otherwise("cost").cast(pl.Int64).alias("cost")
    )
    spending = options.spending.with_columns(
        pl.when(~pl.col("opening") & (pl.col("owner") == 0) & (pl.col("year") == 2027))
        .then(93_880).otherwise("amount").cast(pl.Int64).alias("amount")
    )  # fmt: skip
    dear = replace(options, options=frame, spending=spending)
    problem, solution = solved(dear)
    made = make_plan(problem, solution, dear, book_case(), Scenario())
    assert made.unmet.filter(pl.col("need_id") == "N1")["code"].item() == "财力不足"


def _costing(options: Options, hundreds: int) -> Options:
    """The same options with a house for both needs of the old, and so much to be paid for the second, N3."""
    facilities = options.facilities.with_columns(
        pl.when(pl.col("capacity") == 3000).then(4000).otherwise("capacity").alias("capacity")
    )
    owner, option = pl.col("owner") == 3, pl.col("need") == 2
    return replace(
        options,
        facilities=facilities,
        options=options.options.with_columns(pl.when(option).then(hundreds + 200).otherwise("cost").alias("cost")),
        spending=options.spending.with_columns(
            pl.when(~pl.col("opening") & owner).then(hundreds).otherwise("amount").alias("amount")
        ),
    )


def test_a_need_that_a_project_of_the_plan_could_take_along_is_told_which() -> None:
    """A station opens in reach and has room: the next round joins it, and the sentence says that money was short."""
    options = _costing(options_case(), 900_000)
    problem, solution = solved(options)
    made = make_plan(problem, solution, options, book_case(), Scenario())
    row = made.unmet.filter(pl.col("need_id") == "N3").row(0, named=True)
    site = made.projects.filter(pl.col("kind") == "site").row(0, named=True)
    assert row["code"] == "可并入其他项目"
    assert row["next_step"] == f"下一轮并入 {site['project_id']} {site['name']}"
    assert "并入需9002.00万元" in row["detail"] and "资金" in row["detail"]


def test_no_project_is_joined_that_opens_too_late_or_has_no_room() -> None:
    """A need whose option starts before the station opens, or finds no floor area in it, has another code."""
    early = _costing(options_case(), 900_000)
    early = replace(
        early,
        options=early.options.with_columns(pl.when(pl.col("need") == 2).then(2027).otherwise("year").alias("year")),
    )
    for options, code in ((early, "财力不足"), (options_case(), "资源未落实")):
        problem, solution = solved(options)
        made = make_plan(problem, solution, options, book_case(), Scenario())
        assert made.unmet.filter(pl.col("need_id") == "N3")["code"].item() == code


def test_lots_are_met_this_year_planned_for_later_years_or_left() -> None:
    """Of five lots two start in the first year and one in the next: together with the rest they are all lots."""
    options = options_case()
    needs = options.needs.with_columns(pl.when(pl.col("id") == "N1").then(5).otherwise("lots").alias("lots"))
    pipes = options.options.head(1)
    later = pipes.with_columns(year=pl.lit(2028, pl.Int64), choice=pl.lit(9, pl.Int64))
    frame = pl.concat([options.options.head(1).with_columns(lots=pl.lit(2, pl.Int64)), options.options.slice(1), later])
    spend = options.spending.head(1).with_columns(
        owner=pl.lit(5, pl.Int64), year=pl.lit(2028, pl.Int64), amount=pl.lit(2800, pl.Int64)
    )
    dear = pl.when(pl.col("measure") == "R02b").then(3).otherwise("lots").alias("lots")
    several = replace(
        options, needs=needs, options=frame.with_columns(dear), spending=pl.concat([options.spending, spend])
    )
    problem, solution = solved(several)
    made = make_plan(problem, solution, several, book_case(), Scenario())
    row = made.unmet.filter(pl.col("need_id") == "N1").row(0, named=True)
    assert (row["lots_met"], row["lots_planned"], row["lots_left"]) == (2, 1, 2)
    assert row["detail"].startswith("已安排3份，余2份")


def test_a_rule_that_stands_in_the_way_is_named() -> None:
    """A need that only a rule keeps out is told which, and the rule's use is listed with its slack."""
    text = '[[rule]]\nkind = "number"\nname = "暂缓养老设施"\nbound = "ceiling"\nnumber = 0\nservice_types = ["F02"]\n'
    scenario, options = parse_scenario(text), options_case()
    problem, solution = solved(options, scenario)
    made = make_plan(problem, solution, options, book_case(), scenario)
    row = made.unmet.filter(pl.col("need_id") == "N2").row(0, named=True)
    assert row["code"] == "同等条件排序靠后" and "暂缓养老设施" in row["detail"]
    rule = made.quotas.filter(pl.col("name") == "暂缓养老设施").row(0, named=True)
    assert (rule["value"], rule["limit"], rule["slack"]) == (0, 0, 0)


def test_later_costs_are_listed_by_payer_year_and_kind(plan: ProjectPlan) -> None:
    """Running cost, subsidy and rent come due in the years in which they do, beside the payer's ceiling."""
    rows = {(r["payer"], r["year"], r["kind"]): r for r in plan.obligations.to_dicts()}
    assert rows["P2", 2027, "rent"]["amount_yuan"] == 12_000
    assert rows["P2", 2029, "running"]["amount_yuan"] == 3_000
    assert rows["P2", 2029, "subsidy"]["amount_yuan"] == 5_000
    assert rows["P2", 2029, "running"]["ceiling_yuan"] == 90_000
    assert rows["P2", 2030, "running"]["ceiling_yuan"] is None
    assert max(year for _, year, _ in rows) == 2038
    drawn = plan.funding.filter(pl.col("fund_id") == "M4")["amount_yuan"].sum()
    debt = [r["amount_yuan"] for r in rows.values() if r["kind"] == "debt"]
    assert len(debt) == (5 if drawn else 0) and all(5 * one >= drawn for one in debt)


def test_outputs_have_official_names(plan: ProjectPlan) -> None:
    """Outputs are those that are reported upwards; emergency handling is none."""
    assert plan.outputs.rows() == [
        (COUNTY, "", 2027, "改造老旧小区", 1.0, "个"),
        (COUNTY, "", 2027, "改造老旧小区户数", 300.0, "户"),
        (COUNTY, "facilities", 2028, "新增养老服务面积", 200.0, "m²"),
        (COUNTY, "resilience", 2027, "改造供水管线户数", 100.0, "户"),
    ]


def test_the_smaller_tables(plan: ProjectPlan) -> None:
    """Sites with area left, general needs handed over, pilots, quotas with their slack."""
    assert plan.sites.select("site", "service_type", "area_used", "area_free").rows() == [("L1", "F02", 200.0, 100.0)]
    assert plan.transferred["id"].to_list() == ["G1"]
    assert plan.pilots.select("community", "source").rows() == [(A, "listed")]
    assert plan.quotas.rows() == [("Z1", "2027", 1, 2, 1, "个"), ("O1", "", 1, 3, 2, "处")]
    assert plan.counts["needs_answered"] == 2 and plan.counts["projects"] == 3
    assert plan.counts["grants_below_smallest"] == 0


def test_shown_money_adds_up_to_the_shown_total(plan: ProjectPlan) -> None:
    """On paper the lines of a column add up to its last line, and the funds of a project to its cost."""
    assert shown_wan([33_333, 33_333, 33_334]) == [3.33, 3.33, 3.34]
    assert round(sum(shown_wan([14_949, 14_949, 14_949])), 2) == 4.48
    shown = project_list(plan, book_case())
    total = shown.row(-1, named=True)
    assert total["项目编号"] == "合计" and total["投资（万元）"] == 46.54
    lines = shown.head(-1)
    for name in ("中央", "省", "市", "县区", "社会", "居民"):
        assert round(lines[f"{name}（万元）"].sum(), 2) == total[f"{name}（万元）"]
    paid = lines.select(pl.sum_horizontal(pl.col(f"{n}（万元）") for n in ("中央", "省", "市", "县区", "社会", "居民")))
    assert paid.to_series().round(2).to_list() == lines["投资（万元）"].to_list()
    assert lines.filter(pl.col("类型") == "场地设施")["意向运营方式"].item() == "社会组织运营"


def test_the_other_lists_speak_chinese() -> None:
    """Needs and resources are listed in words, all four kinds of resources among them."""
    needs = needs_list(book_case())
    assert needs.filter(pl.col("需求编号") == "N2").select("社区", "服务类型", "状态").row(0) == (
        "乙社区",
        "社区养老服务设施",
        "待匹配",
    )
    resources = resource_list(book_case())
    assert set(resources["类别"]) == {"闲置用房用地", "资金", "政策支持", "社会运营"}
    money = resources.filter(pl.col("类别") == "资金")
    assert round(money.head(-1)["数量"].sum(), 2) == money["数量"][-1]
    assert B in book_case().table("communities")["id"].to_list()
