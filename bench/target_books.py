"""The targets on generated books: gaps at time limits, growth, other solvers, solving again, checking."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from .gap_over_time import common_gap, exponent, seconds_to, smallest
from .generated_problems import PROVINCE, Source, provinces
from .machine import machine_gigabytes
from .measured_runs import SAME_GAP, check_certificate, solve_again, solve_books
from .target_rows import Figures, Finding, Part, Row, Settings, failures, patience, percent

OVER_TIME = 1.05  # a run that ends this little after its limit is still in time
NATION = 118_000
NATION_GIGABYTES = 16.0
Limits = tuple[tuple[float, float], ...]
LIMITS: Mapping[int, Limits] = {
    50: ((60, 0.001),),
    500: ((3, 0.005), (20, 0.001)),
    PROVINCE: ((30, 0.003), (60, 0.001), (300, 0.0005)),
    NATION: ((1200, 0.001),),
}
GROWTH_SIZES = (50, 100, 500, 1000, PROVINCE)
GROWTH_GAP, GROWTH_SECONDS, GROWTH_EXPONENT = 0.002, 120, 1.1
AGAINST_SIZE, AGAINST_GAP, AGAINST_SECONDS = 500, 0.005, 120
OTHERS = ("highs", "scip", "cpsat")
AGAIN_SIZE, AGAIN_SECONDS = 500, 60
CHECK_RUN, CHECK_SECONDS = 60, 60


def book_rows(settings: Settings) -> list[Row]:
    """Every row on generated books."""
    rows = [_plan(settings, size, _name(size)) for size in LIMITS]
    return [*rows, _growth(settings), _against(settings), _again(settings), _check(settings)]


def _name(size: int) -> str:
    return f"nation-{size}" if size == NATION else f"plan-{size}"


def _solve(settings: Settings, name: str, sources: tuple[Source, ...], method: str, seconds: float, gap: float) -> Part:
    arguments = {
        "sources": sources, "folder": settings.folder, "method": method, "seconds": settings.seconds(seconds),
        "gap": gap, "threads": settings.threads,
    }  # fmt: skip
    communities = sum(source.communities for source in sources)
    return Part(name, solve_books, arguments, sources, patience(seconds, communities))


def _plan(settings: Settings, size: int, name: str) -> Row:
    limits = LIMITS[size]
    sources = provinces(size)
    parts = tuple(_solve(settings, f"{seconds:g} s", sources, "auto", seconds, gap) for seconds, gap in limits)
    wanted = ", ".join(f"<= {percent(gap, 2)} in {seconds:g} s" for seconds, gap in limits)
    nation = size == NATION
    what = f"{size:,} communities" + (f", {len(sources)} provinces in one program" if nation else "")
    return Row(
        name, f"{what}: certified gap of the benefit at time limits", wanted + (", <= 16 GB" if nation else ""), parts,
        partial(_plan_found, limits, NATION_GIGABYTES if nation else None),
        not_run=_too_small() if nation else "",
    )  # fmt: skip


def _too_small() -> str:
    """Why the nation cannot be solved on this machine; "" where it can, or where the system does not tell."""
    held = machine_gigabytes()
    return "" if held is None or held >= NATION_GIGABYTES else f"the machine has {held:.0f} GB of memory"


def _plan_found(limits: Limits, gigabytes: float | None, runs: Mapping[str, Figures]) -> Finding:
    measured: dict[str, float | int | str | None] = {}
    phrases, met = [], True
    for seconds, wanted in limits:
        name = f"{seconds:g} s"
        run = runs[name]
        for key in ("certified_gap", "seconds", "memory_mb", "objective", "certified_bound", "status"):
            measured[f"{key} ({name})"] = run.get(key)
        gap, took = run.get("certified_gap"), run.get("seconds")
        in_time = took is not None and took <= OVER_TIME * run["limit_seconds"]
        met = met and gap is not None and gap <= wanted and in_time
        phrases.append(f"{percent(gap)} in {took:.1f} s" if took is not None else "no result")
        memory = run.get("memory_mb")
        if gigabytes is not None:
            met = met and memory is not None and memory <= 1024 * gigabytes
    return Finding(measured, ", ".join(phrases) + failures(runs), met)


def _growth(settings: Settings) -> Row:
    parts = tuple(
        _solve(settings, f"{size}", (Source(size),), "auto", GROWTH_SECONDS, GROWTH_GAP) for size in GROWTH_SIZES
    )
    return Row(
        "growth",
        f"exponent of the time to a gap of {percent(GROWTH_GAP, 1)} over {', '.join(f'{n:,}' for n in GROWTH_SIZES)} communities",
        f"<= {GROWTH_EXPONENT}",
        parts,
        _growth_found,
    )


def _growth_found(runs: Mapping[str, Figures]) -> Finding:
    curves = [run.get("steps", []) for run in runs.values()]
    gap = common_gap(curves, GROWTH_GAP)
    if gap is None:
        return Finding({"exponent": None}, "not every size reached a gap" + failures(runs), False)
    seconds = [seconds_to(curve, gap) or 0.0 for curve in curves]
    power = exponent([float(size) for size in runs], seconds)
    measured: dict[str, float | int | str | None] = {"exponent": round(power, 3), "gap": gap}
    measured |= {f"seconds ({size})": value for size, value in zip(runs, seconds, strict=True)}
    note = "" if gap <= GROWTH_GAP else f" (the smallest gap that all sizes reached; {percent(GROWTH_GAP, 1)} was not)"
    times = ", ".join(f"{size}: {value:.1f} s" for size, value in zip(runs, seconds, strict=True))
    return Finding(
        measured, f"{power:.2f} to a gap of {percent(gap)}{note}: {times}", power <= GROWTH_EXPONENT and not note
    )


def _against(settings: Settings) -> Row:
    source = (Source(AGAINST_SIZE),)
    parts = tuple(
        _solve(settings, method, source, method, AGAINST_SECONDS, AGAINST_GAP) for method in ("decomposition", *OTHERS)
    )
    return Row(
        "against",
        f"{AGAINST_SIZE} communities: time to a gap of {percent(AGAINST_GAP, 1)} (else the gap after {AGAINST_SECONDS} s) "
        f"against {', '.join(OTHERS)}",
        "sooner than each",
        parts,
        _against_found,
    )


def _against_found(runs: Mapping[str, Figures]) -> Finding:
    measured: dict[str, float | int | str | None] = {}
    phrases, times, gaps = [], {}, {}
    for method, run in runs.items():
        steps = run.get("steps", [])
        times[method], gaps[method] = seconds_to(steps, AGAINST_GAP), smallest(steps)
        measured[f"seconds to the gap ({method})"] = times[method]
        measured[f"gap ({method})"] = gaps[method]
        sooner = times[method]
        phrases.append(
            f"{method} {percent(gaps[method], 2)}" + (f" after {sooner:.1f} s" if sooner is not None else "")
        )
    own = times["decomposition"]
    compared = [method for method in OTHERS if "error" not in runs[method]]
    others = [times[method] for method in compared]
    met = own is not None and bool(compared) and all(other is None or own < other for other in others)
    return Finding(measured, ", ".join(phrases) + failures(runs), met)


def _again(settings: Settings) -> Row:
    before = Source(AGAIN_SIZE)
    parts = []
    for name, share in (("10 % more", 110), ("10 % less", 90)):
        after = Source(AGAIN_SIZE, percent=share)
        arguments = {
            "before": before, "after": after, "folder": settings.folder,
            "seconds": settings.seconds(AGAIN_SECONDS), "threads": settings.threads,
        }  # fmt: skip
        parts.append(Part(name, solve_again, arguments, (before, after), patience(3 * AGAIN_SECONDS, AGAIN_SIZE)))
    return Row(
        "resolve-500",
        "the budgets of the largest fund changed by 10 %: time to the same gap from the earlier plan and prices over that from "
        f"nothing (to {percent(SAME_GAP, 1)}, else the smallest that both reached)",
        "ratio < 1 either way",
        tuple(parts),
        _again_found,
    )


def _again_found(runs: Mapping[str, Figures]) -> Finding:
    measured: dict[str, float | int | str | None] = {}
    phrases, met = [], True
    for name, run in runs.items():
        cold, again = run.get("cold_seconds"), run.get("warm_seconds")
        ratio = None if cold is None or again is None else again / max(cold, 1e-3)
        for key in ("common_gap", "cold_seconds", "warm_seconds", "given", "plan_fits"):
            measured[f"{key} ({name})"] = run.get(key)
        measured[f"ratio ({name})"] = ratio
        met = met and ratio is not None and ratio < 1
        unfit = "" if run.get("plan_fits", True) else ", the earlier plan breaks the new limits"
        phrases.append(
            f"{name}: no common gap"
            if ratio is None
            else f"{name}: ratio {ratio:.2f} ({again:.1f} s / {cold:.1f} s to {percent(run['common_gap'])}{unfit})"
        )
    return Finding(measured, ", ".join(phrases) + failures(runs), met)


def _check(settings: Settings) -> Row:
    source = Source(PROVINCE)
    arguments = {
        "source": source, "folder": settings.folder, "seconds": settings.seconds(CHECK_RUN), "gap": 0.003,
        "threads": settings.threads,
    }  # fmt: skip
    return Row(
        "check-4600",
        f"{PROVINCE:,} communities: every certified bound recomputed in whole numbers, without compiled kernels",
        f"<= {CHECK_SECONDS} s, the same bounds",
        (Part("check", check_certificate, arguments, (source,), patience(CHECK_RUN, PROVINCE)),),
        _check_found,
    )


def _check_found(runs: Mapping[str, Figures]) -> Finding:
    run = runs["check"]
    if "error" in run:
        return Finding({}, f"no result{failures(runs)}", False)
    measured = {key: value for key, value in run.items() if key not in ("seconds", "memory_mb")}
    same = "the same bounds" if run["same_bounds"] else "other bounds than the run stated"
    took = run["check_seconds"]
    return Finding(measured, f"{took:.1f} s, {same}", bool(run["same_bounds"]) and took <= CHECK_SECONDS)
