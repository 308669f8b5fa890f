"""A stage's program with whole numbers alone, for solvers that know nothing else.

Money is counted in parts of a unit, `scale` parts each, a multiple of 100. Once options and openings are
chosen, paying them from sources under largest and smallest shares is a flow through a network whose limits are
whole hundredths of a unit; any flow can be rounded to whole parts so that every limit of the network still
holds (each amount and each sum over an edge of the network to one of the two neighbouring whole numbers).
So these rows stay as they are and the program of whole parts is exact. A row outside the network (one that
arcs enter by a further amount, or that a continuous column enters) can be off by less than one part for
every such entry: it is given as much room. The program is then a relaxation: its bound, and its answer that
there is no plan, hold for the problem; a plan from it is to be paid anew. With `room=False` these rows keep
their limits: the program is then a restriction, whose plans hold and whose bound says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..matrix import Matrix
from ..problem import Problem

Int = NDArray[np.int64]
Float = NDArray[np.float64]

COARSE, FINE = 100, 1_000_000  # parts of a unit: hundredths suffice where no row needs room
SMALL = 2_000  # columns; larger programs find no plan in time with money in fine parts
LARGEST = 2.0**50  # what any row may add up to


@dataclass(frozen=True, slots=True)
class WholeProgram:
    """A program of whole columns: columns are `parts` times those of the problem, its objective `unit` times.

    `exact` says that no row was given room; `beyond` is what the objective of the problem may exceed that of
    the program by, in points.
    """

    matrix: Matrix
    parts: Float
    unit: float
    exact: bool
    beyond: float


def whole_program(problem: Problem, matrix: Matrix, *, room: bool = True) -> WholeProgram | None:
    """The program in whole numbers; None if they would grow too large."""
    money = ~matrix.whole
    money[matrix.first_load :] = False  # what a module takes is whole by itself
    upper = _limits(problem, matrix)
    outside = _outside(problem, matrix, money)
    exact = not outside.any() and not matrix.profit[money].any()
    scale = COARSE if exact or matrix.columns > SMALL else FINE
    while scale >= COARSE:
        program = _scaled(matrix, upper, money, outside, scale, room)
        if _largest(program.matrix) < LARGEST:
            return program
        scale //= 10
    return None


def _limits(p: Problem, matrix: Matrix) -> Float:
    """Upper limits of all columns, finite ones for arcs (all that may be spent) and loads (all sizes)."""
    upper = matrix.upper.copy()
    spend = p.option_spend.totals(np.ones(p.options, np.int64), p.demands)
    spend = spend + p.opening_spend.totals(np.ones(p.openings, np.int64), p.demands)
    upper[matrix.first_arc : matrix.first_load] = spend[p.arc_demand]
    member = p.option_facility >= 0
    sizes = np.bincount(p.option_facility[member], p.option_size[member], p.facilities)
    upper[matrix.first_load :] = np.maximum(sizes, p.facility_minimum)[matrix.load_module]
    return upper


def _outside(p: Problem, matrix: Matrix, money: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows that money enters other than as an edge of the network."""
    outside = np.zeros(matrix.rows, np.bool_)
    outside[matrix.row_of_row[p.arc_row.index]] = True
    loose = money.copy()
    loose[matrix.first_arc :] = False
    outside[matrix.index[np.repeat(loose, np.diff(matrix.start))]] = True
    return outside


def _scaled(
    matrix: Matrix, upper: Float, money: NDArray[np.bool_], outside: NDArray[np.bool_], scale: int, room: bool
) -> WholeProgram:
    parts = np.where(money, float(scale), 1.0)
    entry_money = np.repeat(money, np.diff(matrix.start))
    paid = np.zeros(matrix.rows, np.bool_)
    paid[matrix.index[entry_money]] = True
    shared = np.zeros(matrix.rows, np.bool_)
    ends = [first for _, first in matrix.parts[1:]] + [matrix.rows]
    for (name, first), end in zip(matrix.parts, ends, strict=True):
        shared[first:end] = name in ("share", "floor")
    factor = np.where(paid, float(scale), 1.0) * np.where(shared, 100.0, 1.0)
    value = np.rint(matrix.value * factor[matrix.index] / np.repeat(parts, np.diff(matrix.start)))
    row_lower, row_upper = matrix.row_lower * factor, matrix.row_upper * factor
    if room and outside.any():
        entries = entry_money & outside[matrix.index]
        space = np.bincount(matrix.index[entries], np.abs(value[entries]), matrix.rows)
        space = np.maximum(space - 1, 0)  # less than the sum, in whole parts
        row_lower, row_upper = row_lower - space, row_upper + space
    loose = bool(matrix.profit[money].any())
    unit = float(scale) if loose else 1.0
    return WholeProgram(
        replace(
            matrix,
            profit=np.rint(matrix.profit * unit / parts),
            lower=matrix.lower * parts,
            upper=upper * parts,
            whole=np.ones(matrix.columns, np.bool_),
            row_lower=row_lower,
            row_upper=row_upper,
            value=value,
        ),
        parts,
        unit,
        not outside.any(),
        float(np.maximum(matrix.profit[money], 0).sum()) / scale,
    )


def _largest(matrix: Matrix) -> float:
    """An upper limit of what any row or the objective may add up to on the way."""
    size = np.maximum(np.abs(matrix.lower), np.abs(matrix.upper))
    entries = np.abs(matrix.value) * np.repeat(size, np.diff(matrix.start))
    rows = np.bincount(matrix.index, entries, matrix.rows)
    limits = np.abs(np.concatenate([matrix.row_lower, matrix.row_upper]))
    return max(
        float(rows.max(initial=0)),
        float(limits[np.isfinite(limits)].max(initial=0)),
        float((np.abs(matrix.profit) * size).sum()),
    )
