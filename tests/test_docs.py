"""The documentation says what the program does: links lead somewhere, commands exist, code runs."""

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from qingdan.app.cli import app
from qingdan.app.reference import JSON_KEYS, commands_markdown
from qingdan.models.scenario import parse_scenario
from typer.main import get_command
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
    assert set(JSON_KEYS) == set(get_command(app).commands)  # type: ignore[attr-defined]
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
    known = get_command(app).commands  # type: ignore[attr-defined]
    for name, *rest in commands_in(page):
        assert name in known, name
        options = {option for part in known[name].params for option in part.opts if option.startswith("-")}
        used = {word for word in rest if word.startswith("-")} - {"--help"}
        assert used <= options, f"{name}: {used - options}"


@pytest.mark.parametrize("page", SCENARIO_PAGES, ids=name_of)
def test_every_scenario_shown_can_be_read(page: Path) -> None:
    """A rule copied from the documentation is no fault."""
    for block in blocks(page, "toml"):
        parse_scenario(block)


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
