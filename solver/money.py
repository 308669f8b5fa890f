"""What a unit of money costs in every demand at given prices: a fractional knapsack, exact."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .exact import Exact, priced
from .problem import NONE, Problem

Int = NDArray[np.int64]


def unit_costs(problem: Problem, row_price: Exact) -> Exact:
    """For every demand 100 times the least cost of a unit that its arcs can pay, shares respected.

    The price of a portion is that of its cheapest arc. Floor sets are filled to their floor with their
    cheapest portions, then the cheapest portions of all to their shares until 100 % are reached; shares are
    whole percent, so the sums are whole. Demands that cannot be paid cost 0: nothing is spent there.
    """
    p = problem
    cost = np.zeros(p.demands, row_price.dtype)
    if not p.arcs:
        return cost
    arc = row_price[p.arc_source] + priced(p.arc_row, row_price)
    portions = len(p.portion_class)
    pairs, position = np.unique(p.arc_demand * portions + p.arc_portion, return_inverse=True)
    demand, portion = np.divmod(pairs, portions)
    price = np.full(len(pairs), arc.max(), row_price.dtype)
    np.minimum.at(price, position, arc)
    rank = _ranks(price)
    cap = p.portion_percent[portion]

    taken = np.zeros(len(pairs), np.int64)
    floor = p.portion_floor[portion]
    held = np.flatnonzero(floor != NONE)
    if held.size:
        segment = demand[held] * len(p.floor_class) + floor[held]
        taken[held] = _filled(segment, rank[held], cap[held], p.floor_percent[floor[held]])
    already = np.bincount(demand, taken, p.demands).astype(np.int64)
    taken += _filled(demand, rank, cap - taken, (100 - already)[demand])
    np.add.at(cost, demand, price * taken)
    return cost


def _ranks(price: Exact) -> Int:
    """Positions in ascending order of price."""
    order = np.argsort(price, kind="stable")
    rank = np.empty(len(price), np.int64)
    rank[order] = np.arange(len(price))
    return rank


def _filled(segment: Int, rank: Int, cap: Int, wanted: Int) -> Int:
    """In every segment the entries in order of rank up to their caps, until `wanted` is reached."""
    order = np.lexsort((rank, segment))
    caps, of = cap[order], segment[order]
    before = np.cumsum(caps) - caps
    first = np.r_[True, of[1:] != of[:-1]]
    before -= np.repeat(before[first], np.diff(np.r_[np.flatnonzero(first), len(of)]))
    out = np.empty(len(cap), np.int64)
    out[order] = np.clip(wanted[order] - before, 0, caps)
    return out
