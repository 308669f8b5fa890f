"""Where conditions clash, the run names a few of them that cannot hold together, in both languages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from commands import Ended, call
from hand_made import make_book, make_options
from qingdan.bench.generator import generate
from qingdan.models.book import Book, write_book
from qingdan.models.clash import NamedClash, conditions_of
from qingdan.models.formulation import formulate
from qingdan.models.options import Options
from qingdan.models.run import read_run, write_run
from qingdan.models.scenario import parse_scenario
from qingdan.scenarios.infeasible import clash_of
from qingdan.scenarios.single import solve
from qingdan.solver.interrupt import Interrupt
from qingdan.solver.solution import Status
from qingdan.solver.solve import solve as solve_problem

PIN = '[[rule]]\nkind = "pin"\nname = "{}"\nneeds = {}\n'
FORBID = '[[rule]]\nkind = "forbid"\nname = "禁"\nneeds = ["N1"]\n'
MET = '[[rule]]\nkind = "met"\nname = "全部解决"\nshare = 100\n'
NUMBER = '[[rule]]\nkind = "number"\nname = "至多一项"\nbound = "ceiling"\nnumber = 1\n'


def options_of(needs: Sequence[dict[str, Any]]) -> Options:
    """A need each with one option of 10,000 yuan in the first year."""
    return make_options(needs=needs, options=[{"need": place} for place in range(len(needs))])


def clash_under(text: str, options: Options, book: Book) -> NamedClash:
    scenario = parse_scenario(text)
    problem = formulate(options, book, scenario)
    assert solve_problem(problem, method="highs").status is Status.INFEASIBLE
    return clash_of(problem, options, book, scenario)


def named(clash: NamedClash) -> list[tuple[str, str, str]]:
    return [(condition.kind, condition.name, condition.scope) for condition in clash.conditions]


def test_a_pin_against_a_forbid() -> None:
    """Whoever pins and forbids one need sees these two rules and nothing else, each in both languages."""
    text = PIN.format("定", '["N1", "N2"]') + FORBID + NUMBER.replace("number = 1", "number = 5")
    found = clash_under(text, options_of([{}, {}, {}]), make_book())
    assert named(found) == [("pin", "定", "N1"), ("forbid", "禁", "N1")] and found.smallest
    assert all("“" in condition.zh and condition.en.startswith("rule “") for condition in found.conditions)
    assert "其余各条即可同时成立" in found.note[0]


def test_a_share_of_needs_met_above_what_budgets_allow() -> None:
    """The floor and the one budget that could pay are named; the budget of another year is no part of it."""
    book = make_book(funds=[{"budget_2027": 15_000, "budget_2028": 90_000}])
    found = clash_under(MET, options_of([{}, {}]), book)
    assert named(found) == [("met", "全部解决", ""), ("budget", "C", "2027")] and found.smallest
    budget = found.conditions[1]
    assert "县区资金 2027年" in budget.zh and "1.50 万元" in budget.zh and "1.50" in budget.en


def test_a_ceiling_on_numbers_against_pins() -> None:
    """A ceiling of one against three pins clashes with any two of them: the ceiling and two pins are named."""
    text = PIN.format("定", '["N1", "N2"]') + NUMBER
    found = clash_under(text, options_of([{}, {}, {}]), make_book())
    assert named(found) == [("pin", "定", "N1"), ("pin", "定", "N2"), ("number", "至多一项", "")] and found.smallest


def test_a_mandatory_need_without_money() -> None:
    """A mandatory need is a condition like any other, named with its place and service."""
    book = make_book(funds=[{"budget_2027": 5_000, "budget_2028": 0}])
    found = clash_under("", options_of([{"mandatory": True}, {}]), book)
    assert named(found) == [("mandatory_need", "N1", ""), ("budget", "C", "2027")]
    assert found.conditions[0].zh.startswith("强制需求：N1（甲社区 ")


def test_every_row_and_every_mandatory_need_is_one_condition() -> None:
    """Nothing that could be given up is left out, and nothing is named twice."""
    book = generate(3, 2)
    run = solve(book, time=5, threads=1)
    assert book.scenario_text
    matched = book if run.needs is None else book.with_table("needs", run.needs)
    conditions = conditions_of(run.problem, run.options, matched, parse_scenario(book.scenario_text))
    rows = [row for condition in conditions for row in condition.rows]
    kinds = run.problem.labels["label_row_kind"].tolist()
    assert sorted(rows) == [row for row, kind in enumerate(kinds) if kind not in ("complex", "smallest_county")]
    assert len({(c.kind, c.name, c.scope) for c in conditions}) == len(conditions)
    assert all(c.zh and c.en for c in conditions)


def test_a_run_that_clashes_holds_the_clash_and_no_plan(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`qingdan solve` ends with 1, shows the conditions in Chinese, and result.json has them."""
    write_book(generate(2, 1), tmp_path / "book")
    text = '[[rule]]\nkind = "money"\nname = "至少用一亿元"\nbound = "floor"\namount = 1000000\n'
    (tmp_path / "clash.toml").write_text(text, encoding="utf-8")
    words = ("solve", tmp_path / "book", "--scenario", tmp_path / "clash.toml", "-o", tmp_path / "run", "--time", 20)
    told: Ended = call(capfd, monkeypatch, *words)
    assert (
        told.code == 1
        and "条件互相冲突、无法成案" in told.out
        and "冲突条件" in told.out
        and "至少用一亿元" in told.out
    )
    result = json.loads((tmp_path / "run" / "result.json").read_text(encoding="utf-8"))
    assert result["clash"][0]["name"] == "至少用一亿元" and result["clash_smallest"] is True
    assert all(set(condition) == {"kind", "name", "scope", "zh", "en"} for condition in result["clash"])
    assert not (tmp_path / "run" / "projects.csv").exists()


def test_nothing_is_said_to_clash_where_nothing_is_known(tmp_path: Path) -> None:
    """A run stopped without a plan says so; a run with a plan says nothing of it."""
    interrupt = Interrupt()
    interrupt.set()
    stopped = solve(generate(1, 1), time=5, threads=1, interrupt=interrupt)
    write_run(tmp_path / "run", stopped)
    result = read_run(tmp_path / "run").result
    assert result["clash"] is None and result["clash_smallest"] is None
    assert "未发现互相冲突" in result["clash_note_zh"] and "nothing is known to clash" in result["clash_note_en"]
    planned = solve(generate(1, 1), time=10, threads=1, seconds_before=100.0).result
    assert planned["clash"] is None and planned["clash_note_zh"] is None


def test_the_whole_time_counts_the_reading() -> None:
    """`seconds_total` holds what went before the solving, as the reading of a large book."""
    assert 100 < solve(generate(1, 1), time=10, threads=1, seconds_before=100.0).result["seconds_total"] < 130
