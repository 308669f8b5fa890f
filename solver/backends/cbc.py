"""The CBC door: the whole program as one MIP, by the command that PuLP brings along, in a process of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
import threading
import time as clock
import warnings
from io import TextIOBase
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, TextIO, cast

import numpy as np

from ..interrupt import Interrupt
from ..matrix import Matrix
from ..model_file import column_names, write_matrix
from ..problem import Problem
from ..solution import Plan, Stopped
from ..stop import Stop
from .general import LATE, Float, Halted, is_loose, solve_with
from .highs_child import GRACE
from .missing import MissingSolver, installed
from .outcome import Limits, Outcome, Progress, Report, Search, timed

NUMBER = r"([-+0-9.e]+)"
# lines of its log; it minimises minus the profit
PLANS = re.compile(rf"^Cbc00(?:04|12|16)I Integer solution of {NUMBER} found")
NODES = re.compile(rf"^Cbc0010I After .* on tree, {NUMBER} best solution, best possible {NUMBER}")
RESULT = re.compile(r"^Result - (.*)$")
LOWER = re.compile(rf"^Lower bound: +{NUMBER}")
COUNT = re.compile(r"^Enumerated nodes: +(\d+)")
NOTHING = 1e40  # beyond it a value stands for "none yet"
PRINTED = 1e-6  # relative precision of bounds in the log


def solve_stage(
    problem: Problem,
    *,
    stop: Stop,
    seed: int = 0,
    threads: int = 2,
    progress: Progress | None = None,
    interrupt: Interrupt | None = None,
    warm: Plan | None = None,
) -> Outcome:
    """Solve the first objective of a problem with CBC; `stop.work` counts search nodes, with one thread.

    Raises `MissingSolver` if PuLP is not installed or brings no CBC for this machine.
    """
    if not installed("pulp") or not Path(command()).is_file():
        raise MissingSolver("cbc", "cbc", "PuLP")
    return solve_with(
        search, problem,
        stop=stop, seed=seed, threads=threads, progress=progress, interrupt=interrupt, warm=warm,
    )  # fmt: skip


def command() -> str:
    """Where PuLP keeps its CBC."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pulp

        return str(pulp.PULP_CBC_CMD().path)


class _Halted(Exception):
    """Asked to end while the program was written."""


class _Watched(TextIOBase):
    """A file that can no longer be written once the run is asked to end."""

    def __init__(self, file: TextIO, halted: Halted | None) -> None:
        self.file, self.halted, self.looked = file, halted, clock.monotonic()

    def write(self, text: str) -> int:
        if self.halted is not None and clock.monotonic() - self.looked > 0.1:
            self.looked = clock.monotonic()
            if self.halted():
                raise _Halted
        return self.file.write(text)


def search(matrix: Matrix, start: Float | None, limits: Limits, report: Report | None, halted: Halted | None) -> Search:
    """One MIP run; `halted` is asked now and then whether to end."""
    began = clock.monotonic()
    with tempfile.TemporaryDirectory(prefix="qingdan-cbc-") as folder:
        program, answer = Path(folder) / "program.mps", Path(folder) / "answer.txt"
        try:
            with program.open("w", encoding="ascii") as file:
                # without the word it takes names of twelve letters for two fields of the fixed form
                write_matrix(matrix, cast(TextIO, _Watched(file, halted)), title="qingdan FREE")
        except _Halted:
            return Search(Stopped.USER, None, -np.inf, np.inf)
        initial = None
        if start is not None:
            initial = Path(folder) / "start.txt"
            _write_start(initial, column_names(matrix), start)
        words = [command(), str(program), *_settings(matrix, timed(limits, began), initial)]
        log = _Log(report)
        asked = _converse([*words, "-branch", "-solution", str(answer)], limits, log, halted, began)
        return _found(matrix, answer, log, asked)


def _settings(matrix: Matrix, limits: Limits, initial: Path | None) -> list[str]:
    words = ["-ratioGap", repr(limits.relative_gap), "-allowableGap", "1e-6" if is_loose(matrix) else "0.999"]
    words += ["-primalTolerance", "1e-8", "-integerTolerance", "1e-7"]
    words += ["-randomSeed", str(1 + limits.seed), "-randomCbcSeed", str(1 + limits.seed), "-timeMode", "elapsed"]
    if limits.time is not None:
        # CBC takes off what its preprocessing used twice and ends early; before its search it hears no signal,
        # and whoever ends it there gets no plan
        words += ["-seconds", f"{max(0.1, limits.time):.3f}"]
    if limits.nodes is not None:  # its threads share the nodes differently from run to run
        words += ["-maxNodes", str(limits.nodes)]
    elif limits.threads > 1:
        words += ["-threads", str(limits.threads)]
    return words if initial is None else [*words, "-mipstart", str(initial)]


