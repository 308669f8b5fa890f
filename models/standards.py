"""The numbers behind a standard: who is counted at a place, and how much of a service is enough for them.

Quantities are whole ten-thousandths here ("parts"), so that sums do not depend on the order of rows.
"""

import polars as pl

from .sums import parse_sums

PARTS = 10_000
"""Ten-thousandths in one unit of a quantity."""

EBIKES_IN_TEN_HOUSEHOLDS = 8
"""Assumed where a community gives no number of e-bikes."""

GROUPS = {
    "all": "residents",
    "elders": "elders_60p",
    "children": "children",
    "children_0_3": "children_0_3",
    "car_owners": "cars",
    "ebike_owners": "ebikes",
    "disabled": "disabled",
}
"""The number of a place that a group served is counted by."""

DENOMINATORS = ("residents", "households", "buildings", "elders_60p", "children_3_6", "cars", "ebikes")

_NUMBERS = tuple(dict.fromkeys([*DENOMINATORS, *GROUPS.values()]))
_COUNTED = {"households", "buildings"}


def parts(quantity: pl.Expr) -> pl.Expr:
    """A quantity with at most four decimals as whole ten-thousandths."""
    return (quantity * PARTS).round().cast(pl.Int64)


def places(communities: pl.DataFrame, neighbourhoods: pl.DataFrame) -> pl.DataFrame:
    """Every community and neighbourhood with its numbers; `neighbourhood` is empty for the community itself.

    A neighbourhood counts its own households and buildings; the other numbers are the community's, scaled by
    households and rounded up. A number that the book does not give stays empty, except e-bikes (0.8 a household).
    """
    whole = communities.select(
        community="id",
        neighbourhood=pl.lit(""),
        city_code="city_code",
        county_code="county_code",
        new=(pl.col("area_class") == "new").fill_null(False),
        residents="population",
        households="households",
        buildings="buildings",
        elders_60p="elders_60p",
        children_3_6="children_3_6",
        cars="cars",
        ebikes=pl.coalesce("ebikes", (pl.col("households") * EBIKES_IN_TEN_HOUSEHOLDS + 9) // 10),
        children="children",
        children_0_3="children_0_3",
        disabled="disabled",
        floor_area=pl.lit(None, dtype=pl.Int64),
    )
    part = neighbourhoods.select(
        "community",
        neighbourhood="id",
        own_households="households",
        own_buildings="buildings",
        floor_area=parts(pl.col("floor_area")),
    ).join(whole.drop("neighbourhood", "floor_area"), on="community")
    scaled = [
        pl.when(pl.col("households") > 0)
        .then(pl.min_horizontal(name, (pl.col(name) * pl.col("own_households") - 1) // pl.col("households") + 1))
        .otherwise(pl.col(name))
        .alias(name)
        for name in _NUMBERS
        if name not in _COUNTED
    ]
    part = part.with_columns(scaled).with_columns(households="own_households", buildings="own_buildings")
    return pl.concat([whole, part.select(whole.columns)])


def number_of(code: pl.Expr, kinds: dict[str, str]) -> pl.Expr:
    """The number of the place that a code names; empty where it is not known or the code counts nobody."""
    chosen = pl.lit(None, dtype=pl.Int64)
    for name, column in kinds.items():
        chosen = pl.when(code == name).then(pl.col(column)).otherwise(chosen)
    return chosen


def with_standards(cells: pl.DataFrame, types: pl.DataFrame) -> pl.DataFrame:
    """Cells (place numbers and type columns) with what is wanted of each, in parts.

    Adds `counted` (the denominator's number), `has_rate` (whether a standard per 1,000 applies), `rate` (that
    standard for this place; empty if the denominator is not known), `limit` (of the level exists) and `least`
    (the absolute quantity that is enough). An override for the county comes before one for its city.
    """
    told = [
        (row["id"], place, float(value))
        for row in types.iter_rows(named=True)
        for place, value in parse_sums(row["enough_city_override"]).items()
    ]

    def overrides(code: str) -> pl.DataFrame:
        schema = {"service_type": pl.String, code: pl.String, f"by_{code}": pl.Float64}
        return pl.DataFrame(told, schema=schema, orient="row")

    new, plain = pl.col("new"), pl.col("threshold_enough_per_1000")
    supply = pl.col("metric_kind") == "supply"
    code = pl.when(new).then(pl.coalesce("denominator_new", "denominator")).otherwise("denominator")
    of_area = (
        pl.when(new)
        .then(pl.coalesce("enough_per_1000_new", plain))
        .otherwise(pl.coalesce("enough_per_1000_existing", plain))
    )
    per_1000 = parts(pl.col("threshold_exists")) * pl.col("counted") // 1000
    limit = pl.when(pl.col("exists_basis") == "per_1000").then(per_1000).otherwise(parts(pl.col("threshold_exists")))
    product = parts(pl.col("per_1000")) * pl.col("counted")
    rate = product // 1000
    return (
        cells.join(overrides("city_code"), on=["service_type", "city_code"], how="left")
        .join(overrides("county_code"), on=["service_type", "county_code"], how="left")
        .with_columns(code=code, per_1000=pl.coalesce("by_county_code", "by_city_code", of_area))
        .with_columns(counted=number_of(pl.col("code"), {name: name for name in DENOMINATORS}))
        .with_columns(
            has_rate=supply & (pl.col("code") != "community") & (pl.col("per_1000").fill_null(0) > 0),
            limit=limit,
            rate=rate,
        )
        .with_columns(
            rate=pl.when("has_rate").then("rate"),
            least=pl.max_horizontal(parts(pl.col("enough_min_absolute")), pl.col("limit"), pl.lit(0)),
        )
    )
