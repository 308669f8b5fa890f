"""Modules at sites, and the options that they offer to needs in reach; not yet by year."""

from __future__ import annotations

import polars as pl

from .distance import pairs_in_reach
from .matching_ground import Ground
from .measures_frame import ceil_div
from .open_needs import with_factors
from .options import EXISTS
from .policies import all_fitting, places_fit
from .siteless import DRAFT, hundreds, scaled, waived, with_lots


def reachable(pairs: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """Offered pairs whose measure needs a site, with every site in reach: `need, m, site`."""
    wanted = pairs.join(ground.measures.filter(~pl.col("siteless")).select("m", "radius"), on="m", how="inner")
    wanted = wanted.join(ground.needs.select("need", "community", "county_code", "lon", "lat"), on="need", how="left")
    communities = wanted.select("community", "county_code", "lon", "lat").unique(
        subset="community", maintain_order=True
    )
    radius = ground.measures["radius"].max()
    near = pairs_in_reach(
        communities,
        ground.sites.select("site", "county_code", "lon", "lat", pl.col("community").alias("home")),
        float(radius) if isinstance(radius, int | float) else 0.0,
        ground.settings.walking_factor,
    )
    joined = wanted.select("need", "m", "radius", "community").join(near, on="community", how="inner")
    return joined.filter(pl.col("inside") | (pl.col("metres") <= pl.col("radius"))).select("need", "m", "site")


def modules_at(variants: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """Every module: site and measure in a variant, run by somebody, paid by a package.

    `variants` comes from `site_variants` and has the measure's number `m`. Columns: number `place`, what
    the opening costs (`opening_cost`, `opening_later` with its years of life), quotas, operator, package.
    """
    site = ground.sites.select("site", "community", "street_code", "county_code", "city_code", "use")
    site = with_factors(site, ground.settings).select(*site.columns, "cost_percent").with_columns(
        pilot=pl.col("community").is_in(list(ground.pilots)).fill_null(False) | ground.settings.selects_pilots
    )  # fmt: skip
    measures = ground.measures.select(
        "m", "service_type", "measure_level", "capex", "fixed", "net", "units_min", "lag", "life"
    )
    rows = variants.join(site, on="site", how="left").join(measures, on="m", how="left")
    rows = _with_operations(rows, ground)
    rows = _with_packages(rows, ground)
    exists_only = pl.col("measure_level") == 1
    share = pl.when(exists_only).then(100).otherwise(ground.settings.fit_out_share)
    cost = pl.col("fixed") + ceil_div(share * pl.col("units_min") * pl.col("capex"), 100)
    own = pl.col("operation") == "own"
    rows = rows.with_columns(
        opening_cost=hundreds(waived(scaled(cost, pl.col("cost_percent")))),
        opening_later=pl.when(~own).then("operator_costs")
        .when(exists_only).then(pl.col("units_min") * pl.col("net")).otherwise(0),
        opening_life=pl.when(own).then("life").otherwise(None),
    )  # fmt: skip
    combos = rows.select("city_code", "county_code", "service_type", "use").unique()
    combos = combos.with_columns(quotas=all_fitting(ground.book.table("policies"), ("quota",)))
    rows = rows.join(combos, on=["city_code", "county_code", "service_type", "use"], how="left")
    return rows.sort("site", "m", "operation", "package", "variant").with_row_index("place").with_columns(
        pl.col("place").cast(pl.Int64)
    )  # fmt: skip


def _with_operations(rows: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    own = rows.with_columns(operation=pl.lit("own"), capital=pl.lit(0, pl.Int64), operator_costs=pl.lit(0, pl.Int64))
    parts = [own]
    for row in ground.book.table("operators").sort("id").iter_rows(named=True):
        fits = pl.col("service_type").is_in((row["service_types"] or "").split(";")) & places_fit(row["places"])
        bears = max(0, (row["subsidy"] or 0) - (row["rent_paid"] or 0))
        parts.append(
            rows.filter(fits).with_columns(
                operation=pl.lit(row["id"]),
                capital=pl.lit(int((row["capital_share"] or 0) // 1), pl.Int64),
                operator_costs=pl.lit(bears, pl.Int64),
            )
        )
    return pl.concat(parts)


def _with_packages(rows: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    keys = ["measure", "city_code", "county_code", "pilot"]
    distinct = rows.select(keys).unique(maintain_order=True)
    names, funds = [], []
    for measure, city, county, pilot in distinct.iter_rows():
        names.append(ground.eligibility.packages(measure, city, county, built=0, pilot=pilot, module=True))
        funds.append(ground.eligibility.capital_fund(measure, city, county, pilot=pilot))
    numbers = {name: number for number, name in enumerate(ground.eligibility.found)}
    packages = distinct.with_columns(
        pl.Series("package", [[numbers[name] for name in some] for some in names], dtype=pl.List(pl.Int64)),
        pl.Series("capital_fund", funds, dtype=pl.Int64),
    )
    joined = rows.join(packages.explode("package"), on=keys, how="inner").filter(pl.col("package").is_not_null())
    return joined.filter((pl.col("capital") == 0) | (pl.col("capital_fund") >= 0))


def site_kinds(fitting: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """What a fitting site can do for a need: `need, m, site` with amounts, area, level and flag.

    In full where the measure's level is enough or good; *exists* for needs that have nothing yet.
    """
    sites = ground.sites.select("site", "free")
    measures = ground.measures.select("m", "measure_level", "area_each", "max_units", "capacity")
    needs = ground.needs.select("need", "level", pl.col("lots").alias("all_lots"))
    pairs = fitting.select("need", "m", "site").join(measures, on="m", how="left")
    area = ceil_div(pl.col("units") * pl.col("area_each"), 1000)
    full = (
        with_lots(pairs.filter(pl.col("measure_level") >= 2), ground)
        .join(sites, on="site", how="left")
        .with_columns(area=area, level=pl.col("measure_level"), flag=pl.lit(0, pl.Int64))
        .filter(
            (pl.col("units") <= pl.col("max_units")).fill_null(True)
            & (pl.col("area") <= pl.col("free"))
            & ((pl.col("capacity") < 0) | (pl.col("area") <= pl.col("capacity")))
        )
    )
    zero = pl.lit(0, pl.Int64)
    exists = pairs.join(needs.filter(pl.col("level") == 0), on="need", how="inner").with_columns(
        units=zero, lots=pl.col("all_lots"), area=zero, level=pl.lit(1, pl.Int64), flag=pl.lit(EXISTS, pl.Int64)
    )
    columns = ["need", "m", "site", "units", "lots", "area", "level", "flag"]
    return pl.concat([full.select(columns), exists.select(columns)])


def module_drafts(kinds: pl.DataFrame, modules: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """Drafts of the options at modules."""
    at = modules.select(
        "place", "site", "m", "operation", "package", "variant", "first", "last", "waived", "capital", "capital_fund",
        "capex", "net",
    )  # fmt: skip
    rest = 100 - ground.settings.fit_out_share
    none = pl.lit(None, dtype=pl.String)
    cost = ceil_div(rest * pl.col("units") * pl.col("capex"), 100)
    rows = kinds.join(at, on=["site", "m"], how="inner").join(
        ground.needs.select("need", "cost_percent"), on="need", how="left"
    )
    return rows.with_columns(
        variant=pl.col("variant") | pl.col("flag"),
        cost=hundreds(waived(scaled(cost, pl.col("cost_percent")))),
        later=pl.when(pl.col("operation") == "own").then(pl.col("net") * pl.col("units")).otherwise(0),
        waiver=none,
        change=none,
        fast=none,
    ).select(DRAFT)
