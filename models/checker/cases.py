"""A proof by cases as the checker reads it: every plan must fall under one leaf, and every leaf must have its prices.

A decision says of a sum of whole columns, each times a whole number, that it is at most a limit (low) or at least one
more (high). Nothing else is possible, so where the leaves below all decisions are bounded, every plan is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from .program import Program

KINDS = ("option", "opening", "extra")
FINEST_GRID = 2**40
LARGEST = 2**53

_PARTS = (
    "low", "high", "limit", "form_start", "form_kind", "form_column", "form_amount", "scale", "group_price", "row_price",
    "decision_start", "decision_price",
)  # fmt: skip
_TABLES = ("group_price", "row_price")


@dataclass(frozen=True, slots=True)
class PricedSum:
    """A row that holds on a leaf: a sum over columns (kind, number, times) is at most the limit; its price."""

    entries: tuple[tuple[str, int, int], ...]
    limit: int
    price: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """One case with its prices."""

    scale: int
    group: list[int]
    row: list[int]
    sums: tuple[PricedSum, ...]


class CasesError(ValueError):
    """What is wrong with the cases, in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def read_cases(arrays: Mapping[str, Any], place: int, program: Program, rows: int) -> list[Leaf]:
    """The leaves of a stage, none where it has no cases; raises `CasesError` where they do not cover every plan."""
    prefix = f"tree_{place}_"
    if not any(name.startswith(prefix) for name in arrays):
        return []
    return read_tree(arrays, prefix, program, program["group_exact"].astype(bool), rows)


def read_tree(arrays: Mapping[str, Any], prefix: str, program: Program, exact: Any, rows: int) -> list[Leaf]:
    """The leaves of a tree whose prices are of groups (`exact`: to be met exactly) and of so many rows."""
    found: dict[str, Any] = {part: arrays.get(prefix + part) for part in _PARTS}
    for name, array in found.items():
        if array is None:
            raise CasesError(f"缺少 {name}", f"{name} is missing")
        if array.dtype.kind != "i" or array.ndim != (2 if name in _TABLES else 1):
            raise CasesError(f"{name} 不是整数数列", f"{name} is not made of whole numbers")
    leaves = len(found["scale"])
    if found["group_price"].shape != (leaves, len(exact)) or found["row_price"].shape != (leaves, rows):
        raise CasesError("价格的个数不符", "the number of prices does not fit the program")
    if np.any(found["row_price"] < 0):
        raise CasesError("行价格为负", "the price of a row is negative")
    if np.any(found["group_price"][:, ~exact] < 0):
        raise CasesError("需求价格为负", "the price of a group that need not be met exactly is negative")
    part: dict[str, Any] = {name: array.tolist() for name, array in found.items()}
    forms = _forms(part, program)
    ways = _ways(part, leaves, len(forms))
    prices = _cut(part["decision_start"], part["decision_price"], leaves, "decision_start")
    out = []
    for leaf in range(leaves):
        scale = part["scale"][leaf]
        if not 1 <= scale <= FINEST_GRID or scale & (scale - 1):
            raise CasesError(f"刻度 {scale} 不是2的幂", f"the scale {scale} is no power of 2")
        if len(prices[leaf]) != len(ways[leaf]):
            raise CasesError(
                f"第 {leaf} 叶的价格个数不符", f"leaf {leaf} has another number of prices than of decisions"
            )
        if any(price < 0 for price in prices[leaf]):
            raise CasesError(f"第 {leaf} 叶有负价格", f"leaf {leaf} has a negative price of a decision")
        sums = []
        for (decision, high), price in zip(ways[leaf], prices[leaf], strict=True):
            sign, limit = (-1, -part["limit"][decision] - 1) if high else (1, part["limit"][decision])
            entries = tuple((kind, column, sign * times) for kind, column, times in forms[decision])
            sums.append(PricedSum(entries, limit, price))
        out.append(Leaf(scale, part["group_price"][leaf], part["row_price"][leaf], tuple(sums)))
    return out


def _forms(part: Mapping[str, Any], program: Program) -> list[list[tuple[str, int, int]]]:
    decisions = len(part["limit"])
    entries = list(zip(part["form_kind"], part["form_column"], part["form_amount"], strict=False))
    if not len(entries) == len(part["form_kind"]) == len(part["form_column"]) == len(part["form_amount"]):
        raise CasesError("判断式长度不一", "the parts of the decisions differ in length")
    if any(abs(number) > LARGEST for name in ("form_amount", "limit") for number in part[name]):
        raise CasesError("判断式的数过大", "a decision holds a number beyond 2**53")
    whole = program["extra_whole"].astype(bool).tolist()
    named = []
    for kind, column, times in entries:
        if not 0 <= kind < len(KINDS) or not 0 <= column < program.size[KINDS[kind]]:
            raise CasesError(
                f"判断式指向不存在的列 {column}", f"a decision speaks of column {column}, which is not there"
            )
        if KINDS[kind] == "extra" and not whole[column]:
            raise CasesError(f"第 {column} 个附加列可为小数", f"extra column {column} of a decision need not be whole")
        named.append((KINDS[kind], column, times))
    return _cut(part["form_start"], named, decisions, "form_start")


def _cut(start: list[int], values: list[Any], pieces: int, name: str) -> list[list[Any]]:
    """The values of every piece; refuses starts that leave any out or take any twice."""
    rises = len(start) == pieces + 1 and start[0] == 0 and start[-1] == len(values)
    if not rises or any(end < begin for begin, end in pairwise(start)):
        raise CasesError(f"{name} 不符", f"{name} does not fit together")
    return [values[begin:end] for begin, end in pairwise(start)]


def _ways(part: Mapping[str, Any], leaves: int, decisions: int) -> list[list[tuple[int, bool]]]:
    """The decisions above every leaf with the side taken, found from the top down."""
    sides = (part["low"], part["high"])
    if any(len(side) != decisions for side in sides):
        raise CasesError("判断缺少一侧", "a decision lacks a side")
    found: list[list[tuple[int, bool]] | None] = [None] * leaves
    seen = [False] * decisions
    open_nodes: list[tuple[int, list[tuple[int, bool]]]] = [(0 if decisions else -1, [])]
    while open_nodes:
        node, way = open_nodes.pop()
        if not -leaves <= node < decisions:
            raise CasesError(f"判断指向不存在的节点 {node}", f"a decision leads to {node}, which is not there")
        if (found[-1 - node] is not None) if node < 0 else seen[node]:
            raise CasesError(f"节点 {node} 出现两次", f"node {node} is reached twice")
        if node < 0:
            found[-1 - node] = way
            continue
        seen[node] = True
        for high, side in enumerate(sides):
            open_nodes.append((side[node], [*way, (node, bool(high))]))
    if not all(seen) or any(way is None for way in found):
        raise CasesError("有的判断或叶未被连到", "a decision or a leaf is not reached")
    return [way for way in found if way is not None]
