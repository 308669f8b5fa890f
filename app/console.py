"""What every command shares: where output goes, how it ends, and that no traceback reaches a user."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

NO_TERMINAL = 150  # columns of a table where nothing says how wide the terminal is
DONE, NO, BAD_INPUT, NO_PLAN, INTERRUPTED = 0, 1, 2, 3, 130


class Exit(Exception):
    """The command ends with this exit code; all that had to be said has been said."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Refusal(Exception):
    """Bad input or usage that a command found itself: a sentence in Chinese and one in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


class Console:
    """Result on stdout, as text for people or as one JSON document; progress on stderr."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._last_progress = 0.0

    def done(self, document: Mapping[str, Any], text: str) -> None:
        """The result of a command: `document` with --json, else `text`."""
        if self.as_json:
            _write(json.dumps(document, ensure_ascii=False, allow_nan=False, default=str))
        elif text:
            _write(text)

    def say(self, text: str = "") -> None:
        """A line for people; nothing with --json."""
        if not self.as_json:
            _write(text)

    def table(self, title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table for people under its title, wide characters aligned; columns that hold figures are set to the right.

        The title is a line of its own, so that a narrow table does not break it; a wide one takes the terminal's width.
        """
        if self.as_json:
            return
        from rich.console import Console as Screen

        shown, on_screen = io.StringIO(), sys.stdout.isatty()
        width = shutil.get_terminal_size((NO_TERMINAL, 50)).columns
        screen = Screen(file=shown, force_terminal=on_screen, width=width, highlight=False)
        screen.print(title, style="bold", markup=False)
        screen.print(_table(header, rows))
        _write(shown.getvalue().rstrip("\n"))

    def progress(self, text: str, *, at_once: bool = False) -> None:
        """A line of progress on stderr, at most one a second unless `at_once`."""
        now = time.monotonic()
        if at_once or now - self._last_progress >= 1.0:
            self._last_progress = now
            sys.stderr.write(text + "\n")
            sys.stderr.flush()


def _write(text: str) -> None:
    """A text and a line break on stdout; whoever stopped reading (`| head`) is no reason to fail."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _to_nowhere()


def flush_quietly() -> None:
    """What is still held for stdout goes out, to nowhere if nobody reads any more."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _to_nowhere()


def _to_nowhere() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for at, name in enumerate(header):
        figures = all(isinstance(row[at], int | float) or _is_figure(str(row[at])) for row in rows)
        table.add_column(name, justify="right" if rows and figures else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    return table


def _is_figure(text: str) -> bool:
    return text.replace(",", "").replace(".", "").replace("%", "").replace("-", "").strip().isdigit()


@contextmanager
def guarded(console: Console) -> Iterator[Console]:
    """Turn every failure into a sentence and an exit code."""
    try:
        yield console
    except (Exit, SystemExit):
        raise
    except KeyboardInterrupt:
        sys.stderr.write("已中断 / interrupted\n")
        raise Exit(INTERRUPTED) from None
    except Refusal as refusal:
        _refuse(console, refusal.zh, refusal.en)
    except Exception as error:
        faults = getattr(error, "faults", None)
        if isinstance(faults, list | tuple):
            _refuse_faults(console, list(faults), str(error))
        if hasattr(error, "zh") and hasattr(error, "en"):  # says itself what is missing, in both languages
            _refuse(console, error.zh, error.en)
        if isinstance(error, OSError):
            where = f"{error.filename}: " if error.filename else ""
            _refuse(console, f"无法读写文件：{where}{error.strerror}", f"file error: {where}{error.strerror}")
        if os.environ.get("QINGDAN_DEBUG"):
            traceback.print_exc()
        _refuse(
            console,
            f"程序内部错误（{type(error).__name__}：{error}）；未写入任何结果。设 QINGDAN_DEBUG=1 可看详情",
            f"internal error ({type(error).__name__}: {error}); nothing was written. QINGDAN_DEBUG=1 shows more",
        )


def wrong_usage(error: Any, *, as_json: bool) -> int:
    """What the reading of the command line complains of; gives the exit code. A call for help alone shows help."""
    told = str(error.format_message()).strip()
    if told:
        sys.stderr.write("命令用法有误\n")
    if as_json:
        Console(True).done({"error": told or "no command", "error_zh": "命令用法有误"}, "")
    error.show()
    return BAD_INPUT


def _refuse(console: Console, zh: str, en: str) -> None:
    if console.as_json:
        console.done({"error": en, "error_zh": zh}, "")
    sys.stderr.write(f"{zh}\n{en}\n")
    raise Exit(BAD_INPUT) from None


def _refuse_faults(console: Console, faults: list[Any], text: str) -> None:
    if console.as_json:
        fields = [name for name in getattr(faults[0], "__slots__", ()) if not name.startswith("_")] if faults else []
        listed = [{name: getattr(fault, name) for name in fields} or {"text": str(fault)} for fault in faults]
        console.done({"error": "the input has faults", "error_zh": "输入有误", "faults": listed}, "")
    if len(faults) == 1 and not (getattr(faults[0], "row", 1) or getattr(faults[0], "column", "")):
        text = str(faults[0])  # a path that cannot be read or written: nothing in a book is wrong
    sys.stderr.write(text + "\n")
    raise Exit(BAD_INPUT) from None
