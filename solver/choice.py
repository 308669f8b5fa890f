"""Which method `auto` stands for: told from size and structure alone, so that it is always the same one."""

from __future__ import annotations

from .problem import Problem

SMALL = 300  # options; so few are solved by HiGHS before kernels have been loaded
RACED = 300_000  # entries of a program without money, at most, for a race: in larger ones HiGHS is still at its root


def chosen(problem: Problem) -> str:
    """The method that `auto` stands for, by size and structure alone; see docs/reference/methods.md."""
    if problem.options <= SMALL:
        return "highs"
    if problem.arcs or _entries(problem) > RACED:
        return "decomposition"
    return "race"


def _entries(problem: Problem) -> int:
    """Roughly how many entries the rows of the whole program have."""
    p = problem
    member = sum(
        int((held >= 0).sum()) for held in (p.option_group, p.option_choice, p.option_facility, p.option_facility)
    )
    columns = (p.option_row, p.opening_row, p.extra_row, p.option_spend, p.opening_spend)
    return member + p.openings + sum(len(held.index) for held in columns)
