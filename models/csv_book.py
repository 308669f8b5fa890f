"""A book as a folder: `book.toml`, one CSV file a table, and `scenario.toml` if it has rules of its own."""

import csv
import io
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import polars as pl

from .faults import SETTINGS, Fault
from .raw_tables import RawBook, RawTable, raw_table, table_named, unknown_table
from .settings import read_settings
from .tables import TABLES, Table

SCENARIO = "scenario.toml"
_ROWS_AT_ONCE = 20_000

csv.field_size_limit(10_000_000)


def is_book_folder(folder: Path) -> bool:
    """Whether a folder holds a book."""
    return (folder / SETTINGS).is_file()


def book_files() -> frozenset[str]:
    """The names of all files that belong to a book in a folder."""
    tables = {f"{name}.csv" for table in TABLES.values() for name in (table.name, table.name_zh)}
    return frozenset(tables | {SETTINGS, SCENARIO})


def read_folder(folder: Path) -> RawBook:
    """All tables of a folder as text, its settings and its scenario."""
    faults: list[Fault] = []
    texts: dict[str, str | None] = {SETTINGS: None, SCENARIO: None}
    for name in texts:
        path = folder / name
        if path.is_file():
            texts[name], fault = _decoded(path, name)
            faults += fault
        elif name == SETTINGS:
            faults.append(
                Fault(
                    SETTINGS, 0, "", "", "缺少 book.toml", "book.toml is missing",
                    "用 qingdan new 建一个空清单簿，把其中的 book.toml 放进来",
                    "make an empty book with qingdan new and put its book.toml here",
                )
            )  # fmt: skip
    tables: list[RawTable] = []
    lost: set[str] = set()
    found: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() != ".csv" or path.name.startswith((".", "~")):
            continue
        table = table_named(path.stem)
        if table is None:
            faults.append(unknown_table(path.name, path.stem))
        elif table.name in found:
            faults.append(
                Fault(
                    table.name, 0, "", path.name, f"与 {found[table.name]} 是同一张表", f"the same table as {found[table.name]}",
                    "只留一个文件", "keep only one of the files",
                )
            )  # fmt: skip
        else:
            found[table.name] = path.name
            raw, wrong = read_table(path, table)
            faults += wrong
            if raw is not None:
                tables.append(raw)
            # Where rows are lost, references to them are not to blame.
            if raw is None or "id" not in raw.frame.columns or any(fault.row > 1 for fault in wrong):
                lost.add(table.name)
    text = texts[SETTINGS]
    told, settings, wrong = read_settings(text) if text is not None else ({}, None, [])
    return RawBook(told, settings, texts[SCENARIO], tuple(tables), frozenset(lost), (*faults, *wrong))


def read_table(path: Path, table: Table) -> tuple[RawTable | None, list[Fault]]:
    """One CSV file as text; None if it cannot be read at all."""
    text, faults = _decoded(path, table.name)
    if text is None:
        return None, faults
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        headers = next(rows, [])
    except csv.Error as error:
        return None, [_unreadable(table, 1, error)]
    if not any(header.strip() for header in headers):
        if text.strip():
            return None, [_unreadable(table, 1, "no header")]
        headers = [column.name for column in table.columns if not column.family]
    chunks: list[pl.DataFrame] = []
    names = [str(place) for place in range(len(headers))]
    counted = _counted(rows, table, len(headers), faults)
    while chunk := list(islice(counted, _ROWS_AT_ONCE)):
        chunks.append(
            pl.DataFrame(
                dict(zip(names, zip(*chunk, strict=True), strict=True)), schema=dict.fromkeys(names, pl.String)
            )
        )
    frame = pl.concat(chunks) if chunks else pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    raw, wrong = raw_table(table, headers, frame.get_columns())
    return raw, faults + wrong


def _counted(rows: Iterator[list[str]], table: Table, width: int, faults: list[Fault]) -> Iterator[list[str]]:
    """The rows, each as wide as the header; a row of another width is a fault and comes out empty."""
    row = 1
    try:
        for cells in rows:
            row += 1
            if len(cells) == width:
                yield cells
                continue
            # A line without any cell is what an editor leaves at the end of a file.
            if any(cell.strip() for cell in cells):
                faults.append(
                    Fault(
                        table.name, row, "", ",".join(cells) if table.name != "complaints" else "",
                        f"有{len(cells)}格，表头有{width}格", f"{len(cells)} cells under {width} headers",
                        "补齐或删去多余的逗号；文字里有逗号时加英文双引号",
                        "add or delete commas; put text that holds a comma in double quotes",
                    )
                )  # fmt: skip
            yield [""] * width
    except csv.Error as error:
        faults.append(_unreadable(table, row + 1, error))


def _unreadable(table: Table, row: int, error: object) -> Fault:
    return Fault(
        table.name, row, "", "", f"从这一行起读不出({error})", f"cannot be read from this row on ({error})",
        "检查这一行的英文双引号是否成对；或用 Excel 打开后另存为 CSV UTF-8",
        "check that double quotes come in pairs; or open it in Excel and save it as CSV UTF-8",
    )  # fmt: skip


def _decoded(path: Path, table: str) -> tuple[str | None, list[Fault]]:
    """The text of a UTF-8 file, with or without a mark in front; any other encoding is a fault."""
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        words = (
            f"文件读不出({reason})",
            f"the file cannot be read ({reason})",
            "检查文件和权限",
            "check the file and its rights",
        )
        return None, [Fault(table, 0, "", "", *words)]
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        named_zh, named_en = "不是 UTF-8 编码", "not UTF-8"
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            named_zh, named_en, row = "是 UTF-16 编码，不是 UTF-8", "UTF-16, not UTF-8", 1
        elif _is_gbk(data):
            named_zh, named_en = "是 GBK 编码，不是 UTF-8", "GBK, not UTF-8"
        words = (
            named_zh, named_en, "在 Excel 中另存为“CSV UTF-8(逗号分隔)”", "in Excel, save it as CSV UTF-8 (comma delimited)",
        )  # fmt: skip
        return None, [Fault(table, row, "", "", *words)]


def _is_gbk(data: bytes) -> bool:
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True


def write_folder(folder: Path, settings: str, scenario: str | None, texts: Mapping[str, pl.DataFrame]) -> None:
    """Write a book into a new folder; `texts` has every cell as text under its English header."""
    folder.mkdir(parents=True)
    (folder / SETTINGS).write_text(settings, encoding="utf-8", newline="\n")
    if scenario is not None:
        (folder / SCENARIO).write_bytes(scenario.encode())
    for name, frame in texts.items():
        frame.write_csv(folder / f"{name}.csv", quote_style="necessary", line_terminator="\n")
