"""The three levels and the judgement of every place and service."""

import datetime
from typing import Any

import polars as pl
import pytest
from checkup_book import book, checkup, community, complaint, defect, facility, judgement, need, north, service
from qingdan.models.book import Book
from qingdan.models.checkup import CheckUp


def one(quantity: float | None, *, score: float | None = 80.0, told: int = 0, **changed: Any) -> CheckUp:
    """A check-up of one community with one facility and so many complaints."""
    return checkup(
        book(
            communities=[community()],
            service_types=[service("S", **changed)],
            facilities=[facility("S", quantity, quality=score)],
            complaints=[complaint("S")] * told,
        )
    )


@pytest.mark.parametrize(
    ("quantity", "score", "told", "wanted", "levels"),
    [
        (0.0, 80.0, 0, "none", ("no", "no", "yes")),
        (19.9, 80.0, 0, "none", ("no", "no", "yes")),
        (20.0, 80.0, 0, "short", ("yes", "no", "yes")),
        (99.9, 80.0, 0, "short", ("yes", "no", "yes")),
        (100.0, 60.0, 0, "met", ("yes", "yes", "yes")),
        (100.0, 59.0, 0, "poor", ("yes", "yes", "no")),
        (100.0, 80.0, 3, "poor", ("yes", "yes", "no")),
        (100.0, 80.0, 2, "met", ("yes", "yes", "yes")),
        (100.0, None, 0, "unknown", ("yes", "yes", "unknown")),
        (100.0, None, 3, "poor", ("yes", "yes", "no")),
        (None, 80.0, 0, "unknown", ("unknown", "unknown", "yes")),
    ],
)
def test_a_community_is_judged_at_three_levels(
    quantity: float | None, score: float | None, told: int, wanted: str, levels: tuple[str, str, str]
) -> None:
    """A planner sees 无, 有而不够, 够而不好, 达标 or 未采集, each by the limits of the catalogue."""
    row = judgement(one(quantity, score=score, told=told))
    assert (row["judgement"], (row["exists"], row["enough"], row["good"])) == (wanted, levels)


def test_what_is_unknown_is_listed_and_makes_no_need() -> None:
    """Nobody plans for a lack that was only never surveyed, and the survey's gaps are on a list."""
    for found, what in [(one(None), "quantity"), (one(100.0, score=None), "quality")]:
        assert found.needs.is_empty()
        assert found.unknown.filter(service_type="S")["what"].to_list() == [what]


def test_a_service_without_any_row_is_not_a_lack() -> None:
    """Types that a survey left out are 未采集, all 56 of the catalogue and the book's own."""
    found = checkup(book(communities=[community()], service_types=[service("S")]))
    assert found.counts == {"unknown": 57}
    assert found.needs.is_empty()


def test_a_service_that_does_not_apply_is_left_out() -> None:
    """不适用 is neither a need nor a gap of the survey."""
    found = checkup(
        book(
            communities=[community()],
            service_types=[service("S")],
            facilities=[facility("S", 0.0, applicable=False)],
        )
    )
    row = judgement(found)
    assert (row["judgement"], row["shortage"]) == ("not_applicable", None)
    assert found.needs.is_empty() and found.unknown.filter(service_type="S").is_empty()


def test_a_part_that_was_not_surveyed_never_makes_a_need() -> None:
    """With one of two rows unknown the known 50 m² may be too few or not: 未采集; 100 are enough whatever the other is."""
    for quantity, wanted in [(50.0, "unknown"), (100.0, "met")]:
        found = checkup(
            book(
                communities=[community()],
                service_types=[service("S")],
                facilities=[facility("S", quantity, quality=80.0), facility("S", None)],
            )
        )
        assert judgement(found)["judgement"] == wanted


def test_a_shortage_is_in_whole_lots_and_in_people() -> None:
    """35 of 100 m² missing are 4 lots of 10 and touch 350 of 1,000 residents."""
    row = need(one(65.0))
    assert (row["quantity"], row["lots"], row["people"], row["level"]) == (35.0, 4, 350, 1)


def test_a_lack_altogether_touches_the_whole_group() -> None:
    """Without any, all are affected, and it is one step more urgent than a shortage."""
    none, short = need(one(0.0)), need(one(65.0))
    assert (none["people"], none["level"], none["lots"]) == (1000, 0, 10)
    assert none["urgency"] == short["urgency"] + 1


