"""Part 3: is the certified bound proved by the certificate, and do bounds, gaps and status fit together?"""

from __future__ import annotations

from typing import Any

import numpy as np

from .cases import CasesError, read_cases
from .dual import Bound, prove_cases
from .group_rows import with_tight_groups
from .points import HEADLINE
from .program import Program, load, read_program
from .reading import WITH_PLAN, RunFiles
from .region_bound import prove_regions
from .regions import read_regions
from .report import Findings

FINEST_GRID = 2**40


def check_bound(run: RunFiles, findings: Findings) -> None:
    """Recompute every certified bound in whole numbers and hold result.json against it."""
    stages = run.result.get("stages") or []
    _figures(run, stages, findings)
    certified = [number for number, stage in enumerate(stages) if stage.get("certified_bound") is not None]
    if not certified:
        if run.result.get("certified_bound") is not None:
            findings.refuse(
                "certificate-missing",
                "result.json",
                "没有凭证却写有已证明的上限",
                "a certified bound without a certificate",
            )
        findings.prove(
            "没有复核凭证;上限只是求解器的说法(未证明)", "there is no certificate; the bound is only claimed"
        )
        return
    program = read_program(run.folder, findings)
    arrays = load(run.folder / "certificate.npz")
    if arrays is None:
        findings.refuse(
            "certificate-missing",
            "certificate.npz",
            "缺少复核凭证或读不出",
            "the certificate is missing or cannot be read",
        )
    if program is None or arrays is None:
        return
    program = with_tight_groups(program)
    for number in certified:
        _stage(program, arrays, stages, number, findings)


def _stage(program: Program, arrays: dict[str, Any], stages: list[Any], number: int, findings: Findings) -> None:
    name, stated = stages[number]["name"], stages[number]["certified_bound"]
    prices = _prices(program, arrays, number, str(name), findings)
    if prices is None:
        return
    reached, scale, group, row = prices
    told = [stage.get("objective") for stage in stages[:number]]
    # the plan may have risen above what an earlier stage kept: the bound then speaks of it all the same
    if any(plan is None or kept > plan for kept, plan in zip(reached, told, strict=True)):
        findings.refuse(
            "certificate-reached",
            str(name),
            f"凭证所依的前层目标 {reached} 与结果 {told} 不符",
            f"speaks of {reached}, the plan reached {told}",
        )
        return
    if number >= len(program["objective_name"]) or str(program["objective_name"][number]) != name:
        findings.refuse("problem-objective", str(name), "问题文件没有这一层目标", "the program has no such stage")
        return
    try:
        place = arrays["stage"].tolist().index(number)
        leaves = read_cases(arrays, place, program, len(row))
        regions = read_regions(arrays, place, program, number, scale)
    except CasesError as error:
        findings.refuse("certificate-tree", str(name), f"凭证的分情形不成立:{error.zh}", f"cases: {error.en}")
        return
    bound = prove_regions(program, number, reached, scale, group, row, regions)
    if leaves:
        by_cases = prove_cases(program, number, reached, leaves)
        bound = Bound(
            min(bound.lowest, by_cases.lowest), min(bound.highest, by_cases.highest), bound.coarse or by_cases.coarse
        )
    if stated < bound.lowest:
        findings.refuse(
            "bound-not-proved",
            str(name),
            f"凭证只证明 {bound.lowest},写为 {stated}",
            f"the certificate proves {bound.lowest}, {stated} is stated",
        )
    elif stated not in (bound.lowest, bound.highest) and not bound.coarse:
        findings.refuse(
            "bound-differs",
            str(name),
            f"凭证证明 {bound.highest},写为 {stated}",
            f"the certificate proves {bound.highest}, {stated} is stated",
        )
    else:
        given = "(在前层目标既定之下)" if number else ""
        findings.prove(
            f"{name} 的理论上限 {stated} 已由凭证用整数重算证明{given}"
            + (f",分 {len(leaves)} 种情形" if leaves else "")
            + (f",{len(regions)} 个分区各分情形" if regions else ""),
            f"the bound {stated} of {name} is proved in whole numbers"
            + (f", in {len(leaves)} cases" if leaves else "")
            + (f", in cases of their own in {len(regions)} regions" if regions else ""),
        )
        claimed = stages[number].get("bound")
        if claimed is not None and claimed < stated:
            findings.prove(
                f"{name} 另有求解器所称上限 {claimed}(未证明)",
                f"a bound of {claimed} is claimed by the method, not proved",
            )


