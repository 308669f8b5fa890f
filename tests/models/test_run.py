"""A run's folder is whole or not there, is valid for any reader, and comes back as it was written."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from plan_case import book_case, options_case
from qingdan.models import run as run_module
from qingdan.models import whole_folder
from qingdan.models.faults import BookError
from qingdan.models.formulation import formulate
from qingdan.models.plan import make_plan
from qingdan.models.run import Run, read_run, write_run
from qingdan.models.run_arrays import problem_arrays
from qingdan.models.run_tables import SCHEMAS
from qingdan.models.scenario import Scenario, parse_scenario
from qingdan.solver.certificate import certified_bound
from qingdan.solver.solution import Solution, Status, Stopped
from qingdan.solver.solve import solve


@pytest.fixture(scope="module")
def run() -> Run:
    book, options = book_case(), options_case()
    scenario = parse_scenario('title = "基准"\n')
    problem = formulate(options, book, scenario)
    solution = solve(problem, threads=1)
    return Run(
        title=scenario.title,
        data_kind=book.settings.data_kind,
        book_sha256=book.digest(),
        scenario_text=scenario.text(),
        options=options,
        problem=problem,
        solution=solution,
        plan=make_plan(problem, solution, options, book, scenario),
        seconds_total=1.5,
    )


def without_plan(run: Run, status: Status) -> Run:
    empty = Solution(status, Stopped.TIME, None, (), 0.5, "highs", 0, 0)
    return replace(run, solution=empty, plan=None)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_run_comes_back_as_it_was_written(run: Run, tmp_path: Path) -> None:
    """Nothing is lost between a run in memory and its folder."""
    write_run(tmp_path / "run", run)
    stored = read_run(tmp_path / "run")
    assert run.plan is not None
    for name, frame in run.plan.tables.items():
        texts = pl.col(pl.String).fill_null("")
        assert stored.tables[name].equals(frame.select(list(SCHEMAS[name])).with_columns(texts)), name
    assert stored.result == json.loads(json.dumps(run.result))
    assert stored.scenario_text == run.scenario_text
    again = problem_arrays(stored.problem())
    for name, array in problem_arrays(run.problem).items():
        assert np.array_equal(again[name], array), name


def test_result_holds_every_key_and_only_finite_numbers(run: Run, tmp_path: Path) -> None:
    """Any JSON reader can take the summary, and the digests tie it to its book and scenario."""
    write_run(tmp_path / "run", run)

    def refuse(word: str) -> float:
        raise AssertionError(word)

    told = json.loads((tmp_path / "run" / "result.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert {
        "status", "stopped", "objective", "bound", "gap", "certified_bound", "certified_gap", "stages", "seconds",
        "seconds_total", "method", "seed", "work", "versions", "book_sha256", "scenario_sha256", "data_kind", "counts",
        "trace",
    } <= set(told)  # fmt: skip
    assert told["status"] == "optimal" and told["objective"] == told["bound"] == 1700 and told["gap"] == 0
    assert [stage["name"] for stage in told["stages"]] == ["safety", "benefit", "cost"]
    assert told["scenario_sha256"] == hashlib.sha256((tmp_path / "run" / "scenario.toml").read_bytes()).hexdigest()
    assert told["book_sha256"] == book_case().digest()
    assert told["counts"]["projects"] == 3 and all(math.isfinite(value) for value in told["counts"].values())


def test_the_certificate_can_be_recomputed_from_the_folder(run: Run, tmp_path: Path) -> None:
    """The bound is proved by the files alone."""
    write_run(tmp_path / "run", run)
    certificate = run.solution.certificate
    assert certificate is not None
    with np.load(tmp_path / "run" / "certificate.npz", allow_pickle=False) as arrays:
        assert arrays["stage"].tolist() == [prices.stage for prices in certificate.stages]
        for number, prices in enumerate(certificate.stages):
            assert arrays[f"row_price_{number}"].tolist() == prices.row_price.tolist()
            assert arrays[f"reached_{number}"].tolist() == list(prices.reached)
    problem = read_run(tmp_path / "run").problem()
    for prices, result in zip(certificate.stages, run.solution.stages, strict=True):
        assert certified_bound(problem, certificate, prices.stage) == result.certified_bound


def test_the_same_run_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    """A file that did not change is seen not to have changed."""
    write_run(tmp_path / "one", run)
    write_run(tmp_path / "two", run)
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert {name: one[name] for name in one if name.endswith((".csv", ".json", ".toml"))} == {
        name: two[name] for name in two if name.endswith((".csv", ".json", ".toml"))
    }
    assert not one["projects.csv"].startswith(b"\xef\xbb\xbf")


def test_tables_have_their_fixed_columns_first_and_rows_in_order(run: Run, tmp_path: Path) -> None:
    """Whoever reads the files by column name or by position finds what the reference says."""
    write_run(tmp_path / "run", run)
    with (tmp_path / "run" / "funding.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle))
    assert rows[0] == ["project_id", "fund_id", "budget_year", "payment_year", "amount_yuan"]
    assert rows[1:] == sorted(rows[1:])
    with (tmp_path / "run" / "components.csv").open(encoding="utf-8", newline="") as handle:
        components = list(csv.DictReader(handle))
    assert {row["area"] for row in components} == {"0.0", "200.0"}
    assert sum(int(row["cost_yuan"]) for row in components) == sum(int(row[4]) for row in rows[1:])
    assert len({row["component_id"] for row in components}) == len(components)


@pytest.mark.parametrize("killed_at", ["funding.csv", "problem.npz", "result.json", "in place"])
def test_an_earlier_run_stays_whole_when_writing_is_cut_off(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    """Power may fail between any two files: what stood there before still stands."""
    folder = tmp_path / "run"
    write_run(folder, run)
    before = contents(folder)
    later = replace(run, title="另一次", seconds_total=9.0)

    class KilledError(BaseException):
        pass

    if killed_at == "in place":

        def swap(*_: object) -> bool:
            raise KilledError

        monkeypatch.setattr(whole_folder, "_exchanged", swap)
    else:
        plain_bytes, plain_text, plain_open = Path.write_bytes, Path.write_text, Path.open

        def cut(path: Path) -> None:
            if path.name == killed_at and path.parent != folder:
                raise KilledError

        def write_bytes(path: Path, data: bytes) -> int:
            cut(path)
            return plain_bytes(path, data)

        def write_text(path: Path, data: str, **how: str) -> int:
            cut(path)
            return plain_text(path, data, **how)

        def open_file(path: Path, *how: str, **more: str) -> object:
            if how and "w" in how[0]:
                cut(path)
            return plain_open(path, *how, **more)  # type: ignore[call-overload]

        monkeypatch.setattr(Path, "write_bytes", write_bytes)
        monkeypatch.setattr(Path, "write_text", write_text)
        monkeypatch.setattr(Path, "open", open_file)
    with pytest.raises(KilledError):
        write_run(folder, later)
    monkeypatch.undo()
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    write_run(folder, later)
    assert read_run(folder).result["title"] == "另一次"


def test_a_system_that_cannot_exchange_folders_still_replaces_a_run(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where folders cannot be swapped in one step the old one makes way, and comes back if that fails."""
    monkeypatch.setattr(whole_folder, "_exchanged", lambda one, other: False)
    folder = tmp_path / "run"
    write_run(folder, run)
    write_run(folder, replace(run, title="第二次"))
    assert read_run(folder).result["title"] == "第二次"
    plain, calls = os.replace, []

    def fails_second(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        plain(source, target)

    monkeypatch.setattr(os, "replace", fails_second)
    with pytest.raises(BookError):
        write_run(folder, run)
    assert read_run(folder).result["title"] == "第二次"


def test_other_peoples_folders_are_never_replaced(run: Run, tmp_path: Path) -> None:
    """A slip of the hand in -o does not cost a user a folder."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(BookError) as told:
        write_run(tmp_path / "mine", run)
    assert "换一个路径" in str(told.value) and "choose another path" in str(told.value)
    assert contents(tmp_path / "mine") == {"letter.txt": b"dear"}


@pytest.mark.parametrize("status", [Status.INFEASIBLE, Status.INTERRUPTED])
def test_a_run_without_a_plan_says_so_and_holds_no_table(run: Run, tmp_path: Path, status: Status) -> None:
    """No half-filled project list is left for someone to print."""
    write_run(tmp_path / "run", without_plan(run, status))
    stored = read_run(tmp_path / "run")
    assert stored.tables == {} and not list((tmp_path / "run").glob("*.csv"))
    assert stored.result["status"] == str(status) and stored.result["objective"] is None
    assert stored.result["gap"] is None and stored.result["stages"] == []


def test_a_folder_that_is_no_run_is_refused_in_words(run: Run, tmp_path: Path) -> None:
    """A missing or damaged file is named, in both languages, without a traceback."""
    write_run(tmp_path / "run", run)
    (tmp_path / "run" / "funding.csv").unlink()
    with pytest.raises(BookError, match=r"funding\.csv"):
        read_run(tmp_path / "run")
    with pytest.raises(BookError, match="not a whole run"):
        read_run(tmp_path / "nowhere")


def test_scenario_without_changes_leaves_no_file(run: Run, tmp_path: Path) -> None:
    """The digest of a scenario that is not there is empty."""
    write_run(tmp_path / "run", replace(run, scenario_text=Scenario().text()))
    assert not (tmp_path / "run" / run_module.SCENARIO).exists()
    assert read_run(tmp_path / "run").result["scenario_sha256"] == ""
