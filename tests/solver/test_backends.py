"""Every general solver, through its door: the same answers as enumeration, honest ends, interrupts, starts."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from brute_force import optimum
from qingdan.solver.backends import cp_sat, scip, whole_program
from qingdan.solver.backends.missing import MissingSolver
from qingdan.solver.backends.outcome import Outcome
from qingdan.solver.events import Event
from qingdan.solver.feasibility import profit, violations
from qingdan.solver.interrupt import Interrupt
from qingdan.solver.problem import NONE, Objective, Problem, make_problem
from qingdan.solver.solution import Plan, Status, Stopped
from qingdan.solver.solve import METHODS, methods, solve
from qingdan.solver.sparse import Sparse
from qingdan.solver.stop import Stop
from random_problems import random_problem
from small_problems import NOTHING, hard_knapsack, two_projects_problem

BACKENDS = ("highs", "scip", "cpsat", "cbc")
ADDED = BACKENDS[1:]
SHORT = range(40)
LONG = range(2000, 2400)


def run(name: str, problem: Problem, stop: Stop, *, interrupt: Interrupt | None = None, **settings: object) -> Outcome:
    """One stage through the door of a method."""
    door = METHODS[name]
    stage = getattr(import_module(door.module, "qingdan.solver"), door.function)
    outcome = stage(problem, stop=stop, interrupt=interrupt, **({"threads": 1, "seed": 0} | settings))
    assert isinstance(outcome, Outcome)
    return outcome


@lru_cache
def known_case(seed: int) -> tuple[Problem, int | None]:
    """The first stage of a random problem and its optimum."""
    problem = random_problem(seed).stage(0, ())
    return problem, optimum(problem)


def agrees(name: str, seed: int) -> None:
    """Plan, bound and the word that there is none, against enumeration."""
    problem, best = known_case(seed)
    outcome = run(name, problem, Stop(time=60))
    assert outcome.error == ""
    assert outcome.infeasible == (best is None)
    if best is None:
        assert outcome.plan is None
        return
    assert outcome.plan is not None and violations(problem, outcome.plan) == []
    assert profit(problem, problem.objectives[0], outcome.plan) == best == outcome.bound
    assert outcome.stopped is Stopped.OPTIMAL


@pytest.mark.parametrize("name", ADDED)
@pytest.mark.parametrize("seed", SHORT)
def test_every_solver_finds_what_enumeration_finds(name: str, seed: int) -> None:
    """A planner may choose any method: the optimum is the same."""
    agrees(name, seed)


@pytest.mark.long
@pytest.mark.parametrize("name", ADDED)
@pytest.mark.parametrize("seed", LONG)
def test_every_solver_finds_it_in_many_more_cases(name: str, seed: int) -> None:
    """The same on cases that the quick run leaves out."""
    agrees(name, seed)


@pytest.mark.parametrize("seed", SHORT[::4])
def test_scip_through_or_tools_finds_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PySCIPOpt is not installed, the SCIP in OR-Tools answers."""
    monkeypatch.setattr(scip, "WAYS", {"ortools": "scip_ortools_run"})
    agrees("scip", seed)


