"""Plans region by region: each takes its best within its own rows and what is left of the shared ones.

Every region is a small program over the columns with little loss at the prices, solved with its own budgets as they
are. Of a shared row a region gets its quota - what it draws of it on average near the best prices - plus its part of what
earlier regions left over. Later sweeps free a few regions at a time together with all slack of the shared rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .backends.outcome import Outcome
from .part import Part, cut_part
from .problem import NONE, Problem
from .regions import SHARED, Regions
from .solution import Plan
from .stop import Stop

Float = NDArray[np.float64]
Int = NDArray[np.int64]

BATCH = 4  # regions solved against the same state, whatever the number of threads: the plan must not depend on it
SLACK = 1e-6

SolvePart = Callable[[Problem, Stop, Plan | None], Outcome]


def empty_plan(problem: Problem) -> Plan:
    """Nothing is taken; extra columns at the value nearest to zero."""
    return Plan(
        np.zeros(problem.options, np.bool_),
        np.zeros(problem.openings, np.bool_),
        np.clip(0, problem.extra_lower, problem.extra_upper).astype(np.float64),
        np.zeros(problem.arcs),
    )


@dataclass(slots=True)
class Sweeper:
    """The plan so far, what each region uses of the shared rows, and how to improve it."""

    problem: Problem
    regions: Regions
    loss: Float
    opening_loss: Float
    plan: Plan
    threads: int
    solve_part: SolvePart
    work: int = 0
    shared: Int = field(init=False)
    usage: Float = field(init=False)  # regions + 1 (extras that are shared) x shared rows
    columns: list[tuple[Int, Int, Int, Int, Int]] = field(init=False)

    def __post_init__(self) -> None:
        p, r = self.problem, self.regions
        self.shared = np.flatnonzero(r.row == SHARED)
        group = np.full(p.groups, NONE, np.int64)
        member = p.option_group != NONE
        group[p.option_group[member]] = r.option[member]
        self.columns = [
            (by_option, by_opening, by_extra, by_arc, by_group)
            for by_option, by_opening, by_extra, by_arc, by_group in zip(
                *(members(region, r.count) for region in (r.option, r.opening, r.extra, r.arc, group)), strict=True
            )
        ]
        self.usage = np.zeros((r.count + 1, len(self.shared)))
        self.measure(range(r.count))
        loose = np.flatnonzero(r.extra == SHARED)
        np.add.at(self.usage[-1], *self._on_shared(p.extra_row.taken(loose), self.plan.extra[loose]))

    def _on_shared(self, part, weight) -> tuple[Int, Float]:  # type: ignore[no-untyped-def]
        position = np.full(self.problem.rows + 1, NONE, np.int64)
        position[self.shared] = np.arange(len(self.shared))
        at = position[part.index]
        amount = weight[part.owner_of_entry()] * part.amount
        return at[at != NONE], amount[at != NONE].astype(np.float64)

    def measure(self, numbers: Sequence[int] | range) -> None:
        """Work out again what these regions use of the shared rows."""
        p, plan = self.problem, self.plan
        for number in numbers:
            option, opening, extra, arc, _ = self.columns[number]
            use = np.zeros(len(self.shared))
            for part, weight in (
                (p.option_row.taken(option[plan.option[option]]), np.ones(int(plan.option[option].sum()))),
                (p.opening_row.taken(opening[plan.opening[opening]]), np.ones(int(plan.opening[opening].sum()))),
                (p.extra_row.taken(extra), plan.extra[extra]),
                (p.arc_row.taken(arc), plan.arc[arc]),
            ):
                np.add.at(use, *self._on_shared(part, weight))
            position = np.full(p.rows + 1, NONE, np.int64)
            position[self.shared] = np.arange(len(self.shared))
            at = position[p.arc_source[arc]]
            np.add.at(use, at[at != NONE], plan.arc[arc][at != NONE])
            self.usage[number] = use

    def slack(self) -> Float:
        """What is left of the shared rows."""
        return self.problem.row_limit[self.shared] - self.usage.sum(axis=0)

    def improve(self, bundles: Sequence[tuple[int, ...]], allowance: Float, *, keep: int, stop: Stop) -> int:
        """Solve bundles of regions anew, each within its own use plus its part (`allowance`) of the shared rows.

        `allowance` has a row for every bundle. Returns how many points the plan gained.
        """
        gained = 0
        jobs = [
            self._part(bundle, self.usage[list(bundle)].sum(axis=0) + more, keep)
            for bundle, more in zip(bundles, allowance, strict=True)
        ]
        starts = [part.cut(self.plan) for part in jobs]
        with ThreadPoolExecutor(self.threads) as pool:
            outcomes = list(
                pool.map(lambda job: self.solve_part(job[0].problem, stop, job[1]), zip(jobs, starts, strict=True))
            )
        for bundle, part, start, outcome in zip(bundles, jobs, starts, outcomes, strict=True):
            self.work += outcome.work
            if outcome.plan is None:
                continue
            gain = _profit(part.problem, outcome.plan) - _profit(part.problem, start)
            if gain > 0 or not start.option.any():
                self.plan = part.put(self.plan, outcome.plan)
                self.measure(bundle)
                gained += gain
        return gained

    def _part(self, bundle: tuple[int, ...], shared_limit: Float, keep: int) -> Part:
        """The program of some regions: the columns of least loss, and all that the plan holds."""
        p = self.problem
        option, opening, extra, arc, group = (
            np.sort(np.concatenate([self.columns[number][kind] for number in bundle])) for kind in range(5)
        )
        option = self._chosen(option, keep * len(bundle))
        needed = np.zeros(p.facilities + 1, np.bool_)
        needed[p.option_facility[option]] = True
        parents = p.facility_parent[np.flatnonzero(needed[:-1])]
        needed[parents] = True
        held = self.plan.opening[opening]
        cheap = needed[p.opening_facility[opening]]
        opening = opening[held | cheap]
        limit = p.row_limit.astype(np.float64)
        limit[self.shared] = np.floor(shared_limit + SLACK)
        return cut_part(
            p, option=option, opening=opening, extra=extra, arc=arc, group_capacity=p.group_capacity, group=group,
            row_limit=limit.astype(np.int64),
        )  # fmt: skip

    def _chosen(self, option: Int, keep: int) -> Int:
        p = self.problem
        must = self.plan.option[option].copy()
        member = p.option_group[option]
        must |= (member != NONE) & p.group_exact[member] if p.groups else must
        loss = np.where(must, -1.0, self.loss[option])
        if len(option) > keep:
            order = np.lexsort((option, loss))[: max(keep, int(must.sum()))]
            option = option[np.sort(order)]
        return option


def members(region: Int, count: int) -> list[Int]:
    """The things of every region, in order."""
    order = np.argsort(region, kind="stable")
    ordered = region[order]
    start = np.searchsorted(ordered, np.arange(count))
    end = np.searchsorted(ordered, np.arange(count), side="right")
    return [np.sort(order[a:b]) for a, b in zip(start, end, strict=True)]


def _profit(problem: Problem, plan: Plan) -> int:
    objective = problem.objectives[0]
    whole = int(objective.option[plan.option].sum()) + int(objective.opening[plan.opening].sum())
    return whole + int(np.floor(float(objective.extra @ plan.extra) + 1e-6))


def first_plan(sweeper: Sweeper, quota: Float, *, keep: int, stop: Stop, go_on: Callable[[], bool]) -> None:
    """Every region once, in batches; what a batch leaves of its quotas goes to the next ones."""
    count = sweeper.regions.count
    limit = sweeper.problem.row_limit[sweeper.shared] - sweeper.usage[-1]
    # quotas may not add up to more than there is
    over = quota.sum(axis=0) - limit
    quota = quota - np.maximum(over, 0.0)[None, :] / count
    spare = np.maximum(-over, 0.0)
    for begin in range(0, count, BATCH):
        if not go_on():
            return
        bundles = [(number,) for number in range(begin, min(begin + BATCH, count))]
        rest = count - begin
        share = spare * len(bundles) / rest / len(bundles)
        allowance = np.stack([quota[number] + share - sweeper.usage[number] for (number,) in bundles])
        given = np.stack([quota[number] + share for (number,) in bundles]).sum(axis=0)
        sweeper.improve(bundles, allowance, keep=keep, stop=stop)
        used = sum(sweeper.usage[number] for (number,) in bundles)
        spare = spare - share * len(bundles) + (given - used)
