"""Whatever is altered in a run after it was made, the independent check refuses it and names what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checked_book import Copy, write_text_book
from qingdan.models.book import read_book
from qingdan.models.run import write_run
from qingdan.scenarios.single import solve

Change = Callable[[Copy], object]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small book and its run, solved once."""
    folder = tmp_path_factory.mktemp("checked")
    write_text_book(folder / "book")
    write_run(folder / "run", solve(read_book(folder / "book"), method="highs", time=30))
    return folder


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Copy:
    return Copy(made, tmp_path / "copy")


def test_an_untouched_run_passes_all_three_parts(copy: Copy) -> None:
    """The plan, the options behind it and the bound above it all hold, and the report says so in Chinese first."""
    report = copy.check()
    assert report.passed, report.text()
    assert [part.passed for part in report.parts] == [True, True, True]
    assert report.text().startswith("独立复核:通过")
    assert all(part.proved_zh for part in report.parts)


def _option(row: dict[str, str]) -> bool:
    return row["need_id"] != ""


def _siteless(row: dict[str, str]) -> bool:
    return _option(row) and not row["site"] and row["variant"] == "0"


def _at_site(row: dict[str, str]) -> bool:
    return _option(row) and row["site"] != ""


def _kind(name: str) -> Callable[[dict[str, str]], bool]:
    return lambda row: row["component_id"].startswith(f"{name}|")


def _early_site(row: dict[str, str]) -> bool:
    return _kind("site")(row) and row["start_year"] == "2027"


def _plus(number: int) -> Callable[[str], str]:
    return lambda text: str(int(text) + number)


def _cell(**cells: str) -> Callable[[dict[str, str]], bool]:
    return lambda row: all(row[name] == value for name, value in cells.items())


def renamed(copy: Copy, which: Callable[[dict[str, str]], bool], **cells: object) -> None:
    """Change cells of a component and its identifier with them, so that only the change itself is wrong."""
    copy.alter("components", which, **cells)
    rows = copy.rows("components")
    parts: tuple[str, ...]
    for row in rows:
        if row["need_id"]:
            parts = ("need_id", "measure", "operation_type", "site", "level", "lots", "start_year", "variant")
            row["component_id"] = "|".join(row[part] for part in parts)
        elif row["component_id"].startswith("module|"):
            parts = ("site", "measure", "operation_type", "variant", "package")
            row["module"] = "|".join(row[part] for part in parts)
            row["component_id"] = f"module|{row['module']}|{row['start_year']}"
        elif row["component_id"].startswith("site|"):
            row["component_id"] = f"site|{row['site']}|{row['start_year']}"
    copy.write("components", rows)


def paid(copy: Copy, which: Callable[[dict[str, str]], bool], yuan: int, **other: str) -> None:
    """Move some yuan of a payment to a row like it with other cells."""
    rows = copy.rows("funding")
    row = next(row for row in rows if which(row) and int(row["amount_yuan"]) > abs(yuan))
    row["amount_yuan"] = str(int(row["amount_yuan"]) - yuan)
    copy.write("funding", [*rows, {**row, **other, "amount_yuan": str(yuan)}])


def _swap_year(copy: Copy) -> None:
    paid(copy, _cell(fund_id="COUNTY-B", payment_year="2028"), 500, budget_year="2027")


_county_2028 = _cell(fund_id="COUNTY-A", payment_year="2028", budget_year="2028")
_western_2027 = _cell(fund_id="COUNTY-B", payment_year="2027", budget_year="2027")


def _before_acceptance(copy: Copy) -> None:
    starts = {row["project_id"]: row["start_year"] for row in copy.rows("projects")}
    rows = copy.rows("funding")
    row = next(row for row in rows if row["fund_id"] == "LATE")
    row["payment_year"] = row["budget_year"] = starts[row["project_id"]]
    copy.write("funding", rows)


def _without_need(copy: Copy, need: str) -> None:
    copy.write("components", [row for row in copy.rows("components") if row["need_id"] != need])


def _unsafe_first(copy: Copy) -> None:
    _without_need(copy, "A6")
    copy.scenario("share = 50", "share = 100")


