"""Questions to HiGHS about a program that may have no solution: has it none, and which rows prove it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..matrix import Matrix
from .highs import CHILD_LIMIT
from .highs_child import search_in_child
from .highs_run import highspy, pass_matrix, running, search
from .outcome import Limits

Flags = NDArray[np.bool_]

WEIGHTLESS = 1e-9  # share of the largest multiplier below which a row takes no part in a proof


def relaxation_fails(matrix: Matrix, limits: Limits, halted: Callable[[], bool] | None) -> bool:
    """Whether the linear relaxation is proved to have no solution.

    What there is to gain stays: the simplex method finds its way along it, and takes far longer without.
    """
    with running(limits.threads) as highs:
        _relaxed(highs, matrix, limits, halted)
        return bool(highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible)


def rows_of_proof(matrix: Matrix, limits: Limits, halted: Callable[[], bool] | None) -> Flags:
    """Rows with a multiplier in a proof that the linear relaxation has no solution; all rows if none is found in time."""
    with running(limits.threads) as highs:
        highs.setOptionValue("presolve", "off")  # what presolve removes has no multiplier
        highs.setOptionValue("solver", "simplex")
        _relaxed(highs, matrix, limits, halted)
        there = False
        if highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            _, there, ray = highs.getDualRay()
        if not there:
            return np.ones(matrix.rows, np.bool_)
        weight = np.abs(np.asarray(ray, np.float64))
        named: Flags = weight > WEIGHTLESS * weight.max(initial=0.0)
        return named


def _relaxed(highs: Any, matrix: Matrix, limits: Limits, halted: Callable[[], bool] | None) -> None:
    pass_matrix(highs, matrix, relaxed=True)
    if limits.time is not None:
        highs.setOptionValue("time_limit", max(0.1, limits.time))
    if halted is not None:

        def look(event: Any) -> None:
            if halted():
                event.interrupt()

        highs.cbSimplexInterrupt.subscribe(look)
        highs.cbIpmInterrupt.subscribe(look)
    highs.run()


def cannot_be_kept(matrix: Matrix, limits: Limits, halted: Callable[[], bool] | None) -> bool | None:
    """Whether the program is proved to have no solution; None where the limits cut the search."""
    if not matrix.columns:
        return bool(np.any(matrix.row_lower > 0) or np.any(matrix.row_upper < 0))
    run = search_in_child if matrix.columns > CHILD_LIMIT else search
    # without anything to gain the first solution ends the search
    found = run(replace(matrix, profit=np.zeros(matrix.columns)), None, limits, None, halted)
    if found.infeasible:
        return True
    return False if found.values is not None else None
