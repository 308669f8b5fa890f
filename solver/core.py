"""The core of a plan: the choices that prices leave open, with hard budgets, as one small exact program.

Most choices are settled by the prices: what the blocks take there in every step, and the plan too. A root on which plan and
prices agree is *frozen* with all that stands on it, an agreeing need without a building likewise; together they are
one column that is taken. What remains is free: the options that are taken now and then, those of least loss, the doors
they need, and all the money of the regions. HiGHS solves such a program to a small gap in seconds. It may
start from a plan that exceeds rows (see `elastic`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .backends.outcome import Outcome
from .blend_walk import mix
from .elastic import elastic, row_use
from .losses import losses
from .part import Part, cut_part
from .prices import DualPrices, Priced, evaluate
from .problem import NONE, Objective, Problem
from .regions import Regions
from .solution import Plan
from .sparse import Sparse
from .stop import Stop

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]
Int = NDArray[np.int64]

SolvePart = Callable[[Problem, Stop, Plan | None], Outcome]
NEAR = 0.15  # of the middle price of money: how much dearer than the cheapest mix an arc of a core may be


@dataclass(frozen=True, slots=True)
class Guide:
    """What the prices say of every column."""

    loss: Float  # of options
    opening_loss: Float
    option_weight: Float  # how often it is taken near the best prices
    opening_weight: Float
    option_profit: Float  # reduced
    opening_profit: Float
    option_taken: Flags  # at the best prices
    opening_taken: Flags
    option_root: Int  # the root on which an option stands, or NONE
    opening_root: Int
    arc_near: Flags  # arcs of the cheapest mix, and those that cost little more


def make_guide(priced: Priced, found: DualPrices) -> Guide:
    """Read the prices."""
    p = priced.problem
    at = evaluate(priced, found.group, found.row)
    loss, opening_loss = losses(priced.layout, p.option_period, at.option_profit, at.opening_profit)
    root = p.root()
    housed = p.option_facility != NONE
    option_root = np.where(housed, root[p.option_facility] if p.facilities else NONE, NONE)
    opening_root = root[p.opening_facility] if p.openings else np.zeros(0, np.int64)
    return Guide(
        loss, opening_loss, found.average.option, found.average.opening, at.option_profit, at.opening_profit,
        at.option, at.opening, option_root, opening_root, _near(priced, found.row),
    )  # fmt: skip


def _near(priced: Priced, row_price: Float) -> Flags:
    """Arcs that cost hardly more than the dearest one in the cheapest mix of their demand."""
    p = priced.problem
    arc_price = priced.arc_use @ row_price
    _, share = mix(priced.blends, arc_price)
    used = share > 1e-12
    dearest = np.full(p.demands, -np.inf)
    np.maximum.at(dearest, p.arc_demand[used], arc_price[used])
    priced_demands = dearest[dearest > 0]
    middle = float(np.median(priced_demands)) if len(priced_demands) else 0.0
    near: Flags = used | (arc_price <= dearest[p.arc_demand] + NEAR * middle)
    return near


@dataclass(frozen=True, slots=True)
class CoreOutcome:
    """The plan of the whole with the core solved, and what the search took."""

    plan: Plan
    work: int
    solved: bool


def solve_core(
    problem: Problem,
    plan: Plan,
    guide: Guide,
    row_penalty: Float,
    row_limit: Int,
    *,
    free: Flags,
    free_door: Flags,
    within_reach: Flags,
    regions: Regions,
    chosen: tuple[int, ...] | None,
    solve_part: SolvePart,
    stop: Stop,
) -> CoreOutcome:
    """Solve the free columns anew from this plan, with all money of the `chosen` regions (None: all).

    All other columns of the regions stay as the plan has them. Of the free options those `within_reach` enter the core,
    and whatever the plan takes. `row_limit` is what the regions may use of every row.
    """
    p = problem

    def inside(region: Int) -> Flags:
        return np.ones(len(region), np.bool_) if chosen is None else np.isin(region, chosen)

    here, doors_here = inside(regions.option), inside(regions.opening)
    frozen = np.flatnonzero(here & ~free & plan.option)
    frozen_door = np.flatnonzero(doors_here & ~free_door & plan.opening)
    option, opening = _columns(p, plan, free & here, free_door & doors_here, within_reach)
    demand = np.zeros(p.demands, np.bool_)
    for spend, columns in (
        (p.option_spend, option),
        (p.opening_spend, opening),
        (p.option_spend, frozen),
        (p.opening_spend, frozen_door),
    ):
        demand[spend.taken(columns).index] = True
    arc_here = inside(regions.arc)
    arc = np.flatnonzero(arc_here & demand[p.arc_demand] & (guide.arc_near | (plan.arc > 0)))
    group = np.zeros(p.groups, np.bool_)
    group[p.option_group[here & (p.option_group != NONE)]] = True
    held = frozen[p.option_group[frozen] != NONE]
    capacity = p.group_capacity.copy()
    np.subtract.at(capacity, p.option_group[held], p.option_weight[held])
    part = cut_part(
        p, option=option, opening=opening, extra=np.flatnonzero(inside(regions.extra)), arc=arc,
        group_capacity=capacity, group=np.flatnonzero(group), row_limit=row_limit,
    )  # fmt: skip
    smaller = _with_bundle(p, part, frozen, frozen_door)
    start = part.cut(plan)
    start = replace(start, option=np.append(start.option, np.True_))
    relaxed, start = elastic(smaller, start, row_penalty[part.row])
    outcome = solve_part(relaxed, stop, start)
    if outcome.plan is None:
        return CoreOutcome(plan, outcome.work, False)
    found = replace(
        outcome.plan, option=outcome.plan.option[:-1], extra=outcome.plan.extra[: part.problem.extras]
    )  # fmt: skip
    new = part.put(plan, found)
    new.arc[arc_here & ~demand[p.arc_demand]] = 0.0
    return CoreOutcome(new, outcome.work, True)


def _columns(p: Problem, plan: Plan, free: Flags, free_door: Flags, within_reach: Flags) -> tuple[Int, Int]:
    """Free options of the core, and the free openings of the facilities in it."""
    option = np.flatnonzero(free & (plan.option | within_reach))
    facility = np.zeros(p.facilities + 1, np.bool_)
    facility[p.option_facility[option]] = True
    facility[NONE] = False
    facility[p.opening_facility[free_door & plan.opening]] = True
    parents = p.facility_parent[np.flatnonzero(facility[:-1])]
    facility[parents[parents != NONE]] = True
    return option, np.flatnonzero(free_door & facility[p.opening_facility])


def strained_columns(p: Problem, plan: Plan, rows: Int) -> tuple[Flags, Flags]:
    """What of the plan uses one of these rows, by itself or through the money that pays it; all that relieves one; and
    what of the plan stands in the way of that, on rows that have no room for it.
    """  # fmt: skip
    over = np.zeros(p.rows, np.bool_)
    over[rows] = True
    arc = over[p.arc_source]
    arc[p.arc_row.owner_of_entry()[over[p.arc_row.index]]] = True
    demand = np.zeros(p.demands, np.bool_)
    demand[p.arc_demand[arc & (plan.arc > 0)]] = True
    relieving = np.unique(p.option_row.owner_of_entry()[over[p.option_row.index] & (p.option_row.amount < 0)])
    wanted = p.option_row.taken(relieving[~plan.option[relieving]])
    full = wanted.amount > p.row_limit[wanted.index] - row_use(p, plan)[wanted.index]
    blocking = over.copy()
    blocking[wanted.index[(wanted.amount > 0) & full]] = True
    found = []
    for taken, row, spend in (
        (plan.option, p.option_row, p.option_spend),
        (plan.opening, p.opening_row, p.opening_spend),
    ):
        columns = np.flatnonzero(taken)
        drawing = np.zeros(len(taken), np.bool_)
        used, spent = row.taken(columns), spend.taken(columns)
        drawing[columns[used.owner_of_entry()[blocking[used.index] & (used.amount > 0)]]] = True
        drawing[columns[spent.owner_of_entry()[demand[spent.index]]]] = True
        drawing[row.owner_of_entry()[over[row.index] & (row.amount < 0)]] = True
        found.append(drawing)
    return found[0], found[1]


def _with_bundle(p: Problem, part: Part, frozen: Int, frozen_door: Int) -> Problem:
    """The part with one option more, taken in every plan: all that is frozen."""
    small, objective = part.problem, part.problem.objectives[0]
    used = (_total(p.option_row, frozen, p.rows) + _total(p.opening_row, frozen_door, p.rows))[part.row]
    spent = (_total(p.option_spend, frozen, p.demands) + _total(p.opening_spend, frozen_door, p.demands))[part.demand]
    return replace(
        small,
        objectives=(
            Objective(objective.name, np.append(objective.option, 0), objective.opening, objective.extra),
        ),
        group_capacity=np.append(small.group_capacity, 1),
        group_exact=np.append(small.group_exact, np.True_),
        group_region=np.append(small.group_region, NONE),
        option_group=np.append(small.option_group, small.groups),
        option_weight=np.append(small.option_weight, 1),
        option_choice=np.append(small.option_choice, NONE),
        option_facility=np.append(small.option_facility, NONE),
        option_period=np.append(small.option_period, 0),
        option_size=np.append(small.option_size, 0),
        option_row=_appended(small.option_row, used),
        option_spend=_appended(small.option_spend, spent),
    )  # fmt: skip


def _total(columns: Sparse, taken: Int, size: int) -> Int:
    """What these columns use of each index, all together."""
    held = columns.taken(taken)
    return held.totals(np.ones(len(taken), np.int64), size)


def _appended(columns: Sparse, dense: Int) -> Sparse:
    """The columns with one more, given by all its amounts."""
    index = np.flatnonzero(dense)
    return Sparse(
        np.append(columns.start, columns.start[-1] + len(index)),
        np.concatenate([columns.index, index]),
        np.concatenate([columns.amount, dense[index]]),
    )