@pytest.mark.parametrize("seed", SHORT)
def test_coarse_money_is_honest(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where CP-SAT counts money in hundredths alone, plans keep every rule and bounds hold, if less tightly."""
    monkeypatch.setattr(whole_program, "FINE", whole_program.COARSE)
    problem, best = known_case(seed)
    outcome = run("cpsat", problem, Stop(time=60))
    if best is None:
        assert outcome.plan is None
        return
    assert not outcome.infeasible and outcome.bound is not None and outcome.bound >= best
    if outcome.plan is None:
        assert outcome.error
        return
    assert violations(problem, outcome.plan) == []
    value = profit(problem, problem.objectives[0], outcome.plan)
    assert value <= best and (outcome.stopped is Stopped.OPTIMAL) == (value == outcome.bound)


def test_money_that_no_part_of_a_unit_measures() -> None:
    """Two rows force payments of a third and two thirds: CP-SAT, which counts whole parts, claims nothing wrong."""
    arc_row = Sparse.from_entries(2, [0, 1], [2, 3], [3, 3])
    problem = make_problem(
        1,
        (Objective("benefit", np.array([7]), NOTHING, NOTHING),),
        option_group=[NONE],
        row_limit=[5, 5, 1, 2],
        demand_class=[0],
        option_spend=Sparse.from_entries(1, [0], [0], [1]),
        portion_class=[0],
        arc_demand=[0, 0],
        arc_portion=[0, 0],
        arc_source=[0, 1],
        arc_row=arc_row,
    )
    assert optimum(problem) == 7
    for name in BACKENDS:
        outcome = run(name, problem, Stop(time=10))
        assert outcome.bound == 7 and outcome.plan is not None and violations(problem, outcome.plan) == []
        assert outcome.plan.option.tolist() == [True]


def test_cbc_reads_programs_of_many_columns() -> None:
    """Names grow with the numbers of columns; the program is read all the same."""
    places = 10_002
    problem = make_problem(
        1,
        (Objective("benefit", np.array([5]), np.full(places, -2), NOTHING),),
        facility_parent=np.full(places, NONE),
        opening_facility=np.arange(places),
        option_group=[NONE],
        option_facility=[places - 1],
        row_limit=[1],
        option_row=Sparse.from_entries(1, [0], [0], [1]),
    )
    outcome = run("cbc", problem, Stop(time=60))
    assert outcome.error == "" and outcome.bound == 3 and outcome.plan is not None
    assert np.flatnonzero(outcome.plan.opening).tolist() == [places - 1]


@pytest.mark.parametrize("name", ADDED)
def test_stages_follow_each_other_in_every_method(name: str) -> None:
    """The whole recipe runs with each method, and its values are those of HiGHS."""
    for seed in (0, 2, 4, 9):
        problem = random_problem(seed)
        one, other = solve(problem, method=name, threads=1), solve(problem, method="highs", threads=1)
        assert [stage.objective for stage in one.stages] == [stage.objective for stage in other.stages]
        assert (one.status, one.method) == (other.status, name)


@pytest.mark.parametrize("name", ADDED)
def test_a_plan_at_the_limit_is_feasible_and_not_optimal(name: str) -> None:
    """A plan found before the time was over is told as feasible, with a bound above it."""
    problem = hard_knapsack()
    solution = solve(problem, method=name, stop=Stop(time=1.5), threads=1)
    assert (solution.status, solution.stopped) == (Status.FEASIBLE, Stopped.TIME)
    assert solution.plan is not None and violations(problem, solution.plan) == []
    assert solution.objective is not None and solution.bound is not None and solution.objective < solution.bound


@pytest.mark.parametrize("name", ADDED)
def test_nothing_is_claimed_without_work(name: str) -> None:
    """With next to no work a solver claims neither the optimum nor that there is no plan, and its bound is true."""
    problem = hard_knapsack()
    outcome = run(name, problem, Stop(time=None, work=1))
    known = solve(problem, method="highs", stop=Stop(time=1), threads=1)
    assert outcome.stopped is Stopped.WORK and not outcome.infeasible and outcome.error == ""
    assert known.objective is not None
    assert outcome.bound is None or outcome.bound >= known.objective
    if outcome.plan is not None:
        assert violations(problem, outcome.plan) == []


@pytest.mark.parametrize("name", ADDED)
def test_a_hard_stage_without_plan_is_not_called_infeasible(name: str) -> None:
    """Stopped before any plan was found: no plan, no bound that is not true, no claim."""
    problem = market_split()
    outcome = run(name, problem, Stop(time=1))
    assert outcome.plan is None and not outcome.infeasible and outcome.error == ""
    assert outcome.stopped is Stopped.TIME
    assert outcome.bound is None or outcome.bound >= 0


@pytest.mark.parametrize("name", ADDED)
def test_a_gap_is_enough_for_every_solver(name: str) -> None:
    """The run ends once plan and bound are close enough."""
    solution = solve(hard_knapsack(), method=name, stop=Stop(time=60, gap=0.02), threads=1)
    assert solution.stopped is Stopped.GAP
    assert solution.gap is not None and solution.gap <= 0.02


@pytest.mark.parametrize("name", ADDED)
@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_work_gives_the_same_plan(name: str, threads: int) -> None:
    """A run can be repeated: seed and work settle plan, bound and work done."""
    work = 400
    one, other = (run(name, hard_knapsack(), Stop(time=None, work=work), seed=5, threads=threads) for _ in range(2))
    assert one.plan is not None and other.plan is not None
    assert np.array_equal(one.plan.option, other.plan.option)
    assert (one.bound, one.work, one.stopped) == (other.bound, other.work, other.stopped)


@pytest.mark.parametrize("name", ADDED)
def test_every_solver_hears_an_interrupt(name: str) -> None:
    """Asked to end, it gives its best plan long before its time is over."""
    interrupt = Interrupt()
    timer = threading.Timer(1.0, interrupt.set)
    timer.start()
    outcome = run(name, hard_knapsack(), Stop(time=None), interrupt=interrupt)
    assert interrupt.is_set
    assert outcome.stopped is Stopped.USER and not outcome.infeasible
    assert outcome.plan is not None and violations(hard_knapsack(), outcome.plan) == []


@pytest.mark.parametrize("name", ADDED)
def test_ctrl_c_is_left_to_the_caller(name: str) -> None:
    """Solvers catch no signal themselves: a program that solves gets its own, and ends as it wants."""
    code = (
        "import sys, signal; sys.path.insert(0, sys.argv[1]);"
        "from small_problems import hard_knapsack; from qingdan.solver.solve import solve, Stop;"
        "from qingdan.solver.interrupt import Interrupt; asked = Interrupt();"
        "signal.signal(signal.SIGINT, lambda *_: asked.set());"
        "watch = lambda event: event.objective and print(event.phase, flush=True);"
        "found = solve(hard_knapsack(), method=sys.argv[2], stop=Stop(time=None), watch=watch, interrupt=asked);"
        "print('ended', found.stopped, found.status)"
    )
    words = [sys.executable, "-c", code, str(Path(__file__).parent), name]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None and process.stdout.readline().startswith("search")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, err) == (0, "")
    assert out.splitlines()[-1] == "ended user feasible"


@pytest.mark.parametrize("name", ADDED)
def test_interrupted_before_the_start_nothing_is_claimed(name: str) -> None:
    """A solver that may not begin knows nothing."""
    interrupt = Interrupt()
    interrupt.set()
    outcome = run(name, hard_knapsack(), Stop(time=60), interrupt=interrupt)
    assert outcome.stopped is Stopped.USER and not outcome.infeasible


@pytest.mark.parametrize("name", ADDED)
def test_progress_closes_in(name: str) -> None:
    """Plans only rise, and what is told on the way holds."""
    events: list[Event] = []
    solution = solve(hard_knapsack(), method=name, stop=Stop(time=2), threads=1, watch=events.append)
    plans = [e.objective for e in events if e.phase == "search" and e.objective is not None]
    bounds = [e.bound for e in events if e.phase == "search" and e.bound is not None]
    assert plans and bounds and solution.objective is not None
    assert plans == sorted(plans) and plans[-1] <= solution.objective <= min(bounds)


@pytest.mark.parametrize("name", ADDED)
def test_no_plan_is_said_to_be_none_by_every_solver(name: str) -> None:
    """A need that must be met with an option that cannot be paid, and one that has no option at all."""
    unpaid = solve(two_projects_problem(group_exact=[True, True], row_limit=[0, 0]), method=name, threads=1)
    assert unpaid.status is Status.INFEASIBLE and unpaid.plan is None
    asked = make_problem(1, (Objective("benefit", NOTHING, NOTHING, NOTHING),), group_capacity=[1], group_exact=[True])
    assert solve(asked, method=name, threads=1).status is Status.INFEASIBLE


@pytest.mark.parametrize("name", ADDED)
def test_a_program_without_rows_takes_the_better_end_of_every_column(name: str) -> None:
    """Nothing holds an option of worth back, and nothing asks for one that costs."""
    objective = Objective("benefit", np.array([3, -2]), NOTHING, np.array([-4]))
    free = make_problem(1, (objective,), option_group=[NONE, NONE], extra_lower=[-1], extra_upper=[2])
    assert solve(free, method=name, threads=1).objective == 3 + 4


@pytest.mark.parametrize("name", BACKENDS)
def test_a_plan_to_start_from_is_used(name: str) -> None:
    """With almost no work, the result is at least the plan given, and a bad start does no harm."""
    problem = hard_knapsack()
    known = solve(problem, method="highs", stop=Stop(time=1), threads=1)
    assert known.plan is not None and known.objective is not None
    outcome = run(name, problem, Stop(time=None, work=1), warm=known.plan)
    assert outcome.plan is not None
    assert profit(problem, problem.objectives[0], outcome.plan) >= known.objective
    money = two_projects_problem()
    empty = Plan(np.zeros(3, np.bool_), np.zeros(2, np.bool_), np.zeros(0), np.zeros(2))
    assert run(name, money, Stop(), warm=empty).bound == 16


@pytest.mark.parametrize("name", ["scip", "cpsat"])
@pytest.mark.parametrize("seed", [0, 2, 7, 15])
def test_a_solver_in_a_process_of_its_own_gives_the_same(name: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large programs run in a child process; the answer is that of the same program run here."""
    monkeypatch.setattr(scip, "CHILD_LIMIT", 0)
    monkeypatch.setattr(cp_sat, "CHILD_LIMIT", 0)
    agrees(name, seed)


@pytest.mark.parametrize("name", ["scip", "cpsat"])
def test_a_solver_in_a_process_of_its_own_hears_interrupts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child ends when asked, with the best plan it had."""
    monkeypatch.setattr(scip, "CHILD_LIMIT", 0)
    monkeypatch.setattr(cp_sat, "CHILD_LIMIT", 0)
    interrupt = Interrupt()

    def enough(value: int | None, bound: int | None) -> None:
        if value is not None:
            interrupt.set()

    outcome = run(name, hard_knapsack(), Stop(time=None), interrupt=interrupt, progress=enough)
    assert interrupt.is_set and outcome.stopped is Stopped.USER and outcome.plan is not None


def test_a_missing_solver_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever chooses a method that is not installed reads which command installs it, in both languages."""
    for module, extra in (("scip", "scip"), ("cp_sat", "cpsat"), ("cbc", "cbc")):
        monkeypatch.setattr(f"qingdan.solver.backends.{module}.installed", lambda package: False)
        with pytest.raises(MissingSolver) as told:
            solve(two_projects_problem(), method=extra)
        command = f'pip install "qingdan[{extra}]"'
        assert command in told.value.zh and command in told.value.en
        assert "需要" in told.value.zh and "needs" in told.value.en


def test_the_doors_import_no_solver_before_it_is_used() -> None:
    """Choosing HiGHS costs no second for libraries that are not used."""
    code = (
        "import sys; import qingdan.solver.backends.scip, qingdan.solver.backends.cp_sat, qingdan.solver.backends.cbc;"
        "print([name for name in ('ortools', 'pyscipopt', 'pulp') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_all_names_are_methods() -> None:
    """`methods` names every backend."""
    assert set(BACKENDS) <= set(methods())


def market_split(columns: int = 40, rows: int = 4, seed: int = 1) -> Problem:
    """Equations whose solutions nobody finds within seconds: every row is to be met exactly."""
    rng = np.random.default_rng(seed)
    weight = rng.integers(0, 100, (columns, rows))
    option = np.repeat(np.arange(columns), rows)
    index = np.tile(np.arange(rows), columns)
    use = np.concatenate([weight.ravel(), -weight.ravel()])
    half = weight.sum(axis=0) // 2
    return make_problem(
        1,
        (Objective("benefit", np.zeros(columns, np.int64), NOTHING, NOTHING),),
        option_group=np.full(columns, NONE),
        row_limit=np.concatenate([half, -half]),
        option_row=Sparse.from_entries(columns, np.tile(option, 2), np.concatenate([index, index + rows]), use),
    )
