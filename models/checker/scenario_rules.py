"""The rules of the scenario, each worked out again on the plan: a value against a limit for every row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .book_facts import Facts, Need
from .derivation import department_of
from .money import Grant
from .option_rules import Derivations
from .order_rules import order_rows
from .plan import Plan
from .plan_rules import counts_as_met
from .reach import ways
from .traits import Traits, fits, keys_of, traits_of, traits_of_need

Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One row of a rule: `value` must be at least (floor) or at most `limit`, with a tolerance for whole yuan."""

    name: str
    scope: str
    value: int | Fraction
    limit: int | Fraction
    floor: bool
    tolerance: int = 0

    @property
    def holds(self) -> bool:
        if self.floor:
            return self.value >= self.limit - self.tolerance
        return self.value <= self.limit + self.tolerance


class Rules:
    """The rules of a scenario on one plan; `rows` gives every row of one rule."""

    def __init__(self, facts: Facts, plan: Plan, derived: Derivations, grants: list[Grant]) -> None:
        self.facts, self.plan, self.grants = facts, plan, grants
        self.derived = derived
        self.components = [
            (one, derived.of[one.id], traits_of(facts, one, derived.of[one.id]))
            for one in plan.components
            if one.id in derived.of
        ]
        self.options = [
            (one, traits) for one, _, traits in self.components if one.kind == "option" and counts_as_met(facts, one)
        ]

    def rows(self, rule: Rule) -> list[RuleRow]:
        """Every row of a rule; pins, pilots and changes are rows of one thing each."""
        makers: Mapping[str, Callable[[Rule], Iterator[RuleRow]]] = {
            "money": self._money, "number": self._number, "met": self._met, "complete": self._complete,
            "safety_first": self._safety_first, "prerequisite": self._goes_with, "exclusion": self._goes_with,
            "dig_once": self._goes_with,
        }  # fmt: skip
        maker = makers.get(rule["kind"])
        return list(maker(rule)) if maker else []

    def _universe(self, rule: Rule) -> set[tuple[Any, ...]]:
        """Values of `each` that occur among all components that could be chosen."""
        if not rule.get("each"):
            return {()}
        found = {key for _, _, traits in self.components if fits(traits, rule) for key in keys_of(traits, rule)}
        for need in self.facts.needs.values():
            for way in ways(self.facts, need):
                for year in way.years:
                    traits = traits_of_need(need, way.department, year)
                    if fits(traits, rule):
                        found.update(keys_of(traits, rule))
        return {key for key in found if "" not in key and None not in key}

    def _row(
        self, rule: Rule, key: tuple[Any, ...], value: int, limit: int | Fraction, floor: bool, slack: int = 0
    ) -> RuleRow:
        return RuleRow(rule["name"], "/".join(map(str, key)), value, limit, floor, slack)

    def _money(self, rule: Rule) -> Iterator[RuleRow]:
        if rule.get("funds"):
            yield from self._drawn(rule)
            return
        floor = rule["bound"] == "floor"
        for key in sorted(self._universe(rule), key=str):
            inside = [
                found.cost
                for _, found, traits in self.components
                if fits(traits, rule) and key in keys_of(traits, rule)
            ]
            value = sum(inside)
            if "amount" in rule:
                yuan = int(Fraction(str(rule["amount"])) * 10_000)
                yield self._row(rule, key, value, -(-yuan // 100) if floor else yuan // 100, floor)
            elif rule.get("of", "used") == "used":
                base = sum(
                    found.cost
                    for _, found, traits in self.components
                    if key in keys_of(traits, rule) and (not rule.get("years") or traits.year in rule["years"])
                )
                yield self._row(rule, key, 100 * value, rule["share"] * base, floor)
            else:
                yield self._row(rule, key, 100 * value, rule["share"] * self._budget(rule, key), floor)

    def _budget(self, rule: Rule, key: tuple[Any, ...]) -> int:
        """Sum of the limits of all sources that fit places, years and funds."""
        facts, chosen = self.facts, dict(zip(rule.get("each", ()), key, strict=True))
        counties = {chosen["county"]} if "county" in chosen else set(rule.get("counties", ()))
        cities = {chosen["city"]} if "city" in chosen else set(rule.get("cities", ()))
        years = {chosen["year"]} if "year" in chosen else set(rule.get("years", ()))
        total = 0
        for name in facts.funds:
            places = facts.funds[name]["places"] or ()
            if any(codes and places and not _overlap(codes, places) for codes in (counties, cities)):
                continue
            if (rule.get("funds") and not self._named(name, rule)) or chosen.get("fund", name) != name:
                continue
            for year in facts.budget_years(name):
                if not years or year in years:
                    total += (facts.budget_yuan(name, year) or 0) // 100
        return total

    def _named(self, fund: str, rule: Rule) -> bool:
        row = self.facts.funds.get(fund)
        return row is not None and bool({fund, row["fund_type"]} & set(rule["funds"]))

    def _drawn(self, rule: Rule) -> Iterator[RuleRow]:
        """Money drawn from named funds: whole yuan, told apart by project where the rule filters on programmes."""
        floor = rule["bound"] == "floor"
        by_project: dict[str, list[Traits]] = defaultdict(list)
        for one, _, traits in self.components:
            by_project[one.project].append(traits)
        ways_to_count: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])  # least, most
        bases: dict[tuple[Any, ...], int] = defaultdict(int)
        sources: dict[tuple[Any, ...], set[tuple[str, int]]] = defaultdict(set)
        for grant in self.grants:
            members = by_project.get(grant.project, [])
            if not self._named(grant.fund, rule) or not members:
                continue
            keys: dict[tuple[Any, ...], list[bool]] = defaultdict(list)
            for traits in members:
                here = _with_year(traits, grant.budget_year)
                for key in keys_of(here, rule, grant.fund):
                    keys[key].append(fits(here, rule))
            for key, inside in keys.items():
                alone = len(keys) == 1
                count = ways_to_count[key]
                count[0] += grant.yuan if alone and all(inside) else 0
                count[1] += grant.yuan if any(inside) else 0
                sources[key].add((grant.fund, grant.budget_year))
                if not rule.get("years") or grant.budget_year in rule["years"]:
                    bases[key] += grant.yuan
        for key in sorted(
            {*(key for key in ways_to_count if "" not in key), *(() if rule.get("each") else ((),))}, key=str
        ):
            least, most = ways_to_count[key]
            value = most if floor else least
            slack = len(sources[key])  # a yuan for every budget, since the table is in whole yuan
            if "amount" in rule:
                yield self._row(rule, key, value, int(Fraction(str(rule["amount"])) * 10_000), floor, slack)
            elif rule.get("of", "used") == "used":
                yield self._row(rule, key, 100 * value, rule["share"] * bases[key], floor, 100 * slack)
            else:
                yield self._row(
                    rule, key, 100 * value, rule["share"] * self._budget(rule, key) * 100, floor, 100 * slack
                )

    def _number(self, rule: Rule) -> Iterator[RuleRow]:
        floor = rule["bound"] == "floor"
        for key in sorted(self._universe(rule), key=str):
            value = sum(fits(traits, rule) and key in keys_of(traits, rule) for _, traits in self.options)
            if "number" in rule:
                yield self._row(rule, key, value, rule["number"], floor)
            else:
                base = sum(
                    key in keys_of(traits, rule) and (not rule.get("years") or traits.year in rule["years"])
                    for _, traits in self.options
                )
                yield self._row(rule, key, 100 * value, rule["share"] * base, floor)

    def _met_rows(
        self, rule: Rule, needs: list[Need], level: int, share: int, *, floor: bool = True
    ) -> Iterator[RuleRow]:
        by_key: dict[tuple[Any, ...], list[Need]] = defaultdict(list)
        for need in needs:
            for key in keys_of(traits_of_need(need, department_of(need.type), None), rule):
                by_key[key].append(need)
        met: dict[str, int] = defaultdict(int)
        for one, traits in self.options:
            if one.level >= level and (not rule.get("years") or traits.year in rule["years"]):
                met[one.need] += 1000 * one.lots // self.facts.needs[one.need].lots
        for key, members in sorted(by_key.items(), key=str):
            value = sum(met[need.id] for need in members)
            if "" not in key:  # no street: in no row
                yield self._row(rule, key, 100 * value, share * 1000 * len(members), floor)

    def _reachable(self, need: Need, level: int, years: Iterable[int]) -> bool:
        """Has a need an option that could count?"""
        return any(way.level >= level and (not years or set(years) & set(way.years)) for way in ways(self.facts, need))

    def _met(self, rule: Rule) -> Iterator[RuleRow]:
        needs = [
            need
            for need in self.facts.needs.values()
            if fits(traits_of_need(need, "", None), rule, ignore=("years", "departments"))
            and (not rule.get("reachable", False) or self._reachable(need, rule.get("level", 2), rule.get("years", ())))
        ]
        floor = rule.get("bound", "floor") == "floor"
        yield from self._met_rows(rule, needs, rule.get("level", 2), rule["share"], floor=floor)

    def _safety_first(self, rule: Rule) -> Iterator[RuleRow]:
        needs = [need for need in self.facts.needs.values() if need.type["safety"] and self._reachable(need, 2, ())]
        yield from self._met_rows(rule, needs, 2, rule["share"])

    def _complete(self, rule: Rule) -> Iterator[RuleRow]:
        national = rule.get("national", "完整社区")
        lots: dict[str, int] = defaultdict(int)
        for one, _ in self.options:
            if one.level >= 2:
                lots[one.need] += one.lots
        by_community: dict[str, list[Need]] = defaultdict(list)
        for need in self.facts.needs.values():
            if national in (need.type["programmes_counted"] or ()) and fits(
                traits_of_need(need, "", None), _places(rule)
            ):
                by_community[need.place.community].append(need)
        done = sum(all(lots[need.id] >= need.lots for need in needs) for needs in by_community.values())
        yield self._row(rule, (), done, rule["number"], True)

    def _goes_with(self, rule: Rule) -> Iterator[RuleRow]:
        options = [(one, traits.community) for one, traits in self.options]
        for scope, value, limit, floor in order_rows(self.facts, self.plan, options, rule):
            yield self._row(rule, scope, value, limit, floor)


def _overlap(codes: Iterable[str], places: Iterable[str]) -> bool:
    """Does one of the codes lie in one of the places, or the other way round?"""
    return any(code.startswith(place) or place.startswith(code) for code in codes for place in places)


def _places(rule: Rule) -> Rule:
    return {name: rule[name] for name in ("cities", "counties", "streets", "communities") if rule.get(name)}


def _with_year(traits: Traits, year: int) -> Traits:
    return Traits(
        traits.type, traits.programme, traits.national, traits.department, traits.community, traits.street,
        traits.county, traits.city, traits.group, year, traits.need,
    )  # fmt: skip
