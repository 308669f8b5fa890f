"""The fingerprint of a problem: two programs with the same numbers have the same, wherever they were made."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..solver.formats import ARRAYS, SCALARS, SPARSE
from ..solver.problem import Problem

LENGTH: Final = 16  # hexadecimal digits that are shown and stored


def problem_digest(problem: Problem) -> str:
    """The first digits of the SHA-256 of every number of the problem in little-endian order; labels do not count."""
    whole = hashlib.sha256()

    def add(name: str, values: NDArray[np.generic]) -> None:
        kind = "|b1" if values.dtype == np.bool_ else "<i8"
        whole.update(f"{name}:{len(values)}:{kind};".encode())
        whole.update(np.ascontiguousarray(values, kind).tobytes())

    for name in SCALARS:
        whole.update(f"{name}={getattr(problem, name)};".encode())
    for objective in problem.objectives:
        for part in ("option", "opening", "extra"):
            add(f"{objective.name}.{part}", getattr(objective, part))
    for name in ARRAYS:
        add(name, getattr(problem, name))
    for name in SPARSE:
        for part in ("start", "index", "amount"):
            add(f"{name}.{part}", getattr(getattr(problem, name), part))
    return whole.hexdigest()[:LENGTH]
