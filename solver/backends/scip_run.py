"""SCIP through PySCIPOpt on plain arrays: one MIP run."""

from __future__ import annotations

import time as clock
from contextlib import suppress
from typing import Any

import numpy as np
import pyscipopt as _pyscipopt

from ..matrix import Matrix
from ..solution import Stopped
from .general import Float, Halted, in_thread, is_loose, reason
from .outcome import Limits, Report, Search, timed

pyscipopt: Any = _pyscipopt  # its classes carry no types

EVERY = 0.5  # seconds between two reports
ENDS = {
    "optimal": Stopped.OPTIMAL,
    "gaplimit": Stopped.GAP,
    "timelimit": Stopped.TIME,
    "nodelimit": Stopped.WORK,
    "totalnodelimit": Stopped.WORK,
    "userinterrupt": Stopped.USER,
}


def search(matrix: Matrix, start: Float | None, limits: Limits, report: Report | None, halted: Halted | None) -> Search:
    """One MIP run; `halted` is asked now and then whether to end."""
    began = clock.monotonic()
    model = pyscipopt.Model()
    model.hideOutput()
    columns = _pass_matrix(model, matrix, halted)
    if columns is None:
        return Search(Stopped.USER, None, -np.inf, np.inf)
    if start is not None:
        given = model.createOrigSol()
        for column in np.flatnonzero(start).tolist():
            model.setSolVal(given, columns[column], float(start[column]))
        model.addSol(given, free=True)
    limits = timed(limits, began)
    model.setParams(_settings(matrix, limits))

    def run(tell: Report) -> Search:
        listener = _Listener(tell, columns)
        model.includeEventhdlr(listener, "progress", "tells of new plans and bounds")
        model.optimizeNogil()
        return _found(model, matrix, columns)

    def cut() -> None:
        with suppress(Exception):  # too early or too late to be asked
            model.interruptSolve()

    found = in_thread(run, cut, limits, report, halted)
    stopped = reason(found.stopped, halted)
    return found if stopped is found.stopped else Search(stopped, found.values, found.value, found.bound, found.nodes)


def _settings(matrix: Matrix, limits: Limits) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "misc/catchctrlc": False,
        "timing/clocktype": 2,  # seconds on the wall
        "randomization/randomseedshift": limits.seed,
        "limits/gap": limits.relative_gap,
        "limits/absgap": 1e-6 if is_loose(matrix) else 0.999,
        "numerics/feastol": 1e-7,
    }
    if limits.time is not None:
        settings["limits/time"] = max(0.1, limits.time)
    if limits.nodes is not None:
        settings["limits/totalnodes"] = limits.nodes
    return settings


def _pass_matrix(model: Any, matrix: Matrix, halted: Halted | None) -> list[Any] | None:
    """Hand the program over; gives back its columns, or None if halted on the way."""
    columns = []
    for low, high, whole, profit in zip(
        matrix.lower.tolist(), matrix.upper.tolist(), matrix.whole.tolist(), matrix.profit.tolist(), strict=True
    ):
        kind = "C" if not whole else "B" if (low, high) == (0.0, 1.0) else "I"
        columns.append(model.addVar(vtype=kind, lb=low, ub=high if np.isfinite(high) else None, obj=profit))
    model.setMaximize()
    order = np.argsort(matrix.index, kind="stable")
    owner = np.repeat(np.arange(matrix.columns), np.diff(matrix.start))[order].tolist()
    value = matrix.value[order].tolist()
    begin = np.searchsorted(matrix.index[order], np.arange(matrix.rows + 1)).tolist()
    lower, upper = matrix.row_lower.tolist(), matrix.row_upper.tolist()
    for row in range(matrix.rows):
        if row % 1000 == 0 and halted is not None and halted():
            return None
        if begin[row] == begin[row + 1] or (np.isinf(lower[row]) and np.isinf(upper[row])):
            continue
        terms = pyscipopt.quicksum(value[at] * columns[owner[at]] for at in range(begin[row], begin[row + 1]))
        model.addCons(
            pyscipopt.scip.ExprCons(
                terms,
                lower[row] if np.isfinite(lower[row]) else None,
                upper[row] if np.isfinite(upper[row]) else None,
            )
        )
    return columns


class _Listener(pyscipopt.Eventhdlr):  # type: ignore[misc]
    """Reports new plans and, now and then, the bound."""

    def __init__(self, tell: Report, columns: list[Any]) -> None:
        self.tell, self.columns, self.said, self.news = tell, columns, -np.inf, False

    def eventinit(self) -> None:
        """Subscribe."""
        for kind in (pyscipopt.SCIP_EVENTTYPE.BESTSOLFOUND, pyscipopt.SCIP_EVENTTYPE.NODESOLVED):
            self.model.catchEvent(kind, self)

    def eventexit(self) -> None:
        """Unsubscribe."""
        for kind in (pyscipopt.SCIP_EVENTTYPE.BESTSOLFOUND, pyscipopt.SCIP_EVENTTYPE.NODESOLVED):
            self.model.dropEvent(kind, self)

    def eventexec(self, event: Any) -> None:
        """Called by SCIP at every event."""
        self.news = self.news or event.getType() == pyscipopt.SCIP_EVENTTYPE.BESTSOLFOUND
        now = clock.monotonic()
        if now - self.said < EVERY and not self.news:
            return
        values = None
        best = self.model.getBestSol() if self.news and self.model.getNSols() else None
        if best is not None and (now - self.said >= EVERY or len(self.columns) < 1000):
            values, self.news = np.array([best[column] for column in self.columns]), False
        value = _finite(self.model, self.model.getPrimalbound(), -np.inf)
        self.tell(value, _finite(self.model, self.model.getDualbound(), np.inf), values)
        self.said = now


def _finite(model: Any, value: float, otherwise: float) -> float:
    return otherwise if model.isInfinity(abs(value)) else float(value)


def _found(model: Any, matrix: Matrix, columns: list[Any]) -> Search:
    status, nodes = model.getStatus(), int(model.getNTotalNodes())
    if status in ("infeasible", "inforunbd"):
        return Search(Stopped.OPTIMAL, None, -np.inf, np.inf, nodes, infeasible=True)
    values, value = None, -np.inf
    if model.getNSols():
        best = model.getBestSol()
        values = np.array([best[column] for column in columns])
        value = float(matrix.profit @ values)
    stopped = ENDS.get(status)
    bound = _finite(model, model.getDualbound(), np.inf)
    return Search(stopped or Stopped.TIME, values, value, bound, nodes, error="" if stopped else f"SCIP: {status}")
