"""Money to the yuan: whenever the program's fractions pay for a plan, whole yuan do, with every share kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qingdan.models.class_money import class_money, left_of_rows
from qingdan.models.disbursement import (
    Due,
    FundsOfProjects,
    Share,
    Tidiness,
    split_by_budget_year,
    split_to_projects,
    tidiness,
)
from qingdan.models.whole_flow import Network, NoFlow, flow_faults, whole_flow
from qingdan.solver.problem import Objective, Problem, make_problem
from qingdan.solver.solution import Plan
from qingdan.solver.sparse import Sparse


def money_problem(
    dues: list[int],
    arcs: list[tuple[int, int, int]],
    *,
    percent: list[int],
    floor_of: list[int],
    floor_percent: list[int],
    limits: list[int],
    arc_row: Sparse | None = None,
    side_limits: tuple[int, ...] = (),
) -> Problem:
    """One class; one option takes everything; arcs are (demand, portion, source)."""
    demands = len(dues)
    one = np.zeros(1, np.int64)
    return make_problem(
        1,
        (Objective("benefit", one + 1, np.zeros(0, np.int64), np.zeros(0, np.int64)),),
        option_period=one,
        row_limit=np.array([*limits, *side_limits]),
        option_row=Sparse.empty(1),
        class_count=1,
        demand_class=np.zeros(demands, np.int64),
        option_spend=Sparse.from_entries(1, np.zeros(demands), np.arange(demands), dues),
        portion_class=np.zeros(len(percent), np.int64),
        portion_percent=percent,
        portion_floor=floor_of,
        floor_class=np.zeros(len(floor_percent), np.int64),
        floor_percent=floor_percent,
        arc_demand=[a[0] for a in arcs],
        arc_portion=[a[1] for a in arcs],
        arc_source=[a[2] for a in arcs],
        arc_row=arc_row,
    )  # fmt: skip


def all_taken(arc: list[float]) -> Plan:
    return Plan(np.ones(1, np.bool_), np.zeros(0, np.bool_), np.zeros(0), np.array(arc, np.float64))


@st.composite
def paid_networks(draw: st.DrawFn) -> tuple[Network, np.ndarray]:
    """A random fractional flow over tied years, with shares and floors that it just keeps."""
    demands, portions, years = draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    floors = draw(st.integers(0, 2))
    arcs = [
        (d, p, p * years + b)
        for d in range(demands) for p in range(portions) for b in range(years) if b <= d <= b + 1 or b == 0
    ]  # fmt: skip
    eighths = np.array(draw(st.lists(st.integers(0, 4000), min_size=len(arcs), max_size=len(arcs)))) / 8
    demand = np.array([a[0] for a in arcs])
    # the last arc of every demand makes it whole
    paid = np.bincount(demand, eighths, demands)
    for d in range(demands):
        eighths[np.flatnonzero(demand == d)[-1]] += np.ceil(paid[d]) - paid[d]
    source = np.array([a[2] for a in arcs])
    of_portion = demand * portions + np.array([a[1] for a in arcs])
    portion_paid = np.bincount(of_portion, eighths, demands * portions)
    set_of = np.array([p if p < floors else -1 for _ in range(demands) for p in range(portions)])
    set_number = np.where(set_of >= 0, np.arange(demands * portions) // portions * max(floors, 1) + set_of, -1)
    inside = set_number >= 0
    set_paid = np.bincount(set_number[inside], portion_paid[inside], demands * floors)
    return Network(
        arc_source=source,
        arc_portion=of_portion,
        portion_limit=np.ceil(portion_paid).astype(np.int64),
        portion_set=set_number,
        portion_demand=np.arange(demands * portions) // portions,
        set_least=np.floor(set_paid).astype(np.int64),
        set_demand=np.arange(demands * floors) // max(floors, 1),
        demand=np.round(np.bincount(demand, eighths, demands)).astype(np.int64),
        source_limit=np.ceil(np.bincount(source, eighths, portions * years)).astype(np.int64),
    ), eighths


@given(paid_networks())
@settings(max_examples=150, deadline=None)
def test_whole_yuan_exist_whenever_fractions_do(case: tuple[Network, np.ndarray]) -> None:
    """A plan that the solver can pay for in fractions always has a table that balances to the yuan."""
    network, near = case
    found = whole_flow(network, near)
    assert flow_faults(network, found) == []
    assert np.all(np.abs(found - near) < 1)


def test_amounts_that_are_no_flow_are_refused() -> None:
    """Money that is not there is never invented."""
    one = np.zeros(1, np.int64)
    network = Network(one, one, one + 50, one - 1, one, one[:0], one[:0], one + 100, one + 100)
    with pytest.raises(NoFlow):
        whole_flow(network, np.array([100.0]))


def test_central_money_pays_before_county_money() -> None:
    """The county's own money is spared as far as the share of the central fund goes."""
    problem = money_problem(
        [10], [(0, 0, 0), (0, 1, 1)], percent=[100, 60], floor_of=[-1, -1], floor_percent=[], limits=[10, 10]
    )
    money = class_money(problem, all_taken([9.0, 1.0]), preference=np.array([4, 0]))
    assert money.arc.tolist() == [400, 600]
    assert class_money(problem, all_taken([9.0, 1.0])).arc.tolist() == [900, 100]


