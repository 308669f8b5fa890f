"""A modest plan worked out without a solver: it shows what a book can surely keep.

All of it starts in the first plan year and is paid year by year from single funds of county or city that may
pay the whole; nothing needs a quota, an operator, a fixed sum or a complex, and no site serves twice. Such a
plan keeps every condition of the book by its making (docs/reference/derivation.md), so rules that are no
stricter than it leave at least one plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from .book import Book
from .changed_amounts import changed_ceilings, fund_limits
from .options import DIG, EMERGENCY, Options
from .scenario import Scenario

ENOUGH = 2
_LOCAL = ("county", "city")
Key = tuple[str, int]
Due = Mapping[tuple[bool, int], Sequence[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Part:
    """An option or an opening: who may pay it whole, what falls due when, what it costs a year afterwards."""

    funds: tuple[str, ...]
    due: tuple[tuple[int, int], ...]  # year, hundreds of yuan
    county: str
    later: int  # yuan a year
    years: range
    programme: str
    cost: int  # hundreds of yuan


@dataclass(frozen=True, slots=True)
class Work:
    """An option with the openings that it needs."""

    option: int
    need: int
    site: str | None
    parts: tuple[Part, ...]
    cost: int  # hundreds of yuan
    whole: bool  # closes the need at the level *enough* or better
    emergency: bool


@dataclass(slots=True)
class ModestPlan:
    """The works taken so far, and the money and the room for later costs that are left."""

    money: dict[Key, int]  # hundreds of yuan, by fund and budget year
    room: dict[Key, int]  # yuan, by county and year; years without a ceiling are not here
    taken: dict[int, Work] = field(default_factory=dict)  # by need
    sites: set[str] = field(default_factory=set)
    cost: Counter[str] = field(default_factory=Counter)  # hundreds of yuan, by programme

    def take_all(self, choices: Iterable[Iterable[Work]]) -> bool:
        """Of every group of works the first that can be had, or nothing at all if one group has none."""
        before = dict(self.money), dict(self.room), dict(self.taken), set(self.sites), self.cost.copy()
        for works in choices:
            if not any(self.take(work) for work in works):
                self.money, self.room, self.taken, self.sites, self.cost = before
                return False
        return True

    def take(self, work: Work) -> bool:
        """Take a work if its need and site are free and money and room suffice."""
        if work.need in self.taken or work.site in self.sites:
            return False
        money: dict[Key, int] = {}
        room: dict[Key, int] = {}
        if not all(self._paid(part, money) and self._borne(part, room) for part in work.parts):
            return False
        self.money.update(money)
        self.room.update(room)
        self.taken[work.need] = work
        if work.site is not None:
            self.sites.add(work.site)
        for part in work.parts:
            self.cost[part.programme] += part.cost
        return True

    def _paid(self, part: Part, money: dict[Key, int]) -> bool:
        """One fund pays what falls due in every year from its budget of that year."""
        for fund in part.funds:
            left = {(fund, year): money.get((fund, year), self.money.get((fund, year), -1)) for year, _ in part.due}
            if all(left[fund, year] >= amount for year, amount in part.due):
                money.update({(fund, year): left[fund, year] - amount for year, amount in part.due})
                return True
        return False

    def _borne(self, part: Part, room: dict[Key, int]) -> bool:
        for year in part.years if part.later else ():
            left = room.get((part.county, year), self.room.get((part.county, year)))
            if left is not None:
                if left < part.later:
                    return False
                room[part.county, year] = left - part.later
        return True


def modest_plan(options: Options, book: Book, scenario: Scenario) -> tuple[ModestPlan, list[Work]]:
    """An empty plan with the money of the book, and the works that it may take, the cheapest first."""
    counties = book.table("payers").filter(pl.col("level") == "county", pl.col("place").is_not_null())
    county_of = dict(counties.select("id", "place").iter_rows())
    plan = ModestPlan(
        money={(fund, year): limit for fund, year, limit in fund_limits(book, scenario).select(
            "fund", "year", "limit").iter_rows()},
        room={
            (county_of[payer], year): yuan
            for payer, year, yuan in changed_ceilings(book, scenario).iter_rows() if payer in county_of
        },
    )  # fmt: skip
    return plan, _works(options, book)


def _works(options: Options, book: Book) -> list[Work]:
    first = book.years[0]
    funds = _whole_payers(options, book)
    tied = {(opening, owner) for frame in (options.draws, options.uses) for opening, owner in frame.select(
        "opening", "owner").iter_rows()}  # fmt: skip
    facilities = options.facilities.rows(named=True)
    doors = {
        row["facility"]: (number, row)
        for number, row in enumerate(options.openings.iter_rows(named=True))
        if row["year"] == first and (True, number) not in tied
    }
    frame = options.options.with_row_index("option").filter(
        pl.col("year") == first, (pl.col("variant") & DIG) == 0, pl.col("package").is_in(list(funds))
    )
    due = _due(options, frame)
    needs = options.needs.select("county_code", "programme", "lots").rows()

    def part(opening: bool, number: int, row: Mapping[str, object], package: int, county: str, programme: str) -> Part:
        return Part(
            funds.get(package, ()), tuple(due.get((opening, number), ())), county, int(str(row["later"])),
            range(int(str(row["later_from"])), int(str(row["later_to"])) + 1), programme, int(str(row["cost"])),
        )  # fmt: skip

    works = []
    for row in frame.iter_rows(named=True):
        if (False, row["option"]) in tied:
            continue
        county, programme, lots = needs[row["need"]]
        parts = [part(False, row["option"], row, row["package"], county, programme)]
        facility, site = row["facility"], None
        while facility >= 0 and facility in doors:
            number, door = doors[facility]
            at = facilities[facility]
            if at["complex"] or at["package"] not in funds:
                break
            parts.append(part(True, number, door, at["package"], at["county_code"], at["programme"]))
            facility, site = at["parent"], at["site"]
        if facility < 0:
            emergency = bool(row["variant"] & EMERGENCY)
            works.append(
                Work(
                    row["option"], row["need"], site, tuple(parts), sum(p.cost for p in parts),
                    not emergency and row["level"] >= ENOUGH and row["lots"] == lots, emergency,
                )
            )  # fmt: skip
    return sorted(works, key=lambda work: (work.cost, work.option))


def _whole_payers(options: Options, book: Book) -> dict[int, tuple[str, ...]]:
    """For every package the funds of county or city in it that may pay the whole, in the year they are given."""
    local = book.table("funds").filter(
        pl.col("level").is_in(_LOCAL), pl.col("account").is_in(["general", "fund"]),
        pl.col("arrives").fill_null("same_year") == "same_year", ~pl.col("pilot_only").fill_null(value=False),
    )["id"]  # fmt: skip
    shares = options.shares.filter(pl.col("cap") >= 100, pl.col("fund").is_in(local.to_list())).sort("package", "fund")
    found: dict[int, tuple[str, ...]] = {}
    for package, fund in shares.select("package", "fund").iter_rows():
        found[package] = (*found.get(package, ()), fund)
    return found


def _due(options: Options, frame: pl.DataFrame) -> Due:
    """What falls due of every opening and of the options in the frame: year and hundreds of yuan."""
    kept = options.spending.filter(
        pl.col("amount") > 0, pl.col("opening") | pl.col("owner").is_in(frame["option"].cast(pl.Int64).to_list())
    )
    found: dict[tuple[bool, int], list[tuple[int, int]]] = {}
    for opening, owner, year, amount in kept.select("opening", "owner", "year", "amount").iter_rows():
        found.setdefault((opening, owner), []).append((year, amount))
    return found
