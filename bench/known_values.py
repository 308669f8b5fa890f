"""What all runs together, the records and publications know of an instance, and whose claims that contradicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .judged import WRONG, Verdict
from .records import RecordOf

COUNTED = (Verdict.SOUND, Verdict.NO_PLAN, Verdict.INFEASIBLE)
"""Verdicts of runs whose traces and claims are compared."""


@dataclass(frozen=True, slots=True)
class Known:
    """The best plan (its value, the values of objectives before it, who found it) and the best proven bound for these."""

    best: int | None
    earlier: tuple[int, ...]
    best_by: str
    bound: int | None
    checked: bool = True  # a plan was seen here; else the value is only published

    @property
    def proven(self) -> bool:
        """Whether nothing better can exist."""
        return self.best is not None and self.best == self.bound


def known_of(runs: Iterable[Mapping[str, Any]], told: Mapping[str, Any], record: RecordOf | None = None) -> Known:
    """The best of all sources; `told` is what is kept of the instance, with what others published.

    Plans of runs that went wrong otherwise count as well, once they passed the check.
    """
    runs = list(runs)
    plans = [
        ((*(run["earlier"] or ()), run["objective"]), f"{run['method']} {run['seed']}")
        for run in runs
        if run["objective"] is not None
    ]
    if record is not None and record.ranked is not None:
        plans.append((record.ranked, f"{record.best_by} (record)"))
    best, by = max(plans, key=lambda plan: plan[0], default=((), ""))
    checked = bool(best)
    published = told.get("published_best")
    if published is not None and (not best or published > best[-1]):
        best, by, checked = (published,), str(told["published_by"]), False
    earlier = tuple(best[:-1])
    bounds = [
        run["certified_bound"]
        for run in runs
        if run["certified_bound"] is not None and tuple(run["earlier"] or ()) == earlier and run["verdict"] not in WRONG
    ]
    if record is not None and record.bound is not None and record.earlier == earlier:
        bounds.append(record.bound)
    if told.get("published_bound") is not None:
        bounds.append(told["published_bound"])
    return Known(best[-1] if best else None, earlier, by, min(bounds, default=None), checked)


def contradicted(run: Mapping[str, Any], known: Known) -> tuple[Verdict, str] | None:
    """The verdict on a run whose claim a known plan refutes; None for one that stands."""
    if known.best is None:
        return None
    who = known.best_by if known.checked else f"published: {known.best_by}"
    if run["verdict"] == Verdict.INFEASIBLE:
        return Verdict.WRONG_INFEASIBLE, f"a plan worth {known.best} is known ({who})"
    if run["verdict"] not in (Verdict.SOUND, Verdict.NO_PLAN) or run["bound"] is None:
        return None
    earlier = run["earlier"]
    if earlier is None:
        if known.earlier:
            return None  # for which earlier values the bound would hold is not known
        earlier = ()
    holds_for_it = all(mine <= its for mine, its in zip(earlier, known.earlier, strict=True))
    if holds_for_it and run["bound"] < known.best:
        claim = "optimal" if run["status"] == "optimal" else "a bound"
        return Verdict.WRONG_BOUND, f"claims {claim} at {run['bound']}; a plan worth {known.best} is known ({who})"
    return None


def behind(run: Mapping[str, Any], known: Known) -> bool:
    """Whether a plan is worse in an objective that comes before the compared one, so that its value does not count."""
    return run["objective"] is not None and tuple(run["earlier"] or ()) < known.earlier
