"""A measurement in a process of its own: its memory is its own, and what ends it does not end the rest."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

STATUS_FILE = Path("/proc/self/status")
FORGET_FILE = Path("/proc/self/clear_refs")
MEGABYTE = 2**20


class ProcessDied(Exception):
    """The process ended without an answer, as it does when the machine has no memory left."""


def in_own_process(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Call a function of a module in a fresh interpreter and give back what it returns.

    Function, arguments and answer must be such that they can be pickled. Its exceptions are raised here;
    `ProcessDied` where the process ended before it answered.
    """
    with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            return pool.submit(function, **arguments).result()
        except BrokenProcessPool:
            raise ProcessDied("the process ended without an answer (out of memory?)") from None


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
