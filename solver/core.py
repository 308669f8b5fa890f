"""The core of a plan: buildings as a plan has them, and the choices that hardly differ, as one small exact program.

Which facilities open is what general solvers find hard; with it settled by the ascent, what remains is a knapsack with
many rows and money, which HiGHS solves to a small gap in seconds. The program may start from a plan that exceeds
rows (see `elastic`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .backends.outcome import Outcome
from .elastic import elastic, row_use
from .part import cut_part
from .problem import NONE, Problem
from .regions import Regions
from .solution import Plan
from .stop import Stop

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]
Int = NDArray[np.int64]

SolvePart = Callable[[Problem, Stop, Plan | None], Outcome]
SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class CoreOutcome:
    """The plan of the whole with the core solved, and what the search took."""

    plan: Plan
    work: int
    solved: bool


def solve_core(
    problem: Problem,
    plan: Plan,
    loss: Float,
    row_penalty: Float,
    *,
    keep: int,
    openings: Flags,
    regions: Regions,
    chosen: tuple[int, ...] | None,
    solve_part: SolvePart,
    stop: Stop,
) -> CoreOutcome:
    """Solve the `keep` options of least loss in the facilities of `openings` anew, from this plan.

    `chosen` are the regions whose columns are free; None frees all of them.
    """
    p = problem

    def inside(region: Int) -> Flags:
        return np.ones(len(region), np.bool_) if chosen is None else np.isin(region, chosen)

    free = inside(regions.option)
    opening = np.flatnonzero(openings & inside(regions.opening))
    since = np.full(p.facilities + 1, p.periods)
    np.minimum.at(since, p.opening_facility[opening], p.opening_period[opening])
    since[NONE] = 0
    must = plan.option & free
    option = np.flatnonzero(free & ((p.option_period >= since[p.option_facility]) | must))
    if len(option) > keep:
        rank = np.where(must[option], -1.0, loss[option])
        order = np.lexsort((option, rank))[: max(keep, int(must.sum()))]
        option = np.sort(option[order])
    extra = np.flatnonzero(inside(regions.extra))
    arc = np.flatnonzero(inside(regions.arc))
    limit = p.row_limit
    if chosen is not None:
        rest = replace(
            plan,
            option=plan.option & ~free,
            opening=plan.opening & ~inside(regions.opening),
            extra=np.where(inside(regions.extra), 0.0, plan.extra),
            arc=np.where(inside(regions.arc), 0.0, plan.arc),
        )
        limit = np.floor(p.row_limit - row_use(p, rest) + SLACK).astype(np.int64)
    group = np.zeros(p.groups, np.bool_)
    group[p.option_group[np.flatnonzero(free & (p.option_group != NONE))]] = True
    part = cut_part(
        p, option=option, opening=opening, extra=extra, arc=arc, group_capacity=p.group_capacity,
        group=np.flatnonzero(group), row_limit=limit,
    )  # fmt: skip
    relaxed, start = elastic(part.problem, part.cut(plan), row_penalty[part.row])
    outcome = solve_part(relaxed, stop, start)
    if outcome.plan is None:
        return CoreOutcome(plan, outcome.work, False)
    found = replace(outcome.plan, extra=outcome.plan.extra[: part.problem.extras])
    return CoreOutcome(part.put(plan, found), outcome.work, True)
