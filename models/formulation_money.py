"""Money in the program: classes, what falls due, and which fund-year may pay what (derivation.md, section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..solver.sparse import Sparse
from .book import Book
from .changed_amounts import fund_limits
from .options import Options
from .row_builder import OPENING, OPTION, RowBuilder
from .scenario import Scenario
from .settled import ATTRIBUTES, NONE, Coded

Int = NDArray[np.int64]

CLASS = ["county", "programme", "start", "package", "class_lag"]
"""What makes every class; county and programme as codes into the sorted lists.

A rule that tells money of a fund apart by department, street, community or service type makes classes finer by it,
so that all members of a class stand on the same side of the rule.
"""


NOTHING_ASKED: Mapping[str, Coded] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Sources:
    """The first rows of the program: a fund's budget of one year, in the order of fund and year."""

    fund: Int  # code into `funds`
    year: Int
    limit: Int  # hundreds of yuan
    funds: tuple[str, ...]  # ids of all funds, sorted


@dataclass(frozen=True, slots=True)
class Money:
    """Classes, demands, portions, floor sets and arcs as arrays."""

    sources: Sources
    classes: pl.DataFrame  # CLASS and the attributes asked for, in order
    asked: Mapping[str, Coded]  # attributes of components by which classes are finer, with their codes
    counties: tuple[str, ...]
    programmes: tuple[str, ...]
    demand_class: Int
    demand_year: Int
    option_spend: Sparse
    opening_spend: Sparse
    portion_class: Int
    portion_fund: Int
    portion_percent: Int
    portion_floor: Int
    floor_class: Int
    floor_percent: Int
    arc_demand: Int
    arc_portion: Int
    arc_source: Int


def add_sources(rows: RowBuilder, options: Options, book: Book, scenario: Scenario) -> Sources:
    """Budgets: `sum of arcs from (f, b) + fixed sums drawn from it <= B[f, b]`.

    One row for every fund and budget year with a budget in the book, from the first plan year on; arcs enter
    by being arcs of the source, fixed sums and operators' capital as entries of the option or opening.
    """
    limits = fund_limits(book, scenario)
    names = dict(book.table("funds").select("id", "name").iter_rows())
    first = rows.add(
        "source",
        [f"{names[fund]} {year}年" for fund, year in limits.select("fund", "year").iter_rows()],
        limits["limit"].to_numpy(),
        key=limits["fund"].to_list(),
        scopes=[str(year) for year in limits["year"]],
        unit="百元",
    )
    if first:
        raise ValueError("sources are the first rows")
    draws = drawn_rows(options, limits)
    for part, opening in ((OPTION, False), (OPENING, True)):
        some = draws.filter(pl.col("opening") == opening)
        rows.put(part, some["source"].to_numpy(), some["owner"].to_numpy(), some["amount"].to_numpy())
    funds = tuple(book.table("funds")["id"].sort().to_list())
    place = {name: number for number, name in enumerate(funds)}
    return Sources(
        fund=np.array([place[name] for name in limits["fund"]], np.int64),
        year=limits["year"].to_numpy().astype(np.int64),
        limit=limits["limit"].to_numpy().astype(np.int64),
        funds=funds,
    )


def drawn_rows(options: Options, limits: pl.DataFrame) -> pl.DataFrame:
    """The fixed sums and operators' capital with the source row that each draws on."""
    numbered = limits.select("fund", pl.col("year").alias("budget_year")).with_row_index("source")
    draws = options.draws.join(
        numbered.with_columns(pl.col("source").cast(pl.Int64)), on=["fund", "budget_year"], how="left"
    )
    lost = draws.filter(pl.col("source").is_null())
    if lost.height:
        fund, year = lost.select("fund", "budget_year").row(0)
        raise ValueError(f"{lost.height} draws on budgets that the book has not, the first on {fund} of {year}")
    return draws


def asked_by_rules(scenario: Scenario) -> tuple[str, ...]:
    """Attributes by which rules of the scenario tell the money of a fund apart, so that classes must."""
    asked = {name for rule in scenario.rules if rule.kind == "money" for name in rule.refines}
    return tuple(name for name in ATTRIBUTES if name in asked)


def money_of(options: Options, book: Book, sources: Sources, asked: Mapping[str, Coded] = NOTHING_ASKED) -> Money:
    """Full payment and shares: what falls due in a class and year is met by arcs, each fund within its share.

    For every class g and payment year tau: `sum of spending of all that is taken = sum of arcs`; for every
    fund f of its package: `sum of its arcs <= cap_f x spending`; and where the package has a smallest local
    share: `sum of the local funds' arcs >= floor x spending`. `asked` makes classes finer: codes of options, then of
    openings (see `CLASS`).
    """
    keys = [*CLASS, *asked]
    spending, counties, programmes = _spending_with_class(options, asked)
    classes = _numbered(spending.select(keys).unique().sort(keys), "class")
    spending = spending.join(classes, on=keys, how="left", maintain_order="left")
    demands = _numbered(spending.select("class", "year").unique().sort("class", "year"), "demand")
    spending = spending.join(demands, on=["class", "year"], how="left", maintain_order="left")
    portions, floors = _portions(options, classes, sources)
    arcs = _arcs(book, classes, demands, portions, sources)
    return Money(
        sources=sources,
        classes=classes,
        asked=asked,
        counties=counties,
        programmes=programmes,
        demand_class=_ints(demands["class"]),
        demand_year=_ints(demands["year"]),
        option_spend=_spend(spending.filter(~pl.col("opening")), options.options.height),
        opening_spend=_spend(spending.filter(pl.col("opening")), options.openings.height),
        portion_class=_ints(portions["class"]),
        portion_fund=_ints(portions["fund"]),
        portion_percent=_ints(portions["cap"]),
        portion_floor=_ints(portions["set"]),
        floor_class=_ints(floors["class"]),
        floor_percent=_ints(floors["floor"]),
        arc_demand=_ints(arcs["demand"]),
        arc_portion=_ints(arcs["portion"]),
        arc_source=_ints(arcs["source"]),
    )


