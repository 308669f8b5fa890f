"""The harness: limits that hold, answers that are checked, and broken methods shown as what they are."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import broken_methods
import polars as pl
import psutil
import pytest
from brought_packages import install, small_instances
from qingdan.bench.harness import OtherSettings, Settings, run_bench
from qingdan.bench.judged import Verdict
from qingdan.bench.recipes import Public
from qingdan.bench.suites import SuiteInstance

HERE = Path(__file__).parent
MINE = SuiteInstance("mine", "classic", Public("gap", "chu1997", "mine"))
SETTINGS = Settings(time=1.0, threads=1, memory=600)
EXPECTED = {
    "highs": (Verdict.SOUND, ""),
    "too_early": (Verdict.WRONG_BOUND, "claims optimal"),
    "low_bound": (Verdict.WRONG_BOUND, "claims a bound"),
    "no_way": (Verdict.WRONG_INFEASIBLE, "a plan worth -12 is known"),
    "takes_all": (Verdict.WRONG_PLAN, "breaks a rule"),
    "forger": (Verdict.WRONG_PLAN, "group 0: 2 of 1 are taken"),
    "flatters": (Verdict.WRONG_VALUE, "-7 was claimed, the plan is worth -12"),
    "never_ends": (Verdict.OVERRAN, "ended by force"),
    "deaf": (Verdict.OVERRAN, "ended by force"),
    "leaks": (Verdict.OUT_OF_MEMORY, "ended by force"),
    "leaks_in_a_child": (Verdict.OUT_OF_MEMORY, "ended by force"),
    "grabs": (Verdict.OUT_OF_MEMORY, "the system refused"),
    "crashes": (Verdict.CRASHED, "code -11"),
    "raises": (Verdict.CRASHED, "ZeroDivisionError: weights add up to nothing"),
    "leaves": (Verdict.CRASHED, "code 0 and gave no answer"),
    "finds_nothing": (Verdict.SOUND, ""),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the broken methods as an installed package, and one with an instance."""
    folder = tmp_path_factory.mktemp("bench")
    methods = {name: f"broken_methods:{name}" for name in broken_methods.NAMES}
    environment = install(folder / "site", "broken-methods", methods, [HERE / "broken_methods.py"])
    small_instances(folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", environment["PYTHONPATH"])
        yield folder


@pytest.fixture(scope="module")
def lines(place: Path) -> dict[str, Mapping[str, Any]]:
    """One run of every method, honest or broken."""
    before = set(psutil.pids())
    found = run_bench(place / "out", [MINE], list(EXPECTED), settings=SETTINGS, data=place / "data")
    sleepers = [
        process for process in psutil.process_iter(["cmdline"]) if process.pid not in before and _sleeps(process)
    ]
    assert not sleepers, "a child that left the session of its run lives on"
    return {line["method"]: line for line in found}


def _sleeps(process: psutil.Process) -> bool:
    return "time.sleep(600)" in " ".join(process.info["cmdline"] or [])


def test_every_broken_method_is_tried() -> None:
    """A new way to be wrong needs its expectation."""
    assert set(EXPECTED) == {"highs", *broken_methods.NAMES}


@pytest.mark.parametrize("method", EXPECTED)
def test_each_method_is_shown_as_what_it_is(method: str, lines: dict[str, Mapping[str, Any]]) -> None:
    """Nobody mistakes a wrong answer for a slow one, nor a crash for a hard instance."""
    verdict, why = EXPECTED[method]
    assert lines[method]["verdict"] == verdict, lines[method]["detail"]
    assert why in lines[method]["detail"]


@pytest.mark.parametrize("method", ["never_ends", "deaf"])
def test_a_limit_of_time_holds(method: str, lines: dict[str, Mapping[str, Any]]) -> None:
    """Whoever overruns is ended soon after the time and its grace."""
    assert SETTINGS.patience <= lines[method]["seconds"] < SETTINGS.patience + 2


@pytest.mark.parametrize("method", ["leaks", "leaks_in_a_child"])
def test_a_limit_of_memory_holds(method: str, lines: dict[str, Mapping[str, Any]]) -> None:
    """A leak ends near the limit, wherever in the family of processes it is."""
    assert SETTINGS.memory < lines[method]["peak_memory_mb"] < SETTINGS.memory + 400


def test_only_sound_answers_have_a_value(lines: dict[str, Mapping[str, Any]]) -> None:
    """What was not checked or not correct is no plan in the table."""
    assert {name for name, line in lines.items() if line["objective"] is not None} == {
        "highs", "too_early", "low_bound", "flatters", "finds_nothing",
    }  # fmt: skip
    assert lines["highs"]["objective"] == -12 and lines["highs"]["gap_to_best"] == 0
    assert lines["too_early"]["gap_to_best"] > 0


def test_the_tables_hold_every_run(place: Path, lines: dict[str, Mapping[str, Any]]) -> None:
    """Parquet and CSV have a line for each run, with machine, versions and trace."""
    table = pl.read_parquet(place / "out" / "results.parquet")
    flat = pl.read_csv(place / "out" / "results.csv")
    assert table.height == flat.height == len(lines) and table.columns == flat.columns
    row = table.row(by_predicate=pl.col("method") == "highs", named=True)
    assert "cores" in row["machine"] and "qingdan" in row["versions"] and len(row["solver"]) == 8
    assert row["trace"][-1]["objective"] == -12 and row["seed"] == 0 and row["exact"]
    assert json.loads(flat.row(by_predicate=pl.col("method") == "highs", named=True)["trace"])[-1][1] == -12


def test_results_of_other_settings_are_not_mixed(place: Path, lines: dict[str, Mapping[str, Any]]) -> None:
    """Runs with different limits never stand in one table."""
    with pytest.raises(OtherSettings, match=r"time 1\.0"):
        run_bench(place / "out", [MINE], ["highs"], settings=Settings(time=2.0), data=place / "data")


def test_a_killed_bench_goes_on_where_it_was(place: Path, tmp_path: Path) -> None:
    """After kill -9 nothing runs on, what was done is kept, and the same command finishes the rest."""
    out = tmp_path / "out"
    code = (
        "from pathlib import Path\nfrom qingdan.bench.harness import *\nfrom qingdan.bench.suites import *\n"
        "from qingdan.bench.recipes import Public\n"
        "if __name__ == '__main__':\n  run_bench(Path({out!r}), [SuiteInstance('mine', 'classic', Public('gap', 'chu1997', 'mine'))],"
        " ['highs', 'deaf', 'finds_nothing'], settings=Settings(time=1.0, threads=1, memory=600), data=Path({data!r}))\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code.format(out=str(out), data=str(place / "data")), encoding="utf-8")
    bench = subprocess.Popen([sys.executable, str(script)])
    run = _run_of(out, "deaf")
    os.kill(bench.pid, signal.SIGKILL)
    bench.wait()
    for _ in range(100):
        if not psutil.pid_exists(run) or psutil.Process(run).status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the run outlived its bench")
    first = out / "runs" / "mine" / "highs-0" / "run.json"
    written = first.stat().st_mtime_ns
    assert not (out / "runs" / "mine" / "deaf-0" / "run.json").exists()
    subprocess.run([sys.executable, str(script)], check=True, timeout=60)
    assert first.stat().st_mtime_ns == written
    verdicts = pl.read_parquet(out / "results.parquet").select("method", "verdict").rows()
    assert sorted(verdicts) == [("deaf", "overran"), ("finds_nothing", "sound"), ("highs", "sound")]


def _run_of(out: Path, method: str) -> int:
    """The process of the run of a method, once its clock has begun."""
    for _ in range(600):
        time.sleep(0.05)
        if (out / "runs" / "mine" / f"{method}-0" / "ready").exists():
            held = json.loads((out / "running.json").read_text(encoding="ascii"))
            return int(held["run"][0])
    raise AssertionError("the run did not begin")
