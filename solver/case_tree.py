"""From the nodes of a search to the tree of a certificate: whole prices for every leaf, no more leaves than needed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .cases import Decision, Way, full_prices, make_case
from .dual import PricedForms, Settle, dual_value
from .leaves import Tree, grid
from .master import Basis
from .prices import Priced
from .problem import Problem

Float = NDArray[np.float64]
Int = NDArray[np.int64]

LARGEST = 1e12  # points a unit: no price needs to be higher
COARSE = 20  # decision prices are measured in 2**-COARSE points while the grid is chosen


@dataclass(slots=True)
class Node:
    """A case under search: the decisions above it, its best prices, its bound; once divided, its decision and sides."""

    way: Way
    group: Float
    row: Float
    price: Float
    bound: float
    basis: Basis | None = field(default=None, repr=False)  # of the master, to begin from
    decision: Decision | None = None
    low: Node | None = None
    high: Node | None = None
    whole: WholePrices | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class WholePrices:
    """Prices of a leaf on a grid, and the bound that they prove in whole points."""

    scale: int
    group: Int
    row: Int
    decision: Int
    bound: int


def make_tree(priced: Priced, top: Node, settle: Settle | None, scale: int | None = None) -> tuple[Tree, int]:
    """The tree of the search below its first node, and the bound that it proves.

    What lies below a node whose own prices already prove that bound is left out. Every leaf has the finest grid, or
    the `scale` that is given.
    """
    bound = max(_whole(priced, leaf, settle, scale).bound for leaf in _leaves(top))
    inner: list[Node] = []
    low: list[int] = []
    high: list[int] = []
    leaves: list[Node] = []
    waiting: list[tuple[Node, int, list[int]]] = [(top, -1, [])]
    while waiting:
        node, above, side = waiting.pop()
        ends = node.decision is None or (node.bound < bound + 2 and _whole(priced, node, settle, scale).bound <= bound)
        number = -1 - len(leaves) if ends else len(inner)
        if above >= 0:
            side[above] = number
        if ends:
            leaves.append(node)
            continue
        inner.append(node)
        low.append(0)
        high.append(0)
        assert node.low is not None and node.high is not None
        waiting += [(node.high, number, high), (node.low, number, low)]
    return _packed(priced.problem, inner, low, high, [_whole(priced, leaf, settle, scale) for leaf in leaves]), bound


def _leaves(top: Node) -> list[Node]:
    out, waiting = [], [top]
    while waiting:
        node = waiting.pop()
        if node.low is None or node.high is None:
            out.append(node)
        else:
            waiting += [node.low, node.high]
    return out


def _whole(priced: Priced, node: Node, settle: Settle | None, scale: int | None) -> WholePrices:
    """The prices of a node on a grid (the finest that 64 bits allow), with the bound that they prove."""
    if node.whole is not None:
        return node.whole
    p = priced.problem
    case = make_case(p, node.way)
    group, price = full_prices(priced, case, node.group, node.row, node.price)
    group, row, price = (np.clip(np.nan_to_num(part), -LARGEST, LARGEST) for part in (group, node.row, price))
    row = np.maximum(row, 0.0)
    group = np.where(p.group_exact, group, np.maximum(group, 0.0))
    if scale is None:
        coarse = np.ceil(np.maximum(price, 0.0) * 2**COARSE).astype(np.int64)
        scale = grid(p, group, row, _forms(node.way, coarse), 2**COARSE)
    prices = WholePrices(
        scale,
        np.rint(group * scale).astype(np.int64),
        np.rint(row * scale).astype(np.int64),
        np.ceil(np.maximum(price, 0.0) * scale).astype(np.int64),
        0,
    )
    value = dual_value(p, prices.group, prices.row, scale, settle=settle, forms=_forms(node.way, prices.decision))
    node.whole = WholePrices(scale, prices.group, prices.row, prices.decision, value // (100 * scale))
    return node.whole


def _forms(way: Way, price: Int) -> PricedForms:
    kind, column, amount, paid, constant = [], [], [], [], 0
    for (decision, high), each in zip(way, price.tolist(), strict=True):
        kind.append(decision.kind)
        column.append(decision.column)
        amount.append(-decision.amount if high else decision.amount)
        paid.append(np.full(len(decision.kind), each, np.int64))
        constant += each * (-(decision.limit + 1) if high else decision.limit)
    none = [np.zeros(0, np.int64)]
    return PricedForms(
        np.concatenate(none + kind), np.concatenate(none + column), np.concatenate(none + amount),
        np.concatenate(none + paid), constant,
    )  # fmt: skip


def _packed(p: Problem, inner: list[Node], low: list[int], high: list[int], leaves: list[WholePrices]) -> Tree:
    forms = [node.decision for node in inner if node.decision is not None]
    none = [np.zeros(0, np.int64)]

    def starts(sizes: list[int]) -> Int:
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    return Tree(
        low=np.array(low, np.int64),
        high=np.array(high, np.int64),
        limit=np.array([form.limit for form in forms], np.int64),
        form_start=starts([len(form.kind) for form in forms]),
        form_kind=np.concatenate(none + [form.kind for form in forms]),
        form_column=np.concatenate(none + [form.column for form in forms]),
        form_amount=np.concatenate(none + [form.amount for form in forms]),
        scale=np.array([leaf.scale for leaf in leaves], np.int64),
        group_price=np.array([leaf.group for leaf in leaves], np.int64).reshape(len(leaves), p.groups),
        row_price=np.array([leaf.row for leaf in leaves], np.int64).reshape(len(leaves), p.rows),
        decision_start=starts([len(leaf.decision) for leaf in leaves]),
        decision_price=np.concatenate(none + [leaf.decision for leaf in leaves]),
    )
