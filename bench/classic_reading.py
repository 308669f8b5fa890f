"""Files of numbers: words with their lines, and errors that name the file and the place."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .classic_amounts import Amounts, TooLong, amounts_of_words

PADDING = "\x00\x1a\ufeff"  # what old tools left at the ends of files


class InstanceError(ValueError):
    """A file is no instance of its family, or cannot be told which one it is: why, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def text_of(path: Path) -> str:
    """The text of a file, padding taken off; raises `InstanceError` where it is no text."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InstanceError(f"{path} 不是 UTF-8 文本", f"{path} is no UTF-8 text") from None
    return text.translate({ord(mark): " " for mark in PADDING})


@dataclass(slots=True)
class Numbers:
    """The words of a file one after the other; line breaks mean nothing but a place to point at."""

    path: Path
    words: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    at: int = 0

    @classmethod
    def read(cls, path: Path) -> Numbers:
        """All words of a file."""
        numbers = cls(path)
        for line, text in enumerate(text_of(path).splitlines(), start=1):
            found = text.split()
            numbers.words += found
            numbers.lines += [line] * len(found)
        return numbers

    @property
    def left(self) -> int:
        """How many words have not been taken."""
        return len(self.words) - self.at

    def place(self, word: int) -> tuple[str, str]:
        """Where a word stands, in both languages."""
        line = self.lines[min(word, len(self.lines) - 1)] if self.lines else 1
        return f"{self.path} 第 {line} 行", f"{self.path}, line {line}"

    def refuse(self, zh: str, en: str, word: int | None = None) -> InstanceError:
        """An error at a word (the one to be taken next unless told)."""
        where_zh, where = self.place(self.at if word is None else word)
        return InstanceError(f"{where_zh}：{zh}", f"{where}: {en}")

    def skip(self, count: int, what: str) -> list[str]:
        """The next words as they are."""
        if count > self.left:
            raise self.refuse(
                f"文件在此结束：{what} 应有 {count} 个数，只有 {self.left} 个",
                f"the file ends here: {what} should have {count} numbers and has {self.left}",
            )
        taken = self.words[self.at : self.at + count]
        self.at += count
        return taken

    def amounts(self, count: int, what: str) -> Amounts:
        """The next numbers, fractions kept."""
        begin = self.at
        words = self.skip(count, what)
        try:
            return amounts_of_words(words)
        except ValueError:
            raise self._no_number(begin, words, what) from None

    def _no_number(self, begin: int, words: list[str], what: str) -> InstanceError:
        for offset, word in enumerate(words):
            try:
                amounts_of_words([word])
            except TooLong:
                return self.refuse(
                    f"{word!r} 位数过多（{what}）", f"{word!r} has too many digits ({what})", begin + offset
                )
            except ValueError:
                return self.refuse(f"{word!r} 不是数（{what}）", f"{word!r} is no number ({what})", begin + offset)
        return self.refuse(f"{what} 的小数位过多", f"{what}: too many digits to be kept exactly", begin)

    def table(self, lines: int, columns: int, what: str) -> Amounts:
        """The next numbers as a table."""
        cells = self.amounts(lines * columns, what)
        return Amounts(cells.whole.reshape(lines, columns), cells.parts)

    def integers(self, count: int, what: str) -> NDArray[np.int64]:
        """The next numbers, which must be whole."""
        begin = self.at
        found = self.amounts(count, what)
        broken = np.flatnonzero(found.whole % found.parts)
        if broken.size:
            at = begin + int(broken[0])
            raise self.refuse(f"{self.words[at]!r} 不是整数（{what}）", f"{self.words[at]!r} is not whole ({what})", at)
        return found.whole // found.parts

    def count(self, what: str, least: int = 1) -> int:
        """The next number: how many of something there are."""
        begin = self.at
        number = int(self.integers(1, what)[0])
        if number < least:
            raise self.refuse(
                f"{what} 为 {number}，至少应为 {least}", f"{what} is {number}, at least {least} is needed", begin
            )
        return number

    def end(self) -> None:
        """All has been read; anything left is one number too many."""
        if self.left:
            raise self.refuse(f"此处起多出 {self.left} 个数", f"{self.left} numbers too many from here on")
