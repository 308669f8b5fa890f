"""The next release: which requirements to build, each with its prerequisites, for customers who want all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from ..solver.problem import NONE, Objective, Problem, make_problem
from ..solver.solution import Plan
from ..solver.sparse import Sparse
from .classic_amounts import Amounts, Int, one_unit, shaped
from .classic_family import NO_EXTRA, Classic, over_limits


@dataclass(frozen=True, slots=True, eq=False)
class Release(Classic):
    """Requirements with cost and prerequisites, customers with profit and requests, a budget."""

    cost: Amounts
    before: tuple[frozenset[int], ...]  # of every requirement all that it needs, however far back
    profit: Amounts
    requests: tuple[tuple[int, ...], ...]
    budget: Amounts
    parts: int
    maximise: bool = True

    def built(self, plan: Plan) -> set[int]:
        """The requirements that are built."""
        return set(np.flatnonzero(plan.opening).tolist())

    def served(self, plan: Plan) -> Int:
        """The customers all of whose requests are built, and all that these need."""
        built = self.built(plan)
        return np.array(
            [
                customer
                for customer, wanted in enumerate(self.requests)
                if built.issuperset(wanted) and all(built.issuperset(self.before[one]) for one in wanted)
            ],
            np.int64,
        )

    def value(self, plan: Plan) -> Fraction:
        """Profit of the customers who are served by what is built."""
        return self.profit.total(self.served(plan))

    def faults(self, plan: Plan) -> list[str]:
        """Requirements built without all that they need, and the budget where it is overdrawn."""
        built = self.built(plan)
        wrong = [
            f"requirement {one} needs {missing} too"
            for one in sorted(built)
            for missing in sorted(self.before[one] - built)
        ]
        return [*wrong, *over_limits("budget", [self.cost.total(sorted(built))], [self.budget.exact()])]


def next_release(
    cost: Any, prerequisites: Sequence[tuple[int, int]], profit: Any, requests: Sequence[Sequence[int]], budget: Any
) -> tuple[Problem, Release]:
    """Maximise the profit of the customers all of whose requests are built, within the budget.

    `prerequisites` are pairs (a, b): requirement b needs requirement a; `requests` has the requirements that each
    customer asks for; all are counted from 0. Requirements become facilities whose opening draws on the budget row.
    A customer becomes one option at that facility among its requests that fewest customers ask for; a row for every
    further one says that it is open, and one for every prerequisite. Requests that others need anyhow have no row.
    """
    price, gain, money = shaped("cost", cost, -1), shaped("profit", profit, -1), shaped("budget", budget)
    count, customers = price.shape[0], gain.shape[0]
    if len(requests) != customers:
        raise ValueError(f"requests has {len(requests)} customers, profit {customers}")
    named = [one for pair in prerequisites for one in pair] + [one for wanted in requests for one in wanted]
    if any(not 0 <= one < count for one in named):
        raise ValueError(f"prerequisites and requests must name requirements within 0..{count - 1}")
    before = _all_before(count, prerequisites)
    _, (prices, limit) = one_unit(price, money)
    wanted_by = np.bincount(np.array([one for wanted in requests for one in set(wanted)], np.int64), minlength=count)
    home = np.full(customers, NONE, np.int64)
    wants: list[tuple[int, int]] = []  # customer, further requirement
    for customer, wanted in enumerate(requests):
        least = _least(wanted, before)
        if least:
            # where few others stand, what stands there decides itself whether the door is worth its price
            home[customer] = min(least, key=lambda one: (wanted_by[one], -prices[one], one))
            wants += [(customer, one) for one in least if one != home[customer]]
    links = sorted({(first, then) for first, then in prerequisites if first != then})
    first_link = 1 + len(wants)
    row_of_want, row_of_link = 1 + np.arange(len(wants)), first_link + np.arange(len(links))
    needed = np.array([first for first, _ in links], np.int64)
    needing = np.array([then for _, then in links], np.int64)
    doors = np.arange(count)
    ones = np.ones(len(links), np.int64)
    problem = make_problem(
        1,
        (Objective("value", gain.whole, np.zeros(count, np.int64), NO_EXTRA),),
        facility_parent=np.full(count, NONE, np.int64),
        opening_facility=doors,
        option_group=np.full(customers, NONE, np.int64),
        option_facility=home,
        row_limit=np.concatenate([limit.reshape(1), np.zeros(len(wants) + len(links), np.int64)]),
        option_row=Sparse.from_entries(
            customers, [customer for customer, _ in wants], row_of_want, np.ones(len(wants), np.int64)
        ),
        opening_row=Sparse.from_entries(
            count,
            np.concatenate([doors, np.array([one for _, one in wants], np.int64), needing, needed]),
            np.concatenate([np.zeros(count, np.int64), row_of_want, row_of_link, row_of_link]),
            np.concatenate([prices, np.full(len(wants), -1), ones, -ones]),
        ),
    )
    kept = tuple(tuple(wanted) for wanted in requests)
    return problem, Release(price, before, gain, kept, money, gain.parts)


def _all_before(count: int, prerequisites: Sequence[tuple[int, int]]) -> tuple[frozenset[int], ...]:
    """Of every requirement all that it needs, directly or through others."""
    needs: list[list[int]] = [[] for _ in range(count)]
    for first, then in prerequisites:
        needs[then].append(first)
    out = []
    for one in range(count):
        seen: set[int] = set()
        waiting = list(needs[one])
        while waiting:
            now = waiting.pop()
            if now not in seen:
                seen.add(now)
                waiting += needs[now]
        out.append(frozenset(seen - {one}))
    return tuple(out)


def _least(wanted: Sequence[int], before: tuple[frozenset[int], ...]) -> list[int]:
    """The requests without those that another one needs anyhow."""
    kept = sorted(set(wanted))
    for one in list(kept):
        if any(one in before[other] for other in kept if other != one):
            kept.remove(one)
    return kept
