"""Who measures in a folder: one at a time, and what a killed one left running is ended by the next."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .limited_process import Family

MARK = "running.json"


class FolderInUse(RuntimeError):
    """Another process measures in this folder."""


@contextmanager
def alone_in(folder: Path) -> Iterator[Mark]:
    """Keep others out of a folder; a run that a killed predecessor left is ended first.

    Raises `FolderInUse` where a predecessor still lives.
    """
    path = folder / MARK
    _clear(path)
    mark = Mark(path)
    mark.write(None)
    try:
        yield mark
    finally:
        path.unlink(missing_ok=True)


class Mark:
    """The file that says who measures here and which process measures now."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, process: int | None) -> None:
        """Note the process of the run that has begun."""
        beside = self.path.with_name(f".{MARK}.part")
        beside.write_text(json.dumps({"owner": _named(os.getpid()), "run": _named(process)}), encoding="ascii")
        os.replace(beside, self.path)


def _named(process: int | None) -> list[float] | None:
    """A process by number and beginning: a number alone is used again by the system."""
    import psutil  # late: an extra

    if process is None:
        return None
    with suppress(psutil.Error):
        return [process, psutil.Process(process).create_time()]
    return None


def _alive(named: Any) -> bool:
    return isinstance(named, list) and len(named) == 2 and _named(int(named[0])) == named


def _clear(path: Path) -> None:
    try:
        held = json.loads(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return
    if _alive(held.get("owner")):
        raise FolderInUse(str(path.parent))
    if _alive(held.get("run")):
        Family(int(held["run"][0])).end()
    path.unlink(missing_ok=True)
