"""Synthetic books on real community names: everything but names, codes and county census is made up (模拟数据)."""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl

from ..models.book import Book
from ..models.checkup import checkup
from ..models.settings import BookSettings
from ..models.standard_scenario import scenario_with_hindered
from .baseline import baseline, factors
from .budgets import fund_table, payer_table
from .costs import area_asked, cheapest
from .hardness import hardness, shortfall
from .places import community_table, neighbourhood_table, picked, positions
from .register import KNOWN_PILOTS, listing_table, pilots, project_tables
from .residents import complaint_table, consultation_table
from .resources import operator_table, policy_table, site_table

AS_OF = datetime.date(2026, 11, 1)
HORIZON = 10
DRAFTS, DRAFTS_OF_A_LARGE_BOOK, LARGE = 16, 2, 2000
SCENARIO_TRIES = 3
DEMO_COUNTY, DEMO_COMMUNITIES, DEMO_SEED = "360925", 14, 2085


def generate(
    communities: int, seed: int, *, counties: Sequence[str] | None = None, years: Sequence[int] = (2027, 2028, 2029)
) -> Book:
    """A book of so many communities; the same arguments give the same book, to the last digit.

    Names, codes and county census figures are real; places on the map, baseline, complaints, resources and
    money are made up. Of a few drafts the first that has every figure of a standard book is taken, else the one
    that comes nearest (small books of scattered counties). `counties` limits the choice to these county codes.
    Raises `ValueError` for counties that do not exist or have too few communities.
    """
    years = tuple(years)
    nearest: tuple[float, Book, Book] | None = None
    for attempt in range(DRAFTS if communities <= LARGE else DRAFTS_OF_A_LARGE_BOOK):
        draft = _draft(communities, seed, attempt, counties, years)
        judged = draft.with_table("needs", checkup(draft).needs)
        lacking = shortfall(hardness(judged))
        if nearest is None or lacking < nearest[0]:
            nearest = lacking, draft, judged
        if not lacking:
            break
    assert nearest is not None
    return with_standard_scenario(nearest[1], nearest[2])


def with_standard_scenario(book: Book, judged: Book) -> Book:
    """The book with its standard scenario (`judged` has its needs); made-up pilots that no plan could serve in time are pilots no more."""
    text, hindered = scenario_with_hindered(judged)
    for _ in range(SCENARIO_TRIES):
        made_up = [code for code in hindered if code not in KNOWN_PILOTS]
        people, listings = book.table("communities"), book.table("listings")
        if not made_up or people["pilot_category"].count() <= len(made_up):
            break
        dropped = pl.col("id").is_in(made_up)
        people = people.with_columns(pl.when(~dropped).then("pilot_category").alias("pilot_category"))
        listings = listings.filter(~pl.col("community").is_in(made_up) | (pl.col("programme") != "good_pilot"))
        book = book.with_table("communities", people).with_table("listings", listings)
        judged = book.with_table("needs", judged.table("needs"))
        text, hindered = scenario_with_hindered(judged)
    return replace(book, scenario_text=text)


def _draft(communities: int, seed: int, attempt: int, counties: Sequence[str] | None, years: tuple[int, ...]) -> Book:
    rng = np.random.default_rng([seed, attempt])
    picks = picked(communities, rng, counties)
    lon, lat = positions(picks, rng)
    old, new = factors(pl.DataFrame({"lon": lon, "lat": lat}), picks["census_county"], rng)
    people = community_table(picks, lon, lat, old, new, rng)
    chosen = pilots(people, rng)
    people = people.with_columns(pl.Series("pilot_category", [chosen.get(row) for row in range(len(people))]))
    homes = neighbourhood_table(people, old, rng)
    checked = baseline(people, homes, old, new, rng)
    rows = checked.expected["row"].to_numpy()
    types, short = checked.expected["service_type"], checked.expected["short"].to_numpy()
    take = cheapest(types, short)
    sites = site_table(people, years, area_asked(types, short), rng)
    funds = fund_table(people, rows, take, years, rng)
    projects, payments = project_tables(people, sites, years, rng)
    tables = {
        "communities": people,
        "neighbourhoods": homes,
        "facilities": checked.facilities,
        "complaints": complaint_table(people, checked.expected, AS_OF, rng),
        "consultations": consultation_table(people, homes, checked.expected, AS_OF, rng),
        "sites": sites,
        "funds": funds,
        "payers": payer_table(people, funds, rows, take, years, HORIZON, rng),
        "policies": policy_table(people, years, rng),
        "operators": operator_table(people, rng),
        "projects": projects,
        "payments": payments,
        "listings": listing_table(people, chosen, rng),
    }
    return Book(_settings(people, seed, years), tables)


def _settings(communities: pl.DataFrame, seed: int, years: tuple[int, ...]) -> BookSettings:
    cities = communities["city_code"].unique().sort().to_list()
    counties = communities["county_code"].unique().sort().to_list()
    region = counties if len(counties) <= 3 else cities
    places = communities["county"].unique(maintain_order=True).to_list() if len(counties) <= 3 else ["江西省"]
    return BookSettings(
        title=f"{'、'.join(places)}好社区清单簿(模拟数据,{len(communities)}个社区)",
        region=tuple(code for code in region if code.startswith("36")) if len(cities) < 11 else ("36",),
        plan_years=years,
        horizon_years=HORIZON,
        as_of=AS_OF,
        datum="WGS84",
        data_kind="synthetic",
        seed=seed,
    )


def demo_book() -> Path:
    """The folder of the demo book that ships with the package: 靖安县, simulated figures on real community names."""
    return Path(str(files("qingdan.bench.data").joinpath("demo_book")))


def made_demo_book() -> Book:
    """The demo book made anew; it equals the one that ships."""
    return generate(DEMO_COMMUNITIES, DEMO_SEED, counties=[DEMO_COUNTY])
