"""The report on a folder of results: what ran, who was right, who was fast, how sure that is, and how to repeat it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from .comparison import (
    FLOOR,
    SHIFT_SECONDS,
    VIRTUAL,
    Comparison,
    Line,
    bound_integral,
    compared,
    primal_integral,
    standings,
)
from .judged import Verdict
from .paired import LEAST_PAIRS, Pair, compare
from .pictures import Look, gap_grid, gap_picture, profile_picture
from .profiles import Profiles, profiles
from .report_facts import again_section, faults_section, instances_section, runs_section
from .report_growth import growth_section
from .report_parts import Block, Grid, Picture, Report, Section, Words
from .run_curves import Curve, Step

WITHIN: Final = 0.001
FACTORS: Final = (1, 2, 4, 10, 100)
MOST_PANELS: Final = 24
MOMENTS: Final = 60  # at which a mean curve is worked out


def make_report(lines: Sequence[Line], *, within: float = WITHIN, folder: Path | None = None) -> Report:
    """The whole report from the lines of a table; `within` is the share of the best known value that counts as reached.

    Raises `ValueError` without any run.
    """
    if not lines:
        raise ValueError("there are no runs to report on")
    found = compared(lines, within)
    look = Look(found.methods)
    sections = [runs_section(lines, found)]
    if found.problems and len(found.methods) > 0:
        sections += [_standing(found), _profiles(found, look), _curves(found, look)]
        sections += growth_section(found, look)
        sections += [_tests(found)] if len(found.methods) > 1 else []
    sections += [faults_section(lines), instances_section(lines), again_section(lines, folder)]
    return Report("求解方法测评报告", "Report of the bench", tuple(sections))


def _standing(found: Comparison) -> Section:
    blocks: list[Block] = [
        Words(
            f"时间与积分为平移几何平均（平移 {SHIFT_SECONDS:g} 秒，未达到按时限计）；“达到”指与已知最好值相差不超过 {found.within:.2%}，"
            "“证明”指方案与自身的界相差不超过同一比例。"
            "原始积分与界积分（Berthold 2013）以秒计，越小越好。“虚拟最优”为每个问题取各方法之最好；“落后”指在先行目标上不及已知最好方案，其值不计。",
            f"Times and integrals are shifted geometric means (shift {SHIFT_SECONDS:g} s, the limit where not reached). Reached: within "
            f"{found.within:.2%} of the best known value; proven: plan and own bound within the same share. Primal and bound integral "
            f"(Berthold 2013) in seconds, smaller is better. {VIRTUAL}: on every problem the best of all methods; behind: worse than the best "
            "plan in an earlier objective, so that its value does not "
            "count.",
        )
    ]
    groups = [("", found)] + ([(s, found.of_suite(s)) for s in found.suites] if len(found.suites) > 1 else [])
    for name, part in groups:
        if name:
            blocks.append(
                Words(f"算例组 {name}：{len(part.problems)} 个问题", f"Suite {name}: {len(part.problems)} problems")
            )
        blocks.append(_standing_table(part))
    return Section("总表与胜出次数", "Standing and wins", tuple(blocks))


def _standing_table(found: Comparison) -> Grid:
    rows = []
    for one in standings(found):
        virtual = one.method == VIRTUAL
        forced = sum(
            one.verdicts.get(v, 0)
            for v in (Verdict.OVERRAN, Verdict.OUT_OF_MEMORY, Verdict.CRASHED, Verdict.NOT_LOADED)
        )
        rows.append(
            (
                "虚拟最优 virtual best" if virtual else one.method,
                str(one.reached), f"{one.plan_seconds:.2f}", str(one.proven), f"{one.proof_seconds:.2f}",
                f"{one.primal_integral:.2f}", f"{one.bound_integral:.2f}", f"{one.gap:.2%}",
                "" if virtual else str(one.best), "" if virtual else str(one.alone), "" if virtual else str(one.fastest),
                "" if virtual else str(one.behind),
                "" if virtual else str(one.wrong), "" if virtual else str(forced),
                "" if virtual else f"{one.memory:,}", "" if virtual else f"{one.most_memory:,}",
            )
        )  # fmt: skip
    header = (
        "方法 method", "达到 reached", "秒 s", "证明 proven", "秒 s", "原始积分 primal", "界积分 bound", "末差距 gap",
        "最好 best", "独好 alone", "最快 fastest", "落后 behind", "错误 wrong", "中断 forced", "内存 MB", "最大 MB",
    )  # fmt: skip
    return Grid(header, tuple(rows))


def _profiles(found: Comparison, look: Look) -> Section:
    limit = max(curve.limit for curve in found.curves.values())
    kinds: tuple[tuple[str, str, str, str, Callable[[Curve], float | None], float], ...] = (
        ("profile-plan", f"到达距已知最好值 {found.within:.2%} 以内所需时间", f"time to a plan within {found.within:.2%} of the best known",
         "time", lambda c: c.seconds_to_plan(found.within), FLOOR),
        ("profile-proof", f"方案与自身的界相差 {found.within:.2%} 以内所需时间", f"time to a proof within {found.within:.2%}",
         "time", lambda c: c.seconds_to_proof(found.within), FLOOR),
        ("profile-primal", "原始积分（无方案者视为未解）", "primal integral (without any plan: not solved)", "primal integral",
         lambda c: primal_integral(c) if any(s.plan is not None for s in c.steps) else None, limit / 1000),
    )  # fmt: skip
    blocks: list[Block] = [
        Words(
            f"Dolan–Moré 性能曲线：横轴为相对最快方法的倍数 τ，纵轴为在该倍数内完成的问题占比；"
            f"短于 {FLOOR:g} 秒按 {FLOOR:g} 秒计。共 {len(found.problems)} 个问题。",
            f"Performance profiles (Dolan and Moré 2002): the share of problems done within a factor τ of the best method; times below "
            f"{FLOOR:g} s count as {FLOOR:g} s. {len(found.problems)} problems.",
        )
    ]
    for name, zh, en, what, measure, floor in kinds:
        made = profiles(found.costs(measure), floor=floor)
        none = made.unsolved
        blocks.append(
            Picture(name, profile_picture(made, look, what), f"{zh}；无任何方法完成的问题 {none} 个。",
                    f"{en[0].upper()}{en[1:]}; {none} problems were done by no method.")
        )  # fmt: skip
        rows = tuple((method, *_shares(made, method)) for method in found.methods)
        blocks.append(Grid(("方法 method", *(f"τ = {factor}" for factor in FACTORS)), rows))
    return Section("性能曲线", "Performance profiles", tuple(blocks))


def _shares(made: Profiles, method: str) -> tuple[str, ...]:
    return tuple(f"{made.share(method, factor):.2f}" for factor in FACTORS)


def _curves(found: Comparison, look: Look) -> Section:
    limit = max(curve.limit for curve in found.curves.values())
    blocks: list[Block] = [
        Words(
            "某一时刻的差距：|已知最好值 − 方案值| 除以两者绝对值之大者；尚无方案时为 100%。",
            "The gap at a moment: |best known − plan| over the larger of both; 100 % while there is no plan.",
        )
    ]
    kinds: tuple[tuple[str, str, str, Callable[[Curve], Callable[[Step], float]]], ...] = (
        ("plan", "方案的平均差距随时间的变化", "Mean gap of the plan over time", lambda curve: curve.plan_gap),
        ("bound", "界的平均差距随时间的变化", "Mean gap of the bound over time", lambda curve: curve.bound_gap),
    )
    for name, zh, en, gap in kinds:
        means = {m: _mean_curve([found.curves[m, p] for p in found.problems], limit, gap) for m in found.methods}
        blocks.append(Picture(f"gap-{name}", gap_picture(means, limit, look, f"mean gap of the {name}"), zh, en))
    names = list(dict.fromkeys(instance for instance, _ in found.problems))
    shown = names[:: -(-len(names) // MOST_PANELS)]
    panels = {
        name: {
            m: _mean_curve([found.curves[m, p] for p in found.problems if p[0] == name], limit, lambda c: c.plan_gap)
            for m in found.methods
        }
        for name in shown
    }
    part = "" if len(shown) == len(names) else f"（{len(names)} 个中的 {len(shown)} 个）"
    blocks.append(
        Picture("gap-instances", gap_grid(panels, limit, look, "gap of the plan"),
                f"各算例的方案差距（各种子平均）{part}", f"Gap of the plan by instance, mean over seeds ({len(shown)} of {len(names)})")
    )  # fmt: skip
    return Section("差距随时间", "Gap over time", tuple(blocks))


def _mean_curve(
    curves: Sequence[Curve], limit: float, gap: Callable[[Curve], Callable[[Step], float]]
) -> list[tuple[float, float]]:
    moments = [limit * 10 ** (-3 + 3 * at / MOMENTS) for at in range(MOMENTS + 1)]
    return [(at, sum(curve.at(at, gap(curve)) for curve in curves) / len(curves)) for at in moments]


def _tests(found: Comparison) -> Section:
    kinds = (("原始积分", "primal integral", primal_integral), ("界积分", "bound integral", bound_integral))
    blocks: list[Block] = [
        Words(
            "同一算例、同一种子配对。比值为平移几何平均之比，小于 1 表示左边的方法更好；区间为按算例、再按种子重抽样的 95% 区间。"
            f"p 为各算例对种子取平均后的 Wilcoxon 符号秩检验，经 Holm 校正；不同的算例少于 {LEAST_PAIRS} 个时无从判断。",
            "Paired by instance and seed. The ratio is that of shifted geometric means (below 1: the method on the left is better) with its "
            "95 % interval by resampling instances, then seeds. p: Wilcoxon's signed-rank test on the means over seeds, after Holm's "
            f"correction; with fewer than {LEAST_PAIRS} instances that differ nothing can be said.",
        )
    ]
    for zh, en, measure in kinds:
        costs = found.by_instance(measure)
        pairs = compare(costs, shift=SHIFT_SECONDS)
        blocks += [Words(zh, en.capitalize()), Grid(
            ("方法 method", "对比 against", "比值 ratio", "95 %", "好/平/差 better/equal/worse", "p (Holm)"),
            tuple(_pair_row(pair) for pair in pairs), figures=2,
        )]  # fmt: skip
    return Section("配对检验", "Paired tests", tuple(blocks))


def _pair_row(pair: Pair) -> tuple[str, ...]:
    p = "–" if pair.adjusted is None else "<0.001" if pair.adjusted < 0.001 else f"{pair.adjusted:.3f}"
    return (
        pair.method, pair.other, f"{pair.ratio:.2f}", f"{pair.low:.2f}–{pair.high:.2f}",
        f"{pair.better}/{pair.equal}/{pair.worse}", p,
    )  # fmt: skip
