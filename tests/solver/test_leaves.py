"""A proof by cases holds on every plan, whatever its decisions and prices; an ill-formed one is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brute_force import optimum
from qingdan.models.checker.cases import CasesError, Leaf, read_cases
from qingdan.models.checker.dual import prove_cases
from qingdan.models.checker.program import _SIZES, Program
from qingdan.models.run_arrays import problem_arrays
from qingdan.solver.certificate import Certificate, CertificateError, StagePrices, certified_bound
from qingdan.solver.exact_walk import fast_roots_of
from qingdan.solver.formats import load_certificate, save_certificate
from qingdan.solver.leaves import Tree, leaf_bounds, tree_bound
from qingdan.solver.problem import Problem
from random_problems import random_problem
from random_trees import damaged, random_tree
from small_problems import two_projects_problem

SEEDS = [seed for seed in range(60) if optimum(random_problem(seed).stage(0, ())) is not None][:25]


def _program(problem: Problem) -> Program:
    arrays = problem_arrays(problem)
    return Program(arrays, {kind: len(arrays[name]) for kind, (name, _) in _SIZES.items()})


def _read(parts: dict[str, np.ndarray], program: Program) -> list[Leaf]:
    return read_cases({f"tree_0_{name}": part for name, part in parts.items()}, 0, program, program.size["row"])


def _parts(tree: Tree) -> dict[str, np.ndarray]:
    return {name: getattr(tree, name) for name in Tree.__slots__}


def _one_decision() -> Tree:
    """Is option 0 taken? Both sides priced as a reader would."""
    return Tree(
        low=np.array([-1]), high=np.array([-2]), limit=np.array([0]), form_start=np.array([0, 1]),
        form_kind=np.array([0]), form_column=np.array([0]), form_amount=np.array([1]), scale=np.array([1, 2]),
        group_price=np.array([[4, 3], [8, 6]]), row_price=np.array([[1, 0], [2, 0]]),
        decision_start=np.array([0, 1, 2]), decision_price=np.array([6, 0]),
    )  # fmt: skip


def test_the_leaves_by_hand() -> None:
    """Without option 0 its 6 points are gone (see the bound by hand of the certificate: 22), with it nothing changes."""
    problem = two_projects_problem()
    assert leaf_bounds(problem, _one_decision()) == [16, 22]
    assert tree_bound(problem, _one_decision()) == 22


def test_taking_what_must_be_taken_pays() -> None:
    """On the side where a column must be taken, its price comes off the bound unless the column is worth it."""
    problem = two_projects_problem()
    priced = replace(_one_decision(), decision_price=np.array([6, 10]))
    assert leaf_bounds(problem, priced) == [16, 22]  # 5 points for taking it, 5 points less for the sum
    worthless = replace(priced, limit=np.array([1]))  # option 0 twice: cannot be, and its price says so
    assert leaf_bounds(problem, worthless)[1] == 17


@pytest.mark.parametrize("seed", SEEDS)
def test_no_tree_makes_a_false_bound(seed: int) -> None:
    """Whatever the decisions and prices, the bound is at least the optimum, and the checker finds the same."""
    problem = random_problem(seed)
    single = problem.stage(0, ())
    best = optimum(single)
    assert best is not None
    program = _program(problem)
    rng = np.random.default_rng(seed)
    for decisions in (0, 1, 2, 5, 9):
        tree = random_tree(single, rng, decisions)
        bound = tree_bound(single, tree)
        assert bound >= best
        assert bound == tree_bound(single, tree, settle=fast_roots_of(single))
        found = prove_cases(program, 0, [], _read(_parts(tree), program))
        assert found.lowest <= bound <= found.highest


@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_tree_is_refused_or_still_true(seed: int) -> None:
    """No change of a number, no missing and no double part makes solver or checker accept a bound below the optimum."""
    problem = random_problem(seed)
    single = problem.stage(0, ())
    best = optimum(single)
    assert best is not None
    program = _program(problem)
    rng = np.random.default_rng(1000 + seed)
    refused = 0
    for _ in range(40):
        parts = damaged(random_tree(single, rng, int(rng.integers(1, 6))), rng)
        try:
            assert tree_bound(single, Tree(**parts)) >= best
        except CertificateError:
            refused += 1
        try:
            assert prove_cases(program, 0, [], _read(parts, program)).lowest >= best
        except CasesError:
            refused += 1
    assert refused


BROKEN = [
    ({"low": np.array([0])}, "decision 0: 0 is no later decision and no leaf"),
    ({"low": np.array([-2])}, "decision 0: -2 is reached twice"),
    ({"high": np.array([-3])}, "decision 0: -3 is no later decision and no leaf"),
    ({"low": np.zeros(0, np.int64), "high": np.zeros(0, np.int64)}, "limit has 1 elements, 0 are needed"),
    ({"high": np.zeros(0, np.int64)}, "high has 0 elements, 1 are needed"),
    ({"decision_price": np.array([1, -1])}, "leaf 1: the price of a decision is negative"),
    ({"decision_start": np.array([0, 2, 2])}, "leaf 0: 2 prices of decisions, 1 are needed"),
    ({"decision_start": np.array([0, 1, 1])}, "decision_start does not rise from 0 to 2"),
    ({"form_column": np.array([99])}, "form_column points at nothing"),
    ({"form_column": np.array([-1])}, "form_column points at nothing"),
    ({"form_kind": np.array([3])}, "form_kind holds other numbers"),
    ({"form_amount": np.array([0.5])}, "form_amount is not made of 64-bit whole numbers"),
    ({"form_amount": np.array([2**60])}, "form_amount holds a number beyond"),
    ({"scale": np.array([1, 3])}, "leaf 1: scale is 3"),
    ({"row_price": np.array([[1, 0], [-2, 0]])}, "leaf 1: row_price is negative at 0"),
    ({"group_price": np.array([[-4, 3], [8, 6]])}, "leaf 0: group_price is negative at 0"),
    ({"group_price": np.array([[4], [8]])}, "leaf 0: group_price has 1 elements, 2 are needed"),
]


@pytest.mark.parametrize(("change", "words"), BROKEN)
def test_a_broken_tree_is_refused_by_name(change: dict[str, np.ndarray], words: str) -> None:
    """The solver's error says which part is wrong; the checker refuses the same tree."""
    problem = two_projects_problem()
    broken = replace(_one_decision(), **change)
    stage = StagePrices(0, (), 1, np.array([4, 3]), np.array([1, 0]), broken)
    with pytest.raises(CertificateError, match="stage 0, .*" + words):
        certified_bound(problem, Certificate((stage,)), 0)
    with pytest.raises(CasesError):
        _read(_parts(broken), _program(problem))


