"""Rows of pilots: served early, or chosen."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .options import EMERGENCY, MODULE
from .row_builder import EXTRA, OPENING, OPTION
from .rule_context import RuleContext
from .rules_pilots import CATEGORIES_ZH, PilotsRule

Int = NDArray[np.int64]


def pilots_rows(context: RuleContext, rule: PilotsRule) -> None:
    """Pilots get by the end of the first plan year an option in every programme in which one can start then."""
    if rule.mode == "listed":
        _served(context, rule, listed_pilots(context), None)
    else:
        _selection(context, rule)


def listed_pilots(context: RuleContext) -> list[str]:
    """Communities on the list of pilots, or with a category of a pilot."""
    listings = context.book.table("listings").filter(pl.col("programme") == "good_pilot")["community"]
    filled = context.book.table("communities").filter(pl.col("pilot_category").is_not_null())["id"]
    return sorted({*listings, *filled})


def _served(context: RuleContext, rule: PilotsRule, pilots: list[str], columns: Int | None) -> None:
    """For pilot c and programme p: `options of p in c that start in the first year >= 1` (or `>= z_c`).

    Only programmes in which c has a need with an option in that year; emergency handling does not count.
    """
    frame = context.options.options
    needs = context.options.needs[frame["need"].to_numpy()]
    number = {community: place for place, community in enumerate(pilots)}
    early = (
        pl.DataFrame(
            {
                "option": np.arange(frame.height, dtype=np.int64),
                "community": needs["community"],
                "programme": needs["programme"],
            }
        )
        .filter((frame["year"] == context.first_year) & ((frame["variant"] & EMERGENCY) == 0))
        .filter(pl.col("community").is_in(pilots))
    )
    keys = early.select("community", "programme").unique().sort("community", "programme")
    names = [
        f"{rule.name}({context.names.get(place, place)},{context.names.get(programme, programme)})"
        for place, programme in keys.iter_rows()
    ]
    fixed = columns is None
    first = context.rows.add(
        rule.kind, names, -1 if fixed else 0, key=rule.name, scopes=["/".join(pair) for pair in keys.iter_rows()],
        floor=True,
    )  # fmt: skip
    entries = early.join(
        keys.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64)),
        on=["community", "programme"],
        how="inner",
    )
    context.rows.put(OPTION, first + entries["row"].to_numpy(), entries["option"].to_numpy(), -1)
    if columns is not None:
        place = np.array([number[community] for community in keys["community"]], np.int64)
        context.rows.put(EXTRA, first + np.arange(keys.height), columns[place], 1)


def _selection(context: RuleContext, rule: PilotsRule) -> None:
    """Selection: `sum of z = number`, exactly so many of each category and city named, programmes served if chosen.

    z_c for every community that meets the entry conditions. What is paid by a fund for pilots only needs its
    community chosen: `x <= z_c`, for modules `sum of openings <= z_c` of the site's community.
    """
    communities = context.book.table("communities").sort("id")
    open_needs = context.options.needs.group_by("community").agg(pl.len().alias("open")).rename({"community": "id"})
    candidates = (
        communities.join(open_needs, on="id", how="left", maintain_order="left")
        .with_columns(pl.col("open").fill_null(0))
        .filter((pl.col("open") >= rule.least_needs) & (pl.col("households") >= rule.least_households))
    )
    names = candidates["id"].to_list()
    extra = context.rows.add_extras([f"pilot|{name}" for name in names])
    columns = extra + np.arange(len(names))
    _exactly(context, rule, "总数", "", columns, rule.number or 0)
    for category, count in rule.categories.items():
        held = (candidates["pilot_category"] == category).fill_null(value=False).to_numpy()
        _exactly(context, rule, CATEGORIES_ZH[category], category, columns[held], count)
    for city, count in rule.per_city.items():
        held = (candidates["city_code"] == city).to_numpy()
        _exactly(context, rule, context.names.get(city, city), city, columns[held], count)
    _served(context, rule, names, columns)
    _only_where_chosen(context, rule, dict(zip(names, columns.tolist(), strict=True)))


def _exactly(context: RuleContext, rule: PilotsRule, word: str, scope: str, columns: Int, count: int) -> None:
    for sign in (1, -1):
        row = context.rows.add(
            rule.kind, [f"{rule.name}({word})"], sign * count, key=rule.name, scopes=[scope], floor=sign < 0, unit="个",
            listed=sign > 0,
        )  # fmt: skip
        context.rows.put(EXTRA, row, columns, sign)


def _only_where_chosen(context: RuleContext, rule: PilotsRule, column: dict[str, int]) -> None:
    """Money of funds for pilots only: nothing of it where the community is not chosen.

    Options at a module follow it through its door, all others (dig-once twins among them) are linked themselves.
    Of a need of which one option can be taken all options that such money pays in a community are in one row,
    those at its modules as well: that is implied, and the bound is tighter for it.
    """
    only = set(context.book.table("funds").filter(pl.col("pilot_only").fill_null(value=False))["id"])
    packages = np.array(
        [bool(only & set(funds_of(name))) for name in context.options.packages["name"]] + [False], np.bool_
    )
    options, facilities = context.options.options, context.options.facilities
    # one more element stands for "no facility"
    modules = np.append((facilities["kind"] == MODULE).to_numpy(), False)
    homes = [*facilities["community"].to_list(), None]
    place, need = options["facility"].to_numpy(), options["need"].to_numpy()
    single = context.options.needs["lots"].to_numpy()[need] == 1
    held = np.flatnonzero(packages[options["package"].fill_null(-1).to_numpy()] & (single | ~modules[place]))
    own = context.options.needs["community"][need[held]].to_list()
    paid_in = [homes[at] if modules[at] else here for at, here in zip(place[held].tolist(), own, strict=True)]
    _linked(context, rule, OPTION, held, context.one_of()[held], paid_in, column)
    facility = context.options.openings["facility"].to_numpy()
    paid = packages[facilities["package"].fill_null(-1).to_numpy()] & modules[:-1]
    held = np.flatnonzero(paid[facility])
    community = facilities["community"][facility[held]].to_list()
    # of the modules of one site and service type at most one opens
    exclusion = facilities["exclusion"].to_numpy()
    alone = int(exclusion.max(initial=-1)) + 1 + np.arange(facilities.height)
    sets = np.where(exclusion >= 0, exclusion, alone)[facility[held]]
    _linked(context, rule, OPENING, held, sets, community, column)


def funds_of(package: str) -> list[str]:
    """The funds in the name of a package, `fundA:cap+fundB:=|floor`."""
    return [part.rpartition(":")[0] for part in package.partition("|")[0].split("+") if part]


def _linked(
    context: RuleContext,
    rule: PilotsRule,
    part: int,
    held: Int,
    sets: Int,
    community: list[str | None],
    column: dict[str, int],
) -> None:
    """`sum over a set of which one can be taken <= z` of the community, 0 where it is no candidate.

    One row for every set and community in which some of it is paid.
    """
    if not len(held):
        return
    names = sorted({place or "" for place in community})
    number = {place: code for code, place in enumerate(names)}
    code = np.array([number[place or ""] for place in community], np.int64)
    found, row = np.unique(np.stack([sets, code]), axis=1, return_inverse=True)
    places = [names[one] for one in found[1].tolist()]
    first = context.rows.add(
        rule.kind, [f"{rule.name}:试点资金({context.names.get(place, place)})" for place in places], 0, key=rule.name,
        scopes=places,
    )  # fmt: skip
    context.rows.put(part, first + row.reshape(-1), held, 1)
    chosen = [(place, column[name]) for place, name in enumerate(places) if name in column]
    if chosen:
        rows, columns = np.array(chosen, np.int64).T
        context.rows.put(EXTRA, first + rows, columns, -1)
