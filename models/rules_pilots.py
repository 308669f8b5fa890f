"""Pilots of the Good Community campaign: listed ones are served first, or some are selected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StrictInt, model_validator

from .rule_base import NO_NAMES, CityCode, Count, Names, RuleBase, invalid

if TYPE_CHECKING:
    from .rule_context import RuleContext

CATEGORIES_ZH = {"basic": "基础类", "upgraded": "提升类", "model": "示范类"}


class PilotsRule(RuleBase):
    """Every pilot gets a project in each programme early; in a selection run the pilots are chosen."""

    kind: Literal["pilots"]
    mode: Literal["listed", "select"]
    number: Annotated[StrictInt, Field(ge=1)] | None = None
    categories: Mapping[Literal["basic", "upgraded", "model"], Count] = Field(default_factory=dict)
    per_city: Mapping[CityCode, Count] = Field(default_factory=dict)
    least_needs: Count = 0
    least_households: Count = 0

    @model_validator(mode="after")
    def _number_for_selection(self) -> PilotsRule:
        if self.mode == "select" and self.number is None:
            raise invalid("遴选试点须写 number", "a selection needs number")
        if self.mode == "listed" and (
            self.number is not None or self.categories or self.per_city or self.least_needs or self.least_households
        ):
            raise invalid("名单已定时不写遴选条件", "with listed pilots there is nothing to select")
        if self.number is not None and sum(self.per_city.values()) > self.number:
            raise invalid("各市名额之和超过总数", "the numbers of the cities add up to more than number")
        if self.number is not None and sum(self.categories.values()) > self.number:
            raise invalid("各类名额之和超过总数", "the numbers of the categories add up to more than number")
        return self

    def sentence(self, names: Names = NO_NAMES) -> str:
        first = "每个试点在其有需求且有办法的每项工程中,第一年至少安排一项"
        if self.mode == "listed":
            return f"{first}。"
        parts = [f"{CATEGORIES_ZH[key]}{count}个" for key, count in self.categories.items()]
        parts += [f"{names.get(key, key)} {count}个" for key, count in self.per_city.items()]
        return f"遴选{self.number}个试点社区" + (f"(其中{'、'.join(parts)})" if parts else "") + f";{first}。"

    def rows(self, context: RuleContext) -> None:
        from .rows_pilots import pilots_rows

        pilots_rows(context, self)
