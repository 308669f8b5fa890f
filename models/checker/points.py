"""The stages of the objective, added up again from the components, and what result.json says of them."""

from __future__ import annotations

from collections import defaultdict

from .book_facts import Facts
from .derivation import cost_points
from .option_rules import Derivations
from .plan import Plan
from .plan_rules import counts_as_met
from .reach import ways
from .reading import RunFiles
from .report import Findings

HEADLINE, SMALLEST = "benefit", "smallest_county"
STAGES = {
    "lexicographic": ("safety", "benefit", "cost"),
    "benefit": ("benefit",),
    "least_cost": ("cost",),
    "smallest_county": ("smallest_county", "benefit"),
}


def stage_values(facts: Facts, plan: Plan, derived: Derivations) -> dict[str, int]:
    """Safety, benefit, cost and the smallest county of a plan, in whole points."""
    found = [derived.of[one.id] for one in plan.components if one.id in derived.of]
    met: dict[str, int] = defaultdict(int)
    for one in plan.options:
        if one.need in facts.needs and one.level >= 2 and counts_as_met(facts, one):
            met[one.need] += 1000 * one.lots // facts.needs[one.need].lots
    return {
        "safety": sum(one.safety for one in found),
        "benefit": sum(one.benefit for one in found),
        "cost": -sum(cost_points(facts, one) for one in found),
        **_smallest_county(facts, met),
    }


def _smallest_county(facts: Facts, met: dict[str, int]) -> dict[str, int]:
    if facts.scenario.get("objective", {}).get("kind") != "smallest_county":
        return {}
    counties: dict[str, list[int]] = defaultdict(list)
    for need in facts.needs.values():
        if any(way.level >= 2 for way in ways(facts, need)):
            counties[need.place.county].append(met[need.id])
    return {SMALLEST: min((sum(values) // len(values) for values in counties.values()), default=0)}


def check_points(facts: Facts, plan: Plan, derived: Derivations, run: RunFiles, findings: Findings) -> None:
    """Are the objectives of result.json those of the plan?"""
    values = stage_values(facts, plan, derived)
    goal = facts.scenario.get("objective", {})
    wanted = STAGES[goal.get("kind", "lexicographic")]
    stages = run.result.get("stages") or []
    if tuple(stage.get("name") for stage in stages) != wanted:
        findings.refuse(
            "stages", "result.json", f"目标层次应为 {'、'.join(wanted)}", f"the stages should be {', '.join(wanted)}"
        )
    for stage in stages:
        name, told = stage.get("name"), stage.get("objective")
        if name not in values:
            continue
        # the smallest county is held from below: its column may stand lower than the share that is reached
        same = told == values[name] if name != SMALLEST else isinstance(told, int) and told <= values[name]
        if not same:
            findings.refuse(
                "objective",
                f"result.json {name}",
                f"写 {told},应为 {values[name]}",
                f"{told} stated, {values[name]} by the plan",
            )
    headline = HEADLINE if HEADLINE in wanted else wanted[-1]
    if run.result.get("objective") != values.get(headline):
        findings.refuse(
            "objective",
            "result.json",
            f"目标值应为 {values.get(headline)}",
            f"the objective should be {values.get(headline)}",
        )
    if goal.get("kind") == "least_cost" and values["benefit"] < goal.get("target", 0):
        findings.refuse("target", "result.json", "效益未达到目标", "the benefit is below the target")
    findings.prove(
        f"目标值 {values.get(headline)} 由建设内容逐项相加得出",
        f"the objective {values.get(headline)} adds up from the components",
    )
