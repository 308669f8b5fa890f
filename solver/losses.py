"""How much worse a plan must be, at given prices, for holding an option: the yardstick for what to leave out.

The loss of an option is what its choice set, its shelf and its root lose against their best when it is taken, capacities
aside. It is a measure for choosing columns, not a proof.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layout import FREE, Layout

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@njit(cache=True, nogil=True)
def _losses(  # type: ignore[no-untyped-def]
    periods, occasional, root_opening, shelf_start, shelf_exclusion, shelf_opening, choice_start, option_start, option,
    period, profit, opening_profit, loss, opening_loss,
):  # fmt: skip
    roots = len(shelf_start) - 1
    for r in range(roots):
        first, end = shelf_start[r], shelf_start[r + 1]
        worth = np.zeros((end - first, periods), np.float64)  # of each shelf by its opening period
        for k in range(first, end):
            for inner in range(periods):
                door = shelf_opening[k, inner]
                if door == FREE:
                    value = 0.0
                elif door < 0:
                    worth[k - first, inner] = -np.inf
                    continue
                else:
                    value = opening_profit[door]
                for c in range(choice_start[k], choice_start[k + 1]):
                    best = 0.0
                    for at in range(option_start[c], option_start[c + 1]):
                        o = option[at]
                        fits = period[o] == inner if occasional[r] else period[o] >= inner
                        if fits and profit[o] > best:
                            best = profit[o]
                    value += best
                worth[k - first, inner] = value
        sets = 0
        for k in range(first, end):
            sets = max(sets, shelf_exclusion[k] + 1)
        best_of_set = np.zeros((sets, periods), np.float64)  # by opening period of the root
        root_worth = np.full(periods, -np.inf)
        for opened in range(periods):
            if root_opening[r, opened] < 0:
                continue
            total = opening_profit[root_opening[r, opened]]
            for k in range(first, end):
                e = shelf_exclusion[k]
                for inner in range(opened, opened + 1 if occasional[r] else periods):
                    best_of_set[e, opened] = max(best_of_set[e, opened], worth[k - first, inner])
            for e in range(sets):
                total += best_of_set[e, opened]
            root_worth[opened] = total
        best_root = 0.0
        for opened in range(periods):
            best_root = max(best_root, root_worth[opened])
        for opened in range(periods):
            if root_opening[r, opened] >= 0:
                opening_loss[root_opening[r, opened]] = best_root - root_worth[opened]
        for k in range(first, end):
            e = shelf_exclusion[k]
            for c in range(choice_start[k], choice_start[k + 1]):
                for at in range(option_start[c], option_start[c + 1]):
                    loss[option[at]] = np.inf
            for inner in range(periods):
                if worth[k - first, inner] == -np.inf:
                    continue
                shelf_loss = np.inf
                for opened in range(inner if occasional[r] else 0, inner + 1):
                    if root_opening[r, opened] >= 0:
                        forced = best_root - (root_worth[opened] - best_of_set[e, opened] + worth[k - first, inner])
                        shelf_loss = min(shelf_loss, forced)
                if shelf_opening[k, inner] >= 0:
                    opening_loss[shelf_opening[k, inner]] = shelf_loss
                for c in range(choice_start[k], choice_start[k + 1]):
                    best = 0.0
                    for at in range(option_start[c], option_start[c + 1]):
                        o = option[at]
                        fits = period[o] == inner if occasional[r] else period[o] >= inner
                        if fits and profit[o] > best:
                            best = profit[o]
                    for at in range(option_start[c], option_start[c + 1]):
                        o = option[at]
                        if period[o] == inner if occasional[r] else period[o] >= inner:
                            loss[o] = min(loss[o], shelf_loss + best - profit[o])


@njit(cache=True, nogil=True)
def _loose_losses(start, options, profit, loss):  # type: ignore[no-untyped-def]
    for c in range(len(start) - 1):
        best = 0.0
        for at in range(start[c], start[c + 1]):
            best = max(best, profit[options[at]])
        for at in range(start[c], start[c + 1]):
            loss[options[at]] = best - profit[options[at]]


def losses(layout: Layout, period: Int, profit: Float, opening_profit: Float) -> tuple[Float, Float]:
    """Losses of options and openings at these reduced profits, in points, 0 for what the blocks would take."""
    loss, opening_loss = np.full(len(profit), np.inf), np.full(len(opening_profit), np.inf)
    _losses(
        layout.periods, layout.root_occasional, layout.root_opening, layout.shelf_start, layout.shelf_exclusion,
        layout.shelf_opening, layout.choice_start, layout.option_start, layout.option,
        period, profit, opening_profit, loss, opening_loss,
    )  # fmt: skip
    _loose_losses(layout.loose_start, layout.loose_option, profit, loss)
    return np.maximum(loss, 0.0), np.maximum(opening_loss, 0.0)
