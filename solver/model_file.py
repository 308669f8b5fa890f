"""One stage of a problem as an MPS or LP file, with names that tell what stands where.

Columns are `option12`, `opening3`, `extra0`, `arc7`, `load5` (what a module takes of its root); rows are
`group4`, `row2` and so on, numbered as in the problem where they stand for one of its own things.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from typing import TextIO

import numpy as np

from .matrix import Matrix, build_matrix
from .problem import Flags, Problem


def write_mps(problem: Problem, stream: TextIO) -> None:
    """Free MPS of the minimisation of minus the profit: many readers take every MPS file for a minimisation."""
    write_matrix(build_matrix(problem), stream)


def write_matrix(matrix: Matrix, stream: TextIO, *, title: str = "qingdan") -> None:
    """The same for arrays that are there already; some readers want the title to say that the form is free."""
    columns, rows = column_names(matrix), row_names(matrix)
    equal, above = _senses(matrix)
    stream.write("* The objective is minus the profit, to be minimised: the optimum is minus that of the problem.\n")
    stream.write(f"NAME {title}\nROWS\n N cost\n")
    for name, fixed, least in zip(rows, equal.tolist(), above.tolist(), strict=True):
        stream.write(f" {'E' if fixed else 'G' if least else 'L'} {name}\n")
    stream.write("COLUMNS\n")
    whole = matrix.whole.tolist()
    index, value = matrix.index.tolist(), matrix.value.tolist()
    inside = False
    for column, (begin, end) in enumerate(pairwise(matrix.start.tolist())):
        if whole[column] != inside:
            inside = whole[column]
            stream.write(f" MARKER{column} 'MARKER' {chr(39)}{'INTORG' if inside else 'INTEND'}{chr(39)}\n")
        # every column is named even if it enters nothing
        stream.write(f" {columns[column]} cost {_number(-matrix.profit[column])}\n")
        for at in range(begin, end):
            stream.write(f" {columns[column]} {rows[index[at]]} {_number(value[at])}\n")
    if inside:
        stream.write(" MARKEREND 'MARKER' 'INTEND'\n")
    stream.write("RHS\n")
    for name, limit in zip(rows, np.where(above, matrix.row_lower, matrix.row_upper).tolist(), strict=True):
        if limit:
            stream.write(f" RHS {name} {_number(limit)}\n" if np.isfinite(limit) else f" RHS {name} 1e30\n")
    stream.write("BOUNDS\n")
    for name, low, high in zip(columns, matrix.lower.tolist(), matrix.upper.tolist(), strict=True):
        if low:
            stream.write(f" LO BND {name} {_number(low)}\n")
        if np.isfinite(high):
            stream.write(f" UP BND {name} {_number(high)}\n")
    stream.write("ENDATA\n")


def write_lp(problem: Problem, stream: TextIO) -> None:
    """LP file of the maximisation."""
    matrix = build_matrix(problem)
    columns = column_names(matrix)
    equal, above = _senses(matrix)
    stream.write("Maximize\n")
    used = np.flatnonzero(matrix.profit).tolist()
    terms = [_term(matrix.profit[column], columns[column]) for column in used]
    _write_row(stream, "profit", terms, columns, "")
    stream.write("Subject To\n")
    order = np.argsort(matrix.index, kind="stable")
    owner = np.repeat(np.arange(matrix.columns), np.diff(matrix.start))[order].tolist()
    value = matrix.value[order].tolist()
    begin = np.searchsorted(matrix.index[order], np.arange(matrix.rows + 1)).tolist()
    limits = np.where(above, matrix.row_lower, matrix.row_upper).tolist()
    for row, name in enumerate(row_names(matrix)):
        if not np.isfinite(limits[row]):
            continue
        sense = "=" if equal[row] else ">=" if above[row] else "<="
        terms = [_term(value[at], columns[owner[at]]) for at in range(begin[row], begin[row + 1])]
        _write_row(stream, name, terms, columns, f" {sense} {_number(limits[row])}")
    stream.write("Bounds\n")
    for name, low, high in zip(columns, matrix.lower.tolist(), matrix.upper.tolist(), strict=True):
        upper = f" <= {_number(high)}" if np.isfinite(high) else ""
        if low or upper:
            stream.write(f" {_number(low)} <= {name}{upper}\n")
    stream.write("Generals\n")
    for some in _batches((columns[column] for column in np.flatnonzero(matrix.whole).tolist()), 8):
        stream.write(f" {' '.join(some)}\n")
    stream.write("End\n")


def column_names(matrix: Matrix) -> list[str]:
    """A name for every column."""
    ends = (0, matrix.first_opening, matrix.first_extra, matrix.first_arc, matrix.first_load, matrix.columns)
    return list(_numbered(zip(("option", "opening", "extra", "arc", "load"), pairwise(ends), strict=True)))


def row_names(matrix: Matrix) -> list[str]:
    """A name for every row: its part and its number there."""
    ends = [first for _, first in matrix.parts] + [matrix.rows]
    return list(_numbered(zip((name for name, _ in matrix.parts), pairwise(ends), strict=True)))


def _numbered(parts: Iterable[tuple[str, tuple[int, int]]]) -> Iterator[str]:
    for name, (begin, end) in parts:
        yield from (f"{name}{number}" for number in range(end - begin))


def _batches(names: Iterable[str], size: int) -> Iterator[list[str]]:
    """Lists of at most `size` names."""
    iterator = iter(names)
    while some := list(islice(iterator, size)):
        yield some


def _senses(matrix: Matrix) -> tuple[Flags, Flags]:
    """Which rows are equations, and which of the others have a lower side alone."""
    equal = matrix.row_lower == matrix.row_upper
    return equal, ~equal & np.isfinite(matrix.row_lower)


def _write_row(stream: TextIO, name: str, terms: list[str], columns: list[str], end: str) -> None:
    """A row in lines of few terms; one without terms names a column 0 times, since readers want one."""
    held = terms or [f"+ 0 {columns[0]}" if columns else "0"]
    lines = [" ".join(some) for some in _batches(held, 8)]
    stream.write(f" {name}: " + "\n  ".join(lines) + f"{end}\n")


def _term(value: float, name: str) -> str:
    return f"{'-' if value < 0 else '+'} {_number(abs(value))} {name}"


def _number(value: float) -> str:
    """Whole numbers without a point, others in full."""
    return str(int(value)) if value == int(value) else repr(float(value))
