"""What must not change the best plan does not, and what can only help never harms: held at proven optimality."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest
from checked_book import BOOK, write_text_book
from commands import run as command
from qingdan.models.book import Book, read_book, write_book
from qingdan.models.run import Run
from qingdan.models.scenario import parse_scenario
from qingdan.scenarios.single import solve
from qingdan.solver.solution import Status
from random_books import random_scenario, random_tables, text, write_random_book

SEEDS = (0, 4, 8, 14, 18, 22)
"""Random books with a plan that has works in it."""


def best(book: Book, rules: str) -> Run:
    """The proven best plan."""
    run = solve(book, parse_scenario(rules), gap=0, time=120, threads=1)
    assert run.solution.status in (Status.OPTIMAL, Status.INFEASIBLE)
    return run


def values(run: Run) -> list[int | None]:
    return [stage.objective for stage in run.solution.stages]


def needs_of(run: Run) -> set[str]:
    assert run.plan is not None
    return {need for need in run.plan.components["need_id"].to_list() if need}


def forbidding(kind: str, name: str) -> str:
    return f'\n[[rule]]\nkind = "forbid"\nname = "added"\n{kind} = ["{name}"]\n'


@pytest.mark.parametrize("seed", SEEDS)
def test_more_money_is_never_worse(tmp_path: Path, seed: int) -> None:
    """Half as much again in every budget leaves every plan possible; rules on shares of the budget are off."""
    book = read_book(write_random_book(tmp_path / "book", seed))
    rules = (book.scenario_text or "").replace('"smallest_county"', '"benefit"').replace('"lexicographic"', '"benefit"')
    rules = rules.replace('of = "budget"', 'of = "used"')
    before = best(book, rules).solution.objective
    for percent in (101, 150, 400):
        after = best(book, rules + f"\n[[budget]]\npercent = {percent}\n").solution.objective
        assert before is None or (after is not None and after >= before)


@pytest.mark.parametrize("seed", SEEDS)
def test_forbidding_what_is_not_planned_changes_nothing(tmp_path: Path, seed: int) -> None:
    """A need or site outside the best plan can be forbidden at no loss."""
    book = read_book(write_random_book(tmp_path / "book", seed))
    rules = book.scenario_text or ""
    first = best(book, rules)
    assert first.plan is not None
    outside = sorted(set(book.table("needs")["id"]) - needs_of(first))
    sites = sorted(set(book.table("sites")["id"]) - set(first.plan.sites["site"]))
    for kind, name in [("needs", need) for need in outside[:2]] + [("sites", site) for site in sites[:2]]:
        assert values(best(book, rules + forbidding(kind, name))) == values(first)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_forbidden_never_appears(tmp_path: Path, seed: int) -> None:
    """A need or site of the best plan, once forbidden, is in no plan, and the optimum does not rise."""
    book = read_book(write_random_book(tmp_path / "book", seed))
    rules = (book.scenario_text or "").replace('"lexicographic"', '"benefit"').replace('"smallest_county"', '"benefit"')
    first = best(book, rules)
    assert first.plan is not None and first.solution.objective is not None
    for kind, column, names in (
        ("needs", "need_id", sorted(needs_of(first))[:2]),
        ("sites", "site", sorted(set(first.plan.sites["site"]))[:2]),
    ):
        for name in names:
            again = best(book, rules + forbidding(kind, name))
            if again.plan is None:
                continue
            assert again.solution.objective is not None and again.solution.objective <= first.solution.objective
            works = again.plan.components.filter(again.plan.components["variant"] & 16 == 0)
            assert name not in works[column].to_list()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_rows_means_nothing(tmp_path: Path, seed: int) -> None:
    """Sorting a table in Excel gives the same digest and the same best plan."""
    book = read_book(write_random_book(tmp_path / "book", seed))
    draw = random.Random(seed)
    for path in sorted((tmp_path / "book").glob("*.csv")):
        header, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
        draw.shuffle(rows)
        with path.open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle).writerows([header, *rows])
    shuffled = read_book(tmp_path / "book")
    assert shuffled.digest() == book.digest()
    one, other = best(book, book.scenario_text or ""), best(shuffled, book.scenario_text or "")
    assert values(one) == values(other) and one.result["book_sha256"] == other.result["book_sha256"]
    assert one.plan is not None and other.plan is not None
    assert one.plan.components.equals(other.plan.components)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fund_in_two_halves_is_the_same_money(tmp_path: Path, seed: int) -> None:
    """Half the budgets and half the largest share each: what one fund paid, its halves pay, and no more.

    It holds because every plan of the whole fund is one of the halves that pay half each, and the draws of the
    halves add up to draws of the whole. Shares are whole percent and budgets whole hundreds of yuan, so the fund
    has an even share, accepts all of the cost (nothing is rounded down), and budgets in even hundreds of yuan; it
    asks for no local share, since each half would ask for it in full, and excludes no other fund.
    """
    draw = random.Random(seed)
    tables = random_tables(draw)
    rules = random_scenario(draw, tables).replace("most_packages = 1", "most_packages = 10")
    rules = rules.replace("most_packages = 2", "most_packages = 10").replace('funds = ["CITY"]', "")
    funds = [row for row in csv.DictReader(io.StringIO(tables["funds"])) if row["id"] != "CITY"]
    city = dict(next(row for row in csv.DictReader(io.StringIO(BOOK["funds"].strip())) if row["id"] == "CITY"))
    city |= {"share_cap": "60", "carry_over": "tied", "eligible_part": "100"}
    whole = {"budget_2027": "20", "budget_2028": "15.5", "budget_2029": "5"}
    half = {"budget_2027": "10", "budget_2028": "7.75", "budget_2029": "2.5"}
    halves = [{**city, **half, "id": f"CITY{name}", "share_cap": "30"} for name in "AB"]
    header = [*funds[0], "eligible_part"]
    found = []
    for name, some in (("whole", [{**city, **whole}]), ("halves", halves)):
        path = write_text_book(tmp_path / name, scenario=rules, **{**tables, "funds": text([*funds, *some], header)})
        found.append(values(best(read_book(path), rules)))
    assert found[0] == found[1]


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_folder_and_workbook_give_the_same_plan(tmp_path: Path, seed: int) -> None:
    """The real command on the folder and on the workbook of one book: the same digest, the same optimum."""
    book = read_book(write_random_book(tmp_path / "book", seed))
    write_book(book, tmp_path / "book.xlsx")
    told = [
        command("solve", tmp_path / name, "-o", tmp_path / f"run-{name}", "--gap", 0, "--json").document
        for name in ("book", "book.xlsx")
    ]
    keys = ("book_sha256", "scenario_sha256", "status", "objective")
    assert [told[0][key] for key in keys] == [told[1][key] for key in keys] and told[0]["status"] == "optimal"
    for name in ("components.csv", "projects.csv", "funding.csv"):
        one, other = (tmp_path / f"run-{book_name}" / name for book_name in ("book", "book.xlsx"))
        assert one.read_bytes() == other.read_bytes()
    assert command("check", tmp_path / "book.xlsx", tmp_path / "run-book").code == 0
