"""The bound of a stage that is proved region by region, in Python's whole numbers."""

from __future__ import annotations

from .dual import Bound, worth_of_columns, worth_of_limits
from .program import Program
from .regions import Region


def prove_regions(
    program: Program,
    stage: int,
    reached: list[int],
    scale: int,
    group_price: list[int],
    row_price: list[int],
    regions: list[Region],
) -> Bound:
    """The bound of one stage whose regions each count with their leaves, or with the stage's prices where that is less."""
    found = worth_of_columns(program, stage, scale, group_price, row_price)
    whole = worth_of_limits(program, reached, group_price, row_price)
    lowest, highest, coarse = whole + found.lowest, whole + found.highest, found.coarse
    limits, most = [*program["row_limit"].tolist(), *(-value for value in reached)], program["group_capacity"].tolist()
    for region in regions:
        group, row = list(group_price), list(row_price)
        values = []
        for leaf in (None, *region.leaves):
            if leaf is not None:
                for place, price in zip(region.groups, leaf.group, strict=True):
                    group[place] = price
                for place, price in zip(region.rows, leaf.row, strict=True):
                    row[place] = price
            own = sum(group[place] * most[place] for place in region.groups)
            own += sum(row[place] * limits[place] for place in region.rows)
            found = worth_of_columns(region.program, stage, scale, group, row, () if leaf is None else leaf.sums)
            values.append((100 * own + found.lowest, 100 * own + found.highest))
        lowest += min(0, max(value for value, _ in values[1:]) - values[0][0])
        highest += min(0, max(value for _, value in values[1:]) - values[0][1])
    unit = 100 * scale
    return Bound(lowest // unit, highest // unit, coarse)
