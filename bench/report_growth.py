"""The part of a report on growth: how time and memory rise with the size of the program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .comparison import FLOOR, Comparison
from .growth import LEAST_POINTS, Power, fitted_power
from .pictures import Look, growth_picture
from .report_parts import Block, Grid, Picture, Section, Words

Points = dict[str, list[tuple[float, float]]]


def growth_section(found: Comparison, look: Look) -> list[Section]:
    """Curves of time for every line of growth with three sizes or more, and of memory over all instances."""
    blocks: list[Block] = []
    rows: list[tuple[str, ...]] = []
    lines = dict.fromkeys(
        str(found.lines[found.methods[0], p]["growth"])
        for p in found.problems
        if found.lines[found.methods[0], p]["growth"]
    )
    for name in lines:
        times = _points(found, name, lambda curve, line: curve.seconds_to_plan(found.within))
        if len({size for held in times.values() for size, _ in held}) < LEAST_POINTS:
            continue
        fits = _fits(times)
        limit = max(curve.limit for curve in found.curves.values())
        what = f"seconds to {found.within:.2%} of the best known"
        blocks.append(
            Picture(f"growth-{name}", growth_picture(times, fits, look, what, limit),
                    f"算例组 {name}：达到已知最好值 {found.within:.2%} 以内的时间随规模的增长；未达到者无点。",
                    f"Suite {name}: time to {found.within:.2%} of the best known value over size; no point where it was not reached.")
        )  # fmt: skip
        rows += [(f"{name}, time", *_row(method, fits.get(method), times[method])) for method in found.methods]
    memory = _points(found, None, lambda curve, line: float(line["peak_memory_mb"] or 0) or None)
    fits = _fits(memory)
    blocks.append(
        Picture("memory", growth_picture(memory, fits, look, "megabytes at the highest"),
                "各次求解的内存峰值（含全部子进程）随规模的变化。", "Peak memory of each run with all its processes, over size.")
    )  # fmt: skip
    rows += [("memory", *_row(method, fits.get(method), memory[method])) for method in found.methods]
    blocks.append(
        Words("拟合：值 = 系数 × 规模^指数，对数最小二乘，95% 区间；少于三种规模者不拟合。",
              "Fit: value = factor × size^power, least squares on logarithms, 95 % interval; not with fewer than three sizes.")
    )  # fmt: skip
    blocks.append(Grid(("增长 growth", "方法 method", "指数 power", "95 %", "点数 points"), tuple(rows), figures=2))
    return [Section("规模增长与内存", "Growth and memory", tuple(blocks))]


def _points(found: Comparison, name: str | None, measure: Callable[[Any, Any], float | None]) -> Points:
    out: Points = {method: [] for method in found.methods}
    for method in found.methods:
        for p in found.problems:
            line = found.lines[method, p]
            if name is not None and line["growth"] != name:
                continue
            value = measure(found.curves[method, p], line)
            if value is not None:
                out[method].append((float(line["options"]), max(FLOOR, value)))
        out[method].sort()
    return out


def _fits(points: Points) -> dict[str, Power]:
    fits = {m: fitted_power([size for size, _ in held], [value for _, value in held]) for m, held in points.items()}
    return {method: fit for method, fit in fits.items() if fit is not None}


def _row(method: str, fit: Power | None, points: list[tuple[float, float]]) -> tuple[str, ...]:
    if fit is None:
        return method, "–", "–", str(len(points))
    return method, f"{fit.exponent:.2f}", f"{fit.low:.2f} – {fit.high:.2f}", str(fit.points)
