"""Tickets: general needs for the department that puts them right, with the day by which it must."""

import datetime

import polars as pl

TICKETS_SCHEMA = {
    "id": pl.String,
    "community": pl.String,
    "service_type": pl.String,
    "department": pl.String,
    "due": pl.Date,
    "status": pl.String,
    "days_overdue": pl.Int64,
}


def tickets_of(needs: pl.DataFrame, *, as_of: datetime.date) -> pl.DataFrame:
    """Every general need that is not closed, as `transferred.csv` lists it, in the order of ids.

    `days_overdue` counts whole days past `due`, 0 where there is time left or no deadline.
    """
    late = (pl.lit(as_of) - pl.col("due")).dt.total_days().fill_null(0).clip(lower_bound=0)
    return (
        needs.filter(pl.col("need_class") == "general", ~pl.col("status").is_in(["closed", "met"]))
        .with_columns(days_overdue=late)
        .select(pl.col(name).cast(dtype) for name, dtype in TICKETS_SCHEMA.items())
        .sort("id")
    )
