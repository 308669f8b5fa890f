"""The HiGHS door: the whole program as one MIP, its linear relaxation, and money at fixed choices."""

from __future__ import annotations

import time as clock

import numpy as np
from numpy.typing import NDArray

from ..interrupt import Interrupt
from ..matrix import Matrix, build_matrix
from ..problem import Problem
from ..solution import Plan, Stopped
from ..stop import Stop
from .highs_child import relaxation_in_child, search_in_child
from .highs_run import Limits, highspy, pass_matrix, relaxation, running, search, timed
from .outcome import Outcome, Prices, Progress, whole_bound, whole_value

Float = NDArray[np.float64]

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
    began = clock.monotonic()
    matrix = build_matrix(problem)
    if not matrix.columns:
        if np.any(matrix.row_lower > 0) or np.any(matrix.row_upper < 0):
            return Outcome(Stopped.OPTIMAL, infeasible=True)
        return Outcome(Stopped.OPTIMAL, plan=matrix.plan(np.zeros(0)), bound=0)
    # HiGHS divides by the plan's value, a Stop by the bound: this gap is on the safe side for both signs
    limits = Limits(stop.time, stop.gap / (1 + stop.gap), stop.work, seed, threads, quick)
    start = None if warm is None else matrix.vector(problem, warm)
    run = search_in_child if apart or matrix.columns > CHILD_LIMIT else search

    def report(value: float, bound: float, values: Float | None) -> None:
        if progress is not None:
            progress(whole_value(value), whole_bound(bound))

    halted = None if interrupt is None else (lambda: interrupt.is_set)
    found = run(matrix, start, timed(limits, began), report, halted)
    if found.lost:
        # HiGHS may answer with the start itself while it states the value of a better plan that its presolve
        # made of it; without a start it keeps what it finds
        found = run(matrix, None, timed(limits, began), report, halted)
    bound, value, stopped = whole_bound(found.bound), whole_value(found.value), found.stopped
    if stopped is Stopped.OPTIMAL and bound is not None and value is not None and bound > value:
        stopped = Stopped.GAP
    return Outcome(
        stopped,
        plan=None if found.values is None else matrix.plan(found.values),
        bound=bound,
        work=found.nodes,
        infeasible=found.infeasible,
        error=found.error,
    )


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
