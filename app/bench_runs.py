"""`qingdan bench run` and `report`: methods compared on suites of instances, each run in a process of its own."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .bench import Data, Json, bench
from .console import INTERRUPTED, NO, Console, Exit, Refusal, guarded

__all__ = ["bench", "report_runs", "run_suites"]

EXTRA = 'pip install "qingdan[bench]"'


@bench.command("run")
def run_suites(
    suites: Annotated[
        str,
        typer.Argument(
            metavar="SUITE", help="tiny | standard | province | nation | classic | real | all，可用逗号并列"
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="结果文件夹 / folder of the results")],
    methods: Annotated[
        str | None, typer.Option(help="方法，逗号并列；默认全部 / methods, separated by commas; default: every one")
    ] = None,
    time: Annotated[float, typer.Option(help="每次求解的秒数 / seconds of each run", min=0.1)] = 60.0,
    seeds: Annotated[int, typer.Option(help="随机种子个数，从 0 起 / number of seeds, from 0", min=1)] = 1,
    gap: Annotated[float, typer.Option(help="达到即停 / a run may end at this gap", min=0.0, max=0.99)] = 0.0,
    threads: Annotated[int, typer.Option(min=1)] = 2,
    memory: Annotated[
        float, typer.Option(help="每次求解的内存上限（MB）/ megabytes of a run with all its processes", min=64)
    ] = 4096.0,
    every: Annotated[
        bool, typer.Option("--all", help="公开算例全部 / every public file, not the sample alone")
    ] = False,
    smallest: Annotated[bool, typer.Option(help="只取各组最小的 / of each suite the smallest instance alone")] = False,
    improve: Annotated[
        Path | None,
        typer.Option(
            help="已知最好值的文件，更好的经核验后写入 / file of best known values; better ones enter it, checked"
        ),
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """用多种方法求解算例组；中断后重复同一命令即续跑 / Methods on suites; the same command goes on where it was stopped."""
    with guarded(Console(json)) as console:
        run_runs(
            console, suites, out, methods=methods, seeds=seeds, every=every, smallest=smallest, improve=improve, data=data,
            settings={"time": time, "gap": gap, "threads": threads, "memory": memory},
        )  # fmt: skip


@bench.command("report")
def report_runs(
    folder: Annotated[Path, typer.Argument(help="测评结果文件夹 / folder that `bench run` wrote")],
    within: Annotated[
        float,
        typer.Option(help="与已知最好值相差多少算达到 / share of the best known value that counts as reached", min=0.0),
    ] = 0.001,
    json: Json = False,
) -> None:
    """由结果生成报告：一个离线网页与 Markdown / The report: one page that needs no network, and Markdown."""
    with guarded(Console(json)) as console:
        run_report(console, folder, within)


def run_report(console: Console, folder: Path, within: float) -> None:
    """`qingdan bench report`"""
    from ..bench.report import make_report
    from ..bench.report_pages import write_report
    from ..bench.result_table import write_tables

    need_extra("matplotlib")
    if not (folder / "settings.json").is_file() or not (folder / "runs").is_dir():
        raise Refusal(f"{folder} 不是测评结果文件夹", f"{folder} holds no results of a bench")
    lines = write_tables(folder)
    if not lines:
        raise Refusal(f"{folder} 中还没有完成的求解", f"{folder} has no finished runs yet")
    page, markdown = write_report(make_report(lines, within=within, folder=folder), folder)
    console.done(
        {"page": str(page), "markdown": str(markdown), "runs": len(lines), "verdicts": _counted(lines)},
        f"已写入 {page} 与 {markdown}",
    )


def run_runs(
    console: Console, suites: str, out: Path, *, methods: str | None, seeds: int, every: bool, smallest: bool,
    improve: Path | None, data: Path | None, settings: dict[str, Any],
) -> None:  # fmt: skip
    """`qingdan bench run`"""
    from ..bench.classic_reading import InstanceError
    from ..bench.classic_solving import methods as known_methods
    from ..bench.harness import OtherSettings, Settings, run_bench
    from ..bench.leftovers import FolderInUse
    from ..bench.suites import SUITES, suite

    need_extra("psutil")
    names = SUITES if suites == "all" else tuple(dict.fromkeys(suites.split(",")))
    chosen = known_methods() if methods is None else tuple(dict.fromkeys(methods.split(",")))
    unknown = [name for name in chosen if name not in known_methods()]
    if unknown:
        there = ", ".join(known_methods())
        raise Refusal(
            f"没有方法 {'、'.join(unknown)}；可用：{there}", f"no method {', '.join(unknown)}; there are: {there}"
        )
    if out.exists() and not out.is_dir():
        raise Refusal(f"{out} 不是文件夹", f"{out} is no folder")
    if out.is_dir() and any(out.iterdir()) and not (out / "settings.json").is_file():
        raise Refusal(f"{out} 已存在且不是测评结果文件夹", f"{out} exists and holds no results of a bench")
    try:
        instances = [one for name in names for one in suite(name, every=every, smallest=smallest, data=data)]
        lines = run_bench(
            out, instances, chosen, seeds=seeds, settings=Settings(**settings), data=data, records=improve,
            say=lambda text: console.progress(text, at_once=True),
        )  # fmt: skip
    except InstanceError as error:
        raise Refusal(error.zh, error.en) from None
    except OtherSettings as error:
        raise Refusal(
            f"{out} 中的结果使用了其他设置：{error}；请换一个文件夹",
            f"{out} holds results of other settings: {error}; use another folder",
        ) from None
    except FolderInUse:
        raise Refusal(f"{out} 正在被另一个测评进程使用", f"another bench is at work in {out}") from None
    except KeyboardInterrupt:
        console.progress("已中断；重复同一命令即续跑 / stopped; the same command goes on from here", at_once=True)
        raise Exit(INTERRUPTED) from None
    _keep_command(out)
    counted = _counted(lines)
    faulty = [name for name in counted if name.startswith("wrong")]
    console.table("各方法的结论", ["方法", "结论", "次数"], [[m, v, n] for (m, v), n in _by_method(lines).items()])
    console.done(
        {"out": str(out), "runs": len(lines), "verdicts": counted, "table": str(out / "results.parquet")},
        f"共 {len(lines)} 次求解，结果表 {out / 'results.parquet'}；生成报告：qingdan bench report {out}",
    )
    if faulty:
        raise Exit(NO)


def _keep_command(out: Path) -> None:
    """Note the command among those by which the folder was made, so that the report can say how to repeat it."""
    path = out / "commands.txt"
    told = shlex.join(["qingdan", *sys.argv[1:]])
    before = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    if told not in before:
        path.write_text("\n".join([*before, told]) + "\n", encoding="utf-8")


def need_extra(package: str) -> None:
    """Refuse where a package of the extra `bench` is not installed."""
    from importlib.util import find_spec

    if find_spec(package) is None:
        raise Refusal(f"测评需要 {package}，请先安装：{EXTRA}", f"the bench needs {package}; install it with: {EXTRA}")


def _counted(lines: list[dict[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in lines:
        found[str(line["verdict"])] = found.get(str(line["verdict"]), 0) + 1
    return found


def _by_method(lines: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for line in sorted(lines, key=lambda one: (one["method"], one["verdict"])):
        key = (str(line["method"]), str(line["verdict"]))
        found[key] = found.get(key, 0) + 1
    return found
