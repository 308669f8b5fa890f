"""`qingdan bench` as a user types it: keys, exit codes, plain errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Ended, call
from qingdan.app.reference import JSON_KEYS

GAP = "2 3\n 4 6 8\n 2 9 4\n 2 3 4\n 2 3 4\n 5 8\n"
Command = Callable[..., Ended]


@pytest.fixture
def bench(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """The command, with a folder of instances that holds one file."""
    folder = tmp_path / "gap" / "chu1997"
    folder.mkdir(parents=True)
    (folder / "mine").write_text(GAP, encoding="utf-8")
    monkeypatch.setenv("QINGDAN_BENCH", str(tmp_path))

    def command(*words: object) -> Ended:
        return call(capfd, monkeypatch, "bench", *words)

    return command


def test_an_instance_is_solved_and_told(bench: Command) -> None:
    """Value, bound and gap in the family's own sense; the document has the keys of the reference."""
    ended = bench("solve", "mine", "--family", "gap", "--method", "highs", "--time", 20, "--threads", 1, "--json")
    told = ended.document
    assert ended.code == 0
    assert (told["status"], told["objective"], told["bound"], told["gap"]) == ("optimal", 12, 12, 0)
    assert (told["method"], told["sense"], told["best_known"]) == ("highs", "min", None)
    assert told["dimensions"] == {"agents": 2, "jobs": 3}
    assert set(told) == {key.strip("`") for key in JSON_KEYS["bench solve"].replace(" ", "").split(",")}
    ended = bench("solve", "mine", "--family", "gap", "--method", "highs")
    assert "目标值 12（越小越好，已按原始数据复算）" in ended.out


def test_the_answer_no_has_its_own_exit_code(bench: Command, tmp_path: Path) -> None:
    """Agents without time for the jobs: infeasible is 1."""
    (tmp_path / "tight").write_text(GAP.replace(" 5 8", " 4 4"), encoding="utf-8")
    ended = bench("solve", tmp_path / "tight", "--family", "gap", "--method", "highs", "--json")
    assert (ended.code, ended.document["status"], ended.document["objective"]) == (1, "infeasible", None)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("mine", "--family", "tsp"), "no family 'tsp'; there are: sscflp, gap"),
        (("other", "--family", "gap"), "there is no file other"),
        (("mine", "--family", "gap", "--method", "magic"), "no method magic; there are: auto"),
        (("mine", "--family", "gap", "--set", "chu"), "has no set 'chu'"),
        (("mine#3", "--family", "gap"), "leave out #3"),
        (("mine", "--family", "gap", "--data", "/nowhere"), "is no folder"),
        (("mine",), "Missing option '--family'"),
    ],
)
def test_wrong_usage_is_told_plainly(bench: Command, words: tuple[str, ...], why: str) -> None:
    """Bad input is 2, with a sentence and, with --json, a document."""
    ended = bench("solve", *words, "--json")
    assert ended.code == 2
    assert why in ended.err + ended.out
    assert "error" in ended.document


def test_families_and_instances_are_listed(bench: Command, tmp_path: Path) -> None:
    """One glance at what is there and what is known of it."""
    told = bench("list", "--json").document
    assert {one["family"] for one in told["families"]} == {"sscflp", "gap", "mkp", "mmkp", "nrp", "pabulib"}
    suites = {one["suite"]: one["instances"] for one in told["suites"]}
    assert list(suites) == ["tiny", "standard", "province", "nation", "classic", "real"]
    assert suites["tiny"][0] == "tiny-0002-1" and len(suites["classic"]) == 24
    assert (told["data"], told["instances"]) == (str(tmp_path), None)
    listed = {one["instance"]: one for one in bench("list", "--family", "gap", "--json").document["instances"]}
    assert listed["mine"]["file"] == str(tmp_path / "gap" / "chu1997" / "mine")
    assert (listed["c05100"]["best_known"], listed["c05100"]["file"]) == (1931, None)
    shown = bench("list", "--family", "gap")
    assert "cattrysse1994" in shown.out and "1,931" in shown.out
    assert bench("list", "--family", "tsp").code == 2
