"""Finished works: what the register says was delivered counts until a survey has seen it."""

import datetime
from decimal import Decimal, InvalidOperation

import polars as pl

from .complaints import CELL
from .standards import PARTS

_ENTRY = {"entry": pl.String, "service_type": pl.String, "amount": pl.Int64}


def credits_of(
    projects: pl.DataFrame,
    sites: pl.DataFrame,
    neighbourhoods: pl.DataFrame,
    types: pl.DataFrame,
    surveys: pl.DataFrame,
    *,
    as_of: datetime.date,
) -> pl.DataFrame:
    """One row for every entry of `delivered` of a finished work accepted up to `as_of`.

    `amount` is in ten-thousandths. `used` is false, with a Chinese `reason`, where the entry cannot be read, has no
    place, or the latest survey of that service there (`surveys`: cell and `surveyed`) is not older than the
    acceptance: the survey has then counted the work already.
    """
    homes = neighbourhoods.select(neighbourhood="id", home="community")
    stands = sites.select(site="id", site_community="community", lon="lon", lat="lat")
    finished = (
        projects.filter((pl.col("store") == "finished") & (pl.col("accepted_on") <= as_of))
        .select("id", "community", "neighbourhood", "site", "delivered", "accepted_on")
        .join(homes, on="neighbourhood", how="left")
        .join(stands, on="site", how="left")
        .select(
            project="id",
            community=pl.coalesce("home", "community", "site_community"),
            neighbourhood=pl.col("neighbourhood").fill_null(""),
            entry=pl.col("delivered").str.split(";"),
            lon="lon",
            lat="lat",
            accepted_on="accepted_on",
        )
        .explode("entry")
        .filter(pl.col("entry").fill_null("").str.strip_chars() != "")
    )
    texts = finished["entry"].unique().sort()
    entries = pl.DataFrame([(text, *_read(text)) for text in texts], schema=_ENTRY, orient="row")
    kinds = types.select(service_type="id", metric_kind="metric_kind", radius="exists_radius_m")
    placed = finished.join(entries, on="entry").join(kinds, on="service_type", how="left")
    supply = pl.col("metric_kind") == "supply"
    placed = placed.with_columns(neighbourhood=pl.when(supply).then(pl.lit("")).otherwise("neighbourhood"))
    last = surveys.filter(pl.col("surveyed").is_not_null())
    own = last.group_by(CELL).agg(pl.col("surveyed").max())
    around = last.group_by("community", "service_type").agg(somewhere=pl.col("surveyed").max())
    seen = placed.join(own, on=CELL, how="left").join(around, on=["community", "service_type"], how="left")
    surveyed = pl.coalesce("surveyed", "somewhere") >= pl.col("accepted_on")
    nowhere = pl.col("community").is_null() & (~supply | pl.col("lon").is_null() | pl.col("radius").is_null())
    reason = (
        pl.when(pl.col("metric_kind").is_null() | pl.col("amount").is_null())
        .then(pl.lit("形成能力应写 服务类型=数量"))
        .when(nowhere)
        .then(pl.lit("没有所在社区"))
        .when(surveyed.fill_null(False))
        .then(pl.lit("验收后已采集,底数已含"))
        .otherwise(pl.lit(""))
    )
    return (
        seen.with_columns(reason=reason)
        .with_columns(used=pl.col("reason") == "")
        .select("project", *CELL, "entry", "amount", "lon", "lat", "accepted_on", "metric_kind", "used", "reason")
        .sort("project", "entry", *CELL)
    )


def off_defects(credits: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """What finished works take off the defects of each cell: `credit`, in ten-thousandths.

    `cells` holds the judged cells of defect types with `own`, the defect found. A work in a neighbourhood that is
    judged on its own counts there. All else is taken off the community's cell, or, where only neighbourhoods are
    judged, off them in the order of their ids.
    """
    given = credits.filter("used", pl.col("metric_kind") == "defect").group_by(CELL).agg(pl.col("amount").sum())
    exact = given.join(cells.select(CELL), on=CELL, how="semi")
    pool = (
        given.join(cells.select(CELL), on=CELL, how="anti")
        .group_by("community", "service_type")
        .agg(pool=pl.col("amount").sum())
    )
    known = cells.join(exact, on=CELL, how="left").with_columns(
        pl.col("amount").fill_null(0), pl.col("own").fill_null(0)
    )
    place = ["community", "service_type"]
    rest = (
        known.join(pool, on=place)
        .sort(*place, "neighbourhood")
        .with_columns(rest=(pl.col("own") - pl.col("amount")).clip(lower_bound=0))
        # The community's own cell sorts first and takes the whole; neighbourhoods share only where there is none.
        .with_columns(has_own=(pl.col("neighbourhood") == "").any().over(place))
        .with_columns(before=pl.col("rest").cum_sum().over(place) - pl.col("rest"))
        .with_columns(
            more=pl.when("has_own")
            .then(pl.when(pl.col("neighbourhood") == "").then("pool").otherwise(0))
            .otherwise(pl.min_horizontal("rest", (pl.col("pool") - pl.col("before")).clip(lower_bound=0)))
        )
        .select(*CELL, "more")
    )
    return (
        known.join(rest, on=CELL, how="left")
        .with_columns(credit=pl.min_horizontal(pl.col("amount") + pl.col("more").fill_null(0), "own"))
        .filter(pl.col("credit") > 0)
        .select(*CELL, "credit")
    )


def _read(text: str) -> tuple[str, int | None]:
    name, _, value = text.partition("=")
    try:
        amount = Decimal(value.strip())
    except InvalidOperation:
        return name.strip(), None
    return name.strip(), int(amount * PARTS) if amount.is_finite() and 0 <= amount <= 10**9 else None
