"""The frames of `Options`: everything numbered, sorted and linked by row numbers."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from .by_year import Yearly, due_names
from .matching_ground import Ground
from .options import (
    CAMPAIGN,
    DIG,
    DRAWS_SCHEMA,
    FACILITIES_SCHEMA,
    MODULE,
    NEEDS_SCHEMA,
    OPENINGS_SCHEMA,
    OPTIONS_SCHEMA,
    PACKAGES_SCHEMA,
    SHARES_SCHEMA,
    SITE,
    SPENDING_SCHEMA,
    USES_SCHEMA,
    Options,
)

HOUSING = "住房城乡建设"  # answers for sites and campaigns
_NO_TEXT = pl.lit(None, dtype=pl.String)


@dataclass(frozen=True, slots=True)
class Found:
    """What matching found, numbered provisionally."""

    ground: Ground
    options: Yearly
    modules: Yearly
    sites: Yearly
    campaigns: Yearly
    module_count: int
    refusals: pl.DataFrame
    found: int


def assembled(found: Found) -> Options:
    """The options with final numbers: packages by name, facilities and options by their keys."""
    packages, shares, rank = _packages(found)
    facilities, of_site, of_place = _facilities(found, rank)
    openings = _openings(found, of_site, of_place)
    options = _options(found, rank, of_place)
    spending, draws = [], []
    for opening, told, yearly in ((True, openings, None), (False, options, found.options)):
        parts = (found.sites, found.modules, found.campaigns) if yearly is None else (yearly,)
        for number, part in enumerate(parts):
            owners = told.filter(pl.col("part") == number).select("row", pl.col("number").alias("owner"))
            spending.append(_spending(part, owners, opening))
            draws.append(_draws(part, owners, opening, found.ground))
    return Options(
        needs=found.ground.needs.select(*NEEDS_SCHEMA),
        facilities=facilities.select(*FACILITIES_SCHEMA),
        openings=openings.select(*OPENINGS_SCHEMA),
        options=options.select(*OPTIONS_SCHEMA),
        packages=packages.select(*PACKAGES_SCHEMA),
        shares=shares.select(*SHARES_SCHEMA),
        spending=pl.concat(spending).sort("opening", "owner", "year"),
        draws=pl.concat(draws).sort("opening", "owner", "fund", "year"),
        uses=_uses(found, openings, options),
        refusals=found.refusals,
        found=found.found,
        held=found.ground.held,
    )


def _packages(found: Found) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Packages in use by name, their shares, and final numbers (`package`) of provisional ones (`told`)."""
    parts = (found.options, found.modules, found.sites, found.campaigns)
    used = {number for part in parts for number in part.rows["package"].unique().to_list() if number >= 0}
    every = list(found.ground.eligibility.found.values())
    order = sorted(used, key=lambda number: every[number].name)
    packages = pl.DataFrame(
        {"name": [every[number].name for number in order], "floor": [every[number].floor for number in order]},
        schema=PACKAGES_SCHEMA,
    )
    funds = found.ground.funds
    rows = [
        (place, funds[fund].id, cap, funds[fund].local)
        for place, number in enumerate(order)
        for fund, cap in every[number].shares
    ]
    shares = pl.DataFrame(rows, schema=SHARES_SCHEMA, orient="row")
    rank = pl.DataFrame(
        {"told": [*order, -1], "final": [*range(len(order)), -1]}, schema={"told": pl.Int64, "final": pl.Int64}
    )
    return packages, shares, rank


def _ranked(rows: pl.DataFrame, rank: pl.DataFrame) -> pl.DataFrame:
    joined = rows.join(rank, left_on="package", right_on="told", how="left", maintain_order="left")
    return joined.with_columns(package=pl.col("final")).drop("final")


