"""Reads a book and a run with the standard library alone: cells become exact whole numbers and fractions."""

from __future__ import annotations

import csv
import datetime
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

Row = dict[str, Any]
"""One row by English column name; empty cells are None."""

RUN_TABLES = (
    "projects", "components", "sites", "funding", "funds_used", "obligations", "outputs", "unmet", "transferred",
    "pilots", "quotas",
)  # fmt: skip

WITH_PLAN = ("optimal", "feasible")
"""States of a run that has a plan."""

csv.field_size_limit(10_000_000)


class Sums(dict[str, Fraction]):
    """A cell `key=value;key=value`: the values by key, and the text as it stands."""

    def __init__(self, cell: str) -> None:
        pairs = [entry.partition("=") for entry in cell.split(";") if entry.strip()]
        super().__init__({key.strip(): Fraction(number.strip()) for key, _, number in pairs})
        self.text = ";".join(f"{key.strip()}={number.strip()}" for key, _, number in pairs)


class UnreadableError(Exception):
    """A file of the book or the run that cannot be used; `code` is the refusal's."""

    def __init__(self, code: str, where: str, zh: str, en: str) -> None:
        super().__init__(f"{where}: {en}")
        self.code, self.where, self.zh, self.en = code, where, zh, en


@dataclass(frozen=True, slots=True)
class BookFiles:
    """Settings and tables of a book as read."""

    settings: Mapping[str, Any]
    tables: Mapping[str, list[Row]]


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The files of a run as read; money and counts are whole numbers, other cells text."""

    folder: Path
    result: Mapping[str, Any]
    tables: Mapping[str, list[Row]]
    scenario: Mapping[str, Any]
    scenario_bytes: bytes | None
    needs: list[Row] | None  # the list that the run worked out, where the book has none


@cache
def packaged(name: str) -> tuple[dict[str, str], ...]:
    """Rows of a table that ships with the package, as text."""
    text = files("qingdan.models.data").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines(keepends=True)))


@cache
def kinds() -> Mapping[str, Mapping[str, dict[str, str]]]:
    """For every table its columns with kind, choices and names."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for row in packaged("columns"):
        found.setdefault(row["table"], {})[row["column"]] = row
    return found


@cache
def table_names() -> Mapping[str, str]:
    """English table name for both the English and the Chinese name."""
    return {name: row["table"] for row in packaged("tables") for name in (row["table"], row["name_zh"])}


@cache
def _choices(table: str, column: str) -> Mapping[str, str]:
    told = kinds()[table][column]["choices"]
    if told == "*fund_types":
        return {name: row["id"] for row in packaged("fund_types") for name in (row["id"], row["name_zh"])}
    if told == "*site_uses":
        return _choices("sites", "use")
    pairs = [entry.partition("=") for entry in told.split(";") if entry]
    return {name: code for code, _, label in pairs for name in (code, label or code)}


def column_of(table: str, header: str) -> str | None:
    """The English name of a column by either of its headers; `budget_2027` for a family's."""
    header = header.strip().removeprefix("\ufeff")
    for name, row in kinds()[table].items():
        if name.endswith("_*"):
            for prefix in (name[:-1], row["name_zh"] + "_"):
                rest = header.removeprefix(prefix)
                if rest != header and len(rest) == 4 and rest.isdigit():
                    return name[:-1] + rest
        elif header in (name, row["name_zh"]):
            return name
    return None


def kind_of(table: str, column: str) -> str:
    """The kind of a column; of `budget_2027` that of its family."""
    columns = kinds()[table]
    return (columns.get(column) or columns[column[:-4] + "*"])["kind"]


