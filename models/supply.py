"""What existing facilities give to each community: the two-step floating catchment.

Step one: a facility serves its own community and every one whose point lies within its type's radius, and its
quantity is shared among them in proportion to the group served. Step two: a community adds up its shares.
"""

import polars as pl

from .reach import within
from .standards import GROUPS, number_of

PLACE = ["community", "service_type"]


def served(
    facilities: pl.DataFrame,
    communities: pl.DataFrame,
    numbers: pl.DataFrame,
    types: pl.DataFrame,
    not_applicable: pl.DataFrame,
    *,
    walking_factor: float,
) -> pl.DataFrame:
    """Per community and supply type reached: `whole`, `shared`, `unmeasured`, `quality`.

    `facilities` has `community` (may be empty for a finished work), `service_type`, `quantity` in ten-thousandths
    (empty = not surveyed), `score` in hundredths, `lon`, `lat` and `stands` (has a point of its own).
    `whole` adds up quantities in reach unshared, `shared` the shares, each rounded up to a ten-thousandth;
    `unmeasured` says that a facility of unknown quantity stands in reach outside the community;
    `quality` is the score from 0 to 100 weighted by the shares.
    """
    radii = types.select(service_type="id", radius="exists_radius_m", group="group_served")
    rows = facilities.join(radii, on="service_type").with_row_index("row")
    own = rows.filter(pl.col("community").is_not_null()).select("row", place="community")
    # A facility without a quantity tells of itself only where it stands; a quantity of 0 reaches nobody.
    far = rows.filter(
        pl.col("radius").is_not_null() & ((pl.col("quantity") > 0) | (pl.col("quantity").is_null() & pl.col("stands")))
    )
    points = far.select("lon", "lat", "radius").unique(maintain_order=True)
    first, second = within(
        points["lon"].to_numpy(),
        points["lat"].to_numpy(),
        points["radius"].to_numpy(),
        communities["lon"].to_numpy(),
        communities["lat"].to_numpy(),
        walking_factor=walking_factor,
    )
    near = pl.concat([points[first], communities.select(place="id")[second]], how="horizontal")
    reached = far.select("row", "lon", "lat", "radius").join(near, on=["lon", "lat", "radius"]).select("row", "place")
    pairs = (
        pl.concat([own, reached])
        .unique()
        .join(rows.select("row", "service_type", "group", "quantity", "score", home="community"), on="row")
        .join(not_applicable, left_on=["place", "service_type"], right_on=PLACE, how="anti")
        .join(
            numbers.filter(pl.col("neighbourhood") == "").select(
                "residents", place="community", **{c: c for c in GROUPS.values() if c != "residents"}
            ),
            on="place",
        )
        .with_columns(weight=number_of(pl.col("group"), GROUPS))
    )
    row = "row"
    known = (pl.col("weight").is_not_null().all() & (pl.col("weight").sum() > 0)).over(row)
    pairs = (
        pairs.with_columns(weight=pl.when(known).then("weight").otherwise("residents"))
        .with_columns(weight=pl.when(pl.col("weight").sum().over(row) > 0).then("weight").otherwise(1))
        .with_columns(all=pl.col("weight").sum().over(row), amount=pl.col("quantity").fill_null(0))
        .with_columns(
            share=pl.col("amount") // pl.col("all") * pl.col("weight")
            - (-(pl.col("amount") % pl.col("all") * pl.col("weight"))) // pl.col("all")
        )
    )
    at_home = (pl.col("place") == pl.col("home")).fill_null(False)
    scored = pl.col("score").is_not_null()
    by_share = (pl.col("score") * pl.col("share")).filter(scored).sum() / pl.col("share").filter(scored).sum()
    plain = pl.col("score").filter(scored & at_home).sum() / (scored & at_home).sum()
    return pairs.group_by(community="place", service_type="service_type").agg(
        whole=pl.col("amount").sum(),
        shared=pl.col("share").sum(),
        unmeasured=(pl.col("quantity").is_null() & ~at_home).any(),
        quality=pl.when(pl.col("share").filter(scored).sum() > 0)
        .then(by_share)
        .when((scored & at_home).any())
        .then(plain)
        / 100,
    )
