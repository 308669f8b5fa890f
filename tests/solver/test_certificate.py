"""A certificate proves its bound exactly, and a damaged one is refused or only weaker."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brute_force import optimum
from qingdan.solver.certificate import (
    Certificate,
    CertificateError,
    StagePrices,
    certified_bound,
    make_certificate,
)
from qingdan.solver.problem import Problem
from qingdan.solver.solve import solve
from random_problems import random_problem
from small_problems import two_projects_problem


def _certified(seed: int) -> tuple[Problem, Certificate, int]:
    problem = random_problem(seed)
    solution = solve(problem)
    assert solution.certificate is not None and solution.stages[0].objective is not None
    return problem, solution.certificate, solution.stages[0].objective


def test_the_bound_by_hand() -> None:
    """Needs priced at 4 and 3 points, the province's fund at 1, the county's at 0: every step in one's head.

    A yuan costs 0 (the county alone may pay all). The module is worth (10-4) + (8-3) - 1 = 10 at load 7 and the
    room -1, together 9; option 2 gains 5-3 = 2. Groups bring 4+3, the province's fund 4: 9 + 2 + 7 + 4 = 22.
    """
    problem = two_projects_problem()
    prices = StagePrices(0, (), 1, np.array([4, 3]), np.array([1, 0]))
    assert certified_bound(problem, Certificate((prices,)), 0) == 22


def test_the_county_must_pay_its_floor() -> None:
    """With the county's money dear it still pays its least share: half, since the province pays at most half."""
    problem = two_projects_problem()
    prices = StagePrices(0, (), 2, np.array([0, 0]), np.array([0, 1]))
    # a yuan costs 1/2 x 1/2 = 1/4; options are worth 10-6/4, 8-4/4, 5-2/4; county's fund 20 x 1/2
    assert certified_bound(problem, Certificate((prices,)), 0) == int(8.5 + 7 - 1 - 1 + 4.5 + 10)


def test_prices_of_all_stages_make_one_certificate() -> None:
    """`make_certificate` takes prices stage by stage and gives true bounds for each."""
    problem = next(p for p in map(random_problem, range(100)) if len(p.objectives) == 3 and optimum(p) is not None)
    reached: tuple[int, ...] = ()
    prices = []
    for stage in range(3):
        single = problem.stage(stage, reached)
        prices.append((np.full(single.groups, 0.7), np.full(single.rows, 0.3)))
        best = optimum(single)
        assert best is not None
        reached += (best,)
    certificate = make_certificate(problem, reached, prices)
    for stage in range(3):
        assert certified_bound(problem, certificate, stage) >= reached[stage]


SEEDS = [s for s in range(40) if optimum(random_problem(s).stage(0, ())) is not None][:12]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_tampered_number_never_makes_a_false_bound(seed: int) -> None:
    """Whatever whole numbers stand in the certificate, it is refused or its bound is at least the optimum."""
    problem, certificate, best = _certified(seed)
    stage = certificate.stages[0]
    rng = np.random.default_rng(seed)
    for _ in range(20):
        group, row = stage.group_price.copy(), stage.row_price.copy()
        part = group if rng.random() < 0.5 and group.size else row
        if not part.size:
            continue
        part[int(rng.integers(part.size))] = int(rng.integers(-(2**62), 2**62)) >> int(rng.integers(0, 62))
        forged = Certificate((replace(stage, group_price=group, row_price=row),))
        try:
            assert certified_bound(problem, forged, 0) >= best
        except CertificateError as error:
            assert "negative" in str(error)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"row_price": np.array([-1, 0])}, "row_price is negative at 0"),
        ({"group_price": np.array([0, -1])}, "group_price is negative at 1"),
        ({"row_price": np.array([0])}, "row_price has 1 elements, 2 are needed"),
        ({"group_price": np.zeros(3, np.int64)}, "group_price has 3 elements, 2 are needed"),
        ({"row_price": np.array([0.5, 0.5])}, "row_price is not a row of 64-bit whole numbers"),
        ({"group_price": np.zeros((1, 2), np.int64)}, "group_price is not a row of 64-bit whole numbers"),
        ({"group_price": np.array([0, -(2**63)])}, "no opposite in 64 bits"),
        ({"scale": 0}, "scale is 0"),
        ({"scale": -4}, "scale is -4"),
        ({"scale": 3}, "scale is 3"),
        ({"scale": 2**41}, "scale is 2199023255552"),
        ({"reached": (1,)}, "1 values of earlier stages, 0 are needed"),
        ({"stage": 1}, "the certificate has no prices for it"),
    ],
)
def test_a_damaged_certificate_is_refused_by_name(change: dict[str, object], words: str) -> None:
    """The error says which part is wrong and what would be right."""
    prices = StagePrices(0, (), 4, np.array([1, 2]), np.array([3, 4]))
    with pytest.raises(CertificateError, match=words.replace("*", r"\*")):
        certified_bound(two_projects_problem(), Certificate((replace(prices, **change),)), 0)  # type: ignore[arg-type]


def test_a_certificate_of_another_plan_is_refused() -> None:
    """The bound of a later stage speaks of what the earlier ones reached: another plan's values are refused."""
    problem = next(p for p in map(random_problem, range(100)) if len(p.objectives) == 2 and optimum(p) is not None)
    solution = solve(problem)
    assert solution.certificate is not None
    reached = solution.certificate.of_stage(1).reached
    with pytest.raises(CertificateError, match="speaks of earlier values"):
        certified_bound(problem, solution.certificate, 1, reached=(reached[0] - 1,))
    beyond = Certificate((replace(solution.certificate.stages[0], stage=5),))
    with pytest.raises(CertificateError, match="the problem has 2 objectives"):
        certified_bound(problem, beyond, 5)


def test_an_exact_group_may_have_a_negative_price() -> None:
    """Where a need must be met exactly, leaving it open may cost: its price is free."""
    problem = two_projects_problem(group_exact=[True, False])
    prices = StagePrices(0, (), 1, np.array([-3, 0]), np.array([0, 0]))
    assert certified_bound(problem, Certificate((prices,)), 0) >= 17
