"""The ledger of a plan under search: what is taken, what every row, group and demand holds, all of it undoable.

Everything that changes stands in one vector of floats (whole numbers below 2**53 are exact in it), and every change
goes through `put`, which writes the old value down; a move that turns out badly is undone by reading them
back. Money is concrete: each arc carries an amount, and each addition finds its own mix in what the sources have left.
"""

from __future__ import annotations

import numpy as np
from numba import njit

DUST = 1e-6  # money below this is nothing


@njit(cache=True, nogil=True)
def put(ledger, index, new):  # type: ignore[no-untyped-def]
    """Change one element and remember what it was."""
    n = ledger.used[0]
    if n < len(ledger.old_index):
        ledger.old_index[n], ledger.old_value[n] = index, ledger.value[index]
    ledger.used[0] = n + 1
    ledger.value[index] = new


@njit(cache=True, nogil=True)
def undo(ledger, mark):  # type: ignore[no-untyped-def]
    """Take back every change since the mark."""
    for n in range(ledger.used[0] - 1, mark - 1, -1):
        ledger.value[ledger.old_index[n]] = ledger.old_value[n]
    ledger.used[0] = mark


@njit(cache=True, nogil=True)
def bump(books, ledger, price, row, amount):  # type: ignore[no-untyped-def]
    """Change the use of a row; False if that breaks a hard one."""
    before = ledger.value[row]
    after = before + amount
    limit = books.row_limit[row]
    put(ledger, row, after)
    if price[row] != 0.0:
        put(ledger, books.scalar_at + 1, ledger.value[books.scalar_at + 1] + price[row] * amount)
    if not books.row_soft[row]:
        return amount <= 0.0 or after <= limit + 1e-6
    change = max(0.0, after - limit) - max(0.0, before - limit)
    if change != 0.0:
        put(ledger, books.scalar_at + 2, ledger.value[books.scalar_at + 2] + books.row_penalty[row] * change)
    return True


@njit(cache=True, nogil=True)
def _flow(books, ledger, price, arc, amount):  # type: ignore[no-untyped-def]
    put(ledger, books.arc_at + arc, ledger.value[books.arc_at + arc] + amount)
    fine = bump(books, ledger, price, books.arc_source[arc], amount)
    for at in range(books.arc_row_start[arc], books.arc_row_start[arc + 1]):
        fine = bump(books, ledger, price, books.arc_row[at], amount * books.arc_row_amount[at]) and fine
    return fine


@njit(cache=True, nogil=True)
def _room(books, ledger, arc):  # type: ignore[no-untyped-def]
    """What an arc can still carry."""
    source = books.arc_source[arc]
    room = books.row_limit[source] - ledger.value[source]
    for at in range(books.arc_row_start[arc], books.arc_row_start[arc + 1]):
        row = books.arc_row[at]
        if books.arc_row_amount[at] > 0.0:
            room = min(room, (books.row_limit[row] - ledger.value[row]) / books.arc_row_amount[at])
    return room


@njit(cache=True, nogil=True)
def _overspend(books, ledger, price, arc_order, d, floor, wanted, paid):  # type: ignore[no-untyped-def]
    """Meet a floor from soft sources beyond what they have; False where there are none."""
    first, total = books.slot_start[d], ledger.value[books.demand_at + d]
    for at in range(books.demand_start[d], books.demand_start[d + 1]):
        arc = arc_order[at]
        slot = books.arc_slot[arc]
        if books.slot_floor[slot] != floor or not books.row_soft[books.arc_source[arc]]:
            continue
        take = min(wanted, books.slot_cap[slot] * total - paid[slot - first])
        if take > 0.0:
            _flow(books, ledger, price, arc, take)
            paid[slot - first] += take
            wanted -= take
    return wanted <= DUST


