"""`qingdan compare`: what a bureau reads, as text, JSON, CSV and a workbook that say the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from commands import Ended, call, run, small_book

Command = Callable[..., Ended]
CUT = 'extends = "清单簿"\ntitle = "压减"\n[[budget]]\npercent = 50\nbasis = "通知"\n[factors]\ncost_percent = 110\n'


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    monkeypatch.chdir(tmp_path)
    return lambda *words: call(capfd, monkeypatch, *words)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book, its plan, and the plan with half the money and dearer works."""
    folder = tmp_path_factory.mktemp("compare")
    small_book(folder / "book")
    (folder / "cut.toml").write_text(CUT, encoding="utf-8")
    assert run("solve", folder / "book", "-o", folder / "one", "--time", 30).code == 0
    assert (
        run("solve", folder / "book", "--scenario", folder / "cut.toml", "-o", folder / "two", "--time", 30).code == 0
    )
    return folder


def test_text_json_csv_and_workbook_tell_the_same(command: Command, cases: Path, tmp_path: Path) -> None:
    """One comparison in four forms."""
    words = ("compare", cases / "one", cases / "two", "--book", cases / "book", "--csv", "tables", "--xlsx", "c.xlsx")
    told = command(*words, "--json").document
    assert told["changes"] >= 1 and told["same_book"] and told["others"] == [] and told["attribution"] is None
    assert [change["zh"] for change in told["settings"]] == ["造价上浮10%", "各项资金压减50%"]
    cost = told["totals"]["cost_yuan"]
    for name in ("fund", "payer", "fund_level", "city", "county", "programme"):
        assert sum(row["change"] for row in told["totals"][name]) == cost["change"], name
    left = pl.read_csv(tmp_path / "tables" / "退出需求.csv", infer_schema=False)
    assert left["需求"].to_list() == [need["need_id"] for need in told["left"]]
    sheet = pl.read_excel(tmp_path / "c.xlsx", sheet_name="退出需求", has_header=False, infer_schema_length=0)
    first = sheet.get_column(sheet.columns[0]).to_list()
    assert first[0] == "模拟数据（非真实）" and first[2:] == left["需求"].to_list()
    text = command(*words)
    assert "各项资金压减50%" in text.out and "模拟数据（非真实）" in text.out and "按支付主体" in text.out
    before = (tmp_path / "c.xlsx").read_bytes()
    assert command(*words).code == 0 and (tmp_path / "c.xlsx").read_bytes() == before


def test_what_is_due_to_each_setting(command: Command, cases: Path) -> None:
    """`--attribute` says its method, and its parts add up to the whole."""
    words = ("compare", cases / "one", cases / "two", "--book", cases / "book", "--attribute", "--time", 10)
    told = command(*words, "--json").document["attribution"]
    assert told["method"] == "shapley" and told["solved"] == 2 and len(told["parts"]) == 2
    for name, whole in told["whole"].items():
        assert sum(part[name] for part in told["parts"]) == pytest.approx(whole)


def test_several_plans_in_one_call(command: Command, cases: Path, tmp_path: Path) -> None:
    """The first against each other one; tables are named by the number of the run."""
    one, two = cases / "one", cases / "two"
    told = command("compare", one, two, one, "--csv", "t", "--json").document
    assert len(told["others"]) == 1 and told["others"][0]["changes"] == 0 and told["changes"] >= 1
    assert {path.name[:2] for path in (tmp_path / "t").iterdir()} == {"2-", "3-"}


@pytest.mark.parametrize(
    "words", [("one",), ("one", "book"), ("one", "two", "--attribute"), ("one", "two", "--xlsx", "c.csv")]
)
def test_wrong_use_is_told_and_writes_nothing(
    command: Command, cases: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Exit code 2 and a sentence."""
    told = command("compare", *(cases / word if (cases / word).exists() else word for word in words))
    assert told.code == 2 and list(tmp_path.iterdir()) == []


def test_a_list_made_by_hand_is_solved_checked_and_compared(command: Command, cases: Path, tmp_path: Path) -> None:
    """`solve --list`: last year's approved list beside our own plan."""
    components = pl.read_csv(cases / "one" / "components.csv", infer_schema=False).filter(
        pl.col("need_id").is_not_null()
    )
    need = components.filter(~pl.col("measure").str.ends_with("e"))["need_id"][0]
    (tmp_path / "approved.csv").write_text(f"需求,依据\n{need},2026年批复\n", encoding="utf-8")
    rules = 'title = "批复清单"\n[objective]\nkind = "benefit"\n'
    (tmp_path / "bare.toml").write_text(rules, encoding="utf-8")
    words = ("solve", cases / "book", "--scenario", "bare.toml", "--time", 20)
    told = command(*words, "--list", "approved.csv", "-o", "approved", "--json")
    assert told.code == 0 and [base["title"] for base in told.document["scenario_lineage"]] == ["批复清单"]
    assert command("check", cases / "book", "approved").code == 0
    found = command("compare", "approved", cases / "one", "--book", cases / "book", "--json").document
    assert found["totals"]["needs_met"]["before"] >= 1 and len(found["entered"]) >= 1
    (tmp_path / "wrong.csv").write_text("需求\n没有的\n", encoding="utf-8")
    refused = command(*words, "--list", "wrong.csv", "-o", "never")
    assert refused.code == 2 and "没有的" in refused.err and not (tmp_path / "never").exists()
