"""What a run gives back: the plan, the bounds, and why it stopped."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .certificate import Certificate

HEADLINE = "benefit"


class Status(StrEnum):
    """What is known of the program after the run."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    INTERRUPTED = "interrupted"  # stopped without a plan
    ERROR = "error"


class Stopped(StrEnum):
    """Why the run ended."""

    OPTIMAL = "optimal"
    GAP = "gap"
    TIME = "time"
    WORK = "work"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is taken: options and openings yes or no, extra columns and arcs with their amounts."""

    option: NDArray[np.bool_]
    opening: NDArray[np.bool_]
    extra: NDArray[np.float64]
    arc: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StageResult:
    """One stage of the objective, in whole points; bounds hold given the values of the earlier stages.

    `bound` is the best claim from any source, `certified_bound` what the certificate proves.
    """

    name: str
    objective: int | None
    bound: int | None
    certified_bound: int | None

    @property
    def gap(self) -> float | None:
        """Distance of plan and bound as a share of the bound; None without either."""
        return gap_between(self.objective, self.bound)

    @property
    def certified_gap(self) -> float | None:
        """The same against the certified bound."""
        return gap_between(self.objective, self.certified_bound)


@dataclass(frozen=True, slots=True)
class TracePoint:
    """Plan and bound of a stage at a moment of the run."""

    seconds: float
    stage: str
    objective: int | None
    bound: int | None


@dataclass(frozen=True, slots=True)
class Solution:
    """The result of a run; complete when given out, plan checked. `error` holds the words of a method that failed."""

    status: Status
    stopped: Stopped
    plan: Plan | None
    stages: tuple[StageResult, ...]
    seconds: float
    method: str
    seed: int
    work: int
    trace: tuple[TracePoint, ...] = ()
    certificate: Certificate | None = None
    error: str = ""

    @property
    def headline(self) -> StageResult | None:
        """The stage named "benefit" if there is one, else the last."""
        named = [stage for stage in self.stages if stage.name == HEADLINE]
        return named[0] if named else (self.stages[-1] if self.stages else None)

    @property
    def objective(self) -> int | None:
        """Value of the plan in the headline stage."""
        return self.headline.objective if self.headline else None

    @property
    def bound(self) -> int | None:
        """Bound of the headline stage."""
        return self.headline.bound if self.headline else None

    @property
    def gap(self) -> float | None:
        """Gap of the headline stage."""
        return self.headline.gap if self.headline else None

    @property
    def certified_bound(self) -> int | None:
        """Certified bound of the headline stage."""
        return self.headline.certified_bound if self.headline else None

    @property
    def certified_gap(self) -> float | None:
        """Certified gap of the headline stage."""
        return self.headline.certified_gap if self.headline else None


def gap_between(objective: int | None, bound: int | None) -> float | None:
    """|bound - objective| / max(1, |bound|), or None where one is missing."""
    if objective is None or bound is None:
        return None
    return abs(bound - objective) / max(1, abs(bound))
