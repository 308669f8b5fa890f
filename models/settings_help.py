"""The words of `book.toml`: what each key means, and what to say when one is wrong."""

import difflib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

HELP: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "title": ("名称", "清单簿的名称", "title of the book"),
        "region": ("地区", "省市县代码(2、4或6位),可留空", "codes of province, cities or counties (2, 4 or 6 digits)"),
        "plan_years": ("规划年份", "连续的年份，第一年为年度预算", "years in a row; the first is the yearly budget"),
        "horizon_years": ("后续年数", "规划期后计后续支出的年数", "years after the plan for which later costs count"),
        "as_of": ("数据截止日", "数据所反映的日期", "the day of which the data speak"),
        "datum": (
            "坐标系",
            "CGCS2000、WGS84、GCJ02 或 BD09;后两种读入时换算为 WGS84",
            "CGCS2000, WGS84, GCJ02 or BD09; the last two are converted to WGS84 on reading",
        ),
        "converted_from": (
            "原坐标系",
            "坐标已由该坐标系换算，由程序填写",
            "the coordinates were converted from this datum; written by the program",
        ),
        "data_kind": ("数据性质", "real 真实 或 synthetic 模拟", "real, or synthetic for made-up data"),
        "walking_factor": (
            "步行系数",
            "步行距离与直线距离之比，至少1",
            "walking distance over straight line, at least 1",
        ),
        "seed": ("随机种子", "模拟数据所用的种子", "seed with which synthetic data were made"),
        "complaints_window_days": (
            "诉求统计天数",
            "截止日前多少天内的诉求计入",
            "days before as_of in which complaints count",
        ),
        "complaint_minimum": (
            "诉求起点件数",
            "达到几件才算反映强烈",
            "complaints from which a matter counts as strongly felt",
        ),
        "factors.level_worth": (
            "水平分值",
            "无、有、够、好四级的分值",
            "points of the levels none, exists, enough, good",
        ),
        "factors.discount_percent": ("逐年折扣", "晚一年开工效益按百分之几计", "percent that one year later is worth"),
        "factors.repeat_years": (
            "不重复年限",
            "改造后多少年内不重复同一内容",
            "years in which the same content is not renewed again",
        ),
        "factors.fit_out_share": (
            "装修费占比",
            "单体造价中装修部分的百分比",
            "percent of the cost that is fitting out",
        ),
        "factors.least_tenure_years": (
            "最短使用年数",
            "用房用地开工后至少还能用几年才安排",
            "years for which a site must stay free from the start of works on",
        ),
        "factors.emergency_cost": (
            "应急处置费",
            "目录没有应急措施时每份的费用(元)",
            "yuan a lot of emergency handling where the catalogue has none",
        ),
        "factors.note": ("说明", "系数的说明", "a note on the factors"),
        "factors.programme_weight.resilience": ("韧性权重", "百分数,100为不加权", "percent, 100 is neutral"),
        "factors.programme_weight.facilities": ("设施权重", "百分数,100为不加权", "percent, 100 is neutral"),
        "factors.programme_weight.green": ("绿色权重", "百分数,100为不加权", "percent, 100 is neutral"),
        "factors.programme_weight.smart": ("智慧权重", "百分数,100为不加权", "percent, 100 is neutral"),
        "factors.programme_weight.governance": ("治理权重", "百分数,100为不加权", "percent, 100 is neutral"),
        "factors.basis.level_worth": ("水平分值依据", "", "basis"),
        "factors.basis.programme_weight": ("工程权重依据", "", "basis"),
        "factors.basis.discount_percent": ("逐年折扣依据", "", "basis"),
        "factors.basis.repeat_years": ("不重复年限依据", "", "basis"),
        "factors.basis.fit_out_share": ("装修费占比依据", "", "basis"),
        "factors.date.level_worth": ("水平分值日期", "", "date"),
        "factors.date.programme_weight": ("工程权重日期", "", "date"),
        "factors.date.discount_percent": ("逐年折扣日期", "", "date"),
        "factors.date.repeat_years": ("不重复年限日期", "", "date"),
        "factors.date.fit_out_share": ("装修费占比日期", "", "date"),
    }
)
"""Every key as it stands in `book.toml` (sections joined by dots): Chinese name and what it means."""

Words = tuple[str, str, str, str]


