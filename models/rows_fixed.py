"""Rows of pins and forbids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .options import SITE
from .row_builder import OPENING, OPTION
from .rule_context import RuleContext
from .rules_fixed import ForbidRule, PinRule

Int = NDArray[np.int64]


def pin_rows(context: RuleContext, rule: PinRule) -> None:
    """Pins: `options of the need that fit >= 1`, `openings of the site in the years >= 1`, for each one named.

    Emergency handling fits only where its measure is named. A need or site without anything that fits is a
    fault of the scenario.
    """
    for part, what, name, held in _named(context, rule):
        if not len(held):
            context.refuse(rule.name, name, f"{what}没有可选的方案", "nothing fits that could be pinned")
            continue
        row = context.rows.add(rule.kind, [f"{rule.name}({name})"], -1, key=rule.name, scopes=[name], floor=True)
        context.rows.put(part, row, held, -1)


def forbid_rows(context: RuleContext, rule: ForbidRule) -> None:
    """Forbids: `options of the need that fit <= 0`, `openings of the site in the years <= 0`.

    Emergency handling of a mandatory need stays allowed unless its measure is named.
    """
    for part, _, name, held in _named(context, rule):
        row = context.rows.add(rule.kind, [f"{rule.name}({name})"], 0, key=rule.name, scopes=[name])
        context.rows.put(part, row, held, 1)


def _named(context: RuleContext, rule: PinRule | ForbidRule) -> list[tuple[int, str, str, Int]]:
    """For every need and site named: its part of the program, what it is, its id, and the columns that fit."""
    options, openings = context.options.options, context.options.openings
    fits = ~context.components.emergency[: options.height]
    if rule.measures:
        fits = options["measure"].is_in(list(rule.measures)).to_numpy()
    if rule.years:
        fits = fits & np.isin(options["year"].to_numpy(), rule.years)
    need = context.components.attribute["need"]
    found: list[tuple[int, str, str, Int]] = []
    for name in rule.needs:
        found.append((OPTION, "需求", name, np.flatnonzero(fits & need.among([name])[: options.height])))
    facilities = context.options.facilities[openings["facility"].to_numpy()]
    opens = (facilities["kind"] == SITE).to_numpy()
    if rule.years:
        opens = opens & np.isin(openings["year"].to_numpy(), rule.years)
    for name in rule.sites:
        of_site = (facilities["site"] == name).fill_null(value=False).to_numpy()
        found.append((OPENING, "资源", name, np.flatnonzero(opens & of_site)))
    return found