def _share_crossed(copy: Copy) -> None:
    rows = copy.rows("funding")
    city = next(row for row in rows if row["fund_id"] == "CITY")
    same = [
        row for row in rows if (row["project_id"], row["payment_year"]) == (city["project_id"], city["payment_year"])
    ]
    for row in same:
        if row is not city:
            city["amount_yuan"] = str(int(city["amount_yuan"]) + int(row["amount_yuan"]))
            row["amount_yuan"] = "0"
    copy.write("funding", rows)


def _local_money_gone(copy: Copy) -> None:
    """All local money of a project with a floor is replaced by central money."""
    rows = copy.rows("funding")
    old = next(row for row in rows if row["fund_id"] == "OLD")
    for row in rows:
        if row["project_id"] == old["project_id"] and row["fund_id"].startswith(("COUNTY", "CITY")):
            row["fund_id"] = "OLD"
    copy.write("funding", rows)


def _move_option_before_module(copy: Copy) -> None:
    renamed(copy, lambda row: _at_site(row) and row["start_year"] == "2028", start_year="2027")


def _package_of(copy: Copy, package: str) -> None:
    renamed(copy, _cell(need_id="B6"), package=package)


def _twice(copy: Copy) -> None:
    """The same need answered once more by the same measure, half as large."""
    rows = copy.rows("components")
    one = next(row for row in rows if row["need_id"] == "B6")
    again = {**one, "start_year": "2028"}
    again["component_id"] = one["component_id"].replace("|2027|", "|2028|")
    copy.write("components", [*rows, again])


def _complaint(copy: Copy) -> None:
    copy.alter("projects", lambda row: True, reason=lambda text: text + "三单元张阿姨家的水管漏了半年没人管")


