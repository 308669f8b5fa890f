"""Two plans side by side: what entered, left and moved, who pays instead, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from ..models.book import Book
from ..models.run import Run, StoredRun, read_run
from ..models.scenario import parse_scenario
from .differences import Change, differences, names_for
from .plan_view import DIMENSIONS, NeedView, PlanView, SiteView, Work, view

Kind = Literal["entered", "left", "moved", "level", "lots", "measure", "site", "operation", "payer"]
KINDS_ZH: Final[Mapping[str, str]] = {
    "entered": "新增", "left": "退出", "moved": "改期", "level": "水平变化", "lots": "数量变化", "measure": "换措施",
    "site": "换场地", "operation": "换运营方式", "payer": "换资金来源", "opened": "新开", "closed": "不再使用", "services": "内容变化",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NeedChange:
    """One need that two plans answer differently; `kinds` says how, `code` why it is out where it left."""

    need: str
    community: str
    service_type: str
    kinds: tuple[Kind, ...]
    before: NeedView | None
    after: NeedView | None
    code: str

    @property
    def counts(self) -> bool:
        """Whether it is a change in the sense of rules on changes: who pays does not count there."""
        return self.kinds != ("payer",)


@dataclass(frozen=True, slots=True)
class SiteChange:
    """One building that two plans use differently."""

    site: str
    kinds: tuple[str, ...]
    before: SiteView | None
    after: SiteView | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that tells two plans apart. Sums of `money` and of each of `totals` differ by exactly the change of cost."""

    before: PlanView
    after: PlanView
    needs: tuple[NeedChange, ...]
    sites: tuple[SiteChange, ...]
    money: tuple[tuple[str, str, int, int, int, int], ...]
    settings: tuple[Change, ...]

    @property
    def changes(self) -> int:
        """Number of changes as rules on changes count them: needs answered otherwise, sites opened or not."""
        flipped = sum(bool({"opened", "closed"} & set(site.kinds)) for site in self.sites)
        return sum(need.counts for need in self.needs) + flipped

    @property
    def same_book(self) -> bool:
        """Whether both plans are of the same book."""
        return bool(self.before.result["book_sha256"] == self.after.result["book_sha256"])

    def of_kind(self, kind: Kind) -> tuple[NeedChange, ...]:
        """The needs that changed in this way."""
        return tuple(need for need in self.needs if kind in need.kinds)

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "before": self.before.title,
            "after": self.after.title,
            "same_book": self.same_book,
            "settings": [change.told() for change in self.settings],
            "changes": self.changes,
            "entered": [_need_told(need) for need in self.of_kind("entered")],
            "left": [_need_told(need) for need in self.of_kind("left")],
            "moved": [_need_told(need) for need in self.of_kind("moved")],
            "changed": [_need_told(need) for need in self.needs if not {"entered", "left", "moved"} & set(need.kinds)],
            "sites": [
                {
                    "site": one.site,
                    "kinds": list(one.kinds),
                    "before": _site_told(one.before),
                    "after": _site_told(one.after),
                }
                for one in self.sites
            ],
            "money": [dict(zip(MONEY, row, strict=True)) for row in self.money],
            "totals": totals(self.before, self.after),
        }


MONEY: Final = ("place", "fund_id", "budget_year", "payment_year", "before_yuan", "after_yuan")


def compare(*plans: Run | StoredRun | Path | str, book: Book | None = None) -> list[Comparison]:
    """The first plan against each of the others: runs, or folders of runs.

    With `book` money is told by payer and level of funds, and a change of payer means just that; without it, a change
    of funds. Nothing is solved. Raises `ValueError` for fewer than two plans, `BookError` for a folder that is no run.
    """
    if len(plans) < 2:
        raise ValueError("至少要两份方案 | at least two plans are needed")
    stored = [_stored(plan) for plan in plans]
    names = names_for(book)
    views = [view(plan, book) for plan in stored]
    scenarios = [parse_scenario(plan.scenario_text) for plan in stored]
    payers = None if book is None else dict(book.table("funds").select("id", "payer").iter_rows())
    return [
        _compared(views[0], other, tuple(differences(scenarios[0], scenario, names)), payers)
        for other, scenario in zip(views[1:], scenarios[1:], strict=True)
    ]


def _stored(plan: Run | StoredRun | Path | str) -> StoredRun:
    if isinstance(plan, StoredRun):
        return plan
    if isinstance(plan, Run):
        tables = dict(plan.plan.tables) if plan.plan is not None else {}
        return StoredRun(Path(plan.title), plan.result, tables, plan.scenario_text)
    return read_run(plan)


