"""How one scenario differs from another: each changed setting in words, and as a change that can be made alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from ..models.book import Book
from ..models.names import names_of
from ..models.rule_base import Names
from ..models.rules import KINDS_ZH, Rule
from ..models.scenario import Scenario
from ..models.tables import packaged_rows
from .setting_words import (
    FACTORS_ZH,
    FLAGS_ZH,
    GOALS_ZH,
    OBJECTIVE_ZH,
    entry_words,
    factor_words,
    override_words,
    why_words,
)

_LISTS: Final = ("overrides", "budgets", "ceilings", "quotas")

Kind = Literal["condition", "objective", "factor", "override", "budget", "ceiling", "quota", "rule"]


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that differs: what it is, in a few words, why, and how to make this change alone.

    `zh` is the phrase of a title ("专项债券压减50%"), `detail_zh` a whole sentence with reason and basis where there are any.
    """

    kind: Kind
    zh: str
    detail_zh: str
    apply: Callable[[Scenario], Scenario]
    reason: str = ""
    basis: str = ""

    def told(self) -> dict[str, str]:
        """As JSON has it."""
        return {
            "kind": self.kind,
            "zh": self.zh,
            "detail_zh": self.detail_zh,
            "reason": self.reason,
            "basis": self.basis,
        }


def names_for(book: Book | None) -> Names:
    """Chinese names for sentences: of the book where there is one, else of what every book has."""
    names = {row["id"]: row["name_zh"] for row in packaged_rows("fund_types")}
    for table in ("service_types", "measures"):
        names |= {row["id"]: row["name_zh"] for row in packaged_rows(table)}
    return names if book is None else {**names, **names_of(book)}


def in_words(changes: Iterable[Change]) -> str:
    """All changes as one phrase: "专项债券压减50%；绿色工程不低于8%"; 无变化 where there is none."""
    return "；".join(change.zh for change in changes) or "无变化"


def differences(before: Scenario, after: Scenario, names: Names | None = None) -> list[Change]:
    """Every setting that differs, in the order of the file; title and notes do not count.

    Making all changes one after the other, in any order but with those of one list in theirs, turns `before` into
    `after`, except for the order of rules.
    """
    names = names_for(None) if names is None else names
    found = _conditions(before, after)
    found += _factors(before, after)
    for name in _LISTS:
        found += _entries(before, after, name, names)
    return found + _rules(before, after, names)


def unfounded(scenario: Scenario, names: Names | None = None) -> list[Change]:
    """What a scenario decides without a basis although public money wants one: pins, forbids and factors."""
    single = {rule.name for rule in scenario.rules if rule.kind in ("pin", "forbid")}
    return [
        change
        for change in differences(Scenario(), scenario, names)
        if not change.basis and (change.kind in ("factor", "override") or change.zh in single)
    ]


def _with(**values: Any) -> Callable[[Scenario], Scenario]:
    return lambda scenario: scenario.model_copy(update=values)


def _conditions(before: Scenario, after: Scenario) -> list[Change]:
    found = []
    for name, (off, on) in FLAGS_ZH.items():
        if getattr(before, name) != getattr(after, name):
            zh = on if getattr(after, name) else off
            found.append(Change("condition", zh, f"{zh}。", _with(**{name: getattr(after, name)})))
    if before.most_packages != after.most_packages:
        zh = f"每个备选方案至多保留{after.most_packages}种资金筹措方案"
        found.append(
            Change("condition", zh, f"{zh}（原{before.most_packages}种）。", _with(most_packages=after.most_packages))
        )
    if before.objective != after.objective:
        goal = GOALS_ZH[after.objective.kind] + (f"（{after.objective.target}分）" if after.objective.target else "")
        was = GOALS_ZH[before.objective.kind] + (f"（{before.objective.target}分）" if before.objective.target else "")
        found.append(
            Change(
                "objective",
                f"{OBJECTIVE_ZH}改为{goal}",
                f"{OBJECTIVE_ZH}由{was}改为{goal}。",
                _with(objective=after.objective),
            )
        )
    return found


def _factors(before: Scenario, after: Scenario) -> list[Change]:
    found = []
    for name in FACTORS_ZH:
        one, other = getattr(before.factors, name), getattr(after.factors, name)
        why = after.factors.reason.get(name, ""), after.factors.basis.get(name, "")
        if one == other and why == (before.factors.reason.get(name, ""), before.factors.basis.get(name, "")):
            continue
        zh = factor_words(name, one, other) if one != other else f"{FACTORS_ZH[name]}另写理由依据"
        found.append(Change("factor", zh, zh + why_words(*why), _factor_setter(after, name), *why))
    return found


