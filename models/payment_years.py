"""When what falls due is paid: the spending profile, fixed sums, operators' capital, and whether funds can pay then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .eligibility import Package
from .fund_rules import Fund

Int = NDArray[np.int64]
Flags = NDArray[np.bool_]

DRAFT_DRAWS = {
    "row": pl.Int64,
    "fund": pl.Int64,
    "budget_year": pl.Int64,
    "year": pl.Int64,
    "amount": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Settled:
    """What is left to the package in every year since the start, draws by row, and which rows can be paid."""

    due: Int  # rows x years since the start, hundreds of yuan
    draws: pl.DataFrame
    payable: Flags


@dataclass(frozen=True, slots=True)
class PaymentYears:
    """All that decides in which years which fund and package can pay; packages are numbered as given."""

    first_year: int
    filled: Flags  # fund x year since the first plan year: has a budget
    after: Flags  # fund pays after acceptance
    late: Int  # fund's money arrives so many years after its budget year
    package_after: Flags
    fixed: Int  # package x place: fund with a fixed sum, or -1
    sums: Int  # fund x type: yuan a unit
    payable: Flags  # package x class lag x start year x year since: shares reach 100 % and the floor

    def class_lag(self, package: Int, lag: Int) -> Int:
        """The lag as far as it tells classes apart: only where a fund of the package pays after acceptance."""
        later = np.zeros(len(package), bool)
        known = package >= 0
        later[known] = self.package_after[package[known]]
        return np.where(later, np.maximum(lag, 1), 0)

    def settle(
        self,
        *,
        cost: Int,
        paid: Int,
        package: Int,
        class_lag: Int,
        year: Int,
        units: Int,
        kind: Int,
        capital: Int,
        capital_fund: Int,
    ) -> Settled:
        """Split costs (hundreds of yuan) over the years; `paid` is percent paid by the end of each year.

        `kind` numbers the service type (for fixed sums), `capital` is an operator's share in percent and
        `capital_fund` the fund through which it comes.
        """
        rows, length = paid.shape
        total = cost[:, None] * paid // 100
        due = np.diff(total, axis=1, prepend=0)
        draws: list[tuple[Int, Int, Int, Int, Int]] = []
        start = year - self.first_year
        if self.fixed.shape[1]:
            self._draw_sums(due, draws, package, class_lag, start, units, kind)
        able = np.ones(rows, bool)
        brought = np.flatnonzero(capital > 0)
        for since in range(length if len(brought) else 0):
            amount = due[brought, since] * capital[brought] // 100
            fund = capital_fund[brought]
            able[brought[(amount > 0) & ~self._filled(fund, start[brought] + since)]] = False
            due[brought, since] -= amount
            some = amount > 0
            when = year[brought][some] + since
            draws.append((brought[some], fund[some], when, when, amount[some]))
        known = package >= 0
        can = np.zeros((rows, length), bool)
        can[known] = self.payable[package[known], class_lag[known], start[known]]
        able &= ((due == 0) | can).all(axis=1)
        return Settled(due, _draw_frame(draws), able)

    def _filled(self, fund: Int, since: Int) -> Flags:
        width = self.filled.shape[1]
        right = (since >= 0) & (since < width) & (fund >= 0)
        there: Flags = right & self.filled[np.where(fund >= 0, fund, 0), np.clip(since, 0, width - 1)]
        return there

    def _draw_sums(
        self,
        due: Int,
        draws: list[tuple[Int, Int, Int, Int, Int]],
        package: Int,
        class_lag: Int,
        start: Int,
        units: Int,
        kind: Int,
    ) -> None:
        for place in range(self.fixed.shape[1]):
            fund_of = np.where(package >= 0, self.fixed[package, place], -1)
            rows = np.flatnonzero((fund_of >= 0) & (units > 0))
            fund = fund_of[rows]
            left = self.sums[fund, kind[rows]] * units[rows] // 100
            for since in range(due.shape[1]):
                when = start[rows] + since
                open_ = self._filled(fund, when - self.late[fund])
                open_ &= ~self.after[fund] | (since >= class_lag[rows])
                amount = np.where(open_, np.minimum(due[rows, since], left), 0)
                due[rows, since] -= amount
                left -= amount
                some = amount > 0
                paid_in = when[some] + self.first_year
                draws.append((rows[some], fund[some], paid_in - self.late[fund[some]], paid_in, amount[some]))


def _draw_frame(draws: Sequence[tuple[Int, Int, Int, Int, Int]]) -> pl.DataFrame:
    if not draws:
        return pl.DataFrame(schema=DRAFT_DRAWS)
    columns = [np.concatenate([draw[place] for draw in draws]) for place in range(5)]
    return pl.DataFrame(dict(zip(DRAFT_DRAWS, columns, strict=True)), schema=DRAFT_DRAWS)


def payment_years(
    funds: Sequence[Fund],
    packages: Sequence[Package],
    *,
    plan_years: Sequence[int],
    length: int,
    longest_lag: int,
    types: Sequence[str],
) -> PaymentYears:
    """Work out, once for a book, when every fund and package can pay.

    `length` is the number of payment years since the start, `longest_lag` the longest time to acceptance.
    """
    first, starts = plan_years[0], len(plan_years)
    last = max([first + starts + length, *(max(fund.years) for fund in funds if fund.years)])
    filled = np.zeros((len(funds), last - first + 1), bool)
    for fund in funds:
        filled[fund.number, [year - first for year in fund.years]] = True
    late = np.array([int(fund.arrives == "next_year") for fund in funds], np.int64)
    after = np.array([fund.arrives == "after_acceptance" for fund in funds], bool)
    arcs = _arcs(funds, filled, late, starts, length)
    lags = max(longest_lag, 1) + 1
    payable = np.zeros((len(packages), lags, starts, length), bool)
    for number, package in enumerate(packages):
        members = np.array([fund for fund, _ in package.shares], np.int64)
        caps = np.array([cap for _, cap in package.shares], np.int64)
        local = np.array([funds[fund].local for fund, _ in package.shares], bool)
        for lag in range(lags) if after[members].any() else (0,):
            there = arcs[members] & (~after[members, None, None] | (np.arange(length) >= lag))
            weight = caps[:, None, None] * there
            payable[number, lag] = (weight.sum(0) >= 100) & (weight[local].sum(0) >= package.floor)
        if not after[members].any():
            payable[number, 1:] = payable[number, 0]
    width = max((len(package.fixed) for package in packages), default=0)
    fixed = np.full((len(packages), width), -1, np.int64)
    for number, package in enumerate(packages):
        fixed[number, : len(package.fixed)] = package.fixed
    sums = np.zeros((len(funds), len(types)), np.int64)
    place = {kind: number for number, kind in enumerate(types)}
    for fund in funds:
        for kind, amount in fund.sums.items():
            if kind in place:
                sums[fund.number, place[kind]] = amount
    package_after = [
        any(after[fund] for fund in (*package.fixed, *(f for f, _ in package.shares))) for package in packages
    ]
    return PaymentYears(
        first_year=first,
        filled=filled,
        after=after,
        late=late,
        package_after=np.array(package_after, bool),
        fixed=fixed,
        sums=sums,
        payable=payable,
    )


def _arcs(funds: Sequence[Fund], filled: Flags, late: Int, starts: int, length: int) -> Flags:
    """fund x start year x year since the start: some budget year may pay then (acceptance left aside)."""
    arcs = np.zeros((len(funds), starts, length), bool)
    carry = np.array([("none", "tied", "free").index(fund.carry_over) for fund in funds], np.int64)
    start = np.arange(starts)[:, None]
    paid = start + np.arange(length)[None, :]
    for budget in range(filled.shape[1]):
        arrival = (budget + late)[:, None, None]
        kinds = carry[:, None, None]
        same = paid == arrival
        tied = (arrival <= paid) & (paid <= arrival + 1) & (start <= arrival)
        fits = np.where(kinds == 0, same, np.where(kinds == 1, tied, paid >= arrival))
        arcs |= fits & filled[:, budget][:, None, None]
    return arcs
