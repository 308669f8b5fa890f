"""Scenarios: read with all faults at once, written in one form, checked against the book."""

import datetime
from pathlib import Path

import polars as pl
import pytest
from qingdan.models.book import Book
from qingdan.models.faults import BookError
from qingdan.models.rules import Rule
from qingdan.models.scenario import Scenario, parse_scenario, read_scenario
from qingdan.models.scenario_checks import check_scenario
from qingdan.models.settings import BookSettings

TEXT = """\
title = "基准方案"
most_packages = 3

[objective]
kind = "least_cost"
target = 500

[factors]
cost_percent = 110
programme_weight = { green = 90 }

[[override]]
places = ["3607"]
cost_percent = 95
repeat_years = 8

[[override]]
places = ["360702"]
programme_weight = { green = 120 }

[[budget]]
funds = ["LGSB"]
years = [2028]
percent = 50

[[rule]]
kind = "money"
name = "韧性工程不少于两成"
bound = "floor"
share = 20
of = "used"
programmes = ["resilience"]
each = ["county", "year"]

[[rule]]
kind = "prerequisite"
name = "先管后路"
before = "G03"
after = ["G01"]

[[rule]]
kind = "dig_once"
name = "一次开挖"
service_types = ["R02", "R03"]
saving = 10
fixed = 2.5
"""

SETTINGS = BookSettings(title="模拟", plan_years=(2027, 2028), as_of=datetime.date(2026, 12, 31), data_kind="synthetic")


def faults_of(text: str) -> list[tuple[int, str]]:
    with pytest.raises(BookError) as caught:
        parse_scenario(text)
    return [(fault.row, fault.column) for fault in caught.value.faults]


def test_a_scenario_survives_being_written_and_read() -> None:
    """What a run keeps as scenario.toml says the same, byte for byte, however often it is read and written."""
    scenario = parse_scenario(TEXT)
    again = parse_scenario(scenario.text())
    assert again == scenario
    assert again.text() == scenario.text()
    assert again.digest() == scenario.digest() != ""


def test_the_empty_scenario_has_no_text_and_no_digest() -> None:
    """A run without a scenario says so with an empty digest."""
    assert parse_scenario("") == Scenario()
    assert (Scenario().text(), Scenario().digest()) == ("", "")


def test_defaults_written_out_do_not_change_the_digest() -> None:
    """Two files that mean the same have one digest."""
    assert parse_scenario("title = 'a'\nmost_packages = 2\n").digest() == parse_scenario("title = 'a'\n").digest()


def test_all_faults_come_at_once_each_with_its_line() -> None:
    """The user mends the whole file in one go."""
    text = """\
titel = "a"
most_packages = 0
[[budget]]
percent = 3
amount = 1
[[rule]]
kind = "money"
name = "a"
bound = "floor"
share = 120
[[rule]]
kind = "met"
name = "b"
share = 10
each = ["year"]
[[rule]]
kind = "wish"
name = "c"
"""
    assert faults_of(text) == [
        (1, "titel"), (2, "most_packages"), (3, "budget"), (10, "rule.share"), (11, "rule"), (17, "rule.kind"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "share = 20.5",
        "amount = 0.00001",
        "amount = -1",
        'amount = "12"',
        "amount = 5\nshare = 5",
        "",
        'amount = 5\nfunds = ["A"]\ngroups = ["elders"]',
        'amount = 5\nfunds = ["A"]\neach = ["national"]',
        'amount = 5\neach = ["fund"]',
        'amount = 5\ncities = ["36"]',
        'amount = 5\neach = ["year", "year"]',
    ],
)
def test_a_money_rule_that_means_nothing_is_a_fault(line: str) -> None:
    """Nothing is guessed: half a percent, a fraction of a yuan, two limits or none, filters that money cannot have."""
    assert faults_of(f'[[rule]]\nkind = "money"\nname = "a"\nbound = "floor"\n{line}\n')


def test_two_rules_of_one_name_are_a_fault() -> None:
    """Rows are known to people by the rule's name, so it must tell them apart."""
    rule = '[[rule]]\nkind = "number"\nname = "同名"\nbound = "ceiling"\nnumber = 3\n'
    assert len(faults_of(rule * 2)) == 1


def test_a_text_that_is_not_toml_names_the_line() -> None:
    """A slip of the pen is found without searching."""
    assert faults_of("title = \nmost_packages = 2") == [(1, "")]


def test_factors_of_a_place_come_from_book_then_scenario_then_override() -> None:
    """因城施策: the last override that fits a place counts, factor by factor."""
    scenario = parse_scenario(TEXT)
    plain = scenario.factors_at(SETTINGS, "3601", "360102")
    assert (plain.cost_percent, plain.programme_weight["green"], plain.repeat_years) == (110, 90, 5)
    assert plain.programme_weight["smart"] == 100
    inner = scenario.factors_at(SETTINGS, "3607", "360702")
    assert (inner.cost_percent, inner.programme_weight["green"], inner.repeat_years) == (95, 120, 8)
    outer = scenario.factors_at(SETTINGS, "3607", "360703")
    assert (outer.cost_percent, outer.programme_weight["green"]) == (95, 90)


def test_every_rule_has_a_sentence_in_chinese() -> None:
    """People who never see the file read what a rule does."""
    sentences = [rule.sentence({"G03": "排水管网", "G01": "道路"}) for rule in parse_scenario(TEXT).rules]
    assert sentences[0] == "每个县区、每个年度内,韧性工程的资金不少于所用资金的20%。"
    assert sentences[1] == "同一社区内,道路须在排水管网开工当年或之后才能开工。"
    assert "2.5万元" in sentences[2]


