"""Do the project list, the sites and the outputs say what the components say?"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction

from .book_facts import WORKS_DEPARTMENT, Facts, tenths
from .derivation import DerivationError, campaign_rule, measure_of
from .option_rules import Derivations
from .places import DIG, EMERGENCY, EXISTS, site_capacity
from .plan import Component, Plan, whole
from .plan_rules import counts_as_met
from .reading import Row, RunFiles, packaged
from .report import Findings

Key = tuple[str, str, str, int, int]
"""Kind, place, department, start year and number of the rule of a campaign."""

FIRST_STORE, LATER_STORE = "实施", "储备"
OLD_UNTIL = 2000
JOIN = "可并入其他项目"
UNMET_CODES = frozenset(
    [
        JOIN,
        "民意未达到",
        "前期未完成",
        "资源未落实",
        "不符合资金条件",
        "财力不足",
        "同等条件排序靠后",
        "应由其他渠道解决",
        "已改造未满年限",
    ]
)


def joined(values: Iterable[str]) -> str:
    """Distinct entries in order as one cell."""
    return ";".join(sorted({value for value in values if value}))


def project_code(key: Key, types: str) -> str:
    """The code of a project, the same from run to run."""
    kind, place, department, year, _ = key
    return "P" + hashlib.sha256(f"{kind}|{place}|{department}|{types}|{year}".encode()).hexdigest()[:10]


def project_keys(facts: Facts, plan: Plan, derived: Derivations) -> dict[str, Key]:
    """To which package of works every component belongs, by component id."""
    first: dict[str, Component] = {}
    for one in plan.modules.values():
        held = first.get(one.site)
        if held is None or (one.year, one.module) < (held.year, held.module):
            first[one.site] = one
    keys: dict[str, Key] = {}
    for one in plan.components:
        home = first.get(one.site, one) if one.kind == "site" else one
        found = derived.of.get(home.id)
        department = found.department if found else WORKS_DEPARTMENT
        if one.site:
            keys[one.id] = ("site", one.site, department, home.year, -1)
        elif one.kind == "campaign":
            keys[one.id] = ("campaign", one.community, WORKS_DEPARTMENT, one.year, one.rule)
        elif one.variant & DIG:
            keys[one.id] = ("campaign", one.community, WORKS_DEPARTMENT, one.year, campaign_rule(one))
        else:
            need = facts.needs.get(one.need)
            place = (need.neighbourhood if need else "") or one.community
            keys[one.id] = ("works", place, department, one.year, -1)
    return keys


def check_projects(facts: Facts, plan: Plan, derived: Derivations, rows: list[Row], findings: Findings) -> None:
    """Codes, sums and stores of the project list."""
    keys = project_keys(facts, plan, derived)
    groups: dict[Key, list[Component]] = defaultdict(list)
    for one in plan.components:
        groups[keys[one.id]].append(one)
    code_of = {key: project_code(key, joined(one.type for one in members)) for key, members in groups.items()}
    members_of: dict[str, list[Component]] = defaultdict(list)
    for one in plan.components:
        wanted = code_of[keys[one.id]]
        members_of[one.project].append(one)
        if one.project != wanted:
            findings.refuse(
                "project-code",
                one.id,
                f"属于项目 {wanted},写为 {one.project}",
                f"belongs to {wanted}, not {one.project}",
            )
    stated = {row["project_id"]: row for row in rows}
    if len(stated) != len(rows):
        findings.refuse("project-twice", "projects.csv", "项目重复", "a project appears twice")
    for name in sorted(set(stated) ^ set(members_of)):
        findings.refuse("projects-differ", name, "项目清单与建设内容不一致", "project list and components differ")
    first = facts.years[0]
    for name in sorted(set(stated) & set(members_of)):
        row, members = stated[name], members_of[name]
        sums = {
            "cost_yuan": sum(one.cost_yuan for one in members),
            "running_cost_yuan": sum(one.running_yuan for one in members),
            "benefit": sum(one.benefit for one in members),
        }
        for column, total in sums.items():
            if whole(row[column]) != total:
                findings.refuse(
                    "project-sum",
                    f"{name} {column}",
                    f"写 {row[column]},合计 {total}",
                    f"{row[column]} stated, sum {total}",
                )
        kind, _, department, year, _ = keys[members[0].id]
        told = (row["kind"], row["department"], row["start_year"], row["service_types"])
        if told != (kind, department, str(year), joined(one.type for one in members)):
            findings.refuse(
                "project-text", name, "类别、部门、年份或服务类型不符", "kind, department, year or types differ"
            )
        if row["store"] != (FIRST_STORE if year == first else LATER_STORE):
            findings.refuse("project-store", name, "项目库不符", "the store is wrong")
    findings.prove(
        f"项目清单 {len(stated)} 项与建设内容逐项相符", f"the project list of {len(stated)} agrees with the components"
    )


def check_sites(facts: Facts, plan: Plan, rows: list[Row], findings: Findings) -> None:
    """sites.csv: one row for each module, with the area that it takes and what is left."""
    loads: dict[str, int] = defaultdict(int)
    for one in plan.options:
        if one.site:
            loads[one.module] += one.area
    used: dict[str, int] = defaultdict(int)
    for key, module in plan.modules.items():
        try:
            least = tenths(measure_of(facts, module.measure, 0)["min_area_m2"] or 0, up=True)
        except DerivationError:
            least = 0
        loads[key] = max(loads[key], least)
        used[module.site] += loads[key]
    seen = set()
    for row in rows:
        where = f"{row['site']} {row['module']}"
        module_ = plan.modules.get(row["module"])
        if row["site"] not in plan.sites or (row["module"] and module_ is None):
            findings.refuse(
                "sites-differ", where, "场地表与建设内容不一致", "the table of sites differs from the components"
            )
            continue
        if module_ is not None:
            seen.add(row["module"])
            if int(row["open_year"]) != module_.year or Fraction(row["area_used"]) * 10 != loads[row["module"]]:
                findings.refuse("sites-differ", where, "开启年份或占用面积不符", "opening year or area differs")
        if (
            row["area_free"]
            and Fraction(row["area_free"]) * 10 != site_capacity(facts, row["site"]) - used[row["site"]]
        ):
            findings.refuse("sites-differ", where, "剩余面积不符", "the area left differs")
    for key in sorted(set(plan.modules) - seen):
        findings.refuse("sites-differ", key, "场地表缺少这个服务点", "the table of sites lacks the module")


def check_outputs(facts: Facts, plan: Plan, derived: Derivations, rows: list[Row], findings: Findings) -> None:
    """outputs.csv, worked out again under the official names."""
    names = {row["service_type"]: (row["indicator"], row["unit"]) for row in packaged("output_names")}
    total: dict[tuple[str, str, str, str, str], Fraction] = defaultdict(Fraction)
    begun: dict[str, Component] = {}
    for one in sorted(plan.options, key=lambda one: one.id):
        found, need = derived.of.get(one.id), facts.needs.get(one.need)
        if found is None or need is None or one.variant & EMERGENCY:
            continue
        if need.neighbourhood and (need.neighbourhood not in begun or one.year < begun[need.neighbourhood].year):
            begun[need.neighbourhood] = one
        if one.variant & EXISTS or not found.units:
            continue
        kind = need.type
        indicator, unit = names.get(kind["id"]) or (kind["metric_zh"] or kind["name_zh"], kind["metric_unit"])
        each = measure_of(facts, one.measure, one.variant)["metric_per_unit"] or Fraction(1)
        total[found.county, found.programme, str(one.year), indicator, unit] += found.units * each
    for name, one in begun.items():
        row = facts.neighbourhoods[name]
        if row["built_year"] is not None and row["built_year"] <= OLD_UNTIL:
            county = facts.needs[one.need].place.county
            total[county, "", str(one.year), "改造老旧小区", "个"] += 1
            total[county, "", str(one.year), "改造老旧小区户数", "户"] += row["households"]
    wanted = {key: float(amount) for key, amount in total.items() if amount}
    stated = {
        (row["county"], row["programme"], row["year"], row["indicator"], row["unit"]): float(row["quantity"])
        for row in rows
    }
    for key in sorted({*wanted, *stated}):
        if wanted.get(key) != stated.get(key):
            findings.refuse(
                "outputs",
                " ".join(key),
                f"写 {stated.get(key)},应为 {wanted.get(key)}",
                f"{stated.get(key)} stated, {wanted.get(key)} by the plan",
            )


def check_unmet(facts: Facts, plan: Plan, run: RunFiles, findings: Findings) -> None:
    """unmet.csv: exactly the open needs that stay open, each with how much and one of the codes."""
    met: dict[str, int] = defaultdict(int)
    planned: dict[str, int] = defaultdict(int)
    for one in plan.options:
        if one.level >= 2 and counts_as_met(facts, one) and not one.variant & EXISTS:
            (met if one.year == facts.years[0] else planned)[one.need] += one.lots
    taken = {name: met[name] + planned[name] for name in {*met, *planned}}
    open_: Mapping[str, int] = {
        need.id: need.lots - taken.get(need.id, 0) for need in facts.needs.values() if taken.get(need.id, 0) < need.lots
    }
    projects = {row["project_id"] for row in run.tables["projects"]}
    seen: set[str] = set()
    known = {row["id"] for row in facts.tables["needs"]}
    for row in run.tables["unmet"]:
        name = row["need_id"]
        if name in seen or name not in known or (name in facts.needs and name not in open_):
            findings.refuse("unmet", name, "不应列为未满足", "is not to be listed as unmet")
        elif name in open_:
            told = [whole(row[column]) for column in ("lots_met", "lots_planned", "lots_left")]
            if told != [met[name], planned[name], open_[name]]:
                findings.refuse(
                    "unmet",
                    name,
                    f"应为首年已排 {met[name]} 以后年度 {planned[name]} 余 {open_[name]}",
                    f"should be {met[name]} met, {planned[name]} planned, {open_[name]} left",
                )
        if row["code"] not in UNMET_CODES:
            findings.refuse("unmet-code", name, f"没有这种原因:{row['code']}", f"no such code: {row['code']}")
        if row["code"] == JOIN and not projects & set(row["next_step"].split()):
            findings.refuse(
                "unmet-code", name, "没有写明可并入清单中的哪个项目", "no project of the list to join is named"
            )
        seen.add(name)
    for name in sorted(set(open_) - seen):
        findings.refuse("unmet", name, "未满足的需求没有列出", "an unmet need is not listed")
    general = {
        row["id"]: row["status"]
        for row in facts.tables["needs"]
        if row["need_class"] == "general" and row["status"] not in ("closed", "met")
    }
    listed = {row["id"]: row["status"] for row in run.tables["transferred"]}
    for name in sorted({*general, *listed}):
        if general.get(name) != listed.get(name):
            findings.refuse(
                "transferred", name, "移交清单与需求清单不符", "the list handed over differs from the needs list"
            )
    findings.prove(
        f"未安排的 {len(open_)} 项需求逐项列明原因,移交 {len(general)} 项",
        f"{len(open_)} needs left open are listed with their reasons, {len(general)} are handed over",
    )
