"""Rules on need met: solved, and held against a hand-reasoned optimum."""

from __future__ import annotations

import numpy as np
from hand_made import make_book, make_options
from qingdan.models.book import Book
from qingdan.models.options import Options
from qingdan.models.rule_values import row_values
from qingdan.solver.solution import Status
from qingdan.solver.solve import solve
from solved_rules import NOTHING, best, compiled, money, taken


def two_counties() -> Options:
    """County 02 earns more; its need 2 is divisible; county 03's second need has only a door that is not enough."""
    return make_options(
        needs=[{}, {"lots": 4}, {"county_code": "360103"}, {"county_code": "360103"}],
        options=[
            {"need": 0, "benefit": 10},
            {"need": 1, "lots": 2, "benefit": 9},
            {"need": 1, "lots": 4, "benefit": 12, "cost": 200},
            {"need": 2, "benefit": 1},
            {"need": 3, "benefit": 2, "level": 1},
        ],
    )


def test_a_met_floor_in_each_county_serves_the_poorer_one() -> None:
    """Without the rule the richer county takes the money; with it half the needs of the other are met."""
    rule = "kind = 'met'\nshare = 50\neach = ['county']"
    assert taken(two_counties(), money(200), NOTHING) == [0, 1]
    assert taken(two_counties(), money(200), rule) == [0, 3]
    problem = compiled(two_counties(), money(300), rule)
    plan = best(problem)
    assert np.flatnonzero(plan.option).tolist() == [0, 1, 3]
    # half of a need of four lots counts 500 thousandths
    assert row_values(problem, plan).select("scope", "value", "limit", "unit").rows() == [
        ("360102", 1500.0, 1000.0, "‰项"), ("360103", 1000.0, 1000.0, "‰项"),
    ]  # fmt: skip


def test_a_met_floor_over_reachable_needs_leaves_out_what_nothing_can_meet() -> None:
    """All reachable needs of the county are met although one has no answer at that level."""
    rule = "kind = 'met'\nshare = 100\ncounties = ['360103']\n"
    assert solve(compiled(two_counties(), money(300), rule), method="highs").status is Status.INFEASIBLE
    assert 3 in taken(two_counties(), money(200), rule + "reachable = true")
    assert {3, 4} <= set(taken(two_counties(), money(200), rule + "level = 1"))


def test_a_met_floor_by_a_year_counts_only_what_starts_by_then() -> None:
    """Years limit what counts: started in 2027, although 2028 would be worth more here."""
    options = make_options(options=[{"benefit": 1}, {"year": 2028, "benefit": 5}])
    rule = "kind = 'met'\nshare = 100\n"
    assert taken(options, make_book(), rule) == [1]
    assert taken(options, make_book(), rule + "years = [2027]") == [0]


def test_a_floor_that_nothing_can_reach_is_kept_with_its_name() -> None:
    """An impossible wish is found as infeasible under its own name, never dropped."""
    only_a_door = make_options(options=[{"level": 1}])
    problem = compiled(only_a_door, make_book(), "kind = 'met'\nshare = 10")
    assert "规则" in problem.labels["label_row_name"].tolist()
    assert solve(problem, method="highs").status is Status.INFEASIBLE


def test_safety_first_meets_the_share_of_reachable_safety_needs() -> None:
    """Two of the three that have an answer."""
    safety = {"safety": True}
    options = make_options(
        needs=[safety, safety, safety, safety, {}],
        options=[{"need": n, "benefit": 1 + n} for n in range(3)] + [{"need": 4, "benefit": 50}],
    )
    rule = "kind = 'safety_first'\nshare = 60"
    assert taken(options, money(200), rule) == [1, 2]
    assert taken(options, money(300), rule) == [1, 2, 3]


def three_communities() -> tuple[Options, Book]:
    """Community 1 needs two works to be complete, 2 one, 3 has a need without an answer."""
    names = [f"36010200100{number}" for number in (1, 2, 3)]
    options = make_options(
        needs=[{"community": names[0]}, {"community": names[0], "lots": 2}, {"community": names[1]},
               {"community": names[2]}, {"community": names[2]}, {"community": names[1], "service_type": "F18", "national": ""}],
        options=[
            {"need": 0, "benefit": 5}, {"need": 1, "benefit": 4, "lots": 1, "cost": 10}, {"need": 1, "benefit": 6, "lots": 2},
            {"need": 2, "benefit": 1}, {"need": 3, "benefit": 9},
        ],
    )  # fmt: skip
    book = make_book(
        communities=[{"id": name, "name": name[-1]} for name in names],
        funds=[{"budget_2027": 30_000, "budget_2028": 0}],
    )
    return options, book


def test_complete_communities_have_every_counted_need_met_in_full() -> None:
    """One is cheapest in community 2; for both, community 1 must close all its lots."""
    options, book = three_communities()
    rule = "kind = 'complete'\nnumber = {}"
    assert taken(options, book, rule.format(0)) == [0, 2, 4]
    assert taken(options, book, rule.format(1)) == [0, 2, 4]
    assert taken(options, book, rule.format(2)) == [0, 2, 3]
    assert solve(compiled(options, book, rule.format(3)), method="highs").status is Status.INFEASIBLE
    here = rule.format(1) + "\ncommunities = ['360102001002']"
    problem = compiled(options, book, here)
    plan = best(problem)
    assert {3, 4} <= set(np.flatnonzero(plan.option).tolist())
    told = row_values(problem, plan).filter(row_values(problem, plan)["listed"])
    assert told.select("value", "limit", "unit").rows() == [(1.0, 1.0, "个")]
