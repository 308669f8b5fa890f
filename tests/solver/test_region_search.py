"""Branching by region: bounds that anyone can recompute, lower than those of the prices, never below the optimum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from qingdan.bench.joined_problems import join
from qingdan.models.checker.program import _SIZES, Program
from qingdan.models.checker.region_bound import prove_regions as checked
from qingdan.models.checker.regions import read_regions
from qingdan.models.run_arrays import problem_arrays
from qingdan.solver.backends.highs import solve_stage as by_highs
from qingdan.solver.backends.highs_run import search
from qingdan.solver.backends.outcome import Limits, Prices
from qingdan.solver.certificate import Certificate, certified_bound, make_stage
from qingdan.solver.feasibility import profit
from qingdan.solver.fixed_prices import FixedPrices
from qingdan.solver.interrupt import Interrupt
from qingdan.solver.prices import find_prices, make_priced
from qingdan.solver.problem import NONE, Objective, Problem, make_problem
from qingdan.solver.region_proofs import COMMON, region_parts
from qingdan.solver.region_search import RegionBound, prove_regions
from qingdan.solver.sparse import Sparse
from qingdan.solver.stop import Stop

WORK = Stop(time=None, work=3000)


def _region(rng: np.random.Generator, number: int) -> Problem:
    """Needs of which each has three ways, two budgets of its own, a site that may open for some of them."""
    needs, ways = 7, 3
    options = needs * ways
    cost = rng.integers(10, 60, options)
    at_site = np.tile([NONE, NONE, 0], needs)
    years = rng.integers(0, 2, options)
    return make_problem(
        1,
        (Objective("worth", rng.integers(10, 90, options), np.array([-20]), np.zeros(0, np.int64)),),
        group_capacity=np.ones(needs, np.int64),
        group_region=np.full(needs, number),
        facility_parent=[NONE],
        facility_capacity=[9],
        facility_region=[number],
        opening_facility=[0],
        option_group=np.repeat(np.arange(needs), ways),
        option_facility=at_site,
        option_size=np.where(at_site == NONE, 0, rng.integers(1, 6, options)),
        row_limit=rng.integers(60, 130, 2),
        option_row=Sparse.from_entries(options, np.arange(options), years, cost),
    )


def regional(seed: int, regions: int = 3) -> Problem:
    """Several such regions with a budget that they share."""
    rng = np.random.default_rng(seed)
    whole = join([_region(rng, number) for number in range(regions)])
    shared = rng.integers(0, 20, whole.options)
    owner = np.r_[whole.option_row.owner_of_entry(), np.arange(whole.options)]
    index = np.r_[whole.option_row.index, np.full(whole.options, whole.rows)]
    table = Sparse.from_entries(whole.options, owner, index, np.r_[whole.option_row.amount, shared])
    return replace(whole, option_row=table, row_limit=np.r_[whole.row_limit, 25 * regions])


def _proved(
    problem: Problem, stop: Stop = WORK, interrupt: Interrupt | None = None
) -> tuple[Prices, RegionBound | None]:
    found = find_prices(make_priced(problem), steps=600, threads=1)
    prices = Prices(found.group, found.row)
    return prices, prove_regions(problem, prices, stop=stop, interrupt=interrupt)


@pytest.mark.parametrize("seed", range(8))
def test_the_bound_falls_and_stays_true(seed: int) -> None:
    """Below the bound of the prices, not below the optimum; certificate and check find the same number."""
    problem = regional(seed)
    outcome = by_highs(problem, stop=Stop(time=20), threads=1)
    assert outcome.plan is not None
    best = profit(problem, problem.objectives[0], outcome.plan)
    prices, proof = _proved(problem)
    assert proof is not None
    stage = make_stage(problem, 0, (), prices.group, prices.row, None, proof.proofs)
    alone = certified_bound(problem, Certificate((make_stage(problem, 0, (), prices.group, prices.row),)), 0)
    assert best <= proof.bound == certified_bound(problem, Certificate((stage,)), 0) < alone
    arrays = problem_arrays(problem)
    program = Program(arrays, {kind: len(arrays[name]) for kind, (name, _) in _SIZES.items()})
    named = {f"region_0_{name}": held for name, held in proof.proofs.arrays().items()}
    regions = read_regions(named, 0, program, 0, stage.scale)
    found = checked(program, 0, [], stage.scale, stage.group_price.tolist(), stage.row_price.tolist(), regions)
    assert found.lowest == found.highest == proof.bound


@pytest.mark.parametrize("seed", range(4))
def test_each_region_is_proved_to_the_end(seed: int) -> None:
    """With enough work the part of every region is that of its best plan at these prices, as HiGHS finds it."""
    problem = regional(seed)
    prices, proof = _proved(problem, Stop(time=None, work=60_000))
    assert proof is not None and proof.work < 60_000
    row, group = np.arange(problem.rows) // 2, np.arange(problem.groups) // 7
    row[-1] = COMMON
    exact = float(prices.row[-1] * problem.row_limit[-1])
    for region in region_parts(problem, row, group, 3):
        part = region.part.problem
        shared = ~np.isin(region.part.row, region.own_row)
        paid = FixedPrices(shared, np.where(shared, prices.row[region.part.row], 0.0))
        exact += search(paid.matrix(part), None, Limits(threads=1), None, None).value
    assert exact - 1 <= proof.bound <= exact + 3  # each region ends within a point


def test_the_same_work_gives_the_same_proof() -> None:
    """Without a limit of time the trees come out alike."""
    problem = regional(2)
    one, other = (_proved(problem)[1] for _ in range(2))
    assert one is not None and other is not None and one.bound == other.bound
    pairs = zip(one.proofs.arrays().items(), other.proofs.arrays().items(), strict=True)
    assert all(name == again and np.array_equal(held, same) for (name, held), (again, same) in pairs)


def test_nothing_is_proved_where_nothing_falls_apart() -> None:
    """One region, an interrupt before the first question: no proof, and no error."""
    assert _proved(regional(0, regions=1))[1] is None
    halt = Interrupt()
    halt.set()
    assert _proved(regional(0), interrupt=halt)[1] is None
