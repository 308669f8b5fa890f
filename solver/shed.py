"""Bringing a plan back within its hard rows by giving up what loses least for what it uses."""

from __future__ import annotations

import numpy as np
from numba import njit

from .ledger import drop_option, merit, undo


@njit(cache=True, nogil=True)
def _uses_exceeded(books, ledger, over, row_start, row, row_amount, spend_start, spend, arc_order, j):  # type: ignore[no-untyped-def]
    """Whether a column draws on a row that is exceeded, by itself or by the money that pays it."""
    for at in range(row_start[j], row_start[j + 1]):
        if row_amount[at] > 0.0 and over[row[at]]:
            return True
    for at in range(spend_start[j], spend_start[j + 1]):
        d = spend[at]
        for place in range(books.demand_start[d], books.demand_start[d + 1]):
            arc = arc_order[place]
            if ledger.value[books.arc_at + arc] <= 1e-9:
                continue
            if over[books.arc_source[arc]]:
                return True
            for more in range(books.arc_row_start[arc], books.arc_row_start[arc + 1]):
                if over[books.arc_row[more]]:
                    return True
    return False


@njit(cache=True, nogil=True)
def shed(books, ledger, price, arc_order):  # type: ignore[no-untyped-def]
    """Give up options on exceeded hard rows, those that lose least for what they use first, until none is exceeded.

    Returns whether all hard rows hold; openings that serve nothing any more are left to the next pass.
    """
    rows = len(books.row_limit)
    over = np.zeros(rows, np.bool_)
    options = len(books.option_group)
    theta = np.array([1.0, 0.0])
    for _ in range(3):
        many = 0
        for r in range(rows):
            over[r] = not books.row_soft[r] and ledger.value[r] > books.row_limit[r] + 1e-6
            many += over[r]
        if many == 0:
            return True
        column = np.empty(options, np.int64)
        density = np.empty(options)
        count = 0
        for o in range(options):
            if ledger.value[books.option_at + o] < 0.5:
                continue
            ledger.used[0] = 0
            before, used = merit(books, ledger, theta), ledger.value[books.scalar_at + 1]
            drop_option(books, ledger, price, arc_order, o)
            loss, freed = before - merit(books, ledger, theta), used - ledger.value[books.scalar_at + 1]
            undo(ledger, 0)
            column[count], density[count] = o, loss / max(freed, 1e-9)
            count += 1
        for n in np.argsort(density[:count], kind="mergesort"):
            o = column[n]
            if not _uses_exceeded(
                books, ledger, over, books.option_row_start, books.option_row, books.option_row_amount,
                books.option_spend_start, books.option_spend, arc_order, o,
            ):  # fmt: skip
                continue
            ledger.used[0] = 0
            drop_option(books, ledger, price, arc_order, o)
            for r in range(rows):
                if over[r] and ledger.value[r] <= books.row_limit[r] + 1e-6:
                    over[r] = False
                    many -= 1
            if many == 0:
                return True
    ledger.used[0] = 0
    return False
