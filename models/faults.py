"""What is wrong with a book: every fault with its place, its cause and its mend, in Chinese and English."""

from collections.abc import Iterable
from dataclasses import dataclass

from .tables import TABLES

SETTINGS = "book.toml"
"""The table name under which faults of the settings are listed (in a workbook: the sheet 簿)."""

SHOWN = 60
"""A longer cell is cut to this many characters in a message."""

# Their text may hold personal data, so a message never repeats it.
PRIVATE = {("complaints", "text")}

_ORDER = {name: place for place, name in enumerate([SETTINGS, *TABLES])}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend.

    `row` is the row number that Excel shows (the header is row 1), also for a CSV file, where a cell
    of several lines still counts as one row; in `book.toml` it is the line. 0 means the whole table.
    """

    table: str
    row: int
    column: str
    value: str
    cause_zh: str
    cause_en: str
    mend_zh: str
    mend_en: str

    @property
    def place_zh(self) -> str:
        """Where it is, in Chinese."""
        known = TABLES.get(self.table)
        parts = [f"{known.name_zh}({self.table})" if known else self.table]
        parts += [f"第{self.row}行"] if self.row else []
        if self.column:
            parts.append(f"{_header_zh(self.table, self.column)}列")
        return " ".join(parts)

    @property
    def place_en(self) -> str:
        """Where it is, in English."""
        parts = [self.table]
        parts += [f"row {self.row}"] if self.row else []
        parts += [f"column {self.column}"] if self.column else []
        return ", ".join(parts)

    def __str__(self) -> str:
        shown = one_line(self.value)
        zh = f"{self.place_zh}" + (f" “{shown}”" if shown else "") + f"：{self.cause_zh}；{self.mend_zh}。"
        en = f"{self.place_en}" + (f' "{shown}"' if shown else "") + f": {self.cause_en}; {self.mend_en}."
        return f"{zh} | {en}"


def _header_zh(table: str, column: str) -> str:
    try:
        return TABLES[table].header_zh(column)
    except KeyError:
        return column


def one_line(value: str) -> str:
    """A cell as it is shown in a message: on one line and not too long."""
    flat = " ".join(value.split())
    return flat if len(flat) <= SHOWN else flat[: SHOWN - 1] + "…"


class BookError(Exception):
    """A book that cannot be used; `faults` has all of them, in the order of tables and rows."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(
            sorted(faults, key=lambda fault: (_ORDER.get(fault.table, len(_ORDER)), fault.table, fault.row))
        )
        super().__init__(self.faults)

    def __str__(self) -> str:
        number = len(self.faults)
        head = f"清单簿有 {number} 处需要改正，未写出任何文件 | {number} fault{'s' * (number != 1)} in the book, nothing written"
        return "\n".join([head, *map(str, self.faults)])
