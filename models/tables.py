"""What the book holds: its tables and their columns, read once from `data/tables.csv` and `data/columns.csv`."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import polars as pl

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
