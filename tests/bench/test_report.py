"""The report: whole without a network, the same in both forms, wrong answers named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from qingdan.bench.report import make_report
from qingdan.bench.report_pages import html_page, markdown_page, write_report
from qingdan.bench.report_parts import Grid, Picture, Report
from test_measures import line

METHODS = ("quick", "slow", "liar")


def lines() -> list[dict[str, Any]]:
    """Three methods, seven instances of a line of growth, two seeds; one method claims too much on one of them."""
    found = []
    for at in range(7):
        for seed in range(2):
            for number, method in enumerate(METHODS):
                seconds = 0.2 * (at + 1) * (1 + 2 * number) + 0.05 * seed
                wrong = method == "liar" and at == 3
                found.append(
                    line(
                        method, f"tiny-{at}", seed, options=100 * 2**at, growth="tiny", seconds=seconds,
                        trace=[[seconds / 2, 90, 200], [seconds, 100, 100]], peak_memory_mb=100 + 10 * at,
                    )
                    | {
                        "verdict": "wrong_bound" if wrong else "sound", "detail": "claims <optimal> at 99" if wrong else "",
                        "told": f"{at} communities", "digest": "0123456789abcdef", "columns": 5, "rows": 6, "sense": "min",
                        "parts": 4, "threads": 1, "memory_limit_mb": 1000.0, "machine": "2 cores", "versions": "qingdan 0",
                        "solver": "12345678", "best_bound": 100 if at else None, "best_by": "quick 0", "gap_wanted": 0.0,
                    }
                )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def report() -> Report:
    return make_report(lines())


def grid(report: Report, heading: str, number: int = 0) -> Grid:
    section = next(one for one in report.sections if one.en == heading)
    return [block for block in section.blocks if isinstance(block, Grid)][number]


def test_the_page_needs_nothing_else(report: Report) -> None:
    """No script, no address, every id once, well formed, pictures described."""
    page = html_page(report)
    assert "<script" not in page and not re.search(r'(?:src|href)="(?!#)', page) and "@import" not in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    pictures = [block for section in report.sections for block in section.blocks if isinstance(block, Picture)]
    assert {one.name for one in pictures} == {
        "profile-plan", "profile-proof", "profile-primal", "gap-plan", "gap-bound", "gap-instances", "growth-tiny", "memory",
    }  # fmt: skip
    for one in pictures:
        ElementTree.fromstring(one.svg)
    assert page.count('role="img" aria-label=') == len(pictures)
    assert "claims &lt;optimal&gt; at 99" in page


def test_the_same_lines_give_the_same_report(report: Report) -> None:
    """Byte for byte, pictures and intervals included."""
    assert html_page(make_report(lines())) == html_page(report)


def test_wrong_answers_are_named_and_count_for_nothing(report: Report) -> None:
    """Each with instance, verdict in two languages and what was claimed."""
    rows = grid(report, "Wrong answers and forced ends").rows
    assert {row[1] for row in rows} == {"tiny-3"} and len(rows) == 2
    assert rows[0][3] == "界或最优性不实 wrong_bound" and rows[0][4] == "claims <optimal> at 99"
    standing = {row[0]: row for row in grid(report, "Standing and wins").rows}
    header = grid(report, "Standing and wins").header
    assert standing["liar"][header.index("达到 reached")] == "12"
    assert standing["liar"][header.index("错误 wrong")] == "2"
    assert standing["quick"][header.index("达到 reached")] == "14" == standing["quick"][header.index("最快 fastest")]


def test_figures_of_the_tables(report: Report) -> None:
    """Profile, growth and tests say what was put in: thrice as slow, time as the logarithm of the size."""
    profile = {row[0]: row[1:] for row in grid(report, "Performance profiles").rows}
    assert profile["quick"][0] == "1.00" and profile["slow"][:3] == ("0.00", "0.00", "1.00")
    assert profile["liar"][3:] == ("0.86", "0.86")
    powers = {(row[0], row[1]): row for row in grid(report, "Growth and memory").rows}
    assert 0.3 < float(powers["tiny, time", "quick"][2]) < 0.6 and powers["tiny, time", "liar"][4] == "12"
    tests = {row[:2]: row for row in grid(report, "Paired tests").rows}
    assert len(tests) == 3 and float(tests["quick", "slow"][2]) < 1 and tests["quick", "slow"][5] != "–"
    assert tests["quick", "slow"][4] == "7/0/0"


def test_values_are_in_the_unit_of_the_family(report: Report) -> None:
    """A hundred points of a quarter each, minimised."""
    row = grid(report, "Instances and best known values").rows[1]
    assert row[5] == row[6] == "-25" and "proven" in row[7]
    assert grid(report, "Instances and best known values").rows[0][6] == "–"


def test_both_forms_are_written_whole(report: Report, tmp_path: Path) -> None:
    """The Markdown shows pictures that are there, and the command that repeats it."""
    (tmp_path / "commands.txt").write_text("qingdan bench run mine -o here\n", encoding="utf-8")
    page, markdown = write_report(make_report(lines(), folder=tmp_path), tmp_path)
    text = markdown.read_text(encoding="utf-8")
    for picture in re.findall(r"\]\(([^)]+\.svg)\)", text):
        assert (tmp_path / picture).is_file()
    assert "qingdan bench run mine -o here\nqingdan bench report" in text
    assert page.stat().st_size < 3_000_000 and not list(tmp_path.glob("**/.*"))


def test_without_comparison_there_is_still_a_report() -> None:
    """One method alone, or nothing but crashes: facts, and no figure made of nothing."""
    alone = make_report([one for one in lines() if one["method"] == "quick"])
    assert "Paired tests" not in {section.en for section in alone.sections}
    crashed = make_report([one | {"verdict": "crashed", "objective": None, "best_known": None} for one in lines()])
    assert "100.00%" in markdown_page(crashed)
    with pytest.raises(ValueError, match="no runs"):
        make_report([])
