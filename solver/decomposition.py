"""The decomposition: prices, plans by ascent over blocks, and cores that HiGHS solves exactly.

1. **Prices** (`prices`): an averaged subgradient over groups and rows; blocks exact, money a fractional knapsack.
   Its best point is the bound.
2. **First plan** (`search`): block after block, always payable, what rules ask for first.
3. **Exchange**: the same with rows that may be exceeded at a price, blocks settled together with their neighbours.
4. **Cores** (`core`): buildings as found, the options of least loss as one exact program that also brings the plan back
   within all rows; then exchange again, from the best plan.
5. What is small enough is handed to HiGHS as a whole with the best plan to start from.
"""

from __future__ import annotations

import time as clock
from collections.abc import Iterator
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
from .regions import Regions, divide
from .search import EVEN, FILLING, FIRST, PACKING, PlanSearch
from .solution import Plan, Stopped
from .stop import Stop

Float = NDArray[np.float64]

STEPS = 500
PRICE_TIME = 0.4  # of the time, at most, for prices
FACTOR = 0.3  # of the natural price: what exchanging blocks pay for exceeding a row
GRIP = 0.3  # how much what others lose counts when a block proposes an exchange
CORE_KEEP = 3000  # options in a core
CORE_REACH = 100_000  # options of the regions that share a core
CORE_NODES = 100
CORE_GAP = 2e-4
CORE_SECONDS = 30.0
CORE_PENALTY = 30.0  # of the natural price: what a core pays for a row that it leaves exceeded
ROUNDS = 6
WHOLE = 6000  # options up to which HiGHS may try the whole program at the end


@dataclass(slots=True)
class _Run:
    """One stage under way."""

    problem: Problem
    stop: Stop
    seed: int
    threads: int
    halt: Interrupt
    progress: Progress | None
    began: float
    search: PlanSearch | None = None
    bound: int | None = None
    work: int = 0

    def left(self) -> float:
        """Seconds left."""
        return np.inf if self.stop.time is None else self.stop.time - (clock.monotonic() - self.began)

    def go_on(self) -> bool:
        """Neither out of time nor interrupted: what every loop asks."""
        return not self.halt.is_set and self.left() > 0

    def best(self) -> int | None:
        """Value of the best plan."""
        return None if self.search is None or self.search.best is None else self.search.best_value

    def tell(self) -> None:
        """Report plan and bound."""
        if self.progress is not None:
            self.progress(self.best(), self.bound)

    def done(self) -> bool:
        """Whether the gap asked for is reached."""
        best = self.best()
        if best is None or self.bound is None:
            return False
        return self.bound - best <= self.stop.gap * max(1, abs(self.bound))

    def spent(self) -> int:
        """Work so far: price steps, passes, nodes."""
        return self.work + (0 if self.search is None else self.search.passes)

    def more(self) -> bool:
        """Whether there is reason and leave to go on with another phase."""
        return self.go_on() and not self.done() and (self.stop.work is None or self.spent() < self.stop.work)

    def exact(self, part: Problem, limits: Stop, start: Plan | None) -> Outcome:
        """Solve a small program with HiGHS, on one thread: the plan must not depend on the number of threads."""
        time = min(CORE_SECONDS, max(0.2, self.left()))
        return solve_whole(
            part, stop=Stop(time=time, gap=limits.gap, work=limits.work), seed=self.seed, threads=1,
            progress=None, interrupt=self.halt, warm=start,
        )  # fmt: skip


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
    run = _Run(problem, stop, seed, threads, interrupt or Interrupt(), progress, clock.monotonic())
    priced = make_priced(problem)
    found = _prices(priced, run, warm)
    run.work = found.steps
    run.bound = int(np.floor(found.bound + 1e-6)) if np.isfinite(found.bound) else None
    search = run.search = PlanSearch(priced, found.row, np.random.default_rng(seed), run.go_on)
    if warm is not None:
        search.offer(warm)
    run.tell()
    if run.more():
        search.run(FIRST + PACKING)
        search.offer(search.plan)
        run.tell()
    _cores(run, search, found)
    infeasible, error = False, ""
    if run.more() and (problem.options <= WHOLE or search.best is None):
        infeasible, error = _whole(run, search)
    best = run.best()
    if run.halt.is_set:
        stopped = Stopped.USER
    elif run.done():
        stopped = Stopped.OPTIMAL if best == run.bound else Stopped.GAP
    else:
        stopped = Stopped.TIME if run.left() <= 0 else Stopped.WORK
    if infeasible:
        stopped = Stopped.OPTIMAL
    return Outcome(
        stopped, plan=search.best, bound=run.bound, work=run.spent(), infeasible=infeasible,
        prices=Prices(found.group, found.row), error=error,
    )  # fmt: skip


