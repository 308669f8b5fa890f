"""Typed columns back to the one text that stands for each value; the digest of a book is made of these."""

from decimal import Decimal

import polars as pl

from .cells import YUAN_IN_WAN
from .tables import Table


def table_texts(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """Every cell of a table as its canonical text, empty cells as null.

    Money is 万元 without trailing zeros, other numbers the shortest digits that give the same value and never
    an exponent, dates 2027-03-01, yes/no the English words, codes in English.
    """
    return pl.DataFrame([column_texts(frame[name], table.column(name).kind) for name in frame.columns])


def column_texts(values: pl.Series, kind: str) -> pl.Series:
    """One column as canonical text."""
    if kind == "money":
        return money_texts(values)
    if kind in ("number", "percent"):
        return _number_texts(values)
    if kind == "yesno":
        return values.replace_strict({True: "yes", False: "no"}, return_dtype=pl.String).alias(values.name)
    return values.cast(pl.String)


def money_texts(yuan: pl.Series) -> pl.Series:
    """Whole yuan as 万元, exactly."""
    if yuan.null_count() == len(yuan):
        return yuan.cast(pl.String)
    size = yuan.abs()
    parts = (size % YUAN_IN_WAN).cast(pl.String).str.zfill(4).str.strip_chars_end("0")
    sign = (yuan < 0).replace_strict({True: "-", False: ""}, return_dtype=pl.String)
    text = sign + (size // YUAN_IN_WAN).cast(pl.String) + "." + parts
    return text.str.strip_chars_end(".").alias(yuan.name)


def _number_texts(values: pl.Series) -> pl.Series:
    texts = values.cast(pl.String)
    odd = texts.str.contains("[eE]").fill_null(False)
    if odd.any():
        plain = {text: f"{Decimal(text):f}" for text in texts.filter(odd).unique()}
        texts = texts.replace(plain)
    # A point stays only before a digit: 2.0 is written 2.
    return texts.str.replace(r"\.0+$", "").alias(values.name)
