"""Why there is no plan: the conditions of a book and a scenario that cannot hold together."""

from __future__ import annotations

from ..models.book import Book
from ..models.clash import NamedClash, conditions_of
from ..models.options import Options
from ..models.scenario import Scenario
from ..solver.clash import Condition, clash
from ..solver.interrupt import Interrupt
from ..solver.problem import Problem

LONGEST = 60.0
"""Seconds that the search for a clash takes at most."""


def clash_of(
    problem: Problem,
    options: Options,
    book: Book,
    scenario: Scenario,
    *,
    time: float | None = None,
    seed: int = 0,
    threads: int = 2,
    interrupt: Interrupt | None = None,
) -> NamedClash:
    """A small set of conditions that cannot hold together, of a program that is known to have no plan.

    Rules are named rather than budgets where either would do. `time` in seconds, at most `LONGEST`.
    """
    named = conditions_of(problem, options, book, scenario)
    found = clash(
        problem,
        [Condition(rows=condition.rows, groups=condition.groups) for condition in named],
        time=LONGEST if time is None else min(time, LONGEST),
        seed=seed,
        threads=threads,
        interrupt=interrupt,
    )
    return NamedClash(tuple(named[number] for number in found.conditions), found.smallest)
