"""Is a problem well formed? All faults at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .problem import HIGHEST, NONE, Problem
from .sparse import Sparse


class ProblemError(ValueError):
    """The arrays do not make a problem; `faults` says what is wrong with which array."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def check_problem(problem: Problem) -> None:
    """Raise `ProblemError` unless every index points at something and every rule of the class holds."""
    faults = [*_shapes(problem)]
    if not faults:
        references = [*_references(problem)]
        # the rules follow the references, so all of those must point at something first
        faults = references or [*_rules(problem), *_sizes(problem)]
    if faults:
        raise ProblemError(faults)


def _shapes(p: Problem) -> Iterator[str]:
    lengths = {
        "group": (p.groups, ("exact", "region")),
        "facility": (p.facilities, ("capacity", "minimum", "occasional", "exclusion", "region")),
        "opening": (p.openings, ("period",)),
        "option": (p.options, ("weight", "choice", "facility", "period", "size")),
        "extra": (p.extras, ("upper", "whole")),
        "portion": (len(p.portion_class), ("percent", "floor")),
        "floor": (len(p.floor_class), ("percent",)),
        "arc": (p.arcs, ("portion", "source")),
    }
    for prefix, (length, names) in lengths.items():
        for name in names:
            found = len(getattr(p, f"{prefix}_{name}"))
            if found != length:
                yield f"{prefix}_{name} has {found} elements, {length} are needed"
    for name, owners in (
        ("option_row", p.options),
        ("opening_row", p.openings),
        ("extra_row", p.extras),
        ("option_spend", p.options),
        ("opening_spend", p.openings),
        ("arc_row", p.arcs),
    ):
        sparse: Sparse = getattr(p, name)
        if sparse.owners != owners:
            yield f"{name} has {sparse.owners} owners, {owners} are needed"
            continue
        ends = (len(sparse.index), len(sparse.amount))
        if sparse.start[0] != 0 or np.any(np.diff(sparse.start) < 0) or set(ends) != {int(sparse.start[-1])}:
            yield f"{name}: start, index and amount do not fit together"
    if not p.objectives:
        yield "objectives is empty: at least one is needed"
    for objective in p.objectives:
        if (len(objective.option), len(objective.opening), len(objective.extra)) != (p.options, p.openings, p.extras):
            yield f"objective {objective.name}: one profit for every option, opening and extra column is needed"


def _outside(values: NDArray[np.int64], size: int, *, none_allowed: bool = False) -> bool:
    return bool(values.size) and (values.min() < (NONE if none_allowed else 0) or values.max() >= size)


def _references(p: Problem) -> Iterator[str]:
    single = (
        ("facility_parent", p.facilities, True),
        ("opening_facility", p.facilities, False),
        ("opening_period", p.periods, False),
        ("option_group", p.groups, True),
        ("option_facility", p.facilities, True),
        ("option_period", p.periods, False),
        ("demand_class", p.class_count, False),
        ("portion_class", p.class_count, False),
        ("portion_floor", len(p.floor_class), True),
        ("floor_class", p.class_count, False),
        ("arc_demand", p.demands, False),
        ("arc_portion", len(p.portion_class), False),
        ("arc_source", p.rows, False),
    )
    for name, size, none_allowed in single:
        if _outside(getattr(p, name), size, none_allowed=none_allowed):
            yield f"{name} points outside 0..{size - 1}"
    for name, size in (
        ("option_row", p.rows),
        ("opening_row", p.rows),
        ("extra_row", p.rows),
        ("arc_row", p.rows),
        ("option_spend", p.demands),
        ("opening_spend", p.demands),
    ):
        if _outside(getattr(p, name).index, size):
            yield f"{name} points outside 0..{size - 1}"


def _rules(p: Problem) -> Iterator[str]:
    module = p.facility_parent != NONE
    if np.any(module[p.facility_parent[module]]):
        yield "facility_parent: a module may stand only in a root"
    if np.any(p.facility_minimum[~module] != 0):
        yield "facility_minimum: only a module has a smallest size"
    if np.any(p.facility_exclusion[~module] != NONE):
        yield "facility_exclusion: only modules may exclude each other"
    if np.any(p.facility_occasional[module]):
        yield "facility_occasional: only a root may be occasional; its modules would be too"
    pairs = p.opening_facility * max(p.periods, 1) + p.opening_period
    if len(np.unique(pairs)) != len(pairs):
        yield "openings: a facility has two openings in one period"
    root = p.root()
    for name, number, holds in (
        ("facility_exclusion", p.facility_exclusion, root),
        ("option_choice", p.option_choice, p.option_facility),
        ("option_choice", p.option_choice, p.option_group),
    ):
        member = number != NONE
        order = np.argsort(number[member], kind="stable")
        key, value = number[member][order], holds[member][order]
        if np.any((key[1:] == key[:-1]) & (value[1:] != value[:-1])):
            yield f"{name}: members of one set must share their {'root' if holds is root else 'group and facility'}"
    if np.any(p.option_weight < 0) or np.any(p.option_size < 0) or np.any(p.facility_minimum < 0):
        yield "weights, sizes and minima must be 0 or more"
    if np.any(p.group_capacity < 0):
        yield "group_capacity must be 0 or more"
    if np.any(p.extra_lower > p.extra_upper):
        yield "extra_lower is above extra_upper"
    yield from _blend_rules(p)


