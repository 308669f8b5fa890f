"""A proof by cases: decisions divide all plans among leaves, and every leaf has prices of its own.

A decision is a linear form with whole coefficients over whole columns and a limit: on its low side the form is at most
the limit, on its high side at least one more. Every plan is on one of the two, so the largest bound of the leaves
bounds all plans. On a leaf the decisions above it are rows with a price each; "none of these columns" is a form with
limit 0 whose price is high.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dual import PricedForms, Settle, column_sizes, dual_value
from .problem import HIGHEST, Problem

Int = NDArray[np.int64]
Float = NDArray[np.float64]
Flags = NDArray[np.bool_]

FINEST = 40  # prices are multiples of 2**-FINEST points at the finest
HIGHEST_SCALE = 2**FINEST


class CertificateError(ValueError):
    """The certificate does not fit the problem or breaks a rule of its own; the text names which."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Decisions (inner nodes, the first is the top) and leaves, as arrays of 64-bit whole numbers.

    `low` and `high` say what is on either side of a decision: a later decision, or leaf k as `-1 - k`. The form of
    decision d is the entries `form_start[d]:form_start[d + 1]`: kind (0 option, 1 opening, 2 extra column), column,
    amount. Leaf k has prices in points per unit times its `scale`: of groups, of rows, and of the decisions above it
    from the top down, `decision_price[decision_start[k]:decision_start[k + 1]]`.
    """

    low: Int
    high: Int
    limit: Int
    form_start: Int
    form_kind: Int
    form_column: Int
    form_amount: Int
    scale: Int
    group_price: Int  # leaves x groups
    row_price: Int  # leaves x rows
    decision_start: Int
    decision_price: Int

    @property
    def leaves(self) -> int:
        """Number of leaves."""
        return len(self.scale)


Step = tuple[int, bool]
"""A decision, and whether its high side is taken."""


def tree_bound(problem: Problem, tree: Tree, *, settle: Settle | None = None) -> int:
    """The bound that a tree proves for the first objective, in whole points; raises `CertificateError` if ill-formed."""
    return max(leaf_bounds(problem, tree, settle=settle))


def leaf_bounds(problem: Problem, tree: Tree, *, settle: Settle | None = None) -> list[int]:
    """The bound of every leaf in whole points; raises `CertificateError` where the tree is ill-formed."""
    ways = checked_paths(problem, tree, exact=problem.group_exact, rows=problem.rows)
    bounds = []
    for leaf, way in enumerate(ways):
        scale = int(tree.scale[leaf])
        price = tree.decision_price[tree.decision_start[leaf] : tree.decision_start[leaf + 1]]
        forms = priced_forms(tree, way, price)
        value = dual_value(
            problem, tree.group_price[leaf], tree.row_price[leaf], scale, settle=settle, forms=forms
        )  # fmt: skip
        bounds.append(value // (100 * scale))
    return bounds


def priced_forms(tree: Tree, way: list[Step], price: Int) -> PricedForms:
    """The rows of the decisions on the way to a leaf, at its prices."""
    empty = np.zeros(0, np.int64)
    kind, column, amount, paid, constant = [empty], [empty], [empty], [empty], 0
    for (decision, high), each in zip(way, price.tolist(), strict=True):
        if each == 0:
            continue
        entries = slice(int(tree.form_start[decision]), int(tree.form_start[decision + 1]))
        limit = int(tree.limit[decision])
        kind.append(tree.form_kind[entries])
        column.append(tree.form_column[entries])
        amount.append(-tree.form_amount[entries] if high else tree.form_amount[entries])
        paid.append(np.full(entries.stop - entries.start, each, np.int64))
        constant += each * (-(limit + 1) if high else limit)
    return PricedForms(
        kind=np.concatenate(kind),
        column=np.concatenate(column),
        amount=np.concatenate(amount),
        price=np.concatenate(paid),
        constant=constant,
    )


def grid(problem: Problem, group: Float, row: Float, forms: PricedForms | None = None, scale: int = 1) -> int:
    """The finest scale (a power of 2) at which prices in points per unit leave every sum within 64 bits.

    The prices of `forms` are in points times `scale`.
    """
    sizes = column_sizes(problem, group, row) if forms is None else column_sizes(problem, group, row, forms, scale)
    highest = max(float(np.abs(group).max(initial=1.0)), float(row.max(initial=1.0)))
    room = min(2.0**60 / sizes, 2.0**60 / highest)
    return 1 << int(np.clip(np.floor(np.log2(max(room, 1.0))), 0, FINEST))


def check_prices(exact: Flags, rows: int, name: str, scale: int, group_price: Int, row_price: Int) -> None:
    """Raise `CertificateError` unless these prove anything of groups (`exact`: to be met exactly) and so many rows."""
    if not (1 <= scale <= HIGHEST_SCALE and scale & (scale - 1) == 0):
        raise CertificateError(f"{name}: scale is {scale}; it must be a power of 2 within 1..2**{FINEST}")
    for part, found, needed in (
        ("group_price", group_price, len(exact)),
        ("row_price", row_price, rows),
    ):
        if found.dtype != np.int64 or found.ndim != 1:
            raise CertificateError(f"{name}: {part} is not a row of 64-bit whole numbers")
        if len(found) != needed:
            raise CertificateError(f"{name}: {part} has {len(found)} elements, {needed} are needed")
        if np.any(found == np.iinfo(np.int64).min):
            raise CertificateError(f"{name}: {part} holds a number that has no opposite in 64 bits")
    if np.any(row_price < 0):
        raise CertificateError(f"{name}: row_price is negative at {int(np.argmax(row_price < 0))}")
    negative = (group_price < 0) & ~exact
    if np.any(negative):
        raise CertificateError(
            f"{name}: group_price is negative at {int(np.argmax(negative))}, a group that need not be met exactly"
        )


def checked_paths(problem: Problem, tree: Tree, *, exact: Flags, rows: int) -> list[list[Step]]:
    """For every leaf the way to it from the top; raises `CertificateError` where the tree is ill-formed.

    Its prices are of groups (`exact`: those to be met exactly) and of so many rows.
    """
    check_forms(problem, tree)
    ways = paths(tree)
    for leaf, way in enumerate(ways):
        name = f"leaf {leaf}"
        check_prices(exact, rows, name, int(tree.scale[leaf]), tree.group_price[leaf], tree.row_price[leaf])
        price = tree.decision_price[tree.decision_start[leaf] : tree.decision_start[leaf + 1]]
        if len(price) != len(way):
            raise CertificateError(f"{name}: {len(price)} prices of decisions, {len(way)} are needed")
        if np.any(price < 0):
            raise CertificateError(f"{name}: the price of a decision is negative")
    return ways


def paths(tree: Tree) -> list[list[Step]]:
    """The way to every leaf; raises `CertificateError` unless each node is reached exactly once."""
    inner, leaves = len(tree.low), tree.leaves
    way: dict[int, list[Step]] = {0 if inner else -1: []}
    for decision in range(inner):
        if decision not in way:
            raise CertificateError(f"decision {decision}: nothing leads to it")
        for high, below in ((False, int(tree.low[decision])), (True, int(tree.high[decision]))):
            if not -leaves <= below < inner or 0 <= below <= decision:
                raise CertificateError(f"decision {decision}: {below} is no later decision and no leaf")
            if below in way:
                raise CertificateError(f"decision {decision}: {below} is reached twice")
            way[below] = [*way[decision], (decision, high)]
    missing = [leaf for leaf in range(leaves) if -1 - leaf not in way]
    if missing:
        raise CertificateError(f"leaf {missing[0]}: nothing leads to it")
    return [way[-1 - leaf] for leaf in range(leaves)]


def _check_shapes(tree: Tree) -> None:
    for part in fields(Tree):
        found: NDArray[Any] = getattr(tree, part.name)
        wanted = 2 if part.name in ("group_price", "row_price") else 1
        if found.dtype != np.int64 or found.ndim != wanted:
            raise CertificateError(f"tree: {part.name} is not made of 64-bit whole numbers as it should be")
    decisions, leaves, entries = len(tree.low), tree.leaves, len(tree.form_kind)
    lengths = (
        ("high", len(tree.high), decisions), ("limit", len(tree.limit), decisions),
        ("form_start", len(tree.form_start), decisions + 1), ("form_column", len(tree.form_column), entries),
        ("form_amount", len(tree.form_amount), entries), ("scale", leaves, decisions + 1),
        ("group_price", len(tree.group_price), leaves), ("row_price", len(tree.row_price), leaves),
        ("decision_start", len(tree.decision_start), leaves + 1),
    )  # fmt: skip
    for name, found_length, needed in lengths:
        if found_length != needed:
            raise CertificateError(f"tree: {name} has {found_length} elements, {needed} are needed")
    for name, start, end in (
        ("form_start", tree.form_start, entries), ("decision_start", tree.decision_start, len(tree.decision_price)),
    ):  # fmt: skip
        if start[0] != 0 or start[-1] != end or np.any(np.diff(start) < 0):
            raise CertificateError(f"tree: {name} does not rise from 0 to {end}")


def check_forms(problem: Problem, tree: Tree) -> None:
    """Raise `CertificateError` unless the parts fit together and decisions speak of whole columns that exist."""
    _check_shapes(tree)
    sizes = np.array([problem.options, problem.openings, problem.extras])
    if np.any((tree.form_kind < 0) | (tree.form_kind > 2)):
        raise CertificateError("tree: form_kind holds other numbers than 0, 1 and 2")
    if np.any((tree.form_column < 0) | (tree.form_column >= sizes[tree.form_kind])):
        raise CertificateError("tree: form_column points at nothing")
    extra = tree.form_column[tree.form_kind == 2]
    if not np.all(problem.extra_whole[extra]):
        raise CertificateError("tree: a decision asks for a column that need not be whole")
    for name, found in (("form_amount", tree.form_amount), ("limit", tree.limit)):
        if np.any((found < -HIGHEST) | (found > HIGHEST)):
            raise CertificateError(f"tree: {name} holds a number beyond 2**53")
