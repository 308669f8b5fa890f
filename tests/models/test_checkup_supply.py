"""Facilities shared among the communities that they reach."""

import datetime
from typing import Any

import polars as pl
import pytest
from checkup_book import book, checkup, community, defect, facility, judgement, need, north, service
from qingdan.models.checkup import CheckUp


def two(
    *rows: dict[str, Any], apart: float = 200.0, residents: int = 1000, walking: float = 1.0, **changed: Any
) -> CheckUp:
    """Communities A and B so many metres apart, with a type of radius 300 m."""
    made = book(
        communities=[community("A"), community("B", lat=north(apart), population=residents)],
        service_types=[service("S", **({"exists_radius_m": 300.0} | changed))],
        facilities=[dict(row) for row in rows],
    )
    settings = made.settings.model_copy(update={"walking_factor": walking})
    return checkup(type(made)(settings, made.tables))


def test_a_facility_is_shared_in_proportion_to_the_group() -> None:
    """120 m² for 1,000 and 2,000 residents are 40 and 80, and neither counts it twice."""
    found = two(facility("S", 120.0), facility("S", 0.0, "B"), residents=2000)
    assert (judgement(found)["quantity"], judgement(found, where="B")["quantity"]) == (40.0, 80.0)
    assert judgement(found)["in_reach"] == 120.0
    assert (judgement(found)["shortage"], judgement(found, where="B")["shortage"]) == (60.0, 120.0)


def test_the_group_served_sets_the_shares() -> None:
    """A place for the old is shared by the number of elders, here 200 to 100."""
    made = book(
        communities=[community("A"), community("B", lat=north(200.0), elders_60p=100)],
        service_types=[service("S", exists_radius_m=300.0, group_served="elders")],
        facilities=[facility("S", 90.0), facility("S", 0.0, "B")],
    )
    found = checkup(made)
    assert (judgement(found)["quantity"], judgement(found, where="B")["quantity"]) == (60.0, 30.0)


@pytest.mark.parametrize(
    ("apart", "walking", "reached"), [(299.0, 1.0, True), (301.0, 1.0, False), (299.0, 1.3, False)]
)
def test_only_what_lies_within_the_radius_is_there(apart: float, walking: float, reached: bool) -> None:
    """A neighbour's facility 299 m away counts as 有, one 301 m away does not; detours count."""
    found = two(facility("S", 120.0), facility("S", 0.0, "B"), apart=apart, walking=walking)
    row = judgement(found, where="B")
    assert (row["exists"], row["judgement"]) == (("yes", "short") if reached else ("no", "none"))
    assert judgement(found)["quantity"] == (60.0 if reached else 120.0)


def test_a_facility_of_the_community_itself_always_counts() -> None:
    """However far from the community's point it stands."""
    found = two(facility("S", 120.0, quality=80.0, lon=115.9, lat=north(-5000.0)))
    assert judgement(found)["judgement"] == "met"


def test_without_a_radius_nobody_else_is_served() -> None:
    """A type without a radius is for its own community alone."""
    found = two(facility("S", 120.0), facility("S", 0.0, "B"), exists_radius_m=None)
    assert (judgement(found)["quantity"], judgement(found, where="B")["judgement"]) == (120.0, "none")


def test_a_place_of_its_own_decides_who_is_reached() -> None:
    """A facility on the far side of A does not reach B."""
    found = two(facility("S", 120.0, lon=115.9, lat=north(-150.0)), facility("S", 0.0, "B"))
    assert judgement(found, where="B")["judgement"] == "none"


def test_an_absolute_number_is_not_divided_by_neighbours() -> None:
    """One fire station within reach of two communities is one for each of them."""
    found = two(
        facility("S", 1.0, quality=80.0),
        facility("S", 0.0, "B", quality=80.0),
        denominator="community",
        threshold_exists=1.0,
        enough_min_absolute=1.0,
        metric_unit="count",
    )
    assert judgement(found)["judgement"] == judgement(found, where="B")["judgement"] == "met"


