"""A package that brings a method, exactly as the documentation shows it, from installation to the table."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from brought_packages import install, small_instances

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "add-a-method.md"
BENCH_PAGE = PAGE.with_name("run-the-bench.md")


def qingdan(*words: object, environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qingdan", *map(str, words)], env=os.environ | environment, cwd=folder,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The package of the page, installed."""
    folder = tmp_path_factory.mktemp("added")
    text = PAGE.read_text(encoding="utf-8")
    source = folder / "few_options.py"
    found = re.search(r"```python\n(.*?)```", text, re.S)
    assert found is not None
    source.write_text(found[1], encoding="utf-8")
    line = re.search(r'^(\w+) = "(few_options:\w+)"$', text, re.M)
    assert line is not None
    return install(folder / "site", "few-options", {line[1]: line[2]}, [source])


def test_the_method_of_the_page_runs_in_the_bench(environment: dict[str, str], tmp_path: Path) -> None:
    """It stands in the table beside HiGHS, checked, without a line changed here."""
    told = qingdan(
        "bench", "run", "tiny", "--smallest", "--methods", "few,highs", "--time", 3, "--threads", 1, "-o", "first", "--json",
        environment=environment, folder=tmp_path,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["verdicts"] == {"sound": 2}
    table = pl.read_parquet(tmp_path / "first" / "results.parquet")
    few = table.row(by_predicate=pl.col("method") == "few", named=True)
    assert few["objective"] > 0 and few["resolved"] == "few" and few["trace"]
    code = re.search(r"```py\n(.*?)```", BENCH_PAGE.read_text(encoding="utf-8"), re.S)
    assert code is not None
    shown = subprocess.run([sys.executable, "-c", code[1]], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "few" in shown.stdout and "sound" in shown.stdout
    report = qingdan("bench", "report", "first", environment=environment, folder=tmp_path)
    assert report.returncode == 0, report.stderr
    assert "qingdan bench run tiny --smallest --methods few,highs" in (tmp_path / "first" / "report.md").read_text(
        "utf-8"
    )


def test_every_command_knows_the_method(environment: dict[str, str], tmp_path: Path) -> None:
    """`bench solve` takes it, and the message on unknown methods lists it."""
    small_instances(tmp_path)
    solved = qingdan(
        "bench", "solve", "mine", "--family", "gap", "--data", tmp_path, "--method", "few", "--json",
        environment=environment, folder=tmp_path,
    )  # fmt: skip
    assert json.loads(solved.stdout)["method"] == "few" and json.loads(solved.stdout)["objective"] == 12
    refused = qingdan("bench", "run", "tiny", "--methods", "fewer", "-o", "x", environment=environment, folder=tmp_path)
    assert refused.returncode == 2 and "few" in refused.stderr.split("there are:")[1]
    assert not (tmp_path / "x").exists()


def test_a_package_cannot_take_a_name_that_is_taken(tmp_path: Path) -> None:
    """`highs` stays HiGHS, and `auto` is no method of a package; of two packages the first in the alphabet holds."""
    first = install(tmp_path / "one", "alpha", {"mine": "json:loads", "auto": "json:loads", "highs": "json:loads"})
    second = install(tmp_path / "two", "beta", {"mine": "json:dumps"})
    paths = os.pathsep.join([second["PYTHONPATH"], first["PYTHONPATH"]])
    code = (
        "from qingdan.solver.solve import door, methods; print(door('highs').module, door('mine').function, methods())"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=True
    ).stdout
    assert told.startswith(".backends.highs loads ") and told.count("'auto'") == told.count("'mine'") == 1
