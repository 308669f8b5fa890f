"""A rule compiled into small options and solved, for the tests of rules."""

from __future__ import annotations

import numpy as np
from hand_made import make_book
from qingdan.models.book import Book
from qingdan.models.formulation import formulate
from qingdan.models.options import Options
from qingdan.models.scenario import parse_scenario
from qingdan.solver.problem import Problem
from qingdan.solver.solution import Plan, Status
from qingdan.solver.solve import solve

RULE = '[[rule]]\nname = "规则"\n'


def compiled(options: Options, book: Book, rule: str) -> Problem:
    text = f"[objective]\nkind = 'benefit'\n{RULE}{rule}\n"
    return formulate(options, book, parse_scenario(text))


def best(problem: Problem) -> Plan:
    solution = solve(problem, method="highs")
    assert solution.status is Status.OPTIMAL
    assert solution.plan is not None
    return solution.plan


def taken(options: Options, book: Book, rule: str) -> list[int]:
    return np.flatnonzero(best(compiled(options, book, rule)).option).tolist()


def money(hundreds: int) -> Book:
    return make_book(funds=[{"budget_2027": hundreds * 100, "budget_2028": 0}])


NOTHING = "kind = 'number'\nbound = 'ceiling'\nnumber = 99"
