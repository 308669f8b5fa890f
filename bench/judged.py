"""The judgement on one run: its plan checked from the program's file, its value worked out again, its proof recomputed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from ..solver.certificate import Certificate, CertificateError, certified_bound
from ..solver.formats import load_certificate, load_problem
from ..solver.problem import Problem
from ..solver.solution import HEADLINE, Plan
from .exact_check import Finding, examine
from .limited_process import Ended, EndedBy
from .one_run import ANSWER, CERTIFICATE, PLAN, READY, TRACE
from .plan_files import PlanFileError, load_plan

BROKEN_RULE: Final = "breaks a rule"  # as `solve` says it of a plan that a method gave


class Verdict(StrEnum):
    """What a run is. Only `sound`, `no_plan` and `infeasible` are honest answers within the limits."""

    SOUND = "sound"
    NO_PLAN = "no_plan"
    INFEASIBLE = "infeasible"
    WRONG_PLAN = "wrong_plan"
    WRONG_VALUE = "wrong_value"
    WRONG_BOUND = "wrong_bound"
    WRONG_CERTIFICATE = "wrong_certificate"
    WRONG_INFEASIBLE = "wrong_infeasible"
    OVERRAN = "overran"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    NOT_INSTALLED = "not_installed"
    NOT_LOADED = "not_loaded"


WRONG: Final = frozenset(verdict for verdict in Verdict if verdict.name.startswith("WRONG"))

Record = dict[str, Any]


def headline_number(problem: Problem) -> int:
    """The objective that is compared: "benefit" where there is one, else the last."""
    names = [objective.name for objective in problem.objectives]
    return names.index(HEADLINE) if HEADLINE in names else len(names) - 1


def judge(*, folder: Path, problem_file: Path, ended: Ended) -> Record:
    """What became of a run, from the files of its folder; every number in whole points of the program."""
    record: Record = {
        "verdict": None, "detail": "", "status": None, "stopped": None, "resolved": None, "work": None,
        "objective": None, "earlier": None, "bound": None, "certified_bound": None, "exact": None,
        "seconds": None if ended.seconds is None else round(ended.seconds, 4),
        "seconds_total": round(ended.seconds_total, 3), "peak_memory_mb": round(ended.peak_memory), "trace": [],
    }  # fmt: skip
    answer = _read(folder / ANSWER)
    problem = load_problem(problem_file)
    number = headline_number(problem)
    record["trace"] = _trace(folder / TRACE, problem.objectives[number].name)
    early = _without_answer(ended, answer, (folder / READY).exists())
    if early is not None or answer is None:
        record["verdict"], record["detail"] = early or (Verdict.CRASHED, "")
        record["detail"] = record["detail"] or _last_line(folder / "output.txt")
        return record
    record |= {name: answer.get(name) for name in ("status", "stopped", "resolved", "work")}
    record["seconds"] = answer["seconds"]
    record["peak_memory_mb"] = round(max(ended.peak_memory, answer.get("memory") or 0))
    record["verdict"], record["detail"] = _verdict(folder, problem, number, answer, record)
    return record


def _without_answer(ended: Ended, answer: Mapping[str, Any] | None, ready: bool) -> tuple[Verdict, str] | None:
    """The verdict on a run that gave no answer; None for one that did."""
    if ended.by is EndedBy.MEMORY:
        return Verdict.OUT_OF_MEMORY, f"ended by force at {ended.peak_memory:.0f} MB"
    if ended.by is EndedBy.TIME:
        return Verdict.OVERRAN, f"ended by force {ended.seconds:.1f} s after its clock began"
    if ended.by is EndedBy.LOADING:
        return Verdict.NOT_LOADED, f"not ready after {ended.seconds_total:.0f} s"
    if answer is None:
        return Verdict.CRASHED, f"the process ended with code {ended.code} and gave no answer"
    if "missing" in answer:
        return Verdict.NOT_INSTALLED, str(answer["missing"])
    if answer.get("out_of_memory"):
        return Verdict.OUT_OF_MEMORY, "the system refused more memory"
    if "error" in answer:
        return (Verdict.CRASHED if ready else Verdict.NOT_LOADED), str(answer["error"])
    return None


def _verdict(
    folder: Path, problem: Problem, number: int, answer: Mapping[str, Any], record: Record
) -> tuple[Verdict, str]:
    stages = {str(name): (objective, bound, certified) for name, objective, bound, certified in answer["stages"]}
    _, bound, certified = stages.get(problem.objectives[number].name, (None, None, None))
    record["bound"] = bound
    wrong_proof = _wrong_proof(folder, problem, number, certified)
    record["certified_bound"] = None if wrong_proof else certified
    method_error = str(answer.get("method_error") or "")
    if answer["status"] == "infeasible":
        return Verdict.INFEASIBLE, ""
    if not (folder / PLAN).exists():
        if BROKEN_RULE in method_error:
            return Verdict.WRONG_PLAN, method_error
        if answer["status"] == "error":
            return Verdict.CRASHED, method_error
        return Verdict.NO_PLAN, method_error
    try:
        plan = load_plan(folder / PLAN)
    except PlanFileError as error:
        return Verdict.WRONG_PLAN, str(error)
    found = checked(problem, plan)
    if found.faults:
        return Verdict.WRONG_PLAN, "; ".join(found.faults[:3])
    record["objective"], record["earlier"] = found.values[number], list(found.values[:number])
    record["exact"] = found.exact
    for name, (objective, _, _) in stages.items():
        at = [one.name for one in problem.objectives].index(name)
        if objective is not None and objective != found.values[at]:
            return Verdict.WRONG_VALUE, f"{name}: {objective} was claimed, the plan is worth {found.values[at]}"
    if wrong_proof:
        return Verdict.WRONG_CERTIFICATE, wrong_proof
    if bound is not None and bound < found.values[number]:
        return Verdict.WRONG_BOUND, f"the bound {bound} lies below the plan's own {found.values[number]}"
    if BROKEN_RULE in method_error:
        return Verdict.WRONG_PLAN, f"{method_error} (the plan before it is kept)"
    return Verdict.SOUND, method_error


def checked(problem: Problem, plan: Plan) -> Finding:
    """What an exact check finds; where the money is only near exact, it is solved anew for the same choices."""
    found = examine(problem, plan)
    if found.faults or found.exact:
        return found
    from ..solver.backends.highs import settled  # late: heavy

    again = settled(problem, plan)
    if again is None or (again.option != plan.option).any() or (again.opening != plan.opening).any():
        return found
    settled_finding = examine(problem, again)
    return settled_finding if settled_finding.exact and settled_finding.values == found.values else found


def _wrong_proof(folder: Path, problem: Problem, number: int, told: int | None) -> str:
    """What is wrong with the certificate, "" for nothing."""
    path = folder / CERTIFICATE
    if told is None:
        return ""
    if not path.exists():
        return "a certified bound was told without a certificate"
    try:
        certificate = load_certificate(path)
        bound = _recomputed(problem, certificate, number)
    except (CertificateError, OSError, KeyError, ValueError) as error:
        return f"the certificate cannot be read: {error}"
    return "" if bound == told else f"the certificate proves {bound}, told was {told}"


def _recomputed(problem: Problem, certificate: Certificate, number: int) -> int:
    if certificate.of_stage(number).tree is None:
        return certified_bound(problem, certificate, number)
    from ..solver.exact_walk import fast_roots  # late: compiled

    return certified_bound(problem, certificate, number, settle=fast_roots)


def _trace(path: Path, stage: str) -> list[list[Any]]:
    """Seconds, plan and bound of the compared objective, each time that one of them became better."""
    rows: list[list[Any]] = []
    objective: int | None = None
    bound: int | None = None
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return rows
    for line in lines:
        try:
            seconds, name, plan, limit = json.loads(line)
        except ValueError:
            break  # the run was ended while it wrote
        if name != stage:
            continue
        before = (objective, bound)
        if plan is not None and (objective is None or plan > objective):
            objective = plan
        if limit is not None and (bound is None or limit < bound):
            bound = limit
        if (objective, bound) != before:
            rows.append([seconds, objective, bound])
    return rows


def _read(path: Path) -> dict[str, Any] | None:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return held if isinstance(held, dict) else None


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:300] if lines else ""
