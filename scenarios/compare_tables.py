"""A comparison as Chinese tables: for the console, CSV files and a workbook alike; money in 万元, tied to the yuan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import polars as pl

from ..models.book import Book
from ..models.lists import LEVEL_HEADERS, TOTAL, shown_wan
from ..models.rule_base import Names
from .compare import KINDS_ZH, Comparison, NeedChange, totals
from .differences import names_for
from .plan_view import LEVELS_ZH, NeedView, SiteView

FIGURES: Final = "总体"
DIMENSIONS_ZH: Final[Mapping[str, str]] = {
    "city": "设区市", "county": "县区", "programme": "工程", "department": "主管部门", "fund": "资金来源", "payer": "支付主体",
    "fund_level": "资金层级", "budget_year": "预算年度", "payment_year": "支付年度", "start_year": "开工年份",
}  # fmt: skip
_WAN: Final = ("原方案（万元）", "新方案（万元）", "增减（万元）")


def comparison_tables(found: Comparison, book: Book | None = None) -> dict[str, pl.DataFrame]:
    """Every table by its Chinese name, in the order in which people read them."""
    names = {**names_for(book), **_more_names(book)}
    told = totals(found.before, found.after)
    tables = {FIGURES: _figures(found, told)}
    tables["设置变化"] = _settings(found)
    for name, kinds in (("新增需求", {"entered"}), ("退出需求", {"left"}), ("改期需求", {"moved"})):
        tables[name] = _needs([need for need in found.needs if kinds & set(need.kinds)], names)
    others = [need for need in found.needs if not {"entered", "left", "moved"} & set(need.kinds)]
    tables["其他变化"] = _needs(others, names)
    tables["用房用地"] = _sites(found, names)
    tables["资金逐笔"] = _money(found, names)
    for name, zh in DIMENSIONS_ZH.items():
        rows = told[name]
        if rows:
            tables[f"按{zh}"] = _sums(zh, rows, names)
    tables["产出"] = pl.DataFrame(
        [(row["indicator"], row["unit"], row["before"], row["after"], row["change"]) for row in told["outputs"]],
        schema={"指标": pl.String, "单位": pl.String, "原方案": pl.Float64, "新方案": pl.Float64, "增减": pl.Float64},
        orient="row",
    )
    return tables


def _more_names(book: Book | None) -> Names:
    names = dict(LEVEL_HEADERS)
    if book is not None:
        for table in ("payers", "neighbourhoods"):
            names |= dict(book.table(table).select("id", "name").drop_nulls().iter_rows())
    return names


def _figures(found: Comparison, told: Mapping[str, Any]) -> pl.DataFrame:
    rows = []
    for name, key, money in (
        ("总投资（万元）", "cost_yuan", True), ("后续支出合计（万元）", "later_yuan", True), ("安排需求（条）", "needs_met", False),
        ("成效分", "benefit", False),
    ):  # fmt: skip
        row = told[key]
        values = [row["before"], row["after"]]
        one, other = (value / 10_000 for value in values) if money else values
        digits = 2 if money else 0
        rows.append((name, *(f"{value:,.{digits}f}" for value in (one, other)), f"{other - one:+,.{digits}f}"))
    rows.append(("变动（处）", "", "", str(found.changes)))
    for name, key in (("与理论最优差距（可复核）", "certified_gap"), ("与理论最优差距（求解器所称）", "gap")):
        gaps = [plan.result.get(key) for plan in (found.before, found.after)]
        rows.append((name, *("未知" if gap is None else f"≤ {gap:.2%}" for gap in gaps), ""))
    return pl.DataFrame(rows, schema=["项目", "原方案", "新方案", "增减"], orient="row")


def _settings(found: Comparison) -> pl.DataFrame:
    rows = [(change.zh, change.detail_zh, change.reason, change.basis) for change in found.settings]
    return pl.DataFrame(rows, schema=dict.fromkeys(("变化", "说明", "理由", "依据"), pl.String), orient="row")


def _needs(changes: Iterable[NeedChange], names: Names) -> pl.DataFrame:
    listed = list(changes)
    costs = [[view.yuan if view else 0 for view in (need.before, need.after)] for need in listed]
    before, after, change = _wan([row[0] for row in costs], [row[1] for row in costs])
    rows = [
        (
            need.need, names.get(need.community, need.community), names.get(need.service_type, need.service_type),
            "、".join(KINDS_ZH[kind] for kind in need.kinds), need_words(need.before, names), need_words(need.after, names),
            need.code, *money,
        )
        for need, *money in zip(listed, before, after, change, strict=True)
    ]  # fmt: skip
    texts = ("需求", "社区", "服务类型", "变化", "原方案", "新方案", "未纳入原因")
    schema = {**dict.fromkeys(texts, pl.String), **dict.fromkeys(_WAN, pl.Float64)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def need_words(need: NeedView | None, names: Names) -> str:
    """What a plan does for a need, with whose money."""
    if need is None:
        return "未安排"
    parts = []
    for measure, level, site, operation, year, lots in sorted(need.works, key=lambda work: (work[4], work)):
        where = f"，在{names.get(site, site)}" if site else ""
        by = f"，{'自营' if operation == 'own' else names.get(operation, operation)}" if operation and site else ""
        parts.append(f"{year}年{names.get(measure, measure)}×{lots}（{LEVELS_ZH.get(level, level)}{where}{by}）")
    funds = "、".join(names.get(fund, fund) for fund in sorted(need.funds))
    return "；".join(parts) + (f"；资金：{funds}" if funds else "")


def _sites(found: Comparison, names: Names) -> pl.DataFrame:
    before, after, change = _wan(
        [one.before.yuan if one.before else 0 for one in found.sites],
        [one.after.yuan if one.after else 0 for one in found.sites],
    )
    rows = [
        (
            one.site, names.get(one.site, one.site), "、".join(KINDS_ZH[kind] for kind in one.kinds),
            _site_words(one.before, names), _site_words(one.after, names), *money,
        )
        for one, *money in zip(found.sites, before, after, change, strict=True)
    ]  # fmt: skip
    schema = {
        **dict.fromkeys(("资源", "名称", "变化", "原方案", "新方案"), pl.String),
        **dict.fromkeys(_WAN, pl.Float64),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _site_words(site: SiteView | None, names: Names) -> str:
    if site is None or site.year is None:
        return "不使用"
    what = "、".join(names.get(service, service) for service, _ in sorted(site.services)) or "仅改造"
    return f"{site.year}年：{what}" + (f"，用{site.area:.1f}平方米" if site.area else "")


def _money(found: Comparison, names: Names) -> pl.DataFrame:
    before, after, change = _wan([row[4] for row in found.money], [row[5] for row in found.money])
    rows = []
    for (place, fund, budget_year, payment_year, *_), *money in zip(found.money, before, after, change, strict=True):
        _, where, department = place.split("|")
        rows.append((names.get(where, where), department, names.get(fund, fund), budget_year, payment_year, *money))
    schema = {
        **dict.fromkeys(("地点", "主管部门", "资金来源"), pl.String), "预算年度": pl.Int64, "支付年度": pl.Int64,
        **dict.fromkeys(_WAN, pl.Float64),
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _sums(what: str, rows: Sequence[Mapping[str, Any]], names: Names) -> pl.DataFrame:
    """Sums by one dimension with a line of totals; rows without money in both plans are left out."""
    kept = [row for row in rows if row["before"] or row["after"]]
    before, after, change = _wan([row["before"] for row in kept], [row["after"] for row in kept])
    listed = [names.get(row["key"], row["key"]) or "（未注明）" for row in kept]
    frame = pl.DataFrame(
        {what: listed, **dict(zip(_WAN, (before, after, change), strict=True))},
        schema={what: pl.String, **dict.fromkeys(_WAN, pl.Float64)},
    )
    total = frame.select(pl.lit(TOTAL).alias(what), *(pl.col(name).sum().round(2) for name in _WAN))
    return pl.concat([frame, total])


def _wan(before: Sequence[int], after: Sequence[int]) -> tuple[list[float], list[float], list[float]]:
    """Both plans in 万元, each tied to its total, and the change as the difference of what is shown."""
    one, other = shown_wan(before), shown_wan(after)
    return one, other, [round(b - a, 2) for a, b in zip(one, other, strict=True)]
