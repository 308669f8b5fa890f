"""Knobs that make a generated book harder or easier, each one thing alone."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Final

import numpy as np
import polars as pl

from ..models.book import Book
from ..models.catalogue import catalogue_of
from ..models.checkup import checkup
from ..solver.problem import Problem
from .generator import generate, with_standard_scenario
from .hardness import open_needs

USUAL: Final = 100
SEED_OF_SITES: Final = 7919
COST: Final = "cost"

_COUNTY_RULE: Final = """
[[rule]]
kind = "number"
name = "{county}{programme}每年开工不超过{number}项"
bound = "ceiling"
number = {number}
counties = ["{county}"]
programmes = ["{programme}"]
each = ["year"]
"""
LEAST_WORKS: Final = 20


@dataclass(frozen=True, slots=True)
class Knobs:
    """Percent of the usual, 100 each; `rules` is a number of rules, None for those of the standard scenario.

    * `money` - every budget of every fund;
    * `sites` - idle buildings and land: fewer are drawn by lot, more are copies with ids of their own;
    * `radius` - how far a facility serves;
    * `rules` - the first so many of the standard scenario, beyond these ceilings by county and programme;
    * `correlation` - of benefit with cost: 0 leaves benefits as they are, 100 makes them proportional to the cost.
    """

    money: int = USUAL
    sites: int = USUAL
    radius: int = USUAL
    rules: int | None = None
    correlation: int = 0

    def __post_init__(self) -> None:
        if min(self.money, self.sites, self.radius) < 1:
            raise ValueError("money, sites and radius are percent of the usual: at least 1")
        if not 0 <= self.correlation <= 100:
            raise ValueError("correlation lies between 0 and 100")
        if self.rules is not None and self.rules < 0:
            raise ValueError("rules is a number of rules, 0 or more")

    @property
    def label(self) -> str:
        """What is turned, as a part of an id; "" for nothing."""
        usual = Knobs()
        turned = [one.name for one in fields(self) if getattr(self, one.name) != getattr(usual, one.name)]
        return "-".join(f"{name}{getattr(self, name)}" for name in turned)


def turned_book(communities: int, seed: int, knobs: Knobs) -> Book:
    """A generated book with the knobs turned, its needs checked up and its scenario worked out anew."""
    book = generate(communities, seed)
    if knobs.money != USUAL:
        budgets = pl.selectors.starts_with("budget_") & pl.selectors.numeric()
        book = book.with_table("funds", book.table("funds").with_columns((budgets * knobs.money / USUAL).round(4)))
    if knobs.sites != USUAL:
        book = book.with_table("sites", _sites(book, knobs.sites))
    if knobs.radius != USUAL:
        measures = catalogue_of(book).measures
        reach = (pl.col("service_radius_m") * knobs.radius / USUAL).round(0)
        book = book.with_table("measures", measures.with_columns(reach))
    judged = book.with_table("needs", checkup(book).needs)
    if (knobs.money, knobs.sites, knobs.radius) != (USUAL, USUAL, USUAL):
        book = with_standard_scenario(book, judged)
        judged = replace(judged, scenario_text=book.scenario_text)
        judged = judged.with_table("communities", book.table("communities"))
        judged = judged.with_table("listings", book.table("listings"))
    if knobs.rules is not None:
        judged = replace(judged, scenario_text=_with_rules(judged, knobs.rules))
    return judged


def turned_problem(problem: Problem, knobs: Knobs) -> Problem:
    """The program with its benefits drawn towards the costs, as far as `correlation` says."""
    if not knobs.correlation:
        return problem
    names = [objective.name for objective in problem.objectives]
    if COST not in names or "benefit" not in names:
        raise ValueError("only a program with the objectives benefit and cost can be turned")
    benefit, cost = problem.objectives[names.index("benefit")], -problem.objectives[names.index(COST)].option
    worth = benefit.option > 0
    total = max(1, int(cost[worth].sum()))
    like_cost = cost.astype(object) * int(benefit.option[worth].sum()) // total
    mixed = ((100 - knobs.correlation) * benefit.option.astype(object) + knobs.correlation * like_cost) // 100
    option = np.where(worth, np.maximum(mixed, 1), benefit.option).astype(np.int64)
    objectives = list(problem.objectives)
    objectives[names.index("benefit")] = replace(benefit, option=option)
    return replace(problem, objectives=tuple(objectives))


def _sites(book: Book, percent: int) -> pl.DataFrame:
    """Sites drawn by lot, those that projects stand in always; or copies a few steps away."""
    sites = book.table("sites")
    held = set(book.table("projects")["site"].drop_nulls().to_list())
    rng = np.random.default_rng([SEED_OF_SITES, percent, book.settings.seed or 0])
    kept = pl.Series(rng.random(len(sites)) < percent / USUAL) | sites["id"].is_in(list(held))
    parts = [sites.filter(kept) if percent < USUAL else sites]
    for copy in range(2, -(-percent // USUAL) + 1):
        share = min(1.0, percent / USUAL - copy + 1)
        chosen = pl.Series(rng.random(len(sites)) < share)
        moved = sites.filter(chosen).with_columns(
            pl.col("id") + f"-{copy}", pl.col("name") + f"({copy})", pl.col("lat") + 0.0002 * (copy - 1)
        )
        parts.append(moved)
    return pl.concat(parts)


def _with_rules(book: Book, number: int) -> str:
    """The scenario with the first so many rules; beyond the standard ones, ceilings by county and programme."""
    head, *rules = (book.scenario_text or "").split("\n[[rule]]\n")
    text = head.rstrip("\n") + "\n" + "".join(f"\n[[rule]]\n{rule.strip(chr(10))}\n" for rule in rules[:number])
    kinds = catalogue_of(book).service_types.select(pl.col("id").alias("service_type"), "programme")
    county = book.table("communities").select(pl.col("id").alias("community"), "county_code")
    needs = open_needs(book).join(kinds, on="service_type").join(county, on="community")
    counties, programmes = needs["county_code"].unique().sort().to_list(), needs["programme"].unique().sort().to_list()
    added = list(product(programmes, counties))[: max(0, number - len(rules))]
    for programme, place in added:
        wanted = needs.filter(pl.col("county_code") == place, pl.col("programme") == programme).height
        most = max(LEAST_WORKS, -(-wanted // len(book.years)))
        text += _COUNTY_RULE.format(county=place, programme=programme, number=most)
    return text
