"""One book, one scenario, one run."""

from __future__ import annotations

import time as clock
from pathlib import Path

from ..models.book import Book
from ..models.clash import NamedClash
from ..models.options import Options
from ..models.run import Run, StoredRun, read_run
from ..models.scenario import Scenario, parse_scenario
from ..models.scenario_checks import check_scenario
from ..models.solving import solve_book
from ..solver.events import Event, Watcher, silent
from ..solver.interrupt import Interrupt
from ..solver.problem import Problem
from ..solver.solution import Plan, Solution
from ..solver.solve import methods
from ..solver.solve import solve as solve_problem
from ..solver.stop import Stop
from .infeasible import clash_of

__all__ = ["Event", "Interrupt", "methods", "solve"]


def solve(
    book: Book,
    scenario: Scenario | None = None,
    *,
    method: str = "auto",
    gap: float = 0.001,
    time: float | None = 60.0,
    work: int | None = None,
    threads: int = 2,
    seed: int = 0,
    warm: Run | StoredRun | Path | str | None = None,
    watch: Watcher = silent,
    interrupt: Interrupt | None = None,
    seconds_before: float = 0.0,
) -> Run:
    """The project list of a book, with its funding and the bound on how much better any other could be.

    Without a scenario the book's own is used, if it has one. `gap` is a share of the bound, `time` in seconds for the
    solver, `work` a machine-independent limit; `warm` an earlier run (or its folder) to start from. `seconds_before`, such
    as for reading the book, count in the run's `seconds_total`. Where the conditions clash, the run says which. Raises
    `BookError` for a scenario that speaks of what the book has not. Nothing is written.
    """
    if scenario is None:
        scenario = parse_scenario(book.scenario_text) if book.scenario_text else Scenario()
    check_scenario(scenario, book)
    stop = Stop(time=time, gap=gap, work=work)
    began = clock.monotonic()

    def tell(phase: str) -> None:
        watch(Event(phase, clock.monotonic() - began))

    def solver(problem: Problem, *, warm: Plan | None) -> Solution:
        return solve_problem(
            problem, method=method, stop=stop, seed=seed, threads=threads, watch=watch, interrupt=interrupt, warm=warm
        )

    def explain(problem: Problem, options: Options, book: Book) -> NamedClash:
        return clash_of(
            problem, options, book, scenario, time=time, seed=seed, threads=threads, interrupt=interrupt
        )  # fmt: skip

    return solve_book(
        book, scenario, solver=solver, explain=explain, tell=tell, earlier=_components(warm), seconds_before=seconds_before
    )  # fmt: skip


def _components(warm: Run | StoredRun | Path | str | None) -> list[str]:
    """The component ids of an earlier run; none where it has no plan."""
    if warm is None:
        return []
    if isinstance(warm, str | Path):
        warm = read_run(warm)
    if isinstance(warm, StoredRun):
        return warm.tables["components"]["component_id"].to_list() if warm.tables else []
    return warm.plan.components["component_id"].to_list() if warm.plan is not None else []
