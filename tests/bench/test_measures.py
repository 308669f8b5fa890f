"""What the report measures, against values worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qingdan.bench.comparison import VIRTUAL, compared, standings
from qingdan.bench.growth import fitted_power
from qingdan.bench.paired import compare, shifted_geometric_mean
from qingdan.bench.profiles import profiles, shortfalls
from qingdan.bench.run_curves import curve_of, relative


def line(method: str = "a", instance: str = "i", seed: int = 0, **told: Any) -> dict[str, Any]:
    """A line of the table: best known value 100, ten seconds."""
    usual: dict[str, Any] = {
        "method": method, "instance": instance, "seed": seed, "suite": "tiny", "growth": "", "options": 10,
        "verdict": "sound", "best_known": 100, "best_earlier": [], "earlier": [], "behind": False, "objective": 100,
        "bound": 100, "seconds": 4.0, "time": 10.0, "peak_memory_mb": 50,
        "trace": [[1.0, 50, 400], [2.0, 80, None], [4.0, 100, 100]],
    }  # fmt: skip
    return usual | told


def test_the_primal_integral_is_berthold_s() -> None:
    """One second without a plan, one at half, two at a fifth, then nothing."""
    curve = curve_of(line())
    assert curve.integral(curve.plan_gap) == pytest.approx(1 * 1 + 1 * 0.5 + 2 * 0.2)
    assert curve.integral(curve.bound_gap) == pytest.approx(1 * 1 + 3 * 0.75)
    assert curve.seconds_to_plan(0.25) == 2.0 and curve.seconds_to_plan(0.0) == 4.0
    assert curve.seconds_to_proof(0.001) == 4.0


@pytest.mark.parametrize(
    ("value", "best", "gap"), [(None, 5, 1), (5, 5, 0), (0, 0, 0), (-5, 5, 1), (0, 5, 1), (4, 5, 0.2), (-10, -8, 0.2)]
)
def test_the_gap_is_between_0_and_1(value: int | None, best: int, gap: float) -> None:
    """Whatever the signs, as in the paper."""
    assert relative(value, best) == pytest.approx(gap)


def test_a_trace_cannot_flatter_itself() -> None:
    """No step counts for more than the plan that was checked, and nothing after the limit of time."""
    boasting = curve_of(line(objective=60, trace=[[1.0, 100, 300]], bound=300))
    assert boasting.at(5.0, boasting.plan_gap) == pytest.approx(0.4)
    late = curve_of(line(trace=[[1.0, 50, 200], [11.0, 100, 100]], seconds=11.2))
    assert late.seconds_to_plan(0.0) == 10.0 and late.at(9.9, late.plan_gap) == pytest.approx(0.5)


@pytest.mark.parametrize("told", [{"verdict": "wrong_bound"}, {"verdict": "overran"}, {"behind": True}])
def test_what_is_wrong_or_behind_has_no_plan(told: dict[str, Any]) -> None:
    """A wrong answer is worth nothing, however early it came."""
    curve = curve_of(line(**told))
    assert curve.integral(curve.plan_gap) == 10.0 and curve.seconds_to_plan(1.0) is None


def test_profiles_by_hand() -> None:
    """Two methods on four problems, one of which nobody solves."""
    found = profiles({"a": [1.0, 4.0, None, None], "b": [2.0, 1.0, 3.0, None]}, floor=0.1)
    assert found.unsolved == 1 and found.largest == 4.0
    assert [found.share("a", tau) for tau in (1, 2, 3.9, 4)] == [0.25, 0.25, 0.25, 0.5]
    assert [found.share("b", tau) for tau in (1, 2)] == [0.5, 0.75]
    assert shortfalls(found, "a") == {"anywhere": 0.5, "from 2": 0.5}
    assert shortfalls(found, "b") == {"anywhere": 0.0, "from 2": 0.0}
    near = profiles({"a": [0.01], "b": [0.09]}, floor=0.1)
    assert near.share("a", 1) == near.share("b", 1) == 1.0


costs = st.lists(st.tuples(*[st.one_of(st.none(), st.floats(0.01, 100))] * 3), min_size=1, max_size=12)


@given(costs)
def test_profiles_rise_and_somebody_is_the_best(rows: list[tuple[float | None, ...]]) -> None:
    """Shares never fall with the factor, and each solved problem has a method at factor 1."""
    found = profiles({str(at): [row[at] for row in rows] for at in range(3)}, floor=0.1)
    for method, steps in found.by_method.items():
        assert [share for _, share in steps] == sorted(share for _, share in steps)
        solved = sum(row[int(method)] is not None for row in rows)
        assert found.share(method, found.largest) == pytest.approx(solved / len(rows))
    best = sum(found.share(method, 1.0) for method in found.by_method)
    assert best >= (len(rows) - found.unsolved) / len(rows) - 1e-9


def test_shifted_means() -> None:
    """exp(mean log(x + s)) - s."""
    assert shifted_geometric_mean([1, 7], 1.0) == pytest.approx(3.0)
    assert shifted_geometric_mean([5, 5, 5], 10.0) == pytest.approx(5.0)


def test_a_method_that_always_takes_twice_as_long_is_found_out() -> None:
    """The ratio is about two, its interval excludes one, and the test says so after correction."""
    base = {f"i{at}": [float(at + 10), float(at + 11)] for at in range(12)}
    double = {name: [2 * value for value in held] for name, held in base.items()}
    same = {name: list(held) for name, held in base.items()}
    pairs = compare({"slow": double, "quick": base, "equal": same}, shift=0.0, draws=200)
    slow, against_equal, equal = pairs
    assert (slow.method, slow.other) == ("slow", "quick")
    assert slow.ratio == pytest.approx(2.0) and slow.low == pytest.approx(2.0) and slow.worse == 12
    assert slow.p is not None and slow.p < 0.001 and slow.adjusted == pytest.approx(2 * slow.p)
    assert against_equal.adjusted == pytest.approx(slow.adjusted)
    assert equal.ratio == 1.0 and equal.equal == 12 and equal.p is None


def test_too_few_instances_give_no_p() -> None:
    """Five pairs cannot tell anything at 5 percent."""
    mine = {f"i{at}": [1.0] for at in range(5)}
    its = {f"i{at}": [9.0] for at in range(5)}
    assert compare({"a": mine, "b": its}, shift=0.0, draws=50)[0].adjusted is None


def test_the_exponent_of_a_power_is_found() -> None:
    """Exact data give the exact power; three sizes are the least."""
    fit = fitted_power([1, 10, 100, 1000], [3 * size**1.5 for size in (1, 10, 100, 1000)])
    assert fit is not None and fit.exponent == pytest.approx(1.5) and fit.low == pytest.approx(1.5)
    assert fit.at(100) == pytest.approx(3000)
    assert fitted_power([1, 10, 10], [1, 2, 3]) is None


def test_wins_and_the_virtual_best() -> None:
    """Each wins one problem alone; the virtual best has both. A problem with a run missing is left out."""
    lines = [
        line("a", "i"), line("b", "i", objective=50, trace=[[1.0, 50, 400]], bound=400),
        line("a", "j", objective=90, trace=[[1.0, 90, 400]], bound=400), line("b", "j"),
        line("a", "k"),
    ]  # fmt: skip
    found = compared(lines, 0.001)
    a, b, virtual = standings(found)
    assert found.left_out == (("k", 0),)
    assert (a.best, a.alone, a.fastest, a.reached) == (1, 1, 1, 1) == (b.best, b.alone, b.fastest, b.reached)
    assert virtual.method == VIRTUAL and virtual.reached == 2 and virtual.gap == pytest.approx(0.0)
    assert virtual.primal_integral <= min(a.primal_integral, b.primal_integral)
