"""The books of a search: a problem as flat arrays for the kernels, and the ledger with what a plan holds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
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
    offsets: dict[str, Any] = dict(zip(Books._fields, at, strict=False))
    return Books(
        **offsets,
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


def _named(name: str, part: Sparse) -> dict[str, Any]:
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
