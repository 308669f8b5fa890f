"""Compiled kernels for blocks that do not fit: lists of undominated (load, value) states, shelf by shelf.

A list rises in load and in value. Lists are merged, never sorted; a state that cannot become worth more than what is
already known (its value with all that may still be added) is dropped as soon as it appears. Lists live in the rows of
one work space, because asking for memory would cost more than the merging; for the same reason these kernels are
compiled without reference counts (`_nrt`): they make no arrays, and counting took half of their time. Options go by
their place in the layout.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from .layout import FREE

KERNEL: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}  # for kernels that make no arrays
ROUNDING = 1e-9  # of a value: sums in another order may differ by so much
LIST_LIMIT = 4096  # states kept at most; beyond it loads are rounded down (the value stays an upper bound)
SPACE = 2 * LIST_LIMIT  # of a row of the work space: two lists
POOL = 1024  # links to begin with
NO_ROOM = -np.inf  # below the value of any block


@njit(**KERNEL)
def merge(  # type: ignore[no-untyped-def]
    load, value, link, one, n, two, m, out, shift, gain, item, ceiling, floor, pool, used,
):  # fmt: skip
    """List `one` (n states) and list `two` (m states) shifted by a load and a gain, into row `out`.

    Values at most `floor` are dropped. A state of the second list gets a link of its own in the pool (its parent and
    `item`) unless `item` is negative. Returns the number of states and of links.
    """
    count, i, j, best = 0, 0, 0, floor
    while m and load[two, m - 1] + shift > ceiling:
        m -= 1
    while i < n or j < m:
        first = j >= m
        if not first and i < n:
            other = load[two, j] + shift
            first = load[one, i] < other or (load[one, i] == other and value[one, i] >= value[two, j] + gain)
        if first:
            if value[one, i] > best + 1e-12:
                best = value[one, i]
                load[out, count], value[out, count], link[out, count] = load[one, i], best, link[one, i]
                count += 1
            i += 1
        else:
            if value[two, j] + gain > best + 1e-12:
                best = value[two, j] + gain
                load[out, count], value[out, count], link[out, count] = load[two, j] + shift, best, link[two, j]
                if item >= 0:
                    pool[0, used], pool[1, used] = link[two, j], item
                    link[out, count] = used
                    used += 1
                count += 1
            j += 1
    if count > LIST_LIMIT:  # every run of states becomes its most valuable one at the run's smallest load
        step = (count + LIST_LIMIT - 1) // LIST_LIMIT
        runs = (count + step - 1) // step
        for run in range(runs):
            last = min(count, (run + 1) * step) - 1
            load[out, run] = load[out, run * step]
            value[out, run], link[out, run] = value[out, last], link[out, last]
        count = runs
    return count, used


@njit(**KERNEL)
def _useful(c, low, high, ceiling, option_start, period, size, profit, found):  # type: ignore[no-untyped-def]
    """Options of a choice set with positive profit of which no other is as small and as good.

    Returns how many there are, and the best profit whatever the size.
    """
    count, best = 0, 0.0
    for o in range(option_start[c], option_start[c + 1]):
        if not (profit[o] > 0.0 and low <= period[o] <= high):
            continue
        best = max(best, profit[o])
        if size[o] > ceiling:
            continue
        beaten = False
        for n in range(count):
            if size[found[n]] <= size[o] and profit[found[n]] >= profit[o]:
                beaten = True
                break
        if beaten:
            continue
        kept = 0
        for n in range(count):
            if not (size[o] <= size[found[n]] and profit[o] >= profit[found[n]]):
                found[kept] = found[n]
                kept += 1
        found[kept] = o
        count = kept + 1
    return count, best


@njit(**KERNEL)
def all_shelves(  # type: ignore[no-untyped-def]
    r, occasional, capacity, periods, gain, least,
    shelf_start, shelf_minimum, shelf_capacity, shelf_exclusion, shelf_opening,
    choice_start, option_start, period, size, profit, opening_profit,
    load, value, link, found, start, lists, list_value, pool,
):  # fmt: skip
    """States of every shelf of a root for every period in which it may open, padded, if above the least of its set.

    `gain` says what shelf and period bring without capacities. Loads and links (chains of options in the pool) go to
    `lists`, values to `list_value`, cut by `start`. False if there is not enough room for them.
    """
    first, used, many = shelf_start[r], 0, 0
    start[0] = 0
    for k in range(first, shelf_start[r + 1]):
        for inner in range(periods):
            slot = (k - first) * periods + inner
            start[slot + 1] = many
            floor = least[shelf_exclusion[k]]
            if gain[k - first, inner] <= floor:
                continue
            door = shelf_opening[k, inner]
            own = 0.0 if door == FREE else opening_profit[door]
            still = gain[k - first, inner] - own
            ceiling, high = min(capacity, shelf_capacity[k]), inner if occasional else periods - 1
            floor -= ROUNDING * max(1.0, abs(own))
            row, n = 0, 1
            load[0, 0], value[0, 0], link[0, 0] = 0, own, -1
            for c in range(choice_start[k], choice_start[k + 1]):
                count, best = _useful(c, inner, high, ceiling, option_start, period, size, profit, found)
                if best == 0.0:
                    continue
                still = max(still - best, 0.0)
                base, m, spare = row, n, (row + 1) % 3
                if count == 1 and size[found[0]] == 0:  # takes no room: every state is better for it
                    n = 0
                for alternative in range(count):
                    o = found[alternative]
                    if used + m > pool.shape[1]:
                        return False
                    n, used = merge(
                        load, value, link, row, n, base, m, spare, size[o], profit[o], o,
                        ceiling, floor - still, pool, used,
                    )  # fmt: skip
                    row, spare = spare, 3 - base - spare
                if n == 0:
                    break
            if many + n > lists.shape[1]:
                return False
            for state in range(n):
                padded = max(load[row, state], shelf_minimum[k])
                if value[row, state] <= floor or value[row, state] <= 0.0 or padded > capacity:
                    continue
                if many > start[slot] and lists[0, many - 1] == padded:  # padding made an earlier state needless
                    many -= 1
                lists[0, many], lists[1, many], list_value[0, many] = padded, link[row, state], value[row, state]
                many += 1
            start[slot + 1] = many
    return True


@njit(**KERNEL)
def by_states(  # type: ignore[no-untyped-def]
    r, opened, occasional, capacity, periods, root_value, to_beat, sets,
    shelf_start, shelf_exclusion, shelf_opening,
    load, value, link, start, lists, list_value, chain, set_best,
):  # fmt: skip
    """Exact value of a root opened in one period, -1 if nothing beats `to_beat`, or NO_ROOM; and the last link.

    A link of the chain has its predecessor and a state of a shelf (its place in `lists`).
    """
    first, end, used = shelf_start[r], shelf_start[r + 1], 0
    set_best[:sets] = 0.0
    for k in range(first, end):
        number = shelf_exclusion[k]
        single = occasional or shelf_opening[k, opened] == FREE
        for slot in range((k - first) * periods + opened, (k - first) * periods + (opened + 1 if single else periods)):
            if start[slot + 1] > start[slot]:
                set_best[number] = max(set_best[number], list_value[0, start[slot + 1] - 1])
    still = 0.0  # what later sets can add at most
    for number in range(sets):
        still += set_best[number]
    row, n = 0, 1
    load[0, 0], value[0, 0], link[0, 0] = 0, root_value, -1
    for number in range(sets):
        if set_best[number] == 0.0:
            continue
        still = max(still - set_best[number], 0.0)
        some, spare, many = 3, 4, 0  # rows 3 and 4: what the set offers; rows 0..2: the root
        for k in range(first, end):
            if shelf_exclusion[k] != number:
                continue
            single = occasional or shelf_opening[k, opened] == FREE
            for inner in range(opened, opened + 1 if single else periods):
                slot = (k - first) * periods + inner
                length = start[slot + 1] - start[slot]
                for state in range(length):
                    at = start[slot] + state
                    load[5, state], value[5, state], link[5, state] = lists[0, at], list_value[0, at], at
                many, _ = merge(
                    load, value, link, some, many, 5, length, spare, 0, 0.0, -1, capacity, 0.0, chain, used
                )  # fmt: skip
                some, spare = spare, some
        base, m, spare = row, n, (row + 1) % 3
        floor, n = to_beat - still, 0
        for state in range(many + 1):  # the last time without anything of this set
            if used + m > chain.shape[1]:
                return NO_ROOM, -1
            if state < many:
                shift, more, item = load[some, state], value[some, state], link[some, state]
            else:
                shift, more, item = 0, 0.0, -1
            n, used = merge(
                load, value, link, row, n, base, m, spare, shift, more, item, capacity, floor, chain, used
            )  # fmt: skip
            row, spare = spare, 3 - base - spare
        if n == 0:
            return -1.0, -1
        to_beat = max(to_beat, value[row, n - 1] - ROUNDING * max(1.0, abs(value[row, n - 1])))
    return value[row, n - 1], link[row, n - 1]


@njit(**KERNEL)
def take_states(  # type: ignore[no-untyped-def]
    last, first, periods, shelf_opening, start, lists, pool, chain, chosen
):  # fmt: skip
    """The places of options (as they are) and openings (as -1 - opening) of a chain, into `chosen`; how many."""
    many = 0
    while last >= 0:
        at = chain[1, last]
        slot = 0
        while start[slot + 1] <= at:
            slot += 1
        door = shelf_opening[first + slot // periods, slot % periods]
        if door >= 0:
            chosen[many] = -1 - door
            many += 1
        inside = lists[1, at]
        while inside >= 0:
            chosen[many] = pool[1, inside]
            many += 1
            inside = pool[0, inside]
        last = chain[0, last]
    return many
