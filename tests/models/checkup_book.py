"""Small books for the tests of the check-up, with figures that can be worked out by hand."""

import datetime
from typing import Any

import polars as pl
from qingdan.models.book import Book
from qingdan.models.catalogue import packaged_catalogue
from qingdan.models.checkup import CheckUp, checkup
from qingdan.models.settings import BookSettings

TODAY = datetime.date(2026, 11, 1)
METRE_NORTH = 1 / 110_540

Row = dict[str, Any]


def community(name: str = "A", **told: Any) -> Row:
    """A community of 1,000 residents in 400 households, in an existing area."""
    row: Row = {
        "id": name,
        "name": name,
        "city_code": "3601",
        "city": "南昌市",
        "county_code": "360102",
        "county": "东湖区",
        "lon": 115.9,
        "lat": 28.68,
        "population": 1000,
        "households": 400,
        "buildings": 20,
        "elders_60p": 200,
        "elders_65p": 150,
        "children_0_3": 30,
        "children_3_6": 30,
        "children": 150,
        "disabled": 20,
        "cars": 100,
    }
    return row | told


def north(metres: float) -> float:
    """The latitude so many metres north of the first community."""
    return 28.68 + metres * METRE_NORTH


def service(name: str, like: str = "F09", **told: Any) -> Row:
    """A service type of the packaged catalogue under another id, with other figures.

    Without changes: a supply counted in m², no radius, 100 per 1,000 residents, exists from 20, score 60,
    at most 2 complaints per 1,000, lots of 10 for all residents, urgency 3.
    """
    row = packaged_catalogue().service_types.filter(pl.col("id") == like).to_dicts()[0]
    plain: Row = {
        "id": name,
        "metric_unit": "m2",
        "metric_kind": "supply",
        "denominator": "residents",
        "denominator_new": None,
        "threshold_exists": 20.0,
        "exists_basis": "absolute",
        "exists_radius_m": None,
        "threshold_enough_per_1000": 100.0,
        "enough_per_1000_new": None,
        "enough_per_1000_existing": None,
        "enough_min_absolute": None,
        "enough_city_override": None,
        "threshold_good_quality_score": 60.0,
        "good_complaints_per_1000_max": 2.0,
        "divisible": True,
        "lot_size": 10.0,
        "group_served": "all",
        "urgency_default": 3,
    }
    return row | plain | told


def defect(name: str, **told: Any) -> Row:
    """A type that counts households with something wrong; up to 200 per 1,000 households it still exists."""
    plain: Row = {
        "metric_kind": "defect",
        "metric_unit": "households",
        "denominator": "households",
        "threshold_exists": 200.0,
        "exists_basis": "per_1000",
        "threshold_enough_per_1000": 0.0,
    }
    return service(name, **(plain | told))


def general(name: str, **told: Any) -> Row:
    """A general type: cases not dealt with, to be put right in 7 days."""
    plain: Row = {
        "need_class": "general",
        "metric_kind": "defect",
        "metric_unit": "count",
        "threshold_exists": 0.0,
        "threshold_enough_per_1000": 0.0,
        "lot_size": 1.0,
        "department_zh": "城管",
        "general_deadline_days": 7,
    }
    return service(name, **(plain | told))


def book(**tables: list[Row]) -> Book:
    """A book of these rows; ids are given where a row has none."""
    settings = BookSettings(title="体检", plan_years=(2027,), as_of=TODAY, data_kind="synthetic")
    filled = {
        name: [{"id": f"{name}-{place}"} | row for place, row in enumerate(rows)] for name, rows in tables.items()
    }
    return Book(settings, {name: pl.DataFrame(rows, infer_schema_length=None) for name, rows in filled.items() if rows})


def facility(service_type: str, quantity: float | None, where: str = "A", **told: Any) -> Row:
    """A row of the baseline."""
    return {"community": where, "service_type": service_type, "quantity": quantity} | told


def complaint(service_type: str, where: str = "A", **told: Any) -> Row:
    """A complaint of the last month."""
    return {"community": where, "service_type": service_type, "date": datetime.date(2026, 10, 10)} | told


def judgement(found: CheckUp, service_type: str = "S", where: str = "A", neighbourhood: str | None = None) -> Row:
    """The row of one cell."""
    rows = found.judgements.filter(
        pl.col("service_type") == service_type,
        pl.col("community") == where,
        pl.col("neighbourhood").eq_missing(pl.lit(neighbourhood)),
    )
    assert rows.height == 1, rows
    return rows.to_dicts()[0]


def need(found: CheckUp, name: str = "N-A-S") -> Row:
    """The need of that id."""
    rows = found.needs.filter(pl.col("id") == name)
    assert rows.height == 1, found.needs["id"].to_list()
    return rows.to_dicts()[0]


def again(earlier: Book, found: CheckUp, **changed: Any) -> Book:
    """The book with the needs found, a later date if given, and other tables."""
    as_of = changed.pop("as_of", earlier.settings.as_of)
    settings = earlier.settings.model_copy(update={"as_of": as_of})
    next_book = Book(settings, {**earlier.tables, "needs": found.needs})
    for name, rows in changed.items():
        filled = [{"id": f"{name}-{place}"} | row for place, row in enumerate(rows)]
        next_book = next_book.with_table(name, pl.DataFrame(filled, infer_schema_length=None))
    return next_book


def whats(found: CheckUp, name: str = "N-A-S") -> list[str]:
    """What the changes say of a need."""
    return found.changes.filter(pl.col("need") == name)["what"].to_list()


__all__ = [
    "TODAY",
    "again",
    "book",
    "checkup",
    "community",
    "complaint",
    "defect",
    "facility",
    "general",
    "judgement",
    "need",
    "north",
    "service",
    "whats",
]
