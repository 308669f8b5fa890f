"""The HiGHS door: the whole program as one MIP, its linear relaxation, and money at fixed choices."""

from __future__ import annotations

import ctypes
import os
import sys
import time as clock
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import highspy as _highspy
import numpy as np
from numpy.typing import NDArray

from ..interrupt import Interrupt
from ..matrix import Matrix, build_matrix
from ..problem import Problem
from ..solution import Plan, Stopped
from ..stop import Stop
from .outcome import Outcome, Prices, Progress, whole_bound, whole_value

Float = NDArray[np.float64]

highspy: Any = _highspy  # its classes carry no types

_lock = Lock()
_state = {"running": 0, "threads": 0, "greeted": 0}


def solve_stage(
    problem: Problem,
    *,
    stop: Stop,
    seed: int = 0,
    threads: int = 2,
    progress: Progress | None = None,
    interrupt: Interrupt | None = None,
    warm: Plan | None = None,
) -> Outcome:
    """Solve the first objective of a problem with HiGHS; `stop.work` counts search nodes."""
    began = clock.monotonic()
    matrix = build_matrix(problem)
    if not matrix.columns:
        empty = matrix.plan(np.zeros(0))
        return Outcome(Stopped.OPTIMAL, plan=empty, bound=0)
    start = None if warm is None else matrix.vector(problem, warm)
    outcome, lost = _searched(matrix, start, stop, seed, threads, progress, interrupt, began)
    if lost:
        # HiGHS may answer with the start itself while it states the value of a better plan that its presolve
        # made of it; without a start it keeps what it finds
        outcome, _ = _searched(matrix, None, stop, seed, threads, progress, interrupt, began)
    return outcome


def _searched(
    matrix: Matrix,
    start: Float | None,
    stop: Stop,
    seed: int,
    threads: int,
    progress: Progress | None,
    interrupt: Interrupt | None,
    began: float,
) -> tuple[Outcome, bool]:
    """One run, and whether its plan falls short of the value that HiGHS states for it."""
    with _running(threads) as highs:
        _pass(highs, matrix, relaxed=False)
        highs.setOptionValue("random_seed", seed)
        # HiGHS divides by the plan's value, a Stop by the bound: this gap is on the safe side for both signs
        highs.setOptionValue("mip_rel_gap", stop.gap / (1 + stop.gap))
        loose = matrix.profit[~matrix.whole].any()
        highs.setOptionValue("mip_abs_gap", 1e-6 if loose else 0.999)
        highs.setOptionValue("mip_feasibility_tolerance", 1e-7)
        if stop.work is not None:
            highs.setOptionValue("mip_max_nodes", stop.work)
        if stop.time is not None:
            highs.setOptionValue("time_limit", max(0.1, stop.time - (clock.monotonic() - began)))
        if start is not None:
            highs.setSolution(len(start), np.arange(len(start), dtype=np.int32), start)
        _subscribe(highs, progress, interrupt)
        highs.run()
        return _outcome(highs, matrix, stop)


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
    with _running(threads) as highs:
        _pass(highs, matrix, relaxed=True)
        if time is not None:
            highs.setOptionValue("time_limit", max(0.1, time - (clock.monotonic() - began)))
        _subscribe(highs, None, interrupt)
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        dual = np.asarray(highs.getSolution().row_dual, np.float64)
    group = dual[matrix.row_of_group]
    return Prices(
        group=np.where(problem.group_exact, group, np.maximum(group, 0.0)),
        row=np.maximum(dual[matrix.row_of_row], 0.0),
    )


def settled(
    problem: Problem, plan: Plan, *, time: float | None = None, interrupt: Interrupt | None = None
) -> Plan | None:
    """The plan with the same whole columns and its money (arcs, continuous extras) solved anew; None if impossible."""
    matrix = build_matrix(problem)
    fixed = np.flatnonzero(matrix.whole)
    values = matrix.vector(problem, plan)[fixed]
    with _running(1) as highs:
        _pass(highs, matrix, relaxed=True)
        highs.changeColsBounds(len(fixed), fixed.astype(np.int32), values, values)
        highs.setOptionValue("primal_feasibility_tolerance", 1e-9)
        if time is not None:
            highs.setOptionValue("time_limit", max(0.1, time))
        _subscribe(highs, None, interrupt)
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        money = matrix.plan(np.asarray(highs.getSolution().col_value, np.float64))
    extra = np.where(problem.extra_whole, plan.extra, money.extra)
    return Plan(option=plan.option, opening=plan.opening, extra=extra, arc=money.arc)


def write_model(problem: Problem, path: str, *, negated: bool) -> None:
    """Write the first objective's program to `path` (.mps or .lp) with HiGHS's own writer.

    `negated` writes the minimisation of minus the profit, for readers that know no maximisation.
    """
    matrix = build_matrix(problem)
    with _running(1) as highs:
        _pass(highs, matrix, relaxed=False, negated=negated)
        status = highs.writeModel(path)
    if status == highspy.HighsStatus.kError:
        raise OSError(f"the model could not be written to {path}")


