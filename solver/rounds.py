"""Rounds of cores: neighbourhoods of choices, region by region, solved anew with hard budgets until nothing is left to gain.

The plan on its way may exceed rows, at a price that rises until it does not. Two cores of different regions are
solved at the same time, whatever the number of threads; each has its part of what shared rows leave.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .core import CoreOutcome, Guide, SolvePart, solve_core, strained_columns
from .elastic import EXCEEDED, row_use
from .first_plan import swing
from .neighbourhood import Units, around, disagreement, make_units
from .problem import NONE, Problem
from .regions import Regions, share_out, shared_use
from .search import DEARER, PlanSearch
from .solution import Plan
from .stop import Stop

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]
Int = NDArray[np.int64]
Bundle = tuple[int, ...]

OPTIONS = (800, 1200, 1800, 2700, 4000, 6000)  # in a core, round by round
REACHES = (1.0, 1.5, 2.0, 3.0, 5.0, 10.0)  # of the reach of the search
NODES = 60  # of a core, at most
REPAIR_NODES = 10  # the same where it only has to bring rows back
LEAST_SECONDS = 1.5  # of a core in the first round: less finds nothing
GAP = 1e-3  # of what is free in a core
SECONDS = 20.0  # of a core, at most
PENALTY = 30.0  # of the natural price: what a core pays for a row that it leaves exceeded
VISITED = 0.1  # of its score keeps a unit that was freed in this round
QUIET = 0.02  # of the mean score: what every unit has at least
STRAINED = 100.0  # of the mean score: what units have that exceed or relieve an exceeded row
REPAIR_OPTIONS = 250
WIDER = 1.4  # how much options and reach grow with each attempt
REPAIRS = 8  # times that all regions concerned are asked
AT_ONCE = 2
ASKED = 4  # regions that are asked to give way where a shared row is exceeded


@dataclass(slots=True)
class Rounds:
    """A plan on its way through cores."""

    problem: Problem
    guide: Guide
    search: PlanSearch
    plan: Plan
    reach: float
    solve_part: SolvePart
    more: Callable[[], bool]
    left: Callable[[], float]
    tell: Callable[[], None]
    threads: int
    work: int = 0
    number: int = 0
    regions: Regions = field(init=False)
    penalty: Float = field(init=False)
    must: Flags = field(init=False)

    def __post_init__(self) -> None:
        p, search = self.problem, self.search
        self.regions = search.regions
        self.begin(self.plan)
        grouped = p.option_group != NONE
        self.must = self.guide.option_weight > 0
        self.must[grouped] |= p.group_exact[p.option_group[grouped]]

    def begin(self, plan: Plan) -> None:
        """Go on from this plan."""
        books = self.search.books
        natural = PENALTY * self.search.overspending
        self.plan = plan
        self.penalty = np.where(books.row_soft, np.maximum(books.row_penalty, natural), natural)

    def swing(self) -> bool:
        """Swing the best plan, bring it back within its rows, and keep it where it is better; whether it is."""
        before = self.search.best_value if self.search.best is not None else None
        self.search.load(self.plan)
        swing(self.search, exchange=True)
        self.begin(self.search.plan)
        if not len(self._exceeded()) and self.search.offer(self.plan):
            self.tell()
        self.repair()
        better = self.search.best is not None and (before is None or self.search.best_value > before)
        if not better and self.search.best is not None:
            self.begin(self.search.best)
        return better

    def repair(self) -> None:
        """Bring exceeded rows back: their regions in turn, at a price that rises until none is exceeded."""
        for attempt in range(REPAIRS):
            concerned = self._concerned()
            if not concerned.any():
                return
            options, wider = int(REPAIR_OPTIONS * WIDER**attempt), self.reach * WIDER**attempt
            within_reach = self.must | (self.guide.loss <= wider)
            units = make_units(self.problem, self.guide, within_reach)
            waiting, _ = self._bundles(within_reach, options, np.flatnonzero(concerned))
            with self._crew() as workers:
                while waiting and self.more():
                    visited = np.zeros(units.count, np.bool_)
                    limits = self._limits(self.left() * AT_ONCE / (2 * len(waiting)), REPAIR_NODES)
                    self._wave(workers, waiting[:AT_ONCE], units, visited, within_reach, options, limits)
                    concerned = self._concerned()
                    waiting = [held for held in waiting[AT_ONCE:] if concerned[list(held)].any()]
            self.penalty[self._exceeded()] *= DEARER

    def round(self) -> bool:
        """Every part of the problem once; False when further rounds have nothing new to try."""
        options = OPTIONS[self.number]
        within_reach = self.must | (self.guide.loss <= self.reach * REACHES[self.number])
        units = make_units(self.problem, self.guide, within_reach)
        bundles, cores = self._bundles(within_reach, options, np.arange(self.regions.count))
        visited = np.zeros(units.count, np.bool_)
        left = sum(cores)
        with self._crew() as workers:
            while sum(cores):
                if not self.more():
                    return False
                wave = sorted(range(len(bundles)), key=lambda n: -cores[n])[:AT_ONCE]
                wave = [n for n in wave if cores[n]]
                share = max(LEAST_SECONDS, self.left() * AT_ONCE / left) if self.number == 0 else np.inf
                limits = self._limits(share, NODES)
                self._wave(workers, [bundles[n] for n in wave], units, visited, within_reach, options, limits)
                for n in wave:
                    cores[n] -= 1
                left -= len(wave)
        self.number += 1
        return self.number < len(OPTIONS)

    def _crew(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max(1, min(self.threads, AT_ONCE)))

    def _limits(self, share: float, nodes: int) -> Stop:
        """Limits of one core that may take its share of the time; without a limit of time nodes alone count."""
        left = self.left()
        return Stop(time=None if np.isinf(left) else max(0.3, min(SECONDS, left, share)), gap=GAP, work=nodes)

    def _exceeded(self) -> Int:
        p = self.problem
        return np.flatnonzero(row_use(p, self.plan) > p.row_limit + EXCEEDED)

    def _concerned(self) -> Flags:
        """Regions that own an exceeded row, and those that use most of an exceeded shared one."""
        exceeded = self._exceeded()
        owner = self.regions.row[exceeded]
        concerned = np.zeros(self.regions.count, np.bool_)
        concerned[owner[owner >= 0]] = True
        if np.any(owner < 0):
            rows, use = shared_use(self.problem, self.regions, self.plan)
            for row in np.flatnonzero(np.isin(rows, exceeded)).tolist():
                of_regions = use[row, :-1]
                asked = np.argsort(-np.abs(of_regions), kind="stable")[:ASKED]
                concerned[asked] = True
        return concerned

    def _bundles(self, within_reach: Flags, options: int, chosen: Int) -> tuple[list[Bundle], list[int]]:
        """The chosen regions in random order, small ones together, and how many cores each bundle needs."""
        count = self.regions.count
        size = np.bincount(self.regions.option[within_reach], minlength=count)
        bundles: list[Bundle] = []
        bundle: list[int] = []
        for number in self.search.random.permutation(chosen).tolist():
            if bundle and size[bundle].sum() + size[number] > options:
                bundles.append(tuple(bundle))
                bundle = []
            bundle.append(number)
        bundles.append(tuple(bundle))
        return bundles, [max(1, int(-(-size[list(held)].sum() // options))) for held in bundles]

    def _wave(
        self, workers: ThreadPoolExecutor, bundles: list[Bundle], units: Units, visited: Flags,
        within_reach: Flags, options: int, limits: Stop,
    ) -> None:  # fmt: skip
        """Cores of disjoint regions at the same time."""
        p, plan, guide, regions = self.problem, self.plan, self.guide, self.regions
        strained, door_strained = strained_columns(p, plan, self._exceeded())
        score = self._score(units, strained, door_strained)
        score[visited] *= VISITED
        freed: list[Flags] = []
        for bundle in bundles:
            inside = np.zeros(units.count, np.bool_)
            inside[units.option[np.isin(regions.option, bundle)]] = True
            freed.append(around(units, score, inside, options, self.search.random))
            visited |= freed[-1]
        whole = len(bundles) == 1 and len(bundles[0]) == regions.count
        row_limits = [p.row_limit] if whole else share_out(p, regions, plan, bundles)

        def solve(bundle: Bundle, free: Flags, row_limit: Int) -> CoreOutcome:
            return solve_core(
                p, plan, guide, self.penalty, row_limit, free=free[units.option], free_door=free[units.opening],
                within_reach=within_reach | strained, regions=regions, chosen=None if whole else bundle,
                solve_part=self.solve_part, stop=limits,
            )  # fmt: skip

        outcomes = list(workers.map(solve, bundles, freed, row_limits))
        for bundle, outcome in zip(bundles, outcomes, strict=True):
            self.plan = outcome.plan if whole else _replaced(self.plan, outcome.plan, regions, bundle)
            self.work += outcome.work
        if not len(self._exceeded()) and self.search.offer(self.plan):
            self.tell()

    def _score(self, units: Units, strained: Flags, door_strained: Flags) -> Float:
        """How much there is to gain in a unit, roughly."""
        guide = self.guide
        score = disagreement(units, guide, self.plan)
        unsure = np.minimum(guide.option_weight, 1 - guide.option_weight) * self.problem.objectives[0].option
        score += np.bincount(units.option, np.abs(unsure), units.count)
        mean = max(float(score.mean()), 1.0)
        score += QUIET * mean
        for unit, flags in ((units.option, strained), (units.opening, door_strained)):
            score[unit[flags]] += STRAINED * mean
        return score


def _replaced(plan: Plan, new: Plan, regions: Regions, bundle: Bundle) -> Plan:
    """The plan with the bundle's regions as in the new one."""
    return Plan(
        np.where(np.isin(regions.option, bundle), new.option, plan.option),
        np.where(np.isin(regions.opening, bundle), new.opening, plan.opening),
        np.where(np.isin(regions.extra, bundle), new.extra, plan.extra),
        np.where(np.isin(regions.arc, bundle), new.arc, plan.arc),
    )