def test_a_decision_on_a_divisible_column_is_refused() -> None:
    """ "At most 0 or at least 1" leaves out one half: such a column proves nothing."""
    problem = next(
        p for p in map(random_problem, range(100)) if p.extras and not p.extra_whole.all() and len(p.objectives) == 1
    )
    tree = random_tree(problem, np.random.default_rng(0), 1)
    loose = int(np.flatnonzero(~problem.extra_whole)[0])
    half = replace(
        tree, form_start=np.array([0, 1]), form_kind=np.array([2]), form_column=np.array([loose]),
        form_amount=np.array([1]),
    )  # fmt: skip
    with pytest.raises(CertificateError, match="need not be whole"):
        tree_bound(problem, half)
    with pytest.raises(CasesError, match="need not be whole"):
        _read(_parts(half), _program(problem))


def test_the_better_of_prices_and_tree_counts_and_survives_a_file(tmp_path: Path) -> None:
    """A stage's bound is the lower of the two; a file gives back both."""
    problem = two_projects_problem()
    good = StagePrices(0, (), 1, np.array([4, 3]), np.array([1, 0]))
    bad = replace(good, group_price=np.array([50, 50]))
    for prices, bound in ((good, 22), (bad, 22)):
        stage = replace(prices, tree=_one_decision())
        save_certificate(Certificate((stage,)), tmp_path / "certificate.npz")
        again = load_certificate(tmp_path / "certificate.npz")
        assert certified_bound(problem, again, 0) == bound
    assert certified_bound(problem, Certificate((bad,)), 0) > 22
