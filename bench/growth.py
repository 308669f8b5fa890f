"""How time and memory grow with the size of a program: a power, fitted to the logarithms, with how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

LEAST_POINTS: Final = 3


@dataclass(frozen=True, slots=True)
class Power:
    """value = factor x size ** exponent; `low` and `high` bound the exponent with 95 % (t distribution)."""

    exponent: float
    low: float
    high: float
    factor: float
    points: int

    def at(self, size: float) -> float:
        """The value that the line has at a size."""
        return float(self.factor * size**self.exponent)


def fitted_power(sizes: Sequence[float], values: Sequence[float]) -> Power | None:
    """The power that fits best (least squares on logarithms); None with fewer than three sizes."""
    if len(set(sizes)) < LEAST_POINTS:
        return None
    from scipy.stats import t  # late: heavy

    x, y = np.log(np.array(sizes, np.float64)), np.log(np.array(values, np.float64))
    spread = float(((x - x.mean()) ** 2).sum())
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / spread)
    level = float(y.mean() - slope * x.mean())
    left = y - level - slope * x
    free = len(x) - 2
    error = float(np.sqrt((left**2).sum() / free / spread))
    reach = float(t.ppf(0.975, free)) * error
    return Power(slope, slope - reach, slope + reach, float(np.exp(level)), len(x))
