"""From components to projects: what is approved, tendered and paid is a package of works (项目)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from .components import OPTION
from .options import CAMPAIGN, EMERGENCY, MODULE, SITE
from .reasons import Names, reason

WORKS: Final = "works"
THIS_YEAR: Final = "实施"
LATER: Final = "储备"

PROJECTS_SCHEMA: Final = {
    "project_id": pl.String, "kind": pl.String, "county": pl.String, "community": pl.String, "neighbourhood": pl.String,
    "site": pl.String, "service_types": pl.String, "programmes": pl.String, "national_programmes": pl.String,
    "department": pl.String, "start_year": pl.Int64, "cost_yuan": pl.Int64, "running_cost_yuan": pl.Int64,
    "benefit": pl.Int64, "store": pl.String, "reason": pl.String, "name": pl.String, "city": pl.String,
}  # fmt: skip

Key = tuple[str, str, str, int, int]  # kind, place, department, start year, campaign
Row = Mapping[str, Any]


@dataclass(slots=True)
class Project:
    """A package of works while it is put together."""

    key: Key
    components: list[Row] = field(default_factory=list)
    project_id: str = ""

    @property
    def service_types(self) -> str:
        """All types in it, by code."""
        return joined(row["service_type"] for row in self.components)

    def total(self, column: str) -> int:
        """Sum over the components."""
        return sum(row[column] for row in self.components)

    @property
    def options(self) -> list[Row]:
        """The components that meet needs."""
        return [row for row in self.components if row["part"] == OPTION]


def joined(values: Iterable[str]) -> str:
    """Distinct entries of `;`-joined cells in order, again as one cell."""
    return ";".join(sorted({entry for value in values for entry in (value or "").split(";") if entry}))


def project_code(kind: str, place: str, department: str, service_types: str, year: int) -> str:
    """The code of a project: the same from run to run for the same works."""
    text = f"{kind}|{place}|{department}|{service_types}|{year}"
    return "P" + hashlib.sha256(text.encode()).hexdigest()[:10]


def form_projects(components: Sequence[Row]) -> list[Project]:
    """Put components together to projects, in order of their codes; every component is in exactly one."""
    groups: dict[Key, Project] = {}

    def put(key: Key, row: Row) -> None:
        groups.setdefault(key, Project(key)).components.append(row)

    first_module: dict[str, Row] = {}
    for row in components:
        if row["part"] == MODULE:
            held = first_module.get(row["site"])
            if held is None or _order(row) < _order(held):
                first_module[row["site"]] = row
    campaigns = {row["facility"]: row["department"] for row in components if row["part"] == CAMPAIGN}
    for row in components:
        home = first_module.get(row["site"], row) if row["part"] == SITE else row
        put(_key(home, campaigns), row)
    by_code: dict[str, Project] = {}
    for project in groups.values():
        kind, place, department, year, _ = project.key
        project.project_id = project_code(kind, place, department, project.service_types, year)
        same = by_code.setdefault(project.project_id, project)
        if same is not project:
            # the same kind, place, department, types and year: to a reader it is one project
            same.components += project.components
    return [by_code[code] for code in sorted(by_code)]


def _order(row: Row) -> tuple[int, str]:
    return row["start_year"], row["module"]


def _key(row: Row, campaigns: Mapping[int, str]) -> Key:
    year, department = row["start_year"], row["department"]
    if row["site"]:
        return SITE, row["site"], department, year, -1
    if row["facility"] in campaigns:
        # all works of a campaign are one project, whatever department each would have alone
        return CAMPAIGN, row["community"], campaigns[row["facility"]], year, row["facility"]
    return WORKS, row["neighbourhood"] or row["community"], department, year, -1


def projects_frame(
    projects: Sequence[Project], *, first_year: int, outside: Mapping[str, int], names: Names, pins: Mapping[str, str]
) -> pl.DataFrame:
    """The project list; `outside` is the yuan of each project that neither city nor county pays.

    `pins` has the reason given for needs and sites that a rule of the scenario holds in the plan.
    """
    rows = []
    for project in projects:
        kind, place, department, year, _ = project.key
        first = project.options[0] if project.options else project.components[0]
        site = next((row["site"] for row in project.components if row["site"]), "")
        community = names.site_community.get(site, "") or first["community"]
        cost = project.total("cost_yuan")
        programmes = joined(row["programme"] for row in project.components if row["part"] != SITE)
        rows.append(
            {
                "project_id": project.project_id,
                "kind": kind,
                "county": first["county_code"],
                "community": community,
                "neighbourhood": first["neighbourhood"] if kind == WORKS else "",
                "site": site,
                "service_types": project.service_types,
                "programmes": programmes or "facilities",
                "national_programmes": joined(row["national"] for row in project.components),
                "department": department,
                "start_year": year,
                "cost_yuan": cost,
                "running_cost_yuan": project.total("running_cost_yuan"),
                "benefit": project.total("benefit"),
                "store": THIS_YEAR if year == first_year else LATER,
                "reason": reason(project.options, cost, outside.get(project.project_id, 0), names, pins, site),
                "name": names.project(kind, place, site, community, project.service_types),
                "city": first["city_code"],
            }
        )
    return pl.DataFrame(rows, schema=PROJECTS_SCHEMA)


def counts_as_met(row: Row) -> bool:
    """Whether an option meets its need: at least enough, and not by emergency handling."""
    return row["part"] == OPTION and row["level"] >= 2 and not row["variant"] & EMERGENCY
