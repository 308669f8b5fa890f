"""Suites: ids, knobs, and instances joined from public files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from qingdan.bench.capital_list import capital_program, read_capital_list
from qingdan.bench.classic_catalogue import data_folder
from qingdan.bench.classic_reading import InstanceError
from qingdan.bench.generator import generate
from qingdan.bench.joined_elections import joined_elections, read_elections
from qingdan.bench.knobs import Knobs, turned_book, turned_problem
from qingdan.bench.prepared import prepare
from qingdan.bench.recipes import Generated, Public
from qingdan.bench.suites import SUITES, SuiteInstance, suite
from qingdan.models.scenario import parse_scenario
from qingdan.solver.solve import solve
from qingdan.solver.stop import Stop

ELECTION = """META
key;value
description;Made up
budget;{budget}
num_projects;{number}
PROJECTS
project_id;cost;votes;name
{projects}
VOTES
"""


def test_every_instance_has_an_id_of_its_own() -> None:
    """An id names one instance, and begins with its suite."""
    every = [one for name in SUITES for one in suite(name)]
    assert len({one.id for one in every}) == len(every)
    assert all(one.id.startswith(f"{one.suite}-") for one in every)
    assert [len(suite(name, smallest=True)) for name in SUITES] == [1] * len(SUITES)
    assert (len(suite("classic")), len(suite("real"))) == (24, 12)
    with pytest.raises(InstanceError, match="there are: tiny, standard"):
        suite("huge")


@pytest.mark.skipif(data_folder() is None, reason="the public instances are not here")
@pytest.mark.shared
def test_the_samples_are_there() -> None:
    """Every file of the samples can be made into a program."""
    for one in [*suite("classic"), *suite("real")]:
        assert one.recipe.make(None).options > 0, one.id


@pytest.mark.parametrize("percent", [40, 250])
def test_the_knob_of_money(percent: int) -> None:
    """Every budget is scaled, nothing else of the funds changes."""
    usual, turned = generate(2, 1).table("funds"), turned_book(2, 1, Knobs(money=percent)).table("funds")
    budgets = [name for name in usual.columns if name.startswith("budget_")]
    before, after = (frame.select(budgets).fill_null(0).to_numpy() for frame in (usual, turned))
    assert np.allclose(after, before * percent / 100, atol=1e-3) and before.sum() > 0
    assert usual.drop(budgets).equals(turned.drop(budgets))


def test_the_knob_of_sites() -> None:
    """Fewer are a part of the usual ones, with those that projects stand in; more are copies with ids of their own."""
    usual = generate(3, 1)
    few, many = (turned_book(3, 1, Knobs(sites=percent)).table("sites") for percent in (50, 250))
    sites = set(usual.table("sites")["id"])
    assert set(few["id"]) < sites and set(usual.table("projects")["site"].drop_nulls()) <= set(few["id"])
    assert sites < set(many["id"]) and many["id"].n_unique() == many.height
    assert 2.2 * len(sites) < many.height < 2.8 * len(sites)


def test_the_knob_of_radius_and_of_rules() -> None:
    """Radii are scaled in the catalogue of the book; rules are dropped or added, and the scenario can still be read."""
    usual, wide = turned_book(3, 1, Knobs()), turned_book(3, 1, Knobs(radius=200))
    assert (
        max(wide.table("measures")["service_radius_m"].drop_nulls().to_list()) > 500
        and usual.table("measures").is_empty()
    )
    standard = parse_scenario(usual.scenario_text or "")
    for number in (0, 2, len(standard.rules) + 3):
        scenario = parse_scenario(turned_book(3, 1, Knobs(rules=number)).scenario_text or "")
        assert len(scenario.rules) == number
        assert scenario.rules[: len(standard.rules)] == standard.rules[:number]


def test_the_knob_of_correlation() -> None:
    """At 100 benefits are proportional to costs, in between they come nearer; options without worth stay so."""
    problem = Generated(2, 1).make(None)

    def alike(percent: int) -> float:
        turned = turned_problem(problem, Knobs(correlation=percent))
        worth = problem.objectives[1].option > 0
        assert ((turned.objectives[1].option > 0) == worth).all()
        return float(np.corrcoef(turned.objectives[1].option[worth], problem.objectives[2].option[worth])[0, 1])

    assert alike(100) < -0.999 and alike(100) < alike(60) < alike(0)


@pytest.mark.parametrize("told", [{"money": 0}, {"correlation": 101}, {"rules": -1}])
def test_knobs_have_limits(told: dict[str, int]) -> None:
    """A slip in a number is named."""
    with pytest.raises(ValueError, match=r"percent|between|number"):
        Knobs(**told)


def _election(folder: Path, name: str, budget: object, projects: list[tuple[object, int]]) -> None:
    rows = "\n".join(f"{at};{cost};{votes};p{at}" for at, (cost, votes) in enumerate(projects))
    text = ELECTION.format(budget=budget, number=len(projects), projects=rows)
    (folder / f"Poland_Mine_{name}.pb").write_text(text, encoding="utf-8")


def test_elections_are_joined_as_told(tmp_path: Path) -> None:
    """Money that waits, the city's fund and its largest share, against a plan worked out by hand."""
    _election(tmp_path, "2020_A", 100, [(80, 10), (80, 9)])
    _election(tmp_path, "2020_B", "50.5", [(60, 5)])
    _election(tmp_path, "2021_A", 0, [(1000, 50)])
    problem = joined_elections(read_elections(tmp_path, "Poland_Mine", 2020, 2021))
    assert (problem.periods, problem.groups, problem.options) == (2, 4, 7)
    # halves of a unit: A keeps 160, B 81 (of 101), the city has 60 (40 + 20); of two projects of A one is paid by A's fund,
    # and B's (120) by 81 of its own and 39 of the city's, at most 60: 10 + 5 votes in tenths
    assert problem.row_limit.tolist() == [160, 0, 81, 0, 60, 0]
    solution = solve(problem, method="highs", stop=Stop(time=10), threads=1)
    assert (solution.status, solution.objective) == ("optimal", 150)


