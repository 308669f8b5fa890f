"""Each command does what its help says, answers in one JSON document when asked, and ends with an honest code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from commands import Ended, call, generated_book, listing, run, small_book, started
from qingdan.app.console import Console
from qingdan.models.book import read_book

Command = Callable[..., Ended]
NAMES = ("demo", "new", "checkup", "match", "solve", "check", "compare", "generate", "export")


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    monkeypatch.chdir(tmp_path)
    return lambda *words: call(capfd, monkeypatch, *words)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_book(tmp_path_factory.mktemp("commands") / "book")


@pytest.fixture(scope="module")
def solved(book: Path) -> Path:
    out = book.parent / "run"
    assert run("solve", book, "-o", out, "--time", 30).code == 0
    return out


def test_help_lists_every_command(command: Command) -> None:
    """Whoever types `qingdan --help` sees what there is, in Chinese first."""
    told = command("--help")
    assert told.code == 0 and "清单" in told.out and told.err == ""
    listed = told.out.split("Commands:")[1]
    assert [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2] != " "] == [
        *NAMES,
        "runs",  # a group of commands of its own
        "bench",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_each_command_explains_itself(command: Command, name: str) -> None:
    """`--help` of a command says what it does in Chinese and lists --json."""
    told = command(name, "--help")
    assert told.code == 0 and f"qingdan {name}" in told.out and "--json" in told.out
    assert any("\u4e00" <= letter <= "\u9fff" for letter in told.out)


def test_the_program_alone_shows_its_help_and_that_it_did_nothing() -> None:
    """Without a command there is help on the way to the right use, and the code of wrong use."""
    told = run()
    assert told.code == 2 and "Commands:" in told.out + told.err


@pytest.mark.parametrize(
    "words",
    [
        ("solve",),
        ("solve", "book"),
        ("nosuch",),
        ("solve", "book", "-o", "run", "--time", "soon"),
        ("solve", "book", "-o", "run", "--time", "0"),
        ("solve", "book", "-o", "run", "--time", "nan"),
        ("solve", "book", "-o", "run", "--gap", "1"),
        ("solve", "book", "-o", "run", "--work", "0"),
        ("solve", "book", "-o", "run", "--threads", "0"),
        ("solve", "book", "-o", "run", "--seed", "-1"),
        ("solve", "book", "-o", "run", "--unheard-of"),
        ("solve", "book", "-o", "run", "--method", "guess"),
        ("generate", "--communities", "0", "-o", "made"),
        ("generate", "--communities", "1000000", "-o", "made"),
        ("check", "book"),
        ("check", "book", "nowhere"),
        ("check", "nowhere", "book"),
        ("export", "book"),
        ("export", "book", "--mps", "model.txt"),
        ("export", "book", "--lp", "model.mps"),
        ("solve", "nowhere", "-o", "run"),
        ("match", "nowhere"),
        ("checkup", "nowhere", "-o", "made"),
        ("solve", "book", "-o", "run", "--scenario", "nowhere.toml"),
        ("solve", "book", "-o", "run", "--warm", "nowhere"),
        ("match", "book", "--scenario", "nowhere.toml"),
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_2_and_writes_nothing(
    command: Command, book: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """A slip on the command line is answered in Chinese, as one JSON document if asked, and leaves nothing behind."""
    (tmp_path / "book").symlink_to(book)
    before = listing(tmp_path)
    told = command(*words)
    assert told.code == 2 and told.out == "" and told.err.strip()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in told.err)
    answered = command(*words, "--json")
    assert answered.code == 2 and answered.document["error"] and answered.document["error_zh"]
    assert listing(tmp_path) == before and {path.name for path in tmp_path.iterdir()} == {"book"}


def test_a_new_book_is_empty_and_whole_in_both_forms(command: Command, tmp_path: Path) -> None:
    """`new` gives a folder or a workbook that every other command takes, and never replaces other things."""
    for name in ("empty", "empty.xlsx"):
        assert command("new", name).code == 0
        assert command("new", "second" + name, "--json").document == {"book": "second" + name}
        assert command("checkup", name, "--json").document["needs"] == 0
        assert command("match", name, "--json").document["needs"] == 0
        document = command("solve", name, "-o", f"run-{name}", "--json").document
        assert (document["status"], document["objective"], document["bound"]) == ("optimal", 0, 0)
        assert command("check", name, f"run-{name}").code == 0
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("keep")
    assert command("new", "notes").code == 2 and (tmp_path / "notes" / "mine.txt").read_text() == "keep"


def test_checkup_writes_the_book_with_its_needs_only_where_asked(command: Command, book: Path, tmp_path: Path) -> None:
    """The check-up tells the judgements, and the book itself stays as the user wrote it."""
    before = listing(book)
    told = command("checkup", book, "--json").document
    assert set(told["judgements"]) <= {"none", "short", "poor", "met", "unknown", "not_applicable"}
    assert command("checkup", book, "-o", "with_needs").code == 0
    assert read_book(tmp_path / "with_needs").table("needs").height == told["needs"] > 0
    assert listing(book) == before
    assert "三级判定" in command("checkup", book).out


def test_a_second_checkup_tells_what_changed(command: Command, tmp_path: Path) -> None:
    """Running it again lists every change by kind, what is unknown, and the tickets: shown, as JSON and as tables."""
    book = generated_book(tmp_path / "book", communities=4, seed=1)
    assert command("checkup", book, "-o", "first").code == 0
    again = command("checkup", "first", "--json").document
    assert again["changes"] == []
    assert "没有变化" in command("checkup", "first").out
    needs = tmp_path / "first" / "needs.csv"
    frame = pl.read_csv(needs, infer_schema=False)
    worse, gone = frame["id"][0], frame["id"][1]
    larger = pl.when(pl.col("id") == worse).then(pl.lit("0.5")).otherwise("quantity").alias("quantity")
    frame.filter(pl.col("id") != gone).with_columns(larger).write_csv(needs)
    told = command("checkup", "first", "-o", "second", "--json").document
    assert {change["need"]: change["what"] for change in told["changes"]} == {worse: "raised", gone: "new"}
    assert all(set(change) == {"need", "what", "from", "to", "reason"} for change in told["changes"])
    assert all(row["service_type"] and row["reason"] for row in told["unknown"])
    assert len(told["unknown"]) >= told["judgements"]["unknown"] > 0
    assert len(told["tickets"]) > 0 and isinstance(told["credits"], list)
    tables = tmp_path / "second-checkup"
    assert sorted(path.name for path in tables.iterdir()) == [
        "changes.csv",
        "judgements.csv",
        "tickets.csv",
        "unknown.csv",
    ]
    for name in ("changes", "unknown", "tickets"):
        assert pl.read_csv(tables / f"{name}.csv", infer_schema=False).height == len(told[name]), name
    shown = command("checkup", "first").out
    assert all(word in shown for word in ("新增", "升高", "未采集", "一般整治类交办", worse, gone))
    before = listing(tmp_path)
    (tables / "mine.txt").write_text("keep")
    assert command("checkup", "first", "-o", "second").code == 2
    (tables / "mine.txt").unlink()
    assert listing(tmp_path) == before


def test_a_title_is_one_line_however_narrow_its_table(command: Command, book: Path) -> None:
    """What a table is about is read in one line; with a wide terminal nothing in it is folded."""
    lines = command("checkup", book).out.splitlines()
    assert "三级判定（社区或小区 × 服务类型）" in lines


def test_a_wide_table_takes_the_width_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A long sentence stays in one line where the terminal is wide enough, and is folded where it is not."""
    for columns, whole in (("300", True), ("60", False)):
        monkeypatch.setenv("COLUMNS", columns)
        Console(as_json=False).table("题", ["例"], [["字" * 100]])
        assert ("字" * 100 in capsys.readouterr().out) is whole


