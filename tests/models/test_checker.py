"""The independent checker by itself: what it may import, and its figures against ones worked out by hand."""

from __future__ import annotations

import ast
import itertools
import random
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from checked_book import write_text_book
from qingdan.bench.generator import generate
from qingdan.models.book import read_book, write_book
from qingdan.models.catalogue import catalogue_of
from qingdan.models.checker import Refusal, Report, check
from qingdan.models.checker.book_facts import Facts, book_facts
from qingdan.models.checker.derivation import due_by_year, hundreds, percent_up
from qingdan.models.checker.digest import book_digest, cell_text
from qingdan.models.checker.dual import best_front
from qingdan.models.checker.needs_found import check_needs_list
from qingdan.models.checker.packages import (
    FIXED,
    Package,
    annuity_fen,
    budget_years_for,
    derived_packages,
    eligible,
    parse_package,
)
from qingdan.models.checker.places import consent_stands, distance_m, floor_fits, site_capacity, year_after
from qingdan.models.checker.reach import start_years, ways
from qingdan.models.checker.reading import read_book_files
from qingdan.models.checker.report import Findings
from qingdan.models.checkup import checkup
from qingdan.models.matching import match
from qingdan.models.options import EMERGENCY, EXISTS

FOLDER = Path(__file__).parents[2] / "models" / "checker"
WITH_NUMPY = {"program.py", "program_rows.py", "derive.py", "bound.py", "cases.py", "group_rows.py", "regions.py"}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_text_book(tmp_path_factory.mktemp("facts") / "book")


@pytest.fixture(scope="module")
def facts(book: Path) -> Facts:
    return book_facts(read_book_files(book), {})


