"""Both methods at the same time: never behind either, the same plan again, and no process left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from brute_force import optimum
from full_problems import full_problem
from qingdan.solver.certificate import certified_bound
from qingdan.solver.choice import RACED, SMALL, chosen
from qingdan.solver.events import Event
from qingdan.solver.feasibility import profit, violations
from qingdan.solver.interrupt import Interrupt
from qingdan.solver.problem import NONE, Objective, Problem, make_problem
from qingdan.solver.solution import Solution, Status, Stopped
from qingdan.solver.solve import solve
from qingdan.solver.sparse import Sparse
from qingdan.solver.stop import Stop
from random_problems import random_problem
from small_problems import NOTHING, hard_knapsack

WORK = 60
linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")


def _assignment(seed: int, clients: int = 24, places: int = 6) -> Problem:
    """Generalized assignment whose capacities are tight and whose costs run against sizes: no method proves it soon."""
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 100, clients * places)
    cost = 111 - size + rng.integers(-10, 11, clients * places)
    capacity = 0.8 * size.reshape(clients, places).sum(axis=0) / places
    return make_problem(
        1,
        (Objective("cost", -cost, np.zeros(places, np.int64), NOTHING),),
        group_capacity=np.ones(clients, np.int64),
        group_exact=np.ones(clients, np.bool_),
        facility_parent=np.full(places, NONE),
        facility_capacity=capacity.astype(np.int64),
        opening_facility=np.arange(places),
        option_group=np.repeat(np.arange(clients), places),
        option_facility=np.tile(np.arange(places), clients),
        option_size=size,
    )


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("seed", range(12))
def test_the_best_plan_of_all(seed: int, threads: int) -> None:
    """Every stage reaches the optimum, in turns as well as at the same time, and the certificate gives its bound."""
    problem = full_problem(seed).problem
    solution = solve(problem, method="race", stop=Stop(time=60), threads=threads)
    reached: tuple[int, ...] = ()
    for number, stage in enumerate(solution.stages):
        best = optimum(problem.stage(number, reached))
        assert (stage.objective, stage.bound if best is not None else None) == (best, best)
        if best is None:
            assert solution.status is Status.INFEASIBLE and solution.plan is None
            return
        assert solution.certificate is not None and stage.certified_bound is not None
        assert certified_bound(problem, solution.certificate, number, reached=reached) == stage.certified_bound >= best
        reached += (best,)
    assert solution.status is Status.OPTIMAL and solution.plan is not None
    assert violations(problem, solution.plan) == []


def _by(method: str, problem: Problem, threads: int) -> Solution:
    return solve(problem, method=method, stop=Stop(time=None, work=WORK), threads=threads, seed=3)


@pytest.mark.parametrize(
    "problem",
    [
        pytest.param(hard_knapsack(60, 5), id="knapsack"),
        pytest.param(_assignment(1), id="assignment", marks=pytest.mark.long),
    ],
)
def test_never_behind_either(problem: Problem) -> None:
    """With the same work for each the race is no worse than either: neither its plan nor its claim nor its proof."""
    raced, parts = _by("race", problem, 2), [_by(name, problem, 1) for name in ("decomposition", "highs")]
    found = [part.objective for part in parts if part.objective is not None]
    assert raced.objective is not None and raced.objective >= max(found)
    assert raced.bound is not None and all(part.bound is None or raced.bound <= part.bound for part in parts)
    assert raced.certified_bound is not None
    assert all(part.certified_bound is None or raced.certified_bound <= part.certified_bound for part in parts)
    assert raced.plan is not None and violations(problem, raced.plan) == []
    assert profit(problem, problem.objectives[0], raced.plan) == raced.objective


def test_the_same_again_on_any_number_of_threads() -> None:
    """A limit of work decides alone: who comes first, and whether they take turns, does not matter."""
    problem = _assignment(2)
    one, other = (_by("race", problem, threads) for threads in (2, 1))
    assert one.plan is not None and other.plan is not None
    assert np.array_equal(one.plan.option, other.plan.option)
    assert (one.objective, one.bound, one.certified_bound) == (other.objective, other.bound, other.certified_bound)
    assert one.work == other.work


@pytest.mark.parametrize("threads", [1, 2])
def test_time_is_kept(threads: int) -> None:
    """Both end when the time is over; plans rise and bounds fall on the way."""
    events: list[Event] = []
    began = time.monotonic()
    solution = solve(_assignment(3), method="race", stop=Stop(time=4), threads=threads, watch=events.append)
    assert time.monotonic() - began < 8
    assert solution.plan is not None and solution.stopped in (Stopped.TIME, Stopped.OPTIMAL)
    for values, sign in (([e.objective for e in events], 1), ([e.bound for e in events], -1)):
        known = [sign * value for value in values if value is not None]
        assert known == sorted(known)


def _children(parent: int) -> list[int]:
    """Processes whose parent is this one."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(folder.name))
    return found


