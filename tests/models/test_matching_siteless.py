"""Options without a site: amounts, cost, what falls due, running cost and benefit, to the last whole number."""

import polars as pl
import pytest
from matching_book import (
    Row,
    book,
    community,
    consent,
    fund,
    home,
    matched,
    measure,
    need,
    packages,
    policy,
    refusal,
    rows,
    service,
    spent,
)


def test_whole_and_half_shortage_in_every_start_year() -> None:
    """Five lots of ten: all fifty units, or three lots with thirty, in each plan year, at catalogue cost."""
    options = matched().options
    assert rows(options, "lots", "units", "year", "cost", "level", "area") == [
        (3, 30, 2027, 305, 2, 0), (3, 30, 2028, 305, 2, 0), (3, 30, 2029, 305, 2, 0),
        (5, 50, 2027, 505, 2, 0), (5, 50, 2028, 505, 2, 0), (5, 50, 2029, 505, 2, 0),
    ]  # fmt: skip
    assert options["choice"].n_unique() == 1
    assert set(options["facility"]) == {-1}
    assert set(options["department"]) == {"民政"}


def test_benefit_is_discounted_and_rounded_down() -> None:
    """100 people x 5 x 70 points x lots / 5, at 97 % a year."""
    options = matched().options
    assert rows(options.filter(pl.col("lots") == 5), "benefit") == [(35_000,), (33_950,), (32_931,)]
    assert rows(options.filter(pl.col("lots") == 3), "benefit") == [(21_000,), (20_370,), (19_758,)]


