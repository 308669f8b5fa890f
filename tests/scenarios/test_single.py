"""One call from a book to a run: checked up, matched, solved, paid; the same again from an earlier run."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import polars as pl
import pytest
from qingdan.bench.generator import generate
from qingdan.models.book import Book, write_book
from qingdan.models.checker import check
from qingdan.models.earlier import earlier_plan
from qingdan.models.faults import BookError
from qingdan.models.plan import ProjectPlan
from qingdan.models.run import Run, read_run, write_run
from qingdan.models.scenario import Scenario, parse_scenario
from qingdan.scenarios.single import solve
from qingdan.solver.events import Event
from qingdan.solver.feasibility import violations
from qingdan.solver.interrupt import Interrupt
from qingdan.solver.solution import Status, Stopped

SMALL = '[objective]\nkind = "benefit"\n'


@cache
def book() -> Book:
    return generate(2, 1)


@cache
def solved() -> Run:
    return solve(book(), parse_scenario(SMALL), time=20, threads=1)


def planned(run: Run) -> ProjectPlan:
    assert run.plan is not None
    return run.plan


def reached(run: Run) -> int:
    assert run.solution.objective is not None
    return run.solution.objective


def test_a_book_becomes_a_run_whose_every_part_is_checked(tmp_path: Path) -> None:
    """What `solve` writes passes the independent check: plan, money, options and bound."""
    write_book(book(), tmp_path / "book")
    write_run(tmp_path / "run", solved())
    report = check(tmp_path / "book", tmp_path / "run")
    assert report.passed, report.text()
    assert planned(solved()).projects.height > 0


def test_the_book_is_not_changed_by_solving_it() -> None:
    """A user's book holds what the user wrote."""
    assert book().table("needs").is_empty() == generate(2, 1).table("needs").is_empty()
    assert book().digest() == generate(2, 1).digest() == solved().book_sha256


def test_money_ties_across_all_tables() -> None:
    """Components, projects, funding and the table of funds say the same sum to the yuan."""
    plan = solved().plan
    assert plan is not None
    cost = plan.projects["cost_yuan"].sum()
    assert cost == plan.components["cost_yuan"].sum() == plan.funding["amount_yuan"].sum()
    assert cost == plan.funds_used["committed_yuan"].sum()


def test_an_earlier_run_is_a_start(tmp_path: Path) -> None:
    """Solving again from an earlier run, in memory or from its folder, is never worse than it."""
    write_run(tmp_path / "run", solved())
    for warm in (solved(), read_run(tmp_path / "run"), tmp_path / "run"):
        again = solve(book(), parse_scenario(SMALL), time=2, threads=1, warm=warm, work=1)
        assert reached(again) >= reached(solved())


def test_an_earlier_plan_is_found_again_with_its_money() -> None:
    """The start from an earlier run is a whole plan, not a hint that the solver drops."""
    run = solved()
    assert run.plan is not None and run.solution.plan is not None
    plan = earlier_plan(run.problem, run.options, run.plan.components["component_id"].to_list())
    assert plan is not None and violations(run.problem, plan) == []
    assert (plan.option == run.solution.plan.option).all() and (plan.opening == run.solution.plan.opening).all()


def test_the_same_call_gives_the_same_plan() -> None:
    """Tomorrow's run of the same book and seed lists the same projects, paid by the same funds."""
    again = solve(book(), parse_scenario(SMALL), time=20, threads=1)
    assert again.solution.stopped == solved().solution.stopped != Stopped.TIME
    assert again.solution.status == solved().solution.status
    assert planned(again).projects.equals(planned(solved()).projects)
    assert planned(again).funding.equals(planned(solved()).funding)


def test_an_interrupted_run_has_no_plan_and_says_so(tmp_path: Path) -> None:
    """Ctrl-C before anything is found leaves a summary without a plan."""
    interrupt = Interrupt()
    interrupt.set()
    run = solve(book(), parse_scenario(SMALL), time=5, threads=1, interrupt=interrupt)
    assert run.solution.status == Status.INTERRUPTED and run.plan is None
    write_run(tmp_path / "run", run)
    assert read_run(tmp_path / "run").result["stopped"] == "user"


def test_rules_that_clash_give_no_plan(tmp_path: Path) -> None:
    """A scenario that cannot be met is answered with infeasible, and no table is written."""
    need = solved().plan
    assert need is not None
    named = need.components.filter(pl.col("need_id") != "")["need_id"][0]
    clash = f'[[rule]]\nkind = "pin"\nname = "定"\nneeds = ["{named}"]\n[[rule]]\nkind = "forbid"\nname = "禁"\nneeds = ["{named}"]\n'
    found = solved().needs
    known = book() if found is None else book().with_table("needs", found)
    run = solve(known, parse_scenario(SMALL + clash), time=10, threads=1)
    assert run.solution.status == Status.INFEASIBLE and run.plan is None
    write_run(tmp_path / "run", run)
    assert not list((tmp_path / "run").glob("projects.csv"))


def test_phases_are_told_in_their_order() -> None:
    """Whoever waits sees what is going on."""
    told: list[str] = []

    def watch(event: Event) -> None:
        if not told or told[-1] != event.phase:
            told.append(event.phase)

    solve(book(), Scenario(), time=1, threads=1, watch=watch)
    order = [phase for phase in told if phase in ("match", "formulate", "start", "plan")]
    assert order == ["match", "formulate", "start", "plan"]


def test_a_scenario_that_speaks_of_nothing_is_refused() -> None:
    """A slip in a code is a fault with its place, not a rule without effect."""
    wrong = parse_scenario('[[rule]]\nkind = "pin"\nname = "定"\nsites = ["NOWHERE"]\n')
    with pytest.raises(BookError, match="NOWHERE"):
        solve(book(), wrong, time=1)
