"""Reads a book from an Excel workbook with the standard library: a zip archive of XML, sheets by their names."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from .reading import BookFiles, Row, UnreadableError, column_of, kind_of, table_names, typed_rows

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
SETTINGS_SHEET = "簿"
_TEXTS = frozenset({"title", "factors.note", "datum", "converted_from", "data_kind"})
_NUMBER_LISTS = frozenset({"plan_years", "factors.level_worth"})
_FIRST_DAY = datetime.date(1899, 12, 30)  # day 0 of Excel's calendar


def read_workbook(path: Path) -> BookFiles:
    """Settings and tables of a workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            texts = _shared_texts(archive)
            sheets = {name: [*_rows(archive, part, texts)] for name, part in _sheets(archive)}
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError) as error:
        raise UnreadableError("book-unreadable", path.name, "工作簿读不出", "the workbook cannot be read") from error
    if SETTINGS_SHEET not in sheets:
        raise UnreadableError(
            "book-unreadable", path.name, "工作簿里没有“簿”这张表", "the workbook has no sheet of settings"
        )
    tables: dict[str, list[Row]] = {}
    for name, rows in sheets.items():
        table = table_names().get(name)
        if table is not None and rows:
            header, *cells = rows
            tables[table] = typed_rows(table, header, (_dated(table, header, row) for row in cells))
    return BookFiles(_settings(sheets[SETTINGS_SHEET]), tables)


def _dated(table: str, header: list[str], row: list[str]) -> list[str]:
    """Serial numbers in columns of dates as dates; every row as long as the header."""
    out = [*row, *[""] * (len(header) - len(row))]
    for place, name in enumerate(header):
        column = column_of(table, name)
        if (
            column is not None
            and kind_of(table, column) == "date"
            and re.fullmatch(r"[0-9]{5}(\.0+)?", out[place].strip())
        ):
            out[place] = (_FIRST_DAY + datetime.timedelta(days=int(float(out[place])))).isoformat()
    return out


def _settings(rows: list[list[str]]) -> dict[str, Any]:
    """The sheet of settings: key, name, value and explanation a row; dotted keys stand for sections."""
    told: dict[str, Any] = {}
    for row in rows:
        key, value = (row[0].strip(), row[2]) if len(row) > 2 else ("", "")
        if not re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", key) or not value.strip():
            continue
        *path, last = key.split(".")
        section = told
        for part in path:
            section = section.setdefault(part, {})
        section[last] = _setting(key, value)
    return told


def _setting(key: str, text: str) -> Any:
    """One setting as its key wants it; lists are parted by semicolons."""
    if key in _TEXTS or key.startswith("factors.basis."):
        return text
    entries = [part.strip() for part in text.split(";") if part.strip()]
    if key == "region":
        return entries
    if key in _NUMBER_LISTS:
        return [int(part.removesuffix(".0")) for part in entries]
    if key == "as_of" or key.startswith("factors.date."):
        return text.strip()[:10]
    return float(text) if key == "walking_factor" else int(text.strip().removesuffix(".0"))


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    targets = {
        entry.get("Id"): entry.get("Target", "")
        for entry in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    }
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    for sheet in book.iter(f"{MAIN}sheet"):
        target = targets[sheet.get(RELATION)].lstrip("/")
        yield sheet.get("name", ""), target if target.startswith("xl/") else f"xl/{target}"


def _shared_texts(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    tree = ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
    return ["".join(part.text or "" for part in entry.iter(f"{MAIN}t")) for entry in tree.iter(f"{MAIN}si")]


def _rows(archive: zipfile.ZipFile, part: str, texts: list[str]) -> Iterator[list[str]]:
    tree = ElementTree.fromstring(archive.read(part))
    for row in tree.iter(f"{MAIN}row"):
        cells: list[str] = []
        for cell in row.iter(f"{MAIN}c"):
            place = _column_number(cell.get("r", "")) if cell.get("r") else len(cells)
            cells += [""] * (place + 1 - len(cells))
            cells[place] = _cell(cell, texts)
        yield cells


def _column_number(reference: str) -> int:
    number = 0
    for letter in re.sub(r"[^A-Z]", "", reference):
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _cell(cell: ElementTree.Element, texts: list[str]) -> str:
    kind, value = cell.get("t"), cell.find(f"{MAIN}v")
    if kind == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(f"{MAIN}t"))
    if value is None or value.text is None:
        return ""
    if kind == "s":
        return texts[int(value.text)]
    if kind == "b":
        return "TRUE" if value.text == "1" else "FALSE"
    if kind in (None, "n"):
        return f"{Decimal(repr(float(value.text))):f}".removesuffix(".0")  # 0.28 may be kept as 0.28000000000000003
    return value.text