@linux
@pytest.mark.parametrize("after", [0.1, 1.0, 2.5])
def test_an_interrupt_ends_both(after: float) -> None:
    """Asked to end at any moment, the race gives its plan within about two seconds and leaves no process."""
    problem, interrupt = _assignment(4, clients=60, places=10), Interrupt()
    solve(problem, method="race", stop=Stop(time=1))  # kernels compiled
    before = set(_children(os.getpid()))  # of other tests
    asked: list[float] = []

    def ask() -> None:
        asked.append(time.monotonic())
        interrupt.set()

    threading.Timer(after, ask).start()
    solution = solve(problem, method="race", stop=Stop(time=60), interrupt=interrupt)
    assert time.monotonic() - asked[0] < 3.5
    assert solution.stopped is Stopped.USER
    assert set(_children(os.getpid())) <= before


ALONE = """
import sys
sys.path.insert(0, sys.argv[1])
from small_problems import hard_knapsack
from qingdan.solver.solve import solve
from qingdan.solver.stop import Stop
def watch(event):
    print(event.phase, flush=True)
solve(hard_knapsack(options=200), method="race", stop=Stop(time=120), watch=watch)
"""


@linux
def test_whoever_is_killed_leaves_no_process() -> None:
    """A parent that is ended without warning takes HiGHS with it."""
    parent = subprocess.Popen(
        [sys.executable, "-c", ALONE, str(Path(__file__).parent)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    for line in parent.stdout:
        if line.startswith("search"):
            break
    children = _until(lambda: _children(parent.pid), 20)
    assert children, "HiGHS runs in a process of its own"
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    gone = _until(lambda: not any(_alive(child) for child in children), 5)
    assert gone


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _until(ask, seconds: float):  # type: ignore[no-untyped-def]
    """What is asked for once it is there, or the last answer."""
    ends = time.monotonic() + seconds
    while not (answer := ask()) and time.monotonic() < ends:
        time.sleep(0.05)
    return answer


def _options(count: int, **parts: object) -> Problem:
    return make_problem(
        1,
        (Objective("benefit", np.ones(count, np.int64), NOTHING, NOTHING),),
        option_group=np.full(count, NONE),
        **parts,
    )


def test_what_auto_stands_for() -> None:
    """Small programs go to HiGHS, those with money or with too many entries to the decomposition, the rest is raced."""
    assert chosen(_options(SMALL)) == "highs"
    assert chosen(_options(SMALL + 1)) == "race"
    dense = 1000
    assert chosen(_options(dense, row_limit=np.ones(RACED // dense), option_row=_full(dense, RACED // dense))) == "race"
    rows = RACED // dense + 1
    assert chosen(_options(dense, row_limit=np.ones(rows), option_row=_full(dense, rows))) == "decomposition"
    money = next(problem for problem in map(random_problem, range(20)) if problem.arcs)
    assert chosen(money) == "highs"
    paid = {name: getattr(money, name) for name in ("class_count", "demand_class", "portion_class", "arc_demand")}
    paid |= {
        name: getattr(money, name) for name in ("arc_portion", "arc_source", "arc_row", "row_limit", "portion_percent")
    }
    assert chosen(_options(SMALL + 1, **paid)) == "decomposition"


def _full(options: int, rows: int) -> Sparse:
    owner, index = np.divmod(np.arange(options * rows), rows)
    return Sparse.from_entries(options, owner, index, np.ones(options * rows))


def test_auto_says_which_method_it_took() -> None:
    """The result names the method that ran."""
    assert solve(random_problem(3), stop=Stop(time=20)).method == "highs"
    assert solve(_options(SMALL + 1), stop=Stop(time=20)).method == "race"
