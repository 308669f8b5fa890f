"""Which funds may pay for a measure at a place, and the packages that they form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import polars as pl

from .book import Book
from .measures_frame import annuity
from .sums import parse_sums

NEVER_POOLED: Final = ("SOC", "LOAN")
OPERATORS_CAPITAL: Final = "SOC"


@dataclass(frozen=True, slots=True)
class Fund:
    """One source of money, read once; empty sets mean no limit."""

    number: int  # place among the funds by id
    id: str
    fund_type: str
    local: bool  # city or county money of the general or fund budget
    public_local: bool  # level city or county, whatever the account
    account: str
    pool: bool
    types: frozenset[str]
    programmes: frozenset[str]
    places: frozenset[str]
    built: int | None  # place of its latest year of completion among the thresholds
    built_before: int | None
    part: int | None
    share_cap: int
    min_share: int
    sums: dict[str, int]  # yuan a unit by service type
    cover: Fraction | None
    carry_over: str
    arrives: str
    excludes: frozenset[str]
    pilot_only: bool
    debt: int | None  # fen a year for 100 yuan
    years: frozenset[int]  # budget years that are filled

    def pays_in(self, city: str, county: str) -> bool:
        """Whether the place is one of its places."""
        return not self.places or not self.places.isdisjoint((county, city, city[:2]))


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


def _list(cell: str | None) -> frozenset[str]:
    return frozenset(cell.split(";")) if cell else frozenset()


def _whole(value: float | None, empty: int) -> int:
    return empty if value is None else int(value // 1)


def read_funds(book: Book) -> tuple[list[Fund], list[int]]:
    """The funds by id, and the sorted latest years of completion that they accept."""
    table = book.table("funds").sort("id")
    thresholds = sorted(set(table["built_before"].drop_nulls().to_list()))
    first = book.settings.plan_years[0]
    budgets = [name for name in table.columns if name.startswith("budget_")]
    funds = []
    for number, row in enumerate(table.iter_rows(named=True)):
        years = {int(name.removeprefix("budget_")) for name in budgets if row[name] is not None}
        public_local = row["level"] in ("city", "county")
        funds.append(
            Fund(
                number=number,
                id=row["id"],
                fund_type=row["fund_type"],
                local=public_local and row["account"] in ("general", "fund"),
                public_local=public_local,
                account=row["account"],
                pool=row["scope"] != "project",
                types=_list(row["eligible_types"]),
                programmes=_list(row["eligible_programmes"]),
                places=_list(row["places"]),
                built=None if row["built_before"] is None else thresholds.index(row["built_before"]),
                built_before=row["built_before"],
                part=None if row["eligible_part"] is None else _whole(row["eligible_part"], 0),
                share_cap=_whole(row["share_cap"], 100),
                min_share=_whole(row["min_share"], 0),
                sums={key: int(value * 10_000) for key, value in parse_sums(row["unit_sums"]).items()},
                cover=None if row["revenue_cover"] is None else Fraction(str(row["revenue_cover"])),
                carry_over=row["carry_over"] or "none",
                arrives=row["arrives"] or "same_year",
                excludes=_list(row["exclusive_with"]),
                pilot_only=bool(row["pilot_only"]),
                debt=_debt(row),
                years=frozenset(year for year in years if year >= first),
            )
        )
    return funds, thresholds


def _debt(row: dict[str, Any]) -> int | None:
    years = row["debt_years"]
    return annuity(Fraction(str(row["debt_rate"] or 0)), years) if years else None


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
    """Packages by (measure, county, built, pilot, at a module), each worked out once."""

    funds: Sequence[Fund]
    costs: dict[str, Cost]
    most: int
    found: dict[str, Package] = field(default_factory=dict)
    _in_county: dict[tuple[str, str], list[Fund]] = field(default_factory=dict)
    _accepted: dict[tuple[str, str, str], list[tuple[Fund, int]]] = field(default_factory=dict)
    _packages: dict[tuple[tuple[int, int, bool], ...], list[str]] = field(default_factory=dict)

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
        """Names of the packages that are kept, best first."""
        kind = self.costs[measure].service_type
        key = tuple(
            (fund.number, cap, kind in fund.sums)
            for fund, cap in self.eligible(measure, city, county, built=built, pilot=pilot, module=module)
            if fund.fund_type not in NEVER_POOLED
        )
        if key not in self._packages:
            self._packages[key] = [self._keep(package) for package in self._ranked(key)]
        return self._packages[key]

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
        return [package for _, _, package in sorted(ranked, key=lambda entry: entry[:2])[: self.most]]

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
        """The fund through which an operator brings capital at a module, or -1."""
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


def exclude(one: Fund, other: Fund) -> bool:
    """Whether two funds may not be combined, whichever of them says so."""
    return bool(
        not one.excludes.isdisjoint((other.id, other.fund_type))
        or not other.excludes.isdisjoint((one.id, one.fund_type))
    )


def maximal_sets(funds: Sequence[Fund]) -> list[tuple[int, ...]]:
    """All largest sets of funds of which no two exclude each other, as sorted numbers."""
    clash = {
        one.number: {other.number for other in funds if other.number != one.number and exclude(one, other)}
        for one in funds
    }
    always = [number for number, against in clash.items() if not against]
    sets: list[tuple[int, ...]] = []

    def grow(taken: list[int], open_: set[int], shut: set[int]) -> None:
        # Bron-Kerbosch on "goes with": what is in neither set clashes with something taken
        if not open_ and not shut:
            sets.append(tuple(sorted([*always, *taken])))
            return
        for number in sorted(open_):
            grow([*taken, number], open_ - clash[number] - {number}, shut - clash[number])
            open_ = open_ - {number}
            shut = shut | {number}

    grow([], {number for number, against in clash.items() if against}, set())
    return sets
