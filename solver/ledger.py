"""The ledger of a plan under search: what is taken, what every row, group and demand holds, all of it undoable.

Everything that changes stands in one vector of floats (whole numbers below 2**53 are exact in it), and every change
goes through `put`, which writes the old value down; a move that turns out badly is undone by reading them
back. Money is concrete: each arc carries an amount, and each addition finds its own mix in what the sources have left.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .blend_walk import lay_out_blends
from .layout import _own_numbers
from .prices import Priced, price_scales
from .problem import HIGHEST, NONE, Problem
from .solution import Plan
from .sparse import Sparse

Float = NDArray[np.float64]
Int = NDArray[np.int64]

PENALTY = 30.0  # of the natural price of a row: what a unit of violation costs during the search
DUST = 1e-6  # money below this is nothing

PROFIT, PRICED, BROKEN = 0, 1, 2  # the scalars at the end of the ledger


class Books(NamedTuple):
    """What does not change during a search: the problem as flat arrays, and where each part of the ledger begins."""

    arc_at: int
    demand_at: int
    option_at: int
    opening_at: int
    group_at: int
    choice_at: int
    facility_at: int  # period of opening + 1, 0 while closed
    count_at: int  # options taken at the facility
    extra_at: int
    scalar_at: int
    row_limit: Float
    row_soft: NDArray[np.bool_]  # may be violated at a penalty during the search
    row_penalty: Float
    option_profit: Float
    opening_profit: Float
    extra_profit: Float
    option_group: Int
    option_weight: Int
    option_choice: Int
    option_facility: Int
    option_period: Int
    option_row_start: Int
    option_row: Int
    option_row_amount: Float
    opening_row_start: Int
    opening_row: Int
    opening_row_amount: Float
    extra_row_start: Int
    extra_row: Int
    extra_row_amount: Float
    option_spend_start: Int
    option_spend: Int
    option_spend_amount: Float
    opening_spend_start: Int
    opening_spend: Int
    opening_spend_amount: Float
    arc_row_start: Int
    arc_row: Int
    arc_row_amount: Float
    arc_source: Int
    group_capacity: Float
    group_exact: NDArray[np.bool_]
    group_penalty: Float
    group_start: Int
    group_option: Int
    opening_facility: Int
    opening_period: Int
    slot_start: Int
    slot_cap: Float
    slot_floor: Int
    floor_share: Float
    arc_slot: Int
    demand_start: Int


class Ledger(NamedTuple):
    """What changes: the vector, the old values, and how many of them there are."""

    value: Float
    old_index: Int
    old_value: Float
    used: Int  # one element


def _parts(part: Sparse) -> tuple[Int, Int, Float]:
    return part.start.astype(np.int64), part.index.astype(np.int64), part.amount.astype(np.float64)


def open_books(priced: Priced) -> Books:
    """Flat arrays of a priced problem."""
    p, objective = priced.problem, priced.problem.objectives[0]
    blends = lay_out_blends(p)
    choice = _own_numbers(p.option_choice)
    sizes = [
        p.rows, p.arcs, p.demands, p.options, p.openings, p.groups, int(choice.max(initial=-1)) + 1, p.facilities,
        p.facilities, p.extras,
    ]  # fmt: skip
    at = [int(n) for n in np.cumsum(sizes)]
    soft = np.zeros(p.rows, np.bool_)
    for part in (p.option_row, p.opening_row, p.extra_row, p.arc_row):
        soft[part.index[part.amount < 0]] = True
    soft[p.row_limit < 0] = True
    group_scale, row_scale, _, _ = price_scales(priced)
    member = np.flatnonzero(p.option_group != NONE)
    member = member[np.argsort(p.option_group[member], kind="stable")]
    arc_slot = np.zeros(p.arcs, np.int64)
    arc_slot[blends.arc] = np.repeat(np.arange(len(blends.slot_cap)), np.diff(blends.arc_start))
    typical = float(np.abs(objective.option).mean()) if p.options else 1.0
    return Books(
        *at[:10],
        row_limit=np.where(p.row_limit >= HIGHEST, np.inf, p.row_limit).astype(np.float64),
        row_soft=soft,
        row_penalty=PENALTY * np.where(row_scale > 0, row_scale, max(typical, 1.0)),
        option_profit=objective.option.astype(np.float64),
        opening_profit=objective.opening.astype(np.float64),
        extra_profit=objective.extra.astype(np.float64),
        option_group=p.option_group,
        option_weight=p.option_weight,
        option_choice=choice,
        option_facility=p.option_facility,
        option_period=p.option_period,
        **_named("option_row", p.option_row),
        **_named("opening_row", p.opening_row),
        **_named("extra_row", p.extra_row),
        **_named("option_spend", p.option_spend),
        **_named("opening_spend", p.opening_spend),
        **_named("arc_row", p.arc_row),
        arc_source=p.arc_source,
        group_capacity=p.group_capacity.astype(np.float64),
        group_exact=p.group_exact,
        group_penalty=PENALTY * np.maximum(group_scale, max(typical, 1.0)),
        group_start=np.searchsorted(p.option_group[member], np.arange(p.groups + 1)).astype(np.int64),
        group_option=member,
        opening_facility=p.opening_facility,
        opening_period=p.opening_period,
        slot_start=blends.slot_start,
        slot_cap=blends.slot_cap / 100.0,
        slot_floor=blends.slot_floor,
        floor_share=p.floor_percent / 100.0,
        arc_slot=arc_slot,
        demand_start=np.searchsorted(np.sort(p.arc_demand), np.arange(p.demands + 1)).astype(np.int64),
    )


def _named(name: str, part: Sparse) -> dict[str, Int | Float]:
    start, index, amount = _parts(part)
    return {f"{name}_start": start, name: index, f"{name}_amount": amount}


def open_ledger(books: Books, problem: Problem, plan: Plan, row_price: Float) -> Ledger:
    """A ledger that holds this plan."""
    p = problem
    value = np.zeros(books.scalar_at + 3)
    usage = value[: p.rows]
    usage += p.option_row.totals(plan.option.astype(np.int64), p.rows)
    usage += p.opening_row.totals(plan.opening.astype(np.int64), p.rows)
    if p.extras:
        owner = p.extra_row.owner_of_entry()
        usage += np.bincount(p.extra_row.index, plan.extra[owner] * p.extra_row.amount, p.rows)
    if p.arcs:
        owner = p.arc_row.owner_of_entry()
        usage += np.bincount(p.arc_row.index, plan.arc[owner] * p.arc_row.amount, p.rows)
        usage += np.bincount(p.arc_source, plan.arc, p.rows)
    value[books.arc_at : books.demand_at] = plan.arc
    spent = p.option_spend.totals(plan.option.astype(np.int64), p.demands)
    value[books.demand_at : books.option_at] = spent + p.opening_spend.totals(plan.opening.astype(np.int64), p.demands)
    value[books.option_at : books.opening_at] = plan.option
    value[books.opening_at : books.group_at] = plan.opening
    taken = np.flatnonzero(plan.option)
    member = taken[p.option_group[taken] != NONE]
    np.add.at(value, books.group_at + p.option_group[member], p.option_weight[member])
    np.add.at(value, books.choice_at + books.option_choice[taken], 1)
    opened = np.flatnonzero(plan.opening)
    value[books.facility_at + p.opening_facility[opened]] = p.opening_period[opened] + 1
    housed = taken[p.option_facility[taken] != NONE]
    np.add.at(value, books.count_at + p.option_facility[housed], 1)
    value[books.extra_at : books.scalar_at] = plan.extra
    objective = p.objectives[0]
    value[books.scalar_at + PROFIT] = (
        objective.option[taken].sum() + objective.opening[opened].sum() + objective.extra @ plan.extra
    )
    ledger = Ledger(value, np.empty(400_000, np.int64), np.empty(400_000), np.zeros(1, np.int64))
    reprice(books, ledger, p.rows, p.groups, row_price)
    return ledger


def reprice(books: Books, ledger: Ledger, rows: int, groups: int, row_price: Float) -> None:
    """Set the priced use and the penalties anew."""
    value, at = ledger.value, books.scalar_at
    usage = value[:rows]
    over = np.where(books.row_soft, np.maximum(usage - books.row_limit, 0.0), 0.0)
    short = np.where(books.group_exact, books.group_capacity - value[books.group_at : books.group_at + groups], 0.0)
    value[at + PRICED] = row_price @ usage
    value[at + BROKEN] = over @ books.row_penalty + np.maximum(short, 0.0) @ books.group_penalty


def plan_of(books: Books, ledger: Ledger) -> Plan:
    """The plan that the ledger holds."""
    v = ledger.value
    return Plan(
        option=v[books.option_at : books.opening_at] > 0.5,
        opening=v[books.opening_at : books.group_at] > 0.5,
        extra=v[books.extra_at : books.scalar_at].copy(),
        arc=np.maximum(v[books.arc_at : books.demand_at], 0.0),
    )


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
