"""Several problems as one: every part keeps its own groups, facilities, rows and money."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..solver.problem import NONE, Objective, Problem, make_problem
from ..solver.sparse import Sparse

Int = NDArray[np.int64]


def _numbers_of(*arrays: Int) -> int:
    """How many numbers a set of labels takes: one more than the highest."""
    return max(int(array.max(initial=NONE)) for array in arrays) + 1


SIZES: Final[dict[str, Callable[[Problem], int]]] = {
    "groups": lambda p: p.groups,
    "facilities": lambda p: p.facilities,
    "regions": lambda p: _numbers_of(p.group_region, p.facility_region),
    "exclusions": lambda p: _numbers_of(p.facility_exclusion),
    "choices": lambda p: _numbers_of(p.option_choice),
    "rows": lambda p: p.rows,
    "classes": lambda p: p.class_count,
    "demands": lambda p: p.demands,
    "portions": lambda p: len(p.portion_class),
    "floors": lambda p: len(p.floor_class),
}
# What the elements of an array (of a sparse one: its indices) number; all other arrays hold amounts.
NUMBERS: Final[dict[str, str]] = {
    "group_region": "regions",
    "facility_parent": "facilities",
    "facility_exclusion": "exclusions",
    "facility_region": "regions",
    "opening_facility": "facilities",
    "option_group": "groups",
    "option_choice": "choices",
    "option_facility": "facilities",
    "option_row": "rows",
    "opening_row": "rows",
    "extra_row": "rows",
    "option_spend": "demands",
    "opening_spend": "demands",
    "demand_class": "classes",
    "portion_class": "classes",
    "portion_floor": "floors",
    "floor_class": "classes",
    "arc_demand": "demands",
    "arc_portion": "portions",
    "arc_source": "rows",
    "arc_row": "rows",
}
APART: Final = ("periods", "objectives", "class_count", "labels")


def join(problems: Sequence[Problem]) -> Problem:
    """One problem of several that have nothing in common: its best value is the sum of theirs.

    The objectives must have the same names in the same order; labels are left out. Raises `ValueError` where the
    objectives differ or there is no problem.
    """
    if not problems:
        raise ValueError("no problem was given; at least one is needed")
    names = [objective.name for objective in problems[0].objectives]
    for number, problem in enumerate(problems):
        told = [objective.name for objective in problem.objectives]
        if told != names:
            raise ValueError(f"problem {number} has the objectives {', '.join(told)}; the first {', '.join(names)}")
    arrays: dict[str, Any] = {}
    for name in (field.name for field in fields(Problem) if field.name not in APART):
        offsets = _offsets(problems, NUMBERS.get(name))
        parts = [getattr(problem, name) for problem in problems]
        if isinstance(parts[0], Sparse):
            arrays[name] = _joined_sparse(parts, offsets)
        else:
            arrays[name] = np.concatenate([_shifted(part, at) for part, at in zip(parts, offsets, strict=True)])
    return make_problem(
        max(problem.periods for problem in problems),
        tuple(_joined_objective([problem.objectives[at] for problem in problems]) for at in range(len(names))),
        class_count=sum(problem.class_count for problem in problems),
        **arrays,
    )


def _offsets(problems: Sequence[Problem], numbers: str | None) -> list[int]:
    """Where the numbers of every problem begin in the whole."""
    if numbers is None:
        return [0] * len(problems)
    sizes = [SIZES[numbers](problem) for problem in problems]
    return [sum(sizes[:at]) for at in range(len(sizes))]


def _shifted(values: NDArray[Any], offset: int) -> NDArray[Any]:
    return values if offset == 0 else np.where(values == NONE, NONE, values + offset)


def _joined_sparse(parts: Sequence[Sparse], offsets: Sequence[int]) -> Sparse:
    counts = np.concatenate([np.diff(part.start) for part in parts])
    start = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=start[1:])
    index = np.concatenate([part.index + offset for part, offset in zip(parts, offsets, strict=True)])
    return Sparse(start, index, np.concatenate([part.amount for part in parts]))


def _joined_objective(parts: Sequence[Objective]) -> Objective:
    return Objective(
        parts[0].name,
        np.concatenate([part.option for part in parts]),
        np.concatenate([part.opening for part in parts]),
        np.concatenate([part.extra for part in parts]),
    )
