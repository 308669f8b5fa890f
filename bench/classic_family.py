"""What every classic problem shares: its way back from a plan of the program to its own value and rules."""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..solver.solution import Plan

NO_EXTRA = np.zeros(0, np.int64)


class Classic(ABC):
    """A classic problem by its raw data.

    Its value and its rules are worked out from these data and from what the plan takes, never from the arrays of
    the program: a fault in the translation shows itself. The program always maximises; `maximise` is the problem's own
    sense, and `parts` says how many points of the program make one unit of its value.
    """

    __slots__ = ()

    maximise: bool
    parts: int

    @abstractmethod
    def value(self, plan: Plan) -> Fraction:
        """Value of what the plan takes, in the problem's own sense and unit."""

    @abstractmethod
    def faults(self, plan: Plan) -> list[str]:
        """Every rule of the problem that the plan breaks, one line each."""

    def bound(self, points: int) -> Fraction:
        """A bound of the program in the problem's own sense and unit: no value is better than it."""
        return Fraction(points if self.maximise else -points, self.parts)


def over_limits(name: str, used: list[Fraction], limits: list[Fraction]) -> list[str]:
    """A line for every place where more is used than there is."""
    return [
        f"{name} {at}: {float(use):g} of {float(limit):g} used"
        for at, (use, limit) in enumerate(zip(used, limits, strict=True))
        if use > limit
    ]


def chosen_of_each(
    owner: NDArray[np.int64], taken: NDArray[np.bool_], owners: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For every owner the first column that is taken (-1: none) and how many are."""
    first, count = np.full(owners, -1, np.int64), np.zeros(owners, np.int64)
    for column in np.flatnonzero(taken)[::-1].tolist():
        first[owner[column]] = column
        count[owner[column]] += 1
    return first, count
