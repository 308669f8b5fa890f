"""Rules on order, single things and changes: solved, and held against a hand-reasoned optimum."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hand_made import make_book, make_options
from qingdan.models.faults import BookError
from qingdan.models.options import Options
from qingdan.models.rule_values import row_values
from qingdan.solver.solution import Status
from qingdan.solver.solve import solve
from solved_rules import NOTHING, best, compiled, taken


def pipes_and_roads() -> Options:
    """Pipes before roads in one community; another community has a road need alone."""
    return make_options(
        needs=[
            {"service_type": "G03"}, {"service_type": "G01"}, {"service_type": "G01", "community": "360102001002"},
            {"service_type": "G03", "community": "360102001003"}, {"service_type": "G01", "community": "360102001003"},
        ],
        options=[
            {"need": 0, "year": 2028, "benefit": 1}, {"need": 1, "benefit": 9}, {"need": 1, "year": 2028, "benefit": 8},
            {"need": 2, "benefit": 5}, {"need": 4, "benefit": 4},
        ],
    )  # fmt: skip


def test_what_comes_after_waits_for_what_comes_before() -> None:
    """The road waits for the pipe of its community; where no pipe can be laid it is free."""
    book = make_book()
    assert taken(pipes_and_roads(), book, NOTHING) == [0, 1, 3, 4]
    assert taken(pipes_and_roads(), book, "kind = 'prerequisite'\nbefore = 'G03'\nafter = 'G01'") == [0, 2, 3, 4]
    only_one = (
        "kind = 'prerequisite'\nbefore = 'G03'\nafter = 'G01'\n[[rule]]\nname = '无管'\nkind = 'forbid'\nneeds = ['N1']"
    )
    assert taken(pipes_and_roads(), book, only_one) == [3, 4]


def test_works_that_exclude_each_other_are_not_in_one_community() -> None:
    """With one work on each side a single row; with more, one side of the community is chosen."""
    rule = "kind = 'exclusion'\nfirst = ['F02']\nsecond = ['F03', 'F04']"
    single = make_options(
        needs=[{"service_type": "F02"}, {"service_type": "F03"}],
        options=[{"need": 0, "benefit": 3}, {"need": 1, "benefit": 2}],
    )
    problem = compiled(single, make_book(), rule)
    assert problem.extras == 0
    assert np.flatnonzero(best(problem).option).tolist() == [0]
    more = make_options(
        needs=[
            {"service_type": "F02"}, {"service_type": "F03"}, {"service_type": "F04"},
            {"service_type": "F03", "community": "360102001002"},
        ],
        options=[{"need": n, "benefit": benefit} for n, benefit in enumerate([3, 2, 2, 1])],
    )  # fmt: skip
    assert taken(more, make_book(), rule) == [1, 2, 3]
    mandatory = make_options(
        needs=[{"service_type": "F02", "mandatory": True}, {"service_type": "F03"}],
        options=[{"need": 0, "variant": 16, "level": 1, "benefit": 0}, {"need": 1, "benefit": 2}],
    )
    assert taken(mandatory, make_book(), rule) == [0, 1]


def one_site() -> Options:
    module = {
        "kind": "module", "parent": 0, "service_type": "F17", "measure": "F17b", "operation": "own", "package": 0,
    }  # fmt: skip
    return make_options(
        options=[
            {"benefit": 10}, {"benefit": 5, "year": 2028}, {"benefit": 3, "measure": "F17b", "facility": 1},
            {"variant": 16, "level": 1, "benefit": 0, "measure": "R01e"},
        ],
        facilities=[{}, module],
        openings=[{"facility": 0, "cost": 20}, {"facility": 0, "year": 2028, "cost": 20}, {"facility": 1, "cost": 5}],
    )  # fmt: skip


def test_a_pin_takes_what_is_pinned() -> None:
    """By need, year and measure; a site that is pinned opens even if nobody needs it."""
    book = make_book()
    assert taken(one_site(), book, "kind = 'pin'\nneeds = ['N1']\nyears = [2028]") == [1]
    assert taken(one_site(), book, "kind = 'pin'\nneeds = ['N1']\nmeasures = ['F17b']") == [2]
    assert taken(one_site(), book, "kind = 'pin'\nneeds = ['N1']\nmeasures = ['R01e']") == [3]
    plan = best(compiled(one_site(), book, "kind = 'pin'\nsites = ['S1']\nyears = [2028]"))
    assert plan.opening.tolist() == [False, True, False]


def test_a_forbid_keeps_out_what_is_forbidden_but_not_emergency_handling() -> None:
    """A dangerous house is still made safe."""
    book = make_book()
    assert taken(one_site(), book, "kind = 'forbid'\nneeds = ['N1']\nyears = [2027]") == [1]
    mandatory = replace(one_site(), needs=one_site().needs.with_columns(mandatory=True))
    assert taken(mandatory, book, "kind = 'forbid'\nneeds = ['N1']") == [3]
    site = compiled(
        one_site(),
        book,
        "kind = 'forbid'\nsites = ['S1']\n[[rule]]\nname='b'\nkind='pin'\nneeds=['N1']\nmeasures=['F17b']",
    )
    assert solve(site, method="highs").status is Status.INFEASIBLE


def test_pins_on_nothing_are_faults_all_at_once() -> None:
    """A pin that no option fits is named rather than called infeasible."""
    rule = "kind = 'pin'\nneeds = ['N1', 'N9']\nsites = ['S9']\nyears = [2029]"
    with pytest.raises(BookError) as caught:
        compiled(one_site(), make_book(), rule)
    assert [fault.value for fault in caught.value.faults] == ["N1", "N9", "S9"]


def write_plan(folder: Path, *ids: str) -> str:
    folder.mkdir()
    lines = ["project_id,component_id", *(f"P1,{identifier}" for identifier in ids)]
    (folder / "components.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(folder)


def test_few_changes_keep_most_of_the_earlier_plan(tmp_path: Path) -> None:
    """Of three needs one may change: the one that gains most."""
    options = make_options(
        needs=[{}, {}, {}],
        options=[
            {"need": 0, "benefit": 1}, {"need": 0, "year": 2028, "benefit": 6},
            {"need": 1, "benefit": 1, "package": 0}, {"need": 1, "measure": "F17b", "benefit": 9},
            {"need": 2, "benefit": 4},
        ],
    )  # fmt: skip
    plan = write_plan(tmp_path / "run", "N1|F17a|own||2|1|2027|0", "N2|F17a|own||2|1|2027|0", "N9|F17a|own||2|1|2027|0")
    rule = f"kind = 'changes'\nplan = '{plan}'\nnumber = "
    assert taken(options, make_book(), rule + "0") == [0, 2]
    assert taken(options, make_book(), rule + "1") == [0, 3]
    assert taken(options, make_book(), rule + "2") == [1, 3]
    assert taken(options, make_book(), rule + "3") == [1, 3, 4]
    problem = compiled(options, make_book(), rule + "1")
    told = row_values(problem, best(problem))
    assert told.filter(told["listed"]).select("value", "limit", "slack").rows() == [(1.0, 1.0, 0.0)]


def test_opening_a_site_otherwise_is_a_change(tmp_path: Path) -> None:
    """A site that was to open and now does not counts once, as does one that opens anew."""
    options = make_options(
        options=[{"facility": 0, "benefit": 5}, {"facility": 1, "benefit": 7}],
        facilities=[{}, {"site": "S2"}],
        openings=[{"facility": 0, "cost": 1}, {"facility": 1, "cost": 1}],
    )
    plan = write_plan(tmp_path / "run", "site|S1|2027", "N1|F17a|own|S1|2|1|2027|0", "site|S9|2027")
    rule = f"kind = 'changes'\nplan = '{plan}'\nnumber = "
    for number in "012":
        # the site stays open where closing it would be a change too many
        assert taken(options, make_book(), rule + number) == ([0] if number < "2" else [1])
    closed = compiled(options, make_book(), rule + "3")
    plan_found = best(closed)
    assert plan_found.option.tolist() == [False, True]
    told = row_values(closed, plan_found)
    value = told.filter(told["listed"])["value"].item()
    assert value == 2.0 + float(not plan_found.opening[0])


def test_more_of_the_same_is_a_change(tmp_path: Path) -> None:
    """A divisible need that had one half and gets both has changed."""
    options = make_options(
        needs=[{"lots": 2}],
        options=[{"lots": 1, "choice": 0, "benefit": 3}, {"lots": 1, "choice": 1, "benefit": 3}],
    )
    plan = write_plan(tmp_path / "run", "N1|F17a|own||2|1|2027|0")
    rule = f"kind = 'changes'\nplan = '{plan}'\nnumber = "
    assert len(taken(options, make_book(), rule + "0")) == 1
    assert len(taken(options, make_book(), rule + "1")) == 2


def test_an_earlier_plan_that_is_gone_is_a_fault(tmp_path: Path) -> None:
    """The path is named, in two languages."""
    with pytest.raises(BookError, match=r"components\.csv"):
        compiled(one_site(), make_book(), f"kind = 'changes'\nplan = '{tmp_path}/nowhere'\nnumber = 1")
