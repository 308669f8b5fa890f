"""Which site serves which need, as which module, from when on, and at what cost."""

import datetime
from typing import Any

import polars as pl
import pytest
from matching_book import (
    DAY,
    METRE_NORTH,
    at_room,
    community,
    fund,
    matched,
    measure,
    need,
    operator,
    policy,
    refusal,
    rows,
    service,
    site,
    spent,
    use,
)
from qingdan.models.options import Options


def at_site(scenario: str = "", **told: Any) -> Options:
    """A need of T01 with a room measure and one site; `site`, `measure` are changes to them."""
    changed_site, changed_measure = told.pop("site", {}), told.pop("measure", {})
    tables = {"measures": [at_room(**changed_measure)], "sites": [site(**changed_site)], "uses": [use()]} | told
    return matched(scenario, **tables)


def test_a_module_and_its_options() -> None:
    """Opening costs 500 + 25 % of 15 units; an option the other 75 %; *exists* is free and takes no room."""
    found = at_site(service_types=[service(divisible=False)])
    assert rows(found.facilities, "kind", "parent", "site", "operation", "capacity", "minimum", "exclusion") == [
        ("site", -1, "S1", None, 2000, 0, -1), ("module", 0, "S1", "own", -1, 300, 0),
    ]  # fmt: skip
    assert rows(found.facilities, "programme", "department", "service_type") == [
        ("facilities", "住房城乡建设", None), ("facilities", "民政", "T01"),
    ]  # fmt: skip
    assert rows(found.openings, "facility", "year", "cost", "later") == [
        (0, 2027, 0, 0), (0, 2028, 0, 0), (0, 2029, 0, 0), (1, 2027, 43, 0), (1, 2028, 43, 0), (1, 2029, 43, 0),
    ]  # fmt: skip
    first = found.options.filter(pl.col("year") == 2027)
    assert rows(first, "variant", "level", "lots", "units", "area", "cost", "later", "facility") == [
        (0, 2, 1, 45, 900, 338, 900, 1), (32, 1, 1, 0, 0, 0, 0, 1),
    ]  # fmt: skip
    assert rows(first, "benefit") == [(35_000,), (20_000,)]
    assert found.options["choice"].n_unique() == 1
    assert spent(found, 3, opening=True) == {2027: 25, 2028: 16, 2029: 2}


def test_exists_is_for_needs_with_nothing_at_all() -> None:
    """Where something exists already, only works in full help."""
    found = at_site(needs=[need(level=1, judgement="short")])
    assert set(found.options["variant"]) == {0}


def test_a_measure_that_only_exists_is_paid_by_its_opening() -> None:
    """No works in full: the opening costs all of 15 units and bears their running cost for the life of ten years."""
    found = at_site(measure={"level_reached": "exists"})
    assert set(rows(found.options, "variant", "units", "lots")) == {(32, 0, 5)}
    module = found.openings.filter(pl.col("facility") == 1)
    assert rows(module.head(1), "cost", "later", "later_from", "later_to") == [(155, 300, 2028, 2037)]


def test_amounts_that_do_not_fit_are_not_offered() -> None:
    """Fifty units want 100 m2: 60 m2 hold half, 200 m2 both; most units a site and the module's capacity count as well."""
    assert set(at_site(site={"area": 60.0}).options["lots"]) == {3, 5}
    assert set(at_site(site={"area": 60.0}).options.filter(pl.col("units") > 0)["units"]) == {30}
    assert set(at_site(measure={"max_units_per_site": 49}).options.filter(pl.col("units") > 0)["units"]) == {30}
    # thirty units of 2.005 m2 are 60.15 m2 and count as 60.2, the capacity of thirty as 60.1
    tight = at_site(measure={"max_units_per_site": 30, "area_m2_per_unit": 2.005})
    assert set(tight.options["units"]) == {0}
    assert tight.facilities["capacity"].to_list() == [2000, 601]
    assert at_site(measure={"max_units_per_site": 30}).facilities["capacity"].to_list() == [2000, 600]


