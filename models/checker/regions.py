"""A proof region by region as the checker reads it: regions must not touch each other, and each has cases of its own.

Some rows and groups carry the number of a region, all others -1. At given prices the program falls apart into units: a
root with all that hangs on it, the options of a choice set without a facility, a single option, an extra column. A unit
that meets rows or groups of a region, also by the money that may pay it, belongs to it; none may belong to two. So the
prices of a region change the worth of its own units and nothing else, and the cases of a region need to speak of them alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .cases import KINDS, CasesError, Leaf, PricedSum, read_tree
from .program import NONE, Program

OWNED = ("option", "opening", "extra", "arc")


@dataclass(frozen=True, slots=True)
class Region:
    """The units of a region as a program of their own, its rows and groups by number, and its cases.

    Prices of a leaf are those of these rows and groups, in this order.
    """

    program: Program
    rows: list[int]
    groups: list[int]
    leaves: list[Leaf]


def read_regions(arrays: Mapping[str, Any], place: int, program: Program, stage: int, scale: int) -> list[Region]:
    """The regions of a stage, none where it has none; raises `CasesError` where they prove nothing."""
    prefix = f"region_{place}_"
    if not any(name.startswith(prefix) for name in arrays):
        return []
    size = program.size["row"] + stage
    row = _labels(arrays, prefix + "row", size)
    group = _labels(arrays, prefix + "group", program.size["group"])
    known = (prefix + "row", prefix + "group")
    named = {
        name.removeprefix(prefix).split("_")[0] for name in arrays if name.startswith(prefix) and name not in known
    }
    count = len(named)
    if named != {str(number) for number in range(count)}:
        raise CasesError("分区编号不连续", "the regions are not numbered from 0 on")
    if count <= max(row.max(initial=NONE), group.max(initial=NONE)):
        raise CasesError("有行或需求属于不存在的分区", "a row or group names a region that is not there")
    of = _columns(program, stage, row, group)
    exact = program["group_exact"].astype(bool)
    found = []
    for number in range(count):
        rows, groups = np.flatnonzero(row == number), np.flatnonzero(group == number)
        kept = {kind: np.flatnonzero(of[kind] == number) for kind in KINDS}
        leaves = read_tree(arrays, f"{prefix}{number}_", program, exact[groups], len(rows))
        if any(leaf.scale != scale for leaf in leaves):
            raise CasesError(f"第 {number} 分区的刻度不同", f"region {number} has another scale than the stage")
        inside = [_renumbered(leaf, kept, number) for leaf in leaves]
        found.append(Region(_cut(program, kept), rows.tolist(), groups.tolist(), inside))
    return found


def _labels(arrays: Mapping[str, Any], name: str, size: int) -> Any:
    held = arrays.get(name)
    if held is None or held.dtype.kind != "i" or held.shape != (size,) or np.any(held < NONE):
        raise CasesError(f"{name} 不是每项一个分区", f"{name} does not give a region for each")
    return held


def _columns(p: Program, stage: int, row: Any, group: Any) -> dict[str, Any]:
    """The region of every option, opening and extra column, -1 for none."""
    demand = _only(
        p.size["demand"],
        [
            (p["arc_demand"], row[p["arc_source"]]),
            (p["arc_demand"][_owners(p, "arc_row")], row[p["arc_row_index"]]),
        ],
        several=-2,
    )
    met = {kind: [(_owners(p, f"{kind}_row"), row[p[f"{kind}_row_index"]])] for kind in KINDS}
    for before in range(stage):  # the row of an earlier stage meets whatever brings points there
        label = row[p.size["row"] + before]
        for kind in KINDS:
            brings = np.flatnonzero(p[f"objective_{kind}"][before])
            met[kind].append((brings, np.full(len(brings), label)))
    for kind in ("option", "opening"):
        met[kind].append((_owners(p, f"{kind}_spend"), demand[p[f"{kind}_spend_index"]]))
    grouped = np.flatnonzero(p["option_group"] != NONE)
    met["option"].append((grouped, group[p["option_group"][grouped]]))
    unit, count = _units(p)
    labels = _only(
        count, [(unit[kind][column], label) for kind in ("option", "opening") for column, label in met[kind]]
    )
    return {
        "option": labels[unit["option"]],
        "opening": labels[unit["opening"]],
        "extra": _only(p.size["extra"], met["extra"]),
    }


def _only(size: int, pairs: list[tuple[Any, Any]], several: int | None = None) -> Any:
    """The one region that each thing meets, -1 for none; with two `several`, or it is refused."""
    thing, label = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
    meets = np.unique(np.stack([thing[label != NONE], label[label != NONE]]), axis=1)
    out = np.full(size, NONE)
    out[meets[0]] = meets[1]
    twice = np.bincount(meets[0], minlength=size) > 1
    if several is not None:
        out[twice] = several
    elif np.any(twice) or np.any(out < NONE):
        raise CasesError("有单元同属两个分区", "something belongs to two regions")
    return out


def _units(p: Program) -> tuple[dict[str, Any], int]:
    """A number for every unit: roots by their facility, then choice sets, then single options."""
    parent, sites = p["facility_parent"], p.size["facility"]
    root = np.where(parent == NONE, np.arange(sites), parent)
    facility, choice = p["option_facility"], p["option_choice"]
    single = sites + int(choice.max(initial=NONE)) + 1
    alone = np.where(choice == NONE, single + np.arange(len(choice)), sites + choice)
    option = alone if not sites else np.where(facility == NONE, alone, root[facility])
    opening = root[p["opening_facility"]] if sites else np.zeros(0, np.int64)
    return {"option": option, "opening": opening}, single + len(choice)


def _owners(p: Program, name: str) -> Any:
    return np.repeat(np.arange(len(p[f"{name}_start"]) - 1), np.diff(p[f"{name}_start"]))


def _renumbered(leaf: Leaf, kept: Mapping[str, Any], number: int) -> Leaf:
    """The leaf with the columns of its decisions numbered within the region; refuses all other columns."""
    place = {kind: {column: at for at, column in enumerate(columns.tolist())} for kind, columns in kept.items()}
    sums = []
    for held in leaf.sums:
        if any(column not in place[kind] for kind, column, _ in held.entries):
            raise CasesError(
                f"第 {number} 分区的判断涉及他区的列", f"a decision of region {number} speaks of a column of another"
            )
        entries = tuple((kind, place[kind][column], times) for kind, column, times in held.entries)
        sums.append(PricedSum(entries, held.limit, held.price))
    return Leaf(leaf.scale, leaf.group, leaf.row, tuple(sums))


def _cut(p: Program, kept: Mapping[str, Any]) -> Program:
    """These columns, with the arcs that may pay for them; rows, groups, facilities and demands keep their numbers."""
    spent = [_taken(p, f"{kind}_spend", kept[kind])["index"] for kind in ("option", "opening")]
    needed = np.zeros(p.size["demand"], bool)
    needed[np.concatenate(spent)] = True
    places = {**kept, "arc": np.flatnonzero(needed[p["arc_demand"]])}
    arrays = dict(p.arrays)
    for name, array in p.arrays.items():
        kind, _, rest = name.partition("_")
        if kind in OWNED and not rest.startswith(("row_", "spend_")):
            arrays[name] = array[places[kind]]
        elif name in ("objective_option", "objective_opening", "objective_extra"):
            arrays[name] = array[:, places[rest]]
    for name in ("option_row", "opening_row", "extra_row", "option_spend", "opening_spend", "arc_row"):
        taken = _taken(p, name, places[name.partition("_")[0]])
        arrays |= {f"{name}_{part}": values for part, values in taken.items()}
    return Program(arrays, {**p.size, **{kind: len(columns) for kind, columns in places.items()}})


def _taken(p: Program, name: str, owners: Any) -> dict[str, Any]:
    start = p[f"{name}_start"]
    count = (start[1:] - start[:-1])[owners]
    begin = np.concatenate([[0], np.cumsum(count)])
    at = np.repeat(start[owners] - begin[:-1], count) + np.arange(begin[-1])
    return {"start": begin, "index": p[f"{name}_index"][at], "amount": p[f"{name}_amount"][at]}
