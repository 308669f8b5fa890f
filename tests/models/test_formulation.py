"""The program is what the mathematics says: arrays worked out by hand from small options."""

from typing import Any

import numpy as np
from hand_made import make_book, make_options
from qingdan.models.formulation import formulate
from qingdan.models.formulation_later import needed_years
from qingdan.models.scenario import Scenario, parse_scenario
from qingdan.solver.problem import Problem
from qingdan.solver.solution import Plan
from qingdan.solver.solve import solve


def entries(problem: Problem, row: int) -> dict[str, dict[int, int]]:
    """All entries of a row by kind of column."""
    found = {}
    for name in ("option", "opening", "extra", "arc"):
        part = getattr(problem, f"{name}_row")
        held = part.index == row
        found[name] = dict(zip(part.owner_of_entry()[held].tolist(), part.amount[held].tolist(), strict=True))
    return {name: told for name, told in found.items() if told}


def rows_of(problem: Problem, kind: str) -> list[int]:
    return np.flatnonzero(problem.labels["label_row_kind"] == kind).tolist()


def best(problem: Problem) -> Plan:
    solution = solve(problem, method="highs")
    assert solution.plan is not None
    return solution.plan


def test_groups_periods_and_choices_follow_the_frames() -> None:
    """Columns can be found again: they are the rows of the frames in their order."""
    options = make_options(
        needs=[{"lots": 3}, {"mandatory": True, "county_code": "360103"}],
        options=[{"lots": 3, "choice": 0}, {"lots": 2, "choice": 0, "year": 2028}, {"need": 1, "choice": 1}],
    )
    problem = formulate(options, make_book())
    assert problem.periods == 2
    assert problem.group_capacity.tolist() == [3, 1]
    assert problem.group_exact.tolist() == [False, True]
    assert problem.group_region.tolist() == [0, 1]
    assert problem.option_group.tolist() == [0, 0, 1]
    assert problem.option_weight.tolist() == [3, 2, 1]
    assert problem.option_choice.tolist() == [0, 0, 1]
    assert problem.option_period.tolist() == [0, 1, 0]
    assert [stage.name for stage in problem.objectives] == ["safety", "benefit", "cost"]


def test_facilities_keep_their_forest_sizes_and_sets() -> None:
    """A module stands in its site, with its own smallest size; a campaign is there for one year only."""
    options = make_options(
        options=[{"facility": 1, "area": 300}, {"facility": 2, "variant": 8}],
        facilities=[
            {"capacity": 800},
            {"kind": "module", "parent": 0, "service_type": "F17", "measure": "F17a", "operation": "own", "package": 0,
             "capacity": 500, "minimum": 200, "exclusion": 0},
            {"kind": "campaign", "site": None, "rule": 0, "capacity": -1},
        ],
        openings=[{"facility": 0}, {"facility": 1}, {"facility": 2, "year": 2028}],
    )  # fmt: skip
    problem = formulate(options, make_book())
    assert problem.facility_parent.tolist() == [-1, 0, -1]
    assert problem.facility_capacity.tolist() == [800, 500, -1]
    assert problem.facility_minimum.tolist() == [0, 200, 0]
    assert problem.facility_occasional.tolist() == [False, False, True]
    assert problem.facility_exclusion.tolist() == [-1, 0, -1]
    assert problem.opening_period.tolist() == [0, 0, 1]
    assert problem.option_size.tolist() == [300, 0]


def test_a_class_is_a_county_programme_start_year_and_package() -> None:
    """Money of one class has one share vector; another start year is another class."""
    options = make_options(
        needs=[{}, {}],
        options=[{"cost": 70}, {"need": 1, "cost": 30}, {"need": 1, "cost": 50, "year": 2028}],
        packages=[("C:100+F:40|20", 20)],
        shares=[(0, "C", 100, True), (0, "F", 40, False)],
        spending=[(False, 0, 2027, 60), (False, 0, 2028, 10), (False, 1, 2027, 30), (False, 2, 2028, 50)],
    )
    budgets = {"budget_2027": 10_000, "budget_2028": 20_050}
    book = make_book(
        funds=[budgets, {"id": "F", "fund_type": "PROV", "level": "province", "carry_over": "none", **budgets}]
    )
    problem = formulate(options, book)
    # sources: C 2027, C 2028, F 2027, F 2028 in hundreds of yuan
    assert problem.row_limit[:4].tolist() == [100, 200, 100, 200]
    # classes: start 2027, start 2028; demands: 2027 and 2028 of the first, 2028 of the second
    assert problem.class_count == 2
    assert problem.demand_class.tolist() == [0, 0, 1]
    assert problem.labels["label_demand_year"].tolist() == [2027, 2028, 2028]
    assert problem.option_spend.index.tolist() == [0, 1, 0, 2]
    assert problem.option_spend.amount.tolist() == [60, 10, 30, 50]
    assert problem.portion_class.tolist() == [0, 0, 1, 1]
    assert problem.portion_percent.tolist() == [100, 40, 100, 40]
    assert problem.portion_floor.tolist() == [0, -1, 1, -1]
    assert problem.floor_class.tolist() == [0, 1]
    assert problem.floor_percent.tolist() == [20, 20]
    arcs = list(
        zip(problem.arc_demand.tolist(), problem.arc_portion.tolist(), problem.arc_source.tolist(), strict=True)
    )
    # tied: the budget of 2027 also pays 2028 of what started in 2027; none: only its own year
    assert arcs == [(0, 0, 0), (0, 1, 2), (1, 0, 0), (1, 0, 1), (1, 1, 3), (2, 2, 1), (2, 3, 3)]


