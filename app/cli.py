"""The command line: `qingdan COMMAND`. Thin: each command reads, calls one function, shows and leaves.

Exit codes: 0 done; 1 the answer is no (infeasible, check failed); 2 bad input or usage, nothing written;
3 stopped before any plan was found; 130 on Ctrl-C, the best plan so far written.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .bench_runs import bench
from .console import INTERRUPTED, Console, Exit, flush_quietly, guarded, wrong_usage
from .runs import STORE_VARIABLE, By
from .runs import runs as run_commands

app = typer.Typer(
    name="qingdan",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="清单：城市社区更新项目清单的开放优化器，先体检、后更新\n\nThe open optimizer for community renewal",
)

app.add_typer(run_commands, name="runs")
app.add_typer(bench, name="bench")

Json = Annotated[bool, typer.Option("--json", help="只在标准输出写一个JSON / one JSON document on stdout")]
BookPath = Annotated[Path, typer.Argument(help="清单簿：CSV文件夹或.xlsx / book: CSV folder or .xlsx")]
ScenarioPath = Annotated[
    Path | None,
    typer.Option("--scenario", help="测算方案 scenario.toml，可继承另一方案 / scenario file, may extend another"),
]
Out = Annotated[Path, typer.Option("-o", "--out", help="写到何处 / where to write")]
CheckupOut = Annotated[
    Path | None,
    typer.Option(
        "-o", "--out",
        help="新清单簿写到何处；变化、未采集、交办、判定四张表写入旁边的 OUT-checkup 文件夹 / where to write the new book;"
        " changes, unknown, tickets and judgements go to the folder OUT-checkup beside it",
    ),
]  # fmt: skip
Time = Annotated[float, typer.Option(help="秒 / seconds", min=0.1)]


@app.command()
def demo(out: Out = Path("demo-run"), time: Time = 30.0, json: Json = False) -> None:
    """内置靖安县清单簿：体检、匹配、求解、复核 / The embedded book, solved, checked and reported."""
    with guarded(Console(json)) as console:
        from .demo import run_demo

        run_demo(console, out, time)


@app.command()
def new(path: Path, json: Json = False) -> None:
    """新建空清单簿（下拉选项、列说明）/ An empty book with drop-downs and an explanation sheet."""
    with guarded(Console(json)) as console:
        from ..models.book import new_book

        new_book(path)
        console.done({"book": str(path)}, f"已新建清单簿 {path}")


@app.command()
def checkup(book: BookPath, out: CheckupOut = None, scenario: ScenarioPath = None, json: Json = False) -> None:
    """专项体检：得出或更新需求清单，列出变化、未采集和交办 / Check-up: the needs list, what changed, what is unknown."""
    with guarded(Console(json)) as console:
        from .steps import run_checkup

        run_checkup(console, book, out, scenario)


@app.command()
def match(
    book: BookPath,
    out: Annotated[Path | None, typer.Option("-o", "--out")] = None,
    scenario: ScenarioPath = None,
    json: Json = False,
) -> None:
    """匹配：备选方案，及没有任何方案的需求与原因 / Options, and needs without any."""
    with guarded(Console(json)) as console:
        from .steps import run_match

        run_match(console, book, out, scenario)


@app.command()
def solve(
    book: BookPath,
    out: Out,
    scenario: ScenarioPath = None,
    method: Annotated[str, typer.Option(help="auto | race | highs | decomposition | scip | cpsat | cbc")] = "auto",
    gap: Annotated[float, typer.Option(help="与理论最优差距达到即停 / stop at this gap", min=0.0, max=0.99)] = 0.001,
    time: Time = 60.0,
    work: Annotated[int | None, typer.Option(help="确定性工作量上限 / deterministic work limit", min=1)] = None,
    threads: Annotated[int, typer.Option(min=1)] = 2,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    warm: Annotated[Path | None, typer.Option(help="从先前结果出发 / start from an earlier run")] = None,
    listed: Annotated[
        Path | None,
        typer.Option(
            "--list",
            help="只安排这份清单（CSV或.xlsx）里的项目 / only the works of this list, made by hand or approved",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            envvar=STORE_VARIABLE,
            show_envvar=False,
            help="同时记入测算库（文件或网址）/ keep the run in a store as well",
        ),
    ] = None,
    by: By = "",
    json: Json = False,
) -> None:
    """求解：项目清单、资金筹措、未纳入原因 / The project list, its funding, and why not the rest."""
    with guarded(Console(json)) as console:
        from .steps import run_solve

        run_solve(
            console, book, out, scenario,
            method=method, gap=gap, time=time, work=work, threads=threads, seed=seed, warm=warm,
            store=store, by=by, listed=listed,
        )  # fmt: skip


@app.command()
def check(book: BookPath, run: Path, scenario: ScenarioPath = None, json: Json = False) -> None:
    """独立复核：方案、资金、备选方案与理论上限 / Prove plan, money, options and bound again."""
    with guarded(Console(json)) as console:
        from .steps import run_check

        run_check(console, book, run, scenario)


@app.command()
def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN RUN...", help="结果文件夹，第一份为原方案 / folders of runs")
    ],
    book: Annotated[
        Path | None,
        typer.Option("--book", help="清单簿：显示名称、支付主体和资金层级 / book, for names, payers and levels"),
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="各表写入此文件夹 / folder for all tables as CSV")] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="各表写入此工作簿 / workbook for all tables")] = None,
    attribute: Annotated[
        bool,
        typer.Option("--attribute", help="变化各由哪项设置引起（须 --book，会再测算）/ what is due to each setting"),
    ] = False,
    time: Annotated[
        float, typer.Option(help="分摊时每次测算的秒数 / seconds of each solve for --attribute", min=0.1)
    ] = 30.0,
    threads: Annotated[int, typer.Option(min=1)] = 2,
    json: Json = False,
) -> None:
    """比较方案：逐条需求、逐处用房、逐笔资金，及合计 / Plans compared need by need, building by building, yuan by yuan."""
    with guarded(Console(json)) as console:
        from .compare_steps import run_compare

        run_compare(console, runs, book, csv, xlsx, attribute=attribute, time=time, threads=threads)


@app.command()
def generate(
    communities: Annotated[int, typer.Option(help="社区数 / number of communities", min=1)],
    out: Out,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    json: Json = False,
) -> None:
    """生成模拟数据清单簿（真实社区名、合成数据）/ A synthetic book on real community names."""
    with guarded(Console(json)) as console:
        from .steps import run_generate

        run_generate(console, communities, seed, out)


@app.command()
def export(
    book: BookPath,
    mps: Annotated[Path | None, typer.Option(help="MPS文件 / MPS file")] = None,
    lp: Annotated[Path | None, typer.Option(help="LP文件 / LP file")] = None,
    scenario: ScenarioPath = None,
    json: Json = False,
) -> None:
    """导出模型，可由其他求解器读取 / The program as MPS or LP for another solver."""
    with guarded(Console(json)) as console:
        from .steps import run_export

        run_export(console, book, mps, lp, scenario)


def main() -> None:
    """The entry point: no traceback reaches a user."""
    try:
        code = app(prog_name="qingdan", standalone_mode=False)
        if code == INTERRUPTED:  # Ctrl-C before the command itself had begun
            sys.stderr.write("已中断 / interrupted\n")
    except Exit as end:
        code = end.code
    except KeyboardInterrupt:
        sys.stderr.write("已中断 / interrupted\n")
        code = INTERRUPTED
    except Exception as error:
        if not isinstance(getattr(error, "exit_code", None), int) or not hasattr(error, "format_message"):
            raise
        code = wrong_usage(error, as_json="--json" in sys.argv)
    flush_quietly()
    raise SystemExit(code)
