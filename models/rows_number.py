"""Rows of rules on the number of options."""

from __future__ import annotations

from .rule_context import RuleContext, row_names, split, spread
from .rules_amount import NumberRule


def number_rows(context: RuleContext, rule: NumberRule) -> None:
    """Number of options in a filter: `count >= number` (or `<=`).

    With a share: `100 x count >= share x count of all options of these years and each-values`. Emergency
    handling and openings are never counted.
    """
    parts = context.components
    counted = parts.is_option & ~parts.emergency
    made = split(
        rule.each, parts.attribute, parts.fits(rule) & counted, national=parts.national, named=rule.national
    )  # fmt: skip
    floor = rule.bound == "floor"
    sign = -1 if floor else 1
    shared = rule.share is not None
    first = context.rows.add(
        rule.kind, row_names(rule.name, made, context.names), sign * (rule.number or 0),
        key=rule.name, scopes=made.scopes, floor=floor, unit="项", share=rule.share if rule.share is not None else -1,
        listed=True,
    )  # fmt: skip
    context.rows.put_components(first + made.row, made.element, sign * (100 if shared else 1))
    if rule.share is not None:
        everything = parts.fits(rule, only=("years",)) & counted
        held, row = spread(rule.each, parts.attribute, everything, made, national=parts.national)
        context.rows.put_components(first + row, held, -sign * rule.share)
