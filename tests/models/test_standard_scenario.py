"""The scenario to start from: it fits every book, and a plan can keep it."""

import polars as pl
from hand_made import make_book
from qingdan.bench.generator import generate
from qingdan.models.checkup import checkup
from qingdan.models.formulation import formulate
from qingdan.models.matching import match
from qingdan.models.scenario import parse_scenario
from qingdan.models.scenario_checks import check_scenario
from qingdan.models.standard_scenario import scenario_with_hindered, standard_scenario
from qingdan.solver.solve import solve
from qingdan.solver.stop import Stop


def kinds(text: str) -> set[str]:
    return {rule.kind for rule in parse_scenario(text).rules}


def test_no_rule_asks_for_what_the_book_cannot_give() -> None:
    """A book without green works has no floor for them, one without pilots no rule on pilots."""
    text = standard_scenario(make_book())
    assert {"number", "dig_once"} <= kinds(text)
    assert "绿色工程" not in text and "pilots" not in kinds(text)


def test_a_book_of_usual_size_has_every_kind_of_rule() -> None:
    assert kinds(standard_scenario(generate(50, 1))) == {"money", "met", "number", "dig_once", "pilots", "complete"}


def test_poorer_counties_are_asked_for_less() -> None:
    """With a tenth of the money the rules are no stricter than what that pays for, and there is still a plan."""
    book = generate(14, 2)
    funds = book.table("funds")
    budgets = [name for name in funds.columns if name.startswith("budget_")]
    poor = book.with_table("funds", funds.with_columns(pl.col(name) // 10 for name in budgets))
    text = standard_scenario(poor)
    assert text != book.scenario_text
    scenario = parse_scenario(text)
    options = match(poor, scenario, needs=checkup(poor, scenario).needs)
    assert solve(formulate(options, poor, scenario), method="highs", stop=Stop(gap=0.9, time=30)).plan is not None


def test_hindered_pilots_are_named() -> None:
    """Where the money of the first year is gone no pilot can be served in it."""
    book = generate(14, 2)
    without = book.with_table("funds", book.table("funds").with_columns(pl.col("budget_2027") * 0))
    text, hindered = scenario_with_hindered(without)
    assert "pilots" not in kinds(text)
    assert set(hindered) <= set(book.table("listings").filter(pl.col("programme") == "good_pilot")["community"])
    assert hindered


def test_a_generated_book_has_a_plan_under_it() -> None:
    """No rule asks for more than a synthetic book can give."""
    book = generate(8, 1)
    text = standard_scenario(book)
    scenario = parse_scenario(text)
    check_scenario(scenario, book, text=text)
    needs = book.table("needs") if book.table("needs").height else checkup(book, scenario).needs
    options = match(book, scenario, needs=needs)
    solution = solve(formulate(options, book, scenario), method="highs", stop=Stop(gap=0.5, time=20))
    assert solution.plan is not None