def _pass(highs: Any, matrix: Matrix, *, relaxed: bool, negated: bool = False) -> None:
    infinity = highspy.kHighsInf
    whole = np.zeros(matrix.columns, np.int32) if relaxed else matrix.whole.astype(np.int32)
    status = highs.passModel(
        matrix.columns,
        matrix.rows,
        len(matrix.index),
        1,
        1 if negated else -1,
        0.0,
        -matrix.profit if negated else matrix.profit,
        matrix.lower,
        np.where(np.isinf(matrix.upper), infinity, matrix.upper),
        np.where(np.isinf(matrix.row_lower), -infinity, matrix.row_lower),
        np.where(np.isinf(matrix.row_upper), infinity, matrix.row_upper),
        matrix.start[:-1].astype(np.int32),
        matrix.index.astype(np.int32),
        matrix.value,
        whole,
    )
    if status == highspy.HighsStatus.kError:
        raise ValueError("HiGHS refused the model")


def _outcome(highs: Any, matrix: Matrix, stop: Stop) -> tuple[Outcome, bool]:
    status, info = highs.getModelStatus(), highs.getInfo()
    known = highspy.HighsModelStatus
    work = max(0, int(info.mip_node_count))
    if status in (known.kInfeasible, known.kUnboundedOrInfeasible):
        return Outcome(Stopped.OPTIMAL, infeasible=True, work=work), False
    stopped = {
        known.kOptimal: Stopped.OPTIMAL,
        known.kTimeLimit: Stopped.TIME,
        known.kSolutionLimit: Stopped.WORK,
        known.kInterrupt: Stopped.USER,
        known.kHighsInterrupt: Stopped.USER,
    }.get(status)
    error = "" if stopped else f"HiGHS: {highs.modelStatusToString(status)}"
    bound = whole_bound(info.mip_dual_bound)
    plan, lost = None, False
    if info.primal_solution_status == int(highspy.SolutionStatus.kSolutionStatusFeasible):
        values = np.asarray(highs.getSolution().col_value, np.float64)
        plan = matrix.plan(values)
        value = whole_value(info.objective_function_value)
        stated = info.objective_function_value
        lost = bool(matrix.profit @ values < stated - 1e-5 - 1e-9 * abs(stated))
        if stopped is Stopped.OPTIMAL and bound is not None and value is not None and bound > value:
            stopped = Stopped.GAP
    return Outcome(stopped or Stopped.TIME, plan=plan, bound=bound, work=work, error=error), lost


def _subscribe(highs: Any, progress: Progress | None, interrupt: Interrupt | None) -> None:
    if progress is not None:

        def tell(event: Any) -> None:
            data = event.data_out
            progress(whole_value(data.mip_primal_bound), whole_bound(data.mip_dual_bound))

        highs.cbMipImprovingSolution.subscribe(tell)
        highs.cbMipLogging.subscribe(tell)
    if interrupt is not None:

        def look(event: Any) -> None:
            if interrupt.is_set:
                event.interrupt()

        highs.cbMipInterrupt.subscribe(look)
        highs.cbSimplexInterrupt.subscribe(look)
        highs.cbIpmInterrupt.subscribe(look)


@contextmanager
def _running(threads: int) -> Iterator[Any]:
    """A fresh solver; the number of threads is one per process and changes only while nothing runs."""
    with _lock:
        if not _state["greeted"]:
            _swallow_banner()
            _state["greeted"] = 1
        if not _state["running"] and _state["threads"] != threads:
            highspy.Highs.resetGlobalScheduler(True)
            _state["threads"] = threads
        _state["running"] += 1
    highs = highspy.Highs()
    try:
        # MIP progress comes only with output on, so output is on and goes nowhere
        highs.setOptionValue("log_to_console", False)
        highs.setOptionValue("output_flag", True)
        highs.setOptionValue("mip_min_logging_interval", 0.5)
        highs.setOptionValue("threads", _state["threads"])
        yield highs
    finally:
        highs.clearCallbacks()
        with _lock:
            _state["running"] -= 1


def _swallow_banner() -> None:
    """HiGHS prints a banner on the process's stdout in its first run, whatever the options: let it go nowhere."""
    sys.stdout.flush()
    try:
        kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    except OSError:  # no stdout at all: nothing to keep clean
        return
    os.dup2(nowhere, 1)
    try:
        highs = highspy.Highs()
        highs.setOptionValue("log_to_console", False)
        highs.addVariable(0.0, 1.0, 1.0)
        highs.run()
        # the C library buffers what it prints; flush it while stdout still leads nowhere
        if os.name == "posix":
            ctypes.CDLL(None).fflush(None)
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
