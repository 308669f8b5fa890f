"""The check-up's figures of a synthetic book: what every community has of each service type, and what is wrong."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl
from scipy.special import ndtri

from .frames import Flags, Floats, Ints, days_before, kept, table_frame
from .reach import catchment, smoothed, supplied
from .sources import county_census, source_frame
from .standards import Standard, enough_quantity, people_served, standards

NOT_SURVEYED, QUALITY_UNKNOWN = 0.03, 0.01
LAST_SURVEY = datetime.date(2026, 10, 15)
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(24)


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a type is wanting, and what drives it (bench/data/baseline_rates.csv).

    `share` is the share of communities with any; `old` and `new` are the loadings on the two factors;
    `spread` is the dispersion k of the negative binomial, `step` the quantity of one point; `low`
    and `high` bound the shortage of a supply type as a part of what is enough.
    """

    service_type: str
    place: str
    share: float
    spread: float
    old: float
    new: float
    step: float
    low: float
    high: float
    poor: float
    not_applicable: float


@dataclass(frozen=True, slots=True)
class Baseline:
    """The table of facilities, and the needs it was made to give (before anything is unsurveyed).

    `expected`: row of the community, neighbourhood or null, service type, quantity short, level now.
    """

    facilities: pl.DataFrame
    expected: pl.DataFrame


@cache
def rates() -> Mapping[str, Rate]:
    """The rates by service type."""
    numbers = ("share", "spread", "old", "new", "step", "low", "high", "poor", "not_applicable")
    rows = source_frame("baseline_rates").iter_rows(named=True)
    return {
        row["service_type"]: Rate(
            row["service_type"], row["place"], **{name: float(row[name] or 0) for name in numbers}
        )
        for row in rows
    }


