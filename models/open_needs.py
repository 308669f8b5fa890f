"""Needs that are open, with all that matching asks of them: place, type, factors, consent, bars."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

import polars as pl

from .book import Book
from .catalogue import Catalogue
from .matching_settings import MatchingSettings
from .measures_frame import first_name, ten_thousandths
from .settings import PROGRAMMES

JUDGED: Final = ("none", "short", "poor")
OPEN: Final = ("to_match", "idea", "reserve", "kept", "to_special", "rebound")


def held_needs(book: Book, needs: pl.DataFrame) -> tuple[str, ...]:
    """Needs that a signed project answers; they are kept, not chosen again."""
    signed = book.table("projects").filter(pl.col("store") == "building")
    named = {need for cell in signed["needs"].drop_nulls().to_list() for need in cell.split(";")}
    return tuple(sorted(named & set(needs["id"].to_list())))


def pilots(book: Book) -> set[str]:
    """Communities that are pilots: listed as such, or with a category."""
    listed = book.table("listings").filter(pl.col("programme") == "good_pilot")["community"]
    marked = book.table("communities").filter(pl.col("pilot_category").is_not_null())["id"]
    return {*listed.to_list(), *marked.to_list()}


def open_needs(
    book: Book, catalogue: Catalogue, needs: pl.DataFrame, settings: MatchingSettings, thresholds: Sequence[int]
) -> pl.DataFrame:
    """Open needs by id with row number `need`.

    `thresholds` are the sorted latest years of completion that funds accept; `built` is the number of them
    below the neighbourhood's year, so that a fund is open to `built` <= its place among them (no year: none).
    `lot` is the quantity of one lot in 1/10,000; `consent_<kind>` says whether consent of that kind stands.
    """
    held = held_needs(book, needs)
    kept = needs.filter(
        (pl.col("need_class") == "special")
        & pl.col("judgement").is_in(JUDGED)
        & pl.col("status").is_in(OPEN)
        & ~pl.col("id").is_in(held)
    ).select(
        "id", "community", "neighbourhood", "service_type", "group_served", "level", "people", "urgency", "rank", "quantity",
        pl.col("lots").alias("told_lots"),
        pl.col("mandatory").fill_null(False),
    )  # fmt: skip
    types = catalogue.service_types.select(
        pl.col("id").alias("service_type"),
        "programme",
        pl.col("programmes_counted").alias("national"),
        first_name("department_zh").alias("department"),
        "safety",
        "divisible",
        ten_thousandths("lot_size").alias("lot_size"),
    )
    places = book.table("communities").select(
        pl.col("id").alias("community"), "street_code", "county_code", "city_code", "lon", "lat"
    )
    homes = book.table("neighbourhoods").select(
        pl.col("id").alias("neighbourhood"), "built_year", "renewed_year", pl.col("renewed_types").str.split(";")
    )
    quantity = ten_thousandths("quantity")
    frame = (
        kept.join(types, on="service_type", how="inner")
        .join(places, on="community", how="inner")
        .join(homes, on="neighbourhood", how="left")
        .with_columns(
            lots=pl.when("divisible").then("told_lots").otherwise(1),
            lot=pl.when("divisible").then("lot_size").otherwise(pl.max_horizontal(quantity, "lot_size")),
            pilot=pl.col("community").is_in(list(pilots(book))) | settings.selects_pilots,
            built=_built(thresholds),
        )
    )
    frame = with_factors(frame, settings)
    barred = (
        (pl.col("renewed_year") + pl.col("repeat_years") > settings.plan_years[0])
        & pl.col("renewed_types").list.contains(pl.col("service_type"))
        & ~pl.col("mandatory")
    )
    frame = frame.with_columns(barred=barred.fill_null(False))
    return (
        _with_consent(frame, book, settings)
        .sort("id")
        .with_row_index("need")
        .with_columns(pl.col("need").cast(pl.Int64))
    )


def _built(thresholds: Sequence[int]) -> pl.Expr:
    # no year known: too young for every limit
    return (
        pl.col("built_year")
        .map_elements(lambda year: bisect_left(thresholds, year), return_dtype=pl.Int64)
        .fill_null(len(thresholds))
    )


def with_factors(frame: pl.DataFrame, settings: MatchingSettings) -> pl.DataFrame:
    """The factors that hold in each row's place, as columns."""
    keys = frame.select("city_code", "county_code", "street_code").unique()
    rows = []
    for city, county, street in keys.iter_rows():
        at = settings.factors_at(city, county, street)
        weights = [at.programme_weight[name] for name in PROGRAMMES]
        rows.append(
            (city, county, street, at.cost_percent, at.discount_percent, at.repeat_years, *at.level_worth, *weights)
        )
    names = ["city_code", "county_code", "street_code", "cost_percent", "discount", "repeat_years"]
    names += [f"worth_{level}" for level in range(4)] + [f"weight_{name}" for name in PROGRAMMES]
    schema = {name: pl.String if name.endswith("_code") else pl.Int64 for name in names}
    found = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.join(found, on=["city_code", "county_code", "street_code"], how="left", nulls_equal=True)


def _with_consent(frame: pl.DataFrame, book: Book, settings: MatchingSettings) -> pl.DataFrame:
    if settings.assume_consent:
        return frame.with_columns(consent_majority=pl.lit(True), consent_two_thirds_three_quarters=pl.lit(True))
    on = ["community", "neighbourhood", "service_type"]

    def hundredths(column: str) -> pl.Expr:
        return (pl.col(column) * 100).round().cast(pl.Int64)

    latest = (
        book.table("consultations")
        .filter(pl.col("taking_part_households").is_not_null())
        .sort("date", "id")
        .unique(subset=on, keep="last", maintain_order=True)
    )
    part, agree = hundredths("taking_part_households"), hundredths("agreeing_households")
    part_area = hundredths("taking_part_area").fill_null(part)
    agree_area = hundredths("agreeing_area").fill_null(agree)
    asked = (3 * part >= 20_000) & (3 * part_area >= 20_000) & (pl.col("objections").fill_null(0) == 0)
    votes = latest.select(
        *on,
        consent_majority=(asked & (agree > 5_000) & (agree_area > 5_000)).fill_null(False),
        consent_two_thirds_three_quarters=(asked & (agree >= 7_500) & (agree_area >= 7_500)).fill_null(False),
    )
    joined = frame.join(votes, on=on, how="left", nulls_equal=True)
    return joined.with_columns(pl.col("consent_majority", "consent_two_thirds_three_quarters").fill_null(False))
