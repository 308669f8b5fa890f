"""The generator: the same seed gives the same book, books are sound, and they are as hard as they are meant to be."""

import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from qingdan.bench.baseline import mean_for_share, rates
from qingdan.bench.costs import cheapest
from qingdan.bench.generator import DEMO_COMMUNITIES, DEMO_COUNTY, demo_book, generate, made_demo_book
from qingdan.bench.hardness import AT_LEAST, FIGURES_ZH, hardness, hardness_text, missed, open_needs
from qingdan.bench.places import LEAST_APART
from qingdan.bench.reach import catchment, supplied
from qingdan.bench.sources import county_points, resident_communities
from qingdan.models.book import Book, read_book, write_book
from qingdan.models.checkup import checkup
from qingdan.models.formulation import formulate
from qingdan.models.matching import match
from qingdan.models.scenario import parse_scenario
from qingdan.solver.backends.highs import solve_stage
from qingdan.solver.stop import Stop


@pytest.fixture(scope="module")
def book() -> Book:
    return generate(100, 1)


def test_same_seed_same_book(book: Book) -> None:
    again = generate(100, 1)
    assert again.digest() == book.digest()
    assert again.scenario_text == book.scenario_text
    assert generate(100, 2).digest() != book.digest()


@pytest.mark.parametrize(("communities", "seed"), [(50, 4), (50, 7), (50, 8), (100, 3)])
def test_books_are_as_hard_as_meant(communities: int, seed: int) -> None:
    figures = hardness(generate(communities, seed))
    assert missed(figures) == []
    assert figures["communities"] == communities
    assert set(figures) == set(FIGURES_ZH)


@pytest.mark.long
@pytest.mark.parametrize("communities", [50, 100])
def test_books_of_any_seed_are_as_hard_as_meant(communities: int) -> None:
    for seed in range(10):
        book = generate(communities, seed)
        assert missed(hardness(book)) == [], seed
        assert {rule.kind for rule in parse_scenario(book.scenario_text or "").rules} == {
            "money", "met", "number", "dig_once", "pilots", "complete",
        }  # fmt: skip


def surely_feasible(book: Book) -> bool:
    """Whether HiGHS finds a plan of the book under its own scenario."""
    scenario = parse_scenario(book.scenario_text or "")
    options = match(book, scenario, needs=checkup(book, scenario).needs)
    found = solve_stage(formulate(options, book, scenario), stop=Stop(time=60, gap=0.999))
    return found.plan is not None


@pytest.mark.parametrize(("communities", "seed"), [(1, 4), (3, 1), (5, 2), (8, 5), (14, 3)])
def test_small_books_can_be_solved_under_their_own_scenario(communities: int, seed: int) -> None:
    assert surely_feasible(generate(communities, seed))


@pytest.mark.long
@pytest.mark.parametrize("communities", [*range(5, 21, 3), 25, 30, 40])
def test_books_of_any_size_can_be_solved_under_their_own_scenario(communities: int) -> None:
    assert all(surely_feasible(generate(communities, seed)) for seed in range(6))


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_province_is_quick_and_as_hard_as_meant(seed: int) -> None:
    start = time.perf_counter()
    province = generate(4600, seed)
    assert "pilots" in {rule.kind for rule in parse_scenario(province.scenario_text or "").rules}
    assert time.perf_counter() - start < 20.0
    figures = hardness(province)
    assert missed(figures) == []
    assert figures["county_payers"] == 100


def test_hardness_notices_an_easy_book(book: Book) -> None:
    rich = book.with_table("funds", book.table("funds").with_columns(pl.col("budget_2027") * 20))
    bare = book.with_table("sites", book.table("sites").head(20))
    assert "money_over_cost" in missed(hardness(rich))
    assert {"sites_per_community", "sites_in_reach"} <= set(missed(hardness(bare)))
    assert "每个社区的专项需求" in hardness_text(hardness(book))


def test_hardness_of_what_matching_found(book: Book) -> None:
    found = match(book, needs=checkup(book).needs)
    by_rules, by_options = hardness(book), hardness(book, found)
    same = set(FIGURES_ZH) - {"sites_in_reach", "communities_per_site"}
    assert {name: by_rules[name] for name in same} == {name: by_options[name] for name in same}
    # Consent, confirmation and money take some sites away, never add any.
    assert 1.0 < by_options["sites_in_reach"] < by_rules["sites_in_reach"]


def test_written_book_reads_without_a_fault(book: Book, tmp_path: Path) -> None:
    write_book(book, tmp_path / "book")
    back = read_book(tmp_path / "book")
    assert back.digest() == book.digest()
    assert parse_scenario(back.scenario_text or "").rules


