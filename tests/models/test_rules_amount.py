"""Rules on money and number: each solved, and held against what can be reasoned by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hand_made import Row, make_book, make_options
from qingdan.models.options import Options
from qingdan.models.rule_values import describe_rows, row_values
from qingdan.solver.solution import Status
from qingdan.solver.solve import solve
from solved_rules import best, compiled, money, taken


def two_programmes() -> Options:
    """Facilities pay best, green works less; all cost 100 hundreds."""
    return make_options(
        needs=[{}, {}, {"programme": "green"}, {"programme": "green", "county_code": "360103"}],
        options=[{"need": n, "benefit": benefit} for n, benefit in enumerate([10, 9, 2, 1])],
    )


def test_a_money_floor_in_wan_buys_the_cheapest_way_to_reach_it() -> None:
    """一万元 of green works takes the better of the two green ones."""
    rule = "kind = 'money'\nbound = 'floor'\namount = 1\nprogrammes = ['green']"
    assert taken(two_programmes(), money(200), "kind = 'number'\nbound = 'ceiling'\nnumber = 9") == [0, 1]
    assert taken(two_programmes(), money(200), rule) == [0, 2]


def test_a_money_ceiling_is_exact_to_the_yuan() -> None:
    """One yuan less than the cost of a work keeps it out."""
    rule = "kind = 'money'\nbound = 'ceiling'\namount = {}\nprogrammes = ['facilities']"
    assert taken(two_programmes(), money(200), rule.format("1")) == [0, 2]
    assert taken(two_programmes(), money(200), rule.format("0.9999")) == [2, 3]


def test_a_share_of_what_is_used_counts_all_that_is_spent() -> None:
    """A third of the money for green works: one of three."""
    rule = "kind = 'money'\nbound = 'floor'\nshare = 33\nprogrammes = ['green']"
    assert taken(two_programmes(), money(300), rule) == [0, 1, 2]
    assert taken(two_programmes(), money(300), rule.replace("33", "34")) == [0, 2, 3]


def test_a_share_in_each_county_binds_county_by_county() -> None:
    """Half of what a county uses must be green, so the county without other works takes its green one alone."""
    rule = "kind = 'money'\nbound = 'floor'\nshare = 50\nprogrammes = ['green']\neach = ['county']"
    problem = compiled(two_programmes(), money(400), rule)
    plan = best(problem)
    assert np.flatnonzero(plan.option).tolist() == [0, 2, 3]
    told = row_values(problem, plan)
    assert told.select("scope", "value", "limit", "slack").rows() == [
        ("360102", 10000.0, 10000.0, 0.0),
        ("360103", 10000.0, 5000.0, 5000.0),
    ]
    assert told["unit"].to_list() == ["元", "元"]


def test_a_row_that_can_never_bind_is_left_out_but_told() -> None:
    """The solver is spared it; the table of rules still shows it."""
    rule = "kind = 'money'\nbound = 'ceiling'\namount = 100"
    problem = compiled(two_programmes(), money(200), rule)
    assert describe_rows(problem).height == 0
    assert row_values(problem, best(problem)).select("key", "value", "limit", "slack").rows() == [
        ("规则", 20000.0, 1_000_000.0, 980_000.0)
    ]


def test_a_share_of_the_budget_takes_the_funds_of_the_place() -> None:
    """Money only for another county is no base for this one's ceiling."""
    book = make_book(
        funds=[
            {"budget_2027": 20_000, "budget_2028": 0},
            {"id": "D", "places": "360103", "budget_2027": 50_000},
            {"id": "E", "places": "3601;3602", "budget_2027": 10_000},
        ]
    )
    rule = "kind = 'money'\nbound = 'ceiling'\nshare = 67\nof = 'budget'\n"
    problem = compiled(two_programmes(), book, rule + "programmes = ['facilities']\ncounties = ['360102']")
    assert describe_rows(problem)["limit"].to_list() == []
    problem = compiled(
        two_programmes(), book, rule.replace("67", "66") + "programmes = ['facilities']\neach = ['county']"
    )
    # 66 % of 200 + 100 hundreds
    assert describe_rows(problem).select("name", "limit").rows() == [("规则(东湖区)", 19800)]
    assert np.flatnonzero(best(problem).option).tolist() == [0, 2]


