"""Who may pay for what: eligibility, packages, fixed sums, operators' capital, and the years in which money comes."""

from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from matching_book import (
    Row,
    at_room,
    community,
    consent,
    drawn,
    fund,
    home,
    matched,
    measure,
    need,
    operator,
    packages,
    refusal,
    rows,
    service,
    site,
    spent,
    use,
)
from qingdan.models.fund_rules import Fund, maximal_sets
from qingdan.models.measures_frame import annuity
from qingdan.models.options import Options

SHARED = "COUNTY=1;CB_OLD=0.85;PROV=0.9;LGSB=0.95;SOC=1;RES=0.5;CITY=1"


def state(name: str = "S1", **told: Any) -> Row:
    """Central money with a share of 60 %, of which the catalogue accepts 85 % of the cost: 51 %."""
    return fund(name, fund_type="CB_OLD", level="central", share_cap=60.0) | told


def shared(**told: Any) -> Row:
    """The siteless measure, open to many funds."""
    return measure(eligible_share_by_fund=SHARED) | told


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({}, "C1:100+S1:51"),
        ({"eligible_types": "T01;F02"}, "C1:100+S1:51"),
        ({"eligible_types": "F02"}, "C1:100"),
        ({"eligible_programmes": "facilities"}, "C1:100+S1:51"),
        ({"eligible_programmes": "green"}, "C1:100"),
        ({"places": "36"}, "C1:100+S1:51"),
        ({"places": "3601;3602"}, "C1:100+S1:51"),
        ({"places": "360102"}, "C1:100+S1:51"),
        ({"places": "360103"}, "C1:100"),
        ({"eligible_part": 50.0}, "C1:100+S1:30"),
        ({"eligible_part": 1.5}, "C1:100"),
        ({"fund_type": "CULT"}, "C1:100"),
        ({"share_cap": 33.5}, "C1:100+S1:28"),
        ({"fund_type": "SOC"}, "C1:100"),
        ({"fund_type": "LOAN", "eligible_part": 100.0}, "C1:100"),
        ({"pilot_only": True}, "C1:100"),
        ({"account": "owners"}, "C1:100"),
        ({"revenue_cover": 1.0}, "C1:100"),
        ({"min_share": 30.0}, "C1:100+S1:51|30"),
        ({"unit_sums": "T01=0.01"}, "C1:100+S1:="),
        ({"unit_sums": "T02=0.01"}, "C1:100+S1:51"),
    ],
)
def test_conditions_of_a_fund(told: Row, name: str) -> None:
    """Types, programmes, places, accepted part, share, pilots, owners, cover and sums decide whether a fund is in."""
    assert packages(matched(measures=[shared()], funds=[fund(), state(**told)])) == [name]


@pytest.mark.parametrize(
    ("year", "limit", "inside"),
    [(1995, 2000, True), (2000, 2000, True), (2001, 2000, False), (2001, 2005, True), (None, 2005, False)],
)
def test_old_neighbourhood_money_goes_by_the_year_of_completion(year: int | None, limit: int, inside: bool) -> None:
    """The last year accepted counts; without a year, or without a neighbourhood, there is no such money."""
    funds = [
        fund(),
        state(built_before=limit),
        state("S2", fund_type="PROV", level="province", share_cap=10.0, built_before=1980),
    ]
    found = matched(
        measures=[shared()], funds=funds, neighbourhoods=[home(built_year=year)], needs=[need(neighbourhood="X")]
    )
    assert packages(found) == ["C1:100+S1:51" if inside else "C1:100"]
    assert packages(matched(measures=[shared()], funds=funds)) == ["C1:100"]


def test_pilot_money_needs_a_pilot_or_a_selection() -> None:
    """A category, a listing, or a run that chooses the pilots itself opens it.

    Where the run chooses, the packages without pilot money stay as well: a place not chosen loses nothing.
    """
    told: dict[str, Any] = {"measures": [shared()], "funds": [fund(), state(pilot_only=True)]}
    listing = {"id": "W1", "community": "A", "programme": "good_pilot"}
    select = '[[rule]]\nkind = "pilots"\nname = "试点"\nmode = "select"\nnumber = 1\n'
    both = ["C1:100+S1:51"]
    assert packages(matched(**told, communities=[community(pilot_category="basic")])) == both
    assert packages(matched(**told, listings=[listing])) == both
    assert packages(matched(**told, listings=[listing | {"programme": "complete"}])) == ["C1:100"]
    assert packages(matched(select, **told)) == ["C1:100", *both]
    # the best without pilot money and the best with it, as many of each as are kept
    more = [fund(), state("S1"), state("S2", exclusive_with="S1"), state("S3", exclusive_with="S1;S2", pilot_only=True)]
    found = packages(matched("most_packages = 1\n" + select, measures=[shared()], funds=more))
    assert found == ["C1:100+S1:51", "C1:100+S3:51"]


