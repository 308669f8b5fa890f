"""Cells from text to their types, a whole column at a time; what cannot be read is a fault, never a guess."""

import datetime
from collections.abc import Callable

import polars as pl

from .cell_words import Words, range_words, wrong_cell
from .faults import Fault, one_line
from .raw_tables import ROW
from .sums import sums_fault
from .tables import Column

YUAN_IN_WAN = 10_000
LONGEST_TEXT = 32_767  # characters that a cell of a workbook can hold
_FIRST_DAY, _LAST_DAY = datetime.date(1900, 1, 1), datetime.date(2200, 12, 31)

Reader = Callable[[Column, pl.Series], pl.Series]
"""Typed values of a column of text; null where the text cannot be read."""


def typed_column(column: Column, name: str, frame: pl.DataFrame, private: bool) -> tuple[pl.Series, list[Fault]]:
    """The typed column, null where a cell is empty or wrong, and the faults of its cells."""
    text = frame[name]
    if text.null_count() == len(text):
        bare = pl.Series(name, [None] * len(text), dtype=column.dtype)
        return bare, _required(column, name, text, frame[ROW])
    values = _READERS[column.kind](column, text).alias(name)
    wrong = text.is_not_null() & values.is_null()
    faults = _faults(column, name, text.filter(wrong), frame[ROW].filter(wrong), private, wrong_cell)
    if (column.low is not None or column.high is not None) and column.name not in ("lon", "lat"):
        scale = YUAN_IN_WAN if column.kind == "money" else 1
        outside = pl.Series([False] * len(values))
        if column.low is not None:
            outside = outside | (values < column.low * scale).fill_null(False)
        if column.high is not None:
            outside = outside | (values > column.high * scale).fill_null(False)
        if outside.any():
            faults += _faults(column, name, text.filter(outside), frame[ROW].filter(outside), private, range_words)
            values = values.set(outside, None)
    return values, faults + _required(column, name, text, frame[ROW])


def _required(column: Column, name: str, text: pl.Series, rows: pl.Series) -> list[Fault]:
    if not column.required or text.null_count() == 0:
        return []
    words = ("未填写", "empty", f"填写{column.name_zh}", f"fill in {column.name}")
    return [Fault(column.table, row, name, "", *words) for row in rows.filter(text.is_null())]


def _faults(
    column: Column, name: str, cells: pl.Series, rows: pl.Series, private: bool, words: Callable[[Column, str], Words]
) -> list[Fault]:
    said: dict[str, Words] = {}
    faults = []
    for cell, row in zip(cells, rows, strict=True):
        if cell not in said:
            said[cell] = words(column, cell)
        faults.append(Fault(column.table, row, name, "" if private else one_line(cell), *said[cell]))
    return faults


def _where(values: pl.Series, right: pl.Series) -> pl.Series:
    return values if right.all() else values.set(~right.fill_null(False), None)


def _text(column: Column, text: pl.Series) -> pl.Series:
    right = ~text.str.contains(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]") & (text.str.len_chars() <= LONGEST_TEXT)
    return _where(text, right.fill_null(True))


def _identifier(column: Column, text: pl.Series) -> pl.Series:
    # ; and = part the entries of lists, and 3.60102E+11 is what Excel makes of a long code.
    wrong = text.str.contains(r"[;\uff1b=\n\t\x00-\x1f\x7f\uff10-\uff19]") | text.str.contains(
        r"^[0-9](\.[0-9]+)?E\+[0-9]+$"
    )
    return _where(text, ~wrong.fill_null(False) & (text.str.len_chars() <= 200).fill_null(True))


def _whole(column: Column, text: pl.Series) -> pl.Series:
    right = text.str.contains(r"^[+-]?[0-9]{1,18}(\.0+)?$")
    digits = text.str.replace(r"\.0+$", "").str.strip_prefix("+")
    return _where(digits.cast(pl.Int64, strict=False), right)


def _year(column: Column, text: pl.Series) -> pl.Series:
    return _where(_whole(column, text), text.str.contains(r"^[0-9]{4}(\.0+)?$"))


