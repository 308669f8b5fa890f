"""Branching meets the optimum of small problems by cases, and its proof survives every attempt to bend it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from brute_force import optimum
from qingdan.models.checker.cases import CasesError, read_cases
from qingdan.models.checker.dual import prove_cases
from qingdan.models.checker.program import _SIZES, Program
from qingdan.models.run_arrays import problem_arrays
from qingdan.solver.branching import prove
from qingdan.solver.cases import Decision, evaluate_case, full_prices, make_case
from qingdan.solver.certificate import certified_bound
from qingdan.solver.exact_walk import fast_roots_of
from qingdan.solver.feasibility import profit, violations
from qingdan.solver.interrupt import Interrupt
from qingdan.solver.leaves import CertificateError, Tree, leaf_bounds, tree_bound
from qingdan.solver.prices import make_priced
from qingdan.solver.problem import Objective, Problem, make_problem
from qingdan.solver.solution import Plan
from qingdan.solver.solve import METHODS, Door, solve
from qingdan.solver.stop import Stop
from random_problems import random_problem
from random_trees import damaged

SEEDS = [seed for seed in range(80) if optimum(random_problem(seed).stage(0, ())) is not None][:40]
ENOUGH = Stop(time=None, work=3000)


def location(seed: int, sites: int = 8, clients: int = 24) -> Problem:
    """A location problem that prices alone do not close: tight sizes, fixed charges near what they save."""
    rng = np.random.default_rng(seed)
    group, facility = np.tile(np.arange(clients), sites), np.repeat(np.arange(sites), clients)
    size = rng.integers(5, 20, clients)
    cost = rng.integers(10, 60, clients * sites)
    return make_problem(
        1,
        (Objective("cost", -cost, -rng.integers(80, 180, sites), np.zeros(0, np.int64)),),
        group_capacity=np.ones(clients), group_exact=np.ones(clients),
        facility_parent=np.full(sites, -1), facility_capacity=rng.integers(50, 110, sites),
        opening_facility=np.arange(sites), opening_period=np.zeros(sites),
        option_group=group, option_facility=facility, option_size=size[group],
    )  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_small_problems_are_proved_to_the_optimum(seed: int) -> None:
    """Plan and bound meet, the plan obeys all rules, and the bound is what its leaves prove."""
    problem = random_problem(seed).stage(0, ())
    proof = prove(problem, stop=ENOUGH)
    assert proof.plan is not None and not violations(problem, proof.plan)
    best = optimum(problem)
    assert profit(problem, problem.objectives[0], proof.plan) == best == proof.bound
    assert tree_bound(problem, proof.tree) == proof.bound


@pytest.mark.parametrize("seed", range(6))
def test_location_needs_cases_and_closes(seed: int) -> None:
    """Where prices leave a distance, the leaves close it, and HiGHS agrees."""
    from qingdan.solver.backends.highs import solve_stage

    problem = location(seed)
    whole = solve_stage(problem, stop=Stop(time=None), threads=1)
    proof = prove(problem, stop=Stop(time=None, work=20_000))
    assert whole.plan is not None and proof.plan is not None
    assert profit(problem, problem.objectives[0], proof.plan) == proof.bound == whole.bound


def test_some_proofs_have_many_leaves() -> None:
    """The problems above do exercise branching."""
    assert max(prove(location(seed), stop=Stop(time=None, work=20_000)).tree.leaves for seed in range(6)) > 3


@pytest.mark.parametrize("seed", range(6))
def test_a_tight_proof_cannot_be_bent(seed: int) -> None:
    """No change of a tight tree makes solver or checker accept a bound below the optimum."""
    problem = location(seed)
    proof = prove(problem, stop=Stop(time=None, work=20_000))
    assert proof.plan is not None
    best = profit(problem, problem.objectives[0], proof.plan)
    arrays = problem_arrays(problem)
    program = Program(arrays, {kind: len(arrays[name]) for kind, (name, _) in _SIZES.items()})
    settle = fast_roots_of(problem)
    rng = np.random.default_rng(seed)
    for _ in range(60):
        parts = damaged(proof.tree, rng)
        with suppress(CertificateError):
            assert tree_bound(problem, Tree(**parts), settle=settle) >= best
        named = {f"tree_0_{name}": part for name, part in parts.items()}
        with suppress(CasesError):
            assert prove_cases(program, 0, [], read_cases(named, 0, program, problem.rows)).lowest >= best


def test_the_checker_finds_the_same_bound() -> None:
    """A program that shares no code evaluates the same leaves to the same whole points."""
    problem = location(3)
    proof = prove(problem, stop=Stop(time=None, work=20_000))
    arrays = problem_arrays(problem)
    program = Program(arrays, {kind: len(arrays[name]) for kind, (name, _) in _SIZES.items()})
    named = {f"tree_0_{name}": getattr(proof.tree, name) for name in Tree.__slots__}
    assert prove_cases(program, 0, [], read_cases(named, 0, program, problem.rows)).highest == proof.bound


def test_a_cut_search_still_proves_what_it_says() -> None:
    """Whatever ended the search, its bound is what its leaves prove and never below the optimum."""
    problem = location(1)
    full = prove(problem, stop=Stop(time=None, work=20_000))
    for work in (1, 50, 320, 400):
        proof = prove(problem, stop=Stop(time=None, work=work))
        assert proof.bound >= full.bound
        assert proof.bound == tree_bound(problem, proof.tree)


def test_the_same_work_gives_the_same_tree() -> None:
    """Under a limit of work nothing depends on the clock."""
    problem = location(2)
    one, other = (prove(problem, stop=Stop(time=None, work=600), seed=5) for _ in range(2))
    assert one.bound == other.bound and one.nodes == other.nodes
    assert all(np.array_equal(getattr(one.tree, name), getattr(other.tree, name)) for name in Tree.__slots__)


def test_an_interrupt_ends_the_search_with_a_true_bound() -> None:
    """A run that is asked to end gives back what it has."""
    problem = location(4)
    halt = Interrupt()
    halt.set()
    proof = prove(problem, stop=Stop(time=None), interrupt=halt)
    assert proof.tree.leaves == 1
    assert proof.bound == tree_bound(problem, proof.tree)


def test_a_gap_allowed_ends_sooner() -> None:
    """With a gap of 20 % the search ends with fewer cases and within the gap."""
    problem = location(0)
    exact = prove(problem, stop=Stop(time=None, work=20_000))
    loose = prove(problem, stop=Stop(time=None, work=20_000, gap=0.2))
    assert loose.plan is not None and loose.nodes <= exact.nodes
    value = profit(problem, problem.objectives[0], loose.plan)
    assert loose.bound - value <= 0.2 * abs(loose.bound)


def test_what_is_shut_costs_nothing_in_the_certificate() -> None:
    """The bound of a case with columns left out is the bound of its leaf, where they have prices instead."""
    problem = location(5)
    priced = make_priced(problem)
    rng = np.random.default_rng(0)
    group, row = -rng.uniform(20, 80, problem.groups), np.zeros(problem.rows)
    closed = Decision(np.array([1]), np.array([2]), np.array([1]), 0)
    served = Decision(np.array([0]), np.array([25]), np.array([1]), 0)
    way = ((closed, False), (served, True))
    case = make_case(problem, way)
    value = evaluate_case(priced, case, group, row, np.array([12.5])).value
    full_group, price = full_prices(priced, case, group, row, np.array([12.5]))
    tree = Tree(
        low=np.array([1, -2]), high=np.array([-1, -3]), limit=np.array([0, 0]), form_start=np.array([0, 1, 2]),
        form_kind=np.array([1, 0]), form_column=np.array([2, 25]), form_amount=np.array([1, 1]),
        scale=np.full(3, 1 << 20), group_price=np.rint(np.array([group, group, full_group]) * (1 << 20)).astype(np.int64),
        row_price=np.zeros((3, 0), np.int64), decision_start=np.array([0, 1, 3, 5]),
        decision_price=np.r_[0, 0, 0, np.ceil(price * (1 << 20)).astype(np.int64)],
    )  # fmt: skip
    assert abs(leaf_bounds(problem, tree)[2] - value) <= 1
    opened = replace(tree, decision_price=np.r_[0, 0, 0, 0, int(12.5 * (1 << 20))])
    assert leaf_bounds(problem, opened)[2] >= leaf_bounds(problem, tree)[2]


@pytest.mark.parametrize("seed", [1, 3, 11])
def test_the_tree_of_a_method_ends_in_the_certificate(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All stages are proved to the optimum, and the certificate alone shows it."""
    monkeypatch.setitem(METHODS, "cases", Door("branching_method", brings_prices=True))
    problem = random_problem(seed)
    solution = solve(problem, method="cases", stop=Stop(time=None, work=20_000))
    assert solution.certificate is not None and len(solution.stages) == len(problem.objectives)
    for number, stage in enumerate(solution.stages):
        assert stage.objective == stage.certified_bound == certified_bound(problem, solution.certificate, number)


def test_plans_found_on_the_way_may_be_improved() -> None:
    """What the caller makes of a plan is taken where it is better and obeys all rules."""
    problem = location(0)
    best = prove(problem, stop=Stop(time=None, work=20_000)).plan
    assert best is not None
    poor = replace(best, opening=np.ones(problem.openings, np.bool_))  # needless openings cost
    asked = []

    def improve(plan: Plan) -> Plan:
        asked.append(plan)
        return best

    proof = prove(problem, plan=poor, stop=Stop(time=None, work=1), improve=improve)
    assert len(asked) == 1 and proof.plan is best
