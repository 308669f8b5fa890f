"""Collects the rows and extra columns of a program, part by part, and hands them out as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..solver.sparse import Sparse

Int = NDArray[np.int64]
Flags = NDArray[np.bool_]

OPTION, OPENING, EXTRA, ARC = range(4)


@dataclass(frozen=True, slots=True)
class RowWords:
    """What a row is, for people; one element a row.

    `key` and `scope` name it in tables (the rule's name and the values of `each`; a policy's id and the year).
    `sign` is -1 for a floor, whose both sides are negated. `scale`: so many of the row's units are one `unit`.
    `share` is the percent of a row `share x whole - 100 x part` (or the negative of it), else -1.
    """

    kind: tuple[str, ...]
    name: tuple[str, ...]
    key: tuple[str, ...]
    scope: tuple[str, ...]
    unit: tuple[str, ...]
    sign: tuple[int, ...]
    scale: tuple[int, ...]
    share: tuple[int, ...]
    listed: tuple[bool, ...]

    def taken(self, rows: Sequence[int]) -> RowWords:
        """The words of some rows."""
        return RowWords(*(tuple(getattr(self, part.name)[row] for row in rows) for part in fields(self)))


@dataclass(frozen=True, slots=True)
class BuiltRows:
    """Some rows: limits, words, and the entries of every column."""

    limit: Int
    words: RowWords
    option: Sparse
    opening: Sparse
    extra: Sparse
    arc: Sparse


@dataclass(frozen=True, slots=True)
class ExtraColumns:
    """The extra columns."""

    name: tuple[str, ...]
    lower: Int
    upper: Int
    whole: Flags


@dataclass(slots=True)
class RowBuilder:
    """Rows `entries <= limit`; entries of one column and row are added up.

    `group` and `single` (by option: its need, and whether only one option of that need can be taken) serve to
    see that a row can never bind.
    """

    options: int
    openings: int
    group: Int
    single: Flags
    limits: list[Int] = field(default_factory=list)
    words: list[tuple[str, str, str, str, str, int, int, int, bool]] = field(default_factory=list)
    entries: tuple[list[tuple[Int, Int, Int]], ...] = field(default_factory=lambda: ([], [], [], []))
    extra_name: list[str] = field(default_factory=list)
    extra_bounds: list[tuple[int, int, bool]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Number of rows so far."""
        return len(self.words)

    def add(
        self,
        kind: str,
        names: Sequence[str],
        limits: ArrayLike,
        *,
        key: str | Sequence[str] = "",
        scopes: Sequence[str] | None = None,
        floor: bool = False,
        unit: str = "",
        scale: int = 1,
        share: int = -1,
        listed: bool = False,
    ) -> int:
        """Open rows with these names and limits; gives back the number of the first (see `RowWords`)."""
        first = self.rows
        size = len(names)
        self.limits.append(np.broadcast_to(np.asarray(limits, np.int64), (size,)))
        keys = [key] * size if isinstance(key, str) else list(key)
        told = [""] * size if scopes is None else list(scopes)
        sign = -1 if floor else 1
        self.words += [
            (kind, name, of, scope, unit, sign, scale, share, listed)
            for name, of, scope in zip(names, keys, told, strict=True)
        ]
        return first

    def put(self, part: int, row: ArrayLike, column: ArrayLike, amount: ArrayLike) -> None:
        """Entries of options, openings, extra columns or arcs."""
        columns = np.asarray(column, np.int64)
        rows = np.broadcast_to(np.asarray(row, np.int64), columns.shape)
        amounts = np.broadcast_to(np.asarray(amount, np.int64), columns.shape)
        self.entries[part].append((rows, columns, amounts))

    def put_components(self, row: ArrayLike, component: Int, amount: ArrayLike) -> None:
        """Entries of components: options first, openings after them."""
        rows = np.broadcast_to(np.asarray(row, np.int64), component.shape)
        amounts = np.broadcast_to(np.asarray(amount, np.int64), component.shape)
        own = component < self.options
        self.put(OPTION, rows[own], component[own], amounts[own])
        self.put(OPENING, rows[~own], component[~own] - self.options, amounts[~own])

    def add_extras(
        self, names: Sequence[str], *, lower: ArrayLike = 0, upper: ArrayLike = 1, whole: bool = True
    ) -> int:
        """New extra columns; gives back the number of the first."""
        first = len(self.extra_name)
        low = np.broadcast_to(np.asarray(lower, np.int64), (len(names),)).tolist()
        high = np.broadcast_to(np.asarray(upper, np.int64), (len(names),)).tolist()
        self.extra_name += names
        self.extra_bounds += [(one, other, whole) for one, other in zip(low, high, strict=True)]
        return first

    def extras(self) -> ExtraColumns:
        """The extra columns so far."""
        bounds = np.array(self.extra_bounds, np.int64).reshape(-1, 3)
        return ExtraColumns(tuple(self.extra_name), bounds[:, 0].copy(), bounds[:, 1].copy(), bounds[:, 2] != 0)

    def built(self, *, sources: int, arcs: int) -> tuple[BuiltRows, BuiltRows]:
        """The rows of the program, and the idle ones: those that can never bind, which are only listed.

        The first `sources` rows all stay.
        """
        limit = np.concatenate([*self.limits, np.zeros(0, np.int64)])
        owners = (self.options, self.openings, len(self.extra_name), arcs)
        parts = [_summed(entries, size) for entries, size in zip(self.entries, owners, strict=True)]
        binding = self._largest(parts) > limit
        binding[:sources] = True
        listed = np.array([words[-1] for words in self.words], np.bool_)
        return self._chosen(parts, limit, binding), self._chosen(parts, limit, ~binding & listed)

    def _chosen(self, parts: list[Sparse], limit: Int, keep: Flags) -> BuiltRows:
        place = np.cumsum(keep) - 1
        rows = np.flatnonzero(keep).tolist()
        sparse = []
        for part in parts:
            there = keep[part.index]
            owner = part.owner_of_entry()[there]
            start = np.zeros(part.owners + 1, np.int64)
            np.cumsum(np.bincount(owner, minlength=part.owners), out=start[1:])
            sparse.append(Sparse(start, place[part.index[there]], part.amount[there]))
        columns = [tuple(words[place] for words in (self.words[row] for row in rows)) for place in range(9)]
        return BuiltRows(limit[keep], RowWords(*columns), *sparse)  # type: ignore[arg-type]

    def _largest(self, parts: list[Sparse]) -> NDArray[np.float64]:
        """The most that each row can add up to; infinite where arcs enter."""
        most = np.zeros(self.rows)
        option, opening, extra, arc = parts
        column = option.owner_of_entry()
        gain = option.amount > 0
        alone = self.single[column] & gain
        many = gain & ~alone
        np.add.at(most, option.index[many], option.amount[many].astype(np.float64))
        # of a need that takes one option only the largest counts
        if alone.any():
            row, group, amount = option.index[alone], self.group[column[alone]], option.amount[alone]
            order = np.lexsort((amount, group, row))
            row, group, amount = row[order], group[order], amount[order]
            last = np.r_[(row[1:] != row[:-1]) | (group[1:] != group[:-1]), True]
            np.add.at(most, row[last], amount[last].astype(np.float64))
        np.add.at(most, opening.index, np.maximum(opening.amount, 0).astype(np.float64))
        if len(extra.index):
            bounds = np.array(self.extra_bounds, np.int64)[extra.owner_of_entry()]
            high = np.maximum(extra.amount * bounds[:, 0], extra.amount * bounds[:, 1])
            np.add.at(most, extra.index, high.astype(np.float64))
        most[arc.index[arc.amount > 0]] = np.inf
        return most


def _summed(entries: list[tuple[Int, Int, Int]], owners: int) -> Sparse:
    if not entries:
        return Sparse.empty(owners)
    rows, columns, amounts = zip(*entries, strict=True)
    return Sparse.from_entries(owners, np.concatenate(columns), np.concatenate(rows), np.concatenate(amounts))
