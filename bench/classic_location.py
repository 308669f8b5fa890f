"""Capacitated location: which sites to open, and from which one every customer is served."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from ..solver.problem import NONE, Objective, Problem, make_problem
from ..solver.solution import Plan
from .classic_amounts import Amounts, Int, one_unit, shaped
from .classic_family import NO_EXTRA, Classic, chosen_of_each, over_limits


@dataclass(frozen=True, slots=True, eq=False)
class Location(Classic):
    """Sites with capacity and opening cost, customers with demand, `cost[site, customer]` of serving it whole."""

    capacity: Amounts
    opening_cost: Amounts
    demand: Amounts
    cost: Amounts
    site_of_option: Int
    customer_of_option: Int
    parts: int
    maximise: bool = False

    def sites(self, plan: Plan) -> Int:
        """The site of every customer, -1 where it has none."""
        option, _ = chosen_of_each(self.customer_of_option, plan.option, self.demand.shape[0])
        return np.where(option < 0, NONE, self.site_of_option[option])

    def opened(self, plan: Plan) -> Int:
        """The sites that are open."""
        return np.flatnonzero(plan.opening).astype(np.int64)

    def value(self, plan: Plan) -> Fraction:
        """Cost of opening and of serving."""
        taken = plan.option
        served = self.cost.total((self.site_of_option[taken], self.customer_of_option[taken]))
        return self.opening_cost.total(self.opened(plan)) + served

    def faults(self, plan: Plan) -> list[str]:
        """Customers without exactly one open site, and sites with more demand than capacity."""
        _, count = chosen_of_each(self.customer_of_option, plan.option, self.demand.shape[0])
        wrong = [f"customer {at}: {n} sites" for at, n in enumerate(count.tolist()) if n != 1]
        sites, customers = self.site_of_option[plan.option], self.customer_of_option[plan.option]
        shut = set(sites.tolist()) - set(self.opened(plan).tolist())
        wrong += [f"site {site} serves and is not open" for site in sorted(shut)]
        used = [self.demand.total(customers[sites == site]) for site in range(self.capacity.shape[0])]
        return [*wrong, *over_limits("site", used, [self.capacity.exact(site) for site in range(len(used))])]


def single_source_location(capacity: Any, opening_cost: Any, demand: Any, cost: Any) -> tuple[Problem, Location]:
    """Least cost of opening sites and of serving every customer whole from one of them.

    `cost` has a line for every site with the cost of serving each customer whole. Customers become groups that are
    met exactly, sites root facilities with their capacity and one opening each, pairs options of the customer's
    size; a pair whose demand is above the capacity is left out.
    """
    room, fixed, wanted, served = location_data(capacity, opening_cost, demand, cost)
    sites = room.shape[0]
    parts, (opening, serving) = one_unit(fixed, served)
    _, (limits, sizes) = one_unit(room, wanted)
    customer, site = np.nonzero(sizes[:, None] <= limits[None, :])
    problem = make_problem(
        1,
        (Objective("value", -serving[site, customer], -opening, NO_EXTRA),),
        group_capacity=np.ones(len(sizes), np.int64),
        group_exact=np.ones(len(sizes), np.bool_),
        facility_parent=np.full(sites, NONE, np.int64),
        facility_capacity=limits,
        opening_facility=np.arange(sites),
        option_group=customer,
        option_facility=site,
        option_size=sizes[customer],
    )
    return problem, Location(room, fixed, wanted, served, site, customer, parts)


def location_data(
    capacity: Any, opening_cost: Any, demand: Any, cost: Any
) -> tuple[Amounts, Amounts, Amounts, Amounts]:
    """The four as exact numbers of fitting shapes; raises `ValueError` naming the one that does not fit."""
    room = shaped("capacity", capacity, -1)
    fixed = shaped("opening_cost", opening_cost, room.shape[0])
    wanted = shaped("demand", demand, -1)
    served = shaped("cost", cost, room.shape[0], wanted.shape[0])
    for name, amounts in (("capacity", room), ("demand", wanted)):
        if np.any(amounts.whole < 0):
            raise ValueError(f"{name} must be 0 or more")
    return room, fixed, wanted, served
