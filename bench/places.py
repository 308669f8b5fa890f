"""Which communities a synthetic book holds, where they lie, who lives there, and their neighbourhoods."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy.spatial import cKDTree

from .frames import Floats, Ints, chosen, joined, kept, table_frame
from .sources import county_census, county_points, resident_communities, street_points

METRES_NORTH, METRES_EAST = 110_540.0, 111_320.0  # a degree, as docs/reference/derivation.md counts it
NEIGHBOURLY, CLOSELY_BUILT = 5, 0.8  # a county is closely built if this part lies in places of five or more
LEAST_APART = 300.0  # metres between two communities
PLACED = "位置为模拟:按街道(镇)或县区参考点附近布点"
COPY_SHRINK = 0.035  # each copy of the province is drawn this much closer to its middle, so that copies seldom overlap
COPY_HEADS = ("36", "97", "98", "99")  # 36 is Jiangxi; no province has the others
CITIES, COPIES_A_HEAD = 11, 8
MIDDLE = (115.9, 27.6)

TENURES = ("commodity", "reform", "unit", "public", "mixed")
PROPERTY_CLASSES = ("professional", "trust", "self", "none")
RENEWED_TYPES = ("R02;G03;F22", "R02;R04;R09", "G03;F22;F17", "R09;F14", "R02;G03;R09;F22;S02")


def picked(communities: int, rng: np.random.Generator, counties: Sequence[str] | None) -> pl.DataFrame:
    """The names and codes of the communities of a book, in the order of their codes.

    Whole counties in a seeded order that goes round the cities, the last one cut; beyond the whole
    province, the province again with codes that end in `-2`, `-3` and so on.
    """
    every = resident_communities()
    if counties is not None:
        known = set(every["county_code"])
        wrong = [code for code in counties if code not in known]
        if wrong:
            raise ValueError(f"没有这些县区代码:{'、'.join(wrong)} | unknown county codes: {', '.join(wrong)}")
        every = every.filter(pl.col("county_code").is_in(list(counties)))
    if communities < 1:
        raise ValueError("社区数至少为1 | at least one community is needed")
    whole = len(every)
    if communities > whole * len(COPY_HEADS) * COPIES_A_HEAD:
        raise ValueError(
            f"至多{whole * len(COPY_HEADS) * COPIES_A_HEAD}个社区 | at most {whole * len(COPY_HEADS) * COPIES_A_HEAD} communities"
        )
    if counties is not None and communities > whole:
        raise ValueError(f"所选县区只有{whole}个社区 | the counties named have only {whole} communities")
    parts = []
    for copy in range(-(-communities // whole)):
        wanted = min(whole, communities - copy * whole)
        part = every if wanted == whole else _some(every, wanted, rng)
        part = part.with_columns(
            pl.lit(copy).alias("copy"),
            pl.col("county_code").alias("census_county"),
            pl.col("street_code").alias("census_street"),
        )
        parts.append(part if copy == 0 else _copied(part, copy))
    return pl.concat(parts).with_row_index("row")


def _copied(part: pl.DataFrame, copy: int) -> pl.DataFrame:
    """Codes of a further copy of the province: city numbers that no real city has, names that say so."""
    head = COPY_HEADS[copy // COPIES_A_HEAD]
    number = pl.col("city_code").str.slice(2).cast(pl.Int64) + CITIES * (copy % COPIES_A_HEAD)
    city = head + number.cast(pl.String).str.zfill(2)
    mark = f"(模拟副本{copy + 1})"
    return part.with_columns(
        pl.col("code") + f"-{copy + 1}",
        (city + pl.col("street_code").str.slice(4)).alias("street_code"),
        (city + pl.col("county_code").str.slice(4)).alias("county_code"),
        city.alias("city_code"),
        pl.col("county") + mark,
        pl.col("city") + mark,
    )


def _some(every: pl.DataFrame, wanted: int, rng: np.random.Generator) -> pl.DataFrame:
    """Whole counties, one of each city in turn, until there are enough; the last county is cut.

    Closely built counties come before scattered ones, and none is more than two thirds of the book if others can
    fill it.
    """
    clusters = _clusters(every.select(pl.all(), pl.col("street_code").alias("census_street")))
    close = every.with_columns(clusters).with_columns((pl.len().over("cluster") >= NEIGHBOURLY).alias("close"))
    counties = close.group_by("county_code", "city_code", maintain_order=True).agg(pl.len(), pl.col("close").mean())
    later = (pl.col("close") < CLOSELY_BUILT) | (pl.col("len") > max(wanted * 2 / 3, 1.0))
    counties = counties.with_columns(later.alias("later"), pl.Series("draw", rng.random(len(counties)))).with_columns(
        pl.col("draw").rank("ordinal").over("later", "city_code").alias("round"),
        pl.col("draw").min().over("later", "city_code").alias("turn"),
    )
    order = counties.sort("later", "round", "turn", "county_code")
    order = order.select("county_code", pl.int_range(pl.len()).alias("place"))
    return every.join(order, on="county_code").sort("place", "code").head(wanted).sort("code").drop("place")


def _clusters(rows: pl.DataFrame) -> pl.Series:
    """What a community is placed around: its street if that has a point, else its county."""
    known = pl.col("census_street").is_in(street_points()["street_code"].to_list())
    return rows.select(pl.when(known).then("street_code").otherwise("county_code").alias("cluster"))["cluster"]


def positions(picks: pl.DataFrame, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Synthetic points (WGS-84): 300-800 m apart around the street's point, or the county's inner point."""
    rows = (
        picks.join(street_points(), left_on="census_street", right_on="street_code", how="left", maintain_order="left")
        .join(
            county_points(),
            left_on="census_county",
            right_on="county_code",
            how="left",
            suffix="_county",
            maintain_order="left",
        )
        .with_columns(
            pl.when(pl.col("lon").is_null())
            .then(pl.col("county_code"))
            .otherwise(pl.col("street_code"))
            .alias("cluster"),
            pl.coalesce("lon", "lon_county").alias("lon"),
            pl.coalesce("lat", "lat_county").alias("lat"),
        )
        .with_columns(
            pl.int_range(pl.len()).over("cluster").alias("place"), pl.col("cluster").rank("dense").alias("number")
        )
    )
    number, place = rows["number"].to_numpy().astype(np.int64) - 1, rows["place"].to_numpy()
    shrink = 1.0 - COPY_SHRINK * rows["copy"].to_numpy()
    lon = MIDDLE[0] + (rows["lon"].to_numpy() - MIDDLE[0]) * shrink
    lat = MIDDLE[1] + (rows["lat"].to_numpy() - MIDDLE[1]) * shrink
    clusters = int(number.max()) + 1
    pitch = rng.uniform(325.0, 440.0, clusters)[number]
    turn = rng.uniform(0.0, 2.0 * np.pi, clusters)[number]
    grid = _lattice(int(place.max()) + 1)[place] * pitch[:, None] + rng.uniform(-30.0, 30.0, (len(rows), 2))
    east = grid[:, 0] * np.cos(turn) - grid[:, 1] * np.sin(turn)
    north = grid[:, 0] * np.sin(turn) + grid[:, 1] * np.cos(turn)
    shift_east, shift_north = rng.uniform(-150.0, 150.0, (2, clusters))
    x = (lon - MIDDLE[0]) * METRES_EAST * np.cos(np.radians(lat)) + east + shift_east[number]
    y = (lat - MIDDLE[1]) * METRES_NORTH + north + shift_north[number]
    x, y = _apart(x, y)
    lat = MIDDLE[1] + y / METRES_NORTH
    return np.round(MIDDLE[0] + x / (METRES_EAST * np.cos(np.radians(lat))), 6), np.round(lat, 6)


