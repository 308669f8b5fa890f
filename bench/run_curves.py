"""How plan and bound of one run move over time, and what is measured on these steps.

All values are in points, maximised. Only what the judgement left standing counts: a run without a checked plan has none at
any time, no plan of the trace is worth more than the one that was checked, and a refuted bound is no bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .judged import Verdict

HONEST = frozenset({Verdict.SOUND, Verdict.NO_PLAN, Verdict.INFEASIBLE})


@dataclass(frozen=True, slots=True)
class Step:
    """From this second on, the plan's value and the bound (None: there is none yet)."""

    seconds: float
    plan: int | None
    bound: int | None


@dataclass(frozen=True, slots=True)
class Curve:
    """The steps of a run until its limit of time, with the best known value that they are held against.

    `trusted` is False for runs whose verdict is no honest answer: they have no steps.
    """

    steps: tuple[Step, ...]
    best: int | None
    limit: float
    trusted: bool

    def plan_gap(self, step: Step) -> float:
        """Berthold's primal gap: 0 at the best known value, 1 without a plan or where the signs differ."""
        return relative(step.plan, self.best)

    def bound_gap(self, step: Step) -> float:
        """The same for the bound."""
        return relative(step.bound, self.best)

    def integral(self, gap: Callable[[Step], float]) -> float:
        """Seconds weighted with a gap, from 0 to the limit; until the first step the gap is 1 (Berthold 2013)."""
        total, since, held = 0.0, 0.0, 1.0
        for step in self.steps:
            at = min(step.seconds, self.limit)
            total += held * (at - since)
            since, held = at, gap(step)
        return total + held * (self.limit - since)

    def at(self, seconds: float, gap: Callable[[Step], float]) -> float:
        """The gap at a moment."""
        held = 1.0
        for step in self.steps:
            if step.seconds > seconds:
                break
            held = gap(step)
        return held

    def seconds_to_plan(self, within: float) -> float | None:
        """When a plan within this share of the best known value was there; None if never in time."""
        best = self.best
        if best is None:
            return None
        return next(
            (s.seconds for s in self.steps if s.plan is not None and best - s.plan <= within * max(1, abs(best))), None
        )

    def seconds_to_proof(self, within: float) -> float | None:
        """When plan and own bound were within this share of each other; None if never in time."""
        return next(
            (
                step.seconds
                for step in self.steps
                if step.plan is not None
                and step.bound is not None
                and step.bound - step.plan <= within * max(1, abs(step.bound))
            ),
            None,
        )


def curve_of(line: Mapping[str, Any]) -> Curve:
    """The curve of a line of the table."""
    verdict, best, limit = line["verdict"], line["best_known"], float(line["time"])
    if verdict not in HONEST:
        return Curve((), best, limit, False)
    final = None if line["behind"] else line["objective"]
    # a plan found, or a bound proven, while the run was being ended counts at the limit; nothing later does
    late = limit if (line["seconds"] or 0.0) > limit else float(line["seconds"] or 0.0)
    steps: list[Step] = []
    plan: int | None = None
    bound: int | None = None
    points: Sequence[Sequence[Any]] = [*line["trace"], [late, line["objective"], line["bound"]]]
    for seconds, value, claimed in points:
        at = min(float(seconds), limit)
        if value is not None and final is not None:
            value = min(value, final)
            plan = value if plan is None else max(plan, value)
        if (claimed is not None and line["earlier"] is not None and not line["behind"]) or (
            claimed is not None and not line["best_earlier"]
        ):
            bound = claimed if bound is None else min(bound, claimed)
        if not steps or (steps[-1].plan, steps[-1].bound) != (plan, bound):
            steps.append(Step(at, plan, bound))
    return Curve(tuple(step for step in steps if step.plan is not None or step.bound is not None), best, limit, True)


def relative(value: int | None, best: int | None) -> float:
    """|best - value| / max(|best|, |value|); 1 where one is missing or the signs differ, 0 where both are 0."""
    if value is None or best is None:
        return 1.0
    if value == best:
        return 0.0
    if value * best < 0:
        return 1.0
    return abs(best - value) / max(abs(best), abs(value))
