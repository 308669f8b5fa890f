"""A user whose files themselves are wrong - headers, rows, encodings, names - is told so for all of them at once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from qingdan.models.book import read_book
from qingdan.models.faults import BookError, Fault
from small_book import FILES, SETTINGS, write_small_book

Place = tuple[str, int, str]


def faults_of(path: Path) -> tuple[Fault, ...]:
    """All faults that reading finds."""
    with pytest.raises(BookError) as caught:
        read_book(path)
    return caught.value.faults


def text(name: str, old: str, new: str) -> Callable[[Path], object]:
    """Replace a text once in the file of a table."""
    assert old in FILES[name]
    return lambda folder: (folder / f"{name}.csv").write_text(FILES[name].replace(old, new, 1), encoding="utf-8")


def data(name: str, change: Callable[[str], bytes]) -> Callable[[Path], object]:
    """Write the file of a table in another way."""
    return lambda folder: (folder / f"{name}.csv").write_bytes(change(FILES[name]))


BROKEN: list[tuple[str, Callable[[Path], object], list[Place], str]] = [
    ("a header misspelt", text("needs", "people", "poeple"), [("needs", 1, "poeple"), ("needs", 1, "people")], "people"),
    ("a Chinese header misspelt", text("funds", "预算_2028", "预算_28"),
     [("funds", 1, "预算_28"), ("funds", 1, "budget_2028")], "预算"),
    ("a header twice in two languages", text("communities", "households", "常住人口"),
     [("communities", 1, "population"), ("communities", 1, "households")], "only one"),
    ("a column without a header", text("payers", "debt_quota", ""), [("payers", 1, "#7")], "header"),
    ("a plan year without a budget", text("funds", "预算_2028", "预算_2029"), [("funds", 1, "budget_2028")], "budget_2028"),
    ("a required column missing", text("payments", "amount_fen", "note"), [("payments", 1, "amount_fen")], "amount_fen"),
    ("a row too long", text("payers", ",10,,500", ",10,,500,7"), [("payers", 2, "")], "commas"),
    ("a row too short", text("listings", ",示范类,20", ",示范类"), [("listings", 2, "")], "commas"),
    ("a quote that is never closed", text("operators", "社会组织", '"社会组织'), [("operators", 2, "")], "double quotes"),
    ("semicolons for commas", data("listings", lambda told: told.replace(",", ";").encode()),
     [("listings", 1, "id;community;programme;year;category;money_received"), ("listings", 1, "id"),
      ("listings", 1, "community"), ("listings", 1, "programme")], "comma-separated"),
    ("GBK", data("listings", lambda told: told.encode("gbk")), [("listings", 2, "")], "CSV UTF-8"),
    ("UTF-16", data("listings", lambda told: told.encode("utf-16")), [("listings", 1, "")], "CSV UTF-8"),
    ("bytes of no encoding", data("listings", lambda told: told.encode() + b"\xff\n"), [("listings", 3, "")], "CSV UTF-8"),
    ("a file that is no table", lambda folder: (folder / "fund.csv").write_text("id\n"), [("fund.csv", 0, "")], "funds"),
    ("two files of one table", lambda folder: (folder / "社区.csv").write_text("id\n"), [("communities", 0, "")], "only one"),
    ("no settings", lambda folder: (folder / "book.toml").unlink(), [("book.toml", 0, "")], "qingdan new"),
    ("an identifier repeated", text("neighbourhoods", "X2,", "X1,"),
     [("neighbourhoods", 3, "id")], "another identifier"),
    ("a table that others need left out", lambda folder: (folder / "payers.csv").unlink(), [("funds", 2, "payer")], "payers"),
    ("rules that are no TOML", lambda folder: (folder / "scenario.toml").write_text("a ="), [("scenario.toml", 0, "")], "correct"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "places", "mend"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_wrong_file_is_named_with_its_mend(
    tmp_path: Path, spoil: Callable[[Path], object], places: list[Place], mend: str
) -> None:
    """One wrong file gives exactly its own faults, each with its place and a mend."""
    folder = write_small_book(tmp_path / "book")
    spoil(folder)
    faults = faults_of(folder)
    assert sorted((fault.table, fault.row, fault.column) for fault in faults) == sorted(places)
    assert any(mend in f"{fault.mend_zh} {fault.mend_en} {fault.cause_en}" for fault in faults)


def test_both_rows_of_a_repeated_identifier_are_named(tmp_path: Path) -> None:
    """The fault stands at the later row and names the earlier one."""
    folder = write_small_book(tmp_path / "book")
    text("neighbourhoods", "X2,", "X1,")(folder)
    fault = faults_of(folder)[0]
    assert (fault.row, fault.value) == (3, "X1") and "row 2" in fault.cause_en and "第2行" in fault.cause_zh


def test_rows_are_counted_as_excel_counts_them(tmp_path: Path) -> None:
    """A cell of two lines and an empty row before a fault do not shift its row number."""
    folder = write_small_book(tmp_path / "book")
    spoiled = FILES["complaints"].replace("\nC2,360102001002,,F16", "\n,,,,,,,,\n\nC2,360102001002,,F99")
    (folder / "complaints.csv").write_text(spoiled, encoding="utf-8")
    assert [(fault.row, fault.column) for fault in faults_of(folder)] == [(5, "service_type")]


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    """A file that Excel saved as CSV UTF-8 is the same table."""
    one, two = write_small_book(tmp_path / "one"), write_small_book(tmp_path / "two")
    for name, told in FILES.items():
        (two / f"{name}.csv").write_bytes(b"\xef\xbb\xbf" + told.replace("\n", "\r\n").encode())
    assert read_book(one).digest() == read_book(two).digest()


def test_what_is_no_book_is_said_to_be_none(tmp_path: Path) -> None:
    """A missing path, a file of another kind and a broken workbook each give one fault without a traceback."""
    (tmp_path / "notes.txt").write_text("no book")
    (tmp_path / "broken.xlsx").write_text("no workbook")
    for name in ("absent", "absent.xlsx", "notes.txt", "broken.xlsx"):
        faults = faults_of(tmp_path / name)
        assert [fault.table for fault in faults] == [name] and faults[0].mend_zh


SETTINGS_BROKEN = [
    ("no title", 'title = "模拟数据:两个社区"\n', "", 0, "title", "title ="),
    ("a gap in the years", "[2027, 2028]", "[2027, 2029]", 3, "plan_years", "[2027, 2028, 2029]"),
    ("a year as text", "[2027, 2028]", '[2027, "2028"]', 3, "plan_years", "whole number"),
    ("no year", "[2027, 2028]", "[]", 3, "plan_years", "entries"),
    ("a date as text that is none", "as_of = 2026-06-30", 'as_of = "去年"', 4, "as_of", "2027-03-01"),
    ("an unknown datum", '"CGCS2000"', '"BJ54"', 5, "datum", "GCJ02"),
    ("an unknown kind of data", '"synthetic"', '"fake"', 6, "data_kind", "synthetic"),
    ("a place that is no code", '["3601"]', '["南昌"]', 2, "region", "digits"),
    ("a key misspelt", "region = ", "regoin = ", 2, "regoin", "region"),
    ("a factor misspelt", "discount_percent = 95", "discount_precent = 95", 9, "factors.discount_precent", "discount_percent"),
    ("a factor out of range", "discount_percent = 95", "discount_percent = 195", 9, "factors.discount_percent", "100"),
    ("a basis for no factor", "discount_percent = \"会议", "discount = \"会议", 11, "factors.basis", "discount_percent"),
    ("a walking factor under 1", "[factors]", "walking_factor = 0.5\n[factors]", 8, "walking_factor", "1"),
    ("not TOML", "plan_years = ", "plan_years ", 3, "", "key = value"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "row", "column", "mend"),
    [case[1:] for case in SETTINGS_BROKEN],
    ids=[case[0] for case in SETTINGS_BROKEN],
)
def test_a_wrong_setting_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, row: int, column: str, mend: str
) -> None:
    """Each fault of book.toml names its line and key, and what to write."""
    folder = write_small_book(tmp_path / "book")
    assert old in SETTINGS
    (folder / "book.toml").write_text(SETTINGS.replace(old, new, 1), encoding="utf-8")
    faults = faults_of(folder)
    assert [(fault.table, fault.row, fault.column) for fault in faults if fault.table == "book.toml"] == [
        ("book.toml", row, column)
    ]
    assert mend in f"{faults[0].mend_zh} {faults[0].mend_en}"
