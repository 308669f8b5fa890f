"""A run that chooses the pilots itself: pilot money, dig-once twins, and what places that are not chosen can do."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from checked_book import BOOK, write_text_book
from hand_made import COMMUNITY, Row, make_book, make_options
from qingdan.models.book import Book, read_book
from qingdan.models.checker import check
from qingdan.models.rule_context import RuleContext
from qingdan.models.run import write_run
from qingdan.scenarios.single import solve as solve_book
from qingdan.solver.problem import Problem
from qingdan.solver.solve import solve
from solved_rules import best, compiled

PLACES = ["360102001001", "360102001002", "360702001001"]
SELECT = "kind = 'pilots'\nmode = 'select'\nnumber = 1\n"

SCENARIO = """
[[rule]]
kind = "dig_once"
name = "一次开挖"
service_types = ["R02", "R03"]
saving = 90
fixed = 0.01

[[rule]]
kind = "pilots"
name = "遴选"
mode = "select"
number = 1
"""

PILOT_MONEY = "PP,PROV,省级试点资金,province,P-Z,general,pool,90,90,90,,R02;R03,,,80,,,free,same_year,,yes,,\n"


@pytest.mark.parametrize("number", [1, 2])
def test_selection_and_digging_once_together_pass_the_check(tmp_path: Path, number: int) -> None:
    """Pilot money reaches campaigns of chosen communities alone, and the independent check agrees."""
    told = SCENARIO.replace("number = 1", f"number = {number}")
    # a county with little money of its own leans on that for pilots
    funds = BOOK["funds"].replace("general,pool,60,40,10,,,360103", "general,pool,1,1,1,,,360103") + PILOT_MONEY
    write_text_book(tmp_path / "book", scenario=told, funds=funds)
    run = solve_book(read_book(tmp_path / "book"), method="highs", time=30, gap=0.0)
    write_run(tmp_path / "run", run)
    report = check(tmp_path / "book", tmp_path / "run")
    assert report.passed, report.text()
    components = pl.read_csv(tmp_path / "run" / "components.csv", infer_schema=False)
    pilots = pl.read_csv(tmp_path / "run" / "pilots.csv", infer_schema=False)
    chosen = set(pilots.filter(pl.col("source") == "selected")["community"].to_list())
    assert len(chosen) == number
    paid = components.filter(pl.col("package").str.contains("PP:"))
    assert paid.height > 0
    assert set(paid["community"].to_list()) <= chosen
    # places that are not chosen still answer their safety needs, with other money
    others = components.filter(~pl.col("community").is_in(list(chosen)) & (pl.col("service_type") == "R03"))
    assert others.height > 0 or number > 1
    twins = paid.filter(pl.col("component_id").str.ends_with("|8"))
    assert twins.height > 0


def test_dig_once_twins_wait_for_the_choice_as_well() -> None:
    """A twin in a campaign takes pilot money only where its community is chosen."""
    options = make_options(
        needs=[{"community": PLACES[0]}, {"community": PLACES[1]}],
        options=[
            {"need": 0, "package": 1, "benefit": 5, "facility": 0, "variant": 8},
            {"need": 1, "package": 1, "benefit": 6, "facility": 1, "variant": 8},
        ],
        facilities=[
            {"kind": "campaign", "site": None, "community": place, "rule": 0, "capacity": -1} for place in PLACES[:2]
        ],
        openings=[{"facility": place, "cost": 1} for place in range(2)],
        packages=[("C:100", 0), ("PP:100", 0)],
        shares=[(0, "C", 100, True), (1, "PP", 100, False)],
    )
    assert best(compiled(options, _book(), SELECT)).option.tolist() == [False, True]


def _book() -> Book:
    communities: list[Row] = [
        {**COMMUNITY, "id": place, "city_code": place[:4], "county_code": place[:6], "pilot_category": None}
        for place in PLACES
    ]
    funds: list[Row] = [
        {"budget_2027": 10**6, "budget_2028": 10**6},
        {"id": "PP", "pilot_only": True, "budget_2027": 10**6, "budget_2028": 10**6},
    ]
    return make_book(communities=communities, funds=funds)


def _random_program(seed: int) -> Problem:
    """Needs of one lot with several options that pilot money pays, some of them at modules of their community."""
    draw = random.Random(seed)
    needs = [{"community": place, "city_code": place[:4], "county_code": place[:6]} for place in PLACES for _ in "ab"]
    sites: list[Row] = [
        {"community": place, "city_code": place[:4], "county_code": place[:6], "site": f"S{number}", "capacity": 10**6}
        for number, place in enumerate(PLACES)
    ]
    modules = [
        {**site, "kind": "module", "service_type": "F17", "measure": "F17b", "operation": "own", "package": 1,
         "parent": number}
        for number, site in enumerate(sites)
    ]  # fmt: skip
    options: list[Row] = []
    for need in range(len(needs)):
        place = need // 2
        for year in (2027, 2028):
            options.append({"need": need, "package": 1, "year": year, "benefit": draw.randint(5, 12)})
            options.append(
                {"need": need, "package": 1, "year": year, "benefit": draw.randint(5, 12), "facility": 3 + place}
            )
        options.append({"need": need, "package": 0, "benefit": draw.randint(1, 4)})
    made = make_options(
        needs=needs,
        options=options,
        facilities=[*sites, *modules],
        openings=[{"facility": facility, "cost": 1} for facility in range(6)],
        packages=[("C:100", 0), ("PP:100", 0)],
        shares=[(0, "C", 100, True), (1, "PP", 100, False)],
    )
    return compiled(made, _book(), SELECT)


def test_one_row_for_all_options_of_a_need_makes_the_certified_bound_tighter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same best plan, and a proof that is never weaker than with a row for every option alone."""
    tighter = 0
    for seed in range(4):
        strong = solve(_random_program(seed), method="highs")
        with monkeypatch.context() as patched:
            patched.setattr(RuleContext, "one_of", lambda self: np.arange(self.options.options.height))
            weak = solve(_random_program(seed), method="highs")
        assert strong.objective == weak.objective
        assert strong.certified_bound is not None and weak.certified_bound is not None
        assert strong.certified_bound <= weak.certified_bound
        tighter += strong.certified_bound < weak.certified_bound
    assert tighter > 0
