"""The HiGHS door: the whole program as one MIP, its linear relaxation, and money at fixed choices."""

from __future__ import annotations

import time as clock
from dataclasses import replace
from functools import partial

import numpy as np

from ..interrupt import Interrupt
from ..matrix import Matrix, build_matrix
from ..problem import Problem
from ..solution import Plan
from ..stop import Stop
from .general import Float, Halted, solve_with
from .highs_child import relaxation_in_child, search_in_child
from .highs_run import highspy, pass_matrix, relaxation, running, search
from .outcome import Limits, Outcome, Prices, Progress, Report, Search, timed

CHILD_LIMIT = 20_000  # columns; larger programs run in a process of their own, which can be ended in time


def solve_stage(
    problem: Problem,
    *,
    stop: Stop,
    seed: int = 0,
    threads: int = 2,
    progress: Progress | None = None,
    interrupt: Interrupt | None = None,
    warm: Plan | None = None,
    quick: bool = False,
    apart: bool = False,
) -> Outcome:
    """Solve the first objective of a problem with HiGHS; `stop.work` counts search nodes.

    `quick` suits one small program among many: the search neither starts again nor branches on trial. `apart` has even a small
    program solved in a process of its own.
    """
    return solve_with(
        partial(_search, quick, apart), problem,
        stop=stop, seed=seed, threads=threads, progress=progress, interrupt=interrupt, warm=warm,
    )  # fmt: skip


def _search(
    quick: bool,
    apart: bool,
    matrix: Matrix,
    start: Float | None,
    limits: Limits,
    report: Report | None,
    halted: Halted | None,
) -> Search:
    began = clock.monotonic()
    run = search_in_child if apart or matrix.columns > CHILD_LIMIT else search
    limits = replace(limits, quick=quick)
    found = run(matrix, start, limits, report, halted)
    if found.lost:
        # HiGHS may answer with the start itself while it states the value of a better plan that its presolve
        # made of it; without a start it keeps what it finds
        found = run(matrix, None, timed(limits, began), report, halted)
    return found


def lp_prices(
    problem: Problem,
    *,
    time: float | None = None,
    threads: int = 2,
    interrupt: Interrupt | None = None,
) -> Prices | None:
    """Multipliers of groups and rows in the linear relaxation of the first objective; None if it did not finish."""
    began = clock.monotonic()
    matrix = build_matrix(problem)
    if not matrix.columns or not matrix.rows:
        return Prices(np.zeros(problem.groups), np.zeros(problem.rows))
    run = relaxation_in_child if matrix.columns > CHILD_LIMIT else relaxation
    halted = None if interrupt is None else (lambda: interrupt.is_set)
    dual = run(matrix, timed(Limits(time=time, threads=threads), began), halted)
    if dual is None:
        return None
    group = dual[matrix.row_of_group]
    return Prices(
        group=np.where(problem.group_exact, group, np.maximum(group, 0.0)),
        row=np.maximum(dual[matrix.row_of_row], 0.0),
    )


def settled(problem: Problem, plan: Plan, *, time: float | None = None, matrix: Matrix | None = None) -> Plan | None:
    """The plan with the same whole columns and its money (arcs, continuous extras) solved anew; None if impossible.

    `matrix` is the program where it is known already, or where other profits are to decide.
    """
    matrix = matrix or build_matrix(problem)
    fixed = np.flatnonzero(matrix.whole)
    values = matrix.vector(problem, plan)[fixed]
    with running(1) as highs:
        pass_matrix(highs, matrix, relaxed=True)
        highs.changeColsBounds(len(fixed), fixed.astype(np.int32), values, values)
        highs.setOptionValue("primal_feasibility_tolerance", 1e-9)
        if time is not None:
            highs.setOptionValue("time_limit", max(0.1, time))
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        money = matrix.plan(np.asarray(highs.getSolution().col_value, np.float64))
    extra = np.where(problem.extra_whole, plan.extra, money.extra)
    return Plan(option=plan.option, opening=plan.opening, extra=extra, arc=money.arc)