def test_a_ceiling_on_debt_holds_when_money_is_moved() -> None:
    """A treasurer's preferred order never breaks another rule of the plan."""
    problem = money_problem(
        [10], [(0, 0, 0), (0, 1, 1)], percent=[100, 100], floor_of=[-1, -1], floor_percent=[], limits=[10, 10],
        arc_row=Sparse.from_entries(2, [1], [2], [7]), side_limits=(20,),
    )  # fmt: skip
    plan = all_taken([9.0, 1.0])
    assert left_of_rows(problem, plan).tolist() == [10, 10, 20]
    money = class_money(problem, plan, preference=np.array([4, 0]))
    assert money.arc.sum() == 1000
    assert 7 * money.arc[1] <= 2000
    assert money.arc[1] >= 280


def test_fractions_of_the_solver_become_whole_yuan() -> None:
    """Thirds are common in a solver's answer and unknown to a treasury."""
    problem = money_problem(
        [1, 1], [(0, 0, 0), (0, 1, 1), (1, 0, 0), (1, 1, 1)], percent=[50, 100], floor_of=[-1, 0],
        floor_percent=[20], limits=[1, 2],
    )  # fmt: skip
    money = class_money(problem, all_taken([1 / 3, 2 / 3, 1 / 3, 2 / 3]))
    assert money.arc.sum() == 200
    assert money.arc[0] <= 50 and money.arc[2] <= 50 and money.arc[0] + money.arc[2] <= 100


@st.composite
def class_splits(draw: st.DrawFn) -> tuple[list[Due], list[Share], dict[int, int]]:
    dues = [Due(f"P{i}", draw(st.integers(1, 40))) for i in range(draw(st.integers(1, 6)))]
    total = sum(due.hundreds for due in dues)
    caps = draw(st.lists(st.integers(1, 100), min_size=1, max_size=5).filter(lambda c: sum(c) >= 100))
    left, amounts = 100 * total, []
    after = [sum(caps[i + 1 :]) for i in range(len(caps))]
    for cap, later in zip(caps, after, strict=True):
        amounts.append(draw(st.integers(max(0, left - later * total), min(left, cap * total))))
        left -= amounts[-1]
    local = draw(st.integers(0, len(caps)))
    floor = sum(amounts[:local]) // total if local else 0
    shares = [Share(f"F{i}", amounts[i], caps[i], 0 if i < local else -1) for i in range(len(caps))]
    return dues, shares, {0: floor} if local else {}


@given(class_splits())
@settings(max_examples=200, deadline=None)
def test_projects_are_paid_in_full_with_every_share_kept(case: tuple[list[Due], list[Share], dict[int, int]]) -> None:
    """No project is short of a yuan, no fund pays more than it may, and nothing is left over."""
    dues, shares, floors = case
    grants = split_to_projects(dues, shares, floors, FundsOfProjects())
    for due in dues:
        assert sum(v for (p, _), v in grants.items() if p == due.project) == 100 * due.hundreds
    for share in shares:
        assert sum(v for (_, f), v in grants.items() if f == share.fund) == share.amount
    for due in dues:
        for share in shares:
            assert grants.get((due.project, share.fund), 0) <= share.cap * due.hundreds
        for number, percent in floors.items():
            inside = {s.fund for s in shares if s.floor_set == number}
            paid = sum(v for (p, f), v in grants.items() if p == due.project and f in inside)
            assert paid >= percent * due.hundreds
    assert all(v > 0 for v in grants.values())


def test_projects_get_few_funds_where_shares_allow() -> None:
    """Two projects and two funds that may each pay everything: one fund each, not two."""
    dues = [Due("P1", 3), Due("P2", 3)]
    grants = split_to_projects(dues, [Share("A", 300, 100), Share("B", 300, 100)], {}, FundsOfProjects())
    assert len(grants) == 2


def test_budget_years_keep_both_totals() -> None:
    """Earlier money goes first, and each budget year pays exactly what the class draws from it."""
    grants = {("P1", "A"): 70, ("P2", "A"): 50}
    out = split_by_budget_year(grants, {"A": {2027: 40, 2026: 80}})
    assert out == {("P1", "A", 2026): 70, ("P2", "A", 2026): 10, ("P2", "A", 2027): 40}


def test_awkward_grants_are_counted() -> None:
    """What cannot be filed as it is gets a number, not silence."""
    grants = {("P1", f"F{i}"): 100 for i in range(5)} | {("P2", "F1"): 900}
    assert tidiness(grants, {"F1": 500}) == Tidiness(1, 1, 100)