def test_book_says_that_it_is_simulated(book: Book) -> None:
    assert book.settings.data_kind == "synthetic"
    assert "模拟数据" in book.settings.title
    assert book.table("communities")["note"].str.contains("模拟").all()
    assert book.table("complaints")["text"].str.contains("模拟").all()
    assert book.table("funds")["name"].str.contains("模拟").all()


def test_every_community_has_every_service_type(book: Book) -> None:
    rows = book.table("facilities").select("community", "service_type").unique()
    assert rows.height == 100 * 56
    unknown = book.table("facilities")["quantity"].null_count() / book.table("facilities").height
    assert 0.02 < unknown < 0.06


def test_expected_needs_are_those_of_the_checkup(book: Book) -> None:
    needs = open_needs(book)
    assert 6.0 <= needs.height / 100 <= 8.0
    judged = checkup(book)
    kinds = set(judged.judgements["judgement"])
    assert {"none", "short", "poor", "met", "unknown", "not_applicable"} <= kinds


def test_needs_are_over_dispersed_and_old_stock_defects_go_together() -> None:
    large = generate(1000, 3)
    facts = large.table("facilities").group_by("community", "service_type").agg(pl.col("quantity").sum())
    wide = facts.pivot("service_type", index="community", values="quantity").fill_null(0.0)
    hazards = wide["R09"].to_numpy()
    assert hazards.var() > 3.0 * hazards.mean()
    ranks = wide.select(pl.col("R09", "R02", "F04").rank())
    assert np.corrcoef(ranks["R09"], ranks["R02"])[0, 1] > 0.2
    assert abs(np.corrcoef(ranks["R09"], ranks["F04"])[0, 1]) < 0.15
    needs = open_needs(large)
    assert (
        abs(needs.filter(pl.col("service_type") == "F09")["community"].n_unique() / 1000 - rates()["F09"].share) < 0.1
    )
    old = (large.table("neighbourhoods")["built_year"] < 2000).mean()
    assert isinstance(old, float) and 0.4 < old < 0.6


def test_communities_keep_their_distance(book: Book) -> None:
    places = book.table("communities").filter(pl.col("county_code") == book.table("communities")["county_code"][0])
    x = places["lon"].to_numpy() * 111_320 * np.cos(np.radians(places["lat"].to_numpy().mean()))
    y = places["lat"].to_numpy() * 110_540
    apart = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :]) + np.eye(len(x)) * 1e9
    assert apart.min() > 0.95 * LEAST_APART
    assert np.median(apart.min(axis=1)) < 800.0


def test_whole_counties_and_the_last_one_cut(book: Book) -> None:
    found = dict(book.table("communities").group_by("county_code").len().iter_rows())
    whole = dict(resident_communities().group_by("county_code").len().iter_rows())
    cut = [code for code, number in found.items() if number != whole[code]]
    assert len(cut) <= 1
    assert len(found) >= 2


def test_named_counties_and_wrong_ones() -> None:
    small = generate(10, 5, counties=["360925"])
    assert set(small.table("communities")["county"]) == {"靖安县"}
    with pytest.raises(ValueError, match="999999"):
        generate(10, 5, counties=["999999"])
    with pytest.raises(ValueError, match="14"):
        generate(15, 5, counties=["360925"])
    with pytest.raises(ValueError, match="至少"):
        generate(0, 5)


@pytest.mark.long
def test_more_than_the_province(tmp_path: Path) -> None:
    twice = generate(5000, 2)
    codes = twice.table("communities")["id"]
    assert codes.n_unique() == 5000
    assert codes.str.ends_with("-2").sum() == 5000 - 4608
    copies = twice.table("communities").filter(pl.col("id").str.ends_with("-2"))
    assert copies["city"].str.contains("模拟副本").all()
    write_book(twice, tmp_path / "book")
    assert read_book(tmp_path / "book").digest() == twice.digest()


def test_demo_book_is_the_one_that_the_generator_makes() -> None:
    shipped, made = read_book(demo_book()), made_demo_book()
    assert shipped.digest() == made.digest()
    assert parse_scenario(shipped.scenario_text or "").rules
    communities = shipped.table("communities")
    assert communities.height == DEMO_COMMUNITIES
    assert set(communities["county_code"]) == {DEMO_COUNTY}
    pilots = communities.filter(pl.col("pilot_category").is_not_null())["name"].to_list()
    assert {"清华社区", "东方社区"} <= set(pilots)


