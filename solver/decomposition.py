"""The decomposition: prices, plans by ascent over blocks, and cores that HiGHS solves exactly.

1. **Prices** (`prices`): an averaged subgradient over groups and rows; blocks exact, money a fractional knapsack.
   Its best point is the bound.
2. **First plan** (`search`): block after block, always payable, what rules ask for first.
3. **A better start**: the same with rows that may be exceeded at a price, so that blocks find their places.
4. **Cores** (`core`): buildings as found, the options of least loss as one exact program; then blocks again, and so on.
"""

from __future__ import annotations

import time as clock
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .backends.highs import solve_stage as solve_whole
from .backends.outcome import Outcome, Prices, Progress
from .core import solve_core
from .feasibility import profit, violations
from .interrupt import Interrupt
from .losses import losses
from .prices import DualPrices, Priced, evaluate, find_prices, make_priced
from .problem import Problem
from .regions import divide
from .search import AGAIN, FIRST, LENIENT, PACKING, PlanSearch
from .solution import Plan, Stopped
from .stop import Stop

Float = NDArray[np.float64]

STEPS = 500
PRICE_TIME = 0.4  # of the time, at most, for prices
FACTOR = 0.5  # of the natural price: what the first lenient passes pay for exceeding a row
CORE_KEEP = 3000
CORE_NODES = 100
CORE_GAP = 2e-4
CORE_SECONDS = 25.0
ROUNDS = 8


@dataclass(slots=True)
class _Clock:
    """What is left of the time, and whether to go on."""

    stop: Stop
    halt: Interrupt
    began: float

    def left(self) -> float:
        return np.inf if self.stop.time is None else self.stop.time - (clock.monotonic() - self.began)

    def go_on(self) -> bool:
        return not self.halt.is_set and self.left() > 0


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
    """Solve the first objective of a problem; `stop.work` counts price steps, passes and search nodes of the cores.

    The outcome holds prices that prove its bound; its plan obeys every rule or is None.
    """
    watch = _Clock(stop, interrupt or Interrupt(), clock.monotonic())
    priced = make_priced(problem)
    found = _prices(priced, watch, progress, warm)
    bound = int(np.floor(found.bound + 1e-6)) if np.isfinite(found.bound) else None
    search = PlanSearch(priced, found.row, np.random.default_rng(seed), watch.go_on)
    if warm is not None:
        search.offer(warm)
    work = found.steps

    def told() -> bool:
        """Report; whether the search may end."""
        if progress is not None:
            progress(None if search.best is None else search.best_value, bound)
        return search.best is not None and bound is not None and bound - search.best_value <= stop.gap * max(1, abs(bound))

    def spent() -> bool:
        return stop.work is not None and work + search.passes >= stop.work

    stopped = Stopped.TIME
    done = told()
    if not done and watch.go_on() and not spent():
        search.run(FIRST + PACKING)
        search.offer(search.plan)
        done = told()
    if not done and watch.go_on() and not spent():
        work += _cores(search, found, watch, seed, told, spent)
    done = told()
    if watch.halt.is_set:
        stopped = Stopped.USER
    elif done:
        stopped = Stopped.OPTIMAL if bound is not None and search.best_value >= bound else Stopped.GAP
    elif spent() or watch.left() > 0:
        stopped = Stopped.WORK
    return Outcome(
        stopped, plan=search.best, bound=bound, work=work + search.passes, prices=Prices(found.group, found.row)
    )


def _prices(priced: Priced, watch: _Clock, progress: Progress | None, warm: Plan | None) -> DualPrices:
    p, limit = priced.problem, watch.stop
    held = None if warm is None else profit(p, p.objectives[0], warm)
    steps = STEPS if limit.work is None else max(1, min(STEPS, limit.work))

    def proceed(step: int, bound: float) -> bool:
        if progress is not None and step % 50 == 0:
            progress(held, int(np.floor(bound + 1e-6)))
        return watch.go_on() and (step < 20 or watch.left() > (1 - PRICE_TIME) * (limit.time or np.inf))

    return find_prices(priced, steps=steps, proceed=proceed)


def _cores(search: PlanSearch, found: DualPrices, watch: _Clock, seed: int, told, spent) -> int:  # type: ignore[no-untyped-def]
    """Blocks with rows that may be exceeded, then the core of what they found; again and again. Work done."""
    priced, p = search.priced, search.priced.problem
    regions = divide(p)
    at = evaluate(priced, found.group, found.row)
    loss, _ = losses(priced.layout, p.option_period, at.option_profit, at.opening_profit)
    penalty = np.where(search.books.row_soft, search.books.row_penalty, 30.0 * search.overspending)
    work = 0

    def solve_part(part: Problem, limits: Stop, start: Plan | None) -> Outcome:
        time = min(CORE_SECONDS, max(0.2, watch.left()))
        return solve_whole(part, stop=Stop(time=time, gap=limits.gap, work=limits.work), seed=seed, threads=1,
                           progress=None, interrupt=watch.halt, warm=start)  # fmt: skip

    limits = Stop(time=None, gap=CORE_GAP, work=CORE_NODES)
    for number in range(ROUNDS):
        if not watch.go_on() or spent():
            break
        if number == 0:
            search.load(rerouted_empty(search))
            search.run(FIRST + LENIENT, factor=FACTOR)
        elif search.best is not None:
            search.load(search.best)
            search.run(((1.0, 1.0), (1.0, 1.0)), factor=FACTOR * (1 + number % 3))
        if not watch.go_on():
            break
        start = search.plan
        openings = start.opening
        outcome = solve_core(p, start, loss, penalty, keep=CORE_KEEP, openings=openings, regions=regions,
                             chosen=None, solve_part=solve_part, stop=limits)  # fmt: skip
        work += outcome.work
        search.offer(outcome.plan)
        if told():
            break
        if violations(p, outcome.plan) or not watch.go_on():
            continue
        search.load(outcome.plan)
        search.run(AGAIN)
        search.offer(search.plan)
        if told():
            break
    return work


def rerouted_empty(search: PlanSearch) -> Plan:
    """The empty plan of the problem."""
    from .search import empty_plan

    return empty_plan(search.priced.problem)
