"""Two questions to HiGHS about a program without objective: can it be kept, and which rows prove that it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..matrix import Matrix
from .highs import CHILD_LIMIT
from .highs_child import search_in_child
from .highs_run import Limits, highspy, pass_matrix, running, search

Flags = NDArray[np.bool_]

WEIGHTLESS = 1e-9  # share of the largest multiplier below which a row takes no part in a proof


def without_profit(matrix: Matrix) -> Matrix:
    """The same program with nothing to maximise."""
    return replace(matrix, profit=np.zeros(matrix.columns))


def rows_of_proof(matrix: Matrix, limits: Limits, halted: Callable[[], bool] | None) -> Flags | None:
    """Rows with a multiplier in a proof that the linear relaxation has no solution; None where there is no such proof."""
    with running(limits.threads) as highs:
        pass_matrix(highs, matrix, relaxed=True)
        highs.setOptionValue("presolve", "off")  # what presolve removes has no multiplier
        highs.setOptionValue("solver", "simplex")
        if limits.time is not None:
            highs.setOptionValue("time_limit", max(0.1, limits.time))
        if halted is not None:

            def look(event: object) -> None:
                if halted():
                    event.interrupt()  # type: ignore[attr-defined]

            highs.cbSimplexInterrupt.subscribe(look)
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kInfeasible:
            return None
        _, there, ray = highs.getDualRay()
        if not there:
            return np.ones(matrix.rows, np.bool_)
        weight = np.abs(np.asarray(ray, np.float64))
        named: Flags = weight > WEIGHTLESS * weight.max(initial=0.0)
        return named


def cannot_be_kept(matrix: Matrix, limits: Limits, halted: Callable[[], bool] | None) -> bool | None:
    """Whether the program is proved to have no solution; None where the limits cut the search."""
    if not matrix.columns:
        return bool(np.any(matrix.row_lower > 0) or np.any(matrix.row_upper < 0))
    run = search_in_child if matrix.columns > CHILD_LIMIT else search
    found = run(matrix, None, limits, None, halted)
    if found.infeasible:
        return True
    return False if found.values is not None else None
