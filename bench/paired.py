"""Is one method better than another, or was it luck? Tests on pairs: the same instance, the same seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

import numpy as np

DRAWS: Final = 2000
SEED: Final = 20130501
LEAST_PAIRS: Final = 6  # with five pairs no two-sided signed-rank test can fall below 0.05


@dataclass(frozen=True, slots=True)
class Pair:
    """How the costs of `method` compare with those of `other`.

    `ratio` is the quotient of shifted geometric means (below 1: `method` is better), `low` and `high` its 95 % interval by drawing
    instances, then seeds, again and again; `better`, `equal`, `worse` count instances; `p` is that of Wilcoxon's signed-rank test on
    the means over seeds, `adjusted` after Holm's correction for several comparisons (None: too few instances to tell).
    """

    method: str
    other: str
    ratio: float
    low: float
    high: float
    better: int
    equal: int
    worse: int
    p: float | None
    adjusted: float | None = None


def shifted_geometric_mean(values: Sequence[float], shift: float) -> float:
    """exp(mean(log(value + shift))) - shift: one long run does not rule, and neither do those near 0."""
    if not values:
        return math.nan
    return math.exp(math.fsum(math.log(value + shift) for value in values) / len(values)) - shift


def compare(costs: Mapping[str, Mapping[str, Sequence[float]]], *, shift: float, draws: int = DRAWS) -> list[Pair]:
    """Every two methods, once; `costs[method][instance]` has a cost for every seed, the same seeds for all.

    Holm's correction is for all the pairs together.
    """
    pairs = [_pair(costs[one], costs[other], one, other, shift, draws) for one, other in combinations(costs, 2)]
    return _holm(pairs)


def _pair(
    mine: Mapping[str, Sequence[float]],
    its: Mapping[str, Sequence[float]],
    method: str,
    other: str,
    shift: float,
    draws: int,
) -> Pair:
    names = sorted(mine)
    # logarithms of the shifted costs: a difference is a factor, and seeds of an instance are averaged before the test
    difference = [np.log(np.array(mine[name]) + shift) - np.log(np.array(its[name]) + shift) for name in names]
    means = np.array([held.mean() for held in difference])
    rng = np.random.default_rng(SEED)
    drawn = np.empty(draws)
    for draw in range(draws):
        chosen = rng.integers(len(names), size=len(names))
        drawn[draw] = np.mean([rng.choice(difference[at], len(difference[at])).mean() for at in chosen])
    low, high = np.quantile(drawn, [0.025, 0.975])
    near = 1e-9
    return Pair(
        method,
        other,
        float(np.exp(means.mean())),
        float(np.exp(low)),
        float(np.exp(high)),
        int((means < -near).sum()),
        int((np.abs(means) <= near).sum()),
        int((means > near).sum()),
        _wilcoxon(means[np.abs(means) > near]),
    )


def _wilcoxon(differences: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float | None:
    if len(differences) < LEAST_PAIRS:
        return None
    from scipy.stats import wilcoxon  # late: heavy

    return float(wilcoxon(differences).pvalue)


def _holm(pairs: Sequence[Pair]) -> list[Pair]:
    """Holm's correction: the smallest p times the number of tests, the next times one less, never falling."""
    tested = sorted((at for at, pair in enumerate(pairs) if pair.p is not None), key=lambda at: pairs[at].p or 0.0)
    found = list(pairs)
    highest = 0.0
    for rank, at in enumerate(tested):
        highest = max(highest, min(1.0, (len(tested) - rank) * (pairs[at].p or 0.0)))
        found[at] = replace(found[at], adjusted=highest)
    return found
