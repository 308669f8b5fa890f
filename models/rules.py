"""All kinds of rules that a scenario may hold, told apart by `kind`."""

from typing import Annotated

from pydantic import Field

from .rules_amount import MoneyRule, NumberRule
from .rules_fixed import ChangesRule, ForbidRule, PinRule
from .rules_met import CompleteRule, MetRule, SafetyFirstRule
from .rules_order import DigOnceRule, ExclusionRule, PrerequisiteRule
from .rules_pilots import PilotsRule

Rule = Annotated[
    MoneyRule
    | NumberRule
    | MetRule
    | CompleteRule
    | SafetyFirstRule
    | PrerequisiteRule
    | ExclusionRule
    | DigOnceRule
    | PinRule
    | ForbidRule
    | ChangesRule
    | PilotsRule,
    Field(discriminator="kind"),
]

KINDS_ZH = {
    "money": "资金比例", "number": "项数", "met": "需求解决率", "complete": "完整社区", "safety_first": "安全优先",
    "prerequisite": "先后次序", "exclusion": "不同时安排", "dig_once": "一次开挖", "pin": "确定纳入",
    "forbid": "暂不安排", "changes": "变动上限", "pilots": "试点",
}  # fmt: skip
"""Chinese names of the kinds."""
