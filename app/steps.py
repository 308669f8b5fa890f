"""One function a command: read, call, show. No mathematics."""

from __future__ import annotations

import os
import time as clock
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .book_and_scenario import lineage_of, other_scenario, read_both, told_differences
from .console import INTERRUPTED, NO, NO_PLAN, Console, Exit, Refusal
from .run_steps import kept
from .running import describe, watched

if TYPE_CHECKING:
    import polars as pl

    from ..models.book import Book

SYNTHETIC = "模拟数据（非真实）"
JUDGEMENTS = {
    "none": "无", "short": "有而不够", "poor": "够而不好", "met": "达标", "unknown": "未采集", "not_applicable": "不适用",
}  # fmt: skip


def banner(book: Book) -> str:
    """Title of the book, marked where its data are synthetic."""
    title = book.settings.title
    if book.settings.data_kind != "synthetic" or SYNTHETIC in title:
        return title
    return title.replace("模拟数据", SYNTHETIC, 1) if "模拟数据" in title else f"{title}【{SYNTHETIC}】"


def write_tables(frames: Mapping[str, pl.DataFrame], folder: Path) -> None:
    """Frames as the CSV files of a folder, whole or not at all; only the same tables may stand there before."""
    from ..models.whole_folder import replace_folder

    fit_for_tables(frames, folder)
    files = {f"{name}.csv": frame for name, frame in frames.items()}

    def fill(beside: Path) -> None:
        for name, frame in files.items():
            (beside / name).write_bytes(frame.write_csv().encode())

    replace_folder(folder, fill)


def fit_for_tables(names: Iterable[str], folder: Path) -> None:
    """Refuse a folder that holds anything but the tables of these names."""
    files = {f"{name}.csv" for name in names}
    if folder.exists() and not (folder.is_dir() and {path.name for path in folder.iterdir()} <= files):
        raise Refusal(f"{folder} 已存在且另有内容，请换一个路径", f"{folder} exists and holds something else")


def fit_for_writing(path: Path) -> None:
    """Refuse a place where nothing can be written before long work is done for it."""
    place = path.absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        raise Refusal(
            f"{path} 写不进去，请换一个路径或检查权限", f"{path} cannot be written; choose another or check rights"
        )


def fit_for_run(path: Path) -> None:
    """Refuse a place where something else than a run stands, or nothing can be written."""
    if path.exists() and not (path / "result.json").is_file() and any(path.iterdir() if path.is_dir() else [path]):
        raise Refusal(f"{path} 已存在且不是结果文件夹", f"{path} exists and is not a run folder")
    fit_for_writing(path)


def run_checkup(console: Console, path: Path, out: Path | None, scenario_path: Path | None) -> None:
    """`qingdan checkup`"""
    from ..models.book import write_book
    from ..models.checkup import checkup
    from .checkup_report import CHECKUP_TABLES, document_of, folder_beside, tables_of, tell

    folder = None if out is None else folder_beside(out)
    if out is not None and folder is not None:
        fit_for_writing(out.absolute().parent)
        fit_for_tables(CHECKUP_TABLES, folder)
    book, read = read_both(path, scenario_path)
    found = checkup(book, read.scenario)
    if out is not None and folder is not None:
        write_book(book.with_table("needs", found.needs), out)
        write_tables(tables_of(found), folder)
    console.say(f"好社区专项体检　{banner(book)}")
    console.table(
        "三级判定（社区或小区 × 服务类型）", ["判定", "数"],
        [[name, found.counts.get(code, 0)] for code, name in JUDGEMENTS.items()],
    )  # fmt: skip
    tell(console, book, found)
    special = found.needs.filter(found.needs["need_class"] == "special").height
    console.say(
        f"需求清单：专项整治类 {special} 条，一般整治类交办 {found.tickets.height} 条；未采集 {found.unknown.height} 项"
    )
    document = {"book": str(path), "out": None if out is None else str(out), **document_of(found)}
    console.done(document, f"已写入 {out}，变化、未采集、交办和判定各表写入 {folder}" if out is not None else "")


def run_match(console: Console, path: Path, out: Path | None, scenario_path: Path | None) -> None:
    """`qingdan match`"""
    from ..models.checkup import checkup
    from ..models.matching import match, options_summary

    book, read = read_both(path, scenario_path)
    scenario = read.scenario
    if book.table("needs").is_empty():
        book = book.with_table("needs", checkup(book, scenario).needs)
    options = match(book, scenario)
    summary = options_summary(options, book)
    if out is not None:
        names = ("needs", "facilities", "openings", "options", "packages", "refusals")
        write_tables({name: getattr(options, name) for name in names}, out)
    console.say(f"匹配　{banner(book)}")
    refusals = options.refusals.group_by("code").len().sort("len", descending=True)
    console.table("没有任何备选方案的需求", ["原因", "条数"], list(refusals.iter_rows()))
    console.say(
        f"需求 {options.needs.height} 条，备选方案 {options.options.height} 个（去除被支配者之前 {options.found} 个）"
    )
    console.done({"book": str(path), **summary}, f"已写入 {out}" if out is not None else "")


