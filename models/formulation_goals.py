"""What is maximised: safety, benefit and cost in order, or another goal (derivation.md, section 9)."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..solver.problem import Objective
from .book import Book
from .fund_rules import is_private
from .options import EMERGENCY, Options
from .row_builder import EXTRA, OPTION, RowBuilder
from .rule_base import Names
from .scenario import Goal
from .settled import Coded

Int = NDArray[np.int64]

PERMILLE = 1000


def add_target(rows: RowBuilder, options: Options, goal: Goal) -> None:
    """Least cost: `benefit of all that is taken >= target`."""
    row = rows.add("target", ["要达到的效益分值"], -goal.target, floor=True, unit="分")
    rows.put(OPTION, row, np.arange(options.options.height), -options.options["benefit"].to_numpy())


def add_smallest_county(rows: RowBuilder, options: Options, names: Names) -> int:
    """Smallest county: `smallest <= share of need met in county c`, in thousandths, for every county.

    Met counts as in rules on need met (level enough or better); the base is the needs of the county that can
    be so met. Multiplied out: `needs_c x smallest <= sum of thousandths met`. Where no county has such a need
    the smallest share is 0. Gives back the extra column.
    """
    thousandths = met_thousandths(options, level=2)
    counted = np.flatnonzero(thousandths > 0)
    need = options.options["need"].to_numpy()
    county = Coded.of(options.needs["county_code"])
    reachable = np.unique(need[counted])
    base = np.bincount(county.code[reachable], minlength=len(county.values))
    there = np.flatnonzero(base)
    extra = rows.add_extras(["smallest_county"], upper=PERMILLE if len(there) else 0)
    place = np.full(len(county.values), -1, np.int64)
    place[there] = np.arange(len(there))
    codes = [county.values[code] for code in there]
    shown = [f"{names.get(code, code)}需求解决率" for code in codes]
    first = rows.add("smallest_county", shown, 0, scopes=codes, unit="‰")
    rows.put(EXTRA, first + np.arange(len(there)), np.full(len(there), extra), base[there])
    rows.put(OPTION, first + place[county.code[need[counted]]], counted, -thousandths[counted])
    return extra


def met_thousandths(options: Options, *, level: int) -> Int:
    """By option the thousandths of its need that it meets at a level or better; emergency handling meets none."""
    frame = options.options
    lots = options.needs["lots"].to_numpy()[frame["need"].to_numpy()]
    counts = (frame["level"].to_numpy() >= level) & ((frame["variant"].to_numpy() & EMERGENCY) == 0)
    return np.where(counts, PERMILLE * frame["lots"].to_numpy() // np.maximum(lots, 1), 0).astype(np.int64)


def public_cost(frame: pl.DataFrame, private: Int) -> Int:
    """Public capital and later cost to the last year of options or openings, in hundreds of yuan.

    `private` is what each draws on money that is not public; what such funds pay by share stays in, since it is
    not known option by option.
    """
    years = (frame["later_to"] - frame["later_from"] + 1).clip(lower_bound=0).fill_null(0)
    later = frame["later"] * years
    return (frame["cost"] + (later + 99) // 100).to_numpy().astype(np.int64) - private


def private_draws(options: Options, book: Book) -> tuple[Int, Int]:
    """Operators' capital and fixed sums on funds of levels social and owners, by option and by opening."""
    funds = book.table("funds").select("id", "fund_type", "level")
    names = [name for name, fund_type, level in funds.iter_rows() if is_private(fund_type, level)]
    held = options.draws.filter(pl.col("fund").is_in(names))
    found = []
    for opening, owners in ((False, options.options.height), (True, options.openings.height)):
        some = held.filter(pl.col("opening") == opening)
        sums = np.zeros(owners, np.int64)
        np.add.at(sums, some["owner"].to_numpy(), some["amount"].to_numpy())
        found.append(sums)
    return found[0], found[1]


def objectives(options: Options, book: Book, goal: Goal, extras: int, smallest: int) -> tuple[Objective, ...]:
    """The stages of the objective in their order: safety, benefit, cost; or those of another goal.

    * safety: thousandths of safety needs met at level enough or better
    * benefit: points; openings have none
    * cost: minus public capital and later cost to the last year, in hundreds of yuan
    * smallest_county: the extra column of the smallest share
    """
    chosen, openings = options.options, options.openings
    no_opening, no_extra = np.zeros(openings.height, np.int64), np.zeros(extras, np.int64)
    safety = Objective("safety", chosen["safety"].to_numpy().astype(np.int64), no_opening, no_extra)
    benefit = Objective("benefit", chosen["benefit"].to_numpy().astype(np.int64), no_opening, no_extra)
    of_options, of_openings = private_draws(options, book)
    cost = Objective("cost", -public_cost(chosen, of_options), -public_cost(openings, of_openings), no_extra)
    if goal.kind == "lexicographic":
        return safety, benefit, cost
    if goal.kind == "benefit":
        return (benefit,)
    if goal.kind == "least_cost":
        return (cost,)
    column = no_extra.copy()
    column[smallest] = 1
    return Objective("smallest_county", np.zeros(chosen.height, np.int64), no_opening, column), benefit
