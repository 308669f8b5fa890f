"""The harness: every method on every instance with every seed, each run in a process of its own, judged and kept.

A folder of results holds `settings.json`, the programs (`instances/`), a folder for every run (`runs/`), and the table of all runs
(`results.parquet`, `results.csv`). A run counts as done once its `run.json` is there; the same command goes on from there.
"""

from __future__ import annotations

import datetime
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from .classic_reading import InstanceError
from .judged import Record, Verdict, judge
from .leftovers import Mark, alone_in
from .limited_process import Ended, EndedBy, Limits, run_limited
from .machine import machine, versions
from .one_run import ORDER, READY
from .own_process import RunFailed, in_own_process
from .prepared import Prepared, prepare
from .records import improve_records
from .result_table import write_tables
from .suites import SuiteInstance

DONE: Final = "run.json"
SETTINGS: Final = "settings.json"
GRACE_SECONDS, GRACE_SHARE = 5.0, 0.1  # beyond its time, until a run is ended by force
LOADING: Final = 900.0
THREAD_VARIABLES: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

Say = Callable[[str], None]


class OtherSettings(ValueError):
    """The folder holds results of other settings."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is the same for all runs of a folder: seconds, gap at which a run may end, threads, megabytes."""

    time: float = 60.0
    gap: float = 0.0
    threads: int = 2
    memory: float = 4096.0

    @property
    def patience(self) -> float:
        """Seconds after which a run is ended by force."""
        return self.time * (1 + GRACE_SHARE) + GRACE_SECONDS


@dataclass(frozen=True, slots=True)
class Job:
    """One run: an instance, a method, a seed."""

    instance: SuiteInstance
    method: str
    seed: int

    def folder(self, results: Path) -> Path:
        """Where its files lie."""
        return results / "runs" / self.instance.id / f"{self.method}-{self.seed}"


def jobs(instances: Sequence[SuiteInstance], methods: Sequence[str], seeds: int) -> Iterator[Job]:
    """All runs in their order: one seed is complete before the next begins, methods take turns on each instance."""
    for seed in range(seeds):
        for instance in instances:
            for method in methods:
                yield Job(instance, method, seed)


def run_bench(
    results: Path,
    instances: Sequence[SuiteInstance],
    methods: Sequence[str],
    *,
    seeds: int = 1,
    settings: Settings | None = None,
    data: Path | None = None,
    records: Path | None = None,
    say: Say = lambda text: None,
) -> list[Record]:
    """Do every run that is not done yet, write the tables, and give back all runs of the folder.

    `records` is the file of best known values that runs may improve. Raises `OtherSettings` where the folder has results of
    other settings, `FolderInUse` where another harness works there. Instances that cannot be made are told and left out.
    """
    settings = settings or Settings()
    results.mkdir(parents=True, exist_ok=True)
    _same_settings(results / SETTINGS, settings)
    todo = list(jobs(instances, methods, seeds))
    missing: set[str] = set()
    with alone_in(results) as mark:
        for number, job in enumerate(todo, start=1):
            if (job.folder(results) / DONE).is_file() or job.instance.id in missing:
                continue
            try:
                prepared = prepare(job.instance, results / "instances", data)
            except InstanceError as error:
                missing.add(job.instance.id)
                say(f"{job.instance.id}: {error.zh} / {error.en}")
                continue
            say(f"[{number}/{len(todo)}] {job.instance.id} {job.method} {job.seed} …")
            record = _run(job, prepared, results, settings, mark)
            say(f"    {record['verdict']} {record['detail']}".rstrip())
            if records is not None and improve_records(records, prepared, record, f"{job.method} {job.seed}"):
                say(f"    {job.instance.id}: 已改进已知最好值 / best known value improved")
        return write_tables(results)


def _run(job: Job, prepared: Prepared, results: Path, settings: Settings, mark: Mark) -> Record:
    """Run, judge, keep: `run.json` is written last."""
    folder = job.folder(results)
    if folder.exists():
        shutil.rmtree(folder)  # of a run that was cut off
    folder.mkdir(parents=True)
    problem_file = prepared.file(results / "instances")
    order = {
        "problem": str(problem_file), "method": job.method, "seed": job.seed, "time": settings.time, "gap": settings.gap,
        "threads": settings.threads, "memory": settings.memory, "parent": os.getpid(),
    }  # fmt: skip
    (folder / ORDER).write_text(json.dumps(order), encoding="utf-8")
    environment = os.environ | {name: str(settings.threads) for name in THREAD_VARIABLES}
    began = datetime.datetime.now(datetime.UTC)
    ended = run_limited(
        [sys.executable, "-m", "qingdan.bench.one_run", str(folder)],
        limits=Limits(LOADING, settings.patience, settings.memory), ready=folder / READY, output=folder / "output.txt",
        environment=environment, started=mark.write,
    )  # fmt: skip
    mark.write(None)
    record = _judged(folder, problem_file, ended)
    record = {
        "instance": job.instance.id, "method": job.method, "seed": job.seed, "began": began.isoformat(timespec="seconds"),
        **record, **asdict(settings), "machine": machine(), "versions": versions(), "ended_by": ended.by.value,
        "exit_code": ended.code,
    }  # fmt: skip
    _write(folder / DONE, record)
    return record


def _judged(folder: Path, problem_file: Path, ended: Ended) -> Record:
    """The judgement, made in a process of its own so that nothing of the run can spoil it."""
    try:
        record: Record = in_own_process(judge, {"folder": folder, "problem_file": problem_file, "ended": ended})
    except RunFailed as error:
        record = judge_without_files(ended, str(error))
    return record


def judge_without_files(ended: Ended, why: str) -> Record:
    """The judgement on a run whose files could not be judged: they are no answer."""
    verdict = Verdict.OUT_OF_MEMORY if ended.by is EndedBy.MEMORY else Verdict.CRASHED
    empty = ("status", "stopped", "resolved", "work", "objective", "earlier", "bound", "certified_bound", "exact")
    return {
        "verdict": verdict, "detail": f"no judgement: {why}", **dict.fromkeys(empty), "trace": [],
        "seconds": ended.seconds, "seconds_total": ended.seconds_total, "peak_memory_mb": round(ended.peak_memory),
    }  # fmt: skip


def _same_settings(path: Path, settings: Settings) -> None:
    told = asdict(settings)
    if path.is_file():
        held = json.loads(path.read_text(encoding="utf-8"))
        if held != told:
            changed = ", ".join(
                f"{name} {held.get(name)} (not {told[name]})" for name in told if held.get(name) != told[name]
            )
            raise OtherSettings(changed)
    else:
        _write(path, told)


def _write(path: Path, document: Mapping[str, Any]) -> None:
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(beside, path)
