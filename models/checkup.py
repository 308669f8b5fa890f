"""The check-up (好社区专项体检): from baseline, complaints and finished works to the needs list."""

from dataclasses import dataclass

import polars as pl

from .book import Book
from .catalogue import catalogue_of
from .found_needs import LACKS, found_needs
from .judgement import judged
from .needs_changes import changes_of
from .needs_update import carried_on, needs_table
from .scenario import Scenario
from .standards import PARTS
from .tickets import tickets_of


@dataclass(frozen=True, slots=True, eq=False)
class CheckUp:
    """What a check-up found; all frames are in a fixed order and hold no text of a complaint.

    `needs` has the columns of the book's table of needs; `judgements` one row for every place and service type judged;
    `changes` what differs from the book's needs (need, what, from, to, reason); `unknown` what was not
    surveyed; `tickets` the general needs by department; `credits` what finished works were counted for.
    """

    needs: pl.DataFrame
    judgements: pl.DataFrame
    changes: pl.DataFrame
    unknown: pl.DataFrame
    tickets: pl.DataFrame
    credits: pl.DataFrame

    @property
    def counts(self) -> dict[str, int]:
        """How many places and types have each judgement."""
        return dict(self.judgements.group_by("judgement").len().sort("judgement").iter_rows())


def checkup(book: Book, scenario: Scenario | None = None) -> CheckUp:
    """Judge every community (or neighbourhood) and service type, and carry the needs list on.

    No setting of a scenario changes what is judged; it is taken so that every verb is called alike.
    Rules: docs/reference/checkup.md. The book is not changed; `book.with_table("needs", result.needs)` is the next one.
    """
    as_of = book.settings.as_of
    cells, credits = judged(book, catalogue_of(book).service_types)
    found = found_needs(cells, book.table("consultations"), as_of=as_of)
    rows = carried_on(found, book.table("needs"), book.table("projects"), as_of=as_of)
    needs = needs_table(rows)
    return CheckUp(
        needs=needs,
        judgements=_judgements(found),
        changes=changes_of(rows, credits),
        unknown=_unknown(found),
        tickets=tickets_of(needs, as_of=as_of),
        credits=_in_units(credits),
    )


def _place() -> list[pl.Expr]:
    named = pl.when(pl.col("neighbourhood") != "").then("neighbourhood").alias("neighbourhood")
    return [pl.col("community"), named, pl.col("service_type")]


def _judgements(found: pl.DataFrame) -> pl.DataFrame:
    known = pl.when("known")
    levels = [
        pl.when("not_applicable").then(pl.lit("unknown")).otherwise(name).alias(name)
        for name in ("exists", "enough", "good")
    ]
    return found.sort("community", "service_type", "neighbourhood").select(
        *_place(),
        pl.col("need_class"),
        pl.col("judgement"),
        *levels,
        quantity=known.then(pl.col("quantity") / PARTS),
        in_reach=pl.when(pl.col("metric_kind") == "supply").then(pl.col("whole") / PARTS),
        standard=pl.col("standard") / PARTS,
        shortage=known.then(pl.col("shortage") / PARTS),
        unit="metric_unit",
        quality="quality",
        complaints="complaints",
        complaints_per_1000="complaints_per_1000",
        credited=pl.col("credit") / PARTS,
        sureness="sureness",
    )


def _unknown(found: pl.DataFrame) -> pl.DataFrame:
    """Everything that is missing, one row a thing: quantity, denominator, quality or people."""
    lacks = pl.col("judgement").is_in(LACKS)
    unjudged = pl.col("judgement") == "unknown"
    no_base = (pl.col("metric_kind") == "supply") & pl.col("has_rate") & pl.col("rate").is_null() | (
        pl.col("exists_basis") == "per_1000"
    ).fill_null(False) & pl.col("limit").is_null()
    enough = pl.col("enough") == "yes"
    causes = {
        "quantity": (unjudged & ~enough & ~pl.col("complete"), "数量未采集"),
        "denominator": (unjudged & no_base, "分母人数未填"),
        "quality": (unjudged & enough, "质量得分未采集"),
        "people": (lacks & ~pl.col("people_known"), "服务人群人数未填,暂按1人计"),
    }
    parts = [
        found.filter(condition).select(*_place(), what=pl.lit(what), reason=pl.lit(reason), complaints="complaints")
        for what, (condition, reason) in causes.items()
    ]
    return pl.concat(parts).sort("community", "service_type", "neighbourhood", "what")


def _in_units(credits: pl.DataFrame) -> pl.DataFrame:
    return credits.select(
        pl.col("project"),
        *_place(),
        delivered=pl.col("amount") / PARTS,
        accepted_on="accepted_on",
        used="used",
        reason="reason",
    )