def test_match_tells_options_and_needs_without_any(command: Command, book: Path, tmp_path: Path) -> None:
    """Options and the reasons of needs without any come as tables, whole or not at all."""
    told = command("match", book, "--json", "-o", "options").document
    assert told["options"]["all"] > 0 and told["needs"] > 0
    first = listing(tmp_path / "options")
    tables = ("facilities", "needs", "openings", "options", "packages", "refusals")
    assert [name for name, _ in first] == [f"{name}.csv" for name in tables]
    assert command("match", book, "-o", "options").code == 0 and listing(tmp_path / "options") == first
    (tmp_path / "options" / "notes.txt").write_text("keep")
    assert command("match", book, "-o", "options").code == 2
    assert (tmp_path / "options" / "notes.txt").read_text() == "keep"


def test_solve_tells_the_same_as_its_folder(command: Command, book: Path, tmp_path: Path) -> None:
    """The document on stdout is `result.json` and where it is; progress stands on stderr alone."""
    told = command("solve", book, "-o", "run", "--time", 30, "--json")
    written = (tmp_path / "run" / "result.json").read_text(encoding="utf-8")
    held = Ended(0, written, "").document
    assert told.code == 0 and told.document == {**held, "run": "run", "stored": None}
    assert "开始求解" in told.err
    shown = command("solve", book, "-o", "run", "--time", 30)
    assert shown.code == 0 and "模拟数据" in shown.out and "测算稿" in shown.out


