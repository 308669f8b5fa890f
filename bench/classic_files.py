"""Files of the classic families as they are handed round, each turned into its problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from ..solver.problem import Problem
from .classic_amounts import Amounts, amounts_of_words
from .classic_assignment import generalized_assignment
from .classic_elections import read_election
from .classic_family import Classic
from .classic_knapsack import multidimensional_knapsack, multiple_choice_knapsack, participatory_budget
from .classic_location import single_source_location
from .classic_location_files import LOCATION_SETS, read_location
from .classic_reading import InstanceError, Numbers
from .classic_release import next_release


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One instance of a family: its program, the way back from it, and its size.

    `set` is the collection that it belongs to (the name of its folder, where that says something), `name` the name of
    its file, with `#k` where one file holds several.
    """

    family: str
    set: str
    name: str
    problem: Problem
    classic: Classic
    dimensions: Mapping[str, int]


Made = tuple[Problem, Classic, dict[str, int]]


def read_instance(path: Path, part: str, family: str, instance_set: str) -> Instance:
    """Read one instance; `part` is what follows `#` ("" for none).

    Raises `InstanceError` where the set does not tell how to read the file or the file is not what it should be, `KeyError`
    for an unknown family, and `OSError` where the file cannot be read.
    """
    try:
        problem, classic, dimensions = READERS[family](path, part, instance_set)
    except InstanceError:
        raise
    except ValueError as error:  # the numbers could be read, but make no problem
        raise InstanceError(
            f"{path} 不构成该族的算例：{error}", f"{path} makes no instance of {family}: {error}"
        ) from None
    name = f"{path.name}#{part}" if part else path.name
    return Instance(family, instance_set, name, problem, classic, dimensions)


def _no_part(path: Path, part: str) -> None:
    if part:
        raise InstanceError(f"{path} 只含一个算例，不需要 #{part}", f"{path} holds one instance; leave out #{part}")


def _sscflp(path: Path, part: str, instance_set: str) -> Made:
    if instance_set not in LOCATION_SETS:
        known = ", ".join(LOCATION_SETS)
        raise InstanceError(
            f"从文件夹名 {path.parent.name!r} 看不出数的次序；请用 --set 指定：{known}",
            f"the folder name {path.parent.name!r} does not tell the order of the numbers; give --set, one of: {known}",
        )
    data = read_location(path, part, instance_set)
    problem, location = single_source_location(data.capacity, data.opening_cost, data.demand, data.cost)
    return problem, location, {"sites": data.cost.shape[0], "customers": data.cost.shape[1]}


def _gap(path: Path, part: str, instance_set: str) -> Made:
    _no_part(path, part)
    numbers = Numbers.read(path)
    agents, jobs = numbers.count("number of agents"), numbers.count("number of jobs")
    cost, size = numbers.table(agents, jobs, "costs"), numbers.table(agents, jobs, "sizes")
    capacity = numbers.amounts(agents, "capacities")
    numbers.end()
    problem, assignment = generalized_assignment(cost, size, capacity)
    return problem, assignment, {"agents": agents, "jobs": jobs}


def _mkp(path: Path, part: str, instance_set: str) -> Made:
    numbers = Numbers.read(path)
    held = numbers.count("number of instances")
    if not part and held > 1:
        raise InstanceError(
            f"{path} 含 {held} 个算例；请写明第几个，如 {path.name}#0",
            f"{path} holds {held} instances; name one, as in {path.name}#0",
        )
    wanted = int(part) if part.isdecimal() else (-1 if part else 0)
    if not 0 <= wanted < held:
        raise InstanceError(
            f"#{part} 不存在：{path} 有 #0 至 #{held - 1}", f"there is no #{part}: {path} has #0 to #{held - 1}"
        )
    for number in range(held):
        items, resources = numbers.count("number of items"), numbers.count("number of resources")
        numbers.amounts(1, "known value")
        if number < wanted:
            numbers.skip(items + items * resources + resources, f"instance {number}")
            continue
        profit, use = numbers.amounts(items, "profits"), numbers.table(resources, items, "uses")
        capacity = numbers.amounts(resources, "capacities")
        break
    if wanted == held - 1:
        numbers.end()
    problem, knapsack = multidimensional_knapsack(profit, Amounts(use.whole.T, use.parts), capacity)
    return problem, knapsack, {"items": items, "resources": resources}


