"""How the gap of a stage falls during a run, and when a gap was first reached."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ..solver.solution import TracePoint, gap_between

THINNED = 0.98  # a step is kept where the gap falls to this share of the last one kept
LEVELS = (0.01, 0.005, 0.003, 0.002, 0.001, 0.0005)  # the first step below each of these is kept in any case

Step = tuple[float, float]
"""Seconds since the start, and the gap that was reached then."""


def steps_of(trace: Iterable[TracePoint], stage: str) -> list[Step]:
    """The moments at which the gap of a stage fell, the best plan and bound so far taken together.

    Small steps are left out, but never the last one nor the first below a level.
    """
    objective: int | None = None
    bound: int | None = None
    steps: list[Step] = []
    for point in trace:
        if point.stage != stage:
            continue
        if point.objective is not None and (objective is None or point.objective > objective):
            objective = point.objective
        if point.bound is not None and (bound is None or point.bound < bound):
            bound = point.bound
        gap = gap_between(objective, bound)
        if gap is not None and (not steps or gap < steps[-1][1]):
            steps.append((round(point.seconds, 3), gap))
    return _thinned(steps)


def _thinned(steps: Sequence[Step]) -> list[Step]:
    kept: list[Step] = []
    for place, step in enumerate(steps):
        large = not kept or step[1] <= THINNED * kept[-1][1] or _level(step[1]) > _level(kept[-1][1])
        if large or place == len(steps) - 1:
            kept.append(step)
    return kept


def _level(gap: float) -> int:
    """How many of the levels a gap reaches."""
    return sum(gap <= level for level in LEVELS)


def seconds_to(steps: Sequence[Sequence[float]], gap: float) -> float | None:
    """When a gap was first reached; None if never."""
    return next((seconds for seconds, reached in steps if reached <= gap), None)


def smallest(steps: Sequence[Sequence[float]]) -> float | None:
    """The smallest gap that was reached; None without plan or bound."""
    return min((gap for _, gap in steps), default=None)


def common_gap(curves: Sequence[Sequence[Sequence[float]]], wanted: float) -> float | None:
    """The gap wanted, or the smallest one that all of the runs reached; None where one reached none."""
    reached = [smallest(steps) for steps in curves]
    if not reached or any(gap is None for gap in reached):
        return None
    return max(wanted, *(gap for gap in reached if gap is not None))


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The power of the size with which the time grows: slope of the line through the logarithms (least squares)."""
    x, y = [math.log(size) for size in sizes], [math.log(max(value, 1e-3)) for value in seconds]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    spread = sum((one - mean_x) ** 2 for one in x)
    return sum((one - mean_x) * (two - mean_y) for one, two in zip(x, y, strict=True)) / spread