PLAN: list[tuple[str, Change, str]] = [
    ("a component costs a hundred yuan more", lambda c: c.alter("components", _option, cost_yuan=_plus(100)), "cost"),
    ("a component brings a point more", lambda c: c.alter("components", _siteless, benefit=_plus(1)), "benefit"),
    ("a component runs cheaper", lambda c: c.alter("components", _siteless, running_cost_yuan="0"), "running-cost"),
    ("a component takes less room", lambda c: c.alter("components", _at_site, area="1.0"), "area"),
    ("a component has more units", lambda c: c.alter("components", _siteless, units=_plus(1)), "units"),
    ("a level is raised", lambda c: renamed(c, _cell(need_id="A7"), level="1"), "level"),
    ("lots that cannot be chosen", lambda c: renamed(c, _cell(need_id="A6"), lots="1"), "lots"),
    ("more lots than are short", lambda c: renamed(c, _cell(need_id="A6"), lots="5"), "lots-exceeded"),
    ("a need that does not exist", lambda c: renamed(c, _siteless, need_id="ZZ"), "unknown-need"),
    ("a need that is held by a signed project", lambda c: renamed(c, _siteless, need_id="A9"), "need-not-open"),
    ("a need renewed too recently", lambda c: renamed(c, _cell(need_id="B6"), need_id="A5"), "need-barred"),
    ("a measure of another type", lambda c: renamed(c, _cell(need_id="B6"), measure="R03a"), "measure-type"),
    ("a measure that does not exist", lambda c: renamed(c, _cell(need_id="B6"), measure="R02x"), "unknown-measure"),
    ("a mandatory need left out", lambda c: c.drop("components", _cell(need_id="A4")), "mandatory-unmet"),
    ("emergency handling for any need", lambda c: renamed(c, _cell(need_id="B6"), variant="16", measure="R02e"), "emergency"),
    ("a need answered twice", _twice, "option-twice"),
    ("a row twice", lambda c: c.write("components", [*c.rows("components"), c.rows("components")[0]]), "component-twice"),
    ("an identifier that lies", lambda c: c.alter("components", _siteless, component_id="x|y"), "component-id"),
    ("a number that is none", lambda c: c.alter("components", _siteless, start_year="soon"), "component-unreadable"),
    ("a year outside the plan", lambda c: renamed(c, _siteless, start_year="2031"), "year-outside-plan"),
    ("a service starts before its room opens", _move_option_before_module, "before-module-opens"),
    ("a module without its site", lambda c: c.drop("components", _kind("site")), "site-not-open"),
    ("an option without its module", lambda c: c.drop("components", _kind("module")), "module-not-open"),
    ("a site opens after its module", lambda c: renamed(c, _early_site, start_year="2028"), "before-site-opens"),
    ("a site before it is free", lambda c: renamed(c, lambda r: _kind("site")(r) and r["site"] == "S2", start_year="2027"), "site-not-free"),
    ("a site that no department has confirmed", lambda c: renamed(c, _kind("module"), site="S3"), "site-unconfirmed"),
    ("a site that fails the fire appraisal", lambda c: renamed(c, _kind("module"), site="S5"), "site-unsafe"),
    ("a need out of reach", lambda c: renamed(c, _at_site, site="S5"), "out-of-reach"),
    ("a site that does not exist", lambda c: renamed(c, _kind("site"), site="S9"), "unknown-site"),
    ("a change of use without its flag", lambda c: renamed(c, lambda r: _kind("module")(r) and r["site"] == "S2", variant="0"), "change-of-use"),
    ("a waiver where there is none", lambda c: renamed(c, lambda r: _kind("module")(r) and r["site"] == "S1", variant="4"), "waiver"),
    ("a variant that does not exist", lambda c: renamed(c, _siteless, variant="64"), "variant"),
    ("an operator that does not exist", lambda c: renamed(c, _kind("module"), operation_type="W9"), "unknown-operator"),
    ("works in a campaign that is not held", lambda c: c.drop("components", _kind("campaign")), "dig-once"),
    ("a fund that does not exist", lambda c: _package_of(c, "COUNTY-B:100+NONE:50"), "unknown-fund"),
    ("a fund that may not pay", lambda c: _package_of(c, "COUNTY-A:100+COUNTY-B:100"), "fund-not-eligible"),
    ("a share of a package raised", lambda c: _package_of(c, "CITY:80+COUNTY-B:100"), "package-share"),
    ("a package that does not reach the whole", lambda c: _package_of(c, "CITY:50"), "package-short"),
    ("a package with another floor", lambda c: _package_of(c, "CITY:50+COUNTY-B:100|10"), "package-floor"),
    ("a package that is none", lambda c: _package_of(c, "COUNTY"), "package-unreadable"),
    ("residents who did not agree", lambda c: renamed(c, _cell(need_id="A7"), need_id="B3"), "consent"),
    ("a project code of one's own", lambda c: c.alter("components", _siteless, project_id="P0000000000"), "project-code"),
    ("a project that costs less", lambda c: c.alter("projects", lambda r: True, cost_yuan=_plus(-100)), "project-sum"),
    ("a project of another department", lambda c: c.alter("projects", lambda r: True, department="财政"), "project-text"),
    ("a project put into the wrong store", lambda c: c.alter("projects", _cell(store="储备"), store="实施"), "project-store"),
    ("a project left out", lambda c: c.drop("projects", lambda r: True), "projects-differ"),
    ("a project listed twice", lambda c: c.write("projects", [*c.rows("projects"), c.rows("projects")[0]]), "project-twice"),
    ("a site with more room than it has", lambda c: c.alter("sites", lambda r: True, area_free="9999.0"), "sites-differ"),
    ("an output raised", lambda c: c.alter("outputs", lambda r: True, quantity="12345.0"), "outputs"),
    ("an unmet need hidden", lambda c: c.drop("unmet", _cell(need_id="A5")), "unmet"),
    ("a reason that is none", lambda c: c.alter("unmet", lambda r: True, code="其他"), "unmet-code"),
    ("a ticket closed", lambda c: c.alter("transferred", lambda r: True, status="closed"), "transferred"),
    ("a quota that shows less use", lambda c: c.alter("quotas", lambda r: r["value"] == "1", value="0"), "quotas-table"),
    ("a pilot added", lambda c: c.add("pilots", community="C4", source="listed"), "pilots-table"),
    ("a complaint quoted", _complaint, "private-complaint"),
    ("a telephone number", lambda c: c.alter("projects", lambda r: True, reason="请联系 13912345678"), "private-phone"),
    ("a contracted operator named", lambda c: c.alter("projects", lambda r: True, reason="某某养老服务有限公司承接"), "operator-named"),
    ("an objective of one's own", lambda c: c.result(lambda r: r.update(objective=r["objective"] + 1)), "objective"),
    ("a stage renamed", lambda c: c.result(lambda r: r["stages"][0].update(name="x")), "stages"),
    ("simulated data called real", lambda c: c.result(lambda r: r.update(data_kind="real")), "data-kind"),
    ("another book's digest", lambda c: c.result(lambda r: r.update(book_sha256="0" * 64)), "book-digest"),
    ("another scenario's digest", lambda c: c.result(lambda r: r.update(scenario_sha256="")), "scenario-digest"),
    ("a table missing", lambda c: (c.run / "unmet.csv").unlink(), "run-file-missing"),
    ("no result", lambda c: (c.run / "result.json").unlink(), "run-unreadable"),
    ("a smaller site", lambda c: c.text("sites.csv", "28.6799,500,1", "28.6799,420,1"), "site-overfilled"),
    ("a site too small for the service", lambda c: c.text("sites.csv", "28.6799,500,1", "28.6799,90,1"), "site-too-small"),
    ("a site on an upper floor", lambda c: c.text("sites.csv", "28.6799,500,1", "28.6799,500,4"), "site-floor"),
    ("a site of another kind", lambda c: c.text("sites.csv", "乙旧院,building,闲置公共服务用房", "乙旧院,land,空地"), "site-kind"),
    ("a site of another use", lambda c: c.text("sites.csv", "乙旧院,building,闲置公共服务用房", "乙旧院,building,仓库与设备用房"), "site-use"),
    ("a site in another county", lambda c: c.text("sites.csv", "360102,C2,115.9012,28.6799", "360103,C2,115.9012,28.6799"), "other-county"),
    ("a complex with a single service", lambda c: c.text("sites.csv", "2029,,1,no,民政局", "2029,,1,yes,民政局"), "complex"),
    ("a permit fewer", lambda c: c.text("policies.csv", "F20;F23,底商,1,1,1", "F20;F23,底商,0,0,0"), "quota"),
    ("an operator who runs nothing", lambda c: c.text("operators.csv", "F02,3601,1,30", "F02,3601,0,30"), "operator-number"),
    ("an operator of another place", lambda c: c.text("operators.csv", "F02,3601,1,30", "F02,3602,1,30"), "operator-place"),
    ("a pilot more in the book", lambda c: c.text("communities.csv", "2000,800,300,", "2000,800,300,model"), "pilots-table"),
    ("a need of the book changed afterwards", lambda c: c.text("needs.csv", "A6,C3,N3", "A6,C4,"), "book-digest"),
]  # fmt: skip

