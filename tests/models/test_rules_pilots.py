"""Rules on pilots: solved, and held against a hand-reasoned optimum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hand_made import COMMUNITY, Row, make_book, make_options
from qingdan.models.book import Book
from qingdan.models.options import Options
from solved_rules import NOTHING, best, compiled, taken

PLACES = ["360102001001", "360102001002", "360702001001"]


def pilots_book(*, listings: Sequence[Row] = ()) -> Book:
    communities: list[Row] = [
        {"id": PLACES[0], "name": "甲", "pilot_category": "basic"},
        {"id": PLACES[1], "name": "乙", "pilot_category": None, "households": 50},
        {"id": PLACES[2], "name": "丙", "pilot_category": None, "city_code": "3607", "county_code": "360702"},
    ]
    funds: list[Row] = [
        {"budget_2027": 20_000, "budget_2028": 10**6},
        {"id": "PP", "pilot_only": True, "budget_2027": 10**6},
    ]
    return make_book(communities=[{**COMMUNITY, **row} for row in communities], funds=funds, listings=listings)


def pilots_options() -> Options:
    """Each community has a work paid by the county and one that pilot money pays; the first also a green one."""
    needs = [{"community": place, "city_code": place[:4], "county_code": place[:6]} for place in PLACES]
    return make_options(
        needs=[*needs, {"community": PLACES[0], "programme": "green"}, *needs],
        options=[
            {"need": 0, "benefit": 1}, {"need": 1, "benefit": 20}, {"need": 2, "benefit": 10},
            {"need": 3, "benefit": 1}, {"need": 3, "year": 2028, "benefit": 9},
            {"need": 4, "package": 1, "benefit": 2}, {"need": 5, "package": 1, "benefit": 2},
            {"need": 6, "package": 1, "benefit": 3},
        ],
        packages=[("C:100", 0), ("PP:100", 0)],
        shares=[(0, "C", 100, True), (1, "PP", 100, False)],
    )  # fmt: skip


def test_listed_pilots_get_a_project_in_each_programme_in_the_first_year() -> None:
    """The green work of the pilot starts in 2027, although 2028 would earn more."""
    rule = "kind = 'pilots'\nmode = 'listed'"
    assert taken(pilots_options(), pilots_book(), NOTHING) == [1, 2, 4, 5, 6, 7]
    # its facilities programme is served by the work that pilot money pays
    assert taken(pilots_options(), pilots_book(), rule) == [1, 3, 5, 6, 7]
    listings = [{"id": "L1", "community": PLACES[2], "programme": "good_pilot"}]
    assert taken(pilots_options(), pilots_book(listings=listings), rule) == [1, 3, 5, 6, 7]


def test_selected_pilots_take_the_money_for_pilots_with_them() -> None:
    """One pilot: pilot money pays there alone, and its programmes are served first."""
    rule = "kind = 'pilots'\nmode = 'select'\nnumber = {}\n"
    problem = compiled(pilots_options(), pilots_book(), rule.format(1))
    plan = best(problem)
    chosen = problem.labels["label_extra_name"][plan.extra > 0.5].tolist()
    assert chosen == [f"pilot|{PLACES[2]}"]
    assert np.flatnonzero(plan.option).tolist() == [1, 2, 4, 7]
    both = compiled(pilots_options(), pilots_book(), rule.format(2) + "per_city = { '3601' = 1, '3607' = 1 }")
    assert best(both).extra.tolist() == [0, 1, 1]
    basic = compiled(pilots_options(), pilots_book(), rule.format(1) + "categories = { basic = 1 }")
    plan = best(basic)
    assert plan.extra.tolist() == [1, 0, 0]
    assert np.flatnonzero(plan.option).tolist() == [1, 3, 5]


def test_entry_conditions_keep_communities_from_being_selected() -> None:
    """Too few households or needs: no candidate, and no pilot money."""
    rule = "kind = 'pilots'\nmode = 'select'\nnumber = 1\n"
    problem = compiled(pilots_options(), pilots_book(), rule + "least_households = 100\nleast_needs = 3")
    assert problem.labels["label_extra_name"].tolist() == [f"pilot|{PLACES[0]}"]
    assert set(np.flatnonzero(best(problem).option).tolist()) & {6, 7} == set()


def test_modules_paid_by_pilot_money_open_only_in_chosen_communities() -> None:
    """The site's community counts for a module."""
    module = {
        "kind": "module", "service_type": "F17", "measure": "F17b", "operation": "own", "package": 1,
    }  # fmt: skip
    options = make_options(
        needs=[{"community": PLACES[0]}, {"community": PLACES[1]}],
        options=[{"need": 0, "facility": 2, "package": 1, "benefit": 5}, {"need": 1, "facility": 3, "package": 1, "benefit": 6}],
        facilities=[
            {"community": PLACES[0]}, {"community": PLACES[1], "site": "S2"},
            {**module, "parent": 0, "community": PLACES[0]}, {**module, "parent": 1, "site": "S2", "community": PLACES[1]},
        ],
        openings=[{"facility": place, "cost": 1} for place in range(4)],
        packages=[("C:100", 0), ("PP:100", 0)],
        shares=[(0, "C", 100, True), (1, "PP", 100, False)],
    )  # fmt: skip
    rule = "kind = 'pilots'\nmode = 'select'\nnumber = 1\n"
    plan = best(compiled(options, pilots_book(), rule))
    assert plan.option.tolist() == [False, True]
    assert plan.opening[2:].tolist() == [False, True]
