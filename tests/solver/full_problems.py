"""Small random problems of the full class: every kind of row that policy rules become, every kind of facility.

They build on `random_problem`: regions and up to three further rows are added, of kinds that go round with the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from qingdan.solver.problem import NONE, UNLIMITED, Problem
from qingdan.solver.sparse import Sparse
from qingdan.solver.validity import check_problem
from random_problems import random_problem

Amounts = dict[int, int]


@dataclass
class Row:
    """A row to be added: amounts by column of each of the four sorts, and the limit."""

    limit: int
    option: Amounts | None = None
    opening: Amounts | None = None
    extra: Amounts | None = None
    arc: Amounts | None = None


@dataclass
class FullProblem:
    """A problem and the kinds of row that were added to it."""

    problem: Problem
    kinds: tuple[str, ...]


Maker = Callable[[np.random.Generator, Problem], list[Row]]


def _some(rng: np.random.Generator, size: int, most: int = 4) -> list[int]:
    """Up to `most` different numbers below `size`, at least one."""
    return sorted(rng.choice(size, min(size, int(rng.integers(1, most + 1))), replace=False).tolist())


def _each(columns: list[int], amount: int = 1) -> Amounts:
    return dict.fromkeys(columns, amount)


def _coverage(rng: np.random.Generator, p: Problem) -> list[Row]:
    """At least so much of what options bring: a coverage floor."""
    chosen = _some(rng, p.options)
    return [Row(-1, option={o: -int(rng.integers(1, 4)) for o in chosen})]


def _opened(rng: np.random.Generator, p: Problem) -> list[Row]:
    """At least one of some openings."""
    return [Row(-1, opening=_each(_some(rng, p.openings), -1))] if p.openings else []


def _ceiling(rng: np.random.Generator, p: Problem) -> list[Row]:
    """At most so much of options and openings together: an obligation of later years."""
    doors = {k: int(rng.integers(1, 4)) for k in range(p.openings)}
    return [Row(int(rng.integers(3, 10)), option={o: int(rng.integers(1, 4)) for o in range(p.options)}, opening=doors)]


def _prerequisite(rng: np.random.Generator, p: Problem) -> list[Row]:
    """The second only with the first."""
    first, second = rng.choice(p.options, 2, replace=False).tolist()
    return [Row(0, option={second: 1, first: -1})]


def _exclusion(rng: np.random.Generator, p: Problem) -> list[Row]:
    return [Row(1, option=_each(rng.choice(p.options, 2, replace=False).tolist()))]


def _quota(rng: np.random.Generator, p: Problem) -> list[Row]:
    """At most so many, of options and doors."""
    return [
        Row(2, option=_each(_some(rng, p.options, 5)), opening=_each(_some(rng, p.openings)) if p.openings else None)
    ]


def _pin(rng: np.random.Generator, p: Problem) -> list[Row]:
    """Exactly so many: two rows against each other."""
    chosen = _some(rng, p.options)
    return [Row(1, option=_each(chosen)), Row(-1, option=_each(chosen, -1))]


def _changes(rng: np.random.Generator, p: Problem) -> list[Row]:
    """At most so many changes against an earlier plan: what it held counts when left out."""
    held = rng.random(p.options) < 0.4
    return [Row(2 - int(held.sum()), option={o: -1 if held[o] else 1 for o in range(p.options)})]


def _share_of_number(rng: np.random.Generator, p: Problem) -> list[Row]:
    """Of some options at most a share of all, in whole percent."""
    part, share = set(_some(rng, p.options)), int(rng.integers(20, 80))
    return [Row(0, option={o: (100 if o in part else 0) - share for o in range(p.options)})]


def _money_ceiling(rng: np.random.Generator, p: Problem) -> list[Row]:
    return [Row(int(rng.integers(1, 10)), arc=_each(_some(rng, p.arcs, 8)))] if p.arcs else []


def _money_floor(rng: np.random.Generator, p: Problem) -> list[Row]:
    return [Row(-int(rng.integers(1, 4)), arc=_each(_some(rng, p.arcs, 8), -1))] if p.arcs else []


def _money_share(rng: np.random.Generator, p: Problem) -> list[Row]:
    """Some money at most (or at least) a share of all money used."""
    if not p.arcs:
        return []
    part, share, sign = set(_some(rng, p.arcs, 8)), int(rng.integers(20, 80)), int(rng.choice([1, -1]))
    return [Row(0, arc={a: sign * ((100 if a in part else 0) - share) for a in range(p.arcs)})]


def _fixed_sum(rng: np.random.Generator, p: Problem) -> list[Row]:
    """Options and money draw on one limit: a fixed sum beside a share of payments."""
    return [Row(8, option=_each(_some(rng, p.options), 2), arc=_each(_some(rng, p.arcs, 6)))] if p.arcs else []


def _carried(rng: np.random.Generator, p: Problem) -> list[Row]:
    """Money to a demand only as far as options allow: tied carry-over, revenue cover."""
    if not p.arcs:
        return []
    return [Row(0, arc=_each(_some(rng, p.arcs)), option=_each(_some(rng, p.options), -int(rng.integers(1, 6))))]


def _linked(rng: np.random.Generator, p: Problem) -> list[Row]:
    """Options only where a further column is taken (money for pilots alone), and a number of such columns at most."""
    if not p.extras:
        return []
    rows = [Row(0, option={o: 1}, extra={int(rng.integers(p.extras)): -1}) for o in _some(rng, p.options, 2)]
    return [*rows, Row(1, extra=_each(list(range(p.extras))))]


def _selected(rng: np.random.Generator, p: Problem) -> list[Row]:
    """Exactly one in all of the further columns: a number of pilots."""
    if not p.extras:
        return []
    every = list(range(p.extras))
    return [Row(1, extra=_each(every)), Row(-1, extra=_each(every, -1))]


def _redundant(rng: np.random.Generator, p: Problem) -> list[Row]:
    """A row that nothing can exceed, and one without any column."""
    return [Row(1000, option=_each(list(range(p.options)))), Row(int(rng.integers(0, 3)))]


ROW_KINDS: dict[str, Maker] = {
    "coverage floor": _coverage,
    "opening floor": _opened,
    "ceiling": _ceiling,
    "prerequisite": _prerequisite,
    "exclusion": _exclusion,
    "quota": _quota,
    "exact number": _pin,
    "changes": _changes,
    "share of number": _share_of_number,
    "money ceiling": _money_ceiling,
    "money floor": _money_floor,
    "money share": _money_share,
    "fixed sum": _fixed_sum,
    "carried money": _carried,
    "linked column": _linked,
    "selected columns": _selected,
    "redundant": _redundant,
}


def full_problem(seed: int) -> FullProblem:
    """A problem of up to about 15 whole columns with regions and 1 to 3 kinds of further rows."""
    rng = np.random.default_rng([seed, 7])
    problem = _with_regions(rng, random_problem(seed))
    names = list(ROW_KINDS)
    kinds = []
    for step in range(int(rng.integers(1, 4))):
        name = names[(seed // 7 + 5 * step) % len(names)]  # 7 kinds of problem go round with the seed
        rows = ROW_KINDS[name](rng, problem)
        if rows and name not in kinds:
            kinds.append(name)
            problem = _with_rows(problem, rows)
    check_problem(problem)
    return FullProblem(problem, tuple(kinds))


def _with_regions(rng: np.random.Generator, p: Problem) -> Problem:
    """Two regions, or none, or some things in none."""
    low = int(rng.integers(-1, 1))
    group = rng.integers(low, 2, p.groups)
    facility = rng.integers(low, 2, p.facilities)[p.root()] if p.facilities else np.zeros(0, np.int64)
    return replace(p, group_region=group.astype(np.int64), facility_region=facility.astype(np.int64))


def _with_rows(p: Problem, rows: list[Row]) -> Problem:
    def joined(columns: Sparse, amounts: list[Amounts | None]) -> Sparse:
        entries = [(c, p.rows + n, a) for n, held in enumerate(amounts) for c, a in (held or {}).items()]
        owner, index, amount = (np.array([e[at] for e in entries], np.int64) for at in range(3))
        return Sparse.from_entries(
            columns.owners,
            np.r_[columns.owner_of_entry(), owner],
            np.r_[columns.index, index],
            np.r_[columns.amount, amount],
        )

    return replace(
        p,
        row_limit=np.r_[p.row_limit, np.array([row.limit for row in rows], np.int64)],
        option_row=joined(p.option_row, [row.option for row in rows]),
        opening_row=joined(p.opening_row, [row.opening for row in rows]),
        extra_row=joined(p.extra_row, [row.extra for row in rows]),
        arc_row=joined(p.arc_row, [row.arc for row in rows]),
    )


def structure_of(p: Problem) -> set[str]:
    """What the problem has of the class, told from its arrays: facilities, options, money, stages."""
    module, root = p.facility_parent != NONE, p.root()
    at = p.option_facility[p.option_facility != NONE]
    openings = np.bincount(p.opening_facility, minlength=p.facilities)
    limited = p.facility_capacity != UNLIMITED
    pairs = np.bincount(p.option_choice[p.option_choice != NONE])
    carried = np.zeros(p.demands, np.bool_)
    carried[p.option_spend.index] = True
    found = {
        "lasting root": ~module & ~p.facility_occasional,
        "occasional root": ~module & p.facility_occasional,
        "module on a lasting root": module & ~p.facility_occasional[root],
        "module on an occasional root": module & p.facility_occasional[root],
        "module with a minimum": p.facility_minimum > 0,
        "module with a capacity": module & limited,
        "root without a capacity": ~module & ~limited,
        "root with a capacity": ~module & limited,
        "exclusion set": p.facility_exclusion != NONE,
        "several periods to open": openings > 1,
        "facility that cannot open": openings == 0,
        "option directly on a root": ~module[at],
        "option in a module": module[at],
        "option without a facility": p.option_facility == NONE,
        "option without a group": p.option_group == NONE,
        "choice set": pairs > 1,
        "weight of several lots": p.option_weight > 1,
        "weight of nothing": p.option_weight == 0,
        "group of several lots": p.group_capacity > 1,
        "exact group": p.group_exact,
        "region": p.group_region != NONE,
        "option that spends": np.diff(p.option_spend.start) > 0,
        "option that spends in several demands": np.diff(p.option_spend.start) > 1,
        "opening that spends": np.diff(p.opening_spend.start) > 0,
        "floor set": p.floor_percent > 0,
        "share": p.portion_percent < 100,
        "whole extra": p.extra_whole,
        "continuous extra": ~p.extra_whole,
        "row that arcs enter": np.diff(p.arc_row.start) > 0,
        "row that openings enter": np.diff(p.opening_row.start) > 0,
        "row that extras enter": np.diff(p.extra_row.start) > 0,
        "row that asks": p.row_limit < 0,
    }
    return {name for name, flags in found.items() if np.any(flags)} | {f"{len(p.objectives)} stages"}


STRUCTURE = {
    "lasting root", "occasional root", "module on a lasting root", "module on an occasional root", "module with a minimum",
    "module with a capacity", "root without a capacity", "root with a capacity", "exclusion set", "several periods to open",
    "facility that cannot open", "option directly on a root", "option in a module", "option without a facility",
    "option without a group", "choice set", "weight of several lots", "weight of nothing", "group of several lots",
    "exact group", "region", "option that spends", "option that spends in several demands", "opening that spends",
    "floor set", "share", "whole extra", "continuous extra", "row that arcs enter", "row that openings enter",
    "row that extras enter", "row that asks", "1 stages", "2 stages", "3 stages",
}  # fmt: skip