MONEY: list[tuple[str, Change, str]] = [
    ("a yuan is missing", lambda c: c.alter("funding", lambda r: True, amount_yuan=_plus(-1)), "payment"),
    ("a yuan too much", lambda c: c.alter("funding", lambda r: True, amount_yuan=_plus(1)), "payment"),
    ("a yuan moved to another year", lambda c: paid(c, _cell(budget_year="2028", payment_year="2028"), 1, payment_year="2029"), "payment"),
    ("a yuan moved to another fund", lambda c: paid(c, _county_2028, 1, fund_id="CITY"), "funds-used"),
    ("a negative payment", lambda c: paid(c, lambda r: True, -5), "negative-amount"),
    ("an amount that is no number", lambda c: c.alter("funding", lambda r: True, amount_yuan="1.5"), "funding-unreadable"),
    ("a share crossed", _share_crossed, "share-cap"),
    ("local money below its floor", _local_money_gone, "local-floor"),
    ("money of a budget that does not carry over", _swap_year, "carry-over"),
    ("money that had lapsed", lambda c: paid(c, _cell(payment_year="2029", fund_id="COUNTY-A"), 50, budget_year="2027"), "carry-over"),
    ("money that arrives only after acceptance", _before_acceptance, "carry-over"),
    ("a fund outside the package", lambda c: paid(c, _western_2027, 300, fund_id="LATE"), "fund-not-in-package"),
    ("a fund that does not exist", lambda c: c.alter("funding", lambda r: True, fund_id="NONE"), "unknown-fund"),
    ("a budget year without a budget", lambda c: c.alter("funding", _cell(fund_id="LIFT"), budget_year="2031"), "no-budget"),
    ("a project that does not exist", lambda c: c.alter("funding", lambda r: True, project_id="P1"), "unknown-project"),
    ("a fixed sum cut", lambda c: paid(c, _cell(fund_id="LIFT"), 1000, fund_id="COUNTY-A"), "fixed-sum"),
    ("an operator's capital paid by the county", lambda c: c.alter("funding", _cell(fund_id="SOC"), fund_id="COUNTY-A"), "fixed-sum"),
    ("more than the budget", lambda c: c.text("funds.csv", "general,pool,60,110", "general,pool,20,110"), "budget"),
    ("bonds above the quota", lambda c: c.text("payers.csv", "30,30,30,30,25", "30,30,30,30,5"), "debt-quota"),
    ("later costs above the ceiling", lambda c: c.text("payers.csv", "30,30,30,30,25", "30,1,30,30,25"), "later-ceiling"),
    ("a later cost hidden", lambda c: c.drop("obligations", lambda r: True), "obligations"),
    ("a ceiling raised", lambda c: c.alter("obligations", lambda r: True, ceiling_yuan="999999"), "obligations"),
    ("a fund that shows less use", lambda c: c.alter("funds_used", lambda r: r["committed_yuan"] != "0", committed_yuan=_plus(-1)), "funds-used"),
    ("a fund left out", lambda c: c.drop("funds_used", lambda r: True), "funds-used"),
    ("funds that exclude each other", lambda c: c.text("funds.csv", "tied,same_year,LIFT", "tied,same_year,LIFT;COUNTY"), "funds-exclusive"),
]  # fmt: skip


