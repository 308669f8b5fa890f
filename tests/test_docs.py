"""The documentation says what the program does: links lead somewhere, commands exist, code runs."""

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from qingdan.app.cli import app
from qingdan.app.reference import JSON_KEYS, all_commands, commands_markdown
from qingdan.models.refusals import CODES
from qingdan.models.rules import KINDS_ZH
from qingdan.models.scenario import parse_scenario
from qingdan.models.scenario_checks import check_scenario
from qingdan.models.unmet import NEXT_STEP
from typer.testing import CliRunner

import qingdan

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
SCENARIO_PAGES = [*sorted((DOCS / "howto").glob("*.md")), *sorted((DOCS / "tutorials").glob("*.md"))]
BOOK = DOCS / "tutorials" / "hengfeng"


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a language, with the indent of a list taken off."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.M | re.S)
    return ["\n".join(line.removeprefix(indent) for line in text.split("\n")) for indent, text in found]


def anchors(page: Path) -> set[str]:
    """What a link into a page may name: its headings as they are usually turned into anchors, and ids."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    plain = [re.sub(r"<[^>]*>", "", heading).strip().lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain} | set(
        re.findall(r'<a id="([^"]+)"', text)
    )


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    """A reader who follows a link inside the repository arrives."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = page if not file else (page.parent / file).resolve()
        assert there.exists(), f"{target} is not there"
        if anchor:
            assert anchor in anchors(there), f"{target}: no such heading"


