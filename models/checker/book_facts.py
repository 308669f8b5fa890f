"""What the book says, with the changes of the scenario: indexed rows, factors by place, budgets and ceilings."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from .datum import to_wgs84
from .reading import BookFiles, Row, kinds, packaged, typed_rows

OPEN = frozenset({"to_match", "idea", "reserve", "kept", "to_special", "rebound"})
LACKING = frozenset({"none", "short", "poor"})
LEVELS = {"exists": 1, "enough": 2, "good": 3}
PROGRAMMES = ("resilience", "facilities", "green", "smart", "governance")
WORKS_DEPARTMENT = "住房城乡建设"

DEFAULTS: Mapping[str, Any] = {
    "level_worth": (0, 40, 70, 100), "programme_weight": {}, "discount_percent": 97, "repeat_years": 5,
    "fit_out_share": 25, "cost_percent": 100, "least_tenure_years": 5, "emergency_cost": 2000,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Codes of a place from its street up; the community may be empty for a site."""

    community: str
    street: str
    county: str
    city: str


@dataclass(frozen=True, slots=True)
class Need:
    """An open need with what its type adds."""

    id: str
    row: Row
    type: Row
    place: Place
    neighbourhood: str
    lots: int  # Q
    lot_quantity: Fraction
    level: int
    mandatory: bool
    barred: bool

    @property
    def programme(self) -> str:
        return str(self.type["programme"])


