"""Every component by itself: may it be in the plan, and does it cost, take and bring what the run says?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .book_facts import Facts, Need, holds
from .derivation import (
    OWN,
    DerivationError,
    Derived,
    campaign_rule,
    derive_campaign,
    derive_module,
    derive_option,
    derive_site,
    level_of,
    measure_of,
    opening_package,
    types_of,
)
from .packages import Package, eligible, emergency_package, is_emergency, package_faults, parse_package
from .places import (
    DIG,
    EMERGENCY,
    EXISTS,
    WAIVER,
    Fault,
    consent_stands,
    policy_for,
    reach_faults,
    site_capacity,
    site_faults,
    start_faults,
)
from .plan import Component, Plan
from .reading import Row
from .report import Findings

FLAGS = 63


@dataclass(frozen=True, slots=True)
class Derivations:
    """All components that could be worked out, with their packages, by component id."""

    of: Mapping[str, Derived]
    packages: Mapping[str, Package]


def check_components(facts: Facts, plan: Plan, findings: Findings) -> Derivations:
    """Hold every component against the book; gives back what each one is by the book."""
    derived: dict[str, Derived] = {}
    packages: dict[str, Package] = {}
    for one in plan.components:
        try:
            package = parse_package(one.package)
        except ValueError:
            findings.refuse("package-unreadable", one.id, f"资金组合读不出:{one.package}", f"no package: {one.package}")
            continue
        if one.year not in facts.years:
            findings.refuse("year-outside-plan", one.id, f"{one.year} 不在规划年份内", f"{one.year} is no plan year")
            continue
        packages[one.id] = package
        try:
            faults = [*_component_faults(facts, plan, one, package)]
            for code, zh, en in faults:
                findings.refuse(code, one.id, zh, en)
            found = None if any(code in _NOTHING_TO_DERIVE for code, _, _ in faults) else _derived(facts, one, package)
        except DerivationError as error:
            findings.refuse(error.code, one.id, error.zh, error.en)
            continue
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            findings.refuse("value-unusable", one.id, f"推算不出({error!r})", f"cannot be worked out ({error!r})")
            continue
        if found is not None:
            derived[one.id] = found
            for code, zh, en in _stated_faults(one, found):
                findings.refuse(code, one.id, zh, en)
    findings.prove(
        f"{len(plan.options)} 项建设内容、{len(plan.openings)} 处开启均有需求、场地、措施和资金依据,造价、面积、效益与清单簿一致",
        f"{len(plan.options)} options and {len(plan.openings)} openings rest on needs, sites, measures and funds of the "
        "book; cost, area and benefit agree with it",
    )
    return Derivations(derived, packages)


_NOTHING_TO_DERIVE = frozenset(
    {"unknown-need", "need-not-open", "unknown-measure", "unknown-site", "unknown-fund", "level"}
)


def _derived(facts: Facts, one: Component, package: Package) -> Derived:
    if one.kind == "option":
        return derive_option(facts, facts.needs[one.need], one, package)
    if one.kind == "module":
        return derive_module(facts, one, package)
    return derive_site(facts, one, package) if one.kind == "site" else derive_campaign(facts, one, package)


def _component_faults(facts: Facts, plan: Plan, one: Component, package: Package) -> Iterator[Fault]:
    if one.variant & ~FLAGS:
        yield "variant", "方案标记不存在", "no such variant"
    if one.kind == "option":
        yield from _option_faults(facts, plan, one, package)
    elif one.kind == "module":
        yield from _module_faults(facts, plan, one, package)
    else:
        if one.kind == "site":
            if one.site not in facts.sites:
                yield "unknown-site", f"没有资源 {one.site}", f"there is no site {one.site}"
                return
            yield from start_faults(facts, facts.sites[one.site], None, 0, one.year)
        wanted = opening_package(facts, one) if one.kind == "site" or _is_campaign(facts, one) else package
        if set(package.caps) - set(facts.funds):
            yield "unknown-fund", "资金组合中有不存在的资金", "the package names a fund that does not exist"
        elif package != wanted and one.cost_yuan:
            yield "package-share", f"资金组合应为 {wanted}", f"the package should be {wanted}"


def _is_campaign(facts: Facts, one: Component) -> bool:
    return (
        0 <= one.rule < len(facts.rules)
        and facts.rules[one.rule].get("kind") == "dig_once"
        and one.community in facts.communities
    )


def _option_faults(facts: Facts, plan: Plan, one: Component, package: Package) -> Iterator[Fault]:
    need = facts.needs.get(one.need)
    if need is None:
        if any(row["id"] == one.need for row in facts.tables["needs"]):
            yield "need-not-open", "这项需求不在待解决之列", "the need is not open"
        else:
            yield "unknown-need", f"没有需求 {one.need}", f"there is no need {one.need}"
        return
    measure = measure_of(facts, one.measure, one.variant)
    if measure["service_type"] != need.row["service_type"]:
        yield "measure-type", "措施与需求的服务类型不同", "the measure is for another service type"
    if one.type != need.row["service_type"] or one.community != need.place.community:
        yield "component-text", "服务类型或社区与需求不符", "service type or community is not the need's"
    if need.barred:
        yield "need-barred", "已改造未满年限", "the neighbourhood was renewed too recently"
    if not 0 <= one.level <= 3:
        yield "level", "水平不存在", "no such level"
        return
    if one.variant & EMERGENCY or is_emergency(measure):
        yield from _emergency_faults(need, one)
    elif one.site:
        yield from _at_module_faults(facts, plan, need, measure, one)
    else:
        yield from _siteless_faults(facts, plan, need, measure, one)
    if not consent_stands(facts, need, measure["needs_consent"]):
        yield "consent", "民意未达到要求", "residents have not agreed as the measure asks"
    if measure.get("own_emergency"):
        wanted = emergency_package(facts, need.row["service_type"], need.place)
        if package != wanted:
            yield "package-share", f"资金组合应为 {wanted}", f"the package should be {wanted}"
    elif not one.site:
        yield from package_faults(facts, package, eligible(facts, measure, need.place, need))


def _emergency_faults(need: Need, one: Component) -> Iterator[Fault]:
    if not need.mandatory or one.site or one.lots != need.lots or one.level != 1:
        yield (
            "emergency",
            "应急处置只用于强制需求、不需场地、一次处理全部",
            "emergency handling is for all of a mandatory need",
        )
    if one.variant != EMERGENCY or one.operation != OWN:
        yield "emergency", "应急处置没有其他变体", "emergency handling has no other variant"


def lots_allowed(need: Need) -> set[int]:
    """How many lots an option may close."""
    allowed = {need.lots}
    if need.type["divisible"] and need.lots >= 4:
        allowed.add(-(-need.lots // 2))
    return allowed


def _level_faults(need: Need, measure: Row, one: Component) -> Iterator[Fault]:
    if one.level != level_of(measure) or one.level <= need.level:
        yield "level", "达到水平与措施不符或不高于现状", "the level is not the measure's, or not above what there is"
    if one.lots not in lots_allowed(need):
        yield "lots", f"份数 {one.lots} 不可选", f"{one.lots} lots cannot be chosen"


def _siteless_faults(facts: Facts, plan: Plan, need: Need, measure: Row, one: Component) -> Iterator[Fault]:
    if measure["site_kind"] != "none":
        yield "site-missing", "这项措施需要场地", "the measure needs a site"
    yield from _level_faults(need, measure, one)
    if one.operation != OWN or one.variant & ~(WAIVER | DIG):
        yield "variant", "不需场地的措施没有这种变体", "no such variant without a site"
    if one.variant & WAIVER and policy_for(facts, ("fee_waiver",), one.type, None, need.place) is None:
        yield "waiver", "没有可用的费用减免政策", "no fee waiver applies"
    if bool(one.variant & DIG) != one.module.startswith("campaign|"):
        yield "dig-once", "合并开挖标记不符", "the flag for digging once does not fit"
    elif one.variant & DIG:
        number = campaign_rule(one)
        if (
            one.module != f"campaign|{one.community}|{number}"
            or (one.community, number, one.year) not in plan.campaigns
        ):
            yield "dig-once", "同一社区同一年没有合并开挖", "there is no campaign in the community and year"
        elif one.type not in types_of(facts.rules[number]):
            yield "dig-once", "这类工程不参加合并开挖", "works of this type do not join"


def _at_module_faults(facts: Facts, plan: Plan, need: Need, measure: Row, one: Component) -> Iterator[Fault]:
    site = facts.sites.get(one.site)
    if site is None:
        yield "unknown-site", f"没有资源 {one.site}", f"there is no site {one.site}"
        return
    if measure["site_kind"] == "none":
        yield "site-kind", "这项措施不用场地", "the measure takes no site"
        return
    module = plan.modules.get(one.module)
    if module is None:
        yield "module-not-open", "服务点没有开启", "the module does not open"
    else:
        if (module.site, module.measure, module.operation, module.package) != (
            one.site,
            one.measure,
            one.operation,
            one.package,
        ):
            yield (
                "module-differs",
                "场地、措施、运营或资金与服务点不同",
                "site, measure, operation or package is not the module's",
            )
        if module.module_flags != one.module_flags:
            yield "variant", "变体与服务点不同", "the variant is not the module's"
        if one.year < module.year:
            yield "before-module-opens", "早于服务点开启", "it starts before its module opens"
    yield from reach_faults(facts, site, measure, need)
    yield from start_faults(facts, site, measure["service_type"], one.module_flags, one.year)
    if one.variant & EXISTS:
        if need.level != 0 or one.level != 1 or one.lots != need.lots:
            yield "level", "“有”只用于全无的需求", "exists is for needs with nothing at all"
        return
    yield from _level_faults(need, measure, one)
    if level_of(measure) < 2:
        yield "level", "这项措施只能达到“有”", "the measure reaches no more than exists"
    if measure["max_units_per_site"] is not None and one.units > measure["max_units_per_site"]:
        yield "too-many-units", "超过每处上限", "more units than a site may hold"
    if one.area > site_capacity(facts, one.site):
        yield "site-overfilled", "面积超过场地", "larger than the site"


def _module_faults(facts: Facts, plan: Plan, one: Component, package: Package) -> Iterator[Fault]:
    site = facts.sites.get(one.site)
    if site is None:
        yield "unknown-site", f"没有资源 {one.site}", f"there is no site {one.site}"
        return
    measure = measure_of(facts, one.measure, 0)
    place = facts.place_of_site(one.site)
    if one.type != measure["service_type"]:
        yield "component-text", "服务类型与措施不符", "the service type is not the measure's"
    yield from site_faults(facts, site, measure)
    yield from start_faults(facts, site, measure["service_type"], one.module_flags, one.year)
    if one.variant != one.module_flags:
        yield "variant", "服务点没有这种变体", "a module has no such variant"
    if one.variant & WAIVER and policy_for(facts, ("fee_waiver",), measure["service_type"], site["use"], place) is None:
        yield "waiver", "没有可用的费用减免政策", "no fee waiver applies"
    root = plan.sites.get(one.site)
    if root is None:
        yield "site-not-open", "场地没有开启", "its site does not open"
    elif one.year < root.year:
        yield "before-site-opens", "早于场地开启", "it opens before its site"
    if one.operation != OWN:
        operator = facts.operators.get(one.operation)
        if operator is None:
            yield "unknown-operator", f"没有运营方式 {one.operation}", f"there is no operator {one.operation}"
        elif measure["service_type"] not in (operator["service_types"] or ()) or not holds(
            operator["places"] or (), place.county, place.city
        ):
            yield "operator-place", "运营方式不覆盖这类服务或地区", "the operator does not serve this type or place"
    yield from package_faults(facts, package, eligible(facts, measure, place, None))


def _stated_faults(one: Component, found: Derived) -> Iterator[Fault]:
    """Where the run states other figures than the book gives."""
    if one.cost_yuan != found.cost * 100:
        yield (
            "cost",
            f"造价 {one.cost_yuan} 元,应为 {found.cost * 100} 元",
            f"cost {one.cost_yuan}, by the book {found.cost * 100}",
        )
    if one.running_yuan != found.later_yuan:
        yield "running-cost", f"年运行费应为 {found.later_yuan} 元", f"running cost should be {found.later_yuan}"
    if one.benefit != found.benefit:
        yield (
            "benefit",
            f"效益 {one.benefit},应为 {found.benefit}",
            f"benefit {one.benefit}, by the book {found.benefit}",
        )
    if one.kind == "option":
        if one.units != found.units:
            yield "units", f"数量应为 {found.units}", f"units should be {found.units}"
        if one.area != found.area:
            yield "area", f"面积应为 {found.area / 10} 平方米", f"area should be {found.area / 10} m²"
