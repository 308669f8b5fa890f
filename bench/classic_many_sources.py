"""Capacitated location where a customer may be served from several sites at once."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from ..solver.problem import NONE, Objective, Problem, make_problem
from ..solver.solution import Plan
from ..solver.sparse import Sparse
from .classic_amounts import Amounts, one_unit
from .classic_family import NO_EXTRA, Classic
from .classic_location import location_data

FINER = 100  # points of the program for the smallest part of a cost: shares are fractions, and bounds whole points
TOLERANCE = 1e-6  # of a demand or a capacity: shares are floating-point numbers


@dataclass(frozen=True, slots=True, eq=False)
class SharedLocation(Classic):
    """Sites with capacity and opening cost, customers with demand, `cost[site, customer]` of serving it whole."""

    capacity: Amounts
    opening_cost: Amounts
    demand: Amounts
    cost: Amounts
    parts: int
    maximise: bool = False

    def shares(self, plan: Plan) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        """Which share of its demand every customer gets from every site (a line for every site)."""
        return np.asarray(plan.extra, np.float64).reshape(self.capacity.shape[0], self.demand.shape[0])

    def value(self, plan: Plan) -> Fraction:
        """Cost of opening and of serving."""
        share = self.shares(plan)
        serving = sum(
            (
                self.cost.exact(int(i), int(j)) * Fraction(float(share[i, j]))
                for i, j in zip(*np.nonzero(share), strict=True)
            ),
            Fraction(0),
        )
        return self.opening_cost.total(np.flatnonzero(plan.opening)) + serving

    def faults(self, plan: Plan) -> list[str]:
        """Customers not served in full, sites that are closed or overfull; each beyond a small tolerance."""
        share = self.shares(plan)
        wrong = [
            f"customer {j}: {total:.6f} of its demand"
            for j, total in enumerate(share.sum(axis=0))
            if total < 1 - TOLERANCE
        ]
        load = share @ (self.demand.whole / self.demand.parts)
        room = self.capacity.whole / self.capacity.parts * plan.opening
        wrong += [
            f"site {i}: {load[i]:g} of {room[i]:g} used"
            for i in range(len(load))
            if load[i] > room[i] + TOLERANCE * max(1.0, float(self.capacity.whole[i] / self.capacity.parts))
        ]
        return wrong + ["a share is negative"] * bool(np.any(share < -TOLERANCE))

    def bound(self, points: int) -> Fraction:
        """The bound; a point lower than the program's, which rounds fractions down."""
        return Fraction(-points - 1, self.parts)


def multi_source_location(capacity: Any, opening_cost: Any, demand: Any, cost: Any) -> tuple[Problem, SharedLocation]:
    """Least cost of opening sites and of serving all demand from them, in any shares.

    The arguments are those of `single_source_location`. Sites become root facilities whose openings enter the rows;
    shares are continuous extra columns, since options are whole. Rows: every customer whole, every site within its
    capacity where it is open, no share from a closed site.
    """
    room, fixed, wanted, served = location_data(capacity, opening_cost, demand, cost)
    sites, customers = served.shape
    parts, (opening, serving) = one_unit(fixed, served)
    _, (limits, sizes) = one_unit(room, wanted)
    share = np.arange(sites * customers)
    site, customer = np.divmod(share, customers)
    of_site, of_pair = customers, customers + sites  # where the rows of sites and of pairs begin
    columns = np.concatenate([share, share, share])
    rows = np.concatenate([customer, of_site + site, of_pair + share])
    amounts = np.concatenate([np.full(len(share), -1), sizes[customer], np.ones(len(share), np.int64)])
    doors = np.concatenate([np.arange(sites), site])
    door_rows = np.concatenate([of_site + np.arange(sites), of_pair + share])
    problem = make_problem(
        1,
        (Objective("value", NO_EXTRA, -opening * FINER, -serving.ravel() * FINER),),
        facility_parent=np.full(sites, NONE, np.int64),
        opening_facility=np.arange(sites),
        row_limit=np.concatenate([np.full(customers, -1), np.zeros(sites + len(share), np.int64)]),
        opening_row=Sparse.from_entries(
            sites, doors, door_rows, -np.concatenate([limits, np.ones(len(share), np.int64)])
        ),
        extra_lower=np.zeros(len(share), np.int64),
        extra_row=Sparse.from_entries(len(share), columns, rows, amounts),
    )
    return problem, SharedLocation(room, fixed, wanted, served, parts * FINER)
