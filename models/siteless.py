"""Options that need no site, emergency handling and twins in dig-once campaigns among them; not yet by year."""

from __future__ import annotations

from typing import Final

import polars as pl

from .matching_ground import Ground
from .measures_frame import ceil_div
from .options import DIG, EMERGENCY
from .policies import first_fitting
from .site_rules import with_waivers

WHOLE: Final = 1_000_000  # 100 % in 1/10,000 percent
DRAFT: Final = (
    "need", "m", "operation", "package", "variant", "level", "lots", "units", "place", "area", "cost", "later",
    "first", "last", "capital", "capital_fund", "waiver", "change", "fast",
)  # fmt: skip
"""Columns of an option before its start years; `place` is the number of a module or campaign, or -1."""


def offered(ground: Ground) -> pl.DataFrame:
    """Pairs of a need and a measure of its type whose level exceeds what there is, emergency left out."""
    measures = ground.measures.filter(~pl.col("emergency")).select("service_type", "m", "measure_level")
    pairs = ground.needs.select("need", "service_type", "level").join(measures, on="service_type", how="inner")
    return pairs.filter(pl.col("measure_level") > pl.col("level")).select("need", "m")


def with_consent(pairs: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """The pairs whose measure has the residents' consent that it needs."""
    wants = ground.measures.select("m", "consent")
    votes = ground.needs.select("need", "consent_majority", "consent_two_thirds_three_quarters")
    joined = pairs.join(wants, on="m", how="left").join(votes, on="need", how="left")
    stands = (
        (pl.col("consent") == "none")
        | ((pl.col("consent") == "majority") & pl.col("consent_majority"))
        | ((pl.col("consent") == "two_thirds_three_quarters") & pl.col("consent_two_thirds_three_quarters"))
    )
    return joined.filter(stands).select("need", "m")


def with_lots(pairs: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """Each pair once for the whole shortage and, from four lots on, once for half of it; with `units`."""
    needs = ground.needs.select("need", pl.col("lots").alias("whole_lots"), "lot", "divisible")
    metrics = ground.measures.select("m", "metric", "own")
    pairs = pairs.join(needs, on="need", how="left").join(metrics, on="m", how="left")
    whole = pairs.with_columns(lots=pl.col("whole_lots"))
    half = pairs.filter(pl.col("divisible") & (pl.col("whole_lots") >= 4)).with_columns(
        lots=(pl.col("whole_lots") + 1) // 2
    )
    both = pl.concat([whole, half])
    units = pl.when("own").then("lots").otherwise(ceil_div(pl.col("lots") * pl.col("lot"), pl.col("metric")))
    return both.with_columns(units=units).drop("whole_lots", "lot", "divisible", "metric", "own")


def scaled(cost: pl.Expr, *percents: pl.Expr) -> pl.Expr:
    """Whole yuan times each percentage in turn, rounded up every time."""
    for percent in percents:
        cost = ceil_div(cost * percent, 100)
    return cost


def waived(cost: pl.Expr) -> pl.Expr:
    """Whole yuan less what a waiver takes off (`waived`, 1/10,000 percent), rounded up."""
    return ceil_div(cost * (WHOLE - pl.col("waived")), WHOLE)


def hundreds(cost: pl.Expr) -> pl.Expr:
    """Hundreds of yuan, rounded up."""
    return ceil_div(cost, 100)


def siteless_pairs(pairs: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """Of offered pairs those whose measure needs no site, with the packages that may pay: `need, m, package`."""
    free = pairs.join(ground.measures.filter("siteless").select("m", "measure"), on="m", how="inner")
    keyed = free.join(ground.needs.select("need", "city_code", "county_code", "built", "pilot"), on="need", how="left")
    keys = ["measure", "city_code", "county_code", "built", "pilot"]
    distinct = keyed.select(keys).unique(maintain_order=True)
    names = [
        ground.eligibility.packages(measure, city, county, built=built, pilot=pilot, module=False)
        for measure, city, county, built, pilot in distinct.iter_rows()
    ]
    numbers = {name: number for number, name in enumerate(ground.eligibility.found)}
    lists = pl.Series("package", [[numbers[name] for name in some] for some in names], dtype=pl.List(pl.Int64))
    packages = distinct.with_columns(lists).explode("package").filter(pl.col("package").is_not_null())
    return keyed.join(packages, on=keys, how="inner").select("need", "m", "package")


def siteless_drafts(pairs: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """Drafts of options for pairs with packages: each amount, with and without a waiver."""
    types = ground.needs.select("need", "service_type", "city_code", "county_code", "cost_percent")
    rows = with_lots(pairs, ground).join(types, on="need", how="left").join(
        ground.measures.select("m", "measure_level", "capex", "fixed", "net"), on="m", how="left"
    )  # fmt: skip
    combos = types.select("service_type", "city_code", "county_code").unique()
    combos = combos.with_columns(waiver=first_fitting(ground.book.table("policies"), ("fee_waiver",), site=False))
    rows = rows.join(combos, on=["service_type", "city_code", "county_code"], how="left")
    rows = with_waivers(rows.with_columns(variant=pl.lit(0, pl.Int64)), ground.book)
    return _finished(rows, ground, saving=pl.lit(0, pl.Int64), place=pl.lit(-1, pl.Int64))


def campaign_drafts(pairs: pl.DataFrame, campaigns: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """Twins of siteless options in the campaigns of their community.

    `campaigns` has `place` (its number), `community`, `rule`.
    """
    parts = []
    needs = ground.needs.select("need", "service_type", "city_code", "county_code", "cost_percent", "community")
    combos = needs.select("service_type", "city_code", "county_code").unique().with_columns(
        waiver=first_fitting(ground.book.table("policies"), ("fee_waiver",), site=False)
    )  # fmt: skip
    for dig in ground.settings.dig_once:
        here = campaigns.filter(pl.col("rule") == dig.rule).select("community", "place")
        rows = with_lots(pairs, ground).join(needs, on="need", how="left")
        rows = rows.filter(pl.col("service_type").is_in(dig.service_types)).join(here, on="community", how="inner")
        rows = rows.join(ground.measures.select("m", "measure_level", "capex", "fixed", "net"), on="m", how="left")
        rows = rows.join(combos, on=["service_type", "city_code", "county_code"], how="left")
        rows = with_waivers(rows.with_columns(variant=pl.lit(DIG, pl.Int64)), ground.book)
        parts.append(_finished(rows, ground, saving=pl.lit(dig.saving, pl.Int64), place=pl.col("place")))
    return pl.concat(parts) if parts else siteless_drafts(pairs.head(0), ground)


def emergency_drafts(ground: Ground) -> pl.DataFrame:
    """Emergency handling of mandatory needs: all lots, at the full cost, without consent."""
    measures = ground.measures.filter("emergency")
    pairs = ground.needs.filter("mandatory").join(measures.select("m", "service_type"), on="service_type", how="inner")
    told = siteless_pairs(
        pairs.join(measures.filter(~pl.col("own")).select("m"), on="m", how="semi").select("need", "m"), ground
    )
    own = pairs.join(measures.filter("own").select("m"), on="m", how="semi")
    names = [
        ground.eligibility.emergency_package(city, county, kind, programme)
        for city, county, kind, programme in own.select(
            "city_code", "county_code", "service_type", "programme"
        ).iter_rows()
    ]
    numbers = pl.Series("package", ground.package_numbers(names), dtype=pl.Int64)
    own = own.select("need", "m").with_columns(numbers).filter(pl.col("package") >= 0)
    rows = with_lots(pl.concat([told, own]), ground).join(
        ground.needs.select("need", "cost_percent", pl.col("lots").alias("all_lots")), on="need", how="left"
    )  # fmt: skip
    rows = rows.filter(pl.col("lots") == pl.col("all_lots")).join(
        ground.measures.select("m", "measure_level", "capex", "fixed", "net"), on="m", how="left"
    )
    rows = rows.with_columns(
        variant=pl.lit(EMERGENCY, pl.Int64), waived=pl.lit(0, pl.Int64), waiver=pl.lit(None, dtype=pl.String)
    )
    return _finished(rows, ground, saving=pl.lit(0, pl.Int64), place=pl.lit(-1, pl.Int64))


def _finished(rows: pl.DataFrame, ground: Ground, *, saving: pl.Expr, place: pl.Expr) -> pl.DataFrame:
    none = pl.lit(None, dtype=pl.String)
    full = pl.col("fixed") + pl.col("units") * pl.col("capex")
    years = ground.settings.plan_years
    return rows.with_columns(
        operation=pl.lit("own"),
        level=pl.col("measure_level"),
        place=place,
        area=pl.lit(0, pl.Int64),
        cost=hundreds(waived(scaled(full, pl.col("cost_percent"), 100 - saving))),
        later=pl.col("net") * pl.col("units"),
        first=pl.lit(years[0], pl.Int64),
        last=pl.lit(years[-1], pl.Int64),
        capital=pl.lit(0, pl.Int64),
        capital_fund=pl.lit(-1, pl.Int64),
        change=none,
        fast=none,
    ).select(DRAFT)