def test_worth_and_discount_differ_by_place_too() -> None:
    """因城施策 reaches what a level is worth and how late benefit counts; the last override that fits wins."""
    text = """
[factors]
level_worth = [0, 30, 60, 90]
[[override]]
places = ["3607"]
level_worth = [0, 10, 80, 100]
discount_percent = 90
[[override]]
places = ["360702"]
discount_percent = 80
"""
    scenario = parse_scenario(text)
    there = scenario.factors_at(SETTINGS, "3607", "360702")
    assert (there.level_worth, there.discount_percent) == ((0, 10, 80, 100), 80)
    elsewhere = scenario.factors_at(SETTINGS, "3601", "360102")
    assert (elsewhere.level_worth, elsewhere.discount_percent) == ((0, 30, 60, 90), 97)
    assert faults_of("[[override]]\nplaces = ['3607']\nlevel_worth = [0, 50, 40, 90]\n") == [
        (3, "override.level_worth")
    ]


def rule_of(text: str) -> Rule:
    (rule,) = parse_scenario(f'[[rule]]\nname = "甲"\n{text}\n').rules
    return rule


def test_rules_between_ids_say_what_they_bind() -> None:
    """Types within a community and ids anywhere may stand in one rule; each has its words."""
    rule = rule_of(
        "kind = 'prerequisite'\nbefore = 'G03'\nafter = 'G01'\nbefore_needs = ['N1', 'N2']\nafter_needs = 'N3'"
    )
    assert (
        rule.sentence()
        == "同一社区内,G01须在G03开工当年或之后才能开工;需求N3须在需求N1、N2各项开工当年或之后才能开工。"
    )
    rule = rule_of("kind = 'exclusion'\nfirst_needs = 'N1'\nfirst_sites = 'S1'\nsecond_sites = ['S2']")
    assert rule.sentence({"S2": "旧仓库"}) == "需求N1、资源S1与资源旧仓库不同时安排。"


@pytest.mark.parametrize(
    "text",
    [
        "kind = 'exclusion'",
        "kind = 'exclusion'\nfirst = ['F01']",
        "kind = 'exclusion'\nfirst = ['F01']\nsecond_needs = ['N1']",
        "kind = 'exclusion'\nfirst_needs = ['N1']\nsecond_needs = ['N1']",
        "kind = 'exclusion'\nfirst_sites = ['S1']\nsecond_sites = ['S1', 'S2']",
        "kind = 'prerequisite'\nbefore_needs = ['N1']",
        "kind = 'prerequisite'\nbefore_needs = ['N1']\nafter_needs = ['N1']",
        "kind = 'prerequisite'\nbefore = []\nafter = []",
    ],
)
def test_a_rule_with_one_side_or_twice_the_same_is_a_fault(text: str) -> None:
    """Half a rule would silently bind nothing."""
    with pytest.raises(BookError):
        rule_of(text)


def test_an_earlier_plan_is_meant_from_the_folder_of_the_file(tmp_path: Path) -> None:
    """A scenario can be moved together with the runs that it names."""
    file = tmp_path / "s.toml"
    file.write_text('[[rule]]\nkind = "changes"\nname = "少变动"\nplan = "run1"\nnumber = 3\n', encoding="utf-8")
    (rule,) = read_scenario(file).rules
    assert rule.kind == "changes"
    assert rule.plan == str((tmp_path / "run1").resolve())


def test_a_file_that_is_missing_is_a_fault_not_a_traceback(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(BookError, match=r"s\.toml"):
        read_scenario(tmp_path / "s.toml")


def small_book() -> Book:
    return Book(
        SETTINGS,
        {
            "communities": pl.DataFrame(
                {"id": ["360102001001"], "name": ["甲"], "city_code": ["3601"], "city": ["南昌"], "county_code":
                 ["360102"], "county": ["东湖"], "street_code": ["360102001"], "street": ["某街道"], "lon": [115.9], "lat": [28.7],
                 "population": [100], "households": [40]}
            ),
            "funds": pl.DataFrame(
                {"id": ["F1"], "fund_type": ["LGSB"], "name": ["债"], "level": ["county"], "payer": ["P"],
                 "account": ["bonds"], "budget_2027": [10000], "budget_2028": [None]},
                schema_overrides={"budget_2028": pl.Int64},
            ),
        },
    )  # fmt: skip


def test_references_to_things_the_book_has_not_are_faults() -> None:
    """A typing slip in a code never silently makes a rule empty."""
    text = """\
[[override]]
places = ["3601", "3609"]
[[budget]]
funds = ["LGSB"]
years = [2028]
percent = 50
[[budget]]
funds = ["LGSX"]
percent = 50
[[quota]]
policy = "POL-9"
number = 1
[[rule]]
kind = "met"
name = "a"
share = 10
counties = ["360102", "360199"]
service_types = ["R99"]
years = [2026]
[[rule]]
kind = "exclusion"
name = "b"
first_sites = ["S9"]
second_sites = ["S8"]
"""
    with pytest.raises(BookError) as caught:
        check_scenario(parse_scenario(text), small_book(), text=text)
    assert [(fault.row, fault.value) for fault in caught.value.faults] == [
        (2, "3609"), (3, "2028"), (8, "LGSX"), (11, "POL-9"), (17, "360199"), (18, "R99"), (19, "2026"),
        (23, "S9"), (24, "S8"),
    ]  # fmt: skip


def test_a_scenario_that_fits_the_book_passes() -> None:
    """No false alarm."""
    text = '[[budget]]\nfunds = ["F1"]\nyears = [2027]\npercent = 50\n'
    check_scenario(parse_scenario(text), small_book())
