"""Compiled kernels: the best of every block at given reduced profits, exactly.

A block is a root with its shelves (see `layout`). Most blocks are settled by their best choices alone: where these
fit the capacity nothing better exists. Where they do not, a list of undominated (load, value) states decides.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layout import FREE, Layout
from .walk_states import all_shelves, by_states

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@njit(cache=True, nogil=True)
def _best_of_choice(c, low, high, option_start, option, period, profit):  # type: ignore[no-untyped-def]
    """The best option with positive profit of a choice set in periods low..high, or -1."""
    best, best_profit = -1, 0.0
    for at in range(option_start[c], option_start[c + 1]):
        o = option[at]
        if low <= period[o] <= high and profit[o] > best_profit:
            best, best_profit = o, profit[o]
    return best


@njit(cache=True, nogil=True)
def _simple(  # type: ignore[no-untyped-def]
    r, opened, occasional, capacity, last_period,
    shelf_start, shelf_minimum, shelf_capacity, shelf_exclusion, shelf_opening,
    choice_start, option_start, option, period, size, profit, opening_profit, best_value, best_shelf, best_inner,
):  # fmt: skip
    """Value without capacities (an upper bound), and whether the choices that give it fit all of them."""
    sets = 0
    for k in range(shelf_start[r], shelf_start[r + 1]):
        sets = max(sets, shelf_exclusion[k] + 1)
    for number in range(sets):
        best_value[number], best_shelf[number], best_inner[number] = 0.0, -1, -1
    for k in range(shelf_start[r], shelf_start[r + 1]):
        number = shelf_exclusion[k]
        high = opened if occasional else last_period
        for inner in range(opened, high + 1):
            door = shelf_opening[k, inner]
            if door == FREE:
                if inner != opened:
                    continue
                value = 0.0
            elif door < 0:
                continue
            else:
                value = opening_profit[door]
            for c in range(choice_start[k], choice_start[k + 1]):
                o = _best_of_choice(c, inner, high, option_start, option, period, profit)
                if o >= 0:
                    value += profit[o]
            if value > best_value[number]:
                best_value[number], best_shelf[number], best_inner[number] = value, k, inner
    total, load, fits = 0.0, 0, True
    for number in range(sets):
        k = best_shelf[number]
        if k < 0:
            continue
        total += best_value[number]
        high = opened if occasional else last_period
        own = 0
        for c in range(choice_start[k], choice_start[k + 1]):
            o = _best_of_choice(c, best_inner[number], high, option_start, option, period, profit)
            if o >= 0:
                own += size[o]
        if own > shelf_capacity[k]:
            fits = False
        load += max(own, shelf_minimum[k])
    return total, fits and load <= capacity, sets


@njit(cache=True, nogil=True)
def _walk(  # type: ignore[no-untyped-def]
    first, end, periods, root_capacity, root_occasional, root_opening,
    shelf_start, shelf_minimum, shelf_capacity, shelf_exclusion, shelf_opening,
    choice_start, option_start, option, period, size, profit, opening_profit,
    root_value, take_option, take_opening,
):  # fmt: skip
    """Settle the roots first..end-1; values into root_value, what is taken into the flags."""
    widest = 1
    for r in range(first, end):
        widest = max(widest, shelf_start[r + 1] - shelf_start[r])
    best_value = np.empty(widest, np.float64)
    best_shelf, best_inner = np.empty(widest, np.int64), np.empty(widest, np.int64)
    upper, fitting = np.empty(periods, np.float64), np.empty(periods, np.bool_)
    for r in range(first, end):
        root_value[r] = 0.0
        occasional = root_occasional[r]
        for opened in range(periods):
            upper[opened], fitting[opened] = -1.0, False
            if root_opening[r, opened] < 0:
                continue
            total, fits, _ = _simple(
                r, opened, occasional, root_capacity[r], periods - 1,
                shelf_start, shelf_minimum, shelf_capacity, shelf_exclusion, shelf_opening,
                choice_start, option_start, option, period, size, profit, opening_profit,
                best_value, best_shelf, best_inner,
            )  # fmt: skip
            upper[opened], fitting[opened] = total + opening_profit[root_opening[r, opened]], fits
        best, best_period = 0.0, -1
        best_options, best_doors = np.empty(0, np.int64), np.empty(0, np.int64)
        from_states, have_states = False, False
        while True:
            opened = int(np.argmax(upper))
            if upper[opened] <= best + 1e-12:
                break
            if fitting[opened]:
                best, best_period, from_states = upper[opened], opened, False
                break
            if not have_states:
                start, loads, values, links, pool_parent, pool_option = all_shelves(
                    r, occasional, root_capacity[r], periods - 1,
                    shelf_start, shelf_minimum, shelf_capacity, shelf_opening,
                    choice_start, option_start, option, period, size, profit, opening_profit,
                )  # fmt: skip
                have_states = True
            value, options, doors = by_states(
                r, opened, occasional, root_capacity[r], periods - 1, opening_profit[root_opening[r, opened]], best,
                shelf_start, shelf_exclusion, shelf_opening, start, loads, values, links, pool_parent, pool_option,
            )  # fmt: skip
            upper[opened] = -1.0
            if value > best:
                best, best_period, from_states = value, opened, True
                best_options, best_doors = options, doors
        root_value[r] = best
        if best_period < 0:
            continue
        take_opening[root_opening[r, best_period]] = True
        if from_states:
            for o in best_options:
                take_option[o] = True
            for door in best_doors:
                take_opening[door] = True
            continue
        _, _, sets = _simple(
            r, best_period, occasional, root_capacity[r], periods - 1,
            shelf_start, shelf_minimum, shelf_capacity, shelf_exclusion, shelf_opening,
            choice_start, option_start, option, period, size, profit, opening_profit,
            best_value, best_shelf, best_inner,
        )  # fmt: skip
        high = best_period if occasional else periods - 1
        for number in range(sets):
            k = best_shelf[number]
            if k < 0:
                continue
            door = shelf_opening[k, best_inner[number]]
            if door >= 0:
                take_opening[door] = True
            for c in range(choice_start[k], choice_start[k + 1]):
                o = _best_of_choice(c, best_inner[number], high, option_start, option, period, profit)
                if o >= 0:
                    take_option[o] = True


@njit(cache=True, nogil=True)
def _walk_loose(start, options, profit, take_option):  # type: ignore[no-untyped-def]
    """The best of every choice set of options without facility; returns the sum."""
    total = 0.0
    for c in range(len(start) - 1):
        best, best_profit = -1, 0.0
        for at in range(start[c], start[c + 1]):
            if profit[options[at]] > best_profit:
                best, best_profit = options[at], profit[options[at]]
        if best >= 0:
            total += best_profit
            take_option[best] = True
    return total


def walk(
    layout: Layout, period: Int, size: Int, profit: Float, opening_profit: Float
) -> tuple[float, Float, NDArray[np.bool_], NDArray[np.bool_]]:
    """Value of all blocks and loose options, value by root, and what is taken (options, openings)."""
    take_option = np.zeros(len(profit), np.bool_)
    take_opening = np.zeros(len(opening_profit), np.bool_)
    root_value = np.zeros(len(layout.root_facility), np.float64)
    _walk(
        0, len(root_value), layout.periods, layout.root_capacity, layout.root_occasional, layout.root_opening,
        layout.shelf_start, layout.shelf_minimum, layout.shelf_capacity, layout.shelf_exclusion, layout.shelf_opening,
        layout.choice_start, layout.option_start, layout.option, period, size, profit, opening_profit,
        root_value, take_option, take_opening,
    )  # fmt: skip
    loose = _walk_loose(layout.loose_start, layout.loose_option, profit, take_option)
    return float(root_value.sum()) + loose, root_value, take_option, take_opening