def _blend_rules(p: Problem) -> Iterator[str]:
    if np.any(p.option_spend.amount < 0) or np.any(p.opening_spend.amount < 0):
        yield "spending must be 0 or more"
    for name in ("portion_percent", "floor_percent"):
        values = getattr(p, name)
        if np.any(values < 0) or np.any(values > 100):
            yield f"{name} must be within 0..100"
    if p.arcs and np.any(p.portion_class[p.arc_portion] != p.demand_class[p.arc_demand]):
        yield "arc_portion: the portion belongs to another class than the demand"
    held = p.portion_floor != NONE
    if np.any(p.floor_class[p.portion_floor[held]] != p.portion_class[held]):
        yield "portion_floor: the floor set belongs to another class"
    yield from _spending_faults(p)


def blend_is_possible(p: Problem) -> NDArray[np.bool_]:
    """For every demand whether its arcs can pay it in full: caps reach 100, floors are within reach."""
    # one entry for each portion that some arc brings to a demand
    usable = np.unique(p.arc_demand * max(len(p.portion_class), 1) + p.arc_portion)
    demand, portion = np.divmod(usable, max(len(p.portion_class), 1))
    reach = np.bincount(demand, p.portion_percent[portion], p.demands)
    possible = reach >= 100
    floors = len(p.floor_class)
    if floors:
        floor_sum = np.bincount(p.floor_class, p.floor_percent, max(p.class_count, 1))
        possible &= floor_sum[p.demand_class] <= 100
        # every demand meets the floor sets of its class: pairs (demand, floor set), never a dense table
        order = np.argsort(p.floor_class, kind="stable")
        count = np.bincount(p.floor_class, minlength=max(p.class_count, 1))
        first = np.cumsum(count) - count
        each = count[p.demand_class]
        owner = np.repeat(np.arange(p.demands, dtype=np.int64), each)
        offset = np.arange(len(owner), dtype=np.int64) - np.repeat(np.cumsum(each) - each, each)
        floor = order[first[p.demand_class[owner]] + offset]
        # what the portions of a floor set can pay there
        held = p.portion_floor[portion] != NONE
        keys, position = np.unique(demand[held] * floors + p.portion_floor[portion[held]], return_inverse=True)
        within = np.bincount(position, p.portion_percent[portion[held]], len(keys))
        wanted = owner * floors + floor
        found = np.searchsorted(keys, wanted)
        there = np.zeros(len(wanted))
        if len(keys):
            at = np.minimum(found, len(keys) - 1)
            there = np.where(keys[at] == wanted, within[at], 0.0)
        possible[owner[there < p.floor_percent[floor]]] = False
    return np.asarray(possible, np.bool_)


def _spending_faults(p: Problem) -> Iterator[str]:
    possible = blend_is_possible(p)
    for name in ("option_spend", "opening_spend"):
        spend: Sparse = getattr(p, name)
        bad = spend.index[(spend.amount > 0) & ~possible[spend.index]]
        if bad.size:
            yield f"{name}: demand {bad[0]} cannot be paid by its arcs (caps below 100 or floors out of reach)"


def _sizes(p: Problem) -> Iterator[str]:
    """Sums must stay exact in 64-bit floating point, which the backends compute in."""
    for objective in p.objectives:
        bounds = np.maximum(np.abs(p.extra_lower), np.abs(p.extra_upper)).astype(np.float64)
        total = float(np.abs(objective.option).sum(dtype=np.float64) + np.abs(objective.opening).sum(dtype=np.float64))
        total += float((np.abs(objective.extra) * bounds).sum())
        if total >= HIGHEST:
            yield f"objective {objective.name}: profits add up to more than 2**53; scale them down"
    for name in ("row_limit", "extra_lower", "extra_upper"):
        values = getattr(p, name)
        if np.any(values > HIGHEST) or np.any(values < -HIGHEST):
            yield f"{name} must be within -2**53..2**53"
    for name, size in (("option_row", p.rows), ("opening_row", p.rows), ("extra_row", p.rows)):
        sparse: Sparse = getattr(p, name)
        total_of_row = np.bincount(sparse.index, np.abs(sparse.amount).astype(np.float64), size)
        if np.any(total_of_row >= HIGHEST):
            yield f"{name}: the amounts of row {int(np.argmax(total_of_row))} add up to more than 2**53"
    spent = np.zeros(p.demands)  # bincount of nothing counts in whole numbers
    spent += np.bincount(p.option_spend.index, p.option_spend.amount.astype(np.float64), p.demands)
    spent += np.bincount(p.opening_spend.index, p.opening_spend.amount.astype(np.float64), p.demands)
    if np.any(spent >= HIGHEST):
        yield f"spending in demand {int(np.argmax(spent))} adds up to more than 2**53"
