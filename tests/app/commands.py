"""Running the real command: in a process of its own, or quicker in this one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from checked_book import write_text_book
from qingdan.app.cli import main
from qingdan.bench.generator import generate
from qingdan.models.book import read_book, write_book


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout; anything else there is an error."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


def started(*words: object, group: bool = False) -> subprocess.Popen[str]:
    """The command in a process of its own, running."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.Popen(
        [sys.executable, "-m", "qingdan", *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment,
        start_new_session=group,
    )


def ended(process: subprocess.Popen[str], *, within: float = 120) -> Ended:
    """Wait for the end of a command."""
    try:
        out, err = process.communicate(timeout=within)
    finally:
        process.kill()
    assert "Traceback" not in err and "internal error" not in err, err
    return Ended(process.returncode, out, err)


def run(*words: object, within: float = 120) -> Ended:
    """The command in a process of its own, to its end."""
    return ended(started(*words), within=within)


def call(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: object) -> Ended:
    """The command in this process: the same entry point, without the start of another Python."""
    capfd.readouterr()
    monkeypatch.setattr(sys, "argv", ["qingdan", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        main()
    told = capfd.readouterr()
    assert "Traceback" not in told.err and "internal error" not in told.err, told.err
    code = end.value.code
    assert code is None or isinstance(code, int)
    return Ended(code or 0, told.out, told.err)


def small_book(path: Path) -> Path:
    """A book that touches every rule and is solved to optimality within a second, as a folder or a workbook."""
    if path.suffix != ".xlsx":
        write_text_book(path)
        return path
    write_text_book(path.with_suffix(""))
    write_book(read_book(path.with_suffix("")), path)
    shutil.rmtree(path.with_suffix(""))
    return path


def generated_book(path: Path, *, communities: int, seed: int) -> Path:
    """A generated book under its own scenario."""
    write_book(generate(communities, seed), path)
    return path


def listing(folder: Path) -> Sequence[tuple[str, bytes]]:
    """All that stands in a folder, hidden files too, with its content."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [(str(path.relative_to(folder)), path.read_bytes()) for path in files]
