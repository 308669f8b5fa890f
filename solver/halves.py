"""Two halves of whole regions, whose blocks a search settles at the same time: each with its own ledger and half the room.

Regions share few rows only (`regions`). Each half may use half of what is left of these, so that what both have settled fits
together; money is routed anew afterwards. The halves depend on the problem alone, never on the number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .books import Books, Ledger, plan_of
from .layout import Layout
from .problem import Problem
from .regions import SHARED, Regions
from .solution import Plan

Flags = NDArray[np.bool_]
Int = NDArray[np.int64]

FEWEST_OPTIONS = 20_000
FEWEST_REGIONS = 4
AFTERWARDS = -1  # things that belong to no region


@dataclass(frozen=True, slots=True)
class Halves:
    """Which half everything belongs to."""

    thing: Int  # 0, 1 or AFTERWARDS: roots, choice sets without facility, extra columns
    option: Flags  # whether in the second half
    opening: Flags
    extra: Flags
    arc: Flags
    shared: Flags  # rows of several regions


def make_halves(problem: Problem, layout: Layout, regions: Regions) -> Halves | None:
    """Divide the regions by the number of their options; None where there is too little to divide."""
    p = problem
    if p.options < FEWEST_OPTIONS or regions.count < FEWEST_REGIONS:
        return None
    size = np.bincount(regions.option, minlength=regions.count)
    half = np.zeros(regions.count, np.int64)
    load = [0, 0]
    for region in np.argsort(-size, kind="stable").tolist():
        smaller = int(load[1] < load[0])
        half[region] = smaller
        load[smaller] += int(size[region])
    root_region = np.zeros(len(layout.root_facility), np.int64)
    number = np.full(p.facilities, -1, np.int64)
    number[layout.root_facility] = np.arange(len(layout.root_facility))
    root_region[number[p.root()[p.opening_facility]]] = regions.opening
    loose = regions.option[layout.loose_option[layout.loose_start[:-1]]]
    extra = np.where(regions.extra == SHARED, AFTERWARDS, half[np.maximum(regions.extra, 0)])
    return Halves(
        thing=np.concatenate([half[root_region], half[loose], extra]),
        option=half[regions.option] == 1,
        opening=half[regions.opening] == 1,
        extra=extra == 1,
        arc=half[regions.arc] == 1,
        shared=regions.row == SHARED,
    )


def with_half_the_room(books: Books, ledger: Ledger, shared: Flags) -> Books:
    """Books in which half of what is left of shared rows may be used; what is exceeded stays so."""
    used = ledger.value[: len(books.row_limit)]
    left = np.where(shared & np.isfinite(books.row_limit), np.maximum(books.row_limit - used, 0.0), 0.0)
    return books._replace(row_limit=books.row_limit - left / 2)


def another(ledger: Ledger) -> Ledger:
    """A ledger of its own with the same plan."""
    return Ledger(ledger.value.copy(), ledger.old_index.copy(), ledger.old_value.copy(), ledger.used.copy())


def together(books: Books, first: Ledger, second: Ledger, halves: Halves) -> Plan:
    """The plan of both halves."""
    one, other = plan_of(books, first), plan_of(books, second)
    return Plan(
        np.where(halves.option, other.option, one.option),
        np.where(halves.opening, other.opening, one.opening),
        np.where(halves.extra, other.extra, one.extra),
        np.where(halves.arc, other.arc, one.arc),
    )
