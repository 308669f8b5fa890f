"""The master program of column generation: which mixtures of block patterns the priced rows allow.

A pattern is what one root takes in one solution of its block. Mixtures of patterns, loose options, extra columns and
money together obey groups, rows and the decisions of a case; the linear program over them gives prices at which
further patterns are sought. With all patterns its value is the best that the dual function can reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .backends.highs_run import highspy
from .cases import Case
from .fixed_prices import FixedPrices
from .prices import Priced, price_scales
from .problem import NONE

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Flags = NDArray[np.bool_]

DEAR = 30.0  # of its natural price: what a unit costs by which a row is broken


@dataclass(frozen=True, slots=True)
class Mixture:
    """A solution of the master: its value, prices (of groups, rows, decisions, roots), and what is taken, in fractions."""

    value: float
    broken: float  # by how much rows are broken; above 0 the value is no plan's
    group: Float
    row: Float
    price: Float
    root: Float
    option: Float
    opening: Float
    extra: Float
    arc: Float


@dataclass(frozen=True, slots=True)
class Basis:
    """The state of every column and row of the master in its simplex method, a byte each."""

    column: bytes
    row: bytes


class Master:
    """The master program as it grows; `take_case` moves it to another case."""

    def __init__(self, highs: Any, priced: Priced, fixed: FixedPrices | None = None) -> None:
        self.priced, self.highs = priced, highs
        p = priced.problem
        self.fixed = fixed or FixedPrices.none(p)
        matrix = self.fixed.matrix(p)
        table = sparse.csc_matrix(
            (matrix.value, matrix.index, matrix.start), shape=(matrix.rows, matrix.columns)
        ).tocsr()
        self.loose = np.flatnonzero(p.option_facility == NONE)
        self.held_columns = np.flatnonzero(np.r_[p.option_facility != NONE, np.ones(p.openings, np.bool_)])
        ends = [*(begin for _, begin in matrix.parts[1:]), matrix.rows]
        kept = []
        for (name, begin), end in zip(matrix.parts, ends, strict=True):
            rows = np.arange(begin, end)
            if name == "choice":
                touched = abs(table[rows]) @ np.isin(np.arange(matrix.columns), self.loose).astype(np.float64)
                kept.append(rows[touched > 0])
            elif name in ("group", "balance", "share", "floor", "row"):
                kept.append(rows)
        self.rows = np.concatenate(kept)
        place = np.full(matrix.rows, NONE)
        place[self.rows] = np.arange(len(self.rows))
        self.group_at, self.row_at = place[matrix.row_of_group], place[matrix.row_of_row]
        self.roots = len(priced.layout.root_facility)
        self.root_at = len(self.rows)
        self.case_at = self.root_at + self.roots
        self.use = table[self.rows][:, : p.options + p.openings].tocsc()
        self.profit = matrix.profit[: p.options + p.openings]
        number = np.full(max(p.facilities, 1), NONE)
        number[priced.layout.root_facility] = np.arange(self.roots)
        root = p.root()
        self.root_of = np.concatenate(
            [
                np.where(p.option_facility == NONE, NONE, number[root[p.option_facility]] if p.facilities else NONE),
                number[root[p.opening_facility]],
            ]
        ).astype(np.int64)
        # explicit columns: loose options, extras, arcs; then what breaks a row, up and down; patterns follow
        self.explicit = np.concatenate([self.loose, np.arange(matrix.first_extra, matrix.first_load)]).astype(np.int64)
        self.first_extra = len(self.loose)
        self.first_arc = self.first_extra + p.extras
        self.first_breach = len(self.explicit)
        group_scale, row_scale, _, _ = price_scales(priced)
        breach = np.concatenate([self.group_at, self.group_at[p.group_exact], self.row_at])
        sign = np.concatenate([-np.ones(p.groups), np.ones(int(p.group_exact.sum())), -np.ones(p.rows)])
        largest = float(np.abs(self.profit).max(initial=1.0))
        cost = np.concatenate([group_scale, group_scale[p.group_exact], row_scale])
        # the last one breaks all decisions of a case alike
        self.breach_cost = DEAR * np.r_[np.maximum(cost, 1e-3 * largest), largest]
        self.breaches = len(breach) + 1
        self.breach_factor = 1.0
        self.first_pattern = self.first_breach + self.breaches
        self.patterns: list[Int] = []
        self.seen: set[bytes] = set()
        self.members = sparse.csc_matrix((p.options + p.openings, 0))
        self._start(matrix, table, breach, sign)
        self.case: Case | None = None

    def _start(self, matrix: Any, table: Any, breach: Int, sign: Float) -> None:
        explicit = table[self.rows][:, self.explicit].tocsc()
        breaks = sparse.csc_matrix((sign, (breach, np.arange(len(breach)))), shape=(len(self.rows), self.breaches))
        below = sparse.csc_matrix((self.roots, self.first_pattern))
        body = sparse.vstack([sparse.hstack([explicit, breaks]), below]).tocsc()
        profit = np.concatenate([matrix.profit[self.explicit], -self.breach_cost])
        lower = np.concatenate([matrix.lower[self.explicit], np.zeros(self.breaches)])
        upper = np.concatenate([matrix.upper[self.explicit], np.full(self.breaches, np.inf)])
        row_lower = np.concatenate([matrix.row_lower[self.rows], np.full(self.roots, -np.inf)])
        row_upper = np.concatenate([matrix.row_upper[self.rows], np.ones(self.roots)])
        self.lower, self.upper = lower, upper
        self.highs.passModel(
            body.shape[1], body.shape[0], body.nnz, 1, -1, 0.0, profit, lower, upper, row_lower, row_upper,
            body.indptr[:-1].astype(np.int32), body.indices.astype(np.int32), body.data,
            np.zeros(body.shape[1], np.int32),
        )  # fmt: skip

    def add(self, option: Flags, opening: Flags) -> int:
        """Take in what every root takes in a solution of all blocks; how many patterns are new."""
        taken = np.flatnonzero(np.concatenate([option, opening]))
        root = self.root_of[taken]
        taken, root = taken[root != NONE], root[root != NONE]
        order = np.argsort(root, kind="stable")
        taken, root = taken[order], root[order]
        fresh = []
        for part in np.split(taken, np.flatnonzero(np.diff(root)) + 1) if len(taken) else []:
            key = part.tobytes()
            if key not in self.seen:
                self.seen.add(key)
                fresh.append(part)
        if fresh:
            self._append(fresh)
        return len(fresh)

    def _append(self, fresh: list[Int]) -> None:
        number = np.repeat(np.arange(len(fresh)), [len(part) for part in fresh])
        size = len(self.profit)
        held = sparse.csc_matrix((np.ones(len(number)), (np.concatenate(fresh), number)), shape=(size, len(fresh)))
        roots = np.array([self.root_of[part[0]] for part in fresh])
        once = sparse.csc_matrix((np.ones(len(fresh)), (roots, np.arange(len(fresh)))), shape=(self.roots, len(fresh)))
        parts = [self.use @ held, once]
        upper = np.full(len(fresh), np.inf)
        if self.case is not None:
            parts.append(self.case.form[:, :size] @ held)
            upper[self._shut(held, self.case)] = 0.0
        body = sparse.vstack(parts).tocsc()
        self.highs.addCols(
            len(fresh), np.asarray(self.profit @ held).ravel(), np.zeros(len(fresh)), upper, body.nnz,
            body.indptr[:-1].astype(np.int32), body.indices.astype(np.int32), body.data,
        )  # fmt: skip
        self.patterns += fresh
        self.members = sparse.hstack([self.members, held]).tocsc()

    def _shut(self, held: Any, case: Case) -> Flags:
        shut = np.concatenate([case.option_shut, case.opening_shut]).astype(np.float64)
        return np.asarray(held.T @ shut).ravel() > 0

    def take_case(self, case: Case, basis: Basis | None = None) -> None:
        """Go over to another case: its shut columns, and its priced decisions as rows that may be broken at a price.

        `basis` is that of the case above, whose rows come first in this one.
        """
        p = self.priced.problem
        highs = self.highs
        rows = highs.getNumRow()
        if rows > self.case_at:
            gone = np.arange(self.case_at, rows, dtype=np.int32)
            highs.deleteRows(len(gone), gone)
        self.case = case
        if self.breach_factor > 1:
            self._price_breaches(1.0)
        upper = np.concatenate([self.upper, np.where(self._shut(self.members, case), 0.0, np.inf)])
        upper[: self.first_extra] = np.where(case.option_shut[self.loose], 0.0, 1.0)
        lower = np.concatenate([self.lower, np.zeros(len(self.patterns))])
        columns = np.arange(len(upper), dtype=np.int32)
        highs.changeColsBounds(len(upper), columns, lower, upper)
        size = p.options + p.openings
        if case.form.shape[0]:
            explicit = np.concatenate([self.loose, size + np.arange(p.extras)]).astype(np.int64)
            count = case.form.shape[0]
            none = sparse.csr_matrix((count, p.arcs + self.breaches - 1))
            breach = sparse.csr_matrix(-np.ones((count, 1)))
            body = sparse.hstack([case.form[:, explicit], none, breach, case.form[:, :size] @ self.members]).tocsr()
            highs.addRows(
                body.shape[0], np.full(body.shape[0], -np.inf), case.limit, body.nnz,
                body.indptr[:-1].astype(np.int32), body.indices.astype(np.int32), body.data,
            )  # fmt: skip
        if basis is not None:
            self._stand(basis)

    def basis(self) -> Basis:
        """Where the last solution stands, for the cases below."""
        held = self.highs.getBasis()
        return Basis(bytes(map(int, held.col_status)), bytes(map(int, held.row_status)))

    def _stand(self, basis: Basis) -> None:
        """Begin from a basis: later patterns are out of it, later rows in it."""
        held = highspy.HighsBasis()
        kinds = [highspy.HighsBasisStatus(number) for number in range(5)]
        patterns = self.highs.getNumCol() - len(basis.column)
        rows = self.highs.getNumRow() - len(basis.row)
        held.col_status = [kinds[number] for number in basis.column] + [kinds[0]] * patterns
        held.row_status = [kinds[number] for number in basis.row] + [kinds[1]] * rows
        self.highs.setBasis(held)

    def raise_breaches(self) -> None:
        """Make what breaks a row ten times dearer, until the next case."""
        self._price_breaches(10 * self.breach_factor)

    def _price_breaches(self, factor: float) -> None:
        self.breach_factor = factor
        columns = np.arange(self.first_breach, self.first_pattern, dtype=np.int32)
        self.highs.changeColsCost(len(columns), columns, -factor * self.breach_cost)

    def solve(self) -> Mixture | None:
        """The best mixture of the patterns so far; None where the linear program gave no prices."""
        p, highs = self.priced.problem, self.highs
        highs.run()
        solution = highs.getSolution()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        column = np.asarray(solution.col_value, np.float64)
        dual = np.asarray(solution.row_dual, np.float64)
        inside = np.asarray(self.members @ column[self.first_pattern :]).ravel()
        inside[self.loose] = column[: self.first_extra]
        group = dual[self.group_at]
        return Mixture(
            value=float(highs.getInfo().objective_function_value),
            broken=float(column[self.first_breach : self.first_pattern].sum()),
            group=np.where(p.group_exact, group, np.maximum(group, 0.0)),
            row=np.where(self.fixed.row, self.fixed.price, np.maximum(dual[self.row_at], 0.0)),
            price=np.maximum(dual[self.case_at :], 0.0),
            root=dual[self.root_at : self.case_at],
            option=inside[: p.options],
            opening=inside[p.options :],
            extra=column[self.first_extra : self.first_arc],
            arc=column[self.first_arc : self.first_breach],
        )
