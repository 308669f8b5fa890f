"""Whole numbers that never overflow: 64-bit where a bound on the size allows, Python's own otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .sparse import Sparse

Int = NDArray[np.int64]
Exact = NDArray[Any]  # int64, or object holding Python integers

SAFE = 2.0**61


def as_exact(values: Int, *, wide: bool) -> Exact:
    """The values as they are, or as Python integers where `wide`."""
    return values.astype(object) if wide else values


def total(values: Exact) -> int:
    """The sum as a Python integer, whatever its size."""
    if values.dtype == object:
        return sum(values.tolist())
    # upper and lower halves apart: neither sum can overflow for fewer than 2**31 values
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def dot(one: Int, other: Int) -> int:
    """The scalar product as a Python integer."""
    used = np.flatnonzero((one != 0) & (other != 0))
    return sum(a * b for a, b in zip(one[used].tolist(), other[used].tolist(), strict=True))


def priced(columns: Sparse, price: Exact) -> Exact:
    """For each owner the sum of price[index] x amount."""
    out = np.zeros(columns.owners, price.dtype)
    np.add.at(out, columns.owner_of_entry(), price[columns.index] * columns.amount)
    return out


def size_of_priced(columns: Sparse, price: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each owner the sum of |price[index] x amount| in floating point: how large the exact sum can be."""
    weight = np.abs(price[columns.index]) * np.abs(columns.amount.astype(np.float64))
    return np.bincount(columns.owner_of_entry(), weight, columns.owners).astype(np.float64)
