"""Rules on need met, order, single things, changes and pilots: solved, and held against a hand-reasoned optimum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hand_made import COMMUNITY, Row, make_book, make_options
from qingdan.models.book import Book
from qingdan.models.faults import BookError
from qingdan.models.formulation import formulate
from qingdan.models.options import Options
from qingdan.models.rule_values import row_values
from qingdan.models.scenario import parse_scenario
from qingdan.solver.problem import Problem
from qingdan.solver.solution import Plan, Status
from qingdan.solver.solve import solve

RULE = '[[rule]]\nname = "规则"\n'


def compiled(options: Options, book: Book, rule: str) -> Problem:
    text = f"[objective]\nkind = 'benefit'\n{RULE}{rule}\n"
    return formulate(options, book, parse_scenario(text))


def best(problem: Problem) -> Plan:
    solution = solve(problem, method="highs")
    assert solution.status is Status.OPTIMAL
    assert solution.plan is not None
    return solution.plan


def taken(options: Options, book: Book, rule: str) -> list[int]:
    return np.flatnonzero(best(compiled(options, book, rule)).option).tolist()


def money(hundreds: int) -> Book:
    return make_book(funds=[{"budget_2027": hundreds * 100, "budget_2028": 0}])


NOTHING = "kind = 'number'\nbound = 'ceiling'\nnumber = 99"


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


def pipes_and_roads() -> Options:
    """Pipes before roads in one community; another community has a road need alone."""
    return make_options(
        needs=[
            {"service_type": "G03"}, {"service_type": "G01"}, {"service_type": "G01", "community": "360102001002"},
            {"service_type": "G03", "community": "360102001003"}, {"service_type": "G01", "community": "360102001003"},
        ],
        options=[
            {"need": 0, "year": 2028, "benefit": 1}, {"need": 1, "benefit": 9}, {"need": 1, "year": 2028, "benefit": 8},
            {"need": 2, "benefit": 5}, {"need": 4, "benefit": 4},
        ],
    )  # fmt: skip


def test_what_comes_after_waits_for_what_comes_before() -> None:
    """The road waits for the pipe of its community; where no pipe can be laid it is free."""
    book = make_book()
    assert taken(pipes_and_roads(), book, NOTHING) == [0, 1, 3, 4]
    assert taken(pipes_and_roads(), book, "kind = 'prerequisite'\nbefore = 'G03'\nafter = 'G01'") == [0, 2, 3, 4]
    only_one = (
        "kind = 'prerequisite'\nbefore = 'G03'\nafter = 'G01'\n[[rule]]\nname = '无管'\nkind = 'forbid'\nneeds = ['N1']"
    )
    assert taken(pipes_and_roads(), book, only_one) == [3, 4]


def test_works_that_exclude_each_other_are_not_in_one_community() -> None:
    """With one work on each side a single row; with more, one side of the community is chosen."""
    rule = "kind = 'exclusion'\nfirst = ['F02']\nsecond = ['F03', 'F04']"
    single = make_options(
        needs=[{"service_type": "F02"}, {"service_type": "F03"}],
        options=[{"need": 0, "benefit": 3}, {"need": 1, "benefit": 2}],
    )
    problem = compiled(single, make_book(), rule)
    assert problem.extras == 0
    assert np.flatnonzero(best(problem).option).tolist() == [0]
    more = make_options(
        needs=[
            {"service_type": "F02"}, {"service_type": "F03"}, {"service_type": "F04"},
            {"service_type": "F03", "community": "360102001002"},
        ],
        options=[{"need": n, "benefit": benefit} for n, benefit in enumerate([3, 2, 2, 1])],
    )  # fmt: skip
    assert taken(more, make_book(), rule) == [1, 2, 3]
    mandatory = make_options(
        needs=[{"service_type": "F02", "mandatory": True}, {"service_type": "F03"}],
        options=[{"need": 0, "variant": 16, "level": 1, "benefit": 0}, {"need": 1, "benefit": 2}],
    )
    assert taken(mandatory, make_book(), rule) == [0, 1]


def one_site() -> Options:
    module = {
        "kind": "module", "parent": 0, "service_type": "F17", "measure": "F17b", "operation": "own", "package": 0,
    }  # fmt: skip
    return make_options(
        options=[
            {"benefit": 10}, {"benefit": 5, "year": 2028}, {"benefit": 3, "measure": "F17b", "facility": 1},
            {"variant": 16, "level": 1, "benefit": 0, "measure": "R01e"},
        ],
        facilities=[{}, module],
        openings=[{"facility": 0, "cost": 20}, {"facility": 0, "year": 2028, "cost": 20}, {"facility": 1, "cost": 5}],
    )  # fmt: skip


def test_a_pin_takes_what_is_pinned() -> None:
    """By need, year and measure; a site that is pinned opens even if nobody needs it."""
    book = make_book()
    assert taken(one_site(), book, "kind = 'pin'\nneeds = ['N1']\nyears = [2028]") == [1]
    assert taken(one_site(), book, "kind = 'pin'\nneeds = ['N1']\nmeasures = ['F17b']") == [2]
    assert taken(one_site(), book, "kind = 'pin'\nneeds = ['N1']\nmeasures = ['R01e']") == [3]
    plan = best(compiled(one_site(), book, "kind = 'pin'\nsites = ['S1']\nyears = [2028]"))
    assert plan.opening.tolist() == [False, True, False]


def test_a_forbid_keeps_out_what_is_forbidden_but_not_emergency_handling() -> None:
    """A dangerous house is still made safe."""
    book = make_book()
    assert taken(one_site(), book, "kind = 'forbid'\nneeds = ['N1']\nyears = [2027]") == [1]
    mandatory = replace(one_site(), needs=one_site().needs.with_columns(mandatory=True))
    assert taken(mandatory, book, "kind = 'forbid'\nneeds = ['N1']") == [3]
    site = compiled(
        one_site(),
        book,
        "kind = 'forbid'\nsites = ['S1']\n[[rule]]\nname='b'\nkind='pin'\nneeds=['N1']\nmeasures=['F17b']",
    )
    assert solve(site, method="highs").status is Status.INFEASIBLE


def test_pins_on_nothing_are_faults_all_at_once() -> None:
    """A pin that no option fits is named rather than called infeasible."""
    rule = "kind = 'pin'\nneeds = ['N1', 'N9']\nsites = ['S9']\nyears = [2029]"
    with pytest.raises(BookError) as caught:
        compiled(one_site(), make_book(), rule)
    assert [fault.value for fault in caught.value.faults] == ["N1", "N9", "S9"]


def write_plan(folder: Path, *ids: str) -> str:
    folder.mkdir()
    lines = ["project_id,component_id", *(f"P1,{identifier}" for identifier in ids)]
    (folder / "components.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(folder)


def test_few_changes_keep_most_of_the_earlier_plan(tmp_path: Path) -> None:
    """Of three needs one may change: the one that gains most."""
    options = make_options(
        needs=[{}, {}, {}],
        options=[
            {"need": 0, "benefit": 1}, {"need": 0, "year": 2028, "benefit": 6},
            {"need": 1, "benefit": 1, "package": 0}, {"need": 1, "measure": "F17b", "benefit": 9},
            {"need": 2, "benefit": 4},
        ],
    )  # fmt: skip
    plan = write_plan(tmp_path / "run", "N1|F17a|own||2|1|2027|0", "N2|F17a|own||2|1|2027|0", "N9|F17a|own||2|1|2027|0")
    rule = f"kind = 'changes'\nplan = '{plan}'\nnumber = "
    assert taken(options, make_book(), rule + "0") == [0, 2]
    assert taken(options, make_book(), rule + "1") == [0, 3]
    assert taken(options, make_book(), rule + "2") == [1, 3]
    assert taken(options, make_book(), rule + "3") == [1, 3, 4]
    problem = compiled(options, make_book(), rule + "1")
    told = row_values(problem, best(problem))
    assert told.filter(told["listed"]).select("value", "limit", "slack").rows() == [(1.0, 1.0, 0.0)]


def test_opening_a_site_otherwise_is_a_change(tmp_path: Path) -> None:
    """A site that was to open and now does not counts once, as does one that opens anew."""
    options = make_options(
        options=[{"facility": 0, "benefit": 5}, {"facility": 1, "benefit": 7}],
        facilities=[{}, {"site": "S2"}],
        openings=[{"facility": 0, "cost": 1}, {"facility": 1, "cost": 1}],
    )
    plan = write_plan(tmp_path / "run", "site|S1|2027", "N1|F17a|own|S1|2|1|2027|0", "site|S9|2027")
    rule = f"kind = 'changes'\nplan = '{plan}'\nnumber = "
    for number in "012":
        # the site stays open where closing it would be a change too many
        assert taken(options, make_book(), rule + number) == ([0] if number < "2" else [1])
    closed = compiled(options, make_book(), rule + "3")
    plan_found = best(closed)
    assert plan_found.option.tolist() == [False, True]
    told = row_values(closed, plan_found)
    value = told.filter(told["listed"])["value"].item()
    assert value == 2.0 + float(not plan_found.opening[0])


def test_more_of_the_same_is_a_change(tmp_path: Path) -> None:
    """A divisible need that had one half and gets both has changed."""
    options = make_options(
        needs=[{"lots": 2}],
        options=[{"lots": 1, "choice": 0, "benefit": 3}, {"lots": 1, "choice": 1, "benefit": 3}],
    )
    plan = write_plan(tmp_path / "run", "N1|F17a|own||2|1|2027|0")
    rule = f"kind = 'changes'\nplan = '{plan}'\nnumber = "
    assert len(taken(options, make_book(), rule + "0")) == 1
    assert len(taken(options, make_book(), rule + "1")) == 2


def test_an_earlier_plan_that_is_gone_is_a_fault(tmp_path: Path) -> None:
    """The path is named, in two languages."""
    with pytest.raises(BookError, match=r"components\.csv"):
        compiled(one_site(), make_book(), f"kind = 'changes'\nplan = '{tmp_path}/nowhere'\nnumber = 1")


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
