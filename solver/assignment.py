"""Who uses which building, at given prices of all rows: nothing but groups couples the blocks, so regions are easy.

With money and every other row priced, what is left is choosing openings and options under groups and floor area: small
programs close to their linear relaxation. Their plan uses budgets only on average, but it settles the openings,
which are what general solvers find hardest when budgets are hard.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .backends.outcome import Outcome
from .part import cut_part
from .problem import NONE, Objective, Problem
from .regions import Regions
from .solution import Plan
from .sparse import Sparse
from .stop import Stop
from .sweeps import members

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]
Int = NDArray[np.int64]

NODES = 30
SECONDS = 10.0
GAP = 1e-4

SolvePart = Callable[[Problem, Stop, Plan | None], Outcome]


def without_rows(problem: Problem, option_gain: Float, opening_gain: Float) -> Problem:
    """The same groups and facilities with these profits (rounded to whole points), without rows, money and extras."""
    none = np.zeros(0, np.int64)
    return replace(
        problem,
        objectives=(Objective("gain", np.rint(option_gain).astype(np.int64), np.rint(opening_gain).astype(np.int64), none),),
        row_limit=none, option_row=Sparse.empty(problem.options), opening_row=Sparse.empty(problem.openings),
        extra_lower=none, extra_upper=none, extra_whole=np.zeros(0, np.bool_), extra_row=Sparse.empty(0),
        class_count=0, demand_class=none, option_spend=Sparse.empty(problem.options),
        opening_spend=Sparse.empty(problem.openings), portion_class=none, portion_percent=none, portion_floor=none,
        floor_class=none, floor_percent=none, arc_demand=none, arc_portion=none, arc_source=none,
        arc_row=Sparse.empty(0), labels={},
    )  # fmt: skip


def assign(
    problem: Problem,
    regions: Regions,
    option_gain: Float,
    opening_gain: Float,
    loss: Float,
    *,
    widest_loss: float,
    threads: int,
    solve_part: SolvePart,
) -> tuple[Flags, Flags, int]:
    """Options and openings of the best assignment found in every region, and the work that it took.

    Options with a loss above `widest_loss` stay out.
    """
    priced = without_rows(problem, option_gain, opening_gain)
    group_region = np.full(problem.groups, NONE, np.int64)
    member = problem.option_group != NONE
    group_region[problem.option_group[member]] = regions.option[member]
    exact = np.zeros(problem.options, np.bool_)
    exact[member] = problem.group_exact[problem.option_group[member]]
    wanted = exact | ((option_gain > 0) & (loss <= widest_loss))
    parts = []
    none = np.zeros(0, np.int64)
    for option, opening, group in zip(
        *(members(region, regions.count) for region in (regions.option, regions.opening, group_region)), strict=True
    ):
        kept = option[wanted[option]]
        used = np.zeros(problem.facilities + 1, np.bool_)
        used[problem.option_facility[kept]] = True
        used[problem.facility_parent[np.flatnonzero(used[:-1])]] = True
        parts.append(
            cut_part(
                priced, option=kept, opening=opening[used[problem.opening_facility[opening]]], extra=none, arc=none,
                group_capacity=problem.group_capacity, group=group, row_limit=none,
            )  # fmt: skip
        )
    stop = Stop(time=SECONDS, gap=GAP, work=NODES)
    with ThreadPoolExecutor(threads) as pool:
        outcomes = list(pool.map(lambda part: solve_part(part.problem, stop, None), parts))
    option_taken = np.zeros(problem.options, np.bool_)
    opening_taken = np.zeros(problem.openings, np.bool_)
    for part, outcome in zip(parts, outcomes, strict=True):
        if outcome.plan is not None:
            option_taken[part.option] = outcome.plan.option
            opening_taken[part.opening] = outcome.plan.opening
    return option_taken, opening_taken, sum(outcome.work for outcome in outcomes)
