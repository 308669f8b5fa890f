"""Numbers of policies and operators, and what a complex must hold (derivation.md, sections 4 and 7)."""

from __future__ import annotations

import numpy as np
import polars as pl

from .book import Book
from .changed_amounts import changed_numbers
from .options import MODULE, SITE, Options
from .row_builder import OPENING, OPTION, RowBuilder
from .scenario import Scenario

CORE_TYPES = ("F02", "F03", "F04", "F23")
LEAST_MODULES = 3
LEAST_CORE = 2


def add_quotas(rows: RowBuilder, options: Options, book: Book, scenario: Scenario) -> None:
    """Policy support: `sum of what is drawn from a policy in a start year <= its number`.

    One row for every policy and plan year that has a number.
    """
    names = dict(book.table("policies").select("id", "name").iter_rows())
    numbers = changed_numbers(book, scenario).filter(pl.col("year").is_in(list(book.years)))
    _add(
        rows, "quota", options.uses.filter(pl.col("year") > 0), numbers,
        [f"{names[policy]} {year}年名额" for policy, year in numbers.select("policy", "year").iter_rows()],
        [str(year) for year in numbers["year"]],
    )  # fmt: skip


def add_operators(rows: RowBuilder, options: Options, book: Book) -> None:
    """Operators: `modules that an operator runs, over all years, <= its number`."""
    numbers = (
        book.table("operators").filter(pl.col("number").is_not_null()).sort("id")
        .select(pl.col("id").alias("policy"), pl.lit(0, dtype=pl.Int64).alias("year"), "number", "name")
    )  # fmt: skip
    _add(
        rows, "operator", options.uses.filter(pl.col("year") == 0), numbers.drop("name"),
        [f"{name}可运营处数" for name in numbers["name"]], [""] * numbers.height,
    )  # fmt: skip


def _add(
    rows: RowBuilder, kind: str, uses: pl.DataFrame, numbers: pl.DataFrame, names: list[str], scopes: list[str]
) -> None:
    first = rows.add(
        kind, names, numbers["number"].to_numpy(), key=numbers["policy"].to_list(), scopes=scopes,
        unit="处" if kind == "operator" else "个", listed=True,
    )  # fmt: skip
    numbered = numbers.select(pl.col("policy").alias("quota"), "year").with_row_index("row")
    drawn = uses.join(numbered.with_columns(pl.col("row").cast(pl.Int64)), on=["quota", "year"], how="inner")
    for part, opening in ((OPTION, False), (OPENING, True)):
        some = drawn.filter(pl.col("opening") == opening)
        rows.put(part, first + some["row"].to_numpy(), some["owner"].to_numpy(), some["amount"].to_numpy())


def add_complexes(rows: RowBuilder, options: Options) -> None:
    """A complex: `3 x opened <= its modules` and `2 x opened <= its modules of the four core types`."""
    facilities = options.facilities.with_row_index("facility").with_columns(pl.col("facility").cast(pl.Int64))
    sites = facilities.filter((pl.col("kind") == SITE) & pl.col("complex"))
    if not sites.height:
        return
    facility = options.openings["facility"].to_numpy()
    parent = facilities["parent"].to_numpy()
    core = facilities["service_type"].is_in(list(CORE_TYPES)).fill_null(value=False).to_numpy()
    is_module = (facilities["kind"] == MODULE).to_numpy()
    numbers = sites["facility"].to_numpy()
    place = np.full(facilities.height, -1, np.int64)
    place[numbers] = np.arange(len(numbers))
    for least, counted, words in (
        (LEAST_MODULES, is_module, "综合体至少三项服务"),
        (LEAST_CORE, is_module & core, "综合体至少两项核心服务"),
    ):
        first = rows.add("complex", [f"{site}{words}" for site in sites["site"]], 0, key=sites["site"].to_list())
        of_site = np.flatnonzero(place[facility] >= 0)
        rows.put(OPENING, first + place[facility[of_site]], of_site, least)
        root = np.where(parent[facility] >= 0, parent[facility], 0)
        of_module = np.flatnonzero(counted[facility] & (place[root] >= 0))
        rows.put(OPENING, first + place[root[of_module]], of_module, -1)