def arcs_with(book_fund: dict[str, object], *, start: int, paid: int, lag: int = 0) -> list[int]:
    """Budget years that may pay in a payment year."""
    budgets = {f"budget_{year}": 1_000_000 for year in range(2027, 2031)}
    options = make_options(
        options=[{"year": start, "class_lag": lag}],
        packages=[("C:100+X:100", 0)],
        shares=[(0, "C", 100, True), (0, "X", 100, False)],
        spending=[(False, 0, paid, 100)],
    )
    book = make_book(
        years=(2027, 2028, 2029), funds=[{"carry_over": "free", **budgets}, {"id": "X", **budgets, **book_fund}]
    )
    problem = formulate(options, book)
    source = problem.arc_source[problem.portion_percent[problem.arc_portion] == 100]
    fund = problem.labels["label_source_fund"][source]
    year = problem.labels["label_source_year"][source]
    return [int(y) for f, y in zip(fund, year, strict=True) if problem.labels["label_fund"][int(f)] == "X"]


def test_each_carry_over_rule_allows_its_budget_years() -> None:
    """结转: none pays in its own year, tied one year longer and not before the start, free ever after."""
    assert arcs_with({"carry_over": "none"}, start=2027, paid=2029) == [2029]
    assert arcs_with({"carry_over": "tied"}, start=2027, paid=2029) == [2028, 2029]
    assert arcs_with({"carry_over": "tied"}, start=2029, paid=2029) == [2029]
    assert arcs_with({"carry_over": "free"}, start=2029, paid=2029) == [2027, 2028, 2029]


def test_money_that_arrives_later_pays_later() -> None:
    """A contractor never pre-finances: next year's arrival, and payment after acceptance."""
    assert arcs_with({"carry_over": "tied", "arrives": "next_year"}, start=2027, paid=2028) == [2027]
    assert arcs_with({"carry_over": "free", "arrives": "after_acceptance"}, start=2027, paid=2027, lag=1) == []
    assert arcs_with({"carry_over": "none", "arrives": "after_acceptance"}, start=2027, paid=2028, lag=1) == [2028]


def test_budgets_lose_what_is_signed_and_change_with_the_scenario() -> None:
    """Changes apply in the order of the file; contracts already signed are taken off; never below nothing."""
    book = make_book(
        projects=[{"id": "X1", "name": "旧项目", "store": "building"}],
        payments=[
            {"id": "1", "project": "X1", "fund": "C", "budget_year": 2027, "date": None, "kind": "committed", "amount_fen": 300_050},
            {"id": "2", "project": "X1", "fund": "C", "budget_year": 2027, "date": None, "kind": "recovered", "amount_fen": 100_000},
            {"id": "3", "project": "X1", "fund": "C", "budget_year": 2028, "date": None, "kind": "committed", "amount_fen": 10**9},
            {"id": "4", "project": "X1", "fund": "C", "budget_year": 2027, "date": None, "kind": "paid", "amount_fen": 10**9},
        ],
        funds=[{"budget_2026": 99, "budget_2027": 10_001, "budget_2028": 500}],
    )  # fmt: skip
    options = make_options()
    # 10001 yuan - 2000.50 yuan = 8000.50 yuan
    assert formulate(options, book).row_limit.tolist() == [80, 0]
    scenario = parse_scenario(
        "[[budget]]\nyears = [2028]\namount = 5000\n[[budget]]\nfunds = ['COUNTY']\npercent = 50\n"
    )
    # 5000 - 2000.50; half of 50 million - 10 million
    assert formulate(options, book, scenario).row_limit.tolist() == [29, 150_000]


