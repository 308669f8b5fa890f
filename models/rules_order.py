"""Rules on what goes with what: prerequisites, exclusions, digging once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, model_validator

from .rule_base import NO_NAMES, Names, OneOrMore, Percent, RuleBase, Texts, Wan, invalid, one_or_more

if TYPE_CHECKING:
    from .rule_context import RuleContext


OneOrNone = Annotated[Texts, BeforeValidator(one_or_more)]
"""A list of codes that may be empty; a single code may stand without brackets."""


def _types(codes: tuple[str, ...], names: Names) -> str:
    return "、".join(names.get(code, code) for code in codes)


def _things(needs: tuple[str, ...], sites: tuple[str, ...], names: Names) -> str:
    parts = [f"需求{'、'.join(needs)}"] if needs else []
    parts += [f"资源{_types(sites, names)}"] if sites else []
    return "、".join(parts)


def _check_sides(one: str, other: str, types: tuple[bool, bool], things: tuple[bool, bool]) -> None:
    """Service types on both sides or on none, things on both sides or on none, and something at all."""
    if types[0] != types[1] or things[0] != things[1] or not (types[0] or things[0]):
        raise invalid(
            f"{one} 与 {other} 两边须成对写:服务类型对服务类型,编号对编号",
            f"{one} and {other} go in pairs: service types with service types, ids with ids",
        )


class PrerequisiteRule(RuleBase):
    """The later works start only once the earlier have started: in one community by type, or need by need."""

    kind: Literal["prerequisite"]
    before: OneOrNone = ()
    after: OneOrNone = ()
    before_needs: OneOrNone = ()
    after_needs: OneOrNone = ()

    @model_validator(mode="after")
    def _different(self) -> PrerequisiteRule:
        types, needs = (bool(self.before), bool(self.after)), (bool(self.before_needs), bool(self.after_needs))
        _check_sides("before", "after", types, needs)
        if set(self.before) & set(self.after):
            raise invalid("before 与 after 有相同的服务类型", "before and after share a service type")
        if set(self.before_needs) & set(self.after_needs):
            raise invalid("before_needs 与 after_needs 有相同的需求", "before_needs and after_needs share a need")
        return self

    def sentence(self, names: Names = NO_NAMES) -> str:
        parts = []
        if self.before:
            parts.append(
                f"同一社区内,{_types(self.after, names)}须在{_types(self.before, names)}开工当年或之后才能开工"
            )
        if self.before_needs:
            later, earlier = _things(self.after_needs, (), names), _things(self.before_needs, (), names)
            each = "各项" if len(self.before_needs) > 1 else ""
            parts.append(f"{later}须在{earlier}{each}开工当年或之后才能开工")
        return ";".join(parts) + "。"

    def rows(self, context: RuleContext) -> None:
        from .rows_order import prerequisite_rows

        prerequisite_rows(context, self)


class ExclusionRule(RuleBase):
    """Not both: in one community by type, or of needs and sites wherever they are."""

    kind: Literal["exclusion"]
    first: OneOrNone = ()
    second: OneOrNone = ()
    first_needs: OneOrNone = ()
    second_needs: OneOrNone = ()
    first_sites: OneOrNone = ()
    second_sites: OneOrNone = ()

    @model_validator(mode="after")
    def _different(self) -> ExclusionRule:
        things = bool(self.first_needs or self.first_sites), bool(self.second_needs or self.second_sites)
        _check_sides("first", "second", (bool(self.first), bool(self.second)), things)
        if set(self.first) & set(self.second):
            raise invalid("first 与 second 有相同的服务类型", "first and second share a service type")
        if set(self.first_needs) & set(self.second_needs) or set(self.first_sites) & set(self.second_sites):
            raise invalid("first 与 second 有相同的编号", "first and second share an id")
        return self

    def sentence(self, names: Names = NO_NAMES) -> str:
        parts = []
        if self.first:
            parts.append(f"同一社区内,{_types(self.first, names)}与{_types(self.second, names)}不同时安排")
        if self.first_needs or self.first_sites:
            first = _things(self.first_needs, self.first_sites, names)
            second = _things(self.second_needs, self.second_sites, names)
            parts.append(f"{first}与{second}不同时安排")
        return ";".join(parts) + "。"

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
