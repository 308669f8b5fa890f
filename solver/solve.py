"""The recipe: stage after stage, each from the plan of the one before, bounds certified, plans checked."""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, partial
from importlib import import_module
from typing import cast

from .backends.outcome import Outcome, Prices
from .certificate import Certificate, StagePrices, certified_bound, make_stage
from .choice import chosen
from .dual import Settle
from .events import Event, Watcher, silent
from .feasibility import profit, violations
from .group_rows import tightened
from .idle import without_idle_openings
from .interrupt import Interrupt
from .methods import brought
from .problem import Objective, Problem
from .solution import HEADLINE, Plan, Solution, StageResult, Status, Stopped, TracePoint
from .stop import Stop

AFTER_KERNELS = 0.5  # of the time asked for, at least, once the kernels are compiled
FIRST_PLAN_SHARE = 0.7  # of the time, at most, until there is a plan of any value
ANY_PLAN = 20_000  # options up to which HiGHS is asked for a plan of any value where the decomposition found none
PRICE_SHARE = 0.15  # of a stage's time, at most, for prices that certify its bound
PLAIN_LIMIT = 5_000  # options; below it plain code certifies sooner than kernels compile
PROOF_SECONDS = 4e-6  # for each option, kept back for the certificate of a method that brings prices


@dataclass(frozen=True, slots=True)
class Door:
    """Where a method stands: its module below this package, imported only when used, and its function.

    The function solves one stage, the first objective of a problem: see `backends.highs.solve_stage`.

    `brings_prices` says that its outcome holds prices for the certificate, so that none are sought before;
    `compiled` that it runs kernels which the first run on a machine must compile.
    """

    module: str
    function: str = "solve_stage"
    brings_prices: bool = False
    compiled: bool = False


METHODS: dict[str, Door] = {
    "highs": Door(".backends.highs"),
    "decomposition": Door(".decomposition", brings_prices=True, compiled=True),
    "scip": Door(".backends.scip"),
    "cpsat": Door(".backends.cp_sat"),
    "cbc": Door(".backends.cbc"),
    "race": Door(".race", brings_prices=True, compiled=True),
}


def methods() -> tuple[str, ...]:
    """Names that `solve` accepts."""
    return ("auto", *METHODS, *(name for name in brought() if name not in METHODS))


def door(name: str) -> Door:
    """The door of a method: one of `METHODS`, else that of an installed package; `KeyError` without either."""
    if name in METHODS:
        return METHODS[name]
    return Door(brought()[name].module, brought()[name].function)


def solve(
    problem: Problem,
    *,
    method: str = "auto",
    stop: Stop | None = None,
    seed: int = 0,
    threads: int = 2,
    watch: Watcher = silent,
    interrupt: Interrupt | None = None,
    warm: Plan | None = None,
    prices: Certificate | None = None,
) -> Solution:
    """The best plan found, with its bounds; every plan given out obeys all rules of the problem.

    Objectives are taken one after the other; each keeps the values reached before it. `warm` is a plan to
    start from, `prices` the certificate of an earlier run of the same columns and rows: with other limits, profits or
    bounds of columns (`dataclasses.replace` on the problem) a run goes on from both without anything being built anew. A
    plan that no longer obeys the rules still shows the decomposition where to begin. The same seed and `stop.work`
    without a time give the same plan again.
    """
    name = chosen(problem) if method == "auto" else method
    if name not in methods():
        raise ValueError(f"method is {method!r}; choose one of {', '.join(methods())}")
    run = _Run(
        tightened(problem),
        name,
        stop or Stop(),
        seed,
        threads,
        watch,
        interrupt or Interrupt(),
        hint=warm,
        prices=prices,
    )
    run.tell("start")
    if door(name).compiled:
        run.tell("kernels")
        _warm_up()
        run.warmed = run.seconds()
    if warm is not None and not violations(problem, warm):
        run.plan = warm
    for number in range(len(problem.objectives)):
        if not run.stage(number):
            break
    return run.solution()


@cache
def _warm_up() -> None:
    """Compile the kernels, once in a process."""
    from .warm_up import warm_up  # late: kernels are slow to import

    warm_up()


