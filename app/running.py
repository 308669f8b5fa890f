"""Long work shows itself: progress on stderr, Ctrl-C keeps the best plan, and the result in a few sentences."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from .console import Console

if TYPE_CHECKING:
    from ..models.plan import ProjectPlan
    from ..scenarios.single import Event, Interrupt

PHASES = {
    "read": "读取清单簿", "checkup": "专项体检", "match": "匹配资源", "formulate": "建立模型", "start": "开始求解",
    "kernels": "准备计算内核（本机首次运行须编译约一分钟）",
    "prices": "计算价格与上限", "search": "搜索方案", "first plan": "寻找任一可行方案", "stage": "完成一级目标", "clash": "查找互相冲突的条件",
    "plan": "编制项目清单与资金筹措",
}  # fmt: skip
SHOWN = 20  # conditions of a clash
STAGES = {"safety": "安全需求", "benefit": "成效", "cost": "节约投入", "": ""}
STATUS = {
    "optimal": "已证明最优", "feasible": "已得方案", "infeasible": "条件互相冲突、无法成案", "interrupted": "中止，尚无方案", "error": "求解出错",
}  # fmt: skip
STOPPED = {"optimal": "已最优", "gap": "达到差距要求", "time": "到时", "work": "达到工作量", "user": "人工中止"}


@contextmanager
def watched(console: Console) -> Iterator[tuple[Callable[[Event], None], Interrupt]]:
    """A watcher that writes progress to stderr, and an interrupt that Ctrl-C sets; a second Ctrl-C ends at once."""
    from ..scenarios.single import Interrupt

    interrupt = Interrupt()

    def stop(number: int, frame: FrameType | None) -> None:
        if interrupt.is_set:
            raise KeyboardInterrupt
        interrupt.set()
        console.progress("收到中断，保留目前最好的方案……（再按一次立即退出）", at_once=True)

    def watch(event: Event) -> None:
        parts = [f"{event.seconds:6.1f}秒", PHASES.get(event.phase, event.phase), STAGES.get(event.stage, event.stage)]
        if event.objective is not None:
            parts.append(f"方案 {event.objective:,}")
        if event.bound is not None:
            parts.append(f"上限 {event.bound:,}")
        if event.objective is not None and event.bound is not None:
            parts.append(f"差距 {abs(event.bound - event.objective) / max(1, abs(event.bound)):.2%}")
        console.progress("  ".join(part for part in parts if part), at_once=event.phase not in ("search", "prices"))

    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, stop)
    try:
        yield watch, interrupt
    finally:
        signal.signal(signal.SIGINT, before)


def describe(result: Mapping[str, Any], plan: ProjectPlan | None) -> list[str]:
    """The result in a few sentences for people."""
    lines = [f"{STATUS[result['status']]}（{STOPPED[result['stopped']]}，{result['seconds']:.1f}秒）"]
    if plan is None:
        return [*lines, *_why_no_plan(result)]
    met = plan.components.filter(plan.components["need_id"] != "").get_column("need_id").n_unique()
    yuan = plan.projects["cost_yuan"].sum()
    lines.append(
        f"测算稿：项目 {plan.projects.height} 个，涉及需求 {met} 条，总投资 {yuan / 10_000:,.2f} 万元；本轮未纳入 {plan.unmet.height} 条"
    )
    if result["certified_gap"] is not None:
        lines.append(f"与理论最优差距：计算误差 ≤ {result['certified_gap']:.2%}（不含数据误差；上限可由独立复核验证）")
    elif result["gap"] is not None:
        lines.append(f"与理论最优差距：计算误差 ≤ {result['gap']:.2%}（不含数据误差；上限为求解器所称，未经复核）")
    return lines


def _why_no_plan(result: Mapping[str, Any]) -> list[str]:
    """The conditions that clash, or that none is known to."""
    clash, note = result["clash"], result["clash_note_zh"]
    lines = ["冲突条件："] if clash else []
    lines += [f"　{number}. {condition['zh']}" for number, condition in enumerate((clash or [])[:SHOWN], start=1)]
    if clash and len(clash) > SHOWN:
        lines.append(f"　……另有 {len(clash) - SHOWN} 条，见 result.json 的 clash")
    return [*lines, note]
