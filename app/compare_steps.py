"""`qingdan compare`: plans side by side on the console, as CSV tables and as a workbook."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .console import Console, Refusal

if TYPE_CHECKING:
    import polars as pl

    from ..models.book import Book
    from ..models.run import StoredRun
    from ..scenarios.attribution import Attribution
    from ..scenarios.compare import Comparison

SHOWN = 30  # rows of a table on the console
ATTRIBUTION = "变化原因"
SYNTHETIC = "模拟数据（非真实）"
_WIDEST = 60  # characters of a column in a workbook


def run_compare(
    console: Console, folders: Sequence[Path], book_path: Path | None, csv: Path | None, xlsx: Path | None, *,
    attribute: bool, time: float, threads: int,
) -> None:  # fmt: skip
    """`qingdan compare`"""
    from ..models.book import read_book
    from ..models.run import read_run
    from ..scenarios.compare import compare
    from ..scenarios.compare_tables import comparison_tables
    from .steps import fit_for_writing, write_tables

    if len(folders) < 2:
        raise Refusal("至少要两份结果", "at least two runs are needed")
    if attribute and book_path is None:
        raise Refusal(
            "分摊变化原因要重新测算，请用 --book 指定清单簿", "--attribute solves again: name the book with --book"
        )
    if xlsx is not None and (xlsx.suffix != ".xlsx" or xlsx.is_dir()):
        raise Refusal(f"{xlsx} 应以 .xlsx 结尾", f"{xlsx} must end in .xlsx")
    for path in (csv, xlsx.absolute().parent if xlsx is not None else None):
        if path is not None:
            fit_for_writing(path)
    book = None if book_path is None else read_book(book_path)
    runs = [read_run(folder) for folder in folders]
    for folder, run in zip(folders, runs, strict=True):
        if not run.tables:
            raise Refusal(
                f"{folder} 没有方案（{run.result['status']}）", f"{folder} holds no plan ({run.result['status']})"
            )
    found = compare(*runs, book=book)
    tables = [comparison_tables(one, book) for one in found]
    parts: list[Attribution | None] = [None] * len(found)
    if attribute and book is not None:
        for number, run in enumerate(runs[1:]):
            parts[number] = _attributed(console, book, runs[0], run, time, threads)
            tables[number] = {ATTRIBUTION: _attribution_table(parts[number]), **tables[number]}
    synthetic = any(run.result.get("data_kind") == "synthetic" for run in runs)
    named = _named(tables)
    if csv is not None:
        write_tables(named, csv)
    if xlsx is not None:
        _write_workbook(xlsx, named, SYNTHETIC if synthetic else "")
    for one, listed, part in zip(found, tables, parts, strict=True):
        _show(console, one, listed, part, synthetic)
    documents = [
        {**one.told(), "attribution": None if part is None else part.told()}
        for one, part in zip(found, parts, strict=True)
    ]
    written = [str(path) for path in (csv, xlsx) if path is not None]
    console.done(
        {"runs": [str(folder) for folder in folders], **documents[0], "others": documents[1:], "files": written},
        f"已写入 {'、'.join(written)}" if written else "",
    )


def _named(tables: Sequence[dict[str, pl.DataFrame]]) -> dict[str, pl.DataFrame]:
    """All tables under one name each; where there are several comparisons, with the number of the run before it."""
    if len(tables) == 1:
        return dict(tables[0])
    return {
        f"{number}-{name}": frame for number, listed in enumerate(tables, start=2) for name, frame in listed.items()
    }


def _attributed(
    console: Console, book: Book, before: StoredRun, after: StoredRun, time: float, threads: int
) -> Attribution:
    from ..scenarios.attribution import attribute

    def tell(words: str) -> None:
        console.progress(f"测算只作这些变化的方案：{words}", at_once=True)

    return attribute(book, before, after, time=time, threads=threads, tell=tell)


def _attribution_table(found: Attribution | None) -> pl.DataFrame:
    import polars as pl

    assert found is not None
    rows: list[tuple[Any, ...]] = [
        (
            part.change.zh, float(part.value["objective"]), _interval(part.low, part.high), float(part.value["benefit"]),
            float(part.value["cost_yuan"]) / 10_000, float(part.value["needs_met"]),
        )
        for part in found.parts
    ]  # fmt: skip
    whole = found.whole
    rows.append(("合计", whole["objective"], "", whole["benefit"], whole["cost_yuan"] / 10_000, whole["needs_met"]))
    schema = {
        "设置变化": pl.String, "目标值": pl.Float64, "目标值可能区间": pl.String, "成效分": pl.Float64,
        "总投资（万元）": pl.Float64, "安排需求（条）": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.col(pl.Float64).round(2))


def _interval(low: Any, high: Any) -> str:
    return "" if low is None or high is None else f"{float(low):,.0f} 至 {float(high):,.0f}"


def _show(
    console: Console, found: Comparison, tables: dict[str, pl.DataFrame], part: Attribution | None, synthetic: bool
) -> None:
    from ..scenarios.attribution import METHODS_ZH
    from ..scenarios.differences import in_words

    mark = f"【{SYNTHETIC}】" if synthetic else ""
    console.say(f"{found.before.title} → {found.after.title}{mark}")
    console.say(f"设置变化：{in_words(found.settings)}")
    if not found.same_book:
        console.say("注意：两份方案由不同的清单簿得出，变化中含清单簿本身的变化")
    if part is not None:
        console.say(f"变化原因的分摊方法：{METHODS_ZH[part.method]}，另测算 {part.solved} 次")
    for name, frame in tables.items():
        if frame.is_empty() or name == "设置变化":
            continue
        rows = [["" if cell is None else _shown(cell) for cell in row] for row in frame.head(SHOWN).iter_rows()]
        console.table(name, frame.columns, rows)
        if frame.height > SHOWN:
            console.say(f"　……另有 {frame.height - SHOWN} 行，用 --csv 或 --xlsx 写出全部")


def _shown(cell: object) -> str:
    return f"{cell:,.2f}" if isinstance(cell, float) else str(cell)


def _write_workbook(path: Path, tables: dict[str, pl.DataFrame], mark: str) -> None:
    """A sheet a table, with a header that stays and, for made-up data, a mark on every sheet and every printed page."""
    import xlsxwriter

    from ..models.whole_folder import replace_folder

    path.absolute().parent.mkdir(parents=True, exist_ok=True)
    room = path.absolute().with_name(f".{path.name}-writing")

    def fill(folder: Path) -> None:
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        with xlsxwriter.Workbook(folder / "compare.xlsx", options) as book:
            book.set_properties({"created": datetime.datetime(2000, 1, 1)})  # two writings are the same
            head = book.add_format({"bold": True, "bg_color": "#DDEBF7", "text_wrap": True, "valign": "top"})
            wrap = book.add_format({"text_wrap": True, "valign": "top"})
            money = book.add_format({"num_format": "#,##0.00", "valign": "top"})
            for name, frame in tables.items():
                sheet = book.add_worksheet(name[:31])
                top = 0
                if mark:
                    sheet.write_string(0, 0, mark)
                    sheet.set_header(f"&C{mark}")
                    top = 1
                for place, column in enumerate(frame.columns):
                    sheet.write_string(top, place, column, head)
                    cells = frame[column].to_list()
                    longest = max([len(column), *(len(str(cell)) for cell in cells)])
                    sheet.set_column(place, place, min(_WIDEST, 2 * longest + 2))
                    for row, cell in enumerate(cells, start=top + 1):
                        if isinstance(cell, str):
                            sheet.write_string(row, place, cell, wrap)
                        elif cell is not None:
                            sheet.write_number(row, place, cell, money if isinstance(cell, float) else wrap)
                sheet.freeze_panes(top + 1, 0)

    try:
        replace_folder(room, fill)
        (room / "compare.xlsx").replace(path)
    finally:
        shutil.rmtree(room, ignore_errors=True)
