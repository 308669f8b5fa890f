"""Rules on what is achieved: share of need met, complete communities, safety first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, StrictInt, StrictStr

from .rule_base import NO_NAMES, Bound, CityCode, Count, CountyCode, FilteredRule, Names, Percent, RuleBase, Texts

if TYPE_CHECKING:
    from .rule_context import RuleContext

LEVELS_ZH = {1: "有", 2: "够", 3: "好"}


class MetRule(FilteredRule):
    """Of the open needs in the filter at least (or at most) so many percent are met at the level or better."""

    forbidden_filters: ClassVar[tuple[str, ...]] = ("departments", "funds")
    forbidden_each: ClassVar[tuple[str, ...]] = ("department", "year", "fund")

    kind: Literal["met"]
    bound: Bound = "floor"
    share: Percent
    level: Annotated[StrictInt, Field(ge=1, le=3)] = 2
    reachable: bool = False

    def sentence(self, names: Names = NO_NAMES) -> str:
        bound = "至少" if self.bound == "floor" else "至多"
        base = "有办法解决的需求" if self.reachable else "未解决的需求"
        return f"{self.scope(names)}的{base}中,{bound}{self.share}%达到“{LEVELS_ZH[self.level]}”的水平。"

    def rows(self, context: RuleContext) -> None:
        from .rows_met import met_rows

        met_rows(context, self)


class CompleteRule(RuleBase):
    """At least so many communities in which every open need that counts for a national programme is met."""

    kind: Literal["complete"]
    number: Count
    national: Annotated[StrictStr, Field(min_length=1)] = "完整社区"
    cities: tuple[CityCode, ...] = ()
    counties: tuple[CountyCode, ...] = ()
    communities: Texts = ()

    def sentence(self, names: Names = NO_NAMES) -> str:
        places = "、".join(names.get(code, code) for code in (*self.cities, *self.counties, *self.communities))
        return f"{places}至少有{self.number}个社区,计入“{self.national}”的各项需求全部达到“够”的水平。"

    def rows(self, context: RuleContext) -> None:
        from .rows_met import complete_rows

        complete_rows(context, self)


class SafetyFirstRule(RuleBase):
    """At least so many percent of the safety needs that can be met are met."""

    kind: Literal["safety_first"]
    share: Percent

    def sentence(self, names: Names = NO_NAMES) -> str:
        return f"有办法解决的安全类需求中,至少{self.share}%达到“够”的水平。"

    def rows(self, context: RuleContext) -> None:
        from .rows_met import safety_rows

        safety_rows(context, self)