def test_fixed_sums_draw_on_their_source() -> None:
    """A sum per lift is taken from the fund's budget by the option itself."""
    options = make_options(
        options=[{"cost": 100}], draws=[(False, 0, "C", 2028, 2028, 40)], spending=[(False, 0, 2027, 60)]
    )
    problem = formulate(options, make_book())
    assert entries(problem, 1)["option"] == {0: 40}


def test_a_ceiling_counts_running_cost_and_debt_service_in_fen() -> None:
    """Later costs are the county's, debt service that of the fund's payer, from the year after the bond."""
    options = make_options(
        options=[{"later": 30, "later_from": 2028, "later_to": 2030}],
        packages=[("B:100", 0)],
        shares=[(0, "B", 100, True)],
    )
    bond = {"id": "B", "account": "bonds", "debt_rate": 0.0, "debt_years": 3, "budget_2027": 10_000_000}
    book = make_book(
        funds=[bond], payers=[{"debt_quota": 5000, "ceiling_2027": 0, "ceiling_2028": 50, "ceiling_2031": 20}]
    )
    problem = formulate(options, book)
    # 2027 has no cost; 100 yuan of bond cost ceil(10000 / 3) fen a year; nothing is left in 2031
    (row,) = rows_of(problem, "ceiling")
    assert problem.row_limit[row] == 5000
    assert entries(problem, row) == {"option": {0: 3000}, "arc": {0: 3334}}
    (row,) = rows_of(problem, "debt_quota")
    assert problem.row_limit[row] == 50
    assert entries(problem, row) == {"arc": {0: 1}}


def test_years_whose_ceiling_another_implies_are_left_out() -> None:
    """One row instead of thirteen where costs only grow: the dearest year stands for all."""
    begin, end = np.array([2028, 2029]), np.array([2035, 2033])
    years = np.arange(2027, 2036)
    same = np.full(9, 100)
    assert needed_years(years, same, begin, end) == [(2033, 100)]
    looser_later = np.array([50, 50, 90, 90, 90, 95, 99, 99, 50])
    assert needed_years(years, looser_later, begin, end) == [(2031, 90), (2035, 50)]


def test_a_policy_number_and_an_operator_number_limit_what_draws_on_them() -> None:
    """Quotas count in their start year, an operator's number over all years; years without a number have no row."""
    options = make_options(
        needs=[{}, {}],
        options=[{}, {"need": 1}],
        uses=[(False, 0, "Q", 2027, 1), (False, 1, "Q", 2027, 1), (False, 0, "O", 0, 1), (False, 1, "O", 0, 1)],
    )
    book = make_book(
        policies=[{"id": "Q", "name": "名额", "kind": "quota", "number_2027": 1}],
        operators=[{"id": "O", "name": "连锁", "service_types": "F17", "number": 1}],
    )
    problem = formulate(options, book)
    assert [entries(problem, row) for row in rows_of(problem, "quota")] == [{"option": {0: 1, 1: 1}}]
    assert [entries(problem, row) for row in rows_of(problem, "operator")] == [{"option": {0: 1, 1: 1}}]
    assert best(problem).option.sum() == 1
    more = parse_scenario("[[quota]]\npolicy = 'Q'\nnumber = 0\n")
    assert best(formulate(options, book, more)).option.sum() == 0


def test_a_complex_wants_three_modules_two_of_them_core() -> None:
    """An embedded complex with two canteens' worth of anything else does not open."""
    types = ["F02", "F03", "F17", "F18"]
    modules = [
        {"kind": "module", "parent": 0, "service_type": name, "measure": f"{name}a", "operation": "own", "package": 0,
         "exclusion": place}
        for place, name in enumerate(types)
    ]  # fmt: skip
    needs = [{"service_type": name} for name in types]
    options = [{"need": n, "facility": n + 1, "benefit": 10, "cost": 0} for n in range(4)]
    openings = [{"facility": place, "cost": 100} for place in range(5)]

    def opened(count: int) -> list[bool]:
        some = make_options(
            needs=needs[:count], options=options[:count], openings=openings[: count + 1],
            facilities=[{"complex": True}, *modules[:count]],
        )  # fmt: skip
        return [bool(opened) for opened in best(formulate(some, make_book())).opening]

    assert opened(2) == [False] * 3
    assert opened(3) == [True] * 4
    without_core = make_options(
        needs=needs[1:], options=[{**o, "need": n, "facility": n + 1} for n, o in enumerate(options[:3])],
        openings=openings[:4], facilities=[{"complex": True}, *[{**m, "exclusion": n} for n, m in enumerate(modules[1:])]],
    )  # fmt: skip
    assert best(formulate(without_core, make_book())).opening.tolist() == [False] * 4


