"""What a plan brings about, under the names by which outputs are reported (产出指标)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import polars as pl

from .book import Book
from .catalogue import catalogue_of
from .components import OPTION
from .options import EMERGENCY, EXISTS
from .projects import Row
from .tables import packaged_rows

OUTPUTS_SCHEMA = {
    "county": pl.String, "programme": pl.String, "year": pl.Int64, "indicator": pl.String, "quantity": pl.Float64,
    "unit": pl.String,
}  # fmt: skip
OLD_UNTIL = 2000
"""Neighbourhoods completed by the end of this year count as old (城镇老旧小区)."""
OLD_NEIGHBOURHOODS = ("改造老旧小区", "个")
OLD_HOUSEHOLDS = ("改造老旧小区户数", "户")


def outputs(components: Sequence[Row], book: Book) -> pl.DataFrame:
    """Quantities by county, programme, start year and official name.

    What is built counts in the unit of the service type: units x what a unit yields. Emergency handling and needs
    met by an existing room count nothing. Old neighbourhoods count once, in the year of their first works.
    """
    named = {row["service_type"]: (row["indicator"], row["unit"]) for row in packaged_rows("output_names")}
    catalogue = catalogue_of(book)
    types = {
        row["id"]: (row["metric_zh"] or row["name_zh"], row["metric_unit"])
        for row in catalogue.service_types.iter_rows(named=True)
    }
    yields = {
        row["id"]: Fraction(str(row["metric_per_unit"]))
        for row in catalogue.measures.iter_rows(named=True)
        if row["metric_per_unit"] is not None
    }
    total: dict[tuple[str, str, int, str, str], Fraction] = {}
    first: dict[str, Row] = {}
    for row in components:
        if row["part"] != OPTION or row["variant"] & EMERGENCY:
            continue
        if row["neighbourhood"]:
            held = first.get(row["neighbourhood"])
            if held is None or row["start_year"] < held["start_year"]:
                first[row["neighbourhood"]] = row
        if row["variant"] & EXISTS or not row["units"]:
            continue
        indicator, unit = named.get(row["service_type"]) or types[row["service_type"]]
        key = (row["county_code"], row["programme"], row["start_year"], indicator, unit)
        total[key] = total.get(key, Fraction()) + row["units"] * yields.get(row["measure"], Fraction(1))
    for row in book.table("neighbourhoods").iter_rows(named=True):
        start = first.get(row["id"])
        if start is not None and row["built_year"] is not None and row["built_year"] <= OLD_UNTIL:
            for (indicator, unit), number in ((OLD_NEIGHBOURHOODS, 1), (OLD_HOUSEHOLDS, row["households"] or 0)):
                key = (start["county_code"], "", start["start_year"], indicator, unit)
                total[key] = total.get(key, Fraction()) + number
    rows = [(*key[:4], float(amount), key[4]) for key, amount in sorted(total.items()) if amount]
    return pl.DataFrame(rows, schema=OUTPUTS_SCHEMA, orient="row")
