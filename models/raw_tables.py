"""A table as it was typed: every cell as text, its columns recognised by either of their names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from .faults import Fault
from .settings import BookSettings
from .settings_help import nearest
from .tables import TABLES, Table, year_of

ROW = "__row"
"""The column of a raw frame that holds the row number which Excel shows."""


@dataclass(frozen=True, slots=True)
class RawTable:
    """One table as text: `frame` has the recognised columns under their English names, and `ROW`.

    Cells are stripped of blanks around them; empty cells are null; rows without any cell are left out.
    """

    table: Table
    frame: pl.DataFrame


@dataclass(frozen=True, slots=True)
class RawBook:
    """A book as it was typed, from a folder or a workbook, with the faults found so far.

    `told` is the settings as a mapping, also when they are faulty; `lost` names the tables that could
    not be read at all.
    """

    told: Mapping[str, Any]
    settings: BookSettings | None
    scenario: str | None
    tables: tuple[RawTable, ...]
    lost: frozenset[str]
    faults: tuple[Fault, ...]


def table_named(name: str) -> Table | None:
    """The table of that English or Chinese name."""
    for table in TABLES.values():
        if name in (table.name, table.name_zh):
            return table
    return None


def unknown_table(place: str, stem: str) -> Fault:
    """The fault of a file or sheet that is no table of the book."""
    names = [name for table in TABLES.values() for name in (table.name, table.name_zh)]
    near = nearest(stem, names)
    return Fault(
        table=place,
        row=0,
        column="",
        value="",
        cause_zh="清单簿里没有这张表",
        cause_en="the book has no such table",
        mend_zh=f"改名为 {near}，或移出清单簿" if near else "移出清单簿",
        mend_en=f"rename it to {near}, or take it out of the book" if near else "take it out of the book",
    )


def raw_table(table: Table, headers: Sequence[str], columns: Sequence[pl.Series]) -> tuple[RawTable, list[Fault]]:
    """Recognise the headers and clean the cells; data start in row 2."""
    faults: list[Fault] = []
    taken: dict[str, int] = {}
    kept: list[pl.Series] = []
    for place, header in enumerate(headers):
        header = header.strip().removeprefix("\ufeff")
        cells = _clean(columns[place])
        name = column_named(table, header)
        if not header:
            if cells.null_count() < len(cells):
                faults.append(_header_fault(table, f"#{place + 1}", "", *_NO_HEADER))
        elif name is None:
            faults.append(_unknown_column(table, header))
        elif name in taken:
            faults.append(
                _header_fault(
                    table, name, header,
                    f"与第{taken[name] + 1}列是同一列", f"the same column as number {taken[name] + 1}",
                    "只留一列", "keep only one of them",
                )
            )  # fmt: skip
        else:
            taken[name] = place
            kept.append(cells.alias(name))
    faults += [
        _header_fault(
            table, column.name, "", "缺少这一列", "this column is missing",
            f"加上“{column.name_zh}”列(或 {column.name})", f"add the column {column.name} (or {column.name_zh})",
        )
        for column in table.columns
        if column.required and column.name not in taken
    ]  # fmt: skip
    rows = len(columns[0]) if columns else 0
    frame = pl.DataFrame([pl.Series(ROW, range(2, rows + 2), dtype=pl.Int64), *kept])
    if kept:
        frame = frame.filter(pl.any_horizontal(pl.exclude(ROW).is_not_null()))
    return RawTable(table, frame), faults


_NO_HEADER = (
    "这一列有内容却没有表头",
    "this column has cells but no header",
    "写上表头或清空该列",
    "give it a header or clear it",
)


def _clean(cells: pl.Series) -> pl.Series:
    text = cells.cast(pl.String).str.strip_chars()
    if text.str.contains("\r", literal=True).any():
        text = text.str.replace_all("\r\n", "\n", literal=True).str.replace_all("\r", "\n", literal=True)
    return text.set(text == "", None)


def column_named(table: Table, header: str) -> str | None:
    """The English name of the column with this English or Chinese header, or None."""
    for column in table.columns:
        if column.family:
            year = year_of(column, header)
            if year is not None:
                return column.of_year(year)
        elif header in (column.name, column.name_zh):
            return column.name
    return None


def _header_fault(table: Table, column: str, value: str, cause_zh: str, cause_en: str, *mend: str) -> Fault:
    return Fault(table.name, 1, column, value, cause_zh, cause_en, mend[0], mend[1])


def _unknown_column(table: Table, header: str) -> Fault:
    known = [name for column in table.columns for name in (column.name, column.name_zh)]
    near = nearest(header, known)
    if any(mark in header for mark in ("\t", ";", "\uff1b")) and near == "":
        return _header_fault(
            table, header, header, "这一行不是用英文逗号分隔的", "this line is not separated by commas",
            "另存为逗号分隔的 CSV UTF-8", "save it as comma-separated CSV UTF-8",
        )  # fmt: skip
    year = next((header[-4:] for column in table.families if near in (column.name, column.name_zh)), "")
    if near and year:
        near = near.removesuffix("_*").removesuffix("_") + "_" + (year if year.isdigit() else "2027")
    return _header_fault(
        table, header, header, "没有这一列", "there is no such column",
        f"改为“{near}”或删去该列" if near else "删去该列", f"write {near} or delete the column" if near else "delete the column",
    )  # fmt: skip
