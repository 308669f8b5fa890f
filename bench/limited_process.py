"""A command with limits that hold: its whole family of processes is watched, and ended together.

The command gets a session of its own. Every few hundredths of a second its descendants are counted, those too that have
left the session, and what was once seen is remembered, so that a child whose parent has ended is not lost. Time begins
when the command says that it is ready (a file appears); until then a limit of its own holds.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time as clock
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

MEGABYTE: Final = 2**20
FIRST_LOOK, LOOK = 0.01, 0.05  # seconds between two looks, in the first second and later
ROUNDS_OF_KILLING: Final = 50


class EndedBy(StrEnum):
    """What ended a command."""

    ITSELF = "itself"
    TIME = "time"
    LOADING = "loading"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds until ready, seconds after that, and megabytes of the whole family."""

    loading: float
    seconds: float
    memory: float


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended; seconds since it was ready (None: it never was), megabytes of its family at the highest."""

    by: EndedBy
    code: int | None
    seconds: float | None
    seconds_total: float
    peak_memory: float


def run_limited(
    command: Sequence[str],
    *,
    limits: Limits,
    ready: Path,
    output: Path,
    environment: Mapping[str, str] | None = None,
    started: Callable[[int], None] = lambda process: None,
) -> Ended:
    """Run a command until it ends or breaks a limit; then every process of its family is gone.

    What it writes goes to `output`; `started` is told the number of its process.
    """
    began = clock.monotonic()
    since: float | None = None
    with output.open("wb") as stream:
        process = subprocess.Popen(
            list(command), stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True,
            env=None if environment is None else dict(environment),
        )  # fmt: skip
    family = Family(process.pid)
    by = EndedBy.ITSELF
    try:
        started(process.pid)
        while process.poll() is None:
            now = clock.monotonic()
            if since is None and ready.exists():
                since = now
            family.look()
            if family.memory > limits.memory:
                by = EndedBy.MEMORY
            elif since is not None and now - since > limits.seconds:
                by = EndedBy.TIME
            elif since is None and now - began > limits.loading:
                by = EndedBy.LOADING
            if by is not EndedBy.ITSELF:
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(FIRST_LOOK if now - began < 1 else LOOK)
    finally:
        family.end()
        process.wait()
    ended = clock.monotonic()
    if since is None and ready.exists():
        since = began + max(0.0, ready.stat().st_mtime - clock.time() + ended - began)
    return Ended(
        by, process.returncode, None if since is None else ended - since, ended - began, family.peak,
    )  # fmt: skip


class Family:
    """A process with all that descend from it, in megabytes."""

    def __init__(self, leader: int) -> None:
        import psutil  # late: an extra

        self._psutil: Any = psutil
        self._leader = leader
        self._known: dict[int, Any] = {}
        self.memory = 0.0
        self.peak = 0.0
        with contextlib.suppress(psutil.Error):
            self._known[leader] = psutil.Process(leader)

    def look(self) -> None:
        """Find new members, and add up the memory of all."""
        total = 0.0
        for member in self._members():
            with contextlib.suppress(self._psutil.Error):
                total += member.memory_info().rss / MEGABYTE
        self.memory = total
        self.peak = max(self.peak, total)

    def _members(self) -> list[Any]:
        for member in list(self._known.values()):
            try:
                if not member.is_running() or member.status() == self._psutil.STATUS_ZOMBIE:
                    if member.pid != self._leader:
                        del self._known[member.pid]
                    continue
                for child in member.children(recursive=True):
                    self._known.setdefault(child.pid, child)
            except self._psutil.Error:
                if member.pid != self._leader:
                    self._known.pop(member.pid, None)
        return list(self._known.values())

    def end(self) -> None:
        """Kill every member; new ones that appear meanwhile too."""
        for _ in range(ROUNDS_OF_KILLING):
            members = self._members()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._leader, signal.SIGKILL)
            for member in members:
                with contextlib.suppress(self._psutil.Error):
                    member.kill()
            if all(self._gone(member) for member in self._members()):
                return
            clock.sleep(0.02)

    def _gone(self, member: Any) -> bool:
        try:
            return not member.is_running() or member.status() == self._psutil.STATUS_ZOMBIE
        except self._psutil.Error:
            return True
