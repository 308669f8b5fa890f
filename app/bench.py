"""`qingdan bench`: published instances of classic problems through the door of the solver."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import INTERRUPTED, NO, NO_PLAN, Console, Exit, Refusal, guarded
from .running import PHASES, STATUS, STOPPED, watched

if TYPE_CHECKING:
    from fractions import Fraction

    from ..bench.classic_files import Instance
    from ..bench.classic_solving import Answer, Event

bench = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="经典问题的公开算例 / Published instances of classic problems"
)

Json = Annotated[bool, typer.Option("--json", help="只在标准输出写一个JSON / one JSON document on stdout")]
Data = Annotated[
    Path | None,
    typer.Option(help="算例文件夹，默认 $QINGDAN_BENCH 或 ../shared/data/bench / folder with the instances"),
]
Family = Annotated[str, typer.Option(help="sscflp | gap | mkp | mmkp | nrp | pabulib")]


@bench.command("list")
def list_instances(
    family: Annotated[str | None, typer.Option(help="只列该族的全部算例 / every instance of this family")] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """算例组、问题族、找到的文件与已知最好值 / Suites, families, files found and best known values."""
    with guarded(Console(json)) as console:
        run_list(console, family, data)


@bench.command("solve")
def solve_file(
    file: Annotated[str, typer.Argument(help="算例文件，可带 #k / file of an instance, `#k` where it holds several")],
    family: Family,
    instance_set: Annotated[
        str | None,
        typer.Option("--set", help="算例集，决定数的次序；默认取文件夹名 / set, which tells the order of the numbers"),
    ] = None,
    method: Annotated[str, typer.Option(help="求解方法 / as for `qingdan solve`")] = "auto",
    time: Annotated[float, typer.Option(help="秒 / seconds", min=0.1)] = 60.0,
    gap: Annotated[float, typer.Option(help="与理论最优差距达到即停 / stop at this gap", min=0.0, max=0.99)] = 0.0,
    threads: Annotated[int, typer.Option(min=1)] = 2,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    data: Data = None,
    json: Json = False,
) -> None:
    """求解一个公开算例，按该族自己的方向与单位给出结果 / Solve an instance, in its family's own sense and unit."""
    with guarded(Console(json)) as console:
        run_solve(
            console, file, family, instance_set,
            method=method, time=time, gap=gap, threads=threads, seed=seed, data=data,
        )  # fmt: skip


def run_list(console: Console, family: str | None, data: Path | None) -> None:
    """`qingdan bench list`"""
    from ..bench.classic_catalogue import collections, data_folder, instances, refuse_unknown
    from ..bench.classic_reading import InstanceError
    from ..bench.records import read_records
    from ..bench.suites import SUITES, suite

    try:
        if family is not None:
            refuse_unknown(family, None)
        folder = data_folder(data)
        sets = [one for one in collections(data) if family in (None, one.family)]
    except InstanceError as error:
        raise Refusal(error.zh, error.en) from None
    document: dict[str, Any] = {
        "data": None if folder is None else str(folder),
        "families": [{"family": s.family, "set": s.set, "files": len(s.files), "values": s.values} for s in sets],
        "instances": None,
        "suites": None,
    }
    records = read_records()
    held = {name: suite(name) for name in SUITES}
    document["suites"] = [
        {"suite": name, "instances": [one.id for one in several], "values": sum(one.id in records for one in several)}
        for name, several in held.items()
    ]
    named = [
        [name, len(several), several[0].recipe.told(), several[-1].recipe.told()] for name, several in held.items()
    ]
    if family is None:
        console.table("算例组（bench run）", ["算例组", "算例", "最小", "最大"], named)
    rows = [[s.family, s.set, len(s.files), s.values] for s in sets]
    console.table("问题族与算例集", ["问题族", "算例集", "找到文件", "已知最好值"], rows)
    if family is not None:
        found = list(instances(family, data))
        document["instances"] = [
            {
                "set": name_of_set, "instance": name, "file": None if path is None else str(path),
                "best_known": None if known is None else number(known.best),
                "bound": None if known is None else number(known.bound),
                "status": None if known is None else known.status,
                "source": None if known is None else known.source,
            }
            for name_of_set, name, path, known in found
        ]  # fmt: skip
        listed = [
            [
                one["set"],
                one["instance"],
                "有" if one["file"] else "",
                shown(one["best_known"]),
                one["status"],
                one["source"],
            ]
            for one in document["instances"]
        ]
        console.table("算例", ["算例集", "算例", "文件", "已知最好", "状态", "来源"], listed)
    where = f"算例文件夹 {folder}" if folder else "未找到算例文件夹；请用 --data 或环境变量 QINGDAN_BENCH 指定"
    console.done(document, where)


