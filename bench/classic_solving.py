"""A classic instance through the door of the solver, its answer in the family's own sense and unit."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ..solver.backends.missing import MissingSolver
from ..solver.events import Event, Watcher, silent
from ..solver.interrupt import Interrupt
from ..solver.problem import Problem
from ..solver.solution import Solution
from ..solver.solve import methods, solve
from ..solver.stop import Stop
from .classic_catalogue import BestKnown, best_known, locate, refuse_unknown, set_by_folder
from .classic_family import Classic
from .classic_files import Instance, read_instance

__all__ = ["Answer", "Event", "MissingSolver", "answer_of", "load", "methods", "solve_instance"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found for an instance, in the family's own sense and unit.

    `objective` is worked out from the raw data; `faults` are rules of the family that the plan breaks by them (there
    should be none). `gap` is |bound - objective| / max(1, |bound|), `solution` the answer of the solver itself.
    """

    status: str
    stopped: str
    objective: Fraction | None
    bound: Fraction | None
    certified_bound: Fraction | None
    faults: tuple[str, ...]
    solution: Solution
    known: BestKnown | None

    @property
    def gap(self) -> float | None:
        """Distance of value and bound as a share of the bound; None without either."""
        return _gap(self.objective, self.bound)

    @property
    def certified_gap(self) -> float | None:
        """The same against the certified bound."""
        return _gap(self.objective, self.certified_bound)


def load(file: str, family: str, *, set: str | None = None, data: Path | None = None) -> Instance:
    """Read an instance by its path, `#k` included; `set` and `data` are told where the path does not tell them.

    Raises `InstanceError` for whatever is wrong with the file or with what was asked for.
    """
    refuse_unknown(family, set)
    path, part = locate(file, family, data, set)
    return read_instance(path, part, family, set if set is not None else set_by_folder(path, family))


def solve_instance(
    instance: Instance,
    *,
    method: str = "auto",
    time: float | None = 60.0,
    gap: float = 0.0,
    threads: int = 2,
    seed: int = 0,
    watch: Watcher = silent,
    interrupt: Interrupt | None = None,
) -> Answer:
    """Solve an instance; the plan is checked against the raw data.

    What `watch` is told is in the points of the program, which is always maximised; `instance.classic.bound` turns them
    into the family's own. Raises `MissingSolver` where the method needs a package that is not installed.
    """
    solution = solve(
        instance.problem, method=method, stop=Stop(time=time, gap=gap), seed=seed, threads=threads,
        watch=watch, interrupt=interrupt,
    )  # fmt: skip
    known = best_known(instance.family, instance.set, instance.name)
    return answer_of(instance.problem, instance.classic, solution, known=known)


def answer_of(problem: Problem, classic: Classic, solution: Solution, *, known: BestKnown | None = None) -> Answer:
    """A solution of the program in the family's own sense and unit."""
    plan = solution.plan
    faults = tuple(classic.faults(plan)) if plan is not None else ()
    return Answer(
        status="error" if faults else solution.status.value,
        stopped=solution.stopped.value,
        objective=None if plan is None else classic.value(plan),
        bound=None if solution.bound is None else classic.bound(solution.bound),
        certified_bound=None if solution.certified_bound is None else classic.bound(solution.certified_bound),
        faults=faults,
        solution=solution,
        known=known,
    )


def _gap(objective: Fraction | None, bound: Fraction | None) -> float | None:
    if objective is None or bound is None:
        return None
    return float(abs(bound - objective) / max(Fraction(1), abs(bound)))
