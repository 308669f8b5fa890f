"""Which funds may pay for what, in which packages, and from which budget years."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from .book_facts import Facts, Need, Place, holds
from .places import Fault, consent_stands
from .reading import Row

FIXED = -1
"""Stands for a fixed sum where else the largest share in percent stands."""


@dataclass(frozen=True, slots=True)
class Package:
    """Funds with their largest shares in percent (or FIXED), and the smallest local share."""

    caps: Mapping[str, int]
    floor: int

    def __str__(self) -> str:
        told = "+".join(f"{fund}:{'=' if cap == FIXED else cap}" for fund, cap in sorted(self.caps.items()))
        return f"{told}|{self.floor}" if self.floor else told

    def local(self, facts: Facts) -> frozenset[str]:
        """Funds of the package that count for the smallest local share."""
        return frozenset(fund for fund, cap in self.caps.items() if cap != FIXED and is_local(facts.funds[fund]))

    def waits(self, facts: Facts) -> bool:
        """Does a fund of it arrive only after acceptance?"""
        return any(facts.funds[fund]["arrives"] == "after_acceptance" for fund in self.caps)


def parse_package(text: str) -> Package:
    """A package from its written form; ValueError if it is not one."""
    told, _, floor = text.partition("|")
    caps: dict[str, int] = {}
    for entry in told.split("+") if told else ():
        fund, colon, cap = entry.rpartition(":")
        if not colon or fund in caps:
            raise ValueError(text)
        caps[fund] = FIXED if cap == "=" else int(cap)
    return Package(caps, int(floor) if floor else 0)


def is_local(fund: Row) -> bool:
    """City and county money that counts for the smallest local share."""
    return fund["level"] in ("city", "county") and fund["account"] in ("general", "fund")


def share_cap(fund: Row) -> int:
    """Largest share in whole percent; empty means 100."""
    return 100 if fund["share_cap"] is None else math.floor(fund["share_cap"])


def annuity_fen(rate: Fraction, years: int) -> int:
    """Debt service a year on 100 yuan, in fen, rounded up."""
    if rate == 0:
        return math.ceil(Fraction(10_000, years))
    interest = rate / 100
    return math.ceil(10_000 * interest / (1 - 1 / (1 + interest) ** years))


def covers(fund: Row, measure: Row, cap: int) -> bool:
    """Does the income of a measure cover what the fund asks for?"""
    wanted = fund["revenue_cover"]
    if wanted is None:
        return True
    revenue, opex = measure["revenue_wan_per_unit_year"] or 0, measure["opex_wan_per_unit_year"] or 0
    if fund["debt_years"]:
        service = annuity_fen(fund["debt_rate"] or Fraction(0), fund["debt_years"])
        return bool((revenue - opex) * 100 * 10_000 >= wanted * measure["capex_wan_per_unit_typ"] * cap * service)
    return bool(revenue >= wanted * opex and revenue > 0)


def cap_of(facts: Facts, fund: Row, measure: Row, place: Place, need: Need | None, *, pilot: bool) -> int | None:
    """Largest share of a fund for a measure (FIXED for a fixed sum), or None if it may not pay.

    `need` is None at a module and for its opening: funds that speak of neighbourhoods or owners stay out.
    `pilot` says whether money for pilots only may come.
    """
    kind = facts.types[measure["service_type"]]
    if fund["eligible_types"] and measure["service_type"] not in fund["eligible_types"]:
        return None
    if fund["eligible_programmes"] and kind["programme"] not in fund["eligible_programmes"]:
        return None
    if not holds(fund["places"] or (), place.county, place.city):
        return None
    if fund["eligible_part"] is not None:
        part = math.floor(fund["eligible_part"])
    else:
        part = math.floor((measure["eligible_share_by_fund"] or {}).get(fund["fund_type"], Fraction(0)) * 100)
    cap = share_cap(fund) * part // 100
    if part <= 0 or cap <= 0:
        return None
    if fund["built_before"] is not None:
        built = facts.neighbourhoods.get(need.neighbourhood, {}).get("built_year") if need else None
        if built is None or built > fund["built_before"]:
            return None
    if fund["pilot_only"] and not pilot:
        return None
    if fund["account"] == "owners" and (
        need is None
        or measure["needs_consent"] in (None, "none")
        or not consent_stands(facts, need, measure["needs_consent"])
    ):
        return None
    if not covers(fund, measure, cap):
        return None
    return FIXED if measure["service_type"] in (fund["unit_sums"] or {}) else cap


def eligible(
    facts: Facts, measure: Row, place: Place, need: Need | None, *, pilot: bool | None = None
) -> dict[str, int]:
    """All funds that may pay together for a measure in a place, with their shares; operators' money and loans apart.

    `pilot` is whether the community counts as a pilot; None: as the book or the selection has it.
    """
    held = facts.is_pilot(place.community) if pilot is None else pilot
    owners = (need.place.community, need.neighbourhood) if need else None
    key = ("eligible", measure["id"], place.county, place.city, held, owners)
    if key not in facts.cache:
        found = {}
        for name, fund in sorted(facts.funds.items()):
            if fund["fund_type"] not in ("SOC", "LOAN"):
                cap = cap_of(facts, fund, measure, place, need, pilot=held)
                if cap is not None:
                    found[name] = cap
        facts.cache[key] = found
    known: dict[str, int] = facts.cache[key]
    return known


def kept_packages(facts: Facts, measure: Row, place: Place, need: Need | None) -> list[Package]:
    """The packages that the program holds: in a selection run those of no pilot, then those with pilot money."""
    most = int(facts.scenario.get("most_packages", 2))
    if not facts.selects_pilots:
        return derived_packages(facts, eligible(facts, measure, place, need))[:most]
    without = derived_packages(facts, eligible(facts, measure, place, need, pilot=False))
    chosen = derived_packages(facts, eligible(facts, measure, place, need, pilot=True))
    with_it = [package for package in chosen if any(facts.funds[fund]["pilot_only"] for fund in package.caps)]
    return [*without[:most], *with_it[:most]]


def operator_fund(facts: Facts, measure: Row, place: Place) -> str | None:
    """The fund that carries the operator's capital: the first eligible SOC fund by id.

    In a selection run none for pilots only.
    """
    pilot = facts.is_pilot(place.community) and not facts.selects_pilots
    for name, fund in sorted(facts.funds.items()):
        if fund["fund_type"] == "SOC" and cap_of(facts, fund, measure, place, None, pilot=pilot) is not None:
            return name
    return None


def is_emergency(measure: Row) -> bool:
    """Emergency handling of the catalogue: siteless, of level exists, its id ends in e."""
    return bool(measure["id"].endswith("e") and measure["site_kind"] == "none" and measure["level_reached"] == "exists")


def exclude(one: Row, other: Row) -> bool:
    """Do two funds exclude each other, by id or fund type, either way round?"""
    return any({b["id"], b["fund_type"]} & set(a["exclusive_with"] or ()) for a, b in ((one, other), (other, one)))


def floor_of(facts: Facts, caps: Mapping[str, int]) -> int:
    """Smallest local share of a package: the largest that one of its funds asks for."""
    return max((math.floor(facts.funds[fund]["min_share"] or 0) for fund in caps), default=0)


def package_faults(facts: Facts, package: Package, allowed: Mapping[str, int]) -> Iterator[Fault]:
    """Why a package may not pay, given the funds that may with their shares."""
    unknown = sorted(set(package.caps) - set(facts.funds))
    if unknown:
        yield "unknown-fund", f"没有资金 {unknown[0]}", f"there is no fund {unknown[0]}"
        return
    for fund, cap in package.caps.items():
        if fund not in allowed:
            yield "fund-not-eligible", f"资金 {fund} 不得支持此项", f"fund {fund} may not pay for this"
        elif allowed[fund] != cap:
            yield (
                "package-share",
                f"资金 {fund} 的上限写为 {cap},应为 {allowed[fund]}",
                f"cap of {fund} is {cap}, not {allowed[fund]}",
            )
    names = sorted(package.caps)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            if exclude(facts.funds[one], facts.funds[other]):
                yield (
                    "funds-exclusive",
                    f"资金 {one} 与 {other} 不得重复",
                    f"funds {one} and {other} exclude each other",
                )
    shares = {fund: cap for fund, cap in package.caps.items() if cap != FIXED}
    if sum(shares.values()) < 100:
        yield "package-short", "各资金上限之和不足100%", "the shares add up to less than 100 %"
    if package.floor != floor_of(facts, package.caps):
        yield "package-floor", "地方配套下限不符", "the smallest local share is not the book's"
    if sum(shares[fund] for fund in package.local(facts)) < package.floor:
        yield "package-floor", "地方资金达不到配套下限", "local funds cannot reach the smallest local share"


def derived_packages(facts: Facts, allowed: Mapping[str, int]) -> list[Package]:
    """The packages that may be formed of eligible funds, best first."""
    names = sorted(allowed)
    key = ("packages", tuple((name, allowed[name]) for name in names))
    if key not in facts.cache:
        friends = {
            one: {other for other in names if other != one and not exclude(facts.funds[one], facts.funds[other])}
            for one in names
        }
        found = []
        for chosen in _maximal(set(), set(names), set(), friends):
            caps = {name: allowed[name] for name in sorted(chosen)}
            package = Package(caps, floor_of(facts, caps))
            shares = {fund: cap for fund, cap in caps.items() if cap != FIXED}
            local = sum(shares[fund] for fund in package.local(facts))
            if sum(shares.values()) >= 100 and local >= package.floor:
                outside = sum(
                    100 if cap == FIXED else cap
                    for fund, cap in caps.items()
                    if facts.funds[fund]["level"] not in ("city", "county")
                )
                found.append(((-outside, sorted(caps)), package))
        found.sort(key=lambda one: one[0])
        facts.cache[key] = [package for _, package in found]
    known: list[Package] = facts.cache[key]
    return known


def _maximal(
    chosen: set[str], open_: set[str], closed: set[str], friends: Mapping[str, set[str]]
) -> Iterator[frozenset[str]]:
    """Maximal sets of mutual friends (Bron and Kerbosch, with a pivot)."""
    if not open_ and not closed:
        yield frozenset(chosen)
        return
    pivot = max(open_ | closed, key=lambda name: len(friends[name] & open_))
    for name in sorted(open_ - friends[pivot]):
        yield from _maximal(chosen | {name}, open_ & friends[name], closed & friends[name], friends)
        open_ = open_ - {name}
        closed = closed | {name}


def works_package(facts: Facts, types: tuple[str, ...], place: Place) -> Package:
    """What pays for the conversion of a site (types: F01) or for a dig-once campaign."""
    caps = {
        name: share_cap(fund)
        for name, fund in sorted(facts.funds.items())
        if is_local(fund)
        and fund["scope"] in (None, "pool")
        and not fund["pilot_only"]
        and fund["built_before"] is None
        and holds(fund["places"] or (), place.county, place.city)
        and (not fund["eligible_types"] or set(types) & set(fund["eligible_types"]))
        and share_cap(fund) > 0
    }
    return Package(caps, 0)


def emergency_package(facts: Facts, service_type: str, place: Place) -> Package:
    """What pays for emergency handling that a type has of its own: city and county money of the general budget."""
    programme = facts.types[service_type]["programme"]
    caps = {
        name: share_cap(fund)
        for name, fund in sorted(facts.funds.items())
        if fund["level"] in ("city", "county")
        and fund["account"] == "general"
        and holds(fund["places"] or (), place.county, place.city)
        and (not fund["eligible_types"] or service_type in fund["eligible_types"])
        and (not fund["eligible_programmes"] or programme in fund["eligible_programmes"])
        and share_cap(fund) > 0
    }
    return Package(caps, 0)


def budget_years_for(facts: Facts, fund: str, start: int, lag: int, paid: int) -> list[int]:
    """Budget years of a fund that may pay, in year `paid`, for what started in `start`."""
    row = facts.funds[fund]
    late = row["arrives"] == "after_acceptance"
    if late and paid < start + max(1, lag):
        return []
    out = []
    for year in facts.budget_years(fund):
        arrives = year + 1 if row["arrives"] == "next_year" else year
        match row["carry_over"]:
            case "free":
                fits = paid >= arrives
            case "tied":
                fits = arrives <= paid <= arrives + 1 and start <= arrives
            case _:
                fits = paid == arrives
        if fits:
            out.append(year)
    return out
