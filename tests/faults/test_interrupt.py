"""Ctrl-C at any moment: the best plan so far is kept and written, and an impatient second one leaves nothing half done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import ended, generated_book, listing, run, started

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generated_book(tmp_path_factory.mktemp("interrupt") / "book", communities=12, seed=4)


def lines_until(process: subprocess.Popen[str], word: str) -> Iterator[str]:
    """Lines of progress up to the first that holds a word."""
    assert process.stderr is not None
    for line in process.stderr:
        yield line
        if word in line:
            return
    pytest.fail(f"the command ended without {word}")


def test_the_best_plan_so_far_is_written(book: Path, tmp_path: Path) -> None:
    """Ctrl-C during the search ends with 130 and a whole run that passes the check."""
    process = started("solve", book, "-o", tmp_path / "run", "--time", 120, "--gap", 0, "--json")
    seen = list(lines_until(process, "搜索方案  成效  方案"))
    process.send_signal(signal.SIGINT)
    told = ended(process, within=60)
    assert told.code == 130 and "保留目前最好的方案" in told.err
    assert "Traceback" not in "".join(seen)
    result = json.loads((tmp_path / "run" / "result.json").read_text(encoding="utf-8"))
    assert told.document == {**result, "run": str(tmp_path / "run"), "stored": None}
    assert result["status"] in ("feasible", "optimal") and result["stopped"] in ("user", "optimal")
    assert result["objective"] > 0
    assert run("check", book, tmp_path / "run").code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_interrupt_before_any_plan_says_that_there_is_none(book: Path, tmp_path: Path) -> None:
    """Ctrl-C during matching ends with 130, and the summary claims no plan."""
    process = started("solve", book, "-o", tmp_path / "run", "--time", 120, "--json")
    list(lines_until(process, "专项体检"))
    process.send_signal(signal.SIGINT)
    told = ended(process, within=60)
    assert told.code == 130 and told.document["status"] == "interrupted" and told.document["objective"] is None
    assert not (tmp_path / "run" / "projects.csv").exists()


def test_a_second_interrupt_ends_at_once_and_leaves_the_earlier_run(book: Path, tmp_path: Path) -> None:
    """Whoever presses twice is let go; the run that stood there is untouched."""
    assert run("solve", book, "-o", tmp_path / "run", "--time", 1).code in (0, 3)
    before = listing(tmp_path)
    process = started("solve", book, "-o", tmp_path / "run", "--time", 120)
    list(lines_until(process, "匹配资源"))
    process.send_signal(signal.SIGINT)
    list(lines_until(process, "收到中断"))
    process.send_signal(signal.SIGINT)
    assert ended(process, within=60).code == 130
    assert (
        listing(tmp_path) == before or json.loads((tmp_path / "run" / "result.json").read_text())["stopped"] == "user"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("name", ["checkup", "match", "generate", "export"])
def test_other_commands_stop_without_a_trace(book: Path, tmp_path: Path, name: str) -> None:
    """Ctrl-C in any other command ends with 130 and leaves its output as it was."""
    words = {
        "checkup": ("checkup", book, "-o", tmp_path / "out"),
        "match": ("match", book, "-o", tmp_path / "out"),
        "generate": ("generate", "--communities", 4000, "-o", tmp_path / "out"),
        "export": ("export", book, "--lp", tmp_path / "out.lp"),
    }[name]
    # the command says when it is under way: its first line of Python that the command itself runs
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED_SOON, *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    told = ended(process)
    assert told.code == 130 and "已中断" in told.err and told.out == ""
    assert list(tmp_path.iterdir()) == []


INTERRUPTED_SOON = """
import os, signal, sys, threading, time
from qingdan.app import steps
from qingdan.app.cli import main
import qingdan.models.book, qingdan.models.matching, qingdan.bench.generator, qingdan.scenarios.export
soon = threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT))
sys.argv[0] = "qingdan"
soon.start()
main()
"""


@pytest.mark.long
@pytest.mark.parametrize("moment", [0.5, 2.0, 4.0, 6.0, 8.0, 12.0])
def test_an_interrupt_of_the_whole_group_during_large_work(tmp_path: Path, moment: float) -> None:
    """Ctrl-C in a terminal reaches every process of the command; still nothing but the plan and a sentence comes."""
    book = generated_book(tmp_path / "book", communities=400, seed=1)
    process = started("solve", book, "-o", tmp_path / "run", "--time", 60, "--json", "--method", "highs", group=True)
    list(lines_until(process, "开始求解"))
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGINT)
    told = ended(process, within=120)
    assert told.code == 130 and told.document["stopped"] == "user"
    assert told.document["status"] in ("interrupted", "feasible")
    if told.document["status"] == "feasible":
        assert run("check", book, tmp_path / "run").code == 0
