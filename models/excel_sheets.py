"""Writing a book as an Excel workbook for people: Chinese headers, drop-downs, and a sheet that explains it all."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from .cell_texts import column_texts
from .faults import BookError, Fault
from .settings import BookSettings
from .settings_cells import HEADERS, settings_rows
from .tables import KINDS_ZH, TABLES, Column, Table

EXPLANATION, SETTINGS_SHEET, RULES, DICTIONARY = "说明", "簿", "政策约束", "字典"

SYNTHETIC = "模拟数据（非真实）"

LAST_ROW = 1_048_576  # rows of a sheet
LONGEST_CELL = 32_767  # characters of a cell
_LONGEST_LIST = 255  # characters of the choices of a drop-down that are written in place

_DIGITS, _DECIMALS = 15, 9  # that a number in a cell keeps when it is read as text

_FIRST_EXCEL_DAY = datetime.date(1900, 3, 1)  # before it, Excel counts a day that never was
_NUMERIC = ("int", "year", "number", "percent", "money")

Write = Callable[[int, int, Any], None]


def write_workbook(
    path: Path, settings: BookSettings, scenario: str | None, tables: Mapping[str, pl.DataFrame]
) -> None:
    """Write all tables, settings and rules of a book into a new workbook."""
    _refuse_too_large(tables, scenario)
    options = {
        "constant_memory": True,
        "strings_to_numbers": False,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    try:
        with xlsxwriter.Workbook(path, options) as book:
            # Without a fixed date two writings of one book would differ.
            book.set_properties({"created": datetime.datetime(2000, 1, 1), "title": settings.title})
            looks = _Looks(book)
            kind = kind_of_data(settings)
            _explain(book, looks, settings)
            _settings(book, looks, settings)
            named = _Dictionary(book)
            for name, frame in tables.items():
                _table(book, looks, TABLES[name], frame, named, kind)
            if scenario is not None:
                _rules(book, scenario, kind)
            named.write(kind)
    except FileCreateError as error:  # a full disk, a file that is open: its cause is the error of the system
        cause = error.args[0] if error.args else None
        raise (cause if isinstance(cause, OSError) else OSError(str(error))) from None


def kind_of_data(settings: BookSettings) -> str:
    """What every printed sheet says of the data."""
    return SYNTHETIC if settings.data_kind == "synthetic" else "真实数据"


def _printed(sheet: Any, name: str, kind: str) -> None:
    """What stands above and below every printed page: the sheet, what kind of data it holds, the page."""
    sheet.set_header(f"&L{name}&R{kind}")
    sheet.set_footer("&C第&P页，共&N页")
    sheet.set_landscape()


class _Looks:
    """The formats of a workbook."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.head = book.add_format(
            {"bold": True, "bg_color": "#DDEBF7", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        self.must = book.add_format(
            {"bold": True, "bg_color": "#FCE4D6", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        self.text = book.add_format({"num_format": "@"})
        self.date = book.add_format({"num_format": "yyyy-mm-dd"})
        self.plain = book.add_format({})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})

    def of(self, column: Column) -> Any:
        """The format of a column; text keeps the zeros in front of a code that is typed in."""
        if column.kind == "date":
            return self.date
        return self.plain if column.kind in _NUMERIC or column.kind == "yesno" else self.text


class _Dictionary:
    """Lists of choices that are too long for a cell's own drop-down, on a hidden sheet with defined names."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.book = book
        self.lists: dict[tuple[str, ...], str] = {}

    def source(self, choices: Sequence[str]) -> Any:
        """What a drop-down takes as its source."""
        if len(",".join(choices)) <= _LONGEST_LIST and not any("," in choice for choice in choices):
            return list(choices)
        name = self.lists.setdefault(tuple(choices), f"字典_{len(self.lists) + 1}")
        return f"={name}"

    def write(self, kind: str) -> None:
        """Put the lists on their sheet, one a column, and beside them what kind of data the book holds."""
        if not self.lists:
            return
        sheet = self.book.add_worksheet(DICTIONARY)
        _printed(sheet, DICTIONARY, kind)
        longest = max(map(len, self.lists))
        for row in range(longest):
            for place, choices in enumerate(self.lists):
                if row < len(choices):
                    sheet.write_string(row, place, choices[row])
            if row == 0 and kind == SYNTHETIC:
                sheet.write_string(row, len(self.lists), kind)
        for place, (choices, name) in enumerate(self.lists.items()):
            letter = xlsxwriter.utility.xl_col_to_name(place)
            self.book.define_name(name, f"={DICTIONARY}!${letter}$1:${letter}${len(choices)}")
        sheet.hide()


def _table(
    book: xlsxwriter.Workbook, looks: _Looks, table: Table, frame: pl.DataFrame, named: _Dictionary, kind: str
) -> None:
    sheet = book.add_worksheet(table.name_zh)
    sheet.freeze_panes(1, 2 if len(table.columns) > 8 else 1)
    _printed(sheet, table.name_zh, kind)
    sheet.repeat_rows(0)
    writers: list[Write] = []
    cells: list[list[Any]] = []
    for place, name in enumerate(frame.columns):
        column = table.column(name)
        header = table.header_zh(name)
        look = looks.of(column)
        sheet.set_column(place, place, _width(column, header), look)
        _drop_down(sheet, place, column, named)
        cells.append(_shown(column, frame[name]))
        writers.append(_writer(sheet, column, look))
    for place, name in enumerate(frame.columns):
        sheet.write_string(0, place, table.header_zh(name), looks.must if table.column(name).required else looks.head)
    for row, values in enumerate(zip(*cells, strict=True), start=1):
        for place, value in enumerate(values):
            if value is not None:
                writers[place](row, place, value)
    if frame.height:
        sheet.autofilter(0, 0, frame.height, len(frame.columns) - 1)


def _shown(column: Column, values: pl.Series) -> list[Any]:
    """The cells of a column as a person reads them."""
    if column.kind == "code":
        return values.replace(dict(column.choices)).to_list()
    if column.kind == "codes" or (column.kind == "list" and column.choices):
        labels = [None if cell is None else [column.choices[code] for code in cell.split(";")] for cell in values]
        return [None if entry is None else ";".join(entry) for entry in labels]
    if column.kind == "yesno":
        return values.replace_strict({True: "是", False: "否"}, return_dtype=pl.String).to_list()
    return values.to_list() if column.kind == "date" else column_texts(values, column.kind).to_list()


def _writer(sheet: Any, column: Column, look: Any) -> Write:
    def number(row: int, place: int, text: str) -> None:
        # A number of more digits than a cell gives back is kept as text, so that nothing changes on reading.
        whole, _, part = text.lstrip("-").partition(".")
        if len(whole) + len(part) <= _DIGITS and len(part) <= _DECIMALS:
            sheet.write_number(row, place, float(text), look)
        else:
            sheet.write_string(row, place, text, look)

    def day(row: int, place: int, value: datetime.date) -> None:
        if value >= _FIRST_EXCEL_DAY:
            sheet.write_datetime(row, place, value, look)
        else:
            sheet.write_string(row, place, value.isoformat(), look)

    def text(row: int, place: int, value: str) -> None:
        sheet.write_string(row, place, value, look)

    if column.kind in _NUMERIC:
        return number
    return day if column.kind == "date" else text


def _drop_down(sheet: Any, place: int, column: Column, named: _Dictionary) -> None:
    if column.kind not in ("code", "yesno"):
        return
    choices = ["是", "否"] if column.kind == "yesno" else list(column.choices.values())
    sheet.data_validation(
        1, place, LAST_ROW - 1, place,
        {
            "validate": "list", "source": named.source(choices), "ignore_blank": True,
            "error_title": "不是可选的值", "error_message": "请从下拉列表中选择。",
        },
    )  # fmt: skip


def _width(column: Column, header: str) -> int:
    wide = sum(2 if ord(letter) > 255 else 1 for letter in header) + 3
    if column.kind in ("text", "refs", "list", "sums", "codes"):
        return max(wide, 18)
    return max(wide, 14 if column.kind in ("id", "ref", "code") else 12)


def _explain(book: xlsxwriter.Workbook, looks: _Looks, settings: BookSettings) -> None:
    sheet = book.add_worksheet(EXPLANATION)
    _printed(sheet, EXPLANATION, kind_of_data(settings))
    headers = ("工作表", "列(中文表头)", "列(英文名)", "类型", "单位", "必填", "可选值", "下限", "上限", "说明")
    for place, width in enumerate((12, 20, 26, 24, 10, 6, 50, 8, 12, 44)):
        sheet.set_column(place, place, width, looks.wrap)
    notes = (
        f"{settings.title}  {kind_of_data(settings)}",
        "金额单位为万元，至多4位小数；空格表示未采集或不限，不等于0；多个值用英文分号隔开。橙色表头为必填列。",
        "表头用中文或英文名都可以；整张表不用时可留空。坐标按“簿”表中的坐标系，GCJ02 和 BD09 在读入时换算为 WGS84。",
    )
    for row, note in enumerate(notes):
        sheet.write_string(row, 0, note)
    top = len(notes)
    for place, header in enumerate(headers):
        sheet.write_string(top, place, header, looks.head)
    row = top + 1
    for table in TABLES.values():
        for column in table.columns:
            for place, cell in enumerate(_explained(table, column)):
                sheet.write_string(row, place, cell[:LONGEST_CELL], looks.wrap)
            row += 1
    sheet.freeze_panes(top + 1, 0)


def _explained(table: Table, column: Column) -> tuple[str, ...]:
    limits = ("" if limit is None else f"{limit:.15g}" for limit in (column.low, column.high))
    choices = "; ".join(f"{label}" if code == label else f"{label}({code})" for code, label in column.choices.items())
    if column.refers:
        choices = f"见工作表“{TABLES[column.refers].name_zh}”"
    name_zh = column.name_zh + ("_年份，如 _2027" if column.family else "")
    return (
        table.name_zh, name_zh, column.name, KINDS_ZH[column.kind][0], column.unit,
        "是" if column.required else "", choices, *limits, column.text_zh,
    )  # fmt: skip


def _settings(book: xlsxwriter.Workbook, looks: _Looks, settings: BookSettings) -> None:
    sheet = book.add_worksheet(SETTINGS_SHEET)
    _printed(sheet, SETTINGS_SHEET, kind_of_data(settings))
    for place, width in enumerate((34, 18, 40, 60)):
        sheet.set_column(place, place, width, looks.text)
    for place, header in enumerate(HEADERS):
        sheet.write_string(0, place, header, looks.head)
    for row, cells in enumerate(settings_rows(settings), start=1):
        for place, cell in enumerate(cells):
            if cell:
                sheet.write_string(row, place, cell, looks.text)
    sheet.freeze_panes(1, 0)


def _rules(book: xlsxwriter.Workbook, scenario: str, kind: str) -> None:
    """The scenario line by line in the first column, which alone is read; beside it what kind of data the book holds."""
    sheet = book.add_worksheet(RULES)
    _printed(sheet, RULES, kind)
    sheet.set_column(0, 0, 100)
    sheet.set_column(1, 1, 20)
    for row, line in enumerate(scenario.split("\n")):
        if line:
            sheet.write_string(row, 0, line)
        if row == 0 and kind == SYNTHETIC and scenario.strip():
            sheet.write_string(row, 1, kind)


def _refuse_too_large(tables: Mapping[str, pl.DataFrame], scenario: str | None) -> None:
    """What a workbook cannot hold is refused before anything is written."""
    faults = []
    mend = ("改存为文件夹(CSV)", "write the book as a folder instead")
    for name, frame in tables.items():
        if frame.height >= LAST_ROW:
            faults.append(Fault(name, 0, "", "", "行数超出 Excel 的上限", "more rows than a sheet holds", *mend))
        for column in frame.columns:
            if frame[column].dtype == pl.String and (frame[column].str.len_chars() > LONGEST_CELL).any():
                words = ("有超出 Excel 上限的长文字", "a text longer than a cell holds")
                faults.append(Fault(name, 0, column, "", *words, *mend))
    if scenario is not None and max(map(len, scenario.split("\n"))) > LONGEST_CELL:
        faults.append(Fault("scenario.toml", 0, "", "", "有一行过长", "a line longer than a cell holds", *mend))
    if faults:
        raise BookError(faults)
