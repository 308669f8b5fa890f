"""The decomposition: prices first, then plans by rounding, ascent and exact cores of what the prices leave open.

1. **Prices** (`prices`): an averaged subgradient on the exact blocks; they bound every plan, and what the blocks take
   near them on average is almost a plan.
2. **First plan** (`rounding`, `search`): what is taken more often than not, its money routed, then blocks settled one after
   the other and together with their neighbours, where rows may be exceeded at a price; last brought back within all rows.
3. **Cores** (`core`): region by region, the choices that prices leave open, with all their money, as one exact program;
   in later rounds more choices and several regions at once.
4. What is small enough is handed to HiGHS as a whole with the best plan to start from.
"""

from __future__ import annotations

import time as clock
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .backends.highs import solve_stage as solve_whole
from .backends.outcome import Outcome, Prices, Progress
from .branching import prove
from .core import make_guide
from .feasibility import profit
from .first_plan import first_plan
from .interrupt import Interrupt
from .prices import DualPrices, Priced, find_prices, make_priced
from .problem import Problem
from .region_search import prove_regions
from .rounds import Rounds
from .search import PlanSearch
from .solution import Plan, Stopped
from .stop import Stop

Float = NDArray[np.float64]

STEPS = 1000
AGAIN = 4  # prices that begin with those of an earlier run take so many times fewer steps
PRICE_WORK = 0.5  # of the work, at most, for prices
FEWEST_STEPS = 100
STEP_SECONDS = 4e-8  # for each option, roughly
PRICE_TIME = 0.25  # of the time, at most, for prices
SWING_SHARE = 0.4  # of the time left once there is a plan, for swinging it
FAILURES = 3  # swings that did not better the plan, after which there are no more
WHOLE = 6000  # options up to which HiGHS gets the whole program, and cases are distinguished for a proof
LAST_RESORT = 20_000  # the same where there is no plan at all
FEW = 1500  # options up to which cases of the whole are distinguished even where there are several regions
WHOLE_SHARE = 0.5  # of the time left then, for HiGHS
ROUNDS_SHARE = 0.4  # of the time that rounds may take where that follows


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
        """Seconds left; without a plan a little patience."""
        if self.stop.time is None:
            return np.inf
        patience = self.stop.patience if self.best() is None else 0.0
        return self.stop.time + patience - (clock.monotonic() - self.began)

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

    def lowered(self, bound: int) -> None:
        """Keep a bound if it is the lowest, and report it."""
        self.bound = bound if self.bound is None else min(self.bound, bound)
        self.tell()

    def done(self) -> bool:
        """Whether the gap asked for is reached."""
        best = self.best()
        if best is None or self.bound is None:
            return False
        return self.bound - best <= self.stop.gap * max(1, abs(self.bound))

    def small_and_late(self) -> bool:
        """Whether the time of the rounds is over on a problem that is small enough for exact methods."""
        limit = self.stop.time
        return self.problem.options <= WHOLE and limit is not None and self.left() < (1 - ROUNDS_SHARE) * limit

    def unproven(self, certified: float) -> bool:
        """Whether a bound that anyone can recompute is still too far from the plan, and there is leave to go on."""
        best = self.best()
        near = best is not None and certified - best < max(1.0, self.stop.gap * abs(certified))
        return not near and self.go_on() and (self.stop.work is None or self.spent() < self.stop.work)

    def limits(self) -> Stop:
        """What is left of time and work."""
        return Stop(
            time=None if np.isinf(self.left()) else max(0.1, self.left()),
            gap=self.stop.gap,
            work=None if self.stop.work is None else max(1, self.stop.work - self.spent()),
        )

    def spent(self) -> int:
        """Work so far: price steps, passes, nodes."""
        return self.work + (0 if self.search is None else self.search.passes)

    def more(self) -> bool:
        """Whether there is reason and leave to go on with another phase."""
        return self.go_on() and not self.done() and (self.stop.work is None or self.spent() < self.stop.work)

    def exact(self, part: Problem, limits: Stop, start: Plan | None) -> Outcome:
        """Solve a small program with HiGHS, on one thread: the plan must not depend on the number of threads."""
        time = limits.time if limits.time is None else max(0.2, min(limits.time, self.left()))
        return solve_whole(
            part, stop=Stop(time=time, gap=limits.gap, work=limits.work), seed=self.seed, threads=1,
            progress=None, interrupt=self.halt, warm=start, quick=True,
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
    prices: Prices | None = None,
    hint: Plan | None = None,
) -> Outcome:
    """Solve the first objective of a problem; `stop.work` counts price steps, passes and search nodes of the cores.

    `warm` is a plan that is allowed; `prices` of an earlier run and `hint`, a plan that need not be allowed, are only places
    to begin. The outcome holds prices that prove its bound; its plan obeys every rule or is None.
    """
    run = _Run(problem, stop, seed, threads, interrupt or Interrupt(), progress, clock.monotonic())
    priced = make_priced(problem)
    found = _prices(priced, run, warm, prices)
    run.work = found.steps
    run.bound = int(np.floor(found.bound + 1e-6)) if np.isfinite(found.bound) else None
    search = run.search = PlanSearch(priced, found.row, np.random.default_rng(seed), run.go_on, threads)
    if warm is not None:
        search.offer(warm)
    run.tell()
    guide = make_guide(priced, found)
    if run.more():
        start, reach = first_plan(problem, search, found.average, guide, hint, run.left, run.tell)
        rounds = Rounds(
            problem,
            guide,
            search,
            start,
            reach,
            run.exact,
            run.more,
            run.left,
            run.tell,
            run.threads,
        )
        rounds.repair()
        _swings(run, rounds)
        while run.more() and not run.small_and_late() and rounds.round():
            rounds.repair()
        run.work += rounds.work
    infeasible, error, tree, regions = False, "", None, None
    if run.more() and problem.options <= (WHOLE if search.best is not None else LAST_RESORT):
        infeasible, error = _whole(run, search)
    prices, certified = Prices(found.group, found.row), found.bound
    if problem.options > FEW and not infeasible and run.unproven(certified):
        regions = prove_regions(
            problem, prices, plan=search.best, value=run.best(), stop=run.limits(), seed=seed, interrupt=run.halt,
            progress=run.lowered,
        )  # fmt: skip
        run.work += regions.work if regions else 0
    if regions is None and problem.options <= WHOLE and not infeasible and run.unproven(certified):
        proof = prove(
            problem,
            prices=prices,
            plan=search.best,
            stop=run.limits(),
            seed=seed,
            interrupt=run.halt,
            progress=progress,
        )
        if proof.plan is not None:
            search.offer(proof.plan)
        run.work += proof.work
        run.bound = proof.bound if run.bound is None else min(run.bound, proof.bound)
        prices, tree = proof.prices, proof.tree
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
        prices=prices, tree=tree, regions=regions.proofs if regions else None, error=error,
    )  # fmt: skip


