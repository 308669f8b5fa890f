"""One stage of a problem as a mixed-integer program in plain sparse arrays.

Columns come in the order options, openings, extras, arcs, loads (a load is what a module with a smallest size
takes of its root). Rows come in parts, see `matrix_rows`; the map back to groups and rows of the problem is kept so
that multipliers of the linear relaxation become prices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .feasibility import module_loads
from .matrix_rows import Rows, add_blends, add_capacity, add_choices, add_doors, add_openings, modules_with_load
from .problem import HIGHEST, NONE, Problem
from .solution import Plan

Int = NDArray[np.int64]
Float = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Maximise `profit @ x` with `row_lower <= A x <= row_upper`, `lower <= x <= upper`; A by columns (CSC)."""

    profit: Float
    lower: Float
    upper: Float
    whole: NDArray[np.bool_]
    row_lower: Float
    row_upper: Float
    start: Int
    index: Int
    value: Float
    # row of the matrix for every group and every row of the problem
    row_of_group: Int
    row_of_row: Int
    # first column of each part
    first_opening: int
    first_extra: int
    first_arc: int
    first_load: int
    load_module: Int
    # names of the parts of the rows and where each begins, for export
    parts: tuple[tuple[str, int], ...] = ()

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.profit)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.row_lower)

    def plan(self, values: Float) -> Plan:
        """The plan in a solution vector; whole columns are rounded."""
        return Plan(
            option=values[: self.first_opening] > 0.5,
            opening=values[self.first_opening : self.first_extra] > 0.5,
            extra=np.where(
                self.whole[self.first_extra : self.first_arc],
                np.round(values[self.first_extra : self.first_arc]),
                values[self.first_extra : self.first_arc],
            ),
            arc=np.maximum(values[self.first_arc : self.first_load], 0.0),
        )

    def vector(self, problem: Problem, plan: Plan) -> Float:
        """The solution vector of a plan."""
        load = module_loads(problem, plan.option, plan.opening)[self.load_module]
        return np.concatenate([plan.option, plan.opening, plan.extra, plan.arc, load]).astype(np.float64)


def build_matrix(problem: Problem) -> Matrix:
    """The mixed-integer program of a problem's first objective."""
    p, rows = problem, Rows()
    first_opening = p.options
    first_extra = first_opening + p.openings
    first_arc = first_extra + p.extras
    first_load = first_arc + p.arcs
    load_module = modules_with_load(p)
    group = rows.add("group", np.where(p.group_exact, p.group_capacity, -np.inf), p.group_capacity, p.groups)
    member = np.flatnonzero(p.option_group != NONE)
    rows.put(group + p.option_group[member], member, p.option_weight[member])
    add_choices(p, rows)
    shut = add_doors(p, rows, first_opening)
    add_openings(p, rows, first_opening)
    add_capacity(p, rows, first_opening, first_load, load_module)
    add_blends(p, rows, first_opening, first_arc)
    limit = np.where(p.row_limit >= HIGHEST, np.inf, p.row_limit)
    row = rows.add("row", -np.inf, limit, p.rows)
    rows.put_sparse(row, 0, p.option_row)
    rows.put_sparse(row, first_opening, p.opening_row)
    rows.put_sparse(row, first_extra, p.extra_row)
    rows.put(row + p.arc_source, first_arc + np.arange(p.arcs), 1.0)
    rows.put_sparse(row, first_arc, p.arc_row)

    objective = p.objectives[0]
    loads = len(load_module)
    upper = np.concatenate(
        [np.where(shut[:first_extra], 0.0, 1.0), p.extra_upper, np.full(p.arcs + loads, np.inf)]
    ).astype(np.float64)
    whole = np.zeros(first_load + loads, np.bool_)
    whole[:first_extra] = True
    whole[first_extra:first_arc] = p.extra_whole
    start, index, value = _compressed(rows, first_load + loads)
    return Matrix(
        profit=np.concatenate([objective.option, objective.opening, objective.extra, np.zeros(p.arcs + loads)]).astype(
            np.float64
        ),
        lower=np.concatenate([np.zeros(first_extra), p.extra_lower, np.zeros(p.arcs + loads)]).astype(np.float64),
        upper=upper,
        whole=whole,
        row_lower=np.concatenate(rows.lower) if rows.lower else np.zeros(0),
        row_upper=np.concatenate(rows.upper) if rows.upper else np.zeros(0),
        start=start,
        index=index,
        value=value,
        row_of_group=group + np.arange(p.groups),
        row_of_row=row + np.arange(p.rows),
        first_opening=first_opening,
        first_extra=first_extra,
        first_arc=first_arc,
        first_load=first_load,
        load_module=load_module,
        parts=tuple(rows.parts),
    )


def _compressed(rows: Rows, columns: int) -> tuple[Int, Int, Float]:
    row, column = np.concatenate(rows.row), np.concatenate(rows.column)
    value = np.concatenate(rows.value)
    order = np.lexsort((row, column))
    row, column, value = row[order], column[order], value[order]
    if len(row):
        first = np.flatnonzero(np.r_[True, (row[1:] != row[:-1]) | (column[1:] != column[:-1])])
        row, column, value = row[first], column[first], np.add.reduceat(value, first)
        kept = value != 0
        row, column, value = row[kept], column[kept], value[kept]
    start = np.zeros(columns + 1, np.int64)
    np.cumsum(np.bincount(column, minlength=columns), out=start[1:])
    return start, row, value
