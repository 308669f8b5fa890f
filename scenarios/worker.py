"""A worker: takes runs from the queue of a store, one after the other, solves them and hands in what came of them."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
import threading
import time as clock
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy.exc import DBAPIError

from ..models.faults import BookError
from ..models.run import Run, write_run
from ..solver.events import Event, Watcher, silent
from ..solver.interrupt import Interrupt
from .single import solve
from .store import Store
from .store_content import stored_book, stored_scenario
from .store_queue import LEASE, Claim, claim, deliver, fail, give_back, renew, tell
from .store_runs import export_run, show_run

log = logging.getLogger(__name__)

IDLE: Final = 2.0
"""Seconds between two looks into an empty queue."""

_TOLD: Final = 1.0
"""Seconds between two points of a trace that are kept while a run goes on."""


def worker_name() -> str:
    """A name that no other worker has: machine, process, and a few digits by chance."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"


@dataclass(slots=True)
class Holding:
    """A claim that is renewed by a thread of its own; `interrupt` is set where the run is lost or is to stop."""

    store: Store
    held: Claim
    lease: float
    interrupt: Interrupt
    returning: threading.Event = field(default_factory=threading.Event)
    lost: bool = False
    points: list[dict[str, Any]] = field(default_factory=list)
    told: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def hold(self) -> None:
        while not self.over.wait(min(_TOLD, self.lease / 3)):
            if self.returning.is_set():
                self.interrupt.set()
            with suppress(DBAPIError):  # the database is away: the lease may end, the next look will tell
                mine, stop = renew(self.store, self.held, lease=self.lease)
                if mine:
                    new = self.points[self.told :]
                    if new:
                        tell(self.store, self.held, new, start=self.told)
                        self.told += len(new)
                else:
                    self.lost = True
                if stop:
                    self.interrupt.set()

    def watch(self, event: Event) -> None:
        point = {"seconds": event.seconds, "stage": event.stage, "objective": event.objective, "bound": event.bound}
        if event.objective is None and event.bound is None:
            return
        last = self.points[-1] if self.points else None
        if last is None or (last["objective"], last["bound"]) != (event.objective, event.bound):
            self.points.append(point)

    def both(self, watch: Watcher) -> Watcher:
        """A watcher that keeps the trace and tells another watcher as well."""

        def tell_both(event: Event) -> None:
            self.watch(event)
            watch(event)

        return tell_both


@contextmanager
def holding(
    store: Store, held: Claim, *, lease: float = LEASE, interrupt: Interrupt, returning: threading.Event | None = None
) -> Iterator[Holding]:
    """Keep a claim for as long as the block lasts; `returning` ends the work on it."""
    keeper = Holding(store, held, lease, interrupt, returning or threading.Event())
    thread = threading.Thread(target=keeper.hold, name=f"lease of run {held.run}", daemon=True)
    thread.start()
    try:
        yield keeper
    finally:
        keeper.over.set()
        thread.join()


def execute(
    store: Store,
    held: Claim,
    *,
    lease: float = LEASE,
    returning: threading.Event | None = None,
    watch: Watcher = silent,
) -> Run | None:
    """Solve a run that was claimed and hand it in; None where it failed or is not this worker's any more.

    Where `returning` is set meanwhile, the work ends and the run goes back to the queue.
    """
    stop = Interrupt()
    with holding(store, held, lease=lease, interrupt=stop, returning=returning) as keeper:
        try:
            run = _solved(store, held, keeper.both(watch), stop)
        except BookError as error:
            fail(store, held, str(error))
            return None
        except DBAPIError:
            raise  # the database is away: the run comes back by itself
        except Exception as error:  # whatever it is, the run must not come back for ever
            fail(store, held, f"{type(error).__name__}: {error}")
            raise
        if keeper.returning.is_set():
            give_back(store, held)
            return None
        with tempfile.TemporaryDirectory() as room:
            write_run(Path(room) / "run", run)
            return run if not keeper.lost and deliver(store, held, Path(room) / "run", run.result) else None


def _solved(store: Store, held: Claim, watch: Watcher, interrupt: Interrupt) -> Run:
    told = held.settings
    began = clock.monotonic()
    book, scenario = stored_book(store, held.book), stored_scenario(store, held.scenario)
    lineage = tuple(show_run(store, held.run).lineage)
    with tempfile.TemporaryDirectory() as room:
        warm = None
        if told.warm is not None:
            warm = Path(room) / "warm"
            export_run(store, told.warm, warm)
        run = solve(
            book, scenario, method=told.method, gap=told.gap, time=told.time, work=told.work, threads=told.threads,
            seed=told.seed, warm=warm, watch=watch, interrupt=interrupt, seconds_before=clock.monotonic() - began,
        )  # fmt: skip
    return replace(run, lineage=lineage)


def work(
    store: Store,
    *,
    name: str | None = None,
    lease: float = LEASE,
    until_empty: bool = False,
    stop: threading.Event | None = None,
    done: Callable[[Claim, Run | None], None] = lambda held, run: None,
    watch: Watcher = silent,
) -> int:
    """Take runs until `stop` is set, or until none waits; gives how many were handed in.

    A run in hand when `stop` is set goes back to the queue. `done` hears of every run that was taken.
    """
    name, stop = name or worker_name(), stop or threading.Event()
    delivered = 0
    while not stop.is_set():
        held = claim(store, name, lease=lease)
        if held is None:
            if until_empty:
                break
            stop.wait(IDLE)
            continue
        run = None
        try:
            run = execute(store, held, lease=lease, returning=stop, watch=watch)
        except DBAPIError:
            raise
        except Exception:  # the store has it as failed; the next run may do
            log.exception("run %s failed", held.run)
        delivered += run is not None
        done(held, run)
    return delivered
