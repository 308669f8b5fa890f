"""What a plan binds its payers to in later years: running cost, subsidies, rents, debt service (后续支出责任)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import polars as pl

from .book import Book
from .components import OPTION
from .funding import Grant
from .measures_frame import annuity
from .options import MODULE, SITE
from .projects import Row

OBLIGATIONS_SCHEMA = {
    "payer": pl.String, "year": pl.Int64, "kind": pl.String, "amount_yuan": pl.Int64, "ceiling_yuan": pl.Int64,
}  # fmt: skip
RUNNING, SUBSIDY, RENT, DEBT = "running", "subsidy", "rent", "debt"
KINDS_ZH = {RUNNING: "运行维护", SUBSIDY: "运营补贴", RENT: "租金", DEBT: "还本付息"}


def obligations(
    components: Sequence[Row],
    grants: Mapping[Grant, int],
    funds: pl.DataFrame,
    *,
    payer_of_county: Mapping[str, str],
    ceilings: Mapping[tuple[str, int], int],
    last_year: int,
) -> pl.DataFrame:
    """Yuan by payer, year and kind up to the last year of the horizon, with the payer's ceiling of that year.

    Debt service of a year is rounded up once, over all bonds of the payer. A county without a payer of its own
    is listed under its code.
    """
    total: dict[tuple[str, int, str], int] = {}
    for row in components:
        if not row["running_cost_yuan"]:
            continue
        kind = {OPTION: RUNNING, MODULE: SUBSIDY, SITE: RENT}.get(row["part"], RUNNING)
        payer = payer_of_county.get(row["county_code"], row["county_code"])
        for year in range(row["later_from"], min(row["later_to"], last_year) + 1):
            key = (payer, year, kind)
            total[key] = total.get(key, 0) + row["running_cost_yuan"]
    for (payer, year), ten_thousandths in _debt(grants, funds, last_year).items():
        total[payer, year, DEBT] = -(-ten_thousandths // 10_000)
    rows = [
        (payer, year, kind, amount, ceilings.get((payer, year)))
        for (payer, year, kind), amount in sorted(total.items())
        if amount
    ]
    return pl.DataFrame(rows, schema=OBLIGATIONS_SCHEMA, orient="row")


def _debt(grants: Mapping[Grant, int], funds: pl.DataFrame, last_year: int) -> dict[tuple[str, int], int]:
    """Debt service by payer and year, in 1/10,000 yuan."""
    bonds = {
        row["id"]: (row["payer"], annuity(Fraction(str(row["debt_rate"] or 0)), row["debt_years"]), row["debt_years"])
        for row in funds.iter_rows(named=True)
        if row["debt_years"]
    }
    out: dict[tuple[str, int], int] = {}
    for (_, fund, budget_year, _), amount in grants.items():
        if fund not in bonds:
            continue
        payer, each, years = bonds[fund]
        for year in range(budget_year + 1, min(budget_year + years, last_year) + 1):
            out[payer, year] = out.get((payer, year), 0) + amount * each
    return out


def county_payers(book: Book) -> dict[str, str]:
    """Who bears the later costs of a county, by its code; a county that is left out has no payer entered."""
    out: dict[str, str] = {}
    for row in book.table("payers").iter_rows(named=True):
        if row["level"] == "county" and row["place"]:
            out.setdefault(row["place"], row["id"])
    return out
