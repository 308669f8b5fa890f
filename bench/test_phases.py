"""How long each phase takes on a standard book: `make bench` (pytest-benchmark). Compare within one run only.

The size is 200 communities; set QINGDAN_BENCH_COMMUNITIES for another.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from qingdan.bench.generator import generate
from qingdan.models.book import Book, read_book, write_book
from qingdan.models.checkup import checkup
from qingdan.models.formulation import formulate
from qingdan.models.matching import match
from qingdan.models.options import Options
from qingdan.models.scenario import Scenario, parse_scenario
from qingdan.solver.certificate import certified_bound, make_certificate
from qingdan.solver.dual_function import DualFunction
from qingdan.solver.matrix import build_matrix
from qingdan.solver.prices import Priced, find_prices, make_priced
from qingdan.solver.problem import Problem

SIZE = int(os.environ.get("QINGDAN_BENCH_COMMUNITIES", "200"))


@pytest.fixture(scope="module")
def book() -> Book:
    made = generate(SIZE, 1)
    return made.with_table("needs", checkup(made).needs)


@pytest.fixture(scope="module")
def scenario(book: Book) -> Scenario:
    return parse_scenario(book.scenario_text or "")


@pytest.fixture(scope="module")
def options(book: Book, scenario: Scenario) -> Options:
    return match(book, scenario)


@pytest.fixture(scope="module")
def problem(options: Options, book: Book, scenario: Scenario) -> Problem:
    return formulate(options, book, scenario)


@pytest.fixture(scope="module")
def benefit(problem: Problem) -> Problem:
    """The benefit stage alone."""
    return replace(problem, objectives=problem.objectives[1:2])


@pytest.fixture(scope="module")
def priced(benefit: Problem) -> Priced:
    return make_priced(benefit)


def test_generate(benchmark: BenchmarkFixture) -> None:
    made = benchmark(generate, SIZE, 1)
    assert made.table("communities").height == SIZE


def test_write_and_read(benchmark: BenchmarkFixture, book: Book, tmp_path: Path) -> None:
    def there_and_back() -> Book:
        write_book(book, tmp_path / "book")
        return read_book(tmp_path / "book")

    assert benchmark(there_and_back).digest() == book.digest()


def test_checkup(benchmark: BenchmarkFixture, book: Book) -> None:
    assert benchmark(checkup, book).needs.height > 0


def test_match(benchmark: BenchmarkFixture, book: Book, scenario: Scenario) -> None:
    assert benchmark(match, book, scenario).options.height > 0


def test_formulate(benchmark: BenchmarkFixture, options: Options, book: Book, scenario: Scenario) -> None:
    assert benchmark(formulate, options, book, scenario).options > 0


def test_matrix(benchmark: BenchmarkFixture, benefit: Problem) -> None:
    assert benchmark(build_matrix, benefit).columns > benefit.options


def test_make_priced(benchmark: BenchmarkFixture, benefit: Problem) -> None:
    assert benchmark(make_priced, benefit).columns.option_row.count > 0


def test_price_step(benchmark: BenchmarkFixture, priced: Priced) -> None:
    """One value and subgradient of the dual function at good prices."""
    found = find_prices(priced, steps=200)
    value = benchmark(DualFunction(priced).at, found.group, found.row).value
    assert value == pytest.approx(found.bound)


def test_price_step_without_prices(benchmark: BenchmarkFixture, priced: Priced) -> None:
    """The same where everything is free and blocks are full: the dearest step."""
    group, row = np.zeros(priced.problem.groups), np.zeros(priced.problem.rows)
    assert benchmark(DualFunction(priced).at, group, row).value > 0


@pytest.mark.parametrize("threads", [1, 2])
def test_prices(benchmark: BenchmarkFixture, priced: Priced, threads: int) -> None:
    """Three hundred price steps from nothing."""
    options = {"steps": 300, "threads": threads}
    found = benchmark.pedantic(find_prices, (priced,), options, rounds=3, warmup_rounds=1)  # type: ignore[no-untyped-call]
    assert np.isfinite(found.bound)


def test_certificate(benchmark: BenchmarkFixture, benefit: Problem, priced: Priced) -> None:
    """The bound again in whole numbers, without compiled kernels."""
    found = find_prices(priced, steps=300)
    certificate = make_certificate(benefit, (), [(found.group, found.row)])
    bound = benchmark.pedantic(certified_bound, (benefit, certificate, 0), rounds=2)  # type: ignore[no-untyped-call]
    assert bound == pytest.approx(found.bound, rel=1e-6)
