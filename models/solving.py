"""From a book to a run: check-up where the book has no needs, matching, the program, its solution, the plan."""

from __future__ import annotations

import time as clock
from collections.abc import Collection
from typing import Protocol

from ..solver.problem import Problem
from ..solver.solution import Plan, Solution, Status
from .book import Book
from .checkup import checkup
from .clash import NamedClash
from .earlier import earlier_plan
from .formulation import formulate
from .matching import match
from .options import Options
from .plan import make_plan
from .run import Run
from .scenario import Scenario


class Solver(Protocol):
    """Solves a program, from an earlier plan if there is one."""

    def __call__(self, problem: Problem, *, warm: Plan | None) -> Solution: ...


class Explainer(Protocol):
    """Says which conditions leave a program without a plan."""

    def __call__(self, problem: Problem, options: Options, book: Book) -> NamedClash: ...


class Teller(Protocol):
    """Hears which phase begins."""

    def __call__(self, phase: str) -> None: ...


def solve_book(
    book: Book,
    scenario: Scenario,
    *,
    solver: Solver,
    explain: Explainer,
    tell: Teller,
    earlier: Collection[str] = (),
    seconds_before: float = 0.0,
) -> Run:
    """Solve a book under a scenario; `earlier` has the component ids of a plan to start from.

    `explain` says what clashes where there is no plan. `seconds_before` (for reading) count in `seconds_total`.
    The book itself is not changed: needs that a check-up finds are used in memory only.
    """
    began = clock.monotonic()
    digest = book.digest()
    found = None
    if book.table("needs").is_empty():
        tell("checkup")
        book = book.with_table("needs", checkup(book, scenario).needs)
        found = book.table("needs")
    tell("match")
    options = match(book, scenario)
    tell("formulate")
    problem = formulate(options, book, scenario)
    warm = earlier_plan(problem, options, earlier) if earlier else None
    solution = solver(problem, warm=warm)
    clash = None
    if solution.status is Status.INFEASIBLE:
        tell("clash")
        clash = explain(problem, options, book)
    tell("plan")
    return Run(
        title=scenario.title or book.settings.title,
        data_kind=book.settings.data_kind,
        book_sha256=digest,
        scenario_text=scenario.text(),
        options=options,
        problem=problem,
        solution=solution,
        plan=make_plan(problem, solution, options, book, scenario) if solution.plan is not None else None,
        seconds_total=seconds_before + clock.monotonic() - began,
        needs=found,
        clash=clash,
    )
