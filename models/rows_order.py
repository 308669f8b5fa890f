"""Rows of rules on what goes with what."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import polars as pl

from .options import EMERGENCY, EXISTS, SITE
from .row_builder import EXTRA, OPENING, OPTION
from .rule_context import RuleContext
from .rules_order import ExclusionRule, PrerequisiteRule

ENTRY = ("key", "part", "column", "set", "year")
"""A side of a rule: what it belongs to (a community or a pair), and the columns with their sets and years."""


def _options(context: RuleContext) -> pl.DataFrame:
    """All options but emergency handling: column, community, type, need, year, variant, set of which one is taken."""
    frame = context.options.options
    needs = context.options.needs[frame["need"].to_numpy()]
    return pl.DataFrame(
        {
            "part": np.full(frame.height, OPTION, np.int64),
            "column": np.arange(frame.height, dtype=np.int64),
            "community": needs["community"],
            "type": needs["service_type"],
            "need": needs["id"],
            "year": frame["year"],
            "variant": frame["variant"],
            "set": context.one_of(),
        }
    ).filter((pl.col("variant") & EMERGENCY) == 0)


def _site_openings(context: RuleContext) -> pl.DataFrame:
    """All openings of sites; those of one site are a set of their own, behind the sets of the options."""
    openings, facilities = context.options.openings, context.options.facilities
    facility = openings["facility"].to_numpy()
    sites = facilities[facility]
    return pl.DataFrame(
        {
            "part": np.full(openings.height, OPENING, np.int64),
            "column": np.arange(openings.height, dtype=np.int64),
            "site": sites["site"],
            "kind": sites["kind"],
            "year": openings["year"],
            "set": int(context.one_of().max(initial=-1)) + 1 + facility.astype(np.int64),
        }
    ).filter(pl.col("kind") == SITE)


def prerequisite_rows(context: RuleContext, rule: PrerequisiteRule) -> None:
    """First before, then after: `after started by t <= before started by t`, in one community or for a pair of needs.

    For every start year t and every set of later options of which one can be taken at most. Emergency handling
    is on neither side; *exists* does not count as having started before. A community without a need of the
    earlier types that has an option is free, and so is a pair whose earlier need has none.
    """
    options = _options(context)
    begun = options.filter((pl.col("variant") & EXISTS) == 0)
    by_place = pl.col("community").alias("key")
    _ordered(
        context, rule,
        begun.filter(pl.col("type").is_in(list(rule.before))).with_columns(by_place),
        options.filter(pl.col("type").is_in(list(rule.after))).with_columns(by_place),
    )  # fmt: skip
    pairs = list(product(dict.fromkeys(rule.before_needs), dict.fromkeys(rule.after_needs)))
    _ordered(context, rule, _paired(begun, "need", pairs, 0), _paired(options, "need", pairs, 1))


def _paired(frame: pl.DataFrame, column: str, pairs: Sequence[tuple[str, str]], side: int) -> pl.DataFrame:
    """The rows of a frame that stand on one side of pairs; the key of a pair is `one/other`."""
    told = pl.DataFrame(
        [("/".join(pair), pair[side]) for pair in pairs], schema={"key": pl.String, column: pl.String}, orient="row"
    )
    return told.join(frame, on=column, how="inner", maintain_order="left_right")


def _ordered(context: RuleContext, rule: PrerequisiteRule, before: pl.DataFrame, after: pl.DataFrame) -> None:
    after = after.join(before.select("key").unique(), on="key", how="semi")
    keys = after.select("key", "set", pl.col("year").alias("until")).unique().sort("key", "set", "until")
    if not keys.height:
        return
    first = context.rows.add(
        rule.kind,
        [f"{rule.name}({context.names.get(key, key)},{year}年)" for key, _, year in keys.iter_rows()],
        0,
        key=rule.name,
        scopes=keys["key"].to_list(),
    )
    rows = keys.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    for side, on, amount in ((after, ["key", "set"], 1), (before, ["key"], -1)):
        entries = rows.join(side, on=on, how="inner").filter(pl.col("year") <= pl.col("until"))
        context.rows.put(OPTION, first + entries["row"].to_numpy(), entries["column"].to_numpy(), amount)


def exclusion_rows(context: RuleContext, rule: ExclusionRule) -> None:
    """Not both, in one community or of a pair: `first <= e` and `second <= 1 - e`, with one 0/1 column e.

    For every set of options of which one can be taken at most, or all openings of a site; where each side has one
    such set, `first + second <= 1` without the column. Emergency handling is free.
    """
    options = _options(context)
    by_place = pl.col("community").alias("key")
    _apart(
        context, rule,
        *(options.filter(pl.col("type").is_in(list(types))).with_columns(by_place) for types in (rule.first, rule.second)),
    )  # fmt: skip
    openings = _site_openings(context)
    firsts = [("need", name) for name in rule.first_needs] + [("site", name) for name in rule.first_sites]
    seconds = [("need", name) for name in rule.second_needs] + [("site", name) for name in rule.second_sites]
    things = {"need": options, "site": openings}
    sides: list[list[pl.DataFrame]] = [[], []]
    for (one, a), (other, b) in product(dict.fromkeys(firsts), dict.fromkeys(seconds)):
        for side, kind in enumerate((one, other)):
            found = _paired(things[kind], kind, [(a, b)], side)
            sides[side].append(found.select(ENTRY))
    if sides[0]:
        _apart(context, rule, pl.concat(sides[0]), pl.concat(sides[1]))


def _apart(context: RuleContext, rule: ExclusionRule, first_side: pl.DataFrame, second_side: pl.DataFrame) -> None:
    sides = [first_side, second_side]
    counts = [side.group_by("key").agg(pl.col("set").n_unique().alias("sets")) for side in sides]
    both = counts[0].join(counts[1], on="key", how="inner").sort("key")
    simple = both.filter((pl.col("sets") == 1) & (pl.col("sets_right") == 1))["key"].to_list()
    other = both.filter((pl.col("sets") > 1) | (pl.col("sets_right") > 1))["key"].to_list()
    names = [f"{rule.name}({context.names.get(key, key)})" for key in simple]
    first = context.rows.add(rule.kind, names, 1, key=rule.name, scopes=simple)
    place = {key: number for number, key in enumerate(simple)}
    for side in sides:
        some = side.filter(pl.col("key").is_in(simple))
        _put(context, some, first + np.array([place[key] for key in some["key"]], np.int64))
    extra = context.rows.add_extras([f"exclusion|{rule.name}|{key}" for key in other])
    column = {key: extra + number for number, key in enumerate(other)}
    for side, limit, amount in ((sides[0], 0, -1), (sides[1], 1, 1)):
        some = side.filter(pl.col("key").is_in(other))
        sets = some.select("key", "set").unique().sort("key", "set")
        names = [f"{rule.name}({context.names.get(key, key)})" for key in sets["key"]]
        first = context.rows.add(rule.kind, names, limit, key=rule.name, scopes=sets["key"].to_list())
        columns = np.array([column[key] for key in sets["key"]], np.int64)
        context.rows.put(EXTRA, first + np.arange(sets.height), columns, amount)
        rows = sets.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
        entries = some.join(rows, on=["key", "set"], how="inner")
        _put(context, entries, first + entries["row"].to_numpy())


def _put(context: RuleContext, entries: pl.DataFrame, row: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    part, column = entries["part"].to_numpy(), entries["column"].to_numpy()
    for kind in (OPTION, OPENING):
        some = part == kind
        context.rows.put(kind, row[some], column[some], 1)
