"""The first check-up of a book, worked out again: which needs it finds where the book lists none."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from .book_facts import Facts
from .places import distance_m
from .reading import Row
from .report import Findings
from .surroundings import Cell, Complaints, Surroundings, number_of

PARTS = 10_000
"""Quantities are whole ten-thousandths."""

COMPARED = (
    "community", "neighbourhood", "service_type", "need_class", "judgement", "level", "quantity", "lots", "group_served",
    "people", "urgency", "mandatory", "rank", "status",
)  # fmt: skip


@dataclass(slots=True)
class Supply:
    """What reaches a community of one type."""

    shared: int = 0
    in_reach: int = 0
    scores: list[tuple[int, Fraction]] = field(default_factory=list)
    unknown_near: bool = False


def needs_found(facts: Facts) -> dict[str, Row]:
    """Every need that the check-up finds, by its identifier."""
    around = Surroundings(facts)
    found: dict[str, Row] = {}
    for kind in facts.types.values():
        needs = (
            _supply_needs(facts, around, kind)
            if kind["metric_kind"] == "supply"
            else _defect_needs(facts, around, kind)
        )
        for need in needs:
            place = need["neighbourhood"]
            name = f"N-{need['community']}-{kind['id']}" + (f"-{place}" if place else "")
            found[name] = {"id": name, **need}
    return found


def check_needs_list(facts: Facts, findings: Findings) -> None:
    """Hold the needs list of the run against the check-up of the book, need by need."""
    wanted = needs_found(facts)
    listed = {row["id"]: row for row in facts.tables["needs"]}
    for name in sorted({*wanted, *listed}):
        if name not in wanted or name not in listed:
            zh, en = (
                ("体检没有这项需求", "the check-up finds no such need")
                if name in listed
                else ("需求清单缺少这一项", "is missing")
            )
            findings.refuse("needs-list", name, zh, en)
            continue
        for column in COMPARED:
            told, found = listed[name][column], wanted[name][column]
            if (told or None) != (found or None):
                findings.refuse(
                    "needs-list",
                    f"{name} {column}",
                    f"写 {told},体检为 {found}",
                    f"{told} listed, {found} by the check-up",
                )
    findings.prove(
        f"清单簿的体检重算无误,{len(wanted)} 项需求一致", f"the check-up is worked out again: {len(wanted)} needs agree"
    )


def _standard(kind: Row, community: Row) -> tuple[str, Fraction | None]:
    """Denominator of a type in a community, and its standard for 1,000."""
    new = community["area_class"] == "new"
    denominator = kind["denominator_new"] if new and kind["denominator_new"] else kind["denominator"]
    told = kind["enough_city_override"] or {}
    for value in (
        told.get(community["county_code"]),
        told.get(community["city_code"]),
        kind["enough_per_1000_new" if new else "enough_per_1000_existing"],
        kind["threshold_enough_per_1000"],
    ):
        if value is not None:
            return denominator, value
    return denominator, None


def _limit(kind: Row, number: int | None) -> int | None:
    limit = int(kind["threshold_exists"] * PARTS)
    if kind["exists_basis"] != "per_1000":
        return limit
    return None if number is None else limit * number // 1000


def _supply_needs(facts: Facts, around: Surroundings, kind: Row) -> Iterator[Row]:
    rows = around.facilities(kind["id"])
    by_community: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_community[row["community"]].append(row)
    closed = {
        name
        for name, own in by_community.items()
        if any(row["applicable"] is False and not row["neighbourhood"] for row in own)
        or all(row["applicable"] is False for row in own)
    }
    supplies = _supplies(facts, around, kind, [row for row in rows if row["applicable"] is not False], closed)
    for name, community in sorted(facts.communities.items()):
        if name in closed:
            continue
        own = [row for row in by_community[name] if row["applicable"] is not False]
        surveyed = [row for row in own if not row.get("credited")]
        supply = supplies[name]
        denominator, per_1000 = _standard(kind, community)
        cell = Cell(community, None)
        number = number_of(cell, denominator)
        limit = _limit(kind, number)
        known = any(row["quantity"] is not None for row in own)
        complete = bool(surveyed) and all(row["quantity"] is not None for row in own) and not supply.unknown_near
        least = None if limit is None else max(int((kind["enough_min_absolute"] or 0) * PARTS), limit)
        rate: int | None = 0
        if denominator != "community" and per_1000 is not None:
            rate = None if number is None else int(per_1000 * PARTS) * number // 1000
        exists = None if limit is None else True if supply.in_reach >= limit else False if complete else None
        short = (least is not None and supply.in_reach < least) or (rate is not None and supply.shared < rate)
        enough: bool | None = None
        if complete and short:
            enough = False
        elif known and not short and least is not None and rate is not None:
            enough = True
        complaints = around.complaints(kind["id"], cell, None)
        scores = supply.scores
        if not any(weight for weight, _ in scores):
            scores = [(1, row["quality"]) for row in own if row["quality"] is not None]
        judgement = _judgement(exists, enough, _good(facts, around, kind, cell, scores, complaints))
        if judgement is None:
            continue
        # the standard that more is lacking of; without a rate (0 above, or unknown) there is only the other one
        by_rate, by_least = (rate or 0) - supply.shared, (least or 0) - supply.in_reach
        lacking = max(by_rate, by_least)
        rated = denominator != "community" and per_1000 is not None and rate is not None
        standard = (rate or 0) if rated and by_least <= max(0, by_rate) else (least or 0)
        quantity = Fraction(lacking, PARTS)
        if kind["metric_unit"] not in ("m2", "m²"):
            quantity = Fraction(math.ceil(quantity))
        share = Fraction(1)
        if judgement == "short" and standard:
            share = min(share, quantity * PARTS / standard)
        yield _need(facts, around, kind, cell, judgement, quantity, share, complaints)


def _supplies(
    facts: Facts, around: Surroundings, kind: Row, rows: Iterable[Row], closed: set[str]
) -> dict[str, Supply]:
    supplies: dict[str, Supply] = {name: Supply() for name in facts.communities}
    radius = kind["exists_radius_m"]
    for row in rows:
        placed = row["lon"] is not None and row["lat"] is not None
        point = row if placed else facts.communities[row["community"]]
        served = [row["community"]]
        if radius is not None:
            served += [
                name
                for name in around.near(point, float(radius))
                if name != row["community"] and distance_m(facts, point, facts.communities[name]) <= float(radius)
            ]
        if row["quantity"] is None:
            for name in served if placed else ():
                supplies[name].unknown_near = True
            continue
        served = [name for name in served if name not in closed]
        numbers = [number_of(Cell(facts.communities[name], None), kind["group_served"]) for name in served]
        if any(number is None for number in numbers) or not any(numbers):
            numbers = [facts.communities[name]["population"] for name in served]
        whole = sum(number or 0 for number in numbers)
        quantity = int(row["quantity"] * PARTS)
        for name, number in zip(served, numbers, strict=True):
            share = -(-quantity * (number or 0) // whole) if whole else 0
            supplies[name].shared += share
            supplies[name].in_reach += quantity
            if row["quality"] is not None:
                supplies[name].scores.append((share, row["quality"]))
    return supplies


def _defect_needs(facts: Facts, around: Surroundings, kind: Row) -> Iterator[Row]:
    cells: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in around.surveyed(kind["id"]):
        cells[row["community"], row["neighbourhood"] or ""].append(row)
    taken_off = around.taken_off(kind["id"], set(cells))
    judged = {place for _, place in cells if place}
    for (name, place), rows in sorted(cells.items()):
        if any(row["applicable"] is False for row in rows):
            continue
        cell = Cell(facts.communities[name], facts.neighbourhoods.get(place))
        complete = all(row["quantity"] is not None for row in rows)
        known = [row["quantity"] for row in rows if row["quantity"] is not None]
        wrong = max(0, int(sum(known, Fraction(0)) * PARTS) - taken_off[name, place])
        denominator, _ = _standard(kind, cell.community)
        limit = _limit(kind, number_of(cell, denominator))
        exists = None if limit is None else False if known and wrong > limit else True if complete else None
        enough = False if known and wrong > 0 else True if complete else None
        complaints = around.complaints(kind["id"], cell, judged)
        scores = [(1, row["quality"]) for row in rows if row["quality"] is not None]
        judgement = _judgement(exists, enough, _good(facts, around, kind, cell, scores, complaints))
        if judgement is None:
            continue
        share = Fraction(1)
        if judgement != "poor":
            number = None if denominator in ("residents", "community") else number_of(cell, denominator)
            if kind["metric_unit"] in ("m2", "m²"):
                floor_area = cell.neighbourhood["floor_area"] if cell.neighbourhood else None
                number = None
                if denominator == "households" and floor_area:
                    share = min(Fraction(1), Fraction(wrong, PARTS) / floor_area)
            if number:
                share = min(Fraction(1), Fraction(wrong, PARTS) / number)
        yield _need(facts, around, kind, cell, judgement, Fraction(wrong, PARTS), share, complaints)


def _good(
    facts: Facts,
    around: Surroundings,
    kind: Row,
    cell: Cell,
    scores: list[tuple[int, Fraction]],
    complaints: Complaints,
) -> bool | None:
    threshold = kind["threshold_good_quality_score"]
    weight = sum(part for part, _ in scores)
    score = sum((part * value for part, value in scores), Fraction(0)) / weight if weight else None
    exceed = around.exceed(kind, cell, complaints)
    if exceed or (score is not None and threshold is not None and score < threshold):
        return False
    return True if threshold is None or score is not None else None


def _judgement(exists: bool | None, enough: bool | None, good: bool | None) -> str | None:
    """None where there is no lack: met, or unknown."""
    if exists is False:
        return "none"
    if enough is False:
        return "short"
    return "poor" if enough and good is False else None


def _need(
    facts: Facts,
    around: Surroundings,
    kind: Row,
    cell: Cell,
    judgement: str,
    quantity: Fraction,
    share: Fraction,
    complaints: Complaints,
) -> Row:
    lot = kind["lot_size"]
    if judgement == "poor":
        quantity = max(kind["threshold_exists"] if kind["exists_basis"] != "per_1000" else Fraction(0), lot)
    number = number_of(cell, kind["group_served"])
    rank = around.rank(kind["id"], cell)
    urgency = kind["urgency_default"] + around.grave(complaints) + around.exceed(kind, cell, complaints)
    urgency += 0 if rank is None or rank > 3 else 2 if rank == 1 else 1
    urgency += judgement == "none"
    return {
        "community": cell.community["id"],
        "neighbourhood": cell.neighbourhood["id"] if cell.neighbourhood else None,
        "service_type": kind["id"],
        "need_class": kind["need_class"],
        "judgement": judgement,
        "level": ("none", "short", "poor").index(judgement),
        "quantity": quantity,
        "lots": math.ceil(quantity / lot) if kind["divisible"] and judgement != "poor" else 1,
        "group_served": kind["group_served"],
        "people": max(1, math.ceil((number or 0) * share)),
        "urgency": min(10, urgency),
        "mandatory": kind["id"] == "R01" and judgement == "none",
        "rank": rank,
        "status": "to_match" if kind["need_class"] == "special" else "to_hand_over",
    }