def test_a_solved_book_passes_the_check_and_an_altered_run_does_not(command: Command, solved: Path, book: Path) -> None:
    """`check` ends with 0 only if plan, options and bound all hold."""
    told = command("check", book, solved)
    assert told.code == 0 and "通过" in told.out
    document = command("check", book, solved, "--json").document
    assert document["passed"] is True and [part["passed"] for part in document["parts"]] == [True, True, True]
    funding = solved / "funding.csv"
    kept = funding.read_text(encoding="utf-8")
    lines = kept.splitlines(keepends=True)
    try:
        funding.write_text("".join(lines[:-1]), encoding="utf-8")
        refused = command("check", book, solved, "--json")
        assert refused.code == 1 and refused.document["passed"] is False and refused.document["refusals"]
    finally:
        funding.write_text(kept, encoding="utf-8")


def test_generate_gives_the_same_book_again(command: Command, tmp_path: Path) -> None:
    """Number and seed name one book, marked as synthetic, with its figures of hardness."""
    told = command("generate", "--communities", 1, "--seed", 5, "-o", "one", "--json").document
    assert told["hardness"]["communities"] == 1
    assert "模拟数据" in command("generate", "--communities", 1, "--seed", 5, "-o", "two.xlsx").out
    assert read_book(tmp_path / "one").digest() == read_book(tmp_path / "two.xlsx").digest()


def test_export_writes_what_it_names(command: Command, book: Path, tmp_path: Path) -> None:
    """MPS and LP files stand where they were asked for, with their sizes told."""
    told = command("export", book, "--mps", "far/model.mps", "--lp", "model.lp", "--json").document
    assert told["files"] == ["far/model.mps", "model.lp"] and told["columns"] > 0 and told["rows"] > 0
    assert (tmp_path / "far" / "model.mps").read_text().splitlines()[1].startswith("NAME")
    assert (tmp_path / "model.lp").read_text().rstrip().endswith("End")
    (tmp_path / "folder.lp").mkdir()
    assert command("export", book, "--lp", "folder.lp").code == 2


CLASH = """
[[rule]]
kind = "money"
name = "至少用一亿元"
bound = "floor"
amount = 10000
"""