def _factor_setter(after: Scenario, name: str) -> Callable[[Scenario], Scenario]:
    def apply(scenario: Scenario) -> Scenario:
        factors = scenario.factors
        update: dict[str, Any] = {name: getattr(after.factors, name)}
        for key in ("reason", "basis"):
            told = {other: word for other, word in getattr(factors, key).items() if other != name}
            if word := getattr(after.factors, key).get(name):
                told[name] = word
            update[key] = {other: told[other] for other in FACTORS_ZH if other in told}
        return scenario.model_copy(update={"factors": factors.model_copy(update=update)})

    return apply


def _entries(before: Scenario, after: Scenario, name: str, names: Names) -> list[Change]:
    """Entries of a list that have no name: those added at the end, or else the list as a whole."""
    one, other = getattr(before, name), getattr(after, name)
    kind: Kind = name[:-1]  # type: ignore[assignment]
    words = override_words if kind == "override" else entry_words
    found: list[Change] = []
    start = len(one)
    if other[:start] != one:
        kept = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
        gone, new = one[kept:], other[kept:]
        parts = [f"取消“{words(entry, names)}”" for entry in gone if entry not in new]
        parts += [words(entry, names) for entry in new if entry not in gone]
        zh = "，".join(parts) or "各项次序调整"
        why = next(((entry.reason, entry.basis) for entry in new if entry not in gone), ("", ""))
        return [Change(kind, zh, zh + why_words(*why), _with(**{name: other}), *why)]
    for entry in other[start:]:
        zh = words(entry, names)
        found.append(
            Change(kind, zh, zh + why_words(entry.reason, entry.basis), _adder(name, entry), entry.reason, entry.basis)
        )
    return found


def _adder(name: str, entry: Any) -> Callable[[Scenario], Scenario]:
    return lambda scenario: scenario.model_copy(update={name: (*getattr(scenario, name), entry)})


def _rules(before: Scenario, after: Scenario, names: Names) -> list[Change]:
    """Rules by their names; one of another name but the same content, or the only one left of its kind, is renamed."""
    one = {rule.name: rule for rule in before.rules}
    other = {rule.name: rule for rule in after.rules}
    gone = [rule for name, rule in one.items() if name not in other]
    new = [rule for name, rule in other.items() if name not in one]
    pairs = [(one[name], other[name]) for name in one if name in other and _content(one[name]) != _content(other[name])]
    for rule in list(new):
        mate = _renamed(rule, gone, new)
        if mate is not None:
            gone.remove(mate)
            new.remove(rule)
            pairs.append((mate, rule))
    found = []
    for old, rule in pairs:
        if _content(old) == _content(rule):
            zh = f"“{old.name}”改称“{rule.name}”"
        else:
            zh = rule.name if rule.name != old.name else f"“{rule.name}”改为：{rule.sentence(names).rstrip('。')}"
        detail = f"{KINDS_ZH[rule.kind]}“{old.name}”由“{old.sentence(names)}”改为“{rule.sentence(names)}”"
        found.append(Change("rule", zh, detail, _rule_setter(old.name, rule), *_why(rule)))
    for rule in gone:
        zh = f"取消“{rule.name}”"
        found.append(Change("rule", zh, f"{zh}：{rule.sentence(names)}", _rule_setter(rule.name, None)))
    for rule in new:
        detail = f"{KINDS_ZH[rule.kind]}“{rule.name}”：{rule.sentence(names)}"
        found.append(Change("rule", rule.name, detail, _rule_setter(None, rule), *_why(rule)))
    return found


def _content(rule: Rule) -> dict[str, Any]:
    return rule.model_dump(exclude={"name", "note"})


def _why(rule: Rule) -> tuple[str, str]:
    return getattr(rule, "reason", ""), getattr(rule, "basis", "") or rule.note


def _renamed(rule: Rule, gone: Sequence[Rule], new: Sequence[Rule]) -> Rule | None:
    """The rule of another name that this one stands for now."""
    same = [old for old in gone if _content(old) == _content(rule)]
    if same:
        return same[0]
    alike = [old for old in gone if old.kind == rule.kind and _scope(old) == _scope(rule)]
    return (
        alike[0]
        if len(alike) == 1 and sum(_scope(o) == _scope(rule) and o.kind == rule.kind for o in new) == 1
        else None
    )


_AMOUNTS: Final = {"amount", "share", "number", "saving", "fixed", "level", "of", "reason", "basis"}


def _scope(rule: Rule) -> dict[str, Any]:
    """What a rule speaks of, without how much."""
    return {key: value for key, value in _content(rule).items() if key not in _AMOUNTS}


def _rule_setter(old: str | None, rule: Rule | None) -> Callable[[Scenario], Scenario]:
    def apply(scenario: Scenario) -> Scenario:
        kept = [rule if one.name == old else one for one in scenario.rules]
        rules = [one for one in kept if one is not None]
        if old is None and rule is not None:
            rules.append(rule)
        return scenario.model_copy(update={"rules": tuple(rules)})

    return apply
