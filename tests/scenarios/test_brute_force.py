"""Random small books under every kind of rule: optimum against enumeration, every plan checked, every bound true."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brute_force import optimum
from qingdan.models.book import Book, read_book
from qingdan.models.checker import check
from qingdan.models.run import Run, write_run
from qingdan.models.scenario import parse_scenario
from qingdan.scenarios.single import solve
from qingdan.solver.dual import dual_value
from qingdan.solver.problem import Problem
from qingdan.solver.solution import Solution, Status
from qingdan.solver.solve import solve as solve_problem
from qingdan.solver.stop import Stop
from random_books import write_random_book

PLANS = 2**8
"""At most about so many plans are enumerated."""


def extra_values(problem: Problem) -> int:
    """In how many ways the further whole columns can stand."""
    room = problem.extra_upper - problem.extra_lower + 1
    return math.prod(room[problem.extra_whole].tolist())


def restricted(problem: Problem, draw: random.Random) -> Problem:
    """The program with so few options and openings that all plans can be written down."""
    most = int(math.log2(PLANS / extra_values(problem)))
    modules = [k for k in range(problem.openings) if problem.facility_parent[problem.opening_facility[k]] >= 0]
    chosen = draw.sample(modules, min(1, len(modules)))
    parents = {int(problem.facility_parent[problem.opening_facility[k]]) for k in chosen}
    roots = [k for k in range(problem.openings) if int(problem.opening_facility[k]) in parents]
    opening = np.array(sorted({*chosen, *roots[:2]}), np.int64)
    opened = {int(problem.opening_facility[k]) for k in opening}
    fits = [
        o for o in range(problem.options) if problem.option_facility[o] < 0 or int(problem.option_facility[o]) in opened
    ]
    at_doors = [o for o in fits if problem.option_facility[o] >= 0]
    some = set(draw.sample(at_doors, min(2, len(at_doors))))
    some |= set(draw.sample(fits, min(max(0, most - len(opening) - len(some)), len(fits))))
    option = np.array(sorted(some), np.int64)
    return _only(problem, option, opening)


def _only(problem: Problem, option: np.ndarray, opening: np.ndarray) -> Problem:
    parts: dict[str, object] = {}
    for prefix, kept in (("option_", option), ("opening_", opening)):
        for name in Problem.__dataclass_fields__:
            if name.startswith(prefix):
                held = getattr(problem, name)
                parts[name] = held.taken(kept) if hasattr(held, "taken") else held[kept]
    objectives = tuple(replace(o, option=o.option[option], opening=o.opening[opening]) for o in problem.objectives)
    return replace(problem, objectives=objectives, labels={}, **parts)  # type: ignore[arg-type]


def hold_against_enumeration(problem: Problem, draw: random.Random) -> bool:
    """Every stage of the few-column program has the optimum that enumeration finds; whether there is a plan at all."""
    few = restricted(problem, draw)
    solution = solve_problem(few, method="highs", stop=Stop(time=60, gap=0.0), threads=1)
    reached: list[int] = []
    for number, objective in enumerate(few.objectives):
        stage = few.stage(number, tuple(reached))
        best = optimum(stage)
        if best is None:
            assert number == 0 and solution.status is Status.INFEASIBLE
            return False
        assert solution.status is Status.OPTIMAL
        found = solution.stages[number]
        assert found.objective == best, objective.name
        assert found.certified_bound is None or found.certified_bound >= best
        hold_dual_above(stage, best, draw)
        reached.append(best)
    return True


def hold_dual_above(stage: Problem, best: int, draw: random.Random) -> None:
    """Whatever the prices, the dual function is an upper bound."""
    rng = np.random.default_rng(draw.randrange(2**32))
    for size in (0, 3, 1000):
        group = rng.integers(0, size + 1, stage.groups)
        row = rng.integers(0, size + 1, stage.rows)
        scale = 2 ** int(rng.integers(0, 6))
        assert dual_value(stage, group, row, scale) >= 100 * scale * best


def hold_bounds(solution: Solution) -> None:
    """No bound stands below the plan."""
    for stage in solution.stages:
        if stage.objective is not None:
            assert stage.bound is not None and stage.bound >= stage.objective
            assert stage.certified_bound is None or stage.certified_bound >= stage.objective


def solved_and_checked(folder: Path, book: Book, text: str) -> Run:
    """A run to proven optimality, whose plan passes the independent check."""
    run = solve(book, parse_scenario(text), gap=0, time=120, threads=1)
    assert run.solution.status in (Status.OPTIMAL, Status.INFEASIBLE)
    hold_bounds(run.solution)
    if run.plan is not None:
        write_run(folder, run)
        report = check(folder.parent / "book", folder)
        assert report.passed, report.text()
    return run


def hold_further_rules(folder: Path, book: Book, text: str, first: Run, draw: random.Random) -> None:
    """A need that the plan serves can be pinned at no loss; and few changes to a plan under other money hold too."""
    assert first.plan is not None
    needs = first.plan.components.filter(first.plan.components["need_id"] != "")
    needs = needs.filter(~needs["component_id"].str.contains("|own||1|2|", literal=True) & (needs["variant"] & 16 == 0))
    if needs.height:
        pin = f'\n[[rule]]\nkind = "pin"\nname = "pin"\nneeds = ["{draw.choice(needs["need_id"].to_list())}"]\n'
        pinned = solved_and_checked(folder / "pinned", book, text + pin)
        assert pinned.solution.objective == first.solution.objective
    number = draw.randint(0, 2)
    changes = f'\n[[rule]]\nkind = "changes"\nname = "changes"\nplan = "{folder / "first"}"\nnumber = {number}\n'
    money = f'\n[[budget]]\nfunds = ["COUNTY-A", "OLD"]\npercent = {draw.choice([50, 100, 200])}\n'
    solved_and_checked(folder / "changed", book, text + changes + money)
    same = solved_and_checked(folder / "same", book, text + changes)
    assert same.solution.objective == first.solution.objective


def hold(folder: Path, seed: int) -> tuple[bool, bool]:
    """Everything that must hold of one random book; whether there was a plan, and one with components."""
    draw = random.Random(1000 + seed)
    book = read_book(write_random_book(folder / "book", seed))
    text = book.scenario_text or ""
    first = solved_and_checked(folder / "first", book, text)
    if extra_values(first.problem) <= PLANS / 16:
        hold_against_enumeration(first.problem, draw)
    some = first.plan is not None and first.plan.components.height > 0
    if some and seed % 4 == 0:
        hold_further_rules(folder, book, text, first, draw)
    return first.plan is not None, some


def hold_seeds(folder: Path, seeds: range) -> None:
    found = [hold(folder / str(seed), seed) for seed in seeds]
    # not all of the books are empty or impossible ones
    assert sum(some for _, some in found) >= len(found) / 10


@pytest.mark.parametrize("start", range(0, 50, 10))
def test_small_books_hold(tmp_path: Path, start: int) -> None:
    """Whatever rules are switched on, the plan is the best one, is paid to the yuan, and its bound is true."""
    hold_seeds(tmp_path, range(start, start + 10))


@pytest.mark.long
@pytest.mark.parametrize("start", range(50, 550, 25))
def test_many_small_books_hold(tmp_path: Path, start: int) -> None:
    """The same for 500 further books."""
    hold_seeds(tmp_path, range(start, start + 25))