@njit(cache=True, nogil=True)
def pay(books, ledger, price, arc_order, d, amount):  # type: ignore[no-untyped-def]
    """Meet a further amount of a demand from what the sources have left, the cheapest first; False if it cannot be."""
    total = ledger.value[books.demand_at + d] + amount
    put(ledger, books.demand_at + d, total)
    begin, end = books.demand_start[d], books.demand_start[d + 1]
    first = books.slot_start[d]
    slots = books.slot_start[d + 1] - first
    paid = np.zeros(slots)
    floors = False
    for at in range(begin, end):
        arc = arc_order[at]
        paid[books.arc_slot[arc] - first] += ledger.value[books.arc_at + arc]
    for s in range(slots):
        floors = floors or books.slot_floor[first + s] >= 0
    need = amount
    for floors_first in range(0 if floors else 1, 3):
        for at in range(begin, end):
            if need <= 0.0:
                break
            arc = arc_order[at]
            slot = books.arc_slot[arc] - first
            take = min(need, books.slot_cap[first + slot] * total - paid[slot])
            if floors_first == 0:
                floor = books.slot_floor[first + slot]
                if floor < 0:
                    continue
                wanted = books.floor_share[floor] * total
                for s in range(slots):
                    if books.slot_floor[first + s] == floor:
                        wanted -= paid[s]
                take = min(take, wanted)
            if take <= 0.0:
                continue
            if floors_first < 2:
                take = min(take, _room(books, ledger, arc))
            elif not books.row_soft[books.arc_source[arc]]:
                continue  # what no source has is overspent where a phase of the search allows it
            if take <= 0.0:
                continue
            _flow(books, ledger, price, arc, take)
            paid[slot] += take
            need -= take
        if floors_first == 0 and need > 0.0:
            for s in range(slots):
                floor = books.slot_floor[first + s]
                if floor >= 0:
                    wanted = books.floor_share[floor] * total
                    for other in range(slots):
                        if books.slot_floor[first + other] == floor:
                            wanted -= paid[other]
                    if wanted > DUST:
                        if not _overspend(books, ledger, price, arc_order, d, floor, wanted, paid):
                            return False
                        need -= wanted
    return need <= DUST


@njit(cache=True, nogil=True)
def unpay(books, ledger, price, arc_order, d, amount):  # type: ignore[no-untyped-def]
    """Lower a demand; all that pays it shrinks in proportion, so that shares stay as they are."""
    before = ledger.value[books.demand_at + d]
    after = before - amount
    put(ledger, books.demand_at + d, after)
    keep = after / before if after > 0.0 else 0.0
    for at in range(books.demand_start[d], books.demand_start[d + 1]):
        arc = arc_order[at]
        held = ledger.value[books.arc_at + arc]
        if held != 0.0:
            _flow(books, ledger, price, arc, held * keep - held)


@njit(cache=True, nogil=True)
def _group(books, ledger, g, amount):  # type: ignore[no-untyped-def]
    before = ledger.value[books.group_at + g]
    put(ledger, books.group_at + g, before + amount)
    if books.group_exact[g]:
        at = books.scalar_at + 2
        put(ledger, at, ledger.value[at] - books.group_penalty[g] * amount)
    return before + amount <= books.group_capacity[g] + 0.5


@njit(cache=True, nogil=True)
def add_option(books, ledger, price, arc_order, o):  # type: ignore[no-untyped-def]
    """Take an option with all that it uses; False if something is exceeded (undo then)."""
    put(ledger, books.option_at + o, 1.0)
    choice = books.choice_at + books.option_choice[o]
    if ledger.value[choice] > 0.5:
        return False
    put(ledger, choice, 1.0)
    g = books.option_group[o]
    if g >= 0 and not _group(books, ledger, g, books.option_weight[o]):
        return False
    f = books.option_facility[o]
    if f >= 0:
        put(ledger, books.count_at + f, ledger.value[books.count_at + f] + 1.0)
    put(ledger, books.scalar_at, ledger.value[books.scalar_at] + books.option_profit[o])
    for at in range(books.option_row_start[o], books.option_row_start[o + 1]):
        if not bump(books, ledger, price, books.option_row[at], books.option_row_amount[at]):
            return False
    for at in range(books.option_spend_start[o], books.option_spend_start[o + 1]):
        if not pay(books, ledger, price, arc_order, books.option_spend[at], books.option_spend_amount[at]):
            return False
    return True


