"""A run: what was solved, what came of it, and its folder, written whole or not at all."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..solver.problem import Problem
from ..solver.solution import Solution
from .cell_texts import table_texts
from .clash import NOTE_UNKNOWN, NamedClash
from .faults import BookError, Fault
from .options import Options
from .plan import ProjectPlan
from .run_arrays import certificate_arrays, problem_arrays, problem_of
from .run_tables import TABLE_NAMES, read_table, table_bytes
from .tables import TABLES
from .whole_folder import is_run_folder, replace_folder

RESULT = "result.json"
SCENARIO = "scenario.toml"
NEEDS = "needs.csv"
PROBLEM = "problem.npz"
CERTIFICATE = "certificate.npz"
PARTS = ("polars", "numpy", "scipy", "highspy", "pydantic")


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One solved book: what went in, the program, the solution, and the plan where there is one.

    `seconds_total` counts from the reading of the book to the plan. `needs` is the list that a check-up found where the
    book has none of its own; `clash` says which conditions leave no plan, where that is proved. `lineage` names the scenarios that the scenario
    extends, the nearest first: `name`, `title`, `sha256`, and `zh`, how the one before differs from it.
    """

    title: str
    data_kind: str
    book_sha256: str
    scenario_text: str
    options: Options
    problem: Problem
    solution: Solution
    plan: ProjectPlan | None
    seconds_total: float
    needs: pl.DataFrame | None = None
    clash: NamedClash | None = None
    lineage: tuple[Mapping[str, str], ...] = ()

    @property
    def result(self) -> dict[str, Any]:
        """What `result.json` holds."""
        return result_of(self)


@dataclass(frozen=True, slots=True, eq=False)
class StoredRun:
    """A run as its folder has it; `tables` is empty where the run has no plan."""

    folder: Path
    result: Mapping[str, Any]
    tables: Mapping[str, pl.DataFrame]
    scenario_text: str

    def problem(self) -> Problem:
        """The compiled program."""
        with np.load(self.folder / PROBLEM, allow_pickle=False) as arrays:
            return problem_of(dict(arrays))


def result_of(run: Run) -> dict[str, Any]:
    """The summary of a run as plain values; every number is finite, what is not known is None."""
    solution = run.solution
    counts: dict[str, int] = {
        "needs": run.options.needs.height,
        "needs_without_option": run.options.refusals.height,
        "options": run.options.options.height,
        "options_found": run.options.found,
        "openings": run.options.openings.height,
        "columns": run.problem.whole_columns,
        "rows": run.problem.rows,
        "arcs": run.problem.arcs,
    }
    tidy: dict[str, int] = {}
    if run.plan is not None:
        counts |= run.plan.counts
        tidy = {
            "projects_over_four_sources": run.plan.tidiness.projects_over_four_sources,
            "grants_below_smallest": run.plan.tidiness.grants_below_smallest,
            "below_smallest_yuan": run.plan.tidiness.below_smallest_yuan,
            "benefit_lost": run.plan.tidiness.benefit_lost,
        }
    return {
        "status": str(solution.status),
        "stopped": str(solution.stopped),
        "objective": solution.objective,
        "bound": solution.bound,
        "gap": solution.gap,
        "certified_bound": solution.certified_bound,
        "certified_gap": solution.certified_gap,
        "stages": [
            {
                "name": stage.name,
                "objective": stage.objective,
                "bound": stage.bound,
                "gap": stage.gap,
                "certified_bound": stage.certified_bound,
                "certified_gap": stage.certified_gap,
            }
            for stage in solution.stages
        ],
        "seconds": round(solution.seconds, 3),
        "seconds_total": round(run.seconds_total, 3),
        "method": solution.method,
        "seed": solution.seed,
        "work": solution.work,
        "title": run.title,
        "data_kind": run.data_kind,
        "book_sha256": run.book_sha256,
        "scenario_sha256": hashlib.sha256(run.scenario_text.encode()).hexdigest() if run.scenario_text else "",
        "scenario_lineage": [dict(ancestor) for ancestor in run.lineage],
        "counts": counts,
        "tidy": tidy,
        **_clash(run),
        "versions": versions(),
        "trace": [
            {
                "seconds": round(point.seconds, 3),
                "stage": point.stage,
                "objective": point.objective,
                "bound": point.bound,
            }
            for point in solution.trace
        ],
    }


