"""Afterwards: running cost, subsidies, rent and debt service within every payer's ceiling; debt quotas."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .book import Book
from .changed_amounts import changed_ceilings
from .formulation_money import Money, drawn_rows
from .measures_frame import annuity
from .options import Options
from .row_builder import ARC, OPENING, OPTION, RowBuilder
from .scenario import Scenario

Int = NDArray[np.int64]


def add_debt_quotas(rows: RowBuilder, options: Options, book: Book, money: Money, limits: pl.DataFrame) -> None:
    """Debt quotas: `sum of what is drawn from a payer's bond funds in the plan years <= debt_quota`.

    In hundreds of yuan. A quota that the budgets of these funds cannot exceed is left out.
    """
    sources = money.sources
    bonds = book.table("funds").filter(pl.col("account") == "bonds")
    payer_of = dict(bonds.select("id", "payer").iter_rows())
    payer = np.array([payer_of.get(sources.funds[fund], "") for fund in sources.fund], np.str_)
    in_plan = np.isin(sources.year, book.years)
    quotas = book.table("payers").filter(pl.col("debt_quota").is_not_null()).sort("id")
    draws = drawn_rows(options, limits)
    for identifier, name, quota in quotas.select("id", "name", "debt_quota").iter_rows():
        held = (payer == identifier) & in_plan
        if not held.any() or int(sources.limit[held].sum()) <= quota // 100:
            continue
        row = rows.add("debt_quota", [f"{name}债务限额"], quota // 100, key=identifier, unit="百元")
        rows.put(ARC, row, np.flatnonzero(held[money.arc_source]), 1)
        _put_draws(rows, draws, np.where(held, row, -1), np.ones(len(held), np.int64))


def _put_draws(rows: RowBuilder, draws: pl.DataFrame, row_of_source: Int, factor_of_source: Int) -> None:
    """Fixed sums and operators' capital of some sources (row -1: not of this one), each times a factor."""
    source = draws["source"].to_numpy()
    held = row_of_source[source] >= 0
    opening = draws["opening"].to_numpy()
    owner, amount = draws["owner"].to_numpy(), draws["amount"].to_numpy() * factor_of_source[source]
    for part, some in ((OPTION, held & ~opening), (OPENING, held & opening)):
        rows.put(part, row_of_source[source[some]], owner[some], amount[some])


def add_ceilings(
    rows: RowBuilder, options: Options, book: Book, scenario: Scenario, money: Money, limits: pl.DataFrame
) -> None:
    """Afterwards: running cost, subsidy, rent and debt service of a payer in a year `<=` its ceiling.

    In fen, for every payer and year with a ceiling. Costs of options and openings fall to the payer of level
    county of their place, debt service to the payer of the fund; a bond of budget year b is served in the
    years b+1 ... b+n. A year that another implies - nothing begins or ends between them that could make it
    the dearer one, and its ceiling is no lower - is left out.
    """
    names = dict(book.table("payers").select("id", "name").iter_rows())
    bill = _bill(options, book, money, limits)
    ceilings = changed_ceilings(book, scenario).partition_by("payer", as_dict=True, maintain_order=True)
    by_payer = bill.partition_by("payer", as_dict=True, maintain_order=True)
    for (payer,), told in ceilings.items():
        found = by_payer.get((payer,))
        if found is None:
            continue
        part, column = found["part"].to_numpy(), found["column"].to_numpy()
        amount = found["amount"].to_numpy()
        begin, end = found["from"].to_numpy(), found["to"].to_numpy()
        years, yuan = told["year"].to_numpy(), told["yuan"].to_numpy()
        for year, limit in needed_years(years, yuan, begin, end):
            active = (begin <= year) & (year <= end)
            row = rows.add(
                "ceiling", [f"{names[str(payer)]} {year}年后续支出"], limit * 100, key=str(payer), scopes=[str(year)],
                unit="分",
            )  # fmt: skip
            for kind in (OPTION, OPENING, ARC):
                some = active & (part == kind)
                rows.put(kind, row, column[some], amount[some])


