"""Overlays: a scenario that extends another says only what it changes, and is validated as strictly as a whole one."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from qingdan.models.book import Book
from qingdan.models.changed_amounts import changed_budgets, changed_ceilings
from qingdan.models.faults import BookError
from qingdan.models.scenario import Scenario, parse_scenario, read_scenario
from qingdan.models.scenario_checks import check_scenario
from qingdan.models.scenario_reading import parse_layers, read_layers
from test_scenario import small_book

BASE = """\
title = "基准方案"
assume_consent = true

[factors]
cost_percent = 110
programme_weight = { green = 90, smart = 80 }
reason = "材料涨价"
basis = "造价站2026年12月信息价"

[[budget]]
funds = ["LGSB"]
percent = 80

[[rule]]
kind = "money"
name = "绿色工程不低于5%"
bound = "floor"
amount = 5
programmes = ["green"]

[[rule]]
kind = "safety_first"
name = "安全优先"
share = 90
"""


def written(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def faults(path: Path, own: str | None = None) -> list[tuple[str, int, str]]:
    with pytest.raises(BookError) as caught:
        read_layers(path, own=own)
    for fault in caught.value.faults:
        assert fault.cause_zh and fault.cause_en and fault.mend_zh and fault.mend_en
    return [(fault.table, fault.row, fault.column) for fault in caught.value.faults]


def test_an_overlay_is_the_same_scenario_as_one_written_out(tmp_path: Path) -> None:
    """What is solved, kept in the run and checked is the flat text: whoever checks needs to know nothing of overlays."""
    overlay = """\
extends = "base.toml"
title = "债券减半"
assume_consent = false
drop = ["安全优先"]

[factors]
cost_percent = 105
programme_weight = { green = 95 }
basis = "会议纪要"

[[budget]]
funds = ["LGSB"]
percent = 50

[[change]]
rule = "绿色工程不低于5%"
name = "绿色工程不低于8%"
share = 8

[[rule]]
kind = "number"
name = "不超过十项"
bound = "ceiling"
number = 10
"""
    flat = """\
title = "债券减半"

[factors]
cost_percent = 105
programme_weight = { green = 95, smart = 80 }
basis = { cost_percent = "会议纪要", programme_weight = "会议纪要" }

[[budget]]
funds = ["LGSB"]
percent = 80

[[budget]]
funds = ["LGSB"]
percent = 50

[[rule]]
kind = "money"
name = "绿色工程不低于8%"
bound = "floor"
share = 8
programmes = ["green"]

[[rule]]
kind = "number"
name = "不超过十项"
bound = "ceiling"
number = 10
"""
    read = read_layers(written(tmp_path, base=BASE, over=overlay) / "over.toml")
    assert read.scenario == parse_scenario(flat)
    assert read.scenario.digest() == parse_scenario(read.scenario.text()).digest() == parse_scenario(flat).digest()
    assert [base.scenario.title for base in read.lineage] == ["基准方案"]


def test_an_overlay_that_says_nothing_is_its_base(tmp_path: Path) -> None:
    """However long the line, what nobody changes stays."""
    folder = written(tmp_path, base=BASE, one='extends = "base.toml"\n', two='extends = "one.toml"\n')
    assert read_scenario(folder / "two.toml") == parse_scenario(BASE)
    assert len(read_layers(folder / "two.toml").lineage) == 2


def test_reset_begins_again_from_the_book(tmp_path: Path) -> None:
    """A list without names is given up as a whole."""
    text = 'extends = "base.toml"\nreset = ["budget", "factors"]\n[[budget]]\npercent = 30\n'
    scenario = read_scenario(written(tmp_path, base=BASE, over=text) / "over.toml")
    assert [change.percent for change in scenario.budgets] == [30]
    assert scenario.factors == Scenario().factors
    assert len(scenario.rules) == 2


def test_changes_of_money_follow_each_other(tmp_path: Path) -> None:
    """An overlay's cut is a cut of what the base leaves, also where the base names an amount."""
    base = '[[budget]]\nfunds = ["F1"]\namount = 100\n[[ceiling]]\npayers = ["P"]\nyears = [2027]\namount = 8\n'
    text = 'extends = "base.toml"\n[[budget]]\nfunds = ["LGSB"]\npercent = 50\n[[ceiling]]\npercent = 50\n'
    book = small_book().with_table(
        "payers", pl.DataFrame({"id": ["P"], "name": ["县"], "level": ["county"], "place": ["360102"]})
    )
    scenario = read_scenario(written(tmp_path, base=base, over=text) / "over.toml")
    assert changed_budgets(book, scenario).rows() == [("F1", 2027, 500_000)]
    assert changed_ceilings(book, scenario).rows() == [("P", 2027, 40_000)]