def test_the_stages_are_safety_benefit_and_cost() -> None:
    """Cost counts capital and every later year, so the cheaper twin wins at equal benefit."""
    options = make_options(
        options=[
            {"cost": 100, "later": 50, "later_from": 2028, "later_to": 2031, "safety": 1000},
            {"cost": 101, "later": 0, "safety": 1000},
        ],
    )
    problem = formulate(options, make_book())
    assert problem.objectives[0].option.tolist() == [1000, 1000]
    assert problem.objectives[1].option.tolist() == [10, 10]
    # 4 years x 50 yuan = 2 hundreds
    assert problem.objectives[2].option.tolist() == [-102, -101]
    assert best(problem).option.tolist() == [False, True]


def test_money_that_is_not_public_is_no_cost() -> None:
    """An operator's capital and residents' fixed sums are left out of the cost stage, other fixed sums stay."""
    budgets = {"budget_2027": 10**6}
    funds: list[dict[str, Any]] = [
        {**budgets, "budget_2028": 10**6}, {"id": "S", "fund_type": "SOC", "level": "social", **budgets},
        {"id": "R", "fund_type": "RES", "level": "owners", **budgets}, {"id": "P", "fund_type": "PROV", "level": "province", **budgets},
    ]  # fmt: skip
    draws = [
        (False, 0, "S", 2027, 2027, 30), (False, 1, "R", 2027, 2027, 20), (False, 1, "P", 2027, 2027, 7),
        (True, 0, "S", 2027, 2027, 4),
    ]  # fmt: skip
    options = make_options(
        needs=[{}, {}],
        options=[{"cost": 100, "later": 0}, {"need": 1, "cost": 100, "later": 0}],
        facilities=[{}],
        openings=[{"cost": 10}],
        draws=draws,
        spending=[(False, 0, 2027, 70), (False, 1, 2027, 73), (True, 0, 2027, 6)],
    )
    cost = formulate(options, make_book(funds=funds)).objectives[2]
    assert cost.option.tolist() == [-70, -80]
    assert cost.opening.tolist() == [-6]


def test_least_cost_reaches_the_target_and_no_more() -> None:
    """The cheapest set of works that earns the points asked for."""
    options = make_options(
        needs=[{}, {}, {}],
        options=[
            {"need": 0, "benefit": 10, "cost": 90},
            {"need": 1, "benefit": 6, "cost": 30},
            {"need": 2, "benefit": 5, "cost": 31},
        ],
    )
    problem = formulate(options, make_book(), parse_scenario("[objective]\nkind = 'least_cost'\ntarget = 11\n"))
    assert best(problem).option.tolist() == [False, True, True]


def test_the_smallest_county_comes_before_the_sum() -> None:
    """With money for one work only in each of two ways, both counties get half rather than one everything."""
    places = ["360102", "360102", "360103", "360103"]
    options = make_options(
        needs=[{"county_code": code} for code in places],
        options=[{"need": n, "cost": 50, "benefit": 100 if n < 2 else 1} for n in range(4)],
    )
    book = make_book(funds=[{"budget_2027": 10_000}])
    problem = formulate(options, book, parse_scenario("[objective]\nkind = 'smallest_county'\n"))
    plan = best(problem)
    assert plan.extra.tolist() == [500]
    assert plan.option[:2].sum() == plan.option[2:].sum() == 1
    assert best(formulate(options, book, Scenario())).option.tolist() == [True, True, False, False]


def test_labels_lead_back_to_the_book() -> None:
    """Whoever reads problem.npz finds needs, measures, funds and years by name."""
    options = make_options(
        options=[{"cost": 100, "later": 7}],
        facilities=[{}],
        openings=[{"cost": 12, "year": 2028}],
    )
    labels = formulate(options, make_book()).labels
    assert labels["label_need"].tolist() == ["N1"]
    assert labels["label_measure"][labels["label_option_measure"][0]] == "F17a"
    assert labels["label_operation"][labels["label_option_operation"][0]] == "own"
    assert labels["label_package"].tolist() == ["C:100"]
    assert labels["label_site"][labels["label_facility_site"][0]] == "S1"
    assert labels["label_community"].tolist() == ["360102001001"]
    assert labels["label_option_later"].tolist() == [7]
    assert labels["label_opening_cost"].tolist() == [12]
    assert labels["label_facility_measure"].tolist() == [-1]
    assert labels["label_county"].tolist() == ["360102"]
    assert labels["label_class_year"].tolist() == [2027, 2028]
    assert labels["label_years"].tolist() == [2027, 2028]
    assert labels["label_row_kind"].tolist() == ["source", "source"]
    assert all(array.dtype.kind != "O" for array in labels.values())