def _changes_from_nowhere(copy: Copy) -> None:
    copy.rule('kind = "changes"\nname = "少变动"\nplan = "nowhere"\nnumber = 0')


def _few_changes(copy: Copy) -> None:
    """The plan as it was is the earlier one; then one component goes."""
    earlier = copy.run.parent / "earlier"
    shutil.copytree(copy.run, earlier)
    copy.rule('kind = "changes"\nname = "少变动"\nplan = "earlier"\nnumber = 0')
    assert not copy.codes() & {"changes", "earlier-plan-missing"}
    _without_need(copy, "A7")


def _first_the_houses(copy: Copy) -> None:
    copy.rule('kind = "prerequisite"\nname = "先后"\nbefore_needs = ["B1", "B2"]\nafter_needs = ["A6"]')


def _few_met(copy: Copy) -> None:
    copy.rule('kind = "met"\nname = "上限"\nbound = "ceiling"\nshare = 10\neach = ["national"]')


def _little_of_each_fund(copy: Copy) -> None:
    copy.rule(
        'kind = "money"\nname = "少用"\nbound = "ceiling"\nshare = 1\nof = "budget"\nfunds = ["COUNTY"]\neach = ["fund"]'
    )


def _little_for_a_department(copy: Copy) -> None:
    copy.rule(
        'kind = "money"\nname = "少用"\nbound = "ceiling"\namount = 0.1\nfunds = ["COUNTY"]\neach = ["department"]'
    )


def _little_for_a_community(copy: Copy) -> None:
    copy.rule(
        'kind = "money"\nname = "少用"\nbound = "ceiling"\namount = 0.1\nfunds = ["COUNTY"]\ncommunities = ["C3"]'
    )


def _few_of_each_programme(copy: Copy) -> None:
    copy.rule('kind = "number"\nname = "少做"\nbound = "ceiling"\nnumber = 0\neach = ["national", "group"]')


def _need_or_site(copy: Copy) -> None:
    copy.rule('kind = "exclusion"\nname = "二选一"\nfirst_needs = ["A6"]\nsecond_sites = "S1"')


