"""Single measurements, each made in a process of its own: a program solved, solved again, checked; a classic instance."""

from __future__ import annotations

import inspect
import time as clock
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..solver.certificate import Certificate, certified_bound
from ..solver.feasibility import violations
from ..solver.problem import Problem
from ..solver.solution import HEADLINE, Plan, Solution, gap_between
from ..solver.solve import door, solve
from ..solver.stop import Stop
from .classic_solving import load as load_instance
from .classic_solving import solve_instance
from .gap_over_time import common_gap, seconds_to, smallest, steps_of
from .generated_problems import Source, load
from .own_process import forget_peak, peak_memory

Figures = dict[str, Any]
"""Numbers by name, such as JSON can hold."""

SAME_GAP = 0.001  # what a changed program is solved to, from nothing and from the earlier plan


def solve_books(
    *, sources: Sequence[Source], folder: Path, method: str, seconds: float, gap: float, threads: int
) -> Figures:
    """Solve the program of one or several generated books; kernels are warm before the clock starts.

    The bound is recomputed by `certified_bound` after the clock has stopped.
    """
    problem = load(sources, folder)
    _warm_kernels(method)
    forget_peak()
    solution = solve(problem, method=method, stop=Stop(time=seconds, gap=gap), threads=threads)
    memory = peak_memory()
    return {
        **_figures_of(problem, solution),
        "memory_mb": memory,
        "limit_seconds": seconds,
        "options": problem.options,
        "steps": steps_of(solution.trace, _headline_name(problem)),
    }


def solve_again(*, before: Source, after: Source, folder: Path, seconds: float, threads: int) -> Figures:
    """Solve a program whose budgets have changed from nothing, and from the plan of the earlier program."""
    first, changed = load([before], folder), load([after], folder)
    _warm_kernels()
    forget_peak()
    stop = Stop(time=seconds, gap=SAME_GAP)
    earlier = solve(first, stop=stop, threads=threads)
    if earlier.plan is None:
        raise RuntimeError("the earlier program got no plan")
    cold = solve(changed, stop=stop, threads=threads)
    given = _earlier_result(earlier) if _same_columns(first, changed) else {}
    again = solve(changed, stop=stop, threads=threads, **given)
    stage = _headline_name(changed)
    curves = [steps_of(one.trace, stage) for one in (cold, again)]
    gap = common_gap(curves, SAME_GAP)
    return {
        "common_gap": gap,
        "cold_seconds": None if gap is None else seconds_to(curves[0], gap),
        "warm_seconds": None if gap is None else seconds_to(curves[1], gap),
        "cold_gap": smallest(curves[0]),
        "warm_gap": smallest(curves[1]),
        "plan_fits": bool(given) and not violations(changed, earlier.plan),
        "given": ", ".join(given) or "nothing: the columns differ",
        "seconds": earlier.seconds + cold.seconds + again.seconds,
        "memory_mb": peak_memory(),
    }


def check_certificate(*, source: Source, folder: Path, seconds: float, gap: float, threads: int) -> Figures:
    """How long it takes to recompute every certified bound in whole numbers, without compiled kernels."""
    problem = load([source], folder)
    _warm_kernels()
    solution = solve(problem, stop=Stop(time=seconds, gap=gap), threads=threads)
    certificate = solution.certificate
    if certificate is None:
        raise RuntimeError("the run brought no certificate")
    forget_peak()
    spent: dict[str, float] = {}
    same = True
    for prices in certificate.stages:
        began = clock.monotonic()
        bound = certified_bound(problem, certificate, prices.stage)
        spent[solution.stages[prices.stage].name] = round(clock.monotonic() - began, 3)
        same = same and bound == solution.stages[prices.stage].certified_bound
    return {
        **{f"{name}_seconds": value for name, value in spent.items()},
        "check_seconds": round(sum(spent.values()), 3),
        "solve_seconds": solution.seconds,
        "same_bounds": same,
        "options": problem.options,
        "seconds": round(sum(spent.values()), 3),
        "memory_mb": peak_memory(),
    }


def solve_classic(
    *, file: str, family: str, folder: str, data: Path | None, method: str, seconds: float, threads: int
) -> Figures:
    """Solve one public instance; gaps are to the best known value (above 0: worse) and to the own certified bound."""
    instance = load_instance(file, family, set=folder or None, data=data)
    _warm_kernels(method)
    forget_peak()
    answer = solve_instance(instance, method=method, time=seconds, threads=threads)
    figures: Figures = {
        "status": answer.status,
        "objective": None if answer.objective is None else float(answer.objective),
        "certified_bound": None if answer.certified_bound is None else float(answer.certified_bound),
        "certified_gap": answer.certified_gap,
        "gap": answer.gap,
        "proven": answer.objective is not None and answer.objective == answer.certified_bound,
        "seconds": answer.solution.seconds,
        "limit_seconds": seconds,
        "memory_mb": peak_memory(),
        "best_known": None if answer.known is None else float(answer.known.best),
        "gap_to_best": None,
    }
    if answer.faults:
        raise RuntimeError(f"the plan breaks rules: {'; '.join(answer.faults[:3])}")
    if answer.known is not None and answer.objective is not None:
        worse = (
            answer.known.best - answer.objective if instance.classic.maximise else answer.objective - answer.known.best
        )
        figures["gap_to_best"] = float(worse / max(Fraction(1), abs(answer.known.best)))
    return figures


def _warm_kernels(method: str = "auto") -> None:
    """Compile what the method needs, so that no clock counts it."""
    if method == "auto" or door(method).compiled:
        from ..solver.warm_up import warm_up  # late: kernels are slow to import

        warm_up()


def _figures_of(problem: Problem, solution: Solution) -> Figures:
    certified: int | None = None
    names = [objective.name for objective in problem.objectives]
    stage = names.index(_headline_name(problem))
    proofs = solution.certificate
    if proofs is not None and any(prices.stage == stage for prices in proofs.stages):
        certified = _recomputed(problem, proofs, stage)
    return {
        "status": solution.status.value,
        "stopped": solution.stopped.value,
        "method": solution.method,
        "objective": solution.objective,
        "certified_bound": certified,
        "certified_gap": gap_between(solution.objective, certified),
        "gap": solution.gap,
        "seconds": round(solution.seconds, 3),
    }


def _recomputed(problem: Problem, certificate: Certificate, stage: int) -> int:
    """The certified bound once more: plain for a plain certificate, compiled where it has many cases."""
    if certificate.of_stage(stage).tree is None:
        return certified_bound(problem, certificate, stage)
    from ..solver.exact_walk import fast_roots

    return certified_bound(problem, certificate, stage, settle=fast_roots)


def _headline_name(problem: Problem) -> str:
    names = [objective.name for objective in problem.objectives]
    return HEADLINE if HEADLINE in names else names[-1]


def _same_columns(one: Problem, two: Problem) -> bool:
    return (one.options, one.openings, one.extras, one.arcs) == (two.options, two.openings, two.extras, two.arcs)


def _earlier_result(earlier: Solution) -> dict[str, Any]:
    """What `solve` accepts of an earlier run: its plan, and its prices where the door has a place for them."""
    given: dict[str, Any] = {}
    plan: Plan | None = earlier.plan
    if plan is not None:
        given["warm"] = plan
    accepted = inspect.signature(solve).parameters.get("prices")
    if accepted is not None and "Certificate" in str(accepted.annotation) and earlier.certificate is not None:
        given["prices"] = earlier.certificate
    return given
