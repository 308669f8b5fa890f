"""An overlay laid on the scenario that it extends: what it adds, changes, drops and resets, key by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from .faults import Fault
from .scenario_words import KeyLines
from .settings_help import nearest

Path = tuple[str | int, ...]
Told = dict[str, Any]

LISTS: Final = ("override", "budget", "ceiling", "quota", "rule")
OVERLAY_KEYS: Final = ("extends", "reset", "drop", "change")
RESET: Final = ("objective", "factors", *LISTS)
"""What an overlay may reset, so that it begins again from the book."""

_EITHER: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"money": ("amount", "share"), "number": ("number", "share")}
)
"""Of these keys a rule has one: writing one takes the other away."""


class LayeredLines(KeyLines):
    """On which line of which file each key of a merged scenario stands: the overlay's own, or one that it extends."""

    def __init__(self, own: KeyLines, base: KeyLines) -> None:
        self._own, self._base = own, base
        self.origin: dict[Path, tuple[KeyLines, Path]] = {}

    def _found(self, path: Path) -> tuple[KeyLines, Path]:
        for end in range(len(path), 0, -1):
            if path[:end] in self.origin:
                lines, start = self.origin[path[:end]]
                return lines, (*start, *path[end:])
        return self._own, path

    def of(self, path: Path) -> int:
        """The line in the file that `table` names."""
        lines, inside = self._found(path)
        return lines.of(inside)

    def table(self, path: Path) -> str:
        """The file that a key comes from, as faults name it."""
        lines, inside = self._found(path)
        return lines.table(inside)

    def from_base(self, path: Path, there: Path) -> None:
        """A part of the merged scenario stands in what is extended."""
        self.origin[path] = (self._base, there)

    def from_own(self, path: Path, there: Path) -> None:
        """A part of the merged scenario stands elsewhere in the overlay."""
        self.origin[path] = (self._own, there)


@dataclass(slots=True)
class Merging:
    """What comes of laying an overlay on its base: the scenario as one mapping, its lines, and faults of the overlay."""

    told: Told
    own: KeyLines
    lines: LayeredLines
    faults: list[Fault] = field(default_factory=list)


def merge(base: Told, overlay: Told, own: KeyLines, base_lines: KeyLines) -> Merging:
    """Lay `overlay` (as read from TOML) on `base` (a whole scenario).

    Single values replace, factors are merged key by key, entries of lists are added after those of the base, rules
    are known by their names.
    """
    merging = Merging({}, own, LayeredLines(own, base_lines))
    reset = _names(merging, overlay, "reset", known=RESET)
    kept: Told = {key: value for key, value in base.items() if key not in reset}
    for key in kept:
        merging.lines.from_base((key,), (key,))
    merging.told = {key: list(value) if key in LISTS else value for key, value in kept.items()}
    for key, value in overlay.items():
        if key in OVERLAY_KEYS or key in LISTS:
            continue
        merging.lines.from_own((key,), (key,))
        merging.told[key] = value
        if key == "factors" and isinstance(value, Mapping):
            merging.told[key] = _factors(kept.get(key, {}), value, merging.lines)
    _rules(merging, kept.get("rule", ()), overlay)
    for key in LISTS:
        if key in overlay:
            _add(merging, key, overlay[key])
    return merging


def _factors(base: Mapping[str, Any], told: Mapping[str, Any], lines: LayeredLines) -> Told:
    """Factors key by key, weights programme by programme; a text of why speaks of the overlay's factors alone."""
    named = [key for key in told if key not in ("reason", "basis")]
    merged = dict(base)
    for key in base:
        if key not in told:
            lines.from_base(("factors", key), ("factors", key))
    for key, value in told.items():
        before = base.get(key)
        if key in ("reason", "basis") and isinstance(value, str):
            merged[key] = {**(before or {}), **dict.fromkeys(named, value)}
        elif isinstance(before, Mapping) and isinstance(value, Mapping):
            merged[key] = {**before, **value}
        else:
            merged[key] = value
    for key in ("reason", "basis"):  # the base's word no longer holds for a factor that is changed without one
        if key not in told and key in merged:
            merged[key] = {name: word for name, word in merged[key].items() if name not in named}
    return merged


