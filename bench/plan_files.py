"""Files of plans: what is taken in packed bits, amounts as they are; nothing is pickled, none is half written."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np

from ..solver.solution import Plan


class PlanFileError(ValueError):
    """A file holds no plan."""


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan beside its place, then rename it."""
    beside = path.with_name(f".{path.name}.part")
    with beside.open("wb") as stream:
        np.savez_compressed(
            stream,
            allow_pickle=False,
            sizes=np.array([len(plan.option), len(plan.opening)], np.int64),
            option=np.packbits(plan.option),
            opening=np.packbits(plan.opening),
            extra=np.asarray(plan.extra, np.float64),
            arc=np.asarray(plan.arc, np.float64),
        )
    os.replace(beside, path)


def load_plan(path: Path) -> Plan:
    """Read a plan; raises `PlanFileError` where the file holds none."""
    try:
        with np.load(path, allow_pickle=False) as held:
            options, openings = held["sizes"].tolist()
            option = np.unpackbits(held["option"], count=options).astype(np.bool_)
            opening = np.unpackbits(held["opening"], count=openings).astype(np.bool_)
            return Plan(option, opening, held["extra"].astype(np.float64), held["arc"].astype(np.float64))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise PlanFileError(f"{path.name} holds no plan: {error}") from None
