"""A book as one Excel workbook: reading every sheet as text, and telling workbooks that are books from others."""

import re
import zipfile
import zlib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl

from .excel_sheets import DICTIONARY, EXPLANATION, RULES, SETTINGS_SHEET, write_workbook
from .faults import SETTINGS, BookError, Fault
from .raw_tables import RawBook, RawTable, column_named, raw_table, table_named, unknown_table
from .settings import settings_of
from .settings_cells import settings_mapping
from .tables import Table

__all__ = ["is_book_workbook", "read_workbook", "write_workbook"]

_ERROR_CELL = re.compile(rb'<c r="([A-Z]+)([0-9]+)"[^>]*\bt="e"[^>]*>(?:<f[^>]*>[^<]*</f>|<f[^>]*/>)?<v>([^<]*)</v>')

_UNREADABLE = (fastexcel.FastExcelError, zipfile.BadZipFile, zlib.error, UnicodeDecodeError)
_USED_CELL = re.compile(rb'<c r="([A-Z]+)[0-9]+"[^>/]*>(?!</c>)')
_NUMERIC = ("int", "year", "number", "percent", "money")


def is_book_workbook(path: Path) -> bool:
    """Whether a workbook holds a book."""
    try:
        return SETTINGS_SHEET in fastexcel.read_excel(path).sheet_names
    except (*_UNREADABLE, OSError):
        return False


def read_workbook(path: Path) -> RawBook:
    """All sheets of a workbook as text, its settings and its scenario."""
    try:
        reader = fastexcel.read_excel(path)
        errors = _error_cells(path)
        sheets = {sheet: _cells(reader, sheet) for sheet in reader.sheet_names}
    except (*_UNREADABLE, OSError) as error:
        raise BookError([_no_workbook(path)]) from error
    faults: list[Fault] = []
    tables: list[RawTable] = []
    lost: set[str] = set()
    told: Mapping[str, Any] = {}
    rows: Mapping[tuple[str, ...], int] = {}
    scenario: str | None = None
    found: dict[str, str] = {}
    for sheet, cells in sheets.items():
        table = table_named(sheet.strip())
        if sheet == SETTINGS_SHEET:
            told, rows, wrong = settings_mapping(cells)
            faults += wrong
        elif sheet == RULES:
            scenario = _rules(cells)
        elif sheet in (EXPLANATION, DICTIONARY) or (table is None and cells.is_empty()):
            continue
        elif table is None:
            faults.append(unknown_table(sheet, sheet.strip()))
        elif table.name in found:
            twice = (f"与工作表 {found[table.name]} 是同一张表", f"the same table as the sheet {found[table.name]}")
            faults.append(Fault(table.name, 0, "", sheet, *twice, "只留一张", "keep only one of them"))
        else:
            found[table.name] = sheet
            raw, wrong = _table(table, _exact(reader, sheet, table, cells), errors.get(sheet, {}))
            faults += wrong
            tables.append(raw)
            # Where identifiers are lost, references to them are not to blame.
            if "id" not in raw.frame.columns or any(fault.row > 1 for fault in wrong):
                lost.add(table.name)
    if SETTINGS_SHEET not in sheets:
        faults.append(
            Fault(
                SETTINGS, 0, "", "", f"缺少工作表“{SETTINGS_SHEET}”", "the sheet of settings is missing",
                "用 qingdan new 建一个空工作簿，把其中的“簿”表复制过来",
                "make an empty workbook with qingdan new and copy its sheet 簿",
            )
        )  # fmt: skip
        return RawBook({}, None, scenario, tuple(tables), frozenset(lost), tuple(faults))
    settings, wrong = settings_of(told, lambda path: rows.get(path, rows.get(path[:-1], 0)))
    faults += wrong
    return RawBook(told, settings, scenario, tuple(tables), frozenset(lost), tuple(faults))


def _no_workbook(path: Path) -> Fault:
    if not path.exists():
        return Fault(path.name, 0, "", "", "找不到清单簿", "no such book", "检查路径", "check the path")
    return Fault(
        path.name, 0, "", "", "不是能读的 Excel 工作簿，或文件已损坏", "not a workbook that can be read, or a damaged one",
        "在 Excel 中打开并另存为不加密的 .xlsx", "open it in Excel and save it as .xlsx without a password",
    )  # fmt: skip


