"""Branching region by region at common prices (`region_proofs`): what lowers the bound most for its work comes first.

Every region is a problem of its own in which what it draws from common rows is paid for at the prices found (`fixed_prices`),
so that its cases need not be multiplied with those of other regions. The searches are interleaved: after each
question that region goes on whose bound fell most for its work lately, or whose distance to its own best plan promises most.
"""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .backends.highs_run import running
from .backends.outcome import Prices
from .branching import Branching
from .dual import dual_value
from .exact_walk import fast_roots_of
from .fixed_prices import FixedPrices
from .interrupt import Interrupt
from .leaves import CertificateError, Tree, grid
from .prices import evaluate, make_priced
from .problem import NONE, Problem
from .region_proofs import COMMON, RegionPart, RegionProofs, region_parts, relief
from .regions import SHARED, divide
from .solution import Plan
from .stop import Stop

Float = NDArray[np.float64]
Int = NDArray[np.int64]

FAR = 0.02  # of the distance to the plan: see `branching`
FIRST = 500  # evaluations that a region takes until its first question, roughly
EACH = 2000  # options' worth of work that an evaluation costs beside its options
LATELY = 0.8  # weight of the past in what was gained lately
HOPE = 0.05  # of the distance left, what is hoped for from as much work as was spent
HELD = 0.05  # of the time, kept for the whole prices of all leaves
LEAST_RELIEF = 1e-7  # of the bound: what a tree must take off to be kept


@dataclass(frozen=True, slots=True)
class RegionBound:
    """A bound in whole points and the trees that lower it to that.

    `work` counts evaluations of the dual function of regions.
    """

    bound: int
    proofs: RegionProofs
    work: int


class _Search:
    """One region: its branching, what it cost, what it brought."""

    def __init__(self, number: int, region: RegionPart, problem: Problem, prices: Prices, plan: Plan | None) -> None:
        self.number, self.region = number, region
        held = region.part
        fixed = ~np.isin(held.row, region.own_row)
        self.start = Prices(prices.group[region.group], prices.row[held.row])
        self.fixed = FixedPrices(fixed, np.where(fixed, self.start.row, 0.0))
        self.first = self.bound = evaluate(make_priced(held.problem), self.start.group, self.start.row).value
        self.plan = None if plan is None else held.cut(plan)
        self.value = -np.inf if self.plan is None else float(self.fixed.worth(held.problem, self.plan))
        self.spent = self.gained = self.cost = 0.0
        self.steps: Iterator[None] | None = None
        self.branching: Branching | None = None
        self.ended = False

    @property
    def each(self) -> float:
        """Work of an evaluation."""
        return float(self.region.part.problem.options + EACH)

    def promise(self, least: float) -> float:
        """Points that a unit of work may bring; `least` is a value that plans of any region hardly miss."""
        distance = self.bound - max(self.value, self.bound - least)
        if self.steps is None:
            return HOPE * distance / (FIRST * self.each)
        return self.gained / max(self.cost, 1.0) + HOPE * distance / max(self.spent, 1.0)

    def begin(self, stack: ExitStack, stop: Stop, seed: int, interrupt: Interrupt) -> None:
        """Make the search ready; its first step prices the top."""
        self.branching = Branching(
            self.region.part.problem, stop, seed, interrupt, None, None, stack.enter_context(running(1)), self.fixed, FAR
        )  # fmt: skip
        if self.plan is not None:
            self.branching.offer(self.plan)
        self.steps = self.branching.search(self.start)

    def go_on(self) -> int:
        """Ask one more question; how many evaluations that took."""
        assert self.steps is not None and self.branching is not None
        before, bound = self.branching.work, self.bound
        self.ended = next(self.steps, False) is False
        self.bound = min(self.bound, self.branching.bound())
        if self.branching.value is not None:
            self.value = float(self.branching.value)
        work = self.branching.work - before
        self.spent += work * self.each
        self.gained = LATELY * self.gained + bound - self.bound
        self.cost = LATELY * self.cost + work * self.each
        return work

    def tree(self, scale: int) -> Tree | None:
        """The tree in the numbers of the whole problem, prices on the stage's grid; None where it takes nothing off."""
        if self.branching is None or self.first - self.bound <= LEAST_RELIEF * abs(self.first):
            return None
        found, region, part = self.branching.proof(scale).tree, self.region, self.region.part
        column = found.form_column.copy()
        for kind, kept in enumerate((part.option, part.opening, part.extra)):
            here = found.form_kind == kind
            column[here] = kept[found.form_column[here]]
        return replace(
            found,
            form_column=column,
            group_price=_placed(found.group_price, region.group, region.own_group),
            row_price=_placed(found.row_price, part.row, region.own_row),
        )


