"""How hard a book is: the figures by which a synthetic book is held to the difficulty of the real task."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from ..models.book import Book
from ..models.catalogue import catalogue_of
from ..models.checkup import checkup
from ..models.options import MODULE, Options
from ..models.reach import within
from .costs import cheapest

OPEN_JUDGEMENTS = ("none", "short", "poor")
OPEN_STATUS = ("to_match", "idea", "reserve", "kept", "to_special", "rebound")
_RANKS = {"exists": 1, "enough": 2, "good": 3}

AT_LEAST: Mapping[str, float] = {
    "needs_per_community": 6.0,
    "sites_per_community": 1.5,
    "sites_in_reach": 3.0,
    "communities_per_site": 2.0,
    "area_asked_over_supply": 1.5,
    "indoor_asked_over_supply": 1.2,
    "money_over_cost": 0.30,
    "fund_kinds_with_shares": 6,
    "shared_funds": 6,
    "tied_funds": 6,
    "levels_per_need": 1.9,
    "years": 3,
}
"""The least value of each figure of a standard book."""

AT_MOST: Mapping[str, float] = {"needs_per_community": 8.0, "money_over_cost": 0.50}
"""The largest value, where there is one."""

FIGURES_ZH: Mapping[str, str] = {
    "communities": "社区",
    "needs_per_community": "每个社区的专项需求",
    "sites_per_community": "每个社区的闲置资源",
    "siting_share": "可落在场地上的需求占比",
    "sites_in_reach": "每项落地需求可用的场地",
    "communities_per_site": "每处场地被几个社区需要",
    "area_asked_over_supply": "所需面积/可用面积",
    "indoor_asked_over_supply": "所需室内面积/可用室内面积",
    "money_over_cost": "规划期资金/全部需求造价",
    "fund_kinds_with_shares": "带比例的资金类型",
    "shared_funds": "跨县区共用的资金",
    "tied_funds": "结转限原项目的资金",
    "county_payers": "县区支付主体",
    "levels_per_need": "每项需求可达水平数",
    "years": "规划年数",
}


def hardness(book: Book, options: Options | None = None) -> dict[str, float]:
    """The figures of `FIGURES_ZH` for a book, worked out from its needs list (or a check-up, if it has none).

    Sites in reach obey kind, use, floor, flue, smallest area, county and radius. With `options`, sites and
    communities are counted from what matching found, which also knows of consent, confirmation and money.
    """
    needs = open_needs(book)
    communities, sites, funds = book.table("communities"), book.table("sites"), book.table("funds")
    n = max(len(communities), 1)
    measures = _reaching(needs, book)
    siting = measures.filter(pl.col("site_kind") != "none")["need"].unique()
    pairs = _pairs_of_options(options) if options is not None else _pairs(needs, measures, book)
    asked, indoor = _areas(measures, needs)
    rooms = float(sites.filter(pl.col("kind") != "land")["area"].sum())
    take = cheapest(needs["service_type"], needs["quantity"].to_numpy())
    plan = [f"budget_{year}" for year in book.years]
    money = float(sum(funds[column].sum() for column in plan if column in funds.columns))
    shared = pl.col("share_cap").fill_null(100.0) < 100.0
    partly = pl.col("fund_type").is_in(_kinds_accepting_parts(book))
    places = pl.col("places").fill_null("").str.split(";").list.get(0, null_on_oob=True).str.len_chars()
    return {
        "communities": len(communities),
        "needs_per_community": len(needs) / n,
        "sites_per_community": len(sites) / n,
        "siting_share": len(siting) / max(len(needs), 1),
        "sites_in_reach": len(pairs) / max(len(siting), 1),
        "communities_per_site": pairs.select("site", "community").unique().height / max(len(sites), 1),
        "area_asked_over_supply": asked / max(float(sites["area"].sum()), 1.0),
        "indoor_asked_over_supply": indoor / max(rooms, 1.0),
        "money_over_cost": money / max(float(take.cost.sum()), 1.0),
        "fund_kinds_with_shares": funds.filter(shared | partly)["fund_type"].n_unique(),
        "shared_funds": funds.filter(places < 6).height,
        "tied_funds": funds.filter(pl.col("carry_over") == "tied").height,
        "county_payers": book.table("payers").filter(pl.col("level") == "county").height,
        "levels_per_need": _levels(measures) / max(len(needs), 1),
        "years": len(book.years),
    }


def missed(figures: Mapping[str, float]) -> list[str]:
    """The figures that are outside what a standard book has."""
    low = [name for name, least in AT_LEAST.items() if figures[name] < least]
    return low + [name for name, most in AT_MOST.items() if figures[name] > most]


def shortfall(figures: Mapping[str, float]) -> float:
    """How far figures are outside what a standard book has, as parts of the limits added up; 0 if none is."""
    low = sum(max(0.0, 1.0 - figures[name] / least) for name, least in AT_LEAST.items())
    return low + sum(max(0.0, figures[name] / most - 1.0) for name, most in AT_MOST.items())


def hardness_text(figures: Mapping[str, float]) -> str:
    """The figures as lines for people, Chinese first."""
    return "\n".join(
        f"{FIGURES_ZH[name]} ({name}): {value:,.2f}".rstrip("0").rstrip(".") for name, value in figures.items()
    )


def open_needs(book: Book) -> pl.DataFrame:
    """The special needs that wait for a project: those of the book, else those that a check-up finds."""
    needs = book.table("needs")
    if needs.is_empty():
        needs = checkup(book).needs
    return needs.filter(
        pl.col("need_class") == "special",
        pl.col("judgement").is_in(OPEN_JUDGEMENTS),
        pl.col("status").is_in(OPEN_STATUS),
    ).sort("id")


def _reaching(needs: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Every need with every measure that lifts it, with the units it takes."""
    measures = catalogue_of(book).measures.with_columns(
        pl.col("level_reached").replace_strict(_RANKS, return_dtype=pl.Int64).alias("reached")
    )
    columns = (
        "service_type", "reached", "site_kind", "floor_rule", "max_floor", "needs_flue", "service_radius_m",
        "area_m2_per_unit", "min_area_m2", "metric_per_unit", "fixed_capex_wan", "capex_wan_per_unit_typ",
    )  # fmt: skip
    kept = measures.filter(~pl.col("id").str.ends_with("e")).select(pl.col("id").alias("measure"), *columns)
    return (
        needs.with_row_index("need")
        .select("need", "community", "service_type", "quantity", pl.col("level").alias("now"))
        .join(kept, on="service_type", maintain_order="left")
        .filter(pl.col("reached") > pl.col("now"))
        .with_columns(
            (pl.col("quantity") / pl.col("metric_per_unit")).ceil().alias("units"), pl.col("reached").alias("level")
        )
    )


