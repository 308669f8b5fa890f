"""Rows of groups that whole plans obey as well, derived again: what no whole option can fill does not count.

Of a group that need not be met exactly a selection takes at most one option of each choice set (an option without one is
a set of its own) within the capacity. The capacity becomes the largest sum of a selection; then, from the largest
weight down, options of one weight are raised as far as every selection allows, and all is made whole. With more than
`MOST_SELECTIONS` selections (as counts of every weight) or numbers beyond `LARGEST_ROW` only the capacity changes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from functools import cache
from math import lcm

import numpy as np

from .program import NONE, Program

MOST_SELECTIONS = 2000
LARGEST_ROW = 10**6
LARGEST_CAPACITY = 10**5

Counts = tuple[tuple[int, int], ...]
"""Pairs of a weight and how often it is taken."""


def with_tight_groups(program: Program) -> Program:
    """The program with these rows in place of its own."""
    p = program
    exact, capacity = p["group_exact"].tolist(), p["group_capacity"].tolist()
    weight, group, choice = (p[f"option_{name}"].tolist() for name in ("weight", "group", "choice"))
    offered: dict[int, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for option, (of, each) in enumerate(zip(group, weight, strict=True)):
        if of != NONE and each > 0 and not exact[of] and 1 < capacity[of] <= LARGEST_CAPACITY:
            offered[of][choice[option] if choice[option] != NONE else -2 - option].add(each)
    rows = {}
    for of, sets in offered.items():
        named = tuple(sorted(tuple(sorted(each)) for each in sets.values()))
        rows[of] = _row(named, capacity[of])
        capacity[of] = rows[of][1]
    for option, of in enumerate(group):
        if of in rows and weight[option] > 0:
            weight[option] = rows[of][0][weight[option]]
    arrays = {**p.arrays, "option_weight": np.array(weight, np.int64), "group_capacity": np.array(capacity, np.int64)}
    return Program(arrays, p.size)


@cache
def _row(sets: tuple[tuple[int, ...], ...], capacity: int) -> tuple[dict[int, int], int]:
    """What every weight becomes, and the capacity."""
    every = {each for choices in sets for each in choices}
    same = {each: each for each in every}
    if min(every) > capacity:
        return same, capacity
    sums = {0}
    for choices in sets:
        sums |= {before + each for before in sums for each in choices if before + each <= capacity}
    most = max(sums)
    selections: set[Counts] = {()}
    for choices in sets:
        selections |= {
            _more(taken, each) for taken in selections for each in choices if _load(taken) + each <= capacity
        }
        if len(selections) > MOST_SELECTIONS:
            return same, most
    worth = {each: Fraction(each) for each in every if each <= capacity}
    for each in sorted(worth, reverse=True):
        room: list[Fraction] = []
        for taken in selections:
            times = dict(taken).get(each, 0)
            if times:
                room.append((most - sum((worth[one] * n for one, n in taken), Fraction(0))) / times)
        worth[each] += min(room)
    factor = lcm(*(value.denominator for value in worth.values()))
    if factor * most > LARGEST_ROW:
        return same, most
    heavy = {each: max(each, factor * most + 1) for each in every if each > capacity}
    return {**{each: int(value * factor) for each, value in worth.items()}, **heavy}, factor * most


def _load(taken: Counts) -> int:
    return sum(each * n for each, n in taken)


def _more(taken: Counts, each: int) -> Counts:
    return tuple(sorted((Counter(dict(taken)) + Counter([each])).items()))
