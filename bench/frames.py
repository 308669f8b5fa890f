"""Frames of the book's tables from columns that a generator made."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ..models.tables import TABLES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def table_frame(table: str, columns: Mapping[str, Any], years: Sequence[int] = ()) -> pl.DataFrame:
    """A frame with every column of the table, in order and of its type; what is not given is empty.

    `years` are the years of the table's yearly columns.
    """
    given = pl.DataFrame(dict(columns))
    names = TABLES[table].names(years)
    unknown = sorted(set(given.columns) - set(names))
    if unknown:
        raise KeyError(f"{table} has no column {', '.join(unknown)}")
    kinds = {name: TABLES[table].column(name).dtype for name in names}
    return given.select(
        (pl.col(name) if name in given.columns else pl.lit(None)).cast(kinds[name]).alias(name) for name in names
    )


def chosen(rng: np.random.Generator, codes: Sequence[str], weights: Floats) -> pl.Series:
    """One code a row, drawn with the weights of the row (`weights` is rows by codes)."""
    heights = np.cumsum(weights, axis=1)
    draws = rng.random(len(weights)) * heights[:, -1]
    return pl.Series(codes, dtype=pl.String).gather((draws[:, None] > heights).sum(axis=1).clip(0, len(codes) - 1))


def kept(values: Any, where: Flags) -> pl.Series:
    """A column that is empty except where `where` holds."""
    return pl.Series(values).set(pl.Series(~where), None)


def joined(*parts: str | pl.Series | Ints) -> pl.Series:
    """Identifiers joined from constant texts and columns, row by row."""
    texts = [pl.lit(part) if isinstance(part, str) else pl.Series(part).cast(pl.String) for part in parts]
    return pl.select(pl.concat_str(texts)).to_series()


def days_before(day: datetime.date, days: Ints) -> pl.Series:
    """Dates so many days before a day."""
    return pl.Series(np.datetime64(day) - np.asarray(days).astype("timedelta64[D]")).cast(pl.Date)
