"""Small random problems that use every part of the problem class, for comparison with enumeration."""

from __future__ import annotations

import numpy as np
from qingdan.solver.problem import NONE, UNLIMITED, Objective, Problem, make_problem
from qingdan.solver.sparse import Sparse

KINDS = ("plan", "location", "plan", "assignment", "plan", "knapsack", "money")
STAGES = ((("benefit", 25),), (("safety", 6), ("benefit", 25)), (("safety", 6), ("benefit", 25), ("cost", 1)))


def random_problem(seed: int) -> Problem:
    """A problem of up to about 15 whole columns; its kind goes round with the seed."""
    rng = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    if kind == "location":
        return _location(rng, occasional=False)
    if kind == "assignment":
        return _location(rng, occasional=bool(rng.integers(2)))
    if kind == "knapsack":
        return _knapsack(rng)
    return _plan(rng, with_facilities=kind == "plan")


def _sparse(rng: np.random.Generator, owners: int, size: int, low: int, high: int, density: float) -> Sparse:
    table = rng.integers(low, high + 1, (owners, size)) * (rng.random((owners, size)) < density)
    owner, index = np.nonzero(table)
    return Sparse.from_entries(owners, owner, index, table[owner, index])


def _location(rng: np.random.Generator, *, occasional: bool) -> Problem:
    """Single-source capacitated location: every client one place, sizes, fixed charges."""
    clients, places = 4, 2
    group = np.repeat(np.arange(clients), places)
    facility = np.tile(np.arange(places), clients)
    size = np.repeat(rng.integers(1, 6, clients), places)
    return make_problem(
        1,
        (
            Objective(
                "cost", -rng.integers(1, 30, clients * places), -rng.integers(5, 40, places), np.zeros(0, np.int64)
            ),
        ),
        group_capacity=np.ones(clients, np.int64),
        group_exact=np.ones(clients, np.bool_) if rng.random() < 0.8 else rng.random(clients) < 0.5,
        facility_parent=np.full(places, NONE),
        facility_capacity=rng.integers(6, 14, places),
        facility_occasional=np.full(places, occasional),
        opening_facility=np.arange(places),
        opening_period=np.zeros(places, np.int64),
        option_group=group,
        option_facility=facility,
        option_size=size,
    )


def _knapsack(rng: np.random.Generator) -> Problem:
    """Multidimensional knapsack with extra columns, whole and continuous."""
    options, rows, extras = 8, 3, int(rng.integers(0, 3))
    use = _sparse(rng, options, rows, 1, 20, 0.8)
    return make_problem(
        1,
        (Objective("benefit", rng.integers(1, 30, options), np.zeros(0, np.int64), rng.integers(-5, 9, extras)),),
        option_group=np.full(options, NONE),
        row_limit=use.totals(np.ones(options, np.int64), rows) // 2,
        option_row=use,
        extra_lower=rng.integers(-2, 1, extras),
        extra_upper=rng.integers(1, 4, extras),
        extra_whole=rng.random(extras) < 0.5,
        extra_row=_sparse(rng, extras, rows, -6, 6, 0.7),
    )


def _facilities(rng: np.random.Generator, periods: int) -> dict[str, np.ndarray]:
    """Two roots, one of them occasional at times, and up to three modules with minima and an exclusion set."""
    roots, modules = 2, int(rng.integers(1, 4))
    parent = np.r_[np.full(roots, NONE), np.sort(rng.integers(0, roots, modules))]
    exclusion = np.full(roots + modules, NONE)
    if modules > 1 and parent[roots] == parent[roots + 1] and rng.random() < 0.7:
        exclusion[roots : roots + 2] = 0
    facility, period = np.nonzero(rng.random((roots + modules, periods)) < (1.0 if periods == 1 else 0.65))
    return {
        "facility_parent": parent,
        "facility_capacity": np.r_[
            np.where(rng.random(roots) < 0.8, rng.integers(5, 18, roots), UNLIMITED),
            np.where(rng.random(modules) < 0.4, rng.integers(2, 10, modules), UNLIMITED),
        ],
        "facility_minimum": np.r_[np.zeros(roots, np.int64), rng.integers(0, 6, modules)],
        "facility_occasional": np.r_[rng.random(roots) < 0.4, np.zeros(modules, np.bool_)],
        "facility_exclusion": exclusion,
        "opening_facility": facility,
        "opening_period": period,
    }


