"""The CP-SAT door: the whole program in whole numbers, money in parts of a unit."""

from __future__ import annotations

import time as clock
from dataclasses import replace
from functools import partial

import numpy as np

from ..feasibility import violations
from ..interrupt import Interrupt
from ..matrix import Matrix
from ..problem import Problem
from ..solution import Plan, Stopped
from ..stop import Stop
from .general import Float, Halted, solve_with
from .highs import settled
from .highs_child import search_in_child
from .missing import MissingSolver, installed
from .outcome import Limits, Outcome, Progress, Report, Search, timed
from .whole_program import WholeProgram, whole_program

CHILD_LIMIT = 20_000  # columns; larger programs run in a process of their own, which can be ended in time
FIRST = 0.8  # of the time, at most, for the program whose bound counts, where a second one may be needed


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
    """Solve the first objective of a problem with CP-SAT; `stop.work` counts thousandths of its own second.

    Its bound and its word that there is no plan hold for the problem, see `whole_program`. Raises
    `MissingSolver` if OR-Tools is not installed.
    """
    if not installed("ortools"):
        raise MissingSolver("cpsat", "cpsat", "OR-Tools")
    return solve_with(
        partial(_search, problem), problem,
        stop=stop, seed=seed, threads=threads, progress=progress, interrupt=interrupt, warm=warm,
    )  # fmt: skip


def _search(
    problem: Problem,
    matrix: Matrix,
    start: Float | None,
    limits: Limits,
    report: Report | None,
    halted: Halted | None,
) -> Search:
    began = clock.monotonic()
    program = whole_program(problem, matrix)
    if program is None:
        return Search(Stopped.TIME, None, -np.inf, np.inf, error="the amounts are too large for CP-SAT")
    if program.exact:
        return _run(program, matrix, start, limits, report, halted)
    # rows have room that a plan may need: what it finds is paid anew, and some time is kept for plans that
    # need no room; the bound comes from here
    first = limits if limits.time is None else replace(limits, time=FIRST * limits.time)
    found = _run(program, matrix, start, first, report, halted)
    if found.infeasible or found.error:
        return found
    paid = None if found.values is None else _paid(problem, matrix, found.values)
    finished = paid is not None and found.stopped in (Stopped.OPTIMAL, Stopped.GAP)
    strict = None if finished or (halted is not None and halted()) else whole_program(problem, matrix, room=False)
    left = None if limits.nodes is None else limits.nodes - found.nodes
    if strict is not None and (left is None or left > 0):
        again = start if found.values is None else found.values
        rest = replace(timed(limits, began), nodes=left)
        other = _run(strict, matrix, again, rest, None, halted)
        found = replace(found, nodes=found.nodes + other.nodes, stopped=_ended(found.stopped, other.stopped))
        paid = _better(matrix, paid, other.values)
    if paid is None and found.stopped in (Stopped.OPTIMAL, Stopped.GAP):
        return replace(found, values=None, value=-np.inf, error="no plan in whole parts of money keeps every rule")
    return replace(found, values=paid, value=_value(matrix, paid))


def _ended(first: Stopped, second: Stopped) -> Stopped:
    """Why two runs together ended: an end of the second by itself does not hide that the first was cut."""
    return first if second in (Stopped.OPTIMAL, Stopped.GAP) else second


def _better(matrix: Matrix, one: Float | None, other: Float | None) -> Float | None:
    return one if _value(matrix, one) >= _value(matrix, other) else other


def _value(matrix: Matrix, values: Float | None) -> float:
    return -np.inf if values is None else float(matrix.profit @ values)


def _run(
    program: WholeProgram,
    matrix: Matrix,
    start: Float | None,
    limits: Limits,
    report: Report | None,
    halted: Halted | None,
) -> Search:
    """One run over the whole program, told in the columns and points of the problem."""

    def points(bound: float) -> float:
        return bound / program.unit + program.beyond

    def tell(value: float, bound: float, values: Float | None) -> None:
        if report is not None:
            report(value / program.unit, points(bound), None)

    if start is not None:
        # money is left to the search: amounts rounded one by one would not add up
        start = np.where(program.parts == 1.0, start, np.nan)
    if matrix.columns > CHILD_LIMIT:
        found = search_in_child(program.matrix, start, limits, tell, halted, solver="cp_sat_run")
    else:
        from .cp_sat_run import search  # late: OR-Tools is slow to import

        found = search(program.matrix, start, limits, tell, halted)
    values = None if found.values is None else found.values / program.parts
    return replace(found, values=values, value=_value(matrix, values), bound=points(found.bound))


def _paid(problem: Problem, matrix: Matrix, values: Float) -> Float | None:
    """The same choices with their money solved anew without any room; None if they cannot be paid."""
    plan = matrix.plan(values)
    best = settled(problem, plan)
    for candidate in (best, plan):
        if candidate is not None and not violations(problem, candidate):
            return matrix.vector(problem, candidate)
    return None
