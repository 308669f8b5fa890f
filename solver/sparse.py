"""Rows of whole numbers in compressed form: which entries each column has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Int = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sparse:
    """For every owner (a column of the problem) its entries: an index and a whole amount each.

    `start` has one element more than there are owners; the entries of owner `i` are
    `index[start[i]:start[i + 1]]` with `amount` beside them (CSR form).
    """

    start: Int
    index: Int
    amount: Int

    @classmethod
    def empty(cls, owners: int) -> Sparse:
        """No owner has an entry."""
        none = np.zeros(0, np.int64)
        return cls(np.zeros(owners + 1, np.int64), none, none)

    @classmethod
    def from_entries(cls, owners: int, owner: ArrayLike, index: ArrayLike, amount: ArrayLike) -> Sparse:
        """From loose entries in any order; several of one owner and index are added, zeros dropped."""
        rows, cols = np.asarray(owner, np.int64), np.asarray(index, np.int64)
        values = np.asarray(amount, np.int64)
        if rows.size == 0:
            return cls.empty(owners)
        order = np.lexsort((cols, rows))
        rows, cols, values = rows[order], cols[order], values[order]
        first = np.flatnonzero(np.r_[True, (rows[1:] != rows[:-1]) | (cols[1:] != cols[:-1])])
        rows, cols, values = rows[first], cols[first], np.add.reduceat(values, first)
        kept = values != 0
        rows, cols, values = rows[kept], cols[kept], values[kept]
        start = np.zeros(owners + 1, np.int64)
        np.cumsum(np.bincount(rows, minlength=owners), out=start[1:])
        return cls(start, cols, values)

    @property
    def owners(self) -> int:
        """How many owners there are, with entries or without."""
        return len(self.start) - 1

    def owner_of_entry(self) -> Int:
        """The owner of every entry, as long as `index`."""
        return np.repeat(np.arange(self.owners, dtype=np.int64), np.diff(self.start))

    def totals(self, owner_weight: NDArray[np.int64], size: int) -> Int:
        """Sum over owners of weight x amount for each index `0..size-1`, exact (whole weights)."""
        out = np.zeros(size, np.int64)
        np.add.at(out, self.index, np.asarray(owner_weight, np.int64)[self.owner_of_entry()] * self.amount)
        return out

    def priced(self, price: NDArray[np.int64]) -> Int:
        """For each owner the sum of price[index] x amount, exact while sums stay below 2**63."""
        out = np.zeros(self.owners, np.int64)
        np.add.at(out, self.owner_of_entry(), np.asarray(price, np.int64)[self.index] * self.amount)
        return out

    def taken(self, owners: NDArray[np.int64]) -> Sparse:
        """The entries of these owners alone, in the order given."""
        counts = np.diff(self.start)[owners]
        start = np.zeros(len(owners) + 1, np.int64)
        np.cumsum(counts, out=start[1:])
        flat = np.repeat(self.start[:-1][owners] - start[:-1], counts) + np.arange(start[-1])
        return Sparse(start, self.index[flat], self.amount[flat])