def fault_words(problem: Mapping[str, Any], path: tuple[str, ...]) -> Words:
    """Cause and mend, in Chinese and English, of one fault that pydantic found."""
    kind = str(problem["type"])
    limits = problem.get("ctx", {})
    name = ".".join(path)
    zh, text_zh, text_en = HELP.get(name, (name, "", ""))
    meant_zh, meant_en = (f"({text_zh})" if text_zh else ""), (f" ({text_en})" if text_en else "")
    if kind == "missing":
        return f"缺少“{zh}”", "this key is missing", f"加上 {name} = …{meant_zh}", f"add {name} = …{meant_en}"
    if kind == "extra_forbidden":
        near = nearest(name, [*HELP, "factors"])
        return (
            "没有这个键", "there is no such key",
            f"改为 {near} 或删去" if near else "删去这一行", f"write {near} or delete it" if near else "delete this line",
        )  # fmt: skip
    if kind == "unknown_name":
        return (
            f"不认识“{limits['name']}”", f"{limits['name']} is not known",
            f"用以下之一：{limits['known']}", f"use one of {limits['known']}",
        )  # fmt: skip
    if kind in ("greater_than_equal", "greater_than"):
        limit = limits.get("ge", limits.get("gt"))
        return f"小于下限 {limit}", f"below the least value {limit}", f"至少写 {limit}", f"write at least {limit}"
    if kind in ("less_than_equal", "less_than"):
        limit = limits.get("le", limits.get("lt"))
        return f"大于上限 {limit}", f"above the largest value {limit}", f"至多写 {limit}", f"write at most {limit}"
    if kind == "literal_error":
        wanted = str(limits["expected"]).replace("'", "").replace(" or ", ", ")
        return "不是可选的值", "this is not one of the values", f"用以下之一：{wanted}", f"use one of {wanted}"
    words = _WORDS.get(kind)
    if words is None:
        words = ("类型或取值不对", f"wrong value: {problem['msg']}", "按说明填写", "write it as explained")
    return words[0], words[1], words[2] + meant_zh, words[3] + meant_en


_WHOLE = ("不是整数", "not a whole number", "写一个不带引号的整数", "write a whole number without quotes")
_LIST = ("个数不对", "the wrong number of entries", "按说明逐个列出", "list the entries as explained")
_WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "int_type": _WHOLE,
        "int_from_float": _WHOLE,
        "float_type": ("不是数", "not a number", "写一个不带引号的数", "write a number without quotes"),
        "finite_number": ("不是有限的数", "not a finite number", "写一个普通的数", "write an ordinary number"),
        "string_type": ("不是文字", "not text", "写成带英文双引号的文字", "write text in double quotes"),
        "string_too_short": ("为空", "empty", "填写内容", "write something"),
        "string_pattern_mismatch": ("不是地区代码", "not the code of a place", "写2、4或6位数字", "write 2, 4 or 6 digits"),
        "tuple_type": ("不是列表", "not a list", "写成 [ , ] 列表", "write a list [ , ]"),
        "mapping_type": ("不是一组键值", "not a group of keys", "写成一节", "write a section"),
        "dict_type": ("不是一组键值", "not a group of keys", "写成一节", "write a section"),
        "model_type": ("不是一组键值", "not a group of keys", "写成 [factors] 一节", "write a section [factors]"),
        "too_short": _LIST,
        "too_long": _LIST,
        "bad_date": ("不是日期", "not a date", "写成 2027-03-01 这样的日期", "write a date like 2027-03-01"),
        "levels_fall": (
            "更好的水平分值反而更低", "a better level is worth less than a poorer one",
            "四个分值从低到高", "let the four values rise",
        ),
        "years_gap": (
            "年份不连续", "the plan years do not follow each other",
            "写成连续年份，如 [2027, 2028, 2029]", "write years in a row, such as [2027, 2028, 2029]",
        ),
        "two_datums": (
            "坐标已换算，坐标系却仍是待换算的", "the coordinates are converted already, yet datum is one to be converted",
            "datum 写 WGS84,或删去 converted_from", "write datum = \"WGS84\", or delete converted_from",
        ),
    }
)  # fmt: skip


def nearest(name: str, known: Sequence[str]) -> str:
    """The known name that is most like this one, or nothing."""
    found = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return found[0] if found else ""
