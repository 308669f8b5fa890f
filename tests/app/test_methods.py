"""`qingdan solve --method`: every method that is offered runs, and one that is not installed says how to get it."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import call, small_book
from qingdan.solver.backends.missing import MissingSolver
from qingdan.solver.solve import methods

ADDED = ("scip", "cpsat", "cbc")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_book(tmp_path_factory.mktemp("methods") / "book")


@pytest.mark.parametrize("name", ADDED)
def test_a_run_by_each_method_passes_the_check(
    name: str, book: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The project list of any method can be proved by the same independent check."""
    out = tmp_path / "run"
    solved = call(
        capfd, monkeypatch, "solve", book, "-o", out, "--method", name, "--time", 30, "--threads", 1, "--json"
    )
    assert solved.code == 0 and solved.document["method"] == name
    assert call(capfd, monkeypatch, "check", book, out).code == 0


@pytest.mark.parametrize("name", ADDED)
def test_a_method_that_is_not_installed_says_how_to_get_it(
    name: str, book: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong use, nothing written, and the command that installs the package in both languages."""
    module = {"cpsat": "cp_sat"}.get(name, name)
    monkeypatch.setattr(f"qingdan.solver.backends.{module}.installed", lambda package: False)
    out = tmp_path / "run"
    told = call(capfd, monkeypatch, "solve", book, "-o", out, "--method", name, "--json")
    command = f'pip install "qingdan[{name}]"'
    assert told.code == 2 and not out.exists()
    assert command in told.document["error"] and command in told.document["error_zh"]
    assert "internal" not in told.document["error"] and "Traceback" not in told.err


def test_the_help_names_every_method(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads `--help` sees what can be chosen."""
    told = call(capfd, monkeypatch, "solve", "--help")
    assert all(name in told.out for name in methods())


def test_the_error_names_the_method() -> None:
    """Both languages name the method and its package."""
    error = MissingSolver("cbc", "cbc", "PuLP")
    assert "cbc" in error.zh and "PuLP" in error.zh and "cbc" in error.en and "PuLP" in error.en
