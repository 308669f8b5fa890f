"""What the book holds: its tables and their columns, read once from `data/tables.csv` and `data/columns.csv`."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import polars as pl

from .settings_help import HELP

DTYPES: Mapping[str, pl.DataType] = MappingProxyType(
    {
        "id": pl.String(),
        "text": pl.String(),
        "ref": pl.String(),
        "refs": pl.String(),
        "code": pl.String(),
        "codes": pl.String(),
        "list": pl.String(),
        "sums": pl.String(),
        "int": pl.Int64(),
        "year": pl.Int64(),
        "number": pl.Float64(),
        "percent": pl.Float64(),
        "money": pl.Int64(),
        "yesno": pl.Boolean(),
        "date": pl.Date(),
    }
)
"""How a kind of column is held in a frame; money is whole yuan there and 万元 in files."""

KINDS_ZH: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "id": ("编号", "identifier, unique in its table"),
        "text": ("文字", "text"),
        "ref": ("引用", "one identifier of another table"),
        "refs": ("引用(可多个,分号分隔)", "identifiers of another table, separated by ;"),
        "code": ("选项", "one of the codes"),
        "codes": ("选项(可多个,分号分隔)", "some of the codes, separated by ;"),
        "list": ("列表(分号分隔)", "entries separated by ;"),
        "sums": ("键=数值(分号分隔)", "key=value entries separated by ;"),
        "int": ("整数", "whole number"),
        "year": ("年份", "year of four digits"),
        "number": ("数", "number"),
        "percent": ("百分数(50 即 50%)", "percent, 50 for 50 %, at most 2 decimals"),
        "money": ("金额(至多4位小数)", "money in 万元, at most 4 decimals"),
        "yesno": ("是/否", "yes or no"),
        "date": ("日期(2027-03-01)", "date, 2027-03-01"),
    }
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table; a name that ends in `_*` is a family with one column a year.

    `low` and `high` are in the column's own unit (money in 万元); None means no limit.
    `choices` maps each code to its Chinese label; it is empty where any value is allowed.
    """

    table: str
    name: str
    kind: str
    unit: str
    required: bool
    choices: Mapping[str, str]
    refers: str
    low: float | None
    high: float | None
    name_zh: str
    text_zh: str
    text_en: str

    @property
    def family(self) -> bool:
        """Whether the book has one such column for every year."""
        return self.name.endswith("_*")

    @property
    def prefix(self) -> str:
        """The part before the year, `budget_` of `budget_*`."""
        return self.name.removesuffix("*")

    @property
    def dtype(self) -> pl.DataType:
        """How the column is held in a frame."""
        return DTYPES[self.kind]

    def of_year(self, year: int) -> str:
        """The name of a family's column for one year."""
        return f"{self.prefix}{year}"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the book, with its columns in order."""

    name: str
    name_zh: str
    columns: tuple[Column, ...]
    text_zh: str
    text_en: str

    def column(self, name: str) -> Column:
        """The column of that name; `budget_2027` gives the family `budget_*`."""
        for column in self.columns:
            if column.name == name or (column.family and year_of(column, name) is not None):
                return column
        raise KeyError(f"{self.name}.{name}")

    @property
    def families(self) -> tuple[Column, ...]:
        """The columns that come once a year."""
        return tuple(column for column in self.columns if column.family)

    def names(self, years: Iterable[int]) -> list[str]:
        """All column names in order, families written out for the years."""
        years = sorted(years)
        return [
            name
            for column in self.columns
            for name in ([column.of_year(year) for year in years] if column.family else [column.name])
        ]

    def header_zh(self, name: str) -> str:
        """The Chinese header of a column, `预算_2027` for `budget_2027`."""
        column = self.column(name)
        return f"{column.name_zh}_{year_of(column, name)}" if column.family else column.name_zh

    def empty(self, years: Iterable[int]) -> pl.DataFrame:
        """A frame without rows, with the right columns and types."""
        return pl.DataFrame(schema={name: self.column(name).dtype for name in self.names(years)})


def year_of(column: Column, name: str) -> int | None:
    """The year in the name of a family's column, or None if the name is not of that family."""
    for prefix in (column.prefix, f"{column.name_zh}_"):
        rest = name.removeprefix(prefix)
        if rest != name and len(rest) == 4 and rest.isascii() and rest.isdigit() and 1900 <= int(rest) <= 2100:
            return int(rest)
    return None


def packaged_rows(name: str) -> list[dict[str, str]]:
    """The rows of a table that ships with the package, every cell as text."""
    text = files("qingdan.models.data").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(keepends=True)))


@cache
def fund_type_choices() -> Mapping[str, str]:
    """The fund types of the packaged catalogue, with their Chinese names."""
    return MappingProxyType({row["id"]: row["name_zh"] for row in packaged_rows("fund_types")})


