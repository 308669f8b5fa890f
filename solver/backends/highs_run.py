"""HiGHS on plain arrays, in this process: one MIP run, one relaxation, and what its wrapper needs.

Two traps are settled here. HiGHS prints a banner on stdout in its first run, whatever the options. And its
number of threads belongs to the process, so that it changes only while nothing runs.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import highspy as _highspy
import numpy as np
from numpy.typing import NDArray

from ..matrix import Matrix
from ..solution import Stopped
from .outcome import Limits, Report, Search

Float = NDArray[np.float64]

highspy: Any = _highspy  # its classes carry no types
JUMP_LIMIT = 20_000  # columns; beyond it the feasibility jump runs for half a minute without looking at the clock

_lock = Lock()
_state = {"running": 0, "threads": 0, "greeted": 0}


def search(
    matrix: Matrix, start: Float | None, limits: Limits, report: Report | None, halted: Callable[[], bool] | None
) -> Search:
    """One MIP run; `halted` is asked now and then whether to end."""
    with running(limits.threads) as highs:
        pass_matrix(highs, matrix, relaxed=False)
        highs.setOptionValue("random_seed", limits.seed)
        highs.setOptionValue("mip_rel_gap", limits.relative_gap)
        loose = matrix.profit[~matrix.whole].any()
        highs.setOptionValue("mip_abs_gap", 1e-6 if loose else 0.999)
        highs.setOptionValue("mip_feasibility_tolerance", 1e-7)
        highs.setOptionValue("mip_heuristic_run_feasibility_jump", matrix.columns <= JUMP_LIMIT)
        if limits.quick:
            highs.setOptionValue("mip_allow_restart", False)
            highs.setOptionValue("mip_pscost_minreliable", 0)
        if limits.nodes is not None:
            highs.setOptionValue("mip_max_nodes", limits.nodes)
        if limits.time is not None:
            highs.setOptionValue("time_limit", max(0.1, limits.time))
        if start is not None:
            highs.setSolution(len(start), np.arange(len(start), dtype=np.int32), start)
        _subscribe(highs, report, halted)
        highs.run()
        return _found(highs, matrix)


def relaxation(matrix: Matrix, limits: Limits, halted: Callable[[], bool] | None) -> Float | None:
    """Multipliers of all rows in the linear relaxation; None if it did not come to its end."""
    with running(limits.threads) as highs:
        pass_matrix(highs, matrix, relaxed=True)
        if limits.time is not None:
            highs.setOptionValue("time_limit", max(0.1, limits.time))
        if matrix.columns > JUMP_LIMIT:  # prices need no vertex, and interior points find them sooner
            highs.setOptionValue("solver", "ipm")
            highs.setOptionValue("run_crossover", "off")
        _subscribe(highs, None, halted)
        highs.run()
        if not highs.getSolution().dual_valid or highs.getModelStatus() not in (
            highspy.HighsModelStatus.kOptimal,
            highspy.HighsModelStatus.kUnknown,
        ):
            return None
        return np.asarray(highs.getSolution().row_dual, np.float64)


def _found(highs: Any, matrix: Matrix) -> Search:
    status, info = highs.getModelStatus(), highs.getInfo()
    known = highspy.HighsModelStatus
    nodes = max(0, int(info.mip_node_count))
    if status in (known.kInfeasible, known.kUnboundedOrInfeasible):
        return Search(Stopped.OPTIMAL, None, -np.inf, np.inf, nodes, infeasible=True)
    stopped = {
        known.kOptimal: Stopped.OPTIMAL,
        known.kTimeLimit: Stopped.TIME,
        known.kSolutionLimit: Stopped.WORK,
        known.kInterrupt: Stopped.USER,
        known.kHighsInterrupt: Stopped.USER,
    }.get(status)
    error = "" if stopped else f"HiGHS: {highs.modelStatusToString(status)}"
    values, value, lost = None, -np.inf, False
    if info.primal_solution_status == int(highspy.SolutionStatus.kSolutionStatusFeasible):
        values = np.asarray(highs.getSolution().col_value, np.float64)
        value = float(info.objective_function_value)
        lost = bool(matrix.profit @ values < value - 1e-5 - 1e-9 * abs(value))
    bound = float(info.mip_dual_bound)
    return Search(stopped or Stopped.TIME, values, value, bound, nodes, lost=lost, error=error)


def pass_matrix(highs: Any, matrix: Matrix, *, relaxed: bool) -> None:
    """Hand the program over."""
    status = highs.passModel(
        matrix.columns,
        matrix.rows,
        len(matrix.index),
        1,
        -1,
        0.0,
        matrix.profit,
        matrix.lower,
        matrix.upper,
        matrix.row_lower,
        matrix.row_upper,
        matrix.start[:-1].astype(np.int32),
        matrix.index.astype(np.int32),
        matrix.value,
        np.zeros(matrix.columns, np.int32) if relaxed else matrix.whole.astype(np.int32),
    )
    if status == highspy.HighsStatus.kError:
        raise ValueError("HiGHS refused the model")


def _subscribe(highs: Any, report: Report | None, halted: Callable[[], bool] | None) -> None:
    if report is not None:

        def improved(event: Any) -> None:
            data = event.data_out
            report(data.mip_primal_bound, data.mip_dual_bound, np.asarray(data.mip_solution, np.float64))

        def logged(event: Any) -> None:
            report(event.data_out.mip_primal_bound, event.data_out.mip_dual_bound, None)

        highs.cbMipImprovingSolution.subscribe(improved)
        highs.cbMipLogging.subscribe(logged)
    if halted is not None:

        def look(event: Any) -> None:
            if halted():
                event.interrupt()

        highs.cbMipInterrupt.subscribe(look)
        highs.cbSimplexInterrupt.subscribe(look)
        highs.cbIpmInterrupt.subscribe(look)


@contextmanager
def running(threads: int) -> Iterator[Any]:
    """A fresh solver whose output goes nowhere."""
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
    """Let the banner of the first run go nowhere."""
    if sys.stdout is not None:
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
