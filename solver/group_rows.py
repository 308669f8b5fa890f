"""Rows of groups as tight as whole plans allow: a need of 13 lots that is met in sevens takes one option, not 13/7.

A fraction of an option may fill what no whole one can, and every bound suffers from it. So a group that need not be met
exactly gets another row which the same whole plans obey:

1. A **selection** takes at most one option of each choice set of the group (an option without one is a set of its own), and its
   weights add up to at most the capacity. The largest such sum takes the place of the capacity.
2. From the largest weight down, options of one weight are all raised by as much as every selection allows (lifting):
   by the least of (capacity - sum of the selection, at the weights so far) / (how many of that weight it takes).
3. All is multiplied by the least number that makes it whole.

Options heavier than the capacity stay so. Where a group has more than `MOST` selections (counted by how many of each weight
they take), or the numbers would grow beyond `LARGEST`, only step 1 is made. Doing it twice changes nothing. The check
repeats this with a program of its own.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import lcm

import numpy as np
from numpy.typing import NDArray

from .problem import NONE, Problem

Int = NDArray[np.int64]

MOST = 2000
LARGEST = 10**6
HIGHEST_CAPACITY = 10**5  # sums up to this are tried one by one

Sets = tuple[tuple[int, ...], ...]
"""The weights that each choice set offers."""


def tightened(problem: Problem) -> Problem:
    """The problem with such rows; the same whole plans obey them."""
    p = problem
    held = np.flatnonzero(p.option_group != NONE)
    wanted = ~p.group_exact & (p.group_capacity > 1) & (p.group_capacity <= HIGHEST_CAPACITY)
    held = held[wanted[p.option_group[held]] & (p.option_weight[held] > 0)]
    if not len(held):
        return p
    choice = np.where(p.option_choice[held] != NONE, p.option_choice[held], -2 - held)
    order = np.lexsort((p.option_weight[held], choice, p.option_group[held]))
    held, choice = held[order], choice[order]
    of, each = p.option_group[held], p.option_weight[held]
    another = np.r_[True, (np.diff(of) != 0) | (np.diff(choice) != 0)]  # where a choice set begins
    weight, capacity = p.option_weight.copy(), p.group_capacity.copy()
    known: dict[tuple[int, bytes, bytes], tuple[Int, int]] = {}
    for begin, end in pairwise(_cuts(of)):
        limit = int(capacity[of[begin]])
        key = (limit, another[begin:end].tobytes(), each[begin:end].tobytes())
        if key not in known:
            parts = np.split(each[begin:end], np.flatnonzero(another[begin + 1 : end]) + 1)
            weights, tight = tight_row(tuple(tuple(np.unique(part).tolist()) for part in parts), limit)
            known[key] = np.array([weights[one] for one in each[begin:end].tolist()]), tight
        weight[held[begin:end]], capacity[of[begin]] = known[key]
    return replace(p, option_weight=weight, group_capacity=capacity)


def _cuts(sorted_numbers: Int) -> list[int]:
    """Where each number begins, and the end."""
    return [0, *(np.flatnonzero(np.diff(sorted_numbers)) + 1).tolist(), len(sorted_numbers)]


def tight_row(sets: Sets, capacity: int) -> tuple[dict[int, int], int]:
    """The new weight for every weight, and the new capacity."""
    weights = sorted({weight for offered in sets for weight in offered})
    fitting = [weight for weight in weights if weight <= capacity]
    reached = _largest_sum(sets, capacity)
    if not fitting:
        return {weight: weight for weight in weights}, capacity
    plain = {weight: weight for weight in weights}, reached
    found = _selections(sets, fitting, capacity)
    if found is None:
        return plain
    value = [Fraction(weight) for weight in fitting]
    for at in reversed(range(len(fitting))):
        value[at] += min(
            (reached - sum((v * n for v, n in zip(value, taken, strict=True)), Fraction(0))) / taken[at]
            for taken in found
            if taken[at]
        )
    times = lcm(*(each.denominator for each in value))
    if times * reached > LARGEST:
        return plain
    new = {weight: int(each * times) for weight, each in zip(fitting, value, strict=True)}
    limit = reached * times
    return {weight: new.get(weight, max(weight, limit + 1)) for weight in weights}, limit


def _largest_sum(sets: Sets, capacity: int) -> int:
    """The largest sum within the capacity with at most one weight of each set."""
    reached, all_within = 1, (1 << (capacity + 1)) - 1  # bit s: the sum s can be reached
    for offered in sets:
        before = reached
        for weight in offered:
            reached |= (before << weight) & all_within
    return reached.bit_length() - 1


def _selections(sets: Sets, weights: list[int], capacity: int) -> set[tuple[int, ...]] | None:
    """How many of each weight the selections take; None where there are too many."""
    place = {weight: at for at, weight in enumerate(weights)}
    found = {(0,) * len(weights)}
    for offered in sets:
        for taken in list(found):
            load = sum(weight * n for weight, n in zip(weights, taken, strict=True))
            for weight in offered:
                if weight in place and load + weight <= capacity:
                    at = place[weight]
                    found.add((*taken[:at], taken[at] + 1, *taken[at + 1 :]))
        if len(found) > MOST:
            return None
    return found
