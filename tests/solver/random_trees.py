"""Random proofs by cases: decisions on random columns, leaves with random prices."""

from __future__ import annotations

import numpy as np
from qingdan.solver.leaves import Tree
from qingdan.solver.problem import Problem

Columns = list[tuple[int, int]]
"""Kind and number of columns."""


def whole_columns(problem: Problem) -> Columns:
    """All columns that a decision may speak of."""
    columns = [(0, c) for c in range(problem.options)] + [(1, c) for c in range(problem.openings)]
    return columns + [(2, int(c)) for c in np.flatnonzero(problem.extra_whole)]


def random_tree(problem: Problem, rng: np.random.Generator, decisions: int) -> Tree:
    """A well-formed tree over the columns of a problem; its prices are small and arbitrary, its scales differ."""
    return tree_over(whole_columns(problem), problem.group_exact, problem.rows, rng, decisions)


def tree_over(
    columns: Columns, exact: np.ndarray, rows: int, rng: np.random.Generator, decisions: int, scale: int | None = None
) -> Tree:
    """The same over some columns, with prices of groups (`exact`: to be met exactly) and of so many rows."""
    decisions = decisions if columns else 0
    low, high = [-1] * decisions, [-1] * decisions
    places: list[list[tuple[int, bool]]] = [[]]
    for decision in range(decisions):  # every decision takes the place of a random open end
        at = int(rng.integers(len(places)))
        way = places.pop(at)
        if way:
            above, right = way[-1]
            (high if right else low)[above] = decision
        places += [[*way, (decision, False)], [*way, (decision, True)]]
    rng.shuffle(places)
    for leaf, way in enumerate(places):
        if way:
            above, right = way[-1]
            (high if right else low)[above] = -1 - leaf
    forms, limits = [], []
    for _ in range(decisions):
        plain = rng.random() < 0.6
        size = int(rng.integers(1, min(4, len(columns)) + 1))
        chosen = rng.choice(len(columns), size, replace=False)
        amounts = np.ones(size, np.int64) if plain else rng.integers(-2, 4, size)
        forms.append([(*columns[c], int(a)) for c, a in zip(chosen, amounts, strict=True)])
        limits.append(0 if plain else int(rng.integers(-1, 3)))
    entries = np.array([entry for form in forms for entry in form], np.int64).reshape(-1, 3)
    scales = 2 ** rng.integers(0, 5, len(places)) if scale is None else np.full(len(places), scale)
    group = rng.integers(0, 30, (len(places), len(exact))) * rng.integers(0, 2, (len(places), len(exact)))
    group[:, exact] -= rng.integers(0, 30)
    prices = [rng.integers(0, 60, len(way)) * rng.integers(0, 2, len(way)) for way in places]
    return Tree(
        low=np.array(low, np.int64),
        high=np.array(high, np.int64),
        limit=np.array(limits, np.int64),
        form_start=np.r_[0, np.cumsum([len(form) for form in forms])].astype(np.int64),
        form_kind=entries[:, 0].copy(),
        form_column=entries[:, 1].copy(),
        form_amount=entries[:, 2].copy(),
        scale=scales.astype(np.int64),
        group_price=group.astype(np.int64),
        row_price=rng.integers(0, 8, (len(places), rows)).astype(np.int64),
        decision_start=np.r_[0, np.cumsum([len(way) for way in places])].astype(np.int64),
        decision_price=np.concatenate([np.zeros(0, np.int64), *prices]).astype(np.int64),
    )


def damaged(tree: Tree, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The parts of a tree with one number changed, one part cut or lengthened, or two numbers exchanged."""
    parts = {name: getattr(tree, name).copy() for name in Tree.__slots__}
    name = str(rng.choice([name for name in parts if parts[name].size]))
    part = parts[name]
    flat = part.reshape(-1)
    kind = int(rng.integers(4))
    if kind == 0:
        flat[int(rng.integers(flat.size))] += int(rng.integers(-3, 4))
    elif kind == 1:
        flat[int(rng.integers(flat.size))] = int(rng.integers(-(2**62), 2**62)) >> int(rng.integers(0, 62))
    elif kind == 2:
        one, other = rng.integers(flat.size, size=2)
        flat[one], flat[other] = flat[other], flat[one]
    else:
        parts[name] = part[:-1] if rng.random() < 0.5 else np.concatenate([part, part[-1:]])
    return parts
