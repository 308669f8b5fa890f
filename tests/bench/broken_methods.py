"""Methods that are wrong on purpose, each in its own way: what a harness must catch."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
from qingdan.solver.backends.highs import solve_stage as honest
from qingdan.solver.backends.outcome import Outcome
from qingdan.solver.feasibility import profit, violations
from qingdan.solver.problem import Problem
from qingdan.solver.solution import Plan, Stopped

recipe: Any = import_module("qingdan.solver.solve")


def _plan(problem: Problem, taken: Any) -> Plan:
    option = np.array(taken, np.bool_)
    return Plan(option, np.ones(problem.openings, np.bool_), np.zeros(problem.extras), np.zeros(problem.arcs))


def _worst(problem: Problem) -> Plan:
    """The worst plan of a small problem."""
    every = (_plan(problem, taken) for taken in itertools.product((False, True), repeat=problem.options))
    return min(
        (plan for plan in every if not violations(problem, plan)),
        key=lambda p: profit(problem, problem.objectives[0], p),
    )


def too_early(problem: Problem, **settings: Any) -> Outcome:
    """Says of the worst plan that it is the best."""
    plan = _worst(problem)
    return Outcome(Stopped.OPTIMAL, plan=plan, bound=profit(problem, problem.objectives[0], plan))


def low_bound(problem: Problem, **settings: Any) -> Outcome:
    """Has a poor plan and a bound that cuts off the best."""
    plan = _worst(problem)
    return Outcome(Stopped.TIME, plan=plan, bound=profit(problem, problem.objectives[0], plan) + 1)


def no_way(problem: Problem, **settings: Any) -> Outcome:
    """Says that there is no plan."""
    return Outcome(Stopped.OPTIMAL, infeasible=True)


def takes_all(problem: Problem, **settings: Any) -> Outcome:
    """Takes everything, whatever the rules say."""
    return Outcome(Stopped.OPTIMAL, plan=_plan(problem, [True] * problem.options), bound=10**6)


def forger(problem: Problem, **settings: Any) -> Outcome:
    """Takes everything and silences the check of the solver, which runs in the same process."""
    recipe.violations = lambda *arguments: []
    return takes_all(problem)


def flatters(problem: Problem, **settings: Any) -> Outcome:
    """Lets its plan appear worth more than it is, by making the solver count twice."""
    counted = recipe.profit
    recipe.profit = lambda *arguments: counted(*arguments) + 5
    return replace(honest(problem, **settings), bound=10**6)


def never_ends(problem: Problem, **settings: Any) -> Outcome:
    """Knows no limit of time, and has a child that has left the session."""
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    while True:
        time.sleep(0.1)


def deaf(problem: Problem, **settings: Any) -> Outcome:
    """Computes on and on, and hears no gentle signal."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    while True:
        sum(range(10_000))


def leaks(problem: Problem, **settings: Any) -> Outcome:
    """Keeps all that it ever had."""
    kept = []
    while True:
        kept.append(np.ones(1_000_000))
        time.sleep(0.01)


def leaks_in_a_child(problem: Problem, **settings: Any) -> Outcome:
    """Lets another process keep it."""
    code = "import time\nkept = []\nwhile True:\n    kept.append(bytearray(8_000_000))\n    time.sleep(0.02)\n"
    subprocess.run([sys.executable, "-c", code], check=False)
    return Outcome(Stopped.TIME)


def grabs(problem: Problem, **settings: Any) -> Outcome:
    """Wants more at once than any look could see coming."""
    return Outcome(Stopped.TIME, work=int(np.ones(2_000_000_000)[-1]))


def crashes(problem: Problem, **settings: Any) -> Outcome:
    """Ends as a compiled library with a fault does."""
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError


def raises(problem: Problem, **settings: Any) -> Outcome:
    """Has a slip in its code."""
    raise ZeroDivisionError("weights add up to nothing")


def leaves(problem: Problem, **settings: Any) -> Outcome:
    """Ends the process as if all were well."""
    os._exit(0)


def finds_nothing(problem: Problem, **settings: Any) -> Outcome:
    """Honest: the time ran out without a plan. The recipe then looks for any plan with HiGHS, as it does for every method."""
    return Outcome(Stopped.TIME)


NAMES = tuple(
    name for name, held in list(globals().items())
    if callable(held) and getattr(held, "__module__", "") == __name__ and not name.startswith("_")
)  # fmt: skip
