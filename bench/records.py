"""The best values known of every instance of the suites: a table that runs improve.

`data/records.csv` has a line for an instance whose plan or bound was found here; every number is in whole points of the
program, and belongs to the program with the digest beside it. A plan enters only after the exact check of `exact_check` found
no fault and no need of a tolerance, a bound only after its certificate was recomputed in whole numbers. Values that others
have published (`best_known.csv`) count as known too; they are not copied.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from .prepared import Prepared

RECORDS: Final = Path(__file__).parent / "data" / "records.csv"


@dataclass(frozen=True, slots=True)
class RecordOf:
    """What is known of an instance: the best plan's values of all objectives up to the compared one, and the best bound.

    `earlier` are the values before the compared one, for which the bound holds; None stands for nothing known.
    """

    instance: str
    digest: str
    best: int | None = None
    earlier: tuple[int, ...] = ()
    best_by: str = ""
    bound: int | None = None
    bound_by: str = ""

    @property
    def ranked(self) -> tuple[int, ...] | None:
        """All values of the best plan in the order of their weight; None without a plan."""
        return None if self.best is None else (*self.earlier, self.best)


def read_records(path: Path = RECORDS) -> dict[str, RecordOf]:
    """The records of a file by instance; none where there is no file."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["instance"]: _record(row) for row in csv.DictReader(stream)}


def _record(row: Mapping[str, str]) -> RecordOf:
    return RecordOf(
        instance=row["instance"],
        digest=row["digest"],
        best=int(row["best"]) if row["best"] else None,
        earlier=tuple(int(value) for value in row["earlier"].split()),
        best_by=row["best_by"],
        bound=int(row["bound"]) if row["bound"] else None,
        bound_by=row["bound_by"],
    )


def improved(held: RecordOf | None, instance: Prepared, run: Mapping[str, Any], by: str) -> RecordOf | None:
    """The record after a run, None where the run improves nothing.

    A plan counts that was found sound and exact; a bound that its certificate proves, for the same earlier values.
    """
    before = held if held is not None and held.digest == instance.digest else RecordOf(instance.id, instance.digest)
    after = before
    earlier = tuple(run["earlier"] or ())
    if run["verdict"] == "sound" and run["exact"] and run["objective"] is not None:
        ranked = (*earlier, run["objective"])
        if before.ranked is None or ranked > before.ranked:
            after = replace(after, best=run["objective"], earlier=earlier, best_by=by)
            if earlier != before.earlier:
                after = replace(after, bound=None, bound_by="")
    proven = run["certified_bound"]
    better = proven is not None and (after.bound is None or proven < after.bound)
    if run["verdict"] == "sound" and better and earlier == after.earlier and after.best is not None:
        after = replace(after, bound=proven, bound_by=by)
    return None if after == before else after


def improve_records(path: Path, instance: Prepared, run: Mapping[str, Any], by: str) -> bool:
    """Write a better plan or bound into the file; whether there was one. Other lines stay as they are."""
    with _locked(path):
        records = read_records(path)
        after = improved(records.get(instance.id), instance, run, by)
        if after is None:
            return False
        records[instance.id] = after
        beside = path.with_name(f".{path.name}.part")
        with beside.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, [one.name for one in fields(RecordOf)], lineterminator="\n")
            writer.writeheader()
            for name in sorted(records):
                row = asdict(records[name])
                writer.writerow({**row, "earlier": " ".join(map(str, row["earlier"]))})
        os.replace(beside, path)
        return True


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One writer at a time: two benches may improve the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as stream:
        try:
            import fcntl  # late: there is none on Windows, where one writer is taken on trust

            fcntl.flock(stream, fcntl.LOCK_EX)
        except ImportError:
            pass
        yield
