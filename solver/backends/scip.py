"""The SCIP door: the whole program as one MIP, through PySCIPOpt or else through OR-Tools."""

from __future__ import annotations

from functools import partial
from importlib import import_module

from ..interrupt import Interrupt
from ..matrix import Matrix
from ..problem import Problem
from ..solution import Plan
from ..stop import Stop
from .general import Float, Halted, solve_with
from .highs_child import search_in_child
from .missing import MissingSolver, installed
from .outcome import Limits, Outcome, Progress, Report, Search

CHILD_LIMIT = 2_000  # columns; larger programs run in a process that can be ended: a long relaxation hears nothing
WAYS = {"pyscipopt": "scip_run", "ortools": "scip_ortools_run"}  # in this order


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
    """Solve the first objective of a problem with SCIP; `stop.work` counts search nodes, and one thread searches.

    Raises `MissingSolver` if neither PySCIPOpt nor OR-Tools is installed.
    """
    way = next((module for package, module in WAYS.items() if installed(package)), None)
    if way is None:
        raise MissingSolver("scip", "scip", "PySCIPOpt")
    return solve_with(
        partial(_search, way), problem,
        stop=stop, seed=seed, threads=threads, progress=progress, interrupt=interrupt, warm=warm,
    )  # fmt: skip


def _search(
    way: str, matrix: Matrix, start: Float | None, limits: Limits, report: Report | None, halted: Halted | None
) -> Search:
    if matrix.columns > CHILD_LIMIT:
        return search_in_child(matrix, start, limits, report, halted, solver=way)
    found: Search = import_module(f".{way}", __package__).search(matrix, start, limits, report, halted)
    return found
