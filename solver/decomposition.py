"""The decomposition: prices, then regions one by one, then sweeps over few regions at a time.

1. **Prices** (`prices`): an averaged subgradient over groups and rows; blocks exact, money a fractional knapsack.
   Its best point is the bound, its average says how much each region draws of the shared rows.
2. **First plan** (`sweeps`): every region within its own rows and its quota of the shared ones.
3. **Sweeps**: bundles of regions with all slack, until the gap, the time or the work is reached or nothing improves.
"""

from __future__ import annotations

import time as clock

import numpy as np
from numpy.typing import NDArray

from .backends.highs import solve_stage as solve_whole
from .backends.outcome import Outcome, Prices, Progress
from .interrupt import Interrupt
from .losses import losses
from .prices import Evaluation, evaluate, find_prices, make_priced
from .problem import Problem
from .regions import divide
from .solution import Plan, Stopped
from .stop import Stop
from .sweeps import BATCH, Sweeper, _profit, empty_plan, first_plan

Float = NDArray[np.float64]

STEPS = 600
PART_NODES = 60
PART_SECONDS = 20.0
KEEP = 500


def solve_stage(
    problem: Problem,
    *,
    stop: Stop,
    seed: int = 0,
    threads: int = 2,
    progress: Progress | None = None,
    interrupt: Interrupt | None = None,
    warm: Plan | None = None,
) -> Outcome:
    """Solve the first objective of a problem; `stop.work` counts price steps and search nodes of the parts."""
    began = clock.monotonic()
    halt = interrupt or Interrupt()

    def left() -> float:
        return np.inf if stop.time is None else stop.time - (clock.monotonic() - began)

    def go_on() -> bool:
        return not halt.is_set and left() > 0

    regions = divide(problem)
    priced = make_priced(problem)
    shared = np.flatnonzero(regions.row == -1)
    plan = empty_plan(problem) if warm is None else warm
    quota = np.zeros((regions.count, len(shared)))
    sweeper = Sweeper(problem, regions, np.zeros(problem.options), np.zeros(problem.openings), plan, threads, None)  # type: ignore[arg-type]

    def average(at: Evaluation, paid: Float, share: float) -> None:
        nonlocal quota
        sweeper.plan = Plan(at.option, at.opening, at.extra, paid)
        sweeper.measure(range(regions.count))
        quota = (1 - share) * quota + share * sweeper.usage[:-1]

    def proceed(step: int, bound: float) -> bool:
        if progress is not None and step % 50 == 0:
            progress(None if warm is None else _profit(problem, warm), int(np.floor(bound + 1e-6)))
        return go_on() and (step < 50 or left() > 0.6 * (stop.time or np.inf))

    found = find_prices(priced, steps=STEPS, proceed=proceed, watch=average if len(shared) else None)
    bound = int(np.floor(found.bound + 1e-6))
    at = evaluate(priced, found.group, found.row)
    sweeper.plan = plan
    sweeper.measure(range(regions.count))
    sweeper.loss, sweeper.opening_loss = losses(
        priced.layout, problem.option_period, at.option_profit, at.opening_profit
    )
    best = _profit(problem, plan) if warm is not None else None

    def solve_part(part: Problem, limits: Stop, start: Plan | None) -> Outcome:
        time = min(limits.time or PART_SECONDS, max(0.1, left()))
        return solve_whole(part, stop=Stop(time=time, gap=limits.gap, work=limits.work), seed=seed, threads=1,
                           progress=None, interrupt=halt, warm=start)  # fmt: skip

    sweeper.solve_part = solve_part
    part_stop = Stop(time=PART_SECONDS, gap=0.0003, work=PART_NODES)
    if warm is None:
        first_plan(sweeper, quota, keep=KEEP, stop=part_stop, go_on=go_on)
    random = np.random.default_rng(seed)
    stale, stopped = 0, Stopped.TIME
    while go_on():
        best = _profit(problem, sweeper.plan)
        if progress is not None:
            progress(best, bound)
        if bound - best <= stop.gap * max(1, abs(bound)):
            stopped = Stopped.OPTIMAL if best >= bound else Stopped.GAP
            break
        if stop.work is not None and found.steps + sweeper.work >= stop.work:
            stopped = Stopped.WORK
            break
        order = random.permutation(regions.count)
        size = 1 if regions.count < 3 else 2
        bundles = [tuple(int(n) for n in order[i : i + size]) for i in range(0, len(order), size)]
        gained = 0
        for begin in range(0, len(bundles), BATCH):
            if not go_on():
                break
            batch = bundles[begin : begin + BATCH]
            slack = np.maximum(sweeper.slack(), 0.0)
            gained += sweeper.improve(batch, np.tile(slack / len(batch), (len(batch), 1)), keep=KEEP, stop=part_stop)
        stale = 0 if gained else stale + 1
        if stale >= 3:
            break
    if halt.is_set:
        stopped = Stopped.USER
    return Outcome(stopped, plan=sweeper.plan, bound=bound, work=found.steps + sweeper.work,
                   prices=Prices(found.group, found.row))  # fmt: skip
