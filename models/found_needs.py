"""From a judgement to a row of the needs list: how much, for how many people, how urgent."""

import datetime

import polars as pl

from .standards import DENOMINATORS, GROUPS, PARTS, number_of

MANDATORY_TYPES = ("R01",)
"""Unsafe housing must be answered wherever any of it is found."""

LACKS = ("none", "short", "poor")

MOST_URGENT = 10


def found_needs(cells: pl.DataFrame, consultations: pl.DataFrame, *, as_of: datetime.date) -> pl.DataFrame:
    """The cells with `level`, `amount` (ten-thousandths), `lots`, `people`, `urgency`, `rank`, `mandatory`, `source`.

    `people_known` is false where the number of the group served is not in the book; `people` is then 1.
    """
    judgement = pl.col("judgement")
    lot = (pl.col("lot_size") * PARTS).round().cast(pl.Int64)
    least = (
        pl.when((pl.col("exists_basis") == "per_1000").fill_null(False))
        .then(pl.lit(0))
        .otherwise((pl.col("threshold_exists") * PARTS).round().cast(pl.Int64))
    )
    amount = pl.when(judgement == "poor").then(pl.max_horizontal(least, lot)).otherwise("shortage")
    divided = (
        pl.when(pl.col("divisible") & (judgement != "poor") & (lot > 0))
        .then(pl.max_horizontal((pl.col("amount") - 1) // lot + 1, pl.lit(1)))
        .otherwise(pl.lit(1))
    )
    level = (
        pl.when(judgement.is_in(["none", "unknown", "not_applicable"]) & (pl.col("exists") != "yes"))
        .then(pl.lit(0))
        .when(judgement == "met")
        .then(pl.lit(3))
        .when((judgement == "poor") | ((judgement == "unknown") & (pl.col("enough") == "yes")))
        .then(pl.lit(2))
        .when(judgement == "none")
        .then(pl.lit(0))
        .otherwise(pl.lit(1))
    )
    ranked = _with_rank(cells, consultations, as_of)
    rank = pl.col("rank")
    urgency = (
        pl.col("urgency_default")
        + pl.col("grave").cast(pl.Int64)
        + pl.col("above").cast(pl.Int64)
        + pl.when(rank == 1).then(2).when(rank <= 3).then(1).otherwise(0)
        + (judgement == "none").cast(pl.Int64)
    )
    return (
        ranked.with_columns(amount=amount)
        .with_columns(lots=divided, level=level, group=number_of(pl.col("group_served"), GROUPS))
        .with_columns(people_known=pl.col("group").is_not_null(), people=_people())
        .with_columns(
            urgency=pl.min_horizontal(urgency, MOST_URGENT),
            mandatory=pl.col("service_type").is_in(MANDATORY_TYPES) & (judgement == "none"),
            source=_source(),
        )
    )


def _people() -> pl.Expr:
    """The people of the group who lack something, rounded up and at least 1."""
    defect = pl.col("metric_kind") == "defect"
    judgement = pl.col("judgement")
    area = pl.col("metric_unit") == "m2"
    households = pl.col("denominator") == "households"
    counted = number_of(pl.col("denominator"), {name: name for name in DENOMINATORS if name != "residents"}) * PARTS
    size = pl.when(area).then(pl.when(households).then("floor_area")).otherwise(counted)
    # Only as large a part of the group as what is wrong, or missing, is of the whole.
    whole = pl.when(judgement == "poor").then(None).when(defect).then(size).when(judgement == "short").then("standard")
    part = pl.min_horizontal("amount", whole)
    # In floating point, since the product may pass 64 bits; a millionth of a person does not make another one.
    share = (pl.col("group") * (part / whole) - 1e-6).ceil().cast(pl.Int64)
    people = pl.when(whole > 0).then(share).otherwise("group")
    return pl.max_horizontal(people.fill_null(1), pl.lit(1))


def _source() -> pl.Expr:
    complaint = pl.col("above")
    surveyed = (pl.col("judgement") != "poor") | (
        pl.col("quality") < pl.col("threshold_good_quality_score")
    ).fill_null(False)  # fmt: skip
    return pl.concat_str(
        pl.when(surveyed).then(pl.lit("底数")),
        pl.when(complaint).then(pl.lit("诉求")),
        pl.when(pl.col("rank").is_not_null()).then(pl.lit("协商")),
        separator=";",
        ignore_nulls=True,
    )


def _with_rank(cells: pl.DataFrame, consultations: pl.DataFrame, as_of: datetime.date) -> pl.DataFrame:
    """The rank of the latest consultation that gives one; a neighbourhood without its own takes the community's."""
    latest = (
        consultations.filter(pl.col("rank").is_not_null(), pl.col("date") <= as_of)
        .select("community", pl.col("neighbourhood").fill_null(""), "service_type", "date", "id", "rank")
        .sort("date", "id")
        .group_by("community", "neighbourhood", "service_type")
        .agg(pl.col("rank").last())
    )
    place = ["community", "service_type"]
    common = latest.filter(pl.col("neighbourhood") == "").select(*place, common_rank="rank")
    return (
        cells.join(latest, on=[*place, "neighbourhood"], how="left")
        .join(common, on=place, how="left")
        .with_columns(rank=pl.coalesce("rank", "common_rank"))
        .drop("common_rank")
    )
