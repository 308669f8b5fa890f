"""A package that brings methods, laid out as an installer would, and a folder with one small public instance."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

GAP = "2 3\n 4 6 8\n 2 9 4\n 2 3 4\n 2 3 4\n 5 8\n"
"""Agents, jobs, costs, sizes, capacities: the least cost is 12."""


def install(folder: Path, package: str, methods: Mapping[str, str], sources: Iterable[Path] = ()) -> dict[str, str]:
    """Put a package with these methods (`name: module:function`) into a folder; the environment in which it is found."""
    told = folder / f"{package}-1.0.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
    lines = [f"{name} = {place}" for name, place in methods.items()]
    (told / "entry_points.txt").write_text("[qingdan.methods]\n" + "\n".join(lines) + "\n", encoding="utf-8")
    for source in sources:
        (folder / source.name).write_bytes(source.read_bytes())
    before = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": str(folder) if not before else f"{folder}{os.pathsep}{before}"}


def small_instances(folder: Path) -> Path:
    """A folder of public instances with one file, `gap/chu1997/mine`."""
    place = folder / "gap" / "chu1997"
    place.mkdir(parents=True)
    (place / "mine").write_text(GAP, encoding="utf-8")
    return folder