@dataclass(slots=True)
class Facts:
    """The book and the scenario, ready to be asked."""

    settings: Mapping[str, Any]
    scenario: Mapping[str, Any]
    tables: Mapping[str, list[Row]]
    types: Mapping[str, Row]
    measures: Mapping[str, Row]
    uses: Mapping[tuple[str, str], str]
    communities: Mapping[str, Row]
    neighbourhoods: Mapping[str, Row]
    sites: Mapping[str, Row]
    funds: Mapping[str, Row]
    payers: Mapping[str, Row]
    policies: Mapping[str, Row]
    operators: Mapping[str, Row]
    needs: Mapping[str, Need]
    held: frozenset[str]
    pilots: frozenset[str]
    occupied: Mapping[str, int]  # 0.1 m2 by site
    signed_fen: Mapping[tuple[str, int], int]
    consultations: Mapping[tuple[str, str, str], Row]
    county_payers: Mapping[str, str]
    cache: dict[Any, Any] = field(default_factory=dict)
    selected: frozenset[str] = frozenset()

    @property
    def years(self) -> tuple[int, ...]:
        """The plan years."""
        return tuple(self.settings["plan_years"])

    @property
    def last_year(self) -> int:
        """The last year of later costs."""
        return self.years[-1] + int(self.settings.get("horizon_years", 10))

    @property
    def as_of(self) -> datetime.date:
        told = self.settings["as_of"]
        return told if isinstance(told, datetime.date) else datetime.date.fromisoformat(told)

    @property
    def rules(self) -> list[Mapping[str, Any]]:
        """The rules of the scenario in file order."""
        return list(self.scenario.get("rule", []))

    def factor(self, name: str, place: Place) -> Any:
        """A factor in a place: book.toml, then the scenario, then its overrides in file order."""
        key = ("factor", name, place)
        if key not in self.cache:
            book = {**self.settings, **self.settings.get("factors", {})}
            found = book.get(name, DEFAULTS[name])
            codes = {place.city, place.county, place.street} - {""}
            told = [self.scenario.get("factors", {})]
            told += [one for one in self.scenario.get("override", []) if codes & set(one.get("places", ()))]
            for change in told:
                if name not in change:
                    continue
                found = {**found, **change[name]} if isinstance(found, Mapping) else change[name]
            self.cache[key] = found
        return self.cache[key]

    def weight(self, programme: str, place: Place) -> int:
        return int(self.factor("programme_weight", place).get(programme, 100))

    @property
    def selects_pilots(self) -> bool:
        """Does the run choose the pilots itself?"""
        return any(rule.get("kind") == "pilots" and rule.get("mode") == "select" for rule in self.rules)

    def is_pilot(self, community: str) -> bool:
        """Listed; in a selection run only what is chosen."""
        return community in (self.selected if self.selects_pilots else self.pilots)

    def budget_yuan(self, fund: str, year: int) -> int | None:
        """Budget of a fund in a year with the scenario's changes, less signed payments; None without a column."""
        key = ("budget", fund, year)
        if key not in self.cache:
            row = self.funds[fund]
            yuan = changed(
                row.get(f"budget_{year}"), self.scenario.get("budget", ()), "funds", {fund, row["fund_type"]}, year
            )
            if yuan is not None:
                yuan = max(0, (yuan * 100 - self.signed_fen.get((fund, year), 0)) // 100)
            self.cache[key] = yuan
        found: int | None = self.cache[key]
        return found

    def budget_years(self, fund: str) -> tuple[int, ...]:
        """Years from the first plan year on in which the fund has a filled budget column."""
        key = ("budget years", fund)
        if key not in self.cache:
            told = [
                int(name[7:])
                for name, value in self.funds[fund].items()
                if name.startswith("budget_") and value is not None
            ]
            self.cache[key] = tuple(sorted(year for year in told if year >= self.years[0]))
        found: tuple[int, ...] = self.cache[key]
        return found

    def ceiling_yuan(self, payer: str, year: int) -> int | None:
        """Ceiling of later costs with the scenario's changes; None if there is none."""
        row = self.payers.get(payer)
        if row is None:
            return None
        if not self.years[0] <= year <= self.last_year:
            return None
        return changed(row.get(f"ceiling_{year}"), self.scenario.get("ceiling", ()), "payers", {payer}, year)

    def quota(self, policy: str, year: int) -> int | None:
        """Number of a policy in a year; None without limit."""
        number = self.policies[policy].get(f"number_{year}")
        for change in self.scenario.get("quota", ()):
            if change.get("policy") == policy and (not change.get("years") or year in change["years"]):
                number = change["number"]
        return None if number is None else int(number)

    def county_payer(self, county: str) -> str:
        """Who bears later costs in a county; its code where no payer is entered."""
        return self.county_payers.get(county, county)

    def place_of_site(self, site: str) -> Place:
        row = self.sites[site]
        community = row["community"] or ""
        street = (self.communities[community]["street_code"] or "") if community in self.communities else ""
        return Place(community, street, row["county_code"], row["county_code"][:4])

    def place_of_community(self, code: str) -> Place:
        row = self.communities[code]
        return Place(code, row["street_code"] or "", row["county_code"], row["city_code"])


def changed(yuan: int | None, changes: Iterable[Mapping[str, Any]], key: str, names: set[str], year: int) -> int | None:
    """An amount of a year after the changes of a scenario, one after the other in file order."""
    fitting = [
        one
        for one in changes
        if (not one.get(key) or names & set(one[key])) and (not one.get("years") or year in one["years"])
    ]
    for one in fitting:
        if "percent" in one and yuan is not None:
            yuan = yuan * int(one["percent"]) // 100
        if "amount" in one and (yuan is not None or key == "payers"):  # a ceiling may also be new
            yuan = int(Fraction(str(one["amount"])) * 10_000)
    return yuan


def tenths(area: Fraction | int, *, up: bool) -> int:
    """Square metres in whole 0.1 m², rounded against the plan."""
    return math.ceil(area * 10) if up else math.floor(area * 10)


def holds(listed: Iterable[str], county: str, city: str) -> bool:
    """Does a list of places hold a county? An empty list holds all."""
    codes = set(listed)
    return not codes or bool(codes & {county, city, city[:2]})


def _catalogue(name: str, own: list[Row]) -> dict[str, Row]:
    rows = packaged(name)
    header = [column for column in rows[0] if column in kinds()[name]]
    known = typed_rows(name, header, [[row[column] for column in header] for row in rows])
    return {row["id"]: row for row in [*known, *own]}


def book_facts(book: BookFiles, scenario: Mapping[str, Any]) -> Facts:
    """Index the book; whatever the scenario changes is asked for later."""
    tables = _in_wgs84(book)
    rows = {name: tables.get(name, []) for name in kinds()}
    by_id = {name: {row["id"]: row for row in rows[name]} for name in kinds()}
    uses = _catalogue("uses", rows["uses"])
    building = [row for row in rows["projects"] if row["store"] == "building"]
    occupied: dict[str, int] = {}
    for row in building:
        if row["site"] and row["area"]:
            occupied[row["site"]] = occupied.get(row["site"], 0) + tenths(row["area"], up=True)
    signed: dict[tuple[str, int], int] = {}
    for row in rows["payments"]:
        sign = {"committed": 1, "recovered": -1}.get(row["kind"], 0)
        key = (row["fund"], row["budget_year"])
        signed[key] = signed.get(key, 0) + sign * row["amount_fen"]
    latest: dict[tuple[str, str, str], Row] = {}
    told = [row for row in rows["consultations"] if row["taking_part_households"] is not None]
    for row in sorted(told, key=lambda row: (row["date"], row["id"])):
        latest[row["community"], row["neighbourhood"] or "", row["service_type"]] = row
    facts = Facts(
        settings=book.settings,
        scenario=scenario,
        tables=rows,
        types=_catalogue("service_types", rows["service_types"]),
        measures=_catalogue("measures", rows["measures"]),
        uses={(row["site_use"], row["service_type"]): row["allowed"] for row in uses.values()},
        communities=by_id["communities"],
        neighbourhoods=by_id["neighbourhoods"],
        sites=by_id["sites"],
        funds=by_id["funds"],
        payers=by_id["payers"],
        policies=by_id["policies"],
        operators=by_id["operators"],
        needs={},
        held=frozenset(need for row in building for need in row["needs"] or ()),
        pilots=frozenset(
            [row["community"] for row in rows["listings"] if row["programme"] == "good_pilot"]
            + [row["id"] for row in rows["communities"] if row["pilot_category"]]
        ),
        occupied=occupied,
        signed_fen=signed,
        consultations=latest,
        county_payers={
            row["place"]: row["id"] for row in reversed(rows["payers"]) if row["level"] == "county" and row["place"]
        },
    )
    facts.needs = {need.id: need for need in _open_needs(facts, rows["needs"])}
    return facts


def _open_needs(facts: Facts, rows: list[Row]) -> list[Need]:
    out = []
    for row in sorted(rows, key=lambda row: row["id"]):
        if row["need_class"] != "special" or row["judgement"] not in LACKING or row["status"] not in OPEN:
            continue
        if row["id"] in facts.held or row["service_type"] not in facts.types:
            continue
        kind = facts.types[row["service_type"]]
        place = facts.place_of_community(row["community"])
        divisible = bool(kind["divisible"])
        neighbourhood = facts.neighbourhoods.get(row["neighbourhood"] or "", {})
        renewed = neighbourhood.get("renewed_year")
        barred = (
            renewed is not None
            and renewed + int(facts.factor("repeat_years", place)) > facts.years[0]
            and row["service_type"] in (neighbourhood.get("renewed_types") or ())
        )
        mandatory = bool(row["mandatory"])
        out.append(
            Need(
                id=row["id"],
                row=row,
                type=kind,
                place=place,
                neighbourhood=row["neighbourhood"] or "",
                lots=row["lots"] if divisible else 1,
                lot_quantity=kind["lot_size"] if divisible else max(row["quantity"], kind["lot_size"]),
                level=row["level"],
                mandatory=mandatory,
                barred=barred and not mandatory,
            )
        )
    return out


def _in_wgs84(book: BookFiles) -> Mapping[str, list[Row]]:
    datum = str(book.settings.get("datum", "CGCS2000"))
    if datum not in ("GCJ02", "BD09"):
        return book.tables
    for rows in book.tables.values():
        for row in rows:
            if row.get("lon") is not None and row.get("lat") is not None:
                lon, lat = to_wgs84(float(row["lon"]), float(row["lat"]), datum)
                row["lon"], row["lat"] = Fraction(lon), Fraction(lat)
    return book.tables
