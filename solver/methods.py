"""Methods that other packages bring: found by the entry point group `qingdan.methods`, imported only when used.

A package adds a method with three lines of its `pyproject.toml`, and nothing here changes:

    [project.entry-points."qingdan.methods"]
    mine = "my_package.my_method:solve_stage"

The function solves one stage, the first objective of a problem, with the arguments of `backends.highs.solve_stage`, and
gives back an `Outcome`. See `docs/howto/add-a-method.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

GROUP = "qingdan.methods"
RESERVED = "auto"


@dataclass(frozen=True, slots=True)
class Brought:
    """A method of another package: module and function behind its name, and the package in words."""

    name: str
    module: str
    function: str
    package: str


@cache
def brought() -> Mapping[str, Brought]:
    """The methods that installed packages bring, by name; nothing of theirs is imported.

    A name that two packages bring goes to the first in the order of the packages, so that it is always the same one.
    """
    found: dict[str, Brought] = {}
    for entry in sorted(entry_points(group=GROUP), key=_order):
        if entry.name != RESERVED and entry.attr:
            found.setdefault(entry.name, Brought(entry.name, entry.module, entry.attr, _package(entry)))
    return MappingProxyType(found)


def _order(entry: EntryPoint) -> tuple[str, str]:
    return _package(entry), entry.name


def _package(entry: EntryPoint) -> str:
    return "" if entry.dist is None else f"{entry.dist.name} {entry.dist.version}"
