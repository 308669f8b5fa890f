"""What a component costs, takes, spends, draws and brings: worked out again from the book."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from .book_facts import LEVELS, WORKS_DEPARTMENT, Facts, Need, Place, tenths
from .packages import FIXED, Package, annuity_fen, is_emergency, operator_fund, works_package
from .places import DIG, EMERGENCY, EXISTS, WAIVER, policy_for
from .plan import Component
from .reading import Row

WORKS_PROFILE = (97, 3)
OWN = "own"


class DerivationError(ValueError):
    """A component that the book does not allow to be worked out; `code` is that of the refusal."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.code, self.zh, self.en = code, zh, en


@dataclass(frozen=True, slots=True)
class Draw:
    """Money taken from one fund outside the shares: a fixed sum or an operator's capital."""

    fund: str
    budget_year: int
    year: int
    amount: int  # hundreds of yuan


@dataclass(frozen=True, slots=True)
class Derived:
    """A component worked out; money in hundreds of yuan unless it says yuan."""

    units: int
    area: int  # 0.1 m2
    cost: int
    due: Mapping[int, int]  # by payment year
    draws: tuple[Draw, ...]
    demand: Mapping[int, int]  # what is left for the package
    later_yuan: int  # a year
    later_from: int
    later_to: int
    lag: int
    class_lag: int
    benefit: int
    safety: int
    county: str
    programme: str
    department: str


def cost_points(facts: Facts, found: Derived) -> int:
    """What a component takes in the cost stage: public capital and later cost to the last year.

    An operator's capital, and fixed sums of funds of levels social and owners, are no public money.
    """
    years = max(0, found.later_to - found.later_from + 1)
    private = sum(
        draw.amount
        for draw in found.draws
        if facts.funds[draw.fund]["fund_type"] == "SOC" or facts.funds[draw.fund]["level"] in ("social", "owners")
    )
    return found.cost - private + hundreds(found.later_yuan * years)


