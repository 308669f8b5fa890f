"""A book as CSV files comes back as it was written."""

import csv
from pathlib import Path

from qingdan.models.book import read_book, write_book
from small_book import write_small_book


def test_a_folder_comes_back_as_it_was(tmp_path: Path) -> None:
    """Reading, writing and reading again gives equal frames, settings and rules."""
    first = read_book(write_small_book(tmp_path / "one"))
    write_book(first, tmp_path / "two")
    second = read_book(tmp_path / "two")
    for name, frame in first.tables.items():
        assert frame.equals(second.table(name)), name
    assert second.settings == first.settings
    assert second.scenario_text == first.scenario_text
    assert second.digest() == first.digest()


def test_files_hold_english_names_codes_and_wan(tmp_path: Path) -> None:
    """What is written is plain: English headers and codes, money in 万元, dates in ISO form."""
    write_book(read_book(write_small_book(tmp_path / "one")), tmp_path / "two")
    with (tmp_path / "two" / "sites.csv").open(encoding="utf-8", newline="") as file:
        site = next(csv.DictReader(file))
    assert (site["rent"], site["conversion_cost"], site["area"], site["free_from"]) == (
        "2.5",
        "12.3456",
        "800.5",
        "2027",
    )
    with (tmp_path / "two" / "neighbourhoods.csv").open(encoding="utf-8", newline="") as file:
        assert [row["tenure"] for row in csv.DictReader(file)] == ["reform", "commodity"]
    with (tmp_path / "two" / "facilities.csv").open(encoding="utf-8", newline="") as file:
        assert [(row["applicable"], row["surveyed"]) for row in csv.DictReader(file)] == [
            ("", "2026-03-01"),
            ("no", "2026-03-05"),
        ]


def test_text_is_kept_letter_by_letter(tmp_path: Path) -> None:
    """Commas, quotes, line breaks and a leading = are text like any other."""
    texts = read_book(write_small_book(tmp_path / "one")).table("complaints")["text"].to_list()
    assert texts == ["电梯坏了,\n打电话 13800000000", "=停车难"]
