"""Options in the order in which the compiled kernels walk through them: root by root, module by module.

A *shelf* is what stands on a root: a module with its options, or the options directly on the root (a shelf
without opening, minimum or capacity). Within a shelf options are ordered by choice set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .problem import NONE, UNLIMITED, Problem

Int = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layout:
    """Index arrays for the kernels; `start` arrays have one element more than what they cut."""

    periods: int
    root_facility: Int
    root_capacity: Int  # UNLIMITED replaced by a number that never binds
    root_occasional: NDArray[np.bool_]
    root_opening: Int  # (roots, periods): opening column or NONE
    shelf_start: Int  # by root
    shelf_minimum: Int
    shelf_capacity: Int
    shelf_exclusion: Int  # number within the root, 0.. ; every shelf without a set has its own
    shelf_opening: Int  # (shelves, periods): opening column, NONE, or FREE for a shelf without door
    choice_start: Int  # by shelf
    option_start: Int  # by choice set, over `option`
    option: Int  # option columns on facilities, in walking order
    option_period: NDArray[np.int16]  # of these, in this order
    option_size: Int
    loose_start: Int  # by choice set of options without facility
    loose_option: Int


FREE = -2
ENDLESS = 2**62


def _cut(keys: Int) -> Int:
    """Start of every run of equal keys in a sorted array, and the end."""
    if not keys.size:
        return np.zeros(1, np.int64)
    return np.concatenate([[0], np.flatnonzero(np.diff(keys)) + 1, [keys.size]]).astype(np.int64)


def _own_numbers(choice: Int) -> Int:
    """Choice set numbers in which every option without a set has a number of its own."""
    return np.where(choice == NONE, choice.max(initial=-1) + 1 + np.arange(len(choice)), choice)


def lay_out(problem: Problem) -> Layout:
    """Order the columns of a problem for the kernels."""
    p = problem
    choice = _own_numbers(p.option_choice)
    root_of = p.root()
    held = np.flatnonzero(p.option_facility != NONE)
    # shelves: every module, and every root with options directly on it
    direct = np.zeros(p.facilities, np.bool_)
    direct[p.option_facility[held]] = True
    is_root = p.facility_parent == NONE
    shelf_facility = np.flatnonzero(~is_root | direct)
    shelf_facility = shelf_facility[np.lexsort((shelf_facility, root_of[shelf_facility]))]
    roots = np.flatnonzero(is_root)
    root_number = np.full(p.facilities, NONE, np.int64)
    root_number[roots] = np.arange(len(roots))
    shelf_number = np.full(p.facilities, NONE, np.int64)
    shelf_number[shelf_facility] = np.arange(len(shelf_facility))
    shelf_root = root_number[root_of[shelf_facility]]
    opening = np.full((p.facilities, p.periods), NONE, np.int64)
    opening[p.opening_facility, p.opening_period] = np.arange(p.openings)
    module = ~is_root[shelf_facility]
    shelf_opening = np.where(module[:, None], opening[shelf_facility], FREE)
    order = held[np.lexsort((held, choice[held], shelf_number[p.option_facility[held]]))]
    shelf_of_option = shelf_number[p.option_facility[order]]
    option_start = _cut(choice[order] + shelf_of_option * (choice.max(initial=0) + 1))
    shelf_of_choice = shelf_of_option[option_start[:-1]]
    loose = np.flatnonzero(p.option_facility == NONE)
    loose = loose[np.lexsort((loose, choice[loose]))]
    capacity = np.where(p.facility_capacity == UNLIMITED, ENDLESS, p.facility_capacity)
    return Layout(
        periods=p.periods,
        root_facility=roots,
        root_capacity=capacity[roots],
        root_occasional=p.facility_occasional[roots],
        root_opening=opening[roots],
        shelf_start=_starts(shelf_root, len(roots)),
        shelf_minimum=np.where(module, p.facility_minimum[shelf_facility], 0),
        shelf_capacity=np.where(module, capacity[shelf_facility], ENDLESS),
        shelf_exclusion=_numbers_within(shelf_root, p.facility_exclusion[shelf_facility]),
        shelf_opening=shelf_opening,
        choice_start=_starts(shelf_of_choice, len(shelf_facility)),
        option_start=option_start,
        option=order,
        option_period=p.option_period[order].astype(np.int16),
        option_size=p.option_size[order],
        loose_start=_cut(choice[loose]),
        loose_option=loose,
    )


def _starts(owner: Int, owners: int) -> Int:
    start = np.zeros(owners + 1, np.int64)
    np.cumsum(np.bincount(owner, minlength=owners), out=start[1:])
    return start


def _numbers_within(root: Int, exclusion: Int) -> Int:
    """Number the exclusion sets 0.. within each root; a shelf without a set gets a number of its own."""
    own = np.where(exclusion == NONE, exclusion.max(initial=-1) + 1 + np.arange(len(exclusion)), exclusion)
    numbers = np.zeros(len(root), np.int64)
    for start, end in zip(*(lambda cut: (cut[:-1], cut[1:]))(_cut(root)), strict=True):
        numbers[start:end] = np.unique(own[start:end], return_inverse=True)[1]
    return numbers