def _choices(text: str, known: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    if text.startswith("*"):
        return known[text]
    pairs = (entry.partition("=") for entry in text.split(";") if entry)
    return MappingProxyType({code: label or code for code, _, label in pairs})


def _load() -> Mapping[str, Table]:
    known = {"*fund_types": fund_type_choices()}
    columns: dict[str, list[Column]] = {}
    for row in packaged_rows("columns"):
        columns.setdefault(row["table"], []).append(
            Column(
                table=row["table"],
                name=row["column"],
                kind=row["kind"],
                unit=row["unit"],
                required=row["required"] == "yes",
                choices=_choices(row["choices"], known),
                refers=row["refers"],
                low=float(row["low"]) if row["low"] else None,
                high=float(row["high"]) if row["high"] else None,
                name_zh=row["name_zh"],
                text_zh=row["text_zh"],
                text_en=row["text_en"],
            )
        )
        if row["table"] == "sites" and row["column"] == "use":
            known["*site_uses"] = columns["sites"][-1].choices
    rows = sorted(packaged_rows("tables"), key=lambda row: int(row["order"]))
    return MappingProxyType(
        {
            row["table"]: Table(
                name=row["table"],
                name_zh=row["name_zh"],
                columns=tuple(columns[row["table"]]),
                text_zh=row["text_zh"],
                text_en=row["text_en"],
            )
            for row in rows
        }
    )


TABLES: Mapping[str, Table] = _load()
"""Every table of the book by its English name, in the order in which they are written."""


def reference_markdown() -> str:
    """The reference page of the book, `docs/reference/book.md`, made from the tables themselves."""
    lines = list(_INTRODUCTION)
    lines += ["", "## book.toml 簿", "", "| key | 名称 | meaning |", "|---|---|---|"]
    for key, (name_zh, text_zh, text_en) in HELP.items():
        lines.append(f"| `{key}` | {name_zh} | {'; '.join(text for text in (text_zh, text_en) if text)} |")
    for table in TABLES.values():
        lines += ["", f"## {table.name} {table.name_zh}", "", f"{table.text_zh}. {table.text_en}.", ""]
        lines += ["| column | 表头 | kind | unit | required | values | meaning |", "|---|---|---|---|---|---|---|"]
        lines += [_reference_row(column) for column in table.columns]
    return "\n".join(lines) + "\n"


def _reference_row(column: Column) -> str:
    limits = ["" if limit is None else f"{limit:.15g}" for limit in (column.low, column.high)]
    values = f"{limits[0]} to {limits[1]}" if any(limits) else ""
    if column.refers:
        values = f"[{column.refers}](#{column.refers}-{TABLES[column.refers].name_zh})"
    elif column.choices:
        choices = [code if code == label else f"`{code}` {label}" for code, label in column.choices.items()]
        values = ", ".join(choices)
    name_zh = f"{column.name_zh}_2027…" if column.family else column.name_zh
    name = f"{column.prefix}2027`…" if column.family else f"{column.name}`"
    meaning = "; ".join(text for text in (column.text_zh, column.text_en) if text)
    cells = (f"`{name}", name_zh, column.kind, column.unit, "yes" if column.required else "", values, meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


_INTRODUCTION = (
    "# 清单簿 The book",
    "",
    "A book is a folder with `book.toml` and one CSV file a table, or one Excel workbook with a sheet a table; both hold",
    "the same and turn into each other without loss. `qingdan new` makes an empty one. A book may leave out any table.",
    "",
    "* Headers are the English or the Chinese names; codes are the English ones or their Chinese labels.",
    "* CSV files are UTF-8, with or without a byte order mark, parted by commas; file names are the English or the",
    "  Chinese names of the tables. GBK is refused: save as *CSV UTF-8* in Excel.",
    "* Money is in 万元 with at most 4 decimals and is held as whole yuan. An empty cell means unknown or no limit,",
    "  never 0; only an empty budget is no money in that year.",
    "* Entries of a list are parted by `;`, never by its full-width form. Blanks around a cell do not count.",
    "* Dates are `2027-03-01`; `2027/3/1` is read as the same day. Years of a budget stand in columns of their own.",
    "* Coordinates are longitude and latitude in the `datum` of `book.toml`. CGCS2000 is taken as WGS-84; GCJ02 and BD09",
    "  are converted to WGS-84 on reading, and the book then says `converted_from`.",
    "* Points must lie in a box around Jiangxi, or around China where `region` names a place outside the province.",
    "* Reading reports every fault at once - table, row as Excel counts it, column, value, cause and mend - and changes",
    "  nothing: numbers with full-width digits, units, percent signs or thousands separators are faults too.",
    "* In the workbook the sheet 簿 holds `book.toml`, 政策约束 the lines of `scenario.toml`, 说明 explains every column.",
    "  A number with more than 9 decimals or 15 digits is written as text there, since a cell would round it.",
    "",
    "The digest of a book is the SHA-256 of its canonical form: `book.toml` in the order of the keys below, without",
    "comments, defaults written out, keys without a value left out, sections `[factors]`, `[factors.programme_weight]`,",
    "`[factors.basis]` and `[factors.date]` after a line break each;",
    "then for each table that has rows, in the order of this page, a line break, `[name]`, a line break, and the table",
    "as CSV with every cell in double quotes: columns in the order of this page (those without any value left out), rows by",
    '`id`, money in 万元 and numbers without trailing zeros or exponents, codes in English, an empty cell as `""`.',
    "",
    "| kind | 类型 | meaning |",
    "|---|---|---|",
    *(f"| {kind} | {zh} | {en} |" for kind, (zh, en) in KINDS_ZH.items()),
)