def _lattice(points: int) -> Floats:
    """The innermost points of a triangular lattice of pitch 1, by distance from its centre."""
    reach = int(np.ceil(np.sqrt(points))) + 2
    i, j = (grid.ravel() for grid in np.mgrid[-reach : reach + 1, -reach : reach + 1])
    spots = np.column_stack([i + j / 2.0, j * np.sqrt(3.0) / 2.0]).astype(np.float64)
    order = np.lexsort((j, i, np.round(np.hypot(spots[:, 0], spots[:, 1]), 9)))
    return spots[order[:points]]


def _apart(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Push points of overlapping clusters away from each other until all are at least 300 m apart, or nearly."""
    spots = np.column_stack([x, y])
    for _ in range(60):
        pairs = cKDTree(spots).query_pairs(LEAST_APART + 5.0, output_type="ndarray")
        if len(pairs) == 0:
            break
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        first, second = pairs[:, 0], pairs[:, 1]
        way = spots[second] - spots[first]
        length = np.maximum(np.hypot(way[:, 0], way[:, 1]), 1.0)
        push = way * ((LEAST_APART + 12.0 - length) / length / 2.0)[:, None]
        np.add.at(spots, first, -push)
        np.add.at(spots, second, push)
    return spots[:, 0], spots[:, 1]


def community_table(
    picks: pl.DataFrame, lon: Floats, lat: Floats, old: Floats, new: Floats, rng: np.random.Generator
) -> pl.DataFrame:
    """The table of communities; `old` and `new` are the two factors of the baseline (standard normal)."""
    rows = picks.join(
        county_census(), left_on="census_county", right_on="county_code", how="left", maintain_order="left"
    )
    n = len(rows)
    mean = rows["urban_pop_per_resident_committee"].to_numpy()
    people = np.clip(np.round(mean * rng.lognormal(-0.08, 0.4, n)), 900, 30_000)
    size = rows["hh_size"].to_numpy() * rng.lognormal(0.0, 0.04, n)
    households = np.round(people * rows["hh_pop_ratio"].to_numpy() / size)
    # Old areas have more old people, new towns more children and cars.
    ageing, young = np.exp(0.12 * old), np.exp(0.10 * new - 0.05 * old)

    def share(name: str, factor: Floats) -> Floats:
        return np.asarray(rows[name].to_numpy() * factor * rng.lognormal(0.0, 0.08, n), dtype=np.float64)

    over_65 = share("age_65p_share", ageing)
    over_60 = over_65 + share("age_60_64_share", ageing)
    over_80 = np.minimum(share("age_80p_share", ageing), 0.6 * over_65)
    under_5, under_15 = share("age_0_4_share", young), share("age_0_14_share", young)
    under_15 = np.maximum(under_15, under_5 * 1.3)
    is_new = new - 0.8 * old + 0.6 * rng.standard_normal(n) > 1.35
    count = {
        "population": people,
        "households": households,
        "buildings": np.maximum(np.round(households / rng.uniform(18.0, 60.0, n)), 4),
        "elders_60p": people * over_60,
        "elders_65p": people * over_65,
        "elders_80p": people * over_80,
        # The census gives 0-4; three years of five, fewer births since.
        "children_0_3": people * under_5 * 0.52,
        "children_3_6": people * (under_15 - under_5) * 0.3,
        "children": people * under_15,
        "disabled": people * 0.06 * rng.lognormal(0.0, 0.1, n),
        "cars": households * np.clip(rows["share_vehicle"].to_numpy() * np.exp(0.08 * new - 0.06 * old), 0.1, 0.95),
        "ebikes": households * 0.8 * rng.lognormal(0.0, 0.08, n),
    }
    return table_frame(
        "communities",
        {
            "id": rows["code"],
            **{
                name: rows[name]
                for name in ("name", "city_code", "city", "county_code", "county", "street_code", "street")
            },
            "lon": lon,
            "lat": lat,
            **{name: np.round(values).astype(np.int64) for name, values in count.items()},
            "area_class": pl.Series(is_new).replace_strict({True: "new", False: "existing"}),
            "note": [PLACED] * n,
        },
    )


def neighbourhood_table(communities: pl.DataFrame, old: Floats, rng: np.random.Generator) -> pl.DataFrame:
    """Three to six neighbourhoods a community, about half completed before 2000, older where `old` is high."""
    n = len(communities)
    counts = rng.integers(3, 7, n)
    where = np.repeat(np.arange(n), counts)
    place = np.arange(len(where)) - np.repeat(np.cumsum(counts) - counts, counts)
    total = len(where)
    weight = rng.gamma(2.5, 1.0, total) + 0.3
    share = weight / np.bincount(where, weight, n)[where]
    households = np.maximum(np.round(communities["households"].to_numpy()[where] * 0.92 * share), 12).astype(np.int64)
    is_new = (communities["area_class"] == "new").to_numpy()[where]
    built = np.round(1999.5 - 5.0 * old[where] + 7.5 * rng.standard_normal(total) + 9.0 * is_new)
    built_year: Ints = np.clip(built, 1962, 2024).astype(np.int64)
    buildings = np.maximum(np.round(households / rng.uniform(16.0, 48.0, total)), 1).astype(np.int64)
    code = communities["id"].gather(where)
    renewed = (built_year <= 2005) & (rng.random(total) < 0.22)
    year = np.clip(2019 + rng.integers(0, 8, total), built_year + 10, 2026)
    name_of = pl.Series([f"第{number}小区" for number in "一二三四五六"]).gather(place)
    return table_frame(
        "neighbourhoods",
        {
            "id": joined(code, "-N", place + 1),
            "community": code,
            "name": communities["name"].gather(where) + name_of,
            "built_year": built_year,
            "households": households,
            "buildings": buildings,
            "floor_area": np.round(households * rng.uniform(70.0, 105.0, total)),
            "tenure": chosen(rng, TENURES, _tenure(built_year)),
            "property_class": chosen(rng, PROPERTY_CLASSES, _property(built_year)),
            "renewed_year": kept(year, renewed),
            "renewed_programme": kept(["老旧小区改造(模拟)"] * total, renewed),
            "renewed_types": kept(np.array(RENEWED_TYPES)[rng.integers(0, len(RENEWED_TYPES), total)], renewed),
            "note": ["模拟数据"] * total,
        },
    )


def _tenure(built: Ints) -> Floats:
    before = (built < 1999).astype(np.float64)
    return np.column_stack(
        [1.0 - 0.75 * before, 0.45 * before, 0.3 * before, np.full(len(built), 0.05), np.full(len(built), 0.08)]
    )


def _property(built: Ints) -> Floats:
    age = np.clip((2012.0 - built) / 25.0, 0.0, 1.4)
    return np.column_stack([1.5 - age, 0.2 + 0.2 * age, 0.15 + 0.15 * age, 0.01 + 0.24 * age**1.6])
