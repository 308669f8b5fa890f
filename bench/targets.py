"""The targets of the solver, measured: `make targets`, or `python -m qingdan.bench.targets [ROW…]`.

Rows are measured one after the other and kept as soon as each is done; a run that was stopped is resumed.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .generated_problems import Source, make
from .machine import machine, solver_digest, versions
from .own_process import RunFailed, in_own_process
from .target_books import book_rows
from .target_classics import classic_rows
from .target_records import Key, Result, keep_run, read_results, read_runs, write_results
from .target_rows import Figures, Part, Row, Settings
from .targets_page import page

PROJECT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "data" / "targets.csv"
PAGE = PROJECT / "docs" / "reference" / "targets.md"
RUNS_ENDING = ".runs.jsonl"
MET = {True: "yes", False: "no", None: ""}
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Files:
    """Where results are kept; `page` is None where no page is wanted."""

    results: Path
    page: Path | None

    @property
    def runs(self) -> Path:
        """A line for every single measurement, beside the results."""
        return self.results.with_suffix(RUNS_ENDING)


def all_rows(settings: Settings) -> list[Row]:
    """Every target in the order of the table."""
    return [*book_rows(settings), *classic_rows(settings)]


def measure(rows: Sequence[Row], settings: Settings, files: Files, *, again: bool = False, say: Say = print) -> None:
    """Measure the rows that have no result yet (`again`: all of them), each kept as soon as it is done."""
    for row in rows:
        held = read_results(files.results)
        if not again and row.id in held and held[row.id].was_run:
            say(f"{row.id}: has a result ({held[row.id].date}); --again repeats it")
            continue
        result = _measure(row, settings, files.runs, again, say)
        held[row.id] = result
        order = {one.id: place for place, one in enumerate(all_rows(settings))}
        write_results(dict(sorted(held.items(), key=lambda item: order.get(item[0], len(order)))), files.results)
        say(f"{row.id}: {result.finding} (met: {result.met or '–'})")


def _measure(row: Row, settings: Settings, runs_file: Path, again: bool, say: Say) -> Result:
    common = {
        "id": row.id, "what": row.what, "target": row.target, "time_scale": settings.time_scale,
        "machine": f"{machine()}, {settings.threads} threads used", "versions": versions(), "date": datetime.date.today().isoformat(),
    }  # fmt: skip
    if row.not_run:
        nothing = {"finding": f"not run: {row.not_run}", "met": "", "measured": {}, "seconds": 0.0, "memory_mb": None}
        return Result(**common, **nothing)  # type: ignore[arg-type]
    runs: dict[str, Figures] = {}
    known = {} if again else read_runs(runs_file)
    for part in row.parts:
        key: Key = (row.id, part.name, solver_digest(), f"{settings.time_scale:g}", str(settings.threads))
        if key in known:
            say(f"{row.id}, {part.name}: measured before")
            runs[part.name] = known[key]
            continue
        say(f"{row.id}, {part.name} …")
        runs[part.name] = _figures(part, settings.folder)
        if "error" not in runs[part.name]:
            keep_run(runs_file, key, runs[part.name])
    finding = row.find(runs)
    changed = "" if versions() == common["versions"] else "; the code changed while this was measured"
    memories = [run["memory_mb"] for run in runs.values() if run.get("memory_mb") is not None]
    found = {
        "finding": finding.phrase + changed, "met": MET[finding.met], "measured": finding.measured,
        "seconds": round(sum(run.get("seconds") or 0.0 for run in runs.values()), 1),
        "memory_mb": max(memories, default=None),
    }  # fmt: skip
    return Result(**common, **found)  # type: ignore[arg-type]


def _figures(part: Part, folder: Path) -> Figures:
    """The figures of one measurement; what goes wrong in it is its figure too, so that the others still run."""
    try:
        for source in part.books:
            _made(source, folder)
        figures: Figures = in_own_process(part.function, part.arguments, patience=part.patience)
        return figures
    except RunFailed as error:
        return {"error": str(error)}


def _made(source: Source, folder: Path) -> None:
    if not source.file(folder).is_file():
        in_own_process(make, {"source": source, "folder": folder})


def show(rows: Sequence[Row], results: Mapping[str, Result]) -> None:
    """The table of these rows on standard output."""
    from rich import box  # late: only where a table is shown
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title="Targets of the solver")
    for name in ("id", "target", "measured", "met", "seconds", "MB"):
        table.add_column(name, justify="right" if name in ("seconds", "MB") else "left", overflow="fold")
    for row in rows:
        result = results.get(row.id)
        if result is None:
            table.add_row(row.id, row.target, "not measured yet", "", "", "")
        else:
            memory = "" if result.memory_mb is None else str(result.memory_mb)
            table.add_row(row.id, row.target, result.finding, result.met, f"{result.seconds:.1f}", memory)
    Console().print(table)
    last = next((results[row.id] for row in reversed(rows) if row.id in results), None)
    if last is not None:
        print(f"{last.machine}\n{last.versions}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for, write table and page, show the table; the exit code."""
    told = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = told.problems or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        settings = Settings(folder, told.time_scale, told.threads, told.data, told.all)
        rows = all_rows(settings)
        unknown = sorted(set(told.rows) - {row.id for row in rows})
        if unknown:
            print(f"no such row: {', '.join(unknown)}; there are: {', '.join(row.id for row in rows)}", file=sys.stderr)
            return 2
        trial = told.time_scale != 1 and told.results is None
        results = Path(temporary) / "trial.csv" if trial else told.results or RESULTS
        files = Files(results, told.page or (PAGE if results == RESULTS and PAGE.parent.is_dir() else None))
        asked = [row for row in rows if not told.rows or row.id in told.rows]
        ended = 0
        try:
            if not told.show:
                measure(asked, settings, files, again=told.again, say=_say)
        except KeyboardInterrupt:
            _say("stopped; what was measured is kept, the same command goes on from here")
            ended = 130
        held = read_results(files.results)
        if files.page is not None:
            files.page.write_text(page(all_rows(Settings(folder)), held), encoding="utf-8")
        show(asked, held)
    return ended


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m qingdan.bench.targets",
        description="Measure the targets of the solver and write docs/reference/targets.md. All of them take hours.",
    )
    add = parser.add_argument
    add("rows", nargs="*", metavar="ROW", help="ids of rows; without any, all that have no result yet")
    add("--again", action="store_true", help="measure rows that have a result once more")
    add("--all", action="store_true", help="every public file of a set instead of the sample of five")
    add("--show", action="store_true", help="measure nothing: show the table and write the page")
    add(
        "--time-scale",
        type=_positive,
        default=1.0,
        metavar="X",
        help="multiply all time limits; not kept unless --results",
    )
    add("--threads", type=int, default=2, help="threads of every run (2)")
    add("--data", type=Path, metavar="DIR", help="folder with the public instances")
    add("--problems", type=Path, metavar="DIR", help="keep the programs of generated books here for the next time")
    add("--results", type=Path, metavar="FILE", help="table of results (bench/data/targets.csv)")
    add("--page", type=Path, metavar="FILE", help="page to write (docs/reference/targets.md)")
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


if __name__ == "__main__":
    sys.exit(main())