def _prices(priced: Priced, run: _Run, warm: Plan | None) -> DualPrices:
    p, limit = priced.problem, run.stop
    held = None if warm is None else profit(p, p.objectives[0], warm)
    steps = STEPS if limit.work is None else max(1, min(STEPS, limit.work))

    def proceed(step: int, bound: float) -> bool:
        if run.progress is not None and step % 50 == 0:
            run.progress(held, int(np.floor(bound + 1e-6)))
        return run.go_on() and (step < 20 or run.left() > (1 - PRICE_TIME) * (limit.time or np.inf))

    return find_prices(priced, steps=steps, proceed=proceed)


def _cores(run: _Run, search: PlanSearch, found: DualPrices) -> None:
    """Exchange with rows that may be exceeded, then the cores of what was found; again and again."""
    if not run.more():
        return
    p, priced = run.problem, search.priced
    regions = divide(p)
    at = evaluate(priced, found.group, found.row)
    loss, _ = losses(priced.layout, p.option_period, at.option_profit, at.opening_profit)
    penalty = np.where(search.books.row_soft, search.books.row_penalty, CORE_PENALTY * search.overspending)
    limits = Stop(time=None, gap=CORE_GAP, work=CORE_NODES)
    for number in range(ROUNDS):
        if not run.more():
            return
        if number and search.best is not None:
            search.load(search.best)
        search.run(EVEN * (2 if number == 0 else 1), factor=FACTOR * (1 + number % 3), grip=GRIP)
        plan = search.plan
        openings = plan.opening
        if number and search.best is not None:
            openings = openings | search.best.opening
        for chosen in _bundles(p, regions, search.random):
            if not run.go_on():
                break
            outcome = solve_core(
                p, plan, loss, penalty, keep=CORE_KEEP, openings=openings, regions=regions, chosen=chosen,
                solve_part=run.exact, stop=limits,
            )  # fmt: skip
            run.work += outcome.work
            plan = outcome.plan
        search.offer(plan)
        run.tell()
        if not run.more():
            return
        search.load(plan)
        if violations(p, plan):
            search.mend()
        else:
            search.run(FILLING, grip=GRIP)
        search.offer(search.plan)
        run.tell()


def _bundles(problem: Problem, regions: Regions, random: np.random.Generator) -> Iterator[tuple[int, ...] | None]:
    """Regions whose cores are solved together: all of them, or as many as a core can hold."""
    if problem.options <= CORE_REACH or regions.count < 2:
        yield None
        return
    size = np.bincount(regions.option, minlength=regions.count)
    bundle: list[int] = []
    for number in random.permutation(regions.count).tolist():
        if bundle and size[bundle].sum() + size[number] > CORE_REACH:
            yield tuple(bundle)
            bundle = []
        bundle.append(number)
    if bundle:
        yield tuple(bundle)


def _whole(run: _Run, search: PlanSearch) -> tuple[bool, str]:
    """HiGHS on the whole program with the time that is left, from the best plan; whether nothing is feasible, and errors."""
    work = None if run.stop.work is None else max(1, run.stop.work - run.spent())
    left = run.left()
    outcome = solve_whole(
        run.problem, stop=Stop(time=None if np.isinf(left) else max(0.1, left), gap=run.stop.gap, work=work),
        seed=run.seed, threads=run.threads, progress=None, interrupt=run.halt, warm=search.best,
    )  # fmt: skip
    run.work += outcome.work
    if outcome.bound is not None and not outcome.infeasible:
        run.bound = outcome.bound if run.bound is None else min(run.bound, outcome.bound)
    if outcome.plan is not None:
        search.offer(outcome.plan)
    run.tell()
    return outcome.infeasible and search.best is None, outcome.error