def test_demo_book_has_something_of_everything() -> None:
    book = read_book(demo_book())
    assert missed(hardness(book)) == []
    scenario = parse_scenario(book.scenario_text or "")
    found = match(book, scenario, needs=checkup(book, scenario).needs)
    modules = found.facilities.filter(pl.col("kind") == "module")
    complexes = found.facilities.with_row_index("row").filter("complex", pl.col("kind") == "site")["row"]
    assert found.needs["mandatory"].sum() >= 1
    assert {"已改造未满年限", "民意未达到", "资源未落实"} <= set(found.refusals["code"])
    assert modules.filter(pl.col("parent").is_in(complexes.implode()))["service_type"].n_unique() >= 3
    assert modules.filter(pl.col("operation") != "own").height and modules.filter((pl.col("variant") & 1) > 0).height
    assert book.table("policies").filter(pl.col("kind") == "change_of_use")["number_2027"].sum() >= 1
    assert (book.table("funds")["carry_over"] == "tied").sum() >= 6
    assert "pilots" in {rule.kind for rule in scenario.rules}


def test_funds_of_every_level_with_columns_for_later_payments(book: Book) -> None:
    funds, payers = book.table("funds"), book.table("payers")
    assert {"county", "city", "province", "central", "social", "owners"} == set(funds["level"]) == set(payers["level"])
    assert [name for name in funds.columns if name.startswith("budget_")] == [f"budget_{y}" for y in range(2027, 2033)]
    assert funds["budget_2032"].null_count() == 0
    assert funds.filter(pl.col("unit_sums").is_not_null()).height >= 1
    counties = book.table("communities")["county_code"].unique()
    owing = payers.filter(pl.col("level") == "county")
    assert set(owing["place"]) == set(counties)
    assert owing["ceiling_2039"].null_count() == 0 and owing["debt_quota"].null_count() == 0


def test_other_plan_years() -> None:
    early = generate(20, 1, years=(2030, 2031))
    assert early.settings.plan_years == (2030, 2031)
    assert "budget_2034" in early.table("funds").columns
    assert "ceiling_2041" in early.table("payers").columns


def test_register_is_exercised(book: Book) -> None:
    stores = set(book.table("projects")["store"])
    assert {"finished", "building"} <= stores
    assert {"allotted", "committed", "paid", "recovered"} == set(book.table("payments")["kind"])
    assert checkup(book).credits.height >= 1


@pytest.mark.parametrize("share", [0.03, 0.2, 0.45])
def test_mean_for_share_gives_that_share(share: float) -> None:
    rng = np.random.default_rng(0)
    factor = rng.standard_normal(200_000)
    mean = mean_for_share(share, 0.35, 0.6)
    drive = np.exp(0.6 * factor - 0.18) * rng.gamma(0.35, 1 / 0.35, len(factor))
    assert abs((rng.poisson(mean * drive) > 0).mean() - share) < 0.01


def test_supply_gives_enough_to_all_that_are_to_have_it(book: Book) -> None:
    places = book.table("communities")
    shares = catchment(places, 300.0, places["population"].to_numpy().astype(np.float64))
    assert np.allclose(shares.sum(axis=0), 1.0)
    enough = np.full(100, 500.0)
    wanted = np.where(np.arange(100) % 10 == 0, 200.0, 560.0)
    quantity = supplied(shares, wanted, enough, np.zeros(100, dtype=np.bool_), 10.0)
    assert ((shares @ quantity)[wanted >= enough] >= 500.0 - 1e-6).all()
    assert ((shares @ quantity) < 500.0).sum() >= 3
    assert (quantity % 10 == 0).all() and (quantity >= 0).all()


def test_cheapest_measure_by_hand() -> None:
    # R09a: 15 万元 a building, R09b 50; F15a 48 万元, F15b 58.
    found = cheapest(pl.Series(["R09", "F15"]), np.array([3.0, 2.0]))
    assert found.cost.tolist() == [450_000.0, 960_000.0]
    assert found.area.tolist() == [0.0, 0.0]
    # F17a at a site: 1 万元 fixed, 0.045 a m2; a quarter of the smallest 150 m2, three quarters of what is built.
    ground = cheapest(pl.Series(["F17"]), np.array([200.0]))
    assert ground.cost[0] == pytest.approx(10_000 + (0.25 * 150 + 0.75 * 200) * 450)


def test_points_of_counties_are_shifted_from_the_map_datum() -> None:
    counties = county_points()
    assert counties.height == 100
    row = counties.filter(pl.col("county_code") == "360102").row(0, named=True)
    assert 300.0 < np.hypot((115.91348 - row["lon"]) * 97_700, (28.73079 - row["lat"]) * 110_540) < 800.0


def test_every_figure_with_a_limit_is_named() -> None:
    assert set(AT_LEAST) <= set(FIGURES_ZH)
