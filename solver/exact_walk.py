"""The best value of every root in 64-bit whole numbers, compiled; `blocks` is its plain twin.

Fronts are lists of (load, value), both rising. A root is first settled by its best choices alone, where they
fit; otherwise fronts decide, and states that cannot beat the best value known are dropped on the way.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .blocks import root_value
from .dual import Reduced, Settle, plain_roots, roots
from .exact import total
from .layout import FREE, Layout, lay_out
from .problem import Problem

Int = NDArray[np.int64]

STATES = 1 << 20  # a longer front is left to the plain twin
LOWEST = -(2**62)


def root_values(layout: Layout, period: Int, size: Int, option: Int, opening: Int) -> Int:
    """Best value of every root at reduced profits, 0 if it stays closed, -1 where its fronts grow too long."""
    value = np.zeros(len(layout.root_facility), np.int64)
    _all_roots(
        layout.periods, layout.root_capacity, layout.root_occasional, layout.root_opening, layout.shelf_start,
        layout.shelf_minimum, layout.shelf_capacity, layout.shelf_exclusion, layout.shelf_opening,
        layout.choice_start, layout.option_start, layout.option, period, size, option, opening, value,
    )  # fmt: skip
    return value


def fast_roots(problem: Problem, reduced: Reduced) -> int:
    """Sum of the best values of all roots: the same number as `plain_roots`, sooner."""
    return _fast(problem, reduced, None)


def fast_roots_of(problem: Problem) -> Settle:
    """The same for many evaluations of one problem: its columns are put in order once."""
    layout = lay_out(problem)
    return lambda same, reduced: _fast(same, reduced, layout)


def _fast(problem: Problem, reduced: Reduced, layout: Layout | None) -> int:
    if reduced.wide or not problem.facilities:
        return plain_roots(problem, reduced)
    layout = layout or lay_out(problem)
    value = root_values(layout, problem.option_period, problem.option_size, reduced.option, reduced.opening)
    left = layout.root_facility[value < 0].tolist()
    slow = roots(problem, reduced) if left else {}
    return total(value[value > 0]) + sum(root_value(slow[facility], wide=False) for facility in left)


@njit(cache=True, nogil=True)
def _with_item(load, value, base_load, base_value, item_load, item_value, capacity, least):  # type: ignore[no-untyped-def]
    """Merge a front with another one shifted by an item; only what is above `least` and fits stays."""
    out_load = np.empty(len(load) + len(base_load), np.int64)
    out_value = np.empty(len(load) + len(base_load), np.int64)
    i, j, n, best = 0, 0, 0, LOWEST
    many = len(base_load)
    while many > 0 and base_load[many - 1] + item_load > capacity:
        many -= 1
    while i < len(load) or j < many:
        if j >= many or (i < len(load) and load[i] <= base_load[j] + item_load):
            at, worth = load[i], value[i]
            i += 1
        else:
            at, worth = base_load[j] + item_load, base_value[j] + item_value
            j += 1
        if worth > best and worth > least:
            if n > 0 and out_load[n - 1] == at:
                n -= 1
            out_load[n], out_value[n], best = at, worth, worth
            n += 1
    return out_load[:n].copy(), out_value[:n].copy()


@njit(cache=True, nogil=True)
def _shelf_front(  # type: ignore[no-untyped-def]
    k, low, high, start, capacity, choice_start, option_start, option, period, size, profit
):
    """Front of one shelf whose door opens in period `low`."""
    load, value = np.zeros(1, np.int64), np.full(1, start)
    for c in range(choice_start[k], choice_start[k + 1]):
        base_load, base_value = load, value
        for at in range(option_start[c], option_start[c + 1]):
            o = option[at]
            if low <= period[o] <= high and profit[o] > 0 and size[o] <= capacity:
                load, value = _with_item(load, value, base_load, base_value, size[o], profit[o], capacity, LOWEST)
        if len(load) > STATES:
            return load, value, False
    return load, value, True


@njit(cache=True, nogil=True)
def _unlimited(  # type: ignore[no-untyped-def]
    r, opened, high, capacity, shelf_start, shelf_minimum, shelf_capacity, shelf_exclusion, shelf_opening,
    choice_start, option_start, option, period, size, profit, opening_profit, best_of_set, load_of_set,
):  # fmt: skip
    """Value without capacities, the best of every exclusion set, and whether these choices fit."""
    best_of_set[:] = 0
    load_of_set[:] = 0
    for k in range(shelf_start[r], shelf_start[r + 1]):
        number = shelf_exclusion[k]
        for inner in range(opened, high + 1):
            door = shelf_opening[k, inner]
            if (door == FREE and inner != opened) or (door < 0 and door != FREE):
                continue
            value = 0 if door == FREE else opening_profit[door]
            load = 0
            for c in range(choice_start[k], choice_start[k + 1]):
                best, best_size = 0, 0
                for at in range(option_start[c], option_start[c + 1]):
                    o = option[at]
                    if inner <= period[o] <= high and profit[o] > best:
                        best, best_size = profit[o], size[o]
                value += best
                load += best_size
            if value > best_of_set[number]:
                best_of_set[number] = value
                load_of_set[number] = max(load, shelf_minimum[k]) if load <= shelf_capacity[k] else capacity + 1
    return best_of_set.sum(), _fits(load_of_set, capacity)


@njit(cache=True, nogil=True)
def _fits(loads, capacity):  # type: ignore[no-untyped-def]
    left = capacity
    for load in loads:
        if load > left:
            return False
        left -= load
    return True


@njit(cache=True, nogil=True)
def _by_fronts(  # type: ignore[no-untyped-def]
    r, opened, high, capacity, start, to_beat, shelf_start, shelf_minimum, shelf_capacity, shelf_exclusion,
    shelf_opening, choice_start, option_start, option, period, size, profit, opening_profit, best_of_set,
):  # fmt: skip
    """The exact value of a root opened in one period if it is above `to_beat`; whether the fronts stayed short."""
    load, value = np.zeros(1, np.int64), np.full(1, start)
    still = best_of_set.sum()
    for number in range(len(best_of_set)):
        still -= best_of_set[number]
        if best_of_set[number] <= 0:
            continue
        base_load, base_value = load, value
        load, value = _with_item(load, value, load[:0], value[:0], 0, 0, capacity, to_beat - still)
        for k in range(shelf_start[r], shelf_start[r + 1]):
            if shelf_exclusion[k] != number:
                continue
            for inner in range(opened, high + 1):
                door = shelf_opening[k, inner]
                if (door == FREE and inner != opened) or (door < 0 and door != FREE):
                    continue
                gain = 0 if door == FREE else opening_profit[door]
                room = min(capacity, shelf_capacity[k])
                items, worth, short = _shelf_front(
                    k, inner, high, gain, room, choice_start, option_start, option, period, size, profit
                )
                if not short:
                    return 0, False
                for at in range(len(items)):
                    padded = max(items[at], shelf_minimum[k])
                    if at + 1 < len(items) and items[at + 1] <= shelf_minimum[k]:
                        continue  # the next state is worth more and takes no more
                    if worth[at] > 0 and padded <= capacity:
                        load, value = _with_item(
                            load, value, base_load, base_value, padded, worth[at], capacity, to_beat - still
                        )
                        if len(load) > STATES:
                            return 0, False
        if len(load) == 0:
            return to_beat, True
        to_beat = max(to_beat, value[-1] - 1)  # what is reached already stays possible
    return max(to_beat, value[-1]), True


@njit(cache=True, nogil=True)
def _all_roots(  # type: ignore[no-untyped-def]
    periods, root_capacity, root_occasional, root_opening, shelf_start, shelf_minimum, shelf_capacity,
    shelf_exclusion, shelf_opening, choice_start, option_start, option, period, size, profit, opening_profit,
    root_value,
):  # fmt: skip
    upper, fits = np.empty(periods, np.int64), np.empty(periods, np.bool_)
    for r in range(len(root_capacity)):
        sets = 0
        for k in range(shelf_start[r], shelf_start[r + 1]):
            sets = max(sets, shelf_exclusion[k] + 1)
        best_of_set, load_of_set = np.zeros(sets, np.int64), np.zeros(sets, np.int64)
        for opened in range(periods):
            upper[opened], fits[opened] = LOWEST, False
            if root_opening[r, opened] >= 0:
                high = opened if root_occasional[r] else periods - 1
                total, fitting = _unlimited(
                    r, opened, high, root_capacity[r], shelf_start, shelf_minimum, shelf_capacity, shelf_exclusion,
                    shelf_opening, choice_start, option_start, option, period, size, profit, opening_profit,
                    best_of_set, load_of_set,
                )  # fmt: skip
                upper[opened], fits[opened] = total + opening_profit[root_opening[r, opened]], fitting
        best = 0
        while True:  # the most promising period first
            opened = int(np.argmax(upper))
            if upper[opened] <= best:
                break
            if fits[opened]:
                best = upper[opened]
                break
            high = opened if root_occasional[r] else periods - 1
            _unlimited(
                r, opened, high, root_capacity[r], shelf_start, shelf_minimum, shelf_capacity, shelf_exclusion,
                shelf_opening, choice_start, option_start, option, period, size, profit, opening_profit,
                best_of_set, load_of_set,
            )  # fmt: skip
            best, short = _by_fronts(
                r, opened, high, root_capacity[r], opening_profit[root_opening[r, opened]], best, shelf_start,
                shelf_minimum, shelf_capacity, shelf_exclusion, shelf_opening, choice_start, option_start, option,
                period, size, profit, opening_profit, best_of_set,
            )  # fmt: skip
            upper[opened] = LOWEST
            if not short:
                best = -1
                break
        root_value[r] = best
