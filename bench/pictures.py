"""Pictures of a report, each as the text of an SVG that needs nothing else: no script, no font, no network."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import TYPE_CHECKING, Any, Final

from .growth import Power
from .profiles import Profiles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito: told apart by people with any colour vision; strokes tell them apart in black and white too
COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D31")
STROKES: Final[tuple[Any, ...]] = (
    "-",
    (0, (5, 1.5)),
    (0, (1.5, 1.2)),
    (0, (6, 1.5, 1.2, 1.5)),
    (0, (3, 1)),
    "-.",
    ":",
    "--",
)
MARKS: Final = "osD^vP*X"
WIDTH: Final = 7.6  # inches; a page is as wide
INK, GRID = "#333333", "#dddddd"
UNREACHED: Final = 1.12  # where factors end on the right, as a power of the largest


@dataclass(frozen=True, slots=True)
class Look:
    """How each method is drawn, the same in every picture."""

    methods: tuple[str, ...]

    def of(self, method: str) -> dict[str, Any]:
        """Colour and stroke of a method."""
        at = self.methods.index(method)
        return {"color": COLOURS[at % len(COLOURS)], "linestyle": STROKES[at % len(STROKES)], "linewidth": 1.7}

    def mark(self, method: str) -> str:
        """The mark of a method's points."""
        return MARKS[self.methods.index(method) % len(MARKS)]


def profile_picture(found: Profiles, look: Look, what: str) -> str:
    """Performance profiles: share of problems over the factor of the best, the factor on a logarithmic scale."""
    figure, axes = _figure(3.6)
    end = max(2.0, found.largest) ** UNREACHED
    for method, steps in found.by_method.items():
        factors = [at for at, _ in steps] + [end]
        shares = [share for _, share in steps] + [steps[-1][1]]
        axes.step(factors, shares, where="post", label=method, **look.of(method))
    axes.set_xscale("log", base=2)
    axes.set_xlim(1, end)
    axes.set_ylim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel(f"factor of the best method's {what}")
    axes.set_ylabel("share of problems")
    _legend(axes)
    return _svg(figure)


def gap_picture(curves: Mapping[str, Sequence[tuple[float, float]]], limit: float, look: Look, what: str) -> str:
    """Mean gap over time: steps of seconds and gap for each method, both on logarithmic scales where they can be."""
    figure, axes = _figure(3.6)
    _gap_lines(axes, curves, limit, look)
    axes.set_xlabel("seconds")
    axes.set_ylabel(what)
    _legend(axes)
    return _svg(figure)


def gap_grid(
    panels: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]], limit: float, look: Look, what: str
) -> str:
    """The same for many instances side by side, with one legend."""
    from matplotlib.figure import Figure

    across = 3
    down = -(-len(panels) // across)
    figure = Figure(figsize=(WIDTH + 1.4, 1.75 * down + 0.7), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False, sharex=True)
    flat = [axes for row in grid for axes in row]
    for axes, (name, curves) in zip(flat, panels.items(), strict=False):
        _dress(axes)
        _gap_lines(axes, curves, limit, look)
        axes.set_title(name if len(name) <= 34 else f"{name[:33]}…", fontsize=7.5, color=INK, pad=3)
        axes.tick_params(labelsize=7)
    for axes in flat[len(panels) :]:
        axes.set_axis_off()
    handles, labels = flat[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside upper center",
        ncols=min(len(labels), 8),
        columnspacing=1.2,
        handlelength=2.2,
        frameon=False,
        fontsize=8,
    )
    figure.supxlabel("seconds", fontsize=8, color=INK)
    figure.supylabel(what, fontsize=8, color=INK)
    return _svg(figure)


def growth_picture(
    points: Mapping[str, Sequence[tuple[float, float]]],
    fits: Mapping[str, Power],
    look: Look,
    what: str,
    limit: float | None = None,
) -> str:
    """Time or memory over size on logarithmic scales, with the fitted power of each method; `limit` as a line above."""
    figure, axes = _figure(3.6)
    for method, held in points.items():
        style = look.of(method)
        label = f"{method}: power {fits[method].exponent:.2f}" if method in fits else method
        if held:
            sizes, values = zip(*held, strict=True)
            axes.plot(sizes, values, look.mark(method), color=style["color"], markersize=5, label=label)
        if method in fits and held:
            axes.plot(sizes, [fits[method].at(size) for size in sizes], **{**style, "linewidth": 1.2})
    if limit is not None:
        axes.axhline(limit, color=INK, linewidth=0.8)
        axes.annotate(
            "limit", (0.995, limit), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=7.5
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axes.xaxis.set_minor_formatter(lambda value, _: "")
    low, high = axes.get_ylim()
    # within a decade or two the numbers between are needed to read anything
    axes.yaxis.set_minor_formatter(lambda value, _: f"{value:g}" if high < 30 * low else "")
    axes.tick_params(which="minor", labelsize=7.5, colors=INK)
    axes.set_xlabel("options of the program")
    axes.set_ylabel(what)
    _legend(axes)
    return _svg(figure)


def _gap_lines(axes: Axes, curves: Mapping[str, Sequence[tuple[float, float]]], limit: float, look: Look) -> None:
    positive = [gap for steps in curves.values() for _, gap in steps if gap > 0]
    least = 10.0 ** max(-5, floor(log10(min(positive, default=1e-3))))  # a decade: no tick stands too near to 0
    for method, steps in curves.items():
        seconds = [max(at, limit / 1000) for at, _ in steps] + [limit]
        gaps = [gap for _, gap in steps] + [steps[-1][1]]
        axes.step(seconds, gaps, where="post", label=method, **look.of(method))
    axes.set_xscale("log")
    axes.set_xlim(limit / 1000, limit)
    axes.set_yscale("symlog", linthresh=least, linscale=0.7)
    axes.set_ylim(-least * 0.25, 1.3)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_major_formatter(lambda value, _: "0" if value == 0 else f"{100 * value:g} %")


def _figure(height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.subplots()
    _dress(axes)
    return figure, axes


def _dress(axes: Axes) -> None:
    axes.grid(True, color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(INK)
    axes.tick_params(colors=INK, labelsize=8.5)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)


def _legend(axes: Axes) -> None:
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8.5, handlelength=2.6)


def _svg(figure: Figure) -> str:
    """The figure as SVG; the same figure gives the same text."""
    import matplotlib

    stream = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "qingdan", "svg.fonttype": "path"}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    return re.sub(r"\A.*?(?=<svg)", "", text, flags=re.S)
