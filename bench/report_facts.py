"""The parts of a report that state facts: what ran, what went wrong, the instances, how to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from .comparison import Comparison, Line
from .judged import WRONG, Verdict
from .report_parts import Block, Grid, Lines, Section, Words

COMMANDS: Final = "commands.txt"
"""The file of a folder of results that holds the commands by which it was made."""

VERDICTS_ZH: Final[Mapping[str, str]] = {
    Verdict.SOUND: "正确", Verdict.NO_PLAN: "无方案", Verdict.INFEASIBLE: "无解", Verdict.WRONG_PLAN: "方案违规",
    Verdict.WRONG_VALUE: "目标值不实", Verdict.WRONG_BOUND: "界或最优性不实", Verdict.WRONG_CERTIFICATE: "凭证不实",
    Verdict.WRONG_INFEASIBLE: "误报无解", Verdict.OVERRAN: "超时被终止", Verdict.OUT_OF_MEMORY: "超内存被终止",
    Verdict.CRASHED: "崩溃", Verdict.NOT_INSTALLED: "未安装", Verdict.NOT_LOADED: "未能读入",
}  # fmt: skip


def runs_section(lines: Sequence[Line], found: Comparison) -> Section:
    """What was run, within which limits, where and with what."""
    first = lines[0]
    instances = len({line["instance"] for line in lines})
    seeds = len({line["seed"] for line in lines})
    limits = f"{first['time']:g} s, {first['threads']} threads, {first['memory_limit_mb']:g} MB"
    methods = ", ".join(dict.fromkeys(str(line["method"]) for line in lines))
    machines = "; ".join(dict.fromkeys(str(line["machine"]) for line in lines))
    versions = "; ".join(dict.fromkeys(str(line["versions"]) for line in lines))
    blocks: list[Block] = [
        Words(
            f"{instances} 个算例、{seeds} 个随机种子、{len(lines)} 次求解；每次求解是一个独立进程，限制：{limits}。"
            "每个方案由另一个进程从算例文件重新核对。",
            f"{instances} instances, {seeds} seeds, {len(lines)} runs; each run is a process of its own, limits: {limits}. "
            "Every plan was checked again from the instance's file by another process.",
        ),
        Words(f"方法：{methods}", f"Methods: {methods}"),
        Words(f"机器：{machines}", f"Machine: {machines}"),
        Words(f"版本：{versions}", f"Versions: {versions}"),
    ]
    if found.left_out:
        count = len(found.left_out)
        blocks.append(
            Words(
                f"有 {count} 个问题并非每种方法都求解过，不计入比较。",
                f"{count} problems that not every method has run on are left out of the comparison.",
            )
        )
    if len({line["solver"] for line in lines}) > 1:
        blocks.append(
            Words("注意：求解器代码在测评期间有改动，见结果表的 solver 列。",
                  "Mind: the code of the solver changed between runs; see the column solver of the table.")
        )  # fmt: skip
    return Section("测评范围", "What was run", tuple(blocks))


def faults_section(lines: Sequence[Line]) -> Section:
    """Every wrong answer, and every run that was ended by force or crashed."""
    honest = {Verdict.SOUND, Verdict.NO_PLAN, Verdict.INFEASIBLE}
    faulty = [line for line in lines if line["verdict"] not in honest]
    if not faulty:
        words = Words(
            "没有错误答案，也没有被强行终止的求解。", "No wrong answers, and no run that had to be ended by force."
        )
        return Section("错误与中断", "Wrong answers and forced ends", (words,))
    ordered = sorted(faulty, key=lambda line: line["verdict"] not in WRONG)
    rows = tuple(
        (
            line["method"],
            line["instance"],
            str(line["seed"]),
            f"{VERDICTS_ZH[line['verdict']]} {line['verdict']}",
            line["detail"],
        )
        for line in ordered
    )
    return Section(
        "错误与中断", "Wrong answers and forced ends",
        (Grid(("方法 method", "算例 instance", "种子 seed", "结论 verdict", "说明 detail"), rows, figures=5),),
    )  # fmt: skip


def instances_section(lines: Sequence[Line]) -> Section:
    """Every instance with the best that is known of it."""
    seen: dict[str, Line] = {}
    for line in lines:
        seen.setdefault(line["instance"], line)
    rows = tuple(
        (
            name, line["told"], line["digest"], f"{line['options']:,}", f"{line['columns']:,}",
            _value(line, line["best_known"]), _value(line, line["best_bound"]),
            "已证明 proven" if line["best_known"] is not None and line["best_known"] == line["best_bound"] else "",
            line["best_by"],
        )
        for name, line in seen.items()
    )  # fmt: skip
    words = Words(
        "值与界为问题族自身的单位与方向；界均有凭证复算或来自文献。",
        "Values and bounds in the family's own unit and sense; every bound has a recomputed certificate, or is published.",
    )
    header = (
        "算例 instance", "内容 what", "指纹 digest", "方案数 options", "列 columns", "已知最好 best", "界 bound", "", "来源 by",
    )  # fmt: skip
    return Section("算例与已知最好值", "Instances and best known values", (words, Grid(header, rows, figures=3)))


def _value(line: Line, points: int | None) -> str:
    if points is None:
        return "–"
    value = (points if line["sense"] == "max" else -points) / line["parts"]
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3f}"


def again_section(lines: Sequence[Line], folder: Path | None) -> Section:
    """The commands that give the same."""
    first: Mapping[str, Any] = lines[0]
    suites = ",".join(dict.fromkeys(str(line["suite"]) for line in lines))
    methods = ",".join(dict.fromkeys(str(line["method"]) for line in lines))
    seeds = 1 + max(int(line["seed"]) for line in lines)
    command = [
        "qingdan", "bench", "run", suites, "--methods", methods, "--time", f"{first['time']:g}", "--seeds", str(seeds),
        "--threads", str(first["threads"]), "--memory", f"{first['memory_limit_mb']:g}", "--gap", f"{first['gap_wanted']:g}",
        "-o", str(folder.name if folder else "DIR"),
    ]  # fmt: skip
    told = None if folder is None else folder / COMMANDS
    commands = shlex.join(command) if told is None or not told.is_file() else told.read_text(encoding="utf-8").strip()
    text = f"{commands}\nqingdan bench report {command[-1]}"
    words = Words(
        "中断后重复同一命令即续跑。算例由编号与指纹确定；公开算例须另行下载。",
        "After a stop the same command goes on. Instances are fixed by id and digest; public files are to be fetched by yourself.",
    )
    return Section("如何重复", "How to repeat it", (Lines(text), words))
