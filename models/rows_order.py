"""Rows of rules on what goes with what."""

from __future__ import annotations

import numpy as np
import polars as pl

from .options import EMERGENCY, EXISTS
from .row_builder import EXTRA, OPTION
from .rule_context import RuleContext
from .rules_order import ExclusionRule, PrerequisiteRule


def _options(context: RuleContext) -> pl.DataFrame:
    """All options but emergency handling: column, community, type, year, variant, and the set of which one is taken."""
    frame = context.options.options
    needs = context.options.needs[frame["need"].to_numpy()]
    return pl.DataFrame(
        {
            "option": np.arange(frame.height, dtype=np.int64),
            "community": needs["community"],
            "type": needs["service_type"],
            "year": frame["year"],
            "variant": frame["variant"],
            "set": context.one_of(),
        }
    ).filter((pl.col("variant") & EMERGENCY) == 0)


def prerequisite_rows(context: RuleContext, rule: PrerequisiteRule) -> None:
    """First before, then after: `after started by t <= before started by t`, in one community.

    For every start year t and every set of later options of which one can be taken at most. Emergency handling
    is on neither side; *exists* does not count as having started before. Communities without a need of the
    earlier types that has an option are free.
    """
    options = _options(context)
    before = options.filter(pl.col("type").is_in(list(rule.before)) & ((pl.col("variant") & EXISTS) == 0))
    after = options.filter(pl.col("type").is_in(list(rule.after))).join(
        before.select("community").unique(), on="community", how="semi"
    )
    keys = after.select("community", "set", pl.col("year").alias("until")).unique().sort("community", "set", "until")
    if not keys.height:
        return
    first = context.rows.add(
        rule.kind,
        [f"{rule.name}({context.names.get(place, place)},{year}年)" for place, _, year in keys.iter_rows()],
        0,
        key=rule.name,
        scopes=keys["community"].to_list(),
    )
    rows = keys.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    for side, on, amount in ((after, ["community", "set"], 1), (before, ["community"], -1)):
        entries = rows.join(side, on=on, how="inner").filter(pl.col("year") <= pl.col("until"))
        context.rows.put(OPTION, first + entries["row"].to_numpy(), entries["option"].to_numpy(), amount)


def exclusion_rows(context: RuleContext, rule: ExclusionRule) -> None:
    """Not both in one community: `first <= e_c` and `second <= 1 - e_c`, with one 0/1 column e_c.

    For every set of options of which one can be taken at most; where each side has one such set,
    `first + second <= 1` without the column. Emergency handling is free.
    """
    options = _options(context)
    sides = [options.filter(pl.col("type").is_in(list(types))) for types in (rule.first, rule.second)]
    counts = [side.group_by("community").agg(pl.col("set").n_unique().alias("sets")) for side in sides]
    both = counts[0].join(counts[1], on="community", how="inner").sort("community")
    simple = both.filter((pl.col("sets") == 1) & (pl.col("sets_right") == 1))["community"].to_list()
    other = both.filter((pl.col("sets") > 1) | (pl.col("sets_right") > 1))["community"].to_list()
    names = [f"{rule.name}({context.names.get(place, place)})" for place in simple]
    first = context.rows.add(rule.kind, names, 1, key=rule.name, scopes=simple)
    place = {community: number for number, community in enumerate(simple)}
    for side in sides:
        some = side.filter(pl.col("community").is_in(simple))
        row = np.array([place[community] for community in some["community"]], np.int64)
        context.rows.put(OPTION, first + row, some["option"].to_numpy(), 1)
    extra = context.rows.add_extras([f"exclusion|{rule.name}|{community}" for community in other])
    column = {community: extra + number for number, community in enumerate(other)}
    for side, limit, amount in ((sides[0], 0, -1), (sides[1], 1, 1)):
        some = side.filter(pl.col("community").is_in(other))
        sets = some.select("community", "set").unique().sort("community", "set")
        names = [f"{rule.name}({context.names.get(place, place)})" for place in sets["community"]]
        first = context.rows.add(rule.kind, names, limit, key=rule.name, scopes=sets["community"].to_list())
        columns = np.array([column[community] for community in sets["community"]], np.int64)
        context.rows.put(EXTRA, first + np.arange(sets.height), columns, amount)
        rows = sets.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
        entries = some.join(rows, on=["community", "set"], how="inner")
        context.rows.put(OPTION, first + entries["row"].to_numpy(), entries["option"].to_numpy(), 1)
