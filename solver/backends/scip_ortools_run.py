"""SCIP through OR-Tools on plain arrays, where PySCIPOpt is not installed: one MIP run, silent on the way."""

from __future__ import annotations

import time as clock
from datetime import timedelta
from typing import Any

import numpy as np
from ortools.math_opt.python import mathopt as _mathopt

from ..matrix import Matrix
from ..solution import Stopped
from .general import Float, Halted, in_thread, is_loose, reason
from .outcome import Limits, Report, Search, timed

mathopt: Any = _mathopt


def search(matrix: Matrix, start: Float | None, limits: Limits, report: Report | None, halted: Halted | None) -> Search:
    """One MIP run; `halted` is asked now and then whether to end."""
    from ortools.util.python import solve_interrupter

    began = clock.monotonic()
    model, columns = _model(matrix)
    limits = timed(limits, began)
    settings: dict[str, Any] = {
        "relative_gap_tolerance": limits.relative_gap,
        "absolute_gap_tolerance": 1e-6 if is_loose(matrix) else 0.999,
        "random_seed": limits.seed,
    }
    if limits.time is not None:
        settings["time_limit"] = timedelta(seconds=max(0.1, limits.time))
    if limits.nodes is not None:
        settings["node_limit"] = limits.nodes
    hints = []
    if start is not None:
        values = dict(zip(columns, start.tolist(), strict=True))
        hints.append(mathopt.SolutionHint(variable_values=values))
    interrupter = solve_interrupter.SolveInterrupter()

    def run(tell: Report) -> Search:
        try:
            answer = mathopt.solve(
                model,
                mathopt.SolverType.GSCIP,
                params=mathopt.SolveParameters(**settings),
                model_params=mathopt.ModelSolveParameters(solution_hints=hints),
                interrupter=interrupter,
            )
        except (AttributeError, RuntimeError, ValueError) as error:  # how it tells that SCIP failed
            return Search(Stopped.TIME, None, -np.inf, np.inf, error=f"SCIP: {error}")
        return _found(answer, matrix, columns)

    found = in_thread(run, interrupter.interrupt, limits, report, halted)
    stopped = reason(found.stopped, halted)
    return found if stopped is found.stopped else Search(stopped, found.values, found.value, found.bound, found.nodes)


def _model(matrix: Matrix) -> tuple[Any, list[Any]]:
    model = mathopt.Model()
    columns = [
        model.add_variable(lb=low, ub=high, is_integer=whole)
        for low, high, whole in zip(matrix.lower.tolist(), matrix.upper.tolist(), matrix.whole.tolist(), strict=True)
    ]
    rows = [
        model.add_linear_constraint(lb=low, ub=high)
        for low, high in zip(matrix.row_lower.tolist(), matrix.row_upper.tolist(), strict=True)
    ]
    owner = np.repeat(np.arange(matrix.columns), np.diff(matrix.start)).tolist()
    for column, row, value in zip(owner, matrix.index.tolist(), matrix.value.tolist(), strict=True):
        rows[row].set_coefficient(columns[column], value)
    for column in np.flatnonzero(matrix.profit).tolist():
        model.objective.set_linear_coefficient(columns[column], float(matrix.profit[column]))
    model.objective.is_maximize = True
    return model, columns


def _found(answer: Any, matrix: Matrix, columns: list[Any]) -> Search:
    ended, known, limit = answer.termination, mathopt.TerminationReason, mathopt.Limit
    nodes = max(0, int(answer.solve_stats.node_count))
    if ended.reason in (known.INFEASIBLE, known.INFEASIBLE_OR_UNBOUNDED):
        return Search(Stopped.OPTIMAL, None, -np.inf, np.inf, nodes, infeasible=True)
    stopped = {
        limit.TIME: Stopped.TIME,
        limit.NODE: Stopped.WORK,
        limit.INTERRUPTED: Stopped.USER,
    }.get(ended.limit)
    if ended.reason is known.OPTIMAL:
        stopped = Stopped.OPTIMAL
    values, value = None, -np.inf
    if answer.has_primal_feasible_solution():
        values = np.array(answer.variable_values(columns), np.float64)
        value = float(matrix.profit @ values)
    bound = float(ended.objective_bounds.dual_bound)
    error = "" if stopped else f"SCIP: {ended.detail or ended.reason.name}"
    return Search(stopped or Stopped.TIME, values, value, bound, nodes, error=error)
