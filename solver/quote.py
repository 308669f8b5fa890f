"""What taking a column would change, read off the ledger without writing to it: the search asks far oftener than it takes.

A quote looks at one column by itself: each of its demands is paid from what the sources have left now, the cheapest
first, and what the group would give up counts without the money that this frees. Whoever takes the column finds out
exactly (`ledger.add_option`).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .ledger import DUST
from .shelves import NEVER

DEAR = 1.5  # of the cheapest mix: what money that others hold may have cost


@njit(cache=True, nogil=True)
def _arc_price(books, price, arc):  # type: ignore[no-untyped-def]
    total = price[books.arc_source[arc]]
    for at in range(books.arc_row_start[arc], books.arc_row_start[arc + 1]):
        total += price[books.arc_row[at]] * books.arc_row_amount[at]
    return total


@njit(cache=True, nogil=True)
def _arc_room(books, ledger, arc):  # type: ignore[no-untyped-def]
    source = books.arc_source[arc]
    room = books.row_limit[source] - ledger.value[source]
    for at in range(books.arc_row_start[arc], books.arc_row_start[arc + 1]):
        row = books.arc_row[at]
        if books.arc_row_amount[at] > 0.0:
            room = min(room, (books.row_limit[row] - ledger.value[row]) / books.arc_row_amount[at])
    return room


@njit(cache=True, nogil=True)
def quote_money(books, ledger, price, arc_order, d, amount, degree):  # type: ignore[no-untyped-def]
    """What a further amount of a demand costs at the prices (to a degree) and in penalties; infinity if none can pay it."""
    total = ledger.value[books.demand_at + d] + amount
    begin, end = books.demand_start[d], books.demand_start[d + 1]
    first = books.slot_start[d]
    slots = books.slot_start[d + 1] - first
    left = np.empty(slots)  # what each slot may still pay
    floors = False
    for s in range(slots):
        left[s] = books.slot_cap[first + s] * total
        floors = floors or books.slot_floor[first + s] >= 0
    if total > amount:
        for at in range(begin, end):
            arc = arc_order[at]
            left[books.arc_slot[arc] - first] -= ledger.value[books.arc_at + arc]
    need, cost = amount, 0.0
    taken = np.zeros(end - begin)
    if floors:
        for s in range(slots):
            floor = books.slot_floor[first + s]
            if floor < 0:
                continue
            seen = False
            for other in range(s):
                seen = seen or books.slot_floor[first + other] == floor
            if seen:
                continue
            wanted = books.floor_share[floor] * total
            for other in range(s, slots):
                if books.slot_floor[first + other] == floor:
                    wanted -= books.slot_cap[first + other] * total - left[other]
            for soft in range(2):
                for at in range(begin, end):
                    if wanted <= DUST:
                        break
                    arc = arc_order[at]
                    slot = books.arc_slot[arc] - first
                    if books.slot_floor[first + slot] != floor:
                        continue
                    take = min(wanted, left[slot])
                    if soft == 0:
                        take = min(take, _arc_room(books, ledger, arc))
                    elif not books.row_soft[books.arc_source[arc]]:
                        continue
                    if take > 0.0:
                        unit = degree * _arc_price(books, price, arc)
                        if soft == 1:
                            unit += books.row_penalty[books.arc_source[arc]]
                        cost += unit * take
                        left[slot] -= take
                        taken[at - begin] += take
                        wanted -= take
                        need -= take
            if wanted > DUST:
                return np.inf
    for soft in range(2):
        for at in range(begin, end):
            if need <= DUST:
                return cost
            arc = arc_order[at]
            slot = books.arc_slot[arc] - first
            take = min(need, left[slot])
            if soft == 0:
                take = min(take, _arc_room(books, ledger, arc) - taken[at - begin])
            elif not books.row_soft[books.arc_source[arc]]:
                continue
            if take > 0.0:
                unit = degree * _arc_price(books, price, arc)
                if soft == 1:
                    unit += books.row_penalty[books.arc_source[arc]]
                cost += unit * take
                left[slot] -= take
                taken[at - begin] += take
                need -= take
    return cost if need <= DUST else np.inf


@njit(cache=True, nogil=True)
def _quote_row(books, ledger, price, row, amount, degree):  # type: ignore[no-untyped-def]
    before = ledger.value[row]
    after, limit = before + amount, books.row_limit[row]
    cost = degree * price[row] * amount
    if books.row_soft[row]:
        return cost + books.row_penalty[row] * (max(0.0, after - limit) - max(0.0, before - limit))
    return cost if amount <= 0.0 or after <= limit + 1e-6 else np.inf


@njit(cache=True, nogil=True)
def given_up(books, shelves, ledger, o, theta):  # type: ignore[no-untyped-def]
    """What the group of an option would give up for it at least, roughly."""
    g = books.option_group[o]
    if g < 0 or ledger.value[books.group_at + g] + books.option_weight[o] <= books.group_capacity[g] + 0.5:
        return 0.0
    least = np.inf
    for at in range(books.group_start[g], books.group_start[g + 1]):
        other = books.group_option[at]
        if ledger.value[books.option_at + other] > 0.5:
            worth = theta[0] * books.option_profit[other] - theta[1] * DEAR * shelves.option_cost[other]
            least = min(least, worth)
    return max(least, 0.0) if least < np.inf else 0.0


@njit(cache=True, nogil=True)
def quote_option(books, shelves, ledger, price, arc_order, o, theta, grip):  # type: ignore[no-untyped-def]
    """What the merit would gain if an option were taken now, doors aside; NEVER where it cannot be.

    What the group gives up for it counts to the degree `grip`.
    """
    gain = theta[0] * books.option_profit[o] - grip * given_up(books, shelves, ledger, o, theta)
    g = books.option_group[o]
    if g >= 0 and books.group_exact[g]:
        short = books.group_capacity[g] - ledger.value[books.group_at + g]
        gain += books.group_penalty[g] * min(float(books.option_weight[o]), max(short, 0.0))
    for at in range(books.option_row_start[o], books.option_row_start[o + 1]):
        gain -= _quote_row(books, ledger, price, books.option_row[at], books.option_row_amount[at], theta[1])
    if gain == -np.inf:
        return NEVER
    for at in range(books.option_spend_start[o], books.option_spend_start[o + 1]):
        d, amount = books.option_spend[at], books.option_spend_amount[at]
        gain -= quote_money(books, ledger, price, arc_order, d, amount, theta[1])
        if gain == -np.inf:
            return NEVER
    return gain


@njit(cache=True, nogil=True)
def quote_opening(books, ledger, price, arc_order, q, theta):  # type: ignore[no-untyped-def]
    """The same of an opening."""
    gain = theta[0] * books.opening_profit[q]
    for at in range(books.opening_row_start[q], books.opening_row_start[q + 1]):
        gain -= _quote_row(books, ledger, price, books.opening_row[at], books.opening_row_amount[at], theta[1])
    if gain == -np.inf:
        return NEVER
    for at in range(books.opening_spend_start[q], books.opening_spend_start[q + 1]):
        d, amount = books.opening_spend[at], books.opening_spend_amount[at]
        gain -= quote_money(books, ledger, price, arc_order, d, amount, theta[1])
        if gain == -np.inf:
            return NEVER
    return gain
