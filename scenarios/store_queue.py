"""The queue of runs: each is taken by one worker at a time, and comes back where its worker dies.

A worker that takes a run holds it for a while (a lease) and says again and again that it still works. Where it
does not, because it was killed or cut off, the lease ends and the next worker takes the run. What a worker hands in
counts only while the run is its own: a run is never delivered twice.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, and_, case, delete, func, insert, or_, select, update

from .store import Store, StoreError
from .store_content import insert_new, packed_files
from .store_tables import DONE, FAILED, QUEUED, RUNNING, clock, events, files, run_files, runs, traces

LEASE: Final = 60.0
"""Seconds after which a run whose worker says nothing goes back to the queue."""

MOST_ATTEMPTS: Final = 3
"""A run whose worker died so often has failed: it would take the next worker along as well."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a run is to be solved; `warm` is the number of a run to start from."""

    method: str = "auto"
    gap: float = 0.001
    time: float | None = 60.0
    work: int | None = None
    threads: int = 2
    seed: int = 0
    warm: int | None = None

    def text(self) -> str:
        """As the store keeps it."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


@dataclass(frozen=True, slots=True)
class Claim:
    """A run in the hands of a worker."""

    run: int
    worker: str
    attempt: int
    book: str
    scenario: str
    title: str
    settings: Settings = field(default_factory=Settings)


def queue(
    store: Store, *, book: str, scenario: str, settings: Settings, by: str, title: str = "", ticket: str = ""
) -> int:
    """Put a run into the queue; gives its number. The same `ticket` again gives the same run."""
    ticket = ticket or uuid.uuid4().hex

    def work(connection: Connection) -> int:
        row = {
            "ticket": ticket, "title": title, "book": book, "scenario": scenario, "settings": settings.text(), "by": by,
            "state": QUEUED, "queued_at": clock(), "attempt": 0, "stop_asked": False,
        }  # fmt: skip
        before = connection.scalar(select(runs.c.id).where(runs.c.ticket == ticket))
        if before is None:
            insert_new(connection, runs, [row])
            before = connection.scalar(select(runs.c.id).where(runs.c.ticket == ticket))
            _note(connection, int(before or 0), "queued", by)
        return int(before or 0)

    return store.write(work)


def claim(store: Store, worker: str, *, lease: float = LEASE, run: int | None = None) -> Claim | None:
    """The run that has waited longest, or the one named, for this worker alone; None where none waits.

    A run whose lease has ended counts as waiting.
    """

    def work(connection: Connection) -> Claim | None:
        _give_up(connection)
        waiting = or_(runs.c.state == QUEUED, and_(runs.c.state == RUNNING, runs.c.lease_until < clock()))
        if run is not None:
            waiting = and_(waiting, runs.c.id == run)
        first = (
            select(runs.c.id).where(waiting).order_by(runs.c.queued_at, runs.c.id).limit(1)
            .with_for_update(skip_locked=True).scalar_subquery()
        )  # fmt: skip
        before = case((runs.c.started_at.is_(None), clock()), else_=runs.c.started_at)
        taken = connection.execute(
            update(runs)
            .where(runs.c.id == first)
            .values(
                state=RUNNING, worker=worker, attempt=runs.c.attempt + 1, started_at=before, lease_until=clock() + lease
            )
            .returning(runs.c.id, runs.c.attempt, runs.c.book, runs.c.scenario, runs.c.title, runs.c.settings)
        ).one_or_none()
        if taken is None:
            return None
        connection.execute(delete(traces).where(traces.c.run == taken.id))
        _note(connection, taken.id, "taken", worker, f"第{taken.attempt}次")
        settings = Settings(**json.loads(taken.settings))
        return Claim(taken.id, worker, taken.attempt, taken.book, taken.scenario, taken.title, settings)

    return store.write(work)


def _give_up(connection: Connection) -> None:
    """Runs whose worker died too often have failed."""
    dead = and_(runs.c.state == RUNNING, runs.c.lease_until < clock(), runs.c.attempt >= MOST_ATTEMPTS)
    told = f"执行进程{MOST_ATTEMPTS}次中途消失 / the worker died {MOST_ATTEMPTS} times"
    gone = connection.execute(
        update(runs)
        .where(dead)
        .values(state=FAILED, ended_at=clock(), lease_until=None, error=told)
        .returning(runs.c.id)
    )
    for (number,) in gone.all():
        _note(connection, number, "failed", "", told)


def _mine(held: Claim) -> Any:
    return and_(
        runs.c.id == held.run, runs.c.state == RUNNING, runs.c.worker == held.worker, runs.c.attempt == held.attempt
    )


def renew(store: Store, held: Claim, *, lease: float = LEASE) -> tuple[bool, bool]:
    """Hold a run for another while; says whether it is still this worker's, and whether it is to stop."""

    def work(connection: Connection) -> tuple[bool, bool]:
        found = connection.execute(
            update(runs).where(_mine(held)).values(lease_until=clock() + lease).returning(runs.c.stop_asked)
        ).one_or_none()
        return (False, True) if found is None else (True, bool(found.stop_asked))

    return store.write(work)


