"""When a run may end: by time, by gap, by work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stop:
    """The first of these that is reached ends the run; None stands for "never".

    `time` is in seconds, `gap` a share of the bound (0.001 is 0.1 %), `work` a number of steps that the method
    counts itself (search nodes for the general solvers): the same work gives the same plan on every machine.

    `patience` are seconds beyond `time` that a method may go on while it has no plan at all.
    """

    time: float | None = 60.0
    gap: float = 0.0
    work: int | None = None
    patience: float = 0.0

    def __post_init__(self) -> None:
        if self.time is not None and not self.time > 0:
            raise ValueError(f"time is {self.time}; it must be more than 0 seconds")
        if not self.patience >= 0:
            raise ValueError(f"patience is {self.patience}; it must be 0 or more seconds")
        if not 0 <= self.gap < 1:
            raise ValueError(f"gap is {self.gap}; it must be at least 0 and below 1 (0.001 is 0.1 %)")
        if self.work is not None and self.work < 0:
            raise ValueError(f"work is {self.work}; it must be 0 or more")