RULES: list[tuple[str, Change, str]] = [
    ("a pin dropped", lambda c: c.drop("components", _cell(need_id="A6")), "pin"),
    ("a floor on money", lambda c: c.scenario('share = 10\n', 'share = 90\n'), "rule-money"),
    ("a ceiling on bonds", lambda c: c.scenario("amount = 20", "amount = 1"), "rule-money"),
    ("a ceiling on numbers", lambda c: c.scenario("number = 9", "number = 2"), "rule-number"),
    ("a share of need met", lambda c: c.scenario('service_types = ["F02"]\nshare = 50', 'service_types = ["F02", "F15"]\nshare = 100'), "rule-met"),
    ("a prerequisite", lambda c: _without_need(c, "A1"), "rule-prerequisite"),
    ("an exclusion", lambda c: c.scenario('first = ["F16"]', 'first = ["F23"]'), "rule-exclusion"),
    ("a prerequisite between needs", _first_the_houses, "rule-prerequisite"),
    ("an exclusion of a need and a site", _need_or_site, "rule-exclusion"),
    ("a ceiling on need met", _few_met, "rule-met"),
    ("money of each fund", _little_of_each_fund, "rule-money"),
    ("money of a fund for each department", _little_for_a_department, "rule-money"),
    ("money of a fund for a community", _little_for_a_community, "rule-money"),
    ("numbers by national programme", _few_of_each_programme, "rule-number"),
    ("a forbid", lambda c: c.scenario('sites = ["S3"]', 'sites = ["S1"]'), "forbid"),
    ("complete communities", lambda c: c.scenario('number = 1\n', 'number = 3\n'), "rule-complete"),
    ("safety first", _unsafe_first, "rule-safety_first"),
    ("pilots served in the first year", lambda c: renamed(c, lambda r: r["community"] == "C2" and r["need_id"] == "A3", start_year="2028"), "pilots"),
    ("few changes", _few_changes, "changes"),
    ("few changes against a plan that is gone", _changes_from_nowhere, "earlier-plan-missing"),
]  # fmt: skip


