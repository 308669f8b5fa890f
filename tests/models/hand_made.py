"""Small books and options written down by hand, so that a test can be worked out on paper."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import polars as pl
from qingdan.models.book import Book
from qingdan.models.options import (
    DRAWS_SCHEMA,
    FACILITIES_SCHEMA,
    NEEDS_SCHEMA,
    OPENINGS_SCHEMA,
    OPTIONS_SCHEMA,
    PACKAGES_SCHEMA,
    REFUSALS_SCHEMA,
    SHARES_SCHEMA,
    SPENDING_SCHEMA,
    USES_SCHEMA,
    Options,
)
from qingdan.models.settings import BookSettings

Row = dict[str, Any]

NEED: Row = {
    "id": "N1", "community": "360102001001", "neighbourhood": None, "street_code": "360102001", "county_code": "360102",
    "city_code": "3601", "service_type": "F17", "programme": "facilities", "national": "完整社区", "department": "体育",
    "group_served": "all", "safety": False, "mandatory": False, "level": 0, "lots": 1, "people": 100, "urgency": 3,
    "rank": None,
}  # fmt: skip
FACILITY: Row = {
    "kind": "site", "parent": -1, "site": "S1", "community": "360102001001", "county_code": "360102", "city_code": "3601",
    "street_code": "360102001", "service_type": None, "programme": "facilities", "department": "住房城乡建设",
    "measure": None, "operation": None, "package": 0, "variant": 0, "capacity": 1000, "minimum": 0, "exclusion": -1,
    "complex": False, "rule": -1,
}  # fmt: skip
OPENING: Row = {
    "facility": 0, "year": 2027, "cost": 0, "later": 0, "later_from": 2027, "later_to": 2031, "lag": 0, "class_lag": 0,
}  # fmt: skip
OPTION: Row = {
    "need": 0, "measure": "F17a", "department": "体育", "operation": "own", "package": 0, "variant": 0, "level": 2, "lots": 1,
    "units": 1, "year": 2027, "facility": -1, "choice": -1, "area": 0, "cost": 100, "later": 0, "later_from": 2028,
    "later_to": 2031, "lag": 0, "class_lag": 0, "benefit": 10, "safety": 0,
}  # fmt: skip
COMMUNITY: Row = {
    "id": "360102001001", "name": "甲社区", "city_code": "3601", "city": "南昌市", "county_code": "360102",
    "county": "东湖区", "street_code": "360102001", "street": "某街道", "lon": 115.9, "lat": 28.7, "population": 1000,
    "households": 400,
}  # fmt: skip
FUND: Row = {
    "id": "C", "fund_type": "COUNTY", "name": "县区资金", "level": "county", "payer": "P", "account": "general",
    "carry_over": "tied",
}  # fmt: skip
PAYER: Row = {"id": "P", "name": "东湖区财政", "level": "county", "place": "360102"}


def make_book(*, years: Sequence[int] = (2027, 2028), horizon: int = 3, **tables: Sequence[Row]) -> Book:
    """A book with these tables; rows need only say what differs from the rows above."""
    standard = {"communities": COMMUNITY, "funds": FUND, "payers": PAYER}
    rows: dict[str, Sequence[Row]] = {
        "communities": [{}],
        "payers": [{}],
        "funds": [{"budget_2027": 10_000_000, "budget_2028": 10_000_000}],
    }
    settings = BookSettings(
        title="模拟", plan_years=tuple(years), horizon_years=horizon, as_of=datetime.date(2026, 12, 31),
        data_kind="synthetic",
    )  # fmt: skip
    given: dict[str, Sequence[Row]] = {**rows, **tables}
    frames = {
        name: pl.DataFrame([{**standard.get(name, {}), **row} for row in told], infer_schema_length=None)
        for name, told in given.items()
        if told
    }
    return Book(settings, frames)


def make_options(
    *,
    needs: Sequence[Row] = ({},),
    options: Sequence[Row] = (),
    facilities: Sequence[Row] = (),
    openings: Sequence[Row] = (),
    packages: Sequence[tuple[str, int]] = (("C:100", 0),),
    shares: Sequence[tuple[int, str, int, bool]] = ((0, "C", 100, True),),
    spending: Sequence[tuple[bool, int, int, int]] | None = None,
    draws: Sequence[tuple[bool, int, str, int, int, int]] = (),
    uses: Sequence[tuple[bool, int, str, int, int]] = (),
) -> Options:
    """Options as matching would hand them over; without `spending` every cost falls due in the start year."""

    def frame(rows: Sequence[Row], standard: Row, schema: Any) -> pl.DataFrame:
        return pl.DataFrame([{**standard, **row} for row in rows], schema=schema)

    chosen, opened = frame(options, OPTION, OPTIONS_SCHEMA), frame(openings, OPENING, OPENINGS_SCHEMA)
    if spending is None:
        spending = [
            (opening, owner, year, cost)
            for opening, told in ((False, chosen), (True, opened))
            for owner, (year, cost) in enumerate(told.select("year", "cost").iter_rows())
            if cost
        ]
    numbered = [{"id": f"N{number}", **row} for number, row in enumerate(needs, start=1)]
    return Options(
        needs=frame(numbered, NEED, NEEDS_SCHEMA),
        facilities=frame(facilities, FACILITY, FACILITIES_SCHEMA),
        openings=opened,
        options=chosen,
        packages=pl.DataFrame(packages, schema=PACKAGES_SCHEMA, orient="row"),
        shares=pl.DataFrame(shares, schema=SHARES_SCHEMA, orient="row"),
        spending=pl.DataFrame(spending, schema=SPENDING_SCHEMA, orient="row"),
        draws=pl.DataFrame(draws, schema=DRAWS_SCHEMA, orient="row"),
        uses=pl.DataFrame(uses, schema=USES_SCHEMA, orient="row"),
        refusals=pl.DataFrame(schema=REFUSALS_SCHEMA),
        found=len(options),
        held=(),
    )
