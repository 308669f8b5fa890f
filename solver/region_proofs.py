"""A proof region by region: at common prices of what regions share, each is proved by cases of its own.

Some rows and groups belong to a region, all others are common. At given prices everything else falls apart into units
(`dual`): a root with all that hangs on it, a choice set without a facility, a single option, an extra column. A unit
belongs to the region whose rows or groups it touches, directly or by the money that may pay it; no unit may touch two. Then the
dual function is a constant plus one part for each region, and a part depends on prices of that region alone: it may
be replaced by the largest over the leaves of a tree (`leaves`) whose decisions speak of columns of that region only.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from .dual import NO_FORMS, PricedForms, Settle, dual_value
from .exact import dot
from .leaves import CertificateError, Tree, check_forms, checked_paths, priced_forms
from .part import Part, cut_part
from .problem import NONE, Problem
from .sparse import Sparse

Int = NDArray[np.int64]

COMMON = -1
NOBODY = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class RegionProofs:
    """The region of every row and group of a stage (`COMMON` where none), and a tree for each region.

    Decisions name columns of the whole problem. Prices of a leaf are those of the region's own groups and rows, in the
    order of their numbers; all others are the stage's. All scales are the stage's.
    """

    row_region: Int
    group_region: Int
    trees: tuple[Tree, ...]

    def arrays(self) -> dict[str, Int]:
        """The parts by name: `row`, `group`, and those of the tree of region r as `r_<part>`."""
        out = {"row": self.row_region, "group": self.group_region}
        for number, tree in enumerate(self.trees):
            out |= {f"{number}_{part.name}": getattr(tree, part.name) for part in fields(Tree)}
        return out


@dataclass(frozen=True, slots=True)
class RegionPart:
    """What a region is made of: its columns as a problem, and its own rows and groups (numbers in the whole).

    `part` also holds common rows and groups that its columns touch; `group` are the groups of `part`.
    """

    part: Part
    group: Int
    own_row: Int
    own_group: Int


class _Span:
    """The lowest and highest region that touches each of some things."""

    def __init__(self, size: int) -> None:
        self.low, self.high = np.full(size, NOBODY), np.full(size, COMMON)

    def add(self, thing: Int, region: Int) -> None:
        held = region != COMMON
        np.minimum.at(self.low, thing[held], region[held])
        np.maximum.at(self.high, thing[held], region[held])

    def add_span(self, thing: Int, other: _Span, number: Int) -> None:
        """Each thing is touched by all that touches the thing of that number in another span."""
        for side in (other.low, other.high):
            self.add(thing, np.where(side[number] == NOBODY, COMMON, side[number]))

    def add_entries(self, part: Sparse, other: _Span) -> None:
        self.add_span(part.owner_of_entry(), other, part.index)

    def settled(self, name: str) -> Int:
        """The region of everything; raises where something is touched by two."""
        many = (self.high != COMMON) & (self.low != self.high)
        if np.any(many):
            at = int(np.argmax(many))
            raise CertificateError(f"regions: {name} {at} touches both {self.low[at]} and {self.high[at]}")
        return self.high


def units(problem: Problem) -> tuple[Int, Int, int]:
    """The unit of every option and opening, and how many there are: roots first, then what has no facility."""
    p, root = problem, problem.root()
    free = np.flatnonzero(p.option_facility == NONE)
    key = np.where(p.option_choice[free] != NONE, p.option_choice[free], -2 - free)
    names, number = np.unique(key, return_inverse=True)
    option = np.empty(p.options, np.int64)
    option[free] = p.facilities + number
    placed = np.flatnonzero(p.option_facility != NONE)
    option[placed] = root[p.option_facility[placed]]
    return option, root[p.opening_facility] if p.openings else np.zeros(0, np.int64), p.facilities + len(names)


def column_regions(problem: Problem, row_region: Int, group_region: Int) -> tuple[Int, Int, Int]:
    """The region of every option, opening and extra column; raises `CertificateError` where a unit touches two."""
    p = problem
    row, group = _Span(p.rows), _Span(p.groups)
    row.add(np.arange(p.rows), row_region)
    group.add(np.arange(p.groups), group_region)
    demand = _Span(p.demands)
    demand.add_span(p.arc_demand, row, p.arc_source)
    demand.add_span(p.arc_demand[p.arc_row.owner_of_entry()], row, p.arc_row.index)
    option, opening, extra = _Span(p.options), _Span(p.openings), _Span(p.extras)
    member = np.flatnonzero(p.option_group != NONE)
    option.add_span(member, group, p.option_group[member])
    option.add_entries(p.option_row, row)
    option.add_entries(p.option_spend, demand)
    opening.add_entries(p.opening_row, row)
    opening.add_entries(p.opening_spend, demand)
    extra.add_entries(p.extra_row, row)
    option_unit, opening_unit, count = units(p)
    unit = _Span(count)
    unit.add_span(option_unit, option, np.arange(p.options))
    unit.add_span(opening_unit, opening, np.arange(p.openings))
    region = unit.settled("unit")
    return region[option_unit], region[opening_unit], extra.settled("extra column")


def region_parts(problem: Problem, row_region: Int, group_region: Int, count: int) -> list[RegionPart]:
    """The regions as problems of their own, in which common rows and groups have a limit of 0.

    Raises `CertificateError` where they do not fall apart.
    """
    p = problem
    for name, region, size in (("row_region", row_region, p.rows), ("group_region", group_region, p.groups)):
        if region.dtype != np.int64 or region.shape != (size,):
            raise CertificateError(f"regions: {name} is no row of {size} 64-bit whole numbers")
        if np.any((region < COMMON) | (region >= count)):
            raise CertificateError(f"regions: {name} names a region that is not there")
    of_option, of_opening, of_extra = column_regions(p, row_region, group_region)
    found = []
    for number in range(count):
        option, opening = np.flatnonzero(of_option == number), np.flatnonzero(of_opening == number)
        spent = np.concatenate([p.option_spend.taken(option).index, p.opening_spend.taken(opening).index])
        demanded = np.zeros(p.demands, np.bool_)
        demanded[spent] = True
        group = np.unique(p.option_group[option])
        group = group[group != NONE]
        own_row, own_group = np.flatnonzero(row_region == number), np.flatnonzero(group_region == number)
        limit, capacity = np.zeros(p.rows, np.int64), np.zeros(p.groups, np.int64)
        limit[own_row], capacity[own_group] = p.row_limit[own_row], p.group_capacity[own_group]
        part = cut_part(
            p, option=option, opening=opening, extra=np.flatnonzero(of_extra == number),
            arc=np.flatnonzero(demanded[p.arc_demand]), group_capacity=capacity, group=group, row_limit=limit,
        )  # fmt: skip
        found.append(RegionPart(part, group, own_row, own_group))
    return found


def relief(
    problem: Problem,
    proofs: RegionProofs,
    group_price: Int,
    row_price: Int,
    scale: int,
    *,
    settle: Settle | None = None,
) -> int:
    """What the trees take off the dual value at the stage's prices (0 or less), times 100 and the scale.

    Raises `CertificateError` where the regions do not fall apart or a tree is ill-formed.
    """
    taken = 0
    parts = region_parts(problem, proofs.row_region, proofs.group_region, len(proofs.trees))
    for number, (region, tree) in enumerate(zip(parts, proofs.trees, strict=True)):
        try:
            value = _Evaluation(problem, region, group_price, row_price, scale, fast=settle is not None)
            before = value.at(group_price[region.own_group], row_price[region.own_row])
            taken += min(0, value.highest(tree) - before)
        except CertificateError as error:
            raise CertificateError(f"region {number}, {error}") from None
    return taken


class _Evaluation:
    """The part of the dual value that belongs to a region, at the stage's prices of all else."""

    def __init__(
        self, problem: Problem, region: RegionPart, group_price: Int, row_price: Int, scale: int, *, fast: bool
    ) -> None:
        self.problem, self.region, self.scale = problem, region, scale
        self.group_price, self.row_price = group_price.copy(), row_price.copy()
        held = region.part.problem
        self.bare = replace(
            held, row_limit=np.zeros_like(held.row_limit), group_capacity=np.zeros_like(held.group_capacity)
        )
        self.settle: Settle | None = None
        if fast:
            from .exact_walk import fast_roots_of  # late: compiled kernels are slow to import

            self.settle = fast_roots_of(self.bare)

    def at(self, own_group: Int, own_row: Int, forms: PricedForms = NO_FORMS) -> int:
        """The value at prices of the region's own groups and rows."""
        p, region = self.problem, self.region
        self.group_price[region.own_group], self.row_price[region.own_row] = own_group, own_row
        limits = dot(own_row, p.row_limit[region.own_row]) + dot(own_group, p.group_capacity[region.own_group])
        return 100 * limits + dual_value(
            self.bare, self.group_price[region.group], self.row_price[region.part.row], self.scale,
            settle=self.settle, forms=forms,
        )  # fmt: skip

    def highest(self, tree: Tree) -> int:
        """The largest value over the leaves."""
        p, region = self.problem, self.region
        inside = self._inside(tree)
        ways = checked_paths(
            region.part.problem, inside, exact=p.group_exact[region.own_group], rows=len(region.own_row)
        )
        if np.any(tree.scale != self.scale):
            raise CertificateError(f"tree: a scale differs from the stage's, {self.scale}")
        values = []
        for leaf, way in enumerate(ways):
            price = tree.decision_price[tree.decision_start[leaf] : tree.decision_start[leaf + 1]]
            values.append(self.at(tree.group_price[leaf], tree.row_price[leaf], priced_forms(inside, way, price)))
        return max(values)

    def _inside(self, tree: Tree) -> Tree:
        """The tree with the region's own numbers of columns."""
        check_forms(self.problem, tree)
        part, column = self.region.part, np.full(len(tree.form_column), NONE)
        for kind, (size, kept) in enumerate(
            (
                (self.problem.options, part.option),
                (self.problem.openings, part.opening),
                (self.problem.extras, part.extra),
            )
        ):
            number = np.full(size, NONE)
            number[kept] = np.arange(len(kept))
            here = tree.form_kind == kind
            column[here] = number[tree.form_column[here]]
        if np.any(column == NONE):
            raise CertificateError("tree: a decision asks for a column of another region")
        return replace(tree, form_column=column)
