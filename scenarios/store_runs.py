"""Looking at the runs of a store, taking them out as folders, and removing them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select

from ..models.whole_folder import replace_folder
from .store import Store, StoreError
from .store_content import drop_unused_files, write_files
from .store_queue import Settings, no_run
from .store_tables import DONE, RUNNING, books, clock, decisions, events, run_files, runs, scenarios, traces


@dataclass(frozen=True, slots=True)
class StoredSummary:
    """A run as the store lists it; times are seconds since 1970, sums in points."""

    id: int
    title: str
    state: str
    status: str | None
    by: str
    book: str
    book_title: str
    scenario: str
    scenario_title: str
    settings: Settings
    attempt: int
    worker: str | None
    queued_at: float
    started_at: float | None
    ended_at: float | None
    silent: bool
    objective: int | None
    bound: int | None
    certified_bound: int | None
    seconds: float | None
    error: str | None

    @property
    def gap(self) -> float | None:
        """How far the plan is from the bound, as the solver claims it."""
        return _gap(self.objective, self.bound)

    @property
    def certified_gap(self) -> float | None:
        """How far the plan is from the bound that the check proves; None without a certificate."""
        return _gap(self.objective, self.certified_bound)

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        values = {name: getattr(self, name) for name in self.__slots__}
        settings = {name: getattr(self.settings, name) for name in Settings.__slots__}
        return {**values, "settings": settings, "gap": self.gap, "certified_gap": self.certified_gap}


def _gap(objective: int | None, bound: int | None) -> float | None:
    return None if objective is None or bound is None else abs(bound - objective) / max(1, abs(bound))


_COLUMNS = (
    runs.c.id, runs.c.title, runs.c.state, runs.c.status, runs.c.by, runs.c.book, books.c.title.label("book_title"),
    runs.c.scenario, scenarios.c.title.label("scenario_title"), runs.c.settings, runs.c.attempt, runs.c.worker,
    runs.c.queued_at, runs.c.started_at, runs.c.ended_at, runs.c.objective, runs.c.bound, runs.c.certified_bound,
    runs.c.seconds, runs.c.error, runs.c.lease_until, clock().label("now"),
)  # fmt: skip


def _summary(row: RowMapping) -> StoredSummary:
    values = {name: row[name] for name in StoredSummary.__slots__ if name not in ("settings", "silent")}
    silent = row["state"] == RUNNING and row["lease_until"] < row["now"]
    return StoredSummary(**values, settings=Settings(**json.loads(row["settings"])), silent=silent)


def list_runs(store: Store, *, state: str | None = None, by: str | None = None, most: int = 100) -> list[StoredSummary]:
    """The newest runs first; `silent` ones have a worker that no longer answers and go back to the queue."""
    query = select(*_COLUMNS).join(books, books.c.sha256 == runs.c.book)
    query = query.join(scenarios, scenarios.c.sha256 == runs.c.scenario).order_by(runs.c.id.desc()).limit(most)
    if state is not None:
        query = query.where(runs.c.state == state)
    if by is not None:
        query = query.where(runs.c.by == by)
    return store.read(lambda connection: [_summary(row) for row in connection.execute(query).mappings()])


@dataclass(frozen=True, slots=True)
class StoredDetail:
    """All that a store knows of a run; the tables of its plan are in its folder."""

    summary: StoredSummary
    scenario_text: str
    lineage: Sequence[Mapping[str, str]]
    decisions: Sequence[Mapping[str, Any]]
    trace: Sequence[Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]]
    files: Sequence[str]

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        rest = {name: getattr(self, name) for name in self.__slots__ if name != "summary"}
        return {**self.summary.told(), **rest}


def show_run(store: Store, run: int) -> StoredDetail:
    """One run with its decisions (who, what, why), its trace so far, and what happened to it."""

    def rows(connection: Connection, query: Any) -> list[Mapping[str, Any]]:
        return [dict(row) for row in connection.execute(query).mappings()]

    def work(connection: Connection) -> StoredDetail:
        query = select(*_COLUMNS).join(books, books.c.sha256 == runs.c.book)
        query = query.join(scenarios, scenarios.c.sha256 == runs.c.scenario).where(runs.c.id == run)
        row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise no_run(run)
        summary = _summary(row)
        text, lineage = connection.execute(
            select(scenarios.c.text, scenarios.c.lineage).where(scenarios.c.sha256 == summary.scenario)
        ).one()
        d, t, e = decisions.c, traces.c, events.c
        return StoredDetail(
            summary,
            text,
            json.loads(lineage),
            rows(connection, select(d.kind, d.name, d.sentence_zh, d.reason, d.basis, d.by, d.at)
                 .where(d.scenario == summary.scenario).order_by(d.id)),
            rows(connection, select(t.seconds, t.stage, t.objective, t.bound).where(t.run == run).order_by(t.number)),
            rows(connection, select(e.at, e.kind, e.who, e.note).where(e.run == run).order_by(e.id)),
            list(connection.scalars(select(run_files.c.name).where(run_files.c.run == run).order_by(run_files.c.name))),
        )  # fmt: skip

    return store.read(work)


def export_run(store: Store, run: int, folder: Path) -> None:
    """The folder of a run, byte for byte as `solve` wrote it; whole or not at all."""

    def work(connection: Connection) -> None:
        state = connection.scalar(select(runs.c.state).where(runs.c.id == run))
        if state is None:
            raise no_run(run)
        if state != DONE:
            raise StoreError(f"第 {run} 号测算尚无结果（{state}）", f"run {run} has no result yet ({state})")
        names = connection.execute(select(run_files.c.name, run_files.c.file).where(run_files.c.run == run)).all()
        replace_folder(folder, lambda beside: write_files(connection, [(row.name, row.file) for row in names], beside))

    store.read(work)


def remove_run(store: Store, run: int, *, even_running: bool = False) -> None:
    """Remove a run with its files, where nothing else needs them; books and scenarios stay.

    A run that goes on is removed only if `even_running`: its worker then finds that it is not its own any more.
    """

    def work(connection: Connection) -> None:
        state = connection.scalar(select(runs.c.state).where(runs.c.id == run).with_for_update())
        if state is None:
            raise no_run(run)
        if state == RUNNING and not even_running:
            raise StoreError(f"第 {run} 号测算正在进行", f"run {run} is going on")
        connection.execute(delete(runs).where(runs.c.id == run))
        drop_unused_files(connection)

    store.write(work)
