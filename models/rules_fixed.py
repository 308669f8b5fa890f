"""Rules that settle single things: pins, forbids, and few changes against an earlier plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StrictStr, model_validator

from .rule_base import NO_NAMES, Count, Names, RuleBase, Texts, Year, invalid

if TYPE_CHECKING:
    from .rule_context import RuleContext


class _Named(RuleBase):
    needs: Texts = ()
    sites: Texts = ()
    measures: Texts = ()
    years: tuple[Year, ...] = ()
    reason: StrictStr = ""
    basis: StrictStr = ""

    @model_validator(mode="after")
    def _something_named(self) -> _Named:
        if not self.needs and not self.sites:
            raise invalid("needs 与 sites 至少写一项", "name something in needs or sites")
        if self.sites and self.measures and not self.needs:
            raise invalid("measures 只对 needs 有用", "measures goes with needs alone")
        return self

    def _scope(self, names: Names) -> str:
        parts = [f"需求{'、'.join(self.needs)}"] if self.needs else []
        parts += [f"资源{'、'.join(names.get(code, code) for code in self.sites)}"] if self.sites else []
        measures = f"(措施{'、'.join(names.get(code, code) for code in self.measures)})" if self.measures else ""
        years = f"在{'、'.join(map(str, self.years))}年" if self.years else ""
        return "与".join(parts) + measures + years

    def _why(self) -> str:
        told = (f",理由:{self.reason}" if self.reason else "") + (f",依据:{self.basis}" if self.basis else "")
        return told + "。"


class PinRule(_Named):
    """Every need named gets an option that fits, every site named opens."""

    kind: Literal["pin"]

    def sentence(self, names: Names = NO_NAMES) -> str:
        return f"{self._scope(names)}确定纳入{self._why()}"

    def rows(self, context: RuleContext) -> None:
        from .rows_fixed import pin_rows

        pin_rows(context, self)


class ForbidRule(_Named):
    """No need named gets an option that fits, no site named opens."""

    kind: Literal["forbid"]

    def sentence(self, names: Names = NO_NAMES) -> str:
        return f"{self._scope(names)}暂不安排{self._why()}"

    def rows(self, context: RuleContext) -> None:
        from .rows_fixed import forbid_rows

        forbid_rows(context, self)


class ChangesRule(RuleBase):
    """At most so many changes against the plan in an earlier run folder."""

    kind: Literal["changes"]
    plan: Annotated[StrictStr, Field(min_length=1)]
    number: Count

    def sentence(self, names: Names = NO_NAMES) -> str:
        return f"与原方案相比,变动不超过{self.number}处。"

    def rows(self, context: RuleContext) -> None:
        from .rows_changes import changes_rows

        changes_rows(context, self)
