"""Two plans side by side: everything that differs is told once, and all sums tie to the yuan."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from itertools import pairwise, permutations
from pathlib import Path
from tempfile import mkdtemp

import polars as pl
import pytest
from qingdan.models.book import Book, read_book
from qingdan.models.checker.book_facts import book_facts
from qingdan.models.checker.check import with_needs
from qingdan.models.checker.fixed_rules import changes_from
from qingdan.models.checker.reading import read_book_files, read_run_files
from qingdan.models.run import StoredRun, read_run, write_run
from qingdan.models.scenario import Scenario, parse_scenario
from qingdan.scenarios.attribution import MEASURES, NoPlanBetween, OtherBook, attribute
from qingdan.scenarios.compare import Comparison, compare
from qingdan.scenarios.compare_tables import comparison_tables
from qingdan.scenarios.plan_view import DIMENSIONS, view
from qingdan.scenarios.single import solve
from random_books import write_random_book

SEEDS = (0, 4, 8, 14)
CHANGED = "[[budget]]\npercent = 40\n[factors]\ncost_percent = 120\n"
BENEFIT = '[objective]\nkind = "benefit"\n'


@cache
def case(seed: int) -> tuple[Path, Book, StoredRun, StoredRun]:
    """A random book, its best plan, and the best plan with less money and dearer works."""
    folder = Path(mkdtemp(prefix="compare-"))
    book = read_book(write_random_book(folder / "book", seed))
    for name, text in (("one", BENEFIT), ("two", BENEFIT + CHANGED)):
        write_run(folder / name, solve(book, parse_scenario(text), gap=0, time=60, threads=1))
    return folder, book, read_run(folder / "one"), read_run(folder / "two")


def compared(seed: int, *, back: bool = False) -> Comparison:
    _, book, one, two = case(seed)
    return compare(two, one, book=book)[0] if back else compare(one, two, book=book)[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_plan_compared_with_itself_shows_nothing(seed: int) -> None:
    """No false alarm."""
    _, book, one, _ = case(seed)
    (found,) = compare(one, one, book=book)
    assert (found.changes, found.needs, found.sites, found.money, found.settings) == (0, (), (), (), ())
    assert found.same_book


@pytest.mark.parametrize("seed", SEEDS)
def test_the_other_way_round_it_is_the_mirror(seed: int) -> None:
    """What entered one way left the other way; who moved, moved back."""
    there, back = compared(seed), compared(seed, back=True)
    assert [need.need for need in there.of_kind("entered")] == [need.need for need in back.of_kind("left")]
    assert [need.need for need in there.of_kind("moved")] == [need.need for need in back.of_kind("moved")]
    assert there.changes == back.changes
    assert [row[:4] + row[4:][::-1] for row in there.money] == list(back.money)


@pytest.mark.parametrize("seed", SEEDS)
def test_changes_are_counted_as_the_rule_on_changes_counts_them(seed: int) -> None:
    """The number that a bureau reads is the number that it may bound; the checker counts it with code of its own."""
    folder, _, _, _ = case(seed)
    book = read_book_files(folder / "book")
    one, two = read_run_files(folder / "one"), read_run_files(folder / "two")
    facts = book_facts(with_needs(book, two), two.scenario)
    assert compared(seed).changes == changes_from(facts, two.tables["components"], one.tables["components"])


@pytest.mark.parametrize("seed", SEEDS)
def test_every_sum_ties_to_the_yuan(seed: int) -> None:
    """By city, county, programme, fund, payer, level or year: the same total, and the money moved explains the change."""
    found = compared(seed)
    for plan in (found.before, found.after):
        for name in DIMENSIONS:
            assert sum(plan.totals[name].values()) == plan.yuan, name
        assert sum(plan.money.values()) == plan.yuan
    assert sum(after - before for *_, before, after in found.money) == found.after.yuan - found.before.yuan
    told = found.told()["totals"]
    assert told["cost_yuan"]["change"] == found.after.yuan - found.before.yuan
    assert sum(row["change"] for row in told["fund"]) == told["cost_yuan"]["change"]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_tables_show_all_of_it_and_tie_as_shown(seed: int) -> None:
    """A line for every change; shown figures add up to the shown total, in 万元 with two decimals."""
    _, book, _, _ = case(seed)
    found = compared(seed)
    tables = comparison_tables(found, book)
    needs = pl.concat([tables[name].select("需求") for name in ("新增需求", "退出需求", "改期需求", "其他变化")])
    assert sorted(needs["需求"]) == [need.need for need in found.needs]
    for name in ("按资金来源", "按工程", "按县区"):
        frame = tables[name]
        for column in frame.columns[1:]:
            shown = [round(100 * value) for value in frame[column].to_list()]
            assert sum(shown[:-1]) == shown[-1]
        assert round(100 * frame[frame.columns[2]][-1]) == (found.after.yuan + 50) // 100
    assert [change.zh for change in found.settings] == ["造价上浮20%", "各项资金压减60%"]


@pytest.mark.parametrize("seed", [8, 14])
def test_a_building_that_is_forbidden_is_told_as_closed(seed: int) -> None:
    """The first site of a plan is forbidden: it is no longer used, and counts as a change of its own."""
    folder, book, one, _ = case(seed)
    site = sorted(site for site, used in view(one).sites.items() if used.year is not None)[0]
    rule = f'[[rule]]\nkind = "forbid"\nname = "暂不安排"\nsites = ["{site}"]\nbasis = "纪要"\n'
    write_run(folder / "closed", solve(book, parse_scenario(BENEFIT + rule), gap=0, time=60, threads=1))
    (found,) = compare(folder / "one", folder / "closed", book=book)
    assert [change.kinds for change in found.sites if change.site == site] == [("closed",)]
    assert [change.zh for change in found.settings] == ["暂不安排"] and found.settings[0].basis == "纪要"
    read = [read_run_files(folder / name) for name in ("one", "closed")]
    facts = book_facts(with_needs(read_book_files(folder / "book"), read[0]), read[1].scenario)
    assert found.changes == changes_from(facts, read[1].tables["components"], read[0].tables["components"]) >= 1


def component(**changed: object) -> dict[str, object]:
    row: dict[str, object] = {
        "project_id": "P1", "need_id": "N1", "measure": "M1", "lots": 1, "level": 2, "module": "", "operation_type": "",
        "area": 0.0, "cost_yuan": 100, "benefit": 5, "component_id": "x", "start_year": 2027, "site": "", "variant": 0,
        "package": "", "community": "C1", "neighbourhood": "", "service_type": "F02", "units": 1, "running_cost_yuan": 0,
        "programme": "facilities", "department": "住建",
    }  # fmt: skip
    return {**row, **changed}


def plan(rows: list[dict[str, object]], funds: Mapping[str, str]) -> StoredRun:
    """A run by hand: components as they stand, each project paid by the fund named for it."""
    _, _, run, _ = case(SEEDS[0])
    projects = sorted({str(row["project_id"]) for row in rows})
    cost = {one: sum(int(str(row["cost_yuan"])) for row in rows if row["project_id"] == one) for one in projects}
    place = dict.fromkeys(run.tables["projects"].columns, "") | {
        "kind": "works", "county": "360102", "city": "3601", "community": "C1",
    }  # fmt: skip
    tables = {name: frame.clear() for name, frame in run.tables.items()}
    shown = [
        {**place, "project_id": one, "cost_yuan": cost[one], "start_year": 2027, "running_cost_yuan": 0, "benefit": 0}
        for one in projects
    ]
    paid = [
        {"project_id": one, "fund_id": funds[one], "budget_year": 2027, "payment_year": 2027, "amount_yuan": cost[one]}
        for one in projects
    ]
    for name, listed in (("projects", shown), ("components", rows), ("funding", paid)):
        tables[name] = pl.DataFrame(listed, schema=tables[name].schema)
    return StoredRun(Path("by-hand"), run.result, tables, "")


@pytest.mark.parametrize(
    ("changed", "kinds"),
    [
        ({"start_year": 2028}, ("moved",)),
        ({"level": 3}, ("level",)),
        ({"lots": 2}, ("lots",)),
        ({"measure": "M2", "start_year": 2028}, ("measure", "moved")),
        ({"site": "S1", "operation_type": "own"}, ("site", "operation")),
        ({"project_id": "P2"}, ("payer",)),
        ({"cost_yuan": 90}, ()),
    ],
)
def test_each_way_of_changing_has_its_name(changed: dict[str, object], kinds: tuple[str, ...]) -> None:
    """Year, level, lots, measure, site, operation and payer are told apart; a cheaper price alone is no change of plan."""
    funds = {"P1": "A", "P2": "B"}
    (found,) = compare(plan([component()], funds), plan([component(**changed)], funds))
    assert [need.kinds for need in found.needs] == ([kinds] if kinds else [])
    assert found.changes == (0 if kinds in ((), ("payer",)) else 1)
    (entered,) = compare(plan([], funds), plan([component()], funds))
    assert entered.needs[0].kinds == ("entered",) and entered.of_kind("entered")[0].after is not None


def test_the_first_plan_is_compared_with_each_of_the_others() -> None:
    """Three drafts on a table: two comparisons with the same beginning."""
    _, book, one, two = case(SEEDS[0])
    found = compare(one, two, one, book=book)
    assert [comparison.changes for comparison in found] == [compared(SEEDS[0]).changes, 0]
    with pytest.raises(ValueError):
        compare(one)


def shapley(book: Book, one: StoredRun, scenarios: Mapping[frozenset[int], Scenario], number: int) -> list[Fraction]:
    """The mean of every setting's effect over all orders, each combination solved anew to its optimum."""
    objective = {
        chosen: solve(book, scenario, gap=0, time=60, threads=1).solution.objective or 0
        for chosen, scenario in scenarios.items()
    }
    parts = [Fraction(0)] * number
    orders = list(permutations(range(number)))
    for order in orders:
        line = [frozenset(order[:size]) for size in range(number + 1)]
        for place, (before, after) in enumerate(pairwise(line)):
            parts[order[place]] += Fraction(objective[after] - objective[before], len(orders))
    return parts


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_shapley_parts_are_the_mean_over_all_orders_and_add_up(seed: int) -> None:
    """Against a brute-force count that shares nothing with the attribution; the bounds enclose the true part."""
    _, book, one, two = case(seed)
    found = attribute(book, one, two, gap=0, time=60, threads=1)
    assert found.method == "shapley" and [part.change.zh for part in found.parts] == ["造价上浮20%", "各项资金压减60%"]
    texts = {
        frozenset[int](): "",
        frozenset({0}): "[factors]\ncost_percent = 120\n",
        frozenset({1}): "[[budget]]\npercent = 40\n",
    }
    scenarios = {chosen: parse_scenario(BENEFIT + text) for chosen, text in texts.items()}
    scenarios[frozenset({0, 1})] = parse_scenario(BENEFIT + CHANGED)
    expected = shapley(book, one, scenarios, 2)
    assert [part.value["objective"] for part in found.parts] == expected
    for part, exact in zip(found.parts, expected, strict=True):
        assert part.low is not None and part.high is not None and part.low <= exact <= part.high
    for name in MEASURES:
        assert sum(part.value[name] for part in found.parts) == found.whole[name]
    assert found.whole["cost_yuan"] == view(two).yuan - view(one).yuan and found.solved == 2


def test_stepwise_parts_follow_the_order_of_the_file_and_add_up() -> None:
    """Of many settings one order is followed, and it is said which method it was."""
    _, book, one, two = case(SEEDS[0])
    found = attribute(book, one, two, method="stepwise", gap=0, time=60, threads=1)
    assert found.method == "stepwise" and found.solved == 1
    half = solve(book, parse_scenario(BENEFIT + "[factors]\ncost_percent = 120\n"), gap=0, time=60, threads=1)
    assert found.parts[0].value["objective"] == (half.solution.objective or 0) - one.result["objective"]
    assert sum(part.value["objective"] for part in found.parts) == found.whole["objective"]


def test_what_cannot_be_attributed_is_told() -> None:
    """Another book, or a run without a plan, gives no figures that mean nothing."""
    _, book, one, two = case(SEEDS[0])
    with pytest.raises(OtherBook):
        attribute(case(SEEDS[1])[1], one, two)
    with pytest.raises(NoPlanBetween):
        attribute(book, one, StoredRun(two.folder, two.result, {}, two.scenario_text))