def test_a_run_and_the_book_itself_can_be_extended(tmp_path: Path) -> None:
    """What was solved, or what the book holds, is a base like any other file."""
    folder = written(tmp_path, run='extends = "done"\ntitle = "改"\n', own='extends = "清单簿"\ntitle = "改"\n')
    (folder / "done").mkdir()
    (folder / "done" / "result.json").write_text("{}")
    assert read_scenario(folder / "run.toml") == Scenario(title="改")
    (folder / "done" / "scenario.toml").write_text(BASE, encoding="utf-8")
    assert read_scenario(folder / "run.toml") == parse_scenario(BASE).model_copy(update={"title": "改"})
    assert read_scenario(folder / "own.toml", own=BASE) == parse_scenario(BASE).model_copy(update={"title": "改"})
    assert faults(folder / "own.toml") == [("政策约束", 1, "extends")]


def test_all_faults_of_an_overlay_come_at_once_each_with_its_line(tmp_path: Path) -> None:
    """Unknown rules, keys, values and clashing names are told together, with the place in the file that holds them."""
    text = """\
extends = "base.toml"
drop = ["安全优先级"]
reset = ["budgets"]
most_packages = 0

[factors]
cost_percent = -1

[[budget]]
percent = 1
amount = 1

[[rule]]
kind = "safety_first"
name = "安全优先"
share = 10

[[change]]
rule = "绿色工程不低于5%"
share = 800

[[change]]
rule = "没有这条"

[[change]]
share = 1

[[change]]
rule = "安全优先"
kind = "met"
"""
    found = faults(written(tmp_path, base=BASE, over=text) / "over.toml")
    assert sorted(row for _, row, _ in found) == [2, 3, 4, 7, 9, 15, 20, 23, 25, 30]
    assert {table for table, _, _ in found} == {"政策约束"}


def test_faults_of_the_base_name_its_file(tmp_path: Path) -> None:
    """Whoever extends a broken scenario learns in which file to mend what, with the overlay's own faults beside."""
    folder = written(
        tmp_path, base="most_packages = 0\n", over='extends = "base.toml"\n[factors]\nrepeat_years = 101\n'
    )
    assert faults(folder / "over.toml") == [
        ("政策约束", 3, "factors.repeat_years"),
        ("政策约束（base.toml）", 1, "most_packages"),
    ]


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [
        ('extends = "nowhere.toml"\n', 1, "extends"),
        ("extends = 3\n", 1, "extends"),
        ('extends = "over.toml"\n', 1, "extends"),
        ('title = "a"\nextends = "ring.toml"\n', 1, "extends"),
        ('drop = ["a"]\n', 1, "drop"),
        ('extends = "base.toml"\n[factors]\nbasis = { repeat_years = "某文件" }\n', 2, "factors"),
    ],
)
def test_what_cannot_be_extended_is_a_fault(tmp_path: Path, text: str, row: int, column: str) -> None:
    """Circles, missing files and words that belong to overlays alone are named."""
    folder = written(tmp_path, base="title = 'b'\n", over=text, ring='extends = "over.toml"\n')
    assert faults(folder / "over.toml")[0][1:] == (row, column)


def test_a_text_without_a_folder_extends_no_file() -> None:
    """The scenario inside a workbook is whole."""
    with pytest.raises(BookError, match="继承"):
        parse_scenario('extends = "base.toml"\n')


def test_references_are_checked_where_they_stand(tmp_path: Path) -> None:
    """A fund that the book has not is found in the base as in the overlay."""
    base = '[[budget]]\nfunds = ["NOFUND"]\npercent = 50\n'
    text = 'extends = "base.toml"\n\n[[budget]]\nfunds = ["LGSX"]\npercent = 50\n'
    read = read_layers(written(tmp_path, base=base, over=text) / "over.toml")
    book: Book = small_book()
    with pytest.raises(BookError) as caught:
        check_scenario(read.scenario, book, lines=read.lines)
    assert [(f.table, f.row, f.value) for f in caught.value.faults] == [
        ("政策约束", 4, "LGSX"), ("政策约束（base.toml）", 2, "NOFUND"),
    ]  # fmt: skip


def test_pins_and_factors_carry_reason_and_basis() -> None:
    """Public money needs reasons: they are kept in the text and said in the sentence."""
    text = '[[rule]]\nkind = "pin"\nname = "甲"\nneeds = ["N1"]\nreason = "危房"\nbasis = "鉴定报告"\n'
    (rule,) = parse_scenario(text).rules
    assert rule.sentence() == "需求N1确定纳入,理由:危房,依据:鉴定报告。"
    assert parse_scenario(parse_scenario(text).text()).rules == (rule,)
    factors = parse_layers("[factors]\ncost_percent = 110\nreason = '涨价'\n").scenario.factors
    assert factors.reason == {"cost_percent": "涨价"}
