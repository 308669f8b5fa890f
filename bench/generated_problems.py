"""Programs of generated books, kept in a folder so that each is made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..solver.problem import Problem
from .joined_problems import join

PROVINCE = 4600


@dataclass(frozen=True, slots=True)
class Source:
    """The book a program is of; `percent` of its budgets is what its largest fund has in a changed one."""

    communities: int
    seed: int = 1
    percent: int = 100

    def file(self, folder: Path) -> Path:
        """Where its program lies in a folder."""
        return folder / f"generated-{self.communities}-{self.seed}-{self.percent}.npz"


def provinces(communities: int) -> tuple[Source, ...]:
    """So many communities as provinces, each with a seed of its own; the last one takes what is left."""
    whole, left = divmod(communities, PROVINCE)
    sizes = [PROVINCE] * whole + [left] * (left > 0)
    return tuple(Source(size, seed) for seed, size in enumerate(sizes, start=1))


def make(source: Source, folder: Path) -> None:
    """Generate the book, check it up, match it and write its program into the folder."""
    import polars as pl  # late: heavy, and needed where books are made alone

    from ..models.checkup import checkup
    from ..models.formulation import formulate
    from ..models.matching import match
    from ..models.scenario import BudgetChange, Scenario, parse_scenario
    from ..solver.formats import save_problem
    from .generator import generate

    book = generate(source.communities, source.seed)
    book = book.with_table("needs", checkup(book).needs)
    scenario: Scenario = parse_scenario(book.scenario_text or "")
    if source.percent != 100:
        funds = book.table("funds")
        budgets = [name for name in funds.columns if name.startswith("budget_")]
        largest = funds.with_columns(pl.sum_horizontal(budgets).alias("all")).sort("all", "id")["id"][-1]
        change = BudgetChange(funds=(largest,), percent=source.percent)
        scenario = scenario.model_copy(update={"budgets": (*scenario.budgets, change)})
    save_problem(formulate(match(book, scenario), book, scenario), source.file(folder))


def load(sources: Sequence[Source], folder: Path) -> Problem:
    """The program of one book, or those of several as one."""
    from ..solver.formats import load_problem

    problems = [load_problem(source.file(folder)) for source in sources]
    return problems[0] if len(problems) == 1 else join(problems)
