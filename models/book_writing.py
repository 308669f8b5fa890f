"""Writing whole or not at all: beside the target first, then in its place."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from .csv_book import book_files, is_book_folder
from .excel_book import is_book_workbook
from .faults import BookError, Fault


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a path beside the target, then put it in the target's place.

    Until then the target stays as it was. A folder or workbook that is no book is never replaced.
    """
    if path.exists() and not _may_replace(path):
        raise BookError([_fault(path, "这里已有别的内容，不是清单簿", "something else stands here that is no book",
                                "换一个路径", "choose another path")])  # fmt: skip
    try:
        path.absolute().parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.absolute().parent) as room:
            beside = Path(room) / path.name
            write(beside)
            if beside.is_dir():
                _replace_folder(beside, path, Path(room) / "before")
            else:
                os.replace(beside, path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BookError([_fault(path, f"写不进去({reason})", f"cannot be written ({reason})",
                                "关闭正打开它的程序，检查权限和磁盘空间",
                                "close the program that has it open, check rights and disk space")]) from error  # fmt: skip


def _may_replace(path: Path) -> bool:
    if path.is_dir():
        return path.suffix.lower() != ".xlsx" and (is_book_folder(path) or not any(path.iterdir()))
    return path.suffix.lower() == ".xlsx" and is_book_workbook(path)


def _replace_folder(beside: Path, path: Path, before: Path) -> None:
    if not path.exists():
        os.replace(beside, path)
        return
    # Notes, maps and mappings that a user keeps with the book stay with it.
    for other in path.iterdir():
        if other.name in book_files():
            continue
        if other.is_dir() and not other.is_symlink():
            shutil.copytree(other, beside / other.name, symlinks=True)
        else:
            shutil.copy2(other, beside / other.name, follow_symlinks=False)
    os.replace(path, before)
    try:
        os.replace(beside, path)
    except OSError:
        os.replace(before, path)
        raise


def _fault(path: Path, *words: str) -> Fault:
    return Fault(path.name, 0, "", "", words[0], words[1], words[2], words[3])
