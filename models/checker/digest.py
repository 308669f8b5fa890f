"""The digest of a book, computed again: the same whatever the order of rows and the form of the file.

SHA-256 over the settings as canonical TOML and every table that has rows, as `\\n[table]\\n` and CSV: rows by
id, columns in the order of the contract and without those that are all empty, every cell in quotes. Money is in
万元 without trailing zeros, numbers in the shortest digits that give the same double and without an exponent.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .reading import BookFiles, Row, Sums, kind_of, kinds, packaged

PROGRAMMES = ("resilience", "facilities", "green", "smart", "governance")

SETTINGS: Mapping[str, Any] = {
    "title": None, "region": [], "plan_years": None, "horizon_years": 10, "as_of": None, "datum": "CGCS2000",
    "converted_from": None, "data_kind": None, "walking_factor": 1.0, "seed": None, "complaints_window_days": 365,
    "complaint_minimum": 3,
}  # fmt: skip
"""Keys of book.toml in order, with what holds where one is left out."""

FACTORS: Mapping[str, Any] = {
    "level_worth": [0, 40, 70, 100], "discount_percent": 97, "repeat_years": 5, "fit_out_share": 25,
    "least_tenure_years": 5, "emergency_cost": 2000, "note": "",
}  # fmt: skip
_TOLD = (
    "level_worth",
    "programme_weight",
    "discount_percent",
    "repeat_years",
    "fit_out_share",
    "least_tenure_years",
    "emergency_cost",
)


def book_digest(book: BookFiles) -> str:
    """The digest of a book as read, its points in WGS-84."""
    sums = hashlib.sha256(settings_text(book.settings).encode())
    for row in sorted(packaged("tables"), key=lambda row: int(row["order"])):
        rows = book.tables.get(row["table"], [])
        if rows:
            sums.update(f"\n[{row['table']}]\n".encode())
            sums.update(table_text(row["table"], rows).encode())
    return sums.hexdigest()


def settings_text(told: Mapping[str, Any]) -> str:
    """The settings as canonical TOML."""
    settings = dict(told)
    if settings.get("datum") in ("GCJ02", "BD09"):
        settings["converted_from"], settings["datum"] = settings["datum"], "WGS84"
    lines = [f"{key} = {_toml(value)}" for key, value in _filled(SETTINGS, settings)]
    factors = settings.get("factors", {})
    lines += ["", "[factors]", *(f"{key} = {_toml(value)}" for key, value in _filled(FACTORS, factors))]
    weight = factors.get("programme_weight", {})
    lines += ["", "[factors.programme_weight]", *(f"{name} = {_toml(weight.get(name, 100))}" for name in PROGRAMMES)]
    for section in ("basis", "date"):
        entries = [(name, factors[section][name]) for name in _TOLD if name in factors.get(section, {})]
        if entries:
            lines += ["", f"[factors.{section}]", *(f"{name} = {_toml(_day(value))}" for name, value in entries)]
    return "\n".join(lines) + "\n"


def _filled(order: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, otherwise in order.items():
        value = told.get(key, otherwise)
        if value is not None:
            yield key, float(value) if key == "walking_factor" else _day(value) if key == "as_of" else value


def _day(value: Any) -> Any:
    try:
        return datetime.date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else value
    except ValueError:
        return value


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, str):
        return '"' + "".join(_escaped(character) for character in value) + '"'
    return "[" + ", ".join(_toml(item) for item in value) + "]"


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character == "\n":
        return "\\n"
    return f"\\u{ord(character):04X}" if ord(character) < 32 or ord(character) == 127 else character


def table_text(table: str, rows: list[Row]) -> str:
    """A table as canonical CSV."""
    years = sorted(
        {int(name[-4:]) for row in rows for name in row if name[-4:].isdigit() and name not in kinds()[table]}
    )
    names = [
        name
        for column in kinds()[table]
        for name in ([f"{column[:-1]}{year}" for year in years] if column.endswith("_*") else [column])
    ]
    used = [name for name in names if any(row.get(name) is not None for row in rows)]
    lines = [",".join(_quoted(name) for name in used)]
    kind = {name: kind_of(table, name) for name in used}
    for row in sorted(rows, key=lambda row: row["id"]):
        lines.append(",".join(_quoted(cell_text(kind[name], row.get(name))) for name in used))
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def cell_text(kind: str, value: Any) -> str:
    """The one text that stands for a value."""
    if value is None:
        return ""
    if kind == "money":
        return _decimal(Fraction(value, 10_000))
    if kind in ("number", "percent"):
        return _number(float(value))
    if kind == "yesno":
        return "yes" if value else "no"
    if isinstance(value, Sums):
        return value.text
    if isinstance(value, tuple):
        return ";".join(value)
    return str(value)


def _decimal(amount: Fraction) -> str:
    sign, whole = ("-" if amount < 0 else ""), abs(amount)
    tail = f"{int(whole * 10_000) % 10_000:04d}".rstrip("0")
    return f"{sign}{int(whole)}" + (f".{tail}" if tail else "")


def _number(value: float) -> str:
    text = f"{Decimal(repr(value + 0.0)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
