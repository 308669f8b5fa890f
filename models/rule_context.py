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
from .rule_base import GROUPS_ZH, Names
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
    """Rows of a rule with `each`: which element is in which row, and the values of every row.

    An element is in no row if it lacks one of the values, in several if it counts for several national programmes.
    """

    element: Int
    row: Int
    values: tuple[tuple[str, ...], ...]  # by row, in the order of `each`

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.values)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The values of every row as one text."""
        return tuple("/".join(told) for told in self.values)


def split(
    each: Sequence[str],
    attribute: Mapping[str, Coded],
    mask: Flags,
    *,
    national: Mapping[str, Sequence[str]] | None = None,
    named: Sequence[str] = (),
) -> Split:
    """One row for every combination of values that occurs among the elements of the mask; without `each` one row.

    `national` are the national programmes of every service type, `named` those that the rule's filter names: then
    only these have rows.
    """
    held = np.flatnonzero(mask)
    if not each:
        return Split(held, np.zeros(len(held), np.int64), ((),))
    element, programme = held, Coded(np.zeros(len(held), np.int64), ())
    if "national" in each:
        element, programme = _by_programme(held, attribute["service_type"], national or {}, named)
    told = [programme if name == "national" else attribute[name].taken(element) for name in each]
    place, codes = combinations([one.code for one in told])
    there = place != NONE
    values = [tuple(one.values[code] for one, code in zip(told, line, strict=True)) for line in codes.tolist()]
    return Split(element[there], place[there], tuple(values))


def _by_programme(
    held: Int, kind: Coded, national: Mapping[str, Sequence[str]], named: Sequence[str]
) -> tuple[Int, Coded]:
    """Every element once for each national programme that its service type counts for."""
    counted = [
        sorted({name for name in national.get(value, ()) if not named or name in named}) for value in kind.values
    ]
    names = tuple(sorted({name for some in counted for name in some}))
    size = np.array([len(some) for some in counted] + [0], np.int64)
    flat = np.array([names.index(name) for some in counted for name in some], np.int64)
    kinds = kind.code[held]
    times = size[kinds]
    start = (np.cumsum(size) - size)[kinds]
    within = np.arange(int(times.sum())) - np.repeat(np.cumsum(times) - times, times)
    return np.repeat(held, times), Coded(flat[np.repeat(start, times) + within], names)


def spread(
    each: Sequence[str],
    attribute: Mapping[str, Coded],
    mask: Flags,
    wanted: Split,
    *,
    national: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Int, Int]:
    """Further elements with their rows: those whose combination is one of a split already made."""
    found = split(each, attribute, mask, national=national)
    place = {values: number for number, values in enumerate(wanted.values)}
    row = np.array([place.get(values, NONE) for values in found.values], np.int64)[found.row]
    return found.element[row != NONE], row[row != NONE]


def row_names(name: str, made: Split, names: Names) -> list[str]:
    """A rule's name with the Chinese names of the values that a row is for."""
    known = {**GROUPS_ZH, **names}
    return [f"{name}({'、'.join(known.get(one, one) for one in told)})" if told else name for told in made.values]
