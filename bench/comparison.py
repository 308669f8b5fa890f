"""What the lines of a table say when methods are held against each other on the same problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .judged import WRONG, Verdict
from .paired import shifted_geometric_mean
from .run_curves import Curve, curve_of

Line = Mapping[str, Any]
Problem = tuple[str, int]
"""An instance and a seed."""

SHIFT_SECONDS: Final = 1.0
SHIFT_GAP: Final = 1e-4
FLOOR: Final = 0.1  # seconds; shorter times count as this


@dataclass(frozen=True, slots=True)
class Comparison:
    """Methods on problems that every one of them has a run for; `left_out` are problems that some have none for.

    `within` is the share that counts as reached.
    """

    methods: tuple[str, ...]
    problems: tuple[Problem, ...]
    lines: Mapping[tuple[str, Problem], Line]
    curves: Mapping[tuple[str, Problem], Curve]
    left_out: tuple[Problem, ...]
    within: float

    def costs(self, measure: Callable[[Curve], float | None]) -> dict[str, list[float | None]]:
        """A measure of every curve by method, in the order of the problems."""
        return {m: [measure(self.curves[m, p]) for p in self.problems] for m in self.methods}

    def by_instance(self, measure: Callable[[Curve], float]) -> dict[str, dict[str, list[float]]]:
        """The same by method and instance, a number for every seed."""
        found: dict[str, dict[str, list[float]]] = {method: {} for method in self.methods}
        for method in self.methods:
            for problem in self.problems:
                found[method].setdefault(problem[0], []).append(measure(self.curves[method, problem]))
        return found

    def of_suite(self, suite: str) -> Comparison:
        """The problems of one suite alone."""
        kept = tuple(p for p in self.problems if self.lines[self.methods[0], p]["suite"] == suite)
        return Comparison(self.methods, kept, self.lines, self.curves, (), self.within)

    @property
    def suites(self) -> tuple[str, ...]:
        """Suites with problems, in their order."""
        return tuple(dict.fromkeys(str(self.lines[self.methods[0], p]["suite"]) for p in self.problems))


def compared(lines: Sequence[Line], within: float) -> Comparison:
    """The comparison of all methods that ran; those whose solver is not installed are left out."""
    ran = [line for line in lines if line["verdict"] != Verdict.NOT_INSTALLED]
    methods = tuple(dict.fromkeys(str(line["method"]) for line in ran))
    held = {(str(line["method"]), (str(line["instance"]), int(line["seed"]))): line for line in ran}
    every = tuple(dict.fromkeys(problem for _, problem in held))
    whole = tuple(p for p in every if all((method, p) in held for method in methods))
    curves = {key: curve_of(line) for key, line in held.items()}
    return Comparison(methods, whole, held, curves, tuple(p for p in every if p not in whole), within)


def primal_integral(curve: Curve) -> float:
    """Seconds weighted with the primal gap."""
    return curve.integral(curve.plan_gap)


def bound_integral(curve: Curve) -> float:
    """Seconds weighted with the gap of the bound."""
    return curve.integral(curve.bound_gap)


def final_gap(curve: Curve) -> float:
    """The primal gap at the end."""
    return curve.at(curve.limit, curve.plan_gap)


@dataclass(frozen=True, slots=True)
class Standing:
    """A method over all problems: verdicts, shifted geometric means (a time not reached counts as the limit), wins.

    `best` counts problems on which no method has a better plan at the end, `alone` those on which all others are worse,
    `fastest` those on which it is the first within the share, `behind` those on which its plan does not count because it is
    worse in an objective that comes before the compared one.
    """

    method: str
    verdicts: Mapping[str, int]
    plan_seconds: float
    proof_seconds: float
    reached: int
    proven: int
    primal_integral: float
    bound_integral: float
    gap: float
    best: int
    alone: int
    fastest: int
    behind: int
    memory: int
    most_memory: int

    @property
    def wrong(self) -> int:
        """Wrong answers."""
        return sum(count for verdict, count in self.verdicts.items() if verdict in WRONG)


VIRTUAL: Final = "virtual best"


def standings(found: Comparison) -> list[Standing]:
    """Every method, and last the virtual best: on each problem what the best of all methods has."""
    gaps = {m: [final_gap(found.curves[m, p]) for p in found.problems] for m in found.methods}
    times = found.costs(lambda curve: curve.seconds_to_plan(found.within))
    best = [min(gaps[m][at] for m in found.methods) for at in range(len(found.problems))]
    first = [
        min((max(FLOOR, t) for m in found.methods if (t := times[m][at]) is not None), default=None)
        for at in range(len(found.problems))
    ]
    rows = []
    for method in found.methods:
        held = [gaps[method][at] <= least for at, least in enumerate(best) if least < 1]
        lonely = [
            least < 1 and gaps[method][at] <= least and all(gaps[o][at] > least for o in found.methods if o != method)
            for at, least in enumerate(best)
        ]
        fast = [
            t is not None and quickest is not None and max(FLOOR, t) <= quickest
            for t, quickest in zip(times[method], first, strict=True)
        ]
        rows.append(_standing(found, method, [method], sum(held), sum(lonely), sum(fast)))
    if found.problems:
        rows.append(
            _standing(found, VIRTUAL, found.methods, len([b for b in best if b < 1]), 0, len([f for f in first if f]))
        )
    return rows


def _standing(found: Comparison, name: str, methods: Iterable[str], best: int, alone: int, fastest: int) -> Standing:
    members = tuple(methods)

    def least(measure: Callable[[Curve], float]) -> list[float]:
        return [min(measure(found.curves[m, p]) for m in members) for p in found.problems]

    def seconds(measure: Callable[[Curve], float | None]) -> tuple[list[float], int]:
        """Times with the limit for what was not reached, and how many were reached."""
        values, count = [], 0
        for p in found.problems:
            reached = [t for m in members if (t := measure(found.curves[m, p])) is not None]
            values.append(min(reached, default=found.curves[members[0], p].limit))
            count += bool(reached)
        return values, count

    plans, reached = seconds(lambda curve: curve.seconds_to_plan(found.within))
    proofs, proven = seconds(lambda curve: curve.seconds_to_proof(found.within))
    verdicts: dict[str, int] = {}
    memory: list[int] = []
    short = 0
    for p in found.problems if len(members) == 1 else ():
        line = found.lines[members[0], p]
        verdicts[str(line["verdict"])] = verdicts.get(str(line["verdict"]), 0) + 1
        short += bool(line["behind"])
        memory.append(int(line["peak_memory_mb"] or 0))
    return Standing(
        method=name, verdicts=verdicts,
        plan_seconds=shifted_geometric_mean(plans, SHIFT_SECONDS),
        proof_seconds=shifted_geometric_mean(proofs, SHIFT_SECONDS),
        reached=reached, proven=proven,
        primal_integral=shifted_geometric_mean(least(primal_integral), SHIFT_SECONDS),
        bound_integral=shifted_geometric_mean(least(bound_integral), SHIFT_SECONDS),
        gap=shifted_geometric_mean(least(final_gap), SHIFT_GAP),
        best=best, alone=alone, fastest=fastest, behind=short,
        memory=sorted(memory)[len(memory) // 2] if memory else 0, most_memory=max(memory, default=0),
    )  # fmt: skip
