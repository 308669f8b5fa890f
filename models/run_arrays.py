"""`problem.npz` and `certificate.npz`: the program and its proof as plain arrays, readable with numpy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..solver.problem import Objective, Problem
from ..solver.solution import Solution
from ..solver.sparse import Sparse

Array = NDArray[np.generic]
Arrays = Mapping[str, NDArray[Any]]

LABEL = "label_"


def problem_arrays(problem: Problem) -> dict[str, Array]:
    """Every part of a problem under the name it has in `Problem`.

    Sparse parts are three arrays (`option_row_start`, `option_row_index`, `option_row_amount`); the objectives are
    `objective_name` and, one row a stage, `objective_option`, `objective_opening`, `objective_extra`.
    """
    out: dict[str, Array] = {}
    for part in fields(Problem):
        value = getattr(problem, part.name)
        if part.name == "labels":
            out |= {name if name.startswith(LABEL) else LABEL + name: _plain(array) for name, array in value.items()}
        elif part.name == "objectives":
            out["objective_name"] = np.array([stage.name for stage in value], dtype=np.str_)
            for name, size in (("option", problem.options), ("opening", problem.openings), ("extra", problem.extras)):
                rows = [getattr(stage, name) for stage in value]
                out[f"objective_{name}"] = np.array(rows, np.int64).reshape(len(value), size)
        elif isinstance(value, Sparse):
            for name in ("start", "index", "amount"):
                out[f"{part.name}_{name}"] = getattr(value, name)
        else:
            out[part.name] = np.asarray(value)
    return out


def problem_of(arrays: Arrays) -> Problem:
    """The problem that these arrays hold."""
    parts: dict[str, Any] = {}
    for part in fields(Problem):
        if part.name == "labels":
            parts["labels"] = {name: arrays[name] for name in arrays if name.startswith(LABEL)}
        elif part.name == "objectives":
            parts["objectives"] = tuple(
                Objective(
                    str(name),
                    arrays["objective_option"][number],
                    arrays["objective_opening"][number],
                    arrays["objective_extra"][number],
                )
                for number, name in enumerate(arrays["objective_name"])
            )
        elif f"{part.name}_start" in arrays:
            parts[part.name] = Sparse(*(arrays[f"{part.name}_{name}"] for name in ("start", "index", "amount")))
        elif part.name in ("periods", "class_count"):
            parts[part.name] = int(arrays[part.name])
        else:
            parts[part.name] = arrays[part.name]
    return Problem(**parts)


def certificate_arrays(solution: Solution) -> dict[str, Array] | None:
    """The prices of every certified stage, or None without a certificate.

    `stage` and `scale` have one element a stage with prices; the k-th of them has `reached_k`, `group_price_k`
    and `row_price_k`, where its proof has leaves the parts of the tree as `tree_k_<part>`, and where it is proved by region
    the region of every row and group as `region_k_row` and `region_k_group` with the trees as `region_k_<region>_<part>`.
    """
    if solution.certificate is None:
        return None
    stages = solution.certificate.stages
    out: dict[str, Array] = {
        "stage": np.array([prices.stage for prices in stages], np.int64),
        "scale": np.array([prices.scale for prices in stages], np.int64),
    }
    for number, prices in enumerate(stages):
        out[f"reached_{number}"] = np.array(prices.reached, np.int64)
        out[f"group_price_{number}"] = prices.group_price
        out[f"row_price_{number}"] = prices.row_price
        if prices.tree is not None:
            out |= {f"tree_{number}_{part.name}": getattr(prices.tree, part.name) for part in fields(prices.tree)}
        if prices.regions is not None:
            out |= {f"region_{number}_{name}": held for name, held in prices.regions.arrays().items()}
    return out


def _plain(array: Array) -> Array:
    """Text as fixed-width characters: an array of objects could not be read without running code."""
    array = np.asarray(array)
    return array.astype(np.str_) if array.dtype.kind == "O" else array