def _placed(price: Int, held: Int, wanted: Int) -> Int:
    """Prices of each leaf for the wanted numbers; those that the part does not hold cost nothing."""
    out = np.zeros((len(price), len(wanted)), np.int64)
    at = np.searchsorted(held, wanted)
    there = at < len(held)
    there[there] = held[at[there]] == wanted[there]
    out[:, there] = price[:, at[there]]
    return out


def prove_regions(
    problem: Problem,
    prices: Prices,
    *,
    plan: Plan | None = None,
    value: int | None = None,
    stop: Stop | None = None,
    seed: int = 0,
    interrupt: Interrupt | None = None,
    progress: Callable[[int], None] | None = None,
) -> RegionBound | None:
    """Lower the bound of prices by a tree for each region; None where the problem does not fall apart or nothing is gained.

    `plan` with its `value` tells where to look first; the search ends within `stop.gap` of it. `stop.work` counts
    evaluations of the dual function. The proofs fit a stage with exactly these prices.
    """
    stop, interrupt = stop or Stop(), interrupt or Interrupt()
    began = clock.monotonic()
    parts = _parts(problem)
    if len(parts) < 2:
        return None
    searches = [_Search(number, part, problem, prices, plan) for number, part in enumerate(parts)]
    total = evaluate(make_priced(problem), prices.group, prices.row).value
    least = max((each.first - each.value for each in searches if np.isfinite(each.value)), default=0.02 * abs(total))
    work = 0

    def more(bound: float) -> bool:
        elapsed = clock.monotonic() - began
        return not (
            interrupt.is_set
            or (stop.time is not None and elapsed > (1 - HELD) * stop.time)
            or (stop.work is not None and work >= stop.work)
            or (value is not None and bound - value <= max(0.5, stop.gap * abs(bound)))
        )

    with ExitStack() as stack:
        waiting = list(searches)
        while waiting and more(total):
            chosen = max(waiting, key=lambda each: (each.promise(least), -each.number))
            if chosen.steps is None:
                left = None if stop.time is None else max(0.1, (1 - HELD) * stop.time - (clock.monotonic() - began))
                chosen.begin(stack, Stop(time=left, work=stop.work), seed, interrupt)
            before = chosen.bound
            work += chosen.go_on()
            total -= before - chosen.bound
            if chosen.ended:
                waiting.remove(chosen)
            if progress is not None:
                progress(int(np.floor(total + 1)))  # prices of leaves are rounded yet
        found = _assembled(problem, prices, searches, work)
    if found is not None and progress is not None:
        progress(found.bound)
    return found


def _parts(problem: Problem) -> list[RegionPart]:
    """The regions of a problem; none where it does not fall apart."""
    regions = divide(problem)
    if regions.count < 2:
        return []
    group, member = np.full(problem.groups, COMMON), problem.option_group != NONE
    group[problem.option_group[member]] = regions.option[member]
    try:
        return region_parts(problem, np.where(regions.row == SHARED, COMMON, regions.row), group, regions.count)
    except CertificateError:
        return []


def _assembled(problem: Problem, prices: Prices, searches: list[_Search], work: int) -> RegionBound | None:
    """The proofs of all regions that gained something, and the bound that they prove in whole numbers."""
    row = np.maximum(np.nan_to_num(prices.row), 0.0)
    group = np.nan_to_num(prices.group)
    group = np.where(problem.group_exact, group, np.maximum(group, 0.0))
    scale = grid(problem, group, row)
    trees: list[Tree] = []
    row_region, group_region = np.full(problem.rows, COMMON), np.full(problem.groups, COMMON)
    for each in searches:
        tree = each.tree(scale)
        if tree is not None:
            row_region[each.region.own_row] = group_region[each.region.own_group] = len(trees)
            trees.append(tree)
    if not trees:
        return None
    proofs = RegionProofs(row_region, group_region, tuple(trees))
    whole_group, whole_row = np.rint(group * scale).astype(np.int64), np.rint(row * scale).astype(np.int64)
    settle = fast_roots_of(problem)
    exact = dual_value(problem, whole_group, whole_row, scale, settle=settle)
    exact += relief(problem, proofs, whole_group, whole_row, scale, settle=settle)
    return RegionBound(exact // (100 * scale), proofs, work)
