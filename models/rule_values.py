"""How much of every row a plan uses, in the words of people: value, limit and slack."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..solver.problem import Problem
from ..solver.solution import Plan
from ..solver.sparse import Sparse

Int = NDArray[np.int64]
Float = NDArray[np.float64]

SCHEMA = {
    "kind": pl.String, "key": pl.String, "scope": pl.String, "name": pl.String, "value": pl.Float64, "limit": pl.Float64,
    "slack": pl.Float64, "unit": pl.String, "floor": pl.Boolean, "listed": pl.Boolean,
}  # fmt: skip


def describe_rows(problem: Problem) -> pl.DataFrame:
    """Every row of a program that is no source of money: `row, kind, name, limit`, as the row is written (`<=`)."""
    kind = problem.labels["label_row_kind"]
    frame = pl.DataFrame(
        {
            "row": np.arange(problem.rows, dtype=np.int64),
            "kind": kind.tolist(),
            "name": problem.labels["label_row_name"].tolist(),
            "limit": problem.row_limit,
        },
        schema={"row": pl.Int64, "kind": pl.String, "name": pl.String, "limit": pl.Int64},
    )
    return frame.filter(pl.col("kind") != "source")


def row_values(problem: Problem, plan: Plan) -> pl.DataFrame:
    """Value, limit and slack of every row of a plan that is no source, as people read the rule.

    A floor is told as such, both sides positive; `slack` is what is left to the limit, never negative in a plan
    that holds. A share is told in the unit of what is shared: the limit then depends on the plan. `key` is the
    rule's name, or the id of policy, operator or payer; `scope` the values of `each`, or the year. Rows that
    can never bind are no part of the program but told all the same. `listed` rows make up `quotas.csv`.
    """
    labels = problem.labels
    amounts = (plan.option.astype(np.float64), plan.opening.astype(np.float64), plan.extra)
    own = (problem.option_row, problem.opening_row, problem.extra_row)
    idle = tuple(
        Sparse(*(labels[f"label_idle_{name}_{end}"].astype(np.int64) for end in ("start", "index", "amount")))
        for name in ("option", "opening", "extra")
    )
    found = _values(
        problem, _Part("label_row", problem.row_limit, (*zip(own, amounts, strict=True), (problem.arc_row, plan.arc)))
    )
    limit = labels["label_idle_limit"].astype(np.int64)
    unused = _values(problem, _Part("label_idle", limit, tuple(zip(idle, amounts, strict=True))))
    return pl.concat([found.filter(pl.col("kind") != "source"), unused])


@dataclass(frozen=True, slots=True)
class _Part:
    """One set of rows: those of the program, or the idle ones; `prefix` is that of their labels."""

    prefix: str
    limit: Int
    entries: tuple[tuple[Sparse, Float], ...]


def _values(problem: Problem, part: _Part) -> pl.DataFrame:
    labels, size = problem.labels, len(part.limit)
    word = {name: labels[f"{part.prefix}_{name}"] for name in ("kind", "key", "scope", "name", "unit", "listed")}
    sign, scale, share = (labels[f"{part.prefix}_{name}"].astype(np.int64) for name in ("sign", "scale", "share"))
    # what is meant as "at least" is written with both sides negated
    up, down = np.zeros(size), np.zeros(size)
    for sparse, amount in part.entries:
        entry = sparse.amount * amount[sparse.owner_of_entry()] * sign[sparse.index]
        np.add.at(up, sparse.index, np.maximum(entry, 0.0))
        np.add.at(down, sparse.index, np.maximum(-entry, 0.0))
    value, limit = (up - down) / scale, sign * part.limit / scale
    shared = share >= 0
    value, limit = _shares(value, limit, up, down, share, shared)
    count = shared & (word["unit"] == "项")
    value, limit = np.where(count, value / 100, value), np.where(count, limit / 100, limit)
    limit = np.where(count, np.where(sign < 0, np.ceil(limit - 1e-9), np.floor(limit + 1e-9)), limit)
    return pl.DataFrame(
        {
            **{name: word[name].tolist() for name in ("kind", "key", "scope", "name")},
            "value": value,
            "limit": limit,
            "slack": np.where(sign < 0, value - limit, limit - value),
            "unit": word["unit"].tolist(),
            "floor": sign < 0,
            "listed": word["listed"].tolist(),
        },
        schema=SCHEMA,
    )


def _shares(
    value: Float, limit: Float, up: Float, down: Float, share: Int, shared: NDArray[np.bool_]
) -> tuple[Float, Float]:
    """Of rows `100 x part - share x whole`: the part and share percent of the whole.

    Members of the part have 100 - share, the others -share: the two sums can be told apart. A money row is in
    hundreds of yuan, so that 100 x part is in yuan, as is share x whole; numbers are divided by 100 again.
    """
    inner = np.where((share >= 0) & (share < 100), up / np.maximum(100 - share, 1), 0.0)
    outer = np.where(share > 0, down / np.maximum(share, 1), 0.0)
    # share 100 leaves no trace of the part: what is told is how far it falls short
    part = np.where(share == 100, -outer, inner)
    whole = np.where(share == 100, 0.0, inner + outer)
    return np.where(shared, 100.0 * part, value), np.where(shared, share * whole, limit)
