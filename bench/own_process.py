"""A measurement in a process of its own: its memory is its own, and what ends it does not end the rest."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

STATUS_FILE = Path("/proc/self/status")
FORGET_FILE = Path("/proc/self/clear_refs")
MEGABYTE = 2**20
KILLED = -9  # by the system, which has no memory left


class RunFailed(Exception):
    """There is no answer: the function raised something, or its process ended without one or was ended."""


def in_own_process(function: Callable[..., Any], arguments: Mapping[str, Any], *, patience: float | None = None) -> Any:
    """Call a function of a module in a fresh interpreter and give back what it returns.

    Function, arguments and answer must be such that they can be pickled. After `patience` seconds the process is
    ended. Raises `RunFailed` where there is no answer, with what the function raised in words.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(there, function, dict(arguments)), daemon=True)
    process.start()
    there.close()  # else the end of the process would not be seen here
    try:
        if not here.poll(patience):
            raise RunFailed(f"ended by force: no answer within {patience:.0f} s")
        done, answer = here.recv()
    except EOFError:
        process.join()
        why = "out of memory?" if process.exitcode == KILLED else f"exit code {process.exitcode}"
        raise RunFailed(f"the process ended without an answer ({why})") from None
    finally:
        process.kill()
        process.join()
        here.close()
    if not done:
        raise RunFailed(answer)
    return answer


def _answer(connection: Connection, function: Callable[..., Any], arguments: dict[str, Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that waits for this one ends it
    try:
        told: tuple[bool, Any] = True, function(**arguments)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        told = False, f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})"
    connection.send(told)


def forget_peak() -> None:
    """Let the peak of memory count from now on, where the system allows it (Linux)."""
    try:
        FORGET_FILE.write_text("5", encoding="ascii")
    except OSError:
        return


def peak_memory() -> int | None:
    """The most memory that this process has held, in megabytes; None where the system does not tell."""
    try:
        # not ru_maxrss first: on Linux it begins with what the process that started this one held
        for line in STATUS_FILE.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) * 1024 / MEGABYTE)
    except OSError:
        pass
    try:
        import resource  # late: there is none on Windows
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MEGABYTE)