def test_area_that_signed_projects_take_is_gone() -> None:
    """Of 200 m2 a project takes 170.05: 29.9 are too little for the smallest size of 30."""
    project = {"id": "J1", "name": "J1", "site": "S1", "store": "building", "area": 170.05}
    assert refusal(at_site(projects=[project]))[1] == "附近用房用地的可用面积小于最小规模"
    found = at_site(projects=[project | {"area": 130.0}])
    assert found.facilities["capacity"].to_list() == [700, -1]
    assert not at_site(projects=[project | {"store": "reserve"}]).options.is_empty()


NONE, LISTED = "服务半径内没有登记的闲置用房用地", "附近用房用地的现状用途不允许设置这类服务"
KIND, USE = "附近用房用地的类别不合(用房、独立建筑或用地)", "附近用房用地须变更用途,而没有相应的许可政策"
FLOOR, SAFE = "附近用房的楼层、电梯或排烟条件不符", "附近用房的结构鉴定或消防评估不合格"
AREA, CONFIRMED = "附近用房用地的可用面积小于最小规模", "附近有合适的用房用地,但尚未经部门确认"
YEARS, AMOUNT = "附近用房用地在规划期内可用年限不足,或来不及变更用途", "附近用房用地容不下缺口的规模"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"site": {"kind": "land"}}, KIND),
        ({"measure": {"site_kind": "land"}}, KIND),
        ({"measure": {"site_kind": "land"}, "site": {"kind": "land"}}, None),
        ({"measure": {"site_kind": "building"}}, KIND),
        ({"measure": {"site_kind": "building"}, "site": {"own_entrance": True}}, None),
        ({"measure": {"site_kind": "building"}, "site": {"kind": "building"}}, None),
        ({"site": {"kind": "building"}}, None),
        ({"uses": [use(allowed="no")]}, LISTED),
        ({"uses": []}, LISTED),
        ({"uses": [use(allowed="change_of_use")]}, USE),
        ({"uses": [use(allowed="change_of_use")], "site": {"change_to": "F01;T01"}}, None),
        ({"site": {"floor": 2}}, FLOOR),
        ({"site": {"floor": -1}}, FLOOR),
        ({"site": {"floor": 1}}, None),
        ({"measure": {"floor_rule": "ground_or_canopy"}, "site": {"floor": 2}}, FLOOR),
        ({"measure": {"floor_rule": "ground_low", "max_floor": 2}, "site": {"floor": 2}}, None),
        ({"measure": {"floor_rule": "ground_low", "max_floor": 2}, "site": {"floor": 3}}, FLOOR),
        ({"measure": {"floor_rule": "ground_low", "max_floor": 2}, "site": {"floor": -1}}, FLOOR),
        ({"measure": {"floor_rule": "ground_or_lift", "max_floor": 3}, "site": {"floor": 3}}, FLOOR),
        ({"measure": {"floor_rule": "ground_or_lift", "max_floor": 3}, "site": {"floor": 3, "lift": True}}, None),
        ({"measure": {"floor_rule": "ground_or_lift", "max_floor": 3}, "site": {"floor": 4, "lift": True}}, FLOOR),
        ({"measure": {"floor_rule": "ground_or_lift", "max_floor": 3}, "site": {"floor": -1, "lift": True}}, FLOOR),
        ({"measure": {"floor_rule": "any_floor", "max_floor": 2}, "site": {"floor": -1}}, None),
        ({"measure": {"floor_rule": "any_floor", "max_floor": 2}, "site": {"floor": 3}}, FLOOR),
        ({"measure": {"floor_rule": "roof"}}, FLOOR),
        ({"measure": {"floor_rule": "open_space"}, "site": {"floor": 5}}, None),
        ({"measure": {"floor_rule": "open_space"}, "site": {"use": "屋顶"}, "uses": [use("屋顶")]}, FLOOR),
        ({"measure": {"floor_rule": "roof"}, "site": {"use": "屋顶"}, "uses": [use("屋顶")]}, None),
        ({"measure": {"needs_flue": True}}, FLOOR),
        ({"measure": {"needs_flue": True}, "site": {"flue": True}}, None),
        ({"site": {"structure_ok": False}}, SAFE),
        ({"site": {"fire_ok": False}}, SAFE),
        ({"site": {"structure_ok": True, "fire_ok": True}}, None),
        ({"site": {"area": 29.99}}, AREA),
        ({"site": {"complex": True, "area": 599.9}}, AREA),
        ({"site": {"complex": True, "area": 600.0}}, None),
        ({"site": {"confirmed_by": None}}, CONFIRMED),
        ({"site": {"confirmed_on": None}}, CONFIRMED),
        ({"site": {"free_from": 2030}}, YEARS),
        ({"site": {"free_until": 2030}}, YEARS),
        ({"site": {"free_until": 2031}}, None),
        ({"site": {"county_code": "360103"}}, NONE),
        ({"needs": [need(level=1, lots=1000, judgement="short")]}, AMOUNT),
    ],
)  # fmt: skip
def test_conditions_of_a_site(changed: dict[str, Any], reason: str | None) -> None:
    """Kind, use, floor, flue, appraisals, area, confirmation and term each let a site in, or are the reason given."""
    found = at_site(**changed)
    if reason is None:
        assert not found.options.is_empty()
    else:
        assert refusal(found)[:2] == ("资源未落实", reason)