def test_money_of_one_fund_is_what_is_drawn_from_it() -> None:
    """With little bond money for a county the rest of its work is paid by the county fund, or it has no work."""
    options = make_options(
        needs=[{}, {"county_code": "360103"}],
        options=[{"need": 0, "benefit": 5}, {"need": 1, "benefit": 3}],
        packages=[("B:100+C:100", 0)],
        shares=[(0, "B", 100, False), (0, "C", 100, True)],
    )
    book = make_book(funds=[{"budget_2027": 5_000}, {"id": "B", "fund_type": "LGSB", "budget_2027": 10_000}])
    free = compiled(options, book, "kind = 'money'\nbound = 'floor'\namount = 0\nfunds = ['B']")
    assert best(free).option.tolist() == [True, False]
    rule = "kind = 'money'\nbound = 'ceiling'\nshare = 49\nfunds = ['LGSB']\ncounties = ['360102']"
    # all that is drawn from the bond would be for that county
    assert best(compiled(options, book, rule)).option.tolist() == [False, True]
    in_yuan = compiled(
        options, book, "kind = 'money'\nbound = 'ceiling'\namount = 0.5\nfunds = ['B']\ncounties = ['360102']"
    )
    plan = best(in_yuan)
    assert plan.option.tolist() == [True, False]
    assert row_values(in_yuan, plan).select("value", "limit").rows() == [(5000.0, 5000.0)]


@pytest.mark.parametrize(
    ("inside", "outside", "text"),
    [
        ({"community": "360102001001"}, {"community": "360102001002"}, "communities = ['360102001001']"),
        ({"street_code": "360102001"}, {"street_code": "360102002"}, "streets = ['360102001']"),
        ({"service_type": "F17"}, {"service_type": "F18"}, "service_types = ['F17']"),
        ({}, {}, "departments = ['体育']"),
    ],
)
def test_money_of_a_fund_is_told_apart_where_a_rule_asks(inside: Row, outside: Row, text: str) -> None:
    """Half of the first work at most from the bond: the county pays the rest of it, the bond all of the other work."""
    options = make_options(
        needs=[inside, outside],
        options=[{"need": 0, "department": "体育"}, {"need": 1, "department": "民政"}],
        packages=[("B:100+C:100", 0)],
        shares=[(0, "B", 100, False), (0, "C", 100, True)],
    )
    book = make_book(funds=[{"budget_2027": 5_000}, {"id": "B", "fund_type": "LGSB", "budget_2027": 15_000}])
    ceiling = "kind = 'money'\nbound = 'ceiling'\namount = {}\nfunds = ['B']\n" + text
    assert taken(options, book, ceiling.format(0.5)) == [0, 1]
    assert len(taken(options, book, ceiling.format(0.49))) == 1
    # without the question both works are of one class; with it of two
    plain = compiled(options, book, "kind = 'money'\nbound = 'ceiling'\namount = 9\nfunds = ['B']")
    assert (plain.class_count, compiled(options, book, ceiling.format(1)).class_count) == (1, 2)


def test_fixed_sums_count_as_money_of_their_fund() -> None:
    """A subsidy of a fixed sum is drawn from the fund as surely as a share."""
    options = make_options(
        needs=[{}, {}],
        options=[{"need": 0, "benefit": 5}, {"need": 1, "benefit": 4}],
        draws=[(False, 0, "F", 2027, 2027, 60), (False, 1, "F", 2027, 2027, 30)],
        spending=[(False, 0, 2027, 40), (False, 1, 2027, 70)],
    )
    book = make_book(funds=[{"budget_2027": 10**6}, {"id": "F", "budget_2027": 10**6}])
    rule = "kind = 'money'\nbound = 'ceiling'\namount = 0.59\nfunds = ['F']"
    assert taken(options, book, rule) == [1]


