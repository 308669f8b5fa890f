"""The exported program is the whole program: another solver finds the same optimum in it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pulp.apis.coin_api import pulp_cbc_path
from qingdan.bench.generator import generate
from qingdan.models.book import read_book
from qingdan.models.scenario import parse_scenario
from qingdan.scenarios.export import export
from qingdan.scenarios.single import solve
from qingdan.solver.solution import Status
from random_books import write_random_book

BENEFIT = '[objective]\nkind = "benefit"\n'


def by_cbc(path: Path) -> tuple[str, float]:
    """Status and least value of an MPS file, by CBC."""
    out = path.with_suffix(".txt")
    words = [pulp_cbc_path, str(path), "-ratioGap", "0", "-allowableGap", "0", "-seconds", "60", "-solve", "-solution", str(out)]  # fmt: skip
    subprocess.run(words, check=True, capture_output=True, timeout=120)
    first = out.read_text().splitlines()[0]
    return first.split(" - ")[0], float(first.rsplit(" ", 1)[1])


def hold(folder: Path, seed: int) -> bool:
    """The file of a random book has the optimum of the run; whether there is a plan."""
    book = read_book(write_random_book(folder / "book", seed))
    # one stage, so that file and run speak of the same program
    text = (book.scenario_text or "").replace('"lexicographic"', '"benefit"').replace('"smallest_county"', '"benefit"')
    scenario = parse_scenario(text)
    export(book, scenario, mps=folder / "model.mps")
    run = solve(book, scenario, gap=0, time=60, threads=1)
    status, value = by_cbc(folder / "model.mps")
    if run.solution.status is Status.INFEASIBLE:
        assert status in ("Infeasible", "Integer infeasible")
        return False
    assert run.solution.status is Status.OPTIMAL
    assert (status, round(-value)) == ("Optimal", run.solution.objective)
    return bool(run.solution.objective)


def test_cbc_finds_the_same_optimum(tmp_path: Path) -> None:
    """Sixteen small books under rules of every kind: HiGHS here and CBC on the file agree to the point."""
    found = [hold(tmp_path / str(seed), seed) for seed in range(600, 616)]
    assert sum(found) >= 3


@pytest.mark.long
def test_cbc_finds_the_same_optimum_of_generated_books(tmp_path: Path) -> None:
    """So do books of the generator."""
    for seed in range(1, 5):
        book, scenario = generate(1, seed), parse_scenario(BENEFIT)
        run = solve(book, scenario, gap=0, time=60, threads=1)
        export(book, scenario, mps=tmp_path / f"{seed}.mps")
        status, value = by_cbc(tmp_path / f"{seed}.mps")
        assert (status, round(-value)) == ("Optimal", run.solution.objective)


def test_earlier_stages_are_left_out(tmp_path: Path) -> None:
    """Of an objective in stages the file states the benefit under all rules, as its documentation says."""
    book = read_book(write_random_book(tmp_path / "book", 4))
    rules = (book.scenario_text or "").replace('"benefit"', '"lexicographic"')
    for name, text in (("stages", rules), ("benefit", rules.replace('"lexicographic"', '"benefit"'))):
        export(book, parse_scenario(text), mps=tmp_path / f"{name}.mps", lp=tmp_path / f"{name}.lp")
    assert (tmp_path / "stages.mps").read_text() == (tmp_path / "benefit.mps").read_text()
    assert (tmp_path / "stages.lp").read_text() == (tmp_path / "benefit.lp").read_text()
