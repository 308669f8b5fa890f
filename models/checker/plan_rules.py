"""The components together: lots, doors, floor area, complexes, quotas and operators' numbers."""

from __future__ import annotations

from collections import Counter, defaultdict

from .book_facts import Facts, tenths
from .derivation import DerivationError, measure_of, module_capacity
from .option_rules import Derivations
from .packages import is_emergency
from .places import CHANGE, CORE_TYPES, EMERGENCY, FAST, WAIVER, policies_for, policy_for, site_capacity
from .plan import Component, Plan
from .reach import must_be_answered
from .report import Findings


def check_together(facts: Facts, plan: Plan, derived: Derivations, findings: Findings) -> None:
    """Refuse whatever the components break together."""
    _needs(facts, plan, findings)
    _sites(facts, plan, derived, findings)
    _quotas(facts, plan, findings)


def _needs(facts: Facts, plan: Plan, findings: Findings) -> None:
    taken: dict[str, list[Component]] = defaultdict(list)
    for one in plan.options:
        taken[one.need].append(one)
    for name, need in facts.needs.items():
        lots = sum(one.lots for one in taken[name])
        if lots > need.lots:
            findings.refuse("lots-exceeded", name, f"安排 {lots} 份,缺口 {need.lots} 份", f"{lots} lots of {need.lots}")
        if need.mandatory and lots != need.lots and (lots or must_be_answered(facts, need)):
            findings.refuse("mandatory-unmet", name, "强制需求未完全处置", "a mandatory need is not fully answered")
        # one answer at a module, one by each siteless measure, one by each in a campaign and year
        places = Counter(_choice(one) for one in taken[name])
        for place, number in places.items():
            if number > 1:
                findings.refuse("option-twice", name, f"在 {place} 取了 {number} 项", f"{number} options at {place}")
    mandatory = sum(need.mandatory for need in facts.needs.values())
    findings.prove(
        f"{len(facts.needs)} 项待解决需求均未超出缺口,{mandatory} 项强制需求全部处置",
        f"none of {len(facts.needs)} open needs is met beyond its shortage, all {mandatory} mandatory ones are answered",
    )


def _choice(one: Component) -> str:
    """What at most one option of a need may share."""
    return one.module if one.site else f"{one.module} {one.measure}".strip()


def _sites(facts: Facts, plan: Plan, derived: Derivations, findings: Findings) -> None:
    loads: dict[str, int] = defaultdict(int)
    for one in plan.options:
        found = derived.of.get(one.id)
        if one.site:
            loads[one.module] += max(one.area, found.area if found else 0)
    by_site: dict[str, list[Component]] = defaultdict(list)
    for key, module in plan.modules.items():
        by_site[module.site].append(module)
        try:
            measure = measure_of(facts, module.measure, 0)
        except DerivationError:
            continue
        limit = module_capacity(measure)
        if limit is not None and loads[key] > limit:
            findings.refuse(
                "module-overfilled",
                key,
                f"{loads[key] / 10} 平方米,上限 {limit / 10}",
                f"{loads[key]} of {limit} 0.1 m²",
            )
        loads[key] = max(loads[key], tenths(measure["min_area_m2"] or 0, up=True))
    for site, modules in sorted(by_site.items()):
        if site not in facts.sites:
            continue
        used, there = sum(loads[one.module] for one in modules), site_capacity(facts, site)
        if used > there:
            findings.refuse(
                "site-overfilled", site, f"占用 {used / 10} 平方米,可用 {there / 10}", f"{used} of {there} 0.1 m²"
            )
        types = Counter(one.type for one in modules)
        for kind, number in types.items():
            if number > 1:
                findings.refuse(
                    "module-type-twice", site, f"同一场地有 {number} 处 {kind}", f"{number} modules of {kind}"
                )
    for site in plan.sites:
        if site in facts.sites and facts.sites[site]["complex"]:
            kinds = {one.type for one in by_site[site]}
            if len(kinds) < 3 or len(kinds & CORE_TYPES) < 2:
                findings.refuse(
                    "complex", site, "综合体须至少三项服务、其中两项核心服务", "a complex needs three modules, two core"
                )
    findings.prove(
        f"{len(plan.sites)} 处场地、{len(plan.modules)} 个服务点先开启后使用,面积不超,综合体成立",
        f"{len(plan.sites)} sites and {len(plan.modules)} modules open before use, nothing is overfilled, complexes hold",
    )


def quota_use(facts: Facts, plan: Plan) -> tuple[Counter[tuple[str, int]], Counter[str]]:
    """How many each policy gives in each year, and how many modules each operator runs."""
    policies: Counter[tuple[str, int]] = Counter()
    operators: Counter[str] = Counter()
    for one in plan.components:
        if one.kind == "module" and one.site in facts.sites:
            place, use = facts.place_of_site(one.site), facts.sites[one.site]["use"]
            operators[one.operation] += 1
            for name in policies_for(facts, ("quota",), one.type, use, place):
                policies[name, one.year] += 1
        elif one.kind == "option" and not one.site and one.need in facts.needs:
            place, use = facts.needs[one.need].place, None
        else:
            continue
        for flag, kinds in (
            (CHANGE, ("change_of_use", "permit_case")), (FAST, ("fast_track",)), (WAIVER, ("fee_waiver",)),
        ):  # fmt: skip
            drawn = policy_for(facts, kinds, one.type, use, place) if one.variant & flag else None
            if drawn is not None:
                policies[drawn, one.year] += 1
    operators.pop("own", None)
    return policies, operators


def _quotas(facts: Facts, plan: Plan, findings: Findings) -> None:
    policies, operators = quota_use(facts, plan)
    for (name, year), number in sorted(policies.items()):
        limit = facts.quota(name, year)
        if limit is not None and number > limit:
            findings.refuse("quota", f"{name} {year}", f"用 {number} 个,名额 {limit}", f"{number} drawn of {limit}")
    for name, number in sorted(operators.items()):
        limit = facts.operators[name]["number"] if name in facts.operators else None
        if limit is not None and number > limit:
            findings.refuse("operator-number", name, f"运营 {number} 处,上限 {limit}", f"{number} modules of {limit}")
    findings.prove("各项名额和运营处数均不超", "no quota and no operator's number is exceeded")


def counts_as_met(facts: Facts, one: Component) -> bool:
    """Emergency handling never counts as met."""
    known = facts.measures.get(one.measure)
    return not one.variant & EMERGENCY and not (known is not None and is_emergency(known))