def run_solve(
    console: Console, path: Path, out: Path, scenario_path: Path | None, *,
    method: str, gap: float, time: float, work: int | None, threads: int, seed: int, warm: Path | None,
    store: str | None, by: str, listed: Path | None,
) -> None:  # fmt: skip
    """`qingdan solve`"""
    from ..models.run import read_run, write_run
    from ..scenarios.single import methods, solve

    if method not in methods():
        known = "、".join(methods())
        raise Refusal(f"没有方法 {method}；可用：{known}", f"no method {method}; there are: {', '.join(methods())}")
    fit_for_run(out)
    began = clock.monotonic()
    book, read = read_both(path, scenario_path)
    if listed is not None:
        from ..models.scenario_reading import Layered
        from ..scenarios.hand_made import scenario_of_list

        read = Layered(listed.name, scenario_of_list(listed, book, read.scenario), read.lines, read)
    scenario = read.scenario
    reading = clock.monotonic() - began
    for line in told_differences(read, book):
        console.progress(line, at_once=True)
    started = read_run(warm) if warm is not None else None
    settings = {"method": method, "gap": gap, "time": time, "work": work, "threads": threads, "seed": seed}
    number = None
    with watched(console) as (watch, interrupt), kept(store, book, read, by, interrupt, settings) as keeping:
        run = solve(
            book, scenario, method=method, gap=gap, time=time, work=work, threads=threads, seed=seed,
            warm=started, watch=watch if keeping is None else keeping.keeper.both(watch), interrupt=interrupt,
            seconds_before=reading,
        )  # fmt: skip
        run = replace(run, lineage=lineage_of(read, book))
        write_run(out, run)
        if keeping is not None and keeping.deliver(out, run.result):
            number = keeping.held.run
    result = run.result
    stored = f"，测算库第 {number} 号" if number is not None else ""
    console.done(
        {**result, "run": str(out), "stored": number},
        "\n".join([banner(book), *describe(result, run.plan), f"已写入 {out}{stored}"]),
    )
    if interrupt.is_set:
        raise Exit(INTERRUPTED)
    if result["status"] == "infeasible":
        raise Exit(NO)
    if run.plan is None:
        raise Exit(NO_PLAN)


def run_check(console: Console, book: Path, run: Path, scenario_path: Path | None) -> None:
    """`qingdan check`"""
    from ..models.checker import check

    for path, zh, en in ((book, "清单簿", "book"), (run, "结果文件夹", "run folder")):
        if not path.exists():
            raise Refusal(f"找不到{zh} {path}", f"there is no {en} {path}")
    report = check(book, run)
    if scenario_path is not None and (refusal := other_scenario(book, scenario_path, run)) is not None:
        report = replace(report, passed=False, refusals=(*report.refusals, refusal))
    console.done({**asdict(report), "passed": report.passed}, report.text())
    if not report.passed:
        raise Exit(NO)


def run_generate(console: Console, communities: int, seed: int, out: Path) -> None:
    """`qingdan generate`"""
    from ..bench.generator import generate
    from ..bench.hardness import AT_LEAST, AT_MOST, FIGURES_ZH, hardness
    from ..models.book import write_book

    fit_for_writing(out)
    try:
        book = generate(communities, seed)
    except ValueError as error:
        zh, _, en = str(error).partition(" | ")
        raise Refusal(zh, en or zh) from None
    write_book(book, out)
    figures = hardness(book)
    console.say(banner(book))
    limits = {name: f"≥ {AT_LEAST[name]:g}" for name in AT_LEAST}
    limits |= {name: f"{limits.get(name, '')}{'，' if name in limits else ''}≤ {AT_MOST[name]:g}" for name in AT_MOST}
    rows = [[zh, f"{figures[name]:,.2f}".removesuffix(".00"), limits.get(name, "")] for name, zh in FIGURES_ZH.items()]
    console.table("难度指标", ["指标", "数值", "标准"], rows)
    console.done({"book": str(out), "seed": seed, "hardness": figures}, f"已写入 {out}")


def run_export(console: Console, path: Path, mps: Path | None, lp: Path | None, scenario_path: Path | None) -> None:
    """`qingdan export`"""
    from ..scenarios.export import export

    if mps is None and lp is None:
        raise Refusal("请用 --mps 或 --lp 指定文件", "name a file with --mps or --lp")
    for file, ending in ((mps, ".mps"), (lp, ".lp")):
        if file is not None and file.suffix != ending:
            raise Refusal(f"{file} 应以 {ending} 结尾", f"{file} must end in {ending}")
        if file is not None and file.is_dir():
            raise Refusal(f"{file} 是文件夹，请换一个文件名", f"{file} is a folder; choose another name")
        if file is not None:
            fit_for_writing(file.parent)
    book, read = read_both(path, scenario_path)
    sizes = export(book, read.scenario, mps=mps, lp=lp)
    written = [str(file) for file in (mps, lp) if file is not None]
    console.done(
        {"files": written, **sizes}, f"已写入 {'、'.join(written)}：{sizes['columns']} 个0/1列，{sizes['rows']} 行"
    )
