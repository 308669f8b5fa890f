"""What a rule needs to know to become rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .book import Book
from .faults import Fault
from .formulation_money import Money
from .options import Options
from .row_builder import RowBuilder
from .rule_base import Names
from .scenario_words import TABLE
from .settled import NONE, Coded, Components, combinations

Int = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RuleContext:
    """The program so far, and the book behind it."""

    options: Options
    book: Book
    components: Components
    money: Money
    limits: pl.DataFrame  # budgets by fund and year, as `fund_limits` gives them
    rows: RowBuilder
    names: Names
    faults: list[Fault] = field(default_factory=list)

    def refuse(self, rule: str, value: str, zh: str, en: str) -> None:
        """Note a fault of a rule that shows only against the options; all are told at once."""
        self.faults.append(
            Fault(
                TABLE,
                0,
                "rule",
                value,
                f"规则“{rule}”:{zh}",
                f"rule {rule}: {en}",
                "改规则或清单簿",
                "change rule or book",
            )
        )

    @property
    def group_count(self) -> int:
        """Number of open needs."""
        return self.options.needs.height

    def option_column(self, name: str) -> Int:
        """A column of whole numbers of the options."""
        return self.options.options[name].to_numpy().astype(np.int64)

    def one_of(self) -> Int:
        """For every option the number of a set of which at most one can be taken.

        The options of an indivisible need, else those of its choice set, else the option alone.
        """
        need, choice = self.option_column("need"), self.option_column("choice")
        single = self.options.needs["lots"].to_numpy()[need] == 1
        groups, choices = self.group_count, int(choice.max(initial=NONE)) + 1
        alone = groups + choices + np.arange(len(need))
        return np.where(single, need, np.where(choice != NONE, groups + choice, alone)).astype(np.int64)

    @property
    def first_year(self) -> int:
        """The first plan year."""
        return self.book.years[0]


@dataclass(frozen=True, slots=True)
class Split:
    """Rows of a rule with `each`: the row of every element (-1: none), and the values of every row."""

    row: Int
    codes: Int  # by row and attribute
    scopes: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.scopes)


def split(each: Sequence[str], attribute: Mapping[str, Coded], mask: Flags) -> Split:
    """One row for every combination of values that occurs among the elements of the mask; without `each` one row."""
    if not each:
        return Split(np.where(mask, 0, NONE), np.zeros((1, 0), np.int64), ("",))
    row = np.full(len(mask), NONE, np.int64)
    held = np.flatnonzero(mask)
    place, codes = combinations([attribute[name].code[held] for name in each])
    row[held] = place
    values = [attribute[name].values for name in each]
    scopes = tuple("/".join(texts[code] for texts, code in zip(values, line, strict=True)) for line in codes.tolist())
    return Split(row, codes, scopes)


def spread(each: Sequence[str], attribute: Mapping[str, Coded], mask: Flags, wanted: Split) -> Int:
    """The rows of further elements: those whose combination is one of a split already made."""
    if not each:
        return np.where(mask, 0, NONE)
    found = split(each, attribute, mask)
    place = {scope: number for number, scope in enumerate(wanted.scopes)}
    table = np.array([place.get(scope, NONE) for scope in found.scopes] + [NONE], np.int64)
    return table[found.row]


def row_names(name: str, scopes: Sequence[str], names: Names) -> list[str]:
    """A rule's name with the Chinese names of the values that a row is for."""
    shown = []
    for scope in scopes:
        values = "、".join(names.get(value, value) for value in scope.split("/"))
        shown.append(f"{name}({values})" if scope else name)
    return shown
