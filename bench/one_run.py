"""One run in a process of its own: `python -m qingdan.bench.one_run FOLDER`, told by `order.json` in the folder.

It reads the program and compiles kernels, says that it is ready (the clock of the harness begins), solves, and writes
`trace.jsonl` on the way and `plan.npz`, `certificate.npz` and last `answer.json`. What it says of itself is believed by nobody:
see `judged`.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time as clock
import traceback
from pathlib import Path
from typing import Any, Final

from ..solver.backends.missing import MissingSolver
from ..solver.events import Event
from ..solver.formats import load_problem, save_certificate
from ..solver.solution import Solution
from ..solver.solve import door, solve
from ..solver.stop import Stop
from .own_process import MEGABYTE, forget_peak, peak_memory
from .plan_files import save_plan

ORDER, READY, TRACE, PLAN, CERTIFICATE, ANSWER = (
    "order.json", "ready", "trace.jsonl", "plan.npz", "certificate.npz", "answer.json",
)  # fmt: skip
DIE_WITH_PARENT: Final = 1  # PR_SET_PDEATHSIG of Linux
SLACK: Final = 1024  # megabytes that may be reserved beyond the limit: what counts is what is used


def main(folder: Path) -> int:
    """Do what the order says; the exit code."""
    order = json.loads((folder / ORDER).read_text(encoding="utf-8"))
    _die_with_parent(int(order["parent"]))
    _limit_memory(float(order["memory"]))
    try:
        answer = _answer(folder, order)
    except MissingSolver as error:
        answer = {"missing": error.en}
    except MemoryError:
        answer = {"error": "MemoryError", "out_of_memory": True}
    except Exception as error:
        traceback.print_exc()
        answer = {"error": f"{type(error).__name__}: {error}"}
    beside = folder / f".{ANSWER}.part"
    beside.write_text(json.dumps(answer), encoding="utf-8")
    os.replace(beside, folder / ANSWER)
    return 0


def _answer(folder: Path, order: dict[str, Any]) -> dict[str, Any]:
    problem = load_problem(order["problem"])
    method = str(order["method"])
    if method == "auto" or door(method).compiled:
        from ..solver.warm_up import warm_up  # late: kernels are slow to import

        warm_up()
    forget_peak()
    with (folder / TRACE).open("w", encoding="ascii", buffering=1) as stream:
        began = clock.monotonic()

        def watch(event: Event) -> None:
            if event.objective is not None or event.bound is not None:
                row = [round(clock.monotonic() - began, 4), event.stage, event.objective, event.bound]
                stream.write(json.dumps(row) + "\n")

        (folder / READY).touch()
        stop = Stop(time=float(order["time"]), gap=float(order["gap"]))
        solution = solve(
            problem, method=method, stop=stop, seed=int(order["seed"]), threads=int(order["threads"]), watch=watch
        )
        seconds = clock.monotonic() - began
    memory = peak_memory()
    if solution.plan is not None:
        save_plan(solution.plan, folder / PLAN)
    if solution.certificate is not None:
        save_certificate(solution.certificate, folder / CERTIFICATE)
    return {**_told(solution), "seconds": round(seconds, 4), "memory": memory}


def _told(solution: Solution) -> dict[str, Any]:
    return {
        "status": solution.status.value,
        "stopped": solution.stopped.value,
        "resolved": solution.method,
        "work": solution.work,
        "method_error": solution.error,
        "stages": [[one.name, one.objective, one.bound, one.certified_bound] for one in solution.stages],
    }


def _die_with_parent(parent: int) -> None:
    """A harness that is killed leaves nobody behind (Linux; elsewhere the next harness ends what it finds)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the call
            os._exit(1)


def _limit_memory(limit: float) -> None:
    """A second fence behind the harness that looks on: the system refuses what goes far beyond the limit at once."""
    try:
        import resource  # late: there is none on Windows
    except ImportError:
        return
    most = round((limit + SLACK) * MEGABYTE)
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
