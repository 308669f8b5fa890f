"""Which choices a core frees: units that prices and plan judge differently, with the units that share needs with them.

A *unit* is a root with all that stands on it, a need without a building, or a single option of neither. Units that
serve the same group are neighbours: what one gives up another may take.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .core import Guide
from .problem import NONE, Problem
from .solution import Plan

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]
Int = NDArray[np.int64]

DEPTH = 2  # steps from a seed to the neighbours freed with it
WIDEST = 12  # neighbours of one unit that are freed with it at most: of a need that very many could serve only some


@dataclass(frozen=True, slots=True)
class Units:
    """The units of a problem, and which are neighbours (CSR over units)."""

    count: int
    option: Int  # unit of every option
    opening: Int
    size: Int  # options within reach that a unit holds
    start: Int
    neighbour: Int


def make_units(problem: Problem, guide: Guide, within_reach: Flags) -> Units:
    """Number the units; options not `within_reach` count for neither size nor neighbourhood."""
    p = problem
    housed, grouped = guide.option_root != NONE, p.option_group != NONE
    option = np.where(housed, guide.option_root, p.facilities + p.option_group)
    alone = np.flatnonzero(~housed & ~grouped)
    option[alone] = p.facilities + p.groups + np.arange(len(alone))
    count = p.facilities + p.groups + len(alone)
    size = np.bincount(option[within_reach], minlength=count)
    held = np.flatnonzero(within_reach & grouped)
    pairs = np.unique(np.stack([p.option_group[held], option[held]]), axis=1)
    start, neighbour = _pairs_of_groups(pairs[0], pairs[1], count)
    return Units(count, option, guide.opening_root, size, start, neighbour)


def _pairs_of_groups(group: Int, unit: Int, units: int) -> tuple[Int, Int]:
    """CSR of the units that share a group; `group` is sorted."""
    ones: list[Int] = []
    others: list[Int] = []
    cuts = np.flatnonzero(np.diff(group)) + 1
    for members in np.split(unit, cuts):
        if len(members) > 1:
            near = members[: 4 * WIDEST]
            ones.append(np.repeat(near, len(near)))
            others.append(np.tile(near, len(near)))
    if not ones:
        return np.zeros(units + 1, np.int64), np.zeros(0, np.int64)
    one, other = np.concatenate(ones), np.concatenate(others)
    apart = one != other
    one, other = np.unique(np.stack([one[apart], other[apart]]), axis=1)
    start = np.zeros(units + 1, np.int64)
    np.cumsum(np.bincount(one, minlength=units), out=start[1:])
    return start, other


def disagreement(units: Units, guide: Guide, plan: Plan) -> Float:
    """By unit: how much less the plan's choice is worth at the prices than the block's own."""
    value = np.zeros(units.count)
    for unit, ours, theirs, profit in (
        (units.option, plan.option, guide.option_taken, guide.option_profit),
        (units.opening, plan.opening, guide.opening_taken, guide.opening_profit),
    ):
        differs = np.flatnonzero(ours != theirs)
        value += np.bincount(unit[differs], np.where(theirs[differs], profit[differs], -profit[differs]), units.count)
    return np.maximum(value, 0.0)


def around(
    units: Units, score: Float, allowed: Flags, options: int, random: np.random.Generator
) -> Flags:  # fmt: skip
    """Units of high score with their neighbours, until they hold so many options.

    Seeds are drawn in random order with chances in proportion to their score.
    """
    chosen = np.zeros(units.count, np.bool_)
    candidates = np.flatnonzero(allowed & (score > 0))
    if not len(candidates):
        return chosen
    # exponential races: the order of a weighted draw without replacement
    order = candidates[np.argsort(random.exponential(size=len(candidates)) / score[candidates], kind="stable")]
    held = 0
    for seed in order.tolist():
        front = [seed]
        for _ in range(DEPTH):
            following: list[int] = []
            for unit in front:
                if chosen[unit] or not allowed[unit]:
                    continue
                chosen[unit] = True
                held += int(units.size[unit])
                if held >= options:
                    return chosen
                near = units.neighbour[units.start[unit] : units.start[unit + 1]]
                if len(near) > WIDEST:
                    near = near[np.argsort(-score[near], kind="stable")[:WIDEST]]
                following.extend(near.tolist())
            front = following
    return chosen
