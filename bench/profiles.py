"""Performance profiles (Dolan and Moré 2002): on how many problems a method is within a factor of the best one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Profile = list[tuple[float, float]]
"""Steps: from this factor on, this share of the problems."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """A profile for each method, the largest finite factor, and the number of problems that no method solved."""

    by_method: Mapping[str, Profile]
    largest: float
    unsolved: int
    problems: int

    def share(self, method: str, factor: float) -> float:
        """The share of problems that a method solves within this factor of the best."""
        held = 0.0
        for at, share in self.by_method[method]:
            if at > factor:
                break
            held = share
        return held


def profiles(costs: Mapping[str, Sequence[float | None]], *, floor: float) -> Profiles:
    """The profiles of methods from their costs on the same problems in the same order; None: not solved.

    Costs below `floor` count as `floor`, so that a hundredth of a second more or less makes no factor. A problem that nobody solved
    counts as unsolved for all.
    """
    lengths = {len(values) for values in costs.values()}
    if len(lengths) > 1:
        raise ValueError("every method needs a cost for every problem")
    problems = lengths.pop() if lengths else 0
    ratios: dict[str, list[float]] = {method: [] for method in costs}
    unsolved = 0
    for at in range(problems):
        held = {method: max(floor, value) for method, values in costs.items() if (value := values[at]) is not None}
        if not held:
            unsolved += 1
            continue
        best = min(held.values())
        for method, value in held.items():
            ratios[method].append(value / best)
    found: dict[str, Profile] = {}
    for method, values in ratios.items():
        values.sort()
        steps: Profile = [(1.0, 0.0)] if not values or values[0] > 1 else []
        for count, ratio in enumerate(values, start=1):
            if steps and steps[-1][0] == ratio:
                steps[-1] = (ratio, count / problems)
            else:
                steps.append((ratio, count / problems))
        found[method] = steps
    largest = max((values[-1] for values in ratios.values() if values), default=1.0)
    return Profiles(found, largest, unsolved, problems)


def shortfalls(found: Profiles, method: str, *, beyond: float = 2.0) -> dict[str, float]:
    """How far a method lies below each other one at most: at any factor, and at factors of at least `beyond` (`from ...`)."""
    factors = sorted({at for steps in found.by_method.values() for at, _ in steps} | {beyond})
    worst = {"anywhere": 0.0, f"from {beyond:g}": 0.0}
    for other in found.by_method:
        for factor in factors:
            below = found.share(other, factor) - found.share(method, factor)
            worst["anywhere"] = max(worst["anywhere"], below)
            if factor >= beyond:
                worst[f"from {beyond:g}"] = max(worst[f"from {beyond:g}"], below)
    return worst
