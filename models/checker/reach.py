"""By which measures, where and when an open need can be met at all: the rules of a scenario speak of that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from .book_facts import Facts, Need, tenths
from .derivation import (
    WORKS_PROFILE,
    department_of,
    hundreds,
    lag_of,
    level_of,
    measure_of,
    percent_up,
    profile_of,
    spending,
    units_for,
)
from .option_rules import lots_allowed
from .packages import (
    FIXED,
    Package,
    budget_years_for,
    emergency_package,
    is_emergency,
    kept_packages,
    works_package,
)
from .places import (
    CHANGE,
    EMERGENCY,
    FAST,
    consent_stands,
    reach_faults,
    site_capacity,
    site_faults,
    start_faults,
    wants_change,
)
from .reading import Row


@dataclass(frozen=True, slots=True)
class Way:
    """One way to meet a need, with the start years in which it can begin; emergency handling is none."""

    measure: str
    department: str
    site: str
    level: int
    exists: bool
    years: tuple[int, ...]


def ways(facts: Facts, need: Need) -> list[Way]:
    """All ways to meet a need; kept once found."""
    key = ("ways", need.id)
    if key not in facts.cache:
        facts.cache[key] = [] if need.barred else [way for way in _ways(facts, need) if way.years]
    found: list[Way] = facts.cache[key]
    return found


def start_years(facts: Facts, need: Need) -> set[int]:
    """Years in which something may begin for a need."""
    return {year for way in ways(facts, need) for year in way.years}


def _ways(facts: Facts, need: Need) -> Iterator[Way]:
    for measure in _measures(facts, need.row["service_type"]):
        if is_emergency(measure) or not consent_stands(facts, need, measure["needs_consent"]):
            continue
        level, department = level_of(measure), department_of(measure)
        if measure["site_kind"] == "none":
            if level > need.level:
                years = _siteless_years(facts, need, measure)
                yield Way(measure["id"], department, "", level, False, years)
            continue
        full = level >= 2 and level > need.level
        if not full and need.level != 0:
            continue
        for site in _sites(facts, measure, need.place.county):
            if any(reach_faults(facts, site, measure, need)):
                continue
            years = _module_years(facts, measure, site)
            if full and _some_size_fits(facts, need, measure, site):
                yield Way(measure["id"], department, site["id"], level, False, years)
            if need.level == 0:
                yield Way(measure["id"], department, site["id"], 1, True, years)


def _measures(facts: Facts, service_type: str) -> list[Row]:
    if "measures by type" not in facts.cache:
        found: dict[str, list[Row]] = {}
        for _, row in sorted(facts.measures.items()):
            found.setdefault(row["service_type"], []).append(row)
        facts.cache["measures by type"] = found
    known: Mapping[str, list[Row]] = facts.cache["measures by type"]
    return known.get(service_type, [])


def _sites(facts: Facts, measure: Row, county: str) -> list[Row]:
    """Sites of a county on which a measure may stand."""
    key = ("sites for", measure["id"], county)
    if key not in facts.cache:
        facts.cache[key] = [
            site
            for _, site in sorted(facts.sites.items())
            if site["county_code"] == county and not any(site_faults(facts, site, measure))
        ]
    found: list[Row] = facts.cache[key]
    return found


def _some_size_fits(facts: Facts, need: Need, measure: Row, site: Row) -> bool:
    for lots in lots_allowed(need):
        units = units_for(need, measure, lots)
        area = tenths(units * (measure["area_m2_per_unit"] or Fraction(0)), up=True)
        most = measure["max_units_per_site"]
        if (most is None or units <= most) and area <= site_capacity(facts, site["id"]):
            return True
    return False


def _siteless_years(facts: Facts, need: Need, measure: Row) -> tuple[int, ...]:
    packages = kept_packages(facts, measure, need.place, need)
    units = units_for(need, measure, need.lots)
    cost = hundreds(units * measure["capex_wan_per_unit_typ"] + (measure["fixed_capex_wan"] or 0))
    return tuple(
        year for year in facts.years if any(payable(facts, package, cost, measure, year, units) for package in packages)
    )


def _module_years(facts: Facts, measure: Row, site: Row) -> tuple[int, ...]:
    key = ("module years", measure["id"], site["id"])
    if key not in facts.cache:
        packages = kept_packages(facts, measure, facts.place_of_site(site["id"]), None)
        flags = (CHANGE, CHANGE | FAST) if wants_change(facts, site, measure["service_type"]) else (0,)
        facts.cache[key] = tuple(
            year
            for year in facts.years
            if any(opened <= year for opened in _site_years(facts, site))
            and any(not any(start_faults(facts, site, measure["service_type"], flag, year)) for flag in flags)
            and any(payable(facts, package, 1_000_000, measure, year, 0) for package in packages)
        )
    found: tuple[int, ...] = facts.cache[key]
    return found


def _site_years(facts: Facts, site: Row) -> tuple[int, ...]:
    """Years in which a site itself may open and its conversion can be paid for."""
    key = ("site years", site["id"])
    if key not in facts.cache:
        place = facts.place_of_site(site["id"])
        package = works_package(facts, ("F01",), place)
        cost = hundreds(percent_up(site["conversion_cost"] or 0, int(facts.factor("cost_percent", place))))
        facts.cache[key] = tuple(
            year
            for year in facts.years
            if not any(start_faults(facts, site, None, 0, year))
            and _paid_in_full(facts, package, cost, WORKS_PROFILE, 0, "", year, 0)
        )
    found: tuple[int, ...] = facts.cache[key]
    return found


def payable(facts: Facts, package: Package, cost: int, measure: Row, start: int, units: int) -> bool:
    """Can every year's money for a measure be paid in shares that reach 100 % and the local floor?"""
    profile = profile_of(measure["spend_profile"])
    return _paid_in_full(facts, package, cost, profile, lag_of(measure), measure["service_type"], start, units)


def _paid_in_full(
    facts: Facts, package: Package, cost: int, profile: tuple[int, ...], lag: int, kind: str, start: int, units: int
) -> bool:
    _, _, demand = spending(facts, cost, profile, start, lag, package, kind, units, 0, None)
    local = package.local(facts)
    for year in demand:
        open_caps = {
            fund: cap
            for fund, cap in package.caps.items()
            if cap != FIXED and budget_years_for(facts, fund, start, lag, year)
        }
        if sum(open_caps.values()) < 100 or sum(open_caps[fund] for fund in open_caps if fund in local) < package.floor:
            return False
    return True


def must_be_answered(facts: Facts, need: Need) -> bool:
    """A mandatory need must be answered wherever anything, were it emergency handling, can be paid for it."""
    if not need.mandatory:
        return False
    kind = need.row["service_type"]
    own = [measure for measure in _measures(facts, kind) if is_emergency(measure)]
    for measure in own or [measure_of(facts, f"{kind}e", EMERGENCY)]:
        packages = [emergency_package(facts, kind, need.place)]
        if own:
            packages = kept_packages(facts, measure, need.place, need)
        units = units_for(need, measure, need.lots)
        if any(
            payable(facts, package, 1_000_000, measure, year, units) for package in packages for year in facts.years
        ):
            return True
    return bool(ways(facts, need))
