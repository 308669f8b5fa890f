"""Which conditions cannot hold together: a small set of them that a problem without solution cannot keep.

A condition is a set of rows, and of groups that must be served exactly; all else of the problem (choices,
facilities, capacities, shares of money) always holds. The linear relaxation comes first: where it has no solution
already, the multipliers of its proof name the few conditions that matter. What is left is divided again and again
until no condition can be left out (Junker's QuickXplain), each question a search for any solution at all. A question
that the limits cut counts as "can be kept", so that the set given out is always proved to clash; only that it is
smallest is then not claimed.
"""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .interrupt import Interrupt
from .matrix import Matrix, build_matrix
from .problem import Problem

Int = NDArray[np.int64]
Fails = Callable[[Sequence[int]], bool]

NODES = 2_000
"""Search nodes for one question: a limit that does not depend on the machine."""

PROOF_SHARE = 0.1
"""Share of the time left in which the multipliers of a proof must be found; dividing all conditions does without."""

SHARE = 0.25
"""Share of the whole time that one question may take."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Rows that hold, and groups that are served exactly, together or not at all."""

    rows: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Clash:
    """Numbers of conditions that cannot hold together; `smallest`: without any one of them the others can."""

    conditions: tuple[int, ...]
    smallest: bool


def clash(
    problem: Problem,
    conditions: Sequence[Condition],
    *,
    time: float = 30.0,
    nodes: int = NODES,
    seed: int = 0,
    threads: int = 2,
    interrupt: Interrupt | None = None,
) -> Clash:
    """A small clash among the conditions of a problem that is known to have no solution.

    Conditions that come first are dropped last. `time` in seconds is for all questions together, `nodes` for each.
    """
    told = _Questions(build_matrix(problem), conditions, time, nodes, seed, threads, interrupt)
    proof = told.of_relaxation()
    candidates = range(len(conditions)) if proof is None else told.divided(proof, told.relaxation_fails)
    found = told.divided(candidates, told.search_fails)
    return Clash(tuple(sorted(found)), not told.cut)


@dataclass(slots=True)
class _Questions:
    """The program with some conditions lifted, and what HiGHS says of it."""

    matrix: Matrix
    conditions: Sequence[Condition]
    time: float
    nodes: int
    seed: int
    threads: int
    interrupt: Interrupt | None
    began: float = field(default_factory=clock.monotonic)
    cut: bool = False

    def left(self) -> float:
        """Seconds left for all questions."""
        return self.time - (clock.monotonic() - self.began)

    def of_relaxation(self) -> tuple[int, ...] | None:
        """Conditions in the proof that the linear relaxation has no solution; None where no such proof is found."""
        from .backends.highs_clash import rows_of_proof  # late: solvers are slow to import
        from .backends.outcome import Limits

        everything = tuple(range(len(self.conditions)))
        if not self.relaxation_fails(everything):
            return None
        limits = Limits(time=max(0.1, PROOF_SHARE * self.left()), threads=self.threads)
        rows = rows_of_proof(self.matrix, limits, self._halted)
        named = tuple(number for number in everything if rows[self._places(number)].any())
        # multipliers are rounded: what they name is believed only if it has no solution by itself
        return named if len(named) < len(everything) and self.relaxation_fails(named) else everything

    def relaxation_fails(self, kept: Sequence[int]) -> bool:
        """Whether the linear relaxation under some conditions is proved to have no solution."""
        from .backends.highs_clash import relaxation_fails
        from .backends.outcome import Limits

        if self._over():
            return False
        time = max(0.1, min(self.left(), SHARE * self.time))
        return relaxation_fails(self._under(kept), Limits(time=time, threads=self.threads), self._halted)

    def search_fails(self, kept: Sequence[int]) -> bool:
        """Whether the program under some conditions is proved to have no solution."""
        from .backends.highs_clash import cannot_be_kept
        from .backends.outcome import Limits

        if self._over():
            return False
        time = max(0.1, min(self.left(), SHARE * self.time))
        limits = Limits(time=time, nodes=self.nodes, seed=self.seed, threads=self.threads)
        found = cannot_be_kept(self._under(kept), limits, self._halted)
        self.cut = self.cut or found is None
        return bool(found)

    def divided(self, candidates: Sequence[int], fails: Fails) -> tuple[int, ...]:
        """A part of the candidates, which clash, such that `fails` holds for it and for no part of it."""
        found = _quick(fails, (), (), tuple(candidates))
        # one condition is also what is left where the rest of the problem clashes by itself
        return () if len(found) == 1 and fails(()) else found

    def _over(self) -> bool:
        if self.left() > 0 and not self._halted():
            return False
        self.cut = True
        return True

    def _halted(self) -> bool:
        return self.interrupt is not None and self.interrupt.is_set

    def _places(self, number: int) -> Int:
        condition = self.conditions[number]
        rows = self.matrix.row_of_row[list(condition.rows)] if condition.rows else np.zeros(0, np.int64)
        groups = self.matrix.row_of_group[list(condition.groups)] if condition.groups else np.zeros(0, np.int64)
        return np.concatenate([rows, groups])

    def _under(self, kept: Sequence[int]) -> Matrix:
        """The program with every condition lifted that is not kept; the most that a group may take always holds."""
        lower, upper = self.matrix.row_lower.copy(), self.matrix.row_upper.copy()
        for number in sorted(set(range(len(self.conditions))) - set(kept)):
            condition = self.conditions[number]
            upper[self.matrix.row_of_row[list(condition.rows)]] = np.inf
            lower[self.matrix.row_of_group[list(condition.groups)]] = -np.inf
        return replace(self.matrix, row_lower=lower, row_upper=upper)


def _quick(fails: Fails, ground: tuple[int, ...], added: tuple[int, ...], rest: tuple[int, ...]) -> tuple[int, ...]:
    """QuickXplain: a smallest part of `rest` that clashes with the ground; ground and rest together clash."""
    if added and fails(ground):
        return ()
    if len(rest) <= 1:
        return rest
    half = len(rest) // 2
    first, second = rest[:half], rest[half:]
    of_second = _quick(fails, (*ground, *first), first, second)
    of_first = _quick(fails, (*ground, *of_second), of_second, first)
    return (*of_first, *of_second)
