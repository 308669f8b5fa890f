"""Pilots, and the use of every quota and rule: the smaller tables of a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from ..solver.solution import Plan
from .book import Book
from .changed_amounts import changed_numbers
from .options import Options
from .scenario import Scenario

PILOTS_SCHEMA = {"community": pl.String, "category": pl.String, "source": pl.String, "reason": pl.String}
QUOTAS_SCHEMA = {
    "name": pl.String, "scope": pl.String, "value": pl.Int64, "limit": pl.Int64, "slack": pl.Int64, "unit": pl.String,
}  # fmt: skip

SELECTED, LISTED = "selected", "listed"


def pilots(book: Book, selected: Iterable[str]) -> pl.DataFrame:
    """Pilots that are listed, and those a selection run recommends (推荐名单), with the reason.

    One that is listed and chosen as well counts as chosen.
    """
    communities = book.table("communities")
    category = dict(zip(communities["id"], communities["pilot_category"], strict=True))
    told: dict[str, list[str]] = {}
    for row in book.table("listings").filter(pl.col("programme") == "good_pilot").sort("id").iter_rows(named=True):
        words = [row["batch"], str(row["year"]) if row["year"] else "", row["document"]]
        told.setdefault(row["community"], []).append(" ".join(word for word in words if word) or row["id"])
        if row["category"]:
            category[row["community"]] = row["category"]
    chosen = set(selected)
    rows = []
    for community in sorted({*told, *(code for code, held in category.items() if held), *chosen}):
        on_list = f"列入好社区试点名单（{'；'.join(told[community])}）" if community in told else ""
        if community in chosen:
            reason = "本次测算遴选，列入推荐名单，待审定" + (f"；已{on_list}" if on_list else "")
            rows.append((community, category.get(community), SELECTED, reason))
        else:
            rows.append((community, category.get(community), LISTED, on_list or "社区底数登记为试点"))
    return pl.DataFrame(rows, schema=PILOTS_SCHEMA, orient="row")


@dataclass(frozen=True, slots=True)
class RuleValue:
    """How far a rule of the scenario is used in one of its rows; `floor` says that the value must not be below."""

    name: str
    scope: str
    value: int
    limit: int
    floor: bool
    unit: str


def quotas(options: Options, plan: Plan, book: Book, scenario: Scenario, rules: Iterable[RuleValue]) -> pl.DataFrame:
    """Use of every policy number, operator number and rule row, with what is left of it."""
    used: dict[tuple[str, int], int] = {}
    for opening, owner, quota, year, amount in options.uses.select(
        "opening", "owner", "quota", "year", "amount"
    ).iter_rows():
        if (plan.opening if opening else plan.option)[owner]:
            used[quota, year] = used.get((quota, year), 0) + amount
    rows: list[tuple[str, str, int, int, int, str]] = []
    for policy, year, limit in changed_numbers(book, scenario).iter_rows():
        value = used.get((policy, year), 0)
        rows.append((policy, str(year), value, limit, max(0, limit - value), "个"))
    for row in book.table("operators").sort("id").iter_rows(named=True):
        if row["number"] is not None:
            value = used.get((row["id"], 0), 0)
            rows.append((row["id"], "", value, row["number"], max(0, row["number"] - value), "处"))
    for rule in rules:
        # values of rules on money may be rounded past their limit by one unit
        limit = min(rule.limit, rule.value) if rule.floor else max(rule.limit, rule.value)
        rows.append((rule.name, rule.scope, rule.value, limit, abs(limit - rule.value), rule.unit))
    return pl.DataFrame(rows, schema=QUOTAS_SCHEMA, orient="row")
