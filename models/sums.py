"""Cells of the kind `key=value;key=value`, and lists parted by semicolons."""

from decimal import Decimal

import polars as pl

from .tables import Column


def split(cells: pl.Series) -> pl.Series:
    """A column of `;`-joined entries as lists; an empty cell gives an empty list."""
    return cells.str.split(";").fill_null([]).alias(cells.name)


def parse_sums(cell: str | None) -> dict[str, Decimal]:
    """The keys and exact values of a `key=value;key=value` cell; empty for an empty one."""
    entries = (entry.partition("=") for entry in (cell or "").split(";") if entry)
    return {key: Decimal(value) for key, _, value in entries}


def sums_fault(column: Column, cell: str, keys: set[str]) -> tuple[str, str] | None:
    """What is wrong with such a cell, in Chinese and English, or None; `keys` limits the keys unless empty."""
    seen: set[str] = set()
    for entry in cell.split(";"):
        key, equals, value = entry.partition("=")
        if not equals or not key:
            return f"“{entry}”不是 键=数值", f"{entry} is not key=value"
        plain = value.removeprefix("-").replace(".", "", 1)
        if not (plain.isascii() and plain.isdigit() and value[-1:] != "." and value[:1] != "."):
            return f"“{value}”不是数", f"{value} is not a number"
        if value.startswith("-"):
            return f"“{value}”小于0", f"{value} is below 0"
        if column.unit.startswith("万元") and len(value.partition(".")[2].rstrip("0")) > 4:
            return f"“{value}”多于4位小数", f"{value} has more than 4 decimals"
        if keys and key not in keys:
            return f"没有“{key}”", f"{key} is not known"
        if key in seen:
            return f"“{key}”重复", f"{key} is repeated"
        seen.add(key)
    return None
