"""HiGHS, or another general solver, in a process of its own, which can be ended at any moment.

Large programs spend minutes in phases that look neither at the clock nor at an interrupt. So they run in a
child: it gets the arrays on its stdin and answers with frames on its stdout; when the time is over, the
parent keeps the best solution sent so far and ends the child. Closing its stdin ends the child at once, so
none outlives its parent.
"""

from __future__ import annotations

import io
import os
import signal
import struct
import subprocess
import sys
import threading
import time as clock
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from importlib import import_module
from queue import Empty, SimpleQueue
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ..matrix import Matrix
from ..solution import Stopped
from .highs_run import relaxation
from .outcome import Limits, Report, Search, timed

Float = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]

GRACE = 1.5  # seconds that a child may still need after its time, or after it was asked to end
MATRIX = ("profit", "lower", "upper", "whole", "row_lower", "row_upper", "start", "index", "value")
REASONS = tuple(Stopped)


def search_in_child(
    matrix: Matrix,
    start: Float | None,
    limits: Limits,
    report: Report | None,
    halted: Callable[[], bool] | None,
    *,
    solver: str = "highs_run",
) -> Search:
    """As `search` of the module `solver`, within `GRACE` of its time in any case."""
    task = {"kind": np.array("search"), "solver": np.array(solver)} | ({} if start is None else {"initial": start})
    best: dict[str, Any] = {"values": None, "value": -np.inf, "bound": np.inf}

    def told(frame: Arrays) -> None:
        values = frame.get("values")
        best["value"], best["bound"] = float(frame["value"]), float(frame["bound"])
        if values is not None:
            best["values"] = values
        if report is not None:
            report(best["value"], best["bound"], values)

    answer = _converse(matrix, task, limits, told, halted)
    if answer is None:
        stopped = Stopped.USER if halted is not None and halted() else Stopped.TIME
        return Search(stopped, best["values"], best["value"], best["bound"])
    if "error" in answer:
        return Search(Stopped.TIME, best["values"], best["value"], best["bound"], error=str(answer["error"]))
    return Search(
        REASONS[int(answer["stopped"])],
        answer.get("values"),
        float(answer["value"]),
        float(answer["bound"]),
        int(answer["nodes"]),
        bool(answer["infeasible"]),
        bool(answer["lost"]),
        str(answer["message"]),
    )


def relaxation_in_child(matrix: Matrix, limits: Limits, halted: Callable[[], bool] | None) -> Float | None:
    """As `relaxation`, within `GRACE` of its time in any case."""
    answer = _converse(matrix, {"kind": np.array("relaxation")}, limits, lambda frame: None, halted)
    return None if answer is None or "dual" not in answer else answer["dual"]


def _converse(
    matrix: Matrix,
    task: Arrays,
    limits: Limits,
    told: Callable[[Arrays], None],
    halted: Callable[[], bool] | None,
) -> Arrays | None:
    """Run a child to its answer; None if it had to be ended."""
    began = clock.monotonic()
    # a session of its own: Ctrl-C in a terminal reaches the parent alone, also while the child still starts
    child = subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert child.stdin is not None and child.stdout is not None
    frames: SimpleQueue[Arrays | None] = SimpleQueue()
    reader = threading.Thread(target=_read_all, args=(child.stdout, frames), daemon=True)
    reader.start()
    asked: float | None = None
    try:
        left = timed(limits, began)
        settings = {f"limit_{f.name}": np.array(getattr(left, f.name), np.float64) for f in fields(Limits)}
        arrays = {name: getattr(matrix, name) for name in MATRIX}
        _send(child.stdin, {**task, **settings, **arrays})
        while True:
            now = clock.monotonic()
            if asked is None and halted is not None and halted():
                asked = now
                child.stdin.write(b"s")
                child.stdin.flush()
            late = limits.time is not None and now - began > limits.time + GRACE
            if late or (asked is not None and now - asked > GRACE):
                return None
            try:
                frame = frames.get(timeout=0.05)
            except Empty:
                continue
            if frame is None:
                return {"error": np.array("the solver ended without an answer")}
            if "final" in frame:
                return frame
            told(frame)
    except BrokenPipeError:
        return {"error": np.array("the solver ended without an answer")}
    finally:
        child.kill()
        child.wait()
        with suppress(BrokenPipeError):  # what was not sent yet
            child.stdin.close()
        reader.join()
        child.stdout.close()


def _send(stream: IO[bytes], arrays: Arrays) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    stream.write(struct.pack("<Q", buffer.tell()))
    stream.write(buffer.getbuffer())
    stream.flush()


def _receive(stream: IO[bytes]) -> Arrays | None:
    head = stream.read(8)
    if len(head) < 8:
        return None
    body = stream.read(struct.unpack("<Q", head)[0])
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as held:
            return {name: held[name] for name in held.files}
    except (ValueError, OSError, EOFError):
        return None


def _read_all(stream: IO[bytes], frames: SimpleQueue[Arrays | None]) -> None:
    while (frame := _receive(stream)) is not None:
        frames.put(frame)
    frames.put(None)


def main() -> None:
    """The child: one task, then the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the parent alone
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whatever a library prints must not mix with the answers
    task = _receive(sys.stdin.buffer)
    if task is None:
        return
    asked = threading.Event()

    def listen() -> None:
        while os.read(0, 1):
            asked.set()
        os._exit(0)  # the parent is gone

    threading.Thread(target=listen, daemon=True).start()
    arrays: dict[str, Any] = {name: task[name] for name in MATRIX}
    matrix = Matrix(
        **arrays,
        row_of_group=np.zeros(0, np.int64),
        row_of_row=np.zeros(0, np.int64),
        first_opening=0,
        first_extra=0,
        first_arc=0,
        first_load=0,
        load_module=np.zeros(0, np.int64),
    )
    known = {f.name: float(task[f"limit_{f.name}"]) for f in fields(Limits)}
    limits = Limits(
        time=None if np.isnan(known["time"]) else known["time"],
        relative_gap=known["relative_gap"],
        nodes=None if np.isnan(known["nodes"]) else int(known["nodes"]),
        seed=int(known["seed"]),
        threads=int(known["threads"]),
        quick=bool(known["quick"]),
    )
    if str(task["kind"]) == "relaxation":
        dual = relaxation(matrix, limits, asked.is_set)
        _send(answers, {"final": np.array(1)} | ({} if dual is None else {"dual": dual}))
        return
    run: Callable[..., Search] = import_module(f".{task['solver']}", __package__).search
    found = run(matrix, task.get("initial"), limits, _reporter(answers), asked.is_set)
    _send(
        answers,
        {
            "final": np.array(1),
            "stopped": np.array(REASONS.index(found.stopped)),
            "value": np.array(found.value),
            "bound": np.array(found.bound),
            "nodes": np.array(found.nodes),
            "infeasible": np.array(found.infeasible),
            "lost": np.array(found.lost),
            "message": np.array(found.error),
        }
        | ({} if found.values is None else {"values": found.values}),
    )


def _reporter(answers: IO[bytes]) -> Report:
    """Send every change of value or bound, and the newest solution at most once a second."""
    state: dict[str, Any] = {"waiting": None, "sent": -np.inf}

    def report(value: float, bound: float, values: Float | None) -> None:
        if values is not None:
            state["waiting"] = values
        frame: Arrays = {"value": np.array(value), "bound": np.array(bound)}
        now = clock.monotonic()
        if state["waiting"] is not None and now - state["sent"] > 1:
            frame["values"], state["waiting"], state["sent"] = state["waiting"], None, now
        _send(answers, frame)

    return report


if __name__ == "__main__":
    main()
