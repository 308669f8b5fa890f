"""The three levels 有没有 / 够不够 / 好不好 of every place and service type (docs/reference/checkup.md)."""

import datetime

import polars as pl

from .book import Book
from .complaints import CELL, by_cell, recent
from .credits import credits_of, off_defects
from .standards import PARTS, parts, places, with_standards
from .supply import served

TYPE_COLUMNS = (
    "need_class",
    "metric_kind",
    "metric_unit",
    "denominator",
    "denominator_new",
    "threshold_exists",
    "exists_basis",
    "threshold_enough_per_1000",
    "enough_per_1000_new",
    "enough_per_1000_existing",
    "enough_min_absolute",
    "threshold_good_quality_score",
    "good_complaints_per_1000_max",
    "divisible",
    "lot_size",
    "group_served",
    "urgency_default",
    "department_zh",
    "general_deadline_days",
    "sureness",
    "sureness_exists",
    "sureness_good",
)
"""What a cell takes from the catalogue."""


def judged(book: Book, types: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every cell with its levels and all that they rest on, and the credits of finished works.

    Quantities are in ten-thousandths. A cell is a community (`neighbourhood` empty) or neighbourhood and a type.
    """
    settings = book.settings
    numbers = places(book.table("communities"), book.table("neighbourhoods"))
    rows = _survey(book, types)
    surveys = rows.filter(pl.col("quantity").is_not_null()).select(*CELL, "surveyed")
    credits = credits_of(
        book.table("projects"), book.table("sites"), book.table("neighbourhoods"), types, surveys, as_of=settings.as_of
    )
    told = recent(book.table("complaints"), as_of=settings.as_of, window_days=settings.complaints_window_days)
    cells = _cells(book, types, rows, told)
    events = by_cell(told, cells.filter(pl.col("neighbourhood") != ""), smallest_number=settings.complaint_minimum)
    own = _own(rows, settings.as_of)
    refused = own.filter("not_applicable").select("community", "service_type", "neighbourhood")
    supplied = _supplied(book, types, rows, numbers, credits, refused.drop("neighbourhood"))
    kinds = types.select(pl.col("id").alias("service_type"), *TYPE_COLUMNS)
    found = (
        cells.join(kinds, on="service_type")
        .join(numbers, on=["community", "neighbourhood"])
        .join(own, on=CELL, how="left")
        .join(events, on=CELL, how="left")
        .join(supplied, on=["community", "service_type"], how="left")
        .with_columns(
            pl.col("rows", "known_rows", "complaints", "own", "whole", "shared").fill_null(0),
            pl.col("grave", "unmeasured", "not_applicable").fill_null(False),
        )
    )
    gained = off_defects(credits, found.filter(pl.col("metric_kind") == "defect").select(*CELL, "own"))
    added = credits.filter("used", pl.col("metric_kind") == "supply").group_by(CELL).agg(added=pl.col("amount").sum())
    found = (
        found.join(gained, on=CELL, how="left")
        .join(added, on=CELL, how="left")
        .with_columns(credit=pl.coalesce("credit", "added", pl.lit(0)))
    )
    return _levels(with_standards(found, types), settings.complaint_minimum, settings.complaints_window_days), credits


def _survey(book: Book, types: pl.DataFrame) -> pl.DataFrame:
    """The rows of the baseline, at the cell in which they are judged; supply is always judged at the community."""
    homes = book.table("neighbourhoods").select(neighbourhood="id", home="community")
    kinds = types.select(service_type="id", metric_kind="metric_kind")
    points = book.table("communities").select(community="id", own_lon="lon", own_lat="lat")
    stands = pl.col("lon").is_not_null() & pl.col("lat").is_not_null()
    return (
        book.table("facilities")
        .join(homes, on="neighbourhood", how="left")
        .join(kinds, on="service_type")
        .with_columns(community=pl.coalesce("home", "community"))
        .join(points, on="community")
        .select(
            "community",
            "service_type",
            "metric_kind",
            "surveyed",
            neighbourhood=pl.when(pl.col("metric_kind") == "defect")
            .then(pl.col("neighbourhood").fill_null(""))
            .otherwise(pl.lit("")),
            quantity=parts(pl.col("quantity")),
            score=(pl.col("quality") * 100).round().cast(pl.Int64),
            applicable=pl.col("applicable").fill_null(True),
            partial=(pl.col("metric_kind") == "supply") & pl.col("neighbourhood").is_not_null(),
            stands=stands,
            lon=pl.when(stands).then("lon").otherwise("own_lon"),
            lat=pl.when(stands).then("lat").otherwise("own_lat"),
        )
    )


def _cells(book: Book, types: pl.DataFrame, rows: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """What is judged: every community and type; for defects surveyed by neighbourhood, these instead.

    Neighbourhoods without a row where others have one are judged too (as not surveyed), and the community
    itself as well where it has a row or complaints that name no neighbourhood.
    """
    everywhere = book.table("communities").select(community="id").join(types.select(service_type="id"), how="cross")
    place = ["community", "service_type"]
    apart = rows.filter(pl.col("neighbourhood") != "").select(CELL).unique()
    whole = rows.filter(pl.col("neighbourhood") == "").select(place).unique()
    only_apart = apart.select(place).unique().join(whole, on=place, how="anti")
    others = only_apart.join(
        book.table("neighbourhoods").select("community", neighbourhood="id"), on="community"
    ).select(CELL)
    unplaced = told.filter(pl.col("neighbourhood") == "").select(place)
    communities = everywhere.join(only_apart.join(unplaced, on=place, how="anti"), on=place, how="anti")
    return pl.concat(
        [
            communities.with_columns(neighbourhood=pl.lit("")).select(CELL),
            pl.concat([apart, others]).unique(),
        ]
    )


def _own(rows: pl.DataFrame, as_of: datetime.date) -> pl.DataFrame:
    scored = pl.col("score").is_not_null()
    applies = pl.col("applicable")
    # A supply row of one neighbourhood speaks for that neighbourhood alone.
    refused = (~applies & ~pl.col("partial")).any() | (~applies).all()
    return rows.group_by(CELL).agg(
        rows=applies.sum().cast(pl.Int64),
        known_rows=(applies & pl.col("quantity").is_not_null()).sum().cast(pl.Int64),
        own=pl.col("quantity").filter(applies).sum(),
        not_applicable=refused,
        seen=pl.col("surveyed").fill_null(as_of).max(),
        surveyed_on=pl.col("surveyed").max(),
        own_quality=pl.col("score").filter(scored).sum() / scored.sum() / 100,
    )


def _supplied(
    book: Book,
    types: pl.DataFrame,
    rows: pl.DataFrame,
    numbers: pl.DataFrame,
    credits: pl.DataFrame,
    refused: pl.DataFrame,
) -> pl.DataFrame:
    communities = book.table("communities")
    points = communities.select(community="id", own_lon="lon", own_lat="lat")
    works = credits.filter("used", pl.col("metric_kind") == "supply").join(points, on="community", how="left")
    columns = ["community", "service_type", "quantity", "score", "stands", "lon", "lat"]
    finished = works.select(
        "community",
        "service_type",
        quantity="amount",
        score=pl.lit(None, dtype=pl.Int64),
        stands=pl.col("lon").is_not_null(),
        lon=pl.coalesce("lon", "own_lon"),
        lat=pl.coalesce("lat", "own_lat"),
    ).select(columns)
    standing = rows.filter(pl.col("metric_kind") == "supply", pl.col("applicable")).select(columns)
    return served(
        pl.concat([standing, finished]),
        communities.select("id", "lon", "lat"),
        numbers,
        types,
        refused,
        walking_factor=book.settings.walking_factor,
    )


def _levels(cells: pl.DataFrame, smallest_number: int, window_days: int) -> pl.DataFrame:
    supply = pl.col("metric_kind") == "supply"
    known = (pl.col("known_rows") > 0) | (supply & (pl.col("credit") > 0))
    complete = (pl.col("rows") > 0) & (pl.col("known_rows") == pl.col("rows")) & ~pl.col("unmeasured")
    defect = (pl.col("own") - pl.col("credit")).clip(lower_bound=0)
    there = pl.when(supply).then(pl.col("whole") >= pl.col("limit")).otherwise(
        (defect == 0) | (defect <= pl.col("limit")).fill_null(False)
    )  # fmt: skip
    by_rate = ~pl.col("has_rate") | (pl.col("shared") >= pl.col("rate"))
    enough = pl.when(supply).then((pl.col("whole") >= pl.col("least")) & by_rate).otherwise(defect == 0)
    lacking = pl.when(supply).then((pl.col("whole") < pl.col("least")) | ~by_rate).otherwise(defect > 0)
    quality = pl.when(supply).then("quality").otherwise("own_quality")
    score = pl.col("threshold_good_quality_score")
    # Per 1,000 residents a year: n * 1000 * 365 / (residents * days).
    yearly = pl.col("complaints") * 1000 * 365
    above = (
        (pl.col("complaints") >= smallest_number)
        & (yearly > pl.col("good_complaints_per_1000_max") * pl.col("residents") * window_days)
    ).fill_null(False)
    scored = score.is_null() | (quality >= score)
    cells = cells.with_columns(
        known=known,
        complete=complete,
        defect=defect,
        quality=quality,
        above=above,
        complaints_per_1000=pl.when(pl.col("residents") > 0).then(yearly / (pl.col("residents") * window_days)),
        exists=_three(
            pl.when(supply).then(there).otherwise(complete & there),
            pl.when(supply).then(complete & ~there).otherwise(known & ~there & pl.col("limit").is_not_null()),
        ),
        enough=_three(
            pl.when(supply).then(known & enough).otherwise(complete & enough),
            pl.when(supply).then(complete & lacking).otherwise(known & lacking),
        ),
        good=_three(scored & ~above, ~scored | above),
    )
    by_rate_now = supply & pl.col("rate").is_not_null() & (
        pl.col("least") - pl.col("whole") <= (pl.col("rate") - pl.col("shared")).clip(lower_bound=0)
    )  # fmt: skip
    cells = cells.with_columns(
        quantity=pl.when(~supply).then("defect").when(by_rate_now).then("shared").otherwise("whole"),
        standard=pl.when(~supply).then(pl.lit(0)).when(by_rate_now).then("rate").otherwise("least"),
    )
    lacks = ~pl.col("not_applicable") & ((pl.col("exists") == "no") | (pl.col("enough") == "no"))
    missing = (pl.col("quantity") - pl.col("standard")).abs()
    # A part of a toilet cannot be built: what is counted is short by whole units.
    in_units = pl.when(supply & (pl.col("metric_unit") != "m2")).then(-(-missing // PARTS) * PARTS).otherwise(missing)
    return cells.with_columns(
        shortage=pl.when(lacks).then(in_units).otherwise(pl.lit(0)),
        judgement=pl.when("not_applicable")
        .then(pl.lit("not_applicable"))
        .when(pl.col("exists") == "no")
        .then(pl.lit("none"))
        .when(pl.col("enough") == "no")
        .then(pl.lit("short"))
        .when((pl.col("enough") == "yes") & (pl.col("good") == "no"))
        .then(pl.lit("poor"))
        .when((pl.col("enough") == "yes") & (pl.col("good") == "yes"))
        .then(pl.lit("met"))
        .otherwise(pl.lit("unknown")),
    ).with_columns(sureness=_sureness())


def _three(yes: pl.Expr, no: pl.Expr) -> pl.Expr:
    """Yes, no or unknown; an empty truth value is neither yes nor no."""
    return (
        pl.when(yes.fill_null(False))
        .then(pl.lit("yes"))
        .when(no.fill_null(False))
        .then(pl.lit("no"))
        .otherwise(pl.lit("unknown"))
    )


def _sureness() -> pl.Expr:
    """How sure the limits are on which the judgement rests: the weakest of those used."""
    ranks = ["assumed", "recalled", "seen"]

    def weakest(*columns: str) -> pl.Expr:
        place = [pl.col(name).fill_null("assumed").replace_strict(ranks, [0, 1, 2], default=0) for name in columns]
        return pl.min_horizontal(place).replace_strict([0, 1, 2], ranks, return_dtype=pl.String)

    judgement = pl.col("judgement")
    return (
        pl.when(judgement == "none")
        .then(weakest("sureness_exists"))
        .when(judgement == "short")
        .then(weakest("sureness"))
        .when(judgement == "poor")
        .then(weakest("sureness_good"))
        .when(judgement == "met")
        .then(weakest("sureness_exists", "sureness", "sureness_good"))
    )