def test_the_site_that_came_farthest_gives_the_reason() -> None:
    """One site is of the wrong use, another only lacks its confirmation: that is what to mend."""
    sites = [site("S1", use="公共绿地"), site("S2", confirmed_by=None), site("S3", area=10.0)]
    assert refusal(at_site(sites=sites))[1:] == (CONFIRMED, "自然资源")
    assert refusal(at_site(sites=sites[::2]))[1:] == (AREA, "住房城乡建设")
    assert not at_site("unconfirmed_sites = true", sites=sites).options.is_empty()


@pytest.mark.parametrize(
    ("metres", "factor", "radius", "inside"),
    [
        (299.9, 1.0, 300.0, True), (300.1, 1.0, 300.0, False), (249.9, 1.2, 300.0, True), (250.1, 1.2, 300.0, False),
        (1.0, 1.0, None, False),
    ],
)  # fmt: skip
def test_reach(metres: float, factor: float, radius: float | None, inside: bool) -> None:
    """A site of another community serves within the radius of the community's point, times the walking factor."""
    found = at_site(
        communities=[community(), community("B")],
        site={"community": "B", "lat": 28.68 + metres * METRE_NORTH},
        measure={"service_radius_m": radius},
        settings={"walking_factor": factor},
    )
    assert found.options.is_empty() != inside
    assert inside or refusal(found)[1] == NONE
    own = at_site(site={"lat": 28.9}, measure={"service_radius_m": radius}, settings={"walking_factor": factor})
    assert not own.options.is_empty()


def test_east_west_distance_is_that_on_the_ground() -> None:
    """A degree east is 111,320 m times the cosine of the latitude."""
    found = at_site(
        communities=[community(), community("B", lat=60.0, lon=110.0)], site={"community": None, "lon": 115.9 + 0.003}
    )
    # 0.003 degrees at 28.68 north are 293 m
    assert not found.options.is_empty()
    assert at_site(site={"community": None, "lon": 115.9 + 0.0031}).options.is_empty()


def test_one_module_serves_needs_of_several_communities() -> None:
    """Needs of two communities share it; modules of one type on a site exclude each other."""
    two = [at_room("T01a"), at_room("T01b", level_reached="good")]
    needs = [need("N1"), need("N2", community="B")]
    found = at_site(measures=two, needs=needs, communities=[community(), community("B")])
    modules = found.facilities.filter(pl.col("kind") == "module")
    assert rows(modules, "measure", "exclusion") == [("T01a", 0), ("T01b", 0)]
    assert found.options.filter(pl.col("facility") == 1)["need"].n_unique() == 2


def test_conversion_and_rent_of_a_site() -> None:
    """12,345 yuan at 110 % are 136 hundreds, 97/3; rent for its term of three years; paid by local pooled money."""
    extra = [
        fund("C0", account="bonds"), fund("C2", scope="project"), fund("C3", pilot_only=True), fund("C4", built_before=2000),
        fund("C5", eligible_types="F02"), fund("C6", eligible_types="F01", level="city", account="fund", share_cap=40.0, min_share=5.0),
        fund("C7", level="province"), fund("C8", places="3602"),
    ]  # fmt: skip
    found = at_site(
        "[factors]\ncost_percent = 110\n",
        site={"conversion_cost": 12_345, "rent": 8_000, "rent_years": 3},
        funds=[fund(), *extra],
    )
    root = found.openings.filter(pl.col("facility") == 0)
    assert rows(root, "year", "cost", "later", "later_from", "later_to", "lag") == [
        (2027, 136, 8000, 2027, 2029, 0), (2028, 136, 8000, 2028, 2030, 0), (2029, 136, 8000, 2029, 2031, 0),
    ]  # fmt: skip
    assert spent(found, 0, opening=True) == {2027: 131, 2028: 5}
    package = found.facilities["package"][0]
    assert found.packages["name"][package] == "C1:100+C6:40"