def run_solve(
    console: Console, file: str, family: str, instance_set: str | None, *,
    method: str, time: float, gap: float, threads: int, seed: int, data: Path | None,
) -> None:  # fmt: skip
    """`qingdan bench solve`"""
    from ..bench.classic_reading import InstanceError
    from ..bench.classic_solving import MissingSolver, load, methods, solve_instance

    if method not in methods():
        known = "、".join(methods())
        raise Refusal(f"没有方法 {method}；可用：{known}", f"no method {method}; there are: {', '.join(methods())}")
    try:
        instance = load(file, family, set=instance_set, data=data)
    except InstanceError as error:
        raise Refusal(error.zh, error.en) from None
    with watched(console) as (_, interrupt):
        try:
            answer = solve_instance(
                instance, method=method, time=time, gap=gap, threads=threads, seed=seed, interrupt=interrupt,
                watch=lambda event: report(console, instance, event),
            )  # fmt: skip
        except MissingSolver as error:
            raise Refusal(error.zh, error.en) from None
    console.done(document_of(instance, answer), "\n".join(told(instance, answer)))
    if interrupt.is_set:
        raise Exit(INTERRUPTED)
    if answer.status == "infeasible" or answer.faults:
        raise Exit(NO)
    if answer.objective is None:
        raise Exit(NO_PLAN)


def report(console: Console, instance: Instance, event: Event) -> None:
    """A line of progress in the family's own sense and unit."""
    parts = [f"{event.seconds:6.1f}秒", PHASES.get(event.phase, event.phase)]
    for name, points in (("目标值", event.objective), ("界", event.bound)):
        if points is not None:
            parts.append(f"{name} {shown(number(instance.classic.bound(points)))}")
    console.progress("  ".join(parts), at_once=event.phase not in ("search", "prices"))


def document_of(instance: Instance, answer: Answer) -> dict[str, Any]:
    """The answer as one JSON document."""
    known = answer.known
    return {
        "status": answer.status,
        "stopped": answer.stopped,
        "objective": number(answer.objective),
        "bound": number(answer.bound),
        "certified_bound": number(answer.certified_bound),
        "gap": answer.gap,
        "certified_gap": answer.certified_gap,
        "seconds": answer.solution.seconds,
        "method": answer.solution.method,
        "seed": answer.solution.seed,
        "best_known": None if known is None else number(known.best),
        "best_known_bound": None if known is None else number(known.bound),
        "best_known_status": None if known is None else known.status,
        "family": instance.family,
        "set": instance.set,
        "instance": instance.name,
        "sense": "max" if instance.classic.maximise else "min",
        "dimensions": dict(instance.dimensions),
        "faults": list(answer.faults),
    }


def told(instance: Instance, answer: Answer) -> list[str]:
    """The answer in a few sentences for people."""
    seconds = f"{answer.solution.seconds:.1f}秒"
    sense = "越大越好" if instance.classic.maximise else "越小越好"
    lines = [
        f"{instance.family} {instance.set}/{instance.name}".replace(" /", " "),
        f"{STATUS[answer.status]}（{STOPPED[answer.stopped]}，{seconds}，{answer.solution.method}）",
    ]
    if answer.objective is not None:
        lines.append(f"目标值 {shown(number(answer.objective))}（{sense}，已按原始数据复算）")
    if answer.bound is not None:
        lines.append(f"界 {shown(number(answer.bound))}" + ("" if answer.gap is None else f"，差距 {answer.gap:.3%}"))
    if answer.certified_bound is not None:
        lines.append(f"其中有凭证的界 {shown(number(answer.certified_bound))}")
    if answer.known is not None:
        state = "已证明最优" if answer.known.status == "optimal" else "尚未证明最优"
        lines.append(f"已发表的最好值 {shown(number(answer.known.best))}（{state}）")
    return [*lines, *(f"违反：{fault}" for fault in answer.faults)]


def number(value: Fraction | None) -> int | float | None:
    """A number as JSON writes it: whole where it is whole."""
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(value)


def shown(value: int | float | None) -> str:
    """A number for people."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6f}".rstrip("0")