def test_a_poor_service_wants_one_lot() -> None:
    """What is enough but bad is renewed in its smallest useful size: the limit of 有没有, at least a lot."""
    row = need(one(100.0, score=10.0))
    assert (row["judgement"], row["lots"], row["quantity"], row["people"], row["level"]) == ("poor", 1, 20.0, 1000, 2)
    assert need(one(100.0, score=10.0, lot_size=50.0))["quantity"] == 50.0


def test_what_cannot_be_divided_is_one_lot() -> None:
    """A service that cannot be divided is one lot of the whole shortage."""
    row = need(one(65.0, divisible=False))
    assert (row["lots"], row["quantity"]) == (1, 35.0)


def test_the_group_served_is_counted() -> None:
    """A canteen is for 200 elders, not for all 1,000 residents: 35 % of them are 70."""
    assert need(one(65.0, group_served="elders"))["people"] == 70


@pytest.mark.parametrize(("unit", "shortage", "lots"), [("count", 1.0, 1), ("m2", 0.5, 1)])
def test_what_is_counted_is_short_by_whole_units(unit: str, shortage: float, lots: int) -> None:
    """Of 1.5 courts wanted one is there: a whole one is missing. Areas are not rounded up."""
    row = need(one(1.0, metric_unit=unit, threshold_exists=1.0, threshold_enough_per_1000=1.5, lot_size=1.0))
    assert (row["quantity"], row["lots"], row["judgement"]) == (shortage, lots, "short")


def test_the_least_absolute_quantity_binds_a_small_community() -> None:
    """600 m² are wanted however few live there."""
    row = judgement(one(150.0, enough_min_absolute=600.0))
    assert (row["judgement"], row["standard"], row["shortage"]) == ("short", 600.0, 450.0)


def test_only_the_absolute_number_counts_where_the_denominator_is_the_community() -> None:
    """One fire station is enough for any number of residents."""
    assert judgement(one(20.0, denominator="community"))["judgement"] == "met"


@pytest.mark.parametrize(
    ("place", "changed", "standard"),
    [
        ({}, {"enough_per_1000_new": 200.0, "enough_per_1000_existing": 50.0}, 50.0),
        ({"area_class": "new"}, {"enough_per_1000_new": 200.0, "enough_per_1000_existing": 50.0}, 200.0),
        ({"area_class": "new"}, {}, 100.0),
        ({"area_class": "new"}, {"denominator_new": "households"}, 40.0),
        ({}, {"denominator_new": "households"}, 100.0),
        ({}, {"enough_city_override": "3601=70;3607=80"}, 70.0),
        ({"city_code": "3607"}, {"enough_city_override": "3601=70;3607=80"}, 80.0),
        ({"city_code": "3602"}, {"enough_city_override": "3601=70;3607=80"}, 100.0),
        ({}, {"enough_city_override": "3601=70;360102=60"}, 60.0),
        ({}, {"enough_city_override": "360103=60"}, 100.0),
        ({}, {"denominator": "cars", "threshold_enough_per_1000": 800.0}, 80.0),
        ({}, {"denominator": "elders_60p", "threshold_enough_per_1000": 800.0}, 160.0),
        ({}, {"denominator": "ebikes", "threshold_enough_per_1000": 500.0}, 160.0),
        ({"ebikes": 100}, {"denominator": "ebikes", "threshold_enough_per_1000": 500.0}, 50.0),
    ],
)
def test_the_standard_is_that_of_the_area_the_city_and_the_denominator(
    place: dict[str, Any], changed: dict[str, Any], standard: float
) -> None:
    """New areas, single cities and the right number of people or cars each have their own standard."""
    found = checkup(
        book(
            communities=[community(**place)],
            service_types=[service("S", **changed)],
            facilities=[facility("S", 25.0, quality=80.0)],
        )
    )
    row = judgement(found)
    assert (row["standard"], row["shortage"]) == (standard, max(0.0, standard - 25.0))


def test_an_unknown_number_of_cars_is_not_guessed() -> None:
    """Where nobody counted the cars, whether parking is enough is 未采集, and the list says what is missing."""
    places = [community(cars=None)]
    types = [service("S", denominator="cars", group_served="car_owners")]
    found = checkup(book(communities=places, service_types=types, facilities=[facility("S", 500.0, quality=80.0)]))
    assert judgement(found)["judgement"] == "unknown"
    assert found.unknown.filter(service_type="S")["what"].to_list() == ["denominator"]
    without = checkup(book(communities=places, service_types=types, facilities=[facility("S", 0.0)]))
    assert need(without)["people"] == 1
    assert without.unknown.filter(service_type="S")["what"].to_list() == ["people"]