def test_every_page_is_on_the_map() -> None:
    """docs/index.md leads to every page of the documentation."""
    seen: set[Path] = set()
    waiting = [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        for target in re.findall(r"\]\(([^)#\s]+\.md)", page.read_text(encoding="utf-8")):
            there = (page.parent / target).resolve()
            if there.is_relative_to(DOCS) and there.exists():
                waiting.append(there)
    missing = sorted(name_of(page) for page in set(DOCS.rglob("*.md")) - seen)
    assert not missing


def test_the_reference_of_the_commands_is_up_to_date() -> None:
    """docs/reference/commands.md lists every command, option and default of today."""
    assert (DOCS / "reference" / "commands.md").read_text(encoding="utf-8") == commands_markdown()


def test_the_keys_of_json_documents_are_those_of_the_reference(tmp_path: Path) -> None:
    """A program that reads --json finds the keys that the reference names, and no others."""
    assert set(JSON_KEYS) == set(all_commands())
    book, run = str(tmp_path / "book"), str(tmp_path / "run")
    for command in (
        ["generate", "--communities", "1", "-o", book],
        ["checkup", book],
        ["match", book],
        ["solve", book, "--time", "20", "-o", run],
        ["check", book, run],
        ["export", book, "--lp", str(tmp_path / "book.lp")],
        ["new", str(tmp_path / "new")],
    ):
        told = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
        named = set(re.findall(r"`(\w+)`", JSON_KEYS[command[0]]))
        if command[0] == "solve":
            named |= set(json.loads((Path(run) / "result.json").read_text(encoding="utf-8")))
        assert set(told) == named, command[0]


def commands_in(page: Path) -> Iterator[list[str]]:
    for block in blocks(page, "console"):
        for line in block.split("\n"):
            if line.startswith("$ qingdan "):
                yield shlex.split(line.partition("#")[0].removeprefix("$ qingdan "))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_shown_exists(page: Path) -> None:
    """What a reader types from the documentation is understood."""
    known = all_commands()
    for name, *rest in commands_in(page):
        if name not in known and rest:
            name, *rest = f"{name} {rest[0]}", *rest[1:]
        assert name in known, name
        options = {option for part in known[name].params for option in part.opts if option.startswith("-")}
        used = {word for word in rest if word.startswith("-")} - {"--help"}
        assert used <= options, f"{name}: {used - options}"


@pytest.mark.parametrize("page", SCENARIO_PAGES, ids=name_of)
def test_every_scenario_shown_can_be_read(page: Path, tmp_path: Path) -> None:
    """A rule copied from the documentation is no fault; a block that names its file may extend those before it."""
    for block in blocks(page, "toml"):
        if name := re.match(r"# (\w+\.toml)\n", block):
            (tmp_path / name[1]).write_text(block, encoding="utf-8")
        parse_scenario(block, folder=tmp_path)


def test_every_public_name_is_explained() -> None:
    """docs/howto/use-python.md has a row for all that `import qingdan` gives."""
    text = (DOCS / "howto" / "use-python.md").read_text(encoding="utf-8")
    assert [name for name in qingdan.__all__ if f"`{name}`" not in text] == []


def test_every_kind_of_rule_has_an_example() -> None:
    """docs/howto/write-a-scenario.md shows each kind that a scenario knows."""
    told = {
        rule.kind
        for block in blocks(DOCS / "howto" / "write-a-scenario.md", "toml")
        for rule in parse_scenario(block).rules
    }
    assert told == set(KINDS_ZH)


def test_every_reason_is_explained() -> None:
    """docs/howto/read-refusals.md has every code that matching or a plan can give."""
    text = (DOCS / "howto" / "read-refusals.md").read_text(encoding="utf-8")
    assert [code for code in (*CODES, *NEXT_STEP) if f"| {code} |" not in text] == []


def test_the_sureness_of_the_catalogue_is_told_as_it_is() -> None:
    """How many figures were seen in a source is counted, not remembered."""
    text = (DOCS / "howto" / "cite-data-and-standards.md").read_text(encoding="utf-8")
    numbers = []
    for table, column in (
        ("measures", "sureness"),
        ("service_types", "sureness"),
        ("fund_types", "sureness"),
        ("fund_types", "sureness_share"),
    ):
        frame = pl.read_csv(ROOT / "models" / "data" / f"{table}.csv", infer_schema=False)
        numbers.append([frame.filter(pl.col(column) == word).height for word in ("seen", "recalled", "assumed")])
    measures, types, funds, shares = numbers
    stated = (
        f"of {sum(measures)} measures {measures[0]} are seen, {measures[1]} recalled, {measures[2]} assumed; "
        f"of {sum(types)} service types {types[0]}, {types[1]} and {types[2]}; "
        f"of {sum(funds)} kinds of funds {funds[0]}, {funds[1]} and {funds[2]}, and of their share "
        f"caps {shares[0]}, {shares[1]} and {shares[2]}"
    )
    assert stated in text.replace("\n", " ")


def test_the_scenarios_of_the_how_to_fit_the_book_of_the_tutorials() -> None:
    """Funds, places, types and policies in the examples are there to be tried."""
    book = qingdan.read_book(BOOK)
    for block in blocks(DOCS / "howto" / "write-a-scenario.md", "toml"):
        check_scenario(parse_scenario(block), book)


def test_the_book_of_the_tutorials_is_sound() -> None:
    """The book that tutorials speak of is read without a fault and says that it is synthetic."""
    book = qingdan.read_book(BOOK)
    assert book.settings.data_kind == "synthetic"
    assert book.table("communities").height == 6


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the books and runs that pages take as given."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(BOOK, folder / "hengfeng")
    base = qingdan.solve(qingdan.read_book(BOOK), time=3)
    for name in ("base", "halved"):
        qingdan.write_run(folder / name, base)
    book = qingdan.generate(1, seed=3)
    for name in ("book", "book.xlsx"):
        qingdan.write_book(book, folder / name)
    qingdan.write_run(folder / "run", qingdan.solve(book, time=20))
    return folder


PYTHON_PAGES = [
    page
    for page in PAGES
    if page.parent.name in ("tutorials", "howto") or page.name in ("README.md", "check.md")
    if blocks(page, "python")
]


@pytest.mark.parametrize("page", PYTHON_PAGES, ids=name_of)
def test_python_shown_runs(page: Path, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code copied from the documentation runs, block after block."""
    monkeypatch.chdir(desk)
    monkeypatch.setattr("sys.argv", ["compare.py", "base", "halved"])
    names: dict[str, object] = {"__name__": "page"}
    for number, block in enumerate(blocks(page, "python"), start=1):
        exec(compile(block, f"{name_of(page)}, block {number}", "exec"), names)
