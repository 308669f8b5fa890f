"""The dual function: groups and rows have prices, everything else is solved exactly block by block.

At given prices money is a fractional knapsack for each demand (`blend_walk`), columns are worth their profit less
what they use (`column_prices`), and every root takes the best that it can hold (`walk`). The value is a bound for
every price; what is taken gives the direction in which prices should move.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .blend_walk import BlendLayout, lay_out_blends, mix_some
from .column_prices import (
    Columns,
    Patterns,
    add_taken,
    flagged,
    make_columns,
    pay,
    price_patterns,
    reduce_openings,
    reduce_options,
)
from .crew import Crew, Task
from .layout import Layout, lay_out
from .problem import NONE, Problem
from .sparse import Sparse
from .walk import walk_loose, walk_some, walking_order

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Flags = NDArray[np.bool_]

PIECE = 8_000  # options: smaller problems are not cut
PIECES = 6  # at most


@dataclass(frozen=True, slots=True)
class Priced:
    """A problem ready to be priced again and again."""

    problem: Problem
    layout: Layout
    blends: BlendLayout
    columns: Columns
    root_cut: Int  # roots by piece of work, pieces of about as many options
    extra_profit: Float
    option_use: sparse.csr_matrix  # options x (rows, demands, groups)
    opening_use: sparse.csr_matrix
    extra_use: sparse.csr_matrix  # extras x rows
    arc_use: sparse.csr_matrix  # arcs x rows, the source included


@dataclass(frozen=True, slots=True)
class Answer:
    """The dual function at one point: its value, what is taken there, and its subgradient."""

    value: float
    option: Int  # taken ones
    opening: Int
    extra: Float
    group_slack: Float  # capacity less what is taken
    row_slack: Float  # limit less what is used
    paid: Float  # by arc; overwritten by the next question


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The same with flags for what is taken, and reduced profits."""

    value: float
    option: Flags
    opening: Flags
    extra: Float
    group_slack: Float  # capacity less what is taken
    row_slack: Float  # limit less what is used
    option_profit: Float  # reduced
    opening_profit: Float  # reduced
    paid: Float  # by arc


def as_matrix(part: Sparse, columns: int) -> sparse.csr_matrix:
    """Owners x columns in floating point."""
    return sparse.csr_matrix((part.amount.astype(np.float64), part.index, part.start), shape=(part.owners, columns))


