"""Which money pays first: the order of levels and years, and funds kept from projects too small for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..solver.problem import Problem
from .class_money import TURN
from .disbursement import Due

Int = NDArray[np.int64]

TOO_SMALL = 10_000
"""Outweighs every difference of levels and years."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Fund and budget year of every row of the problem that is a source of money; empty text for other rows."""

    fund: tuple[str, ...]
    year: tuple[int, ...]


def sources_of(problem: Problem) -> Sources:
    """Read the labels of the sources: they are the first rows."""
    funds, years = problem.labels.get("label_source_fund"), problem.labels.get("label_source_year")
    if funds is None or years is None:
        return Sources(("",) * problem.rows, (0,) * problem.rows)
    named = [str(fund) for fund in problem.labels["label_fund"]]
    texts = [named[int(fund)] for fund in funds]
    rest = problem.rows - len(texts)
    return Sources((*texts, *[""] * rest), (*(int(year) for year in years), *[0] * rest))


@dataclass(frozen=True, slots=True)
class MoneyOrder:
    """`preference` by arc, the smaller pays first; `small` pairs of project and fund that cannot make a grant."""

    preference: Int
    small: frozenset[tuple[str, str]]


def money_order(
    problem: Problem,
    sources: Sources,
    dues: Mapping[int, Sequence[Due]],
    *,
    level: Mapping[str, str],
    smallest: Mapping[str, int],
) -> MoneyOrder:
    """Central money first, county money last, within a level the earlier budget year.

    A fund is kept from a project of which its whole share would be less than its smallest grant (yuan), as far
    as other money reaches: in a class it comes the later, the more of the class are such projects.
    """
    first = min((year for year in sources.year if year), default=0)
    turn = np.array(
        [
            100 * TURN.get(level.get(fund, ""), 3) + (year - first if fund else 0)
            for fund, year in zip(sources.fund, sources.year, strict=True)
        ],
        np.int64,
    )
    portions = max(len(problem.portion_class), 1)
    pairs, place, pair = np.unique(
        problem.arc_demand * portions + problem.arc_portion, return_index=True, return_inverse=True
    )
    demand, portion = np.divmod(pairs, portions)
    fund = [sources.fund[row] for row in problem.arc_source[place].tolist()]
    cap = np.minimum(problem.portion_percent[portion], 100).tolist()
    reach: dict[tuple[str, str], int] = {}
    used = [(at, dues[d]) for at, d in enumerate(demand.tolist()) if d in dues and smallest.get(fund[at], 0)]
    for at, held in used:
        for due in held:
            key = (due.project, fund[at])
            reach[key] = reach.get(key, 0) + cap[at] * due.hundreds
    small = frozenset(key for key, yuan in reach.items() if yuan < smallest[key[1]])
    late = np.zeros(len(pairs), np.int64)
    for at, held in used:
        wrong = sum(due.hundreds for due in held if (due.project, fund[at]) in small)
        late[at] = TOO_SMALL * wrong // max(1, sum(due.hundreds for due in held))
    return MoneyOrder(turn[problem.arc_source] + late[pair], small)