def _prices(
    program: Program, arrays: dict[str, Any], number: int, name: str, findings: Findings
) -> tuple[list[int], int, list[int], list[int]] | None:
    """The prices of a stage once they are such that they prove anything at all."""
    places = [place for place, stage in enumerate(arrays.get("stage", np.zeros(0)).tolist()) if stage == number]
    wanted = [f"{part}_{place}" for place in places[:1] for part in ("reached", "group_price", "row_price")]
    if not places or any(part not in arrays for part in wanted) or len(arrays.get("scale", ())) <= places[0]:
        findings.refuse(
            "certificate-incomplete", name, "凭证缺少这一层的价格", "the certificate has no prices of this stage"
        )
        return None
    reached, group, row = (arrays[part] for part in wanted)
    if any(part.dtype.kind != "i" or part.ndim != 1 for part in (reached, group, row, arrays["scale"])):
        findings.refuse("certificate-type", name, "价格不是整数", "prices are not whole numbers")
        return None
    scale = int(arrays["scale"][places[0]])
    if not 1 <= scale <= FINEST_GRID or scale & (scale - 1):
        findings.refuse("certificate-scale", name, f"刻度 {scale} 不是2的幂", f"the scale {scale} is no power of 2")
        return None
    sizes = (number, program.size["group"], program.size["row"] + number)
    if (len(reached), len(group), len(row)) != sizes:
        findings.refuse("certificate-length", name, "价格的个数不符", "the number of prices does not fit the program")
        return None
    if np.any(row < 0):
        findings.refuse(
            "negative-row-price",
            name,
            f"第 {int(np.argmax(row < 0))} 行价格为负",
            f"the price of row {int(np.argmax(row < 0))} is negative",
        )
        return None
    loose = (group < 0) & ~program["group_exact"].astype(bool)
    if np.any(loose):
        findings.refuse(
            "negative-group-price",
            name,
            f"第 {int(np.argmax(loose))} 项需求价格为负",
            f"the price of group {int(np.argmax(loose))} is negative",
        )
        return None
    return reached.tolist(), scale, group.tolist(), row.tolist()


def gap_between(objective: int | None, bound: int | None) -> float | None:
    """Distance of plan and bound as a share of the bound."""
    if objective is None or bound is None:
        return None
    return abs(bound - objective) / max(1, abs(bound))


def _figures(run: RunFiles, stages: list[Any], findings: Findings) -> None:
    result = run.result
    if result.get("status") not in WITH_PLAN:
        findings.refuse(
            "status",
            "result.json",
            f"状态 {result.get('status')} 没有方案可复核",
            f"a run of status {result.get('status')} has no plan",
        )
    for stage in stages:
        _one(str(stage.get("name")), stage, findings)
    named = [stage for stage in stages if stage.get("name") == HEADLINE] or stages[-1:]
    for key in ("objective", "bound", "gap", "certified_bound", "certified_gap"):
        if named and result.get(key) != named[0].get(key):
            findings.refuse("headline", f"result.json {key}", "与所属层次不一致", "differs from its stage")
    if result.get("status") == "optimal":
        for stage in stages:
            if stage.get("objective") != stage.get("bound"):
                findings.refuse(
                    "optimal-not-proved",
                    str(stage.get("name")),
                    "标为最优而目标值与上限不等",
                    "called optimal, but objective and bound differ",
                )


def _one(name: str, stage: dict[str, Any], findings: Findings) -> None:
    objective, bound, certified = (stage.get(key) for key in ("objective", "bound", "certified_bound"))
    for value in (objective, bound, certified):
        if value is not None and not (isinstance(value, int) and not isinstance(value, bool)):
            findings.refuse("bound-type", name, "目标值和上限须为整数", "objective and bounds are whole points")
            return
    if objective is not None:
        for told in (bound, certified):
            if told is not None and told < objective:
                findings.refuse(
                    "objective-above-bound",
                    name,
                    f"目标值 {objective} 高于上限 {told}",
                    f"objective {objective} above the bound {told}",
                )
    if bound is not None and certified is not None and bound > certified:
        findings.refuse(
            "bound-above-certified", name, "上限弱于已证明的上限", "the bound is weaker than the certified one"
        )
    for key, other in (("gap", bound), ("certified_gap", certified)):
        wanted, told = gap_between(objective, other), stage.get(key)
        same = told is None if wanted is None else isinstance(told, int | float) and abs(told - wanted) <= 1e-9
        if not same:
            findings.refuse("gap", f"{name} {key}", f"应为 {wanted}", f"should be {wanted}")