def test_two_small_communities_may_share_what_is_counted() -> None:
    """One toilet for 1,000 and 1,000 residents at 0.3 per 1,000 is half a toilet each, and enough."""
    found = two(
        facility("S", 1.0, quality=80.0),
        facility("S", 0.0, "B", quality=80.0),
        threshold_enough_per_1000=0.3,
        threshold_exists=1.0,
        metric_unit="count",
    )
    assert judgement(found)["judgement"] == judgement(found, where="B")["judgement"] == "met"
    assert judgement(found)["quantity"] == 0.5


def test_a_community_that_was_not_surveyed_may_have_a_neighbours_facility() -> None:
    """有 is known from next door, but whether it is enough stays 未采集."""
    found = two(facility("S", 500.0, quality=80.0))
    row = judgement(found, where="B")
    assert (row["exists"], row["enough"], row["judgement"], row["quantity"]) == ("yes", "unknown", "unknown", None)


def test_an_unmeasured_facility_nearby_makes_no_need() -> None:
    """A hall that stands in reach but was not measured may be enough, so B is 未采集; an empty row without a place says nothing."""
    placed = two(facility("S", None, lon=115.9, lat=28.68), facility("S", 0.0, "B"))
    assert judgement(placed, where="B")["judgement"] == "unknown"
    blank = two(facility("S", None), facility("S", 0.0, "B"))
    assert judgement(blank, where="B")["judgement"] == "none"


def test_a_community_to_which_it_does_not_apply_takes_no_share() -> None:
    """Where waste is collected directly, the neighbours keep the whole station."""
    found = two(facility("S", 120.0), facility("S", None, "B", applicable=False))
    assert judgement(found)["quantity"] == 120.0


def test_rounding_never_makes_a_shortage() -> None:
    """Three equal communities with exactly the standard between them all have enough."""
    places = [community(name, lat=north(100.0 * place)) for place, name in enumerate("ABC")]
    made = book(
        communities=places,
        service_types=[service("S", exists_radius_m=300.0, threshold_enough_per_1000=33.3333)],
        facilities=[facility("S", 100.0, quality=80.0), *(facility("S", 0.0, name) for name in "BC")],
    )
    found = checkup(made)
    assert [judgement(found, where=name)["judgement"] for name in "ABC"] == ["met"] * 3


def test_the_quality_is_that_of_what_residents_use() -> None:
    """Scores count by what each place gives: 90 m² at 80 and 30 m² at 40 are 70; a score alone counts as it is."""
    found = two(facility("S", 90.0, quality=80.0), facility("S", 30.0, quality=40.0), exists_radius_m=None)
    assert judgement(found)["quality"] == 70.0
    assert judgement(two(facility("S", None, quality=40.0)))["quality"] == 40.0


@pytest.mark.parametrize("extra", [1.0, 30.0, 400.0])
@pytest.mark.parametrize("where", ["A", "B"])
def test_more_supply_never_makes_a_judgement_worse(extra: float, where: str) -> None:
    """Building something never loses a level that was reached, here or next door."""
    rows = [facility("S", 70.0, quality=80.0), facility("S", 30.0, "B", quality=80.0)]
    before, after = two(*rows), two(*rows, facility("S", extra, where))
    for name in "AB":
        old, new = judgement(before, where=name), judgement(after, where=name)
        assert new["shortage"] <= old["shortage"]
        for level in ("exists", "enough", "good"):
            assert old[level] != "yes" or new[level] == "yes"


def finished(delivers: str, *, survey: datetime.date | None = None, **told: Any) -> CheckUp:
    """A check-up in which 40 m² and 50 defects were surveyed and a work was accepted on 1 June 2026."""
    work = {
        "name": "改造",
        "community": "A",
        "store": "finished",
        "delivered": delivers,
        "accepted_on": datetime.date(2026, 6, 1),
    }
    return checkup(
        book(
            communities=[community(), community("B", lat=north(200.0))],
            service_types=[service("S", exists_radius_m=300.0), defect("D")],
            facilities=[
                facility("S", 40.0, quality=80.0, surveyed=survey),
                facility("S", 0.0, "B", surveyed=survey),
                facility("D", 50.0, quality=80.0, surveyed=survey),
            ],
            projects=[work | told],
        )
    )