def value_of(table: str, column: str, cell: str) -> Any:
    """One filled cell: money in yuan, numbers exact, lists as tuples, sums as a mapping."""
    kind = kind_of(table, column)
    if kind in ("number", "percent"):
        return Fraction(cell)
    if kind == "money":
        yuan = Fraction(cell) * 10_000
        if yuan.denominator != 1:
            raise ValueError(cell)
        return int(yuan)
    if kind in ("int", "year"):
        whole = Fraction(cell)
        if whole.denominator != 1:
            raise ValueError(cell)
        return int(whole)
    if kind == "yesno":
        return {
            "yes": True,
            "是": True,
            "true": True,
            "TRUE": True,
            "no": False,
            "否": False,
            "false": False,
            "FALSE": False,
        }[cell]
    if kind == "date":
        year, month, day = (int(part) for part in cell[:10].replace("/", "-").split(" ")[0].split("-"))
        return datetime.date(year, month, day)
    if kind == "code":
        return _choices(table, column)[cell]
    if kind in ("refs", "list", "codes"):
        entries = tuple(entry.strip() for entry in cell.split(";") if entry.strip())
        known = _choices(table, column) if column in kinds()[table] and kinds()[table][column]["choices"] else {}
        return tuple(known.get(entry, entry) for entry in entries)
    if kind == "sums":
        return Sums(cell)
    return cell.replace("\r\n", "\n").replace("\r", "\n")


def typed_rows(table: str, header: list[str], rows: Iterable[list[str]]) -> list[Row]:
    """Rows of a table of the book; every column of the table is there, empty as None."""
    names = [column_of(table, name) for name in header]
    bare = {name: None for name in kinds()[table] if not name.endswith("_*")}
    out: list[Row] = []
    for number, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        row: Row = dict(bare)
        for name, cell in zip(names, cells, strict=False):
            text = cell.strip()
            if name is None or not text:
                continue
            try:
                row[name] = value_of(table, name, text)
            except (ValueError, KeyError, ZeroDivisionError) as error:
                raise UnreadableError(
                    "book-unreadable", f"{table} {number} {name}", "这一格读不出", "this cell cannot be read"
                ) from error
        out.append(row)
    return out


def read_book_files(path: Path) -> BookFiles:
    """The book in a folder or a workbook."""
    if path.is_file() and path.suffix.lower() == ".xlsx":
        from .workbook import read_workbook  # only where it is needed

        return read_workbook(path)
    settings = path / "book.toml"
    if not settings.is_file():
        raise UnreadableError("book-unreadable", str(path), "找不到 book.toml", "book.toml is missing")
    tables: dict[str, list[Row]] = {}
    for file in sorted(path.iterdir()):
        table = table_names().get(file.stem)
        if file.suffix.lower() == ".csv" and table is not None:
            tables[table] = read_table(file, table)
    return BookFiles(tomllib.loads(settings.read_text(encoding="utf-8-sig")), tables)


def read_run_files(folder: Path) -> RunFiles:
    """The files of a run; raises `UnreadableError` where one that must be there is missing."""
    result = folder / "result.json"
    try:
        told = json.loads(result.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableError(
            "run-unreadable", "result.json", "读不出 result.json", "result.json cannot be read"
        ) from error
    if not isinstance(told, dict):
        raise UnreadableError("run-unreadable", "result.json", "读不出 result.json", "result.json cannot be read")
    if told.get("status") not in WITH_PLAN and not (folder / "projects.csv").exists():
        zh = f"测算状态为 {told.get('status')},没有方案可复核"
        raise UnreadableError("status", "result.json", zh, f"a run of status {told.get('status')} has no plan to check")
    scenario = folder / "scenario.toml"
    raw = scenario.read_bytes() if scenario.is_file() else None
    try:
        conditions = tomllib.loads(raw.decode("utf-8-sig")) if raw is not None else {}
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableError("run-unreadable", "scenario.toml", "不是 TOML", "not TOML") from error
    needs = folder / "needs.csv"
    listed = read_table(needs, "needs") if needs.is_file() else None
    return RunFiles(folder, told, read_run_tables(folder), conditions, raw, listed)


def read_table(path: Path, table: str) -> list[Row]:
    """One table in the form of the book."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        lines = csv.reader(handle)
        header = next(lines, [])
        return typed_rows(table, header, lines)


def read_run_tables(folder: Path) -> dict[str, list[Row]]:
    """Every table of a run as text, empty cells as the empty string."""
    tables: dict[str, list[Row]] = {}
    for name in RUN_TABLES:
        path = folder / f"{name}.csv"
        if not path.is_file():
            raise UnreadableError("run-file-missing", path.name, "运行结果缺少这个文件", "the run lacks this file")
        with path.open(encoding="utf-8-sig", newline="") as handle:
            lines = csv.DictReader(handle)
            tables[name] = [{key: value or "" for key, value in row.items() if key} for row in lines]
    return tables
