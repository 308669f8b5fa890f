"""What every method gives back for one stage, and what it may report on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..leaves import Tree
from ..region_proofs import RegionProofs
from ..solution import Plan, Stopped


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
