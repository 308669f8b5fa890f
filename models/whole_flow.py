"""A flow of whole units close to a fractional one: exact, by a maximum flow on what rounding leaves open.

The network has three layers: source -> portion in a demand -> floor set in a demand -> demand. Every capacity is
whole, so whenever a fractional flow exists a whole one exists that lies between each amount rounded down and
rounded up (total unimodularity). It is found as a feasible flow with these bounds; the freedom that is left
is a few units an arc, so that 32-bit capacities do even where the amounts themselves need 64 bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import maximum_flow

Int = NDArray[np.int64]
Float = NDArray[np.float64]

NO_SET = -1
WIDENING = (0, 1, 100, 10_000)
"""By how many units an amount may leave its two roundings, tried one after the other; 0 is enough for exact input."""


class NoFlow(Exception):
    """No whole flow keeps the bounds near the amounts given: they were not a flow to begin with."""


@dataclass(frozen=True, slots=True)
class Network:
    """Who may pay what; amounts and limits in whole units.

    One element per arc (`arc_*`), portion in a demand, floor set in a demand, demand, and source.
    """

    arc_source: Int
    arc_portion: Int
    portion_limit: Int  # most that the portion pays
    portion_set: Int  # floor set it counts for, or NO_SET
    portion_demand: Int
    set_least: Int  # least that the set pays
    set_demand: Int
    demand: Int  # exactly this is paid
    source_limit: Int


def whole_flow(network: Network, near: Float) -> Int:
    """The whole amount of every arc; each within one unit of `near` where that is a flow of the network.

    Demands, source limits, portion limits and floor sets hold exactly. Raises `NoFlow` where even amounts
    10,000 units away from `near` give no flow.
    """
    for width in WIDENING:
        found = _rounded(network, near, width)
        if found is not None:
            broken = flow_faults(network, found)
            if broken:
                raise AssertionError(broken[0])
            return found
    raise NoFlow("the amounts given are not a flow of the network")


def flow_faults(network: Network, amount: Int) -> list[str]:
    """Everything in which whole amounts break the network's rules; empty for a flow."""
    n = network
    portion = _sums(n.arc_portion, amount, len(n.portion_limit))
    inside = n.portion_set != NO_SET
    of_set = _sums(n.portion_set[inside], portion[inside], len(n.set_least))
    faults = []
    for name, bad in (
        ("an arc is negative", amount < 0),
        ("a demand is not paid exactly", _sums(n.portion_demand, portion, len(n.demand)) != n.demand),
        ("a source pays more than it has", _sums(n.arc_source, amount, len(n.source_limit)) > n.source_limit),
        ("a portion pays more than its share", portion > n.portion_limit),
        ("a floor set pays less than its share", of_set < n.set_least),
    ):
        if bad.any():
            faults.append(f"{name} ({int(bad.sum())} times)")
    return faults


def _sums(place: Int, amount: Int, size: int) -> Int:
    out = np.zeros(size, np.int64)
    np.add.at(out, place, amount)
    return out


def _between(value: Float, width: int) -> tuple[Int, Int]:
    slack = 1e-6 + 1e-12 * np.abs(value)
    low = np.floor(value + slack).astype(np.int64) - width
    high = np.ceil(value - slack).astype(np.int64) + width
    return np.maximum(low, 0), np.maximum(high, 0)


def _rounded(n: Network, near: Float, width: int) -> Int | None:
    arcs, portions, sets = len(n.arc_source), len(n.portion_limit), len(n.set_least)
    demands, sources = len(n.demand), len(n.source_limit)
    near = np.maximum(near, 0.0)
    by_portion = np.bincount(n.arc_portion, near, portions).astype(np.float64)
    inside = n.portion_set != NO_SET
    by_set = np.bincount(n.portion_set[inside], by_portion[inside], sets).astype(np.float64)
    by_source = np.bincount(n.arc_source, near, sources).astype(np.float64)
    # nodes: sources, portions, sets, demands, then the two ends of the whole flow
    portion0, set0, demand0 = sources, sources + portions, sources + portions + sets
    start, end = demand0 + demands, demand0 + demands + 1
    target = np.where(inside, set0 + n.portion_set, demand0 + n.portion_demand)
    low_a, high_a = _between(near, width)
    low_p, high_p = _between(by_portion, width)
    low_f, high_f = _between(by_set, width)
    low_s, high_s = _between(by_source, width)
    tail = np.concatenate(
        [n.arc_source, portion0 + np.arange(portions), set0 + np.arange(sets), np.full(sources, start),
         demand0 + np.arange(demands)]
    )  # fmt: skip
    head = np.concatenate(
        [portion0 + n.arc_portion, target, demand0 + n.set_demand, np.arange(sources), np.full(demands, end)]
    )
    low = np.concatenate(
        [low_a, np.minimum(low_p, n.portion_limit), np.maximum(low_f, n.set_least),
         np.minimum(low_s, n.source_limit), n.demand]
    )  # fmt: skip
    high = np.concatenate(
        [high_a, np.minimum(high_p, n.portion_limit), np.maximum(high_f, n.set_least),
         np.minimum(high_s, n.source_limit), n.demand]
    )  # fmt: skip
    if np.any(low > high):
        return None
    free = _feasible(end + 1, tail, head, low, high, start, end)
    return None if free is None else (low + free)[:arcs]


def _feasible(nodes: int, tail: Int, head: Int, low: Int, high: Int, start: int, end: int) -> Int | None:
    """What flows above the lower bounds, by a maximum flow between two further nodes; None without one."""
    surplus = _sums(head, low, nodes) - _sums(tail, low, nodes)
    room = high - low
    over, under = nodes, nodes + 1
    giving, taking = np.flatnonzero(surplus > 0), np.flatnonzero(surplus < 0)
    wanted = int(surplus[giving].sum())
    # the way back from end to start closes the circle; nothing more than all that is wanted can use it
    back = min(wanted, np.iinfo(np.int32).max)
    if back != wanted:
        return None
    rows = np.concatenate([tail, np.full(len(giving), over), taking, [end]])
    columns = np.concatenate([head, giving, np.full(len(taking), under), [start]])
    capacity = np.minimum(np.concatenate([room, surplus[giving], -surplus[taking], [back]]), max(back, 1))
    if wanted == 0:
        return np.zeros(len(tail), np.int64)
    graph = coo_array((capacity, (rows, columns)), shape=(nodes + 2, nodes + 2)).tocsr()
    if graph.nnz != len(rows):
        raise ValueError("two arcs lead from one source to one portion")
    graph.data = graph.data.astype(np.int32)
    graph.indices, graph.indptr = graph.indices.astype(np.int32), graph.indptr.astype(np.int32)
    found = maximum_flow(graph, over, under)
    if found.flow_value != wanted:
        return None
    return np.asarray(found.flow[tail, head], np.int64).ravel()
