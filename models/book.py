"""The book (清单簿): reading it with all its faults at once, writing it whole or not at all, and its digest."""

import datetime
import hashlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import polars as pl

from .book_writing import write_whole
from .cell_texts import table_texts
from .checks import (
    broken_references,
    repeated_ids,
    wrong_codes,
    wrong_homes,
    wrong_measures,
    wrong_orders,
    wrong_points,
)
from .csv_book import SCENARIO, read_folder, write_folder
from .datum import box_of, to_wgs84
from .excel_book import read_workbook, write_workbook
from .faults import BookError, Fault
from .raw_tables import ROW, RawBook
from .settings import BookSettings, first_settings, settings_toml
from .sums import parse_sums, split
from .tables import TABLES, Table
from .typed_tables import missing_years, typed_table, years_in

__all__ = ["Book", "new_book", "parse_sums", "read_book", "split", "write_book"]


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """All tables of a book as typed frames, in the order of `TABLES`, with its settings.

    Money is whole yuan, coordinates are WGS-84; a table that the book leaves out is an empty frame.
    Two books with the same `digest()` hold the same data.
    """

    settings: BookSettings
    tables: Mapping[str, pl.DataFrame]
    scenario_text: str | None = None

    def __post_init__(self) -> None:
        fitted = {name: fit(table, self.tables.get(name), self.years) for name, table in TABLES.items()}
        if unknown := set(self.tables) - set(TABLES):
            raise ValueError(f"no such tables: {sorted(unknown)}")
        object.__setattr__(self, "tables", MappingProxyType(fitted))

    def __reduce__(self) -> tuple[type["Book"], tuple[BookSettings, dict[str, pl.DataFrame], str | None]]:
        """A book can be sent to other processes."""
        return Book, (self.settings, dict(self.tables), self.scenario_text)

    @property
    def years(self) -> tuple[int, ...]:
        """The plan years."""
        return self.settings.plan_years

    def table(self, name: str) -> pl.DataFrame:
        """One table by its English name."""
        return self.tables[name]

    def with_table(self, name: str, frame: pl.DataFrame) -> "Book":
        """The same book with one table replaced; absent columns are empty, unknown ones an error."""
        if name not in TABLES:
            raise ValueError(f"no such table: {name}")
        return replace(self, tables={**self.tables, name: frame})

    def digest(self) -> str:
        """SHA-256 of the canonical form: the same whatever the order of rows and the form of the file."""
        sums = hashlib.sha256(settings_toml(self.settings).encode())
        for name, frame in self.tables.items():
            if frame.height:
                sums.update(f"\n[{name}]\n".encode())
                sums.update(canonical_csv(TABLES[name], frame))
        return sums.hexdigest()


def fit(table: Table, frame: pl.DataFrame | None, years: tuple[int, ...]) -> pl.DataFrame:
    """A frame with exactly the columns and types of a table."""
    if frame is None:
        return table.empty(years)
    names = table.names({*years, *years_in(table, frame.columns)})
    if unknown := set(frame.columns) - set(names):
        raise ValueError(f"{table.name} has no columns {sorted(unknown)}")
    return frame.select(
        pl.col(name).cast(table.column(name).dtype)
        if name in frame.columns
        else pl.lit(None, dtype=table.column(name).dtype).alias(name)
        for name in names
    )


def canonical_csv(table: Table, frame: pl.DataFrame) -> bytes:
    """A table as the digest sees it: rows by id, columns without any value left out, every cell in quotes."""
    used = [name for name in frame.columns if frame[name].null_count() < frame.height]
    texts = table_texts(table, frame.select(used).sort("id"))
    return texts.write_csv(quote_style="always", line_terminator="\n").encode()


def read_book(path: Path | str) -> Book:
    """The book in a folder or a workbook; a `BookError` lists everything that is wrong with it."""
    path = Path(path)
    if path.is_dir():
        raw = read_folder(path)
    elif path.suffix.lower() == ".xlsx":
        raw = read_workbook(path)
    else:
        raise BookError([_no_book(path)])
    return _checked(raw)


def _no_book(path: Path) -> Fault:
    there = path.exists()
    return Fault(
        path.name, 0, "", "",
        "不是清单簿" if there else "找不到清单簿", "not a book" if there else "no such book",
        "给出清单簿文件夹或 .xlsx 工作簿", "name the folder of a book or an .xlsx workbook",
    )  # fmt: skip


