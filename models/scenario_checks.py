"""Does a scenario speak only of things that the book has?"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import polars as pl

from .book import Book
from .faults import BookError, Fault
from .scenario import Scenario
from .scenario_words import KeyLines
from .settings_help import nearest
from .sums import split
from .tables import packaged_rows


def check_scenario(scenario: Scenario, book: Book, *, text: str = "", lines: KeyLines | None = None) -> None:
    """Raise a `BookError` with every reference that leads nowhere.

    `text` is the file, for the numbers of lines; `lines` has them for a scenario that inherits from others.
    """
    lines = lines or KeyLines(text)
    faults = [
        Fault(
            lines.table(path), lines.of(path), ".".join(part for part in path if isinstance(part, str)), value,
            f"清单簿里没有这个{what_zh}", f"the book has no such {what_en}",
            *_mend(value, known),
        )
        for path, value, known, (what_zh, what_en) in _unknown(scenario, book)
    ]  # fmt: skip
    faults += _empty_changes(scenario, book, lines)
    if faults:
        raise BookError(faults)


def _mend(value: str, known: Collection[str]) -> tuple[str, str]:
    near = nearest(value, sorted(known))
    if near:
        return f"是否要写 {near}", f"perhaps {near} is meant"
    return "改为清单簿里有的,或删去", "write one that the book has, or delete it"


_WORDS = {
    "service_types": ("服务类型", "service type"),
    "national": ("专项", "national programme"),
    "cities": ("设区市", "city"),
    "counties": ("县区", "county"),
    "streets": ("街道", "street"),
    "communities": ("社区", "community"),
    "departments": ("部门", "department"),
    "needs": ("需求", "need"),
    "sites": ("资源", "site"),
    "measures": ("措施", "measure"),
    "years": ("年份", "year"),
    "funds": ("资金", "fund"),
    "payers": ("支付主体", "payer"),
    "policies": ("政策", "policy"),
    "places": ("地区", "place"),
}

Path = tuple[str | int, ...]


def known_things(book: Book) -> dict[str, set[str]]:
    """What the book has, kind by kind: the codes that a scenario may name."""
    communities = book.table("communities")
    funds = book.table("funds")
    types, measures = book.table("service_types"), book.table("measures")
    type_rows, measure_rows = packaged_rows("service_types"), packaged_rows("measures")
    cities = _texts(communities, "city_code") | {code[:4] for code in _texts(book.table("sites"), "county_code")}
    counties = _texts(communities, "county_code") | _texts(book.table("sites"), "county_code")
    streets = _texts(communities, "street_code")
    departments = {row["department_zh"] for row in [*type_rows, *measure_rows]}
    departments |= _texts(types, "department_zh") | _texts(measures, "department_zh") | {"住房城乡建设"}
    national = {name for row in type_rows for name in row["programmes_counted"].split(";") if name}
    national |= set(split(types["programmes_counted"]).explode().drop_nulls().to_list()) if types.height else set()
    return {
        "service_types": {row["id"] for row in type_rows} | _texts(types, "id"),
        "national": national,
        "cities": cities,
        "counties": counties,
        "streets": streets,
        "communities": _texts(communities, "id"),
        "departments": {name.split("/")[0] for name in departments},
        "needs": _texts(book.table("needs"), "id"),
        "sites": _texts(book.table("sites"), "id"),
        # a mandatory need may have an emergency measure of its own
        "measures": {row["id"] for row in measure_rows} | _texts(measures, "id"),
        "years": {str(year) for year in range(book.years[0], book.settings.horizon_end + 1)},
        "funds": _texts(funds, "id") | _texts(funds, "fund_type"),
        "payers": _texts(book.table("payers"), "id"),
        "policies": _texts(book.table("policies"), "id"),
        "places": cities | counties | streets,
    }


def _texts(frame: pl.DataFrame, column: str) -> set[str]:
    return set(frame[column].drop_nulls().to_list())


def _unknown(scenario: Scenario, book: Book) -> Iterator[tuple[Path, str, set[str], tuple[str, str]]]:
    known = known_things(book)
    for path, kind, values in _references(scenario):
        # a book without a needs list has its needs worked out later
        if kind == "needs" and not known["needs"]:
            continue
        for value in values:
            if value not in known[kind]:
                yield path, value, known[kind], _WORDS[kind]


def _references(scenario: Scenario) -> Iterator[tuple[Path, str, list[str]]]:
    for number, override in enumerate(scenario.overrides):
        yield ("override", number, "places"), "places", list(override.places)
    for number, budget in enumerate(scenario.budgets):
        yield ("budget", number, "funds"), "funds", list(budget.funds)
    for number, ceiling in enumerate(scenario.ceilings):
        yield ("ceiling", number, "payers"), "payers", list(ceiling.payers)
        yield ("ceiling", number, "years"), "years", [str(year) for year in ceiling.years]
    for number, quota in enumerate(scenario.quotas):
        yield ("quota", number, "policy"), "policies", [quota.policy]
        yield ("quota", number, "years"), "years", [str(year) for year in quota.years]
    for number, rule in enumerate(scenario.rules):
        for key in _WORDS:
            values = getattr(rule, key, ())
            if key == "national" and isinstance(values, str):
                values = (values,)
            yield ("rule", number, key), key, [str(value) for value in values]
        for key in ("before", "after", "first", "second"):
            yield ("rule", number, key), "service_types", list(getattr(rule, key, ()))
            for kind in ("needs", "sites"):
                yield ("rule", number, f"{key}_{kind}"), kind, list(getattr(rule, f"{key}_{kind}", ()))
        yield ("rule", number, "per_city"), "cities", list(getattr(rule, "per_city", ()))


def _empty_changes(scenario: Scenario, book: Book, lines: KeyLines) -> Iterator[Fault]:
    """A changed budget must fit a budget that the book has."""
    funds = book.table("funds")
    for number, change in enumerate(scenario.budgets):
        fitting = funds
        if change.funds:
            fitting = funds.filter(pl.col("id").is_in(change.funds) | pl.col("fund_type").is_in(change.funds))
        columns = [f"budget_{year}" for year in change.years] or [
            name for name in funds.columns if name.startswith("budget_")
        ]
        filled = sum(fitting[name].drop_nulls().len() for name in columns if name in fitting.columns)
        if fitting.height and not filled:
            yield Fault(
                lines.table(("budget", number)), lines.of(("budget", number)), "budget", ";".join(map(str, change.years)),
                "这些资金在这些年份没有预算", "these funds have no budget in these years",
                "改年份,或在清单簿的资金表填预算", "change the years, or give budgets in the table of funds",
            )  # fmt: skip
