"""Rows of rules on money. All amounts are in yuan: hundreds of yuan times 100, so that percent stay whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .formulation_money import drawn_rows
from .row_builder import ARC, OPENING, OPTION
from .rule_base import yuan
from .rule_context import RuleContext, Split, row_names, split, spread
from .rules_amount import REFINING, MoneyRule
from .settled import Coded, joined

Int = NDArray[np.int64]

HUNDRED = 100


def money_rows(context: RuleContext, rule: MoneyRule) -> None:
    """Money of the components in a filter, at least or at most so much.

    * amount: `cost >= amount` (or `<=`)
    * share of what is used: `100 x cost >= share x cost of all components of these years and each-values`
    * share of the budget: `100 x cost >= share x sum of the budgets for these places and years`

    With funds it is the money drawn from them instead of the cost.
    """
    if rule.funds:
        _drawn_rows(context, rule)
        return
    parts = context.components
    made = split(rule.each, parts.attribute, parts.fits(rule), national=parts.national, named=rule.national)
    first = _open(context, rule, made)
    sign = -1 if rule.bound == "floor" else 1
    context.rows.put_components(first + made.row, made.element, sign * HUNDRED * parts.cost[made.element])
    if rule.share is not None and rule.of == "used":
        everything = parts.fits(rule, only=("years",))
        held, row = spread(rule.each, parts.attribute, everything, made, national=parts.national)
        context.rows.put_components(first + row, held, -sign * rule.share * parts.cost[held])


def _open(context: RuleContext, rule: MoneyRule, made: Split) -> int:
    floor = rule.bound == "floor"
    share, limit = -1, np.zeros(made.size, np.int64)
    if rule.amount is not None:
        limit += yuan(rule.amount)
    elif rule.share is not None and rule.of == "budget":
        limit += np.array([rule.share * budget_base(context, rule, made, row) for row in range(made.size)], np.int64)
    elif rule.share is not None:
        share = rule.share
    return context.rows.add(
        rule.kind, row_names(rule.name, made, context.names), -limit if floor else limit,
        key=rule.name, scopes=made.scopes, floor=floor, unit="元", share=share, listed=True,
    )  # fmt: skip


def budget_base(context: RuleContext, rule: MoneyRule, made: Split, row: int) -> int:
    """The budgets that a share of the budget is taken of, in hundreds of yuan.

    Of the funds named (or all) whose places are empty, or contain a place of the row's or lie in one, in the
    row's years.
    """
    values = dict(zip(rule.each, made.values[row], strict=True))
    places = [values[name] for name in ("city", "county") if name in values] or [*rule.cities, *rule.counties]
    years = [int(values["year"])] if "year" in values else list(rule.years)
    funds = context.book.table("funds")
    chosen = [
        name
        for name, kind, told in funds.select("id", "fund_type", "places").iter_rows()
        if (not rule.funds or {name, kind} & set(rule.funds))
        and values.get("fund", name) == name
        and _touches(told, places)
    ]
    fitting = context.limits.filter(pl.col("fund").is_in(chosen))
    if years:
        fitting = fitting.filter(pl.col("year").is_in(years))
    return int(fitting["limit"].sum())


def _touches(told: str | None, places: Sequence[str]) -> bool:
    """Whether a fund's places and some others overlap; codes of a place begin with the code of what it lies in."""
    if not told or not places:
        return True
    return any(one.startswith(other) or other.startswith(one) for one in told.split(";") for other in places)


def _drawn_rows(context: RuleContext, rule: MoneyRule) -> None:
    """Money drawn from funds: arcs, and fixed sums and operators' capital of options and openings."""
    attribute, fund, draws = _payments(context)
    funds = context.book.table("funds")
    wanted = set(rule.funds)
    chosen = {name for name, kind in funds.select("id", "fund_type").iter_rows() if {name, kind} & wanted}
    of_funds = fund.among(chosen)
    mask = of_funds.copy()
    for name, values in (
        ("programme", rule.programmes), ("county", rule.counties), ("city", rule.cities), ("year", rule.years),
        *((of, getattr(rule, name)) for name, of in REFINING.items()),
    ):  # fmt: skip
        if values:
            mask &= attribute[name].among(values)
    base_mask = of_funds & attribute["year"].among(rule.years) if rule.years else of_funds
    made = split(rule.each, attribute, mask)
    first = _open(context, rule, made)
    sign = -1 if rule.bound == "floor" else 1
    entries = [(made.element, made.row, sign * HUNDRED)]
    if rule.share is not None and rule.of == "used":
        entries.append((*spread(rule.each, attribute, base_mask, made), -sign * rule.share))
    arcs = len(context.money.arc_demand)
    opening = draws["opening"].to_numpy()
    owner, amount = draws["owner"].to_numpy(), draws["amount"].to_numpy()
    for element, row, factor in entries:
        paid = element < arcs
        context.rows.put(ARC, first + row[paid], element[paid], factor)
        drawn, at = element[~paid] - arcs, row[~paid]
        for part, some in ((OPTION, ~opening[drawn]), (OPENING, opening[drawn])):
            context.rows.put(part, first + at[some], owner[drawn[some]], factor * amount[drawn[some]])


def _payments(context: RuleContext) -> tuple[dict[str, Coded], Coded, pl.DataFrame]:
    """Arcs, then fixed sums: what is known of the money of each (its class's attributes, budget year, fund).

    Then the fund once more, and the sums.
    """
    money, options = context.money, context.options
    draws = drawn_rows(options, context.limits)
    classes = money.classes[money.demand_class[money.arc_demand]]
    opening = draws["opening"].to_numpy()
    owner = draws["owner"].to_numpy()
    component = np.where(opening, context.components.options + owner, owner)
    cities = dict(options.facilities.select("county_code", "city_code").iter_rows())
    cities |= dict(options.needs.select("county_code", "city_code").iter_rows())
    county = Coded(classes["county"].to_numpy().astype(np.int64), money.counties)
    city_of = Coded.of(pl.Series([cities[code] for code in money.counties], dtype=pl.String))
    first = {
        "county": county,
        "city": city_of.taken(county.code),
        "programme": Coded(classes["programme"].to_numpy().astype(np.int64), money.programmes),
    }
    first |= {
        name: Coded(classes[name].to_numpy().astype(np.int64), coded.values) for name, coded in money.asked.items()
    }
    attribute = {
        name: joined(part, context.components.attribute[name].taken(component)) for name, part in first.items()
    }
    source_year = Coded.of(pl.Series(money.sources.year))
    source_fund = Coded(money.sources.fund, money.sources.funds)
    source = np.concatenate([money.arc_source, draws["source"].to_numpy().astype(np.int64)])
    attribute["year"] = source_year.taken(source)
    attribute["fund"] = source_fund.taken(source)
    return attribute, attribute["fund"], draws
