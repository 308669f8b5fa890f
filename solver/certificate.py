"""A proof of the bounds that anyone can recompute: prices on a grid, whole numbers throughout.

For every stage of the objective the certificate holds whole prices of groups and rows and the values that
earlier stages reached; `certified_bound` evaluates the dual function at them exactly. Whatever the prices
are, the bound is true; wrong ones only make it weaker.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .dual import Settle, column_sizes, dual_value
from .problem import Problem

Int = NDArray[np.int64]
Float = NDArray[np.float64]

FINEST = 40  # prices are multiples of 2**-FINEST points at the finest
HIGHEST_SCALE = 2**FINEST


class CertificateError(ValueError):
    """The certificate does not fit the problem or breaks a rule of its own; the text names which."""


@dataclass(frozen=True, slots=True)
class StagePrices:
    """Prices of one stage, in points per unit times `scale`; rows of earlier stages come last."""

    stage: int
    reached: tuple[int, ...]
    scale: int
    group_price: Int
    row_price: Int


@dataclass(frozen=True, slots=True)
class Certificate:
    """Prices of every stage that has a certified bound."""

    stages: tuple[StagePrices, ...]

    def of_stage(self, stage: int) -> StagePrices:
        """The prices of one stage."""
        for prices in self.stages:
            if prices.stage == stage:
                return prices
        raise CertificateError(f"stage {stage}: the certificate has no prices for it")


def make_stage(problem: Problem, stage: int, reached: tuple[int, ...], group: Float, row: Float) -> StagePrices:
    """Round prices (points per unit) of a stage's problem to the finest grid on which 64 bits suffice.

    `problem` is that of the stage alone, rows of earlier stages included.
    """
    row = np.maximum(np.nan_to_num(row), 0.0)
    group = np.nan_to_num(group)
    group = np.where(problem.group_exact, group, np.maximum(group, 0.0))
    room = 2.0**60 / column_sizes(problem, group, row)
    highest = max(float(np.abs(group).max(initial=1.0)), float(row.max(initial=1.0)))
    room = min(room, 2.0**60 / highest)
    scale = 2 ** int(np.clip(np.floor(np.log2(max(room, 1.0))), 0, FINEST))
    return StagePrices(
        stage, reached, scale, np.rint(group * scale).astype(np.int64), np.rint(row * scale).astype(np.int64)
    )


def make_certificate(problem: Problem, reached: tuple[int, ...], prices: list[tuple[Float, Float]]) -> Certificate:
    """A certificate from prices (of groups, of rows) for each stage in order.

    `reached` holds the values of the stages, of which stage k uses the first k.
    """
    return Certificate(
        tuple(
            make_stage(problem.stage(stage, reached[:stage]), stage, reached[:stage], group, row)
            for stage, (group, row) in enumerate(prices)
        )
    )


def certified_bound(
    problem: Problem,
    certificate: Certificate,
    stage: int,
    *,
    reached: tuple[int, ...] | None = None,
    settle: Settle | None = None,
) -> int:
    """The bound that the certificate proves for a stage, in whole points, given what earlier stages reached.

    `problem` is the whole problem. With `reached` given (the plan's values of the earlier
    stages), the certificate may not speak of higher ones. `settle`
    may be a faster evaluation of the roots (see `exact_walk`); without it everything is plain.
    Raises `CertificateError` where the certificate does not fit.
    """
    prices = certificate.of_stage(stage)
    if not 0 <= stage < len(problem.objectives):
        raise CertificateError(f"stage {stage}: the problem has {len(problem.objectives)} objectives")
    if len(prices.reached) != stage:
        raise CertificateError(f"stage {stage}: {len(prices.reached)} values of earlier stages, {stage} are needed")
    if reached is not None and any(told > found for told, found in zip(prices.reached, reached, strict=True)):
        raise CertificateError(f"stage {stage}: speaks of earlier values {prices.reached}, the plan has {reached}")
    single = problem.stage(stage, prices.reached)
    _check_prices(single, prices)
    value = dual_value(single, prices.group_price, prices.row_price, prices.scale, settle=settle)
    return value // (100 * prices.scale)


def _check_prices(problem: Problem, prices: StagePrices) -> None:
    name = f"stage {prices.stage}"
    scale = prices.scale
    if not (1 <= scale <= HIGHEST_SCALE and scale & (scale - 1) == 0):
        raise CertificateError(f"{name}: scale is {scale}; it must be a power of 2 within 1..2**{FINEST}")
    for part, found, needed in (
        ("group_price", prices.group_price, problem.groups),
        ("row_price", prices.row_price, problem.rows),
    ):
        if found.dtype != np.int64 or found.ndim != 1:
            raise CertificateError(f"{name}: {part} is not a row of 64-bit whole numbers")
        if len(found) != needed:
            raise CertificateError(f"{name}: {part} has {len(found)} elements, {needed} are needed")
        if np.any(found == np.iinfo(np.int64).min):
            raise CertificateError(f"{name}: {part} holds a number that has no opposite in 64 bits")
    if np.any(prices.row_price < 0):
        raise CertificateError(f"{name}: row_price is negative at {int(np.argmax(prices.row_price < 0))}")
    negative = (prices.group_price < 0) & ~problem.group_exact
    if np.any(negative):
        raise CertificateError(
            f"{name}: group_price is negative at {int(np.argmax(negative))}, a group that need not be met exactly"
        )
