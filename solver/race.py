"""The decomposition here and HiGHS on the whole program in a process of its own, at the same time: the better plan wins.

Which of the two is better on a program of middle size without money is not seen from its shape, so neither is left out.
The decomposition begins with the prices of the linear relaxation, which is soon solved at that size.

Nothing is decided by who comes first where a limit of work is set and none of time: both then go to their limits, each as if
the other were not there, and plans are compared by value, the decomposition's winning a tie. A limit of time alone lets
the one that has reached the gap end the other.
"""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from .backends.highs import lp_prices, settled
from .backends.highs import solve_stage as solve_whole
from .backends.outcome import Outcome, Prices, Progress
from .branching import prove
from .certificate import Certificate, certified_bound, make_stage
from .decomposition import solve_stage as decompose
from .exact_walk import fast_roots_of
from .feasibility import profit, violations
from .interrupt import Interrupt
from .leaves import Tree
from .problem import Problem
from .solution import Plan, Stopped
from .stop import Stop

RELAXATION = 0.15  # of the time, at most, for the linear relaxation
FIRST_TURN = 0.25  # of the time for HiGHS where the two take turns
TOLD_EVERY = 0.2  # seconds between two reports once the decomposition has ended
CASES = 6000  # options up to which cases are distinguished once HiGHS has ended the search for plans


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
    """Solve the first objective of a problem with both; each has `stop.work` for itself, in its own steps.

    With one thread HiGHS has its turn first, for a quarter of the time. The claimed bound is the lower one of both, the prices those
    that prove more.
    """
    race = _Race(problem, stop, seed, interrupt or Interrupt(), progress, warm)
    if threads > 1:
        return race.together(threads - 1, prices, hint)
    return race.in_turns(prices, hint)


class _Halt(Interrupt):
    """Set by the user's interrupt or by its own."""

    __slots__ = ("_outer",)

    def __init__(self, outer: Interrupt) -> None:
        super().__init__()
        self._outer = outer

    @property
    def is_set(self) -> bool:
        """Whether either was set."""
        return self._outer.is_set or super().is_set


