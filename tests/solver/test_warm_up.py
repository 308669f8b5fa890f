"""Kernels are compiled before the clock of a run is divided."""

import subprocess
import sys
from pathlib import Path

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


COUNT = """
import sys
from qingdan.solver.warm_up import warm_up
def forms():
    return {
        (module.__name__, name): len(thing.signatures)
        for module in list(sys.modules.values()) if module is not None and module.__name__.startswith("qingdan.solver")
        for name, thing in vars(module).items() if hasattr(thing, "signatures")
    }
warm_up()
before = forms()
sys.path.insert(0, sys.argv[1])
from random_problems import random_problem
from qingdan.solver.solve import solve
from qingdan.solver.stop import Stop
for seed in range(6):
    solve(random_problem(seed), method="decomposition", stop=Stop(time=20, work=1500))
after = forms()
print(len(before), [name for name, count in after.items() if count > before.get(name, 0)])
"""


def test_a_run_after_warming_up_compiles_nothing() -> None:
    """No kernel meets a form of arrays that warming up did not show it."""
    told = subprocess.run(
        [sys.executable, "-c", COUNT, str(Path(__file__).parent)], capture_output=True, text=True, check=True
    ).stdout.split(maxsplit=1)
    assert int(told[0]) > 20
    assert told[1].strip() == "[]"