def _clash(run: Run) -> dict[str, Any]:
    """Why there is no plan, as far as it is known."""
    note = run.clash.note if run.clash else NOTE_UNKNOWN if run.plan is None else (None, None)
    return {
        "clash": None if run.clash is None else [condition.told() for condition in run.clash.conditions],
        "clash_smallest": None if run.clash is None else run.clash.smallest,
        "clash_note_zh": note[0],
        "clash_note_en": note[1],
    }


def versions() -> dict[str, str]:
    """Versions of the program and of what it computes with."""
    found = {"python": platform.python_version()}
    for name in ("qingdan", *PARTS):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def write_run(folder: Path | str, run: Run) -> None:
    """Write the folder of a run; an earlier run there is replaced in one step, or stays whole.

    Only a run or an empty folder may stand there before. A run without a plan has no tables. Raises `BookError`
    where the folder cannot be written, with nothing changed.
    """
    folder = Path(folder)
    if folder.exists() and not (folder.is_dir() and (is_run_folder(folder, RESULT) or not any(folder.iterdir()))):
        raise BookError([_fault(folder, "这里已有别的内容，不是测算结果", "something else stands here that is no run",
                                "换一个路径", "choose another path")])  # fmt: skip
    try:
        replace_folder(folder, lambda beside: _fill(beside, run))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise BookError([_fault(folder, f"写不进去（{why}）", f"cannot be written ({why})",
                                "检查权限和磁盘空间", "check rights and disk space")]) from error  # fmt: skip


def _fill(folder: Path, run: Run) -> None:
    if run.plan is not None:
        for name, frame in run.plan.tables.items():
            (folder / f"{name}.csv").write_bytes(table_bytes(name, frame))
    if run.needs is not None:
        table_texts(TABLES["needs"], run.needs).write_csv(folder / NEEDS, line_terminator="\n")
    _write_arrays(folder / PROBLEM, problem_arrays(run.problem))
    certificate = certificate_arrays(run.solution)
    if certificate is not None:
        _write_arrays(folder / CERTIFICATE, certificate)
    if run.scenario_text:
        (folder / SCENARIO).write_bytes(run.scenario_text.encode())
    text = json.dumps(run.result, ensure_ascii=False, indent=1, allow_nan=False)
    (folder / RESULT).write_text(text + "\n", encoding="utf-8")


def _write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    with path.open("wb") as handle:
        np.savez_compressed(handle, allow_pickle=False, **arrays)


def read_run(folder: Path | str) -> StoredRun:
    """The run in a folder; a `BookError` says what is missing or unreadable."""
    folder = Path(folder)
    at, tables = folder / RESULT, {}
    try:
        result = json.loads(at.read_text(encoding="utf-8"))
        at = folder / SCENARIO
        text = at.read_bytes().decode() if at.is_file() else ""
        for name in TABLE_NAMES if _has_plan(folder) else ():
            at = folder / f"{name}.csv"
            tables[name] = read_table(name, at)
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        words = (
            "读不出，不是完整的测算结果", "cannot be read: not a whole run",
            "给出 qingdan solve 写出的文件夹", "name a folder that qingdan solve wrote",
        )  # fmt: skip
        raise BookError([_fault(at, *words)]) from error
    return StoredRun(folder, result, tables, text)


def _has_plan(folder: Path) -> bool:
    return any((folder / f"{name}.csv").exists() for name in TABLE_NAMES)


def _fault(path: Path, *words: str) -> Fault:
    return Fault(path.name, 0, "", "", words[0], words[1], words[2], words[3])
