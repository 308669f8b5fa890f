"""Rules on what goes with what, worked out again on the plan: prerequisites, exclusions, digging once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .book_facts import Facts
from .derivation import types_of
from .places import EXISTS
from .plan import Component, Plan
from .reach import ways

Rule = Mapping[str, Any]
Taken = tuple[Component, str]
"""An option that is taken (no emergency handling), and its community."""
Row = tuple[tuple[Any, ...], int, int, bool]
"""Scope, value, limit, and whether the limit is a floor."""


def order_rows(facts: Facts, plan: Plan, options: Sequence[Taken], rule: Rule) -> Iterator[Row]:
    """Every row of a rule of one of these kinds."""
    if rule["kind"] == "prerequisite":
        yield from _prerequisite(facts, options, rule)
    elif rule["kind"] == "exclusion":
        yield from _exclusion(plan, options, rule)
    else:
        yield from _dig_once(facts, plan, rule)


def _prerequisite(facts: Facts, options: Sequence[Taken], rule: Rule) -> Iterator[Row]:
    before, after = set(types_of(rule, "before")), set(types_of(rule, "after"))
    able = {name: need for name, need in facts.needs.items() if any(not way.exists for way in ways(facts, need))}
    bound = {need.place.community for need in able.values() if need.row["service_type"] in before}
    begun: dict[str, int] = {}  # first start by community of the types, and by need
    for one, community in options:
        if one.variant & EXISTS:
            continue
        for key in (community, f"need {one.need}") if one.type in before else (f"need {one.need}",):
            begun[key] = min(begun.get(key, one.year), one.year)
    earlier = [name for name in types_of(rule, "before_needs") if name in able]
    later = set(types_of(rule, "after_needs"))
    for one, community in options:
        waits = [community] if one.type in after and community in bound else []
        waits += [f"need {name}" for name in earlier] if one.need in later else []
        for key in waits:
            first = begun.get(key)
            yield ((key, one.need), int(first is None or first > one.year), 0, False)


def _exclusion(plan: Plan, options: Sequence[Taken], rule: Rule) -> Iterator[Row]:
    sides = [set(types_of(rule, "first")), set(types_of(rule, "second"))]
    found: dict[str, list[bool]] = defaultdict(lambda: [False, False])
    for one, community in options:
        for side, types in enumerate(sides):
            found[community][side] |= one.type in types
    for community, both in sorted(found.items()):
        if any(both):
            yield ((community,), int(both[0]) + int(both[1]), 1, False)
    there = {("needs", one.need) for one, _ in options} | {("sites", name) for name in plan.sites}
    things = [
        [(kind, name) for kind in ("needs", "sites") for name in types_of(rule, f"{side}_{kind}")]
        for side in ("first", "second")
    ]
    for one_thing in things[0]:
        for other in things[1]:
            number = int(one_thing in there) + int(other in there)
            yield ((one_thing[1], other[1]), number, 1, False)


def _dig_once(facts: Facts, plan: Plan, rule: Rule) -> Iterator[Row]:
    """A campaign digs where at least two open needs of its types lie; everything else is the book's."""
    number = next(place for place, one in enumerate(facts.rules) if one is rule)
    types = set(types_of(rule))
    for community, which, year in plan.campaigns:
        if which == number:
            needs = sum(
                need.place.community == community and need.row["service_type"] in types for need in facts.needs.values()
            )
            yield ((community, year), needs, 2, True)
