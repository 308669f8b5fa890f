"""Rules between needs and sites wherever they are: solved, and held against the independent check."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from checked_book import write_text_book
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
