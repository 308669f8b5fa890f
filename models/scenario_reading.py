"""Reading scenarios: one file, or an overlay with all that it extends, with every fault of every file at once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pydantic

from .faults import BookError, Fault
from .scenario import Scenario
from .scenario_layers import OVERLAY_KEYS, merge
from .scenario_words import TABLE, KeyLines, fault_of, not_toml

OWN = ("book", "清单簿")
"""What `extends` says for the scenario that the book itself holds."""

FILE = "scenario.toml"
_RUN = "result.json"


@dataclass(frozen=True, slots=True)
class Layered:
    """A scenario as it is solved, with what it extends; `base` is None where it extends nothing."""

    name: str
    scenario: Scenario
    lines: KeyLines
    base: Layered | None = None

    @property
    def lineage(self) -> tuple[Layered, ...]:
        """What it extends, the nearest first."""
        return () if self.base is None else (self.base, *self.base.lineage)


def read_layers(path: Path | str, *, own: str | None = None) -> Layered:
    """The scenario in a file with what it extends; `own` is the text of the book's own scenario, if one is at hand."""
    path = Path(path)
    return _Reader(own).file(path, TABLE, ())


def parse_layers(text: str, *, folder: Path | None = None, own: str | None = None) -> Layered:
    """The same for a text; without `folder` it may extend nothing that lies in a file."""
    return _Reader(own).text(text, "", folder, TABLE, ())


@dataclass(frozen=True, slots=True)
class _Reader:
    own: str | None

    def file(self, path: Path, table: str, seen: tuple[Path, ...]) -> Layered:
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            reason = error.strerror or type(error).__name__
            words = (
                f"读不出这个文件({reason})",
                f"the file cannot be read ({reason})",
                "检查文件和权限",
                "check the file",
            )
            raise BookError([Fault(table, 0, "", path.name, *words)]) from None
        except UnicodeDecodeError:
            words = ("不是 UTF-8 编码", "not UTF-8", "另存为 UTF-8", "save it as UTF-8")
            raise BookError([Fault(table, 0, "", path.name, *words)]) from None
        return self.text(text, path.name, path.parent, table, (*seen, path.resolve()))

    def text(self, text: str, name: str, folder: Path | None, table: str, seen: tuple[Path, ...]) -> Layered:
        try:
            told = tomllib.loads(text, parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            raise BookError([not_toml(error, table)]) from None
        _whole_paths(told, folder)
        lines: KeyLines = KeyLines(text, table)
        if "extends" not in told:
            faults = [_only_in_overlays(told, key, lines) for key in OVERLAY_KEYS if key in told]
            return Layered(name, _validated(told, lines, faults), lines)
        try:
            base = self._base(told["extends"], folder, lines, seen)
        except BookError as error:
            alone = {key: value for key, value in told.items() if key not in OVERLAY_KEYS}
            raise BookError([*error.faults, *_faults_of(alone, lines)[1]]) from None
        whole = base.scenario.model_dump(by_alias=True, exclude_defaults=True)
        merging = merge(whole, told, lines, base.lines)
        return Layered(name, _validated(merging.told, merging.lines, merging.faults), merging.lines, base)

    def _base(self, told: Any, folder: Path | None, lines: KeyLines, seen: tuple[Path, ...]) -> Layered:
        def refuse(*words: str) -> BookError:
            at = lines.of(("extends",))
            return BookError(
                [Fault(lines.table(("extends",)), at, "extends", str(told), words[0], words[1], words[2], words[3])]
            )

        if not isinstance(told, str) or not told:
            raise refuse(
                "不是文件名",
                "not the name of a file",
                '写母方案的文件,如 "base.toml"',
                'write a file such as "base.toml"',
            )
        if told in OWN:
            if self.own is None:
                raise refuse(
                    "这里没有清单簿自带的方案可以继承", "there is no scenario of a book to extend here",
                    "改为方案文件,或与清单簿一起使用", "name a file, or use it together with a book",
                )  # fmt: skip
            return _Reader(None).text(self.own, OWN[1], None, f"{TABLE}（{OWN[1]}）", seen)
        if folder is None:
            raise refuse(
                "清单簿自带的方案须写全,不能继承文件", "a scenario inside a book is whole and extends no file",
                "把母方案的内容写进来", "write out what it extends",
            )  # fmt: skip
        path = folder / told
        if path.is_dir():
            if (path / _RUN).is_file() and not (path / FILE).exists():  # a run without a scenario
                return Layered(path.name, Scenario(), KeyLines("", f"{TABLE}（{told}）"))
            path /= FILE
        if path.resolve() in seen:
            raise refuse(
                "继承关系绕成一圈",
                "scenarios extend each other in a circle",
                "改为不依赖本方案的母方案",
                "extend one that does not extend this",
            )
        if not path.exists():
            raise refuse(
                "找不到母方案",
                "what is extended is not there",
                "检查文件名（相对本文件）",
                "check the name, relative to this file",
            )
        return self.file(path, f"{TABLE}（{told}）", seen)


def _whole_paths(told: dict[str, Any], folder: Path | None) -> None:
    """Plans of rules on changes, written out from the folder of the file."""
    for key in ("rule", "change"):
        entries = told.get(key)
        for entry in entries if isinstance(entries, list) and folder is not None else []:
            named = isinstance(entry, dict) and isinstance(entry.get("plan"), str)
            if named and (key == "change" or entry.get("kind") == "changes"):
                entry["plan"] = str((folder / entry["plan"]).resolve())


def _only_in_overlays(told: dict[str, Any], key: str, lines: KeyLines) -> Fault:
    del told[key]
    return Fault(
        lines.table((key,)), lines.of((key,)), key, "", "只有写了 extends 的方案才能用", "goes with extends alone",
        "加上 extends = \"母方案文件\",或删去", "add extends, or delete it",
    )  # fmt: skip


def _validated(told: dict[str, Any], lines: KeyLines, faults: list[Fault]) -> Scenario:
    scenario, found = _faults_of(told, lines)
    if scenario is None or faults or found:
        raise BookError([*faults, *found])
    return scenario


def _faults_of(told: dict[str, Any], lines: KeyLines) -> tuple[Scenario | None, list[Fault]]:
    # names of the attributes are no keys of the file
    attributes = [key for key in told if key in Scenario.model_fields and Scenario.model_fields[key].alias]
    faults = [fault_of({"type": "extra_forbidden", "loc": (key,), "input": told[key]}, lines) for key in attributes]
    try:
        scenario = Scenario.model_validate({key: value for key, value in told.items() if key not in attributes})
    except pydantic.ValidationError as error:
        found: list[dict[str, Any]] = [dict(problem) for problem in error.errors(include_url=False)]
        places = [problem["loc"] for problem in found]
        # a list with a bad entry counts as too short as well; once is enough
        echoes = [p["type"] == "too_short" and any(q[:-1] == p["loc"] for q in places) for p in found]
        faults += [fault_of(problem, lines) for problem, echo in zip(found, echoes, strict=True) if not echo]
        return None, faults
    return scenario, faults
