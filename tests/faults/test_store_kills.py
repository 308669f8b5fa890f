"""kill -9 of workers, of the database server and of whoever fills the queue: no run is lost, none is done twice."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from postgres_server import Server
from qingdan.scenarios.store import Store, open_store
from qingdan.scenarios.store_runs import list_runs, show_run
from sqlalchemy import text
from stores import queued, server, store, url, worker

__all__ = ["server", "store", "url"]


def wait_for(found: Callable[[], object], *, within: float = 60) -> None:
    until = time.monotonic() + within
    while not found():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def states(store: Store) -> Counter[str]:
    return Counter(one.state for one in list_runs(store))


def delivered_once(store: Store) -> None:
    """Every run is done, handed in exactly once, and has its files."""
    for one in list_runs(store):
        detail = show_run(store, one.id)
        assert one.state == "done", (one, detail.events)
        assert [event["kind"] for event in detail.events].count("done") == 1
        assert "result.json" in detail.files and "projects.csv" in detail.files


def test_a_worker_killed_in_mid_run_loses_nothing(store: Store, url: str) -> None:
    """Its run goes back to the queue when the lease ends, and the next worker does it."""
    runs = queued(store, number=3)
    first = worker(url, lease=2.0)
    wait_for(lambda: states(store)["running"])
    first.send_signal(signal.SIGKILL)
    first.communicate()
    (held,) = list_runs(store, state="running")
    wait_for(lambda: list_runs(store, state="running")[0].silent)
    second = worker(url, lease=2.0)
    out, err = second.communicate(timeout=120)
    assert out.strip() == str(3 - states_done_before(store, held.id)), err
    delivered_once(store)
    kinds = [event["kind"] for event in show_run(store, held.id).events]
    assert kinds == ["queued", "taken", "taken", "done"] and sorted(one.id for one in list_runs(store)) == runs


def states_done_before(store: Store, killed: int) -> int:
    """Runs that the first worker had handed in before the one it was killed in."""
    return sum(one.id < killed for one in list_runs(store))


def test_workers_side_by_side_share_the_queue(store: Store, url: str) -> None:
    """Each run is done by one of them."""
    runs = queued(store, number=6)
    workers = [worker(url, lease=20.0) for _ in range(3)]
    told = [one.communicate(timeout=180) for one in workers]
    assert sum(int(out) for out, _ in told) == len(runs), told
    delivered_once(store)
    assert all(show_run(store, run).summary.attempt == 1 for run in runs)


def test_a_server_killed_in_mid_run_loses_nothing(server: Server) -> None:
    """PostgreSQL loses its power and comes back: the worker goes on, what was acknowledged is there."""
    url = server.create("killed")
    store = open_store(url)
    runs = queued(store, number=3)
    going = worker(url, lease=3.0, until_empty=False)
    try:
        wait_for(lambda: states(store)["running"])
        server.kill()
        time.sleep(1.0)
        server.start()
        assert sorted(one.id for one in list_runs(store)) == runs
        wait_for(lambda: states(store)["done"] == 3, within=120)
    finally:
        going.kill()
        going.communicate()
    delivered_once(store)
    store.close()


FILLER = """
import sys
from stores import queued
from qingdan.scenarios.store import open_store
store = open_store(sys.argv[1])
while True:
    print(queued(store)[0], flush=True)
"""


@pytest.fixture
def filler(url: str) -> Iterator[subprocess.Popen[str]]:
    paths = ":".join(path for path in sys.path if path)
    words = [sys.executable, "-c", f"import sys; sys.path[:0] = {paths.split(':')!r}\n{FILLER}", url]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate()


def test_what_was_acknowledged_is_there_after_a_kill(
    store: Store, filler: subprocess.Popen[str], request: pytest.FixtureRequest
) -> None:
    """Whoever is told a number finds the run under it, whenever the asker dies; and nothing half done is left."""
    assert filler.stdout is not None
    acknowledged = [int(filler.stdout.readline()) for _ in range(3)]
    time.sleep(random.Random(request.node.name).random() * 0.3)
    filler.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in filler.stdout.read().split()]
    there = {one.id for one in list_runs(store, most=10_000)}
    assert set(acknowledged) <= there and len(there) <= len(acknowledged) + 1
    if store.url.startswith("sqlite"):
        assert store.read(lambda connection: connection.scalar(text("PRAGMA integrity_check"))) == "ok"
        assert store.read(lambda connection: connection.execute(text("PRAGMA foreign_key_check")).all()) == []