def _checked(raw: RawBook) -> Book:
    faults = list(raw.faults)
    faults += _scenario_faults(raw.scenario)
    # Faulty settings do not keep the tables from being checked with what is right in them.
    told_years, told_region = raw.told.get("plan_years"), raw.told.get("region")
    settings = raw.settings
    years: tuple[int, ...] = ()
    region: tuple[str, ...] = ()
    if settings is not None:
        years, region = settings.plan_years, settings.region
    else:
        if isinstance(told_years, list) and all(type(year) is int and 1900 <= year <= 2100 for year in told_years):
            years = tuple(told_years)
        if isinstance(told_region, list) and all(isinstance(code, str) for code in told_region):
            region = tuple(told_region)
    frames = {
        name: table.empty(years).insert_column(0, pl.Series(ROW, [], dtype=pl.Int64)) for name, table in TABLES.items()
    }
    for typed in raw.tables:
        frames[typed.table.name], wrong = typed_table(typed, years)
        faults += wrong
        faults += missing_years(typed.table, typed, years)
    for name, table in TABLES.items():
        frame = frames[name]
        if frame.height:
            faults += repeated_ids(table, frame)
            faults += broken_references(table, frames, raw.lost)
            faults += wrong_orders(table, frame)
            faults += wrong_codes(table, frame)
            faults += wrong_homes(table, frames)
            faults += wrong_points(table, frame, box_of(region))
            faults += wrong_measures(table, frame)
    if faults or settings is None:
        raise BookError(faults)
    return _converted(Book(settings, {name: frame.drop(ROW) for name, frame in frames.items()}, _tidy(raw.scenario)))


def _tidy(scenario: str | None) -> str | None:
    """The text of the rules with one form of line ends, and exactly one at its end."""
    text = (scenario or "").replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    return text + "\n" if text.strip() else None


def _scenario_faults(text: str | None) -> list[Fault]:
    if text is None:
        return []
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        words = ("不是合法的 TOML", f"not TOML ({error})", f"按提示改正：{error}", "correct it as the message says")
        return [Fault(SCENARIO, 0, "", "", *words)]
    return []


def _converted(book: Book) -> Book:
    """The same book with every point in WGS-84."""
    datum = book.settings.datum
    if datum not in ("GCJ02", "BD09"):
        return book
    tables = dict(book.tables)
    for name, frame in book.tables.items():
        if "lon" in frame.columns and frame.height:
            lon, lat = (frame[column].to_numpy().astype(float) for column in ("lon", "lat"))
            moved = to_wgs84(lon, lat, datum)
            tables[name] = frame.with_columns(
                pl.Series(column, values).fill_nan(None) for column, values in zip(("lon", "lat"), moved, strict=True)
            )
    settings = book.settings.model_copy(update={"datum": "WGS84", "converted_from": datum})
    return Book(settings, tables, book.scenario_text)


def write_book(book: Book, path: Path | str) -> None:
    """Write a book as a folder, or as a workbook where the path ends in .xlsx; whole or not at all.

    Only a book, or nothing, may stand there before. Other files in the folder of a book are kept.
    """
    path = Path(path)
    if path.suffix.lower() == ".xlsx":
        write_whole(path, lambda beside: write_workbook(beside, book.settings, book.scenario_text, book.tables))
        return
    texts = {name: table_texts(TABLES[name], frame) for name, frame in book.tables.items() if frame.height}
    write_whole(path, _folder_writer(book.settings, book.scenario_text, texts))


def _folder_writer(
    settings: BookSettings, scenario: str | None, texts: Mapping[str, pl.DataFrame]
) -> Callable[[Path], None]:
    text = settings_toml(settings, comments=True)
    return lambda beside: write_folder(beside, text, scenario, texts)


def _there_already(path: Path) -> Fault:
    return Fault(
        table=path.name, row=0, column="", value="",
        cause_zh="已经存在，不会被空清单簿替换", cause_en="exists and is not replaced by an empty book",
        mend_zh="换一个名称，或先移走它", mend_en="choose another name or move it away first",
    )  # fmt: skip


def new_book(path: Path | str, *, settings: BookSettings | None = None) -> None:
    """An empty book to fill in: every table with its headers, and in a workbook drop-downs and explanations.

    Without settings it speaks of today and plans the next three years. What is there already is never replaced:
    raises `BookError`.
    """
    path = Path(path)
    if path.is_file() or (path.is_dir() and any(path.iterdir())):
        raise BookError([_there_already(path)])
    settings = settings or first_settings(datetime.date.today())
    book = Book(settings, {})
    if path.suffix.lower() == ".xlsx":
        write_book(book, path)
        return
    texts = {name: table_texts(TABLES[name], frame) for name, frame in book.tables.items()}
    write_whole(path, _folder_writer(settings, None, texts))
