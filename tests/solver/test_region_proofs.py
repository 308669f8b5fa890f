"""A proof region by region holds on every plan; regions that are none, and trees that reach beyond theirs, are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brute_force import optimum
from hypothesis import given, settings
from hypothesis import strategies as st
from qingdan.models.checker.cases import CasesError
from qingdan.models.checker.dual import Bound
from qingdan.models.checker.group_rows import with_tight_groups
from qingdan.models.checker.program import _SIZES, Program
from qingdan.models.checker.region_bound import prove_regions
from qingdan.models.checker.regions import read_regions
from qingdan.models.run_arrays import problem_arrays
from qingdan.solver.certificate import Certificate, CertificateError, StagePrices, certified_bound
from qingdan.solver.exact_walk import fast_roots
from qingdan.solver.formats import load_certificate, save_certificate
from qingdan.solver.problem import Problem
from qingdan.solver.region_proofs import COMMON, RegionProofs, column_regions
from random_problems import random_problem
from random_trees import damaged
from regional_problems import labels, random_stage, region_of, regional, shared_optimum


def _program(problem: Problem) -> Program:
    arrays = problem_arrays(problem)
    return with_tight_groups(Program(arrays, {kind: len(arrays[name]) for kind, (name, _) in _SIZES.items()}))


def _named(proofs: RegionProofs) -> dict[str, np.ndarray]:
    return {f"region_0_{name}": held for name, held in proofs.arrays().items()}


def _checked(problem: Problem, stage: StagePrices, named: dict[str, np.ndarray]) -> Bound:
    """The bound as the checker finds it."""
    program = _program(problem)
    regions = read_regions(named, 0, program, 0, stage.scale)
    return prove_regions(program, 0, [], stage.scale, stage.group_price.tolist(), stage.row_price.tolist(), regions)


def _case(seeds: tuple[int, ...]) -> tuple[Problem, int | None, np.ndarray, np.ndarray]:
    """A problem of several regions, its optimum, and the regions of rows and groups."""
    rng = np.random.default_rng(seeds)
    parts = [region_of(seed, number) for number, seed in enumerate(seeds)]
    limit = int(rng.integers(4, 20))
    problem, uses = regional(parts, rng, limit)
    return problem, shared_optimum(parts, uses, limit), *labels(parts)


PAIRS = [(seed, (7 * seed + 3) % 60) for seed in range(40)] + [(8, 10, 12), (1, 5, 17), (3, 15, 22)]
SEEDS = [seeds for seeds in PAIRS if _case(seeds)[1] is not None]


@pytest.mark.parametrize("seeds", SEEDS)
def test_no_proof_by_region_makes_a_false_bound(seeds: tuple[int, ...]) -> None:
    """Whatever prices and decisions, the bound is at least the optimum of all regions together, and the checker agrees."""
    problem, best, row, group = _case(seeds)
    rng = np.random.default_rng(seeds)
    for _ in range(12):
        stage = random_stage(problem, row, group, len(seeds), rng)
        assert stage.regions is not None
        bound = certified_bound(problem, Certificate((stage,)), 0)
        assert best is None or bound >= best
        assert bound == certified_bound(problem, Certificate((stage,)), 0, settle=fast_roots)
        assert bound <= certified_bound(problem, Certificate((replace(stage, regions=None),)), 0)
        found = _checked(problem, stage, _named(stage.regions))
        assert found.lowest <= bound <= found.highest


@pytest.mark.parametrize("seeds", SEEDS)
def test_a_damaged_proof_is_refused_or_still_true(seeds: tuple[int, ...]) -> None:
    """No changed number in a tree or in the lists of regions leads to a bound below the optimum."""
    problem, best, row, group = _case(seeds)
    assert best is not None
    rng = np.random.default_rng(seeds)
    refused = 0
    for turn in range(40):
        stage = random_stage(problem, row, group, len(seeds), rng)
        assert stage.regions is not None
        named = _named(stage.regions)
        if turn % 2:
            number = int(rng.integers(len(seeds)))
            named |= {
                f"region_0_{number}_{name}": part for name, part in damaged(stage.regions.trees[number], rng).items()
            }
        else:
            which = named["region_0_row" if rng.random() < 0.5 else "region_0_group"]
            if len(which):
                which[int(rng.integers(len(which)))] = int(rng.integers(-2, len(seeds) + 1))
        trees = [
            replace(tree, **{name: named[f"region_0_{number}_{name}"] for name in tree.__slots__})
            for number, tree in enumerate(stage.regions.trees)
        ]
        proofs = RegionProofs(named["region_0_row"], named["region_0_group"], tuple(trees))
        told: list[int | None] = []
        try:
            told.append(certified_bound(problem, Certificate((replace(stage, regions=proofs),)), 0))
        except CertificateError:
            told.append(None)
        try:
            found = _checked(problem, stage, named)
            told += [found.lowest, found.highest]
        except CasesError:
            told += [None, None]
        assert all(bound is None or bound >= best for bound in told)
        assert (told[0] is None) == (told[1] is None), "one of two programs refuses what the other takes"
        refused += told[0] is None
        if told[0] is not None and told[1] is not None and told[2] is not None:
            assert told[1] <= told[0] <= told[2]
    assert refused


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 59), st.integers(0, 10**6))
def test_regions_at_random_are_refused_or_true(seed: int, draw: int) -> None:
    """Rows and groups of one small problem dealt out at random: both programs refuse the same, and else both are right."""
    problem = random_problem(seed).stage(0, ())
    rng = np.random.default_rng(draw)
    row, group = (np.where(rng.random(n) < 0.4, rng.integers(0, 2, n), COMMON) for n in (problem.rows, problem.groups))
    stage = random_stage(problem, row, group, 2, rng)
    assert stage.regions is not None
    try:
        bound = certified_bound(problem, Certificate((stage,)), 0)
    except CertificateError:
        with pytest.raises(CasesError):
            _checked(problem, stage, _named(stage.regions))
        return
    best = optimum(problem)
    assert best is None or bound >= best
    found = _checked(problem, stage, _named(stage.regions))
    assert found.lowest <= bound <= found.highest


def _good() -> tuple[Problem, StagePrices, RegionProofs]:
    """Two regions of assignment with a shared row, and a proof with a tree for each."""
    problem, _, row, group = _case((3, 10))
    rng = np.random.default_rng(0)
    while True:
        stage = random_stage(problem, row, group, 2, rng)
        assert stage.regions is not None
        if all(len(tree.low) > 1 for tree in stage.regions.trees):
            return problem, stage, stage.regions


def _refusals(problem: Problem, stage: StagePrices, proofs: RegionProofs) -> tuple[str, str]:
    with pytest.raises(CertificateError) as solver:
        certified_bound(problem, Certificate((replace(stage, regions=proofs),)), 0)
    with pytest.raises(CasesError) as checker:
        _checked(problem, stage, _named(proofs))
    return str(solver.value), str(checker.value)


def test_what_is_wrong_is_named() -> None:
    """Exchanged trees, a dropped leaf, a price of a shared row, a foreign column, mixed regions, missing ones, other scales, negative prices."""
    problem, stage, proofs = _good()
    one, other = proofs.trees
    told = _refusals(problem, stage, replace(proofs, trees=(other, one)))
    assert "another region" in told[0] or "price" in told[0]
    dropped = replace(
        one,
        scale=one.scale[:-1],
        group_price=one.group_price[:-1],
        row_price=one.row_price[:-1],
        decision_start=one.decision_start[:-1],
        decision_price=one.decision_price[: one.decision_start[-2]],
    )
    assert "elements" in _refusals(problem, stage, replace(proofs, trees=(dropped, other)))[0]
    shared = replace(one, row_price=np.hstack([one.row_price, np.ones((one.leaves, 1), np.int64)]))
    assert "row_price has" in _refusals(problem, stage, replace(proofs, trees=(shared, other)))[0]
    of_option = column_regions(problem, proofs.row_region, proofs.group_region)[0]
    foreign = one.form_column.copy()
    foreign[one.form_kind == 0] = np.flatnonzero(of_option == 1)[0]
    kind = np.zeros_like(one.form_kind)
    column = np.where(one.form_kind == 0, foreign, np.flatnonzero(of_option == 1)[0])
    told = _refusals(problem, stage, replace(proofs, trees=(replace(one, form_kind=kind, form_column=column), other)))
    assert "column of another" in told[0] and "column of another" in told[1]
    mixed = proofs.group_region.copy()
    mixed[0] = 1
    told = _refusals(problem, stage, replace(proofs, group_region=mixed))
    assert "touches both" in told[0] and "two regions" in told[1]
    assert "not there" in _refusals(problem, stage, replace(proofs, trees=(one,)))[0]
    told = _refusals(problem, stage, replace(proofs, trees=(replace(one, scale=2 * one.scale), other)))
    assert "scale" in told[0] and "scale" in told[1]
    cheap = replace(one, decision_price=one.decision_price - 1)
    assert "negative" in _refusals(problem, stage, replace(proofs, trees=(cheap, other)))[0]
    assert "touches both" in _refusals(problem, stage, replace(proofs, row_region=np.ones_like(proofs.row_region)))[0]


def test_regions_come_back_from_their_file(tmp_path: Path) -> None:
    """A certificate with regions that was written and read proves the same; a missing part is refused by name."""
    problem, stage, proofs = _good()
    save_certificate(Certificate((stage,)), tmp_path / "c.npz")
    again = load_certificate(tmp_path / "c.npz")
    assert certified_bound(problem, again, 0) == certified_bound(problem, Certificate((stage,)), 0)
    with np.load(tmp_path / "c.npz") as held:
        arrays = {name: held[name] for name in held.files if name != "stage0_region_1_low"}
    np.savez(tmp_path / "d.npz", **arrays)
    with pytest.raises(CertificateError, match="stage0_region_1_low is missing"):
        load_certificate(tmp_path / "d.npz")
    arrays = {name: part for name, part in arrays.items() if "region_0_" not in name}
    np.savez(tmp_path / "d.npz", **arrays)
    with pytest.raises(CertificateError, match="must rise from 0"):
        load_certificate(tmp_path / "d.npz")
    with pytest.raises(CasesError, match="numbered from 0"):
        _checked(problem, stage, {name: part for name, part in _named(proofs).items() if "_0_0_" not in name})
