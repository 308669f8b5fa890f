"""Kernels are compiled before the clock of a run is divided."""

from qingdan.solver.solution import Status
from qingdan.solver.solve import solve
from qingdan.solver.stop import Stop
from qingdan.solver.warm_up import small_problem, warm_up


def test_the_small_problem_has_the_same_best_plan_by_both_methods() -> None:
    """What warms the kernels up is a problem that every method solves alike."""
    exact = solve(small_problem(), method="highs", stop=Stop(time=20))
    assert exact.status is Status.OPTIMAL and exact.objective is not None and exact.objective > 0
    found = solve(small_problem(), method="decomposition", stop=Stop(time=20))
    assert found.objective == exact.objective
    assert found.certified_bound is not None and found.certified_bound >= exact.objective


def test_warming_up_again_costs_nothing_new() -> None:
    """A second call finds everything compiled and answers at once."""
    warm_up()
    warm_up()
