"""Which funds may pay for a measure at a place, and the packages that they form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import polars as pl

from .fund_rules import Fund, maximal_sets
from .sums import parse_sums

NEVER_POOLED: Final = ("SOC", "LOAN")
OPERATORS_CAPITAL: Final = "SOC"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a fund's rules ask of a measure."""

    measure: str
    service_type: str
    programme: str
    capex: int
    opex: int
    revenue: int
    parts: dict[str, int]  # percent of the cost that a fund type accepts
    asks_consent: bool


@dataclass(frozen=True, slots=True)
class Package:
    """Funds that pay together: shares in percent, and funds that give a fixed sum."""

    shares: tuple[tuple[int, int], ...]  # fund, cap
    fixed: tuple[int, ...]
    floor: int
    name: str


def costs_of(measures: pl.DataFrame, programmes: dict[str, str]) -> dict[str, Cost]:
    """What funds ask of each measure, by its id."""
    return {
        row["measure"]: Cost(
            measure=row["measure"],
            service_type=row["service_type"],
            programme=programmes[row["service_type"]],
            capex=row["capex"],
            opex=row["opex"],
            revenue=row["revenue"],
            parts={key: int(value * 100 // 1) for key, value in _parts(row["eligible"]).items()},
            asks_consent=row["consent"] != "none",
        )
        for row in measures.iter_rows(named=True)
    }


def _parts(cell: str | None) -> dict[str, Decimal]:
    return parse_sums(cell)


@dataclass(slots=True)
class Eligibility:
    """Packages by (measure, county, built, pilot, at a module), each worked out once.

    Where the run selects the pilots (`selects`), money for pilots only may come everywhere or not at all: packages
    with it stand beside those without, so that a place that is not chosen can do what it could without pilots.
    """

    funds: Sequence[Fund]
    costs: dict[str, Cost]
    most: int
    selects: bool = False
    found: dict[str, Package] = field(default_factory=dict)
    _in_county: dict[tuple[str, str], list[Fund]] = field(default_factory=dict)
    _accepted: dict[tuple[str, str, str], list[tuple[Fund, int]]] = field(default_factory=dict)
    _packages: dict[tuple[bool, tuple[tuple[int, int, bool], ...]], list[str]] = field(default_factory=dict)

    def in_county(self, city: str, county: str) -> list[Fund]:
        """The funds that pay in a county."""
        key = (city, county)
        if key not in self._in_county:
            self._in_county[key] = [fund for fund in self.funds if fund.pays_in(city, county)]
        return self._in_county[key]

    def accepted(self, measure: str, city: str, county: str) -> list[tuple[Fund, int]]:
        """Funds of a county that accept a measure at all, with their largest share in percent."""
        key = (measure, city, county)
        if key not in self._accepted:
            cost = self.costs[measure]
            pairs = ((fund, largest_share(fund, cost)) for fund in self.in_county(city, county))
            self._accepted[key] = [(fund, cap) for fund, cap in pairs if cap > 0]
        return self._accepted[key]

    def eligible(
        self, measure: str, city: str, county: str, *, built: int, pilot: bool, module: bool
    ) -> list[tuple[Fund, int]]:
        """Funds that may pay, SOC and LOAN among them; `built` as in `open_needs`."""
        asks = self.costs[measure].asks_consent and not module
        return [
            (fund, cap)
            for fund, cap in self.accepted(measure, city, county)
            if (fund.built is None or (not module and built <= fund.built))
            and (pilot or not fund.pilot_only)
            and (asks or fund.account != "owners")
        ]

    def packages(self, measure: str, city: str, county: str, *, built: int, pilot: bool, module: bool) -> list[str]:
        """Names of the packages that are kept, best first; in a selection run those with pilot money come last."""
        if not (self.selects and pilot):
            return self._kept(measure, city, county, built=built, pilot=pilot, module=module)
        without = self._kept(measure, city, county, built=built, pilot=False, module=module)
        chosen = self._kept(measure, city, county, built=built, pilot=True, module=module, pilot_money=True)
        return [*without, *chosen]

    def _kept(
        self, measure: str, city: str, county: str, *, built: int, pilot: bool, module: bool, pilot_money: bool = False
    ) -> list[str]:
        kind = self.costs[measure].service_type
        key = tuple(
            (fund.number, cap, kind in fund.sums)
            for fund, cap in self.eligible(measure, city, county, built=built, pilot=pilot, module=module)
            if fund.fund_type not in NEVER_POOLED
        )
        if (pilot_money, key) not in self._packages:
            ranked = self._ranked(key)
            if pilot_money:
                ranked = [package for package in ranked if self._for_pilots(package)]
            self._packages[pilot_money, key] = [self._keep(package) for package in ranked[: self.most]]
        return self._packages[pilot_money, key]

    def _for_pilots(self, package: Package) -> bool:
        numbers = (*(number for number, _ in package.shares), *package.fixed)
        return any(self.funds[number].pilot_only for number in numbers)

    def _ranked(self, members: Sequence[tuple[int, int, bool]]) -> list[Package]:
        if sum(cap for _, cap, fixed in members if not fixed) < 100:
            return []
        by_number = {number: (cap, fixed) for number, cap, fixed in members}
        ranked = []
        for numbers in maximal_sets([self.funds[number] for number in by_number]):
            shares = tuple((number, by_number[number][0]) for number in numbers if not by_number[number][1])
            fixed = tuple(number for number in numbers if by_number[number][1])
            floor = max((self.funds[number].min_share for number in numbers), default=0)
            local = sum(cap for number, cap in shares if self.funds[number].local)
            if sum(cap for _, cap in shares) < 100 or local < floor:
                continue
            outside = sum(cap for number, cap in shares if not self.funds[number].public_local)
            outside += sum(100 for number in fixed if not self.funds[number].public_local)
            ids = tuple(self.funds[number].id for number in numbers)
            ranked.append((-outside, ids, self._package(shares, fixed, floor)))
        return [package for _, _, package in sorted(ranked, key=lambda entry: entry[:2])]

    def _package(self, shares: tuple[tuple[int, int], ...], fixed: tuple[int, ...], floor: int) -> Package:
        words = {number: f"{self.funds[number].id}:{cap}" for number, cap in shares}
        words |= {number: f"{self.funds[number].id}:=" for number in fixed}
        name = "+".join(words[number] for number in sorted(words)) + (f"|{floor}" if floor else "")
        return Package(shares, fixed, floor, name)

    def _keep(self, package: Package) -> str:
        self.found.setdefault(package.name, package)
        return package.name

    def local_package(self, city: str, county: str, types: Iterable[str]) -> str | None:
        """City and county money for conversion or a campaign, or None where it does not reach 100 %."""
        wanted = frozenset(types)
        return self._pooled(
            fund
            for fund in self.in_county(city, county)
            if fund.local and fund.pool and not fund.pilot_only and fund.built is None
            and (not fund.types or not fund.types.isdisjoint(wanted))
        )  # fmt: skip

    def emergency_package(self, city: str, county: str, service_type: str, programme: str) -> str | None:
        """City and county general money for emergency handling that the catalogue does not have."""
        return self._pooled(
            fund
            for fund in self.in_county(city, county)
            if fund.local and fund.account == "general"
            and (not fund.types or service_type in fund.types)
            and (not fund.programmes or programme in fund.programmes)
        )  # fmt: skip

    def _pooled(self, funds: Iterable[Fund]) -> str | None:
        shares = tuple((fund.number, fund.share_cap) for fund in funds if fund.share_cap > 0)
        if sum(cap for _, cap in shares) < 100:
            return None
        return self._keep(self._package(shares, (), 0))

    def capital_fund(self, measure: str, city: str, county: str, *, pilot: bool) -> int:
        """The fund through which an operator brings capital at a module, or -1.

        In a selection run none that is for pilots only: it would bind the module to a choice of its own.
        """
        pilot = pilot and not self.selects
        eligible = self.eligible(measure, city, county, built=0, pilot=pilot, module=True)
        return next((fund.number for fund, _ in eligible if fund.fund_type == OPERATORS_CAPITAL), -1)


def largest_share(fund: Fund, cost: Cost) -> int:
    """Percent of a measure's cost that a fund may pay; 0 where it may not at all, whatever the place."""
    if fund.types and cost.service_type not in fund.types:
        return 0
    if fund.programmes and cost.programme not in fund.programmes:
        return 0
    part = cost.parts.get(fund.fund_type, 0) if fund.part is None else fund.part
    cap = fund.share_cap * part // 100
    if fund.cover is None or cap == 0:
        return cap
    if fund.debt is not None:
        covered = (cost.revenue - cost.opex) * 100 * 10_000 >= fund.cover * cost.capex * cap * fund.debt
    else:
        covered = cost.revenue > 0 and cost.revenue >= fund.cover * cost.opex
    return cap if covered else 0
