"""New York's list of capital projects (fiscal year 2021) as a program: two funds in each of seven years.

Projects and their money by fund and year are real; what follows is made up, as no list says what a project is worth:

* a project may start as planned or up to `WAIT` years later, its money then falls due so many years later;
* each fund has in each of the five years `percent` of what the list asks of it, in the two years after them half as much;
* an agency gets at most `AGENCY_PERCENT` of what it asks for in all;
* a project is worth the square root of its cost (in thousand dollars) times one more than the community boards it serves, in
  hundredths; each year of waiting costs a twentieth. Large works and those for many boards come first, but not in proportion.
"""

from __future__ import annotations

import json
from math import isqrt
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..solver.problem import Objective, Problem, make_problem
from ..solver.sparse import Sparse
from .classic_family import NO_EXTRA
from .classic_reading import InstanceError

YEARS: Final = tuple(range(2021, 2026))
FUNDS: Final = ("city", "non_city")
WAIT: Final = 2
AGENCY_PERCENT: Final = 70
TWENTIETHS_LOST: Final = 1


def read_capital_list(path: Path) -> list[dict[str, Any]]:
    """The projects that spend anything in the five years; raises `InstanceError` where the file is no such list."""
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        projects = [dict(feature["properties"]) for feature in features]
        asked = [project for project in projects if any(_money(project, fund) != [0] * len(YEARS) for fund in FUNDS)]
    except (OSError, ValueError, KeyError, TypeError):
        raise InstanceError(f"{path} 不是资本项目清单", f"{path} is no list of capital projects") from None
    return sorted(asked, key=lambda project: (str(project["project_id"]), str(project["project_description"])))


def _money(project: dict[str, Any], fund: str) -> list[int]:
    return [max(0, int(project[f"{fund}{year}"] or 0)) for year in YEARS]


def capital_program(projects: list[dict[str, Any]], percent: int) -> Problem:
    """The program for budgets of `percent` of what is asked; money in thousand dollars."""
    periods = len(YEARS) + WAIT
    money = np.array([[_money(project, fund) for fund in FUNDS] for project in projects], np.int64)
    asked = money.sum(axis=0)
    late = asked.sum(axis=1) // (2 * len(YEARS))
    budget = np.concatenate([asked, np.tile(late[:, None], (1, WAIT))], axis=1) * percent // 100
    agencies = sorted({str(project["managing_agency"]) for project in projects})
    cost = money.sum(axis=(1, 2))
    of_agency = np.array([agencies.index(str(project["managing_agency"])) for project in projects], np.int64)
    ceiling = np.bincount(of_agency, cost, len(agencies)).astype(np.int64) * AGENCY_PERCENT // 100
    column: list[int] = []
    row: list[int] = []
    amount: list[int] = []
    points: list[int] = []
    for number, project in enumerate(projects):
        boards = len([word for word in str(project["community_boards_served"] or "").split() if word])
        worth = isqrt(10_000 * int(cost[number])) * (1 + boards)
        for delay in range(WAIT + 1):
            at = len(points)
            points.append(worth * (20 - TWENTIETHS_LOST * delay) // 20)
            for fund in range(len(FUNDS)):
                for year, due in enumerate(money[number, fund].tolist()):
                    if due:
                        column.append(at)
                        row.append(fund * periods + year + delay)
                        amount.append(due)
            column.append(at)
            row.append(len(FUNDS) * periods + int(of_agency[number]))
            amount.append(int(cost[number]))
    options = len(points)
    return make_problem(
        periods,
        (Objective("value", np.array(points, np.int64), NO_EXTRA, NO_EXTRA),),
        group_capacity=np.ones(len(projects), np.int64),
        option_group=np.repeat(np.arange(len(projects)), WAIT + 1),
        option_period=np.tile(np.arange(WAIT + 1), len(projects)),
        row_limit=np.concatenate([budget.ravel(), ceiling]),
        option_row=Sparse.from_entries(options, column, row, amount),
    )
