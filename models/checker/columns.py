"""Columns of the program as components: what every option and opening of problem.npz says that it is."""

from __future__ import annotations

from dataclasses import replace

from .plan import Component, component_id, module_key
from .program import NONE, Program

KINDS = ("site", "module", "campaign")
_LABELS = (
    "need", "measure", "operation", "package", "fund", "site", "community", "county", "programme", "years",
    "option_measure", "option_operation", "option_package", "option_level", "option_units", "option_variant",
    "option_year", "option_cost", "option_later", "facility_kind", "facility_site", "facility_measure",
    "facility_operation", "facility_package", "facility_variant", "facility_community", "opening_cost",
    "opening_later", "opening_year", "class_county", "class_programme", "class_year", "class_package", "class_lag",
    "demand_year", "source_fund", "source_year",
)  # fmt: skip


def missing_labels(program: Program) -> list[str]:
    """Labels that the checker needs and the program lacks."""
    return [f"label_{name}" for name in _LABELS if f"label_{name}" not in program.arrays]


def facility_text(p: Program, facility: int) -> tuple[str, str, str, int]:
    """Kind, site, module (or campaign) and number of the rule of a facility."""
    kind = KINDS[int(p["label_facility_kind"][facility])]
    site = p.text("site", int(p["label_facility_site"][facility]))
    if kind == "campaign":
        rule = int(p["label_facility_rule"][facility]) if "label_facility_rule" in p.arrays else 0
        community = p.text("community", int(p["label_facility_community"][facility]))
        return kind, "", f"campaign|{community}|{rule}", rule
    if kind == "site":
        return kind, site, "", -1
    measure = p.text("measure", int(p["label_facility_measure"][facility]))
    operation = p.text("operation", int(p["label_facility_operation"][facility]))
    package = p.text("package", int(p["label_facility_package"][facility]))
    return kind, site, module_key(site, measure, operation, int(p["label_facility_variant"][facility]), package), -1


def option_column(p: Program, place: int, communities: dict[str, str], types: dict[str, str]) -> Component:
    """An option of the program; `communities` and `types` are by need."""
    facility = int(p["option_facility"][place])
    site, module = "", ""
    if facility != NONE:
        _, site, module, _ = facility_text(p, facility)
    need = p.text("need", int(p["option_group"][place]))
    return _with_id(
        Component(
            id="", kind="option", project="", need=need,
            measure=p.text("measure", int(p["label_option_measure"][place])),
            operation=p.text("operation", int(p["label_option_operation"][place])),
            site=site, module=module, community=communities.get(need, ""), rule=-1,
            level=int(p["label_option_level"][place]), lots=int(p["option_weight"][place]),
            year=int(p["label_option_year"][place]), variant=int(p["label_option_variant"][place]),
            package=p.text("package", int(p["label_option_package"][place])), type=types.get(need, ""),
            units=int(p["label_option_units"][place]), area=int(p["option_size"][place]),
            cost_yuan=100 * int(p["label_option_cost"][place]), running_yuan=int(p["label_option_later"][place]),
            benefit=0,
        )
    )  # fmt: skip


def opening_column(p: Program, place: int, types: dict[str, str]) -> Component:
    """An opening of the program; `types` is by measure."""
    facility = int(p["opening_facility"][place])
    kind, site, module, rule = facility_text(p, facility)
    measure = p.text("measure", int(p["label_facility_measure"][facility])) if kind == "module" else ""
    return _with_id(
        Component(
            id="", kind=kind, project="", need="", measure=measure,
            operation=p.text("operation", int(p["label_facility_operation"][facility])) if kind == "module" else "",
            site=site, module=module,
            community=p.text("community", int(p["label_facility_community"][facility])), rule=rule, level=0, lots=0,
            year=int(p["label_opening_year"][place]),
            variant=max(0, int(p["label_facility_variant"][facility])),
            package=p.text("package", int(p["label_facility_package"][facility])), type=types.get(measure, ""), units=0,
            area=0, cost_yuan=100 * int(p["label_opening_cost"][place]),
            running_yuan=int(p["label_opening_later"][place]), benefit=0,
        )
    )  # fmt: skip


def _with_id(one: Component) -> Component:
    return replace(one, id=component_id(one))


def column_key(one: Component) -> tuple[str, str, str]:
    """What tells a column from every other: its name, its package and its module."""
    return one.id, one.package, "" if one.module.startswith("campaign|") else one.module
