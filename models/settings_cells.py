"""The settings as rows of a sheet: key, name, value, explanation; values are text, read by what the key wants."""

import contextlib
import datetime
from collections.abc import Mapping
from typing import Any

import polars as pl

from .faults import SETTINGS, Fault
from .settings import BookSettings, flat_settings
from .settings_help import HELP

HEADERS = ("键", "名称", "值", "说明")

_TEXT_LISTS = ("region",)
_NUMBER_LISTS = ("plan_years", "factors.level_worth")
_TEXTS = ("title", "factors.note", "datum", "converted_from", "data_kind")
_FRACTIONS = ("walking_factor",)


def settings_rows(settings: BookSettings) -> list[tuple[str, str, str, str]]:
    """Every key with its value as text, empty where it has none."""
    told = {".".join(path): value_text(value) for path, value in flat_settings(settings)}
    keys = [*HELP, *(key for key in told if key not in HELP)]
    return [(key, HELP[key][0], told.get(key, ""), HELP[key][1]) for key in keys]


def value_text(value: Any) -> str:
    """A value as the sheet shows it; lists are parted by semicolons."""
    if isinstance(value, tuple):
        return ";".join(value_text(item) for item in value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value)


def settings_mapping(cells: pl.DataFrame) -> tuple[Mapping[str, Any], Mapping[tuple[str, ...], int], list[Fault]]:
    """The sheet as a mapping shaped like `book.toml`, the row of every key, and faults of its keys.

    Rows may name a key in English or in Chinese; a row without a value is left out.
    """
    told: dict[str, Any] = {}
    rows: dict[tuple[str, ...], int] = {}
    faults: list[Fault] = []
    if cells.width < 3:
        words = (
            "工作表“簿”应有四列：键、名称、值、说明",
            "the sheet 簿 should have the columns key, name, value, explanation",
        )
        return {}, {}, [Fault(SETTINGS, 1, "", "", *words, "补上这些列", "add them")]
    names = {name: key for key, (name, _, _) in HELP.items()}
    for row, cell in enumerate(cells.iter_rows(), start=1):
        key, name = (str(part or "").strip() for part in cell[:2])
        value = str(cell[2] or "")
        key = key or names.get(name, name)
        if (row == 1 and key == HEADERS[0]) or not value.strip():
            continue
        path = tuple(key.split("."))
        if path in rows:
            twice = (f"与第{rows[path]}行重复", f"the same key as row {rows[path]}")
            faults.append(Fault(SETTINGS, row, key, value, *twice, "只留一行", "keep only one of them"))
            continue
        rows[path] = row
        section = told
        for part in path[:-1]:
            section = section.setdefault(part, {})
        section[path[-1]] = _value(key, value)
    return told, rows, faults


def _value(key: str, text: str) -> Any:
    """A cell as the key wants it; what cannot be read stays text, and is then a fault of its type."""
    if key in _TEXTS or key.startswith("factors.basis."):
        return text
    text = text.strip()
    if key in _TEXT_LISTS:
        return [part.strip() for part in text.split(";") if part.strip()]
    if key in _NUMBER_LISTS:
        return [_whole(part.strip()) for part in text.split(";") if part.strip()]
    if key == "as_of" or key.startswith("factors.date."):
        return text.removesuffix(" 00:00:00")
    if key in _FRACTIONS:
        with contextlib.suppress(ValueError):
            return float(text) if text.isascii() else text
        return text
    return _whole(text) if key in HELP else text


def _whole(text: str) -> Any:
    digits = text.removesuffix(".0")
    return int(digits) if digits.isascii() and digits.removeprefix("-").isdigit() else text
