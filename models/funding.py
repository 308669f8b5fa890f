"""The funding tables of a plan: who pays which project from which budget in which year, to the yuan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ..solver.problem import Problem
from ..solver.solution import Plan
from .class_money import HUNDRED, TURN, class_money, left_of_rows
from .components import OPTION
from .disbursement import Due, FundsOfProjects, Share, Tidiness, split_by_budget_year, split_to_projects, tidiness
from .money_order import Sources, money_order, sources_of
from .options import Options
from .projects import Project
from .tidying import Cell, Ledger, Way, tidy

FUNDING_SCHEMA = {
    "project_id": pl.String, "fund_id": pl.String, "budget_year": pl.Int64, "payment_year": pl.Int64,
    "amount_yuan": pl.Int64,
}  # fmt: skip
FUNDS_USED_SCHEMA = {
    "fund_id": pl.String, "year": pl.Int64, "budget_yuan": pl.Int64, "committed_yuan": pl.Int64,
    "spent_yuan": pl.Int64, "carried_in_yuan": pl.Int64, "carried_out_yuan": pl.Int64, "lapsed_yuan": pl.Int64,
}  # fmt: skip

Grant = tuple[str, str, int, int]  # project, fund, budget year, payment year


@dataclass(frozen=True, slots=True)
class Funding:
    """Yuan by project, fund, budget year and payment year, and how easily it can be filed.

    `arc` has the yuan of every arc of the program before tidying, which leaves all money alone of which a
    rule speaks.
    """

    grants: Mapping[Grant, int]
    tidiness: Tidiness
    arc: np.ndarray

    def frame(self) -> pl.DataFrame:
        """The table `funding.csv`."""
        rows = [(*key, amount) for key, amount in sorted(self.grants.items())]
        return pl.DataFrame(rows, schema=FUNDING_SCHEMA, orient="row")

    def of_funds(self, funds: frozenset[str]) -> dict[str, int]:
        """What these funds pay to each project."""
        out: dict[str, int] = {}
        for (project, fund, _, _), amount in self.grants.items():
            if fund in funds:
                out[project] = out.get(project, 0) + amount
        return out


def fund_projects(
    problem: Problem, plan: Plan, options: Options, projects: Sequence[Project], funds: pl.DataFrame
) -> Funding:
    """Pay every project in full, to the yuan.

    `funds` is the table of the book. Central money goes first, county money last, within a level the earlier
    budget year; what a fund gives as a fixed sum or an operator as capital goes straight to its project.
    """
    sources = sources_of(problem)
    level = dict(zip(funds["id"], funds["level"], strict=True))
    smallest = {row["id"]: row["smallest_grant"] or 0 for row in funds.iter_rows(named=True)}
    dues = _dues(problem, projects)
    order = money_order(problem, sources, dues, level=level, smallest=smallest)
    money = class_money(problem, plan, preference=order.preference)
    fixed: dict[Grant, int] = {}
    held = FundsOfProjects()
    _draws(options, projects, fixed, held)
    cells: dict[Cell, int] = {}
    for demand, arcs in _arcs_by_demand(problem, money.arc):
        shares, by_year, floors = _shares(problem, sources, arcs, money.arc)
        split = split_to_projects(dues[demand], shares, floors, held, order.small)
        for (project, fund, budget_year), amount in split_by_budget_year(split, by_year).items():
            cells[project, demand, fund, budget_year] = amount
    ledger = _ledger(problem, plan, sources, money.arc, cells, dues, fixed, level, smallest)
    tidy(ledger)
    grants = dict(fixed)
    payment_year = problem.labels["label_demand_year"] if problem.demands else np.zeros(0, np.int64)
    for (project, demand, fund, budget_year), amount in ledger.cells.items():
        key = (project, fund, budget_year, int(payment_year[demand]))
        grants[key] = grants.get(key, 0) + amount
    totals: dict[tuple[str, str], int] = {}
    for (project, fund, _, _), amount in grants.items():
        totals[project, fund] = totals.get((project, fund), 0) + amount
    return Funding(grants, tidiness(totals, smallest), money.arc)


def _ledger(
    problem: Problem,
    plan: Plan,
    sources: Sources,
    arc: np.ndarray,
    cells: dict[Cell, int],
    dues: Mapping[int, Sequence[Due]],
    fixed: Mapping[Grant, int],
    level: Mapping[str, str],
    smallest: Mapping[str, int],
) -> Ledger:
    left = HUNDRED * left_of_rows(problem, plan)
    np.subtract.at(left, problem.arc_source, arc)
    tied = np.diff(problem.arc_row.start) > 0
    ways: dict[int, list[Way]] = {}
    paid = np.zeros(problem.demands, np.bool_)
    paid[list(dues)] = True
    at = np.flatnonzero(paid[problem.arc_demand])
    portion = problem.arc_portion[at]
    columns = (
        problem.arc_demand[at], problem.arc_source[at], np.minimum(problem.portion_percent[portion], 100),
        problem.portion_floor[portion], tied[at],
    )  # fmt: skip
    for demand, source, cap, floor, fast in zip(*(column.tolist() for column in columns), strict=True):
        ways.setdefault(demand, []).append(Way(sources.fund[source], sources.year[source], cap, floor, fast))
    straight: dict[tuple[str, str], int] = {}
    for (project, fund, _, _), amount in fixed.items():
        straight[project, fund] = straight.get((project, fund), 0) + amount
    return Ledger(
        cells=cells,
        left={key: int(left[row]) for row, key in enumerate(zip(sources.fund, sources.year, strict=True)) if key[0]},
        due={(due.project, demand): due.hundreds for demand, held in dues.items() for due in held},
        ways={demand: tuple(found) for demand, found in ways.items()},
        floors=dict(enumerate(problem.floor_percent.tolist())),
        fixed=straight,
        turn={fund: TURN.get(level.get(fund, ""), 3) for fund in sources.fund if fund},
        smallest=smallest,
    )


def _draws(options: Options, projects: Sequence[Project], grants: dict[Grant, int], held: FundsOfProjects) -> None:
    owner = {
        (row["part"] != OPTION, row["row"]): project.project_id for project in projects for row in project.components
    }
    for opening, at, fund, budget_year, year, amount in options.draws.select(
        "opening", "owner", "fund", "budget_year", "year", "amount"
    ).iter_rows():
        project = owner.get((opening, at))
        if project is not None and amount:
            key = (project, fund, budget_year, year)
            grants[key] = grants.get(key, 0) + HUNDRED * amount
            held.of(project).add(fund)


def _dues(problem: Problem, projects: Sequence[Project]) -> dict[int, list[Due]]:
    """What falls due of every project in every demand."""
    out: dict[int, list[Due]] = {}
    for project in projects:
        mine: dict[int, int] = {}
        for row in project.components:
            spend = problem.option_spend if row["part"] == OPTION else problem.opening_spend
            begin, end = spend.start[row["row"]], spend.start[row["row"] + 1]
            for demand, amount in zip(spend.index[begin:end].tolist(), spend.amount[begin:end].tolist(), strict=True):
                mine[demand] = mine.get(demand, 0) + amount
        for demand, amount in mine.items():
            out.setdefault(demand, []).append(Due(project.project_id, amount))
    return out


def _arcs_by_demand(problem: Problem, amount: np.ndarray) -> list[tuple[int, list[int]]]:
    """Demands that something is paid to, class by class and year by year, with their arcs that pay."""
    used = np.flatnonzero(amount > 0)
    by_demand: dict[int, list[int]] = {}
    for arc, demand in zip(used.tolist(), problem.arc_demand[used].tolist(), strict=True):
        by_demand.setdefault(demand, []).append(arc)
    return sorted(by_demand.items())


def _shares(
    problem: Problem, sources: Sources, arcs: Sequence[int], amount: np.ndarray
) -> tuple[list[Share], dict[str, dict[int, int]], dict[int, int]]:
    paid: dict[int, int] = {}
    fund_of: dict[int, str] = {}
    by_year: dict[str, dict[int, int]] = {}
    for arc in arcs:
        portion, source = int(problem.arc_portion[arc]), int(problem.arc_source[arc])
        fund, yuan = sources.fund[source], int(amount[arc])
        fund_of[portion] = fund
        paid[portion] = paid.get(portion, 0) + yuan
        years = by_year.setdefault(fund, {})
        years[sources.year[source]] = years.get(sources.year[source], 0) + yuan
    shares = [
        Share(fund_of[p], paid[p], min(100, int(problem.portion_percent[p])), int(problem.portion_floor[p]))
        for p in sorted(paid)
    ]
    floors = {s.floor_set: int(problem.floor_percent[s.floor_set]) for s in shares if s.floor_set >= 0}
    return shares, by_year, floors


def funds_used(funding: Funding, budgets: Mapping[tuple[str, int], int], funds: pl.DataFrame) -> pl.DataFrame:
    """What each budget gave: committed, spent in its own year, carried in and out, lapsed."""
    carry = dict(zip(funds["id"], funds["carry_over"], strict=True))
    committed: dict[tuple[str, int], int] = {}
    spent: dict[tuple[str, int], int] = {}
    came: dict[tuple[str, int], int] = {}
    for (_, fund, budget_year, year), amount in funding.grants.items():
        committed[fund, budget_year] = committed.get((fund, budget_year), 0) + amount
        into = spent if year == budget_year else came
        into[fund, year] = into.get((fund, year), 0) + amount
    rows = []
    for key in sorted(budgets):
        fund, year = key
        used, now = committed.get(key, 0), spent.get(key, 0)
        lapsed = 0 if carry.get(fund) == "free" else budgets[key] - used
        rows.append((fund, year, budgets[key], used, now, came.get(key, 0), used - now, lapsed))
    return pl.DataFrame(rows, schema=FUNDS_USED_SCHEMA, orient="row")
