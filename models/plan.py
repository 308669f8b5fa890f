"""From a solution to the plan that people read: project list, funding to the yuan, later costs, needs left open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import polars as pl

from ..solver.problem import Problem
from ..solver.solution import Solution
from .afterwards import county_payers, obligations
from .book import Book
from .changed_amounts import changed_ceilings, fund_limits
from .class_money import HUNDRED
from .components import components_of
from .disbursement import Tidiness
from .funding import fund_projects, funds_used
from .options import CAMPAIGN, MODULE, Options
from .outputs import outputs
from .projects import form_projects, projects_frame
from .reasons import names_of
from .rule_values import row_values
from .run_tables import COMPONENTS_SCHEMA
from .scenario import Scenario
from .standing import RuleValue, pilots, quotas
from .tickets import tickets_of
from .unmet import space_table, unmet

PILOT: Final = "pilot|"
"""How the extra column of a community that may be chosen as a pilot is named."""


@dataclass(frozen=True, slots=True, eq=False)
class ProjectPlan:
    """The tables of a run, each in a fixed order; their columns are explained in docs/reference/run.md."""

    projects: pl.DataFrame
    components: pl.DataFrame
    sites: pl.DataFrame
    funding: pl.DataFrame
    funds_used: pl.DataFrame
    obligations: pl.DataFrame
    outputs: pl.DataFrame
    unmet: pl.DataFrame
    transferred: pl.DataFrame
    pilots: pl.DataFrame
    quotas: pl.DataFrame
    tidiness: Tidiness

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """Every table by the name of its file."""
        return {part.name: getattr(self, part.name) for part in fields(self) if part.name != "tidiness"}

    @property
    def counts(self) -> dict[str, int]:
        """What the plan holds, in numbers."""
        met = self.components.filter((pl.col("level") >= 2) & (pl.col("variant").cast(pl.Int64) & 16 == 0))
        return {
            "projects": self.projects.height,
            "components": self.components.height,
            "needs_answered": met["need_id"].n_unique(),
            "needs_unmet": self.unmet.height,
            "sites_opened": self.sites["site"].n_unique(),
            "general_needs_transferred": self.transferred.height,
            "cost_yuan": int(self.projects["cost_yuan"].sum()),
            "projects_over_four_sources": self.tidiness.projects_over_four_sources,
            "grants_below_smallest": self.tidiness.grants_below_smallest,
        }


def make_plan(problem: Problem, solution: Solution, options: Options, book: Book, scenario: Scenario) -> ProjectPlan:
    """The tables of a solution that has a plan; everything ties to the yuan.

    `book` is the one that was matched: its needs are those of the check-up where it came without any.
    """
    plan = solution.plan
    if plan is None:
        raise ValueError("the solution has no plan")
    frame = components_of(options, plan)
    components = frame.to_dicts()
    projects = form_projects(components)
    funds = book.table("funds")
    funding = fund_projects(problem, plan, options, projects, funds)
    outside = frozenset(funds.filter(~pl.col("level").is_in(["city", "county"]))["id"])
    owner = {row["component_id"]: project.project_id for project in projects for row in project.components}
    listed = projects_frame(
        projects,
        first_year=book.years[0],
        outside=funding.of_funds(outside),
        names=names_of(book),
        pins=_pins(scenario),
    )
    names = dict(listed.select("project_id", "name").iter_rows())
    opened = {
        row["facility"]: f"{owner[row['component_id']]} {names[owner[row['component_id']]]}"
        for row in components
        if row["part"] in (MODULE, CAMPAIGN)
    }
    return ProjectPlan(
        projects=listed,
        components=frame.with_columns(project_id=pl.col("component_id").replace_strict(owner, return_dtype=pl.String))
        .select(list(COMPONENTS_SCHEMA))
        .sort("project_id", "component_id"),
        sites=space_table(problem, plan, components),
        funding=funding.frame(),
        funds_used=funds_used(funding, _budgets(book, scenario), funds),
        obligations=obligations(
            components,
            funding.grants,
            funds,
            payer_of_county=county_payers(book),
            ceilings={(p, y): v for p, y, v in changed_ceilings(book, scenario).iter_rows()},
            last_year=book.settings.horizon_end,
        ),
        outputs=outputs(components, book),
        unmet=unmet(problem, plan, options, components, book, projects=opened),
        transferred=tickets_of(book.table("needs"), as_of=book.settings.as_of),
        pilots=pilots(book, _selected(problem, solution)),
        quotas=quotas(options, plan, book, scenario, _rule_values(problem, solution, funding.arc, scenario)),
        tidiness=funding.tidiness,
    )


def _budgets(book: Book, scenario: Scenario) -> dict[tuple[str, int], int]:
    """Whole yuan of every budget, changed by the scenario, less what contracts hold of it."""
    frame = fund_limits(book, scenario).select("fund", "year", "budget_yuan", "signed_fen")
    return {(fund, year): max(0, (100 * yuan - fen) // 100) for fund, year, yuan, fen in frame.iter_rows()}


def _pins(scenario: Scenario) -> Mapping[str, str]:
    """Needs and sites that a rule holds in the plan, with its basis or else its name."""
    return {
        key: rule.basis or rule.name
        for rule in scenario.rules
        if rule.kind == "pin"
        for key in (*rule.needs, *rule.sites)
    }


def _selected(problem: Problem, solution: Solution) -> list[str]:
    """Communities that a selection run has chosen as pilots."""
    names = problem.labels.get("label_extra_name")
    if names is None or solution.plan is None:
        return []
    chosen = solution.plan.extra > 0.5
    told = [str(name) for name, held in zip(names, chosen, strict=True) if held]
    return [name.removeprefix(PILOT) for name in told if name.startswith(PILOT)]


def _rule_values(problem: Problem, solution: Solution, arc: np.ndarray, scenario: Scenario) -> list[RuleValue]:
    """Value and limit of every row of the scenario's rules, with the money as it is paid."""
    if solution.plan is None or not scenario.rules:
        return []
    paid = replace(solution.plan, arc=arc / HUNDRED)
    names = {rule.name for rule in scenario.rules}
    rows = row_values(problem, paid).filter(pl.col("listed") & pl.col("key").is_in(names))
    return [
        RuleValue(row["key"], row["scope"], round(row["value"]), round(row["limit"]), row["floor"], row["unit"])
        for row in rows.iter_rows(named=True)
    ]
