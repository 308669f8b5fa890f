"""Elections of a city joined into one program: many funds, many years, money that can wait or be shared.

Projects, costs, votes and budgets are those of the elections (Pabulib). What joins them is made up and the same for every city:

* a project may start in the year of its election or up to `WAIT` years later; each year of waiting costs a tenth of its votes;
* a district keeps four fifths of its budget; what it does not spend may pay in the following year too;
* the rest of all budgets is a fund of the city for the year, open to every district, and pays at most half of a project.

A point of the program is a tenth of a vote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm
from pathlib import Path
from typing import Final

import numpy as np

from ..solver.problem import Objective, Problem, make_problem
from ..solver.sparse import Sparse
from .classic_elections import Election, read_election
from .classic_family import NO_EXTRA
from .classic_reading import InstanceError

WAIT: Final = 2
TENTHS_LOST: Final = 1  # of the votes, for each year of waiting
CITY_FIFTHS: Final = 1  # of every budget
CITY_SHARE: Final = 50  # percent of a project, at most
NAME: Final = re.compile(r"(?P<city>[^_]+_[^_]+)_(?P<year>\d{4})(?:_(?P<district>.*))?\.pb")


@dataclass(frozen=True, slots=True)
class Held:
    """An election with its year and district ("" for one of the whole city)."""

    year: int
    district: str
    election: Election


def read_elections(folder: Path, city: str, first: int, last: int) -> list[Held]:
    """The elections of a city within these years, in the order of year and district.

    Raises `InstanceError` where the folder has none.
    """
    found = []
    for path in sorted(folder.glob(f"{city}_*.pb")):
        told = NAME.fullmatch(path.name)
        if told and told["city"] == city and first <= int(told["year"]) <= last:
            found.append(Held(int(told["year"]), told["district"] or "", read_election(path)))
    if not found:
        raise InstanceError(
            f"{folder} 中没有 {city} {first}-{last} 年的选举", f"{folder} has no elections of {city} in {first}-{last}"
        )
    return sorted(found, key=lambda one: (one.year, one.district))


def joined_elections(held: Sequence[Held]) -> Problem:
    """One program of several elections; money in the smallest part in which any of their amounts is whole."""
    years = sorted({one.year for one in held})
    districts = sorted({one.district for one in held})
    period, place = {year: at for at, year in enumerate(years)}, {name: at for at, name in enumerate(districts)}
    shape = (len(districts), len(years))
    parts = lcm(*(amounts.parts for one in held for amounts in (one.election.cost, one.election.budget)))
    votes_parts = lcm(*(one.election.votes.parts for one in held))
    budget = np.zeros(shape, np.int64)
    group: list[int] = []
    start: list[int] = []
    points: list[int] = []
    cost: list[int] = []
    home: list[int] = []
    projects = 0
    for one in held:
        at = place[one.district], period[one.year]
        budget[at] += int(one.election.budget.in_parts(parts).sum())
        for votes, price in zip(
            one.election.votes.in_parts(votes_parts).tolist(), one.election.cost.in_parts(parts).tolist(), strict=True
        ):
            for delay in range(min(WAIT + 1, len(years) - at[1])):
                group.append(projects)
                start.append(at[1] + delay)
                points.append(votes * (10 - TENTHS_LOST * delay))
                cost.append(price)
                home.append(at[0])
            projects += 1
    of_city = budget * CITY_FIFTHS // 5
    own = budget - of_city
    # a class for every district and start year: demand, portions (own, city) and arcs have its number
    kinds = shape[0] * shape[1]
    arc_demand, arc_portion, arc_source = _arcs(shape, kinds)
    demand = np.array(home, np.int64) * shape[1] + np.array(start, np.int64)
    options = len(group)
    return make_problem(
        len(years),
        (Objective("value", np.array(points, np.int64), NO_EXTRA, NO_EXTRA),),
        group_capacity=np.ones(projects, np.int64),
        option_group=np.array(group, np.int64),
        option_period=np.array(start, np.int64),
        option_spend=Sparse.from_entries(options, np.arange(options), demand, np.array(cost, np.int64)),
        row_limit=np.concatenate([own.ravel(), of_city.sum(axis=0)]),
        class_count=kinds,
        demand_class=np.arange(kinds),
        portion_class=np.concatenate([np.arange(kinds), np.arange(kinds)]),
        portion_percent=np.concatenate([np.full(kinds, 100), np.full(kinds, CITY_SHARE)]),
        arc_demand=arc_demand,
        arc_portion=arc_portion,
        arc_source=arc_source,
    )


def _arcs(shape: tuple[int, int], kinds: int) -> tuple[list[int], list[int], list[int]]:
    """Who may pay what: a district its works of the year and of the next, the city those of every district."""
    demand: list[int] = []
    portion: list[int] = []
    source: list[int] = []
    for kind in range(kinds):
        year = kind % shape[1]
        for fund in (kind, kind - 1) if year else (kind,):
            demand.append(kind)
            portion.append(kind)
            source.append(fund)
        demand.append(kind)
        portion.append(kinds + kind)
        source.append(kinds + year)
    return demand, portion, source
