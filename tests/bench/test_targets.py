"""The table of targets: what counts as met, how results are kept, and that a measurement runs from book to page."""

import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from qingdan.bench import targets
from qingdan.bench.gap_over_time import common_gap, exponent, seconds_to, smallest, steps_of
from qingdan.bench.generated_problems import PROVINCE, provinces
from qingdan.bench.joined_problems import NUMBERS, join
from qingdan.bench.measured_runs import Figures
from qingdan.bench.own_process import RunFailed, in_own_process, peak_memory
from qingdan.bench.target_records import Result, keep_run, read_results, read_runs, write_results
from qingdan.bench.target_rows import Finding, Part, Row, Settings
from qingdan.bench.targets import Files, all_rows, main, measure
from qingdan.bench.targets_page import page
from qingdan.solver.feasibility import violations
from qingdan.solver.problem import Objective, Problem, make_problem
from qingdan.solver.solution import TracePoint
from qingdan.solver.solve import solve
from qingdan.solver.stop import Stop
from qingdan.solver.warm_up import small_problem

ROOT = Path(__file__).parents[2]
DONE = Result(
    "plan-50", "what", "<= 0.10 % in 60 s", "0.050 % in 9.0 s", "yes", {"seconds (60 s)": 9.0, "status": "feasible"},
    9.0, 300, 1.0, "2 cores", "qingdan 0.1.0", "2026-11-01",
)  # fmt: skip


def square(*, number: int) -> Figures:
    return {"number": number * number, "seconds": 1.0, "memory_mb": peak_memory()}


def vanish(*, number: int) -> Figures:
    os._exit(number)


def wait(*, number: int) -> Figures:
    time.sleep(number)
    return {}


def refuse(*, number: int) -> Figures:
    raise ValueError(f"{number} is refused")


def added(runs: dict[str, Figures]) -> Finding:
    values = [run.get("number") for run in runs.values()]
    known = [value for value in values if value is not None]
    return Finding({"sum": sum(known)}, f"{sum(known)} from {len(known)}", len(known) == len(values))


def row(*functions: object) -> Row:
    parts = tuple(Part(str(at), one, {"number": at}) for at, one in enumerate(functions, start=1))  # type: ignore[arg-type]
    return Row("squares", "a sum of squares", "all there", parts, added)  # type: ignore[arg-type]


def rows_by_id(settings: Settings) -> dict[str, Row]:
    return {one.id: one for one in all_rows(settings)}


def test_the_page_is_made_from_the_table() -> None:
    """Whoever reads the page reads what was measured."""
    rows = all_rows(Settings(Path(), data=None))
    assert targets.PAGE.read_text(encoding="utf-8") == page(rows, read_results(targets.RESULTS))


def test_rows_have_ids_of_their_own_whether_instances_are_there_or_not(tmp_path: Path) -> None:
    """Rows can be named one by one, and what cannot be measured says why."""
    rows = all_rows(Settings(tmp_path, data=tmp_path))
    assert len({one.id for one in rows}) == len(rows) == 15
    absent = [one for one in rows if one.id.startswith(("sscflp", "mknapcb", "gap", "mmkp"))]
    assert all("not here" in one.not_run and not one.parts for one in absent) and len(absent) == 7


def test_joined_problems_have_the_sum_of_the_best_values() -> None:
    """Provinces in one program keep their own needs, sites and money."""
    one = small_problem()
    other = replace(one, row_limit=np.array([8, 6, 9, -1]))
    apart = [solve(part, method="highs", stop=Stop(time=20)).objective for part in (one, other)]
    whole = join([one, other, one])
    found = solve(whole, method="highs", stop=Stop(time=20))
    assert None not in apart
    assert found.objective == 2 * (apart[0] or 0) + (apart[1] or 0)
    assert found.plan is not None and not violations(whole, found.plan)
    assert whole.class_count == 3 * one.class_count and whole.rows == 3 * one.rows


def test_a_problem_joined_with_nothing_is_itself() -> None:
    """Every array is carried over."""
    one = small_problem()
    alone = join([one])
    for name in ("option_group", "arc_source", "facility_capacity", "floor_percent", "group_exact"):
        assert np.array_equal(getattr(alone, name), getattr(one, name))
    assert np.array_equal(alone.option_row.index, one.option_row.index)
    assert set(NUMBERS) <= set(Problem.__slots__)


def test_problems_of_other_objectives_are_not_joined() -> None:
    """A sum of benefit and cost would mean nothing."""
    none = np.zeros(0, np.int64)
    costs = make_problem(1, (Objective("cost", none, none, none),))
    with pytest.raises(ValueError, match="problem 1 has the objectives cost; the first benefit"):
        join([small_problem(), costs])
    with pytest.raises(ValueError, match="at least one"):
        join([])


def test_a_nation_is_provinces_with_seeds_of_their_own() -> None:
    """118,000 communities are 25 provinces and a rest."""
    parts = provinces(118_000)
    assert sum(part.communities for part in parts) == 118_000
    assert [part.seed for part in parts] == list(range(1, 27))
    assert {part.communities for part in parts[:-1]} == {PROVINCE}


