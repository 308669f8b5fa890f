"""Does a plan obey every rule of the problem? Whole things exactly, money with a tolerance."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from .problem import HIGHEST, NONE, UNLIMITED, Objective, Problem
from .solution import Plan
from .sparse import Sparse

Int = NDArray[np.int64]
Float = NDArray[np.float64]

TOLERANCE = 1e-4  # in the unit of the amounts
RELATIVE = 1e-9  # of the sum of what is added up


def violations(problem: Problem, plan: Plan) -> list[str]:
    """Every rule that the plan breaks, one line each; empty when there is none.

    Groups, choices, doors, exclusions, capacity and rows that no arc and no continuous column touches are
    exact in integers; whatever arcs or continuous columns enter may be off by `TOLERANCE` plus `RELATIVE`
    times the sum of the absolute amounts.
    """
    wrong_shape = [
        f"plan: {name} has {len(found)} elements, {size} are needed"
        for name, found, size in (
            ("option", plan.option, problem.options),
            ("opening", plan.opening, problem.openings),
            ("extra", plan.extra, problem.extras),
            ("arc", plan.arc, problem.arcs),
        )
        if len(found) != size
    ]
    if wrong_shape:
        return wrong_shape
    return [
        *_group_faults(problem, plan),
        *_door_faults(problem, plan),
        *_capacity_faults(problem, plan),
        *_extra_faults(problem, plan),
        *_blend_faults(problem, plan),
        *_row_faults(problem, plan),
    ]


def profit(problem: Problem, objective: Objective, plan: Plan) -> int:
    """Value of the plan in whole points (rounded down where a continuous column brings a fraction)."""
    exact = int(objective.option[plan.option].sum()) + int(objective.opening[plan.opening].sum())
    whole = problem.extra_whole
    for amount, value in zip(objective.extra[whole].tolist(), plan.extra[whole].tolist(), strict=True):
        exact += amount * round(value)
    loose = float((objective.extra[~whole] * plan.extra[~whole]).sum())
    return exact + int(np.floor(loose + 1e-6))


def module_loads(problem: Problem, option: NDArray[np.bool_], opening: NDArray[np.bool_]) -> Int:
    """What every facility takes of its root's capacity: of a module the larger of minimum and sizes."""
    taken = option & (problem.option_facility != NONE)
    load = np.zeros(problem.facilities, np.int64)
    np.add.at(load, problem.option_facility[taken], problem.option_size[taken])
    opened = np.zeros(problem.facilities, np.bool_)
    opened[problem.opening_facility[opening]] = True
    return np.where(opened, np.maximum(load, problem.facility_minimum), load)


def _first(bad: NDArray[np.bool_]) -> int:
    return int(np.argmax(bad))


def _group_faults(p: Problem, plan: Plan) -> Iterator[str]:
    member = plan.option & (p.option_group != NONE)
    weight = np.zeros(p.groups, np.int64)
    np.add.at(weight, p.option_group[member], p.option_weight[member])
    for name, bad in (
        ("takes more than its capacity", weight > p.group_capacity),
        ("must be met exactly", p.group_exact & (weight < p.group_capacity)),
    ):
        if bad.any():
            at = _first(bad)
            yield f"group {at} {name}: {weight[at]} of {p.group_capacity[at]}"
    chosen = p.option_choice[plan.option]
    sets, count = np.unique(chosen[chosen != NONE], return_counts=True)
    if np.any(count > 1):
        yield f"choice set {sets[_first(count > 1)]}: more than one option is taken"


def _door_faults(p: Problem, plan: Plan) -> Iterator[str]:
    times = np.bincount(p.opening_facility[plan.opening], minlength=p.facilities)
    if np.any(times > 1):
        yield f"facility {_first(times > 1)} opens more than once"
    never = np.int64(p.periods)
    since = np.full(p.facilities, never)
    np.minimum.at(since, p.opening_facility[plan.opening], p.opening_period[plan.opening])
    occasional = p.facility_occasional[p.root()]

    def closed(facility: Int, period: Int) -> NDArray[np.bool_]:
        start = since[facility]
        return np.where(occasional[facility], start != period, start > period)

    taken = np.flatnonzero(plan.option & (p.option_facility != NONE))
    bad = closed(p.option_facility[taken], p.option_period[taken])
    if bad.any():
        at = taken[_first(bad)]
        yield f"option {at}: facility {p.option_facility[at]} is not open in period {p.option_period[at]}"
    modules = np.flatnonzero((p.facility_parent != NONE) & (since < never))
    bad = closed(p.facility_parent[modules], since[modules])
    if bad.any():
        at = modules[_first(bad)]
        yield f"module {at}: its root {p.facility_parent[at]} is not open in period {since[at]}"
    sets = p.facility_exclusion[(since < never) & (p.facility_exclusion != NONE)]
    numbers, count = np.unique(sets, return_counts=True)
    if np.any(count > 1):
        yield f"exclusion set {numbers[_first(count > 1)]}: more than one of it opens"


