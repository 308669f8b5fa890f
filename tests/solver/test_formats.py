"""Problems and certificates survive a file, damaged files are refused, other programs read the exports."""

from __future__ import annotations

import subprocess
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from brute_force import optimum
from pulp.apis.coin_api import pulp_cbc_path
from qingdan.solver.certificate import CertificateError, certified_bound
from qingdan.solver.formats import (
    export_model,
    load_certificate,
    load_problem,
    save_certificate,
    save_problem,
)
from qingdan.solver.solve import solve
from qingdan.solver.sparse import Sparse
from qingdan.solver.validity import ProblemError
from random_problems import random_problem
from small_problems import two_projects_problem


@pytest.mark.parametrize("seed", range(7))
def test_a_problem_comes_back_as_it_was(tmp_path: Path, seed: int) -> None:
    """Every array, objective and label is the same after writing and reading."""
    problem = replace(random_problem(seed), labels={"need": np.array(["甲", "乙"]), "row": np.arange(3)})
    save_problem(problem, tmp_path / "problem.npz")
    again = load_problem(tmp_path / "problem.npz")
    for part in fields(problem):
        one, other = getattr(problem, part.name), getattr(again, part.name)
        if isinstance(one, Sparse):
            assert all(np.array_equal(getattr(one, n), getattr(other, n)) for n in ("start", "index", "amount"))
        elif isinstance(one, np.ndarray):
            assert np.array_equal(one, other) and one.dtype == other.dtype
    assert (again.periods, again.class_count) == (problem.periods, problem.class_count)
    assert [o.name for o in again.objectives] == [o.name for o in problem.objectives]
    assert all(np.array_equal(a.option, b.option) for a, b in zip(again.objectives, problem.objectives, strict=True))
    assert again.labels["need"].tolist() == ["甲", "乙"]
    assert [path.name for path in tmp_path.iterdir()] == ["problem.npz"]


def test_a_certificate_comes_back_and_proves_the_same(tmp_path: Path) -> None:
    """The bound from the file is the bound of the run."""
    problem = random_problem(9)
    solution = solve(problem)
    assert solution.certificate is not None
    save_certificate(solution.certificate, tmp_path / "certificate.npz")
    again = load_certificate(tmp_path / "certificate.npz")
    for number, stage in enumerate(solution.stages):
        assert certified_bound(problem, again, number) == stage.certified_bound


def _changed(path: Path, **changes: object) -> None:
    with np.load(path) as held:
        arrays = {name: held[name] for name in held.files}
    arrays.update(changes)
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": np.array(2)}, "version"),
        ({"row_limit": None}, "row_limit is missing"),
        ({"objective0_option": None}, "objective0_option is missing"),
        ({"row_limit": np.array([0.5, 1.5])}, "row_limit must be a row of int64"),
        ({"group_exact": np.array([0, 1])}, "group_exact must be a row of bool"),
        ({"periods": np.array([1, 2])}, "periods must be one whole number"),
        ({"option_group": np.array([0, 1, 9])}, "option_group points outside"),
        ({"option_spend_index": np.array([0])}, "option_spend: start, index and amount"),
    ],
)
def test_a_damaged_problem_file_is_refused(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    """The error names the array."""
    path = tmp_path / "problem.npz"
    save_problem(two_projects_problem(), path)
    _changed(path, **changes)
    with pytest.raises(ProblemError, match=words):
        load_problem(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": None}, "version"),
        ({"scale": np.array([1.0])}, "scale must be a row"),
        ({"stage": np.array([0, 1])}, "one length"),
        ({"stage0_row_price": None}, "stage0_row_price"),
        ({"stage0_group_price": np.array([0.5, 0.5])}, "stage0_group_price"),
    ],
)
def test_a_damaged_certificate_file_is_refused(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    """The error names the array."""
    path = tmp_path / "certificate.npz"
    solution = solve(two_projects_problem())
    assert solution.certificate is not None
    save_certificate(solution.certificate, path)
    _changed(path, **changes)
    with pytest.raises(CertificateError, match=words):
        load_certificate(path)


def test_other_files_and_pickles_are_refused(tmp_path: Path) -> None:
    """Text, an empty file or an array of Python objects is no problem and no certificate."""
    for name, content in (("text.npz", b"hello"), ("empty.npz", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ProblemError, match="not a problem file"):
            load_problem(tmp_path / name)
        with pytest.raises(CertificateError, match="not a certificate file"):
            load_certificate(tmp_path / name)
    np.savez(tmp_path / "objects.npz", version=np.array([{}], object))
    with pytest.raises(ProblemError, match="not a problem file"):
        load_problem(tmp_path / "objects.npz")
    with pytest.raises(TypeError, match="label x holds Python objects"):
        save_problem(replace(two_projects_problem(), labels={"x": np.array([{}], object)}), tmp_path / "p.npz")
    assert not (tmp_path / "p.npz").exists()


@pytest.mark.parametrize("seed", [0, 1, 2, 5, 10])
@pytest.mark.parametrize("ending", ["mps", "lp"])
def test_another_solver_finds_the_same_optimum(tmp_path: Path, seed: int, ending: str) -> None:
    """CBC reads the export and reaches what enumeration finds; of an MPS file, minus that."""
    problem = random_problem(seed).stage(0, ())
    best = optimum(problem)
    path = tmp_path / f"model.{ending}"
    export_model(problem, path)
    said = subprocess.run([pulp_cbc_path, str(path), "solve", "quit"], capture_output=True, text=True)
    line = [line for line in said.stdout.splitlines() if line.startswith("Objective value:")]
    if best is None:
        assert "infeasible" in said.stdout.lower() and not line
        return
    value = float(line[0].split(":")[1])
    assert np.floor((-value if ending == "mps" else value) + 1e-6) == best


def test_an_unknown_ending_is_refused(tmp_path: Path) -> None:
    """Only .mps and .lp are written."""
    with pytest.raises(ValueError, match=r"must end in .mps or .lp"):
        export_model(two_projects_problem(), tmp_path / "model.txt")
    assert not list(tmp_path.iterdir())
