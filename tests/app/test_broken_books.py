"""Broken books through the real command: every fault at once with its place and mend, code 2, nothing written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Ended, call, listing
from qingdan.models.book import read_book
from qingdan.models.faults import BookError
from small_book import FILES, SETTINGS, write_small_book
from test_faults_cells import BROKEN as CELLS
from test_faults_files import BROKEN as FILE_FAULTS
from test_faults_files import SETTINGS_BROKEN

Command = Callable[..., Ended]
RULES = "[[rule]]\nkind = 'forbid'\nname = '不用'\nsites = ['L1']\n"


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return lambda *words: call(capfd, monkeypatch, *words)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """The small book, with rules that can be read."""
    folder = write_small_book(tmp_path / "book")
    (folder / "scenario.toml").write_text(RULES, encoding="utf-8")
    return folder


def refused(command: Command, book: Path, *, name: str) -> list[dict[str, object]]:
    """All faults that a command tells, after holding that it wrote nothing and told them in both ways."""
    before = listing(book.parent)
    out = book.parent / "out"
    told = command(name, book, "-o", out, "--json")
    assert told.code == 2 and listing(book.parent) == before and not out.exists()
    faults = told.document["faults"]
    with pytest.raises(BookError) as caught:
        read_book(book)
    # nothing that reading finds is kept back for a second try
    assert [(f["table"], f["row"], f["column"]) for f in faults] == [
        (f.table, f.row, f.column) for f in caught.value.faults
    ]
    assert all(fault["cause_zh"] and fault["cause_en"] and fault["mend_zh"] and fault["mend_en"] for fault in faults)
    assert all(str(fault) in told.err for fault in caught.value.faults)
    return list(faults)


@pytest.mark.parametrize(("number", "case"), list(enumerate(CELLS)), ids=[case[0] for case in CELLS])
def test_a_mistyped_cell_stops_the_command(
    command: Command, book: Path, number: int, case: tuple[str, str, str, str, int, str, str]
) -> None:
    """A wrong cell is named with its row and column, and no command goes on with it."""
    _, name, old, new, row, column, _ = case
    (book / f"{name}.csv").write_text(FILES[name].replace(old, new, 1), encoding="utf-8")
    faults = refused(command, book, name=("solve", "match", "checkup")[number % 3])
    assert (name, row, column) in {(fault["table"], fault["row"], fault["column"]) for fault in faults}


@pytest.mark.parametrize(
    ("spoil", "places"), [case[1:3] for case in FILE_FAULTS], ids=[case[0] for case in FILE_FAULTS]
)
def test_a_wrong_file_stops_the_command(
    command: Command, book: Path, spoil: Callable[[Path], object], places: list[tuple[str, int, str]]
) -> None:
    """A wrong header, row, encoding or name is told for all of them at once."""
    spoil(book)
    faults = refused(command, book, name="solve")
    assert set(places) <= {(fault["table"], fault["row"], fault["column"]) for fault in faults}


@pytest.mark.parametrize(
    ("old", "new"), [case[1:3] for case in SETTINGS_BROKEN], ids=[case[0] for case in SETTINGS_BROKEN]
)
def test_a_wrong_setting_stops_the_command(command: Command, book: Path, old: str, new: str) -> None:
    """A slip in `book.toml` is named with its line."""
    (book / "book.toml").write_text(SETTINGS.replace(old, new, 1), encoding="utf-8")
    assert "book.toml" in {fault["table"] for fault in refused(command, book, name="match")}


def test_faults_of_book_and_scenario_come_together(command: Command, book: Path, tmp_path: Path) -> None:
    """One try tells what is wrong in the tables and in the rules, the book's own or those of a file."""
    (book / "needs.csv").write_text(FILES["needs"].replace("none,0,1,1,", "none,4,1,1,"), encoding="utf-8")
    wrong = "titel = '方案'\n[[rule]]\nkind = 'met'\nname = '多'\nshare = 130\n"
    (book / "scenario.toml").write_text(wrong, encoding="utf-8")
    (tmp_path / "other.toml").write_text(wrong, encoding="utf-8")
    for words in (("solve", book), ("match", book), ("solve", book, "--scenario", tmp_path / "other.toml")):
        told = command(*words, "-o", tmp_path / "out", "--json")
        assert told.code == 2 and not (tmp_path / "out").exists()
        places = [(fault["table"], fault["row"]) for fault in told.document["faults"]]
        assert ("needs", 2) in places and ("政策约束", 1) in places and len(places) == 3


WRONG_RULES = [
    ("[[rule]]\nkind = 'forbid'\nname = '不用'\nsites = ['L9']\n", 4, "L9"),
    ("[[rule]]\nkind = 'prerequisite'\nname = '先后'\nbefore = 'R02'\nafter = 'R77'\n", 5, "R77"),
    ("[[budget]]\nfunds = ['M7']\npercent = 50\n", 2, "M7"),
    ("[[rule]]\nkind = 'met'\nname = '地'\nshare = 10\ncounties = ['360999']\n", 5, "360999"),
]


@pytest.mark.parametrize(("rules", "row", "value"), WRONG_RULES, ids=[case[2] for case in WRONG_RULES])
@pytest.mark.parametrize("name", ["solve", "match"])
def test_a_rule_on_what_the_book_has_not_is_named_with_its_line(
    command: Command, book: Path, tmp_path: Path, name: str, rules: str, row: int, value: str
) -> None:
    """A code that leads nowhere stops every command that uses the scenario."""
    (tmp_path / "rules.toml").write_text(rules, encoding="utf-8")
    told = command(name, book, "-o", tmp_path / "out", "--scenario", tmp_path / "rules.toml", "--json")
    assert told.code == 2 and not (tmp_path / "out").exists()
    assert [(fault["row"], fault["value"]) for fault in told.document["faults"]] == [(row, value)]


def test_the_json_of_faults_is_one_document_in_utf_8(command: Command, book: Path) -> None:
    """Programs that read the answer find Chinese as Chinese."""
    (book / "funds.csv").unlink()
    (book / "payers.csv").unlink()
    (book / "needs.csv").write_text("id\n", encoding="utf-8")
    told = command("solve", book, "-o", book.parent / "out", "--json")
    assert json.loads(told.out)["error_zh"] == "输入有误" and "\\u" not in told.out