def _capacity_faults(p: Problem, plan: Plan) -> Iterator[str]:
    taken = plan.option & (p.option_facility != NONE)
    inside = np.zeros(p.facilities, np.int64)
    np.add.at(inside, p.option_facility[taken], p.option_size[taken])
    over = (p.facility_parent != NONE) & (p.facility_capacity != UNLIMITED) & (inside > p.facility_capacity)
    if over.any():
        at = _first(over)
        yield f"module {at}: options of size {inside[at]} in a capacity of {p.facility_capacity[at]}"
    load = np.zeros(p.facilities, np.int64)
    np.add.at(load, p.root(), module_loads(p, plan.option, plan.opening))
    bad = (p.facility_parent == NONE) & (p.facility_capacity != UNLIMITED) & (load > p.facility_capacity)
    if bad.any():
        at = _first(bad)
        yield f"facility {at}: {load[at]} stand in a capacity of {p.facility_capacity[at]}"


def _extra_faults(p: Problem, plan: Plan) -> Iterator[str]:
    value = plan.extra.astype(np.float64)
    whole = p.extra_whole
    if np.any(value[whole] != np.round(value[whole])):
        yield f"extra column {np.flatnonzero(whole)[_first(value[whole] != np.round(value[whole]))]} must be whole"
    bad = (value < p.extra_lower - np.where(whole, 0, TOLERANCE)) | (
        value > p.extra_upper + np.where(whole, 0, TOLERANCE)
    )
    if bad.any():
        at = _first(bad)
        yield f"extra column {at}: {value[at]} is outside {p.extra_lower[at]}..{p.extra_upper[at]}"


def spent_in_demands(p: Problem, option: NDArray[np.bool_], opening: NDArray[np.bool_]) -> Int:
    """What all that is taken spends in every demand, exact."""
    return p.option_spend.totals(option.astype(np.int64), p.demands) + p.opening_spend.totals(
        opening.astype(np.int64), p.demands
    )


def _blend_faults(p: Problem, plan: Plan) -> Iterator[str]:
    if not p.demands:
        return
    spent = spent_in_demands(p, plan.option, plan.opening).astype(np.float64)
    slack = TOLERANCE + RELATIVE * spent
    if np.any(plan.arc < -TOLERANCE):
        yield f"arc {_first(plan.arc < -TOLERANCE)} is negative"
    paid = np.bincount(p.arc_demand, plan.arc, p.demands)
    bad = np.abs(paid - spent) > slack
    if bad.any():
        at = _first(bad)
        yield f"demand {at}: {paid[at]:.4f} is paid of {spent[at]:.0f}"
    portions = max(len(p.portion_class), 1)
    pairs, position = np.unique(p.arc_demand * portions + p.arc_portion, return_inverse=True)
    demand, portion = np.divmod(pairs, portions)
    amount = np.bincount(position, plan.arc, len(pairs))
    bad = amount > p.portion_percent[portion] / 100 * spent[demand] + slack[demand]
    if bad.any():
        at = _first(bad)
        yield f"demand {demand[at]}: portion {portion[at]} pays {amount[at]:.4f}, more than its share"
    floors = len(p.floor_class)
    if not floors:
        return
    held = p.portion_floor[portion] != NONE
    within: dict[tuple[int, int], float] = {}
    for d, f, a in zip(
        demand[held].tolist(), p.portion_floor[portion[held]].tolist(), amount[held].tolist(), strict=True
    ):
        within[d, f] = within.get((d, f), 0.0) + a
    floors_of_class: dict[int, list[int]] = {}
    for f in np.flatnonzero(p.floor_percent > 0).tolist():
        floors_of_class.setdefault(int(p.floor_class[f]), []).append(f)
    for d in np.flatnonzero(spent > 0).tolist():
        for f in floors_of_class.get(int(p.demand_class[d]), ()):
            needed = p.floor_percent[f] / 100 * spent[d]
            if within.get((d, f), 0.0) < needed - slack[d]:
                yield f"demand {d}: floor set {f} pays {within.get((d, f), 0.0):.4f} of at least {needed:.4f}"
                return


def _row_faults(p: Problem, plan: Plan) -> Iterator[str]:
    exact = p.option_row.totals(plan.option.astype(np.int64), p.rows)
    exact += p.opening_row.totals(plan.opening.astype(np.int64), p.rows)
    whole = np.where(p.extra_whole, np.round(plan.extra), 0).astype(np.int64)
    exact += p.extra_row.totals(whole, p.rows)
    loose = np.zeros(p.rows)
    size = np.abs(exact).astype(np.float64)
    touched = np.zeros(p.rows, np.bool_)

    def add(row: Int, amount: Float) -> None:
        loose[:] += np.bincount(row, amount, p.rows)
        size[:] += np.bincount(row, np.abs(amount), p.rows)
        touched[row[amount != 0]] = True

    add(p.arc_source, plan.arc)
    _add_sparse(add, p.arc_row, plan.arc)
    _add_sparse(add, p.extra_row, np.where(p.extra_whole, 0.0, plan.extra))
    limited = p.row_limit < HIGHEST
    bad = limited & ~touched & (exact > p.row_limit)
    bad |= limited & touched & ((exact - p.row_limit) + loose > TOLERANCE + RELATIVE * size)
    for at in np.flatnonzero(bad)[:3].tolist():
        yield f"row {at}: {exact[at] + loose[at]:.4f} is above its limit {p.row_limit[at]}"


def _add_sparse(add: Callable[[Int, Float], None], columns: Sparse, value: Float) -> None:
    owner = columns.owner_of_entry()
    used = value[owner] != 0
    add(columns.index[used], value[owner[used]] * columns.amount[used])
