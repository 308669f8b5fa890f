"""Compiled kernels for blocks that do not fit: lists of undominated (load, value) states, shelf by shelf."""

from __future__ import annotations

import numpy as np
from numba import njit

from .layout import FREE

ROUNDING = 1e-9  # of a value: sums in another order may differ by so much
LIST_LIMIT = 4096  # states kept at most; beyond it loads are rounded down (the value stays an upper bound)


@njit(cache=True, nogil=True)
def undominated(load, value, link, limit):  # type: ignore[no-untyped-def]
    """States by rising load and value; of equal load the most valuable."""
    order = np.argsort(-value, kind="mergesort")
    load, value, link = load[order], value[order], link[order]
    order = np.argsort(load, kind="mergesort")
    keep = np.empty(len(order), np.int64)
    count, best = 0, -np.inf
    for at in order:
        if value[at] > best + 1e-12:
            keep[count] = at
            count += 1
            best = value[at]
    keep = keep[:count]
    if count > limit:  # thin out: every run of states becomes its most valuable one at the run's smallest load
        step = (count + limit - 1) // limit
        size = (count + step - 1) // step
        out_load, out_value = np.empty(size, np.int64), np.empty(size, np.float64)
        out_link = np.empty(size, np.int64)
        for n in range(size):
            last = min(count, (n + 1) * step) - 1
            out_load[n] = load[keep[n * step]]
            out_value[n], out_link[n] = value[keep[last]], link[keep[last]]
        return out_load, out_value, out_link
    return load[keep], value[keep], link[keep]


@njit(cache=True, nogil=True)
def doubled(values, used):  # type: ignore[no-untyped-def]
    grown = np.empty(2 * len(values), np.int64)
    grown[:used] = values[:used]
    return grown


@njit(cache=True, nogil=True)
def useful(c, low, high, ceiling, option_start, option, period, size, profit, found):  # type: ignore[no-untyped-def]
    """Options of a choice set with positive profit of which no other is as small and as good; how many."""
    count = 0
    for at in range(option_start[c], option_start[c + 1]):
        o = option[at]
        if not (low <= period[o] <= high and profit[o] > 0.0 and size[o] <= ceiling):
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
        if kept >= len(found):  # more alternatives than there is room for: cannot happen, sets are never that wide
            kept = len(found) - 1
        found[kept] = o
        count = kept + 1
    return count


@njit(cache=True, nogil=True)
def shelf_states(  # type: ignore[no-untyped-def]
    k, low, high, start_value, ceiling,
    choice_start, option_start, option, period, size, profit, pool_parent, pool_option, used, found,
):  # fmt: skip
    """Undominated (sizes, value) states of one shelf; each state's chain of options is in the pool."""
    load, value = np.zeros(1, np.int64), np.full(1, start_value)
    link = np.full(1, -1, np.int64)
    for c in range(choice_start[k], choice_start[k + 1]):
        count = useful(c, low, high, ceiling, option_start, option, period, size, profit, found)
        if count == 0:
            continue
        if count == 1 and size[found[0]] == 0:  # takes no room: every state is better for it
            while used + len(load) > len(pool_parent):
                pool_parent, pool_option = doubled(pool_parent, used), doubled(pool_option, used)
            for state in range(len(load)):
                pool_parent[used], pool_option[used] = link[state], found[0]
                link[state] = used
                used += 1
            value = value + profit[found[0]]
            continue
        total = len(load) * (count + 1)
        while used + total > len(pool_parent):
            pool_parent, pool_option = doubled(pool_parent, used), doubled(pool_option, used)
        new_load, new_value, new_link = np.empty(total, np.int64), np.empty(total), np.empty(total, np.int64)
        n = len(load)
        new_load[:n], new_value[:n], new_link[:n] = load, value, link
        for alternative in range(count):
            o = found[alternative]
            for state in range(len(load)):
                if load[state] + size[o] > ceiling:
                    break
                pool_parent[used], pool_option[used] = link[state], o
                new_load[n], new_value[n], new_link[n] = load[state] + size[o], value[state] + profit[o], used
                used += 1
                n += 1
        load, value, link = undominated(new_load[:n], new_value[:n], new_link[:n], LIST_LIMIT)
    return load, value, link, pool_parent, pool_option, used


@njit(cache=True, nogil=True)
def all_shelves(  # type: ignore[no-untyped-def]
    r, occasional, capacity, last_period,
    shelf_start, shelf_minimum, shelf_capacity, shelf_opening,
    choice_start, option_start, option, period, size, profit, opening_profit,
):  # fmt: skip
    """States of every shelf of a root for every period in which it may open, padded, those with a gain alone."""
    periods, first, end = last_period + 1, shelf_start[r], shelf_start[r + 1]
    widest = 1
    for c in range(choice_start[first], choice_start[end]):
        widest = max(widest, option_start[c + 1] - option_start[c])
    found = np.empty(widest, np.int64)
    pool_parent, pool_option = np.empty(256, np.int64), np.empty(256, np.int64)
    used, many = 0, 0
    start = np.zeros((end - first) * periods + 1, np.int64)
    loads, links, values = np.empty(256, np.int64), np.empty(256, np.int64), np.empty(256, np.float64)
    for k in range(first, end):
        for inner in range(periods):
            slot = (k - first) * periods + inner
            start[slot + 1] = many
            door = shelf_opening[k, inner]
            if door < 0 and door != FREE:
                continue
            load, value, link, pool_parent, pool_option, used = shelf_states(
                k, inner, inner if occasional else last_period, 0.0 if door == FREE else opening_profit[door],
                min(capacity, shelf_capacity[k]),
                choice_start, option_start, option, period, size, profit, pool_parent, pool_option, used, found,
            )  # fmt: skip
            for state in range(len(load)):
                padded = max(load[state], shelf_minimum[k])
                if value[state] <= 0.0 or padded > capacity:
                    continue
                if many > start[slot] and loads[many - 1] == padded:  # padding made an earlier state needless
                    many -= 1
                if many >= len(loads):
                    loads, links = doubled(loads, many), doubled(links, many)
                    values = np.append(values, np.empty(len(values), np.float64))
                loads[many], values[many], links[many] = padded, value[state], link[state]
                many += 1
            start[slot + 1] = many
    return start, loads, values, links, pool_parent, pool_option


