"""The published figures from which synthetic books are made: real names and counts, no measured communities."""

from functools import cache
from importlib.resources import files

import numpy as np
import polars as pl

from ..models.datum import to_wgs84

_CENSUS = {
    "hh_size": pl.Float64,
    "hh_pop_ratio": pl.Float64,
    "age_0_4_share": pl.Float64,
    "age_0_14_share": pl.Float64,
    "age_60_64_share": pl.Float64,
    "age_65p_share": pl.Float64,
    "age_80p_share": pl.Float64,
    "share_building_lift": pl.Float64,
    "share_vehicle": pl.Float64,
    "urban_pop_per_resident_committee": pl.Float64,
}


def source_frame(name: str) -> pl.DataFrame:
    """One source file of `bench/data`, every cell as text (sources and licences: `bench/data/README.md`)."""
    data = files("qingdan.bench.data").joinpath(f"{name}.csv").read_bytes()
    return pl.read_csv(data, infer_schema=False)


@cache
def resident_communities() -> pl.DataFrame:
    """The 4,608 resident committees of Jiangxi in the order of their codes.

    Columns: code, name, street_code, street, county_code, county, city_code, city.
    """
    rows = source_frame("jiangxi_communities_resident").filter(pl.col("committee_type") == "resident")
    return rows.select(
        "code",
        # 居委会 is the body; the place is what stands before it.
        pl.col("name").str.replace(r"(居民委员会|居委会)$", "").alias("name"),
        "street_code",
        pl.col("street_name").alias("street"),
        "county_code",
        pl.col("county_name").alias("county"),
        "city_code",
        pl.col("city_name").alias("city"),
    ).sort("code")


@cache
def county_census() -> pl.DataFrame:
    """County figures of the 2020 census (shares are fractions), one row a county, by code."""
    return (
        source_frame("jiangxi_county_census2020")
        .select("county_code", *(pl.col(name).cast(kind) for name, kind in _CENSUS.items()))
        .sort("county_code")
    )


@cache
def street_points() -> pl.DataFrame:
    """Points of street offices and towns that have one: street_code, lon, lat (WGS-84, GeoNames)."""
    return (
        source_frame("jiangxi_townships")
        .filter(pl.col("lon_wgs84").is_not_null())
        .select(
            "street_code",
            pl.col("lon_wgs84").cast(pl.Float64).alias("lon"),
            pl.col("lat_wgs84").cast(pl.Float64).alias("lat"),
        )
    )


@cache
def county_points() -> pl.DataFrame:
    """The inner point of every county: county_code, lon, lat; published in GCJ-02, converted to WGS-84."""
    rows = source_frame("jiangxi_divisions_geo").filter(pl.col("level") == "county")
    lon, lat = to_wgs84(
        rows["inner_lon_gcj02"].cast(pl.Float64).to_numpy().astype(np.float64),
        rows["inner_lat_gcj02"].cast(pl.Float64).to_numpy().astype(np.float64),
        "GCJ02",
    )
    return pl.DataFrame({"county_code": rows["code"], "lon": lon, "lat": lat})
