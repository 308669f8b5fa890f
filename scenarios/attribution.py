"""How much of the difference of two plans is due to each setting that was changed, found by solving in between.

Of up to `MOST_SHAPLEY` settings every combination is solved, and a setting's part is its effect on average over all
orders in which the settings could be changed (Shapley, "A value for n-person games", 1953). Of more settings one order is
followed, that of the file: stepwise. In both cases the parts add up to the whole difference, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import factorial
from typing import Any, Final, Literal

from ..models.book import Book
from ..models.run import Run, StoredRun
from ..models.scenario import Scenario, parse_scenario
from .differences import Change, differences, names_for
from .plan_view import PlanView, view
from .single import solve

MOST_SHAPLEY: Final = 4
Method = Literal["shapley", "stepwise"]
METHODS_ZH: Final[Mapping[str, str]] = {
    "shapley": "各种次序平均（Shapley值）", "stepwise": "按所列次序逐项改变",
}  # fmt: skip
MEASURES: Final = ("objective", "benefit", "cost_yuan", "needs_met")
"""What is attributed: the value of the objective, points of benefit, yuan, and needs that are answered."""


class NoPlanBetween(Exception):
    """Settings of which some alone leave no plan, so that their effects cannot be told apart."""

    def __init__(self, changes: Sequence[Change]) -> None:
        zh = "；".join(change.zh for change in changes)
        self.zh = f"只作以下变化时没有方案，无法分摊：{zh}"
        self.en = f"with only these changes there is no plan, so nothing can be attributed: {zh}"
        super().__init__(f"{self.zh} / {self.en}")


class OtherBook(Exception):
    """Runs that are not of the book at hand."""

    def __init__(self) -> None:
        self.zh = "两份结果须都由这本清单簿得出，才能分摊变化原因"
        self.en = "both runs must be of this very book for their difference to be attributed"
        super().__init__(f"{self.zh} / {self.en}")


@dataclass(frozen=True, slots=True)
class Part:
    """What is due to one setting, by measure; `low` and `high` enclose its part in the objective whatever the gaps hide."""

    change: Change
    value: Mapping[str, Fraction]
    low: Fraction | None
    high: Fraction | None

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        ends = {
            "low": None if self.low is None else float(self.low),
            "high": None if self.high is None else float(self.high),
        }
        return {"zh": self.change.zh, **{name: float(value) for name, value in self.value.items()}, **ends}


@dataclass(frozen=True, slots=True)
class Attribution:
    """Every changed setting with its part; the parts add up to the whole difference in each measure."""

    method: Method
    parts: tuple[Part, ...]
    whole: Mapping[str, int]
    solved: int

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "method": self.method, "method_zh": METHODS_ZH[self.method], "parts": [part.told() for part in self.parts],
            "whole": dict(self.whole), "solved": self.solved,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Value:
    measures: Mapping[str, int]
    low: int
    high: int
    run: Run | StoredRun


def attribute(
    book: Book,
    before: StoredRun,
    after: StoredRun,
    *,
    method: Method | None = None,
    gap: float = 0.001,
    time: float | None = 30.0,
    threads: int = 2,
    seed: int = 0,
    tell: Callable[[str], None] = lambda words: None,
) -> Attribution:
    """Solve with some of the changed settings at a time and give each its part of the difference.

    The two runs themselves stand for none and all of the changes. `time` (seconds) and `gap` are for each solve in
    between. Raises `OtherBook` where a run is of another book, `NoPlanBetween` where a combination has no plan.
    """
    if {before.result["book_sha256"], after.result["book_sha256"]} != {book.digest()}:
        raise OtherBook
    start = parse_scenario(before.scenario_text)
    changes = differences(start, parse_scenario(after.scenario_text), names_for(book))
    everything = frozenset(range(len(changes)))
    values: dict[frozenset[int], _Value] = {}
    for chosen, run in ((frozenset[int](), before), (everything, after)):
        if not run.tables:
            raise NoPlanBetween([changes[number] for number in sorted(chosen)])
        values[chosen] = _value(run, run.result, view(run))
    if method is None:
        method = "shapley" if len(changes) <= MOST_SHAPLEY else "stepwise"
    wanted = _subsets(len(changes)) if method == "shapley" else _prefixes(len(changes))
    solved = 0
    for chosen in wanted:
        if chosen in values:
            continue
        tell("；".join(changes[number].zh for number in sorted(chosen)))
        # nearest known start: the same without its last change
        warm = values.get(chosen - {max(chosen)}, values[frozenset()]).run
        scenario = _changed(start, [changes[number] for number in sorted(chosen)])
        run_between = solve(book, scenario, gap=gap, time=time, threads=threads, seed=seed, warm=warm)
        solved += 1
        if run_between.plan is None:
            raise NoPlanBetween([changes[number] for number in sorted(chosen)])
        stored = StoredRun(before.folder, run_between.result, dict(run_between.plan.tables), run_between.scenario_text)
        values[chosen] = _value(run_between, run_between.result, view(stored))
    parts = tuple(_part(number, change, changes, values, method) for number, change in enumerate(changes))
    whole = {name: values[everything].measures[name] - values[frozenset()].measures[name] for name in MEASURES}
    return Attribution(method, parts, whole, solved)


def _changed(scenario: Scenario, changes: Sequence[Change]) -> Scenario:
    for change in changes:
        scenario = change.apply(scenario)
    return scenario


def _subsets(number: int) -> list[frozenset[int]]:
    return [frozenset(chosen) for size in range(number + 1) for chosen in combinations(range(number), size)]


def _prefixes(number: int) -> list[frozenset[int]]:
    return [frozenset(range(size)) for size in range(number + 1)]


def _value(run: Run | StoredRun, result: Mapping[str, Any], plan: PlanView) -> _Value:
    bounds = [result["objective"], result["bound"], result["certified_bound"]]
    # of two bounds the one that is proved counts, where there is one
    told = bounds[1] if bounds[2] is None else bounds[2]
    ends = sorted((result["objective"], result["objective"] if told is None else told))
    measures = {
        "objective": result["objective"], "benefit": plan.benefit, "cost_yuan": plan.yuan, "needs_met": plan.met,
    }  # fmt: skip
    return _Value(measures, ends[0], ends[1], run)


def _part(
    number: int, change: Change, changes: Sequence[Change], values: Mapping[frozenset[int], _Value], method: Method
) -> Part:
    total = {name: Fraction(0) for name in MEASURES}
    low = high = Fraction(0)
    for chosen, weight in _weights(number, len(changes), method):
        without, joined = values[chosen], values[chosen | {number}]
        for name in MEASURES:
            total[name] += weight * (joined.measures[name] - without.measures[name])
        low += weight * (joined.low - without.high)
        high += weight * (joined.high - without.low)
    return Part(change, total, low, high)


def _weights(number: int, of: int, method: Method) -> list[tuple[frozenset[int], Fraction]]:
    """What may be changed before one setting, with the share of orders in which it is."""
    if method == "stepwise":
        return [(frozenset(range(number)), Fraction(1))]
    others = [other for other in range(of) if other != number]
    return [
        (frozenset(chosen), Fraction(factorial(size) * factorial(of - size - 1), factorial(of)))
        for size in range(of)
        for chosen in combinations(others, size)
    ]
