"""A list made by hand becomes a plan: with money found for it, checked, compared; or what is wrong with it is named."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import polars as pl
import pytest
from qingdan.models.book import Book, read_book
from qingdan.models.checker import check
from qingdan.models.faults import BookError
from qingdan.models.matching import match
from qingdan.models.run import StoredRun, read_run, write_run
from qingdan.models.scenario import parse_scenario
from qingdan.scenarios.compare import compare
from qingdan.scenarios.hand_made import scenario_of_list
from qingdan.scenarios.plan_view import PlanView, view
from qingdan.scenarios.single import solve
from random_books import write_random_book

BENEFIT = parse_scenario('[objective]\nkind = "benefit"\n')
SEEDS = (4, 8, 14)


@cache
def case(seed: int) -> tuple[Path, Book, StoredRun]:
    """A random book and its proven best plan."""
    folder = Path(mkdtemp(prefix="list-"))
    book = read_book(write_random_book(folder / "book", seed))
    write_run(folder / "best", solve(book, BENEFIT, gap=0, time=60, threads=1))
    return folder, book, read_run(folder / "best")


def written(folder: Path, text: str) -> Path:
    path = folder / "清单.csv"
    path.write_text(text, encoding="utf-8")
    return path


def works(plan: PlanView) -> dict[str, set[tuple[str, int]]]:
    """Measure and year of all that is done for each need, emergency handling apart."""
    done = {name: {(work[0], work[4]) for work in need.works if work[1]} for name, need in plan.needs.items()}
    return {name: told for name, told in done.items() if told}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_list_of_a_plan_gives_that_plan_again(seed: int) -> None:
    """The components of a run are a list: the same needs, measures, years and sites, the same worth, and a run that is checked."""
    folder, book, best = case(seed)
    scenario = scenario_of_list(folder / "best" / "components.csv", book, BENEFIT)
    run = solve(book, scenario, gap=0, time=60, threads=1)
    assert run.solution.objective == best.result["objective"]
    write_run(folder / "again", run)
    one, two = view(best), view(read_run(folder / "again"))
    assert works(one) == works(two)
    assert {site for site, used in one.sites.items() if used.year} == {
        site for site, used in two.sites.items() if used.year
    }
    report = check(folder / "book", folder / "again")
    assert report.passed, report.text()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_shorter_list_in_chinese_is_never_worth_more_than_the_best_plan(seed: int, tmp_path: Path) -> None:
    """Our plan beats the hand-made list on the same measure, and `compare` shows by what."""
    _, book, best = case(seed)
    needs = [name for name, need in view(best).needs.items() if any(work[1] for work in need.works)]
    if len(needs) < 2:
        pytest.skip("the best plan of this book answers one need only")
    kept = needs[: len(needs) // 2]
    scenario = scenario_of_list(
        written(tmp_path, "需求,备注\n" + "".join(f"{need},街道意见\n" for need in kept)), book, BENEFIT
    )
    run = solve(book, scenario, gap=0, time=60, threads=1)
    assert run.solution.objective is not None and run.solution.objective <= best.result["objective"]
    (found,) = compare(run, best, book=book)
    assert {need.need for need in found.of_kind("entered")} >= set(needs) - set(kept) - set(view_of(found.before.needs))
    assert set(kept) <= set(found.before.needs)
    assert any("清单" in change.zh for change in found.settings)


def view_of(needs: object) -> list[str]:
    """Needs that a plan does something for."""
    assert isinstance(needs, dict)
    return list(needs)


def test_a_list_that_costs_more_than_there_is_names_what_clashes(tmp_path: Path) -> None:
    """Everything at once does not fit the budgets: the lines and the budgets that cannot hold together are told."""
    _, book, _ = case(8)
    options = match(book, BENEFIT)
    possible = sorted({options.needs["id"][row] for row in options.options["need"].to_list()})
    scenario = scenario_of_list(
        written(tmp_path, "need_id\n" + "\n".join(possible) + "\n"), book, parse_scenario("[[budget]]\npercent = 3\n")
    )
    run = solve(book, scenario, time=30, threads=1)
    assert run.plan is None and run.clash is not None
    kinds = {condition.kind for condition in run.clash.conditions}
    assert "pin" in kinds and any("清单第" in condition.zh for condition in run.clash.conditions)


def test_every_fault_of_a_list_is_told_with_its_line(tmp_path: Path) -> None:
    """Unknown needs, sites and measures, years that are no years or too late: all at once."""
    folder, book, _ = case(8)
    options = match(book, BENEFIT)
    row = options.options.row(0, named=True)
    need, measure = options.needs["id"][row["need"]], row["measure"]
    other = next(code for code in options.options["measure"].unique().sort() if code not in set(
        options.options.filter(pl.col("need") == row["need"])["measure"]
    ))  # fmt: skip
    text = f"""\
需求,措施,开工年份,用房用地
{need},{measure},{row["year"]},
没有的,,,
{need},没有的,,
{need},{other},,
{need},,1999,
{need},,明年,
{need},,,没有的
,,,
"""
    with pytest.raises(BookError) as caught:
        scenario_of_list(written(tmp_path, text), book, BENEFIT)
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [
        (3, "need_id"), (4, "measure"), (5, "measure"), (6, "start_year"), (7, "start_year"), (8, "site"),
    ]  # fmt: skip
    for told in ("社区,面积\n甲,3\n", "", "\n"):
        with pytest.raises(BookError):
            scenario_of_list(written(tmp_path, told), book, BENEFIT)
    with pytest.raises(BookError):
        scenario_of_list(folder / "nowhere.csv", book, BENEFIT)


def test_a_need_may_be_named_by_community_and_service(tmp_path: Path) -> None:
    """As approved lists write it; where that is not one need, the candidates are told."""
    _, book, _ = case(8)
    options = match(book, BENEFIT)
    possible = {options.needs["id"][row] for row in options.options["need"].to_list()}
    rows = [row for row in options.needs.iter_rows(named=True) if row["id"] in possible]
    alike = [(row["community"], row["service_type"]) for row in rows]
    row = next(row for row in rows if alike.count((row["community"], row["service_type"])) == 1)
    community = dict(book.table("communities").select("id", "name").iter_rows())[row["community"]]
    scenario = scenario_of_list(written(tmp_path, f"社区,服务类型\n{community},{row['service_type']}\n"), book, BENEFIT)
    assert scenario.rules[0].kind == "pin" and scenario.rules[0].needs == (row["id"],)
    with pytest.raises(BookError):
        scenario_of_list(written(tmp_path, f"社区,服务类型\n{community},R99\n"), book, BENEFIT)