def test_owners_pay_where_they_have_agreed() -> None:
    """Residents' money comes with the consent that the measure needs."""
    residents = fund("R1", fund_type="RES", level="owners", account="owners")
    told: dict[str, Any] = {"funds": [fund(), residents], "consultations": [consent()]}
    assert packages(matched(measures=[shared(needs_consent="majority")], **told)) == ["C1:100+R1:50"]
    assert packages(matched(measures=[shared()], **told)) == ["C1:100"]


def test_cover_of_bonds_is_tested_against_debt_service_in_exact_numbers() -> None:
    """1.1 times the service of 76 % of 1,000 yuan over fifteen years at 4 % is 75.24 yuan a year: 76 will do, 75 not."""
    bond = fund(
        "B1", fund_type="LGSB", account="bonds", share_cap=80.0, revenue_cover=1.1, debt_rate=4.0, debt_years=15
    )
    service_fen = annuity(Fraction(4), 15)
    assert service_fen == 900  # 8.9941 yuan on 100
    for net, name in ((76, "B1:76+C1:100"), (75, "C1:100")):
        measures = [shared(opex_wan_per_unit_year=0, revenue_wan_per_unit_year=net)]
        assert packages(matched(measures=measures, funds=[fund(), bond])) == [name]


def test_cover_without_debt_is_tested_against_running_cost() -> None:
    """Income of at least r times the running cost, and above nothing."""
    told = state(revenue_cover=1.5)
    for opex, revenue, inside in ((20, 30, True), (20, 29, False), (0, 0, False), (0, 1, True)):
        measures = [shared(opex_wan_per_unit_year=opex, revenue_wan_per_unit_year=revenue)]
        assert packages(matched(measures=measures, funds=[fund(), told])) == ["C1:100+S1:51" if inside else "C1:100"]


@pytest.mark.parametrize(("rate", "years", "fen"), [(0, 3, 3334), (0, 10, 1000), (4, 1, 10_400), (3, 30, 511)])
def test_annuities(rate: int, years: int, fen: int) -> None:
    """What repays 100 yuan: a third rounded up, everything with a year's interest, 5.1019 yuan over thirty years."""
    assert annuity(Fraction(rate), years) == fen


def test_exclusive_funds_split_into_packages_best_outside_money_first() -> None:
    """S1 and S2 exclude each other, one says so: two packages, the one with more outside money first; one is enough if asked."""
    other = state("S2", fund_type="PROV", level="province", share_cap=90.0, exclusive_with="CB_OLD")
    funds = [fund(), state(), other]
    assert packages(matched(measures=[shared()], funds=funds)) == ["C1:100+S1:51", "C1:100+S2:81"]
    assert packages(matched("most_packages = 1", measures=[shared()], funds=funds)) == ["C1:100+S2:81"]
    by_id = [fund(), state(exclusive_with="S2"), other | {"exclusive_with": None}]
    assert len(packages(matched(measures=[shared()], funds=by_id))) == 2


def test_a_fixed_sum_counts_as_all_outside_money_in_the_order_but_not_towards_the_whole() -> None:
    """It leads the order, and alone it is no package."""
    sums = state("S2", unit_sums="T01=0.01", exclusive_with="S1")
    found = matched("most_packages = 1", measures=[shared()], funds=[fund(), state(), sums])
    assert packages(found) == ["C1:100+S2:="]
    assert refusal(matched(measures=[shared()], funds=[fund(share_cap=99.0), sums]))[0] == "不符合资金条件"


def test_a_smallest_local_share_that_cannot_be_met_forms_no_package() -> None:
    """40 % of city and county money are wanted; bonds are not counted, city money is."""
    wanting = state(min_share=40.0, share_cap=100.0)  # 85 %
    assert refusal(matched(measures=[shared()], funds=[wanting, fund(share_cap=39.0)]))[0] == "不符合资金条件"
    city = fund("C2", fund_type="CITY", level="city", share_cap=1.0)
    assert packages(matched(measures=[shared()], funds=[wanting, fund(share_cap=39.0), city])) == [
        "C1:39+C2:1+S1:85|40"
    ]
    bonds = fund("B1", fund_type="LGSB", account="bonds")
    assert refusal(matched(measures=[shared()], funds=[wanting, bonds]))[0] == "不符合资金条件"


