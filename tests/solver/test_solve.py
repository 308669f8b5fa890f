"""What a user of `solve` relies on: time, gap, work, interrupts, stages, events, reproducible plans."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from brute_force import optimum
from qingdan.solver.backends import highs
from qingdan.solver.certificate import certified_bound
from qingdan.solver.events import Event
from qingdan.solver.feasibility import violations
from qingdan.solver.idle import without_idle_openings
from qingdan.solver.interrupt import Interrupt
from qingdan.solver.problem import Objective, make_problem
from qingdan.solver.solution import Plan, Status, Stopped, gap_between
from qingdan.solver.solve import deadlines, methods, solve
from qingdan.solver.sparse import Sparse
from qingdan.solver.stop import Stop
from random_problems import random_problem
from small_problems import NOTHING, hard_knapsack, two_projects, two_projects_objective, two_projects_problem


def test_the_plan_by_hand() -> None:
    """Both needs in the module: 10 + 8 - 2 = 16 points, 10 units of money, of which the province pays at most 4."""
    solution = solve(two_projects_problem())
    assert solution.status is Status.OPTIMAL and solution.stopped is Stopped.OPTIMAL
    assert (solution.objective, solution.bound, solution.gap) == (16, 16, 0)
    assert solution.plan is not None
    assert solution.plan.option.tolist() == [True, True, False]
    assert solution.plan.opening.tolist() == [True, True]
    assert solution.plan.arc.sum() == pytest.approx(10) and solution.plan.arc[0] <= 4 + 1e-6


def test_padding_takes_room() -> None:
    """A room of 4 has no place for a module that takes at least 5, though its options would fit."""
    solution = solve(two_projects_problem(facility_capacity=[4, -1]))
    assert solution.objective == 5 and solution.plan is not None
    assert solution.plan.option.tolist() == [False, False, True]


def test_no_plan_is_said_to_be_none() -> None:
    """A need that must be met with an option that cannot be paid: infeasible, and no plan is shown."""
    solution = solve(two_projects_problem(group_exact=[True, True], row_limit=[0, 0]))
    assert solution.status is Status.INFEASIBLE
    assert solution.plan is None and solution.objective is None and solution.gap is None


def test_stages_follow_each_other() -> None:
    """Least cost comes after most benefit and may not lower it."""
    arrays = two_projects()
    cost = Objective("cost", np.array([-6, -4, -2]), np.array([-3, -3]), NOTHING)
    both = solve(make_problem(1, (two_projects_objective(), cost), **arrays))
    assert [(stage.name, stage.objective) for stage in both.stages] == [("benefit", 16), ("cost", -16)]
    assert both.objective == 16, "the headline is the benefit"
    turned = solve(make_problem(1, (cost, two_projects_objective()), **arrays))
    assert [stage.objective for stage in turned.stages] == [0, 0], "the cheapest plan is none at all"


def test_time_is_kept() -> None:
    """A problem that takes minutes ends about on time, with a plan and a bound."""
    began = time.monotonic()
    solution = solve(hard_knapsack(), stop=Stop(time=2))
    assert time.monotonic() - began < 4.5
    assert solution.status is Status.FEASIBLE and solution.stopped is Stopped.TIME
    assert solution.gap is not None and 0 < solution.gap < 0.1
    assert solution.certified_gap is not None and solution.gap <= solution.certified_gap < 0.1


def test_a_gap_is_enough() -> None:
    """The run ends once plan and bound are close enough."""
    solution = solve(hard_knapsack(), stop=Stop(time=60, gap=0.05))
    assert solution.stopped is Stopped.GAP
    assert solution.gap is not None and solution.gap <= 0.05


def test_work_makes_runs_repeatable() -> None:
    """The same work and seed without a clock give the same plan and bound."""
    one, other = (solve(hard_knapsack(), stop=Stop(time=None, work=30), seed=3) for _ in range(2))
    assert one.stopped is Stopped.WORK and one.work >= 1
    assert one.plan is not None and other.plan is not None
    assert np.array_equal(one.plan.option, other.plan.option)
    assert (one.objective, one.bound, one.work) == (other.objective, other.bound, other.work)


def test_an_interrupt_ends_with_the_best_plan() -> None:
    """Asked to end, a run gives its best plan within about two seconds."""
    interrupt = Interrupt()
    timer = threading.Timer(1.0, interrupt.set)
    timer.start()
    began = time.monotonic()
    solution = solve(hard_knapsack(), stop=Stop(time=60), interrupt=interrupt)
    assert time.monotonic() - began < 4.5
    assert solution.stopped is Stopped.USER and solution.status is Status.FEASIBLE
    assert solution.plan is not None and violations(hard_knapsack(), solution.plan) == []


def test_interrupted_before_the_start() -> None:
    """Nothing was found and the result says so."""
    interrupt = Interrupt()
    interrupt.set()
    solution = solve(hard_knapsack(), interrupt=interrupt)
    assert (solution.status, solution.stopped, solution.plan) == (Status.INTERRUPTED, Stopped.USER, None)


def test_a_plan_to_start_from_is_never_lost() -> None:
    """With no time to search, the plan given is the plan returned; one that breaks a rule is not."""
    problem = hard_knapsack()
    known = solve(problem, stop=Stop(time=2)).plan
    assert known is not None
    interrupt = Interrupt()
    interrupt.set()
    again = solve(problem, warm=known, interrupt=interrupt)
    assert again.plan is not None and np.array_equal(again.plan.option, known.option)
    broken = replace(known, option=np.ones(problem.options, np.bool_))
    assert solve(problem, warm=broken, interrupt=interrupt).plan is None


def test_the_watcher_sees_plans_and_bounds_close_in() -> None:
    """Events come in time order, plans only rise, bounds only fall, and all numbers are whole or missing."""
    events: list[Event] = []
    solution = solve(hard_knapsack(), stop=Stop(time=2), watch=events.append)
    assert events[0].phase == "start" and events[-1].phase == "stage"
    assert [e.seconds for e in events] == sorted(e.seconds for e in events)
    plans = [e.objective for e in events if e.objective is not None]
    bounds = [e.bound for e in events if e.bound is not None]
    assert plans == sorted(plans) and bounds == sorted(bounds, reverse=True)
    assert {type(number) for number in [*plans, *bounds]} == {int}
    assert solution.trace[-1].objective == solution.objective and solution.trace[-1].bound == solution.bound


@pytest.mark.parametrize("seed", [0, 2, 7, 15])
def test_a_process_of_its_own_gives_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large programs run in a child process; the answer is that of the same program run here."""
    monkeypatch.setattr(highs, "CHILD_LIMIT", 0)
    problem = random_problem(seed).stage(0, ())
    solution = solve(problem)
    assert solution.objective == optimum(problem)
    if solution.objective is None:
        assert solution.status is Status.INFEASIBLE
    else:
        assert solution.certificate is not None
        assert certified_bound(problem, solution.certificate, 0) >= solution.objective


