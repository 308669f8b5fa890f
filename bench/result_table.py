"""The tidy table of all runs of a folder: a line for each, as Parquet and as CSV."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .judged import Record
from .known_values import Known, behind, contradicted, known_of
from .records import read_records
from .suites import SUITES

if TYPE_CHECKING:
    import polars as pl

PARQUET, CSV = "results.parquet", "results.csv"

COLUMNS: Final[Mapping[str, str]] = {
    "suite": "text", "instance": "text", "told": "text", "digest": "text", "growth": "text", "options": "whole",
    "columns": "whole", "rows": "whole", "sense": "text", "parts": "whole", "method": "text", "resolved": "text",
    "seed": "whole", "verdict": "text", "detail": "text", "status": "text", "stopped": "text", "objective": "whole",
    "earlier": "wholes", "behind": "flag", "bound": "whole", "certified_bound": "whole", "exact": "flag",
    "best_known": "whole", "best_earlier": "wholes", "best_by": "text", "best_bound": "whole", "gap": "number",
    "certified_gap": "number", "gap_to_best": "number", "time": "number", "gap_wanted": "number", "threads": "whole",
    "memory_limit_mb": "number", "seconds": "number", "seconds_total": "number", "peak_memory_mb": "whole",
    "work": "whole", "exit_code": "whole", "began": "text", "machine": "text", "versions": "text", "solver": "text",
    "trace": "trace",
}  # fmt: skip
"""Every column and its kind; all values in whole points of the program, which is maximised."""


def write_tables(results: Path) -> list[Record]:
    """Read every finished run of a folder, compare the runs of each instance, write both tables, give back the lines."""
    lines = collected(results)
    frame = as_frame(lines)
    for name in (PARQUET, CSV):
        beside = results / f".{name}.part"
        if name == PARQUET:
            frame.write_parquet(beside)
        else:
            _flat(frame).write_csv(beside)
        os.replace(beside, results / name)
    return lines


def collected(results: Path) -> list[Record]:
    """The lines of all finished runs, in the order of instance, method and seed."""
    records = read_records()
    lines: list[Record] = []
    for folder in sorted(path for path in (results / "runs").glob("*") if path.is_dir()):
        told = json.loads((results / "instances" / f"{folder.name}.json").read_text(encoding="utf-8"))
        runs = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*/run.json"))]
        record = records.get(folder.name)
        if record is not None and record.digest != told["digest"]:
            record = None  # of another program under the same name
        known = known_of(runs, told, record)
        lines += [_line(run, told, known) for run in runs]
    order = {name: at for at, name in enumerate(SUITES)}
    return sorted(
        lines,
        key=lambda one: (
            order.get(one["suite"], len(order)),
            one["options"],
            one["instance"],
            one["method"],
            one["seed"],
        ),
    )


def _line(run: Mapping[str, Any], told: Mapping[str, Any], known: Known) -> Record:
    refuted = contradicted(run, known)
    is_behind = behind(run, known)
    best = known.best
    counts = run["objective"] is not None and best is not None and not is_behind
    line = {
        **{
            name: told[name]
            for name in ("suite", "told", "digest", "growth", "options", "columns", "rows", "sense", "parts")
        },
        **{name: run[name] for name in run if name in COLUMNS},
        "instance": told["id"],
        "gap_wanted": run["gap"],
        "memory_limit_mb": run["memory"],
        "behind": is_behind,
        "best_known": best,
        "best_earlier": list(known.earlier),
        "best_by": known.best_by,
        "best_bound": known.bound,
        "gap": _gap(run["objective"], run["bound"]),
        "certified_gap": _gap(run["objective"], run["certified_bound"]),
        "gap_to_best": (best - run["objective"]) / max(1, abs(best)) if counts and best is not None else None,
        "solver": _solver(run["versions"]),
    }
    if refuted is not None:
        line["verdict"], line["detail"] = str(refuted[0]), refuted[1]
    return {name: line.get(name) for name in COLUMNS}


def _solver(told: str) -> str:
    """The digest of the solver's code from the line of versions."""
    words = told.replace(",", " ").split()
    return words[words.index("solver") + 1] if "solver" in words else ""


def _gap(objective: int | None, bound: int | None) -> float | None:
    if objective is None or bound is None:
        return None
    return abs(bound - objective) / max(1, abs(bound))


def as_frame(lines: Sequence[Record]) -> pl.DataFrame:
    """The lines as a table; `trace` is a list of seconds, objective and bound."""
    import polars as pl  # late: heavy

    kinds: dict[str, Any] = {
        "text": pl.String, "whole": pl.Int64, "number": pl.Float64, "flag": pl.Boolean, "wholes": pl.List(pl.Int64),
        "trace": pl.List(pl.Struct({"seconds": pl.Float64, "objective": pl.Int64, "bound": pl.Int64})),
    }  # fmt: skip
    names = ("seconds", "objective", "bound")
    rows = [{**line, "trace": [dict(zip(names, point, strict=True)) for point in line["trace"]]} for line in lines]
    return pl.DataFrame(rows, schema={name: kinds[kind] for name, kind in COLUMNS.items()})


def read_table(results: Path) -> list[Record]:
    """The lines of a table that was written before; traces as rows of seconds, objective and bound."""
    import polars as pl

    rows = pl.read_parquet(results / PARQUET).to_dicts()
    return [
        {**row, "trace": [[one["seconds"], one["objective"], one["bound"]] for one in row["trace"]]} for row in rows
    ]


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """The same for CSV: lists as texts."""
    import polars as pl

    traces = [
        json.dumps([[one["seconds"], one["objective"], one["bound"]] for one in trace])
        for trace in frame["trace"].to_list()
    ]
    lists = [name for name, kind in COLUMNS.items() if kind == "wholes"]
    return frame.with_columns(
        pl.Series("trace", traces, pl.String), *(pl.col(name).cast(pl.List(pl.String)).list.join(" ") for name in lists)
    )
