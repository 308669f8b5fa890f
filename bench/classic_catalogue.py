"""Which instances there are, where they lie, and the best values that others have published for them."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from .classic_files import READERS
from .classic_location_files import LOCATION_SETS
from .classic_reading import InstanceError

VARIABLE: Final = "QINGDAN_BENCH"
USUAL: Final = Path("../shared/data/bench")
TABLES: Final = ("best_known", "best_known_elections")
# where the files of a family lie inside its folder, and what they are called
PLACES: Final = {
    "sscflp": tuple((name, "*") for name in LOCATION_SETS),
    "gap": (("cattrysse1994", "*"), ("chu1997", "*"), ("yagiura2004", "*")),
    "mkp": (("", "*.txt"),),
    "mmkp": (("", "*.txt"),),
    "nrp": (("", "*.txt"),),
    "pabulib": (("projects", "*.pb"), ("full", "*.pb")),
}


@dataclass(frozen=True, slots=True)
class BestKnown:
    """The best value published for an instance, in the family's own sense and unit, and how good any can be.

    `status` is `optimal` where the two are proved to be one, else `open`; `source` is explained in
    `docs/reference/classic.md`.
    """

    family: str
    set: str
    instance: str
    best: Fraction
    bound: Fraction | None
    status: str
    source: str


@dataclass(frozen=True, slots=True)
class Collection:
    """A set of a family: its files that were found, and for how many instances a value is known."""

    family: str
    set: str
    files: tuple[Path, ...]
    values: int


def data_folder(named: Path | None = None) -> Path | None:
    """The folder with the instances: the one named, else that of `QINGDAN_BENCH`, else the usual place; None without.

    Raises `InstanceError` where a folder is named and is none.
    """
    told = named or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if told is not None and not told.is_dir():
        raise InstanceError(f"没有文件夹 {told}", f"{told} is no folder")
    return told or (USUAL if USUAL.is_dir() else None)


def locate(file: str, family: str, named: Path | None = None, instance_set: str | None = None) -> tuple[Path, str]:
    """The path of an instance and what follows `#`.

    A path that is not there is sought in the folder with the instances too: as it is, in the folder of its family, then in
    those of its sets (in that of `instance_set` alone where it is told). Raises `InstanceError` where it is nowhere, or in
    several sets.
    """
    told, mark, part = file.rpartition("#") if "#" in Path(file).name else (file, "", "")
    if mark and not part:
        raise InstanceError(f"{file} 的 # 之后没有内容", f"nothing follows # in {file}")
    folder = data_folder(named)
    tried = [Path(told)] + ([] if folder is None else [folder / told, folder / family / told])
    for path in tried:
        if path.is_file():
            return path, part
    sets = [name for name in sets_of(family) if instance_set in (None, name)]
    found = [] if folder is None else [path for name in sets if (path := folder / family / name / told).is_file()]
    if len(found) > 1:
        several = ", ".join(path.parent.name for path in found)
        raise InstanceError(
            f"{told} 在多个算例集中：{several}；请用 --set 指明",
            f"{told} is in several sets: {several}; name one with --set",
        )
    if not found:
        raise InstanceError(f"找不到算例文件 {told}", f"there is no file {told}")
    return found[0], part


def sets_of(family: str) -> list[str]:
    """The sets of a family by name."""
    return [name for name, _ in PLACES[family] if name]


def refuse_unknown(family: str, instance_set: str | None) -> None:
    """Raise `InstanceError` for a family that is not read, and for a set that the family has not."""
    if family not in PLACES:
        known = ", ".join(PLACES)
        raise InstanceError(f"没有问题族 {family}；可用：{known}", f"no family {family!r}; there are: {known}")
    if instance_set is not None and instance_set not in sets_of(family):
        known = ", ".join(sets_of(family)) or "-"
        raise InstanceError(
            f"问题族 {family} 没有算例集 {instance_set}；可用：{known}",
            f"{family} has no set {instance_set!r}; there are: {known}",
        )


def set_by_folder(path: Path, family: str) -> str:
    """The set that the folder of a file names; "" where it names none."""
    folder = path.absolute().parent.name
    return folder if folder in sets_of(family) else ""


@cache
def best_known_values() -> tuple[BestKnown, ...]:
    """All values recorded with the package."""
    found = []
    for table in TABLES:
        text = files("qingdan.bench.data").joinpath(f"{table}.csv").read_text(encoding="utf-8")
        for row in csv.DictReader(text.splitlines()):
            bound = Fraction(Decimal(row["bound"])) if row["bound"] else None
            best = Fraction(Decimal(row["best"]))
            found.append(
                BestKnown(row["family"], row["set"], row["instance"], best, bound, row["status"], row["source"])
            )
    return tuple(found)


@cache
def _by_name() -> dict[tuple[str, str, str], BestKnown]:
    return {(one.family, one.set, one.instance): one for one in best_known_values()}


def best_known(family: str, instance_set: str, name: str) -> BestKnown | None:
    """The value recorded for an instance by its set and name; None where there is none."""
    held = _by_name()
    return held.get((family, instance_set, name)) or held.get((family, "", name))


def collections(named: Path | None = None) -> Iterator[Collection]:
    """Every set of every family, with the files that are there."""
    folder = data_folder(named)
    for family in READERS:
        for name, pattern in PLACES[family]:
            place = None if folder is None else folder / family / name
            held = () if place is None else tuple(sorted(path for path in place.glob(pattern) if path.is_file()))
            there = {path.name for path in held}
            values = sum(
                one.family == family and (one.set == name if one.set else not name or one.instance in there)
                for one in best_known_values()
            )
            yield Collection(family, name, held, values)


def instances(family: str, named: Path | None = None) -> Iterator[tuple[str, str, Path | None, BestKnown | None]]:
    """Every instance of a family: set, name, file and best known value, as far as there are any.

    Files that hold several instances are listed once for each that a value is known for.
    """
    known = {(one.set, one.instance): one for one in best_known_values() if one.family == family}
    listed: set[tuple[str, str]] = set()
    for collection in collections(named):
        if collection.family != family:
            continue
        for path in collection.files:
            keys = [key for key in known if key[0] in ("", collection.set) and key[1].partition("#")[0] == path.name]
            listed.update(keys)
            for key in keys or [(collection.set, path.name)]:
                yield collection.set, key[1], path, known.get(key)
    for key, value in known.items():
        if key not in listed:
            yield value.set, value.instance, None, value
