"""Money routed anew for given choices: the mix that overspends least and leaves most of what is scarce.

One linear program over the arcs of the demands in which anything is spent; sources and further rows of arcs may be
exceeded at a high price, so that there is always an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from .elastic import row_use
from .problem import HIGHEST, Problem
from .regions import Regions
from .solution import Plan

Float = NDArray[np.float64]
Int = NDArray[np.int64]

MOST_ARCS = 20_000  # in one linear program: its time grows much faster than its size
OVERSPENT = 1000.0  # of the largest price: what a unit beyond a limit costs


def bundles_of_arcs(problem: Problem, regions: Regions) -> list[Int]:
    """Arcs of neighbouring regions together, so many at a time as one linear program takes easily."""
    if problem.arcs <= MOST_ARCS:
        return [np.arange(problem.arcs)]
    region = regions.arc
    size = np.bincount(region)
    bundle = np.cumsum(size) // MOST_ARCS
    order = np.argsort(bundle[region], kind="stable")
    cuts = np.flatnonzero(np.diff(bundle[region][order])) + 1
    return [np.sort(held) for held in np.split(order, cuts)]


def rerouted(problem: Problem, plan: Plan, row_price: Float, bundles: Sequence[Int] | None = None) -> Plan:
    """The plan with its money routed anew, bundle of arcs by bundle (all at once where none are given).

    Arcs of a demand must all be in one bundle. Where a linear program does not come to its end, its money stays as it is.
    """
    p = problem
    if not p.arcs:
        return plan
    option, opening = plan.option.astype(np.int64), plan.opening.astype(np.int64)
    spent = p.option_spend.totals(option, p.demands) + p.opening_spend.totals(opening, p.demands)
    flow = np.where(spent[p.arc_demand] > 0, plan.arc, 0.0)
    used = row_use(p, replace(plan, arc=flow))
    for bundle in [np.arange(p.arcs)] if bundles is None else bundles:
        arc = bundle[spent[p.arc_demand[bundle]] > 0]
        if not len(arc):
            continue
        use = _use(p, arc)
        others = used - use @ flow[arc]
        found = _routed(p, spent, arc, use, p.row_limit - others, row_price)
        if found is not None:
            flow[arc] = found
            used = others + use @ found
    return replace(plan, arc=flow)


def _use(p: Problem, arc: Int) -> sparse.csr_matrix:
    """What these arcs use of each row: (rows, arcs)."""
    number = np.arange(len(arc))
    further = p.arc_row.taken(arc)
    return sparse.csr_matrix(
        (
            np.r_[np.ones(len(arc)), further.amount.astype(np.float64)],
            (np.r_[p.arc_source[arc], further.index], np.r_[number, further.owner_of_entry()]),
        ),
        shape=(p.rows, len(arc)),
    )


def _routed(p: Problem, spent: Int, arc: Int, use: sparse.csr_matrix, room: Float, row_price: Float) -> Float | None:
    """The amounts of these arcs; `room` is what is left of each row."""
    number = np.arange(len(arc))
    limited = np.flatnonzero((np.diff(use.indptr) > 0) & (p.row_limit < HIGHEST))
    portions = max(len(p.portion_class), 1)
    pairs, slot = np.unique(p.arc_demand[arc] * portions + p.arc_portion[arc], return_inverse=True)
    slot_demand, slot_portion = np.divmod(pairs, portions)
    slots = sparse.csr_matrix((np.ones(len(arc)), (slot, number)), shape=(len(pairs), len(arc)))
    capped = np.flatnonzero(p.portion_percent[slot_portion] < 100)
    demands, of_arc = np.unique(p.arc_demand[arc], return_inverse=True)
    paid = sparse.csr_matrix((np.ones(len(arc)), (of_arc, number)), shape=(len(demands), len(arc)))
    floor = p.portion_floor[p.arc_portion[arc]]
    held = np.flatnonzero(floor >= 0)
    keys, place = np.unique(p.arc_demand[arc[held]] * max(len(p.floor_class), 1) + floor[held], return_inverse=True)
    floor_demand, floor_number = np.divmod(keys, max(len(p.floor_class), 1))
    floors = sparse.csr_matrix((np.ones(len(held)), (place, held)), shape=(len(keys), len(arc)))
    price = use.T @ row_price
    high = OVERSPENT * max(float(row_price.max(initial=0.0)), 1e-9)
    scale = 1.0 / high
    matrix = sparse.vstack(
        [
            sparse.hstack([use[limited], -sparse.identity(len(limited))]),
            sparse.hstack([slots[capped], sparse.csr_matrix((len(capped), len(limited)))]),
            sparse.hstack([-floors, sparse.csr_matrix((len(keys), len(limited)))]),
        ],
        format="csr",
    )
    answer = linprog(
        np.r_[price * scale, np.ones(len(limited))],
        A_ub=matrix,
        b_ub=np.r_[
            room[limited],
            p.portion_percent[slot_portion[capped]] / 100 * spent[slot_demand[capped]],
            -p.floor_percent[floor_number] / 100 * spent[floor_demand],
        ],
        A_eq=sparse.hstack([paid, sparse.csr_matrix((len(demands), len(limited)))], format="csr"),
        b_eq=spent[demands],
        bounds=(0, None),
        method="highs",
    )
    return np.maximum(answer.x[: len(arc)], 0.0) if answer.status == 0 else None