def test_a_site_that_cannot_be_converted_keeps_its_modules_shut() -> None:
    """No local money reaches the whole conversion, though the works themselves could be paid."""
    funds = [fund(share_cap=90.0), fund("S1", fund_type="CB_OLD", level="central", eligible_part=100.0)]
    found = at_site(funds=funds, site={"conversion_cost": 1_000})
    assert (found.facilities.is_empty(), refusal(found)[0]) == (True, "财力不足")
    assert not at_site(funds=funds).options.is_empty()


def test_options_wait_for_the_door() -> None:
    """Money for conversion comes in 2028 only: nothing at the site starts before, later works still may."""
    funds = [
        fund("C1", years=(2028,), eligible_types="F01"),
        fund("C2", fund_type="CITY", level="city", scope="project"),
    ]
    found = at_site(
        funds=funds,
        measure={"eligible_share_by_fund": "CITY=1", "spend_profile": "100"},
        site={"conversion_cost": 1_000},
    )
    assert rows(found.openings, "facility", "year") == [(0, 2028), (1, 2028), (1, 2029)]
    assert sorted(found.options["year"].unique()) == [2028, 2029]
    assert spent(found, 0, opening=True) == {2028: 9, 2029: 1}


def test_start_years_of_a_site() -> None:
    """Free from 2028 and until 2033, five years of use: it may start in 2028 and 2029."""
    found = at_site(years=(2027, 2028, 2029, 2030), site={"free_from": 2028, "free_until": 2033})
    assert sorted(found.options["year"].unique()) == [2028, 2029]
    longer = at_site(settings={"factors": {"least_tenure_years": 6}}, site={"free_from": 2028, "free_until": 2033})
    assert sorted(longer.options["year"].unique()) == [2028]


def test_a_change_of_use_takes_its_time_and_its_permit() -> None:
    """18 months from June 2026 end in December 2027, 19 in January 2028; the first fitting policy is drawn on."""
    told: dict[str, Any] = {"uses": [use(allowed="change_of_use")]}
    permits = [
        policy("permit_case", "Z2", number_2027=2),
        policy("change_of_use", "Z3"),
        policy("permit_case", "Z1", places="3602"),
    ]
    found = at_site(policies=permits, site={"change_months": 19}, **told)
    assert rows(found.openings.filter(pl.col("facility") == 1), "year") == [(2028,), (2029,)]
    assert set(found.facilities["variant"]) == {0, 1}
    assert set(found.options["variant"]) == {1, 33}
    assert set(rows(found.uses, "opening", "quota", "year", "amount")) == {(True, "Z2", 2028, 1), (True, "Z2", 2029, 1)}
    soon = at_site(policies=permits, site={"change_months": 18}, **told)
    assert rows(soon.openings.filter(pl.col("facility") == 1), "year") == [(2027,), (2028,), (2029,)]
    wrong = [policy("permit_case", service_types="T02"), policy("permit_case", "Z2", site_uses="空地")]
    assert refusal(at_site(policies=wrong, **told))[1] == USE


def test_a_fast_track_opens_only_the_years_that_it_gains() -> None:
    """19 months less 6: 2027 becomes possible, as a variant of its own; from 2028 on the plain change will do."""
    told: dict[str, Any] = {"uses": [use(allowed="change_of_use")], "site": {"change_months": 19}}
    found = at_site(policies=[policy("permit_case", "Z1"), policy("fast_track", "Z2", effect=6.0)], **told)
    years = found.openings.join(
        found.facilities.with_row_index("facility").with_columns(pl.col("facility").cast(pl.Int64)), on="facility"
    ).filter(pl.col("kind") == "module")
    assert sorted(rows(years, "variant", "year")) == [(1, 2028), (1, 2029), (3, 2027)]
    assert set(rows(found.uses, "quota", "year")) == {("Z1", 2027), ("Z2", 2027), ("Z1", 2028), ("Z1", 2029)}
    none = at_site(policies=[policy("permit_case", "Z1"), policy("fast_track", "Z2", effect=0.5)], **told)
    assert set(none.facilities["variant"]) == {0, 1}


