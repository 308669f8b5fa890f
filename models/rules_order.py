"""Rules on what goes with what: prerequisites, exclusions, digging once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from .rule_base import NO_NAMES, Names, OneOrMore, Percent, RuleBase, Wan, invalid

if TYPE_CHECKING:
    from .rule_context import RuleContext


def _types(codes: tuple[str, ...], names: Names) -> str:
    return "、".join(names.get(code, code) for code in codes)


class PrerequisiteRule(RuleBase):
    """In one community the later works start only once the earlier have started."""

    kind: Literal["prerequisite"]
    before: OneOrMore
    after: OneOrMore

    @model_validator(mode="after")
    def _different(self) -> PrerequisiteRule:
        if set(self.before) & set(self.after):
            raise invalid("before 与 after 有相同的服务类型", "before and after share a service type")
        return self

    def sentence(self, names: Names = NO_NAMES) -> str:
        return f"同一社区内,{_types(self.after, names)}须在{_types(self.before, names)}开工当年或之后才能开工。"

    def rows(self, context: RuleContext) -> None:
        from .rows_order import prerequisite_rows

        prerequisite_rows(context, self)


class ExclusionRule(RuleBase):
    """In one community not both."""

    kind: Literal["exclusion"]
    first: OneOrMore
    second: OneOrMore

    @model_validator(mode="after")
    def _different(self) -> ExclusionRule:
        if set(self.first) & set(self.second):
            raise invalid("first 与 second 有相同的服务类型", "first and second share a service type")
        return self

    def sentence(self, names: Names = NO_NAMES) -> str:
        return f"同一社区内,{_types(self.first, names)}与{_types(self.second, names)}不同时安排。"

    def rows(self, context: RuleContext) -> None:
        from .rows_order import exclusion_rows

        exclusion_rows(context, self)


class DigOnceRule(RuleBase):
    """Works that dig in one community and year may share a campaign: cheaper each, with a fixed cost once."""

    kind: Literal["dig_once"]
    service_types: OneOrMore
    saving: Percent
    fixed: Wan

    def sentence(self, names: Names = NO_NAMES) -> str:
        return (
            f"同一社区同一年的{_types(self.service_types, names)}可合并开挖:"
            f"每项造价减{self.saving}%,另计一次固定费用{self.fixed:f}万元。"
        )

    def rows(self, context: RuleContext) -> None:
        """Campaigns are facilities that matching hands over; no row is needed."""
