"""The tables of the run store: the same on SQLite and PostgreSQL.

What is kept by content (files, books, scenarios) has its SHA-256 as key, so that the same thing is kept once however
often it is used. Times are seconds since 1970 by the clock of the database, so that workers on several machines agree.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

QUEUED, RUNNING, DONE, FAILED = STATES = ("queued", "running", "done", "failed")
STATES_ZH: Final = {QUEUED: "排队", RUNNING: "测算中", DONE: "完成", FAILED: "失败"}

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Number = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts up by itself there


class clock(FunctionElement[float]):
    """Seconds since 1970 by the clock of the database, also within one transaction."""

    type = Float()
    inherit_cache = True


@compiles(clock, "sqlite")
def _sqlite_clock(element: Any, compiler: Any, **options: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(clock, "postgresql")
def _postgresql_clock(element: Any, compiler: Any, **options: Any) -> str:
    return "CAST(extract(epoch from clock_timestamp()) AS double precision)"


files = Table(
    "files",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("packed", Boolean(create_constraint=False), nullable=False),
    Column("body", LargeBinary, nullable=False),
)

books = Table(
    "books",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("title", Text, nullable=False),
    Column("data_kind", String(20), nullable=False),
    Column("communities", Integer, nullable=False),
    Column("added_at", Float, nullable=False),
    Column("added_by", Text, nullable=False),
)

book_files = Table(
    "book_files",
    metadata,
    Column("book", String(64), ForeignKey("books.sha256", ondelete="CASCADE"), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("file", String(64), ForeignKey("files.sha256"), nullable=False, index=True),
)

scenarios = Table(
    "scenarios",
    metadata,
    Column("sha256", String(64), primary_key=True),  # empty for the scenario that changes nothing
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("lineage", Text, nullable=False),  # JSON: what it extends, as in result.json
    Column("added_at", Float, nullable=False),
    Column("added_by", Text, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("scenario", String(64), ForeignKey("scenarios.sha256", ondelete="CASCADE"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("name", Text, nullable=False),
    Column("sentence_zh", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Float, nullable=False),
    UniqueConstraint("scenario", "by", "kind", "name"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("ticket", String(200), nullable=False, unique=True),  # who asks twice with one ticket gets one run
    Column("title", Text, nullable=False),
    Column("book", String(64), ForeignKey("books.sha256"), nullable=False, index=True),
    Column("scenario", String(64), ForeignKey("scenarios.sha256"), nullable=False, index=True),
    Column("settings", Text, nullable=False),  # JSON: method, gap, time, work, threads, seed, warm
    Column("by", Text, nullable=False),
    Column("state", String(10), nullable=False),
    Column("queued_at", Float, nullable=False),
    Column("started_at", Float),
    Column("ended_at", Float),
    Column("attempt", Integer, nullable=False),
    Column("worker", Text),
    Column("lease_until", Float),
    Column("stop_asked", Boolean(create_constraint=False), nullable=False),
    Column("status", String(20)),
    Column("objective", BigInteger),
    Column("bound", BigInteger),
    Column("certified_bound", BigInteger),
    Column("seconds", Float),
    Column("error", Text),
    CheckConstraint(f"state IN {STATES}", name="state"),
    Index("ix_runs_queue", "state", "queued_at", "id"),
    sqlite_autoincrement=True,
)

run_files = Table(
    "run_files",
    metadata,
    Column("run", _Number, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("file", String(64), ForeignKey("files.sha256"), nullable=False, index=True),
)

traces = Table(
    "traces",
    metadata,
    Column("run", _Number, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("seconds", Float, nullable=False),
    Column("stage", String(40), nullable=False),
    Column("objective", BigInteger),
    Column("bound", BigInteger),
)

events = Table(
    "events",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("run", _Number, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Float, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("who", Text, nullable=False),
    Column("note", Text, nullable=False),
)
