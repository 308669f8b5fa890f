"""Branching alone as a method: what a method does that proves its bound by cases."""

from __future__ import annotations

from typing import Any

from qingdan.solver.backends.outcome import Outcome
from qingdan.solver.branching import prove
from qingdan.solver.problem import Problem
from qingdan.solver.solution import Stopped
from qingdan.solver.stop import Stop


def solve_stage(problem: Problem, *, stop: Stop, seed: int, interrupt: Any, warm: Any, **others: Any) -> Outcome:
    """One stage by cases alone."""
    proof = prove(problem, plan=warm, stop=stop, seed=seed, interrupt=interrupt)
    return Outcome(
        Stopped.OPTIMAL, plan=proof.plan, bound=proof.bound, work=proof.work, prices=proof.prices, tree=proof.tree
    )