def test_openings_are_money_of_their_site() -> None:
    """What a building costs counts for the facilities of its street."""
    options = make_options(
        options=[{"facility": 0, "cost": 0}],
        facilities=[{}],
        openings=[{"cost": 100}],
    )
    rule = "kind = 'money'\nbound = 'ceiling'\namount = 0.99\nprogrammes = ['facilities']\nstreets = ['360102001']"
    assert taken(options, make_book(), rule) == []
    assert taken(options, make_book(), rule.replace("0.99", "1")) == [0]


def test_a_number_ceiling_by_street_and_year_spreads_the_works() -> None:
    """Two works in a year and street at most: the third waits a year, another street does not."""
    options = make_options(
        needs=[{}, {}, {}, {"street_code": "360102002"}],
        options=[{"need": n, "year": year, "benefit": 10 - (year - 2027)} for n in range(4) for year in (2027, 2028)],
    )
    rule = "kind = 'number'\nbound = 'ceiling'\nnumber = 2\neach = ['street', 'year']"
    problem = compiled(options, make_book(), rule)
    plan = best(problem)
    years = np.array([2027, 2028] * 4)[plan.option]
    assert sorted(years.tolist()) == [2027, 2027, 2027, 2028]
    told = row_values(problem, plan).select("scope", "value", "limit")
    assert told.rows()[:2] == [("360102001/2027", 2.0, 2.0), ("360102001/2028", 1.0, 2.0)]
    # the street with one need can never reach the ceiling
    assert describe_rows(problem).height == 2


def test_a_share_of_the_number_is_rounded_for_people_as_the_row_means_it() -> None:
    """At least 40 % of 2 works are 1 work."""
    rule = "kind = 'number'\nbound = 'floor'\nshare = 40\nprogrammes = ['green']"
    problem = compiled(two_programmes(), money(200), rule)
    plan = best(problem)
    assert np.flatnonzero(plan.option).tolist() == [0, 2]
    assert row_values(problem, plan).select("value", "limit", "slack").rows() == [(1.0, 1.0, 0.0)]


def test_emergency_handling_is_money_but_no_project() -> None:
    """A number floor cannot be met by evacuating; a money ceiling counts what it costs."""
    options = make_options(needs=[{"mandatory": True}], options=[{"variant": 16, "level": 1, "benefit": 0}])
    floor = compiled(options, make_book(), "kind = 'number'\nbound = 'floor'\nnumber = 1")
    assert solve(floor, method="highs").status is Status.INFEASIBLE
    ceiling = compiled(options, make_book(), "kind = 'money'\nbound = 'ceiling'\namount = 0.5")
    assert solve(ceiling, method="highs").status is Status.INFEASIBLE


def test_filters_meet() -> None:
    """Every filled list must fit: department, group, year, need, national programme."""
    options = make_options(
        needs=[{"group_served": "elders", "service_type": "F02", "national": "嵌入式;完整社区"}, {}],
        options=[
            {"need": 0, "department": "民政", "benefit": 3},
            {"need": 0, "department": "民政", "year": 2028, "benefit": 2},
            {"need": 1, "benefit": 1},
        ],
    )
    book = make_book()
    zero = "kind = 'number'\nbound = 'ceiling'\nnumber = 0\n"
    assert taken(options, book, zero + "departments = ['民政']") == [2]
    assert taken(options, book, zero + "groups = ['elders']\nyears = [2027]") == [1, 2]
    assert taken(options, book, zero + "national = ['嵌入式']\nneeds = ['N1']") == [2]
    assert taken(options, book, zero + "national = ['嵌入式']\nneeds = ['N2']") == [0, 2]
    assert taken(
        options, book, zero + "service_types = ['F17']\ncities = ['3601']\ncommunities = ['360102001001']"
    ) == [0]