def imported(path: Path) -> set[tuple[int, str]]:
    """Level and name of everything that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {(0, name.name.partition(".")[0]) for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.level, (node.module or "").partition(".")[0]))
    return found


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_the_checker_shares_no_code_with_what_it_checks(path: Path) -> None:
    """Only the standard library, numpy for the arrays of parts 2 and 3, and its own modules are imported."""
    allowed = set(sys.stdlib_module_names) | ({"numpy"} if path.name in WITH_NUMPY else set())
    for level, name in imported(path):
        assert (level == 0 and name in allowed) or level == 1, f"{path.name} imports {'.' * level}{name}"


def test_part_1_runs_without_numpy() -> None:
    """A computer with nothing but Python can prove plan and money."""
    reached, left = set(), ["check.py"]
    while left:
        name = left.pop()
        tree = ast.parse((FOLDER / name).read_text(encoding="utf-8"))
        for node in tree.body:  # what is imported inside functions belongs to the later parts
            if isinstance(node, ast.ImportFrom) and node.level == 1:
                module = f"{node.module}.py"
                if module not in reached:
                    reached.add(module)
                    left.append(module)
    assert not reached & WITH_NUMPY


@pytest.mark.parametrize(
    ("cost", "profile", "due"),
    [
        (100, (97, 3), [97, 3]),
        (101, (60, 37, 3), [60, 37, 4]),
        (7, (30, 50, 17, 3), [2, 3, 1, 1]),
        (1, (95, 5), [0, 1]),
    ],
)
def test_what_falls_due_adds_up_to_the_cost(cost: int, profile: tuple[int, ...], due: list[int]) -> None:
    """Every year is rounded down but the last, which takes the rest."""
    found = due_by_year(cost, profile, 2027)
    assert list(found.values()) == due
    assert list(found) == list(range(2027, 2027 + len(profile)))


def test_spending_is_rounded_up_to_hundreds() -> None:
    assert [hundreds(yuan) for yuan in (0, 1, 100, 101)] == [0, 1, 1, 2]
    assert percent_up(333, 75) == 250
    assert percent_up(100, Fraction(975, 10)) == 98


@pytest.mark.parametrize(
    ("rate", "years", "fen"),
    [("3.5", 5, 2215), ("0", 3, 3334), ("0", 4, 2500), ("10", 1, 11000), ("4", 2, 5302)],
)
def test_debt_service_of_a_hundred_yuan(rate: str, years: int, fen: int) -> None:
    """5 years at 3.5 %: 100 x 0.035 / (1 - 1.035^-5) = 22.1481 yuan a year."""
    assert annuity_fen(Fraction(rate), years) == fen


@pytest.mark.parametrize(
    ("taking", "agreeing", "objections", "kind", "stands"),
    [
        ("66.67", "75", 0, "two_thirds_three_quarters", True),
        ("66.66", "75", 0, "two_thirds_three_quarters", False),
        ("70", "74.99", 0, "two_thirds_three_quarters", False),
        ("70", "50.01", 0, "majority", True),
        ("70", "50", 0, "majority", False),
        ("70", "90", 1, "majority", False),
        ("10", "10", 5, "none", True),
    ],
)
def test_consent(tmp_path: Path, taking: str, agreeing: str, objections: int, kind: str, stands: bool) -> None:
    """Two thirds take part; more than half, or three quarters, agree; no objection is open."""
    table = (
        "id,community,neighbourhood,service_type,date,taking_part_households,agreeing_households,objections\n"
        f"K1,C1,N1,F15,2026-05-01,{taking},{agreeing},{objections}\n"
        "K0,C1,N1,F15,2026-04-01,100,100,0\n"
    )
    facts = book_facts(read_book_files(write_text_book(tmp_path / "book", consultations=table)), {})
    assert consent_stands(facts, facts.needs["A7"], kind) is stands
    assert consent_stands(
        book_facts(read_book_files(tmp_path / "book"), {"assume_consent": True}), facts.needs["A7"], kind
    )


@pytest.mark.parametrize(
    ("rule", "highest", "floor", "lift", "fits"),
    [
        ("ground", None, None, None, True), ("ground", None, 2, True, False), ("ground_low", 2, 2, None, True),
        ("ground_low", 2, 3, None, False), ("ground_low", 2, -1, None, False), ("ground_or_lift", 3, 1, None, True),
        ("ground_or_lift", 3, 2, None, False), ("ground_or_lift", 3, 2, True, True), ("ground_or_lift", 3, 4, True, False),
        ("any_floor", 3, -1, None, True), ("roof", None, 1, None, False), ("open_space", None, 5, None, True),
    ],
)  # fmt: skip
def test_floors(rule: str, highest: int | None, floor: int | None, lift: bool | None, fits: bool) -> None:
    site = {"floor": floor, "lift": lift, "use": "空地"}
    assert floor_fits(site, {"floor_rule": rule, "max_floor": highest}) is fits


def test_open_needs_of_the_small_book(facts: Facts) -> None:
    """Held, general and closed needs are none of them; what was renewed two years ago is barred."""
    assert set(facts.needs) == {"A1", "A2", "A3", "A4", "A5", "A6", "A7", "B1", "B2", "B3", "B4", "B5", "B6"}
    assert [need.id for need in facts.needs.values() if need.barred] == ["A5"]
    assert facts.held == {"A9"}
    assert facts.pilots == {"C1", "C2"}


def test_room_is_what_signed_projects_leave(facts: Facts) -> None:
    """500 m² less the 80 m² of the project that is being built."""
    assert site_capacity(facts, "S4") == 4200
    assert site_capacity(facts, "S1") == 2600


def test_budgets_are_changed_first_and_signed_payments_taken_off(book: Path) -> None:
    """60 万元 halved, less 5,000 committed, plus 1,000 recovered."""
    scenario = {"budget": [{"funds": ["COUNTY"], "years": [2027], "percent": 50}]}
    facts = book_facts(read_book_files(book), scenario)
    assert facts.budget_yuan("COUNTY-A", 2027) == 300_000 - 5_000 + 1_000
    assert facts.budget_yuan("COUNTY-A", 2028) == 1_100_000
    assert facts.budget_yuan("COUNTY-B", 2030) is None


def test_years_in_which_money_comes(facts: Facts) -> None:
    """Tied money pays in its year and the next, for what has started by then; nothing else carries over."""
    assert budget_years_for(facts, "COUNTY-A", 2027, 0, 2028) == [2027, 2028]
    assert budget_years_for(facts, "COUNTY-A", 2028, 0, 2028) == [2028]
    assert budget_years_for(facts, "COUNTY-B", 2027, 0, 2028) == [2028]
    assert budget_years_for(facts, "LATE", 2027, 1, 2027) == []
    assert budget_years_for(facts, "LATE", 2027, 2, 2029) == [2028, 2029]
    assert budget_years_for(facts, "SOC", 2027, 0, 2029) == [2027, 2028, 2029]


def test_packages_of_the_lift(facts: Facts) -> None:
    """The treasury bond gives a fixed sum; owners' money is not in the book; central money is for pipes alone."""
    need = facts.needs["A7"]
    allowed = eligible(facts, facts.measures["F15a"], need.place, need)
    assert allowed == {"CITY": 50, "COUNTY-A": 100, "LIFT": FIXED}
    assert [str(package) for package in derived_packages(facts, allowed)] == ["CITY:50+COUNTY-A:100+LIFT:="]


