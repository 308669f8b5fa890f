"""The funds of a book as matching reads them, and which of them go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .book import Book
from .measures_frame import annuity
from .sums import parse_sums


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
    private: bool = False  # money of operators, firms or residents: not public

    def pays_in(self, city: str, county: str) -> bool:
        """Whether the place is one of its places."""
        return not self.places or not self.places.isdisjoint((county, city, city[:2]))


def is_private(fund_type: str, level: str) -> bool:
    """Whether a fund's fixed sums and capital are no public money: social capital, and levels social and owners."""
    return fund_type == "SOC" or level in ("social", "owners")


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
                private=is_private(row["fund_type"], row["level"]),
            )
        )
    return funds, thresholds


def _debt(row: dict[str, Any]) -> int | None:
    years = row["debt_years"]
    return annuity(Fraction(str(row["debt_rate"] or 0)), years) if years else None


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