def test_a_process_of_its_own_keeps_time_and_hears_interrupts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child ends on time, and early when asked, with the best plan it had."""
    monkeypatch.setattr(highs, "CHILD_LIMIT", 0)
    events: list[Event] = []
    began = time.monotonic()
    solution = solve(hard_knapsack(), stop=Stop(time=4), watch=events.append)
    assert time.monotonic() - began < 6.5
    assert solution.stopped is Stopped.TIME and solution.status is Status.FEASIBLE
    assert any(event.phase == "search" and event.objective for event in events)
    interrupt = Interrupt()
    timer = threading.Timer(4.0, interrupt.set)
    timer.start()
    began = time.monotonic()
    solution = solve(hard_knapsack(), stop=Stop(time=60), interrupt=interrupt)
    assert time.monotonic() - began < 8
    assert solution.stopped is Stopped.USER and solution.plan is not None


def test_nothing_is_printed() -> None:
    """Not even the banner of a solver reaches stdout, which a command may need for JSON."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from small_problems import two_projects_problem; from qingdan.solver.solve import solve;"
        "solve(two_projects_problem())"
    )
    said = subprocess.run([sys.executable, "-c", code, __file__.rsplit("/", 1)[0]], capture_output=True, text=True)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_shares_of_time() -> None:
    """Early stages end by a fifth of the time, the headline by 85 %, and a single stage has it all."""
    assert deadlines(["safety", "benefit", "cost"]) == pytest.approx([0.15, 0.9, 1.0])
    assert deadlines(["cost"]) == [1.0]
    assert deadlines(["benefit", "cost"]) == pytest.approx([0.75 / 0.85, 1.0])
    assert deadlines(["one", "two", "three"]) == pytest.approx([0.075 / 0.9, 0.15 / 0.9, 1.0])


def test_settings_are_checked() -> None:
    """Wrong settings are named with what would be right."""
    with pytest.raises(ValueError, match="choose one of auto, highs"):
        solve(two_projects_problem(), method="guess")
    with pytest.raises(ValueError, match="more than 0 seconds"):
        Stop(time=0)
    with pytest.raises(ValueError, match="at least 0 and below 1"):
        Stop(gap=1.0)
    with pytest.raises(ValueError, match="must be 0 or more"):
        Stop(work=-1)
    assert methods()[:2] == ("auto", "highs")


def test_the_gap_is_a_share_of_the_bound() -> None:
    """|bound - objective| / max(1, |bound|)."""
    assert gap_between(90, 100) == pytest.approx(0.1)
    assert gap_between(-110, -100) == pytest.approx(0.1)
    assert gap_between(0, 0) == 0
    assert gap_between(None, 3) is None


def test_the_empty_problem() -> None:
    """No columns at all: the plan is empty and worth nothing."""
    solution = solve(make_problem(1, (Objective("benefit", NOTHING, NOTHING, NOTHING),)))
    assert (solution.status, solution.objective, solution.bound) == (Status.OPTIMAL, 0, 0)


def test_a_program_without_columns_is_possible_only_if_nothing_is_asked() -> None:
    """A need that must be met but has no option is told as infeasible, not as a failure."""
    asked = make_problem(1, (Objective("benefit", NOTHING, NOTHING, NOTHING),), group_capacity=[1], group_exact=[True])
    assert solve(asked, stop=Stop(time=5)).status is Status.INFEASIBLE
    free = make_problem(1, (Objective("benefit", NOTHING, NOTHING, NOTHING),), group_capacity=[1])
    assert solve(free, stop=Stop(time=5)).objective == 0


def test_a_door_that_nothing_goes_through_stays_shut() -> None:
    """An opening without cost is not part of the plan unless something uses it or a rule wants it."""
    free = (Objective("benefit", np.array([10]), np.zeros(2, np.int64), NOTHING),)
    parts = {
        "group_capacity": [1], "facility_parent": [-1, -1], "opening_facility": [0, 1],
        "option_group": [0], "option_facility": [0], "option_period": [0],
    }  # fmt: skip
    problem = make_problem(1, free, **parts)
    plan = Plan(np.ones(1, np.bool_), np.ones(2, np.bool_), np.zeros(0), np.zeros(0))
    assert without_idle_openings(problem, plan).opening.tolist() == [True, False]
    both = Sparse.from_entries(2, [0, 1], [0, 0], [-1, -1])
    wanted = make_problem(1, free, row_limit=[-2], opening_row=both, option_row=Sparse.empty(1), **parts)
    assert without_idle_openings(wanted, plan).opening.tolist() == [True, True]