def test_packages_of_pipes_keep_a_local_floor(facts: Facts) -> None:
    """80 % of the half of the cost that the catalogue accepts, and 20 % local money beside it."""
    need = facts.needs["A1"]
    allowed = eligible(facts, facts.measures["R02a"], need.place, need)
    assert allowed == {"BOND": 95, "CITY": 50, "COUNTY-A": 100, "OLD": 40}
    assert str(derived_packages(facts, allowed)[0]) == "BOND:95+CITY:50+COUNTY-A:100+OLD:40|20"


def test_a_package_is_read_as_it_is_written() -> None:
    for text in ("A:100", "A:50+B:=|20", "A:1+B:2+C:="):
        assert str(parse_package(text)) == text
    assert parse_package("A:50+B:=|20") == Package({"A": 50, "B": FIXED}, 20)
    for text in ("A", "A:x", "A:1+A:2"):
        with pytest.raises(ValueError):
            parse_package(text)


def test_ways_to_meet_a_need(facts: Facts) -> None:
    """Pipes have two siteless measures; the day room needs a site within 300 m that is free and sound."""
    assert {way.measure for way in ways(facts, facts.needs["A1"])} == {"R02a", "R02b"}
    assert {way.site for way in ways(facts, facts.needs["A2"])} == {"S1", "S4"}
    assert start_years(facts, facts.needs["A5"]) == set()
    assert start_years(facts, facts.needs["A4"]) == set()  # only emergency handling is left


def test_distance_is_straight(facts: Facts) -> None:
    """A thousandth of a degree at 28.68° north is 97.7 m eastward."""
    away = distance_m(facts, facts.communities["C1"], facts.communities["C2"])
    assert away == pytest.approx(97.66, abs=0.01)


def test_months_of_a_change_of_use(facts: Facts) -> None:
    """From November 2026 two months reach January 2027."""
    assert [year_after(facts, months) for months in (0, 1, 2, 13, 14)] == [2026, 2026, 2027, 2027, 2028]


@pytest.mark.parametrize("seed", range(20))
def test_the_knapsack_of_a_root_is_exact(seed: int) -> None:
    """The best worth within the room is that of the best of all combinations."""
    draw = random.Random(seed)
    classes = [[(draw.randint(0, 9), draw.randint(1, 30)) for _ in range(draw.randint(1, 4))] for _ in range(4)]
    room = draw.randint(0, 20)
    choices = itertools.product(*([(0, 0), *items] for items in classes))
    best = max(sum(v for _, v in taken) for taken in choices if sum(s for s, _ in taken) <= room)
    assert best_front(classes, room)[-1][1] == best


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("money", 123_400, "12.34"), ("money", 0, "0"), ("money", 1, "0.0001"), ("number", Fraction("2.50"), "2.5"),
        ("number", Fraction(3), "3"), ("number", Fraction("0.00001"), "0.00001"), ("yesno", True, "yes"),
        ("refs", ("A", "B"), "A;B"), ("int", 7, "7"), ("text", None, ""),
    ],
)  # fmt: skip
def test_one_text_for_every_value(kind: str, value: object, text: str) -> None:
    assert cell_text(kind, value) == text


def test_the_digest_is_that_of_the_book(book: Path, tmp_path: Path) -> None:
    """Folder, workbook and the program's own reading give one digest; a changed cell gives another."""
    known = read_book(book)
    write_book(known, tmp_path / "copy")
    write_book(known, tmp_path / "book.xlsx")
    for path in (book, tmp_path / "copy", tmp_path / "book.xlsx"):
        assert book_digest(read_book_files(path)) == known.digest(), path
    table = (book / "needs.csv").read_text(encoding="utf-8").replace("1200,6", "1201,6")
    other = write_text_book(tmp_path / "other", needs=table)
    assert book_digest(read_book_files(other)) != known.digest()


def test_a_folder_that_is_no_run_is_refused_and_not_an_error(book: Path, tmp_path: Path) -> None:
    """A user who names the wrong folder is told so."""
    report = check(book, tmp_path)
    assert not report.passed
    assert [refusal.code for refusal in report.refusals] == ["run-unreadable"]
    assert [refusal.code for refusal in check(tmp_path, tmp_path).refusals] == ["book-unreadable"]


def test_a_long_list_of_refusals_is_cut() -> None:
    """The first are written out, the rest are counted."""
    refusals = tuple(Refusal("budget", f"F{n}", "超预算", "over budget") for n in range(50))
    text = Report(False, (), refusals).text(most=10)
    assert text.count("[budget]") == 10
    assert "另有 40 处" in text


