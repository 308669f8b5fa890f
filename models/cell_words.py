"""What to say of a cell that cannot be read: the cause, and how to mend it, in Chinese and English."""

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

from .faults import one_line
from .settings_help import nearest
from .sums import sums_fault
from .tables import Column

Words = tuple[str, str, str, str]

_NUMERIC = ("int", "year", "number", "percent", "money")
FULL_SEMICOLON = "\uff1b"
_PLAIN = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?", re.ASCII)


def wrong_cell(column: Column, cell: str) -> Words:
    """The words for a cell of the wrong kind."""
    if column.kind in _NUMERIC:
        return _wrong_number(column, cell)
    if column.kind in ("code", "codes", "yesno") or (column.kind == "list" and column.choices):
        return _wrong_code(column, cell)
    if column.kind == "date":
        return _wrong_date(cell)
    if column.kind == "sums":
        tidy = re.sub(r"\s*([=;])\s*", r"\1", cell).strip(";")
        told = sums_fault(column, tidy, set(column.choices)) or ("写法不对", "wrong form")
        return *told, "写成 键=数值，多个用英文分号隔开", "write key=value, several parted by ;"
    if column.kind in ("refs", "list"):
        return (
            "用了全角分号或不可见字符", "a full-width semicolon or an invisible character",
            f"改为 {_half(cell)}", f"write {_half(cell)}",
        )  # fmt: skip
    return _wrong_text(column, cell)


def range_words(column: Column, cell: str) -> Words:
    """The words for a number outside its limits."""
    low, high = (_short(limit) for limit in (column.low, column.high))
    unit = f"({column.unit})" if column.unit else ""
    if column.low is not None and Decimal(cell) < Decimal(str(column.low)):
        return f"小于下限{low}", f"below the least value {low}", f"写 {low} 至 {high}{unit}", f"write {low} to {high}"
    return f"大于上限{high}", f"above the largest value {high}", f"写 {low} 至 {high}{unit}", f"write {low} to {high}"


def _half(cell: str) -> str:
    return one_line(cell.replace(FULL_SEMICOLON, ";"))


def _short(limit: float | None) -> str:
    if limit is None:
        return ""
    return str(int(limit)) if limit == int(limit) else str(limit)


def _wrong_number(column: Column, cell: str) -> Words:
    half = unicodedata.normalize("NFKC", cell)
    if half != cell and _PLAIN.fullmatch(half):
        return "用了全角数字", "full-width digits", f"改为半角 {half}", f"write {half} in half-width digits"
    if "," in half and _PLAIN.fullmatch(half.replace(",", "")):
        plain = half.replace(",", "")
        return "有千分位逗号", "it has thousands separators", f"改为 {plain}", f"write {plain}"
    if re.fullmatch(r"[+-]?[0-9.]+\s*%", half):
        plain = half.rstrip("% ")
        return "带有百分号", "it has a percent sign", f"只写数字 {plain}", f"write only the number {plain}"
    if _PLAIN.fullmatch(cell):
        return _too_fine(column, cell)
    if re.fullmatch(r"[+-]?[0-9.]+[eE][+-]?[0-9]+", half):
        return "是科学计数", "it is in scientific notation", "写成普通数字", "write it out as plain digits"
    inner = re.search(r"[0-9]+(?:\.[0-9]+)?", half)
    if inner:
        return (
            f"是文字，不是{_wanted_zh(column)}", f"text, not a {_wanted_en(column)}",
            f"只写数字，如 {inner[0]}" + (f"，单位为{column.unit}" if column.unit else ""),
            f"write only the number, such as {inner[0]}",
        )  # fmt: skip
    return (
        f"不是{_wanted_zh(column)}", f"not a {_wanted_en(column)}",
        "写数字；未知则留空" if not column.required else "写数字",
        "write a number; leave it empty if unknown" if not column.required else "write a number",
    )  # fmt: skip


def _wanted_zh(column: Column) -> str:
    return {"int": "整数", "year": "四位年份"}.get(column.kind, "数")


def _wanted_en(column: Column) -> str:
    return {"int": "whole number", "year": "year of four digits"}.get(column.kind, "number")


