"""Steps of prices: cycles of falling length, each coordinate by its own running means.

The direction is the running mean of subgradients over the root of the running mean of their squares (Kingma and Ba
2015), in natural sizes of prices and uses. Where a slack swings about zero its mean is small beside its size, and
the price rests; where it stays on one side the price moves a full step. Every cycle starts again from the best prices
so far with shorter steps, measured by these prices where they are larger than natural.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .problem import Problem

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]

# share of all steps, first and last step of each cycle, in natural sizes of prices
CYCLES = ((400, 1.0, 0.01), (600, 0.1, 1e-4))
SMALL = 0.3  # least scale of a price in later cycles, as a share of its natural size
PAST = 0.95  # weight of the past in the mean of subgradients
PAST_SQUARES = 0.9  # and in the mean of their squares


def cycles(steps: int, largest: float, smallest: float) -> list[tuple[int, float, float]]:
    """Number of steps, first and last step of every cycle with steps from `largest` down to `smallest`."""
    chosen: list[tuple[int, float, float]] = []
    for number, (share, first, last) in enumerate(CYCLES):
        following = CYCLES[number + 1][1] if number + 1 < len(CYCLES) else 0.0
        if following < largest or following == 0.0:
            high = min(first, largest)
            chosen.append((share, high, min(high, max(last, smallest))))
    total, ends, shared = sum(share for share, _, _ in chosen), [0], 0
    for share, _, _ in chosen:
        shared += share
        ends.append(round(steps * shared / total))
    return [
        (end - begin, first, last)
        for begin, end, (_, first, last) in zip(ends[:-1], ends[1:], chosen, strict=True)
        if end > begin
    ]


@dataclass(frozen=True, slots=True)
class Scales:
    """Natural sizes: of prices (points a unit), and of uses of groups and rows."""

    group: Float
    row: Float
    group_size: Float
    row_size: Float


class Stride:
    """The running means of one cycle."""

    __slots__ = ("mean", "past", "problem", "scale", "size", "square", "squares_past")

    def __init__(
        self, problem: Problem, scales: Scales, group: Float, row: Float, *, anew: bool, kept: Flags | None = None
    ) -> None:
        self.problem = problem
        self.scale = np.concatenate([scales.group, scales.row])
        if not anew:
            self.scale = np.maximum(SMALL * self.scale, np.abs(np.concatenate([group, row])))
        if kept is not None:
            self.scale[len(group) :][kept] = 0.0
        self.size = np.concatenate([scales.group_size, scales.row_size])
        self.mean, self.square = np.zeros(len(self.size)), np.zeros(len(self.size))
        self.past, self.squares_past = 1.0, 1.0

    def moved(self, group: Float, row: Float, group_slack: Float, row_slack: Float, size: float) -> tuple[Float, Float]:
        """The next prices: a step of this size against the slack."""
        excess = -np.concatenate([group_slack, row_slack]) / self.size
        self.mean += (1 - PAST) * (excess - self.mean)
        self.square += (1 - PAST_SQUARES) * (excess * excess - self.square)
        self.past *= PAST
        self.squares_past *= PAST_SQUARES
        length = np.sqrt(self.square / (1 - self.squares_past)) + 1e-8
        move = size * self.scale * (self.mean / (1 - self.past)) / length
        group, row = group + move[: len(group)], np.maximum(row + move[len(group) :], 0.0)
        return np.where(self.problem.group_exact, group, np.maximum(group, 0.0)), row
