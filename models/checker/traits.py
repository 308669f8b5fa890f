"""What rules of the scenario ask of components and needs: filters, the values of `each`, finer classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from .book_facts import Facts, Need
from .derivation import Derived
from .plan import Component

Rule = Mapping[str, Any]
FILTERS: Mapping[str, str] = {
    "service_types": "type", "programmes": "programme", "cities": "city", "counties": "county", "streets": "street",
    "communities": "community", "departments": "department", "groups": "group", "years": "year", "needs": "need",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Traits:
    """What the filters of rules ask of a component or a need."""

    type: str
    programme: str
    national: tuple[str, ...]
    department: str
    community: str
    street: str
    county: str
    city: str
    group: str
    year: int | None
    need: str


def traits_of_need(need: Need, department: str, year: int | None) -> Traits:
    kind = need.type
    return Traits(
        kind["id"], need.programme, tuple(kind["programmes_counted"] or ()), department, need.place.community,
        need.place.street, need.place.county, need.place.city, need.row["group_served"], year, need.id,
    )  # fmt: skip


def traits_of(facts: Facts, one: Component, found: Derived) -> Traits:
    """Traits of a component: an option has its need's, an opening its site's."""
    if one.kind == "option":
        return traits_of_need(facts.needs[one.need], found.department, one.year)
    place = facts.place_of_community(one.community) if one.kind == "campaign" else facts.place_of_site(one.site)
    national = tuple(facts.types[one.type]["programmes_counted"] or ()) if one.kind == "module" else ()
    return Traits(
        one.type if one.kind == "module" else "", found.programme, national, found.department, place.community,
        place.street, place.county, place.city, "", one.year, "",
    )  # fmt: skip


def fits(traits: Traits, rule: Rule, *, ignore: Iterable[str] = ()) -> bool:
    """Is it in the filter of a rule?"""
    for name, trait in FILTERS.items():
        wanted = rule.get(name)
        if wanted and name not in ignore and getattr(traits, trait) not in wanted:
            return False
    national = rule.get("national")
    return not national or "national" in ignore or bool(set(national) & set(traits.national))


def keys_of(traits: Traits, rule: Rule, fund: str = "") -> list[tuple[Any, ...]]:
    """The values of `each`: one combination, or one for every national programme that it counts for.

    Where the filter names national programmes, only these; `fund` is that of the money, where the rule is on funds.
    """
    told: list[tuple[Any, ...]] = []
    for name in rule.get("each", ()):
        if name == "national":
            told.append(tuple(one for one in traits.national if not rule.get("national") or one in rule["national"]))
        else:
            told.append((fund if name == "fund" else getattr(traits, name),))
    return list(product(*told))


def asked_of_money(rules: Iterable[Rule]) -> tuple[str, ...]:
    """By what rules on a fund's money tell it apart beside place, programme and year: classes are as fine."""
    finer = {
        "department": "departments",
        "street": "streets",
        "community": "communities",
        "service_type": "service_types",
    }
    told = [rule for rule in rules if rule["kind"] == "money" and rule.get("funds")]
    return tuple(
        name
        for name, key in sorted(finer.items())
        if any(rule.get(key) or name in rule.get("each", ()) for rule in told)
    )
