"""Programs of instances, made once and kept in a folder."""

from __future__ import annotations

import json
import os
import time as clock
from dataclasses import asdict, dataclass
from math import floor
from pathlib import Path
from typing import Any

from ..solver.formats import save_problem
from .classic_catalogue import best_known
from .classic_family import Classic
from .classic_reading import InstanceError
from .own_process import RunFailed, in_own_process
from .problem_digest import problem_digest
from .recipes import Public
from .suites import SuiteInstance


@dataclass(frozen=True, slots=True)
class Prepared:
    """A program that lies in a file. `parts` points make one unit of the family's own value, `sense` is its own.

    `published_best` and `published_bound` are what others published, in points; None for what is made here.
    """

    id: str
    suite: str
    told: str
    growth: str
    digest: str
    options: int
    columns: int
    rows: int
    objectives: tuple[str, ...]
    sense: str
    parts: int
    seconds: float
    published_best: int | None = None
    published_bound: int | None = None
    published_by: str = ""

    def file(self, folder: Path) -> Path:
        """Where the program lies."""
        return problem_file(folder, self.id)


def problem_file(folder: Path, identifier: str) -> Path:
    """Where the program of an instance lies in a folder of instances."""
    return folder / f"{identifier}.npz"


def prepare(instance: SuiteInstance, folder: Path, data: Path | None) -> Prepared:
    """Make the program of an instance in a process of its own, unless the folder holds it already.

    Raises `InstanceError` where it cannot be made.
    """
    told = folder / f"{instance.id}.json"
    if told.is_file() and problem_file(folder, instance.id).is_file():
        held = json.loads(told.read_text(encoding="utf-8"))
        return Prepared(**{**held, "objectives": tuple(held["objectives"])})
    folder.mkdir(parents=True, exist_ok=True)
    try:
        prepared = in_own_process(_make, {"instance": instance, "folder": folder, "data": data})
    except RunFailed as error:
        raise InstanceError(f"无法生成算例 {instance.id}：{error}", f"{instance.id} cannot be made: {error}") from None
    if isinstance(prepared, tuple):
        raise InstanceError(*prepared)
    beside = told.with_name(f".{told.name}.part")
    beside.write_text(json.dumps(asdict(prepared), ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(beside, told)
    found: Prepared = prepared
    return found


def _make(*, instance: SuiteInstance, folder: Path, data: Path | None) -> Prepared | tuple[str, str]:
    """Make and save a program; what is wrong with the instance, in two languages, where it cannot be made."""
    began = clock.monotonic()
    sense, parts = "max", 1
    told: dict[str, Any] = {}
    try:
        if isinstance(instance.recipe, Public):
            problem, classic = instance.recipe.read(data)
            sense, parts = "max" if classic.maximise else "min", classic.parts
            told = _published(instance.recipe, classic)
        else:
            problem = instance.recipe.make(data)
    except InstanceError as error:
        return error.zh, error.en
    save_problem(problem, problem_file(folder, instance.id))
    return Prepared(
        id=instance.id,
        suite=instance.suite,
        told=instance.recipe.told(),
        growth=instance.growth,
        digest=problem_digest(problem),
        options=problem.options,
        columns=problem.options + problem.openings + problem.extras + problem.arcs,
        rows=problem.rows + problem.groups + problem.demands,
        objectives=tuple(objective.name for objective in problem.objectives),
        sense=sense,
        parts=parts,
        seconds=round(clock.monotonic() - began, 2),
        **told,
    )


def _published(recipe: Public, classic: Classic) -> dict[str, Any]:
    """The value that others published, in points of the program."""
    known = best_known(recipe.family, recipe.set, recipe.file)
    if known is None:
        return {}
    sign = classic.parts if classic.maximise else -classic.parts
    return {
        "published_best": floor(sign * known.best),
        "published_bound": None if known.bound is None else floor(sign * known.bound),  # every value is whole
        "published_by": known.source,
    }
