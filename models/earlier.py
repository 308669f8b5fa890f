"""An earlier plan found again in a new program: by the names of its components, which stay from run to run."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ..solver.problem import Problem
from ..solver.solution import Plan
from .class_money import arcs_for
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
    plan = Plan(option, opening, problem.extra_lower.astype(np.float64), np.zeros(problem.arcs))
    arc = arcs_for(problem, plan)
    return None if arc is None else Plan(option, opening, plan.extra, arc)
