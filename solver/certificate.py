"""A proof of the bounds that anyone can recompute: prices on a grid, whole numbers throughout.

For every stage of the objective the certificate holds whole prices of groups and rows and the values that
earlier stages reached; `certified_bound` evaluates the dual function at them exactly. A stage may also hold a tree of
decisions with prices for each of its leaves (`leaves`), or one for each of some regions (`region_proofs`). Prices of
groups are those of their tight rows (`group_rows`). Whatever the prices are, the bound is true; wrong ones only make
it weaker.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .dual import Settle, dual_value
from .group_rows import tightened
from .leaves import CertificateError, Tree, check_prices, grid, tree_bound
from .problem import Problem
from .region_proofs import RegionProofs, relief

Int = NDArray[np.int64]
Float = NDArray[np.float64]

__all__ = ["Certificate", "CertificateError", "StagePrices", "certified_bound", "make_certificate", "make_stage"]


@dataclass(frozen=True, slots=True)
class StagePrices:
    """Prices of one stage, in points per unit times `scale`; rows of earlier stages come last.

    `regions`, where there are any, lower the bound of these prices. `tree`, where there is one, proves a bound of its own;
    the lower of the two counts.
    """

    stage: int
    reached: tuple[int, ...]
    scale: int
    group_price: Int
    row_price: Int
    tree: Tree | None = None
    regions: RegionProofs | None = None


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


def make_stage(
    problem: Problem,
    stage: int,
    reached: tuple[int, ...],
    group: Float,
    row: Float,
    tree: Tree | None = None,
    regions: RegionProofs | None = None,
) -> StagePrices:
    """Round prices (points per unit) of a stage's problem to the finest grid on which 64 bits suffice.

    `problem` is that of the stage alone, rows of earlier stages included. Where there are regions, their grid is taken.
    """
    row = np.maximum(np.nan_to_num(row), 0.0)
    group = np.nan_to_num(group)
    group = np.where(problem.group_exact, group, np.maximum(group, 0.0))
    scale = int(regions.trees[0].scale[0]) if regions is not None and regions.trees else grid(problem, group, row)
    return StagePrices(
        stage, reached, scale, np.rint(group * scale).astype(np.int64), np.rint(row * scale).astype(np.int64), tree, regions
    )  # fmt: skip


def make_certificate(problem: Problem, reached: tuple[int, ...], prices: list[tuple[Float, Float]]) -> Certificate:
    """A certificate from prices (of groups, of rows) for each stage in order.

    `reached` holds the values of the stages, of which stage k uses the first k.
    """
    tight = tightened(problem)
    return Certificate(
        tuple(
            make_stage(tight.stage(stage, reached[:stage]), stage, reached[:stage], group, row)
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
    single = tightened(problem).stage(stage, prices.reached)
    group, row, scale = prices.group_price, prices.row_price, prices.scale
    check_prices(single.group_exact, single.rows, f"stage {stage}", scale, group, row)
    value = dual_value(single, group, row, scale, settle=settle)
    try:
        if prices.regions is not None:
            value += relief(single, prices.regions, group, row, scale, settle=settle)
        bound = value // (100 * scale)
        return bound if prices.tree is None else min(bound, tree_bound(single, prices.tree, settle=settle))
    except CertificateError as error:
        raise CertificateError(f"stage {stage}, {error}") from None
