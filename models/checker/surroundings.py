"""What a check-up looks at around a place: numbers of people, facilities and finished works, complaints, ranks."""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from .book_facts import Facts
from .reading import Row

COLUMN = {
    "all": "population", "residents": "population", "elders": "elders_60p", "elders_60p": "elders_60p",
    "children": "children", "children_0_3": "children_0_3", "children_3_6": "children_3_6", "car_owners": "cars",
    "cars": "cars", "ebike_owners": "ebikes", "ebikes": "ebikes", "disabled": "disabled", "households": "households",
    "buildings": "buildings",
}  # fmt: skip
DEGREE_M = 110_540.0

Complaints = list[tuple[int, int]]
"""Severity and number of every complaint that counts once."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Where something is judged: a community, or one of its neighbourhoods."""

    community: Row
    neighbourhood: Row | None


def number_of(cell: Cell, what: str) -> int | None:
    """People, households or things of a place; None if unknown."""
    if what == "community":
        return 1
    column = COLUMN[what]
    row, inside = cell.community, cell.neighbourhood
    if inside is not None and column in ("households", "buildings"):
        counted: int | None = inside[column]
        return counted
    whole: int | None = row[column]
    if whole is None and column == "ebikes":
        whole = -(-8 * row["households"] // 10)
    if inside is None or whole is None:
        return whole
    if not row["households"]:
        return whole
    own: int = math.ceil(Fraction(whole * inside["households"], row["households"]))
    return min(whole, own)


class Surroundings:
    """The tables that a check-up reads, indexed."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.window = int(facts.settings.get("complaints_window_days", 365))
        self.minimum = int(facts.settings.get("complaint_minimum", 3))
        self._surveyed: dict[str, list[Row]] = defaultdict(list)
        for row in facts.tables["facilities"]:
            self._surveyed[row["service_type"]].append(row)
        self._credits: dict[str, list[Row]] = defaultdict(list)
        for row in self._finished():
            self._credits[row["service_type"]].append(row)
        first = facts.as_of - datetime.timedelta(days=self.window)
        self._told: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in facts.tables["complaints"]:
            if first < row["date"] <= facts.as_of:
                self._told[row["community"], row["service_type"]].append(row)
        self._ranks: dict[tuple[str, str, str], int] = {}
        asked = [row for row in facts.tables["consultations"] if row["rank"] is not None and row["date"] <= facts.as_of]
        for row in sorted(asked, key=lambda row: (row["date"], row["id"])):
            self._ranks[row["community"], row["neighbourhood"] or "", row["service_type"]] = row["rank"]
        self._grid: dict[tuple[int, int], list[str]] = defaultdict(list)
        for name, row in facts.communities.items():
            self._grid[_square(row)].append(name)

    def surveyed(self, service_type: str) -> list[Row]:
        """Rows of the baseline of a type."""
        return self._surveyed[service_type]

    def facilities(self, service_type: str) -> list[Row]:
        """Rows of the baseline of a type and finished works that it has not seen."""
        return [*self._surveyed[service_type], *self._credits[service_type]]

    def near(self, point: Row, radius: float) -> Iterable[str]:
        """Communities that may lie within a radius (metres) of a point."""
        reach = math.ceil(radius / 1000) + 1
        east, north = _square(point)
        return [
            name
            for dx in range(-reach, reach + 1)
            for dy in range(-reach, reach + 1)
            for name in self._grid.get((east + dx, north + dy), ())
        ]

    def _finished(self) -> Iterable[Row]:
        """Delivered quantities of accepted works that no later survey has seen, as rows of the baseline."""
        facts = self.facts
        for row in facts.tables["projects"]:
            if row["store"] != "finished" or row["accepted_on"] is None or row["accepted_on"] > facts.as_of:
                continue
            place = row["neighbourhood"] or ""
            site = facts.sites.get(row["site"] or "")
            community = (
                facts.neighbourhoods[place]["community"]
                if place
                else row["community"] or (site["community"] if site else None)
            )
            if community is None:
                continue
            for kind, quantity in (row["delivered"] or {}).items():
                defect = facts.types[kind]["metric_kind"] == "defect"
                seen = [
                    old["surveyed"]
                    for old in self._surveyed[kind]
                    if old["community"] == community
                    and old["surveyed"] is not None
                    and (not defect or (old["neighbourhood"] or "") == place)
                ]
                if not seen or max(seen) < row["accepted_on"]:
                    yield {
                        "community": community, "neighbourhood": place or None, "service_type": kind,
                        "quantity": quantity, "quality": None, "applicable": None, "credited": True,
                        "lon": site["lon"] if site else None, "lat": site["lat"] if site else None,
                    }  # fmt: skip

    def taken_off(self, service_type: str, cells: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Ten-thousandths of a defect that finished works have put right, by cell."""
        out: dict[tuple[str, str], int] = defaultdict(int)
        for row in self._credits[service_type]:
            cell = (row["community"], row["neighbourhood"] or "")
            if cell not in cells:
                cell = (row["community"], "")
            if cell in cells:
                out[cell] += int(row["quantity"] * 10_000)
        return out

    def complaints(self, service_type: str, cell: Cell, judged: set[str] | None) -> Complaints:
        """Complaints of a cell; `judged` are the neighbourhoods that have a cell of their own (None: none has)."""
        place = cell.neighbourhood["id"] if cell.neighbourhood else ""
        events: dict[str, int] = {}
        out: Complaints = []
        for row in self._told[cell.community["id"], service_type]:
            home = row["neighbourhood"] if judged and row["neighbourhood"] in judged else ""
            if home != place:
                continue
            severity = 3 if row["severity"] is None else row["severity"]
            if row["event"]:
                events[row["event"]] = max(events.get(row["event"], 0), severity)
            else:
                out.append((severity, row["number"] or 1))
        return [*out, *((severity, 1) for severity in events.values())]

    def exceed(self, kind: Row, cell: Cell, complaints: Complaints) -> bool:
        """Are there more complaints than the type allows?"""
        most, number = kind["good_complaints_per_1000_max"], sum(count for _, count in complaints)
        residents = number_of(cell, "residents")
        if most is None or residents is None or number < self.minimum:
            return False
        return bool(number * 1000 * 365 > most * residents * self.window)

    def grave(self, complaints: Complaints) -> bool:
        """Is the mean severity of the gravest complaints at least 4?"""
        severities = sorted((severity for severity, count in complaints for _ in range(count)), reverse=True)
        gravest = severities[: self.minimum]
        return len(gravest) >= self.minimum and sum(gravest) >= 4 * len(gravest)

    def rank(self, service_type: str, cell: Cell) -> int | None:
        """The rank given by residents of the place, else of its community."""
        community = cell.community["id"]
        place = cell.neighbourhood["id"] if cell.neighbourhood else ""
        own = self._ranks.get((community, place, service_type))
        return own if own is not None else self._ranks.get((community, "", service_type))


def _square(point: Row) -> tuple[int, int]:
    """A square of roughly a kilometre."""
    north = float(point["lat"]) * DEGREE_M
    east = float(point["lon"]) * 111_320.0 * math.cos(math.radians(29.0))
    return math.floor(east / 800), math.floor(north / 1000)
