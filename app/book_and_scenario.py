"""Reading what a command is given: a book and the scenario that it is solved under, with the faults of both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..models.book import Book
    from ..models.checker.report import Refusal
    from ..models.faults import Fault
    from ..models.scenario import Scenario
    from ..models.scenario_reading import Layered


def scenario_for(book: Book, path: Path | None) -> Scenario:
    """The scenario named, else the book's own, else none."""
    from ..models.scenario import Scenario, parse_scenario, read_scenario

    if path is not None:
        return read_scenario(path, own=book.scenario_text or "")
    return parse_scenario(book.scenario_text) if book.scenario_text else Scenario()


def read_both(path: Path, scenario_path: Path | None) -> tuple[Book, Layered]:
    """A book and the scenario it is solved under; raises one `BookError` with the faults of both."""
    from ..models.book import read_book
    from ..models.faults import BookError
    from ..models.scenario_checks import check_scenario
    from ..models.scenario_reading import parse_layers, read_layers

    faults: list[Fault] = []
    book, read = None, parse_layers("")
    try:
        book = read_book(path)
    except BookError as error:
        faults += error.faults
    # the rules of a folder can be read even where its tables are at fault
    own = path / "scenario.toml"
    readable = book is None and own.is_file() and not any(fault.table == own.name for fault in faults)
    try:
        text = (book.scenario_text or "") if book is not None else own.read_text("utf-8-sig") if readable else None
        if scenario_path is not None:
            read = read_layers(scenario_path, own=text)
        elif text:
            read = parse_layers(text)
        if book is not None:
            check_scenario(read.scenario, book, lines=read.lines)
    except BookError as error:
        faults += [fault for fault in error.faults if fault not in faults]
    except (OSError, UnicodeDecodeError):  # of the book's own rules: reading the book has told it
        pass
    if book is None or faults:
        raise BookError(faults)
    return book, read


def lineage_of(read: Layered, book: Book) -> tuple[Mapping[str, str], ...]:
    """What a scenario extends, the nearest first, and how each one before differs from it."""
    if read.base is None:
        return ()
    from ..scenarios.differences import differences, in_words, names_for

    names = names_for(book)
    line = [read, *read.lineage]
    return tuple(
        {
            "name": base.name,
            "title": base.scenario.title,
            "sha256": base.scenario.digest(),
            "zh": in_words(differences(base.scenario, one.scenario, names)),
        }
        for one, base in pairwise(line)
    )


def told_differences(read: Layered, book: Book) -> list[str]:
    """The scenario in a few lines for whoever waits: what it extends and changes, and what lacks its basis."""
    from ..scenarios.differences import in_words, names_for, unfounded

    told = [f"测算方案继承“{base['title'] or base['name']}”：{base['zh']}" for base in lineage_of(read, book)]
    lacking = unfounded(read.scenario, names_for(book))
    return told + ([f"未写依据（basis）：{in_words(lacking)}"] if lacking else [])


def other_scenario(book: Path, scenario: Path, run: Path) -> Refusal | None:
    """What a check says where a run was not solved under the scenario named."""
    from ..models.checker.report import Refusal

    _, read = read_both(book, scenario)
    try:
        told = json.loads((run / "result.json").read_text(encoding="utf-8")).get("scenario_sha256", "")
    except (OSError, ValueError, AttributeError):
        return None  # the check itself has told that the run cannot be read
    if told == read.scenario.digest():
        return None
    return Refusal(
        "other-scenario",
        scenario.name,
        "测算结果不是按这个测算方案得出的",
        "the run was not solved under this scenario",
    )