def test_conditions_that_clash_are_answered_with_no(command: Command, book: Path, tmp_path: Path) -> None:
    """An impossible scenario ends with 1 and leaves a summary without a plan."""
    (tmp_path / "clash.toml").write_text(CLASH, encoding="utf-8")
    told = command("solve", book, "-o", "run", "--scenario", "clash.toml", "--time", 20, "--json")
    assert told.code == 1 and told.document["status"] == "infeasible" and told.document["objective"] is None
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert "result.json" in names and not names & {"projects.csv", "components.csv", "funding.csv", "unmet.csv"}


def test_too_little_time_is_told_honestly(command: Command, tmp_path: Path) -> None:
    """With too little time there is either a plan that passes the check, or code 3 and none."""
    generated_book(tmp_path / "larger", communities=30, seed=2)
    told = command("solve", "larger", "-o", "run", "--time", 0.1, "--json")
    projects = (tmp_path / "run" / "projects.csv").exists()
    assert (told.code, told.document["status"], projects) in [(3, "interrupted", False), (0, "feasible", True)]
    if told.code == 0:
        assert command("check", "larger", "run").code == 0
    else:
        assert told.document["stopped"] == "time" and told.document["objective"] is None


def test_a_start_from_an_earlier_run_is_no_worse(command: Command, book: Path, solved: Path) -> None:
    """`--warm` begins where the earlier run ended."""
    first = command("solve", book, "-o", "short", "--work", 1, "--time", 30, "--warm", solved, "--json").document
    assert first["objective"] is not None
    stages = zip(first["stages"], Ended(0, (solved / "result.json").read_text(), "").document["stages"], strict=True)
    found = [(new["objective"], old["objective"]) for new, old in stages]
    assert [new for new, _ in found] >= [old for _, old in found]


def test_a_reader_that_goes_away_is_no_failure(book: Path) -> None:
    """`qingdan checkup BOOK | head -1` ends quietly."""
    process = started("checkup", book)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait(60) == 0 and err == ""
    process.stderr.close()


@pytest.mark.long
def test_the_demo_shows_three_lists_and_a_plan_that_is_checked(tmp_path: Path) -> None:
    """One command on a fresh machine tells needs, resources and projects, and proves the plan."""
    told = run("demo", "--out", tmp_path / "demo", "--time", 20, within=120)
    assert told.code == 0, told.err
    assert all(
        word in told.out for word in ("需求清单", "资源清单", "项目清单", "资金平衡表", "本轮未纳入", "模拟数据")
    )
    document = run("demo", "--out", tmp_path / "demo", "--time", 10, "--json", within=120).document
    assert document["check"] is True and document["objective"] > 0


def test_an_overlay_is_solved_told_and_checked(command: Command, book: Path, tmp_path: Path) -> None:
    """`solve --scenario` with `extends`: the run says what it extends, and the check needs no more than the run."""
    (tmp_path / "less.toml").write_text(
        'extends = "清单簿"\ntitle = "压减"\n[factors]\ncost_percent = 105\nreason = "涨价"\nbasis = "信息价"\n',
        encoding="utf-8",
    )
    told = command("solve", book, "--scenario", "less.toml", "-o", "less", "--time", 20, "--json")
    assert told.code == 0 and "造价上浮5%" in told.err
    (base,) = told.document["scenario_lineage"]
    assert base["zh"] == "造价上浮5%" and base["name"] == "清单簿"
    assert command("check", book, "less").code == 0
    assert command("check", book, "less", "--scenario", "less.toml").code == 0
    (tmp_path / "other.toml").write_text('extends = "less.toml"\nassume_consent = true\n', encoding="utf-8")
    refused = command("check", book, "less", "--scenario", "other.toml", "--json")
    assert refused.code == 1 and [one["code"] for one in refused.document["refusals"]] == ["other-scenario"]
    assert command("checkup", book, "--scenario", "less.toml").code == 0
    (tmp_path / "wrong.toml").write_text('extends = "less.toml"\ndrop = ["没有"]\n', encoding="utf-8")
    assert command("checkup", book, "--scenario", "wrong.toml").code == 2
