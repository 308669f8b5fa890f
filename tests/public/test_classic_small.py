"""Classic problems by hand and at random, small enough to try every choice: value, bound and rules in their own unit."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from qingdan.bench.classic_amounts import Amounts
from qingdan.bench.classic_assignment import generalized_assignment
from qingdan.bench.classic_cover import budgeted_cover
from qingdan.bench.classic_family import Classic
from qingdan.bench.classic_knapsack import multidimensional_knapsack, multiple_choice_knapsack, participatory_budget
from qingdan.bench.classic_location import single_source_location
from qingdan.bench.classic_many_sources import multi_source_location
from qingdan.bench.classic_release import next_release
from qingdan.bench.classic_solving import Answer, answer_of
from qingdan.solver.problem import Problem
from qingdan.solver.solution import Plan, Status
from qingdan.solver.solve import solve
from qingdan.solver.stop import Stop
from scipy.optimize import linprog

SEEDS = range(4)


def solved(problem: Problem, classic: Classic) -> Answer:
    """The answer, whose plan must keep every rule by the raw data."""
    answer = answer_of(problem, classic, solve(problem, method="highs", stop=Stop(time=20), threads=1))
    assert not answer.faults
    return answer


def proved(problem: Problem, classic: Classic, best: Fraction | None) -> None:
    """The solver finds the optimum that enumeration found, or that there is no plan."""
    answer = solved(problem, classic)
    if best is None:
        assert answer.status == Status.INFEASIBLE
        return
    assert answer.objective == best
    assert answer.bound == best
    assert answer.certified_bound is not None
    assert (answer.certified_bound >= best) if classic.maximise else (answer.certified_bound <= best)
    assert answer.gap == 0


def subsets(size: int) -> Any:
    """All subsets of 0..size-1."""
    return (chosen for count in range(size + 1) for chosen in combinations(range(size), count))


def tenths(rng: np.random.Generator, low: int, high: int, *shape: int) -> Any:
    """Decimals with one digit, as texts."""
    return np.vectorize(lambda whole: f"{whole // 10}.{whole % 10}")(rng.integers(low, high, shape))


def exact(value: Any) -> Fraction:
    return Fraction(str(value))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_knapsack_with_many_budgets_takes_the_best_items(seed: int) -> None:
    """Fractions in profits and uses are kept: the optimum is met to the last digit."""
    rng = np.random.default_rng(seed)
    profit, use, capacity = tenths(rng, 10, 99, 8), tenths(rng, 5, 60, 8, 3), tenths(rng, 80, 120, 3)
    best = max(
        sum((exact(profit[i]) for i in items), Fraction(0))
        for items in subsets(8)
        if all(sum((exact(use[i, r]) for i in items), Fraction(0)) <= exact(capacity[r]) for r in range(3))
    )
    proved(*multidimensional_knapsack(profit, use, capacity), best)


@pytest.mark.parametrize("exactly", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
def test_of_every_class_one_item_is_taken(seed: int, exactly: bool) -> None:
    """Multiple choice, with one item from every class or at most one."""
    rng = np.random.default_rng(seed)
    member = np.repeat(np.arange(4), 3)
    value, use = rng.integers(-3, 30, 12), rng.integers(0, 10, (12, 2))
    capacity = rng.integers(8, 18, 2)
    items = [[*range(3 * c, 3 * c + 3)] + ([] if exactly else [-1]) for c in range(4)]
    values = [
        sum(int(value[i]) for i in chosen if i >= 0)
        for chosen in product(*items)
        if all(sum(int(use[i, r]) for i in chosen if i >= 0) <= capacity[r] for r in range(2))
    ]
    best = Fraction(max(values)) if values else None
    proved(*multiple_choice_knapsack(member, value, use, capacity, exact=exactly), best)


def test_projects_are_paid_from_the_fund_of_their_district() -> None:
    """Two districts of a city: votes cannot be bought with the other one's money."""
    votes, cost = [50, 40, 30, 20], ["10.50", "6.25", "4", "4"]
    proved(*participatory_budget(votes, cost, "10.50"), Fraction(70))
    proved(*participatory_budget(votes, cost, [10, "4"], fund=[0, 0, 1, 1]), Fraction(70))
    proved(*participatory_budget(votes, cost, ["10.5", 8], fund=[0, 0, 1, 1]), Fraction(100))