def _number(column: Column, text: pl.Series) -> pl.Series:
    right = text.str.contains(r"^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$")
    values = text.str.strip_prefix("+").cast(pl.Float64, strict=False)
    # -0.0 and 0.0 are one value, and are written as one.
    return _where(values + 0.0, right & values.is_finite())


def _percent(column: Column, text: pl.Series) -> pl.Series:
    right = text.str.contains(r"^[+-]?[0-9]+(\.[0-9]{1,2}0*)?$")
    values = _where(_number(column, text), right)
    if column.name == "debt_rate":
        return values
    # 0.5 is what Excel keeps of a cell that shows 50%.
    return _where(values, ((values <= 0) | (values >= 1)).fill_null(True))


def _money(column: Column, text: pl.Series) -> pl.Series:
    right = text.str.contains(r"^[+-]?[0-9]{1,13}(\.[0-9]{1,4}0*)?$")
    wan = text.str.extract(r"^[+-]?([0-9]+)").cast(pl.Int64, strict=False)
    parts = text.str.extract(r"\.([0-9]{1,4})").fill_null("").str.pad_end(4, "0").cast(pl.Int64, strict=False)
    yuan = wan * YUAN_IN_WAN + parts
    negative = text.str.starts_with("-").fill_null(False)
    if negative.any():
        yuan = pl.select(pl.when(negative).then(-yuan).otherwise(yuan)).to_series()
    return _where(yuan, right)


def _code(column: Column, text: pl.Series) -> pl.Series:
    known = {label: code for code, label in column.choices.items()} | {code: code for code in column.choices}
    return text.replace_strict(known, default=None, return_dtype=pl.String)


def _listed(text: pl.Series) -> pl.Series:
    """Entries parted by one ; without blanks or empty entries."""
    if not text.str.contains(";", literal=True).any():
        return text
    entry = pl.element().str.strip_chars()
    joined = text.str.split(";").list.eval(entry.filter(entry != "")).list.join(";")
    return joined.set((joined == "").fill_null(False), None)


def _list(column: Column, text: pl.Series) -> pl.Series:
    wrong = text.str.contains(r"[\uff1b\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
    values = _where(_listed(text), ~wrong.fill_null(False))
    if not column.choices or values.null_count() == len(values):
        return values
    known = {label: code for code, label in column.choices.items()} | {code: code for code in column.choices}
    codes = values.str.split(";").list.eval(pl.element().replace_strict(known, default=None, return_dtype=pl.String))
    wrong = codes.list.eval(pl.element().is_null()).list.any().fill_null(False)
    return _where(codes.list.join(";"), ~wrong)


def _sums(column: Column, text: pl.Series) -> pl.Series:
    tidy = _list_of_sums(text)
    keys = set(column.choices)
    wrong = {cell for cell in tidy.unique().drop_nulls() if sums_fault(column, cell, keys)}
    return _where(tidy, ~tidy.is_in(list(wrong)).fill_null(False)) if wrong else tidy


def _list_of_sums(text: pl.Series) -> pl.Series:
    return _listed(text.str.replace_all(r"[ \t]*=[ \t]*", "="))


def _yesno(column: Column, text: pl.Series) -> pl.Series:
    known = {
        "yes": True,
        "no": False,
        "是": True,
        "否": False,
        "true": True,
        "false": False,
        "TRUE": True,
        "FALSE": False,
    }
    return text.replace_strict(known, default=None, return_dtype=pl.Boolean)


def _date(column: Column, text: pl.Series) -> pl.Series:
    pattern = r"^([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})(?:[ T]00:00:00(?:\.0+)?)?$"
    parts = [text.str.extract(pattern, group) for group in (1, 2, 3)]
    iso = parts[0] + "-" + parts[1].str.zfill(2) + "-" + parts[2].str.zfill(2)
    days = iso.str.to_date("%Y-%m-%d", strict=False)
    return _where(days, days.is_between(_FIRST_DAY, _LAST_DAY))


_READERS: dict[str, Reader] = {
    "id": _identifier,
    "text": _text,
    "ref": _identifier,
    "refs": _list,
    "code": _code,
    "codes": _list,
    "list": _list,
    "sums": _sums,
    "int": _whole,
    "year": _year,
    "number": _number,
    "percent": _percent,
    "money": _money,
    "yesno": _yesno,
    "date": _date,
}