def _levels(measures: pl.DataFrame) -> int:
    """Levels on offer over all needs; a need that has nothing may get a first level in what others open."""
    first = measures.filter(pl.col("now") == 0, pl.col("site_kind") != "none", pl.col("reached") >= 2)
    levels = pl.concat([measures.select("need", "level"), first.select("need", pl.lit(1, pl.Int64).alias("level"))])
    return levels.unique().height


def _areas(measures: pl.DataFrame, needs: pl.DataFrame) -> tuple[float, float]:
    """Floor and plot area that the needs ask for with their cheapest measure at a site; and the indoor part."""
    at_site = measures.filter(pl.col("site_kind") != "none", (pl.col("reached") >= 2))
    area = pl.max_horizontal(
        pl.col("units") * pl.col("area_m2_per_unit").fill_null(0.0), pl.col("min_area_m2").fill_null(0.0)
    )
    cost = pl.col("fixed_capex_wan").fill_null(0) + pl.col("units") * pl.col("capex_wan_per_unit_typ")
    least = at_site.with_columns(area.alias("area"), cost.alias("cost")).sort("need", "cost")
    least = least.unique("need", keep="first", maintain_order=True)
    return float(least["area"].sum()), float(least.filter(pl.col("site_kind") != "land")["area"].sum())


