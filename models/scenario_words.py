"""What to say when a scenario is wrong, and on which line of its file it stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from .faults import Fault
from .settings_help import nearest

TABLE = "政策约束"
"""The table name under which faults of a scenario are listed (in a workbook: the sheet of that name)."""

KEYS = (
    "title", "unconfirmed_sites", "assume_consent", "most_packages", "objective", "factors", "override", "budget",
    "ceiling", "quota", "rule", "kind", "target", "cost_percent", "programme_weight", "level_worth", "discount_percent",
    "repeat_years", "places", "funds", "years", "percent", "amount", "payers", "policy", "number", "name", "note",
    "bound", "share", "of", "service_types", "programmes", "national", "cities", "counties", "streets", "communities", "departments", "groups",
    "needs", "each", "level", "reachable", "before", "after", "first", "second", "saving", "fixed", "sites", "measures",
    "before_needs", "after_needs", "first_needs", "second_needs", "first_sites", "second_sites",
    "basis", "reason", "extends", "reset", "drop", "change", "plan", "mode", "categories", "per_city", "least_needs", "least_households",
)  # fmt: skip

_HEADER = re.compile(r"\s*\[(\[?)\s*([A-Za-z0-9_.\"-]+)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]+\")\s*=")


class KeyLines:
    """On which line of a text each key stands, by its path: `("rule", 2, "share")`."""

    def __init__(self, text: str, table: str = TABLE) -> None:
        self._table = table
        self._lines: dict[tuple[str | int, ...], int] = {}
        section: tuple[str | int, ...] = ()
        counted: dict[str, int] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            header = _HEADER.match(line)
            key = _KEY.match(line)
            if header:
                name = header[2].strip('"')
                section = tuple(name.split("."))
                if header[1]:
                    section = (name, counted.get(name, 0))
                    counted[name] = counted.get(name, 0) + 1
                self._lines.setdefault(section, number)
            elif key:
                self._lines.setdefault((*section, key[1].strip('"')), number)

    def of(self, path: tuple[str | int, ...]) -> int:
        """The line of a key, or of the nearest part around it; 0 if there is none."""
        for end in range(len(path), 0, -1):
            if path[:end] in self._lines:
                return self._lines[path[:end]]
        return 0

    def table(self, path: tuple[str | int, ...]) -> str:
        """The name under which faults of a key are listed."""
        return self._table


def not_toml(error: tomllib.TOMLDecodeError, table: str = TABLE) -> Fault:
    """The fault of a text that is not TOML at all."""
    line = re.search(r"line (\d+)", str(error))
    return Fault(
        table, int(line[1]) if line else 0, "", "", "这一行不是合法的 TOML", f"this is not TOML ({error})",
        "写成 键 = 值,文字加英文双引号", "write key = value, with text in double quotes",
    )  # fmt: skip


def fault_of(problem: Mapping[str, Any], lines: KeyLines) -> Fault:
    """One fault that pydantic found, with its line and in both languages."""
    path = tuple(problem["loc"])
    # a rule's kind stands in the path between its number and its key
    if len(path) > 2 and path[0] == "rule" and isinstance(path[1], int):
        path = (*path[:2], *path[3:])
    kind = str(problem["type"])
    names = [str(part) for part in path if isinstance(part, str)]
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        path, names = (*path, "kind"), [*names, "kind"]
    value = problem["input"]
    if kind == "union_tag_invalid":
        value = problem["ctx"]["tag"]
    elif kind in ("missing", "union_tag_not_found") or isinstance(value, Mapping) or _is_table(value):
        value = ""
    shown = str(list(value)) if isinstance(value, tuple) else str(value)
    return Fault(
        lines.table(path), lines.of(path), ".".join(names), shown, *_words(problem, kind, names[-1] if names else "")
    )


def _is_table(value: object) -> bool:
    listed = isinstance(value, list | tuple) and bool(value) and isinstance(value[0], Mapping)
    return hasattr(value, "model_fields") or listed


def _words(problem: Mapping[str, Any], kind: str, name: str) -> tuple[str, str, str, str]:
    limits = problem.get("ctx", {})
    if kind == "told":
        return limits["zh"], limits["en"], "按说明改写", "write it as explained"
    if kind == "missing":
        return f"缺少 {name}", f"{name} is missing", f"加上 {name} = …", f"add {name} = …"
    if kind == "extra_forbidden":
        near = nearest(name, [key for key in KEYS if key != name])
        return (
            "此处没有这个键", "there is no such key here",
            f"改为 {near} 或删去" if near else "删去这一行",
            f"write {near} or delete it" if near else "delete this line",
        )  # fmt: skip
    if kind == "unknown_name":
        return (
            f"不认识“{limits['name']}”", f"{limits['name']} is not known",
            f"用以下之一:{limits['known']}", f"use one of {limits['known']}",
        )  # fmt: skip
    if kind in ("greater_than_equal", "less_than_equal"):
        limit = limits.get("ge", limits.get("le"))
        low = kind == "greater_than_equal"
        return (
            f"{'小于下限' if low else '大于上限'} {limit}",
            f"{'below the least' if low else 'above the largest'} value {limit}",
            f"{'至少' if low else '至多'}写 {limit}", f"write at {'least' if low else 'most'} {limit}",
        )  # fmt: skip
    if kind == "literal_error":
        wanted = str(limits["expected"]).replace("'", "").replace(" or ", ", ")
        return "不是可选的值", "this is not one of the values", f"用以下之一:{wanted}", f"use one of {wanted}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        wanted = str(limits.get("expected_tags", "")).replace("'", "")
        wanted = wanted or "money, number, met, …"
        return "没有这类规则", "there is no such kind of rule", f"kind 用以下之一:{wanted}", f"kind is one of {wanted}"
    wrong = f"wrong value: {problem.get('msg', kind)}"
    return _WORDS.get(kind, ("类型或取值不对", wrong, "按说明填写", "write it as explained"))


_WHOLE = ("不是整数", "not a whole number", "写一个不带引号的整数", "write a whole number without quotes")
_LIST = ("不是列表", "not a list", "写成 [ , ] 列表", "write a list [ , ]")
_TABLE = ("不是一组键值", "not a group of keys", "写成一节", "write a section")
_COUNT = ("个数不对", "the wrong number of entries", "按说明逐个列出", "list the entries as explained")
_WORDS: Mapping[str, tuple[str, str, str, str]] = MappingProxyType(
    {
        "int_type": _WHOLE,
        "int_from_float": _WHOLE,
        "bool_type": ("不是 true 或 false", "not true or false", "写 true 或 false", "write true or false"),
        "bool_parsing": ("不是 true 或 false", "not true or false", "写 true 或 false", "write true or false"),
        "decimal_type": ("不是数", "not a number", "写一个不带引号的数(万元)", "write a number without quotes"),
        "amount_range": ("金额不在 0 到 1 亿万元之间", "out of range", "写 0 以上的万元数", "write 万元, 0 or more"),
        "amount_decimals": (
            "多于 4 位小数", "more than 4 decimals", "万元最多写 4 位小数", "write 万元 with at most 4 decimals",
        ),
        "string_type": ("不是文字", "not text", "写成带英文双引号的文字", "write text in double quotes"),
        "string_too_short": ("为空", "empty", "填写内容", "write something"),
        "string_too_long": ("太长", "too long", "写短一些", "write less"),
        "string_pattern_mismatch": (
            "不是这一处要的地区代码", "not the code that is wanted here",
            "市4位、县区6位、街道9位数字", "cities have 4 digits, counties 6, streets 9",
        ),
        "tuple_type": _LIST,
        "mapping_type": _TABLE,
        "dict_type": _TABLE,
        "model_type": _TABLE,
        "model_attributes_type": _TABLE,
        "too_short": _COUNT,
        "too_long": _COUNT,
        "levels_fall": (
            "更好的水平分值反而更低", "a better level is worth less than a poorer one",
            "四个分值从低到高", "let the four values rise",
        ),
    }
)  # fmt: skip