def make_priced(problem: Problem) -> Priced:
    """Compile a single-objective problem for pricing."""
    p, layout = problem, lay_out(problem)
    member = np.flatnonzero(p.option_group != NONE)
    groups = sparse.csr_matrix(
        (p.option_weight[member].astype(np.float64), (member, p.option_group[member])), shape=(p.options, p.groups)
    )
    source = sparse.csr_matrix((np.ones(p.arcs), (np.arange(p.arcs), p.arc_source)), shape=(p.arcs, p.rows))
    option_use = [as_matrix(p.option_row, p.rows), as_matrix(p.option_spend, p.demands), groups]
    options_before = layout.option_start[layout.choice_start[layout.shelf_start]]
    pieces = int(np.clip(p.options // PIECE, 1, PIECES))
    wanted = np.linspace(0, options_before[-1], pieces + 1)[1:-1]
    return Priced(
        problem=p,
        layout=layout,
        blends=lay_out_blends(p),
        columns=make_columns(p, walking_order(layout)),
        root_cut=np.concatenate([[0], np.searchsorted(options_before, wanted), [len(layout.root_facility)]]),
        extra_profit=p.objectives[0].extra.astype(np.float64),
        option_use=sparse.hstack(option_use, format="csr"),
        opening_use=sparse.hstack(
            [as_matrix(p.opening_row, p.rows), as_matrix(p.opening_spend, p.demands)], format="csr"
        ),
        extra_use=as_matrix(p.extra_row, p.rows),
        arc_use=(source + as_matrix(p.arc_row, p.rows)).tocsr(),
    )


class DualFunction:
    """Answers at one point after another, in arrays that are used again."""

    def __init__(self, priced: Priced, crew: Crew | None = None) -> None:
        self.priced, self._crew = priced, crew or Crew(1)
        p, c, layout = priced.problem, priced.columns, priced.layout
        self.option_worth, self.opening_worth = np.empty(p.options), np.empty(p.openings)
        self._option_cost, self._opening_cost = np.empty(c.option_row.count), np.empty(c.opening_row.count)
        self._option_money, self._opening_money = np.empty(c.option_spend.count), np.empty(c.opening_spend.count)
        self._unit_cost, self._share = np.empty(p.demands), np.empty(p.arcs)
        self._take, self._take_opening = np.zeros(p.options, np.bool_), np.zeros(p.openings, np.bool_)
        self._root_value, self._loose = np.empty(len(layout.root_facility)), np.empty(len(layout.loose_start) - 1)
        self._places, self._spent, self._paid = (
            np.empty(p.options + p.openings, np.int64),
            np.empty(p.demands),
            np.empty(p.arcs),
        )
        self._capacity, self._limit = p.group_capacity.astype(np.float64), p.row_limit.astype(np.float64)

    def _reduce(self, group_price: Float, row_price: Float) -> None:
        """What options (in walking order) and openings are worth at these prices."""
        p, c, pieces = self.priced.problem, self.priced.columns, len(self.priced.root_cut) - 1
        arc_price = self.priced.arc_use @ row_price
        tasks: list[Task] = [partial(_price, c.opening_row, row_price, self._opening_cost, 0, c.opening_row.count)]
        for first, end in _pieces(c.option_row.count, pieces):
            tasks.append(partial(_price, c.option_row, row_price, self._option_cost, first, end))
        for first, end in _pieces(p.demands, pieces):
            tasks.append(partial(mix_some, self.priced.blends, arc_price, self._unit_cost, self._share, first, end))
        self._crew.run(tasks)
        _price(c.option_spend, self._unit_cost, self._option_money, 0, c.option_spend.count)
        _price(c.opening_spend, self._unit_cost, self._opening_money, 0, c.opening_spend.count)
        of_opening = (
            c.opening_profit, c.opening_row.of_owner, self._opening_cost, c.opening_spend.of_owner,
            self._opening_money, self.opening_worth,
        )  # fmt: skip
        of_option = (
            c.option_profit, c.option_row.of_owner, self._option_cost, c.option_spend.of_owner, self._option_money,
            c.option_group, c.option_weight, group_price, self.option_worth,
        )  # fmt: skip
        tasks = [partial(reduce_openings, 0, p.openings, *of_opening)]
        tasks += [partial(reduce_options, first, end, *of_option) for first, end in _pieces(p.options, pieces)]
        self._crew.run(tasks)

    def at(self, group_price: Float, row_price: Float) -> Answer:
        """Value and subgradient at these prices (points per unit)."""
        priced = self.priced
        p, c, blends, layout = priced.problem, priced.columns, priced.blends, priced.layout
        self._reduce(group_price, row_price)
        of_root = (self.option_worth, self.opening_worth, self._root_value, self._take, self._take_opening)
        tasks: list[Task] = [
            partial(walk_some, layout, first, end, *of_root) for first, end in pairwise(priced.root_cut.tolist())
        ]
        self._crew.run([*tasks, partial(walk_loose, layout, self.option_worth, self._loose, self._take)])
        extra_worth = priced.extra_profit - priced.extra_use @ row_price
        extra = np.where(extra_worth > 0, p.extra_upper, p.extra_lower).astype(np.float64)
        value = float(self._root_value.sum()) + float(self._loose.sum()) + _dot(extra_worth, extra)
        value += _dot(group_price, self._capacity) + _dot(row_price, self._limit)
        used = priced.extra_use.T @ extra
        self._spent.fill(0.0)
        self._paid.fill(0.0)
        places = self._places[: flagged(self._take, self._places)]
        opening = self._places[len(places) :]
        opening = opening[: flagged(self._take_opening, opening)].copy()
        for columns, row, spend in ((places, c.option_row, c.option_spend), (opening, c.opening_row, c.opening_spend)):
            add_taken(
                columns, row.of_owner, row.start, row.index, row.amount,
                spend.of_owner, spend.start, spend.index, spend.amount, used, self._spent,
            )  # fmt: skip
        pay(
            blends.slot_start, blends.arc_start, blends.arc, p.arc_source,
            p.arc_row.start, p.arc_row.index, p.arc_row.amount, self._share, self._spent, self._paid, used,
        )  # fmt: skip
        member = places[c.option_group[places] >= 0]
        served = np.bincount(c.option_group[member], c.option_weight[member], p.groups)
        return Answer(value, c.order[places], opening, extra, self._capacity - served, self._limit - used, self._paid)

    def evaluation(self, answer: Answer) -> Evaluation:
        """The last answer with arrays of its own."""
        p = self.priced.problem
        option, opening, worth = np.zeros(p.options, np.bool_), np.zeros(p.openings, np.bool_), np.empty(p.options)
        option[answer.option] = True
        opening[answer.opening] = True
        worth[self.priced.columns.order] = self.option_worth
        return Evaluation(
            answer.value, option, opening, answer.extra, answer.group_slack, answer.row_slack,
            worth, self.opening_worth.copy(), answer.paid.copy(),
        )  # fmt: skip


def _dot(one: Float, other: Float) -> float:
    return float((one * other).sum())  # threads of a linear algebra library cost more than they save


def _pieces(count: int, pieces: int) -> list[tuple[int, int]]:
    return [(count * piece // pieces, count * (piece + 1) // pieces) for piece in range(pieces)]


def _price(patterns: Patterns, price: Float, cost: Float, first: int, end: int) -> None:
    price_patterns(first, end, patterns.start, patterns.index, patterns.amount, price, cost)


def evaluate(priced: Priced, group_price: Float, row_price: Float) -> Evaluation:
    """The dual function and a subgradient at these prices (points per unit)."""
    function = DualFunction(priced)
    return function.evaluation(function.at(group_price, row_price))
