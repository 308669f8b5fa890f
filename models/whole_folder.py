"""Writing a folder whole or not at all: beside the target first, on the disk, then in its place in one step."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

_AT_FDCWD = -100
_EXCHANGE = 2


def is_run_folder(folder: Path, mark: str) -> bool:
    """Whether a folder holds the file that marks one of ours."""
    return (folder / mark).is_file()


def replace_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write into a fresh folder beside `folder`, then put it in its place.

    Until that step the old content stays as it was, even if the process is killed; after it the new one is whole
    and on the disk. Where the system cannot exchange two folders at once, the old one is moved aside first.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    room = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        beside = room / folder.name
        beside.mkdir()
        fill(beside)
        for path in sorted(beside.iterdir()):
            _to_disk(path)
        _to_disk(beside)
        if not folder.exists():
            os.replace(beside, folder)
        elif not _exchanged(beside, folder):
            _moved(beside, folder, room / "before")
        _to_disk(folder.parent)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _moved(beside: Path, folder: Path, before: Path) -> None:
    os.replace(folder, before)
    try:
        os.replace(beside, folder)
    except BaseException:
        os.replace(before, folder)
        raise


def _exchanged(one: Path, other: Path) -> bool:
    """Swap two folders in one step of the file system; False where the system has no such step."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    return bool(rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE) == 0)


def _to_disk(path: Path) -> None:
    flags = os.O_RDONLY
    if os.name == "nt":  # folders cannot be opened there, and files only for writing
        if path.is_dir():
            return
        flags = os.O_RDWR
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
