"""Options that another beats in every respect are dropped; what is kept has the same best plans.

An option is beaten by another of the same need, facility, class and lots that is worth no less at any stage and
takes no more of anything, if in every plan with the beaten one the other could stand in its place. That holds
within a choice set; between the siteless measures of a need (each a choice set) it holds where two options of
these lots never fit together, so that the plan cannot hold an option of the better measure already: every amount
offered is at least half of the shortage, hence at more than half of it. Rules that look at cost, department, level or
measure keep apart what they tell apart. Of equals the one with the smaller key stays.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from .matching_settings import MatchingSettings
from .options import EMERGENCY, EXISTS

GROUP: Final = ["need", "place", "package", "year", "class_lag", "lots"]
_WORTH: Final = ("benefit", "safety", "level")
_KEY: Final = ("m", "variant", "operation", "row")


def beaten(
    options: pl.DataFrame,
    draws: pl.DataFrame,
    settings: MatchingSettings,
    free_policies: frozenset[str],
    private_funds: frozenset[int] = frozenset(),
) -> pl.Series:
    """Rows (`row`) of options that are beaten.

    `options` are yearly rows with `benefit`, `safety`, `department` and `whole_lots`; `free_policies` are
    waivers without any number, which cost nothing to use. What is drawn on `private_funds` is no public cost.
    """
    dues = [name for name in options.columns if name.startswith("due_")]
    signs = _draw_signs(draws)
    rows = options.filter(pl.len().over(GROUP) > 1).with_columns(
        pl.col("waiver").is_in(list(free_policies)).fill_null(True).alias("waiver_free")
    )
    private = draws.filter(pl.col("fund").is_in(list(private_funds))).group_by("row").agg(pl.col("amount").sum())
    rows = (
        rows.join(signs, on="row", how="left")
        .join(private, on="row", how="left")
        .with_columns(pl.col("draws").fill_null(""), public=pl.col("cost") - pl.col("amount").fill_null(0))
    )
    columns = [*GROUP, "row", "m", "variant", "operation", "whole_lots", *_WORTH, "later", "later_from", "later_to", "area",
               "cost", "public", "waiver", "waiver_free", "department", "draws", *dues]  # fmt: skip
    rows = rows.select(columns)
    pairs = rows.join(rows, on=GROUP, how="inner", suffix="_by").filter(pl.col("row") != pl.col("row_by"))
    same_choice = pl.col("m") == pl.col("m_by")
    stands_in = same_choice | (2 * pl.col("lots") > pl.col("whole_lots"))
    flags = EMERGENCY | EXISTS
    conditions = [stands_in, (pl.col("variant") & flags) == (pl.col("variant_by") & flags)]
    conditions += [pl.col(f"{name}_by") >= pl.col(name) for name in _WORTH]
    conditions += [pl.col(f"{name}_by") <= pl.col(name) for name in ("area", "cost", "public", *dues)]
    conditions += [
        (pl.col("later_by") == 0)
        | (
            (pl.col("later_by") <= pl.col("later"))
            & (pl.col("later_from_by") >= pl.col("later_from"))
            & (pl.col("later_to_by") <= pl.col("later_to"))
        ),
        (pl.col("draws_by") == "") | (pl.col("draws_by") == pl.col("draws")),
        pl.col("waiver_free_by") | pl.col("waiver_by").eq_missing(pl.col("waiver")),
    ]
    if settings.looks_at_costs:
        conditions += [pl.col(f"{name}_by") == pl.col(name) for name in ("cost", *dues)]
        conditions.append(pl.col("draws_by") == pl.col("draws"))
    if settings.looks_at_departments:
        conditions.append(pl.col("department_by").eq_missing(pl.col("department")))
    if settings.looks_at_levels:
        conditions.append(pl.col("level_by") == pl.col("level"))
    if settings.looks_at_measures:
        conditions.append(same_choice)
    no_worse = pairs.filter(pl.all_horizontal(conditions))
    return no_worse.filter(_better() | _smaller_key())["row"].unique()


def _better() -> pl.Expr:
    """Strictly better somewhere that the conditions above compare."""
    return (
        pl.any_horizontal([pl.col(f"{name}_by") > pl.col(name) for name in _WORTH])
        | (pl.col("cost_by") < pl.col("cost"))
        | (pl.col("later_by") < pl.col("later"))
    )


def _smaller_key() -> pl.Expr:
    smaller, equal = pl.lit(False), pl.lit(True)
    for name in _KEY:
        smaller = smaller | (equal & (pl.col(f"{name}_by") < pl.col(name)))
        equal = equal & (pl.col(f"{name}_by") == pl.col(name))
    return smaller


def _draw_signs(draws: pl.DataFrame) -> pl.DataFrame:
    """All draws of a row as one text, to be compared."""
    words = pl.concat_str(["fund", "budget_year", "year", "amount"], separator=":")
    return draws.sort("row", "fund", "budget_year", "year").group_by("row", maintain_order=True).agg(
        words.str.join(";").alias("draws")
    )  # fmt: skip
