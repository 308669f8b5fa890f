"""What all general solvers have in common: a stage as arrays for them, their answer as an outcome.

A backend is a function `search(matrix, start, limits, report, halted) -> Search`; it knows arrays alone.
"""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from queue import Empty, SimpleQueue

import numpy as np
from numpy.typing import NDArray

from ..interrupt import Interrupt
from ..matrix import Matrix, build_matrix
from ..problem import Problem
from ..solution import Plan, Stopped
from ..stop import Stop
from .outcome import Limits, Outcome, Progress, Report, Search, timed, whole_bound, whole_value

Float = NDArray[np.float64]
Halted = Callable[[], bool]
Searching = Callable[[Matrix, Float | None, Limits, Report | None, Halted | None], Search]

LATE = 0.5  # seconds past its time after which a solver is asked to end


def solve_with(
    search: Searching,
    problem: Problem,
    *,
    stop: Stop,
    seed: int,
    threads: int,
    progress: Progress | None,
    interrupt: Interrupt | None,
    warm: Plan | None,
) -> Outcome:
    """Solve the first objective of a problem with any search over its arrays."""
    began = clock.monotonic()
    matrix = build_matrix(problem)
    filled = np.bincount(matrix.index, minlength=matrix.rows) > 0
    if np.any(~filled & ((matrix.row_lower > 0) | (matrix.row_upper < 0))):
        return Outcome(Stopped.OPTIMAL, infeasible=True)
    if not filled.any():  # no row holds anything back: every column takes its better end
        best = np.where(matrix.profit > 0, matrix.upper, matrix.lower)
        return Outcome(Stopped.OPTIMAL, plan=matrix.plan(best), bound=whole_bound(float(matrix.profit @ best)))

    def report(value: float, bound: float, values: Float | None) -> None:
        if progress is not None:
            progress(whole_value(value), whole_bound(bound))

    # most solvers divide by the plan's value, a Stop by the bound: this gap is on the safe side for both signs
    limits = timed(Limits(stop.time, stop.gap / (1 + stop.gap), stop.work, seed, threads), began)
    start = None if warm is None else matrix.vector(problem, warm)
    found = search(matrix, start, limits, report, None if interrupt is None else (lambda: interrupt.is_set))
    bound, value, stopped = whole_bound(found.bound), whole_value(found.value), found.stopped
    if stopped is Stopped.OPTIMAL and not found.infeasible and (bound is None or value is None or bound > value):
        stopped = Stopped.GAP
    return Outcome(
        stopped,
        plan=None if found.values is None else matrix.plan(found.values),
        bound=bound,
        work=found.nodes,
        infeasible=found.infeasible,
        error=found.error,
    )


def in_thread(
    run: Callable[[Report], Search],
    cut: Callable[[], None],
    limits: Limits,
    report: Report | None,
    halted: Halted | None,
) -> Search:
    """Run a solver that releases Python's lock; `cut` asks it to end once `halted` says so or it is late.

    The caller's thread stays free for signals and is the only one that reports.
    """
    told: SimpleQueue[tuple[float, float, Float | None]] = SimpleQueue()
    ends = np.inf if limits.time is None else clock.monotonic() + limits.time + LATE
    with ThreadPoolExecutor(1) as pool:
        future: Future[Search] = pool.submit(run, lambda *said: told.put(said))
        try:
            while True:
                done = bool(wait([future], 0.05).done)
                with suppress(Empty):
                    while report is not None:
                        report(*told.get_nowait())
                if done:
                    return future.result()
                if clock.monotonic() > ends or (halted is not None and halted()):
                    cut()
        finally:
            while not future.done():  # whatever went wrong here, the solver must not go on
                cut()
                wait([future], 0.05)


def reason(stopped: Stopped, halted: Halted | None) -> Stopped:
    """Why a search ended: one that was cut short without being halted was out of time."""
    return Stopped.TIME if stopped is Stopped.USER and not (halted is not None and halted()) else stopped


def is_loose(matrix: Matrix) -> bool:
    """Whether the objective may take values that are not whole."""
    return bool(matrix.profit[~matrix.whole].any())
