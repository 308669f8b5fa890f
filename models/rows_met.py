"""Rows of rules on need met."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .formulation_goals import PERMILLE, met_thousandths
from .row_builder import EXTRA, OPTION
from .rule_context import RuleContext, Split, row_names, split
from .rules_met import CompleteRule, MetRule, SafetyFirstRule
from .settled import FILTER_ATTRIBUTE, Coded, types_counting

Int = NDArray[np.int64]
Flags = NDArray[np.bool_]

NEED_COLUMN = {
    "service_type": "service_type", "programme": "programme", "city": "city_code", "county": "county_code",
    "street": "street_code", "community": "community", "group": "group_served", "need": "id",
}  # fmt: skip

ENOUGH = 2


def met_rows(context: RuleContext, rule: MetRule) -> None:
    """Share of need met: `sum of thousandths met >= share x 1000 x needs / 100` (or `<=`), multiplied out.

    A need counts 1000, an option the thousandths of its need that it closes at the level or better. Years
    limit the options that count, all other filters the needs.
    """
    attribute = {name: Coded.of(context.options.needs[column]) for name, column in NEED_COLUMN.items()}
    base = np.ones(context.group_count, np.bool_)
    for name, of in FILTER_ATTRIBUTE.items():
        wanted = getattr(rule, name)
        if wanted and of in attribute:
            base &= attribute[of].among(wanted)
    if rule.national:
        base &= attribute["service_type"].among(types_counting(context.components.national, rule.national))
    thousandths = met_thousandths(context.options, level=rule.level)
    if rule.years:
        thousandths = np.where(np.isin(context.option_column("year"), rule.years), thousandths, 0)
    made = _reached(context, thousandths, base) if rule.reachable else base
    _met(
        context, rule, thousandths,
        split(rule.each, attribute, made, national=context.components.national, named=rule.national),
        floor=rule.bound == "floor",
    )  # fmt: skip


def safety_rows(context: RuleContext, rule: SafetyFirstRule) -> None:
    """Safety first: the same for the safety needs that can be met."""
    safety = context.options.needs["safety"].fill_null(value=False).to_numpy()
    thousandths = met_thousandths(context.options, level=ENOUGH)
    _met(context, rule, thousandths, split((), {}, _reached(context, thousandths, safety)))


def _reached(context: RuleContext, thousandths: Int, base: Flags) -> Flags:
    """Of some needs those with an option that could count."""
    within = np.zeros(len(base), np.bool_)
    within[context.option_column("need")[thousandths > 0]] = True
    return base & within


def _met(
    context: RuleContext, rule: MetRule | SafetyFirstRule, thousandths: Int, made: Split, *, floor: bool = True
) -> None:
    """Rows for needs that are split already; a need that is in several rows counts in each."""
    needs = np.bincount(made.row, minlength=made.size)
    sign = -1 if floor else 1
    first = context.rows.add(
        rule.kind, row_names(rule.name, made, context.names), sign * rule.share * PERMILLE * needs,
        key=rule.name, scopes=made.scopes, floor=floor, unit="‰项", scale=100, listed=True,
    )  # fmt: skip
    options = pl.DataFrame(
        {"need": context.option_column("need"), "option": np.arange(len(thousandths)), "met": thousandths}
    ).filter(pl.col("met") > 0)
    rows = pl.DataFrame({"need": made.element.astype(np.int64), "row": made.row})
    counted = rows.join(options, on="need", how="inner").sort("row", "option")
    context.rows.put(
        OPTION, first + counted["row"].to_numpy(), counted["option"].to_numpy(), sign * 100 * counted["met"].to_numpy()
    )


def complete_rows(context: RuleContext, rule: CompleteRule) -> None:
    """Complete communities: `sum of k_c >= number` with `Q_n k_c <= lots of n met at level enough or better`.

    One 0/1 column k_c for every community of the places in which every open need whose type counts for the
    national programme can be met, and which has such a need.
    """
    needs = context.options.needs.with_row_index("need").with_columns(pl.col("need").cast(pl.Int64))
    thousandths = met_thousandths(context.options, level=ENOUGH)
    need_of = context.option_column("need")
    reachable = np.zeros(needs.height, np.bool_)
    reachable[need_of[thousandths > 0]] = True
    types = types_counting(context.components.national, [rule.national])
    counted = needs.with_columns(pl.Series("reachable", reachable)).filter(pl.col("service_type").is_in(list(types)))
    for column, wanted in (("city_code", rule.cities), ("county_code", rule.counties), ("community", rule.communities)):
        if wanted:
            counted = counted.filter(pl.col(column).is_in(list(wanted)))
    able = counted.group_by("community").agg(pl.col("reachable").all()).filter("reachable")["community"].sort()
    counted = counted.filter(pl.col("community").is_in(able.to_list()))
    extra = context.rows.add_extras([f"complete|{rule.name}|{community}" for community in able])
    total = context.rows.add(
        rule.kind, [rule.name], -rule.number, key=rule.name, floor=True, unit="个", listed=True
    )  # fmt: skip
    context.rows.put(EXTRA, total, extra + np.arange(len(able)), -1)
    place = {community: number for number, community in enumerate(able)}
    columns = np.array([place[community] for community in counted["community"]], np.int64)
    first = context.rows.add(rule.kind, [f"{rule.name}:{name}" for name in counted["id"]], 0, key=rule.name)
    rows = np.arange(counted.height, dtype=np.int64)
    context.rows.put(EXTRA, first + rows, extra + columns, counted["lots"].to_numpy())
    row_of = np.full(needs.height, -1, np.int64)
    row_of[counted["need"].to_numpy()] = rows
    held = np.flatnonzero((row_of[need_of] >= 0) & (thousandths > 0))
    context.rows.put(OPTION, first + row_of[need_of[held]], held, -context.option_column("lots")[held])