@pytest.mark.parametrize(("wrong", "wanted", "people"), [(0.0, "met", 0), (80.0, "short", 200), (81.0, "none", 203)])
def test_a_defect_is_judged_by_what_is_wrong(wrong: float, wanted: str, people: int) -> None:
    """Up to 80 of 400 households it is a shortage, above that the service as good as does not exist."""
    found = checkup(
        book(communities=[community()], service_types=[defect("S")], facilities=[facility("S", wrong, quality=80.0)])
    )
    assert judgement(found)["judgement"] == wanted
    assert found.needs["people"].to_list() == ([people] if people else [])


def neighbourhoods() -> Book:
    return book(
        communities=[community()],
        neighbourhoods=[
            {"id": "X", "community": "A", "name": "X", "households": 100, "buildings": 5},
            {"id": "Y", "community": "A", "name": "Y", "households": 300, "buildings": 15},
        ],
        service_types=[defect("S", group_served="elders")],
        facilities=[facility("S", 30.0, neighbourhood="X")],
    )


def test_a_defect_surveyed_by_neighbourhood_is_a_need_of_the_neighbourhood() -> None:
    """30 of its 100 households pass the limit of 20 and are 15 of its 50 elders; the other one is 未采集."""
    found = checkup(neighbourhoods())
    row = need(found, "N-A-S-X")
    assert (row["judgement"], row["neighbourhood"], row["lots"], row["people"]) == ("none", "X", 3, 15)
    assert judgement(found, neighbourhood="Y")["judgement"] == "unknown"
    assert found.judgements.filter(pl.col("service_type") == "S").height == 2


def test_a_supply_is_judged_at_the_community_wherever_it_stands() -> None:
    """A room in one neighbourhood serves the community as a whole."""
    base = neighbourhoods()
    rows = pl.DataFrame([{"id": "f", **facility("R", 100.0, neighbourhood="X", quality=90.0)}])
    types = pl.concat([base.table("service_types"), book(service_types=[service("R")]).table("service_types")])
    found = checkup(base.with_table("facilities", rows).with_table("service_types", types))
    assert judgement(found, "R")["judgement"] == "met"


def test_unsafe_housing_must_be_answered() -> None:
    """Any unsafe floor area is a mandatory need; a little of another defect is not."""
    found = checkup(book(communities=[community()], facilities=[facility("R01", 1.0), facility("R03", 1.0)]))
    assert need(found, "N-A-R01")["mandatory"] and not need(found, "N-A-R03")["mandatory"]


def test_complaints_of_one_event_count_once() -> None:
    """Many calls about one broken pump are one event, and two events are not enough to blame the service."""
    calls = [complaint("S", event="e1")] * 5 + [complaint("S", event="e2", number=9)]
    base: dict[str, Any] = {"communities": [community()], "service_types": [service("S")]}
    rows = [facility("S", 100.0, quality=80.0)]
    found = checkup(book(**base, facilities=rows, complaints=calls))
    assert (judgement(found)["complaints"], judgement(found)["judgement"]) == (2, "met")
    found = checkup(book(**base, facilities=rows, complaints=[*calls, complaint("S", number=2)]))
    assert (judgement(found)["complaints"], judgement(found)["judgement"]) == (4, "poor")
    assert judgement(found)["complaints_per_1000"] == 4.0


def test_a_few_complaints_in_a_large_community_are_within_the_limit() -> None:
    """Three complaints among 5,000 residents are 0.6 per 1,000 and pass."""
    found = checkup(
        book(
            communities=[community(population=5000)],
            service_types=[service("S")],
            facilities=[facility("S", 500.0, quality=80.0)],
            complaints=[complaint("S")] * 3,
        )
    )
    assert judgement(found)["judgement"] == "met"


def test_old_complaints_are_forgotten() -> None:
    """What was said more than a year ago, or is dated after the check-up, does not count."""
    told = [complaint("S", date=day) for day in (datetime.date(2025, 11, 1), datetime.date(2026, 11, 2))] * 4
    inside = [complaint("S", date=day) for day in (datetime.date(2025, 11, 2), datetime.date(2026, 11, 1))]
    found = checkup(
        book(
            communities=[community()],
            service_types=[service("S")],
            facilities=[facility("S", 100.0, quality=80.0)],
            complaints=[*told, *inside],
        )
    )
    assert judgement(found)["complaints"] == 2


