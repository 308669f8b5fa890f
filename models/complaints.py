"""What residents complain of: events counted once, per place and service type. The text is never read."""

import datetime

import polars as pl

GRAVE = 4
"""From this severity (1 to 5) on, complaints make a need more urgent."""

CELL = ["community", "neighbourhood", "service_type"]


def recent(complaints: pl.DataFrame, *, as_of: datetime.date, window_days: int) -> pl.DataFrame:
    """The complaints of the last `window_days` days up to and with `as_of`, without their text."""
    since = as_of - datetime.timedelta(days=window_days)
    return complaints.filter(pl.col("date") > since, pl.col("date") <= as_of).select(
        "community",
        pl.col("neighbourhood").fill_null(""),
        "service_type",
        "event",
        pl.col("number").fill_null(1),
        pl.col("severity").fill_null(3),
        "date",
    )


def by_cell(recent: pl.DataFrame, own: pl.DataFrame, *, smallest_number: int) -> pl.DataFrame:
    """Events per cell: `complaints`, whether they are `grave`, and `last_complaint`.

    A complaint counts at its neighbourhood if that is judged on its own (listed in `own`), else at the
    community. Rows of one event count once, with the gravest severity; a row without an event counts by its number.
    Grave: the mean severity of the `smallest_number` gravest reaches 4 (more complaints never undo it).
    """
    judged = own.select("neighbourhood", "service_type").unique().with_columns(apart=pl.lit(True))
    placed = recent.join(judged, on=["neighbourhood", "service_type"], how="left").with_columns(
        neighbourhood=pl.when(pl.col("apart").fill_null(False)).then("neighbourhood").otherwise(pl.lit(""))
    )
    once = (
        placed.filter(pl.col("event").is_not_null())
        .group_by(*CELL, "event")
        .agg(pl.lit(1, dtype=pl.Int64).alias("number"), pl.col("severity").max(), pl.col("date").max())
    )
    columns = [*CELL, "number", "severity", "date"]
    events = pl.concat([once.select(columns), placed.filter(pl.col("event").is_null()).select(columns)])
    gravest = events.sort(*CELL, "severity", descending=[False, False, False, True]).with_columns(
        left=(smallest_number - (pl.col("number").cum_sum().over(CELL) - pl.col("number"))).clip(lower_bound=0)
    )
    weight = pl.min_horizontal("number", "left")
    return gravest.group_by(CELL).agg(
        complaints=pl.col("number").sum(),
        grave=(weight * pl.col("severity")).sum() >= GRAVE * smallest_number,
        last_complaint=pl.col("date").max(),
    )
