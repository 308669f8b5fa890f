"""From options to the program: every part of the mathematics, each in a function of its own.

What is maximised and which rows there are is written in the functions that are called here; the meaning of the
arrays is that of `solver.problem`. Groups are the open needs, periods the plan years, regions the counties.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from ..solver.problem import Problem, make_problem
from .book import Book
from .changed_amounts import fund_limits
from .faults import BookError
from .formulation_goals import add_smallest_county, add_target, objectives
from .formulation_labels import labels_of
from .formulation_later import add_ceilings, add_debt_quotas
from .formulation_money import add_sources, asked_by_rules, money_of
from .formulation_support import add_complexes, add_operators, add_quotas
from .names import names_of
from .options import CAMPAIGN, Options
from .row_builder import RowBuilder
from .rule_context import RuleContext
from .scenario import Scenario
from .settled import NONE, Coded, components_of


def formulate(options: Options, book: Book, scenario: Scenario | None = None) -> Problem:
    """The program whose best solution is the best plan of a book under a scenario.

    The option, opening and facility columns are the rows of the frames in `options`, in their order. A
    `BookError` names every rule that speaks of something that has no option.
    """
    scenario = scenario or Scenario()
    needs, chosen, facilities, openings = options.needs, options.options, options.facilities, options.openings
    lots = needs["lots"].to_numpy().astype(np.int64)
    need = chosen["need"].to_numpy().astype(np.int64)
    rows = RowBuilder(chosen.height, openings.height, need, lots[need] == 1)
    names = names_of(book)
    limits = fund_limits(book, scenario)
    sources = add_sources(rows, options, book, scenario)
    components = components_of(options)
    asked = {name: components.attribute[name] for name in asked_by_rules(scenario)}
    money = money_of(options, book, sources, asked)
    add_debt_quotas(rows, options, book, money, limits)
    add_ceilings(rows, options, book, scenario, money, limits)
    add_quotas(rows, options, book, scenario)
    add_operators(rows, options, book)
    add_complexes(rows, options)
    goal = scenario.objective
    if goal.kind == "least_cost":
        add_target(rows, options, goal)
    smallest = add_smallest_county(rows, options, names) if goal.kind == "smallest_county" else NONE
    context = RuleContext(options, book, components, money, limits, rows, names)
    for rule in scenario.rules:
        rule.rows(context)
    if context.faults:
        raise BookError(context.faults)
    built, idle = rows.built(sources=len(sources.limit), arcs=len(money.arc_demand))
    extras = rows.extras()
    first_year = book.years[0]
    county = Coded.of(pl.concat([needs["county_code"], facilities["county_code"]]))
    return make_problem(
        len(book.years),
        objectives(options, book, goal, len(extras.name), smallest),
        group_capacity=lots,
        # a mandatory need without even emergency handling is listed as refused, it does not make all infeasible
        group_exact=needs["mandatory"].fill_null(value=False).to_numpy()
        & (np.bincount(need, minlength=needs.height) > 0),
        group_region=county.code[: needs.height],
        facility_parent=facilities["parent"].to_numpy(),
        facility_capacity=facilities["capacity"].to_numpy(),
        facility_minimum=facilities["minimum"].to_numpy(),
        facility_occasional=(facilities["kind"] == CAMPAIGN).to_numpy(),
        facility_exclusion=facilities["exclusion"].to_numpy(),
        facility_region=county.code[needs.height :],
        opening_facility=openings["facility"].to_numpy(),
        opening_period=openings["year"].to_numpy() - first_year,
        option_group=need,
        option_weight=chosen["lots"].to_numpy(),
        option_choice=chosen["choice"].to_numpy(),
        option_facility=chosen["facility"].to_numpy(),
        option_period=chosen["year"].to_numpy() - first_year,
        option_size=chosen["area"].to_numpy(),
        row_limit=built.limit,
        option_row=built.option,
        opening_row=built.opening,
        extra_lower=extras.lower,
        extra_upper=extras.upper,
        extra_whole=extras.whole,
        extra_row=built.extra,
        class_count=money.classes.height,
        demand_class=money.demand_class,
        option_spend=money.option_spend,
        opening_spend=money.opening_spend,
        portion_class=money.portion_class,
        portion_percent=money.portion_percent,
        portion_floor=money.portion_floor,
        floor_class=money.floor_class,
        floor_percent=money.floor_percent,
        arc_demand=money.arc_demand,
        arc_portion=money.arc_portion,
        arc_source=money.arc_source,
        arc_row=built.arc,
        labels=labels_of(options, book, money, built, idle, extras),
    )
