"""Dual prices by a subgradient with running means: what a unit of every group and row is worth.

Groups and rows are relaxed; at given prices money is a fractional knapsack for each demand and every block is
solved exactly (`walk`), so each step gives an upper bound. How prices move is told in `price_steps`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .crew import Crew
from .dual_function import Answer, DualFunction, Evaluation, Priced, evaluate, make_priced
from .price_scales import price_scales
from .price_steps import Scales, Stride, cycles
from .problem import Problem

__all__ = ["Average", "DualPrices", "Evaluation", "Priced", "evaluate", "find_prices", "make_priced", "price_scales"]

Float = NDArray[np.float64]

FIRST_STEP = 1.0  # in natural sizes of prices (`price_scales`), where there are enough steps
FEW_STEPS = 300  # with fewer the first is shorter
LEAST_FIRST_STEP = 0.3
NEXT_STEP = 0.1  # where prices are given
LAST_STEP = 1e-4
ENOUGH = 20  # steps of half a cycle whose mean is taken rather than that of the half before
WATCH_SHARE = 0.2  # of every evaluation in a watcher's running average


@dataclass(frozen=True, slots=True)
class Average:
    """The mean of what the blocks take over half a cycle of steps: nearly a solution of the linear relaxation."""

    option: Float
    opening: Float
    extra: Float
    arc: Float  # paid


@dataclass(frozen=True, slots=True)
class DualPrices:
    """The best prices found, the bound that they give (in floating point), and what is taken near them on average."""

    group: Float
    row: Float
    bound: float
    steps: int
    average: Average


def find_prices(
    priced: Priced,
    *,
    steps: int = 1000,
    start: tuple[Float, Float] | None = None,
    first_step: float | None = None,
    last_step: float = LAST_STEP,
    proceed: Callable[[int, float], bool] = lambda step, bound: True,
    watch: Callable[[Evaluation, Float, float], None] | None = None,
    threads: int = 2,
    kept: NDArray[np.bool_] | None = None,
) -> DualPrices:
    """Prices that make the bound small, found in cycles of falling steps, each from the best prices so far.

    Steps are in natural sizes (`price_scales`); `first_step` is the largest (by default 1, less where steps are few,
    0.1 in the single cycle from given prices), `last_step` the smallest. `proceed(step, bound)` may end the search
    early; `watch(evaluation, paid, share)` sees the later half of the steps, for averages. Rows that are `kept` stay at
    their prices. Results are the same for any number of threads.
    """
    p = priced.problem
    scales = Scales(*price_scales(priced))
    best_group = np.zeros(p.groups) if start is None else start[0].copy()
    best_row = np.zeros(p.rows) if start is None else start[1].copy()
    largest = first_step or (
        max(LEAST_FIRST_STEP, FIRST_STEP * min(1.0, steps / FEW_STEPS)) if start is None else NEXT_STEP
    )
    plan = cycles(steps, largest, last_step) if start is None else [(steps, largest, min(largest, last_step))]
    bound, done, ended = np.inf, 0, False
    average = mean = _Mean(p)
    with Crew(threads) as crew:
        function = DualFunction(priced, crew)
        for length, first, last in plan:
            group, row = best_group, best_row
            stride = Stride(p, scales, group, row, anew=done == 0 and start is None, kept=kept)
            for number in range(length):
                if number in (0, length // 2):
                    average, mean = mean, _Mean(p)
                at = function.at(group, row)
                done += 1
                mean.add(at)
                if at.value < bound:
                    best_group, best_row, bound = group, row, at.value
                if watch is not None and done > steps // 2:
                    seen = function.evaluation(at)
                    watch(seen, seen.paid, 1.0 if done == steps // 2 + 1 else WATCH_SHARE)
                ended = not proceed(done - 1, bound)
                if ended:
                    break
                size = first * (last / first) ** (number / max(length - 1, 1))
                group, row = stride.moved(group, row, at.group_slack, at.row_slack, size)
            if ended:
                break
    if mean.count >= min(ENOUGH, done):
        average = mean
    return DualPrices(best_group, best_row, bound, done, average.taken())


class _Mean:
    """The sum of what the blocks take, and how often it was added to."""

    __slots__ = ("arc", "count", "extra", "opening", "option")

    def __init__(self, problem: Problem) -> None:
        self.option, self.opening = np.zeros(problem.options), np.zeros(problem.openings)
        self.extra, self.arc = np.zeros(problem.extras), np.zeros(problem.arcs)
        self.count = 0

    def add(self, at: Answer) -> None:
        self.option[at.option] += 1
        self.opening[at.opening] += 1
        self.extra += at.extra
        self.arc += at.paid
        self.count += 1

    def taken(self) -> Average:
        number = max(self.count, 1)
        return Average(self.option / number, self.opening / number, self.extra / number, self.arc / number)
