"""What matching takes from the settings of a book and from a scenario."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from .book import Book
from .rule_base import yuan
from .scenario import PlaceFactors, Scenario


@dataclass(frozen=True, slots=True)
class DigOnce:
    """Works that may share a campaign; `rule` is the number of the rule in the scenario."""

    rule: int
    service_types: tuple[str, ...]
    saving: int  # percent
    fixed: int  # yuan


@dataclass(frozen=True, slots=True)
class MatchingSettings:
    """Conditions of one matching.

    The four last flags say what rules of the scenario look at: an option is beaten only by one that no rule
    could prefer it to.
    """

    plan_years: tuple[int, ...]
    last_year: int
    as_of: datetime.date
    walking_factor: float
    fit_out_share: int
    least_tenure_years: int
    emergency_cost: int  # yuan a lot
    factors_at: Callable[[str, str, str | None], PlaceFactors]  # city, county, street
    unconfirmed_sites: bool = False
    assume_consent: bool = False
    most_packages: int = 2
    selects_pilots: bool = False
    dig_once: tuple[DigOnce, ...] = ()
    free_waivers: frozenset[str] = frozenset()  # waivers without a number: whoever takes one leaves it to all
    looks_at_costs: bool = False
    looks_at_departments: bool = False
    looks_at_measures: bool = False
    looks_at_levels: bool = False


def matching_settings(book: Book, scenario: Scenario | None = None) -> MatchingSettings:
    """The conditions of a book under a scenario."""
    scenario = scenario or Scenario()
    settings = book.settings
    rules = scenario.rules
    return MatchingSettings(
        plan_years=settings.plan_years,
        last_year=settings.horizon_end,
        as_of=settings.as_of,
        walking_factor=settings.walking_factor,
        fit_out_share=settings.factors.fit_out_share,
        least_tenure_years=settings.factors.least_tenure_years,
        emergency_cost=settings.factors.emergency_cost,
        factors_at=lambda city, county, street: scenario.factors_at(settings, city, county, street),
        unconfirmed_sites=scenario.unconfirmed_sites,
        assume_consent=scenario.assume_consent,
        most_packages=scenario.most_packages,
        selects_pilots=scenario.selects_pilots,
        dig_once=tuple(
            DigOnce(number, rule.service_types, rule.saving, yuan(rule.fixed))
            for number, rule in enumerate(rules)
            if rule.kind == "dig_once"
        ),
        free_waivers=_free_waivers(book, scenario),
        # A floor on money, or a share of what is used, may want the dearer option; a ceiling in 万元 never does.
        looks_at_costs=any(
            rule.kind == "money" and (rule.bound == "floor" or (rule.share is not None and rule.of == "used"))
            for rule in rules
        ),
        looks_at_departments=any(
            rule.kind in ("money", "number", "met") and (bool(rule.departments) or "department" in rule.each)
            for rule in rules
        ),
        looks_at_measures=any(
            rule.kind == "changes" or (rule.kind in ("pin", "forbid") and bool(rule.measures)) for rule in rules
        ),
        # a ceiling on need met may want the lower level
        looks_at_levels=any(rule.kind == "met" and rule.bound == "ceiling" for rule in rules),
    )


def _free_waivers(book: Book, scenario: Scenario) -> frozenset[str]:
    waivers = book.table("policies").filter(pl.col("kind") == "fee_waiver")
    numbers = [name for name in waivers.columns if name.startswith("number_")]
    free = waivers.filter(pl.all_horizontal(pl.lit(True), *(pl.col(name).is_null() for name in numbers)))
    return frozenset(free["id"].to_list()) - {quota.policy for quota in scenario.quotas}
