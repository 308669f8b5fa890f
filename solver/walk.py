"""Compiled kernels: the best of every block at given reduced profits, exactly.

A block is a root with its shelves (see `layout`). One pass over its options says what every shelf brings at most for
every period in which it may open; most blocks are settled by that: nothing is worth its opening, or the best choices
fit the capacity. Where they do not, lists of undominated (load, value) states decide (`walk_states`).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .layout import FREE, Layout
from .walk_states import KERNEL, NO_ROOM, POOL, SPACE, all_shelves, by_states, take_states

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Flags = NDArray[np.bool_]


@njit(**KERNEL)
def _best_of_choice(c, low, high, option_start, period, profit):  # type: ignore[no-untyped-def]
    """The place of the best option with positive profit of a choice set in periods low..high, or -1."""
    best, best_profit = -1, 0.0
    for o in range(option_start[c], option_start[c + 1]):
        if profit[o] > best_profit and low <= period[o] <= high:
            best, best_profit = o, profit[o]
    return best


@njit(**KERNEL)
def _gains(  # type: ignore[no-untyped-def]
    r, occasional, periods, shelf_start, shelf_opening, choice_start, option_start,
    period, profit, opening_profit, top, gain,
):  # fmt: skip
    """What every shelf of a root brings without capacities, by the period in which it opens, into `gain`."""
    first = shelf_start[r]
    for k in range(first, shelf_start[r + 1]):
        for inner in range(periods):
            gain[k - first, inner] = 0.0
        for c in range(choice_start[k], choice_start[k + 1]):
            latest = -1
            for o in range(option_start[c], option_start[c + 1]):
                if profit[o] > 0.0:
                    if latest < 0:
                        for inner in range(periods):
                            top[inner] = 0.0
                    latest = max(latest, period[o])
                    top[period[o]] = max(top[period[o]], profit[o])
            best = 0.0
            for inner in range(latest, -1, -1):
                best = top[inner] if occasional else max(best, top[inner])
                gain[k - first, inner] += best
        for inner in range(periods):
            door = shelf_opening[k, inner]
            if door >= 0:
                gain[k - first, inner] += opening_profit[door]
            elif door != FREE:
                gain[k - first, inner] = -1.0


@njit(**KERNEL)
def _uppers(  # type: ignore[no-untyped-def]
    r, occasional, periods, root_opening, shelf_start, shelf_exclusion, shelf_opening, opening_profit,
    gain, set_value, upper,
):  # fmt: skip
    """What a root brings without capacities by its opening period, the part of every exclusion set, and their number."""
    first, sets = shelf_start[r], 0
    for k in range(first, shelf_start[r + 1]):
        sets = max(sets, shelf_exclusion[k] + 1)
    for opened in range(periods):
        for number in range(sets):
            set_value[opened, number] = 0.0
    for k in range(first, shelf_start[r + 1]):
        number, best = shelf_exclusion[k], 0.0
        single = occasional or shelf_opening[k, 0] == FREE
        for opened in range(periods - 1, -1, -1):
            best = gain[k - first, opened] if single else max(best, gain[k - first, opened])
            set_value[opened, number] = max(set_value[opened, number], best)
    for opened in range(periods):
        door = root_opening[r, opened]
        upper[opened] = -1.0
        if door >= 0:
            upper[opened] = opening_profit[door]
            for number in range(sets):
                upper[opened] += set_value[opened, number]
    return sets


@njit(**KERNEL)
def _fits(  # type: ignore[no-untyped-def]
    r, opened, occasional, capacity, last_period, sets, take, gain,
    shelf_start, shelf_minimum, shelf_capacity, shelf_exclusion, shelf_opening,
    choice_start, option_start, period, size, profit, take_option, take_opening,
):  # fmt: skip
    """Whether the best choices of a root opened in a period fit all capacities; with `take` they are flagged."""
    first, load = shelf_start[r], 0
    high = opened if occasional else last_period
    for number in range(sets):
        best, best_shelf, best_inner = 0.0, -1, -1
        for k in range(first, shelf_start[r + 1]):
            if shelf_exclusion[k] != number:
                continue
            single = occasional or shelf_opening[k, opened] == FREE
            for inner in range(opened, opened + 1 if single else last_period + 1):
                if gain[k - first, inner] > best:
                    best, best_shelf, best_inner = gain[k - first, inner], k, inner
        if best_shelf < 0:
            continue
        own = 0
        for c in range(choice_start[best_shelf], choice_start[best_shelf + 1]):
            o = _best_of_choice(c, best_inner, high, option_start, period, profit)
            if o >= 0:
                own += size[o]
                if take:
                    take_option[o] = True
        if take:
            door = shelf_opening[best_shelf, best_inner]
            if door >= 0:
                take_opening[door] = True
        elif own > shelf_capacity[best_shelf]:
            return False
        load += max(own, shelf_minimum[best_shelf])
        if load > capacity and not take:
            return False
    return True


@njit(**KERNEL)
def _settle(  # type: ignore[no-untyped-def]
    first, end, periods, root_capacity, root_occasional, root_opening,
    shelf_start, shelf_minimum, shelf_capacity, shelf_exclusion, shelf_opening,
    choice_start, option_start, period, size, profit, opening_profit,
    root_value, take_option, take_opening, gain, set_value, top, upper, least,
    load, value, link, lists, list_value, pool, chain, start, found, chosen, set_best,
):  # fmt: skip
    """Settle the roots from `first` on; the first one for whose states there is no room, or `end`."""
    for r in range(first, end):
        root_value[r] = 0.0
        occasional, capacity = root_occasional[r], root_capacity[r]
        _gains(
            r, occasional, periods, shelf_start, shelf_opening, choice_start, option_start,
            period, profit, opening_profit, top, gain,
        )  # fmt: skip
        sets = _uppers(
            r, occasional, periods, root_opening, shelf_start, shelf_exclusion, shelf_opening, opening_profit,
            gain, set_value, upper,
        )  # fmt: skip
        best, best_period = 0.0, -1
        many = 0
        from_states, have_states = False, False
        while True:
            opened = 0
            for other in range(1, periods):
                if upper[other] > upper[opened]:
                    opened = other
            if upper[opened] <= best + 1e-12:
                break
            if _fits(
                r, opened, occasional, capacity, periods - 1, sets, False, gain,
                shelf_start, shelf_minimum, shelf_capacity, shelf_exclusion, shelf_opening,
                choice_start, option_start, period, size, profit, take_option, take_opening,
            ):  # fmt: skip
                best, best_period, from_states = upper[opened], opened, False
                break
            if not have_states:
                if load.shape[1] == 0:
                    return r
                for number in range(sets):  # what a shelf must bring at least, the best of all others granted
                    rest = -np.inf
                    for other in range(periods):
                        if upper[other] > best:
                            rest = max(rest, upper[other] - set_value[other, number])
                    least[number] = max(0.0, best - rest - 1e-9 * max(1.0, abs(rest)))
                if not all_shelves(
                    r, occasional, capacity, periods, gain, least,
                    shelf_start, shelf_minimum, shelf_capacity, shelf_exclusion, shelf_opening,
                    choice_start, option_start, period, size, profit, opening_profit,
                    load, value, link, found, start, lists, list_value, pool,
                ):  # fmt: skip
                    return r
                have_states = True
            exact, last = by_states(
                r, opened, occasional, capacity, periods, opening_profit[root_opening[r, opened]], best, sets,
                shelf_start, shelf_exclusion, shelf_opening, load, value, link, start, lists, list_value, chain, set_best,
            )  # fmt: skip
            if exact == NO_ROOM:
                return r
            upper[opened] = -1.0
            if exact > best:
                best, best_period, from_states = exact, opened, True
                many = take_states(
                    last, shelf_start[r], periods, shelf_opening, start, lists, pool, chain, chosen
                )  # fmt: skip
        root_value[r] = best
        if best_period < 0:
            continue
        take_opening[root_opening[r, best_period]] = True
        if from_states:
            for number in range(many):
                if chosen[number] >= 0:
                    take_option[chosen[number]] = True
                else:
                    take_opening[-1 - chosen[number]] = True
        else:
            _fits(
                r, best_period, occasional, capacity, periods - 1, sets, True, gain,
                shelf_start, shelf_minimum, shelf_capacity, shelf_exclusion, shelf_opening,
                choice_start, option_start, period, size, profit, take_option, take_opening,
            )  # fmt: skip
    return end


@njit(cache=True, nogil=True)
def _walk(  # type: ignore[no-untyped-def]
    first, end, periods, root_capacity, root_occasional, root_opening,
    shelf_start, shelf_minimum, shelf_capacity, shelf_exclusion, shelf_opening,
    choice_start, option_start, period, size, profit, opening_profit,
    root_value, take_option, take_opening,
):  # fmt: skip
    """Settle the roots first..end-1; values into root_value, what is taken into the flags (options by place)."""
    widest, most, longest = 1, 1, 1
    for r in range(first, end):
        widest = max(widest, shelf_start[r + 1] - shelf_start[r])
        most = max(most, choice_start[shelf_start[r + 1]] - choice_start[shelf_start[r]])
        for c in range(choice_start[shelf_start[r]], choice_start[shelf_start[r + 1]]):
            longest = max(longest, option_start[c + 1] - option_start[c])
    gain, set_value = np.empty((widest, periods), np.float64), np.empty((periods, widest), np.float64)
    top, upper, least = np.empty(periods, np.float64), np.empty(periods, np.float64), np.empty(widest, np.float64)
    start, found = np.empty(widest * periods + 1, np.int64), np.empty(longest, np.int64)
    chosen, set_best = np.empty(most + widest, np.int64), np.empty(widest, np.float64)
    room, at = 0, first
    while at < end:  # work space for lists of states (see walk_states): none until a block needs it
        space = SPACE if room else 0
        load, value = np.empty((6, space), np.int64), np.empty((6, space), np.float64)
        link, chain = np.empty((6, space), np.int64), np.empty((2, room), np.int64)
        lists, list_value, pool = np.empty((2, room), np.int64), np.empty((1, room)), np.empty((2, room), np.int64)
        at = _settle(
            at, end, periods, root_capacity, root_occasional, root_opening,
            shelf_start, shelf_minimum, shelf_capacity, shelf_exclusion, shelf_opening,
            choice_start, option_start, period, size, profit, opening_profit,
            root_value, take_option, take_opening, gain, set_value, top, upper, least,
            load, value, link, lists, list_value, pool, chain, start, found, chosen, set_best,
        )  # fmt: skip
        room = max(POOL, 2 * room)


@njit(**KERNEL)
def _walk_loose(start, shift, profit, value, take_option):  # type: ignore[no-untyped-def]
    """The best of every choice set of options without facility, and its value; profits from place `shift` on."""
    for c in range(len(start) - 1):
        best, best_profit = -1, 0.0
        for o in range(shift + start[c], shift + start[c + 1]):
            if profit[o] > best_profit:
                best, best_profit = o, profit[o]
        value[c] = best_profit
        if best >= 0:
            take_option[best] = True


def walking_order(layout: Layout) -> Int:
    """All options in the order in which kernels go through them: those on facilities, then the others."""
    return np.concatenate([layout.option, layout.loose_option])


def walk_loose(layout: Layout, profit: Float, value: Float, take_option: Flags) -> None:
    """Settle the options without facility: values by choice set, and what is taken; all in walking order."""
    _walk_loose(layout.loose_start, len(layout.option), profit, value, take_option)


def walk_some(
    layout: Layout, first: int, end: int, profit: Float, opening_profit: Float,
    root_value: Float, take_option: Flags, take_opening: Flags,
) -> None:  # fmt: skip
    """Settle the blocks of roots first..end-1: values by root, and what is taken; options in walking order."""
    _walk(
        first, end, layout.periods, layout.root_capacity, layout.root_occasional, layout.root_opening,
        layout.shelf_start, layout.shelf_minimum, layout.shelf_capacity, layout.shelf_exclusion, layout.shelf_opening,
        layout.choice_start, layout.option_start, layout.option_period, layout.option_size, profit, opening_profit,
        root_value, take_option, take_opening,
    )  # fmt: skip


def walk(layout: Layout, profit: Float, opening_profit: Float) -> tuple[float, Float, Flags, Flags]:
    """Value of all blocks and loose options, value by root, and what is taken (options, openings)."""
    order = walking_order(layout)
    profit = profit[order]
    take, take_opening = np.zeros(len(order), np.bool_), np.zeros(len(opening_profit), np.bool_)
    root_value, loose = np.zeros(len(layout.root_facility)), np.zeros(len(layout.loose_start) - 1)
    walk_some(layout, 0, len(root_value), profit, opening_profit, root_value, take, take_opening)
    walk_loose(layout, profit, loose, take)
    take_option = np.zeros(len(order), np.bool_)
    take_option[order[take]] = True
    return float(root_value.sum() + loose.sum()), root_value, take_option, take_opening