def test_a_waiver_makes_a_module_cheaper_and_quotas_count_modules() -> None:
    """20 % off opening and works; every module of the kind draws one from each quota policy in its year."""
    policies = [
        policy("fee_waiver", "Z1", effect=20.0, number_2027=1),
        policy("quota", "Z2", number_2027=1),
        policy("quota", "Z3"),
    ]
    found = at_site(policies=policies)
    modules = found.facilities.filter(pl.col("kind") == "module")
    assert rows(modules, "variant") == [(0,), (4,)]
    cheap = found.options.filter((pl.col("facility") == 2) & (pl.col("year") == 2027))
    # 75 % of 50,000 are 37,500, less 20 % 30,000; of 30,000 22,500 and 18,000
    assert rows(cheap, "variant", "lots", "cost") == [(4, 3, 180), (4, 5, 300), (36, 5, 0)]
    opening = found.openings.filter((pl.col("facility") == 2) & (pl.col("year") == 2027))
    assert rows(opening, "cost") == [(34,)]
    drawn = found.uses.filter(pl.col("year") == 2027)["quota"].to_list()
    assert sorted(drawn) == ["Z1", "Z2", "Z2", "Z3", "Z3"]
    assert set(found.uses["opening"]) == {True}


def test_modules_differ_by_operation_and_package() -> None:
    """Own and by an operator, each with both packages: four modules on one site, in the order of their keys."""
    funds = [
        fund(),
        fund("S1", fund_type="CB_OLD", level="central", exclusive_with="S2"),
        fund("S2", fund_type="PROV", level="province"),
    ]
    measures = [at_room(eligible_share_by_fund="COUNTY=1;CB_OLD=0.5;PROV=0.5")]
    found = at_site(
        measures=measures, funds=funds, operators=[operator(capital_share=None, subsidy=1_000, rent_paid=5_000)]
    )
    modules = found.facilities.filter(pl.col("kind") == "module")
    names = found.packages["name"].to_list()
    assert [(row[0], names[row[1]]) for row in rows(modules, "operation", "package")] == [
        ("O1", "C1:100+S1:50"), ("O1", "C1:100+S2:50"), ("own", "C1:100+S1:50"), ("own", "C1:100+S2:50"),
    ]  # fmt: skip
    assert set(found.options.filter(pl.col("operation") == "O1")["later"]) == {0}
    assert set(found.openings["later"]) == {0}
    assert found.shares.filter(pl.col("local"))["fund"].unique().to_list() == ["C1"]


def test_pilot_money_at_a_module_goes_by_the_site() -> None:
    """The site's community counts, not the need's; old-neighbourhood money never comes to a module."""
    funds = [
        fund(), fund("S1", fund_type="CB_OLD", level="central", pilot_only=True),
        fund("S2", fund_type="CB_OLD", level="central", built_before=2030),
    ]  # fmt: skip
    told: dict[str, Any] = {"measures": [at_room(eligible_share_by_fund="COUNTY=1;CB_OLD=0.5")], "funds": funds}
    places = [community(), community("B", pilot_category="basic")]
    here = at_site(**told, communities=places)
    there = at_site(**told, communities=places, site={"community": "B"})
    assert "C1:100+S1:50" not in here.packages["name"].to_list()
    assert "C1:100+S1:50" in there.packages["name"].to_list()


def test_two_dates_of_confirmation_are_no_matter() -> None:
    """Any date will do, as long as there is one."""
    assert not at_site(site={"confirmed_on": DAY - datetime.timedelta(days=900)}).options.is_empty()


def test_siteless_measures_stay_siteless() -> None:
    """A type with both kinds of measures has both kinds of options."""
    found = at_site(measures=[at_room("T01a"), measure("T01b")])
    assert set(rows(found.options, "measure", "operation")) == {("T01a", "own"), ("T01b", "own")}
    assert set(found.options.filter(pl.col("measure") == "T01b")["facility"]) == {-1}