@pytest.mark.parametrize(
    ("clashes", "sets"),
    [
        ([], [(0, 1, 2, 3)]),
        ([(0, 1)], [(0, 2, 3), (1, 2, 3)]),
        ([(0, 1), (1, 2)], [(0, 2, 3), (1, 3)]),
        ([(0, 1), (1, 2), (0, 2)], [(0, 3), (1, 3), (2, 3)]),
        ([(0, 1), (2, 3)], [(0, 2), (0, 3), (1, 2), (1, 3)]),
    ],
)
def test_maximal_sets_of_funds(clashes: list[tuple[int, int]], sets: list[tuple[int, ...]]) -> None:
    """Every largest set without a clash is found once."""
    funds = [
        Fund(
            number=number, id=str(number), fund_type=f"T{number}", local=True, public_local=True, account="general", pool=True,
            types=frozenset(), programmes=frozenset(), places=frozenset(), built=None, built_before=None, part=None,
            share_cap=100, min_share=0, sums={}, cover=None, carry_over="tied", arrives="same_year",
            excludes=frozenset(str(other) for one, other in clashes if one == number), pilot_only=False, debt=None,
            years=frozenset(),
        )
        for number in range(4)
    ]  # fmt: skip
    assert sorted(maximal_sets(funds)) == sets


def start_years(found: Options) -> list[int]:
    """Start years that are left."""
    return sorted(found.options["year"].unique().to_list())


@pytest.mark.parametrize(
    ("carry_over", "arrives", "years", "starts"),
    [
        # profile 60/37/3: start in t pays in t, t+1, t+2
        ("none", "same_year", (2027, 2028, 2029), [2027]),
        ("none", "same_year", (2027, 2028, 2029, 2030), [2027, 2028]),
        ("tied", "same_year", (2027, 2028), [2027]),
        ("tied", "same_year", (2027, 2028, 2029), [2027, 2028]),
        ("tied", "same_year", (2027, 2029), [2027]),
        ("free", "same_year", (2027,), [2027, 2028, 2029]),
        ("free", "same_year", (2028,), [2028, 2029]),
        ("free", "same_year", (2025, 2026), []),
        ("none", "next_year", (2027, 2028, 2029), [2028]),
        ("tied", "next_year", (2027, 2028, 2029), [2028, 2029]),
        ("free", "next_year", (2027,), [2028, 2029]),
        ("free", "after_acceptance", (2027, 2028, 2029), []),
    ],
)
def test_carry_over_and_arrival_decide_in_which_years_works_may_start(
    carry_over: str, arrives: str, years: tuple[int, ...], starts: list[int]
) -> None:
    """Money must be there in every payment year; tied money stays with works begun by the time it came."""
    found = matched(funds=[fund(years=years, carry_over=carry_over, arrives=arrives)])
    assert start_years(found) == starts
    if not starts:
        assert refusal(found)[::2] == ("财力不足", "财政")


def test_money_after_acceptance_pays_late_and_makes_classes_of_its_own() -> None:
    """Half of each year from elsewhere will not do before acceptance; with county money enough it will."""
    late = fund("L1", fund_type="PROV", level="province", arrives="after_acceptance")  # 90 %
    found = matched(measures=[shared(build_months=18)], funds=[fund(), late])
    assert set(rows(found.options, "lag", "class_lag")) == {(2, 2)}
    at_once = matched(measures=[shared(build_months=0)], funds=[fund(), late])
    assert set(rows(at_once.options, "lag", "class_lag")) == {(0, 1)}
    assert refusal(matched(measures=[shared()], funds=[fund(share_cap=99.0), late]))[0] == "财力不足"


def test_the_floor_must_be_reached_in_every_payment_year() -> None:
    """County money that ends after 2028 leaves 2029 and later without the local share."""
    funds = [state(share_cap=100.0, eligible_part=100.0, min_share=10.0), fund(years=(2027, 2028), carry_over="none")]
    assert refusal(matched(measures=[shared()], funds=funds))[0] == "财力不足"
    assert start_years(matched(measures=[shared(spend_profile="97/3")], funds=funds)) == [2027]


def first_full(found: Options) -> int:
    """The row of the first option that closes all five lots."""
    return int(rows(found.options.with_row_index().filter(pl.col("lots") == 5), "index")[0][0])


def test_a_fixed_sum_is_drawn_as_bills_come_until_it_is_used_up() -> None:
    """800 yuan a unit on fifty units are 400 of the 505 hundreds: 303 in the first year, then 97 of 186."""
    found = matched(measures=[shared()], funds=[fund(), state(unit_sums="T01=0.08")])
    owner = first_full(found)
    assert drawn(found, owner) == [("S1", 2027, 2027, 303), ("S1", 2028, 2028, 97)]
    assert spent(found, owner) == {2028: 89, 2029: 16}


