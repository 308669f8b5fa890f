"""What a target is: measurements of which it consists, and what is found from their figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .generated_problems import Source

Figures = dict[str, Any]
"""Numbers by name, such as JSON can hold; a measurement that failed has `error` alone."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the targets are measured this time.

    `time_scale` multiplies every time limit (1 for a measurement that counts), `folder` holds the programs of generated books,
    `data` the public instances, `every_file` takes all of a set instead of the sample.
    """

    folder: Path
    time_scale: float = 1.0
    threads: int = 2
    data: Path | None = None
    every_file: bool = False

    def seconds(self, limit: float) -> float:
        """A time limit as it is used this time."""
        return limit * self.time_scale


@dataclass(frozen=True, slots=True)
class Part:
    """One measurement: a function of `measured_runs` with its arguments, the books it needs, and the seconds after which
    it is ended by force."""

    name: str
    function: Callable[..., Figures]
    arguments: Mapping[str, Any]
    books: tuple[Source, ...] = ()
    patience: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What the parts of a row amount to: figures, the same in a phrase, and whether the target is met (None: no target)."""

    measured: Mapping[str, float | int | str | None]
    phrase: str
    met: bool | None


@dataclass(frozen=True, slots=True)
class Row:
    """A target by its id. `not_run` is the reason for which it cannot be measured here, "" where it can."""

    id: str
    what: str
    target: str
    parts: tuple[Part, ...]
    find: Callable[[Mapping[str, Figures]], Finding]
    not_run: str = ""


def patience(limit: float, communities: int = 0) -> float:
    """Seconds that a measurement with this time limit may take in all; reading and proving grow with the size."""
    return 3 * limit + 600 + communities / 10


def percent(share: float | None, digits: int = 3) -> str:
    """A share as text; a dash for none."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def failures(runs: Mapping[str, Figures]) -> str:
    """What failed, as an ending for the phrase of a finding."""
    failed = [f"{name}: {figures['error']}" for name, figures in runs.items() if "error" in figures]
    return f"; failed – {'; '.join(failed)}" if failed else ""
