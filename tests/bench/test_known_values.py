"""Records enter only checked, and claims are held against all that is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qingdan.bench.known_values import Known, behind, contradicted, known_of
from qingdan.bench.prepared import Prepared
from qingdan.bench.records import RecordOf, improve_records, read_records

MINE = Prepared("mine", "tiny", "", "", "d1", 1, 1, 1, ("safety", "benefit"), "max", 1, 0.0)


def run(**told: Any) -> dict[str, Any]:
    """A sound run with a plan of 10 at safety 5."""
    usual = {
        "method": "a", "seed": 0, "verdict": "sound", "status": "feasible", "exact": True, "objective": 10, "earlier": [5],
        "bound": 12, "certified_bound": 13,
    }  # fmt: skip
    return usual | told


def test_records_improve_and_nothing_else_enters(tmp_path: Path) -> None:
    """Better plans and proven bounds enter; unsound, inexact and worse ones do not."""
    path = tmp_path / "records.csv"
    assert improve_records(path, MINE, run(), "a 0")
    assert not improve_records(path, MINE, run(), "b 0")
    for bad in ({"verdict": "wrong_value"}, {"exact": False}, {"objective": 9}, {"earlier": [4], "objective": 99}):
        assert not improve_records(path, MINE, run(**{"certified_bound": None, **bad}), "b 0"), bad
    assert improve_records(path, MINE, run(objective=11, certified_bound=None), "b 0")
    assert improve_records(path, MINE, run(objective=None, earlier=[5], certified_bound=12), "c 1")
    assert read_records(path)["mine"] == RecordOf("mine", "d1", 11, (5,), "b 0", 12, "c 1")


def test_a_plan_that_is_better_before_makes_the_bound_void(tmp_path: Path) -> None:
    """A bound holds for the earlier values that it was proved for."""
    path = tmp_path / "records.csv"
    improve_records(path, MINE, run(), "a 0")
    assert improve_records(path, MINE, run(earlier=[6], objective=3, certified_bound=None), "b 0")
    assert read_records(path)["mine"] == RecordOf("mine", "d1", 3, (6,), "b 0", None, "")


def test_a_record_of_another_program_is_replaced(tmp_path: Path) -> None:
    """The digest says for which program a value is."""
    path = tmp_path / "records.csv"
    improve_records(path, MINE, run(objective=99), "a 0")
    other = Prepared("mine", "tiny", "", "", "d2", 1, 1, 1, ("safety", "benefit"), "max", 1, 0.0)
    assert improve_records(path, other, run(), "b 0")
    assert read_records(path)["mine"].best == 10


def test_the_best_of_all_sources_is_known() -> None:
    """Runs, record and publication; bounds only for the same earlier values, and never from wrong runs."""
    runs = [run(), run(objective=11, certified_bound=None), run(earlier=[4], objective=50, certified_bound=1)]
    assert known_of(runs, {}) == Known(11, (5,), "a 0", 13)
    record = RecordOf("mine", "d1", 12, (5,), "r 0", 12, "r 0")
    assert known_of(runs, {}, record) == Known(12, (5,), "r 0 (record)", 12)
    assert known_of(runs, {}, record).proven
    lies = run(verdict="wrong_certificate", objective=None, earlier=None, certified_bound=None)
    assert known_of([*runs, lies], {}).bound == 13
    single = run(earlier=[], objective=7)
    found = known_of([single], {"published_best": 8, "published_bound": 9, "published_by": "paper"})
    assert found == Known(8, (), "paper", 9, checked=False)


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        ({"bound": 11}, None),
        ({"bound": 10}, "wrong_bound"),
        ({"bound": 10, "status": "optimal"}, "wrong_bound"),
        ({"bound": 10, "earlier": [4]}, "wrong_bound"),
        ({"bound": 10, "earlier": [6]}, None),
        ({"bound": 10, "earlier": None, "objective": None, "verdict": "no_plan"}, None),
        ({"verdict": "infeasible", "objective": None, "earlier": None}, "wrong_infeasible"),
        ({"verdict": "overran", "bound": 1}, None),
    ],
)
def test_claims_are_refuted_by_plans(told: dict[str, Any], verdict: str | None) -> None:
    """A bound for weaker or equal earlier values is refuted by a better plan; one for stronger values is not."""
    refuted = contradicted(run(**told), Known(11, (5,), "b 0", None))
    assert (None if refuted is None else refuted[0]) == verdict
    if told.get("status") == "optimal":
        assert refuted is not None and "claims optimal" in refuted[1]


def test_a_plan_behind_in_an_earlier_objective_does_not_count() -> None:
    """More benefit for less safety is no better plan."""
    known = Known(10, (5,), "a 0", None)
    assert behind(run(earlier=[4], objective=99), known)
    assert not behind(run(), known) and not behind(run(objective=None, earlier=None), known)
