"""The best that can stand on one root at given prices: an exact multiple-choice knapsack, plain and slow.

A *class* is a list of (size, value) of which at most one is taken. Fronts are lists of (load, value) in
which more load always brings more value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .exact import Exact
from .problem import UNLIMITED

Int = NDArray[np.int64]
Class = tuple[Int, Exact]

LIST_STATES = 1 << 12  # a shorter list is never turned into a table
DENSE_STATES = 1 << 20
MERGE_WORK = 1 << 26


def best_value(classes: list[Class], capacity: int) -> Any:
    """Largest value of at most one item of each class within the capacity, or a number slightly above it."""
    top = [int(np.argmax(values)) for _, values in classes]
    if capacity == UNLIMITED or sum(int(c[0][i]) for c, i in zip(classes, top, strict=True)) <= capacity:
        return sum(int(c[1][i]) for c, i in zip(classes, top, strict=True))
    return int(front(classes, capacity)[1][-1])


def front(classes: list[Class], capacity: int) -> Class:
    """All loads up to the capacity at which the best value rises, with that value; begins with (0, 0).

    Exact, unless the table would be too large: then sizes are rounded down to a coarser grid, so that values
    can only be too high, never too low. Without a limit, only the best value counts and its load is 0.
    """
    wide = any(values.dtype == object for _, values in classes)
    dtype: Any = object if wide else np.int64
    zero = np.zeros(1, np.int64)
    if capacity == UNLIMITED:
        best = sum(int(values.max()) for _, values in classes)
        return zero, np.array([best], dtype)
    loads, best_at = zero, np.zeros(1, dtype)
    fitting = []
    for sizes, values in classes:
        within = sizes <= capacity
        if within.all():
            fitting.append((sizes, values))
        elif within.any():
            fitting.append((sizes[within], values[within]))
    step = int(np.gcd.reduce(np.concatenate([sizes for sizes, _ in fitting]))) if fitting else 1
    if step == 0:
        step = 1
    for number, (sizes, values) in enumerate(fitting):
        states = len(loads) * (len(sizes) + 1)
        if states > LIST_STATES and states > min(capacity // step // 4, DENSE_STATES):
            return _dense(loads, best_at, fitting[number:], capacity, step)
        loads = np.add.outer(np.concatenate((zero, sizes)), loads).ravel()
        best_at = np.add.outer(np.concatenate((np.zeros(1, dtype), values)), best_at).ravel()
        within = loads <= capacity
        loads, best_at = _pruned(loads[within], best_at[within])
    return loads, best_at


def _pruned(loads: Int, values: Exact) -> Class:
    """Only points that no point of smaller or equal load equals or beats."""
    order = np.lexsort((-values, loads))
    loads, values = loads[order], values[order]
    highest = np.maximum.accumulate(values)
    rises = np.ones(len(values), np.bool_)
    rises[1:] = highest[1:] > highest[:-1]
    return loads[rises], values[rises]


def _dense(loads: Int, values: Exact, classes: list[Class], capacity: int, step: int) -> Class:
    """The same with one state for each load on a grid."""
    grid = max(step, -(-(capacity + 1) // DENSE_STATES))
    states = capacity // grid + 1
    table = np.zeros(states, values.dtype)
    np.maximum.at(table, loads // grid, values)
    table = np.maximum.accumulate(table)
    for class_sizes, class_values in classes:
        sizes, gains = _thinned(class_sizes // grid, class_values, states)
        old = table.copy()
        for size, gain in zip(sizes.tolist(), gains.tolist(), strict=True):
            np.maximum(table[size:], old[: states - size] + gain, out=table[size:])
    rises = np.r_[True, table[1:] > table[:-1]]
    return np.flatnonzero(rises) * grid, table[rises]


def _thinned(sizes: Int, values: Exact, states: int) -> Class:
    """A class with few enough items for the table: sizes rounded down further where there are too many."""
    sizes, values = _pruned(sizes, values)
    allowed = max(1, MERGE_WORK // states)
    if len(sizes) <= allowed:
        return sizes, values
    grid = -(-states // allowed)
    rounded = sizes // grid * grid
    last = np.r_[rounded[1:] != rounded[:-1], True]  # values rise with size, so the last is the best
    return rounded[last], values[last]


@dataclass(frozen=True, slots=True)
class Root:
    """One root with all that hangs on it, as lists; values are reduced by prices and exact."""

    capacity: int
    occasional: bool
    openings: list[tuple[int, int]]  # period, value
    direct: list[list[tuple[int, int, int]]]  # choice sets of (period, size, value)
    modules: list[Module]


@dataclass(frozen=True, slots=True)
class Module:
    """A module: sizes, exclusion set (or a number of its own), openings and choice sets as for a root."""

    minimum: int
    capacity: int
    exclusion: int
    openings: list[tuple[int, int]]
    choices: list[list[tuple[int, int, int]]]


def root_value(root: Root, *, wide: bool) -> int:
    """The best value of a root, 0 if it stays closed."""
    found = [(*_best_choices(root, period, value), period, value) for period, value in root.openings]
    best, modules = 0, None
    for most, fits, period, value in sorted(found, reverse=True):
        if most <= best:
            break
        if fits:
            return most
        if modules is None:
            modules = [(module.exclusion, _module_items(module, root, wide=wide)) for module in root.modules]
        classes = _choice_classes(root.direct, period, occasional=root.occasional, wide=wide)
        sets: dict[int, list[tuple[int, int, int]]] = {}
        for exclusion, items in modules:
            sets.setdefault(exclusion, []).extend(items)
        classes += _choice_classes(list(sets.values()), period, occasional=root.occasional, wide=wide)
        if value + sum(int(values.max()) for _, values in classes) > best:
            best = max(best, value + best_value(classes, root.capacity))
    return best


def _best_choices(root: Root, period: int, value: int) -> tuple[int, bool]:
    """What a root opened in a period is worth if capacities do not count, and whether the best choices fit all the same."""
    worth, load = value, 0
    for items in root.direct:
        size, most = _best(items, period, occasional=root.occasional)
        worth, load = worth + most, load + size
    fits = True
    sets: dict[int, tuple[int, int, bool]] = {}  # by exclusion set: worth, load, whether it fits its module
    for module in root.modules:
        for inner, door in module.openings:
            if inner != period if root.occasional else inner < period:
                continue
            chosen = [_best(items, inner, occasional=root.occasional) for items in module.choices]
            most, inside = door + sum(gain for _, gain in chosen), sum(size for size, _ in chosen)
            if most > sets.get(module.exclusion, (0, 0, True))[0]:
                within = module.capacity == UNLIMITED or inside <= module.capacity
                sets[module.exclusion] = most, max(inside, module.minimum), within
    for most, size, within in sets.values():
        worth, load, fits = worth + most, load + size, fits and within
    return worth, fits and (root.capacity == UNLIMITED or load <= root.capacity)


def _best(items: list[tuple[int, int, int]], period: int, *, occasional: bool) -> tuple[int, int]:
    """Size and value of the best item that a door opened in a period serves; nothing where none is worth anything."""
    size, most = 0, 0
    for when, each, value in items:
        if (when == period if occasional else when >= period) and (value > most or (value == most > 0 and each < size)):
            size, most = each, value
    return size, most


def _choice_classes(
    choices: list[list[tuple[int, int, int]]], period: int, *, occasional: bool, wide: bool
) -> list[Class]:
    """Classes of those items that a door opened in `period` serves and that are worth anything."""
    classes = []
    for items in choices:
        held = [
            (size, value)
            for when, size, value in items
            if value > 0 and (when == period if occasional else when >= period)
        ]
        if held:
            sizes = np.array([size for size, _ in held], np.int64)
            classes.append((sizes, np.array([value for _, value in held], object if wide else np.int64)))
    return classes


def _module_items(module: Module, root: Root, *, wide: bool) -> list[tuple[int, int, int]]:
    """What an open module may take of its root and is worth then: (period of opening, load, value)."""
    items = []
    room = min((held for held in (module.capacity, root.capacity) if held != UNLIMITED), default=UNLIMITED)
    for period, value in module.openings:
        classes = _choice_classes(module.choices, period, occasional=root.occasional, wide=wide)
        loads, values = front(classes, room)
        padded = np.maximum(loads, module.minimum)
        items += [
            (period, load, value + gain)
            for load, gain in zip(*(part.tolist() for part in _pruned(padded, values)), strict=True)
            if root.capacity == UNLIMITED or load <= root.capacity
        ]
    return items
