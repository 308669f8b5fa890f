"""Plans by ascent over blocks: one root after the other gives up what stands on it and takes its exact best anew.

What an option is worth to a block is what taking it now would change: its profit less what it uses at the prices, less what
its need would give up elsewhere. Whatever no longer fits a budget or a hard row is left out, so that every step
keeps the plan payable; a step is kept where it raises the merit (profit less priced use less penalties).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .ledger import add_opening, add_option, drop_opening, drop_option, merit, move_extra, undo
from .quote import given_up, quote_opening, quote_option
from .shelves import NEVER
from .walk import _walk


@njit(cache=True, nogil=True)
def _make_way(books, ledger, price, arc_order, o, fresh):  # type: ignore[no-untyped-def]
    """Free the group of an option of what is worth least there, if it is full; False if that is not possible.

    Options flagged in `fresh` (just taken by the block itself) are not touched.
    """
    g = books.option_group[o]
    if g < 0:
        return True
    while ledger.value[books.group_at + g] + books.option_weight[o] > books.group_capacity[g] + 0.5:
        worst, least = -1, np.inf
        for at in range(books.group_start[g], books.group_start[g + 1]):
            other = books.group_option[at]
            if ledger.value[books.option_at + other] < 0.5 or books.option_weight[other] == 0 or fresh[other]:
                continue
            density = books.option_profit[other] / books.option_weight[other]
            if density < least:
                worst, least = other, density
        if worst < 0:
            return False
        drop_option(books, ledger, price, arc_order, worst)
    return True


@njit(cache=True, nogil=True)
def _take(books, ledger, price, arc_order, o, theta, grip, fresh):  # type: ignore[no-untyped-def]
    """Take an option, its group made free; what the merit gains where losses elsewhere count to the degree `grip`."""
    before = merit(books, ledger, theta)
    if not _make_way(books, ledger, price, arc_order, o, fresh):
        return NEVER
    lost = before - merit(books, ledger, theta)
    if not add_option(books, ledger, price, arc_order, o):
        return NEVER
    return merit(books, ledger, theta) - before + (1.0 - grip) * max(lost, 0.0)


@njit(cache=True, nogil=True)
def _asked_for(books, ledger, o):  # type: ignore[no-untyped-def]
    """Whether a rule that asks for something and is not yet met would be served by an option."""
    g = books.option_group[o]
    if g >= 0 and books.group_exact[g] and ledger.value[books.group_at + g] < books.group_capacity[g]:
        return True
    for at in range(books.option_row_start[o], books.option_row_start[o + 1]):
        row = books.option_row[at]
        if books.option_row_amount[at] < 0.0 and ledger.value[row] > books.row_limit[row]:
            return True
    return False


@njit(cache=True, nogil=True)
def _promising(books, shelves, ledger, r, theta):  # type: ignore[no-untyped-def]
    """Whether something might be gained on an empty root, all its money at the cheapest mix."""
    if shelves.root_asks[r]:
        return True
    hope = -np.inf
    for opened in range(shelves.periods):
        q = shelves.root_opening[r, opened]
        if q >= 0:
            hope = max(hope, theta[0] * books.opening_profit[q] - theta[1] * shelves.opening_cost[q])
    if hope > 0.0:
        return True
    for k in range(shelves.shelf_start[r], shelves.shelf_start[r + 1]):
        for c in range(shelves.choice_start[k], shelves.choice_start[k + 1]):
            best = 0.0
            for at in range(shelves.option_start[c], shelves.option_start[c + 1]):
                o = shelves.option[at]
                if shelves.option_barred[o]:
                    continue
                if _asked_for(books, ledger, o):
                    return True
                worth = theta[0] * books.option_profit[o] - theta[1] * shelves.option_cost[o]
                if worth > best:
                    best = max(best, worth - given_up(books, shelves, ledger, o, theta))
            hope += best
            if hope > 0.0:
                return True
    return False


@njit(cache=True, nogil=True)
def _worth(books, shelves, ledger, price, arc_order, o, theta, grip):  # type: ignore[no-untyped-def]
    """What the merit would gain if an option were taken now, doors aside."""
    if theta[0] * books.option_profit[o] <= theta[1] * shelves.option_cost[o] and not _asked_for(books, ledger, o):
        return NEVER  # even at the cheapest mix it costs more than it brings
    return quote_option(books, shelves, ledger, price, arc_order, o, theta, grip)


@njit(cache=True, nogil=True)
def _clear(books, shelves, ledger, price, arc_order, r):  # type: ignore[no-untyped-def]
    """Take everything off a root and close it."""
    first, end = shelves.shelf_start[r], shelves.shelf_start[r + 1]
    for at in range(shelves.option_start[shelves.choice_start[first]], shelves.option_start[shelves.choice_start[end]]):
        o = shelves.option[at]
        if ledger.value[books.option_at + o] > 0.5:
            drop_option(books, ledger, price, arc_order, o)
    for k in range(first, end):
        for inner in range(shelves.periods):
            q = shelves.shelf_opening[k, inner]
            if q >= 0 and ledger.value[books.opening_at + q] > 0.5:
                drop_opening(books, ledger, price, arc_order, q)
    for opened in range(shelves.periods):
        q = shelves.root_opening[r, opened]
        if q >= 0 and ledger.value[books.opening_at + q] > 0.5:
            drop_opening(books, ledger, price, arc_order, q)


@njit(cache=True, nogil=True)
def _build(books, shelves, ledger, price, arc_order, r, theta, grip, fresh):  # type: ignore[no-untyped-def]
    """Take on an empty root what its exact best is now, as far as it fits; False if nothing is taken."""
    first, end = shelves.shelf_start[r], shelves.shelf_start[r + 1]
    low, high = shelves.option_start[shelves.choice_start[first]], shelves.option_start[shelves.choice_start[end]]
    any_gain = False
    for at in range(low, high):
        o = shelves.option[at]
        gain = NEVER
        if not shelves.option_barred[o]:
            gain = _worth(books, shelves, ledger, price, arc_order, o, theta, grip)
        shelves.option_worth[at] = gain
        any_gain = any_gain or gain > 0.0
    any_door = False
    for opened in range(shelves.periods):
        q = shelves.root_opening[r, opened]
        if q >= 0:
            barred = shelves.opening_barred[q]
            gain = NEVER if barred else quote_opening(books, ledger, price, arc_order, q, theta)
            shelves.opening_worth[q] = gain
            any_door = any_door or shelves.opening_worth[q] > NEVER
            any_gain = any_gain or shelves.opening_worth[q] > 0.0
    for k in range(first, end):
        for inner in range(shelves.periods):
            q = shelves.shelf_opening[k, inner]
            if q >= 0:
                barred = shelves.opening_barred[q]
                gain = NEVER if barred else quote_opening(books, ledger, price, arc_order, q, theta)
                shelves.opening_worth[q] = gain
                any_gain = any_gain or shelves.opening_worth[q] > 0.0
    if not (any_gain and any_door):
        return False
    _walk(
        r, r + 1, shelves.periods, shelves.root_capacity, shelves.root_occasional, shelves.root_opening,
        shelves.shelf_start, shelves.shelf_minimum, shelves.shelf_capacity, shelves.shelf_exclusion,
        shelves.shelf_opening, shelves.choice_start, shelves.option_start, shelves.period, shelves.size,
        shelves.option_worth, shelves.opening_worth, shelves.root_value, shelves.take_option, shelves.take_opening,
    )  # fmt: skip
    taken = False
    for opened in range(shelves.periods):
        q = shelves.root_opening[r, opened]
        if q >= 0 and shelves.take_opening[q]:
            shelves.take_opening[q] = False
            taken = add_opening(books, ledger, price, arc_order, q)
    for k in range(first, end):
        for inner in range(shelves.periods):
            q = shelves.shelf_opening[k, inner]
            if q >= 0 and shelves.take_opening[q]:
                shelves.take_opening[q] = False
                mark = ledger.used[0]
                if taken and not add_opening(books, ledger, price, arc_order, q):
                    undo(ledger, mark)
    count = 0
    wanted = np.empty(high - low, np.int64)
    worth = np.empty(high - low, np.float64)
    for at in range(low, high):
        o = shelves.option[at]
        if shelves.take_option[at]:
            shelves.take_option[at] = False
            wanted[count], worth[count] = o, -shelves.option_worth[at]
            count += 1
    if not taken:
        return False
    for n in np.argsort(worth[:count], kind="mergesort"):
        o = wanted[n]
        if ledger.value[books.facility_at + books.option_facility[o]] < 0.5:
            continue
        mark = ledger.used[0]
        if _take(books, ledger, price, arc_order, o, theta, grip, fresh) > 0.0:
            fresh[o] = True
        else:
            undo(ledger, mark)
    for n in range(count):
        fresh[wanted[n]] = False
    for k in range(first, end):  # modules in which nothing found room
        for inner in range(shelves.periods):
            q = shelves.shelf_opening[k, inner]
            if q < 0 or ledger.value[books.opening_at + q] < 0.5:
                continue
            if ledger.value[books.count_at + books.opening_facility[q]] < 0.5:
                mark, before = ledger.used[0], merit(books, ledger, theta)
                drop_opening(books, ledger, price, arc_order, q)
                if merit(books, ledger, theta) < before:
                    undo(ledger, mark)
    return True


@njit(cache=True, nogil=True)
def _settle_root(books, shelves, ledger, price, arc_order, r, theta, grip, fresh):  # type: ignore[no-untyped-def]
    before, mark = merit(books, ledger, theta), ledger.used[0]
    _clear(books, shelves, ledger, price, arc_order, r)
    empty, cleared = merit(books, ledger, theta), ledger.used[0]
    if cleared == mark and not _promising(books, shelves, ledger, r, theta):
        return False
    if (
        not _build(books, shelves, ledger, price, arc_order, r, theta, grip, fresh)
        or merit(books, ledger, theta) < empty
    ):
        undo(ledger, cleared)
    if merit(books, ledger, theta) > before + 1e-7 * (1.0 + abs(before)) * 1e-3:
        return True
    undo(ledger, mark)
    return False


@njit(cache=True, nogil=True)
def _settle_loose(books, shelves, ledger, price, arc_order, c, theta, grip, fresh):  # type: ignore[no-untyped-def]
    """The best of a choice set without facility."""
    before, mark = merit(books, ledger, theta), ledger.used[0]
    held = -1
    for at in range(shelves.loose_start[c], shelves.loose_start[c + 1]):
        o = shelves.loose_option[at]
        if ledger.value[books.option_at + o] > 0.5:
            held = o
            drop_option(books, ledger, price, arc_order, o)
    best, gain = -1, 0.0
    for at in range(shelves.loose_start[c], shelves.loose_start[c + 1]):
        o = shelves.loose_option[at]
        if shelves.option_barred[o]:
            continue
        worth = _worth(books, shelves, ledger, price, arc_order, o, theta, grip)
        if worth > gain:
            best, gain = o, worth
    fits = best != held
    if best >= 0 and best != held:
        fits = _make_way(books, ledger, price, arc_order, best, fresh)
        fits = fits and add_option(books, ledger, price, arc_order, best)
    if fits and merit(books, ledger, theta) > before + 1e-10 * (1.0 + abs(before)):
        return True
    undo(ledger, mark)
    return False


@njit(cache=True, nogil=True)
def _settle_extra(books, ledger, price, e, lower, upper, theta):  # type: ignore[no-untyped-def]
    """Move an extra column by one up or down, or to an end, where that helps."""
    changed = False
    for way in range(4):
        held = ledger.value[books.extra_at + e]
        if way == 0:
            amount = min(1.0, upper - held)
        elif way == 1:
            amount = -min(1.0, held - lower)
        elif way == 2:
            amount = upper - held
        else:
            amount = lower - held
        if amount == 0.0:
            continue
        mark, before = ledger.used[0], merit(books, ledger, theta)
        if move_extra(books, ledger, price, e, amount) and merit(books, ledger, theta) > before + 1e-9:
            changed = True
        else:
            undo(ledger, mark)
    return changed


@njit(cache=True, nogil=True)
def _settle_neighbours(books, shelves, ledger, price, arc_order, r, theta, mark, released, fresh):  # type: ignore[no-untyped-def]
    """Settle the roots that lost an option since the mark, and with `released` those that may now gain one."""
    count, most = 0, 12
    roots = np.empty(most, np.int64)
    for n in range(mark, ledger.used[0]):
        o = ledger.old_index[n] - books.option_at
        if not 0 <= o < len(books.option_group) or ledger.old_value[n] < 0.5 or ledger.value[books.option_at + o] > 0.5:
            continue
        g = books.option_group[o]
        first, end = 0, 1
        if released and g >= 0:
            first, end = books.group_start[g], books.group_start[g + 1]
        for at in range(first, end):
            other = books.group_option[at] if released and g >= 0 else o
            root = shelves.option_root[other]
            if root < 0 or root == r:
                continue
            known = False
            for m in range(count):
                known = known or roots[m] == root
            if not known and count < most:
                roots[count] = root
                count += 1
    for m in range(count):
        _settle_root(books, shelves, ledger, price, arc_order, roots[m], theta, 1.0, fresh)


@njit(cache=True, nogil=True)
def _exchange(books, shelves, ledger, price, arc_order, r, theta, grip, fresh):  # type: ignore[no-untyped-def]
    """Close a root and let its neighbours answer, or let it take what others hold and let them answer."""
    before, mark = merit(books, ledger, theta), ledger.used[0]
    open_now = False
    for opened in range(shelves.periods):
        q = shelves.root_opening[r, opened]
        open_now = open_now or (q >= 0 and ledger.value[books.opening_at + q] > 0.5)
    least = before + 1e-10 * (1.0 + abs(before))
    if open_now:
        _clear(books, shelves, ledger, price, arc_order, r)
        _settle_neighbours(books, shelves, ledger, price, arc_order, r, theta, mark, True, fresh)
        _settle_root(books, shelves, ledger, price, arc_order, r, theta, 1.0, fresh)
        if merit(books, ledger, theta) > least:
            return True
        undo(ledger, mark)
    _clear(books, shelves, ledger, price, arc_order, r)
    if _build(books, shelves, ledger, price, arc_order, r, theta, grip, fresh):
        _settle_neighbours(books, shelves, ledger, price, arc_order, r, theta, mark, False, fresh)
        if merit(books, ledger, theta) > least:
            return True
    undo(ledger, mark)
    return False


@njit(cache=True, nogil=True)
def ascend(  # type: ignore[no-untyped-def]
    books, shelves, ledger, price, arc_order, theta, grip, order, lower, upper, fresh,
):  # fmt: skip
    """One pass over the things in `order`: roots, then choice sets without facility, then extras. How many changed.

    With `grip` below 1 roots are settled together with their neighbours.
    """
    roots, loose = len(shelves.shelf_start) - 1, len(shelves.loose_start) - 1
    changed = 0
    for thing in order:
        ledger.used[0] = 0
        if thing < roots:
            moved = _settle_root(books, shelves, ledger, price, arc_order, thing, theta, 1.0, fresh)
            if grip < 1.0:
                moved = _exchange(books, shelves, ledger, price, arc_order, thing, theta, grip, fresh) or moved
        elif thing < roots + loose:
            moved = _settle_loose(books, shelves, ledger, price, arc_order, thing - roots, theta, 1.0, fresh)
        else:
            e = thing - roots - loose
            moved = _settle_extra(books, ledger, price, e, lower[e], upper[e], theta)
        if moved:
            changed += 1
    ledger.used[0] = 0
    return changed
