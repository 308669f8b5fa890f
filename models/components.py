"""The components of a plan: every option and every opening that is taken, one row each, with names that stay."""

from __future__ import annotations

from typing import Final

import polars as pl

from ..solver.solution import Plan
from .options import CAMPAIGN, MODULE, SITE, Options

OPTION: Final = "option"
WORKS_DEPARTMENT: Final = "住房城乡建设"

COLUMNS: Final = (
    "component_id", "part", "row", "facility", "need_id", "measure", "lots", "level", "module", "operation_type",
    "area", "cost_yuan", "benefit", "start_year", "site", "variant", "package", "community", "neighbourhood",
    "service_type", "programme", "national", "department", "county_code", "city_code", "units", "running_cost_yuan",
    "later_from", "later_to", "lag", "people", "urgency", "rank", "safety",
)  # fmt: skip
"""`part` is option, module, site or campaign; `row` that of the options or of the openings; `facility` -1 for none."""


def components_of(options: Options, plan: Plan) -> pl.DataFrame:
    """Every option and opening of a plan, by `component_id`; money in yuan, areas in m²."""
    if len(plan.option) != options.options.height or len(plan.opening) != options.openings.height:
        raise ValueError("the plan does not belong to these options")
    facilities = _facilities(options)
    frame = pl.concat([_options(options, plan, facilities), _openings(options, plan, facilities)])
    return frame.select(COLUMNS).sort("component_id", "row")


def _text(*columns: str) -> pl.Expr:
    return pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in columns], separator="|")


def _facilities(options: Options) -> pl.DataFrame:
    names = options.packages.select("name").with_row_index("package").with_columns(pl.col("package").cast(pl.Int64))
    return (
        options.facilities.with_row_index("facility")
        .with_columns(pl.col("facility").cast(pl.Int64))
        .join(names.rename({"name": "package_name"}), on="package", how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("kind") == MODULE)
            .then(_text("site", "measure", "operation", "variant", "package_name"))
            .when(pl.col("kind") == CAMPAIGN)
            .then(pl.concat_str([pl.lit(CAMPAIGN), _text("community", "rule")], separator="|"))
            .otherwise(pl.lit(""))
            .alias("module")
        )
    )


def _options(options: Options, plan: Plan, facilities: pl.DataFrame) -> pl.DataFrame:
    needs = options.needs.with_row_index("need").select(
        pl.col("need").cast(pl.Int64), pl.col("id").alias("need_id"), "community", "neighbourhood", "service_type",
        "programme", "national", "county_code", "city_code", "people", "urgency", "rank", "safety",
    )  # fmt: skip
    names = options.packages.select("name").with_row_index("package").with_columns(pl.col("package").cast(pl.Int64))
    taken = (
        options.options.with_row_index("row")
        .with_columns(pl.col("row").cast(pl.Int64))
        .filter(pl.Series(plan.option))
        .drop("safety")
        .join(needs, on="need", how="left", maintain_order="left")
        .join(names.rename({"name": "package_name"}), on="package", how="left", maintain_order="left")
        .join(facilities.select("facility", "site", "module"), on="facility", how="left", maintain_order="left")
    )
    return taken.select(
        _text("need_id", "measure", "operation", "site", "level", "lots", "year", "variant").alias("component_id"),
        pl.lit(OPTION).alias("part"),
        "row", "facility", "need_id", "measure", "lots", "level",
        pl.col("module").fill_null(""),
        pl.col("operation").alias("operation_type"),
        (pl.col("area") / 10).alias("area"),
        (pl.col("cost") * 100).alias("cost_yuan"),
        "benefit",
        pl.col("year").alias("start_year"),
        pl.col("site").fill_null(""),
        "variant",
        pl.col("package_name").fill_null("").alias("package"),
        "community", pl.col("neighbourhood").fill_null(""), "service_type", "programme",
        pl.col("national").fill_null(""),
        "department", "county_code", "city_code", "units",
        pl.col("later").alias("running_cost_yuan"),
        "later_from", "later_to", "lag", "people", "urgency", "rank", "safety",
    )  # fmt: skip


def _openings(options: Options, plan: Plan, facilities: pl.DataFrame) -> pl.DataFrame:
    taken = (
        options.openings.with_row_index("row")
        .with_columns(pl.col("row").cast(pl.Int64))
        .filter(pl.Series(plan.opening))
        .join(facilities, on="facility", how="left", maintain_order="left")
    )
    name = (
        pl.when(pl.col("kind") == MODULE)
        .then(pl.concat_str([pl.lit(MODULE), pl.col("module"), pl.col("year").cast(pl.String)], separator="|"))
        .when(pl.col("kind") == SITE)
        .then(pl.concat_str([pl.lit(SITE), pl.col("site"), pl.col("year").cast(pl.String)], separator="|"))
        .otherwise(
            pl.concat_str(
                [pl.lit(CAMPAIGN), pl.col("community").fill_null(""), pl.col("rule").cast(pl.String),
                 pl.col("year").cast(pl.String)],
                separator="|",
            )
        )
    )  # fmt: skip
    none = pl.lit(None, dtype=pl.Int64)
    return taken.select(
        name.alias("component_id"),
        pl.col("kind").alias("part"),
        "row", "facility",
        pl.lit("").alias("need_id"),
        pl.col("measure").fill_null(""),
        pl.lit(0, dtype=pl.Int64).alias("lots"),
        none.alias("level"),
        "module",
        pl.col("operation").fill_null("").alias("operation_type"),
        pl.lit(0.0).alias("area"),
        (pl.col("cost") * 100).alias("cost_yuan"),
        pl.lit(0, dtype=pl.Int64).alias("benefit"),
        pl.col("year").alias("start_year"),
        pl.col("site").fill_null(""),
        pl.col("variant").fill_null(0),
        pl.col("package_name").fill_null("").alias("package"),
        pl.col("community").fill_null(""),
        pl.lit("").alias("neighbourhood"),
        pl.col("service_type").fill_null(""),
        pl.col("programme").fill_null(""),
        pl.lit("").alias("national"),
        pl.col("department").fill_null(WORKS_DEPARTMENT),
        "county_code", "city_code",
        pl.lit(0, dtype=pl.Int64).alias("units"),
        pl.col("later").alias("running_cost_yuan"),
        "later_from", "later_to", "lag",
        none.alias("people"), none.alias("urgency"), none.alias("rank"),
        pl.lit(False).alias("safety"),
    )  # fmt: skip
