"""Chinese words for single settings of a scenario: factors, changed budgets, ceilings and quotas, other places' factors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from ..models.rule_base import PROGRAMMES_ZH, Names
from ..models.scenario import BudgetChange, CeilingChange, Override, QuotaChange

FLAGS_ZH: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "unconfirmed_sites": ("不含未确认的用房用地", "含未经部门确认的用房用地"),
        "assume_consent": ("居民同意按实际", "居民同意按已取得计"),
    }
)
GOALS_ZH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "lexicographic": "先安全、后成效、再省钱", "benefit": "成效最大", "least_cost": "最省费用达到目标",
        "smallest_county": "最弱县区成效最大",
    }
)  # fmt: skip
OBJECTIVE_ZH: Final = "目标"
FACTORS_ZH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cost_percent": "造价系数", "programme_weight": "工程权重", "repeat_years": "不重复年限", "level_worth": "水平分值",
        "discount_percent": "逐年折扣",
    }
)  # fmt: skip
_FROM_BOOK: Final = "清单簿原值"


def why_words(reason: str, basis: str) -> str:
    """The end of a sentence: reason and basis where they are told."""
    parts = [f"理由：{reason}"] if reason else []
    parts += [f"依据：{basis}"] if basis else []
    return f"（{'；'.join(parts)}）。" if parts else "。"


def factor_words(name: str, before: Any, after: Any) -> str:
    """One factor that changes."""
    if name == "programme_weight":
        keys = [key for key in PROGRAMMES_ZH if before.get(key) != after.get(key)]
        return "，".join(f"{PROGRAMMES_ZH[key]}权重改为{_value(after.get(key))}" for key in keys)
    if name == "cost_percent":
        by = (100 if after is None else after) - 100
        return f"造价上浮{by}%" if by > 0 else f"造价下浮{-by}%" if by < 0 else "造价系数恢复为100%"
    unit = {"repeat_years": "年", "discount_percent": "%"}.get(name, "")
    return f"{FACTORS_ZH[name]}改为{_value(after)}{unit if after is not None else ''}"


def _value(value: Any) -> str:
    if value is None:
        return _FROM_BOOK
    return "、".join(map(str, value)) if isinstance(value, tuple) else str(value)


def override_words(entry: Override, names: Names) -> str:
    """Other factors in some places."""
    parts = []
    for name in FACTORS_ZH:
        value = getattr(entry, name)
        if value is not None and value != {}:
            parts.append(factor_words(name, {} if name == "programme_weight" else None, value))
    return f"{_listed(entry.places, names)}：{'，'.join(parts) or '系数不变'}"


def entry_words(entry: BudgetChange | CeilingChange | QuotaChange, names: Names) -> str:
    """A changed budget, ceiling or number in the words of a title."""
    years = f"{'、'.join(map(str, entry.years))}年" if entry.years else ""
    match entry:
        case QuotaChange():
            return f"{names.get(entry.policy, entry.policy)}指标{years}调整为{entry.number}个"
        case CeilingChange():
            what = f"{_listed(entry.payers, names) or '各支付主体'}后续支出上限"
        case BudgetChange():
            what = _listed(entry.funds, names) or "各项资金"
    return f"{what}{years}{_amount(entry)}"


def _amount(entry: BudgetChange | CeilingChange) -> str:
    if entry.amount is not None:
        return f"调整为{_plain(entry.amount)}万元"
    percent = 100 if entry.percent is None else entry.percent
    if percent == 0:
        return "全部取消"
    return f"压减{100 - percent}%" if percent < 100 else f"增加{percent - 100}%" if percent > 100 else "不变"


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _listed(codes: Iterable[str], names: Names) -> str:
    return "、".join(names.get(code, code) for code in codes)