def test_no_output_repeats_what_a_complainant_wrote() -> None:
    """Names and phones in a complaint never leave the book."""
    secret = "张三13800000000"
    found = checkup(
        book(
            communities=[community()],
            service_types=[service("S")],
            facilities=[facility("S", 100.0, quality=80.0)],
            complaints=[complaint("S", text=secret)] * 4,
        )
    )
    frames = [found.needs, found.judgements, found.changes, found.unknown, found.tickets, found.credits]
    assert need(found)["source"] == "诉求"
    assert not any("张三" in frame.write_csv() for frame in frames)


def test_urgency_adds_up_and_ends_at_ten() -> None:
    """3 by default, 1 for a lack altogether, 1 for grave and 1 for many complaints, 2 for the residents' first wish."""
    base: dict[str, Any] = {"communities": [community()], "facilities": [facility("S", 0.0)]}
    wish = [{"community": "A", "service_type": "S", "date": datetime.date(2026, 5, 1), "rank": 1}]
    grave = [complaint("S", severity=4)] * 3

    def urgency(default: int = 3, **tables: Any) -> int:
        types = [service("S", urgency_default=default)]
        return int(need(checkup(book(**base, **tables, service_types=types)))["urgency"])

    assert urgency() == 4
    assert urgency(complaints=[complaint("S")] * 3) == 5
    assert urgency(complaints=grave) == 6
    assert urgency(complaints=[*grave[:2], complaint("S", severity=1)]) == 5
    assert urgency(complaints=[*grave, complaint("S", severity=1, number=50)]) == 6
    assert urgency(consultations=wish) == 6
    assert urgency(consultations=[wish[0] | {"rank": 3}]) == 5
    assert urgency(consultations=[wish[0] | {"rank": 4}]) == 4
    assert urgency(complaints=grave, consultations=wish) == 8
    assert urgency(5, complaints=grave, consultations=wish) == 10


def test_the_latest_consultation_ranks() -> None:
    """Residents may change their mind; a later meeting without a rank does not take it away."""
    said = [
        {"community": "A", "service_type": "S", "date": datetime.date(2026, month, 1), "rank": rank}
        for month, rank in [(3, 1), (6, 5), (9, None)]
    ]
    found = checkup(
        book(
            communities=[community()],
            service_types=[service("S")],
            facilities=[facility("S", 0.0)],
            consultations=said,
        )
    )
    assert (need(found)["rank"], need(found)["source"]) == (5, "底数;协商")


@pytest.mark.parametrize("severity", [1, 3, 5])
@pytest.mark.parametrize("number", [1, 2, 3, 10])
def test_more_complaints_never_make_a_need_less_urgent(severity: int, number: int) -> None:
    """Nobody's call can lower the urgency of what others called about."""
    base: dict[str, Any] = {
        "communities": [community()],
        "service_types": [service("S")],
        "facilities": [facility("S", 50.0, quality=80.0)],
    }
    first = [complaint("S", severity=5, event=f"e{place}") for place in range(3)]
    before = need(checkup(book(**base, complaints=first)))["urgency"]
    more = [complaint("S", severity=severity, number=number), complaint("S", severity=severity, event="e0")]
    assert need(checkup(book(**base, complaints=[*first, *more])))["urgency"] >= before


def test_the_order_of_rows_does_not_matter() -> None:
    """The same data in another order give the same lists, row by row."""
    places = [community(name, lat=north(150.0 * place)) for place, name in enumerate("ABCDE")]
    types = [service("S", exists_radius_m=300.0), defect("D")]
    rows = [
        facility(kind, amount, where, quality=score)
        for where in "ABCDE"
        for kind, amount, score in [("S", 33.3333, 55.5), ("S", 7.0, None), ("D", 41.0, 61.1)]
    ]
    calls = [complaint("S", where, event=event) for where in "ABC" for event in ("e1", "e2", "e3", None)]
    tables: dict[str, Any] = {"communities": places, "service_types": types, "facilities": rows, "complaints": calls}
    straight = book(**tables)
    turned = Book(straight.settings, {name: frame.reverse() for name, frame in straight.tables.items()})
    one, two = checkup(straight), checkup(turned)
    for name in ("needs", "judgements", "changes", "unknown", "tickets"):
        assert getattr(one, name).equals(getattr(two, name)), name
