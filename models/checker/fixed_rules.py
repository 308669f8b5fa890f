"""Rules on single things: pins, forbids, few changes against an earlier plan, and pilots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .book_facts import Facts
from .plan import Component, Plan
from .plan_rules import counts_as_met
from .reach import ways
from .reading import Row, UnreadableError, read_run_tables

Rule = Mapping[str, Any]
Broken = tuple[str, str, str, str]
"""Code, where, and what to say in Chinese and English."""


def broken_pins(facts: Facts, plan: Plan, rule: Rule) -> Iterator[Broken]:
    """Pins without anything that fits, forbids with something that does."""
    pin = rule["kind"] == "pin"
    fitting = [one for one in plan.components if not rule.get("years") or one.year in rule["years"]]
    measures = rule.get("measures", ())
    needs = {
        one.need
        for one in fitting
        if one.kind == "option" and (one.measure in measures if measures else counts_as_met(facts, one))
    }
    sites = {one.site for one in fitting if one.kind == "site"}
    for named, taken in ((rule.get("needs", ()), needs), (rule.get("sites", ()), sites)):
        for name in named:
            if pin and name not in taken:
                yield "pin", f"{rule['name']} {name}", "确定纳入而未安排", "pinned and not in the plan"
            if not pin and name in taken:
                yield "forbid", f"{rule['name']} {name}", "暂不安排而已安排", "forbidden and in the plan"


def need_state(rows: list[Row]) -> dict[str, frozenset[tuple[str, ...]]]:
    """For every need what is done for it: measure, level, site of the module, operation, start year, lots."""
    state: dict[str, set[tuple[str, ...]]] = {}
    for row in rows:
        if row["need_id"]:
            done = (row["measure"], row["level"], row["site"], row["operation_type"], row["start_year"], row["lots"])
            state.setdefault(row["need_id"], set()).add(done)
    return {need: frozenset(done) for need, done in state.items()}


def opened_sites(rows: list[Row]) -> set[str]:
    """Sites that a plan opens."""
    return {row["site"] for row in rows if not row["need_id"] and row["component_id"].startswith("site|")}


def changes_from(facts: Facts, rows: list[Row], earlier: list[Row]) -> int:
    """Number of changes against an earlier plan; what is gone from the book does not count."""
    now, before = need_state(rows), need_state(earlier)
    needs = {need for need in {*now, *before} if need in facts.needs}
    changed = sum(now.get(need, frozenset()) != before.get(need, frozenset()) for need in needs)
    sites_now, sites_before = opened_sites(rows), opened_sites(earlier)
    return changed + sum(site in facts.sites for site in sites_now ^ sites_before)


def broken_changes(facts: Facts, rows: list[Row], rule: Rule, folders: tuple[Path, ...]) -> Iterator[Broken]:
    """Too many changes, or an earlier plan that is not to be found."""
    told = Path(rule["plan"])
    for folder in (told, *(base / told for base in folders)):
        try:
            earlier = read_run_tables(folder)["components"]
        except (UnreadableError, OSError):
            continue
        number = changes_from(facts, rows, earlier)
        if number > rule["number"]:
            yield (
                "changes",
                rule["name"],
                f"变动 {number} 处,至多 {rule['number']} 处",
                f"{number} changes, at most {rule['number']}",
            )
        return
    yield "earlier-plan-missing", rule["name"], f"找不到原方案 {told}", f"the earlier plan {told} is not there"


def broken_pilots(facts: Facts, plan: Plan, rule: Rule) -> Iterator[Broken]:
    """Pilots without a project in some programme by the end of the first year, and a selection against its terms."""
    first = facts.years[0]
    served: dict[str, set[str]] = {}
    for one in plan.options:
        if one.year == first and one.need in facts.needs and counts_as_met(facts, one):
            need = facts.needs[one.need]
            served.setdefault(need.place.community, set()).add(need.programme)
    chosen = facts.selected if rule["mode"] == "select" else facts.pilots
    wanted: dict[str, set[str]] = {}
    for need in facts.needs.values():
        if need.place.community in chosen and any(first in way.years for way in ways(facts, need)):
            wanted.setdefault(need.place.community, set()).add(need.programme)
    for community, programmes in sorted(wanted.items()):
        for programme in sorted(programmes - served.get(community, set())):
            yield (
                "pilots",
                f"{rule['name']} {community} {programme}",
                "试点第一年该工程无项目",
                "no project in this programme in the first year",
            )
    if rule["mode"] == "select":
        yield from _selection(facts, rule)


def _selection(facts: Facts, rule: Rule) -> Iterator[Broken]:
    chosen = [facts.communities[code] for code in sorted(facts.selected)]
    name = rule["name"]
    if len(chosen) != rule["number"]:
        yield (
            "pilot-selection",
            name,
            f"遴选 {len(chosen)} 个,应为 {rule['number']} 个",
            f"{len(chosen)} selected, not {rule['number']}",
        )
    categories = Counter(row["pilot_category"] for row in chosen)
    cities = Counter(row["city_code"] for row in chosen)
    for key, number in rule.get("categories", {}).items():
        if categories[key] != number:
            yield (
                "pilot-selection",
                f"{name} {key}",
                f"此类 {categories[key]} 个,应为 {number} 个",
                f"{categories[key]}, not {number}",
            )
    for key, number in rule.get("per_city", {}).items():
        if cities[key] != number:
            yield (
                "pilot-selection",
                f"{name} {key}",
                f"此市 {cities[key]} 个,应为 {number} 个",
                f"{cities[key]}, not {number}",
            )
    needs = Counter(need.place.community for need in facts.needs.values())
    for row in chosen:
        if needs[row["id"]] < rule.get("least_needs", 0) or row["households"] < rule.get("least_households", 0):
            yield "pilot-selection", f"{name} {row['id']}", "不满足遴选条件", "the entry conditions are not met"


def component_rows(components: tuple[Component, ...]) -> list[Row]:
    """The plan in the form in which an earlier plan is read."""
    return [
        {
            "need_id": one.need, "measure": one.measure, "level": str(one.level) if one.need else "", "site": one.site,
            "operation_type": one.operation, "start_year": str(one.year), "lots": str(one.lots), "component_id": one.id,
        }
        for one in components
    ]  # fmt: skip
