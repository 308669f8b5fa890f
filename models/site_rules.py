"""Which measure may go into which site, from which year, and under which variant."""

from __future__ import annotations

import datetime
from typing import Final

import polars as pl

from .book import Book
from .catalogue import Catalogue
from .matching_settings import MatchingSettings
from .measures_frame import ceil_div, ten_thousandths
from .options import CHANGE, FAST, WAIVER
from .policies import first_fitting

COMPLEX_AREA: Final = 6_000  # smallest embedded complex, 0.1 m2
ROOF: Final = "屋顶"
CHECKS: Final = ("kind", "use", "floor", "safe", "area", "confirmed", "years")
"""Conditions of a site in the order in which a refusal names them."""


def sites_frame(book: Book) -> pl.DataFrame:
    """The sites by id: place, what is free of the area (0.1 m2), first and last usable year."""
    taken = (
        book.table("projects")
        .filter((pl.col("store") == "building") & pl.col("site").is_not_null())
        .select("site", ceil_div(ten_thousandths("area"), 1000).alias("taken"))
        .group_by("site")
        .agg(pl.col("taken").sum())
    )
    places = book.table("communities").select(pl.col("id").alias("community"), "street_code")
    sites = book.table("sites").rename({"id": "site"})
    return (
        sites.join(taken, on="site", how="left")
        .join(places, on="community", how="left")
        .with_columns(
            whole=ten_thousandths("area") // 1000,
            free=pl.max_horizontal(0, ten_thousandths("area") // 1000 - pl.col("taken").fill_null(0)),
            floor=pl.col("floor").fill_null(1),
            city_code=pl.col("county_code").str.slice(0, 4),
            confirmed=pl.col("confirmed_by").is_not_null() & pl.col("confirmed_on").is_not_null(),
            complex=pl.col("complex").fill_null(False),
            change_list=pl.col("change_to").str.split(";"),
            conversion=pl.col("conversion_cost").fill_null(0),
            yearly_rent=pl.col("rent").fill_null(0),
        )
        .sort("site")
    )


def site_fits(
    sites: pl.DataFrame, measures: pl.DataFrame, catalogue: Catalogue, book: Book, settings: MatchingSettings
) -> pl.DataFrame:
    """Pairs of a site and a measure that could be listed together, with each condition as a column.

    Only pairs whose use the catalogue knows for the type at all (`yes` or by change) are listed. `fits` is
    whether all conditions of `CHECKS` hold; `first`, `last` are the start years without a change of use,
    `change` the policy that a change would be taken under.
    """
    uses = catalogue.uses.filter(pl.col("allowed") != "no").select(
        pl.col("site_use").alias("use"), "service_type", "allowed"
    )
    wanted = measures.filter(~pl.col("siteless")).select(
        "measure", "service_type", "minimum", "site_kind", "floor_rule", "max_floor", pl.col("flue").alias("wants_flue")
    )
    pairs = sites.join(uses, on="use", how="inner").join(wanted, on="service_type", how="inner")
    kind, want = pl.col("kind"), pl.col("site_kind")
    kind_fits = (
        pl.when(want == "land").then(kind == "land")
        .when(want == "building").then((kind == "building") | ((kind == "room") & pl.col("own_entrance").fill_null(False)))
        .otherwise(kind != "land")
    )  # fmt: skip
    permitted = (pl.col("allowed") == "yes") | pl.col("change_list").list.contains(pl.col("service_type")).fill_null(
        False
    )
    policies = book.table("policies")
    combos = pairs.select("city_code", "county_code", "service_type", "use").unique()
    combos = combos.with_columns(
        change=first_fitting(policies, ("change_of_use", "permit_case")),
        fast=first_fitting(policies, ("fast_track",)),
        waiver=first_fitting(policies, ("fee_waiver",)),
    )
    first_plan, last_plan = settings.plan_years[0], settings.plan_years[-1]
    pairs = pairs.join(combos, on=["city_code", "county_code", "service_type", "use"], how="left").with_columns(
        first=pl.max_horizontal(pl.lit(first_plan, pl.Int64), pl.col("free_from")),
        last=pl.min_horizontal(pl.lit(last_plan, pl.Int64), pl.col("free_until") - (settings.least_tenure_years - 1)),
        permitted=permitted,
    )
    months = policies.filter(pl.col("kind") == "fast_track").select(
        pl.col("id").alias("fast"), pl.col("effect").fill_null(0).floor().cast(pl.Int64).alias("saved")
    )
    change_months = pl.col("change_months").fill_null(0)
    pairs = pairs.join(months, on="fast", how="left").with_columns(
        change_first=pl.max_horizontal("first", _year_after(settings.as_of, change_months)),
        fast_first=pl.max_horizontal(
            "first", _year_after(settings.as_of, pl.max_horizontal(0, change_months - pl.col("saved").fill_null(0)))
        ),
    )
    begins = pl.when(permitted).then("first").otherwise(pl.min_horizontal("change_first", "fast_first"))
    checks = {
        "kind": kind_fits,
        "use": permitted | pl.col("change").is_not_null(),
        "floor": _floor_fits() & (~pl.col("wants_flue") | pl.col("flue").fill_null(False)),
        "safe": pl.col("structure_ok").fill_null(True) & pl.col("fire_ok").fill_null(True),
        "area": (pl.col("free") >= pl.col("minimum")) & (~pl.col("complex") | (pl.col("whole") >= COMPLEX_AREA)),
        "confirmed": pl.col("confirmed") | settings.unconfirmed_sites,
        "years": begins <= pl.col("last"),
    }
    pairs = pairs.with_columns(**{f"ok_{name}": check for name, check in checks.items()})
    return pairs.with_columns(fits=pl.all_horizontal([f"ok_{name}" for name in CHECKS]))


def _floor_fits() -> pl.Expr:
    rule, floor = pl.col("floor_rule"), pl.col("floor")
    low_enough = (floor <= pl.col("max_floor")).fill_null(True)
    on_roof = pl.col("use") == ROOF
    return (
        pl.when(rule.is_in(["ground", "ground_or_canopy"])).then(floor == 1)
        .when(rule == "ground_low").then((floor >= 1) & low_enough)
        .when(rule == "ground_or_lift").then((floor == 1) | ((floor >= 2) & low_enough & pl.col("lift").fill_null(False)))
        .when(rule == "any_floor").then(low_enough)
        .when(rule == "roof").then(on_roof)
        .when(rule.is_not_null()).then(~on_roof)
        .otherwise(True)
    )  # fmt: skip


def _year_after(day: datetime.date, months: pl.Expr) -> pl.Expr:
    return (day.year * 12 + day.month - 1 + months) // 12


def site_variants(fits: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Each fitting pair with each variant that it may take: flags, start years, and the policies that it uses."""
    fitting = fits.filter("fits").select(
        "site", "measure", "first", "last", "permitted", "change", "fast", "waiver", "change_first", "fast_first"
    )
    none = pl.lit(None, dtype=pl.String)
    plain = fitting.filter("permitted").with_columns(variant=pl.lit(0, pl.Int64), change=none, fast=none)
    changed = fitting.filter(~pl.col("permitted") & (pl.col("change_first") <= pl.col("last"))).with_columns(
        variant=pl.lit(CHANGE, pl.Int64), first=pl.col("change_first"), fast=none
    )
    faster = fitting.filter(
        ~pl.col("permitted")
        & (pl.col("fast_first") < pl.col("change_first"))
        & (pl.col("fast_first") <= pl.col("last"))
    ).with_columns(
        variant=pl.lit(CHANGE | FAST, pl.Int64),
        first=pl.col("fast_first"),
        last=pl.min_horizontal("last", pl.col("change_first") - 1),
    )
    states = pl.concat([plain, changed, faster])
    return with_waivers(states, book).select(
        "site", "measure", "variant", "first", "last", "change", "fast", "waiver", "waived"
    )


def with_waivers(rows: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Each row without a waiver, and once more with it where `waiver` names a policy; `waived` is in 1/10,000 percent."""
    effects = book.table("policies").filter(pl.col("kind") == "fee_waiver").select(
        pl.col("id").alias("waiver"), ten_thousandths("effect").alias("waived")
    )  # fmt: skip
    without = rows.with_columns(waiver=pl.lit(None, dtype=pl.String), waived=pl.lit(0, pl.Int64))
    having = rows.filter(pl.col("waiver").is_not_null()).join(effects, on="waiver", how="left")
    having = having.with_columns(variant=pl.col("variant") | WAIVER)
    return pl.concat([without, having.select(without.columns)])
