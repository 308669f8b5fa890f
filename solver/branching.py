"""Branching: plans are divided into cases until the bound of every case meets the best plan.

The case with the highest bound is divided first. Its question is one that the mixture of its patterns leaves open
(`decisions`), chosen by what such questions did to the bound before (pseudo-costs), or, where nothing is known, by trying
both sides for a few steps. Both sides inherit prices and patterns (`column_generation`). Nothing is concluded but by prices,
so that the leaves are a proof (`case_tree`).
"""

from __future__ import annotations

import heapq
import time as clock
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .backends.highs import settled
from .backends.highs_run import running, search
from .backends.outcome import Limits, Prices, Progress
from .case_tree import Node, make_tree
from .cases import Decision, make_case
from .column_generation import CasePrices, bound_case
from .decisions import Question, questions
from .exact_walk import fast_roots_of
from .feasibility import violations
from .fixed_prices import FixedPrices
from .interrupt import Interrupt
from .leaves import Tree
from .master import Master, Mixture
from .matrix import Matrix
from .prices import Evaluation, Priced, find_prices, make_priced
from .problem import Problem
from .solution import Plan
from .stop import Stop

Float = NDArray[np.float64]

STEPS = 300  # of the subgradient at the top
TOP_STEPS = 1500  # of column generation at the top
NODE_STEPS = 150
TRIAL_STEPS = 4  # on each side of a question that is only tried
TRIED = 4  # questions tried where nothing is known of them
KNOWN = 2  # answers after which a question counts as known
FAR = 0.1  # of the distance to the plan: nearer than this to the least bound a case is divided
KERNEL_NODES = 300  # of HiGHS on the columns that mixtures use
KERNEL_SECONDS = 10.0
KERNEL_SHARE = 0.25  # of the time so far that kernels may take
OPENED = 0.3  # of an opening, at least, in the mixture, for a kernel to have it
PROOF_SHARE = 0.05  # of the time, kept for whole prices of the leaves


@dataclass(frozen=True, slots=True)
class Proof:
    """What branching found: the bound in whole points, the tree that proves it, the best plan known, prices of the top.

    `nodes` are the cases that were bounded, `work` the evaluations of the dual function.
    """

    bound: int
    tree: Tree
    plan: Plan | None
    prices: Prices
    nodes: int
    work: int


def prove(
    problem: Problem,
    *,
    prices: Prices | None = None,
    plan: Plan | None = None,
    stop: Stop | None = None,
    seed: int = 0,
    interrupt: Interrupt | None = None,
    progress: Progress | None = None,
    improve: Callable[[Plan], Plan | None] | None = None,
) -> Proof:
    """Bound the first objective by cases, from prices and a plan where they are known, until a limit is reached.

    `stop.work` counts evaluations of the dual function. `improve` may turn each new plan into a better one. Every plan
    given back obeys all rules. The proof holds whatever ended the search.
    """
    with running(1) as highs:
        run = Branching(problem, stop or Stop(), seed, interrupt or Interrupt(), progress, improve, highs)
        run.offer(plan)
        for _ in run.search(prices):
            pass
        return run.proof()


@dataclass(slots=True)
class _Known:
    """What dividing by a question did to the bounds of both sides, per unit of the mixture's answer, in all."""

    count: int = 0
    low: float = 0.0
    high: float = 0.0


