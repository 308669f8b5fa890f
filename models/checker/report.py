"""What the checker says: what each part proved, and everything that it refuses."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that does not hold; `code` names the kind, `where` the row, project, fund or file."""

    code: str
    where: str
    message_zh: str
    message_en: str

    def __str__(self) -> str:
        return f"[{self.code}] {self.where}: {self.message_zh} | {self.message_en}"


@dataclass(frozen=True, slots=True)
class Part:
    """One of the three parts of the check and what it proved, sentence by sentence."""

    number: int
    name_zh: str
    name_en: str
    passed: bool
    proved_zh: tuple[str, ...]
    proved_en: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a check; `passed` only if nothing at all is refused."""

    passed: bool
    parts: tuple[Part, ...]
    refusals: tuple[Refusal, ...]

    def text(self, *, most: int = 40) -> str:
        """The report for people, Chinese first; of many refusals the first `most` are written out."""
        lines = ["独立复核:" + ("通过" if self.passed else "不通过") + " | independent check: " + _word(self.passed)]
        for part in self.parts:
            lines.append(
                f"第{part.number}部分 {part.name_zh}:{'通过' if part.passed else '不通过'} | "
                f"part {part.number} {part.name_en}: {_word(part.passed)}"
            )
            lines += [f"  · {zh} | {en}" for zh, en in zip(part.proved_zh, part.proved_en, strict=True)]
        if self.refusals:
            number = len(self.refusals)
            lines.append(f"不予认可 {number} 处 | {number} refusal{'s' * (number != 1)}:")
            lines += [f"  {refusal}" for refusal in self.refusals[:most]]
            if number > most:
                lines.append(f"  …… 另有 {number - most} 处 | and {number - most} more")
        return "\n".join(lines)


def _word(passed: bool) -> str:
    return "passed" if passed else "failed"


@dataclass(slots=True)
class Findings:
    """Collects refusals and proved sentences while one part is checked."""

    refusals: list[Refusal] = field(default_factory=list)
    proved: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, code: str, where: object, zh: str, en: str) -> None:
        """Note one thing that does not hold."""
        self.refusals.append(Refusal(code, str(where), zh, en))

    def prove(self, zh: str, en: str) -> None:
        """Note what holds; struck out again where the step that says it refuses anything."""
        self.proved.append((zh, en))

    def part(self, number: int, name_zh: str, name_en: str) -> Part:
        """The part as it stands."""
        return Part(
            number, name_zh, name_en, not self.refusals,
            tuple(zh for zh, _ in self.proved), tuple(en for _, en in self.proved),
        )  # fmt: skip