def _prices(priced: Priced, run: _Run, warm: Plan | None, earlier: Prices | None) -> DualPrices:
    p, limit = priced.problem, run.stop
    held = None if warm is None else profit(p, p.objectives[0], warm)
    steps = STEPS if limit.work is None else max(1, min(STEPS, int(PRICE_WORK * limit.work)))
    if limit.time is not None:  # a cycle of steps that is cut short is worth little: as many as fit, by size alone
        steps = min(steps, max(FEWEST_STEPS, int(PRICE_TIME * limit.time / (STEP_SECONDS * max(p.options, 1)))))

    def proceed(step: int, bound: float) -> bool:
        if run.progress is not None and step % 50 == 0:
            run.progress(held, int(np.floor(bound + 1e-6)))
        elapsed = clock.monotonic() - run.began
        return run.go_on() and (step < 20 or limit.time is None or elapsed < PRICE_TIME * limit.time)

    if earlier is None:
        return find_prices(priced, steps=steps, proceed=proceed, threads=run.threads)
    start = (earlier.group, earlier.row)
    return find_prices(priced, steps=max(1, steps // AGAIN), start=start, proceed=proceed, threads=run.threads)


def _swings(run: _Run, rounds: Rounds) -> None:
    """Swing the plan again and again, for a part of the time, until that has failed often enough."""
    began, limit, failed = clock.monotonic(), run.left(), 0
    while failed < FAILURES and run.more() and clock.monotonic() - began < SWING_SHARE * limit:
        failed += not rounds.swing()


def _whole(run: _Run, search: PlanSearch) -> tuple[bool, str]:
    """HiGHS on the whole program from the best plan, for a part of the time; whether nothing is feasible, and errors."""
    limits = run.limits()
    share = WHOLE_SHARE if search.best is not None else 1.0
    outcome = solve_whole(
        run.problem, stop=Stop(None if limits.time is None else share * limits.time, limits.gap, limits.work),
        seed=run.seed, threads=run.threads, progress=None, interrupt=run.halt, warm=search.best,
    )  # fmt: skip
    run.work += outcome.work
    if outcome.bound is not None and not outcome.infeasible:
        run.bound = outcome.bound if run.bound is None else min(run.bound, outcome.bound)
    if outcome.plan is not None:
        search.offer(outcome.plan)
    run.tell()
    return outcome.infeasible and search.best is None, outcome.error
