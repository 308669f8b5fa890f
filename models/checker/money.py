"""Money to the yuan: every project and year paid in full, by funds that may, within shares, years and budgets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from .book_facts import Facts
from .derivation import Derived, debt_of
from .option_rules import Derivations
from .packages import FIXED, Package, budget_years_for
from .plan import Component, Plan
from .reading import Row, RunFiles
from .report import Findings


@dataclass(frozen=True, slots=True)
class Grant:
    """One row of funding.csv."""

    project: str
    fund: str
    budget_year: int
    year: int
    yuan: int


@dataclass(frozen=True, slots=True)
class _Part:
    """What one component of a project leaves to its package in one year."""

    package: Package
    derived: Derived
    start: int
    yuan: int

    def most(self, fund: str) -> int:
        """The most that a fund may pay, rounded up to the next yuan, and one yuan more for rounding."""
        cap = self.package.caps.get(fund, 0)
        return 0 if cap in (0, FIXED) else min(-(-cap * self.yuan // 100) + 1, self.yuan)


def read_grants(run: RunFiles, findings: Findings) -> list[Grant]:
    """The rows of funding.csv; unreadable ones are refused."""
    grants = []
    for row in run.tables["funding"]:
        try:
            one = Grant(
                row["project_id"],
                row["fund_id"],
                int(row["budget_year"]),
                int(row["payment_year"]),
                int(row["amount_yuan"]),
            )
        except (KeyError, ValueError):
            findings.refuse("funding-unreadable", row.get("project_id", ""), "这一行读不出", "the row cannot be read")
            continue
        if one.yuan < 0:
            findings.refuse("negative-amount", one.project, "金额为负", "an amount is negative")
        else:
            grants.append(one)
    return grants


def check_money(facts: Facts, plan: Plan, derived: Derivations, grants: list[Grant], findings: Findings) -> None:
    """Refuse every yuan that is missing, too much, or paid by money that may not."""
    parts: dict[tuple[str, int], list[_Part]] = defaultdict(list)
    due: dict[tuple[str, int], int] = defaultdict(int)
    draws: dict[tuple[str, int], dict[tuple[str, int], int]] = defaultdict(lambda: defaultdict(int))
    for one in plan.components:
        found = derived.of.get(one.id)
        if found is None:
            continue
        for year, amount in found.due.items():
            due[one.project, year] += amount * 100
        for draw in found.draws:
            draws[one.project, draw.year][draw.fund, draw.budget_year] += draw.amount * 100
        for year, amount in found.demand.items():
            parts[one.project, year].append(_Part(derived.packages[one.id], found, one.year, amount * 100))
    paid: dict[tuple[str, int], dict[tuple[str, int], int]] = defaultdict(lambda: defaultdict(int))
    known = {one.project for one in plan.components}
    for grant in grants:
        where = f"{grant.project} {grant.fund} {grant.budget_year} {grant.year}"
        if grant.project not in known:
            findings.refuse("unknown-project", where, "没有这个项目", "there is no such project")
        elif grant.fund not in facts.funds:
            findings.refuse("unknown-fund", where, f"没有资金 {grant.fund}", f"there is no fund {grant.fund}")
        elif grant.yuan:
            paid[grant.project, grant.year][grant.fund, grant.budget_year] += grant.yuan
    for key in sorted({*due, *paid}):
        project, year = key
        total = sum(paid[key].values())
        if total != due.get(key, 0):
            findings.refuse(
                "payment",
                f"{project} {year}",
                f"付 {total} 元,应付 {due.get(key, 0)} 元",
                f"{total} paid of {due.get(key, 0)}",
            )
        shared = dict(paid[key])
        for (fund, budget), amount in draws[key].items():
            shared[fund, budget] = shared.get((fund, budget), 0) - amount
            if shared[fund, budget] < 0:
                findings.refuse(
                    "fixed-sum",
                    f"{project} {fund} {year}",
                    f"定额或出资应为 {amount} 元",
                    f"a fixed sum or capital of {amount} yuan is due",
                )
                shared[fund, budget] = 0
        _shares(
            facts, project, year, {one: yuan for one, yuan in shared.items() if yuan > 0}, parts.get(key, []), findings
        )
    _budgets(facts, grants, findings)
    _debts(facts, grants, findings)
    findings.prove(
        f"{len(known)} 个项目各年应付资金分文不差,共 {sum(due.values())} 元,补助比例、配套下限、结转和预算均守住",
        f"{len(known)} projects are paid to the yuan, {sum(due.values())} in all, within shares, floors, carry-over and budgets",
    )


def _shares(
    facts: Facts, project: str, year: int, shared: Mapping[tuple[str, int], int], parts: list[_Part], findings: Findings
) -> None:
    """The shares of one project and year: each row by components that may use it, each fund by all of them."""
    by_fund: dict[str, int] = defaultdict(int)
    for (fund, budget), yuan in sorted(shared.items()):
        where = f"{project} {fund} {budget} {year}"
        by_fund[fund] += yuan
        holding = [part for part in parts if part.package.caps.get(fund, 0) not in (0, FIXED)]
        if not holding:
            fixed = any(part.package.caps.get(fund) == FIXED for part in parts)
            if fixed:
                findings.refuse("fixed-sum", where, "超过定额补助", "more than the fixed sum")
            else:
                findings.refuse(
                    "fund-not-in-package",
                    where,
                    "这项资金不在项目的资金组合里",
                    "the fund is not in the project's package",
                )
            continue
        open_to = [
            part
            for part in holding
            if budget in budget_years_for(facts, fund, part.start, part.derived.class_lag, year)
        ]
        if not open_to:
            findings.refuse(
                "carry-over", where, "这一预算年度的资金不能在该年支付(结转、到位或收回)",
                "money of this budget year may not pay in this year (carry-over, arrival or lapse)",
            )  # fmt: skip
        elif yuan > sum(part.most(fund) for part in open_to):
            findings.refuse("share-cap", where, f"{yuan} 元超过补助比例上限", f"{yuan} yuan is above the share")
    for fund, yuan in by_fund.items():
        most = sum(part.most(fund) for part in parts)
        if most and yuan > most:
            findings.refuse(
                "share-cap", f"{project} {fund} {year}", f"{yuan} 元,上限 {most} 元", f"{yuan} yuan, at most {most}"
            )
    with_floor = [part for part in parts if part.package.floor]
    least = sum(max(0, part.package.floor * part.yuan // 100 - 1) for part in with_floor)
    if least:
        local = {fund for part in with_floor for fund in part.package.local(facts)}
        given = sum(yuan for fund, yuan in by_fund.items() if fund in local)
        if given < least:
            findings.refuse(
                "local-floor",
                f"{project} {year}",
                f"地方配套 {given} 元,至少 {least} 元",
                f"local money {given}, at least {least}",
            )


def used_by_budget(grants: list[Grant]) -> dict[tuple[str, int], int]:
    """What is drawn from every budget year of every fund."""
    used: dict[tuple[str, int], int] = defaultdict(int)
    for grant in grants:
        used[grant.fund, grant.budget_year] += grant.yuan
    return used


def _budgets(facts: Facts, grants: list[Grant], findings: Findings) -> None:
    for (fund, year), yuan in sorted(used_by_budget(grants).items()):
        if fund not in facts.funds:
            continue
        limit = facts.budget_yuan(fund, year) if year in facts.budget_years(fund) else None
        if limit is None:
            findings.refuse("no-budget", f"{fund} {year}", "这一年没有预算", "there is no budget in this year")
        elif yuan > limit:
            findings.refuse("budget", f"{fund} {year}", f"用 {yuan} 元,预算 {limit} 元", f"{yuan} used of {limit}")


def _debts(facts: Facts, grants: list[Grant], findings: Findings) -> None:
    bonds: dict[str, int] = defaultdict(int)
    sources: dict[str, int] = defaultdict(int)
    for (fund, year), yuan in used_by_budget(grants).items():
        if fund in facts.funds and facts.funds[fund]["account"] == "bonds" and year in facts.years and yuan:
            bonds[facts.funds[fund]["payer"]] += yuan
            sources[facts.funds[fund]["payer"]] += 1
    for payer, yuan in sorted(bonds.items()):
        quota = facts.payers[payer]["debt_quota"] if payer in facts.payers else None
        if quota is not None and yuan > quota + sources[payer]:
            findings.refuse(
                "debt-quota", payer, f"新增债券 {yuan} 元,限额 {quota} 元", f"bonds of {yuan} yuan, quota {quota}"
            )


@dataclass(frozen=True, slots=True)
class Obligations:
    """Later costs in fen by payer, year and kind; `rounding_fen` is what whole yuan of bonds may add."""

    fen: Mapping[tuple[str, int, str], int]
    rounding_fen: Mapping[tuple[str, int], int]


def obligations_of(facts: Facts, plan: Plan, derived: Derivations, grants: list[Grant]) -> Obligations:
    """Running costs, subsidies, rents and debt service that the plan brings."""
    fen: dict[tuple[str, int, str], int] = defaultdict(int)
    for one in plan.components:
        found = derived.of.get(one.id)
        if found is None or not found.later_yuan:
            continue
        for year in range(found.later_from, min(found.later_to, facts.last_year) + 1):
            fen[facts.county_payer(found.county), year, _later_kind(one)] += found.later_yuan * 100
    rounding: dict[tuple[str, int], int] = defaultdict(int)
    debt: dict[tuple[str, int], int] = defaultdict(int)
    for (fund, budget), yuan in used_by_budget(grants).items():
        if fund not in facts.funds or not yuan:
            continue
        each, years = debt_of(facts, fund)
        payer = facts.funds[fund]["payer"]
        for year in range(budget + 1, min(budget + years, facts.last_year) + 1):
            debt[payer, year] += each * yuan
            rounding[payer, year] += -(-each // 100)
    for (payer, year), hundredths in debt.items():
        fen[payer, year, "debt"] += -(-hundredths // 100)
    return Obligations(dict(fen), dict(rounding))


def _later_kind(one: Component) -> str:
    return {"option": "running", "module": "subsidy", "site": "rent"}[one.kind]


def check_obligations(facts: Facts, obligations: Obligations, stated: list[Row], findings: Findings) -> None:
    """Ceilings of later costs, and whether obligations.csv says what the plan brings."""
    totals: dict[tuple[str, int], int] = defaultdict(int)
    for (payer, year, _), fen in obligations.fen.items():
        totals[payer, year] += fen
    for (payer, year), fen in sorted(totals.items()):
        ceiling = facts.ceiling_yuan(payer, year)
        if ceiling is not None and fen > ceiling * 100 + obligations.rounding_fen.get((payer, year), 0):
            findings.refuse(
                "later-ceiling",
                f"{payer} {year}",
                f"后续支出 {fen / 100} 元,上限 {ceiling} 元",
                f"{fen / 100} of {ceiling} yuan",
            )
    wanted = {key: -(-fen // 100) for key, fen in obligations.fen.items() if fen}
    found: dict[tuple[str, int, str], int] = {}
    for row in stated:
        where = f"{row.get('payer')} {row.get('year')} {row.get('kind')}"
        try:
            key = (row["payer"], int(row["year"]), row["kind"])
            amount, ceiling_told = int(row["amount_yuan"]), row["ceiling_yuan"]
        except (KeyError, ValueError):
            findings.refuse("obligations", where, "这一行读不出", "the row cannot be read")
            continue
        if amount:
            found[key] = found.get(key, 0) + amount
        ceiling = facts.ceiling_yuan(key[0], key[1])
        if ceiling_told != ("" if ceiling is None else str(ceiling)):
            findings.refuse("obligations", where, f"上限应为 {ceiling}", f"the ceiling should be {ceiling}")
    for key in sorted({*wanted, *found}):
        if wanted.get(key, 0) != found.get(key, 0):
            findings.refuse(
                "obligations", " ".join(map(str, key)), f"写 {found.get(key, 0)} 元,应为 {wanted.get(key, 0)} 元",
                f"{found.get(key, 0)} stated, {wanted.get(key, 0)} by the plan",
            )  # fmt: skip
    findings.prove(
        f"{len(totals)} 个主体年度的后续支出均在上限内",
        f"later costs of {len(totals)} payer-years are within their ceilings",
    )
