"""What has been measured of the targets, kept row by row: a table of results, and a line for every single measurement."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """A row of the table. `met` is yes, no, or "" where it was not run; `measured` holds the figures by name."""

    id: str
    what: str
    target: str
    finding: str
    met: str
    measured: Mapping[str, float | int | str | None]
    seconds: float
    memory_mb: int | None
    time_scale: float
    machine: str
    versions: str
    date: str

    @property
    def was_run(self) -> bool:
        """Whether there is a result at all."""
        return self.met != ""


def read_results(file: Path) -> dict[str, Result]:
    """The results by their id; none where there is no file."""
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8", newline="") as stream:
        return {row["id"]: _result(row) for row in csv.DictReader(stream)}


def _result(row: Mapping[str, str]) -> Result:
    texts = {name: row[name] for name in ("id", "what", "target", "finding", "met", "machine", "versions", "date")}
    return Result(
        **texts,
        measured=json.loads(row["measured"]),
        seconds=float(row["seconds"]),
        memory_mb=int(row["memory_mb"]) if row["memory_mb"] else None,
        time_scale=float(row["time_scale"]),
    )


def write_results(results: Mapping[str, Result], file: Path) -> None:
    """Write the table whole: beside its place first, so that a kill leaves the old one."""
    beside = file.with_name(f".{file.name}.new")
    with beside.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, [field.name for field in fields(Result)], lineterminator="\n")
        table.writeheader()
        for result in results.values():
            measured = json.dumps(dict(result.measured), ensure_ascii=False)
            memory = "" if result.memory_mb is None else result.memory_mb
            table.writerow({**asdict(result), "measured": measured, "memory_mb": memory})
    os.replace(beside, file)


def keep_run(file: Path, key: Key, figures: Mapping[str, Any]) -> None:
    """Add the figures of one measurement."""
    with file.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"key": key, "figures": figures}, ensure_ascii=False) + "\n")


def read_runs(file: Path) -> dict[Key, dict[str, Any]]:
    """The figures of every measurement, the last one of each; a line that a kill cut off is passed over."""
    found: dict[Key, dict[str, Any]] = {}
    if not file.is_file():
        return found
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            held = json.loads(line)
        except json.JSONDecodeError:
            continue
        found[tuple(held["key"])] = held["figures"]
    return found