@njit(cache=True, nogil=True)
def drop_option(books, ledger, price, arc_order, o):  # type: ignore[no-untyped-def]
    """Give an option up."""
    put(ledger, books.option_at + o, 0.0)
    put(ledger, books.choice_at + books.option_choice[o], 0.0)
    g = books.option_group[o]
    if g >= 0:
        _group(books, ledger, g, -books.option_weight[o])
    f = books.option_facility[o]
    if f >= 0:
        put(ledger, books.count_at + f, ledger.value[books.count_at + f] - 1.0)
    put(ledger, books.scalar_at, ledger.value[books.scalar_at] - books.option_profit[o])
    for at in range(books.option_row_start[o], books.option_row_start[o + 1]):
        bump(books, ledger, price, books.option_row[at], -books.option_row_amount[at])
    for at in range(books.option_spend_start[o], books.option_spend_start[o + 1]):
        unpay(books, ledger, price, arc_order, books.option_spend[at], books.option_spend_amount[at])


@njit(cache=True, nogil=True)
def add_opening(books, ledger, price, arc_order, q):  # type: ignore[no-untyped-def]
    """Open a facility; False if something is exceeded (undo then)."""
    put(ledger, books.opening_at + q, 1.0)
    put(ledger, books.facility_at + books.opening_facility[q], books.opening_period[q] + 1.0)
    put(ledger, books.scalar_at, ledger.value[books.scalar_at] + books.opening_profit[q])
    for at in range(books.opening_row_start[q], books.opening_row_start[q + 1]):
        if not bump(books, ledger, price, books.opening_row[at], books.opening_row_amount[at]):
            return False
    for at in range(books.opening_spend_start[q], books.opening_spend_start[q + 1]):
        if not pay(books, ledger, price, arc_order, books.opening_spend[at], books.opening_spend_amount[at]):
            return False
    return True


@njit(cache=True, nogil=True)
def drop_opening(books, ledger, price, arc_order, q):  # type: ignore[no-untyped-def]
    """Close a facility."""
    put(ledger, books.opening_at + q, 0.0)
    put(ledger, books.facility_at + books.opening_facility[q], 0.0)
    put(ledger, books.scalar_at, ledger.value[books.scalar_at] - books.opening_profit[q])
    for at in range(books.opening_row_start[q], books.opening_row_start[q + 1]):
        bump(books, ledger, price, books.opening_row[at], -books.opening_row_amount[at])
    for at in range(books.opening_spend_start[q], books.opening_spend_start[q + 1]):
        unpay(books, ledger, price, arc_order, books.opening_spend[at], books.opening_spend_amount[at])


@njit(cache=True, nogil=True)
def move_extra(books, ledger, price, e, amount):  # type: ignore[no-untyped-def]
    """Change an extra column; False if that breaks a hard row (undo then)."""
    put(ledger, books.extra_at + e, ledger.value[books.extra_at + e] + amount)
    put(ledger, books.scalar_at, ledger.value[books.scalar_at] + amount * books.extra_profit[e])
    fine = True
    for at in range(books.extra_row_start[e], books.extra_row_start[e + 1]):
        fine = bump(books, ledger, price, books.extra_row[at], amount * books.extra_row_amount[at]) and fine
    return fine


@njit(cache=True, nogil=True)
def merit(books, ledger, theta):  # type: ignore[no-untyped-def]
    """Profit (to the degree `theta[0]`) less priced use (to the degree `theta[1]`) less penalties."""
    at = books.scalar_at
    return theta[0] * ledger.value[at] - theta[1] * ledger.value[at + 1] - ledger.value[at + 2]
