"""Do the tables of funds, quotas and pilots say what plan and funding say?"""

from __future__ import annotations

from collections import defaultdict

from .book_facts import Facts
from .money import Grant
from .plan import Plan, whole
from .plan_rules import quota_use
from .reading import Row
from .report import Findings


def check_funds_used(facts: Facts, grants: list[Grant], rows: list[Row], findings: Findings) -> None:
    """funds_used.csv, worked out again from funding.csv and the budgets."""
    committed: dict[tuple[str, int], int] = defaultdict(int)
    spent: dict[tuple[str, int], int] = defaultdict(int)
    came: dict[tuple[str, int], int] = defaultdict(int)
    for grant in grants:
        committed[grant.fund, grant.budget_year] += grant.yuan
        (spent if grant.year == grant.budget_year else came)[grant.fund, grant.year] += grant.yuan
    wanted: dict[tuple[str, int], dict[str, int]] = {}
    for fund, row in facts.funds.items():
        for year in facts.budget_years(fund):
            key = (fund, year)
            budget = facts.budget_yuan(fund, year) or 0
            wanted[key] = {
                "budget_yuan": budget,
                "committed_yuan": committed[key],
                "spent_yuan": spent[key],
                "carried_in_yuan": came[key],
                "carried_out_yuan": committed[key] - spent[key],
                "lapsed_yuan": 0 if row["carry_over"] == "free" else budget - committed[key],
            }
    stated = {(row["fund_id"], int(row["year"])): row for row in rows}
    for key in sorted({*wanted, *stated}):
        where = f"{key[0]} {key[1]}"
        if key not in wanted or key not in stated:
            findings.refuse("funds-used", where, "缺少或多出这一行", "the row is missing or too many")
            continue
        for column, amount in wanted[key].items():
            if whole(stated[key][column]) != amount:
                findings.refuse(
                    "funds-used",
                    f"{where} {column}",
                    f"写 {stated[key][column]},应为 {amount}",
                    f"{stated[key][column]} stated, {amount} by the plan",
                )
    findings.prove("资金使用表与拨付明细一致", "the table of funds agrees with the funding table")


def check_quotas(facts: Facts, plan: Plan, rows: list[Row], findings: Findings) -> None:
    """quotas.csv: every policy number and operator number with its use; rules are proved by themselves."""
    policies, operators = quota_use(facts, plan)
    wanted: dict[tuple[str, str], tuple[int, int]] = {}
    for name in facts.policies:
        for year in facts.years:
            limit = facts.quota(name, year)
            if limit is not None:
                wanted[name, str(year)] = (policies[name, year], limit)
    for name, row in facts.operators.items():
        if row["number"] is not None:
            wanted[name, ""] = (operators[name], row["number"])
    rules = {rule["name"] for rule in facts.rules}
    seen: set[tuple[str, str]] = set()
    for row in rows:
        key = (row["name"], row["scope"])
        where = " ".join(key)
        try:
            value, limit, slack = int(row["value"]), int(row["limit"]), int(row["slack"])
        except ValueError:
            findings.refuse("quotas-table", where, "这一行读不出", "the row cannot be read")
            continue
        if key in wanted:
            seen.add(key)
            if (value, limit) != wanted[key] or slack != limit - value:
                findings.refuse(
                    "quotas-table", where, f"应为 用{wanted[key][0]} 限{wanted[key][1]}", f"should be {wanted[key]}"
                )
        elif row["name"] in rules:
            if slack < 0 or slack != abs(limit - value):
                findings.refuse("quotas-table", where, "余量与数值不符", "the slack does not fit value and limit")
        elif row["name"] not in facts.policies or value or slack != limit:
            findings.refuse("quotas-table", where, "没有这个名额", "there is no such quota")
    for key in sorted(set(wanted) - seen):
        findings.refuse("quotas-table", " ".join(key), "名额表缺少这一行", "the row is missing")


def check_pilots(facts: Facts, rows: list[Row], findings: Findings) -> None:
    """pilots.csv: all pilots of the book, and those selected only in a selection run."""
    selects = any(rule["kind"] == "pilots" and rule["mode"] == "select" for rule in facts.rules)
    listed = {row["community"] for row in rows if row["source"] == "listed"}
    selected = {row["community"] for row in rows if row["source"] == "selected"}
    if selected and not selects:
        findings.refuse("pilots-table", "pilots.csv", "测算方案没有遴选试点", "the scenario selects no pilots")
    for name in sorted((listed | selected) - set(facts.communities)):
        findings.refuse("pilots-table", name, "没有这个社区", "there is no such community")
    for name in sorted(listed - facts.pilots) + sorted(facts.pilots - listed - selected):
        findings.refuse("pilots-table", name, "试点名单与清单簿不符", "the list of pilots differs from the book")
