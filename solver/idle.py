"""Doors that nothing goes through: openings of a plan that serve no option are closed again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .feasibility import profit, violations
from .problem import NONE, Problem
from .solution import Plan

Flags = NDArray[np.bool_]


def without_idle_openings(problem: Problem, plan: Plan) -> Plan:
    """The plan without modules that hold no option and roots that hold nothing, as far as the rules allow.

    An opening that costs nothing changes no objective, so even a best plan may hold it; yet nobody would open it.
    Openings that some objective likes stay. If a rule wants idle openings (a complex with three services) the
    plan is given back with as many of them as it needs: first only empty roots are closed, else none.
    """
    liked = np.any([objective.opening > 0 for objective in problem.objectives], axis=0)
    for modules_too in (True, False):
        opening = plan.opening & (~_idle(problem, plan, modules_too=modules_too) | liked)
        if np.array_equal(opening, plan.opening):
            continue
        fewer = Plan(plan.option, opening, plan.extra, plan.arc)
        closed = np.flatnonzero(plan.opening & ~opening)
        if problem.opening_spend.taken(closed).amount.any():
            from .backends.highs import settled  # late: the solver is slow to import

            found = settled(problem, fewer)
            if found is None:
                continue
            fewer = found
        worse = any(profit(problem, one, fewer) < profit(problem, one, plan) for one in problem.objectives)
        if not worse and not violations(problem, fewer):
            return fewer
    return plan


def _idle(p: Problem, plan: Plan, *, modules_too: bool) -> Flags:
    """Which openings serve nothing that is taken."""
    used = np.zeros(p.facilities + 1, np.bool_)
    used[p.option_facility[plan.option & (p.option_facility != NONE)]] = True
    opened = p.opening_facility[plan.opening]
    kept = opened if not modules_too else opened[used[opened]]
    modules = kept[p.facility_parent[kept] != NONE]
    used[modules] = True
    used[p.facility_parent[modules]] = True
    return ~used[p.opening_facility]
