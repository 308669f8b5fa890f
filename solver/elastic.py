"""A problem with room for what a plan exceeds, at a price: so that a search may start from a plan that is not yet allowed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .problem import HIGHEST, Objective, Problem
from .solution import Plan
from .sparse import Sparse

Float = NDArray[np.float64]

EXCEEDED = 1e-4  # of a row's unit: less is rounding
HIGHEST_PENALTY = 1e9  # points per unit; more would drown the profits in rounding


def row_use(problem: Problem, plan: Plan) -> Float:
    """What a plan uses of every row."""
    p = problem
    option, opening = np.flatnonzero(plan.option), np.flatnonzero(plan.opening)
    use = np.zeros(p.rows)
    for part, columns, value in (
        (p.option_row, option, np.ones(len(option))),
        (p.opening_row, opening, np.ones(len(opening))),
        (p.extra_row, np.arange(p.extras), plan.extra),
        (p.arc_row, np.flatnonzero(plan.arc), plan.arc[plan.arc != 0]),
    ):
        held = part.taken(columns)
        use += np.bincount(held.index, value[held.owner_of_entry()] * held.amount, p.rows)
    return use + np.bincount(p.arc_source, plan.arc, p.rows)


def elastic(problem: Problem, plan: Plan, row_penalty: Float) -> tuple[Problem, Plan]:
    """The problem with a continuous column for every row that the plan exceeds, and the plan that uses them.

    `row_penalty` is in points per unit exceeded. The first columns are those of the problem: cut a plan of the new
    problem to `problem.extras` extra columns to get one of the old. A last column, always 1, brings what the plan
    pays, so that its value stays as it was and a relative gap keeps its meaning.
    """
    p, objective = problem, problem.objectives[0]
    over = row_use(p, plan) - np.where(p.row_limit >= HIGHEST, np.inf, p.row_limit)
    rows = np.flatnonzero(over > 1e-7)
    if not len(rows):
        return problem, plan
    room = np.ceil(over[rows] + 1e-6).astype(np.int64)
    worth = -np.ceil(
        np.clip(np.nan_to_num(row_penalty[rows], nan=1.0, posinf=HIGHEST_PENALTY), 1.0, HIGHEST_PENALTY)
    ).astype(np.int64)
    paid = int(np.floor(-(over[rows] @ worth)))
    columns = len(rows) + 1
    relaxed = replace(
        p,
        objectives=(
            Objective(
                objective.name, objective.option, objective.opening, np.concatenate([objective.extra, worth, [paid]])
            ),
        ),
        extra_lower=np.concatenate([p.extra_lower, np.zeros(len(rows), np.int64), [1]]),
        extra_upper=np.concatenate([p.extra_upper, room, [1]]),
        extra_whole=np.concatenate([p.extra_whole, np.zeros(columns, np.bool_)]),
        extra_row=Sparse(
            np.concatenate([p.extra_row.start, p.extra_row.start[-1] + np.minimum(1 + np.arange(columns), len(rows))]),
            np.concatenate([p.extra_row.index, rows]),
            np.concatenate([p.extra_row.amount, np.full(len(rows), -1, np.int64)]),
        ),
    )
    return relaxed, replace(plan, extra=np.concatenate([plan.extra, over[rows], [1.0]]))