def test_bounds_agree_with_the_solver_on_any_prices(book: Path) -> None:
    """Two programs that share no code work out the same bound from the same prices, good or bad."""
    from qingdan.models.checker.dual import prove
    from qingdan.models.checker.group_rows import with_tight_groups
    from qingdan.models.checker.program import _SIZES, Program
    from qingdan.models.formulation import formulate
    from qingdan.models.matching import match
    from qingdan.models.run_arrays import problem_arrays
    from qingdan.models.scenario import parse_scenario
    from qingdan.solver.certificate import Certificate, StagePrices, certified_bound

    known = read_book(book)
    scenario = parse_scenario(known.scenario_text or "")
    problem = formulate(match(known, scenario), known, scenario)
    arrays = problem_arrays(problem)
    program = Program(arrays, {kind: len(arrays[name]) for kind, (name, _) in _SIZES.items()})
    draw = np.random.default_rng(7)
    for stage in range(3):
        reached = tuple(int(value) for value in draw.integers(0, 1000, stage))
        group = draw.integers(0, 3_000_000, problem.groups)
        row = draw.integers(0, 4000, problem.rows + stage) * draw.integers(0, 2, problem.rows + stage)
        prices = StagePrices(stage, reached, 16, group, row)
        bound = prove(with_tight_groups(program), stage, list(reached), 16, group.tolist(), row.tolist())
        assert bound.lowest <= certified_bound(problem, Certificate((prices,)), stage) <= bound.highest


def test_every_code_is_explained() -> None:
    """Whoever meets a code finds it in the reference."""
    page = (FOLDER.parents[1] / "docs" / "reference" / "check.md").read_text(encoding="utf-8")
    told: set[str] = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            first = node.args[0] if isinstance(node, ast.Call) and node.args else None
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
                "refuse",
                "_differ",
                "UnreadableError",
            ):
                told |= {str(first.value)} if isinstance(first, ast.Constant) else set()
            if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
                code = node.value.elts[0]
                told |= {code.value} if isinstance(code, ast.Constant) and isinstance(code.value, str) else set()
    assert len(told) > 100
    assert not sorted(code for code in told if f"`{code}`" not in page)


def test_the_check_up_is_worked_out_again(tmp_path: Path) -> None:
    """Two check-ups that share no code find the same needs in a made-up county, number by number."""
    made = generate(12, 3)
    write_book(made, tmp_path / "without")
    write_book(made.with_table("needs", checkup(made).needs), tmp_path / "with")
    files = read_book_files(tmp_path / "with")
    assert len(files.tables["needs"]) > 50
    findings = Findings()
    check_needs_list(book_facts(files, {}), findings)
    assert findings.refusals == []
    files.tables["needs"][0]["people"] += 1
    del files.tables["needs"][1]
    check_needs_list(book_facts(files, {}), findings)
    assert [refusal.code for refusal in findings.refusals] == ["needs-list", "needs-list"]


def test_standards_of_cities_and_counties_are_worked_out_again(tmp_path: Path) -> None:
    """A standard for one county, and one for a city, lead both check-ups to the same needs."""
    made = generate(12, 3)
    places = made.table("communities")
    city, county = places["city_code"][0], places["county_code"][0]
    own = f"{city}=999;{county}=1"
    types = catalogue_of(made).service_types.filter(pl.col("id") == "F02")
    found = {}
    for cell in (None, own):
        book = made.with_table("service_types", types.with_columns(enough_city_override=pl.lit(cell, pl.String)))
        found[cell] = checkup(book).needs
        write_book(book.with_table("needs", found[cell]), tmp_path / str(cell))
        findings = Findings()
        check_needs_list(book_facts(read_book_files(tmp_path / str(cell)), {}), findings)
        assert findings.refusals == []
    assert not found[None].equals(found[own])


def test_no_option_counts_more_than_its_units_serve(book: Path, facts: Facts) -> None:
    """The benefit of q of Q lots is capped by what the facility serves: its units cover the lots that count."""
    options = match(read_book(book))
    needs = options.needs["id"].to_list()
    seen = 0
    for row in options.options.iter_rows(named=True):
        need = facts.needs[needs[row["need"]]]
        assert row["lots"] <= need.lots
        if row["variant"] & (EMERGENCY | EXISTS):
            continue
        measure = facts.measures[row["measure"]]
        assert row["units"] * measure["metric_per_unit"] >= row["lots"] * need.lot_quantity
        assert row["facility"] < 0 or row["units"] <= (measure["max_units_per_site"] or row["units"])
        seen += 1
    assert seen > 10
