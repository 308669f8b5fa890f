"""The check in its three parts: plan and money, derivation, bound."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from .book_facts import Facts, book_facts
from .digest import book_digest
from .fixed_rules import broken_changes, broken_pilots, broken_pins, component_rows
from .money import Grant, check_money, check_obligations, obligations_of, read_grants
from .money_tables import check_funds_used, check_pilots, check_quotas
from .needs_found import check_needs_list
from .option_rules import Derivations, check_components
from .plan import Plan, read_plan
from .plan_rules import check_together
from .points import check_points
from .privacy import check_privacy
from .project_tables import check_outputs, check_projects, check_sites, check_unmet
from .reading import BookFiles, RunFiles, UnreadableError, read_book_files, read_run_files
from .report import Findings, Part, Refusal, Report
from .scenario_rules import Rules

T = TypeVar("T")

NAMES = (("方案与资金", "plan and money"), ("备选方案重新推算", "options derived again"), ("理论上限", "bound"))


def check(book_path: Path | str, run_path: Path | str) -> Report:
    """Check a run against the book that it was made from; every refusal is named, none ends the check early."""
    book_path, run_path = Path(book_path), Path(run_path)
    try:
        book = _read("book-unreadable", book_path, lambda: read_book_files(book_path))
        run = _read("run-unreadable", run_path, lambda: read_run_files(run_path))
        facts = _read("book-unusable", book_path, lambda: book_facts(with_needs(book, run), run.scenario))
    except UnreadableError as error:
        refusal = Refusal(error.code, error.where, error.zh, error.en)
        return Report(False, (Part(1, *NAMES[0], False, (), ()),), (refusal,))
    first, second, third = Findings(), Findings(), Findings()
    plan, derived, _ = plan_and_money(facts, book, run, (run_path, run_path.parent, book_path, book_path.parent), first)
    parts = [first.part(1, *NAMES[0])]
    from .bound import check_bound  # numpy is loaded only once part 1 is done
    from .derive import check_derivation

    _guarded("problem.npz", lambda: check_derivation(facts, plan, derived, run, second), second)
    parts.append(second.part(2, *NAMES[1]))
    _guarded("certificate.npz", lambda: check_bound(run, third), third, keep=True)
    parts.append(third.part(3, *NAMES[2]))
    refusals = (*first.refusals, *second.refusals, *third.refusals)
    return Report(not refusals, tuple(parts), refusals)


def _read(code: str, path: Path, read: Callable[[], T]) -> T:
    """What is read, or an `UnreadableError` for whatever is wrong with the files."""
    try:
        return read()
    except (OSError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, csv.Error) as error:
        told = f"{type(error).__name__}: {error}"
        raise UnreadableError(code, path.name, f"用不了({told})", f"cannot be used ({told})") from error


def with_needs(book: BookFiles, run: RunFiles) -> BookFiles:
    """The book with the needs list of the run where it has none of its own."""
    if book.tables.get("needs"):
        return book
    if run.needs is None:
        raise UnreadableError(
            "needs-missing",
            "needs.csv",
            "清单簿和运行结果都没有需求清单",
            "neither the book nor the run holds a needs list",
        )
    return BookFiles(book.settings, {**book.tables, "needs": run.needs})


def plan_and_money(
    facts: Facts, book: BookFiles, run: RunFiles, folders: tuple[Path, ...], findings: Findings
) -> tuple[Plan, Derivations, list[Grant]]:
    """Part 1: everything that book, scenario and tables of the run prove by themselves."""
    _guarded("result.json", lambda: _digests(book, run, findings), findings)
    facts.selected = frozenset(row["community"] for row in run.tables["pilots"] if row["source"] == "selected")
    plan = read_plan(run, findings)
    refused = len(findings.refusals)
    derived = check_components(facts, plan, findings)
    if len(findings.refusals) > refused:
        findings.proved.pop()
    grants = read_grants(run, findings)
    tables = run.tables
    steps: dict[str, Callable[[], object]] = {
        "needs.csv": lambda: None if book.tables.get("needs") else check_needs_list(facts, findings),
        "components.csv": lambda: check_together(facts, plan, derived, findings),
        "funding.csv": lambda: check_money(facts, plan, derived, grants, findings),
        "obligations.csv": lambda: check_obligations(
            facts, obligations_of(facts, plan, derived, grants), tables["obligations"], findings
        ),
        "scenario.toml": lambda: _rules(facts, plan, derived, grants, folders, findings),
        "result.json": lambda: check_points(facts, plan, derived, run, findings),
        "projects.csv": lambda: check_projects(facts, plan, derived, tables["projects"], findings),
        "sites.csv": lambda: check_sites(facts, plan, tables["sites"], findings),
        "outputs.csv": lambda: check_outputs(facts, plan, derived, tables["outputs"], findings),
        "unmet.csv": lambda: check_unmet(facts, plan, run, findings),
        "funds_used.csv": lambda: check_funds_used(facts, grants, tables["funds_used"], findings),
        "quotas.csv": lambda: check_quotas(facts, plan, tables["quotas"], findings),
        "pilots.csv": lambda: check_pilots(facts, tables["pilots"], findings),
        "privacy": lambda: check_privacy(facts, run, findings),
    }
    for where, step in steps.items():
        _guarded(where, step, findings)
    return plan, derived, grants


def _guarded(where: str, step: Callable[[], object], findings: Findings, *, keep: bool = False) -> None:
    """One step; a value that cannot be worked with is refused, and the other steps go on.

    What a step that refuses anything says it proved is struck out, unless its sentences stand each by itself.
    """
    refused, proved = len(findings.refusals), len(findings.proved)
    try:
        step()
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        told = f"{type(error).__name__}: {error}"
        findings.refuse(
            "value-unusable", where, f"有无法使用的值({told})", f"holds a value that cannot be used ({told})"
        )
    if len(findings.refusals) > refused and not keep:
        del findings.proved[proved:]


def _digests(book: BookFiles, run: RunFiles, findings: Findings) -> None:
    wanted = book_digest(book)
    if run.result.get("book_sha256") != wanted:
        findings.refuse(
            "book-digest", "result.json", "清单簿与测算时的不是同一本", "the book is not the one that was solved"
        )
    scenario = hashlib.sha256(run.scenario_bytes).hexdigest() if run.scenario_bytes is not None else ""
    if run.result.get("scenario_sha256", "") != scenario:
        findings.refuse(
            "scenario-digest", "result.json", "测算方案被改动", "the scenario is not the one that was solved"
        )
    if run.result.get("data_kind") != book.settings.get("data_kind"):
        findings.refuse(
            "data-kind", "result.json", "数据性质(真实/模拟)与清单簿不符", "real or synthetic: not what the book says"
        )
    findings.prove(
        "清单簿与测算方案的摘要相符,数据性质已注明", "digests of book and scenario agree, the kind of data is shown"
    )


def _rules(
    facts: Facts, plan: Plan, derived: Derivations, grants: list[Grant], folders: tuple[Path, ...], findings: Findings
) -> None:
    rules = Rules(facts, plan, derived, grants)
    for rule in facts.rules:
        match rule["kind"]:
            case "pin" | "forbid":
                broken = list(broken_pins(facts, plan, rule))
            case "changes":
                broken = list(broken_changes(facts, component_rows(plan.components), rule, folders))
            case "pilots":
                broken = list(broken_pilots(facts, plan, rule))
            case kind:
                broken = [
                    (
                        f"rule-{kind}",
                        f"{row.name} {row.scope}".strip(),
                        f"值 {row.value},限 {row.limit}",
                        f"value {row.value}, limit {row.limit}",
                    )
                    for row in rules.rows(rule)
                    if not row.holds
                ]
        for code, where, zh, en in broken:
            findings.refuse(code, where, zh, en)
    if facts.rules:
        findings.prove(
            f"测算方案的 {len(facts.rules)} 条规则逐条成立", f"all {len(facts.rules)} rules of the scenario hold"
        )
