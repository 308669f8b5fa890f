"""A plan as a comparison looks at it: need by need, building by building, yuan by yuan; from the tables of its run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from ..models.book import Book
from ..models.options import EMERGENCY
from ..models.run import StoredRun

LEVELS_ZH: Final = {0: "应急", 1: "有", 2: "够", 3: "好"}
DIMENSIONS: Final = (
    "city", "county", "programme", "department", "fund", "payer", "fund_level", "budget_year", "payment_year", "start_year"
)  # fmt: skip
"""By what the cost of a plan is summed up; payers and levels of funds are those of a book, where one is given."""

Work = tuple[str, int, str, str, int, int]
"""What is done for a need: measure, level (0: emergency handling), site, operation, start year, lots."""


@dataclass(slots=True)
class NeedView:
    """What a plan does for one need; `yuan` and `benefit` are those of its own options, without what it shares."""

    community: str = ""
    service_type: str = ""
    programme: str = ""
    works: set[Work] = field(default_factory=set)
    yuan: int = 0
    benefit: int = 0
    projects: set[str] = field(default_factory=set)
    funds: frozenset[str] = frozenset()

    @property
    def years(self) -> tuple[int, ...]:
        """Start years."""
        return tuple(sorted({work[4] for work in self.works}))

    @property
    def state(self) -> frozenset[Work]:
        """What tells one plan's answer from another's, as in rules on changes."""
        return frozenset(self.works)


@dataclass(slots=True)
class SiteView:
    """What a plan does with one building, room or land; `yuan` is all that is built there."""

    year: int | None = None
    services: set[tuple[str, str]] = field(default_factory=set)
    area: float = 0.0
    yuan: int = 0


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan ready to be compared. `totals` has the cost in yuan by each of `DIMENSIONS`, each adding up to `yuan`.

    `money` has yuan by (place, fund, budget year, payment year), where a place is what a project stands at: it stays
    the same where a project is put off. `outputs` are quantities by (indicator, unit).
    """

    title: str
    result: Mapping[str, Any]
    needs: Mapping[str, NeedView]
    sites: Mapping[str, SiteView]
    money: Mapping[tuple[str, str, int, int], int]
    totals: Mapping[str, Mapping[str, int]]
    outputs: Mapping[tuple[str, str], float]
    unmet: Mapping[str, str]
    budgets: Mapping[tuple[str, int], int]
    yuan: int
    benefit: int
    later_yuan: int

    @property
    def met(self) -> int:
        """Needs that something other than emergency handling is done for."""
        return sum(any(work[1] for work in need.works) for need in self.needs.values())


def view(run: StoredRun, book: Book | None = None) -> PlanView:
    """The plan of a run; a run without a plan has an empty one. With `book` money is told by payer and level as well."""
    tables = run.tables
    empty: dict[str, Mapping[str, int]] = {name: {} for name in DIMENSIONS}
    if not tables:
        return PlanView(_title(run), run.result, {}, {}, {}, empty, {}, {}, {}, 0, 0, 0)
    projects = {row["project_id"]: row for row in tables["projects"].iter_rows(named=True)}
    components = tables["components"].rows(named=True)
    funding = tables["funding"].rows(named=True)
    paid_by: dict[str, set[str]] = defaultdict(set)
    for row in funding:
        paid_by[row["project_id"]].add(row["fund_id"])
    needs = _needs(components, paid_by)
    outputs: Counter[tuple[str, str]] = Counter()
    for row in tables["outputs"].iter_rows(named=True):
        outputs[row["indicator"], row["unit"]] += row["quantity"]
    money: Counter[tuple[str, str, int, int]] = Counter()
    for row in funding:
        place = place_of(projects[row["project_id"]])
        money[place, row["fund_id"], row["budget_year"], row["payment_year"]] += row["amount_yuan"]
    return PlanView(
        title=_title(run),
        result=run.result,
        needs=needs,
        sites=_sites(components, tables["sites"]),
        money=money,
        totals=_totals(components, funding, projects, book),
        outputs=outputs,
        unmet=dict(tables["unmet"].select("need_id", "code").iter_rows()),
        budgets={
            (row[0], row[1]): row[2]
            for row in tables["funds_used"].select("fund_id", "year", "budget_yuan").iter_rows()
        },
        yuan=sum(row["cost_yuan"] for row in components),
        benefit=sum(row["benefit"] for row in components),
        later_yuan=int(tables["obligations"]["amount_yuan"].sum()),
    )


def _title(run: StoredRun) -> str:
    return str(run.result.get("title") or run.folder.name)


def place_of(project: Mapping[str, Any]) -> str:
    """What a project stands at, whatever its year: its site, neighbourhood or community, with its department."""
    where = project["site"] or project["neighbourhood"] or project["community"]
    return f"{project['kind']}|{where}|{project['department']}"


def _needs(components: Iterable[Mapping[str, Any]], paid_by: Mapping[str, set[str]]) -> dict[str, NeedView]:
    needs: dict[str, NeedView] = {}
    for row in components:
        if not row["need_id"]:
            continue
        need = needs.setdefault(row["need_id"], NeedView(row["community"], row["service_type"], row["programme"]))
        level = 0 if row["variant"] & EMERGENCY else int(row["level"] or 0)
        need.works.add((row["measure"], level, row["site"], row["operation_type"], row["start_year"], row["lots"]))
        need.yuan += row["cost_yuan"]
        need.benefit += row["benefit"]
        need.projects.add(row["project_id"])
    for need in needs.values():
        need.funds = frozenset().union(*(paid_by.get(project, set()) for project in need.projects))
    return needs


def _sites(components: Iterable[Mapping[str, Any]], sites: pl.DataFrame) -> dict[str, SiteView]:
    found: dict[str, SiteView] = {}
    for row in components:
        if row["site"]:
            site = found.setdefault(row["site"], SiteView())
            site.yuan += row["cost_yuan"]
            if not row["need_id"] and row["component_id"].startswith("site|"):
                site.year = row["start_year"]
    for row in sites.iter_rows(named=True):
        site = found.setdefault(row["site"], SiteView())
        site.year = row["open_year"] if site.year is None else site.year
        if row["module"]:
            site.services.add((row["service_type"], row["operation_type"]))
            site.area += row["area_used"] or 0.0
    return found


def _totals(
    components: Iterable[Mapping[str, Any]],
    funding: Iterable[Mapping[str, Any]],
    projects: Mapping[str, Mapping[str, Any]],
    book: Book | None,
) -> dict[str, Mapping[str, int]]:
    totals: dict[str, Counter[str]] = {name: Counter() for name in DIMENSIONS}
    for row in components:
        project = projects[row["project_id"]]
        for name, key in (
            ("city", project["city"]), ("county", project["county"]), ("programme", row["programme"]),
            ("department", row["department"]), ("start_year", str(row["start_year"])),
        ):  # fmt: skip
            totals[name][key] += row["cost_yuan"]
    funds = [] if book is None else book.table("funds").select("id", "payer", "level").rows()
    payer = {fund: who or "" for fund, who, _ in funds}
    level = {fund: told or "" for fund, _, told in funds}
    for row in funding:
        for name, key in (
            ("fund", row["fund_id"]), ("budget_year", str(row["budget_year"])), ("payment_year", str(row["payment_year"])),
        ):  # fmt: skip
            totals[name][key] += row["amount_yuan"]
        if book is not None:
            totals["payer"][payer.get(row["fund_id"], "")] += row["amount_yuan"]
            totals["fund_level"][level.get(row["fund_id"], "")] += row["amount_yuan"]
    return {name: dict(sorted(values.items())) for name, values in totals.items()}