def _cells(reader: fastexcel.ExcelReader, sheet: str) -> pl.DataFrame:
    """A sheet from its first row on, every cell as text."""
    return reader.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string").to_polars()


def _exact(reader: fastexcel.ExcelReader, sheet: str, table: Table, cells: pl.DataFrame) -> pl.DataFrame:
    """The cells with numbers as they are kept in the file.

    As text, a number comes cut off after 9 decimals: 10951219.4653 as 10951219.465299999.
    """
    for place, header in enumerate(cells.row(0) if cells.height else ()):
        name = column_named(table, (header or "").strip())
        text = cells.to_series(place)
        cut = text.str.contains(r"^-?[0-9]+\.[0-9]{9}$").fill_null(False)
        if name and table.column(name).kind in _NUMERIC and cut.any():
            loaded = reader.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="float", use_columns=[place])
            numbers = loaded.to_polars().to_series()
            texts = [f"{Decimal(repr(number)):f}" for number in numbers.filter(cut)]
            cells = cells.with_columns(text.scatter(cut.arg_true(), texts))
    return cells


def _table(table: Table, cells: pl.DataFrame, errors: Mapping[tuple[int, int], str]) -> tuple[RawTable, list[Fault]]:
    if cells.is_empty():
        headers = [column.name for column in table.columns if not column.family]
        return raw_table(table, headers, [pl.Series([], dtype=pl.String)] * len(headers))
    headers = [header or "" for header in cells.row(0)]
    raw, faults = raw_table(table, headers, cells.slice(1).get_columns())
    # What a broken formula shows (#REF!) comes as an empty cell; it must not pass for one.
    for (row, place), shown in errors.items():
        if row > 1:
            header = headers[place] if place < len(headers) else ""
            words = (
                "公式出错",
                "a formula that gives an error",
                "改正公式或填写数值",
                "mend the formula or fill in the value",
            )
            faults.append(Fault(table.name, row, header, shown, *words))
    return raw, faults


def _rules(cells: pl.DataFrame) -> str | None:
    """The lines of the sheet of rules, joined again."""
    if cells.is_empty():
        return None
    lines = [line or "" for line in cells.get_columns()[0]]
    text = "\n".join(lines)
    return text if text.strip() else None


def _error_cells(path: Path) -> dict[str, dict[tuple[int, int], str]]:
    """By sheet, the place (row from 1, column from the first used one) of every cell that shows an error."""
    found: dict[str, dict[tuple[int, int], str]] = {}
    if not zipfile.is_zipfile(path):
        return found
    with zipfile.ZipFile(path) as parts:
        for sheet, part in _sheet_parts(parts).items():
            text = parts.read(part)
            if b't="e"' in text:
                hits = [(int(row), _column(name), value.decode()) for name, row, value in _ERROR_CELL.findall(text)]
                first = min(map(_column, _USED_CELL.findall(text)))
                found[sheet] = {(row, column - first): value for row, column, value in hits}
    return found


def _sheet_parts(parts: zipfile.ZipFile) -> dict[str, str]:
    """Which part of the file holds which sheet."""
    try:
        book = parts.read("xl/workbook.xml").decode()
        links = parts.read("xl/_rels/workbook.xml.rels").decode()
    except KeyError:
        return {}
    targets: dict[str, str] = {}
    for link in re.findall(r"<Relationship\b[^>]*>", links):
        name, target = re.search(r'\bId="([^"]+)"', link), re.search(r'\bTarget="([^"]+)"', link)
        if name and target:
            targets[name[1]] = target[1].removeprefix("/xl/")
    sheets = re.findall(r'<sheet\b[^>]*\bname="([^"]+)"[^>]*\br:id="([^"]+)"', book)
    known = set(parts.namelist())
    return {sheet: f"xl/{targets[link]}" for sheet, link in sheets if f"xl/{targets.get(link)}" in known}


def _column(name: bytes) -> int:
    number = 0
    for letter in name:
        number = number * 26 + letter - 64
    return number - 1
