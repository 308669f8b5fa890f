"""What is left out: beaten options without loss, and needs without any option with their reason; dig-once campaigns."""

import random

import polars as pl
import pytest
from matching_book import (
    Row,
    at_room,
    book,
    community,
    consent,
    fund,
    matched,
    measure,
    need,
    policy,
    refusal,
    rows,
    service,
    site,
    spent,
    use,
)
from qingdan.models.book import Book
from qingdan.models.formulation import formulate
from qingdan.models.matching import match, options_summary
from qingdan.models.scenario import parse_scenario
from qingdan.solver.solve import solve
from qingdan.solver.stop import Stop

DIG = """
[[rule]]
kind = "dig_once"
name = "合并开挖"
service_types = ["T01", "T02"]
saving = 20
fixed = 1.0
"""


def test_works_that_dig_together() -> None:
    """50,500 yuan less 20 % are 404 hundreds; the campaign costs 100 hundreds once, 97/3, and serves in its own year."""
    two = {"service_types": [service(), service("T02", programme="green")], "measures": [measure(), measure("T02a")]}
    found = matched(DIG, needs=[need("N1"), need("N2", service_type="T02")], **two)
    assert rows(found.facilities, "kind", "parent", "community", "programme", "department", "variant", "rule") == [
        ("campaign", -1, "A", "facilities", "住房城乡建设", 8, 0)
    ]
    assert rows(found.openings, "facility", "year", "cost", "later") == [
        (0, 2027, 100, 0),
        (0, 2028, 100, 0),
        (0, 2029, 100, 0),
    ]
    assert spent(found, 0, opening=True) == {2027: 97, 2028: 3}
    full = found.options.filter((pl.col("lots") == 5) & (pl.col("year") == 2027) & (pl.col("need") == 0))
    assert rows(full, "variant", "facility", "cost", "benefit") == [(0, -1, 505, 35_000), (8, 0, 404, 35_000)]
    assert full["choice"].n_unique() == 2
    alone = matched(DIG, needs=[need("N1")], **two)
    assert alone.facilities.is_empty()
    apart = matched(
        DIG, needs=[need("N1"), need("N2", community="B")], communities=[community(), community("B")], **two
    )
    assert apart.facilities.is_empty()


def test_campaigns_without_local_money_do_not_open() -> None:
    """Their fixed cost is borne by city and county money alone."""
    funds = [fund("S1", fund_type="CB_OLD", level="central", eligible_part=100.0)]
    found = matched(DIG, needs=[need("N1"), need("N2")], funds=funds)
    assert found.facilities.is_empty()
    assert set(found.options["variant"]) == {0}


def test_a_dearer_measure_that_gives_no_more_is_left_out() -> None:
    """Half as much again for the same level: never in a better plan; the cheap one stays."""
    both = [measure("T01a"), measure("T01b", capex_wan_per_unit_typ=1_500)]
    found = matched(measures=both)
    assert set(found.options["measure"]) == {"T01a"}
    assert (found.found, len(found.options)) == (12, 6)
    equal = matched(measures=[measure("T01a"), measure("T01b")])
    assert set(equal.options["measure"]) == {"T01a"}


def test_half_of_an_even_shortage_may_be_taken_twice() -> None:
    """With four lots both measures may close two each, so the dearer half stays; with five lots they never fit together."""
    both = [measure("T01a"), measure("T01b", capex_wan_per_unit_typ=1_500)]
    even = matched(measures=both, needs=[need(lots=4)])
    assert sorted(set(rows(even.options, "measure", "lots"))) == [("T01a", 2), ("T01a", 4), ("T01b", 2)]
    odd = matched(measures=both, needs=[need(lots=5)])
    assert sorted(set(rows(odd.options, "measure", "lots"))) == [("T01a", 3), ("T01a", 5)]


@pytest.mark.parametrize(
    "told",
    [
        {"level_reached": "good"},
        {"opex_wan_per_unit_year": 0},
        {"build_months": 13},
        {"eligible_share_by_fund": "COUNTY=0.5;CITY=1"},
        {"spend_profile": "10/50/40"},
    ],
)
def test_what_is_better_in_anything_stays(told: Row) -> None:
    """A better level, no running cost, later running cost, other money or later payment keep a dearer measure."""
    both = [measure("T01a"), measure("T01b", capex_wan_per_unit_typ=1_020, **told)]
    found = matched(measures=both, funds=[fund(), fund("C2", fund_type="CITY", level="city")])
    assert set(found.options["measure"]) == {"T01a", "T01b"}


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ('kind = "money"\nbound = "floor"\namount = 1', {"T01a", "T01b"}),
        ('kind = "money"\nbound = "ceiling"\nshare = 50\nprogrammes = ["facilities"]', {"T01a", "T01b"}),
        ('kind = "money"\nbound = "ceiling"\namount = 1', {"T01a"}),
        ('kind = "number"\nbound = "ceiling"\nnumber = 1\ndepartments = ["城管"]', {"T01a", "T01b"}),
        ('kind = "number"\nbound = "ceiling"\nnumber = 1\neach = ["department"]', {"T01a", "T01b"}),
        ('kind = "number"\nbound = "ceiling"\nnumber = 1', {"T01a"}),
        ('kind = "pin"\nneeds = ["N1"]\nmeasures = ["T01b"]\nbasis = "会议纪要"', {"T01a", "T01b"}),
        ('kind = "pin"\nneeds = ["N1"]\nbasis = "会议纪要"', {"T01a"}),
    ],
)
def test_rules_keep_what_they_tell_apart(rule: str, kept: set[str]) -> None:
    """Spending floors, departments and pinned measures may want the option that is beaten otherwise."""
    both = [measure("T01a"), measure("T01b", capex_wan_per_unit_typ=1_500, department_zh="城管")]
    assert set(matched(f'[[rule]]\nname = "规则"\n{rule}\n', measures=both).options["measure"]) == kept


