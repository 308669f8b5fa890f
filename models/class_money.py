"""What every fund-year pays to every class in every payment year, in whole yuan.

The solver proves that fractions exist. Here they are first moved to where a treasurer wants them: central money
before provincial, that before social, city and county money, and within a level the budget year that lapses
first; all rows of the program are kept. A flow of whole yuan next to that is then found exactly.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, vstack

from ..solver.problem import HIGHEST, NONE, Problem
from ..solver.solution import Plan
from .whole_flow import Network, NoFlow, whole_flow

Int = NDArray[np.int64]
Float = NDArray[np.float64]

HUNDRED: Final = 100  # yuan in the unit of the program
TURN: Final[Mapping[str, int]] = MappingProxyType(
    {"central": 0, "province": 1, "social": 2, "owners": 2, "city": 3, "county": 4}
)
"""In which turn the levels pay; a small number pays first, so that county money is spared."""

LARGEST: Final = 150_000  # arcs beyond which the solver's own fractions are taken as they are
SECONDS: Final = 20.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClassMoney:
    """Whole yuan by arc of the problem, and what falls due in every demand."""

    arc: Int
    demand: Int


def class_money(problem: Problem, plan: Plan, *, preference: Int | None = None) -> ClassMoney:
    """The whole-yuan payments of a plan; `preference` is the turn of every arc (small pays first).

    Every demand is paid to the yuan, no source pays more than its limit, and every share holds in every
    payment year. Raises `NoFlow` where the plan's own fractions do not pay for it.
    """
    due = spent(problem, plan)
    if not due.any():
        return ClassMoney(np.zeros(problem.arcs, np.int64), due * HUNDRED)
    active = np.flatnonzero(due[problem.arc_demand] > 0)
    near = plan.arc[active]
    if preference is not None and len(active) <= LARGEST:
        moved = _moved(problem, plan, active, due, preference)
        near = near if moved is None else moved
    network = _network(problem, plan, active, due)
    try:
        whole = whole_flow(network, near * HUNDRED)
    except NoFlow:
        whole = whole_flow(network, plan.arc[active] * HUNDRED)
    arc = np.zeros(problem.arcs, np.int64)
    arc[active] = whole
    return ClassMoney(arc, due * HUNDRED)


def spent(problem: Problem, plan: Plan) -> Int:
    """What falls due in every demand, in hundreds of yuan."""
    return problem.option_spend.totals(plan.option.astype(np.int64), problem.demands) + problem.opening_spend.totals(
        plan.opening.astype(np.int64), problem.demands
    )


def left_of_rows(problem: Problem, plan: Plan) -> Int:
    """What options, openings and whole extra columns leave of every row's limit for the arcs."""
    taken = problem.option_row.totals(plan.option.astype(np.int64), problem.rows)
    taken += problem.opening_row.totals(plan.opening.astype(np.int64), problem.rows)
    # a continuous column is taken rounded up: no more is left than there is
    amounts = np.ceil(plan.extra - 1e-6).astype(np.int64)
    taken += problem.extra_row.totals(amounts, problem.rows)
    return np.where(problem.row_limit >= HIGHEST, HIGHEST, problem.row_limit - taken)


def _network(p: Problem, plan: Plan, active: Int, due: Int) -> Network:
    demands = np.unique(p.arc_demand[active])
    place = p.arc_demand[active] * max(len(p.portion_class), 1) + p.arc_portion[active]
    pairs, portion = np.unique(place, return_inverse=True)
    of_demand, of_portion = np.divmod(pairs, max(len(p.portion_class), 1))
    sources, source = np.unique(p.arc_source[active], return_inverse=True)
    floor = p.portion_floor[of_portion]
    held = floor != NONE
    held[held] = p.floor_percent[floor[held]] > 0
    keys, set_of = np.unique(
        of_demand[held] * max(len(p.floor_class), 1) + floor[held], return_inverse=True
    )  # fmt: skip
    portion_set = np.full(len(pairs), NONE, np.int64)
    portion_set[held] = set_of
    set_demand, set_floor = np.divmod(keys, max(len(p.floor_class), 1))
    number = np.full(p.demands, NONE, np.int64)
    number[demands] = np.arange(len(demands))
    return Network(
        arc_source=source.astype(np.int64),
        arc_portion=portion.astype(np.int64),
        # percent of hundreds of yuan are whole yuan: shares are exact
        portion_limit=np.minimum(p.portion_percent[of_portion], 100) * due[of_demand],
        portion_set=portion_set,
        portion_demand=number[of_demand],
        set_least=p.floor_percent[set_floor] * due[set_demand],
        set_demand=number[set_demand],
        demand=due[demands] * HUNDRED,
        source_limit=np.maximum(left_of_rows(p, plan)[sources], 0) * HUNDRED,
    )


