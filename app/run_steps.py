"""One function a command of `qingdan runs`, and how `solve` keeps its run: read, call, show."""

from __future__ import annotations

import datetime
import getpass
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .book_and_scenario import lineage_of, read_both
from .console import Console, Refusal

if TYPE_CHECKING:
    from ..models.book import Book
    from ..models.run import Run
    from ..models.scenario_reading import Layered
    from ..scenarios.store import Store
    from ..scenarios.store_queue import Claim, Settings
    from ..scenarios.store_runs import StoredSummary
    from ..scenarios.worker import Holding

EVENTS_ZH = {
    "queued": "排队", "taken": "开始测算", "returned": "退回排队", "done": "完成", "failed": "失败", "stop asked": "要求停止",
}  # fmt: skip
DECISIONS_ZH = {
    "pin": "确定纳入", "forbid": "暂不安排", "factor": "系数", "override": "因地系数", "budget": "预算", "ceiling": "支出上限",
    "quota": "指标", "condition": "条件", "objective": "目标",
}  # fmt: skip


def opened(url: str, *, create: bool = False) -> Store:
    """The store at an address; a refusal names what has to be installed where the extra is missing.

    A file that is not there is made only where `create` says so.
    """
    if find_spec("sqlalchemy") is None or find_spec("alembic") is None:
        command = 'pip install "qingdan[store]"'
        raise Refusal(f"测算库需要另装组件：{command}", f"the run store needs further packages: {command}")
    from ..scenarios.store import open_store

    file = url.removeprefix("sqlite:///")
    if not create and "://" not in file and not Path(file).exists():
        raise Refusal(f"没有测算库 {file}；用 --store 指定", f"there is no store {file}; name one with --store")
    return open_store(url, patience=15.0)


def person(by: str) -> str:
    """Who asks: as told, else the login name."""
    try:
        return by or getpass.getuser()
    except (KeyError, OSError):
        return "?"


def run_list(console: Console, url: str, state: str | None, by: str | None, most: int) -> None:
    """`qingdan runs list`"""
    store = opened(url)
    from ..scenarios.store_runs import list_runs
    from ..scenarios.store_tables import STATES

    if state is not None and state not in STATES:
        raise Refusal(
            f"没有状态 {state}；可用：{'、'.join(STATES)}", f"no state {state}; there are: {', '.join(STATES)}"
        )
    found = list_runs(store, state=state, by=by, most=most)
    header = ["编号", "名称", "状态", "经办", "开始", "用时", "成效", "差距"]
    console.table(f"测算库 {store.url}", header, [_row(one) for one in found])
    console.done({"store": store.url, "runs": [one.told() for one in found]}, "" if found else "还没有测算")


def _row(one: StoredSummary) -> list[object]:
    gap = one.gap if one.certified_gap is None else one.certified_gap
    return [
        one.id, one.title, _state(one), one.by, moment(one.started_at or one.queued_at),
        "" if one.seconds is None else f"{one.seconds:.1f}秒", "" if one.objective is None else f"{one.objective:,}",
        "" if gap is None else f"{gap:.2%}",
    ]  # fmt: skip


def _state(one: StoredSummary) -> str:
    from ..scenarios.store_tables import STATES_ZH
    from .running import STATUS

    if one.silent:
        return "失联，将退回排队"
    return STATUS.get(one.status or "", STATES_ZH[one.state])


def moment(seconds: float | None) -> str:
    """A time of the store on the clock of this place."""
    if seconds is None:
        return ""
    return datetime.datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")


def run_show(console: Console, url: str, run: int) -> None:
    """`qingdan runs show`"""
    store = opened(url)
    from ..scenarios.store_runs import show_run

    found = show_run(store, run)
    one = found.summary
    console.say(f"第 {one.id} 号测算　{one.title}　{_state(one)}")
    console.say(f"清单簿　{one.book_title}（{one.book[:12]}）")
    console.say(f"测算方案　{one.scenario_title or '（无）'}（{one.scenario[:12] or '不改变清单簿'}）")
    for base in found.lineage:
        console.say(f"　继承“{base['title'] or base['name']}”：{base['zh']}")
    if one.error:
        console.say(f"原因　{one.error}")
    kinds = [DECISIONS_ZH.get(row["kind"], "规则") for row in found.decisions]
    rows = [
        [kind, row["name"], row["reason"], row["basis"] or "（未写依据）", row["by"]]
        for kind, row in zip(kinds, found.decisions, strict=True)
    ]
    if rows:
        console.table("谁定了什么、为什么", ["类别", "内容", "理由", "依据", "经办"], rows)
    console.table(
        "经过", ["时间", "事项", "谁", "说明"],
        [[moment(row["at"]), EVENTS_ZH.get(row["kind"], row["kind"]), row["who"], row["note"]] for row in found.events],
    )  # fmt: skip
    console.done({"store": store.url, **found.told()}, "、".join(found.files))


