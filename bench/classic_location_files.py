"""Location files: the same numbers in four orders, told apart by the set that a file belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from .classic_amounts import Amounts, one_unit
from .classic_reading import InstanceError, Numbers

WITH_A_TAIL = {("holmberg", "p47")}  # files that go on after their last number, as they are handed round


@dataclass(frozen=True, slots=True, eq=False)
class LocationData:
    """Capacity and opening cost of every site, demand of every customer, `cost[site, customer]` of serving it whole."""

    capacity: Amounts
    opening_cost: Amounts
    demand: Amounts
    cost: Amounts


def read_location(path: Path, part: str, location_set: str) -> LocationData:
    """Read a location file in the order of its set; `part` is the capacity of all sites where the file has none."""
    numbers = Numbers.read(path)
    if part and location_set != "orlib_large":
        raise InstanceError(f"{path} 只含一个算例，不需要 #{part}", f"{path} holds one instance; leave out #{part}")
    data = LOCATION_SETS[location_set](numbers, part)
    if (location_set, path.name) not in WITH_A_TAIL:
        numbers.end()
    return data


def _sites_first(numbers: Numbers, part: str) -> LocationData:
    """n m, (capacity, opening cost) of n sites, m demands, a line of costs for every site."""
    sites, customers = numbers.count("number of sites"), numbers.count("number of customers")
    pairs = numbers.table(sites, 2, "capacities and opening costs")
    demand = numbers.amounts(customers, "demands")
    cost = numbers.table(sites, customers, "costs")
    return LocationData(Amounts(pairs.whole[:, 0], pairs.parts), Amounts(pairs.whole[:, 1], pairs.parts), demand, cost)


def _costs_first(numbers: Numbers, part: str) -> LocationData:
    """m n, a line of costs for every customer, m demands, n opening costs, n capacities."""
    customers, sites = numbers.count("number of customers"), numbers.count("number of sites")
    cost = numbers.table(customers, sites, "costs")
    demand = numbers.amounts(customers, "demands")
    opening = numbers.amounts(sites, "opening costs")
    capacity = numbers.amounts(sites, "capacities")
    return LocationData(capacity, opening, demand, Amounts(cost.whole.T, cost.parts))


def _costs_by_unit(numbers: Numbers, part: str) -> LocationData:
    """m n, m demands, n capacities, n opening costs, a line for every site of costs for one unit of demand."""
    customers, sites = numbers.count("number of customers"), numbers.count("number of sites")
    demand = numbers.amounts(customers, "demands")
    capacity = numbers.amounts(sites, "capacities")
    opening = numbers.amounts(sites, "opening costs")
    cost = numbers.table(sites, customers, "costs")
    return LocationData(capacity, opening, demand, cost.times(Amounts(demand.whole[None, :], demand.parts)))


def _capacity_named(numbers: Numbers, part: str) -> LocationData:
    """n m, (a word, opening cost) of n sites, for every customer its demand and n costs; the capacity is `part`."""
    try:
        capacity = Amounts.of([part])
    except ValueError:
        capacity = Amounts.of([-1])
    if capacity.whole[0] < 0:
        name = numbers.path.name
        raise InstanceError(
            f"该文件不含容量；请写明，如 {name}#8000",
            f"{numbers.path} has no capacity of its own; name it, as in {name}#8000",
        )
    sites, customers = numbers.count("number of sites"), numbers.count("number of customers")
    opening = []
    for site in range(sites):
        numbers.skip(1, f"capacity word of site {site}")
        opening.append(numbers.amounts(1, f"opening cost of site {site}"))
    parts, whole = one_unit(*opening)
    rows = numbers.table(customers, sites + 1, "demands and costs")
    return LocationData(
        Amounts(np.repeat(capacity.whole, sites), capacity.parts),
        Amounts(np.concatenate(whole), parts),
        Amounts(rows.whole[:, 0], rows.parts),
        Amounts(rows.whole[:, 1:].T, rows.parts),
    )


LOCATION_SETS: Final[Mapping[str, Callable[[Numbers, str], LocationData]]] = MappingProxyType(
    {
        "holmberg": _sites_first,
        "orlib_small": _sites_first,
        "yang": _sites_first,
        "gadegaard": _sites_first,
        "diaz_fernandez": _costs_first,
        "tbed1": _costs_by_unit,
        "orlib_large": _capacity_named,
    }
)
"""The sets whose order is known."""
