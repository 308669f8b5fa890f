"""`qingdan runs`: the run store: what was solved, by whom and why; the queue; runs as folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import Console, guarded

runs = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="测算库：历次测算、排队、导出 / The run store: list, queue, export",
)

STORE_VARIABLE = "QINGDAN_STORE"
Json = Annotated[bool, typer.Option("--json", help="只在标准输出写一个JSON / one JSON document on stdout")]
StoreUrl = Annotated[
    str,
    typer.Option(
        "--store", envvar=STORE_VARIABLE, show_envvar=False,
        help="测算库：SQLite 文件或 postgresql://用户@主机/库名，默认取环境变量 QINGDAN_STORE"
        " / SQLite file or URL of a PostgreSQL database; QINGDAN_STORE in the environment if left out",
    ),
]  # fmt: skip
By = Annotated[
    str,
    typer.Option(
        "--by",
        envvar="QINGDAN_USER",
        show_envvar=False,
        help="经办人，默认为登录名 / who asks; the login name if left out",
    ),
]
Number = Annotated[int, typer.Argument(help="测算编号 / number of a run", min=1)]
HERE = "qingdan.sqlite"


@runs.command("list")
def list_all(
    store: StoreUrl = HERE,
    state: Annotated[str | None, typer.Option(help="queued 排队 | running 测算中 | done 完成 | failed 失败")] = None,
    by: Annotated[str | None, typer.Option("--by", help="只列此人的 / only of this person")] = None,
    most: Annotated[int, typer.Option(help="至多列几条 / how many at most", min=1)] = 20,
    json: Json = False,
) -> None:
    """历次测算，最新在前 / Runs, the newest first."""
    with guarded(Console(json)) as console:
        from .run_steps import run_list

        run_list(console, store, state, by, most)


@runs.command()
def show(run: Number, store: StoreUrl = HERE, json: Json = False) -> None:
    """一次测算：方案、谁定的什么及依据、过程 / One run: scenario, who decided what and why, what happened."""
    with guarded(Console(json)) as console:
        from .run_steps import run_show

        run_show(console, store, run)


@runs.command("rm")
def remove(
    numbers: Annotated[list[int], typer.Argument(metavar="RUN...", help="测算编号 / numbers of runs")],
    store: StoreUrl = HERE,
    force: Annotated[bool, typer.Option("--force", help="正在测算的也删 / also runs that go on")] = False,
    json: Json = False,
) -> None:
    """删除测算及只有它用到的文件 / Remove runs and the files that only they need."""
    with guarded(Console(json)) as console:
        from .run_steps import run_remove

        run_remove(console, store, numbers, force)


@runs.command()
def export(
    run: Number,
    out: Annotated[Path, typer.Option("-o", "--out", help="写到何处 / where to write")],
    store: StoreUrl = HERE,
    book: Annotated[Path | None, typer.Option("--book", help="清单簿也写到此处 / write the book there as well")] = None,
    json: Json = False,
) -> None:
    """取出结果文件夹，与求解时逐字节相同 / The folder of a run, byte for byte as it was solved."""
    with guarded(Console(json)) as console:
        from .run_steps import run_export

        run_export(console, store, run, out, book)


@runs.command()
def add(
    book: Annotated[Path, typer.Argument(help="清单簿：CSV文件夹或.xlsx / book: CSV folder or .xlsx")],
    store: StoreUrl = HERE,
    scenario: Annotated[Path | None, typer.Option("--scenario", help="测算方案 scenario.toml / scenario file")] = None,
    method: Annotated[str, typer.Option(help="auto | race | highs | decomposition | scip | cpsat | cbc")] = "auto",
    gap: Annotated[float, typer.Option(help="与理论最优差距达到即停 / stop at this gap", min=0.0, max=0.99)] = 0.001,
    time: Annotated[float, typer.Option(help="秒 / seconds", min=0.1)] = 60.0,
    work: Annotated[int | None, typer.Option(help="确定性工作量上限 / deterministic work limit", min=1)] = None,
    threads: Annotated[int, typer.Option(min=1)] = 2,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    warm: Annotated[int | None, typer.Option(help="从哪号测算出发 / number of a run to start from", min=1)] = None,
    by: By = "",
    json: Json = False,
) -> None:
    """排队等候测算 / Put a run into the queue."""
    with guarded(Console(json)) as console:
        from .run_steps import run_add

        run_add(
            console, store, book, scenario, by,
            method=method, gap=gap, time=time, work=work, threads=threads, seed=seed, warm=warm,
        )  # fmt: skip


@runs.command()
def work(
    store: StoreUrl = HERE,
    until_empty: Annotated[
        bool, typer.Option("--until-empty", help="排队的都取完即结束 / end when no run waits")
    ] = False,
    lease: Annotated[
        float, typer.Option(help="多少秒无音讯即退回排队 / seconds of silence after which a run goes back", min=3.0)
    ] = 60.0,
    json: Json = False,
) -> None:
    """执行排队的测算；Ctrl-C 把手上的退回排队 / Solve what waits; Ctrl-C gives back the run in hand."""
    with guarded(Console(json)) as console:
        from .run_steps import run_work

        run_work(console, store, until_empty, lease)


@runs.command()
def stop(run: Number, store: StoreUrl = HERE, by: By = "", json: Json = False) -> None:
    """取消排队的，或让正在测算的交出目前最好的方案 / Cancel a run that waits, or end one with its best plan so far."""
    with guarded(Console(json)) as console:
        from .run_steps import run_stop

        run_stop(console, store, run, by)
