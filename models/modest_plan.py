"""A modest plan worked out without a solver: it shows what a book can surely keep.

It is paid year by year, what others do not give from single funds of county or city that may pay the whole. Sites
open in the year in which their services start, none is a complex, and no bonds are drawn. Such a plan
keeps every condition of the book by its making (docs/reference/derivation.md), so rules that are no stricter
than it leave at least one plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from .book import Book
from .changed_amounts import changed_ceilings, changed_numbers, fund_limits
from .options import DIG, EMERGENCY, Options
from .scenario import Scenario

ENOUGH = 2
_LOCAL = ("county", "city")
CHOICES = 3
"""Works that are looked at for a need of a pilot, at one site and of one worth; of other needs one is enough."""

TRIES = 20
"""Orders in which groups of works are served before they are given up."""

Key = tuple[str, int]
Row = Mapping[str, Any]


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
    draws: tuple[tuple[Key, int], ...] = ()  # fixed sums and capital: fund and budget year, hundreds of yuan
    uses: tuple[tuple[Key, int], ...] = ()  # quotas: policy and year, or operator and 0


@dataclass(frozen=True, slots=True)
class Work:
    """An option with the openings that it needs, all in one year; `door` is the opening of its site."""

    option: int
    need: int
    site: str
    door: int | None
    kind: str | None  # service type at the site
    size: int  # 0.1 m2 of the site
    space: int  # 0.1 m2 that the site has, -1 without limit
    year: int
    department: str
    parts: tuple[Part, ...]
    root: Part | None  # opening the site
    cost: int  # hundreds of yuan
    whole: bool  # closes the need at the level *enough* or better
    emergency: bool


@dataclass(frozen=True, slots=True)
class Stand:
    """What stands on an open site: its opening, the service types there, the space (0.1 m2) they take."""

    door: int
    kinds: frozenset[str]
    size: int


@dataclass(slots=True)
class ModestPlan:
    """The works taken so far, and the money and the room for later costs that are left."""

    money: dict[Key, int]  # hundreds of yuan, by fund and budget year
    room: dict[Key, int]  # yuan, by county and year; years without a ceiling are not here
    quota: dict[Key, int]  # by policy and year, or operator and 0; what has no limit is not here
    taken: dict[int, Work] = field(default_factory=dict)  # by need
    sites: dict[str, Stand] = field(default_factory=dict)
    cost: Counter[str] = field(default_factory=Counter)  # hundreds of yuan, by programme

    def copy(self) -> ModestPlan:
        """The same plan, to go on with in another way."""
        return ModestPlan(
            dict(self.money), dict(self.room), dict(self.quota), dict(self.taken), dict(self.sites), self.cost.copy()
        )

    def take_all(self, choices: Iterable[Sequence[Work]]) -> bool:
        """Of every group of works the first that can be had, or nothing at all if one group has none.

        A group that finds nothing left is served first when all is tried anew.
        """
        groups = list(choices)
        for _ in range(TRIES):
            tried = self.copy()
            lost = next((n for n, works in enumerate(groups) if not any(map(tried.take, works))), None)
            if lost is None:
                self.money, self.room, self.quota = tried.money, tried.room, tried.quota
                self.taken, self.sites, self.cost = tried.taken, tried.sites, tried.cost
                return True
            if lost == 0:
                break
            groups.insert(0, groups.pop(lost))
        return False

    def take(self, work: Work) -> bool:
        """Take a work if its need is free and site, money, room and quotas suffice."""
        stand = self._stand(work)
        if work.need in self.taken or (work.door is not None and stand is None):
            return False
        first = stand is not None and len(stand.kinds) == 1 and work.root is not None
        parts = (*work.parts, work.root) if first and work.root is not None else work.parts
        money: dict[Key, int] = {}
        room: dict[Key, int] = {}
        quota: dict[Key, int] = {}
        for part in parts:
            if not (self._paid(part, money) and self._borne(part, room) and _drawn(part.uses, self.quota, quota)):
                return False
        self.money.update(money)
        self.room.update(room)
        self.quota.update(quota)
        self.taken[work.need] = work
        if stand is not None:
            self.sites[work.site] = stand
        for part in parts:
            self.cost[part.programme] += part.cost
        return True

    def _stand(self, work: Work) -> Stand | None:
        """The site of a work with it; None if it is open in another year, the service is there or space lacks."""
        if work.door is None or work.kind is None:
            return None
        now = self.sites.get(work.site, Stand(work.door, frozenset(), 0))
        size = now.size + work.size
        if now.door != work.door or work.kind in now.kinds or 0 <= work.space < size:
            return None
        return Stand(now.door, now.kinds | {work.kind}, size)

    def _paid(self, part: Part, money: dict[Key, int]) -> bool:
        """One fund pays what falls due in every year from its budget of that year, after what others give."""
        if not _drawn(part.draws, self.money, money):
            return False
        if not part.due:
            return True
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


def _drawn(wanted: Iterable[tuple[Key, int]], left: Mapping[Key, int], after: dict[Key, int]) -> bool:
    """Take amounts from what is left, where there is a limit; `after` has what is left then."""
    for key, amount in wanted:
        if key in after or key in left:
            after[key] = after.get(key, left.get(key, 0)) - amount
            if after[key] < 0:
                return False
    return True


def modest_plan(
    options: Options, book: Book, scenario: Scenario, pilots: Collection[str]
) -> tuple[ModestPlan, list[Work]]:
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
        quota={
            (policy, year): number for policy, year, number in changed_numbers(book, scenario).iter_rows()
        } | {
            (operator, 0): number for operator, number in book.table("operators").select("id", "number").iter_rows()
            if number is not None
        },
    )  # fmt: skip
    return plan, _works(options, book, pilots)


def _works(options: Options, book: Book, pilots: Collection[str]) -> list[Work]:
    """Works of every need, the cheapest first: of pilots many, else one, the start years taken in turn."""
    first, number = book.years[0], len(book.years)
    turn = (pl.col("year") - first - pl.col("need")) % number
    funds = _whole_payers(options, book)
    payable = pl.col("package").is_in(list(funds))
    owing = book.table("funds").filter(pl.col("debt_years").is_not_null())["id"].to_list()
    tied = options.draws.filter(pl.col("fund").is_in(owing)).select("opening", "owner").unique()
    facilities = options.facilities.with_row_index("facility").with_columns(pl.col("facility").cast(pl.Int64))
    doors = _untied(options.openings.with_row_index("owner"), tied.filter("opening"))
    doors = doors.join(facilities.filter(~pl.col("complex"), payable), on="facility", how="inner")
    door = doors.select(
        "facility", "year", "parent", "site", "capacity", "minimum", pl.col("service_type").alias("kind"),
        pl.col("owner").alias("door"), pl.col("cost").alias("door_cost"),
    )  # fmt: skip
    told = options.needs.select(
        pl.int_range(pl.len()).alias("need"), pl.col("lots").alias("all_lots"),
        (pl.col("community").is_in(list(pilots))).alias("of_pilot"),
    )  # fmt: skip
    frame = (
        _untied(options.options.with_row_index("owner"), tied.filter(~pl.col("opening")))
        .filter((pl.col("variant") & DIG) == 0, payable)
        .join(told, on="need", how="left")
        .join(door, on=["facility", "year"], how="left")
        .join(
            door.select("year", pl.all().exclude("year").name.suffix("_root")),
            left_on=["parent", "year"],
            right_on=["facility_root", "year"],
            how="left",
        )
        .filter((pl.col("facility") < 0) | pl.col("door_root").is_not_null())
        .with_columns(
            total=pl.col("cost") + pl.col("door_cost").fill_null(0) + pl.col("door_cost_root").fill_null(0),
            emergency=(pl.col("variant") & EMERGENCY) > 0,
        )
        .with_columns(whole=~pl.col("emergency") & (pl.col("level") >= ENOUGH) & (pl.col("lots") == pl.col("all_lots")))
        .filter(pl.col("whole") | pl.col("emergency") | pl.col("of_pilot"))
        .with_columns(early=pl.col("of_pilot") & (pl.col("year") == first), turn=turn)
        .sort(pl.when("early").then(0).otherwise("turn"), "total", "owner")
        .filter(
            pl.when("early")
            .then(pl.int_range(pl.len()).over("need", "whole", "early", "site") < CHOICES)
            .otherwise(pl.col("emergency") | (pl.int_range(pl.len()).over("need", "whole", "early") < 1))
        )
        .sort("total", "turn", "owner")
    )
    where = options.needs.select("county_code", "programme").rows()
    used = pl.concat([frame["door"], frame["door_root"]]).drop_nulls().unique()
    doors = doors.filter(pl.col("owner").is_in(used.implode()))
    owners = frame["owner"].implode(), used.implode()
    due = _by_owner(options.spending.filter(pl.col("amount") > 0).select("opening", "owner", "year", "amount"), *owners)
    draws = _by_owner(options.draws.select("opening", "owner", _key("fund", "budget_year"), "amount"), *owners)
    uses = _by_owner(options.uses.select("opening", "owner", _key("quota", "year"), "amount"), *owners)
    opened = {row["owner"]: row for row in doors.iter_rows(named=True)}

    def part(opening: bool, row: Row, county: str, programme: str) -> Part:
        owner = (opening, row["owner"])
        return Part(
            funds[row["package"]], due.get(owner, ()), county, row["later"],
            range(row["later_from"], row["later_to"] + 1), programme, row["cost"],
            tuple((tuple(key.values()), n) for key, n in draws.get(owner, ())),
            tuple((tuple(key.values()), n) for key, n in uses.get(owner, ())),
        )  # fmt: skip

    works = []
    for row in frame.iter_rows(named=True):
        parts, root = [part(False, row, *where[row["need"]])], None
        if row["door"] is not None:
            at, site = opened[row["door"]], opened[row["door_root"]]
            parts.append(part(True, at, at["county_code"], at["programme"]))
            root = part(True, site, site["county_code"], site["programme"])
        size = max(row["minimum"] or 0, row["area"])
        works.append(
            Work(
                row["owner"], row["need"], row["site"] or "", row["door_root"], row["kind"], size,
                row["capacity_root"] or 0, row["year"], row["department"], tuple(parts), root, row["total"],
                row["whole"], row["emergency"],
            )
        )  # fmt: skip
    return works


def _untied(frame: pl.DataFrame, tied: pl.DataFrame) -> pl.DataFrame:
    """Rows without what `tied` names, numbered as owners."""
    frame = frame.with_columns(pl.col("owner").cast(pl.Int64))
    return frame.join(tied, on="owner", how="anti")


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


def _key(name: str, year: str) -> pl.Expr:
    return pl.struct(pl.col(name).alias("name"), pl.col(year).alias("year")).alias("key")


def _by_owner(rows: pl.DataFrame, options: pl.Series, openings: pl.Series) -> dict[tuple[bool, int], tuple[Any, ...]]:
    """The last two columns by owner, of these options and openings."""
    owner = pl.col("owner")
    kept = rows.filter(pl.when("opening").then(owner.is_in(openings)).otherwise(owner.is_in(options)))
    found: dict[tuple[bool, int], list[Any]] = {}
    for opening, number, *rest in kept.iter_rows():
        found.setdefault((opening, number), []).append(tuple(rest))
    return {owner: tuple(entries) for owner, entries in found.items()}