def test_the_gap_over_time_takes_the_best_plan_and_bound_so_far() -> None:
    """A worse plan that is reported later does not undo a better one; other stages do not count."""
    trace = [
        TracePoint(0.5, "safety", 10, 10),
        TracePoint(1.0, "benefit", None, 200),
        TracePoint(2.0, "benefit", 150, None),
        TracePoint(3.0, "benefit", 100, 180),
        TracePoint(4.0, "benefit", 179, None),
    ]
    steps = steps_of(trace, "benefit")
    assert steps == [(2.0, 50 / 200), (3.0, 30 / 180), (4.0, 1 / 180)]
    assert (seconds_to(steps, 0.2), seconds_to(steps, 0.001), smallest(steps)) == (3.0, None, 1 / 180)
    assert common_gap([steps, [(1.0, 0.01)]], 0.001) == 0.01
    assert common_gap([steps, [(1.0, 0.01)]], 0.02) == 0.02
    assert common_gap([steps, []], 0.02) is None


def test_small_steps_are_left_out_but_not_those_that_matter() -> None:
    """The step that reached a level, and the last one, keep their time."""
    plans = [90_000, 99_490, 99_495, 99_501, 99_502, 99_503]
    trace = [TracePoint(float(at), "benefit", plan, 100_000) for at, plan in enumerate(plans)]
    steps = steps_of(trace, "benefit")
    assert [seconds for seconds, _ in steps] == [0.0, 1.0, 3.0, 5.0]
    assert seconds_to(steps, 0.005) == 3.0


def test_the_exponent_is_that_of_the_power() -> None:
    """Twice the size in four times the time is the power of two."""
    assert exponent([10, 100, 1000], [1, 100, 10_000]) == pytest.approx(2)
    assert exponent([10, 20, 40], [3, 3, 3]) == pytest.approx(0)


def test_a_plan_row_is_met_only_with_every_gap_in_time(tmp_path: Path) -> None:
    """A small gap that came too late, or in one of two limits alone, is no success."""
    five_hundred = rows_by_id(Settings(tmp_path, data=tmp_path))["plan-500"]
    good = {"certified_gap": 0.0009, "seconds": 3.0, "limit_seconds": 3.0, "memory_mb": 400}
    late = {**good, "seconds": 22.0, "limit_seconds": 20.0}
    assert five_hundred.find({"3 s": good, "20 s": {**good, "limit_seconds": 20.0}}).met
    assert not five_hundred.find({"3 s": good, "20 s": late}).met
    assert not five_hundred.find({"3 s": {**good, "certified_gap": 0.006}, "20 s": good}).met
    failed = five_hundred.find({"3 s": good, "20 s": {"error": "it broke"}})
    assert not failed.met and failed.phrase.endswith("no result; failed – 20 s: it broke")


def test_the_nation_must_fit_into_its_memory(tmp_path: Path) -> None:
    """16 GB are part of the target."""
    nation = rows_by_id(Settings(tmp_path, data=tmp_path))["nation-118000"]
    run = {"certified_gap": 0.0009, "seconds": 900.0, "limit_seconds": 1200.0, "memory_mb": 16 * 1024}
    assert nation.find({"1200 s": run}).met
    assert not nation.find({"1200 s": {**run, "memory_mb": 17_000}}).met


def test_growth_says_which_gap_it_speaks_of(tmp_path: Path) -> None:
    """Where one size stays above the gap wanted, the exponent is that of the gap all reached, and the target is missed."""
    growth = rows_by_id(Settings(tmp_path, data=tmp_path))["growth"]
    runs: dict[str, Figures] = {part.name: {"steps": [[int(part.name) / 100, 0.001]]} for part in growth.parts}
    found = growth.find(runs)
    assert found.met and found.measured["exponent"] == pytest.approx(1)
    short = growth.find(runs | {"4600": {"steps": [[46.0, 0.004]]}})
    assert (
        not short.met and short.measured["gap"] == 0.004 and "the smallest gap that all sizes reached" in short.phrase
    )
    assert growth.find(runs | {"4600": {"error": "it broke"}}).met is False


def test_other_solvers_are_beaten_only_by_reaching_the_gap_first(tmp_path: Path) -> None:
    """A solver that is not installed is no opponent, one that is sooner is."""
    against = rows_by_id(Settings(tmp_path, data=tmp_path))["against"]
    slow = {"steps": [[9.0, 0.1], [50.0, 0.005]]}
    runs: dict[str, Figures] = {"decomposition": {"steps": [[2.0, 0.004]]}, "highs": slow}
    runs |= {"scip": {"steps": []}, "cpsat": {"error": "not installed"}}
    assert against.find(runs).met
    assert not against.find(runs | {"scip": {"steps": [[1.0, 0.004]]}}).met
    assert not against.find(runs | {"decomposition": {"steps": [[1.0, 0.006]]}}).met


