"""A list made by hand as a scenario, so that it is solved, checked and compared like any other plan."""

from __future__ import annotations

from pathlib import Path

from ..models.book import Book
from ..models.checkup import checkup
from ..models.hand_list import read_list, rules_of_list
from ..models.matching import match
from ..models.scenario import Scenario
from ..models.scenario_checks import check_scenario


def scenario_of_list(path: Path | str, book: Book, scenario: Scenario | None = None, *, title: str = "") -> Scenario:
    """The scenario under which a book has exactly the works of a list; `scenario` is what holds beside it.

    `solve` then finds the money for the list, or says which of its lines cannot hold together with what. Raises
    `BookError` with every line that the book does not allow at all. The rule on changes of `scenario` is left out: a
    list is not bound to an earlier plan.
    """
    path = Path(path)
    scenario = scenario or Scenario()
    check_scenario(scenario, book)
    if book.table("needs").is_empty():
        book = book.with_table("needs", checkup(book, scenario).needs)
    options = match(book, scenario)
    lines = read_list(path, book, options)
    kept = tuple(rule for rule in scenario.rules if rule.kind not in ("changes", "pin", "forbid"))
    rules = (*kept, *rules_of_list(lines, book, options, source=path.name))
    # validated anew: a rule of the scenario may have the name of one of the list
    told = scenario.model_dump(by_alias=True, exclude_defaults=True)
    told["rule"] = [rule.model_dump(exclude_defaults=True) | {"kind": rule.kind} for rule in rules]
    return Scenario.model_validate({**told, "title": title or f"清单 {path.stem}"})