def hundreds(yuan: int) -> int:
    """Whole hundreds of yuan of what is spent."""
    return -(-yuan // 100)


def percent_up(yuan: int, percent: int | Fraction) -> int:
    """So many percent of an amount, rounded up to whole yuan."""
    return math.ceil(yuan * Fraction(percent) / 100)


@cache
def profile_of(text: str) -> tuple[int, ...]:
    """Percent of the cost due in the start year and after."""
    return tuple(int(part) for part in text.split("/"))


def due_by_year(cost: int, profile: tuple[int, ...], start: int) -> dict[int, int]:
    """What falls due in each year from the start year on, adding up to the cost."""
    due, paid, share = {}, 0, 0
    for place, percent in enumerate(profile):
        share += percent
        until = cost if place == len(profile) - 1 else cost * share // 100
        due[start + place] = until - paid
        paid = until
    return due


def department_of(row: Row) -> str:
    """The first name of a department cell."""
    return str(row["department_zh"] or "").partition("/")[0]


def measure_of(facts: Facts, name: str, variant: int) -> Row:
    """A measure of the catalogue, or the emergency handling that a type has of its own."""
    known = facts.measures.get(name)
    if known is not None and (not variant & EMERGENCY or is_emergency(known)):
        return known
    kind = facts.types.get(name[:-1])
    if not variant & EMERGENCY or not name.endswith("e") or kind is None:
        raise DerivationError("unknown-measure", f"没有措施 {name}", f"there is no measure {name}")
    return {
        "id": name, "service_type": kind["id"], "level_reached": "exists", "metric_per_unit": None,
        "site_kind": "none", "needs_consent": "none", "capex_wan_per_unit_typ": None, "fixed_capex_wan": 0,
        "opex_wan_per_unit_year": 0, "revenue_wan_per_unit_year": 0, "build_months": 0, "life_years": None,
        "spend_profile": "100", "department_zh": kind["department_zh"], "eligible_share_by_fund": {},
        "min_area_m2": None, "area_m2_per_unit": None, "max_units_per_site": None, "own_emergency": True,
    }  # fmt: skip


def units_for(need: Need, measure: Row, lots: int) -> int:
    """Units of a measure that close so many lots of a need."""
    if measure.get("own_emergency"):
        return lots
    yields: Fraction = measure["metric_per_unit"]
    return math.ceil(lots * need.lot_quantity / yields)


def lag_of(measure: Row) -> int:
    """Years from the start of building to use."""
    return -(-int(measure["build_months"] or 0) // 12)


def capital_yuan(facts: Facts, yuan: int, place: Place, variant: int, measure: Row, use: str | None) -> int:
    """Capital cost after the scenario's percentage and a waiver."""
    yuan = percent_up(yuan, int(facts.factor("cost_percent", place)))
    if variant & WAIVER:
        waiver = policy_for(facts, ("fee_waiver",), measure["service_type"], use, place)
        if waiver is None:
            raise DerivationError("waiver", "没有可用的费用减免政策", "no fee waiver applies")
        yuan = percent_up(yuan, 100 - (facts.policies[waiver]["effect"] or Fraction(0)))
    return yuan


def spending(
    facts: Facts, cost: int, profile: tuple[int, ...], start: int, lag: int, package: Package,
    kind: str, units: int, share: int, capital_fund: str | None,
) -> tuple[dict[int, int], tuple[Draw, ...], dict[int, int]]:  # fmt: skip
    """What falls due by year, what fixed sums and an operator take of it, and what is left to the package."""
    due = due_by_year(cost, profile, start)
    demand = dict(due)
    draws: list[Draw] = []
    for fund in sorted(name for name, cap in package.caps.items() if cap == FIXED and name in facts.funds):
        row = facts.funds[fund]
        left = int(Fraction((row["unit_sums"] or {}).get(kind, 0)) * 10_000 * units) // 100
        for year in sorted(demand):
            if row["arrives"] == "after_acceptance" and year < start + max(1, lag):
                continue
            budget = year - 1 if row["arrives"] == "next_year" else year
            amount = min(demand[year], left)
            if amount > 0 and budget in facts.budget_years(fund):
                draws.append(Draw(fund, budget, year, amount))
                demand[year] -= amount
                left -= amount
    if share:
        if capital_fund is None:
            raise DerivationError("operator-capital", "没有可用的社会资金", "no fund carries the operator's capital")
        for year in sorted(demand):
            amount = demand[year] * share // 100
            if amount:
                draws.append(Draw(capital_fund, year, year, amount))
                demand[year] -= amount
    return due, tuple(draws), {year: amount for year, amount in demand.items() if amount}


def _lag_of_class(facts: Facts, package: Package, lag: int) -> int:
    return max(1, lag) if package.waits(facts) else 0


def derive_option(facts: Facts, need: Need, one: Component, package: Package) -> Derived:
    """An option that is taken, worked out again."""
    measure = measure_of(facts, one.measure, one.variant)
    emergency, exists = bool(one.variant & EMERGENCY), bool(one.variant & EXISTS)
    units = 0 if exists else units_for(need, measure, one.lots)
    site = facts.sites.get(one.site)
    area, cost_yuan = 0, 0
    if not exists:
        if measure.get("own_emergency"):
            cost_yuan = int(facts.factor("emergency_cost", need.place)) * units
        else:
            cost_yuan = units * measure["capex_wan_per_unit_typ"]
            if site is None:
                cost_yuan += measure["fixed_capex_wan"] or 0
            else:
                cost_yuan = percent_up(cost_yuan, 100 - int(facts.factor("fit_out_share", need.place)))
                area = tenths(units * (measure["area_m2_per_unit"] or Fraction(0)), up=True)
        cost_yuan = _with_campaign(facts, need, one, cost_yuan, measure, site["use"] if site else None)
    cost = hundreds(cost_yuan)
    lag = lag_of(measure)
    operator = facts.operators.get(one.operation)
    share = math.floor(operator["capital_share"] or 0) if operator else 0
    place = facts.place_of_site(one.site) if site else need.place
    fund = operator_fund(facts, measure, place) if share else None
    due, draws, demand = spending(
        facts, cost, profile_of(measure["spend_profile"]), one.year, lag, package,
        measure["service_type"], units, share, fund,
    )  # fmt: skip
    net = (measure["opex_wan_per_unit_year"] or 0) - (measure["revenue_wan_per_unit_year"] or 0)
    later = 0 if exists or operator else max(0, net) * units
    life = measure["life_years"]
    begins = one.year + lag
    ends = facts.last_year if life is None else min(facts.last_year, begins + life - 1)
    safety = need.type["safety"] and one.level >= 2 and not emergency
    return Derived(
        units=units,
        area=area,
        cost=cost,
        due=due,
        draws=draws,
        demand=demand,
        later_yuan=later,
        later_from=begins,
        later_to=ends,
        lag=lag,
        class_lag=_lag_of_class(facts, package, lag),
        benefit=0 if emergency else benefit_of(facts, need, one.level, need.lots if exists else one.lots, one.year),
        safety=1000 * one.lots // need.lots if safety else 0,
        county=need.place.county,
        programme=need.programme,
        department=department_of(measure),
    )


def _with_campaign(facts: Facts, need: Need, one: Component, yuan: int, measure: Row, use: str | None) -> int:
    if not one.variant & DIG:
        return capital_yuan(facts, yuan, need.place, one.variant, measure, use)
    number = campaign_rule(one)
    rule = facts.rules[number] if 0 <= number < len(facts.rules) else {}
    if rule.get("kind") != "dig_once":
        raise DerivationError("dig-once", "没有这样的合并开挖规则", "there is no such dig-once rule")
    yuan = percent_up(yuan, int(facts.factor("cost_percent", need.place)))
    yuan = percent_up(yuan, 100 - int(rule["saving"]))
    if one.variant & WAIVER:  # the percentage is already in
        waiver = policy_for(facts, ("fee_waiver",), measure["service_type"], use, need.place)
        if waiver is None:
            raise DerivationError("waiver", "没有可用的费用减免政策", "no fee waiver applies")
        yuan = percent_up(yuan, 100 - (facts.policies[waiver]["effect"] or Fraction(0)))
    return yuan


def campaign_rule(one: Component) -> int:
    """Number of the dig-once rule of an option, from its `module` cell (`campaign|<community>|<rule>`)."""
    parts = one.module.split("|")
    return int(parts[2]) if len(parts) >= 3 and parts[0] == "campaign" and parts[2].isdigit() else -1


def benefit_of(facts: Facts, need: Need, level: int, lots: int, year: int) -> int:
    """Whole points of closing so many lots of a need at a level, starting in a year."""
    worth = facts.factor("level_worth", need.place)
    discount = int(facts.factor("discount_percent", need.place))
    later = year - facts.years[0]
    gain = need.row["people"] * need.row["urgency"] * (worth[level] - worth[need.level])
    return int(
        gain * facts.weight(need.programme, need.place) * lots * discount**later // (need.lots * 100 * 100**later)
    )


def derive_module(facts: Facts, one: Component, package: Package) -> Derived:
    """The opening of a module, worked out again; its area is the least that it takes."""
    measure = measure_of(facts, one.measure, one.variant)
    place = facts.place_of_site(one.site)
    smallest = measure["min_area_m2"] or Fraction(0)
    each = measure["area_m2_per_unit"] or Fraction(0)
    least = max(1, math.ceil(smallest / each)) if each else 1
    only_exists = level_of(measure) == 1  # no option in full: the opening is the whole work
    share = 100 if only_exists else int(facts.factor("fit_out_share", place))
    yuan = (measure["fixed_capex_wan"] or 0) + percent_up(least * measure["capex_wan_per_unit_typ"], share)
    cost = hundreds(capital_yuan(facts, yuan, place, one.variant, measure, facts.sites[one.site]["use"]))
    lag = lag_of(measure)
    operator = facts.operators.get(one.operation)
    part = math.floor(operator["capital_share"] or 0) if operator else 0
    due, draws, demand = spending(
        facts, cost, profile_of(measure["spend_profile"]), one.year, lag, package,
        measure["service_type"], 0, part, operator_fund(facts, measure, place) if part else None,
    )  # fmt: skip
    later, ends = 0, facts.last_year
    if operator:
        later = max(0, (operator["subsidy"] or 0) - (operator["rent_paid"] or 0))
    elif only_exists:
        net = (measure["opex_wan_per_unit_year"] or 0) - (measure["revenue_wan_per_unit_year"] or 0)
        later = least * max(0, net)
        life = measure["life_years"]
        ends = ends if life is None else min(ends, one.year + lag + life - 1)
    return Derived(
        units=0, area=tenths(smallest, up=True), cost=cost, due=due, draws=draws, demand=demand,
        later_yuan=later, later_from=one.year + lag, later_to=ends, lag=lag,
        class_lag=_lag_of_class(facts, package, lag), benefit=0, safety=0, county=place.county,
        programme=str(facts.types[measure["service_type"]]["programme"]), department=department_of(measure),
    )  # fmt: skip


def module_capacity(measure: Row) -> int | None:
    """The most that may stand in a module, 0.1 m²; None without limit."""
    if measure["max_units_per_site"] is None:
        return None
    return tenths(measure["max_units_per_site"] * (measure["area_m2_per_unit"] or Fraction(0)), up=False)


def derive_site(facts: Facts, one: Component, package: Package) -> Derived:
    """The opening of a site: its conversion and its rent."""
    site, place = facts.sites[one.site], facts.place_of_site(one.site)
    cost = hundreds(percent_up(site["conversion_cost"] or 0, int(facts.factor("cost_percent", place))))
    due, draws, demand = spending(facts, cost, WORKS_PROFILE, one.year, 0, package, "", 0, 0, None)
    years = site["rent_years"]
    return Derived(
        units=0, area=0, cost=cost, due=due, draws=draws, demand=demand, later_yuan=site["rent"] or 0,
        later_from=one.year,
        later_to=facts.last_year if years is None else min(facts.last_year, one.year + years - 1),
        lag=0, class_lag=_lag_of_class(facts, package, 0), benefit=0, safety=0, county=place.county,
        programme="facilities", department=WORKS_DEPARTMENT,
    )  # fmt: skip


def derive_campaign(facts: Facts, one: Component, package: Package) -> Derived:
    """The fixed cost of a dig-once campaign."""
    rules = facts.rules
    rule = rules[one.rule] if 0 <= one.rule < len(rules) else {}
    if rule.get("kind") != "dig_once" or one.community not in facts.communities:
        raise DerivationError("dig-once", "没有这样的合并开挖规则", "there is no such dig-once rule")
    place = facts.place_of_community(one.community)
    fixed = int(Fraction(str(rule["fixed"])) * 10_000)
    cost = hundreds(percent_up(fixed, int(facts.factor("cost_percent", place))))
    due, draws, demand = spending(facts, cost, WORKS_PROFILE, one.year, 0, package, "", 0, 0, None)
    return Derived(
        units=0, area=0, cost=cost, due=due, draws=draws, demand=demand, later_yuan=0, later_from=one.year,
        later_to=one.year - 1, lag=0, class_lag=_lag_of_class(facts, package, 0), benefit=0, safety=0,
        county=place.county, programme=str(facts.types[types_of(rule)[0]]["programme"]), department=WORKS_DEPARTMENT,
    )  # fmt: skip


def types_of(rule: Mapping[str, object], key: str = "service_types") -> tuple[str, ...]:
    """Service types of a rule; a single code may stand without brackets."""
    told = rule.get(key, ())
    return (told,) if isinstance(told, str) else tuple(str(code) for code in told)  # type: ignore[attr-defined]


def opening_package(facts: Facts, one: Component) -> Package:
    """What must pay for the opening of a site or a campaign."""
    if one.kind == "site":
        return works_package(facts, ("F01",), facts.place_of_site(one.site))
    return works_package(facts, types_of(facts.rules[one.rule]), facts.place_of_community(one.community))


def debt_of(facts: Facts, fund: str) -> tuple[int, int]:
    """Debt service of a fund a year in fen per 100 yuan, and for how many years; (0, 0) for no bond."""
    row = facts.funds[fund]
    years = row["debt_years"] or 0
    return (annuity_fen(row["debt_rate"] or Fraction(0), years), years) if years else (0, 0)


def level_of(measure: Row) -> int:
    """The level that a measure reaches."""
    return LEVELS[measure["level_reached"]]
