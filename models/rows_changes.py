"""Rows of the rule on few changes against an earlier plan."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl

from .options import SITE
from .row_builder import EXTRA, OPENING, OPTION
from .rule_context import RuleContext
from .rules_fixed import ChangesRule

State = tuple[str, str, str, str, str, str]
"""Measure, operation, site, level, lots and start year of one option, as the parts of its id stand in a run."""


def changes_rows(context: RuleContext, rule: ChangesRule) -> None:
    """Few changes: `sum of d_n + sites opened otherwise <= number`.

    d_n is 0 only if the options taken of need n are exactly those of the earlier plan. For every state k that
    the earlier plan has c_k times: `taken of k >= c_k (1 - d_n)`; for all other options, by sets of which one
    can be taken: `taken <= d_n`. A site counts 1 if it opens and did not before, or the other way round.
    Needs and sites that are gone do not count.
    """
    earlier = _earlier(Path(rule.plan))
    if earlier is None:
        context.refuse(
            rule.name, rule.plan, "读不出原方案的 components.csv", "components.csv of the plan cannot be read"
        )
        return
    states, sites = earlier
    needs = context.options.needs["id"].to_list()
    extra = context.rows.add_extras([f"change|{rule.name}|{need}" for need in needs])
    total = context.rows.add(rule.kind, [rule.name], rule.number, key=rule.name, unit="处", listed=True)
    context.rows.put(EXTRA, total, extra + np.arange(len(needs)), 1)
    _need_rows(context, rule, states, extra)
    _site_entries(context, total, sites)


def _earlier(folder: Path) -> tuple[dict[str, Counter[State]], set[str]] | None:
    """The options of every need in a run, and the sites that it opens."""
    try:
        with (folder / "components.csv").open(encoding="utf-8-sig", newline="") as file:
            ids = [row["component_id"] for row in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, csv.Error):
        return None
    states: dict[str, Counter[State]] = {}
    sites: set[str] = set()
    for identifier in ids:
        kind, _, rest = identifier.partition("|")
        if kind == "site":
            sites.add(rest.rpartition("|")[0])
        elif kind not in ("module", "campaign"):
            need, measure, operation, site, level, lots, year, _ = identifier.rsplit("|", 7)
            states.setdefault(need, Counter())[measure, operation, site, level, lots, year] += 1
    return states, sites


def _need_rows(context: RuleContext, rule: ChangesRule, states: dict[str, Counter[State]], extra: int) -> None:
    frame = context.options.options
    needs = context.options.needs["id"].to_list()
    facility = frame["facility"].to_numpy()
    site = context.options.facilities["site"].to_list()
    need_of, sets = context.option_column("need"), context.one_of()
    lots = context.options.needs["lots"].to_list()
    columns = zip(
        frame["measure"], frame["operation"].fill_null(""),
        ((site[at] or "") if at >= 0 else "" for at in facility.tolist()),
        frame["level"].cast(pl.String), frame["lots"].cast(pl.String), frame["year"].cast(pl.String), strict=True,
    )  # fmt: skip
    kept: dict[tuple[int, State], list[int]] = {}
    other: dict[tuple[int, int], list[int]] = {}
    for option, state in enumerate(columns):
        need = int(need_of[option])
        if state in states.get(needs[need], ()):
            kept.setdefault((need, state), []).append(option)
        else:
            other.setdefault((need, int(sets[option])), []).append(option)
    rows = context.rows
    for need, name in enumerate(needs):
        for state, count in states.get(name, Counter()).items():
            held = kept.get((need, state), [])
            row = rows.add(rule.kind, [f"{rule.name}({name})"], -count, key=rule.name, scopes=[name], floor=True)
            rows.put(OPTION, row, held, -1)
            rows.put(EXTRA, row, [extra + need], -count)
            # more of one kind than before is a change too; an indivisible need takes one anyway
            if lots[need] > 1 and len(held) > count:
                row = rows.add(rule.kind, [f"{rule.name}({name})"], count, key=rule.name, scopes=[name])
                rows.put(OPTION, row, held, 1)
                rows.put(EXTRA, row, [extra + need], count - len(held))
    keys = list(other)
    first = rows.add(
        rule.kind, [f"{rule.name}({needs[need]})" for need, _ in keys], 0, key=rule.name,
        scopes=[needs[need] for need, _ in keys],
    )  # fmt: skip
    rows.put(EXTRA, first + np.arange(len(keys)), [extra + need for need, _ in keys], -1)
    for number, key in enumerate(keys):
        rows.put(OPTION, first + number, other[key], 1)


def _site_entries(context: RuleContext, total: int, sites: set[str]) -> None:
    """A site opened before counts 1 less its opening (the 1s are a fixed column), another one its opening."""
    openings = context.options.openings
    facilities = context.options.facilities[openings["facility"].to_numpy()]
    is_site = (facilities["kind"] == SITE).to_numpy()
    before = facilities["site"].is_in(list(sites)).fill_null(value=False).to_numpy()
    there = set(context.options.facilities.filter(pl.col("kind") == SITE)["site"].to_list())
    context.rows.put(OPENING, total, np.flatnonzero(is_site & ~before), 1)
    context.rows.put(OPENING, total, np.flatnonzero(is_site & before), -1)
    held = len(there & sites)
    base = context.rows.add_extras(["sites_opened_before"], lower=held, upper=held)
    context.rows.put(EXTRA, total, [base], 1)
