"""Real elections of participatory budgets, in the format of Pabulib (`.pb`)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from .classic_amounts import Amounts, amounts_of_words
from .classic_reading import InstanceError, text_of

SECTIONS = ("META", "PROJECTS", "VOTES")


@dataclass(frozen=True, slots=True, eq=False)
class Election:
    """The projects that people could vote for, what each costs, how many voted for it, and the budget."""

    projects: tuple[str, ...]
    cost: Amounts
    votes: Amounts
    budget: Amounts


def read_election(path: Path) -> Election:
    """Read the projects of an election; ballots, where the file has them, are not looked at."""
    rows = _sections(path)
    settings = {row[0].strip(): row[1].strip() for _, row in rows["META"] if len(row) > 1}
    if "budget" not in settings:
        raise InstanceError(f"{path} 的 META 部分没有 budget", f"{path}: the section META has no budget")
    line = next(line for line, row in rows["META"] if row[0].strip() == "budget")
    budget = _amounts(path, [(line, settings["budget"])], "budget")
    if not rows["PROJECTS"]:
        raise InstanceError(f"{path} 没有项目", f"{path} has no projects")
    _, header = rows["PROJECTS"][0]
    names = [name.strip() for name in header]
    for wanted in ("project_id", "cost", "votes"):
        if wanted not in names:
            raise InstanceError(
                f"{path} 的 PROJECTS 部分没有列 {wanted}", f"{path}: the section PROJECTS has no column {wanted}"
            )
    projects = rows["PROJECTS"][1:]
    for line, row in projects:
        if len(row) < len(names):
            raise InstanceError(
                f"{path} 第 {line} 行：应有 {len(names)} 列，只有 {len(row)} 列",
                f"{path}, line {line}: {len(names)} columns are needed, {len(row)} found",
            )
    told = settings.get("num_projects", "")
    if told.isdecimal() and int(told) != len(projects):
        raise InstanceError(
            f"{path} 应有 {told} 个项目，读到 {len(projects)} 个",
            f"{path} should have {told} projects and has {len(projects)}",
        )

    def column(name: str) -> Amounts:
        at = names.index(name)
        return _amounts(path, [(line, row[at]) for line, row in projects], name)

    at = names.index("project_id")
    return Election(tuple(row[at] for _, row in projects), column("cost"), column("votes"), budget)


def _sections(path: Path) -> dict[str, list[tuple[int, list[str]]]]:
    """The rows of every section with their lines; of ballots none."""
    found: dict[str, list[tuple[int, list[str]]]] = {}
    name = ""
    reader = csv.reader(text_of(path).splitlines(keepends=True), delimiter=";")
    for row in reader:
        if len(row) == 1 and row[0].strip() in SECTIONS:
            name = row[0].strip()
            found[name] = []
        elif name == "VOTES":
            break
        elif name and any(cell.strip() for cell in row):
            found[name].append((reader.line_num, row))
    for wanted in ("META", "PROJECTS"):
        if wanted not in found:
            raise InstanceError(f"{path} 没有 {wanted} 部分", f"{path} has no section {wanted}")
    return found


def _amounts(path: Path, cells: list[tuple[int, str]], what: str) -> Amounts:
    try:
        return amounts_of_words([cell for _, cell in cells])
    except ValueError:
        for line, cell in cells:
            try:
                amounts_of_words([cell])
            except ValueError:
                raise InstanceError(
                    f"{path} 第 {line} 行：{cell!r} 不是数（{what}）",
                    f"{path}, line {line}: {cell!r} is no number ({what})",
                ) from None
        raise
