"""The layout of blocks as the kernels of a search take it, with scratch space."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .layout import Layout
from .problem import NONE

Float = NDArray[np.float64]
Int = NDArray[np.int64]

NEVER = -1e18  # worth of what cannot be taken


class Shelves(NamedTuple):
    """The layout of blocks as the kernels take it, and scratch space."""

    periods: int
    root_capacity: Int
    root_occasional: NDArray[np.bool_]
    root_opening: Int
    shelf_start: Int
    shelf_minimum: Int
    shelf_capacity: Int
    shelf_exclusion: Int
    shelf_opening: Int
    choice_start: Int
    option_start: Int
    option: Int
    period: NDArray[np.int16]  # of options on facilities, in their order; so are `option_worth` and `take_option`
    size: Int
    loose_start: Int
    loose_option: Int
    option_cost: Float  # what an option uses at the prices, money at the cheapest mix
    opening_cost: Float
    option_root: Int  # root on which an option stands, or NONE
    option_worth: Float
    opening_worth: Float
    option_barred: NDArray[np.bool_]  # not to be taken in this phase of a search
    opening_barred: NDArray[np.bool_]
    root_asks: NDArray[np.bool_]  # an opening on it may gain something by itself: it has a profit or relieves a row
    take_option: NDArray[np.bool_]
    take_opening: NDArray[np.bool_]
    root_value: Float


def make_shelves(layout: Layout, options: int, opening_asks: NDArray[np.bool_]) -> Shelves:
    """Layout and scratch space for one search; `opening_asks` marks openings that may gain something by themselves."""
    openings = len(opening_asks)
    root_asks = _any(opening_asks, layout.root_opening)
    shelf_asks = _any(opening_asks, layout.shelf_opening)
    of_shelf = np.repeat(np.arange(len(layout.root_facility)), np.diff(layout.shelf_start))
    root_asks[of_shelf[shelf_asks]] = True
    option_root = np.full(options, NONE, np.int64)
    cut = layout.option_start[layout.choice_start[layout.shelf_start]]
    option_root[layout.option] = np.repeat(np.arange(len(layout.root_facility)), np.diff(cut))
    return Shelves(
        layout.periods, layout.root_capacity, layout.root_occasional, layout.root_opening,
        layout.shelf_start, layout.shelf_minimum, layout.shelf_capacity, layout.shelf_exclusion, layout.shelf_opening,
        layout.choice_start, layout.option_start, layout.option, layout.option_period, layout.option_size,
        layout.loose_start, layout.loose_option,
        np.zeros(options), np.zeros(openings), option_root,
        np.full(options, NEVER), np.full(openings, NEVER),
        np.zeros(options, np.bool_), np.zeros(openings, np.bool_), root_asks,
        np.zeros(options, np.bool_), np.zeros(openings, np.bool_), np.zeros(len(layout.root_facility)),
    )  # fmt: skip


def _any(flags: NDArray[np.bool_], column: Int) -> NDArray[np.bool_]:
    """By row of a table of column numbers (negative: none): whether one of them is flagged."""
    held = column >= 0
    found = np.zeros(column.shape, np.bool_)
    found[held] = flags[column[held]]
    return np.asarray(found.any(axis=1), np.bool_)