@dataclass(slots=True)
class _Run:
    """What is known so far; one stage after the other adds to it."""

    problem: Problem
    method: str
    stop: Stop
    seed: int
    threads: int
    watch: Watcher
    interrupt: Interrupt
    hint: Plan | None = None  # where to begin; it may break rules
    prices: Certificate | None = None  # of an earlier run
    began: float = field(default_factory=clock.monotonic)
    warmed: float = 0.0  # seconds until the kernels were there
    plan: Plan | None = None
    work: int = 0
    infeasible: bool = False
    error: str = ""
    results: list[StageResult] = field(default_factory=list)
    reasons: list[Stopped] = field(default_factory=list)
    trace: list[TracePoint] = field(default_factory=list)
    proofs: dict[int, tuple[int, StagePrices]] = field(default_factory=dict)

    def seconds(self) -> float:
        """Seconds since the start."""
        return clock.monotonic() - self.began

    def tell(self, phase: str, objective: int | None = None, bound: int | None = None, stage: str = "") -> None:
        """Report to the watcher, and keep changes of plan or bound in the trace."""
        seconds = self.seconds()
        self.watch(Event(phase, seconds, objective, bound, stage))
        if objective is None and bound is None:
            return
        last = self.trace[-1] if self.trace else None
        if last is None or (last.stage, last.objective, last.bound) != (stage, objective, bound):
            self.trace.append(TracePoint(seconds, stage, objective, bound))

    def allowed(self) -> float | None:
        """Seconds the run may take in all: what was asked for, but after the kernels a part of it in any case."""
        return None if self.stop.time is None else max(self.stop.time, self.warmed + AFTER_KERNELS * self.stop.time)

    def left(self, number: int) -> float | None:
        """Seconds that stage `number` may use: until its share of the time after the kernels ends."""
        allowed = self.allowed()
        if allowed is None:
            return None
        ends = deadlines([objective.name for objective in self.problem.objectives])
        return self.warmed + (allowed - self.warmed) * ends[number] - self.seconds()

    def patience(self, left: float | None) -> float:
        """Seconds beyond those `left` to a stage that may go by without a plan: later stages cannot begin without one."""
        allowed = self.allowed()
        if allowed is None or left is None or self.plan is not None:
            return 0.0
        return max(0.0, self.warmed + (allowed - self.warmed) * FIRST_PLAN_SHARE - self.seconds() - left)

    def stage(self, number: int) -> bool:
        """Solve one stage; False when the later ones have nothing to start from."""
        name = self.problem.objectives[number].name
        reached = tuple(cast(int, result.objective) for result in self.results)
        problem = self.problem.stage(number, reached)
        before = None if self.plan is None else profit(problem, problem.objectives[0], self.plan)
        bound = certified = None
        stopped = Stopped.USER if self.interrupt.is_set else Stopped.TIME
        left = self.left(number)
        if not self.interrupt.is_set and (left is None or left > 0):
            if not door(self.method).brings_prices:
                certified = self._certify(problem, number, reached, left)
                self.tell("prices", before, certified, name)
            if before is not None and certified is not None and before >= certified:
                outcome = Outcome(Stopped.OPTIMAL, bound=certified)  # the plan of the stage before is the best
            else:
                outcome = self._search(problem, number, name, certified)
            if outcome.prices is not None:
                certified = self._keep_prices(problem, number, reached, outcome.prices, outcome)
            self.work += outcome.work
            self.error = self.error or outcome.error
            if outcome.infeasible and self.plan is None:
                self.infeasible = True
            bound, stopped = outcome.bound, outcome.stopped
            self._take(problem, outcome.plan)
            hopeful = problem.options <= ANY_PLAN or not door(self.method).brings_prices
            if self.plan is None and hopeful and not outcome.infeasible and stopped in (Stopped.TIME, Stopped.WORK):
                self._any_plan(problem)
        if self.plan is None:
            self.reasons.append(stopped)
            self.results.append(StageResult(name, None, _lower(bound, certified), certified))
            return False
        objective = profit(problem, problem.objectives[0], self.plan)
        # a plan that passed the check outweighs a claimed bound below it
        bound = _lower(None if bound is None else max(bound, objective), certified)
        if bound == objective:
            stopped = Stopped.OPTIMAL
        self.reasons.append(stopped)
        self.results.append(StageResult(name, objective, bound, certified))
        self.tell("stage", objective, bound, name)
        return True

    def _certify(self, problem: Problem, number: int, reached: tuple[int, ...], left: float | None) -> int | None:
        from .backends.highs import lp_prices

        budget = None if left is None else PRICE_SHARE * left
        prices = lp_prices(problem, time=budget, threads=self.threads, interrupt=self.interrupt)
        return None if prices is None else self._keep_prices(problem, number, reached, prices)

    def _keep_prices(
        self, problem: Problem, number: int, reached: tuple[int, ...], prices: Prices, outcome: Outcome | None = None
    ) -> int:
        settle: Settle | None = None
        tree, regions = (None, None) if outcome is None else (outcome.tree, outcome.regions)
        if problem.options > PLAIN_LIMIT or tree is not None or regions is not None:
            from .exact_walk import fast_roots_of  # late: compiled kernels are slow to import

            settle = fast_roots_of(problem)
        stage = make_stage(problem, number, reached, prices.group, prices.row, tree, regions)
        bound = certified_bound(self.problem, Certificate((stage,)), number, settle=settle)
        if number not in self.proofs or bound < self.proofs[number][0]:
            self.proofs[number] = (bound, stage)
        return self.proofs[number][0]

    def _search(self, problem: Problem, number: int, name: str, certified: int | None) -> Outcome:
        chosen = door(self.method)
        method: Callable[..., Outcome] = getattr(import_module(chosen.module, __package__), chosen.function)
        headline = _headline([objective.name for objective in self.problem.objectives])
        left = self.left(number)
        if left is not None and chosen.brings_prices:
            left -= PROOF_SECONDS * problem.options
        work = None if self.stop.work is None else max(0, self.stop.work - self.work)
        limits = Stop(
            time=None if left is None else max(0.1, left),
            gap=self.stop.gap if number >= headline else 0.0,
            work=work,
            patience=self.patience(left),
        )

        def progress(objective: int | None, bound: int | None) -> None:
            self.tell("search", objective, _lower(bound, certified), name)

        if chosen.brings_prices:
            method = partial(method, prices=self._earlier(problem, number), hint=self.hint)
        return method(
            problem, stop=limits, seed=self.seed, threads=self.threads,
            progress=progress, interrupt=self.interrupt, warm=self.plan,
        )  # fmt: skip

    def _earlier(self, problem: Problem, number: int) -> Prices | None:
        """Prices of the same stage of an earlier run, if it was about the same groups and rows."""
        for held in () if self.prices is None else self.prices.stages:
            if held.stage == number and (len(held.group_price), len(held.row_price)) == (problem.groups, problem.rows):
                return Prices(held.group_price / held.scale, held.row_price / held.scale)
        return None

    def _any_plan(self, problem: Problem) -> None:
        """Look for a plan of any value: without an objective searches find one sooner, and later stages can begin."""
        allowed = self.allowed()
        left = None if allowed is None else FIRST_PLAN_SHARE * (allowed - self.seconds())
        if self.interrupt.is_set or (left is not None and left <= 0):
            return
        self.tell("first plan")
        from .backends.highs import solve_stage

        objective = problem.objectives[0]
        nothing = Objective(objective.name, 0 * objective.option, 0 * objective.opening, 0 * objective.extra)
        outcome = solve_stage(
            replace(problem, objectives=(nothing,)), stop=Stop(time=left, work=self.stop.work), seed=self.seed,
            threads=self.threads, interrupt=self.interrupt,
        )  # fmt: skip
        self.work += outcome.work
        self.infeasible = outcome.infeasible
        self._take(problem, outcome.plan)

    def _take(self, problem: Problem, plan: Plan | None) -> None:
        """Keep a plan if it obeys every rule and is no worse than the one held."""
        if plan is None:
            return
        if violations(problem, plan):
            from .backends.highs import settled

            mended = settled(problem, plan)
            if mended is None or violations(problem, mended):
                self.error = self.error or "the plan found breaks a rule by more than the tolerance"
                return
            plan = mended
        objective = problem.objectives[0]
        if self.plan is None or profit(problem, objective, plan) >= profit(problem, objective, self.plan):
            self.plan = plan

    def _given_out(self) -> tuple[StageResult, ...]:
        """The stages with the values of the plan that is given out: a later stage may have raised an earlier value."""
        if self.plan is None:
            return tuple(self.results)
        out = []
        for objective, result in zip(self.problem.objectives, self.results, strict=False):
            value = profit(self.problem, objective, self.plan)
            bound = None if result.bound is None else max(result.bound, value)
            out.append(replace(result, objective=value, bound=bound))
        return tuple(out)

    def solution(self) -> Solution:
        """The result of all that happened."""
        if self.plan is not None:
            self.plan = without_idle_openings(self.problem, self.plan)
        stages = self._given_out()
        order = (Stopped.USER, Stopped.TIME, Stopped.WORK, Stopped.GAP)
        stopped = next((reason for reason in order if reason in self.reasons), Stopped.OPTIMAL)
        if self.infeasible:
            status, stopped = Status.INFEASIBLE, Stopped.OPTIMAL
        elif self.plan is None:
            status = Status.ERROR if self.error else Status.INTERRUPTED
        else:
            proven = all(result.objective == result.bound for result in stages)
            status = Status.OPTIMAL if proven else Status.FEASIBLE
        return Solution(
            status=status,
            stopped=stopped,
            plan=self.plan,
            stages=stages,
            seconds=self.seconds(),
            method=self.method,
            seed=self.seed,
            work=self.work,
            trace=tuple(self.trace),
            certificate=Certificate(tuple(stage for _, stage in self.proofs.values())) if self.proofs else None,
            error=self.error,
        )


def deadlines(names: list[str]) -> list[float]:
    """When each stage must end, as a share of the whole time; what one leaves unused passes to the next.

    Stages before the headline share 15 %, the headline takes 75 %, those after it share the rest.
    """
    headline = _headline(names)
    before, after = headline, len(names) - headline - 1
    weight = [0.15 / max(before, 1)] * before + [0.75] + [0.10 / max(after, 1)] * after
    total, ends = 0.0, []
    for share in weight:
        total += share
        ends.append(total)
    return [end / total for end in ends]


def _headline(names: list[str]) -> int:
    return names.index(HEADLINE) if HEADLINE in names else len(names) - 1


def _lower(one: int | None, other: int | None) -> int | None:
    known = [value for value in (one, other) if value is not None]
    return min(known) if known else None
