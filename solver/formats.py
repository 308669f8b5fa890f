"""Files of a problem and its certificate: plain numeric arrays (.npz), MPS and LP.

Nothing is pickled. Files are written beside their place and renamed, so that none is ever half written.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .certificate import Certificate, CertificateError, StagePrices
from .leaves import Tree
from .model_file import write_lp, write_mps
from .problem import Objective, Problem
from .region_proofs import RegionProofs
from .sparse import Sparse
from .validity import ProblemError, check_problem

VERSION = 1
SPARSE = ("option_row", "opening_row", "extra_row", "option_spend", "opening_spend", "arc_row")
SCALARS = ("periods", "class_count")
ARRAYS = tuple(f.name for f in fields(Problem) if f.name not in (*SPARSE, *SCALARS, "objectives", "labels"))
REGION = "region_"  # before the parts of proofs by region
FLAGS = ("group_exact", "facility_occasional", "extra_whole")


def save_problem(problem: Problem, path: Path | str) -> None:
    """Write a problem as numeric arrays; labels go under `label_<name>`, objectives as `objective<k>_<part>`."""
    arrays: dict[str, NDArray[Any]] = {
        "version": np.array(VERSION, np.int64),
        "periods": np.array(problem.periods, np.int64),
        "class_count": np.array(problem.class_count, np.int64),
        "objective_name": np.array([objective.name for objective in problem.objectives], np.str_),
    }
    for number, objective in enumerate(problem.objectives):
        for part in ("option", "opening", "extra"):
            arrays[f"objective{number}_{part}"] = getattr(objective, part)
    for name in ARRAYS:
        arrays[name] = getattr(problem, name)
    for name in SPARSE:
        sparse: Sparse = getattr(problem, name)
        for part in ("start", "index", "amount"):
            arrays[f"{name}_{part}"] = getattr(sparse, part)
    for name, values in problem.labels.items():
        if values.dtype == object:
            raise TypeError(f"label {name} holds Python objects; use numbers or text")
        arrays[f"label_{name}"] = values
    _write(path, arrays)


def load_problem(path: Path | str) -> Problem:
    """Read and check a problem; raises `ProblemError` with every fault of its arrays."""
    arrays = _read(path)
    if arrays is None:
        raise ProblemError([f"{Path(path).name} is not a problem file of plain arrays"])
    faults = [] if _is_version(arrays) else [f"version: a problem of version {VERSION} is needed"]
    sparse_parts = [f"{name}_{part}" for name in SPARSE for part in ("start", "index", "amount")]
    needed = ("objective_name", *SCALARS, *ARRAYS, *sparse_parts)
    faults += [f"{name} is missing" for name in needed if name not in arrays]
    names = arrays["objective_name"].tolist() if "objective_name" in arrays else []
    parts = [f"objective{k}_{part}" for k in range(len(names)) for part in ("option", "opening", "extra")]
    faults += [f"{name} is missing" for name in parts if name not in arrays]
    numeric = [*ARRAYS, *parts, *sparse_parts]
    for name in (name for name in numeric if name in arrays):
        kind = np.bool_ if name in FLAGS else np.int64
        if arrays[name].dtype != kind or arrays[name].ndim != 1:
            faults.append(f"{name} must be a row of {np.dtype(kind).name}")
    faults += [f"{name} must be one whole number" for name in SCALARS if name in arrays and arrays[name].shape != ()]
    if faults:
        raise ProblemError(faults)
    loaded: dict[str, Any] = {name: int(arrays[name]) for name in SCALARS}
    loaded |= {name: arrays[name] for name in ARRAYS}
    for name in SPARSE:
        loaded[name] = Sparse(*(arrays[f"{name}_{part}"] for part in ("start", "index", "amount")))
    loaded["objectives"] = tuple(
        Objective(str(name), *(arrays[f"objective{k}_{part}"] for part in ("option", "opening", "extra")))
        for k, name in enumerate(names)
    )
    loaded["labels"] = {name.removeprefix("label_"): a for name, a in arrays.items() if name.startswith("label_")}
    problem = Problem(**loaded)
    check_problem(problem)
    return problem


def save_certificate(certificate: Certificate, path: Path | str) -> None:
    """Write a certificate as whole numbers: `stage`, `scale`, and by stage k `stage<k>_reached`, the prices and, where
    there is one, the parts of its tree (`stage<k>_tree_<part>`); proofs by region are `stage<k>_region_<part>`
    (`RegionProofs.arrays`).
    """
    arrays: dict[str, NDArray[Any]] = {
        "version": np.array(VERSION, np.int64),
        "stage": np.array([prices.stage for prices in certificate.stages], np.int64),
        "scale": np.array([prices.scale for prices in certificate.stages], np.int64),
    }
    for prices in certificate.stages:
        arrays[f"stage{prices.stage}_reached"] = np.array(prices.reached, np.int64)
        arrays[f"stage{prices.stage}_group_price"] = prices.group_price
        arrays[f"stage{prices.stage}_row_price"] = prices.row_price
        if prices.tree is not None:
            for part in fields(Tree):
                arrays[f"stage{prices.stage}_tree_{part.name}"] = getattr(prices.tree, part.name)
        if prices.regions is not None:
            named = prices.regions.arrays()
            arrays |= {f"stage{prices.stage}_{REGION}{name}": held for name, held in named.items()}
    _write(path, arrays)


def load_certificate(path: Path | str) -> Certificate:
    """Read a certificate; raises `CertificateError` where the file is not one."""
    arrays = _read(path)
    if arrays is None:
        raise CertificateError(f"{Path(path).name} is not a certificate file of plain arrays")
    if not _is_version(arrays):
        raise CertificateError(f"version: a certificate of version {VERSION} is needed")
    for name in ("stage", "scale"):
        held = arrays.get(name)
        if held is None or held.dtype != np.int64 or held.ndim != 1:
            raise CertificateError(f"{name} must be a row of 64-bit whole numbers")
    if len(arrays["stage"]) != len(arrays["scale"]):
        raise CertificateError("stage and scale must be of one length")
    stages = []
    for stage, scale in zip(arrays["stage"].tolist(), arrays["scale"].tolist(), strict=True):
        parts = {}
        for part in ("reached", "group_price", "row_price"):
            held = arrays.get(f"stage{stage}_{part}")
            if held is None or held.dtype != np.int64 or held.ndim != 1:
                raise CertificateError(f"stage{stage}_{part} must be a row of 64-bit whole numbers")
            parts[part] = held
        reached = tuple(parts["reached"].tolist())
        tree = _tree(arrays, f"stage{stage}_tree_")
        regions = _regions(arrays, f"stage{stage}_{REGION}")
        stages.append(StagePrices(stage, reached, scale, parts["group_price"], parts["row_price"], tree, regions))
    return Certificate(tuple(stages))


def _tree(arrays: Mapping[str, NDArray[Any]], prefix: str) -> Tree | None:
    """The tree of a stage, None where none of its parts is there."""
    parts = {part.name: arrays.get(prefix + part.name) for part in fields(Tree)}
    missing = [name for name, held in parts.items() if held is None]
    if len(missing) == len(parts):
        return None
    if missing:
        raise CertificateError(f"{prefix}{missing[0]} is missing")
    return Tree(**parts)  # type: ignore[arg-type]


def _regions(arrays: Mapping[str, NDArray[Any]], prefix: str) -> RegionProofs | None:
    """The proofs by region of a stage, None where none of their parts is there."""
    held = {name.removeprefix(prefix) for name in arrays if name.startswith(prefix)}
    if not held:
        return None
    for name in ("row", "group"):
        if name not in held:
            raise CertificateError(f"{prefix}{name} is missing")
    numbers = {name.split("_")[0] for name in held - {"row", "group"}}
    if numbers != {str(number) for number in range(len(numbers))}:
        raise CertificateError(f"{prefix}: trees are numbered {', '.join(sorted(numbers))}; they must rise from 0")
    trees = [_tree(arrays, f"{prefix}{number}_") for number in range(len(numbers))]
    return RegionProofs(
        arrays[f"{prefix}row"], arrays[f"{prefix}group"], tuple(tree for tree in trees if tree is not None)
    )


def export_model(problem: Problem, path: Path | str) -> None:
    """Write the first objective's program as MPS or LP, told from the ending of the name.

    An LP file states the maximisation. An MPS file holds the minimisation of minus the profit, because readers
    such as CBC take every MPS file for a minimisation: its optimum is minus that of the problem.
    """
    ending = Path(path).suffix
    if ending not in (".mps", ".lp"):
        raise ValueError(f"{Path(path).name}: the name must end in .mps or .lp")
    with _beside(path, ending) as temporary, temporary.open("w", encoding="ascii") as stream:
        (write_mps if ending == ".mps" else write_lp)(problem, stream)


@contextmanager
def _beside(path: Path | str, ending: str) -> Iterator[Path]:
    """A temporary name in the same folder, renamed to `path` if all went well."""
    target = Path(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=ending)
    os.close(handle)
    try:
        yield Path(name)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)  # a temporary file is private; the result is as any other file
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _write(path: Path | str, arrays: Mapping[str, NDArray[Any]]) -> None:
    with _beside(path, ".npz") as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)


def _read(path: Path | str) -> dict[str, NDArray[Any]] | None:
    try:
        with np.load(path, allow_pickle=False) as held:
            return {name: held[name] for name in held.files}
    except (ValueError, zipfile.BadZipFile, EOFError, AttributeError):
        return None


def _is_version(arrays: Mapping[str, NDArray[Any]]) -> bool:
    held = arrays.get("version")
    return held is not None and held.shape == () and held.dtype == np.int64 and int(held) == VERSION