def random_book(seed: int) -> Book:
    """A book in which measures of like cost compete for little money; the last is never better than the first."""
    rng = random.Random(seed)
    capex, opex = rng.choice([900, 1_000]), rng.choice([10, 20])
    level = rng.choice(["enough", "good"])
    told = [
        (capex, opex, level),
        (rng.choice([800, 1_100]), rng.choice([10, 30]), "enough"),
        (capex + 50, opex + rng.choice([0, 5]), level),
    ]
    measures = [
        measure(
            f"T01{letter}", level_reached=level, capex_wan_per_unit_typ=capex, opex_wan_per_unit_year=opex,
            revenue_wan_per_unit_year=0, spend_profile="97/3", eligible_share_by_fund="COUNTY=1;CB_OLD=0.5",
        )
        for letter, (capex, opex, level) in zip("abc", told, strict=True)
    ]  # fmt: skip
    needs = [need(f"N{number}", lots=rng.choice([1, 3, 4, 5]), people=rng.randint(20, 200)) for number in range(3)]
    budgets = {f"budget_{year}": rng.randint(10, 50) * 1_000 for year in range(2027, 2031)}
    state = fund("S1", fund_type="CB_OLD", level="central", unit_sums=rng.choice([None, "T01=0.02"]))
    return book(
        years=(2027, 2028),
        service_types=[service(safety=rng.choice([True, False])), service("T02")],
        measures=measures,
        needs=needs,
        funds=[fund() | budgets, state | {name: value // 2 for name, value in budgets.items()}],
        policies=[policy("fee_waiver", effect=10.0, number_2027=1)],
        payers=[{"id": "P1", "name": "县", "level": "county", "place": "360102", "ceiling_2030": 2_000}],
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rule", ["", DIG])
def test_leaving_out_changes_no_best_plan(seed: int, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without beaten options, safety, benefit and cost of the best plan are the same."""
    told, scenario = random_book(seed), parse_scenario(rule)
    fewer = match(told, scenario)
    monkeypatch.setattr("qingdan.models.matching.beaten", lambda *_: pl.Series("row", [], dtype=pl.Int64))
    every = match(told, scenario)
    assert len(every.options) == every.found == fewer.found > len(fewer.options)
    values = [
        [stage.objective for stage in solve(formulate(some, told, scenario), stop=Stop(gap=0.0)).stages]
        for some in (fewer, every)
    ]
    assert values[0] == values[1]


def test_one_code_by_the_condition_that_took_the_last_candidate() -> None:
    """A siteless measure without money comes farther than one without a site."""
    both = [at_room("T01a"), measure("T01b", eligible_share_by_fund="CITY=1")]
    assert refusal(matched(measures=both))[0] == "不符合资金条件"
    assert refusal(matched(measures=both[:1]))[0] == "资源未落实"
    asking = [at_room("T01a"), measure("T01b", needs_consent="majority")]
    assert refusal(matched(measures=asking))[0] == "资源未落实"
    assert refusal(matched(measures=asking[1:]))[::2] == ("民意未达到", "民政")
    agreed = matched(measures=asking[1:], consultations=[consent()])
    assert agreed.refusals.is_empty()


def test_every_refusal_says_what_to_do_next() -> None:
    """Code, detail, next step and unit are all filled."""
    needs = [need("N1"), need("N2", level=2, judgement="poor")]
    found = matched(needs=needs, funds=[])
    assert rows(found.refusals, "need", "code", "unit_responsible") == [
        ("N1", "不符合资金条件", "财政"), ("N2", "应由其他渠道解决", "民政"),
    ]  # fmt: skip
    assert found.refusals.null_count().sum_horizontal().item() == 0
    assert all(len(text) > 8 for text in found.refusals["next_step"])


def test_the_summary_counts_what_was_found() -> None:
    """Options and openings by kind, columns a community before and after, refusals by code."""
    told = book(
        measures=[measure("T01a"), measure("T01b", capex_wan_per_unit_typ=1_500), at_room("T01c")],
        sites=[site()], uses=[use()], needs=[need("N1"), need("N2", level=3, judgement="poor")],
    )  # fmt: skip
    summary = options_summary(match(told), told)
    assert summary["options"] == {"all": 15, "found": 21, "beaten": 6, "module": 9, "siteless": 6}
    assert summary["facilities"] == {"module": 1, "site": 1}
    assert summary["openings"] == {"all": 6, "module": 3, "site": 3}
    assert summary["columns_per_community"] == {"before": 27.0, "after": 21.0}
    assert summary["refusals"] == {"应由其他渠道解决": 1}


def test_matching_twice_gives_the_same_frames() -> None:
    """Nothing depends on the order in which the computer does things."""
    told = random_book(3)
    one, other = match(told), match(told)
    for name in (
        "needs",
        "facilities",
        "openings",
        "options",
        "packages",
        "shares",
        "spending",
        "draws",
        "uses",
        "refusals",
    ):
        assert getattr(one, name).equals(getattr(other, name)), name
