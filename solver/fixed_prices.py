"""Rows whose prices stay as they are: their use is paid for, whatever it is, instead of being limited."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .elastic import row_use
from .feasibility import profit
from .matrix import Matrix, build_matrix
from .problem import HIGHEST, Problem
from .solution import Plan

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FixedPrices:
    """Which rows are paid for, and at what price a unit (0 for all others)."""

    row: Flags
    price: Float

    @classmethod
    def none(cls, problem: Problem) -> FixedPrices:
        """Every row is limited."""
        return cls(np.zeros(problem.rows, np.bool_), np.zeros(problem.rows))

    def freed(self, problem: Problem) -> Problem:
        """The problem without the limits of these rows."""
        if not self.row.any():
            return problem
        return replace(problem, row_limit=np.where(self.row, HIGHEST, problem.row_limit))

    def matrix(self, problem: Problem) -> Matrix:
        """The program in which these rows cost what they use."""
        matrix = build_matrix(problem)
        if not self.row.any():
            return matrix
        table = sparse.csc_matrix((matrix.value, matrix.index, matrix.start), shape=(matrix.rows, matrix.columns))
        price, upper = np.zeros(matrix.rows), matrix.row_upper.copy()
        price[matrix.row_of_row] = self.price
        upper[matrix.row_of_row[self.row]] = np.inf
        return replace(matrix, profit=matrix.profit - table.T @ price, row_upper=upper)

    def worth(self, problem: Problem, plan: Plan) -> int:
        """What a plan brings less what it pays, in whole points."""
        brought = profit(problem, problem.objectives[0], plan)
        if not self.row.any():
            return brought
        return int(np.floor(brought - float(self.price @ row_use(problem, plan))))
