"""What every method gives back for one stage, what it may report on the way, and the same of a search over plain arrays."""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..leaves import Tree
from ..region_proofs import RegionProofs
from ..solution import Plan, Stopped

Float = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prices:
    """Multipliers of the groups and of the rows of a problem, in points per unit."""

    group: NDArray[np.float64]
    row: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One stage: the best plan (None where none was found) and the claimed bound in whole points.

    `infeasible` says that no plan exists; `prices` are given by methods that find them on their way,
    `tree` by those that prove more by cases (with prices only), `regions` by those that prove more region by region at
    exactly these prices;
    `error` holds the words of a backend that failed.
    """

    stopped: Stopped
    plan: Plan | None = None
    bound: int | None = None
    work: int = 0
    infeasible: bool = False
    prices: Prices | None = None
    error: str = ""
    tree: Tree | None = None
    regions: RegionProofs | None = None


Progress = Callable[[int | None, int | None], None]


def whole_bound(value: float) -> int | None:
    """An upper bound in whole points; None where there is none yet."""
    return int(np.floor(value + 1e-6)) if np.isfinite(value) else None


def whole_value(value: float) -> int | None:
    """The value of a plan in whole points; None where there is no plan yet."""
    return int(np.floor(value + 1e-4)) if np.isfinite(value) else None


# value of the best solution, bound, and the solution itself where a new one was found
Report = Callable[[float, float, Float | None], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """When and how a run ends; seconds, share of the plan's value, nodes."""

    time: float | None = None
    relative_gap: float = 0.0
    nodes: int | None = None
    seed: int = 0
    threads: int = 2
    quick: bool = False  # a small program among many: no restarts, no branching on trial


@dataclass(frozen=True, slots=True)
class Search:
    """What a MIP run found; `lost` if its solution falls short of the value stated for it."""

    stopped: Stopped
    values: Float | None
    value: float
    bound: float
    nodes: int = 0
    infeasible: bool = False
    lost: bool = False
    error: str = ""


def timed(limits: Limits, began: float) -> Limits:
    """The same limits less the time that went by since `began`."""
    if limits.time is None:
        return limits
    left = max(0.1, limits.time - (clock.monotonic() - began))
    return replace(limits, time=left)