@dataclass(slots=True)
class Branching:
    """A search under way. Rows of `fixed` are not limited: their use is paid for."""

    problem: Problem
    stop: Stop
    seed: int
    halt: Interrupt
    progress: Progress | None
    improve: Callable[[Plan], Plan | None] | None
    highs: Any
    fixed: FixedPrices | None = None
    far: float = FAR
    began: float = field(default_factory=clock.monotonic)
    plan: Plan | None = None
    value: int | None = None
    work: int = 0
    nodes: int = 0
    known: dict[tuple[str, int, int], _Known] = field(default_factory=dict)
    priced: Priced = field(init=False)
    master: Master = field(init=False)
    matrix: Matrix = field(init=False)
    used: NDArray[np.bool_] = field(init=False)
    open: list[tuple[float, int, Node, list[Question]]] = field(default_factory=list)
    stuck: float = -np.inf  # bounds of cases that cannot be divided
    searched: float = 0.0  # seconds that kernels took
    tried: set[bytes] = field(default_factory=set)  # openings that a kernel was given
    top: Node = field(init=False)
    paid: FixedPrices = field(init=False)

    def __post_init__(self) -> None:
        self.priced = make_priced(self.problem)
        self.paid = self.fixed or FixedPrices.none(self.problem)
        self.master = Master(self.highs, self.priced, self.paid)
        self.matrix = self.paid.matrix(self.problem)
        self.used = np.zeros(self.matrix.columns, np.bool_)
        self.used[self.matrix.first_extra :] = True

    # limits

    def left(self) -> float:
        """Seconds left for the search."""
        if self.stop.time is None:
            return np.inf
        return (1 - PROOF_SHARE) * self.stop.time - (clock.monotonic() - self.began)

    def go_on(self) -> bool:
        """Neither out of time or work nor interrupted."""
        return (
            not self.halt.is_set and self.left() > 0 and (self.stop.work is None or self.work < self.stop.work)
        )  # fmt: skip

    def enough(self, bound: float) -> bool:
        """Whether a bound meets the best plan, within the gap allowed."""
        if self.value is None:
            return False
        allowed = int(self.stop.gap * abs(self.value) / (1 + self.stop.gap))
        return bound < self.value + allowed + 1 - 1e-4

    def tell(self, bound: float) -> None:
        """Report plan and bound."""
        if self.progress is not None:
            self.progress(self.value, int(np.floor(bound + 1e-6)))

    # plans

    def offer(self, plan: Plan | None, *, further: bool = True) -> None:
        """Keep a plan if it obeys every rule and is better than the best."""
        if plan is None:
            return
        value = self.paid.worth(self.problem, plan)
        if (self.value is not None and value <= self.value) or violations(self.paid.freed(self.problem), plan):
            return
        self.plan, self.value = plan, value
        if further and self.improve is not None:
            self.offer(self.improve(plan), further=False)

    def kernel(self, mixture: Mixture | None = None) -> None:
        """Let HiGHS look for a better plan among the columns that mixtures have used.

        With a mixture only those openings are left to it that the mixture opens by a third or more.
        """
        if self.stop.time is not None and self.searched > KERNEL_SHARE * (clock.monotonic() - self.began) + 2:
            return
        began = clock.monotonic()
        allowed = self.used.copy()
        if mixture is not None:
            openings = slice(self.matrix.first_opening, self.matrix.first_extra)
            allowed[openings] = mixture.opening >= OPENED
            key = allowed[openings].tobytes()
            if key in self.tried:
                return
            self.tried.add(key)
        matrix = replace(self.matrix, upper=np.where(allowed, self.matrix.upper, np.minimum(self.matrix.upper, 0.0)))
        start = None
        if self.plan is not None:
            start = self.matrix.vector(self.problem, self.plan)
            start = start if np.all(start <= matrix.upper + 1e-9) else None
        seconds = None if self.stop.time is None else max(0.2, min(KERNEL_SECONDS, 0.2 * self.left()))
        found = search(
            matrix, start, Limits(seconds, self.stop.gap, KERNEL_NODES, self.seed, 1), None, lambda: self.halt.is_set
        )  # fmt: skip
        self.searched += clock.monotonic() - began
        if found.values is not None:
            self.offer_settled(matrix.plan(found.values))

    def offer_settled(self, plan: Plan) -> None:
        """Offer a plan, with its money solved anew if it needs that."""
        freed = self.paid.freed(self.problem)
        if violations(freed, plan):
            mended = settled(freed, plan, matrix=self.matrix)
            if mended is None:
                return
            plan = mended
        self.offer(plan)

    # bounds

    def bounded(self, node: Node, steps: int) -> CasePrices:
        """Lower the bound of a node from the prices it holds."""
        case = make_case(self.problem, node.way)

        def near(best: float, value: float) -> bool:
            if self.value is None:
                return best - value <= 1e-4 * abs(best)
            return not self.enough(value) and best - value <= self.far * (best - self.value)

        found = bound_case(
            self.priced, self.master, case, (node.group, node.row, node.price),
            enough=self.enough, near=near, steps=steps, go_on=self.go_on, basis=node.basis,
        )  # fmt: skip
        self.work += found.steps
        if steps > TRIAL_STEPS:
            node.basis = None if found.mixture is None else self.master.basis()
        if found.bound < node.bound:
            node.group, node.row, node.price, node.bound = found.group, found.row, found.price, found.bound
        return found

    def child(self, node: Node, decision: Decision, high: bool) -> Node:
        """One side of a decision below a node, with the node's prices."""
        priced = high or not decision.shuts
        price = np.append(node.price, 0.0) if priced else node.price
        return Node((*node.way, (decision, high)), node.group, node.row, price, node.bound, node.basis)

    def whole_plan(self, mixture: Mixture) -> None:
        """Take the plan of a mixture without fractions."""
        self.offer_settled(
            Plan(
                mixture.option > 0.5, mixture.opening > 0.5,
                np.where(self.problem.extra_whole, np.round(mixture.extra), mixture.extra), np.maximum(mixture.arc, 0.0),
            )
        )  # fmt: skip

    def ask(self, found: CasePrices) -> list[Question]:
        """The questions that a bounded node leaves open; a mixture without any is a plan."""
        mixture = found.mixture
        if mixture is None:
            return []
        split = self.matrix.first_opening
        self.used[:split] |= mixture.option > 1e-3
        self.used[split : self.matrix.first_extra] |= mixture.opening > 1e-3
        open_questions = questions(self.problem, mixture, 4 * TRIED)
        if not open_questions and mixture.broken < 1e-6:
            self.whole_plan(mixture)
        return open_questions

    def chosen(self, node: Node, asked: list[Question]) -> tuple[Question, Node, Node]:
        """The question that promises to lower both sides most, with its two sides."""
        best: tuple[float, Question, Node, Node] | None = None
        tried = 0
        for question in asked:
            known = self.known.setdefault(question.key, _Known())
            low, high = self.child(node, question.decision, False), self.child(node, question.decision, True)
            if known.count < KNOWN and tried < TRIED and self.go_on():
                tried += 1
                for side in (low, high):
                    self.bounded(side, TRIAL_STEPS)
                self.learn(question, node.bound - low.bound, node.bound - high.bound)
                gains = node.bound - low.bound, node.bound - high.bound
            elif known.count:
                gains = (
                    known.low / known.count * question.value,
                    known.high / known.count * (1 - question.value),
                )
            else:
                continue
            score = (max(gains[0], 1e-3) * max(gains[1], 1e-3)) ** 0.5
            if best is None or score > best[0]:
                best = (score, question, low, high)
            if self.enough(low.bound) or self.enough(high.bound):
                best = (score, question, low, high)
                break
        if best is None:
            question = asked[0]
            return question, self.child(node, question.decision, False), self.child(node, question.decision, True)
        return best[1:]

    def learn(self, question: Question, low: float, high: float) -> None:
        """Remember what a question did."""
        known = self.known.setdefault(question.key, _Known())
        known.count += 1
        known.low += low / max(question.value, 1e-3)
        known.high += high / max(1 - question.value, 1e-3)

    # the search

    def bound(self) -> float:
        """The bound that the cases so far give, in floating point."""
        met = -np.inf if self.value is None else float(self.value)
        return max(-self.open[0][0], self.stuck) if self.open else max(self.stuck, min(self.top.bound, met))

    def proof(self, scale: int | None = None) -> Proof:
        """What is proved so far, with prices of leaves on the finest grid or that of `scale`."""
        tree, proved = make_tree(self.priced, self.top, fast_roots_of(self.problem), scale)
        self.tell(proved)
        return Proof(proved, tree, self.plan, Prices(self.top.group, self.top.row), self.nodes, self.work)

    def search(self, prices: Prices | None) -> Iterator[None]:
        """Divide until every case meets the plan or a limit is reached; pauses after each question."""
        asked = self.start(prices)
        heap, count = self.open, 0
        if not self.enough(self.top.bound):
            if asked:
                heap.append((-self.top.bound, 0, self.top, asked))
            else:
                self.stuck = self.top.bound
        narrow, wide = 2, 32  # cases after which kernels are next tried
        yield
        while heap and self.go_on():
            bound, _, node, asked = heapq.heappop(heap)
            if self.enough(-bound):
                heapq.heappush(heap, (bound, 0, node, asked))
                break
            self.tell(max(-bound, self.stuck))
            question, *sides = self.chosen(node, asked)
            node.decision, node.low, node.high = question.decision, *sides
            gains = []
            for side in sides:
                self.nodes += 1
                found = self.bounded(side, NODE_STEPS)
                gains.append(node.bound - side.bound)
                if self.enough(side.bound):
                    continue
                further = self.ask(found)
                if self.nodes >= narrow and found.mixture is not None and self.go_on():
                    narrow = self.nodes + max(2, self.nodes // 4)
                    self.kernel(found.mixture)
                if self.enough(side.bound):
                    continue
                if not further and self.go_on():  # its plan is known now: prices may yet meet it
                    further = self.ask(self.bounded(side, TOP_STEPS))
                    if not further and not self.enough(side.bound):
                        self.stuck = max(self.stuck, side.bound)
                if further:
                    count += 1
                    heapq.heappush(heap, (-side.bound, -count, side, further))
            self.learn(question, *gains)
            if self.nodes >= wide and self.go_on():
                wide *= 3
                self.kernel()
            yield

    def start(self, prices: Prices | None) -> list[Question]:
        """Prices, patterns and bound of the top; the questions that it leaves open."""
        p, seen = self.problem, []

        def watch(at: Evaluation, paid: Float, share: float) -> None:
            seen.append((at.option, at.opening))

        given = None if prices is None else (prices.group, prices.row)
        steps = STEPS if self.stop.work is None else max(1, min(STEPS, self.stop.work))
        found = find_prices(
            self.priced, steps=steps, start=given, first_step=0.2 if given is None else 0.02,
            proceed=lambda step, bound: self.go_on(), watch=watch, kept=self.paid.row,
        )  # fmt: skip
        self.work += found.steps
        self.top = Node((), found.group, found.row, np.zeros(0), np.inf)
        if given is not None:
            self.top.group, self.top.row = given if not np.isfinite(found.bound) else (found.group, found.row)
        for option, opening in seen[::3]:
            self.master.add(option, opening)
        if self.plan is not None:
            self.master.add(self.plan.option, self.plan.opening)
        self.nodes += 1
        at_top = self.bounded(self.top, TOP_STEPS)
        self.tell(self.top.bound)
        if self.enough(self.top.bound):
            return []
        asked = self.ask(at_top)
        if self.plan is not None:
            self.used[: p.options] |= self.plan.option
            self.used[p.options : p.options + p.openings] |= self.plan.opening
        if at_top.mixture is not None and self.go_on():
            self.kernel(at_top.mixture)
        if self.go_on() and not self.enough(self.top.bound):
            self.kernel()
        return asked
