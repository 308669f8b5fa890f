"""Money at given prices, compiled: for every demand the cheapest mix of arcs that shares and floors allow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .problem import NONE, Problem

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BlendLayout:
    """Arcs by demand and portion: slot s (a portion in a demand) owns `arc[arc_start[s]:arc_start[s + 1]]`."""

    slot_start: Int  # by demand
    slot_cap: Int  # percent
    slot_floor: Int  # floor set or NONE
    arc_start: Int  # by slot
    arc: Int
    floor_percent: Int


def lay_out_blends(problem: Problem) -> BlendLayout:
    """Order the arcs for the kernel."""
    p = problem
    order = np.lexsort((np.arange(p.arcs), p.arc_portion, p.arc_demand))
    demand, portion = p.arc_demand[order], p.arc_portion[order]
    first = (
        np.flatnonzero(np.r_[True, (demand[1:] != demand[:-1]) | (portion[1:] != portion[:-1])]) if p.arcs else order
    )
    slot_demand = demand[first]
    slot_start = np.zeros(p.demands + 1, np.int64)
    np.cumsum(np.bincount(slot_demand, minlength=p.demands), out=slot_start[1:])
    return BlendLayout(
        slot_start=slot_start,
        slot_cap=p.portion_percent[portion[first]],
        slot_floor=p.portion_floor[portion[first]],
        arc_start=np.r_[first, p.arcs].astype(np.int64),
        arc=order.astype(np.int64),
        floor_percent=p.floor_percent,
    )


@njit(cache=True, nogil=True)
def _mix(first, end, slot_start, slot_cap, slot_floor, arc_start, arcs, floor_percent, arc_price, unit_cost, arc_share):  # type: ignore[no-untyped-def]
    """Cost of a unit in demands first..end-1 and the share (0..1) of it that each arc pays."""
    widest = 1
    for d in range(first, end):
        widest = max(widest, slot_start[d + 1] - slot_start[d])
    price, best, order = np.empty(widest, np.float64), np.empty(widest, np.int64), np.empty(widest, np.int64)
    taken = np.empty(widest, np.int64)
    for d in range(first, end):
        begin, count = slot_start[d], slot_start[d + 1] - slot_start[d]
        for s in range(count):
            cheapest, at_best = np.inf, -1
            for at in range(arc_start[begin + s], arc_start[begin + s + 1]):
                arc_share[arcs[at]] = 0.0
                if arc_price[arcs[at]] < cheapest:
                    cheapest, at_best = arc_price[arcs[at]], arcs[at]
            price[s], best[s], taken[s] = cheapest, at_best, 0
            place = s  # insertion sort: demands have a handful of portions
            while place > 0 and price[order[place - 1]] > cheapest:
                order[place] = order[place - 1]
                place -= 1
            order[place] = s
        left = 100
        for rank in range(count):
            floor = slot_floor[begin + order[rank]]
            if floor == NONE:
                continue
            wanted = floor_percent[floor]
            for other in range(count):
                if slot_floor[begin + order[other]] == floor:
                    wanted -= taken[order[other]]
            amount = max(0, min(wanted, slot_cap[begin + order[rank]]))
            taken[order[rank]] = amount
            left -= amount
        cost = 0.0
        for rank in range(count):
            s = order[rank]
            more = max(0, min(left, slot_cap[begin + s] - taken[s]))
            taken[s] += more
            left -= more
            if taken[s] > 0:
                cost += price[s] * taken[s] / 100.0
                arc_share[best[s]] = taken[s] / 100.0
        unit_cost[d] = cost


def mix(layout: BlendLayout, arc_price: Float) -> tuple[Float, Float]:
    """Unit cost by demand (0 where nothing can pay) and the share each arc pays of its demand."""
    unit_cost = np.zeros(len(layout.slot_start) - 1, np.float64)
    arc_share = np.zeros(len(arc_price), np.float64)
    mix_some(layout, arc_price, unit_cost, arc_share, 0, len(unit_cost))
    return unit_cost, arc_share


def mix_some(layout: BlendLayout, arc_price: Float, unit_cost: Float, arc_share: Float, first: int, end: int) -> None:
    """The same for demands first..end-1 alone, into arrays."""
    _mix(
        first, end,
        layout.slot_start, layout.slot_cap, layout.slot_floor, layout.arc_start, layout.arc, layout.floor_percent,
        arc_price, unit_cost, arc_share,
    )  # fmt: skip