def test_finished_works_add_to_the_supply_and_take_off_defects() -> None:
    """Once accepted, 160 m² are shared with the neighbour like any other and 50 households are put right."""
    found = finished("S=160;D=50")
    assert (judgement(found)["quantity"], judgement(found, where="B")["quantity"]) == (100.0, 100.0)
    assert judgement(found)["judgement"] == "met"
    assert (judgement(found, "D")["judgement"], judgement(found, "D")["credited"]) == ("met", 50.0)
    assert found.credits["used"].to_list() == [True, True]


def test_a_defect_is_never_credited_below_nothing() -> None:
    """A work that mended more than was found leaves 0 defects; one that mended less leaves the rest."""
    assert judgement(finished("D=80"), "D")["quantity"] == 0.0
    assert judgement(finished("D=30"), "D")["quantity"] == 20.0


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"store": "building"}, None),
        ({"accepted_on": None}, None),
        ({"accepted_on": datetime.date(2026, 12, 1)}, None),
        ({"delivered": "S"}, "形成能力应写 服务类型=数量"),
        ({"delivered": "Q=5"}, "形成能力应写 服务类型=数量"),
        ({"community": None}, "没有所在社区"),
    ],
)
def test_only_accepted_works_with_a_place_count(told: dict[str, Any], reason: str | None) -> None:
    """Works under way are not counted before they are accepted, and what cannot be counted is named."""
    found = finished("S=160", **told)
    assert judgement(found)["quantity"] == 20.0
    assert found.credits["reason"].to_list() == ([reason] if reason else [])


def test_a_work_that_the_survey_has_seen_is_not_counted_twice() -> None:
    """A survey on or after the acceptance has found the new building already."""
    seen = finished("S=160", survey=datetime.date(2026, 6, 1))
    assert judgement(seen)["quantity"] == 20.0
    assert seen.credits["reason"].to_list() == ["验收后已采集,底数已含"]
    assert judgement(finished("S=160", survey=datetime.date(2026, 5, 31)))["quantity"] == 100.0


def test_a_finished_work_counts_where_its_site_is() -> None:
    """At a site 250 m south of A it does not reach B, 200 m north."""
    site = {
        "id": "s", "name": "旧厂房", "kind": "building", "use": "闲置厂房", "county_code": "360102",
        "lon": 115.9, "lat": north(-250.0), "area": 500.0,
    }  # fmt: skip
    made = book(
        communities=[community(), community("B", lat=north(200.0))],
        service_types=[service("S", exists_radius_m=300.0)],
        facilities=[facility("S", 0.0), facility("S", 0.0, "B")],
        sites=[site],
        projects=[
            {
                "name": "x",
                "site": "s",
                "store": "finished",
                "delivered": "S=90",
                "accepted_on": datetime.date(2026, 1, 1),
            }
        ],
    )
    found = checkup(made)
    assert (judgement(found)["quantity"], judgement(found, where="B")["judgement"]) == (90.0, "none")


def test_a_works_share_of_defects_goes_to_the_neighbourhoods() -> None:
    """A work of the whole community takes its 25 off the neighbourhoods that were surveyed, in order of ids."""
    made = book(
        communities=[community()],
        neighbourhoods=[
            {"id": name, "community": "A", "name": name, "households": 100, "buildings": 5} for name in "XYZ"
        ],
        service_types=[defect("S")],
        facilities=[facility("S", 20.0, neighbourhood=name) for name in "XYZ"],
        projects=[
            {"name": "x", "community": "A", "store": "finished", "delivered": "S=25", "accepted_on": datetime.date(2026, 1, 1)},
            {"name": "y", "neighbourhood": "Z", "store": "finished", "delivered": "S=6", "accepted_on": datetime.date(2026, 1, 1)},
        ],
    )  # fmt: skip
    found = checkup(made)
    assert [judgement(found, neighbourhood=name)["quantity"] for name in "XYZ"] == [0.0, 15.0, 14.0]
    assert need(found, "N-A-S-Y")["lots"] == 2
    assert found.needs.filter(pl.col("neighbourhood") == "X").is_empty()