def _rules(merging: Merging, base: Any, overlay: Told) -> None:
    """Drop and change inherited rules; where each now stands is noted for faults."""
    known = [rule["name"] for rule in base]
    dropped = _names(merging, overlay, "drop", known=known)
    changes: dict[str, tuple[int, Mapping[str, Any]]] = {}
    for number, change in _tables(merging, overlay, "change"):
        at: Path = ("change", number)
        name = change.get("rule")
        if not isinstance(name, str):
            words = (
                "缺少 rule",
                "rule is missing",
                "加上 rule = 母方案里规则的名称",
                "add rule = the name of an inherited rule",
            )
            _fault(merging, at, "change.rule", "" if name is None else str(name), *words)
        elif name not in known:
            _unknown(merging, (*at, "rule"), "change.rule", name, known)
        elif name in changes or name in dropped:
            words = ("这条规则已改写或删去", "this rule is changed or dropped already", "合并为一处", "say it once")
            _fault(merging, (*at, "rule"), "change.rule", name, *words)
        elif "kind" in change:
            words = (
                "改写规则不能换类别", "the kind of a rule cannot be changed",
                "用 drop 删去原规则,另写一条 [[rule]]", "drop the rule and write another [[rule]]",
            )  # fmt: skip
            _fault(merging, (*at, "kind"), "change.kind", str(change["kind"]), *words)
        else:
            changes[name] = (number, change)
    rules: list[Told] = []
    for place, rule in enumerate(base):
        if rule["name"] in dropped:
            continue
        path: Path = ("rule", len(rules))
        merging.lines.from_base(path, ("rule", place))
        if rule["name"] in changes:
            number, change = changes[rule["name"]]
            rule = _changed(rule, change)
            for key in change:
                merging.lines.from_own((*path, key), ("change", number, key))
        rules.append(dict(rule))
    if rules or "rule" in merging.told:
        merging.told["rule"] = rules


def _changed(rule: Mapping[str, Any], change: Mapping[str, Any]) -> Told:
    told = {key: value for key, value in change.items() if key != "rule"}
    either = _EITHER.get(rule["kind"], ())
    gone = set(either) - set(told) if set(either) & set(told) else set()
    return {**{key: value for key, value in rule.items() if key not in gone}, **told}


def _add(merging: Merging, key: str, entries: Any) -> None:
    """The entries of a list after those that are inherited; a rule of an inherited name is a fault."""
    before = merging.told.get(key, [])
    if not isinstance(entries, list):
        merging.lines.from_own((key,), (key,))
        merging.told[key] = entries
        return
    names = (
        {rule["name"]: place for place, rule in enumerate(before) if isinstance(rule.get("name"), str)}
        if key == "rule"
        else {}
    )
    fitting: list[Any] = []
    for number, entry in enumerate(entries):
        name = entry.get("name") if isinstance(entry, Mapping) else None
        if isinstance(name, str) and name in names:
            words = (
                "与母方案的规则重名", "an inherited rule has this name",
                "改写用 [[change]],替换先用 drop 删去,另立则换一个名称", "use [[change]], or drop it, or choose another name",
            )  # fmt: skip
            _fault(merging, (key, number, "name"), "rule.name", name, *words)
            continue
        merging.lines.from_own((key, len(before) + len(fitting)), (key, number))
        fitting.append(entry)
    merging.told[key] = [*before, *fitting]


def _names(merging: Merging, overlay: Told, key: str, *, known: Any) -> set[str]:
    """A list of known names in the overlay; anything else is a fault."""
    value = overlay.get(key, [])
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        words = ("不是文字列表", "not a list of texts", '写成 ["…"] 列表', 'write a list ["…"]')
        _fault(merging, (key,), key, str(value), *words)
        return set()
    for name in listed:
        if name not in known:
            _unknown(merging, (key,), key, name, known)
    return {name for name in listed if name in known}


def _tables(merging: Merging, overlay: Told, key: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    entries = overlay.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        words = ("不是一组 [[change]]", "not tables", "每处改写写一节 [[change]]", "write a section [[change]] each")
        _fault(merging, (key,), key, "", *words)
        return
    yield from enumerate(entries)


def _unknown(merging: Merging, path: Path, column: str, name: str, known: Any) -> None:
    near = nearest(name, list(known))
    listed = "、".join(list(known)[:6]) or "（无）"
    _fault(
        merging, path, column, name, "母方案里没有这一项", "what is extended has no such thing",
        f"是否要写 {near}" if near else f"母方案有:{listed}",
        f"perhaps {near} is meant" if near else f"there are: {', '.join(list(known)[:6]) or 'none'}",
    )  # fmt: skip


def _fault(merging: Merging, path: Path, column: str, value: str, *words: str) -> None:
    own = merging.own
    merging.faults.append(Fault(own.table(path), own.of(path), column, value, words[0], words[1], words[2], words[3]))