@pytest.mark.parametrize("maximise", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_job_finds_an_agent(seed: int, maximise: bool) -> None:
    """Generalized assignment, as cost or as profit, with sizes that depend on the pair."""
    rng = np.random.default_rng(seed)
    cost, size = tenths(rng, 100, 250, 3, 6), rng.integers(3, 12, (3, 6))
    capacity = rng.integers(12, 20, 3)
    values = [
        sum((exact(cost[a, j]) for j, a in enumerate(agents)), Fraction(0))
        for agents in product(range(3), repeat=6)
        if all(
            sum(int(size[a, j]) for j, a in enumerate(agents) if a == agent) <= capacity[agent] for agent in range(3)
        )
    ]
    best = (max if maximise else min)(values) if values else None
    proved(*generalized_assignment(cost, size, capacity, maximise=maximise), best)


def site_data(seed: int) -> tuple[Any, Any, Any, Any]:
    """Capacities, opening costs, demands and costs of four sites and five customers."""
    rng = np.random.default_rng(seed)
    return rng.integers(10, 22, 4), tenths(rng, 100, 300, 4), rng.integers(2, 9, 5), tenths(rng, 10, 150, 4, 5)


@pytest.mark.parametrize("seed", SEEDS)
def test_customers_are_served_whole_from_open_sites(seed: int) -> None:
    """Single-source location: opening and serving together cost least."""
    capacity, opening, demand, cost = site_data(seed)
    values = [
        sum((exact(opening[s]) for s in set(sites)), Fraction(0))
        + sum((exact(cost[s, c]) for c, s in enumerate(sites)), Fraction(0))
        for sites in product(range(4), repeat=5)
        if all(sum(int(demand[c]) for c, s in enumerate(sites) if s == site) <= capacity[site] for site in range(4))
    ]
    proved(*single_source_location(capacity, opening, demand, cost), min(values) if values else None)


@pytest.mark.parametrize("seed", SEEDS)
def test_demand_may_be_shared_by_sites(seed: int) -> None:
    """Multi-source location costs as much as the best set of sites with the cheapest transport from them."""
    capacity, opening, demand, cost = site_data(seed)
    best = min(
        sum(float(opening[s]) for s in sites) + flow
        for sites in subsets(4)
        if sites and (flow := transport(capacity[[*sites]], demand, cost[[*sites]].astype(float))) is not None
    )
    problem, location = multi_source_location(capacity, opening, demand, cost)
    answer = solved(problem, location)
    assert answer.objective is not None and answer.bound is not None
    assert float(answer.objective) == pytest.approx(best, abs=1e-3)
    assert best - 0.01 <= float(answer.bound) <= best + 1e-6


def transport(capacity: Any, demand: Any, cost: Any) -> float | None:
    """The cheapest way to bring all demand from sites that are open; None where they are too small."""
    sites, customers = cost.shape
    found = linprog(
        cost.ravel(),
        A_ub=np.kron(np.eye(sites), demand),
        b_ub=capacity,
        A_eq=np.kron(np.ones(sites), np.eye(customers)),
        b_eq=np.ones(customers),
    )
    return float(found.fun) if found.success else None


@pytest.mark.parametrize("seed", SEEDS)
def test_the_budget_reaches_as_many_as_it_can(seed: int) -> None:
    """Covering: points count once, however many open sites reach them."""
    rng = np.random.default_rng(seed)
    weight, cost, reach = rng.integers(1, 20, 9), tenths(rng, 20, 60, 6), rng.random((6, 9)) < 0.4
    best = max(
        sum(int(weight[p]) for p in range(9) if any(reach[s, p] for s in sites))
        for sites in subsets(6)
        if sum((exact(cost[s]) for s in sites), Fraction(0)) <= Fraction("9.3")
    )
    proved(*budgeted_cover(weight, cost, reach, Decimal("9.3")), Fraction(best))


@pytest.mark.parametrize("seed", SEEDS)
def test_customers_get_all_or_nothing(seed: int) -> None:
    """Next release: a customer pays only if all requests and all that they need are built."""
    rng = np.random.default_rng(seed)
    count, customers = 8, 6
    cost, profit = rng.integers(1, 9, count), rng.integers(1, 30, customers)
    pairs = [(int(a), int(b)) for a, b in rng.integers(0, count, (7, 2)) if a < b]
    requests = [sorted({int(r) for r in rng.integers(0, count, 3)}) for _ in range(customers)] + [[]]
    budget = Fraction(int(cost.sum()), 2)
    values = [
        sum(int(profit[c]) for c in range(customers) if set(requests[c]) <= set(built)) + 4
        for built in subsets(count)
        if sum(int(cost[r]) for r in built) <= budget and all(a in built for a, b in pairs if b in built)
    ]
    proved(*next_release(cost, pairs, [*profit.tolist(), 4], requests, budget), Fraction(max(values)))


def test_requirements_that_need_each_other_are_built_together() -> None:
    """A circle of prerequisites is one package."""
    problem, release = next_release([2, 3, 4], [(0, 1), (1, 2), (2, 0)], [10, 7], [[0], [1, 2]], 9)
    proved(problem, release, Fraction(17))
    proved(*next_release([2, 3, 4], [(0, 1), (1, 2), (2, 0)], [10, 7], [[0], [1, 2]], 8), Fraction(0))
    proved(*next_release([2], [], [10], [[]], 0), Fraction(10))


def taking(problem: Problem, options: list[int], openings: list[int]) -> Plan:
    """A plan that takes these columns, right or wrong."""
    option, opening = np.zeros(problem.options, np.bool_), np.zeros(problem.openings, np.bool_)
    option[options], opening[openings] = True, True
    return Plan(option, opening, np.zeros(problem.extras), np.zeros(problem.arcs))


def test_a_plan_that_breaks_a_rule_of_the_family_is_told() -> None:
    """Rules are checked by the raw data, so a fault of the translation would show itself."""
    problem, knapsack = multidimensional_knapsack([5, 4], [[3], [3]], [5])
    assert knapsack.faults(taking(problem, [0, 1], [])) == ["resource 0: 6 of 5 used"]
    problem, choice = multiple_choice_knapsack([0, 0, 1], [1, 2, 3], [[1], [1], [1]], [9])
    assert choice.faults(taking(problem, [0, 1], [])) == ["class 0: 2 items are taken", "class 1: 0 items are taken"]
    problem, jobs = generalized_assignment([[1, 1]], [[2, 2]], [3])
    assert jobs.faults(taking(problem, [0, 1], [0])) == ["agent 0: 4 of 3 used"]
    assert jobs.faults(taking(problem, [0], [0])) == ["job 1: 0 agents"]
    problem, location = single_source_location([3], [1], [2, 2], [[1, 1]])
    assert location.faults(taking(problem, [0, 1], [])) == ["site 0 serves and is not open", "site 0: 4 of 3 used"]
    problem, cover = budgeted_cover([1], [3], [[True]], 2)
    assert cover.faults(taking(problem, [], [0])) == ["budget 0: 3 of 2 used"]
    problem, release = next_release([1, 1, 2], [(0, 1)], [1], [[1]], 2)
    assert release.faults(taking(problem, [0], [1, 2])) == ["requirement 1 needs 0 too", "budget 0: 3 of 2 used"]
    problem, shared = multi_source_location([3], [1], [2, 2], [[1, 1]])
    assert shared.faults(taking(problem, [], [0]))[:2] == [
        "customer 0: 0.000000 of its demand",
        "customer 1: 0.000000 of its demand",
    ]


def test_the_value_of_a_plan_is_what_a_hand_adds_up() -> None:
    """Opening 1.5, serving 2.25 and 0.125: nothing is rounded on the way."""
    problem, location = single_source_location([9], ["1.5"], [1, 1], [[2.25, "0.125"]])
    assert location.value(taking(problem, [0, 1], [0])) == Fraction("3.875")
    assert location.parts == 8
    assert location.bound(-24) == Fraction(3)
    assert location.sites(taking(problem, [0, 1], [0])).tolist() == [0, 0]


def test_numbers_that_do_not_fit_are_refused() -> None:
    """Whoever mixes up lines and columns is told which table is wrong."""
    with pytest.raises(ValueError, match="use has the shape 2 x 3, not 3 x 2"):
        multidimensional_knapsack([1, 2, 3], [[1, 2, 3], [4, 5, 6]], [7, 8])
    with pytest.raises(ValueError, match="cost: 'x' is no number"):
        generalized_assignment([["x"]], [[1]], [1])
    with pytest.raises(ValueError, match="more than 62 bits"):
        Amounts.of(["1e30"])
    with pytest.raises(ValueError, match=r"requirements within 0..1"):
        next_release([1, 1], [(0, 2)], [1], [[1]], 1)
    with pytest.raises(ValueError, match="demand must be 0 or more"):
        single_source_location([1], [1], [-1], [[1]])
    assert Amounts.of([0.1, 0.25]).whole.tolist() == [2, 5]


def test_sizes_stay_small_beside_costs_with_many_digits() -> None:
    """Whole demands that stand in one table with fractions stay whole: what stands at a site is counted in them."""
    table = Amounts.of([["7", "0.00001"], ["3", "2.5"]])
    sizes, costs = Amounts(table.whole[:, 0], table.parts), Amounts(table.whole[:, 1:].T, table.parts)
    problem, _ = single_source_location(["10.0"], [0], sizes, costs)
    assert problem.option_size.tolist() == [7, 3]
    assert problem.facility_capacity.tolist() == [10]
