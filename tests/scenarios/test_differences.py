"""The difference of two scenarios: in the words of a title, and setting by setting as changes that can be made alone."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from qingdan.models.scenario import Scenario, parse_scenario
from qingdan.scenarios.differences import differences, in_words, unfounded

BASE = parse_scenario("""\
[[rule]]
kind = "money"
name = "绿色工程不低于5%"
bound = "floor"
share = 5
programmes = ["green"]
[[rule]]
kind = "safety_first"
name = "安全优先"
share = 90
""")


def words(text: str, before: Scenario = BASE) -> str:
    return in_words(differences(before, parse_scenario(text)))


def test_halved_bonds_and_more_green_are_said_as_a_bureau_says_them() -> None:
    """The difference reads like the title of a scenario."""
    text = BASE.text().replace("不低于5%", "不低于8%").replace("share = 5", "share = 8")
    text = text.replace("[[rule]]", '[[budget]]\nfunds = ["LGSB"]\npercent = 50\n[[rule]]', 1)
    assert words(text) == "地方政府专项债券压减50%；绿色工程不低于8%"


def test_each_kind_of_change_has_its_words() -> None:
    """Nothing that changes the plan is left out of the difference."""
    text = """
title = "无关"
assume_consent = true
most_packages = 3
[objective]
kind = "least_cost"
target = 5
[factors]
cost_percent = 90
programme_weight = { green = 120 }
reason = "市场回落"
[[override]]
places = ["3607"]
repeat_years = 8
[[budget]]
percent = 0
[[ceiling]]
payers = ["P"]
years = [2028, 2029]
amount = 12.5
[[quota]]
policy = "POL"
number = 3
[[rule]]
kind = "pin"
name = "城东绿地确定纳入"
needs = ["N1"]
basis = "会议纪要"
"""
    found = differences(BASE, parse_scenario(text))
    assert [change.zh for change in found] == [
        "居民同意按已取得计", "每个备选方案至多保留3种资金筹措方案", "目标改为最省费用达到目标（5分）", "造价下浮10%", "绿色工程权重改为120",
        "3607：不重复年限改为8年", "各项资金全部取消", "P后续支出上限2028、2029年调整为12.5万元", "POL指标调整为3个",
        "取消“绿色工程不低于5%”", "取消“安全优先”", "城东绿地确定纳入",
    ]  # fmt: skip
    assert found[3].detail_zh == "造价下浮10%（理由：市场回落）。" and found[-1].basis == "会议纪要"


def test_a_title_alone_is_no_change() -> None:
    """Renaming a scenario changes no plan."""
    assert words('title = "别名"\n' + BASE.text()) == "无变化"
    assert (
        words(BASE.text().replace("share = 90", "share = 95"))
        == "“安全优先”改为：有办法解决的安全类需求中,至少95%达到“够”的水平"
    )


def test_pins_forbids_and_factors_without_a_basis_are_named() -> None:
    """Nothing that somebody decided stands there without somebody noticing that no document is named."""
    text = """
[factors]
cost_percent = 110
discount_percent = 95
basis = { cost_percent = "信息价" }
[[budget]]
percent = 50
[[rule]]
kind = "pin"
name = "甲确定纳入"
needs = ["N1"]
basis = "纪要"
[[rule]]
kind = "forbid"
name = "乙暂不安排"
needs = ["N2"]
"""
    assert in_words(unfounded(parse_scenario(text))) == "逐年折扣改为95%；乙暂不安排"


BUDGETS = st.lists(
    st.fixed_dictionaries({"funds": st.sampled_from([["A"], ["B"], []]), "percent": st.integers(0, 200)}), max_size=3
)
RULES = st.lists(
    st.one_of(
        st.fixed_dictionaries({"kind": st.just("safety_first"), "share": st.integers(0, 3)}),
        st.fixed_dictionaries(
            {"kind": st.just("pin"), "needs": st.sampled_from([["N1"], ["N2"]]), "basis": st.sampled_from(["", "文"])}
        ),
    ),
    max_size=4,
)
SCENARIOS = st.builds(
    lambda consent, weight, cost, budget, rules, names: {
        "assume_consent": consent,
        "factors": {"programme_weight": weight, **({"cost_percent": cost, "reason": "因"} if cost else {})},
        "budget": budget,
        "rule": [{**rule, "name": name} for rule, name in zip(rules, names, strict=False)],
    },
    st.booleans(),
    st.dictionaries(st.sampled_from(["green", "smart"]), st.integers(0, 9)),
    st.one_of(st.none(), st.integers(90, 110)),
    BUDGETS,
    RULES,
    st.permutations(["甲", "乙", "丙", "丁", "戊"]),
)  # fmt: skip


@given(SCENARIOS, SCENARIOS)
def test_all_changes_made_one_by_one_lead_from_one_to_the_other(one: dict[str, Any], other: dict[str, Any]) -> None:
    """What an attribution adds up over the changes is the whole way from one scenario to the other."""
    before, after = Scenario.model_validate(one), Scenario.model_validate(other)
    scenario = before
    found = differences(before, after)
    for change in found:
        assert change.zh and change.detail_zh
        scenario = change.apply(scenario)

    def sorted_rules(told: Scenario) -> Scenario:
        return told.model_copy(update={"rules": tuple(sorted(told.rules, key=lambda rule: rule.name))})

    assert sorted_rules(scenario) == sorted_rules(after)
    assert Scenario.model_validate(scenario.model_dump(by_alias=True, exclude_defaults=True)) == scenario
    assert bool(found) == (sorted_rules(before) != sorted_rules(after))