def factors(communities: pl.DataFrame, census_county: pl.Series, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """The old-stock factor and the new-town factor of every community: standard normal, alike among neighbours.

    The first is higher where the census counts few lifts. `communities` needs only lon and lat.
    """
    lifts = census_county.to_frame("county_code").join(
        county_census(), on="county_code", how="left", maintain_order="left"
    )
    stock = -np.log(lifts["share_building_lift"].to_numpy())
    stock = (stock - 2.5) / 0.9
    n = len(communities)
    old = 0.12 * stock + 0.45 * smoothed(communities, rng.standard_normal(n), 700.0) + 0.87 * rng.standard_normal(n)
    new = -0.1 * stock + 0.45 * smoothed(communities, rng.standard_normal(n), 900.0) + 0.88 * rng.standard_normal(n)
    # The rates are shares of the communities of a book: no book is old or new as a whole.
    return np.clip(old - old.mean(), -3.0, 3.0), np.clip(new - new.mean(), -3.0, 3.0)


def mean_for_share(share: float, spread: float, loading: float) -> float:
    """The mean of a negative binomial with log-normal rate that is above 0 in the given share of communities."""
    factor = np.exp(loading * _NODES - loading * loading / 2.0)
    weights = _WEIGHTS / _WEIGHTS.sum()
    low, high = 1e-4, 1e3
    for _ in range(60):
        mean = float(np.sqrt(low * high))
        found = float(weights @ (1.0 - (1.0 + mean * factor / spread) ** -spread))
        low, high = (mean, high) if found < share else (low, mean)
    return mean


def points(rate: Rate, old: Floats, new: Floats, rng: np.random.Generator) -> Ints:
    """Points found in every community: negative binomial, over-dispersed, driven by the two factors."""
    load = float(np.hypot(rate.old, rate.new))
    mean = mean_for_share(rate.share, rate.spread, load)
    drive = np.exp(rate.old * old + rate.new * new - load * load / 2.0)
    return rng.poisson(np.minimum(mean * drive * rng.gamma(rate.spread, 1.0 / rate.spread, len(old)), 120.0))


def baseline(
    communities: pl.DataFrame, neighbourhoods: pl.DataFrame, old: Floats, new: Floats, rng: np.random.Generator
) -> Baseline:
    """Facilities of every community and type, and the needs that follow from them."""
    home = communities.select(pl.col("id").alias("community"), pl.int_range(pl.len()).alias("row"))
    near = neighbourhoods.join(home, on="community", how="left", maintain_order="left")
    facilities, expected = [], []
    for standard in standards():
        if standard.id == "V01":
            rows = _without_property_service(standard, near)
        else:
            rate = rates()[standard.id]
            match rate.place:
                case "neighbourhood":
                    rows = _in_neighbourhoods(standard, rate, near, old, new, rng)
                case "supply":
                    rows = _supply(standard, rate, communities, old, new, rng)
                case _:
                    counts = points(rate, old, new, rng) * rate.step
                    rows = pl.DataFrame(
                        {
                            "row": np.arange(len(communities)),
                            "quantity": np.round(counts * _jitter(rng, len(counts)) if standard.special else counts),
                        }
                    )
        rows = _with_columns(standard, rows, rng)
        if standard.special:
            wanting = rows.filter(pl.col("short") > 0, ~pl.col("unknown"))
            expected.append(wanting.select("row", "neighbourhood", "service_type", "short", "level"))
        facilities.append(_surveyed(standard, rows, communities, rng))
    facility = pl.concat(facilities)
    facility = facility.with_columns(
        pl.concat_str(pl.coalesce("neighbourhood", "community"), pl.lit("-"), "service_type").alias("id")
    )
    table = table_frame("facilities", facility.to_dict(as_series=True))
    return Baseline(table, pl.concat(expected).sort("row", "service_type", "neighbourhood", nulls_last=False))


def _jitter(rng: np.random.Generator, n: int) -> Floats:
    return rng.uniform(0.7, 1.3, n)


def _with_columns(standard: Standard, rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The columns that all places share; a defect is short by what is wrong; some rows are not surveyed."""
    if "neighbourhood" not in rows.columns:
        rows = rows.with_columns(pl.lit(None, dtype=pl.String).alias("neighbourhood"))
    if "short" not in rows.columns:
        rows = rows.with_columns(pl.col("quantity").alias("short"), pl.lit(0).alias("level"))
    if "unknown" not in rows.columns:
        rows = rows.with_columns(pl.Series("unknown", rng.random(len(rows)) < NOT_SURVEYED))
    return rows.select(
        pl.col("row").cast(pl.Int64),
        "neighbourhood",
        pl.col("quantity").cast(pl.Float64),
        pl.col("short").cast(pl.Float64),
        pl.col("level").cast(pl.Int64),
        "unknown",
        pl.lit(standard.id).alias("service_type"),
    )


def _in_neighbourhoods(
    standard: Standard, rate: Rate, near: pl.DataFrame, old: Floats, new: Floats, rng: np.random.Generator
) -> pl.DataFrame:
    """Defects on the rows of the neighbourhoods that have them; one empty row for a community without any."""
    found = points(rate, old, new, rng)
    where = near["row"].to_numpy()
    age = np.clip(2006.0 - near["built_year"].to_numpy(), 0.0, 40.0)
    done = near["renewed_types"].fill_null("").str.contains(standard.id, literal=True).to_numpy()
    weight = (
        near["households"].to_numpy()
        * np.exp((0.06 if rate.old > rate.new else 0.01) * age)
        * np.where(done, 0.25, 1.0)
    )
    # The first few of a random order weighted by age and size carry all the points of their community.
    draw = np.log(weight) - np.log(rng.exponential(1.0, len(where)))
    rank = (
        pl.DataFrame({"row": where, "draw": draw})
        .select(pl.col("draw").rank("ordinal", descending=True).over("row"))["draw"]
        .to_numpy()
    )
    homes = np.bincount(where, minlength=len(found))
    taken = np.minimum(np.minimum(found, homes), 1 + found // 4)
    hit = rank <= taken[where]
    share = weight * hit
    share = share / np.maximum(np.bincount(where, share, len(found)), 1e-9)[where]
    count = np.maximum(np.round(found[where] * share), 1.0)
    limit = {
        "buildings": near["buildings"].to_numpy() * (1.0 if standard.id != "F14" and standard.id != "S02" else 3.0),
        "residents": near["floor_area"].to_numpy() * 0.05,
        "households": near["households"].to_numpy() * 0.9,
    }[standard.denominator]
    if standard.lot >= 100:  # m2 of dwellings
        limit = near["floor_area"].to_numpy() * 0.25
    quantity = np.maximum(np.round(np.minimum(count * rate.step * _jitter(rng, len(where)), limit)), 1.0)
    if rate.step <= 2:
        quantity = np.minimum(np.maximum(np.round(count * rate.step), 1.0), np.maximum(limit, 1.0))
    # Where one neighbourhood has a row all have one: what is left out would not count as surveyed.
    rows = pl.DataFrame({"row": where, "neighbourhood": near["id"], "quantity": quantity * hit})
    return _clear_as_one(rows.filter(pl.Series((found > 0)[where])), np.flatnonzero(found == 0))


def _clear_as_one(rows: pl.DataFrame, clear: Ints) -> pl.DataFrame:
    """One row for each community without any defect, beside the rows of the neighbourhoods of the others."""
    nothing = pl.DataFrame({"row": clear, "neighbourhood": [None] * len(clear), "quantity": [0.0] * len(clear)})
    return pl.concat([rows, nothing.select(pl.col(name).cast(kind) for name, kind in rows.schema.items())])


def _without_property_service(standard: Standard, near: pl.DataFrame) -> pl.DataFrame:
    """Households of the neighbourhoods that have no property service, as the table of neighbourhoods says."""
    where = near["row"].to_numpy()
    without = (near["property_class"] == "none").to_numpy()
    any_without = np.bincount(where, without) > 0
    quantity = near["households"].to_numpy() * without.astype(np.float64)
    rows = pl.DataFrame({"row": where, "neighbourhood": near["id"], "quantity": quantity})
    return _clear_as_one(rows.filter(pl.Series(any_without[where])), np.flatnonzero(~any_without))


def _supply(
    standard: Standard, rate: Rate, communities: pl.DataFrame, old: Floats, new: Floats, rng: np.random.Generator
) -> pl.DataFrame:
    """Quantities such that about the wanted share of communities falls short once neighbours share."""
    n = len(communities)
    per_head, least = enough_quantity(communities, standard)
    noise = rng.standard_normal(n)
    if standard.radius is not None and standard.radius >= 300.0:
        noise = (noise + smoothed(communities, rng.standard_normal(n), standard.radius)) / np.sqrt(2.0)
    rest = np.sqrt(max(1.0 - rate.old**2 - rate.new**2, 0.05))
    drive = rate.old * old + rate.new * new + rest * noise
    short: Flags = drive > ndtri(1.0 - rate.share)
    part = rate.low + (rate.high - rate.low) * rng.beta(1.3, 2.2, n) if rate.high > rate.low else np.full(n, rate.high)
    unknown: Flags = rng.random(n) < NOT_SURVEYED
    shares = catchment(communities, standard.radius, people_served(communities, standard.group))
    within = shares.astype(bool).astype(np.float64)
    enough = np.maximum(per_head, least)
    if per_head.any():
        wanted = enough * np.where(short, 1.0 - part, 1.08 + rng.gamma(2.0, 0.12, n))
        quantity = supplied(shares, wanted, enough, unknown, 1.0 if standard.lot < 50 else 10.0)
    else:
        # What counts by itself is not shared: nobody within reach of a community without it may have it.
        quantity = np.where(short, np.floor(least * (1.0 - part)), least * ((within @ short) == 0))
        quantity = np.where(unknown, 0.0, quantity)
    served, whole = shares @ quantity, within @ quantity
    missing = np.maximum(np.maximum(per_head - served, least - whole), 0.0)
    missing = np.where(missing > 1e-6, np.ceil(np.round(missing / standard.lot, 6)) * standard.lot, 0.0)
    level = np.where(whole >= standard.exists, 1, 0)
    columns = {"row": np.arange(n), "quantity": quantity, "short": missing, "level": level, "unknown": unknown}
    return pl.DataFrame(columns)


def _surveyed(
    standard: Standard, rows: pl.DataFrame, communities: pl.DataFrame, rng: np.random.Generator
) -> pl.DataFrame:
    """The rows as surveyed: some quantities and scores not known, some scores poor, some types not applicable."""
    n = len(rows)
    rate = rates().get(standard.id)
    unknown: Flags = rows["unknown"].to_numpy()
    outside: Flags = rng.random(n) < (rate.not_applicable if rate else 0.0)
    outside &= rows["short"].to_numpy() <= 0
    poor = rng.random(n) < (rate.poor if rate else 0.0)
    score = np.where(
        poor,
        standard.good_score - 2.0 - rng.gamma(2.0, 4.0, n),
        standard.good_score + 3.0 + np.minimum(rng.gamma(2.5, 4.0, n), 97.0 - standard.good_score),
    )
    score = np.clip(np.round(score), 20.0, 100.0)
    blank = unknown | outside
    hidden = blank | (rng.random(n) < QUALITY_UNKNOWN)
    day = days_before(LAST_SURVEY, rng.integers(0, 90, n))
    return rows.select(
        communities["id"].gather(rows["row"]).alias("community"),
        "neighbourhood",
        "service_type",
        kept(rows["quantity"], ~blank).alias("quantity"),
        kept(score, ~hidden).alias("quality"),
        kept(~outside, outside).alias("applicable"),
        kept(day, ~unknown).alias("surveyed"),
    )
