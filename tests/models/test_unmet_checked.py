"""The checker holds the table of needs left open: how much of each is met, planned and left, and what it could join."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from checked_book import Copy, write_text_book
from qingdan.models.book import read_book
from qingdan.models.run import write_run
from qingdan.scenarios.single import solve


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unmet")
    book = read_book(write_text_book(folder / "book"))
    run = solve(book, time=30, threads=1)
    assert run.plan is not None and run.plan.unmet.height
    write_run(folder / "run", run)
    return folder


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda copy: copy.alter("unmet", lambda row: True, lots_met="1"), "unmet"),
        (lambda copy: copy.alter("unmet", lambda row: True, lots_planned="1"), "unmet"),
        (lambda copy: copy.alter("unmet", lambda row: True, lots_left="99"), "unmet"),
        (lambda copy: copy.alter("unmet", lambda row: True, code="可并入其他项目"), "unmet-code"),
    ],
    ids=["lots met", "lots planned", "lots left", "nothing to join"],
)
def test_a_wrong_row_is_refused(solved: Path, tmp_path: Path, change: Callable[[Copy], None], code: str) -> None:
    """Lots are counted again from the components; a project to join must be one of the list."""
    copy = Copy(solved, tmp_path / "copy")
    assert copy.codes() == set()
    change(copy)
    assert copy.codes() == {code}


def test_a_project_of_the_list_may_be_joined(solved: Path, tmp_path: Path) -> None:
    """A need that names a project of the plan as the one to join is accepted."""
    copy = Copy(solved, tmp_path / "copy")
    project = copy.rows("projects")[0]["project_id"]
    copy.alter("unmet", lambda row: True, code="可并入其他项目", next_step=f"下一轮并入 {project} 某项目")
    assert copy.codes() == set()
