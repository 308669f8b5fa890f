"""The bound of one case by column generation: prices lean on the best known, blocks answer with new patterns.

Every evaluation of the dual function is a bound, the master's value says how far it can fall; steps lean on the best
prices known so far (Wentges 1997), because those of the master alone swing widely at first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .cases import Case, evaluate_case
from .master import Basis, Master, Mixture
from .prices import Priced

Float = NDArray[np.float64]

LEAN = 0.9  # share of the best prices in the next
CLOSE = 1e-9  # of the value: a bound this near to the master's value cannot fall any more
RAISES = 4  # how often what breaks a row becomes ten times dearer


@dataclass(frozen=True, slots=True)
class CasePrices:
    """Prices of a case and the bound that they give, in floating point; the last mixture of the master."""

    group: Float
    row: Float
    price: Float
    bound: float
    mixture: Mixture | None
    steps: int
    settled: bool  # no price lowers the bound any further


def bound_case(
    priced: Priced,
    master: Master,
    case: Case,
    start: tuple[Float, Float, Float],
    *,
    enough: Callable[[float], bool],
    near: Callable[[float, float], bool],
    steps: int,
    go_on: Callable[[], bool],
    basis: Basis | None = None,
) -> CasePrices:
    """Lower the bound of a case from `start` until it is `enough`, `near` the least that prices can do, or no step is left.

    `near` is asked with the bound and the master's value, which no prices can go below once no pattern is missing.
    """
    master.take_case(case, basis)
    group, row, price = start
    at = evaluate_case(priced, case, group, row, price)
    master.add(at.option, at.opening)
    best, mixture, lean, settled, stalled, raised, done = at.value, None, LEAN, False, False, 0, 1
    while done < steps and not enough(best) and go_on():
        mixture = master.solve()
        if mixture is None:
            break
        met = best - mixture.value <= CLOSE * abs(best)
        if met or stalled or near(best, mixture.value):
            if mixture.broken < 1e-7 or raised == RAISES:
                settled = met or stalled
                break
            raised += 1
            master.raise_breaches()
            lean, stalled = LEAN, False
            continue
        fresh = 0
        while done < steps:
            trial = (
                lean * group + (1 - lean) * mixture.group,
                lean * row + (1 - lean) * mixture.row,
                lean * price + (1 - lean) * mixture.price,
            )
            at = evaluate_case(priced, case, *trial)
            done += 1
            fresh = master.add(at.option, at.opening)
            if at.value < best:
                best = at.value
                group, row, price = trial
                break
            if fresh or lean == 0.0:
                break
            lean = 0.0
        stalled = not fresh and lean == 0.0
        lean = LEAN if fresh else (lean / 2 if lean > 0.2 else 0.0)
    return CasePrices(group, row, price, best, mixture, done, settled)
