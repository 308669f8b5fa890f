"""CP-SAT on plain arrays of whole numbers: one run."""

from __future__ import annotations

import time as clock
from typing import Any

import numpy as np
from ortools.sat.python import cp_model as _cp_model

from ..matrix import Matrix
from ..solution import Stopped
from .general import Float, Halted, in_thread, reason
from .outcome import Limits, Report, Search, timed

cp_model: Any = _cp_model

STEPS = 1000  # of work in a second of its deterministic time
EVERY = 0.5  # seconds between two plans passed on
LIMITLESS = 2**62


def search(matrix: Matrix, start: Float | None, limits: Limits, report: Report | None, halted: Halted | None) -> Search:
    """One run over whole columns; `limits.nodes` counts thousandths of a deterministic second.

    Columns whose `start` is not a number are left to the search.
    """
    began = clock.monotonic()
    model = cp_model.CpModel()
    columns = _pass_matrix(model, matrix, halted)
    if columns is None:
        return Search(Stopped.USER, None, -np.inf, np.inf)
    if start is not None:
        for column in np.flatnonzero(np.isfinite(start)).tolist():
            model.add_hint(columns[column], round(start[column]))
    limits = timed(limits, began)
    solver = cp_model.CpSolver()
    settings = solver.parameters
    settings.relative_gap_limit = limits.relative_gap
    settings.random_seed = limits.seed
    settings.num_workers = limits.threads
    settings.catch_sigint_signal = False  # Ctrl-C is for the caller
    if limits.time is not None:
        settings.max_time_in_seconds = max(0.1, limits.time)
    if limits.nodes is not None:
        settings.max_deterministic_time = max(1, limits.nodes) / STEPS
        settings.interleave_search = limits.threads > 1  # its workers take turns, the same in every run

    def run(tell: Report) -> Search:
        listener = _Listener(tell, columns)
        solver.best_bound_callback = listener.bounded
        status = solver.solve(model, listener)
        return _found(solver, status, columns, limits)

    found = in_thread(run, solver.stop_search, limits, report, halted)
    stopped = reason(found.stopped, halted)
    if found.stopped is Stopped.TIME and halted is not None and halted():
        stopped = Stopped.USER
    return found if stopped is found.stopped else Search(stopped, found.values, found.value, found.bound, found.nodes)


def _pass_matrix(model: Any, matrix: Matrix, halted: Halted | None) -> list[Any] | None:
    """Hand the program over; gives back its columns, or None if halted on the way."""
    columns = [
        model.new_int_var(low, high, "") for low, high in zip(_whole(matrix.lower), _whole(matrix.upper), strict=True)
    ]
    order = np.argsort(matrix.index, kind="stable")
    owner = np.repeat(np.arange(matrix.columns), np.diff(matrix.start))[order].tolist()
    value = _whole(matrix.value[order])
    begin = np.searchsorted(matrix.index[order], np.arange(matrix.rows + 1)).tolist()
    lower, upper = _whole(np.ceil(matrix.row_lower)), _whole(np.floor(matrix.row_upper))
    for row in range(matrix.rows):
        if row % 1000 == 0 and halted is not None and halted():
            return None
        held = slice(begin[row], begin[row + 1])
        if begin[row] < begin[row + 1]:
            terms = cp_model.LinearExpr.weighted_sum([columns[at] for at in owner[held]], value[held])
            model.add_linear_constraint(terms, lower[row], upper[row])
    used = np.flatnonzero(matrix.profit)
    terms = cp_model.LinearExpr.weighted_sum([columns[at] for at in used.tolist()], _whole(matrix.profit[used]))
    model.maximize(terms)
    return columns


def _whole(values: Float) -> list[int]:
    """Python's own whole numbers; none beyond what stands for "no limit"."""
    limit = float(LIMITLESS)
    return [int(value) for value in np.clip(values, -limit, limit).tolist()]


class _Listener(cp_model.CpSolverSolutionCallback):  # type: ignore[misc]
    """Reports plans and bounds as they come."""

    def __init__(self, tell: Report, columns: list[Any]) -> None:
        super().__init__()
        self.tell, self.columns = tell, columns
        self.best, self.bound, self.said = -np.inf, np.inf, -np.inf

    def on_solution_callback(self) -> None:
        """Called by CP-SAT with every better plan."""
        now, values = clock.monotonic(), None
        if now - self.said > EVERY:
            values, self.said = np.array([self.value(column) for column in self.columns], np.float64), now
        self.best, self.bound = self.objective_value, min(self.bound, self.best_objective_bound)
        self.tell(self.best, self.bound, values)

    def bounded(self, bound: float) -> None:
        """Called by CP-SAT with every better bound."""
        self.bound = min(self.bound, bound)
        self.tell(self.best, self.bound, None)


def _found(solver: Any, status: Any, columns: list[Any], limits: Limits) -> Search:
    work = int(np.ceil(solver.response_proto.deterministic_time * STEPS))
    if status == cp_model.INFEASIBLE:
        return Search(Stopped.OPTIMAL, None, -np.inf, np.inf, work, infeasible=True)
    if status == cp_model.MODEL_INVALID:
        return Search(Stopped.TIME, None, -np.inf, np.inf, error="CP-SAT refused the model: its numbers are too large")
    values, value = None, -np.inf
    bound = float(solver.best_objective_bound)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        values = np.array([solver.value(column) for column in columns], np.float64)
        value = float(solver.objective_value)
    else:
        bound = np.inf if bound <= -LIMITLESS or bound == 0 else bound
    if status == cp_model.OPTIMAL:
        stopped = Stopped.OPTIMAL
    elif limits.nodes is not None and work >= limits.nodes:
        stopped = Stopped.WORK
    else:
        stopped = Stopped.TIME
    return Search(stopped, values, value, bound, work)