def test_money_may_wait_a_year(tmp_path: Path) -> None:
    """What a district does not spend pays in the next year, for works that then begin."""
    _election(tmp_path, "2020_A", 100, [(200, 7)])
    _election(tmp_path, "2021_A", 100, [(140, 10)])
    problem = joined_elections(read_elections(tmp_path, "Poland_Mine", 2020, 2021))
    solution = solve(problem, method="highs", stop=Stop(time=10), threads=1)
    assert solution.objective == 100  # 80 of 2021, and 60 of 2020; the city's 20 of 2021 are not needed
    with pytest.raises(InstanceError, match="no elections of Poland_Other"):
        read_elections(tmp_path, "Poland_Other", 2020, 2021)


def test_the_capital_list_becomes_a_program(tmp_path: Path) -> None:
    """Two projects, two funds: what falls due in which year, and what waiting costs."""
    usual = {f"{fund}{year}": 0 for fund in ("city", "non_city") for year in range(2021, 2026)}
    first = {
        "project_id": "B",
        "project_description": "b",
        "managing_agency": "PARKS",
        "community_boards_served": "301 302",
    }
    second = {**first, "project_id": "A", "community_boards_served": ""}
    features = [
        {"properties": {**usual, **first, "city2021": 100, "non_city2022": 44}},
        {"properties": {**usual, **second, "city2025": 100}},
        {"properties": {**usual, **second, "project_id": "nothing"}},
    ]
    path = tmp_path / "list.geojson"
    path.write_text(json.dumps({"features": features}), encoding="utf-8")
    problem = capital_program(read_capital_list(path), 50)
    assert (problem.groups, problem.options, problem.periods) == (2, 6, 7)
    assert problem.objectives[0].option.tolist() == [1000, 950, 900, 3600, 3420, 3240]
    assert problem.row_limit.tolist() == [50, 0, 0, 0, 50, 10, 10, 0, 22, 0, 0, 0, 2, 2, 170]
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(InstanceError, match="no list of capital projects"):
        read_capital_list(path)


def test_a_program_is_made_once(tmp_path: Path) -> None:
    """The second time it is taken from the folder; a file that is missing is named in two languages."""
    tiny = suite("tiny", smallest=True)[0]
    first = prepare(tiny, tmp_path, None)
    written = first.file(tmp_path).stat().st_mtime_ns
    assert prepare(tiny, tmp_path, None) == first and first.file(tmp_path).stat().st_mtime_ns == written
    assert first.objectives == ("safety", "benefit", "cost") and len(first.digest) == 16
    lost = SuiteInstance("lost", "classic", Public("gap", "chu1997", "lost"))
    with pytest.raises(InstanceError, match="there is no file lost"):
        prepare(lost, tmp_path, tmp_path)


def test_the_same_recipe_gives_the_same_program(tmp_path: Path) -> None:
    """The digest of the smallest instance, so that a change of the generator is seen as one."""
    tiny = suite("tiny", smallest=True)[0]
    again = replace(tiny, id="again")
    assert prepare(tiny, tmp_path, None).digest == prepare(again, tmp_path, None).digest
