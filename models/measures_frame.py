"""Measures as matching reads them: whole numbers, the spending profile as sums, emergency handling told apart."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import polars as pl

from .catalogue import Catalogue

LEVELS: Final = {"exists": 1, "enough": 2, "good": 3}
TEN_THOUSAND: Final = 10_000
SITE_PROFILE: Final = (97, 3)  # conversion of a site, a campaign's fixed cost


def ten_thousandths(column: str) -> pl.Expr:
    """A number of at most four decimals as whole 1/10,000; empty counts as 0."""
    return (pl.col(column) * TEN_THOUSAND).round().cast(pl.Int64).fill_null(0)


def ceil_div(dividend: pl.Expr, divisor: pl.Expr | int) -> pl.Expr:
    """Quotient of whole numbers, rounded up; the divisor is above 0."""
    return (dividend + divisor - 1) // divisor


def profile_of(text: str | None) -> tuple[int, ...]:
    """Percent paid in the start year and after, `60/37/3`; empty means all at once."""
    return tuple(int(part) for part in (text or "100").split("/"))


def sums_to_end(profile: tuple[int, ...], years: int) -> list[int]:
    """Percent paid by the end of each of so many years; all of it by the last year of the profile."""
    last = len(profile) - 1
    return [100 if year >= last else sum(profile[: year + 1]) for year in range(years)]


def first_name(column: str) -> pl.Expr:
    """The first of several departments parted by `/`."""
    return pl.col(column).str.split("/").list.first()


def measures_frame(catalogue: Catalogue) -> pl.DataFrame:
    """One row a measure of a special service type.

    Quantities and areas are whole 1/10,000 (`metric`, `area_each`), money whole yuan, `lag` = years from start
    to use, `paid` = percent paid by the end of every year since the start, of one length for all measures.
    """
    measures = catalogue.measures
    profiles = [profile_of(text) for text in measures["spend_profile"].to_list()]
    longest = max((len(profile) for profile in [*profiles, SITE_PROFILE]), default=1)
    level = pl.col("level_reached").replace_strict(LEVELS, return_dtype=pl.Int64)
    siteless = pl.col("site_kind") == "none"
    area, smallest = ten_thousandths("area_m2_per_unit"), ten_thousandths("min_area_m2")
    frame = measures.select(
        pl.col("id").alias("measure"),
        pl.col("service_type"),
        level.alias("measure_level"),
        ten_thousandths("metric_per_unit").alias("metric"),
        pl.col("capex_wan_per_unit_typ").alias("capex"),
        pl.col("fixed_capex_wan").fill_null(0).alias("fixed"),
        pl.col("opex_wan_per_unit_year").fill_null(0).alias("opex"),
        pl.col("revenue_wan_per_unit_year").fill_null(0).alias("revenue"),
        area.alias("area_each"),
        ceil_div(smallest, 1000).alias("minimum"),
        pl.when(area > 0).then(pl.max_horizontal(1, ceil_div(smallest, pl.max_horizontal(area, 1)))).otherwise(1)
        .alias("units_min"),
        pl.col("max_units_per_site").alias("max_units"),
        pl.when((area > 0) & pl.col("max_units_per_site").is_not_null())
        .then(pl.col("max_units_per_site") * area // 1000).otherwise(-1).alias("capacity"),
        pl.col("site_kind"),
        pl.col("floor_rule"),
        pl.col("max_floor"),
        pl.col("needs_flue").fill_null(False).alias("flue"),
        pl.col("needs_consent").fill_null("none").alias("consent"),
        pl.col("service_radius_m").cast(pl.Float64).alias("radius"),
        pl.col("life_years").alias("life"),
        ceil_div(pl.col("build_months").fill_null(0), 12).alias("lag"),
        first_name("department_zh").alias("department"),
        (pl.col("id").str.ends_with("e") & siteless & (level == 1)).alias("emergency"),
        siteless.alias("siteless"),
        pl.col("eligible_share_by_fund").alias("eligible"),
        pl.Series("paid", [sums_to_end(p, longest) for p in profiles], dtype=pl.Array(pl.Int64, longest)),
    )  # fmt: skip
    return frame.with_columns(net=pl.max_horizontal(0, pl.col("opex") - pl.col("revenue"))).sort("measure")


def annuity(rate: Fraction, years: int) -> int:
    """Fen a year that repay 100 yuan in so many years at `rate` percent, rounded up."""
    if years < 1:
        raise ValueError(f"years is {years}; a loan runs for at least one year")
    hundred_yuan = 10_000
    if rate == 0:
        exact = Fraction(hundred_yuan, years)
    else:
        interest = rate / 100
        exact = hundred_yuan * interest / (1 - (1 + interest) ** -years)
    return -(-exact.numerator // exact.denominator)
