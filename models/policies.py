"""Which policy supports what: the first that fits, by kind."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def first_fitting(policies: pl.DataFrame, kinds: Sequence[str], *, site: bool = True) -> pl.Expr:
    """The id of the first policy (by id) of some kinds that fits a row, or null.

    Rows have `city_code`, `county_code`, `service_type` and, where `site` holds, `use`; without a site only
    policies fit that name no use.
    """
    fitting = pl.lit(None, dtype=pl.String)
    for row in _rows(policies, kinds).sort("id", descending=True).iter_rows(named=True):
        fitting = pl.when(_fits(row, site)).then(pl.lit(row["id"])).otherwise(fitting)
    return fitting


def all_fitting(policies: pl.DataFrame, kinds: Sequence[str]) -> pl.Expr:
    """The ids of all policies of some kinds that fit a row with a site, as a list."""
    ids = [
        pl.when(_fits(row, True)).then(pl.lit(row["id"])).otherwise(pl.lit(None, dtype=pl.String))
        for row in _rows(policies, kinds).sort("id").iter_rows(named=True)
    ]
    if not ids:
        return pl.lit(None, dtype=pl.List(pl.String))
    return pl.concat_list(ids).list.drop_nulls()


def places_fit(cell: str | None) -> pl.Expr:
    """Whether a row's place is in a cell of city, county or province codes; an empty cell means everywhere."""
    if not cell:
        return pl.lit(True)
    codes = cell.split(";")
    county, city = pl.col("county_code"), pl.col("city_code")
    return county.is_in(codes) | city.is_in(codes) | city.str.slice(0, 2).is_in(codes)


def _rows(policies: pl.DataFrame, kinds: Sequence[str]) -> pl.DataFrame:
    return policies.filter(pl.col("kind").is_in(list(kinds)))


def _fits(row: dict[str, str | None], site: bool) -> pl.Expr:
    types, uses = row["service_types"], row["site_uses"]
    fits = places_fit(row["places"])
    if types:
        fits = fits & pl.col("service_type").is_in(types.split(";"))
    if uses:
        fits = fits & (pl.col("use").is_in(uses.split(";")) if site else pl.lit(False))
    return fits
