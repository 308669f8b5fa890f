"""The optimum by enumeration, written from the description of the class and sharing nothing with the solvers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from qingdan.solver.problem import NONE, UNLIMITED, Problem
from qingdan.solver.sparse import Sparse
from scipy.optimize import linprog

Columns = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


def optimum(problem: Problem) -> int | None:
    """Best value of the first objective, rounded down to whole points; None if there is no plan."""
    continuous = np.flatnonzero(~problem.extra_whole)
    value = problem.objectives[0].extra[continuous]
    at_most = np.maximum(value * problem.extra_lower[continuous], value * problem.extra_upper[continuous]).sum()
    candidates = sorted(whole_plans(problem), key=lambda found: -found[0])
    best: float | None = None
    for profit, columns in candidates:
        if best is not None and profit + at_most <= best + 1e-9:
            break
        further = money(problem, columns)
        if further is not None and (best is None or profit + further > best):
            best = profit + further
    return None if best is None else int(np.floor(best + 1e-6))


def whole_plans(problem: Problem) -> Iterator[tuple[int, Columns]]:
    """Profit and columns (options, openings, whole extras) of all choices that obey every rule but the rows."""
    p, profit = problem, problem.objectives[0]
    wholes = np.flatnonzero(p.extra_whole)
    ranges = [range(p.extra_lower[e], p.extra_upper[e] + 1) for e in wholes]
    for opening in product((0, 1), repeat=p.openings):
        since = _opened(p, opening)
        if since is None:
            continue
        open_profit = int(np.dot(profit.opening, opening))
        free = [o for o in range(p.options) if _served(p, since, int(p.option_facility[o]), int(p.option_period[o]))]
        for taken in product((0, 1), repeat=len(free)):
            chosen = [o for o, yes in zip(free, taken, strict=True) if yes]
            if not (_groups_hold(p, chosen) and _capacity_holds(p, since, chosen)):
                continue
            option = tuple(int(o in chosen) for o in range(p.options))
            base = open_profit + int(np.dot(profit.option, option))
            for extra in product(*ranges):
                yield base + int(np.dot(profit.extra[wholes], extra)), (option, opening, extra)


def _opened(p: Problem, opening: tuple[int, ...]) -> dict[int, int] | None:
    """Period in which each facility opens, or None where that breaks a rule."""
    since: dict[int, int] = {}
    for column, yes in enumerate(opening):
        if yes:
            facility = int(p.opening_facility[column])
            if facility in since:
                return None
            since[facility] = int(p.opening_period[column])
    excluded = [int(p.facility_exclusion[f]) for f in since if p.facility_exclusion[f] != NONE]
    if len(excluded) != len(set(excluded)):
        return None
    for facility, period in since.items():
        if p.facility_parent[facility] != NONE and not _served(p, since, int(p.facility_parent[facility]), period):
            return None
    return since


def _served(p: Problem, since: dict[int, int], facility: int, period: int) -> bool:
    """Whether a facility is open for something that happens in a period."""
    if facility == NONE:
        return True
    if facility not in since:
        return False
    root = facility if p.facility_parent[facility] == NONE else p.facility_parent[facility]
    return since[facility] == period if p.facility_occasional[root] else since[facility] <= period


def _groups_hold(p: Problem, chosen: list[int]) -> bool:
    choices = [int(p.option_choice[o]) for o in chosen if p.option_choice[o] != NONE]
    if len(choices) != len(set(choices)):
        return False
    for group in range(p.groups):
        weight = sum(int(p.option_weight[o]) for o in chosen if p.option_group[o] == group)
        if weight > p.group_capacity[group] or (p.group_exact[group] and weight != p.group_capacity[group]):
            return False
    return True


def _capacity_holds(p: Problem, since: dict[int, int], chosen: list[int]) -> bool:
    for module in since:
        if p.facility_parent[module] != NONE and p.facility_capacity[module] != UNLIMITED:
            inside = sum(int(p.option_size[o]) for o in chosen if p.option_facility[o] == module)
            if inside > p.facility_capacity[module]:
                return False
    for root in since:
        if p.facility_parent[root] != NONE or p.facility_capacity[root] == UNLIMITED:
            continue
        load = sum(int(p.option_size[o]) for o in chosen if p.option_facility[o] == root)
        for module in since:
            if p.facility_parent[module] == root:
                inside = sum(int(p.option_size[o]) for o in chosen if p.option_facility[o] == module)
                load += max(int(p.facility_minimum[module]), inside)
        if load > p.facility_capacity[root]:
            return False
    return True


def _dense(columns: Sparse, size: int) -> np.ndarray:
    table = np.zeros((columns.owners, size))
    table[columns.owner_of_entry(), columns.index] = columns.amount
    return table


def money(p: Problem, columns: Columns) -> float | None:
    """Best further profit of continuous columns with money paid and rows kept; None if that cannot be."""
    option, opening, extra = (np.array(part, np.float64) for part in columns)
    use = option @ _dense(p.option_row, p.rows) + opening @ _dense(p.opening_row, p.rows)
    extra_use = _dense(p.extra_row, p.rows)
    use = use + extra @ extra_use[p.extra_whole]
    spend = option @ _dense(p.option_spend, p.demands) + opening @ _dense(p.opening_spend, p.demands)
    loose = np.flatnonzero(~p.extra_whole)
    if not p.arcs and not len(loose):
        return 0.0 if np.all(use <= p.row_limit) and not spend.any() else None
    arcs = p.arcs
    rows_of_arcs = _dense(p.arc_row, p.rows)
    rows_of_arcs[np.arange(arcs), p.arc_source] += 1
    upper = [np.r_[rows_of_arcs[:, row], extra_use[loose, row]] for row in range(p.rows)]
    limit = [p.row_limit[row] - use[row] for row in range(p.rows)]
    for demand in range(p.demands):
        here = p.arc_demand == demand
        for portion in range(len(p.portion_class)):
            upper.append(np.r_[(here & (p.arc_portion == portion)).astype(float), np.zeros(len(loose))])
            limit.append(p.portion_percent[portion] / 100 * spend[demand])
        for floor in np.flatnonzero(p.floor_class == p.demand_class[demand]):
            counts = here & (p.portion_floor[p.arc_portion] == floor)
            upper.append(-np.r_[counts.astype(float), np.zeros(len(loose))])
            limit.append(-p.floor_percent[floor] / 100 * spend[demand])
    equal = [np.r_[(p.arc_demand == demand).astype(float), np.zeros(len(loose))] for demand in range(p.demands)]
    value = p.objectives[0].extra[loose]
    result = linprog(
        -np.r_[np.zeros(arcs), value],
        A_ub=np.array(upper) if upper else None,
        b_ub=limit if upper else None,
        A_eq=np.array(equal) if equal else None,
        b_eq=spend if equal else None,
        bounds=[(0, None)] * arcs + [(p.extra_lower[e], p.extra_upper[e]) for e in loose],
    )
    return -result.fun if result.status == 0 else None
