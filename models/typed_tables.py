"""Tables of text to frames of types: every column of the table, in order, with all faults of its cells."""

from collections.abc import Iterable

import polars as pl

from .cells import typed_column
from .faults import PRIVATE, Fault
from .raw_tables import ROW, RawTable
from .tables import Table, year_of


def typed_table(raw: RawTable, years: Iterable[int]) -> tuple[pl.DataFrame, list[Fault]]:
    """The frame of a table, still with `ROW`; wrong cells are null in it.

    A family has a column for each of `years` and for every other year that the table has.
    """
    table, frame = raw.table, raw.frame
    faults: list[Fault] = []
    columns = [frame[ROW]]
    for name in table.names(set(years) | years_in(table, frame.columns)):
        if name in frame.columns:
            column, wrong = typed_column(table.column(name), name, frame, (table.name, name) in PRIVATE)
            faults += wrong
        else:
            column = pl.Series(name, [None] * frame.height, dtype=table.column(name).dtype)
        columns.append(column)
    return pl.DataFrame(columns), faults


def years_in(table: Table, names: Iterable[str]) -> set[int]:
    """The years for which a table has columns of its families."""
    found = {year_of(column, name) for column in table.families for name in names}
    return {year for year in found if year is not None}


def missing_years(table: Table, raw: RawTable, years: Iterable[int]) -> list[Fault]:
    """Budgets without a column for a plan year; an absent ceiling or quota means no limit and is no fault."""
    if table.name != "funds" or raw.frame.height == 0:
        return []
    return [
        Fault(
            table.name, 1, column.of_year(year), "", f"缺少规划年份 {year} 的列", f"no column for the plan year {year}",
            f"加上“{table.header_zh(column.of_year(year))}”列，无资金写0", f"add {column.of_year(year)}, 0 where there is no money",
        )
        for column in table.families
        for year in years
        if column.of_year(year) not in raw.frame.columns
    ]  # fmt: skip
