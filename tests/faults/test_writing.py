"""A kill, a full disk or a wrong place while writing: the earlier run or book stays whole, and a sentence says why."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import call, ended, generated_book, listing, run, small_book, started
from qingdan.models.checker import check

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits and signals of POSIX")

# The command with a limit on the size of files, as a full disk would set one.
SMALL_DISK = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
size = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
from qingdan.app.cli import main
sys.argv[0] = "qingdan"
main()
"""

# The command, writing over and over.
WRITER = """
import sys
from pathlib import Path
from qingdan.models.run import write_run
from qingdan.models.book import read_book
from qingdan.scenarios.single import solve
book, out = sys.argv[1:]
runs = [solve(read_book(book), time=30, seed=seed) for seed in (1, 2)]
print("ready", flush=True)
while True:
    for run in runs:
        write_run(Path(out), run)
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_book(tmp_path_factory.mktemp("writing") / "book")


@pytest.fixture(scope="module")
def earlier(book: Path) -> Path:
    out = book.parent / "run"
    assert run("solve", book, "-o", out, "--time", 30).code == 0
    return out


def copied(folder: Path, to: Path) -> Path:
    to.mkdir(parents=True)
    for path in folder.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return to


def on_a_small_disk(size: int, *words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-B", "-c", SMALL_DISK, str(size), *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")


@pytest.mark.parametrize("size", [0, 2_000, 10_000])
def test_a_full_disk_leaves_the_earlier_run(book: Path, earlier: Path, tmp_path: Path, size: int) -> None:
    """Where the disk is full, solve ends with 2 and a sentence, and the earlier run still passes the check."""
    out = copied(earlier, tmp_path / "run")
    before = listing(tmp_path)
    told = ended(on_a_small_disk(size, "solve", book, "-o", out, "--time", 30))
    assert told.code == 2 and "写不进去" in told.err and "cannot be written" in told.err
    assert listing(tmp_path) == before and [path.name for path in tmp_path.iterdir()] == ["run"]
    assert run("check", book, out).code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("checkup", "BOOK", "-o", "out"),
        ("match", "BOOK", "-o", "out"),
        ("generate", "--communities", "2", "-o", "out"),
        ("new", "out"),
        ("new", "out.xlsx"),
        ("export", "BOOK", "--mps", "out.mps"),
        ("export", "BOOK", "--lp", "out.lp"),
    ],
    ids=" ".join,
)
def test_a_full_disk_leaves_nothing_half_written(book: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    """No command leaves part of a file; each says in Chinese and English that it could not write."""
    told_words = [book if word == "BOOK" else tmp_path / word if word.startswith("out") else word for word in words]
    told = ended(on_a_small_disk(300, *told_words))
    assert told.code == 2, told
    assert "无法读写文件" in told.err or "写不进去" in told.err
    assert list(tmp_path.iterdir()) == []


def test_a_kill_while_writing_leaves_a_whole_run(book: Path, tmp_path: Path) -> None:
    """Killed at any moment, the folder holds one whole run: the earlier one or the later one."""
    out = tmp_path / "run"
    moments = random.Random(7)
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(book), str(out)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
        while not out.exists():
            time.sleep(0.001)
        time.sleep(moments.uniform(0.0, 0.4))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        report = check(book, out)
        assert report.passed, report.text()
    assert run("solve", book, "-o", out, "--time", 30).code == 0  # what a kill left beside is in nobody's way


def test_a_kill_while_solving_leaves_the_earlier_run(book: Path, earlier: Path, tmp_path: Path) -> None:
    """A solve that is killed before it wrote has changed nothing."""
    larger = generated_book(tmp_path / "larger", communities=12, seed=4)
    out = copied(earlier, tmp_path / "run")
    before = listing(out)
    process = started("solve", larger, "-o", out, "--time", 60)
    assert process.stderr is not None
    for line in process.stderr:
        if "搜索方案" in line:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert listing(out) == before


def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    book: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file where the run should stand, a file above it, another folder: each is refused at once, untouched."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    before = listing(tmp_path)
    for place in ("file", "file/below", "file/below/deep", "full"):
        told = call(capfd, monkeypatch, "solve", book, "-o", tmp_path / place, "--time", 60)
        assert told.code == 2 and str(tmp_path / place) in told.err, told
        assert "开始求解" not in told.err
    for words in (("checkup", book, "-o"), ("match", book, "-o"), ("generate", "--communities", 1, "-o"), ("new",)):
        for place, named in (("file", "file"), ("full", "full"), ("file/below", "")):
            told = call(capfd, monkeypatch, *words, tmp_path / place)
            assert told.code == 2 and named in told.err and told.out == "", told
    assert listing(tmp_path) == before


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="whoever may do all is refused nothing")
def test_a_folder_without_the_right_to_write_is_refused(book: Path, tmp_path: Path) -> None:
    """A read-only folder is named before the work begins."""
    (tmp_path / "closed").mkdir(mode=0o500)
    told = run("solve", book, "-o", tmp_path / "closed" / "run", "--time", 60)
    assert told.code == 2 and "closed" in told.err and "开始求解" not in told.err


@pytest.mark.parametrize("content", [b"", b"no workbook", b"PK\x03\x04 cut off", b"\xd0\xcf\x11\xe0" + b"\0" * 600])
def test_a_broken_workbook_is_said_to_be_broken(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in the file, there is one sentence and no trace."""
    (tmp_path / "book.xlsx").write_bytes(content)
    for words in (
        ("solve", tmp_path / "book.xlsx", "-o", tmp_path / "run"),
        ("check", tmp_path / "book.xlsx", tmp_path),
    ):
        told = run(*words)
        assert told.code in (1, 2) and (told.code == 2 or words[0] == "check"), told
        assert "book.xlsx" in told.err + told.out
    assert [path.name for path in tmp_path.iterdir()] == ["book.xlsx"]


def test_a_workbook_cut_short_is_refused(tmp_path: Path) -> None:
    """A workbook whose copy ended too early is no book, and is left alone."""
    whole = small_book(tmp_path / "book.xlsx").read_bytes()
    for share in (0.1, 0.5, 0.9, 0.99):
        (tmp_path / "cut.xlsx").write_bytes(whole[: int(len(whole) * share)])
        told = run("match", tmp_path / "cut.xlsx", "--json")
        assert told.code == 2 and told.document["faults"][0]["table"] == "cut.xlsx"