def test_a_benefit_beyond_64_bits_is_exact() -> None:
    """Ten years of discount on a million people overflow 64-bit products; the points are still exact."""
    years = tuple(range(2027, 2037))
    factors = {"level_worth": [0, 400, 700, 1000], "programme_weight": {"facilities": 1000}}
    options = matched(
        years=years,
        settings={"factors": factors},
        needs=[need(people=1_000_000, urgency=10, lots=100_000)],
        funds=[fund(years=tuple(range(2027, 2040)))],
    ).options
    last = options.filter((pl.col("year") == 2036) & (pl.col("lots") == 100_000))
    assert rows(last, "benefit") == [(1_000_000 * 10 * 700 * 1000 * 97**9 // (100 * 100**9),)]


def test_payments_follow_the_profile_and_add_up() -> None:
    """505 hundreds at 60/37/3: 303, then to 489, then the rest."""
    found = matched()
    owner = rows(found.options.with_row_index().filter((pl.col("lots") == 5) & (pl.col("year") == 2028)), "index")[0][0]
    assert spent(found, owner) == {2028: 303, 2029: 186, 2030: 16}


def test_running_cost_begins_after_building_and_ends_with_life_or_horizon() -> None:
    """20 yuan net on fifty units, from the year after the start, for ten years or to 2039."""
    options = matched().options.filter(pl.col("lots") == 5)
    assert rows(options, "later", "later_from", "later_to", "lag", "class_lag") == [
        (1000, 2028, 2037, 1, 0), (1000, 2029, 2038, 1, 0), (1000, 2030, 2039, 1, 0),
    ]  # fmt: skip


def test_income_above_running_cost_leaves_nothing_to_pay() -> None:
    """A surplus is not counted against other costs."""
    options = matched(measures=[measure(revenue_wan_per_unit_year=50)]).options
    assert set(options["later"]) == {0}


def test_a_need_that_cannot_be_divided_is_one_lot_of_its_whole_quantity() -> None:
    """45 units in one piece; a smaller quantity than the lot counts as the lot."""
    whole = matched(service_types=[service(divisible=False)]).options
    assert set(rows(whole, "lots", "units", "cost")) == {(1, 45, 455)}
    small = matched(service_types=[service(divisible=False)], needs=[need(quantity=4.0)]).options
    assert set(rows(small, "lots", "units")) == {(1, 10)}


def test_units_are_rounded_up_by_what_one_unit_yields() -> None:
    """A unit that yields 8 closes fifty with seven units; decimals are exact."""
    eight = matched(measures=[measure(metric_per_unit=8.0)]).options
    assert set(rows(eight, "lots", "units")) == {(5, 7), (3, 4)}
    tenth = matched(measures=[measure(metric_per_unit=0.1)], service_types=[service(lot_size=0.3)]).options
    assert set(rows(tenth, "lots", "units")) == {(5, 15), (3, 9)}


def test_only_measures_above_the_level_are_offered() -> None:
    """Where there is enough, only *good* helps; where it is the best already, nothing in the catalogue does."""
    two = [measure("T01a"), measure("T01b", level_reached="good", capex_wan_per_unit_typ=2_000)]
    found = matched(measures=two, needs=[need(level=2, judgement="poor")])
    assert set(found.options["measure"]) == {"T01b"}
    assert rows(found.options.filter(pl.col("lots") == 5).head(1), "benefit") == [(15_000,)]
    assert refusal(matched(needs=[need(level=2, judgement="poor")]))[0] == "应由其他渠道解决"


@pytest.mark.parametrize(
    "told",
    [
        {"need_class": "general"}, {"judgement": "met"}, {"judgement": "unknown"}, {"judgement": "not_applicable"},
        {"status": "building"}, {"status": "met"}, {"status": "finished"},
    ],
)  # fmt: skip
def test_needs_that_are_not_open_are_left_alone(told: Row) -> None:
    """General, unknown, met and needs in hand are no groups of the program."""
    assert matched(needs=[need(**told)]).needs.is_empty()


def test_a_signed_project_holds_its_needs() -> None:
    """What is under construction is kept, not chosen again."""
    project = {"id": "J1", "name": "J1", "needs": "N1;N9", "store": "building"}
    found = matched(needs=[need("N1"), need("N2")], projects=[project])
    assert found.held == ("N1",)
    assert found.needs["id"].to_list() == ["N2"]


def test_needs_come_in_the_order_of_their_ids() -> None:
    """The row of a need is its group, whatever the order of the book; ids sort as text."""
    found = matched(needs=[need("N2"), need("N10"), need("N1")])
    assert found.needs["id"].to_list() == ["N1", "N10", "N2"]
    assert found.needs.row(0, named=True)["national"] == "完整社区;嵌入式"


@pytest.mark.parametrize(("year", "barred"), [(2022, False), (2023, True), (None, False)])
def test_a_neighbourhood_renewed_lately_is_barred_from_the_same_content(year: int | None, barred: bool) -> None:
    """Renewed in 2023, five years: nothing of that type before 2028."""
    homes = [home(renewed_year=year, renewed_types="T01;T02")]
    found = matched(neighbourhoods=homes, needs=[need(neighbourhood="X")])
    assert found.options.is_empty() == barred
    if barred:
        assert refusal(found)[0] == "已改造未满年限"
        mandatory = matched(neighbourhoods=homes, needs=[need(neighbourhood="X", mandatory=True)])
        assert not mandatory.options.filter(pl.col("variant") == 0).is_empty()


def test_longer_bars_in_some_places() -> None:
    """Where a city keeps its works for eight years, those of 2020 still bar."""
    homes = [home(renewed_year=2020, renewed_types="T01")]
    override = '[[override]]\nplaces = ["3601"]\nrepeat_years = 8\n'
    assert refusal(matched(override, neighbourhoods=homes, needs=[need(neighbourhood="X")]))[0] == "已改造未满年限"


@pytest.mark.parametrize(
    ("kind", "told", "stands"),
    [
        ("majority", {}, True),
        ("majority", {"agreeing_households": 50.0}, False),
        ("majority", {"agreeing_households": 50.01}, True),
        ("majority", {"taking_part_households": 66.66}, False),
        ("majority", {"taking_part_households": 66.67}, True),
        ("majority", {"agreeing_area": 49.0}, False),
        ("majority", {"taking_part_area": 60.0}, False),
        ("majority", {"objections": 1}, False),
        ("majority", {"agreeing_households": None}, False),
        ("two_thirds_three_quarters", {"agreeing_households": 74.99}, False),
        ("two_thirds_three_quarters", {"agreeing_households": 75.0}, True),
        ("two_thirds_three_quarters", {"community": "B"}, False),
        ("two_thirds_three_quarters", {"service_type": "F01"}, False),
    ],
)
def test_consent_thresholds(kind: str, told: Row, stands: bool) -> None:
    """Two thirds take part and more than half, or three quarters, agree: by households and by area."""
    found = matched(
        measures=[measure(needs_consent=kind)],
        consultations=[consent(**told)],
        communities=[community(), community("B")],
    )
    assert found.options.is_empty() != stands
    if not stands:
        assert refusal(found)[0] == "民意未达到"


def test_the_latest_vote_of_the_same_place_counts() -> None:
    """A later vote replaces an earlier one; a survey without shares of households does not."""
    votes = [consent("K1"), consent("K2", date=consent()["date"].replace(month=7), agreeing_households=10.0)]
    wanted = [measure(needs_consent="majority")]
    assert matched(measures=wanted, consultations=votes).options.is_empty()
    survey = [consent("K1"), consent("K2", date=consent()["date"].replace(month=7), taking_part_households=None)]
    assert not matched(measures=wanted, consultations=survey).options.is_empty()
    elsewhere = matched(
        measures=wanted, consultations=[consent()], neighbourhoods=[home()], needs=[need(neighbourhood="X")]
    )
    assert elsewhere.options.is_empty()
    assert not matched("assume_consent = true", measures=wanted).options.is_empty()


def test_scenario_percent_and_waiver_are_rounded_up_one_after_the_other() -> None:
    """50,500 yuan at 95 % are 47,975; less 12.5 % are 41,978.125, so 41,979: 480 and 420 hundreds."""
    found = matched(
        '[[override]]\nplaces = ["360102001"]\ncost_percent = 95\n',
        policies=[policy("fee_waiver", effect=12.5, number_2027=1)],
    )
    full = found.options.filter((pl.col("lots") == 5) & (pl.col("year") == 2027))
    assert rows(full, "variant", "cost") == [(0, 480), (4, 420)]
    assert set(rows(found.uses, "opening", "quota", "amount")) == {(False, "Z1", 1)}
    assert sorted(found.uses["year"].unique()) == [2027, 2028, 2029]


def test_a_waiver_for_certain_uses_helps_no_siteless_work() -> None:
    """A policy that names site uses needs a site; a waiver without a number beats the full price."""
    assert set(matched(policies=[policy("fee_waiver", effect=10.0, site_uses="底商")]).options["variant"]) == {0}
    free = matched(policies=[policy("fee_waiver", effect=10.0)])
    assert set(free.options["variant"]) == {4}
    assert (free.found, len(free.options)) == (12, 6)


def test_mandatory_needs_have_the_emergency_handling_of_the_catalogue() -> None:
    """All lots, in every year, at its own cost, without any benefit; others never see it."""
    both = [
        measure(),
        measure("T01e", level_reached="exists", capex_wan_per_unit_typ=100, fixed_capex_wan=0, spend_profile="95/5"),
    ]
    told = matched(measures=both, needs=[need(mandatory=True, level=1, judgement="short")])
    emergency = told.options.filter(pl.col("variant") == 16)
    assert rows(emergency, "measure", "lots", "year", "cost", "benefit", "safety", "level") == [
        ("T01e", 5, 2027, 50, 0, 0, 1), ("T01e", 5, 2028, 50, 0, 0, 1), ("T01e", 5, 2029, 50, 0, 0, 1),
    ]  # fmt: skip
    assert set(matched(measures=both).options["measure"]) == {"T01a"}


def test_mandatory_needs_without_one_get_emergency_handling_of_their_own() -> None:
    """2,000 yuan a lot from city and county general money, at once, whatever else the type lacks."""
    bond = fund("B1", account="bonds", fund_type="GENB")
    found = matched(measures=[measure("T02a", service_type="F01")], needs=[need(mandatory=True)], funds=[fund(), bond])
    assert set(rows(found.options, "measure", "lots", "units", "cost", "later", "lag")) == {("T01e", 5, 5, 100, 0, 0)}
    assert packages(found) == ["C1:100"]
    assert spent(found, 0) == {2027: 100}
    assert found.refusals.is_empty()
    poor = matched(needs=[need(mandatory=True)], funds=[fund(account="bonds", fund_type="GENB")])
    assert refusal(poor)[0] == "不符合资金条件"


def test_book_without_open_needs() -> None:
    """Nothing to do is an answer too."""
    empty = matched(needs=[])
    assert (len(empty.options), len(empty.refusals), empty.found) == (0, 0, 0)
    assert book(needs=[]).table("needs").is_empty()
