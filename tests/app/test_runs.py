"""`qingdan runs` and `solve --store`: what a bureau and its planners see of the run store."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Ended, call, ended, listing, run, small_book, started
from qingdan.scenarios.store import open_store
from qingdan.scenarios.store_runs import list_runs
from qingdan.scenarios.store_tables import runs

Command = Callable[..., Ended]
PINNED = """\
extends = "清单簿"
title = "造价上浮"
[factors]
cost_percent = 105
reason = "材料涨价"
basis = "信息价"
"""


def wait_for(state: str, path: Path) -> None:
    """Until the first run of a store is in a state."""
    until = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    store = open_store(path)
    while [one.state for one in list_runs(store)] != [state]:
        assert time.monotonic() < until
        time.sleep(0.02)
    store.close()


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    monkeypatch.chdir(tmp_path)
    return lambda *words: call(capfd, monkeypatch, *words)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_book(tmp_path_factory.mktemp("runs") / "book")


def test_a_solved_run_is_kept_shown_exported_and_removed(command: Command, book: Path, tmp_path: Path) -> None:
    """`solve --store` to `runs list`, `show`, `export` (the same bytes, checked) and `rm`."""
    (tmp_path / "up.toml").write_text(PINNED, encoding="utf-8")
    words = ("--scenario", "up.toml", "--time", 20, "--store", "s.sqlite", "--by", "张三")
    told = command("solve", book, *words, "-o", "run", "--json")
    assert told.code == 0 and told.document["stored"] == 1
    (one,) = command("runs", "list", "--store", "s.sqlite", "--json").document["runs"]
    assert (one["id"], one["state"], one["by"], one["title"]) == (1, "done", "张三", "造价上浮")
    assert one["objective"] == told.document["objective"] and one["certified_gap"] == told.document["certified_gap"]
    shown = command("runs", "show", 1, "--store", "s.sqlite")
    assert shown.code == 0
    for word in ("造价上浮5%", "材料涨价", "信息价", "张三", "继承“复核方案”"):
        assert word in shown.out
    out = command("runs", "export", 1, "--store", "s.sqlite", "-o", "out", "--book", "book2", "--json")
    assert out.code == 0 and listing(tmp_path / "out") == listing(tmp_path / "run")
    assert command("check", "book2", "out").code == 0
    assert command("runs", "rm", 1, 7, "--store", "s.sqlite").code == 2
    assert command("runs", "rm", 1, "--store", "s.sqlite", "--json").document["removed"] == [1]
    assert command("runs", "list", "--store", "s.sqlite", "--json").document["runs"] == []


def test_the_queue_from_the_command_line(command: Command, book: Path) -> None:
    """`runs add`, `stop` and `work`; a wrong scenario never gets into the queue."""
    store = ("--store", "sqlite:///q.sqlite")
    assert command("runs", "list", *store).code == 2  # nothing is made by looking
    for number in (1, 2):
        assert command("runs", "add", book, *store, "--time", 20, "--json").document["run"] == number
    assert command("runs", "stop", 1, *store, "--by", "李四", "--json").document["state"] == "failed"
    assert command("runs", "add", book, *store, "--warm", 1).code == 2
    assert command("runs", "add", book, *store, "--method", "guess").code == 2
    told = command("runs", "work", "--until-empty", *store, "--json")
    assert told.code == 0 and [one["run"] for one in told.document["runs"]] == [2]
    states = {one["id"]: one["state"] for one in command("runs", "list", *store, "--json").document["runs"]}
    assert states == {1: "failed", 2: "done"}
    assert command("runs", "list", *store, "--state", "lost").code == 2
    assert command("runs", "export", 1, *store, "-o", "out").code == 2
    assert command("runs", "show", 9, *store).code == 2


@pytest.mark.parametrize("url", ["mysql://a@b/c", "nowhere/there/x.sqlite"])
def test_a_store_that_cannot_be_is_told_before_any_work(command: Command, book: Path, url: str) -> None:
    """Bad input ends with 2 and writes nothing."""
    told = command("solve", book, "--store", url, "-o", "run")
    assert told.code == 2 and not Path("run").exists()


def test_a_solve_that_is_killed_comes_back_to_the_queue(book: Path, tmp_path: Path) -> None:
    """kill -9 of `solve`: a worker finishes the run."""
    store = tmp_path / "k.sqlite"
    words = ("--store", store, "--method", "highs", "--gap", 0, "--time", 60)
    process = started("solve", book, "-o", tmp_path / "run", *words)
    wait_for("running", store)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (tmp_path / "run").exists()
    opened = open_store(store)
    assert [one.state for one in list_runs(opened)] == ["running"]
    opened.write(lambda connection: connection.execute(runs.update().values(lease_until=0.0)))  # a minute later
    told = run("runs", "work", "--store", store, "--until-empty", "--json")
    assert told.document["delivered"] == 1 and [one.state for one in list_runs(opened)] == ["done"]
    opened.close()


def test_ctrl_c_gives_back_the_run_in_hand(book: Path, tmp_path: Path) -> None:
    """A worker that is told to end leaves its run to the next one."""
    store = tmp_path / "c.sqlite"
    assert run("runs", "add", book, "--store", store, "--time", 20).code == 0
    process = started("runs", "work", "--store", store, "--json")
    wait_for("running", store)
    process.send_signal(signal.SIGINT)
    told = ended(process)
    assert told.code == 0
    (one,) = run("runs", "list", "--store", store, "--json").document["runs"]
    # it may have been done before the signal came
    assert (one["state"], told.document["delivered"]) in (("queued", 0), ("done", 1))
    if one["state"] == "queued":
        assert one["attempt"] == 0
        assert run("runs", "work", "--store", store, "--until-empty", "--json").document["delivered"] == 1
