"""Which question divides a case best: whether a facility opens, whether a group is served, where, by which option.

Candidates are counted in the mixture of the master: a question whose answer there is near one half divides best.
All kinds stand side by side: a coarse question settles many columns at once, but where money is scarce it is often a
single dear option that decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cases import EXTRA, OPENING, OPTION, Decision
from .master import Mixture
from .problem import NONE, Problem

Float = NDArray[np.float64]
Int = NDArray[np.int64]

EVEN = 1e-5  # nearer to a whole number than this is whole


@dataclass(frozen=True, slots=True)
class Question:
    """A decision with what the mixture says of its form, and a key that names it from node to node."""

    decision: Decision
    value: float
    rank: float  # how promising, before anything is known of it
    key: tuple[str, int, int]


def count_of(kind: int, columns: Int) -> Decision:
    """Is any of these columns taken?"""
    return Decision(np.full(len(columns), kind, np.int64), columns.astype(np.int64), np.ones(len(columns), np.int64), 0)


def questions(problem: Problem, mixture: Mixture, most: int) -> list[Question]:
    """Questions that the mixture leaves open, the most promising first."""
    found: list[Question] = []
    for kind in (_facilities, _groups, _places, _times, _options, _extras):
        found += kind(problem, mixture)
        if found and not problem.rows:  # nothing but blocks and groups: what opens decides
            break
    return sorted(found, key=lambda question: (-question.rank, question.key))[:most]


def _open(value: NDArray[Any]) -> list[int]:
    """Positions of what is between 0 and 1."""
    return [int(place) for place in np.flatnonzero((value > EVEN) & (value < 1 - EVEN))]


def _evenness(value: float) -> float:
    return min(value, 1 - value)


def _by(owner: Int, columns: Int, number: int) -> Int:
    held: Int = columns[owner[columns] == number]
    return held


def _facilities(p: Problem, mixture: Mixture) -> list[Question]:
    """Does a facility open at all? Roots count for more than modules."""
    opened = np.bincount(p.opening_facility, mixture.opening, p.facilities)
    columns = np.arange(p.openings)
    held = np.flatnonzero(p.option_facility != NONE)
    brought = np.bincount(
        p.root()[p.option_facility[held]], np.abs(p.objectives[0].option[held]) * mixture.option[held], p.facilities
    )
    weight = 1 + brought / max(float(brought.max(initial=0.0)), 1.0)
    return [
        Question(
            count_of(OPENING, _by(p.opening_facility, columns, facility)),
            float(opened[facility]),
            _evenness(float(opened[facility]))
            * float(weight[facility])
            * (2.0 if p.facility_parent[facility] == NONE else 1.0),
            ("facility", int(facility), 0),
        )
        for facility in _open(opened)
    ]


def _groups(p: Problem, mixture: Mixture) -> list[Question]:
    """Is a group served at all?"""
    member = np.flatnonzero(p.option_group != NONE)
    served = np.bincount(p.option_group[member], mixture.option[member], p.groups)
    return [
        Question(
            count_of(OPTION, _by(p.option_group, member, group)),
            float(served[group]),
            _evenness(float(served[group])),
            ("group", int(group), 0),
        )
        for group in _open(served)
    ]


def _places(p: Problem, mixture: Mixture) -> list[Question]:
    """Is a group served by a certain facility?"""
    member = np.flatnonzero((p.option_group != NONE) & (mixture.option > EVEN) & (mixture.option < 1 - EVEN))
    out = []
    for group, facility in sorted({(int(p.option_group[o]), int(p.option_facility[o])) for o in member}):
        columns = np.flatnonzero((p.option_group == group) & (p.option_facility == facility))
        value = float(mixture.option[columns].sum())
        if EVEN < value < 1 - EVEN:
            size = float(p.option_size[columns].max(initial=0)) if facility != NONE else 0.0
            rank = _evenness(value) * (1 + size / max(float(p.option_size.max(initial=0)), 1.0))
            out.append(Question(count_of(OPTION, columns), value, rank, ("place", group, facility)))
    return out


def _times(p: Problem, mixture: Mixture) -> list[Question]:
    """Does a facility open by a certain period?"""
    out = []
    for opening in _open(mixture.opening):
        facility, period = int(p.opening_facility[opening]), int(p.opening_period[opening])
        columns = np.flatnonzero((p.opening_facility == facility) & (p.opening_period <= period))
        value = float(mixture.opening[columns].sum())
        if not EVEN < value < 1 - EVEN:
            columns, value = np.array([opening]), float(mixture.opening[opening])
        out.append(Question(count_of(OPENING, columns), value, _evenness(value), ("time", facility, period)))
    return out


def _options(p: Problem, mixture: Mixture) -> list[Question]:
    """Is a certain option taken?"""
    gain = np.abs(p.objectives[0].option.astype(np.float64))
    weight = 1 + gain / max(float(gain.max(initial=0.0)), 1.0)
    return [
        Question(
            count_of(OPTION, np.array([option])),
            float(mixture.option[option]),
            _evenness(float(mixture.option[option])) * float(weight[option]),
            ("option", int(option), 0),
        )
        for option in _open(mixture.option)
    ]


def _extras(p: Problem, mixture: Mixture) -> list[Question]:
    """Is a whole extra column at most a certain value?"""
    out = []
    for extra in np.flatnonzero(p.extra_whole):
        value = float(mixture.extra[extra])
        below = int(np.floor(value + EVEN))
        part = value - below
        if part > EVEN:
            decision = Decision(np.array([EXTRA]), np.array([extra]), np.array([1]), below)
            out.append(Question(decision, part, _evenness(part), ("extra", int(extra), below)))
    return out
