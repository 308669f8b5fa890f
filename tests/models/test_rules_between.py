"""Rules between needs and sites, and rules by group, national programme and fund: solved, and checked again."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from checked_book import write_text_book
from matching_book import matched, measure
from qingdan.models.book import read_book
from qingdan.models.checker import check
from qingdan.models.run import write_run
from qingdan.scenarios.single import solve

RULES = """
[[rule]]
kind = "exclusion"
name = "二选一"
first_needs = ["A6", "A7"]
first_sites = "S1"
second_needs = ["B5"]
second_sites = ["S2"]

[[rule]]
kind = "prerequisite"
name = "先用房后管网"
before_needs = ["B1", "B2"]
after_needs = ["A1", "B6"]
"""


def test_a_plan_keeps_rules_between_needs_and_sites(tmp_path: Path) -> None:
    """What the plan takes obeys every pair, and the check says so in its own words."""
    write_text_book(tmp_path / "book", scenario=RULES)
    write_run(tmp_path / "run", solve(read_book(tmp_path / "book"), method="highs", time=30, gap=0.0))
    report = check(tmp_path / "book", tmp_path / "run")
    assert report.passed, report.text()
    rows = pl.read_csv(tmp_path / "run" / "components.csv", infer_schema=False)
    needs = dict(rows.filter(pl.col("need_id") != "").select("need_id", "start_year").iter_rows())
    sites = {site for site in rows.filter(pl.col("component_id").str.starts_with("site|"))["site"]}
    assert not (needs.keys() & {"A6", "A7"} or "S1" in sites) or not ("B5" in needs or "S2" in sites)
    for later in ("A1", "B6"):
        assert later not in needs or all(needs.get(earlier, "9999") <= needs[later] for earlier in ("B1", "B2"))


BY_EACH = """
[[rule]]
kind = "met"
name = "每类人群至多解决八成"
bound = "ceiling"
share = 80
each = ["group", "national"]

[[rule]]
kind = "met"
name = "无障碍至少解决一成"
share = 10
national = ["无障碍", "完整社区"]
each = ["national"]

[[rule]]
kind = "number"
name = "每项专项至多八项"
bound = "ceiling"
number = 8
each = ["national"]

[[rule]]
kind = "money"
name = "每项专项每年至多二百万"
bound = "ceiling"
amount = 200
each = ["national", "year"]

[[rule]]
kind = "money"
name = "每笔地方资金至多用九成"
bound = "ceiling"
share = 90
of = "budget"
funds = ["CITY", "COUNTY"]
each = ["fund", "year"]
"""


def test_a_plan_keeps_rules_by_group_national_programme_and_fund(tmp_path: Path) -> None:
    """A need counts in each of its national programmes; every fund has a row of its own in every budget year."""
    write_text_book(tmp_path / "book", scenario=BY_EACH)
    write_run(tmp_path / "run", solve(read_book(tmp_path / "book"), method="highs", time=30, gap=0.0))
    report = check(tmp_path / "book", tmp_path / "run")
    assert report.passed, report.text()
    quotas = pl.read_csv(tmp_path / "run" / "quotas.csv", infer_schema=False)
    funds = quotas.filter(pl.col("name") == "每笔地方资金至多用九成")["scope"].to_list()
    assert {"CITY/2027", "COUNTY-A/2027", "COUNTY-B/2027"} <= set(funds)
    groups = quotas.filter(pl.col("name") == "每类人群至多解决八成")["scope"].to_list()
    assert {"all/完整社区", "elders/完整社区"} <= set(groups)


FINER = """
[[rule]]
kind = "money"
name = "市级资金每部门至多十万"
bound = "ceiling"
amount = 10
funds = ["CITY"]
each = ["department"]

[[rule]]
kind = "money"
name = "丙社区用市级资金的下限"
bound = "floor"
amount = 1
funds = ["CITY"]
communities = ["C3"]

[[rule]]
kind = "money"
name = "债券每街道至多十二万"
bound = "ceiling"
amount = 12
funds = ["BOND", "LIFT"]
each = ["street", "year"]

[[rule]]
kind = "money"
name = "县区资金用于食堂至多三成"
bound = "ceiling"
share = 30
funds = ["COUNTY"]
service_types = ["F02"]
"""


def test_money_of_a_fund_by_department_street_community_and_type(tmp_path: Path) -> None:
    """Classes are as fine as the rules ask, and the table of payments keeps the rules project by project."""
    write_text_book(tmp_path / "book", scenario=FINER)
    run = solve(read_book(tmp_path / "book"), method="highs", time=30, gap=0.0)
    write_run(tmp_path / "run", run)
    report = check(tmp_path / "book", tmp_path / "run")
    assert report.passed, report.text()
    assert {"label_class_department", "label_class_street", "label_class_community", "label_class_service_type"} <= set(
        run.problem.labels
    )
    paid = pl.read_csv(tmp_path / "run" / "funding.csv").join(
        pl.read_csv(tmp_path / "run" / "projects.csv").select("project_id", "kind", "department", "community"),
        on="project_id",
    )
    city = paid.filter(pl.col("fund_id") == "CITY")
    # the conversion of a site is the housing department's, whatever the department of its project
    works = city.filter(pl.col("kind") == "works")
    most = works.group_by("department").agg(pl.col("amount_yuan").sum())["amount_yuan"].max()
    assert isinstance(most, int) and most <= 100_000 + 10
    assert city.filter(pl.col("community") == "C3")["amount_yuan"].sum() >= 10_000 - 10


def test_a_ceiling_on_need_met_may_want_the_lower_level() -> None:
    """Where at most so much may be met at "good", the option of level "enough" is not beaten by the better one."""
    rule = '[[rule]]\nkind = "met"\nname = "上限"\nbound = "{}"\nshare = 0\nlevel = 3\n'
    better = measure("T01b", level_reached="good")
    told = {"measures": [measure("T01a"), better]}
    assert set(matched(rule.format("floor"), **told).options["level"]) == {3}
    assert set(matched(rule.format("ceiling"), **told).options["level"]) == {2, 3}