def tell(store: Store, held: Claim, points: Sequence[Mapping[str, Any]], *, start: int = 0) -> None:
    """Keep points of the trace (`seconds, stage, objective, bound`) while a run goes on; `start` numbers the first."""

    def work(connection: Connection) -> None:
        if connection.scalar(select(runs.c.id).where(_mine(held))) is None:
            return
        rows = ({"run": held.run, "number": start + place, **point} for place, point in enumerate(points))
        insert_new(connection, traces, rows)

    store.write(work)


def deliver(store: Store, held: Claim, folder: Path, result: Mapping[str, Any]) -> bool:
    """Hand in the folder of a run with its result; False where the run is not this worker's any more.

    All of it is kept in one step: files, trace, result and state.
    """
    held_files = packed_files(folder)

    def work(connection: Connection) -> bool:
        ended = connection.execute(
            update(runs)
            .where(_mine(held))
            .values(
                state=DONE, ended_at=clock(), lease_until=None, status=result["status"], objective=result["objective"],
                bound=result["bound"], certified_bound=result["certified_bound"], seconds=result["seconds_total"],
                error=None,
            )
            .returning(runs.c.id)
        ).one_or_none()  # fmt: skip
        if ended is None:  # done before, if the answer to the first try was lost on the way
            return _is_done(connection, held)
        insert_new(connection, files, held_files.values())
        names = ({"run": held.run, "name": name, "file": file["sha256"]} for name, file in held_files.items())
        insert_new(connection, run_files, names)
        connection.execute(delete(traces).where(traces.c.run == held.run))
        points = ({"run": held.run, "number": place, **point} for place, point in enumerate(result["trace"]))
        insert_new(connection, traces, points)
        _note(connection, held.run, "done", held.worker, str(result["status"]))
        return True

    return store.write(work)


def _is_done(connection: Connection, held: Claim) -> bool:
    done = and_(
        runs.c.id == held.run, runs.c.state == DONE, runs.c.worker == held.worker, runs.c.attempt == held.attempt
    )
    return connection.scalar(select(func.count()).select_from(runs).where(done)) == 1


def fail(store: Store, held: Claim, error: str) -> bool:
    """A run cannot be done, and why; False where it is not this worker's any more."""
    return _ended(store, held, "failed", error, state=FAILED, ended_at=clock(), lease_until=None, error=error)


def give_back(store: Store, held: Claim) -> bool:
    """Put a run back into the queue, as a worker does that is told to end; the attempt does not count."""
    return _ended(
        store, held, "returned", "", state=QUEUED, worker=None, lease_until=None, attempt=runs.c.attempt - 1
    )  # fmt: skip


def _ended(store: Store, held: Claim, kind: str, note: str, **values: Any) -> bool:
    def work(connection: Connection) -> bool:
        mine = connection.scalar(update(runs).where(_mine(held)).values(**values).returning(runs.c.id))
        if mine is not None:
            _note(connection, held.run, kind, held.worker, note)
        return mine is not None

    return store.write(work)


def ask_to_stop(store: Store, run: int, *, by: str) -> str:
    """Stop a run: one that waits has failed at once, one that goes on hands in the best plan so far. Gives its state."""

    def work(connection: Connection) -> str:
        state = connection.scalar(select(runs.c.state).where(runs.c.id == run))
        if state is None:
            raise no_run(run)
        if state == QUEUED:
            told = f"{by} 取消 / cancelled by {by}"
            values: dict[str, Any] = {"state": FAILED, "ended_at": clock(), "error": told}
            waiting = and_(runs.c.id == run, runs.c.state == QUEUED)
            if connection.scalar(update(runs).where(waiting).values(**values).returning(runs.c.id)):
                _note(connection, run, "failed", by, told)
                return FAILED
            state = RUNNING
        if state == RUNNING:
            connection.execute(update(runs).where(runs.c.id == run).values(stop_asked=True))
            _note(connection, run, "stop asked", by)
        return str(state)

    return store.write(work)


def no_run(run: int) -> StoreError:
    """That there is no run of a number."""
    return StoreError(f"测算库里没有第 {run} 号测算", f"the store has no run {run}")


def _note(connection: Connection, run: int, kind: str, who: str, note: str = "") -> None:
    connection.execute(insert(events).values(run=run, at=clock(), kind=kind, who=who, note=note))
