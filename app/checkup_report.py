"""What a check-up found and changed: told to people, as lists of one JSON document, and as a folder of tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .console import Console

if TYPE_CHECKING:
    import polars as pl

    from ..models.book import Book
    from ..models.checkup import CheckUp

CHANGES = {
    "new": "新增", "rebound": "反弹", "raised": "升高", "lowered": "降低", "closed": "销号", "credited": "计入完工",
    "kept": "保留（未能再判定）", "updated": "更新",
}  # fmt: skip
CHECKUP_TABLES = ("changes", "unknown", "tickets", "judgements")
"""The tables that stand in the folder beside a book with new needs."""

FIRST_LINES = 3
FIRST_TYPES = 10


def tables_of(found: CheckUp) -> dict[str, pl.DataFrame]:
    """The tables of the folder beside a book with new needs, by their names."""
    return {name: getattr(found, name) for name in CHECKUP_TABLES}


def folder_beside(book: Path) -> Path:
    """Where the tables of a check-up go: `OUT-checkup`, without the ending of a workbook."""
    return book.with_name(f"{book.stem if book.suffix.lower() == '.xlsx' else book.name}-checkup")


def document_of(found: CheckUp) -> Mapping[str, Any]:
    """The part of the JSON document that holds what was found, all of it."""
    return {
        "judgements": found.counts,
        "needs": found.needs.height,
        "changes": found.changes.to_dicts(),
        "unknown": found.unknown.to_dicts(),
        "tickets": found.tickets.to_dicts(),
        "credits": found.credits.to_dicts(),
    }


def tell(console: Console, book: Book, found: CheckUp) -> None:
    """Changes by kind, what was not surveyed by service type, tickets by department; the first lines of each."""
    if console.as_json:
        return
    names = _Names.of(book)
    _tell_changes(console, found, names)
    _tell_unknown(console, found, names)
    _tell_tickets(console, found)


class _Names:
    """Names of communities and service types for people."""

    def __init__(self, places: Mapping[str, str], types: Mapping[str, str]) -> None:
        self.places, self.types = places, types

    @classmethod
    def of(cls, book: Book) -> _Names:
        from ..models.catalogue import catalogue_of

        types = catalogue_of(book).service_types
        communities = book.table("communities")
        return cls(
            dict(zip(communities["id"], communities["name"], strict=True)),
            dict(zip(types["id"], types["name_zh"], strict=True)),
        )

    def at(self, row: Mapping[str, Any]) -> str:
        """Where and what."""
        place = self.places.get(row["community"]) or row["community"]
        home = f"（小区{row['neighbourhood']}）" if row["neighbourhood"] else ""
        return f"{place}{home} {self.types.get(row['service_type']) or row['service_type']}"


def _tell_changes(console: Console, found: CheckUp, names: _Names) -> None:
    changes = found.changes
    if changes.is_empty():
        console.say("需求清单与上次相比没有变化")
        return
    counts = dict(changes.group_by("what").len().iter_rows())
    console.table(
        "需求清单的变化", ["变化", "条数"], [[told, counts[what]] for what, told in CHANGES.items() if what in counts]
    )
    places = found.needs.select("community", "neighbourhood", "service_type", need="id")
    for what, told in CHANGES.items():
        first = changes.filter(changes["what"] == what).head(FIRST_LINES).join(places, on="need", how="left")
        for row in first.iter_rows(named=True):
            before = f"{row['from']} → " if row["from"] else ""
            console.say(f"　{told}　{row['need']} {names.at(row)}：{before}{row['to']}（{row['reason']}）")
        if (more := counts.get(what, 0) - FIRST_LINES) > 0:
            console.say(f"　　　　……{told}另有 {more} 条")


def _tell_unknown(console: Console, found: CheckUp, names: _Names) -> None:
    import polars as pl

    unknown = found.unknown
    if unknown.is_empty():
        return
    by_type = (
        unknown.group_by("service_type")
        .agg(number=pl.len(), causes=pl.col("reason").value_counts(sort=True))
        .sort(["number", "service_type"], descending=[True, False])
    )
    rows = []
    for kind, number, causes in by_type.head(FIRST_TYPES).iter_rows():
        ordered = sorted(causes, key=lambda cause: (-cause["count"], cause["reason"]))
        told = "；".join(f"{cause['reason']} {cause['count']}" for cause in ordered)
        rows.append([names.types.get(kind) or kind, number, told])
    title = f"未采集 {unknown.height} 项（不作缺口、也不算达标，另列）"
    console.table(title, ["服务类型", "项数", "缺什么"], rows)
    if by_type.height > FIRST_TYPES:
        rest = by_type.tail(by_type.height - FIRST_TYPES)
        console.say(f"　……另有 {rest.height} 类 {rest['number'].sum()} 项")
    for row in unknown.head(FIRST_LINES).iter_rows(named=True):
        console.say(f"　未采集　{names.at(row)}：{row['reason']}")
    if unknown.height > FIRST_LINES:
        console.say(f"　　　　……另有 {unknown.height - FIRST_LINES} 项")


def _tell_tickets(console: Console, found: CheckUp) -> None:
    import polars as pl

    if found.tickets.is_empty():
        return
    by_department = (
        found.tickets.group_by(pl.col("department").fill_null("（未定部门）"))
        .agg(number=pl.len(), late=(pl.col("days_overdue") > 0).sum())
        .sort(["number", "department"], descending=[True, False])
    )
    console.table(
        f"一般整治类交办 {found.tickets.height} 条", ["责任部门", "条数", "其中逾期"], list(by_department.iter_rows())
    )