def _moved(p: Problem, plan: Plan, active: Int, due: Int, preference: Int) -> Float | None:
    """The same money in the preferred order, in hundreds; None where that was not found in time."""
    net = _network(p, plan, active, due)
    arcs = np.arange(len(active))
    demand = net.portion_demand[net.arc_portion]
    equal = coo_array((np.ones(len(active)), (demand, arcs)), shape=(len(net.demand), len(active))).tocsr()
    inside = net.portion_set[net.arc_portion]
    held = inside != NONE
    limits: list[csr_array] = [
        _count(net.arc_source, arcs, (len(net.source_limit), len(active))),
        _count(net.arc_portion, arcs, (len(net.portion_limit), len(active))),
        -_count(inside[held], arcs[held], (len(net.set_least), len(active))),
    ]
    above = [net.source_limit / HUNDRED, net.portion_limit / HUNDRED, -net.set_least / HUNDRED]
    side, room, margin = _side_rows(p, plan, active)
    limits.append(side)
    matrix = vstack(limits).tocsr()
    cost = preference[active].astype(np.float64)
    # with the margin whole yuan keep these rows too; where there is no room for it, without
    for kept in (room - margin, room) if len(room) else (room,):
        found = linprog(
            cost, A_ub=matrix, b_ub=np.concatenate([*above, kept]), A_eq=equal, b_eq=net.demand / HUNDRED,
            bounds=(0, None), method="highs", options={"time_limit": SECONDS},
        )  # fmt: skip
        if found.status == 0:
            return np.asarray(found.x, np.float64)
    log.info("money stays as the solver left it: %s", found.message)
    return None


def _count(row: Int, column: Int, shape: tuple[int, int]) -> csr_array:
    return csr_array(coo_array((np.ones(len(row)), (row, column)), shape=shape))


def _side_rows(p: Problem, plan: Plan, active: Int) -> tuple[csr_array, Float, Float]:
    """Rows that speak of arcs beside the budgets (debt, rules on a fund's money): entries, room, a yuan an arc."""
    entries = p.arc_row.taken(active)
    rows, row = np.unique(entries.index, return_inverse=True)
    side = csr_array(
        coo_array((entries.amount.astype(np.float64), (row, entries.owner_of_entry())), shape=(len(rows), len(active)))
    )
    left = left_of_rows(p, plan)[rows]
    limited = left < HIGHEST
    room = left[limited].astype(np.float64)
    # whole columns aside, a row may hold in the plan with a tolerance only: then what the plan takes is the room
    room = np.maximum(room, (side @ plan.arc[active])[limited])
    kept = side[np.flatnonzero(limited)]
    margin = np.asarray(abs(kept).sum(axis=1)).ravel() / HUNDRED
    return kept, room, margin


def arcs_for(problem: Problem, plan: Plan) -> Float | None:
    """Some payment, in hundreds by arc, for what a plan takes; None where its money does not reach.

    Serves to start from a plan of which only the works are known.
    """
    due = spent(problem, plan)
    arc = np.zeros(problem.arcs)
    active = np.flatnonzero(due[problem.arc_demand] > 0)
    if np.any(np.bincount(problem.arc_demand[active], minlength=problem.demands)[due > 0] == 0):
        return None
    if len(active):
        found = _moved(problem, replace(plan, arc=arc), active, due, np.zeros(problem.arcs, np.int64))
        if found is None:
            return None
        arc[active] = np.maximum(found, 0.0)
    return arc