def _pairs(needs: pl.DataFrame, measures: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Needs and sites that fit: need, community, site."""
    communities, sites = book.table("communities"), book.table("sites")
    uses = catalogue_of(book).uses.filter(pl.col("allowed") != "no").select("site_use", "service_type")
    home = communities.select(pl.col("id").alias("community"), "county_code", "lon", "lat")
    own = pl.col("home").eq_missing(pl.col("community")) & pl.col("home").is_not_null()
    place = sites.select(
        pl.col("id").alias("site"), pl.col("community").alias("home"), pl.col("county_code").alias("site_county"), "kind",
        pl.col("use").alias("site_use"), "area", pl.col("floor").fill_null(1), pl.col("lift").fill_null(False),
        pl.col("flue").fill_null(False), pl.col("own_entrance").fill_null(False),
    )  # fmt: skip
    found = [pl.DataFrame(schema={"need": pl.UInt32, "community": pl.String, "site": pl.String})]
    factor = book.settings.walking_factor
    at_site = measures.filter(pl.col("site_kind") != "none").with_columns(pl.col("service_radius_m").fill_null(0.0))
    for (radius,), part in at_site.group_by("service_radius_m", maintain_order=True):
        metres = float(str(radius))
        lon, lat = home["lon"].to_numpy(), home["lat"].to_numpy()
        reach = np.full(len(home), metres)
        first, second = within(lon, lat, reach, sites["lon"].to_numpy(), sites["lat"].to_numpy(), walking_factor=factor)
        near = pl.concat([home[first].drop("lon", "lat"), place[second]], how="horizontal")
        at_home = place.join(home.drop("lon", "lat"), left_on="home", right_on="community", how="inner").with_columns(
            pl.col("home").alias("community")
        )
        near = (
            pl.concat([near, at_home.select(near.columns)])
            .filter(pl.col("county_code") == pl.col("site_county"), own | pl.lit(metres > 0))
            .unique()
        )
        both = part.join(near, on="community").join(uses, on=["site_use", "service_type"])
        found.append(both.filter(_fits()).select("need", "community", "site"))
    return pl.concat(found).unique()


def _fits() -> pl.Expr:
    """Kind, floor, flue and smallest area, as docs/reference/derivation.md §4 has them."""
    kind, want, floor, rule = (pl.col(name) for name in ("kind", "site_kind", "floor", "floor_rule"))
    indoors = (kind == "building") | (kind == "room") & ((want == "room") | pl.col("own_entrance"))
    highest = pl.col("max_floor").fill_null(100)
    by_rule = (
        pl.when(rule.is_in(["ground", "ground_or_canopy"]))
        .then(floor == 1)
        .when(rule == "ground_low")
        .then((floor >= 1) & (floor <= highest))
        .when(rule == "ground_or_lift")
        .then((floor == 1) | (floor >= 2) & (floor <= highest) & pl.col("lift"))
        .when(rule == "any_floor")
        .then(floor <= highest)
        .when(rule == "roof")
        .then(pl.col("site_use") == "屋顶")
        .otherwise(pl.col("site_use") != "屋顶")
    )
    flue = ~pl.col("needs_flue").fill_null(False) | pl.col("flue")
    enough = pl.col("area") >= pl.col("min_area_m2").fill_null(0.0)
    return pl.when(want == "land").then(kind == "land").otherwise(indoors) & by_rule & flue & enough


def _pairs_of_options(options: Options) -> pl.DataFrame:
    facility = options.facilities.with_row_index("facility").with_columns(pl.col("facility").cast(pl.Int64))
    modules = facility.filter(pl.col("kind") == MODULE).select("facility", "site")
    needs = options.needs.with_row_index("need").select(pl.col("need").cast(pl.Int64), "community")
    return (
        options.options.select("need", "facility")
        .join(modules, on="facility")
        .join(needs, on="need")
        .select("need", "community", "site")
        .unique()
    )


def _kinds_accepting_parts(book: Book) -> list[str]:
    """Fund types that accept only a part of the cost of some measure."""
    shares = catalogue_of(book).measures["eligible_share_by_fund"].fill_null("").str.split(";").explode()
    part = shares.to_frame("entry").filter(pl.col("entry").str.contains("=0", literal=True))
    return part["entry"].str.split("=").list.first().unique().sort().to_list()
