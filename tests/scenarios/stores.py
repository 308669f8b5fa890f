"""Stores for tests: a SQLite file, and a database of a PostgreSQL server that the tests start."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from postgres_server import Server, programs
from qingdan.bench.generator import generate
from qingdan.models.book import Book
from qingdan.models.scenario import parse_scenario
from qingdan.scenarios.store import Store, open_store
from qingdan.scenarios.store_content import add_book, add_scenario
from qingdan.scenarios.store_queue import Settings, queue

KINDS = ("sqlite", "postgresql")
QUICK = Settings(method="highs", time=20.0, threads=1, gap=0.01)
_number = itertools.count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that runs while the tests of a module do."""
    bin = programs()
    if bin is None:
        pytest.skip("PostgreSQL is not installed: no initdb on the PATH or in /usr/lib/postgresql")
    found = Server(tmp_path_factory.mktemp("postgres") / "data", bin)
    found.start()
    yield found
    found.stop()


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/runs.sqlite"
    found: Server = request.getfixturevalue("server")
    return found.create(f"store{next(_number)}")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An empty store of each kind."""
    opened = open_store(url)
    yield opened
    opened.close()


@cache
def book() -> Book:
    return generate(1, 1)


def queued(store: Store, *, number: int = 1, percent: int = 100, settings: Settings = QUICK) -> list[int]:
    """Runs of a small book in the queue, each under a scenario of its own."""
    sha256 = add_book(store, book(), by="张三")
    found = []
    for extra in range(number):
        text = f'title = "方案{extra}"\n[objective]\nkind = "benefit"\n[factors]\ncost_percent = {percent + extra}\n'
        scenario = add_scenario(store, parse_scenario(text), by="张三", book=book())
        found.append(queue(store, book=sha256, scenario=scenario, settings=settings, by="张三", title=f"方案{extra}"))
    return found


WORKER = """
import sys
from qingdan.scenarios.store import open_store
from qingdan.scenarios.worker import work
print(work(open_store(sys.argv[1]), lease=float(sys.argv[2]), until_empty=sys.argv[3] == "empty"), flush=True)
"""


def worker(url: str, *, lease: float, until_empty: bool = True) -> subprocess.Popen[str]:
    """A worker in a process of its own."""
    words = [sys.executable, "-c", WORKER, url, str(lease), "empty" if until_empty else "forever"]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
