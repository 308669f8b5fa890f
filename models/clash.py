"""Conditions of a program that people can change, with their words: what is named where they cannot hold together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from ..solver.problem import Problem
from .book import Book
from .names import names_of
from .options import Options
from .rules import KINDS_ZH
from .scenario import Scenario

BUDGET: Final = "budget"
MANDATORY: Final = "mandatory_need"
ALWAYS: Final = frozenset({"complex", "smallest_county"})
"""Kinds of rows that only say what others mean; they are never the reason of a clash by themselves."""

_KIND_OF_ROW: Final[Mapping[str, str]] = MappingProxyType({"source": BUDGET})
_HUNDREDS, _FEN = 100.0, 1_000_000.0  # of these are 10,000 yuan
_LAST: Final = (MANDATORY, "quota", "operator", "debt_quota", "ceiling", BUDGET)
"""What comes after the rules, in this order: of two clashes the one told has more of what comes first."""

NOTE_PROVED: Final = (
    "以上条件不能同时成立；放宽其中任何一条，其余各条即可同时成立",
    "these conditions cannot hold together; without any one of them the others can",
)
NOTE_CUT: Final = (
    "以上条件不能同时成立；限定时间内未能确认是否每一条都必不可少",
    "these conditions cannot hold together; within the limits it was not settled whether each of them is needed",
)
NOTE_FIXED: Final = (
    "没有可放宽的条件牵涉其中：场地、资金比例等固定条件本身已互相冲突",
    "no condition that could be given up is part of it: sites, shares of money and the like clash by themselves",
)
NOTE_UNKNOWN: Final = (
    "尚未得到方案，也未发现互相冲突的条件；可延长时间再算",
    "no plan was found yet, and nothing is known to clash; more time may find one",
)


@dataclass(frozen=True, slots=True)
class NamedCondition:
    """One condition in both languages; `rows` and `groups` are those of the program that it stands for."""

    kind: str
    name: str
    scope: str
    zh: str
    en: str
    rows: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()

    def told(self) -> dict[str, str]:
        """As `result.json` has it."""
        return {"kind": self.kind, "name": self.name, "scope": self.scope, "zh": self.zh, "en": self.en}


@dataclass(frozen=True, slots=True)
class NamedClash:
    """Conditions that cannot hold together; `smallest`: without any one of them the others can."""

    conditions: tuple[NamedCondition, ...]
    smallest: bool

    @property
    def note(self) -> tuple[str, str]:
        """What can be said of them, in Chinese and English."""
        if not self.conditions:
            return NOTE_FIXED
        return NOTE_PROVED if self.smallest else NOTE_CUT


def conditions_of(problem: Problem, options: Options, book: Book, scenario: Scenario) -> list[NamedCondition]:
    """Rules (one a scope), mandatory needs, numbers, ceilings, debt and budgets (one a year), in this order.

    A rule whose rows hang together by columns of its own is one condition as a whole.
    """
    labels = problem.labels
    kinds, keys, scopes = (labels[f"label_row_{part}"].tolist() for part in ("kind", "key", "scope"))
    hanging = {(kinds[row], keys[row]) for row in set(problem.extra_row.index.tolist())}
    rows: dict[tuple[str, str, str], list[int]] = {}
    for row in range(problem.rows):
        kind, key = str(kinds[row]), str(keys[row])
        if kind not in ALWAYS:
            scope = "" if (kind, key) in hanging else str(scopes[row])
            rows.setdefault((kind, key, scope), []).append(row)
    sentences = {rule.name: rule.sentence(names_of(book)) for rule in scenario.rules}
    found = [_of_rows(problem, name, tuple(held), sentences) for name, held in rows.items()]
    found += _mandatory(problem, options, book)
    order = {kind: place for place, kind in enumerate(_LAST, start=1)}
    return sorted(found, key=lambda condition: order.get(condition.kind, 0))


def _mandatory(problem: Problem, options: Options, book: Book) -> list[NamedCondition]:
    names = names_of(book)
    needs = options.needs.select("id", "community", "service_type").rows()
    found = []
    for group in np.flatnonzero(problem.group_exact).tolist():
        need, place, kind = needs[group]
        told = f"{names.get(place, place)} {names.get(kind, kind)}"
        zh, en = f"强制需求：{need}（{told}）必须处置", f"mandatory need {need} ({place}, {kind}) must be answered"
        found.append(NamedCondition(MANDATORY, need, "", zh, en, groups=(group,)))
    return found


def _of_rows(
    problem: Problem, key: tuple[str, str, str], rows: tuple[int, ...], sentences: Mapping[str, str]
) -> NamedCondition:
    row_kind, name, scope = key
    kind = _KIND_OF_ROW.get(row_kind, row_kind)
    shown, limit = str(problem.labels["label_row_name"][rows[0]]), int(problem.row_limit[rows[0]])
    at = f", {scope}" if scope else ""
    wan = f"{limit / (_FEN if kind == 'ceiling' else _HUNDREDS):,.2f}"
    words = {
        BUDGET: (f"资金预算：{shown}可用 {wan} 万元", f"budget of fund {name}{at}: {wan} ten thousand yuan"),
        "ceiling": (
            f"后续支出上限：{shown}不超过 {wan} 万元",
            f"ceiling on later costs of {name}{at}: {wan} ten thousand yuan",
        ),
        "debt_quota": (f"债务限额：{shown} {wan} 万元", f"debt quota of {name}: {wan} ten thousand yuan"),
        "quota": (f"政策名额：{shown} {limit} 个", f"number of policy {name}{at}: {limit}"),
        "operator": (f"运营能力：{shown} {limit} 处", f"number of facilities of operator {name}: {limit}"),
        "target": (f"目标：{shown}不低于 {-limit}", f"the benefit is at least {-limit}"),
    }.get(kind)
    if words is None:
        whole = shown if len(rows) == 1 else name
        sentence = f"：{sentences[name]}" if sentences.get(name) else ""
        words = (f"{KINDS_ZH.get(kind, kind)}“{whole}”{sentence}", f"rule “{name}” ({kind}{at})")
    return NamedCondition(kind, name, scope, *words, rows=rows)
