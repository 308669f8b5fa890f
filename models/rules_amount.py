"""Rules on sums: money and number of the components in a filter, at least or at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import model_validator

from .rule_base import FILTERS, NO_NAMES, Bound, Count, FilteredRule, Names, Percent, Wan, invalid

if TYPE_CHECKING:
    from .rule_context import RuleContext

BOUND_ZH = {"floor": "不少于", "ceiling": "不多于"}

REFINING = {
    "departments": "department", "streets": "street", "communities": "community", "service_types": "service_type",
}  # fmt: skip
"""Filters and `each` of rules on a fund's money that make classes finer, with the attribute of a component."""

_WITH_FUNDS = ("programmes", "counties", "cities", "years", "funds", *REFINING)
_EACH_WITH_FUNDS = ("programme", "county", "city", "year", "fund", "department", "street", "community")


class MoneyRule(FilteredRule):
    """Cost of the components in the filter, or money drawn from the funds named, at least or at most so much."""

    kind: Literal["money"]
    bound: Bound
    amount: Wan | None = None
    share: Percent | None = None
    of: Literal["used", "budget"] = "used"

    @model_validator(mode="after")
    def _one_measure(self) -> MoneyRule:
        if (self.amount is None) == (self.share is None):
            raise invalid("amount 与 share 须写一个且只写一个", "exactly one of amount and share is needed")
        if self.funds:
            wrong = [name for name in FILTERS if name not in _WITH_FUNDS and getattr(self, name)]
            wrong += [f"each={name}" for name in self.each if name not in _EACH_WITH_FUNDS]
            if wrong:
                raise invalid(
                    f"写了 funds 时不能用 {'、'.join(wrong)}", f"with funds these may not be used: {', '.join(wrong)}"
                )
        elif "fund" in self.each:
            raise invalid("each 里写 fund 须同时写 funds", "each = fund needs funds")
        return self

    @property
    def refines(self) -> tuple[str, ...]:
        """Attributes by which the rule tells money of one fund apart, beside county, programme and year."""
        if not self.funds:
            return ()
        return tuple(of for name, of in REFINING.items() if getattr(self, name) or of in self.each)

    def sentence(self, names: Names = NO_NAMES) -> str:
        limit = f"{'所用资金' if self.of == 'used' else '预算'}的{self.share}%"
        if self.amount is not None:
            limit = f"{self.amount:f}万元"
        return f"{self.scope(names)}的资金{BOUND_ZH[self.bound]}{limit}。"

    def rows(self, context: RuleContext) -> None:
        from .rows_money import money_rows  # late: rows need the whole program, the scenario only its words

        money_rows(context, self)


class NumberRule(FilteredRule):
    """Number of options in the filter, at least or at most so many."""

    forbidden_filters: ClassVar[tuple[str, ...]] = ("funds",)
    forbidden_each: ClassVar[tuple[str, ...]] = ("fund",)

    kind: Literal["number"]
    bound: Bound
    number: Count | None = None
    share: Percent | None = None

    @model_validator(mode="after")
    def _one_measure(self) -> NumberRule:
        if (self.number is None) == (self.share is None):
            raise invalid("number 与 share 须写一个且只写一个", "exactly one of number and share is needed")
        return self

    def sentence(self, names: Names = NO_NAMES) -> str:
        limit = f"{self.number}项" if self.number is not None else f"全部项数的{self.share}%"
        return f"{self.scope(names)}的项数{BOUND_ZH[self.bound]}{limit}。"

    def rows(self, context: RuleContext) -> None:
        from .rows_number import number_rows

        number_rows(context, self)