def _mmkp(path: Path, part: str, instance_set: str) -> Made:
    _no_part(path, part)
    numbers = Numbers.read(path)
    classes, resources = numbers.count("number of classes"), numbers.count("number of resources")
    capacity = numbers.amounts(resources, "capacities")
    words: list[str] = []
    member: list[int] = []
    for number in range(classes):
        items = numbers.count(f"number of items of class {number}")
        begin = numbers.at
        numbers.amounts(items * (resources + 1), f"items of class {number}")
        words += numbers.words[begin : numbers.at]
        member += [number] * items
    numbers.end()
    cells = amounts_of_words(words)
    table = cells.whole.reshape(len(member), resources + 1)
    problem, knapsack = multiple_choice_knapsack(
        member, Amounts(table[:, 0], cells.parts), Amounts(table[:, 1:], cells.parts), capacity
    )
    return problem, knapsack, {"classes": classes, "items": len(member), "resources": resources}


def _nrp(path: Path, part: str, instance_set: str) -> Made:
    try:
        ratio = Fraction(Decimal(part or "none"))
    except (InvalidOperation, ValueError, OverflowError):
        ratio = Fraction(0)
    if not 0 < ratio <= 1:
        raise InstanceError(
            f"请写明预算占全部费用的比例，如 {path.name}#0.3（大于 0、至多 1）",
            f"name the budget as a share of all costs, as in {path.name}#0.3 (above 0, at most 1)",
        )
    numbers = Numbers.read(path)
    costs = [
        numbers.amounts(numbers.count("number of requirements", 0), "costs") for _ in range(numbers.count("levels"))
    ]
    parts = int(np.lcm.reduce([level.parts for level in costs]))
    cost = Amounts(np.concatenate([level.in_parts(parts) for level in costs]), parts)
    count = cost.shape[0]
    pairs = _named(numbers, numbers.count("number of prerequisites", 0) * 2, "prerequisites", count)
    gains, requests = [], []
    for customer in range(numbers.count("number of customers")):
        gains += numbers.skip(1, f"profit of customer {customer}")
        wanted = numbers.count(f"number of requests of customer {customer}", 0)
        requests.append(_named(numbers, wanted, f"requests of customer {customer}", count))
    numbers.end()
    try:
        profit = amounts_of_words(gains)
    except ValueError as error:
        raise InstanceError(f"{path}：{error}（客户收益）", f"{path}: {error} (profits of customers)") from None
    problem, release = next_release(
        cost, list(zip(pairs[::2], pairs[1::2], strict=True)), profit, requests, ratio * cost.total(slice(None))
    )
    return problem, release, {"requirements": count, "prerequisites": len(pairs) // 2, "customers": len(requests)}


def _named(numbers: Numbers, count: int, what: str, requirements: int) -> list[int]:
    """Requirements that a file counts from 1, counted from 0."""
    begin = numbers.at
    found = numbers.integers(count, what)
    bad = np.flatnonzero((found < 1) | (found > requirements))
    if bad.size:
        at = begin + int(bad[0])
        raise numbers.refuse(
            f"没有需求 {numbers.words[at]}（{what}，共 {requirements} 个）",
            f"there is no requirement {numbers.words[at]} ({what}; there are {requirements})",
            at,
        )
    return [int(one) - 1 for one in found]


def _pabulib(path: Path, part: str, instance_set: str) -> Made:
    _no_part(path, part)
    election = read_election(path)
    problem, knapsack = participatory_budget(election.votes, election.cost, election.budget)
    return problem, knapsack, {"projects": len(election.projects)}


READERS: Final[Mapping[str, Callable[[Path, str, str], Made]]] = MappingProxyType(
    {"sscflp": _sscflp, "gap": _gap, "mkp": _mkp, "mmkp": _mmkp, "nrp": _nrp, "pabulib": _pabulib}
)
"""The families of which files can be read."""