def _too_fine(column: Column, cell: str) -> Words:
    value = Decimal(cell)
    if column.kind == "money":
        mend = f"{value.quantize(Decimal('0.0001'), ROUND_HALF_UP).normalize():f}" if abs(value) < 10**13 else "0"
        if abs(value) >= 10**13:
            return "数字过大", "too large", "核对单位是否为万元", "check that the unit is 万元"
        return (
            "金额多于4位小数(不到1元)", "more than 4 decimals (less than 1 yuan)",
            f"四舍五入到元，如 {mend}", f"round to whole yuan, such as {mend}",
        )  # fmt: skip
    if column.kind == "percent":
        if 0 < value < 1 and len(cell.partition(".")[2].rstrip("0")) <= 2:
            hundred = f"{(value * 100).normalize():f}"
            return (
                "像是小数而不是百分数", "it looks like a fraction, not a percentage",
                f"{hundred}% 写 {hundred}", f"write {hundred} for {hundred} %",
            )  # fmt: skip
        return "多于2位小数", "more than 2 decimals", "保留2位小数", "round it to 2 decimals"
    if column.kind == "year":
        return "不是四位年份", "not a year of four digits", "写成 2027 这样", "write it like 2027"
    if column.kind == "int":
        if "." in cell:
            return "不是整数", "not a whole number", "写整数", "write a whole number"
        return "数字过大", "too large", "核对数字", "check the number"
    return "数字过大", "too large", "核对数字", "check the number"


def _wrong_code(column: Column, cell: str) -> Words:
    choices = {"yes": "是", "no": "否"} if column.kind == "yesno" else column.choices
    names = [name for pair in choices.items() for name in pair]
    if column.kind != "code" and column.kind != "yesno":
        if FULL_SEMICOLON in cell:
            half = _half(cell)
            return "用了全角分号", "a full-width semicolon", f"改为 {half}", f"write {half}"
        entries = [entry.strip() for entry in cell.split(";")]
        cell = next((entry for entry in entries if entry not in names), cell)
    near = nearest(cell, names)
    shown_zh = "、".join(list(choices.values())[:20]) + ("…" if len(choices) > 20 else "")
    shown_en = ", ".join(list(choices)[:20]) + ("…" if len(choices) > 20 else "")
    return (
        f"“{one_line(cell)}”不是可选的值", f"{one_line(cell)} is not one of the values",
        (f"是否“{near}”？" if near else "") + f"可选：{shown_zh}", (f"perhaps {near}; " if near else "") + f"use one of {shown_en}",
    )  # fmt: skip


def _wrong_date(cell: str) -> Words:
    half = unicodedata.normalize("NFKC", cell)
    parts = re.fullmatch(r"([0-9]{4})\s*[年./-]\s*([0-9]{1,2})\s*[月./-]\s*([0-9]{1,2})\s*日?(.*)", half)
    if parts and 1 <= int(parts[2]) <= 12 and 1 <= int(parts[3]) <= 28 and 1900 <= int(parts[1]) <= 2200:
        iso = f"{parts[1]}-{int(parts[2]):02d}-{int(parts[3]):02d}"
        return "日期写法不对", "not a date in the form asked for", f"改为 {iso}", f"write {iso}"
    if re.fullmatch(r"[0-9]{5}(\.[0-9]+)?", cell):
        return (
            "是 Excel 的日期序号", "a serial number of Excel, not a date",
            "把单元格设为日期格式 2027-03-01", "give the cell the date format 2027-03-01",
        )  # fmt: skip
    return "不是存在的日期", "not a date that exists", "写成 2027-03-01 这样的日期", "write a date like 2027-03-01"


def _wrong_text(column: Column, cell: str) -> Words:
    if column.kind in ("id", "ref"):
        if re.fullmatch(r"[0-9](\.[0-9]+)?E\+[0-9]+", cell):
            return (
                "代码被 Excel 变成了科学计数，末几位已丢失", "Excel has turned the code into scientific notation and lost its digits",
                "把该列设为文本格式后重新填写代码", "set the column to text format and fill in the code again",
            )  # fmt: skip
        half = unicodedata.normalize("NFKC", cell)
        if re.search(r"[\uff10-\uff19]", cell):
            return "用了全角数字", "full-width digits", f"改为半角 {half}", f"write {half} in half-width digits"
        if len(cell) > 200:
            return "编号过长", "the identifier is too long", "至多200字", "use at most 200 characters"
        return (
            "编号里有分号、等号或换行", "an identifier with a semicolon, an equals sign or a line break",
            "去掉这些符号", "leave those marks out",
        )  # fmt: skip
    if len(cell) > 32_767:
        return "文字过长", "the text is too long", "至多32767字", "use at most 32767 characters"
    return "有不可见的控制字符", "it has an invisible control character", "重新输入这一格", "type the cell again"
