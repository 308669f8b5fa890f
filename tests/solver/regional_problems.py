"""Small problems of several regions that share rows, their optimum by enumeration, and random proofs for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from brute_force import Columns, money, whole_plans
from qingdan.bench.joined_problems import join
from qingdan.solver.certificate import StagePrices
from qingdan.solver.leaves import CertificateError
from qingdan.solver.problem import Objective, Problem
from qingdan.solver.region_proofs import COMMON, RegionProofs, column_regions
from qingdan.solver.sparse import Sparse
from random_problems import random_problem
from random_trees import tree_over

Frontier = list[tuple[int, int]]
"""Use of the shared row and the most that a plan with no more use is worth."""


def region_of(seed: int, number: int) -> Problem:
    """One region: a random problem of a single objective."""
    single = random_problem(seed).stage(0, ())
    objective = single.objectives[0]
    return replace(
        single,
        objectives=(Objective("worth", objective.option, objective.opening, objective.extra),),
        group_region=np.full(single.groups, number),
        facility_region=np.full(single.facilities, number),
    )


def regional(parts: list[Problem], rng: np.random.Generator, limit: int) -> tuple[Problem, list[np.ndarray]]:
    """The regions as one problem with a shared row, the last one, that whole columns use; what those of each use."""
    whole = join(parts)
    uses = [rng.integers(0, 5, part.options) for part in parts]
    option = np.concatenate(uses)
    owner, row = whole.option_row.owner_of_entry(), np.full(whole.options, whole.rows)
    table = Sparse.from_entries(
        whole.options,
        np.r_[owner, np.arange(whole.options)],
        np.r_[whole.option_row.index, row],
        np.r_[whole.option_row.amount, option],
    )
    return replace(whole, option_row=table, row_limit=np.r_[whole.row_limit, limit]), uses


def labels(parts: list[Problem]) -> tuple[np.ndarray, np.ndarray]:
    """The region of every row (the shared one comes last) and group."""
    row = [np.full(part.rows, number) for number, part in enumerate(parts)]
    group = [np.full(part.groups, number) for number, part in enumerate(parts)]
    return np.concatenate([*row, [COMMON]]), np.concatenate(group)


def shared_optimum(parts: list[Problem], uses: list[np.ndarray], limit: int) -> int | None:
    """The best value of all regions together, from the frontiers of each."""
    best: dict[int, float] = {0: 0.0}
    for part, use in zip(parts, uses, strict=True):
        front = _frontier(part, use)
        best = {
            used: max(value + worth for before, value in best.items() for more, worth in front if before + more == used)
            for used in {before + more for before in best for more, _ in front if before + more <= limit}
        }
    return int(np.floor(max(best.values()) + 1e-6)) if best else None


def _frontier(part: Problem, use: np.ndarray) -> list[tuple[int, float]]:
    continuous = np.flatnonzero(~part.extra_whole)
    value = part.objectives[0].extra[continuous]
    at_most = np.maximum(value * part.extra_lower[continuous], value * part.extra_upper[continuous]).sum()
    found: list[tuple[int, float]] = []
    columns: Columns
    for worth, columns in sorted(whole_plans(part), key=lambda plan: -plan[0]):
        used = int(np.dot(use, columns[0]))
        if any(more <= used and best >= worth + at_most for more, best in found):
            continue
        further = money(part, columns)
        if further is not None:
            found.append((used, worth + further))
    return found


def random_stage(
    problem: Problem, row: np.ndarray, group: np.ndarray, count: int, rng: np.random.Generator
) -> StagePrices:
    """Random prices and a random tree for every region, over its own columns where it has any."""
    scale = int(2 ** rng.integers(0, 5))
    try:
        of = column_regions(problem, row, group)
    except CertificateError:
        option, opening, extra = (
            rng.integers(0, count, size) for size in (problem.options, problem.openings, problem.extras)
        )
        of = option, opening, extra
    trees = []
    for number in range(count):
        columns = [
            (kind, int(column))
            for kind, regions in enumerate(of)
            for column in np.flatnonzero(regions == number)
            if kind < 2 or problem.extra_whole[column]
        ]
        exact, rows = problem.group_exact[group == number], int((row == number).sum())
        trees.append(tree_over(columns, exact, rows, rng, int(rng.integers(0, 4)), scale))
    return StagePrices(
        0,
        (),
        scale,
        rng.integers(0, 30, problem.groups) * rng.integers(0, 2, problem.groups),
        rng.integers(0, 8, problem.rows),
        None,
        RegionProofs(row, group, tuple(trees)),
    )
