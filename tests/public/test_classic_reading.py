"""Instance files by hand: every order of numbers is read as it is meant, and a broken file is told where it breaks."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from qingdan.bench.classic_catalogue import best_known, best_known_values, collections, instances
from qingdan.bench.classic_reading import InstanceError
from qingdan.bench.classic_solving import Answer, load, solve_instance

# Two sites (capacity 5 and 8, opening 10 and 12.5), three customers (demand 2, 3, 4),
# costs of serving whole: site 0 4 6 8, site 1 2 9 4. Best: site 0 for the second customer, site 1 for the others: 34.5
LOCATIONS = {
    "holmberg": "2 3\n5 10\n8 12.5\n2 3 4\n4 6 8\n2 9 4\n",
    "diaz_fernandez": "3 2\n 4. 2.\n 6. 9.00\n 8 4\n 2 3 4\n 10 12.5\n 5 8\n\x1a",
    "tbed1": "3\t2\n\n2 3 4\n5 8\n10 12.5\n2 2 2\n1 3 1\n",
}
FILES = {
    "gap": "2 3\n 4 6 8\n 2 9 4\n 2 3 4\n 2 3 4\n 5 8\n",
    "mkp": "2\n 2 1 0\n 5 4\n 3 3\n 5\n 3 2 0\n 5 4 3\n 2 3 1\n 3 1 2\n 5 5\n",
    "mmkp": "\ufeff2 2\n5 5\n2\n10 5 0\n7 2 2\n1\n3 3 3\n",
    "nrp": "2\n1\n3\n2\n2 4\n1\n1 2\n2\n10 1 2\n7 1 3\n",
    "pabulib": "META\nkey;value\nnum_projects;3\nbudget;10.50\nPROJECTS\nproject_id;cost;votes;name\n"
    'a;6.25;40;"one; two"\nb;4;30;three\nc;10.5;60;four\nVOTES\nvoter_id;vote\n1;a,b\n',
}
BEST = {"gap": 12, "mkp": 9, "mmkp": 10, "nrp": 10, "pabulib": 70}
PART = {"mkp": "#1", "nrp": "#0.56"}


def write(path: Path, text: str) -> Path:
    """A file with this text, in a folder of its own where needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def answer(file: str, family: str, **told: Any) -> Answer:
    """The answer to an instance, plan checked against the file."""
    found = solve_instance(load(file, family, **told), method="highs", time=20, threads=1)
    assert not found.faults
    return found


@pytest.mark.parametrize("folder", LOCATIONS)
def test_a_location_file_is_read_in_the_order_of_its_set(tmp_path: Path, folder: str) -> None:
    """Three orders of the same numbers mean the same instance; the folder says which it is."""
    file = write(tmp_path / folder / "mine", LOCATIONS[folder])
    assert answer(str(file), "sscflp").objective == Fraction("34.5")
    elsewhere = write(tmp_path / "elsewhere" / "mine", LOCATIONS[folder])
    assert answer(str(elsewhere), "sscflp", set=folder).objective == Fraction("34.5")
    with pytest.raises(InstanceError, match="'elsewhere' does not tell the order"):
        load(str(elsewhere), "sscflp")


def test_the_capacity_of_the_large_files_is_named_with_them(tmp_path: Path) -> None:
    """The word in the file says nothing; `#k` is the capacity of every site."""
    file = write(tmp_path / "orlib_large" / "mine.txt", " 2 2\n capacity 10.\n capacity 12.5\n 2\n 4 2\n 3\n 6 9\n")
    assert answer(f"{file}#5", "sscflp").objective == 20
    assert answer(f"{file}#3", "sscflp").objective == Fraction("30.5")
    assert answer(f"{file}#2.5", "sscflp").status == "infeasible"
    with pytest.raises(InstanceError, match="has no capacity of its own"):
        load(str(file), "sscflp")


@pytest.mark.parametrize("family", FILES)
def test_every_family_is_solved_in_its_own_sense(tmp_path: Path, family: str) -> None:
    """Small files with an optimum by hand."""
    file = write(tmp_path / "mine", FILES[family])
    found = answer(f"{file}{PART.get(family, '')}", family)
    assert found.objective == found.bound == BEST[family]
    assert found.known is None


def test_a_value_is_taken_from_the_first_of_several_instances(tmp_path: Path) -> None:
    """`#0` is the first; without a number the file must hold one alone."""
    file = write(tmp_path / "mine", FILES["mkp"])
    assert answer(f"{file}#0", "mkp").objective == 5
    for wrong in ("", "#2", "#-1", "#x"):
        with pytest.raises(InstanceError, match=r"name one|there is no #"):
            load(f"{file}{wrong}", "mkp")
    assert answer(str(write(tmp_path / "one", "1 2 1 0 5 4 3 3 5")), "mkp").objective == 5