def test_public_instances_are_averaged_over_all_files_or_not_at_all(tmp_path: Path) -> None:
    """A method without a plan for one file gets no mean of the rest."""
    (tmp_path / "mmkp").mkdir()
    for name in ("mmkp_a_13", "mmkp_b_20", "mmkp_c_23", "mmkp_d_129", "mmkp_d_193"):
        (tmp_path / "mmkp" / f"{name}.txt").write_text("", encoding="ascii")
    compared = rows_by_id(Settings(tmp_path, data=tmp_path))["mmkp"]
    assert len(compared.parts) == 20 and not compared.not_run
    runs: dict[str, Figures] = {part.name: {"gap_to_best": 0.002} for part in compared.parts}
    assert compared.find(runs).met
    runs["mmkp_a_13.txt scip"] = {"gap_to_best": None}
    found = compared.find(runs)
    assert found.measured["mean_gap_to_best (scip)"] is None and "scip – (1 without a plan)" in found.phrase
    assert not compared.find(runs | {"mmkp_a_13.txt highs": {"gap_to_best": 0.0}}).met


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Figures, texts and what is missing survive the file."""
    unknown = replace(DONE, id="growth", met="", memory_mb=None, measured={"exponent": None, 'note, "quoted"': 1})
    held = {"plan-50": DONE, "growth": unknown}
    write_results(held, tmp_path / "targets.csv")
    assert read_results(tmp_path / "targets.csv") == held
    assert read_results(tmp_path / "absent.csv") == {}


def test_a_line_that_a_kill_cut_off_is_passed_over(tmp_path: Path) -> None:
    """What was measured before is still there."""
    file = tmp_path / "runs.jsonl"
    keep_run(file, ("plan-50", "60 s"), {"gap": 0.1})
    keep_run(file, ("plan-50", "60 s"), {"gap": 0.2})
    with file.open("a", encoding="utf-8") as stream:
        stream.write('{"key": ["growth"], "fig')
    assert read_runs(file) == {("plan-50", "60 s"): {"gap": 0.2}}


def test_a_process_of_its_own_answers_refuses_or_dies() -> None:
    """Whatever happens in a measurement, the table goes on."""
    assert in_own_process(square, {"number": 7})["number"] == 49
    with pytest.raises(RunFailed, match="ValueError: 3 is refused"):
        in_own_process(refuse, {"number": 3})
    with pytest.raises(RunFailed, match=r"without an answer \(exit code 3\)"):
        in_own_process(vanish, {"number": 3})
    with pytest.raises(RunFailed, match="ended by force"):
        in_own_process(wait, {"number": 600}, patience=0.5)


def test_a_row_is_kept_resumed_and_repeated_on_demand(tmp_path: Path) -> None:
    """What failed is measured again, what was measured is not, unless asked for."""
    files, said = Files(tmp_path / "targets.csv", None), list[str]()
    settings = Settings(tmp_path)
    measure([row(square, refuse)], settings, files, say=said.append)
    first = read_results(files.results)["squares"]
    assert (first.finding, first.met, first.seconds) == ("1 from 1", "no", 1.0)
    said.clear()
    measure([row(square, square)], settings, files, say=said.append)
    assert len(said) == 1 and "--again repeats it" in said[0]
    files.results.unlink()
    measure([row(square, square)], settings, files, say=said.append)
    assert "squares, 1: measured before" in said and "squares, 2 …" in said
    assert read_results(files.results)["squares"].met == "yes"
    measure([row(square, square)], settings, files, again=True, say=said.append)
    assert "squares, 1 …" in said


def test_what_cannot_be_measured_is_recorded_with_its_reason(tmp_path: Path) -> None:
    """A reader sees that a row was not run, and a later run takes it up again."""
    files = Files(tmp_path / "targets.csv", None)
    measure([replace(row(square), not_run="the files are not here")], Settings(tmp_path), files, say=lambda text: None)
    held = read_results(files.results)["squares"]
    assert (held.finding, held.met, held.was_run) == ("not run: the files are not here", "", False)
    measure([row(square)], Settings(tmp_path), files, say=lambda text: None)
    assert read_results(files.results)["squares"].met == "yes"


def test_a_book_goes_from_generator_to_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The smallest row, shortened, through all that a real measurement does."""
    results, written = tmp_path / "targets.csv", tmp_path / "targets.md"
    told = ["plan-50", "--time-scale", "0.05", "--threads", "1", "--results", str(results), "--page", str(written)]
    assert main(told) == 0
    held = read_results(results)["plan-50"]
    assert held.was_run and held.measured["status (60 s)"] in ("feasible", "optimal", "interrupted")
    assert held.memory_mb is not None and held.memory_mb > 50
    text = written.read_text(encoding="utf-8")
    assert f"| {held.finding} |" in text and held.machine in text
    shown = capsys.readouterr().out
    assert "plan-50" in shown and held.versions in shown


def test_unknown_rows_are_named_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    """A slip of the pen costs no hour."""
    assert main(["plan-51"]) == 2
    assert "no such row: plan-51; there are: plan-50," in capsys.readouterr().err