def _write_start(path: Path, names: list[str], start: Float) -> None:
    taken = np.flatnonzero(start).tolist()
    lines = [f"{column} {names[column]} {float(start[column])!r} 0" for column in taken]
    path.write_text("\n".join(["Stopped on iterations - objective value 0", *lines, ""]), encoding="ascii")


class _Log:
    """What CBC has said so far, as profits."""

    def __init__(self, report: Report | None) -> None:
        self.report = report
        self.value, self.bound = -np.inf, np.inf
        self.result, self.proven, self.nodes = "", np.inf, 0
        self.last = ""

    def hear(self, line: str) -> None:
        """Take in one line."""
        self.last = line or self.last
        if found := RESULT.match(line):
            self.result = found[1]
        elif found := LOWER.match(line):
            self.proven = _profit(found[1], np.inf)
        elif found := COUNT.match(line):
            self.nodes = int(found[1])
        elif found := PLANS.match(line):
            self.value = max(self.value, _profit(found[1], -np.inf))
            self.tell()
        elif found := NODES.match(line):
            self.value = max(self.value, _profit(found[1], -np.inf))
            bound = _profit(found[2], np.inf)
            self.bound = min(self.bound, bound + PRINTED * abs(bound) if np.isfinite(bound) else bound)
            self.tell()

    def tell(self) -> None:
        """Pass on what is known."""
        if self.report is not None:
            self.report(self.value, self.bound, None)


def _profit(text: str, otherwise: float) -> float:
    value = -float(text)
    return value if abs(value) < NOTHING else otherwise


def _converse(words: list[str], limits: Limits, log: _Log, halted: Halted | None, began: float) -> Stopped | None:
    """Run CBC to its end; gives back why it was ended from here, if it was."""
    # a session of its own: Ctrl-C in a terminal reaches this process alone, which passes it on once
    child = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    assert child.stdout is not None
    lines: SimpleQueue[str | None] = SimpleQueue()
    reader = threading.Thread(target=_read_all, args=(child.stdout, lines), daemon=True)
    reader.start()
    asked: Stopped | None = None
    when = 0.0
    try:
        while True:
            now = clock.monotonic()
            if asked is None:
                late = limits.time is not None and now - began > limits.time + LATE
                asked = Stopped.USER if halted is not None and halted() else Stopped.TIME if late else None
                if asked is not None:
                    when = now
                    child.send_signal(signal.SIGINT)
            elif now - when > GRACE:
                return asked
            try:
                line = lines.get(timeout=0.05)
            except Empty:
                continue
            if line is None:
                return asked
            log.hear(line.strip())
    finally:
        if child.poll() is None and asked is None:
            child.terminate()
        try:
            child.wait(0.2)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        reader.join()
        child.stdout.close()


def _read_all(stream: IO[str], lines: SimpleQueue[str | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _found(matrix: Matrix, answer: Path, log: _Log, asked: Stopped | None) -> Search:
    """The answer from CBC's file, the bound from its log."""
    lines = answer.read_text(encoding="ascii").splitlines() if answer.is_file() else []
    head = lines[0].lower() if lines else ""
    if head.startswith(("infeasible", "integer infeasible")) or "infeasible" in log.result:
        return Search(Stopped.OPTIMAL, None, -np.inf, np.inf, log.nodes, infeasible=True)
    values, value = None, -np.inf
    if head.startswith(("optimal", "stopped")) and "no integer solution" not in head:
        values = np.zeros(matrix.columns)
        for line in lines[1:]:
            parts = line.replace("**", "").split()
            values[int(parts[0])] = float(parts[2])
        value = float(matrix.profit @ values)
    bound = min(log.bound, log.proven)
    if head.startswith("optimal"):
        # without a gap CBC states no bound: its plan is the best
        exact = "gap tolerance" not in log.result and not np.isfinite(log.proven)
        return Search(Stopped.OPTIMAL, values, value, value if exact else bound, log.nodes)
    stopped = asked or (Stopped.WORK if "node limit" in log.result else Stopped.TIME)
    known = asked is not None or "limit" in log.result or "ctrl-c" in log.result
    error = "" if known else f"CBC: {log.result or log.last or 'no answer'}"
    return Search(stopped, values, value, bound, log.nodes, error=error)
