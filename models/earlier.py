"""An earlier plan found again in a new program: by the names of its components, which stay from run to run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from ..solver.problem import Problem
from ..solver.solution import Plan
from .class_money import arcs_for, left_of_rows
from .components import OPTION, components_of
from .options import Options


def earlier_plan(problem: Problem, options: Options, component_ids: Collection[str]) -> Plan | None:
    """The plan that takes every component of these names that still exists, with money anew.

    None where its money does not reach. The solver checks the rest before it starts from the plan.
    """
    everything = Plan(
        np.ones(problem.options, np.bool_),
        np.ones(problem.openings, np.bool_),
        np.zeros(problem.extras),
        np.zeros(problem.arcs),
    )
    wanted = set(component_ids)
    option, opening = np.zeros(problem.options, np.bool_), np.zeros(problem.openings, np.bool_)
    names = components_of(options, everything).select("component_id", "part", "row")
    for name, part, row in names.iter_rows():
        if name in wanted:
            (option if part == OPTION else opening)[row] = True
            # of components that the name does not tell apart the first is taken
            wanted.discard(name)
    plan = with_extras(problem, Plan(option, opening, problem.extra_lower.astype(np.float64), np.zeros(problem.arcs)))
    arc = arcs_for(problem, plan)
    return None if arc is None else Plan(option, opening, plan.extra, arc)


def with_extras(problem: Problem, plan: Plan) -> Plan:
    """The plan with its further whole columns (complete communities, pilots, changes) raised where rows ask for it.

    From the lower ends up, each column that takes more off what rows lack than it adds is raised. No search:
    where that does not do, the solver will find the plan in breach of a row and start afresh.
    """
    extra = plan.extra.copy()
    left = left_of_rows(problem, plan)
    for column in np.flatnonzero(problem.extra_whole) if (left < 0).any() else ():
        entries = slice(problem.extra_row.start[column], problem.extra_row.start[column + 1])
        rows, amounts = problem.extra_row.index[entries], problem.extra_row.amount[entries]
        by = int(problem.extra_upper[column]) - int(problem.extra_lower[column])
        after = left[rows] - by * amounts
        if np.minimum(after, 0).sum() > np.minimum(left[rows], 0).sum():
            extra[column] += by
            left[rows] = after
    return replace(plan, extra=extra)
