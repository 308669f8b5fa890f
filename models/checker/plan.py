"""The plan as the run states it: options that are taken and openings, one per row of components.csv."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from .places import CHANGE, FAST, WAIVER
from .reading import Row, RunFiles
from .report import Findings

OPENINGS = ("site", "module", "campaign")


@dataclass(frozen=True, slots=True)
class Component:
    """One component; `kind` is option, site, module or campaign, `module` the key of the module or campaign."""

    id: str
    kind: str
    project: str
    need: str
    measure: str
    operation: str
    site: str
    module: str
    community: str
    rule: int  # of a campaign
    level: int
    lots: int
    year: int
    variant: int
    package: str
    type: str
    units: int
    area: int  # 0.1 m2
    cost_yuan: int
    running_yuan: int
    benefit: int

    @property
    def module_flags(self) -> int:
        """The flags that belong to the module."""
        return self.variant & (CHANGE | FAST | WAIVER)


@dataclass(frozen=True, slots=True)
class Plan:
    """All components, and openings by their key: site id, module key, (community, rule) of a campaign."""

    components: tuple[Component, ...]
    options: tuple[Component, ...]
    sites: Mapping[str, Component]
    modules: Mapping[str, Component]
    campaigns: Mapping[tuple[str, int, int], Component]  # community, rule, year

    @property
    def openings(self) -> tuple[Component, ...]:
        return tuple(one for one in self.components if one.kind != "option")


def read_plan(run: RunFiles, findings: Findings) -> Plan:
    """The components of a run; rows that cannot be read are refused and left out."""
    components: list[Component] = []
    seen: set[str] = set()
    for row in run.tables["components"]:
        try:
            one = _component(row)
        except (ValueError, KeyError, IndexError) as error:
            findings.refuse(
                "component-unreadable",
                row.get("component_id", ""),
                f"这一行读不出({error})",
                f"the row cannot be read ({error})",
            )
            continue
        if one.id != component_id(one):
            findings.refuse(
                "component-id", one.id, f"编号与内容不符,应为 {component_id(one)}", f"should be {component_id(one)}"
            )
        if one.id in seen:
            findings.refuse("component-twice", one.id, "同一建设内容出现两次", "the component appears twice")
            continue
        seen.add(one.id)
        components.append(one)
    sites: dict[str, Component] = {}
    modules: dict[str, Component] = {}
    campaigns: dict[tuple[str, int], Component] = {}
    for one in components:
        if one.kind == "site" and sites.setdefault(one.site, one) is not one:
            findings.refuse("site-opened-twice", one.site, "场地开启两次", "the site opens twice")
        if one.kind == "module" and modules.setdefault(one.module, one) is not one:
            findings.refuse("module-opened-twice", one.module, "服务点开启两次", "the module opens twice")
        if one.kind == "campaign" and campaigns.setdefault((one.community, one.rule), one) is not one:
            findings.refuse("campaign-twice", one.id, "同一社区合并开挖两次", "the campaign takes place twice")
    return Plan(
        tuple(components),
        tuple(one for one in components if one.kind == "option"),
        sites,
        modules,
        {(one.community, one.rule, one.year): one for one in components if one.kind == "campaign"},
    )


def component_id(one: Component) -> str:
    """The identifier that a component must have."""
    parts: tuple[object, ...]
    match one.kind:
        case "option":
            parts = (one.need, one.measure, one.operation, one.site, one.level, one.lots, one.year, one.variant)
        case "site":
            parts = ("site", one.site, one.year)
        case "module":
            parts = ("module", one.module, one.year)
        case _:
            parts = ("campaign", one.community, one.rule, one.year)
    return "|".join(str(part) for part in parts)


def module_key(site: str, measure: str, operation: str, variant: int, package: str) -> str:
    """How a module is named."""
    return f"{site}|{measure}|{operation}|{variant}|{package}"


def whole(cell: str) -> int:
    """A whole number; an empty cell is 0."""
    return int(cell) if cell else 0


def _component(row: Row) -> Component:
    told = row["component_id"]
    kind = "option" if row["need_id"] else told.partition("|")[0]
    if kind not in ("option", *OPENINGS):
        raise ValueError(told)
    variant = whole(row["variant"])
    area = Fraction(row["area"] or "0") * 10
    if area.denominator != 1:
        raise ValueError(row["area"])
    own = module_key(row["site"], row["measure"], row["operation_type"], variant, row["package"])
    return Component(
        id=told,
        kind=kind,
        project=row["project_id"],
        need=row["need_id"],
        measure=row["measure"],
        operation=row["operation_type"],
        site=row["site"],
        module=own if kind == "module" else row["module"],
        community=row["community"],
        rule=int(told.split("|")[2]) if kind == "campaign" else -1,
        level=whole(row["level"]),
        lots=whole(row["lots"]),
        year=int(row["start_year"]),
        variant=variant,
        package=row["package"],
        type=row["service_type"],
        units=whole(row["units"]),
        area=int(area),
        cost_yuan=whole(row["cost_yuan"]),
        running_yuan=whole(row["running_cost_yuan"]),
        benefit=whole(row["benefit"]),
    )
