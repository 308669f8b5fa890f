"""The compiled program as a file that another solver reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..models.book import Book
from ..models.checkup import checkup
from ..models.formulation import formulate
from ..models.matching import match
from ..models.scenario import Scenario
from ..models.scenario_checks import check_scenario
from ..solver.formats import export_model
from ..solver.problem import Problem
from ..solver.solution import HEADLINE


def compile_book(book: Book, scenario: Scenario) -> Problem:
    """The program of a book under a scenario: check-up where the book has no needs, matching, formulation."""
    check_scenario(scenario, book)
    if book.table("needs").is_empty():
        book = book.with_table("needs", checkup(book, scenario).needs)
    return formulate(match(book, scenario), book, scenario)


def export(book: Book, scenario: Scenario, *, mps: Path | None = None, lp: Path | None = None) -> dict[str, int]:
    """Write the headline stage of the objective as MPS (as a minimisation of minus the profit) or LP; gives sizes.

    Earlier stages of a lexicographic objective need their values first and are left out: the file is the
    program of the benefit (or only) objective under all rules of book and scenario.
    """
    problem = compile_book(book, scenario)
    named = [objective for objective in problem.objectives if objective.name == HEADLINE]
    stage = replace(problem, objectives=tuple((named or problem.objectives)[-1:]))
    for path in (mps, lp):
        if path is not None:
            path.absolute().parent.mkdir(parents=True, exist_ok=True)
            export_model(stage, path)
    return {"columns": stage.whole_columns, "arcs": stage.arcs, "rows": stage.rows, "groups": stage.groups}
