"""problem.npz and certificate.npz as the checker reads them: plain arrays, held against each other before use."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .report import Findings

Arrays = Mapping[str, Any]
NONE = -1
UNLIMITED = -1

_SIZES = {
    "group": ("group_capacity", ("group_exact",)),
    "facility": (
        "facility_parent", ("facility_capacity", "facility_minimum", "facility_occasional", "facility_exclusion"),
    ),
    "opening": ("opening_facility", ("opening_period",)),
    "option": ("option_group", ("option_weight", "option_choice", "option_facility", "option_period", "option_size")),
    "extra": ("extra_lower", ("extra_upper", "extra_whole")),
    "portion": ("portion_class", ("portion_percent", "portion_floor")),
    "floor": ("floor_class", ("floor_percent",)),
    "arc": ("arc_demand", ("arc_portion", "arc_source")),
    "row": ("row_limit", ()),
    "demand": ("demand_class", ()),
}  # fmt: skip
_SPARSE = {
    "option_row": ("option", "row"), "opening_row": ("opening", "row"), "extra_row": ("extra", "row"),
    "option_spend": ("option", "demand"), "opening_spend": ("opening", "demand"), "arc_row": ("arc", "row"),
}  # fmt: skip
_POINTS = {
    "facility_parent": "facility", "opening_facility": "facility", "option_group": "group", "option_facility": "facility",
    "portion_floor": "floor", "arc_demand": "demand", "arc_portion": "portion", "arc_source": "row",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Program:
    """The arrays of a program and how many of each kind there are."""

    arrays: Arrays
    size: Mapping[str, int]

    def __getitem__(self, name: str) -> Any:
        return self.arrays[name]

    def entries(self, name: str, owner: int) -> list[tuple[int, int]]:
        """The entries of one owner of a sparse part: index and amount."""
        begin, end = self.arrays[f"{name}_start"][owner : owner + 2].tolist()
        index, amount = self.arrays[f"{name}_index"], self.arrays[f"{name}_amount"]
        return list(zip(index[begin:end].tolist(), amount[begin:end].tolist(), strict=True))

    def text(self, table: str, number: int) -> str:
        """One entry of a table of texts among the labels; empty for none."""
        return "" if number < 0 else str(self.arrays[f"label_{table}"][number])


def load(path: Path) -> dict[str, Any] | None:
    """All arrays of a file, or None where it cannot be read without running code."""
    try:
        with np.load(path, allow_pickle=False) as held:
            return {name: held[name] for name in held.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def read_program(folder: Path, findings: Findings) -> Program | None:
    """The program of a run; None, with the reason refused, where it is missing or ill-formed."""
    arrays = load(folder / "problem.npz")
    if arrays is None:
        findings.refuse("problem-unreadable", "problem.npz", "读不出", "cannot be read")
        return None
    wrong = _faults(arrays)
    for fault in wrong:
        findings.refuse("problem-invalid", "problem.npz", f"数组不合规:{fault}", fault)
    if wrong:
        return None
    return Program(arrays, {kind: len(arrays[name]) for kind, (name, _) in _SIZES.items()})


def _faults(arrays: Arrays) -> list[str]:
    names = [name for first, others in _SIZES.values() for name in (first, *others)]
    names += [f"{name}_{part}" for name in _SPARSE for part in ("start", "index", "amount")]
    names += ["objective_name", "objective_option", "objective_opening", "objective_extra"]
    missing = [name for name in names if name not in arrays]
    if missing:
        return [f"{name} is missing" for name in missing]
    faults = [
        f"{name} is not of whole numbers"
        for name in names
        if name != "objective_name" and arrays[name].dtype.kind not in "ib"
    ]
    size = {kind: len(arrays[name]) for kind, (name, _) in _SIZES.items()}
    for kind, (_, others) in _SIZES.items():
        faults += [f"{name} has the wrong length" for name in others if arrays[name].shape != (size[kind],)]
    for name, (owner, target) in _SPARSE.items():
        start, index, amount = (arrays[f"{name}_{part}"] for part in ("start", "index", "amount"))
        if len(start) != size[owner] + 1 or len(index) != len(amount) or start[0] != 0 or start[-1] != len(index):
            faults.append(f"{name} does not fit together")
        elif np.any(np.diff(start) < 0) or (len(index) and (index.min() < 0 or index.max() >= size[target])):
            faults.append(f"{name} points at nothing")
    for name, target in _POINTS.items():
        values = arrays[name]
        if len(values) and (values.min() < NONE or values.max() >= size[target]):
            faults.append(f"{name} points at nothing")
    stages = len(arrays["objective_name"])
    for kind in ("option", "opening", "extra"):
        if arrays[f"objective_{kind}"].shape != (stages, size[kind]):
            faults.append(f"objective_{kind} has the wrong shape")
    return faults
