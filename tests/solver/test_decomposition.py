"""The decomposition against enumeration and against itself: bounds true, plans allowed, the same on any thread count."""

import threading
import time

import numpy as np
import pytest
from brute_force import optimum
from qingdan.solver.books import open_books, open_ledger
from qingdan.solver.decomposition import solve_stage
from qingdan.solver.feasibility import profit, violations
from qingdan.solver.interrupt import Interrupt
from qingdan.solver.ledger import add_option, undo
from qingdan.solver.prices import find_prices, make_priced
from qingdan.solver.problem import Problem
from qingdan.solver.reroute import rerouted
from qingdan.solver.search import FILLING, PlanSearch, empty_plan
from qingdan.solver.solution import Stopped
from qingdan.solver.solve import solve
from qingdan.solver.stop import Stop
from random_problems import KINDS, random_problem

# rules that ask for something come first, then what is worth most for what it uses
FROM_NOTHING = ((0.0, 1.0), (0.0, 1.0), (1.0, 2.0), (1.0, 1.4), (1.0, 1.0), (1.0, 0.5))


def _problem(kind: str, seed: int) -> Problem:
    return random_problem(len(KINDS) * seed + KINDS.index(kind)).stage(0, ())


@pytest.mark.parametrize("seed", range(24))
def test_plans_are_allowed_and_bounds_true(seed: int) -> None:
    problem = random_problem(seed).stage(0, ())
    best = optimum(problem)
    outcome = solve_stage(problem, stop=Stop(time=None))
    if best is None:
        assert outcome.plan is None
        return
    assert outcome.plan is not None and violations(problem, outcome.plan) == []
    assert outcome.bound is not None
    assert profit(problem, problem.objectives[0], outcome.plan) <= best <= outcome.bound
    assert outcome.prices is not None


@pytest.mark.parametrize("seed", range(20))
def test_search_without_exact_cores_never_offers_a_plan_that_breaks_a_rule(seed: int) -> None:
    problem = _problem("plan", 100 + seed)
    priced = make_priced(problem)
    found = find_prices(priced, steps=50)
    search = PlanSearch(priced, found.row, np.random.default_rng(seed), lambda: True)
    search.run(FROM_NOTHING)
    search.offer(search.plan)
    search.run(((1.0, 1.0),), factor=0.5, grip=0.3)
    search.make_dearer()
    search.run(FILLING, factor=2.0)
    search.run(FILLING)
    search.reroute()
    search.offer(search.plan)
    if search.best is not None:
        assert violations(problem, search.best) == []
        best = optimum(problem)
        assert best is not None and search.best_value <= best


def test_ledger_knows_what_a_plan_holds_after_every_move() -> None:
    for seed in range(10):
        problem = _problem("plan", seed)
        priced = make_priced(problem)
        price = np.ones(problem.rows)
        search = PlanSearch(priced, price, np.random.default_rng(seed), lambda: True)
        search.run(FROM_NOTHING)
        again = open_ledger(search.books, problem, search.plan, price)
        np.testing.assert_allclose(search.ledger.value, again.value, atol=1e-6)


def test_what_is_undone_leaves_no_trace() -> None:
    problem = _problem("plan", 3)
    priced = make_priced(problem)
    books, price = open_books(priced), np.ones(problem.rows)
    ledger = open_ledger(books, problem, empty_plan(problem), price)
    before = ledger.value.copy()
    order = np.lexsort((np.arange(problem.arcs), problem.arc_demand)).astype(np.int64)
    for option in range(problem.options):
        add_option(books, ledger, price, order, option)
        undo(ledger, 0)
        assert np.array_equal(ledger.value, before)


def test_money_routed_anew_pays_the_same_projects() -> None:
    problem = _problem("money", 1)
    outcome = solve_stage(problem, stop=Stop(time=None))
    assert outcome.plan is not None
    again = rerouted(problem, outcome.plan, np.ones(problem.rows))
    assert violations(problem, again) == []
    assert np.array_equal(again.option, outcome.plan.option)


def test_the_same_on_any_number_of_threads() -> None:
    problem = _problem("plan", 11)
    plans = [solve_stage(problem, stop=Stop(time=None, work=700), threads=n, seed=5).plan for n in (1, 2)]
    assert plans[0] is not None and plans[1] is not None
    for part in ("option", "opening", "extra", "arc"):
        assert np.array_equal(getattr(plans[0], part), getattr(plans[1], part))


def test_an_interrupt_ends_the_run() -> None:
    interrupt = Interrupt()
    problem = _problem("plan", 2)
    threading.Timer(0.05, interrupt.set).start()
    began = time.monotonic()
    outcome = solve_stage(problem, stop=Stop(time=30), interrupt=interrupt)
    assert time.monotonic() - began < 10
    assert outcome.stopped in (Stopped.USER, Stopped.OPTIMAL)


@pytest.mark.parametrize("seed", range(4))
def test_certified_by_its_own_prices(seed: int) -> None:
    problem = random_problem(len(KINDS) * seed + KINDS.index("plan"))
    solution = solve(problem, method="decomposition", stop=Stop(time=20))
    for result in solution.stages:
        if result.objective is not None:
            assert result.certified_bound is not None and result.objective <= result.certified_bound