def test_fixed_sums_come_in_the_order_of_ids_and_only_where_a_budget_is() -> None:
    """A1 has no budget in the first year, so S1 pays first there; both end where the bills end."""
    first = state("A1", unit_sums="T01=0.03") | {"budget_2027": None}
    found = matched(measures=[shared()], funds=[fund(), first, state(unit_sums="T01=0.08")])
    owner = first_full(found)
    # A1: 150; S1: 400 = 303 + the rest of 2028 up to 36
    assert drawn(found, owner) == [
        ("A1", 2028, 2028, 150),
        ("S1", 2027, 2027, 303),
        ("S1", 2028, 2028, 36),
        ("S1", 2029, 2029, 16),
    ]
    assert spent(found, owner) == {}


def test_fixed_sums_that_arrive_late() -> None:
    """Next year's money is drawn on the budget before; after acceptance only once the works are taken over."""
    late = state(unit_sums="T01=0.08", arrives="next_year")
    found = matched(measures=[shared()], funds=[fund(), late])
    assert drawn(found, first_full(found)) == [("S1", 2027, 2028, 186), ("S1", 2028, 2029, 16)]
    accepted = state(unit_sums="T01=0.08", arrives="after_acceptance")
    found = matched(measures=[shared(build_months=24)], funds=[fund(), accepted])
    assert drawn(found, first_full(found)) == [("S1", 2029, 2029, 16)]
    assert set(found.options["class_lag"]) == {2}


def test_an_operator_brings_its_share_of_every_bill() -> None:
    """40 % of 303, 186 and 16 rounded down, on the fund of that year; without such a fund no operator."""
    told: dict[str, Any] = {
        "measures": [at_room(eligible_share_by_fund=SHARED, build_months=13)], "sites": [site()], "uses": [use()],
        "operators": [operator()], "service_types": [service(divisible=False)],
    }  # fmt: skip
    capital = fund("K1", fund_type="SOC", level="social", account="social")
    found = matched(funds=[fund(), capital], **told)
    run = found.options.with_row_index().filter((pl.col("operation") == "O1") & (pl.col("units") > 0))
    # 45 units: 75 % of 45,000 yuan are 338 hundreds: 202, 125, 11
    assert rows(run.head(1), "cost", "year", "later") == [(338, 2027, 0)]
    owner = run["index"][0]
    assert drawn(found, owner) == [("K1", 2027, 2027, 80), ("K1", 2028, 2028, 50), ("K1", 2029, 2029, 4)]
    assert spent(found, owner) == {2027: 122, 2028: 75, 2029: 7}
    opening = found.openings.with_row_index().join(
        found.facilities.with_row_index("facility").filter(pl.col("operation") == "O1").select("facility").cast(pl.Int64),
        on="facility", how="semi",
    )  # fmt: skip
    # 500 + 25 % of 15 units: 4,250 yuan, 43 hundreds: 25, 16, 2; subsidy less rent from the second year after
    assert rows(opening.head(1), "cost", "later", "later_from", "later_to") == [(43, 7_000, 2029, 2039)]
    assert drawn(found, opening["index"][0], opening=True) == [("K1", 2027, 2027, 10), ("K1", 2028, 2028, 6)]
    assert ("O1", 0) in rows(found.uses, "quota", "year")
    assert set(matched(funds=[fund()], **told).options["operation"]) == {"own"}
    short = matched(
        funds=[fund(), fund("K1", years=(2027, 2028, 2029), fund_type="SOC", level="social", account="social")], **told
    )
    assert start_years_of(short, "O1") == [2027]


def start_years_of(found: Options, operation: str) -> list[int]:
    """Start years of full options under an operation."""
    full = found.options.filter((pl.col("operation") == operation) & (pl.col("units") > 0))
    return sorted(full["year"].unique().to_list())


def test_an_operator_elsewhere_or_for_other_types_is_no_operator_here() -> None:
    """Types and places of an operator are kept."""
    told: dict[str, Any] = {"measures": [at_room()], "sites": [site()], "uses": [use()]}
    for other in ({"service_types": "F01"}, {"places": "3602"}):
        found = matched(operators=[operator(capital_share=None, **other)], **told)
        assert set(found.options["operation"]) == {"own"}
    assert set(matched(operators=[operator(capital_share=None, places="36")], **told).options["operation"]) == {
        "O1",
        "own",
    }