def run_remove(console: Console, url: str, numbers: Sequence[int], force: bool) -> None:
    """`qingdan runs rm`"""
    store = opened(url)
    from ..scenarios.store_runs import remove_run, show_run

    for number in numbers:  # nothing is removed where one is not there
        show_run(store, number)
    for number in numbers:
        remove_run(store, number, even_running=force)
    console.done({"store": store.url, "removed": list(numbers)}, f"已删除 {len(numbers)} 次测算")


def run_export(console: Console, url: str, run: int, out: Path, book: Path | None) -> None:
    """`qingdan runs export`"""
    from ..models.book import write_book
    from .steps import fit_for_run, fit_for_writing

    fit_for_run(out)
    if book is not None:
        fit_for_writing(book)
    store = opened(url)
    from ..scenarios.store_content import stored_book
    from ..scenarios.store_runs import export_run, show_run

    export_run(store, run, out)
    if book is not None:
        write_book(stored_book(store, show_run(store, run).summary.book), book)
    told = f"已写入 {out}" + (f"，清单簿写入 {book}" if book is not None else "")
    console.done({"store": store.url, "run": run, "out": str(out), "book": None if book is None else str(book)}, told)


def run_add(
    console: Console, url: str, path: Path, scenario_path: Path | None, by: str, **settings: Any
) -> None:  # fmt: skip
    """`qingdan runs add`"""
    from ..scenarios.single import methods

    if settings["method"] not in methods():
        raise Refusal(
            f"没有方法 {settings['method']}；可用：{'、'.join(methods())}",
            f"no method {settings['method']}; there are: {', '.join(methods())}",
        )
    book, read = read_both(path, scenario_path)
    store = opened(url, create=True)
    from ..scenarios.store_queue import Settings
    from ..scenarios.store_runs import show_run

    if settings["warm"] is not None and show_run(store, settings["warm"]).summary.state != "done":
        raise Refusal(f"第 {settings['warm']} 号测算尚无结果", f"run {settings['warm']} has no result yet")
    run = asked(store, book, read, Settings(**settings), person(by))
    console.done({"store": store.url, "run": run, "state": "queued"}, f"第 {run} 号测算已排队")


def asked(store: Store, book: Book, read: Layered, settings: Settings, by: str) -> int:
    """Put a run of a book under a scenario into the queue; gives its number."""
    from ..scenarios.store_content import add_book, add_scenario
    from ..scenarios.store_queue import queue

    sha256 = add_book(store, book, by=by)
    scenario = add_scenario(store, read.scenario, by=by, book=book, lineage=lineage_of(read, book))
    title = read.scenario.title or book.settings.title
    return queue(store, book=sha256, scenario=scenario, settings=settings, by=by, title=title)


def run_stop(console: Console, url: str, run: int, by: str) -> None:
    """`qingdan runs stop`"""
    store = opened(url)
    from ..scenarios.store_queue import ask_to_stop

    state = ask_to_stop(store, run, by=person(by))
    told = {"failed": "已取消", "running": "已要求停止，将交出目前最好的方案", "done": "早已完成"}[state]
    console.done({"store": store.url, "run": run, "state": state}, f"第 {run} 号测算{told}")


def run_work(console: Console, url: str, until_empty: bool, lease: float) -> None:
    """`qingdan runs work`"""
    store = opened(url, create=True)
    from ..scenarios.worker import work

    stop = threading.Event()
    handed: list[dict[str, Any]] = []

    def ask(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        console.progress("收到中断，手上的测算退回排队……（再按一次立即退出）", at_once=True)

    def done(held: Claim, run: Run | None) -> None:
        status = None if run is None else run.result["status"]
        handed.append({"run": held.run, "status": status})
        console.progress(f"第 {held.run} 号测算 {held.title}：{status or '未交出'}", at_once=True)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        delivered = work(store, lease=lease, until_empty=until_empty, stop=stop, done=done)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    console.done({"store": store.url, "delivered": delivered, "runs": handed}, f"完成 {delivered} 次测算")


@contextmanager
def kept(
    url: str | None, book: Book, read: Layered, by: str, interrupt: Any, settings: dict[str, Any]
) -> Iterator[Keeping | None]:
    """The run of `solve` in the store while it goes on; None without a store."""
    if url is None:
        yield None
        return
    store = opened(url, create=True)
    from ..scenarios.store_queue import Settings, claim, fail
    from ..scenarios.worker import holding, worker_name

    number = asked(store, book, read, Settings(**settings), person(by))
    held = claim(store, worker_name(), run=number)
    if held is None:  # another worker was quicker: it is solved there as well
        yield None
        return
    with holding(store, held, interrupt=interrupt) as keeper:
        try:
            yield Keeping(store, held, keeper)
        except Exception as error:
            fail(store, held, f"{type(error).__name__}: {error}")
            raise


class Keeping:
    """The run of `solve` in the hands of this process."""

    def __init__(self, store: Store, held: Claim, keeper: Holding) -> None:
        self.store, self.held, self.keeper = store, held, keeper

    def deliver(self, folder: Path, result: dict[str, Any]) -> bool:
        """Hand in the folder; False where another worker has the run by now."""
        from ..scenarios.store_queue import deliver

        return deliver(self.store, self.held, folder, result)