@njit(cache=True, nogil=True)
def by_states(  # type: ignore[no-untyped-def]
    r, opened, occasional, capacity, last_period, root_value, to_beat,
    shelf_start, shelf_exclusion, shelf_opening, start, loads, values, links, pool_parent, pool_option,
):  # fmt: skip
    """Exact value of a root opened in one period, with the options and openings that give it.

    States that cannot become better than `to_beat` are dropped; if nothing beats it the value is -1.
    """
    periods, first, end = last_period + 1, shelf_start[r], shelf_start[r + 1]
    sets = 0
    for k in range(first, end):
        sets = max(sets, shelf_exclusion[k] + 1)
    best_of_set = np.zeros(sets + 1, np.float64)
    for k in range(first, end):
        for inner in range(opened, opened + 1 if occasional else periods):
            if shelf_opening[k, inner] == FREE and inner != opened:
                continue
            slot = (k - first) * periods + inner
            for at in range(start[slot], start[slot + 1]):
                best_of_set[shelf_exclusion[k]] = max(best_of_set[shelf_exclusion[k]], values[at])
    still = best_of_set[:sets].sum()  # what later sets can add at most
    load, value = np.zeros(1, np.int64), np.full(1, root_value)
    link = np.full(1, -1, np.int64)
    # chain at the level of the root: previous link, chain within the shelf, opening taken
    chain_before, chain_inside = np.empty(256, np.int64), np.empty(256, np.int64)
    chain_opening = np.empty(256, np.int64)
    chained = 0
    for number in range(sets):
        still = max(still - best_of_set[number], 0.0)
        count = 0
        for k in range(first, end):
            if shelf_exclusion[k] == number:
                count += start[(k - first + 1) * periods] - start[(k - first) * periods + opened]
        if count == 0:
            continue
        cand_load, cand_value = np.empty(count, np.int64), np.empty(count, np.float64)
        cand_link, cand_opening = np.empty(count, np.int64), np.empty(count, np.int64)
        n = 0
        for k in range(first, end):
            if shelf_exclusion[k] != number:
                continue
            for inner in range(opened, opened + 1 if occasional else periods):
                if shelf_opening[k, inner] == FREE and inner != opened:
                    continue
                slot = (k - first) * periods + inner
                for at in range(start[slot], start[slot + 1]):
                    cand_load[n], cand_value[n], cand_link[n] = loads[at], values[at], links[at]
                    cand_opening[n] = shelf_opening[k, inner]
                    n += 1
        cand_load, cand_value, kept = undominated(cand_load[:n], cand_value[:n], np.arange(n), LIST_LIMIT)
        cand_link, cand_opening = cand_link[kept], cand_opening[kept]
        total = len(load) * (len(cand_load) + 1)
        new_load, new_value, new_link = np.empty(total, np.int64), np.empty(total), np.empty(total, np.int64)
        n = 0
        while chained + total > len(chain_before):
            chain_before, chain_inside = doubled(chain_before, chained), doubled(chain_inside, chained)
            chain_opening = doubled(chain_opening, chained)
        for state in range(len(load)):
            if value[state] + still > to_beat:
                new_load[n], new_value[n], new_link[n] = load[state], value[state], link[state]
                n += 1
        for a in range(len(cand_load)):
            for state in range(len(load)):
                if load[state] + cand_load[a] > capacity:
                    break
                if value[state] + cand_value[a] + still <= to_beat:
                    continue
                chain_before[chained], chain_inside[chained] = link[state], cand_link[a]
                chain_opening[chained] = cand_opening[a]
                new_load[n], new_value[n] = load[state] + cand_load[a], value[state] + cand_value[a]
                new_link[n] = chained
                chained += 1
                n += 1
        if n == 0:
            return -1.0, np.empty(0, np.int64), np.empty(0, np.int64)
        load, value, link = undominated(new_load[:n], new_value[:n], new_link[:n], LIST_LIMIT)
        to_beat = max(to_beat, value[-1] - ROUNDING * max(1.0, abs(value[-1])))
    best = len(value) - 1
    options, doors = np.empty(64, np.int64), np.empty(64, np.int64)
    many, open_count = 0, 0
    at = link[best]
    while at >= 0:
        if chain_opening[at] >= 0:
            if open_count >= len(doors):
                doors = doubled(doors, open_count)
            doors[open_count] = chain_opening[at]
            open_count += 1
        inside = chain_inside[at]
        while inside >= 0:
            if many >= len(options):
                options = doubled(options, many)
            options[many] = pool_option[inside]
            many += 1
            inside = pool_parent[inside]
        at = chain_before[at]
    return value[best], options[:many], doors[:open_count]