def needed_years(years: Int, limits: Int, begin: Int, end: Int) -> list[tuple[int, int]]:
    """The years whose ceiling no other year implies, with their limits.

    Entries run from `begin` to `end`, each with one amount. Year i is implied by a later year j if nothing
    that counts in i has ended before j, by an earlier one if nothing of i has begun after it, and if the
    other's limit is no higher.
    """
    needed: list[tuple[int, int]] = []
    told = list(zip(years.tolist(), limits.tolist(), strict=True))
    left = dict(told)
    for year, limit in told:
        active = (begin <= year) & (year <= end)
        lasts, began = int(end[active].min(initial=10**6)), int(begin[active].max(initial=-(10**6)))
        implied = any(
            other <= limit and (year < at <= lasts or began <= at < year) for at, other in left.items() if at != year
        )
        if implied or not active.any():
            del left[year]
        else:
            needed.append((year, limit))
    return needed


def _bill(options: Options, book: Book, money: Money, limits: pl.DataFrame) -> pl.DataFrame:
    """All later costs: `payer, part, column, amount` (fen a year), `from, to` (years)."""
    payers = book.table("payers").filter(pl.col("level") == "county").sort("id")
    of_county = dict(reversed(list(payers.select("place", "id").iter_rows())))
    frames = []
    for part, frame, county in (
        (OPTION, options.options, options.needs["county_code"][options.options["need"].to_numpy()]),
        (OPENING, options.openings, options.facilities["county_code"][options.openings["facility"].to_numpy()]),
    ):
        frames.append(
            frame.select(
                county.replace_strict(of_county, default=None, return_dtype=pl.String).alias("payer"),
                pl.lit(part, dtype=pl.Int64).alias("part"),
                pl.int_range(pl.len(), dtype=pl.Int64).alias("column"),
                (pl.col("later") * 100).alias("amount"),
                pl.col("later_from").alias("from"),
                pl.col("later_to").alias("to"),
            ).filter(pl.col("payer").is_not_null() & (pl.col("amount") > 0) & (pl.col("from") <= pl.col("to")))
        )
    service = debt_service(book, money)
    if service.height:
        arcs = pl.DataFrame({"source": money.arc_source}).with_row_index("column").join(service, on="source")
        draws = drawn_rows(options, limits).join(service, on="source")
        frames.append(
            arcs.select(
                "payer", pl.lit(ARC, dtype=pl.Int64).alias("part"), pl.col("column").cast(pl.Int64),
                pl.col("fen").alias("amount"), "from", "to",
            )
        )  # fmt: skip
        frames.append(
            draws.select(
                "payer",
                pl.when("opening").then(OPENING).otherwise(OPTION).cast(pl.Int64).alias("part"),
                pl.col("owner").alias("column"),
                (pl.col("fen") * pl.col("amount")).alias("amount"),
                "from",
                "to",
            )
        )
    return pl.concat(frames)


def debt_service(book: Book, money: Money) -> pl.DataFrame:
    """`source, payer, fen, from, to`: debt service in fen a year for every hundred yuan drawn from a source."""
    funds = {
        row["id"]: row for row in book.table("funds").filter(pl.col("debt_years").is_not_null()).iter_rows(named=True)
    }
    found = []
    for source, (fund, year) in enumerate(zip(money.sources.fund.tolist(), money.sources.year.tolist(), strict=True)):
        row = funds.get(money.sources.funds[fund])
        if row is not None and row["debt_years"] > 0:
            fen = annuity(Fraction(str(row["debt_rate"] or 0)), row["debt_years"])
            found.append((source, row["payer"], fen, year + 1, year + row["debt_years"]))
    schema = {"source": pl.Int64, "payer": pl.String, "fen": pl.Int64, "from": pl.Int64, "to": pl.Int64}
    return pl.DataFrame(found, schema=schema, orient="row")
