"""Options and openings in every start year in which they can be paid, with what falls due and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .matching_ground import Ground
from .payment_years import PaymentYears, payment_years

Int = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Yearly:
    """Rows by start year with a number `row` of their own; `due_0`, `due_1`… are hundreds left to the package."""

    rows: pl.DataFrame
    draws: pl.DataFrame

    def kept(self, keep: pl.Series) -> Yearly:
        """The rows that a mask keeps; draws are sorted out at the end."""
        return Yearly(self.rows.filter(keep), self.draws)


def due_names(length: int) -> list[str]:
    """Names of the columns of what falls due in each year since the start."""
    return [f"due_{since}" for since in range(length)]


def money_of(ground: Ground) -> PaymentYears:
    """When every package found so far can pay."""
    lag = ground.measures["lag"].max()
    return payment_years(
        ground.funds,
        list(ground.eligibility.found.values()),
        plan_years=ground.settings.plan_years,
        length=ground.length,
        longest_lag=int(lag) if isinstance(lag, int) else 0,
        types=ground.types,
    )


def spread(frame: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """Each row in each start year from `first` to `last`."""
    years = pl.DataFrame({"year": ground.settings.plan_years}, schema={"year": pl.Int64})
    return frame.join(years, how="cross").filter(pl.col("year").is_between("first", "last"))


def paid_by_year(drafts: pl.DataFrame, ground: Ground, money: PaymentYears) -> Yearly:
    """Drafts of options in their start years, as far as they can be paid; not sorted."""
    extra = ground.measures.select("m", "kind", "lag", "life")
    rows = spread(drafts, ground).join(extra, on="m", how="left", maintain_order="left")
    return _settled(rows, ground.paid[_ints(rows, "m")], money, ground)


def module_openings(modules: pl.DataFrame, ground: Ground, money: PaymentYears) -> Yearly:
    """Openings of modules in the years in which they can be paid."""
    extra = ground.measures.select("m", "kind")
    rows = spread(modules, ground).join(extra, on="m", how="left", maintain_order="left")
    rows = rows.with_columns(
        cost=pl.col("opening_cost"),
        later=pl.col("opening_later"),
        life=pl.col("opening_life"),
        units=pl.lit(0, pl.Int64),
    )
    return _settled(rows, ground.paid[_ints(rows, "m")], money, ground)


def root_openings(roots: pl.DataFrame, ground: Ground, money: PaymentYears) -> Yearly:
    """Openings of sites or campaigns in the years in which they can be paid.

    `roots` has `place`, `package`, `cost` in hundreds, `later` (yuan a year), `life`, `first`, `last`.
    """
    zero = pl.lit(0, pl.Int64)
    rows = spread(roots, ground).with_columns(
        kind=zero, lag=zero, units=zero, capital=zero, capital_fund=pl.lit(-1, pl.Int64)
    )
    return _settled(rows, np.tile(ground.site_paid, (len(rows), 1)), money, ground)


def _ints(rows: pl.DataFrame, name: str) -> Int:
    return rows[name].to_numpy().astype(np.int64, copy=False)


def _settled(rows: pl.DataFrame, paid: Int, money: PaymentYears, ground: Ground) -> Yearly:
    package = _ints(rows, "package")
    class_lag = money.class_lag(package, _ints(rows, "lag"))
    settled = money.settle(
        cost=_ints(rows, "cost"),
        paid=paid,
        package=package,
        class_lag=class_lag,
        year=_ints(rows, "year"),
        units=_ints(rows, "units"),
        kind=_ints(rows, "kind"),
        capital=_ints(rows, "capital"),
        capital_fund=_ints(rows, "capital_fund"),
    )
    last = ground.settings.last_year
    due = [pl.Series(name, settled.due[:, since]) for since, name in enumerate(due_names(paid.shape[1]))]
    rows = rows.with_columns(pl.Series("class_lag", class_lag), *due).with_row_index("row")
    rows = rows.with_columns(
        pl.col("row").cast(pl.Int64),
        later_from=pl.col("year") + pl.col("lag"),
        later_to=pl.min_horizontal(pl.lit(last, pl.Int64), pl.col("year") + pl.col("lag") + pl.col("life") - 1),
    )
    return Yearly(rows.filter(pl.Series(settled.payable)), settled.draws)