def _of(changes: list[tuple[str, Change, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("change", "code"), [pytest.param(change, code, id=name) for name, change, code in changes]
    )


@_of(PLAN)
def test_an_altered_plan_is_refused(copy: Copy, change: Change, code: str) -> None:
    """A planner sees which component, project or table was altered, and how."""
    change(copy)
    assert code in copy.codes()


@_of(MONEY)
def test_altered_money_is_refused(copy: Copy, change: Change, code: str) -> None:
    """A finance bureau sees which yuan is missing, too much or not allowed."""
    change(copy)
    assert code in copy.codes()


def _raise(array: str, amount: int = 1, where: Callable[[np.ndarray], np.ndarray] | None = None) -> Change:
    def change(copy: Copy) -> None:
        def raised(arrays: dict[str, np.ndarray]) -> None:
            mask = where(arrays[array]) if where else np.ones(arrays[array].shape, bool)
            arrays[array][mask] += amount

        copy.arrays("problem", raised)

    return change


def _stage_points(number: int) -> Change:
    def change(copy: Copy) -> None:
        def raised(arrays: dict[str, np.ndarray]) -> None:
            arrays["objective_option"][number] += 1

        copy.arrays("problem", raised)

    return change


def _without(name: str, array: str) -> Change:
    return lambda copy: copy.arrays(name, lambda arrays: arrays.pop(array))


def _set(name: str, array: str, value: Callable[[np.ndarray], np.ndarray]) -> Change:
    return lambda copy: copy.arrays(name, lambda arrays: arrays.update({array: value(arrays[array])}))


def _lower_price(arrays: dict[str, np.ndarray]) -> None:
    """Half all prices of the last stage: they prove less."""
    number = len(arrays["stage"]) - 1
    arrays[f"row_price_{number}"] //= 2
    arrays[f"group_price_{number}"] //= 2


def _with_cases(**changed: Callable[[np.ndarray], np.ndarray]) -> Change:
    """Prove the benefit by two cases, the first option taken or not, at the prices of the stage; then change parts."""

    def prove(arrays: dict[str, np.ndarray]) -> None:
        whole = {
            "low": [-1], "high": [-2], "limit": [0], "form_start": [0, 1], "form_kind": [0], "form_column": [0],
            "form_amount": [1], "scale": [arrays["scale"][1]] * 2, "decision_start": [0, 1, 2], "decision_price": [0, 0],
            "group_price": [arrays["group_price_1"]] * 2, "row_price": [arrays["row_price_1"]] * 2,
        }  # fmt: skip
        for name, values in whole.items():
            part = np.array(values, np.int64)
            arrays[f"tree_1_{name}"] = changed[name](part) if name in changed else part

    return lambda copy: copy.arrays("certificate", prove)


def _stage(change: Callable[[dict[str, Any], dict[str, Any]], object]) -> Change:
    """Change the stage of the benefit in result.json; the whole result is given too."""
    return lambda copy: copy.result(lambda result: change(result["stages"][1], result))


PROGRAM: list[tuple[str, Change, str]] = [
    ("a cost", _raise("label_option_cost"), "program-cost"),
    ("a later cost", _raise("label_opening_later"), "program-later"),
    ("an area", _raise("option_size"), "program-area"),
    ("units", _raise("label_option_units"), "program-units"),
    ("a safety point", _stage_points(0), "program-points-safety"),
    ("a benefit", _stage_points(1), "program-points-benefit"),
    ("a cost point", _stage_points(2), "program-points-cost"),
    ("spending", _raise("option_spend_amount"), "program-spending"),
    ("a class", _raise("label_class_lag"), "program-class"),
    ("what a row is drawn", _raise("opening_row_amount"), "program-draws"),
    ("a need's lots", _raise("group_capacity"), "program-need"),
    ("a mandatory need made free", _set("problem", "group_exact", np.zeros_like), "program-need"),
    ("a site's room", _raise("facility_capacity", 10, lambda a: a > 0), "program-capacity"),
    ("a smallest size", _raise("facility_minimum", -1, lambda a: a > 0), "program-minimum"),
    ("a budget", _raise("row_limit"), "program-budget"),
    ("a share", _raise("portion_percent", 1), "program-shares"),
    ("a floor", _raise("floor_percent", -1), "program-floor"),
    ("a year in which a budget pays", _raise("label_demand_year"), "program-arcs"),
    ("a period", _set("problem", "option_period", lambda a: 1 - a), "program-period"),
    ("an exact row", _raise("row_limit", -(10**9)), "program-row"),
    ("a choice set", _set("problem", "option_choice", np.zeros_like), "program-choice"),
    ("an exclusion set", _set("problem", "facility_exclusion", np.zeros_like), "program-exclusion"),
    ("an option that the plan takes", _set("problem", "label_option_level", lambda a: a - 1), "not-in-program"),
    ("a label removed", _without("problem", "label_option_cost"), "problem-labels"),
    ("an array removed", _without("problem", "option_group"), "problem-invalid"),
    ("an index that points at nothing", _raise("option_group", 10**6), "problem-invalid"),
    ("an array too short", _set("problem", "option_size", lambda a: a[:-1]), "problem-invalid"),
    ("numbers with fractions", _set("problem", "option_size", lambda a: a.astype(float)), "problem-invalid"),
    ("the file itself", lambda c: (c.run / "problem.npz").write_bytes(b"PK"), "problem-unreadable"),
]  # fmt: skip

PROOF: list[tuple[str, Change, str]] = [
    ("prices lowered", lambda c: c.arrays("certificate", _lower_price), "bound-not-proved"),
    ("a negative price of a row", _set("certificate", "row_price_1", lambda a: a - a.max() - 1), "negative-row-price"),
    ("a negative price of a group", _set("certificate", "group_price_1", lambda a: a - a.max() - 1), "negative-group-price"),
    ("a price too few", _set("certificate", "row_price_1", lambda a: a[:-1]), "certificate-length"),
    ("a price too many", _set("certificate", "group_price_0", lambda a: np.append(a, 0)), "certificate-length"),
    ("prices with fractions", _set("certificate", "row_price_1", lambda a: a.astype(float)), "certificate-type"),
    ("a scale that is no power of two", _set("certificate", "scale", lambda a: a * 3), "certificate-scale"),
    ("a scale of nothing", _set("certificate", "scale", np.zeros_like), "certificate-scale"),
    ("another value of an earlier stage", _set("certificate", "reached_1", lambda a: a + 1), "certificate-reached"),
    ("a stage without prices", _set("certificate", "stage", lambda a: a + 5), "certificate-incomplete"),
    ("a case left out", _with_cases(low=lambda a: a[:0], high=lambda a: a[:0]), "certificate-tree"),
    ("a case twice", _with_cases(high=lambda a: a + 1), "certificate-tree"),
    ("a decision below itself", _with_cases(low=np.zeros_like), "certificate-tree"),
    ("a decision on no column", _with_cases(form_column=lambda a: a - 1), "certificate-tree"),
    ("a negative price of a decision", _with_cases(decision_price=lambda a: a - 1), "certificate-tree"),
    ("a negative price of a row in a case", _with_cases(row_price=lambda a: a - a.max() - 1), "certificate-tree"),
    ("a decision of fractions", _with_cases(form_amount=lambda a: a / 2), "certificate-tree"),
    ("a part of the cases missing", lambda c: (_with_cases()(c), _without("certificate", "tree_1_limit")(c)), "certificate-tree"),
    ("no certificate", lambda c: (c.run / "certificate.npz").unlink(), "certificate-missing"),
    ("a tighter bound than is proved", _stage(lambda s, r: s.update(certified_bound=s["objective"])), "bound-not-proved"),
    ("a looser bound than is proved", _stage(lambda s, r: s.update(certified_bound=s["certified_bound"] + 1)), "bound-differs"),
    ("a gap of nothing", _stage(lambda s, r: s.update(certified_gap=0.123)), "gap"),
    ("a headline of its own", lambda c: c.result(lambda r: r.update(certified_bound=r["certified_bound"] + 1)), "headline"),
    ("an objective above its bound", _stage(lambda s, r: s.update(bound=s["objective"] - 1)), "objective-above-bound"),
    ("a bound weaker than the certified one", _stage(lambda s, r: s.update(bound=s["certified_bound"] + 1)), "bound-above-certified"),
    ("optimal without proof", _stage(lambda s, r: (r.update(status="optimal"), s.update(bound=s["objective"] + 1))), "optimal-not-proved"),
    ("a bound that is no whole number", _stage(lambda s, r: s.update(bound=1.5)), "bound-type"),
    ("a run without a plan", lambda c: c.result(lambda r: r.update(status="infeasible")), "status"),
]  # fmt: skip


@_of(PROGRAM)
def test_an_altered_program_is_refused(copy: Copy, change: Change, code: str) -> None:
    """Nobody can change the mathematics behind a plan without the change being named."""
    change(copy)
    assert code in copy.codes()


@_of(PROOF)
def test_an_altered_proof_is_refused(copy: Copy, change: Change, code: str) -> None:
    """A bound that is not one is never accepted."""
    change(copy)
    assert code in copy.codes()


def test_a_proof_by_cases_is_read_and_told(copy: Copy) -> None:
    """Two sound cases prove what the prices prove, and the report says how many there are."""
    _with_cases()(copy)
    report = copy.check()
    assert report.passed, report.text()
    assert any("分 2 种情形" in line for part in report.parts for line in part.proved_zh)


@_of(RULES)
def test_a_broken_rule_of_the_scenario_is_refused(copy: Copy, change: Change, code: str) -> None:
    """A rule that the plan does not keep is named, whatever the tables say."""
    change(copy)
    assert code in copy.codes()


def test_a_step_that_refuses_claims_no_proof(copy: Copy) -> None:
    """A report never says that money is paid to the yuan beside a yuan that is missing."""
    copy.alter("funding", lambda row: True, amount_yuan=_plus(-1))
    first = copy.check().parts[0]
    assert not first.passed
    assert not any("分文不差" in line for line in first.proved_zh)
    assert any("强制需求" in line for line in first.proved_zh)


def test_a_run_without_a_plan_is_told_apart_from_a_broken_one(copy: Copy) -> None:
    """Where the answer was no, there is nothing to check, and the report says just that."""
    for table in copy.run.glob("*.csv"):
        table.unlink()
    copy.result(lambda result: result.update(status="infeasible"))
    assert copy.codes() == {"status"}