BROKEN = [
    ("gap", "2 3\n 4 6 8\n 2 9 4\n 2 3", "", r"line 4: the file ends here: sizes should have 6 numbers and has 2"),
    ("gap", FILES["gap"].replace("9", "nine"), "", r"line 3: 'nine' is no number \(costs\)"),
    ("gap", FILES["gap"] + "1\n2", "", r"line 7: 2 numbers too many"),
    ("gap", "-2 3", "", r"line 1: number of agents is -2, at least 1 is needed"),
    ("gap", "2.5 3", "", r"line 1: '2.5' is not whole"),
    ("gap", "", "", r"line 1: the file ends here"),
    ("gap", FILES["gap"].replace("9", "nan"), "", r"'nan' is no number"),
    ("gap", FILES["gap"].replace("9", "1e999999999"), "", r"'1e999999999' is no number"),
    ("gap", FILES["gap"].replace("9", "1_0"), "", r"'1_0' is no number"),
    (
        "gap",
        FILES["gap"].replace("9", "123456789012345678901"),
        "",
        r"line 3: '123456789012345678901' has too many digits",
    ),
    ("gap", FILES["gap"].replace(" 2 3 4\n 5", " -2 3 4\n 5"), "", r"makes no instance of gap: .*sizes"),
    ("gap", FILES["gap"], "#1", r"leave out #1"),
    ("mkp", FILES["mkp"][:40], "#1", r"the file ends here"),
    ("mmkp", "1 1\n5\n0\n", "", r"number of items of class 0 is 0"),
    ("nrp", FILES["nrp"], "", r"name the budget as a share"),
    ("nrp", FILES["nrp"], "#1.5", r"name the budget as a share"),
    ("nrp", FILES["nrp"].replace("7 1 3", "7 1 4"), "#0.5", r"line 10: there is no requirement 4"),
    ("pabulib", FILES["pabulib"].replace("budget;", "money;"), "", r"META has no budget"),
    ("pabulib", FILES["pabulib"].replace(";votes", ";voices"), "", r"no column votes"),
    ("pabulib", FILES["pabulib"].replace("b;4;30", "b;four;30"), "", r"line 8: 'four' is no number \(cost\)"),
    ("pabulib", FILES["pabulib"].replace("b;4;30;three\n", ""), "", r"should have 3 projects and has 2"),
    ("pabulib", FILES["pabulib"].replace("b;4;30;three", "b;4"), "", r"line 8: 4 columns are needed, 2 found"),
    ("pabulib", "key;value\n", "", r"no section META"),
]


@pytest.mark.parametrize(("family", "text", "part", "why"), BROKEN)
def test_a_broken_file_is_told_by_place_and_cause(tmp_path: Path, family: str, text: str, part: str, why: str) -> None:
    """Whoever made a file sees at once which line to look at."""
    file = write(tmp_path / "mine", text)
    with pytest.raises(InstanceError, match=why) as refused:
        load(f"{file}{part}", family)
    assert "mine" in str(refused.value) and "mine" in refused.value.zh


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    """A picture is no instance."""
    file = tmp_path / "mine"
    file.write_bytes(b"\x89PNG\xff")
    with pytest.raises(InstanceError, match="is no UTF-8 text"):
        load(str(file), "gap")


def test_a_file_is_found_in_the_folder_with_the_instances(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short names do: the folder is told, or named by the environment."""
    for place in ("sscflp/holmberg/p1", "sscflp/orlib_small/p1"):
        write(tmp_path / place, LOCATIONS["holmberg"])
    write(tmp_path / "gap" / "chu1997" / "c05100", FILES["gap"])
    assert load("gap/chu1997/c05100", "gap", data=tmp_path).set == "chu1997"
    monkeypatch.setenv("QINGDAN_BENCH", str(tmp_path))
    assert load("c05100", "gap").set == "chu1997"
    assert load("p1", "sscflp", set="holmberg").set == "holmberg"
    with pytest.raises(InstanceError, match="in several sets: holmberg, orlib_small"):
        load("p1", "sscflp")
    with pytest.raises(InstanceError, match="there is no file c05200"):
        load("c05200", "gap")
    with pytest.raises(InstanceError, match="has no set 'chu'"):
        load("c05100", "gap", set="chu", data=tmp_path / "gap" / "chu1997")
    monkeypatch.setenv("QINGDAN_BENCH", str(tmp_path / "nowhere"))
    with pytest.raises(InstanceError, match="is no folder"):
        load("c05100", "gap")


def test_sets_files_and_values_are_listed(tmp_path: Path) -> None:
    """What is there and what is known, also where nothing is there."""
    write(tmp_path / "gap" / "chu1997" / "c05100", FILES["gap"])
    write(tmp_path / "gap" / "chu1997" / "own", FILES["gap"])
    found = {(one.family, one.set): (len(one.files), one.values) for one in collections(tmp_path)}
    assert found["gap", "chu1997"] == (2, 16)
    assert found["sscflp", "holmberg"] == (0, 48)
    listed = {name: (path is not None, known is not None) for _, name, path, known in instances("gap", tmp_path)}
    assert listed["c05100"] == (True, True)
    assert listed["own"] == (True, False)
    assert listed["d05100"] == (False, True)


def test_best_known_values_are_consistent() -> None:
    """No value is better than its bound, an optimum equals it, and no instance has two."""
    values = best_known_values()
    assert len({(one.family, one.set, one.instance) for one in values}) == len(values) > 1600
    for one in values:
        sense = 1 if one.family in ("mkp", "mmkp", "nrp", "pabulib") else -1
        assert one.bound is not None and sense * (one.bound - one.best) >= 0, one
        assert one.status == "open" or one.bound == one.best, one
    known = best_known("gap", "chu1997", "d20200")
    assert known is not None and known.status == "open"
    assert (known.best, known.bound) == (Fraction(12244), Fraction(12235))


def test_numbers_of_a_file_are_kept_exactly(tmp_path: Path) -> None:
    """Five digits behind the point cost nothing."""
    text = LOCATIONS["holmberg"].replace("12.5", "12.50001").replace("4 6 8", "4 6.00003 8")
    found = answer(str(write(tmp_path / "holmberg" / "mine", text)), "sscflp")
    assert found.objective == Fraction("34.50004")
    assert json.loads(json.dumps(float(found.objective))) == 34.50004