def _facilities(found: Found, rank: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """All facilities, the rows of sites by id, and the rows of modules and campaigns by provisional place."""
    ground = found.ground
    number = pl.lit(-1, pl.Int64)
    sites = _ranked(found.sites.rows.unique(subset="site"), rank).sort("site").with_columns(
        kind=pl.lit(SITE), parent=number, service_type=_NO_TEXT, programme=pl.lit("facilities"), department=pl.lit(HOUSING),
        measure=_NO_TEXT, operation=_NO_TEXT, variant=pl.lit(0, pl.Int64), capacity=pl.col("free"),
        minimum=pl.lit(0, pl.Int64), exclusion=number, rule=number, place=number,
    )  # fmt: skip
    of_site = sites.select("site").with_row_index("parent").with_columns(pl.col("parent").cast(pl.Int64))
    measures = ground.measures.select("m", "capacity", "minimum", "department")
    modules = (
        _ranked(found.modules.rows.unique(subset="place"), rank)
        .join(measures, on="m", how="left")
        .join(of_site, on="site", how="left")
        .sort("site", "measure", "operation", "package", "variant")
        .with_columns(
            kind=pl.lit(MODULE),
            programme=pl.col("service_type").replace_strict(ground.programme, return_dtype=pl.String),
            exclusion=(pl.struct("site", "service_type").rank("dense") - 1).cast(pl.Int64),
            complex=pl.lit(False),
            rule=number,
        )
    )
    campaigns = _ranked(found.campaigns.rows.unique(subset="place"), rank).sort("place").with_columns(
        kind=pl.lit(CAMPAIGN), parent=number, site=_NO_TEXT, service_type=_NO_TEXT, department=pl.lit(HOUSING),
        measure=_NO_TEXT, operation=_NO_TEXT, variant=pl.lit(DIG, pl.Int64), capacity=number,
        minimum=pl.lit(0, pl.Int64), exclusion=number, complex=pl.lit(False),
    )  # fmt: skip
    columns = [*FACILITIES_SCHEMA, "place"]
    every = pl.concat([part.select(columns) for part in (sites, modules, campaigns)])
    every = every.with_row_index("facility").with_columns(pl.col("facility").cast(pl.Int64))
    of_place = every.filter(pl.col("place") >= 0).select("place", "facility")
    return every, of_site.rename({"parent": "facility"}), of_place


def _openings(found: Found, of_site: pl.DataFrame, of_place: pl.DataFrame) -> pl.DataFrame:
    """Openings by facility and year, `part` saying from which of the yearly frames (`row`) each comes."""
    columns = ["facility", "year", "cost", "later", "later_from", "later_to", "lag", "class_lag", "row", "part"]
    columns += ["change", "fast", "waiver", "quotas", "operation"]
    bare = {name: _NO_TEXT for name in ("change", "fast", "waiver", "operation")}
    none = pl.lit(None, dtype=pl.List(pl.String))
    sites = found.sites.rows.join(of_site, on="site").with_columns(part=pl.lit(0, pl.Int64), quotas=none, **bare)
    modules = found.modules.rows.join(of_place, on="place").with_columns(part=pl.lit(1, pl.Int64))
    campaigns = found.campaigns.rows.join(of_place, on="place").with_columns(
        part=pl.lit(2, pl.Int64), quotas=none, **bare
    )
    return _numbered(pl.concat([part.select(columns) for part in (sites, modules, campaigns)]).sort("facility", "year"))


def _options(found: Found, rank: pl.DataFrame, of_place: pl.DataFrame) -> pl.DataFrame:
    measures = found.ground.measures.select("m", "measure")
    rows = found.options.rows.join(of_place, on="place", how="left").join(measures, on="m", how="left")
    rows = _ranked(rows.with_columns(pl.col("facility").fill_null(-1)), rank)
    rows = rows.sort("need", "facility", "measure", "package", "variant", "lots", "level", "year")
    choice = (pl.struct("need", "facility", "measure").rank("dense") - 1).cast(pl.Int64)
    return _numbered(rows.with_columns(choice=choice, part=pl.lit(0, pl.Int64)))


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_row_index("number").with_columns(pl.col("number").cast(pl.Int64))


def _spending(part: Yearly, owners: pl.DataFrame, opening: bool) -> pl.DataFrame:
    length = sum(name.startswith("due_") for name in part.rows.columns)
    names = due_names(length)
    rows = part.rows.select("row", "year", *names).join(owners, on="row", how="inner")
    spent = [
        rows.filter(pl.col(name) > 0).select(
            opening=pl.lit(opening), owner="owner", year=pl.col("year") + since, amount=name
        )
        for since, name in enumerate(names)
    ]
    return pl.concat(spent).select(*SPENDING_SCHEMA) if spent else pl.DataFrame(schema=SPENDING_SCHEMA)


def _draws(part: Yearly, owners: pl.DataFrame, opening: bool, ground: Ground) -> pl.DataFrame:
    ids = pl.DataFrame(
        {"fund": range(len(ground.funds)), "id": [fund.id for fund in ground.funds]},
        schema={"fund": pl.Int64, "id": pl.String},
    )
    rows = part.draws.join(owners, on="row", how="inner").join(ids, on="fund", how="left")
    return rows.with_columns(opening=pl.lit(opening), fund="id").select(*DRAWS_SCHEMA)


def _uses(found: Found, openings: pl.DataFrame, options: pl.DataFrame) -> pl.DataFrame:
    parts = []
    for opening, rows in ((True, openings), (False, options)):
        owner = pl.col("number").alias("owner")
        for name in ("change", "fast", "waiver"):
            parts.append(rows.filter(pl.col(name).is_not_null()).select(owner, pl.col(name).alias("quota"), "year"))
        if opening:
            listed = rows.filter(pl.col("quotas").list.len() > 0).explode("quotas")
            parts.append(listed.select(owner, pl.col("quotas").alias("quota"), "year"))
            run = rows.filter(pl.col("operation") != "own")
            parts.append(run.select(owner, pl.col("operation").alias("quota"), pl.lit(0, pl.Int64).alias("year")))
        parts = [part if "opening" in part.columns else part.with_columns(opening=pl.lit(opening)) for part in parts]
    uses = pl.concat(parts).with_columns(amount=pl.lit(1, pl.Int64))
    return uses.select(*USES_SCHEMA).sort("opening", "owner", "quota", "year")
