"""Budgets, ceilings and numbers of the book after the scenario has changed them (derivation.md, section 6)."""

from __future__ import annotations

import polars as pl

from .book import Book
from .rule_base import yuan
from .scenario import Scenario


def _yearly(frame: pl.DataFrame, family: str, name: str) -> pl.DataFrame:
    """A family of yearly columns as rows `id, year, <name>`; empty cells are left out."""
    columns = [column for column in frame.columns if column.startswith(family)]
    if not columns:
        return pl.DataFrame(schema={"id": pl.String, "year": pl.Int64, name: pl.Int64})
    return (
        frame.select("id", *columns)
        .unpivot(index="id", variable_name="year", value_name=name)
        .drop_nulls(name)
        .with_columns(pl.col("year").str.strip_prefix(family).cast(pl.Int64))
        .sort("id", "year")
    )


def changed_budgets(book: Book, scenario: Scenario) -> pl.DataFrame:
    """`fund, year, yuan` of every filled budget, changed in the order of the file."""
    funds = book.table("funds")
    frame = _yearly(funds, "budget_", "yuan").join(funds.select("id", "fund_type"), on="id", maintain_order="left")
    for change in scenario.budgets:
        fits = pl.lit(True)
        if change.funds:
            fits = pl.col("id").is_in(change.funds) | pl.col("fund_type").is_in(change.funds)
        if change.years:
            fits &= pl.col("year").is_in(change.years)
        value = pl.col("yuan") * change.percent // 100
        if change.amount is not None:
            value = pl.lit(yuan(change.amount), dtype=pl.Int64)
        frame = frame.with_columns(pl.when(fits).then(value).otherwise(pl.col("yuan")).alias("yuan"))
    return frame.select(pl.col("id").alias("fund"), "year", "yuan")


def fund_limits(book: Book, scenario: Scenario) -> pl.DataFrame:
    """`fund, year, budget_yuan, signed_fen, limit` of every budget from the first plan year on.

    `budget_yuan` has the scenario's changes, `signed_fen` is what contracts already hold of it, and `limit`
    is what is left to choose with, in whole hundreds of yuan, never below 0. Order: fund, year.
    """
    signed = (
        book.table("payments")
        .filter(pl.col("kind").is_in(["committed", "recovered"]))
        .with_columns(
            pl.when(pl.col("kind") == "committed").then("amount_fen").otherwise(-pl.col("amount_fen")).alias("fen")
        )
        .group_by("fund", pl.col("budget_year").alias("year"))
        .agg(pl.col("fen").sum().alias("signed_fen"))
    )
    return (
        changed_budgets(book, scenario)
        .filter(pl.col("year") >= book.years[0])
        .join(signed, on=["fund", "year"], how="left", maintain_order="left")
        .with_columns(pl.col("signed_fen").fill_null(0))
        .with_columns(((pl.col("yuan") * 100 - pl.col("signed_fen")) // 10_000).clip(lower_bound=0).alias("limit"))
        .rename({"yuan": "budget_yuan"})
        .sort("fund", "year")
    )


def changed_ceilings(book: Book, scenario: Scenario) -> pl.DataFrame:
    """`payer, year, yuan` of every ceiling of later costs; an amount also sets one where the book has none."""
    payers = book.table("payers")
    frame = _yearly(payers, "ceiling_", "yuan")
    told = {(name, year): value for name, year, value in frame.iter_rows()}
    first, last = book.years[0], book.settings.horizon_end
    for change in scenario.ceilings:
        for payer in change.payers or payers["id"].to_list():
            for year in change.years or range(first, last + 1):
                if change.amount is not None:
                    told[payer, year] = yuan(change.amount)
                elif (payer, year) in told and change.percent is not None:
                    told[payer, year] = told[payer, year] * change.percent // 100
    rows = sorted((payer, year, value) for (payer, year), value in told.items() if first <= year <= last)
    return pl.DataFrame(rows, schema={"payer": pl.String, "year": pl.Int64, "yuan": pl.Int64}, orient="row")


def changed_numbers(book: Book, scenario: Scenario) -> pl.DataFrame:
    """`policy, year, number` of every policy with a number; the scenario may set one where the book has none."""
    frame = _yearly(book.table("policies"), "number_", "number")
    told = {(name, year): value for name, year, value in frame.iter_rows()}
    for change in scenario.quotas:
        for year in change.years or book.years:
            told[change.policy, year] = change.number
    rows = sorted((policy, year, value) for (policy, year), value in told.items())
    return pl.DataFrame(rows, schema={"policy": pl.String, "year": pl.Int64, "number": pl.Int64}, orient="row")