def _plan(rng: np.random.Generator, *, with_facilities: bool) -> Problem:
    """Needs, sites, modules and money over some years."""
    periods = int(rng.integers(1, 4))
    facilities = _facilities(rng, periods) if with_facilities else {}
    count = len(facilities.get("facility_parent", ()))
    openings = len(facilities.get("opening_facility", ()))
    groups, options = 3, 8 if openings < 8 else 6
    group = rng.integers(-1, groups, options)
    facility = np.where(rng.random(options) < 0.85, rng.integers(0, max(count, 1), options), NONE) if count else None
    place = facility if facility is not None else np.full(options, NONE)
    choice = np.full(options, NONE)
    pairs, position = np.unique(np.stack([group, place]), axis=1, return_inverse=True)
    for number in range(pairs.shape[1]):  # a choice set lies within one group and one facility
        if rng.random() < 0.5:
            choice[position == number] = number
    capacity = rng.integers(1, 4, groups)
    weight = np.where(rng.random(options) < 0.5, 1, rng.integers(0, 3, options))
    exact = (rng.random(groups) < 0.15) & np.isin(np.arange(groups), group)

    # money: classes with portions, shares, floors; sources are rows
    classes, sources, other = int(rng.integers(1, 3)), 3, 2
    rows = sources + other
    demand_class = np.repeat(np.arange(classes), 2)
    portions = 3 * classes
    portion_floor = np.full(portions, NONE)
    floor_class = np.flatnonzero(rng.random(classes) < 0.6)
    for number, held in enumerate(floor_class):
        portion_floor[3 * held + rng.integers(0, 3, 2)] = number
    percent = rng.integers(40, 101, portions)
    arcs = [
        (demand, 3 * int(demand_class[demand]) + portion, int(source))
        for demand in range(len(demand_class))
        for portion in range(3)
        for source in rng.choice(sources, int(rng.integers(1, 3)), replace=False)
    ]
    extras = int(rng.integers(0, 3))
    option_spend = _sparse(rng, options, len(demand_class), 1, 12, 0.4)
    opening_spend = _sparse(rng, openings, len(demand_class), 1, 8, 0.4)
    option_row = _sparse(rng, options, rows, -3, 6, 0.25)
    spent = int(option_spend.amount.sum() + opening_spend.amount.sum())
    return make_problem(
        periods,
        tuple(
            Objective(
                name,
                rng.integers(-3, high, options),
                rng.integers(-6, 3, openings),
                rng.integers(-3, 4, extras),
            )
            for name, high in STAGES[int(rng.integers(len(STAGES)))]
        ),
        group_capacity=capacity,
        group_exact=exact,
        option_group=group,
        option_weight=weight,
        option_choice=choice,
        option_facility=facility,
        option_period=rng.integers(0, periods, options),
        option_size=rng.integers(0, 7, options),
        row_limit=np.r_[rng.integers(0, max(spent // 2, 1) + 6, sources), rng.integers(2, 14, other)],
        option_row=option_row,
        opening_row=_sparse(rng, openings, rows, -3, 6, 0.25),
        extra_lower=rng.integers(-1, 1, extras),
        extra_upper=rng.integers(1, 3, extras),
        extra_whole=rng.random(extras) < 0.5,
        extra_row=_sparse(rng, extras, rows, -4, 5, 0.5),
        class_count=classes,
        demand_class=demand_class,
        option_spend=option_spend,
        opening_spend=opening_spend,
        portion_class=np.repeat(np.arange(classes), 3),
        portion_percent=percent,
        portion_floor=portion_floor,
        floor_class=floor_class,
        floor_percent=rng.integers(5, 41, len(floor_class)),
        arc_demand=[arc[0] for arc in arcs],
        arc_portion=[arc[1] for arc in arcs],
        arc_source=[arc[2] for arc in arcs],
        arc_row=_sparse(rng, len(arcs), rows, -1, 2, 0.15),
        **facilities,
    )
