"""What a run tells while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened `seconds` after the start: a phase began, or a better plan or bound was found.

    `objective` and `bound` are those of the stage, in whole points; None where there is none yet.
    """

    phase: str
    seconds: float
    objective: int | None = None
    bound: int | None = None
    stage: str = ""


Watcher = Callable[[Event], None]


def silent(event: Event) -> None:
    """A watcher that ignores everything."""