def _numbered(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return frame.with_row_index(name).with_columns(pl.col(name).cast(pl.Int64))


def _ints(series: pl.Series) -> Int:
    return series.to_numpy().astype(np.int64)


def _spend(spending: pl.DataFrame, owners: int) -> Sparse:
    return Sparse.from_entries(owners, *(spending[name].to_numpy() for name in ("owner", "demand", "amount")))


def _spending_with_class(
    options: Options, asked: Mapping[str, Coded]
) -> tuple[pl.DataFrame, tuple[str, ...], tuple[str, ...]]:
    """What falls due, with the class of its owner: county and programme as codes, start year, package, lag."""
    needs, facilities = options.needs, options.facilities
    counties = sorted({*needs["county_code"], *facilities["county_code"]})
    programmes = sorted({*needs["programme"], *facilities["programme"]})

    def coded(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.select(
            pl.col("county_code").replace_strict(counties, range(len(counties)), return_dtype=pl.Int64).alias("county"),
            pl.col("programme").replace_strict(programmes, range(len(programmes)), return_dtype=pl.Int64),
        )

    of_need = coded(needs)[options.options["need"].to_numpy()]
    of_facility = coded(facilities)[options.openings["facility"].to_numpy()]
    package = facilities["package"][options.openings["facility"].to_numpy()]
    start = pl.col("year").alias("start")
    owners = [
        options.options.select(start, "package", "class_lag").hstack(of_need),
        options.openings.select(start, package.alias("package"), "class_lag").hstack(of_facility),
    ]
    height = options.options.height
    owners = [
        owner.with_columns(pl.Series(name, coded.code[part]) for name, coded in asked.items())
        for owner, part in zip(owners, (slice(height), slice(height, None)), strict=True)
    ]
    rows = pl.concat(
        _numbered(owner, "owner").with_columns(pl.lit(value=opening).alias("opening"))
        for owner, opening in zip(owners, (False, True), strict=True)
    )
    spending = options.spending.filter(pl.col("amount") > 0).join(
        rows, on=["opening", "owner"], how="left", maintain_order="left"
    )
    return spending, tuple(counties), tuple(programmes)


def _portions(options: Options, classes: pl.DataFrame, sources: Sources) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Funds of every class with their largest share, and the floor sets of the classes that have a smallest one."""
    floor = options.packages.with_row_index("package").select(pl.col("package").cast(pl.Int64), "floor")
    floors = _numbered(
        classes.join(floor, on="package", how="left", maintain_order="left").filter(pl.col("floor") > 0), "set"
    )
    number = {name: place for place, name in enumerate(sources.funds)}
    shares = options.shares.with_columns(
        pl.col("fund").replace_strict(list(number), list(number.values()), return_dtype=pl.Int64)
        if number
        else pl.col("fund").cast(pl.Int64)
    )
    portions = (
        classes.join(shares, on="package", how="inner", maintain_order="left_right")
        .join(floors.select("class", "set"), on="class", how="left", maintain_order="left")
        .with_columns(pl.when("local").then("set").otherwise(NONE).fill_null(NONE).alias("set"))
        .sort("class", "fund")
    )
    return _numbered(portions, "portion"), floors


def _arcs(
    book: Book, classes: pl.DataFrame, demands: pl.DataFrame, portions: pl.DataFrame, sources: Sources
) -> pl.DataFrame:
    """Which budget year may pay in which payment year: the carry-over rule, arrival and acceptance.

    With `a` the year in which the money is there (`b`, or `b + 1` where it arrives next year), `t` the start
    year and `tau` the payment year: none `tau = a`; tied `a <= tau <= a + 1` and `t <= a`; free `tau >= a`;
    after acceptance also `tau >= t + lag`.
    """
    funds = book.table("funds").select(
        pl.col("id").replace_strict(list(sources.funds), range(len(sources.funds)), return_dtype=pl.Int64).alias("fund")
        if sources.funds
        else pl.col("id").cast(pl.Int64).alias("fund"),
        pl.col("carry_over").fill_null("none"),
        pl.col("arrives").fill_null("same_year"),
    )
    budgets = pl.DataFrame(
        {"fund": sources.fund, "budget_year": sources.year, "source": np.arange(len(sources.fund), dtype=np.int64)}
    ).join(funds, on="fund", how="left", maintain_order="left")
    a, tau, start = pl.col("there"), pl.col("year"), pl.col("start")
    fits = (
        pl.when(pl.col("carry_over") == "none").then(tau == a)
        .when(pl.col("carry_over") == "tied").then((a <= tau) & (tau <= a + 1) & (start <= a))
        .otherwise(tau >= a)
    )  # fmt: skip
    accepted = (pl.col("arrives") != "after_acceptance") | (tau >= start + pl.col("class_lag"))
    return (
        demands.join(classes.select("class", "start", "class_lag"), on="class", how="left")
        .join(portions.select("class", "portion", "fund"), on="class", how="inner")
        .join(
            budgets.with_columns(
                (pl.col("budget_year") + (pl.col("arrives") == "next_year").cast(pl.Int64)).alias("there")
            ),
            on="fund",
            how="inner",
        )
        .filter(fits & accepted)
        .select("demand", "portion", "source")
        .sort("demand", "portion", "source")
    )