def _compared(
    one: PlanView, other: PlanView, settings: tuple[Change, ...], payers: Mapping[str, str] | None
) -> Comparison:
    needs = []
    for need in sorted({*one.needs, *other.needs}):
        before, after = one.needs.get(need), other.needs.get(need)
        if kinds := _need_kinds(before, after, payers):
            told = after or before or NeedView()
            code = other.unmet.get(need, "") if after is None else ""
            needs.append(NeedChange(need, told.community, told.service_type, kinds, before, after, code))
    sites = []
    for site in sorted({*one.sites, *other.sites}):
        was, is_now = one.sites.get(site), other.sites.get(site)
        if site_kinds := _site_kinds(was, is_now):
            sites.append(SiteChange(site, site_kinds, was, is_now))
    money = tuple(
        (*key, one.money.get(key, 0), other.money.get(key, 0))
        for key in sorted({*one.money, *other.money})
        if one.money.get(key, 0) != other.money.get(key, 0)
    )
    return Comparison(one, other, tuple(needs), tuple(sites), money, settings)


_PARTS: Final[Sequence[tuple[Kind, int]]] = (
    ("measure", 0),
    ("level", 1),
    ("site", 2),
    ("operation", 3),
    ("moved", 4),
    ("lots", 5),
)


def _need_kinds(before: NeedView | None, after: NeedView | None, payers: Mapping[str, str] | None) -> tuple[Kind, ...]:
    if before is None or after is None:
        return ("entered",) if before is None else ("left",)
    found: list[Kind] = []
    if before.state != after.state:
        found = [kind for kind, part in _PARTS if _part(before.works, part) != _part(after.works, part)]
        found = found or ["lots"]  # the same parts put together otherwise
    if _payers(before, payers) != _payers(after, payers):
        found.append("payer")
    return tuple(found)


def _part(works: set[Work], part: int) -> list[Any]:
    return sorted(work[part] for work in works) if part == 5 else sorted({work[part] for work in works})


def _payers(need: NeedView, payers: Mapping[str, str] | None) -> frozenset[str]:
    return need.funds if payers is None else frozenset(payers.get(fund) or fund for fund in need.funds)


def _site_kinds(before: SiteView | None, after: SiteView | None) -> tuple[str, ...]:
    was, is_now = (view is not None and view.year is not None for view in (before, after))
    if was != is_now:
        return ("opened",) if is_now else ("closed",)
    if before is None or after is None:
        return ()
    found = ["moved"] if before.year != after.year else []
    if {service for service, _ in before.services} != {service for service, _ in after.services}:
        found.append("services")
    elif before.services != after.services:
        found.append("operation")
    return tuple(found)


def totals(before: PlanView, after: PlanView) -> dict[str, Any]:
    """What two plans come to: sums in yuan, by each dimension, and outputs; each row with before, after and change."""
    figures = {
        "cost_yuan": (before.yuan, after.yuan),
        "later_yuan": (before.later_yuan, after.later_yuan),
        "benefit": (before.benefit, after.benefit),
        "needs_met": (before.met, after.met),
        "objective": (before.result.get("objective"), after.result.get("objective")),
    }
    told: dict[str, Any] = {name: _row(*pair) for name, pair in figures.items()}
    for name in DIMENSIONS:
        one, other = before.totals[name], after.totals[name]
        told[name] = [{"key": key, **_row(one.get(key, 0), other.get(key, 0))} for key in sorted({*one, *other})]
    told["outputs"] = [
        {"indicator": key[0], "unit": key[1], **_row(before.outputs.get(key, 0.0), after.outputs.get(key, 0.0))}
        for key in sorted({*before.outputs, *after.outputs})
    ]
    funds = sorted({fund for fund, _ in (*before.budgets, *after.budgets)})
    told["budgets"] = [{"key": fund, **_row(_of(before.budgets, fund), _of(after.budgets, fund))} for fund in funds]
    return told


def _of(budgets: Mapping[tuple[str, int], int], fund: str) -> int:
    return sum(yuan for (name, _), yuan in budgets.items() if name == fund)


def _row(before: Any, after: Any) -> dict[str, Any]:
    change = None if before is None or after is None else after - before
    return {"before": before, "after": after, "change": change}


def _need_told(need: NeedChange) -> dict[str, Any]:
    return {
        "need_id": need.need, "community": need.community, "service_type": need.service_type,
        "kinds": list(need.kinds), "before": _state_told(need.before), "after": _state_told(need.after), "code": need.code,
    }  # fmt: skip


def _state_told(need: NeedView | None) -> dict[str, Any] | None:
    if need is None:
        return None
    keys = ("measure", "level", "site", "operation_type", "start_year", "lots")
    works = [dict(zip(keys, work, strict=True)) for work in sorted(need.works)]
    return {"works": works, "cost_yuan": need.yuan, "benefit": need.benefit, "funds": sorted(need.funds)}


def _site_told(site: SiteView | None) -> dict[str, Any] | None:
    if site is None:
        return None
    services = [{"service_type": service, "operation_type": operation} for service, operation in sorted(site.services)]
    return {"open_year": site.year, "services": services, "area_used": round(site.area, 1), "cost_yuan": site.yuan}