@dataclass(slots=True)
class _Race:
    """One stage under way."""

    problem: Problem
    stop: Stop
    seed: int
    interrupt: Interrupt
    progress: Progress | None
    warm: Plan | None
    began: float = field(default_factory=clock.monotonic)
    told: tuple[int | None, int | None] = (None, None)  # what HiGHS said last: value and bound
    relaxed: Prices | None = None  # prices of the linear relaxation

    def together(self, threads: int, prices: Prices | None, hint: Plan | None) -> Outcome:
        """Both at the same time, the decomposition on so many threads (after the relaxation) and HiGHS on one more."""
        here_halt, whole_halt = _Halt(self.interrupt), _Halt(self.interrupt)

        def ended(future: Future[Outcome]) -> None:
            if self.stop.work is None and future.exception() is None and self._reached(future.result()):
                here_halt.set()

        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(self._whole, self.stop, whole_halt)
            future.add_done_callback(ended)
            try:
                self._relax()
                here = self._here(threads, here_halt, self.warm, prices, hint)
                reached = self._reached(here)
                if reached:
                    whole_halt.set()
                value = None if here.plan is None else self._value(here.plan)
                while not wait([future], TOLD_EVERY).done:
                    self._tell(value, here.bound)
                # what a search that was ended had found depends on the clock
                whole = None if reached and self.stop.work is not None else future.result()
            finally:
                whole_halt.set()
        return self._merged(here, whole)

    def in_turns(self, prices: Prices | None, hint: Plan | None) -> Outcome:
        """HiGHS first, then the decomposition, each on one thread."""
        self._relax()
        time = self._left().time
        whole = self._whole(replace(self.stop, time=None if time is None else FIRST_TURN * time), self.interrupt)
        if self.stop.work is not None:
            return self._merged(self._here(1, self.interrupt, self.warm, prices, hint), whole)
        if self._reached(whole):
            return self._merged(None, whole)
        plan = self._checked(whole.plan)
        return self._merged(self._here(1, self.interrupt, plan or self.warm, prices, hint), whole)

    def _left(self) -> Stop:
        """The limits, with the time that is left."""
        time = self.stop.time
        return self.stop if time is None else replace(self.stop, time=max(0.1, time - clock.monotonic() + self.began))

    def _relax(self) -> None:
        """Prices of the linear relaxation."""
        time = None if self.stop.time is None else RELAXATION * self.stop.time
        self.relaxed = lp_prices(self.problem, time=time, threads=1, interrupt=self.interrupt)

    def _here(
        self, threads: int, halt: Interrupt, warm: Plan | None, prices: Prices | None, hint: Plan | None
    ) -> Outcome:
        """The decomposition, from the best prices known."""
        return decompose(
            self.problem, stop=self._left(), seed=self.seed, threads=threads, progress=self._tell, interrupt=halt, warm=warm,
            prices=self.relaxed or prices, hint=hint,
        )  # fmt: skip

    def _whole(self, stop: Stop, halt: Interrupt) -> Outcome:
        """HiGHS on the whole program, in a process of its own."""

        def progress(objective: int | None, bound: int | None) -> None:
            self.told = objective, bound

        return solve_whole(
            self.problem, stop=stop, seed=self.seed, threads=1, progress=progress, interrupt=halt, warm=self.warm,
            apart=True,
        )  # fmt: skip

    def _tell(self, objective: int | None, bound: int | None) -> None:
        """Report the better of both, from the thread of the caller alone."""
        if self.progress is not None:
            value, claimed = self.told
            self.progress(_of(max, objective, value), _of(min, bound, claimed))

    def _value(self, plan: Plan) -> int:
        return profit(self.problem, self.problem.objectives[0], plan)

    def _reached(self, outcome: Outcome) -> bool:
        """Whether an outcome needs no other: no plan is possible, or its plan is as near its bound as was asked for."""
        if outcome.infeasible:
            return True
        plan = self._checked(outcome.plan)
        return plan is not None and outcome.bound is not None and self._near(self._value(plan), outcome.bound)

    def _near(self, value: int, bound: int) -> bool:
        return bound - value <= self.stop.gap * max(1, abs(bound))

    def _checked(self, plan: Plan | None) -> Plan | None:
        """The plan if it obeys every rule, else with its money solved anew, else None."""
        if plan is None or not violations(self.problem, plan):
            return plan
        mended = settled(self.problem, plan)
        return None if mended is None or violations(self.problem, mended) else mended

    def _merged(self, here: Outcome | None, whole: Outcome | None) -> Outcome:
        """The better plan (the decomposition's where they are equal), the lower bound, the prices that prove more."""
        outcomes = [outcome for outcome in (here, whole) if outcome is not None]
        plan: Plan | None = None
        bound: int | None = None
        for outcome in outcomes:
            found = self._checked(outcome.plan)
            if found is not None and (plan is None or self._value(found) > self._value(plan)):
                plan = found
            bound = bound if outcome.infeasible else _of(min, bound, outcome.bound)
        infeasible = plan is None and any(outcome.infeasible for outcome in outcomes)
        prices, tree, certified = self._proof(here)
        work = max(outcome.work for outcome in outcomes)
        error = next((outcome.error for outcome in outcomes if outcome.error), "") if plan is None else ""
        ended = whole is not None and self._reached(whole) and not infeasible and not self.interrupt.is_set
        if ended and self.problem.options <= CASES and not self._holds(plan, certified):
            proof = prove(
                self.problem, prices=prices, plan=plan, stop=self._left(), seed=self.seed, interrupt=self.interrupt,
                progress=self._tell,
            )  # fmt: skip
            prices, tree, plan, work = proof.prices, proof.tree, proof.plan or plan, work + proof.work
            bound = _of(min, bound, proof.bound)
        if bound is not None and plan is not None:
            bound = max(bound, self._value(plan))
        return replace(
            here or outcomes[0], stopped=self._stopped(plan, bound, infeasible, outcomes), plan=plan, bound=bound, work=work,
            infeasible=infeasible, prices=prices, tree=tree, error=error,
        )  # fmt: skip

    def _holds(self, plan: Plan | None, bound: int | None) -> bool:
        """Whether a bound is as near the plan as was asked for."""
        return plan is not None and bound is not None and self._near(self._value(plan), bound)

    def _proof(self, here: Outcome | None) -> tuple[Prices | None, Tree | None, int | None]:
        """Prices and cases that prove the lowest bound, and that bound."""
        prices: Prices | None = None
        tree: Tree | None = None
        lowest: int | None = None
        held = [] if here is None or here.prices is None else [(here.prices, here.tree)]
        for one, cases in [*held, *([] if self.relaxed is None else [(self.relaxed, None)])]:
            stage = make_stage(self.problem, 0, (), one.group, one.row, cases)
            settle = fast_roots_of(self.problem)
            proved = certified_bound(self.problem, Certificate((stage,)), 0, settle=settle)
            if lowest is None or proved < lowest:
                prices, tree, lowest = one, cases, proved
        return prices, tree, lowest

    def _stopped(self, plan: Plan | None, bound: int | None, infeasible: bool, outcomes: list[Outcome]) -> Stopped:
        if infeasible or (plan is not None and bound == self._value(plan)):
            return Stopped.OPTIMAL
        if self._holds(plan, bound):
            return Stopped.GAP
        if self.interrupt.is_set:
            return Stopped.USER
        return Stopped.TIME if any(outcome.stopped is Stopped.TIME for outcome in outcomes) else Stopped.WORK


def _of(better: Callable[[int, int], int], one: int | None, other: int | None) -> int | None:
    """The better of two where both are known, else the one that is."""
    if one is None or other is None:
        return other if one is None else one
    return better(one, other)
