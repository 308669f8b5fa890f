"""Part 2: columns of the program against the book, and the plan against the rows of the program."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from .book_facts import Facts
from .columns import column_key, missing_labels, opening_column, option_column
from .derivation import (
    Derived,
    cost_points,
    derive_campaign,
    derive_module,
    derive_option,
    derive_site,
    measure_of,
    module_capacity,
)
from .option_rules import Derivations
from .packages import FIXED, Package, budget_years_for, parse_package
from .places import site_capacity
from .plan import Component, Plan
from .program import NONE, UNLIMITED, Program, read_program
from .program_rows import check_rows
from .reach import must_be_answered
from .reading import RunFiles
from .report import Findings
from .traits import asked_of_money, traits_of

MOST_COLUMNS = 20_000
"""With more columns than this only those in the plan are derived again."""


def check_derivation(facts: Facts, plan: Plan, derived: Derivations, run: RunFiles, findings: Findings) -> None:
    """Refuse whatever problem.npz holds otherwise than the book."""
    program = read_program(run.folder, findings)
    if program is None:
        return
    asked = [f"label_{part}_{name}" for name in asked_of_money(facts.rules) for part in ("class", "asked")]
    missing = [*missing_labels(program), *(name for name in asked if name not in program.arrays)]
    if missing:
        findings.refuse(
            "problem-labels", "problem.npz", f"缺少标签 {missing[0]}", f"labels are missing: {', '.join(missing)}"
        )
        return
    _Comparison(facts, program, findings).all(plan, derived)


class _Comparison:
    """One program held against one book."""

    def __init__(self, facts: Facts, program: Program, findings: Findings) -> None:
        self.facts, self.program, self.findings = facts, program, findings
        self.stage = {str(name): place for place, name in enumerate(program["objective_name"])}
        self.sources = list(
            zip(program["label_source_fund"].tolist(), program["label_source_year"].tolist(), strict=True)
        )
        self.classes: set[int] = set()
        self.asked = asked_of_money(facts.rules)

    def all(self, plan: Plan, derived: Derivations) -> None:
        p, facts = self.program, self.facts
        needs = {need.id: need for need in facts.needs.values()}
        communities = {name: need.place.community for name, need in needs.items()}
        need_types = {name: str(need.row["service_type"]) for name, need in needs.items()}
        measure_types = {name: str(row["service_type"]) for name, row in facts.measures.items()}
        whole = p.size["option"] + p.size["opening"] <= MOST_COLUMNS
        option_of = {column_key(one): place for place, one in self._columns("option", communities, need_types)}
        opening_of = {column_key(one): place for place, one in self._columns("opening", {}, measure_types)}
        self._groups()
        taken: dict[str, list[int]] = {"option": [], "opening": []}
        for one in plan.components:
            kind, places = ("option", option_of) if one.kind == "option" else ("opening", opening_of)
            place = places.get(column_key(one))
            if place is None:
                self.findings.refuse("not-in-program", one.id, "问题文件里没有这一列", "the program has no such column")
                continue
            taken[kind].append(place)
            found = derived.of.get(one.id)
            if found is not None:
                self._compare(kind, place, one, found, derived.packages[one.id])
        number = len(plan.components)
        if whole:
            number = self._every_column(communities, need_types, measure_types, taken)
        self._sources_and_classes()
        for facility in {int(p["opening_facility"][place]) for place in taken["opening"]}:
            self._facility(facility)
        check_rows(p, taken["option"], taken["opening"], self.findings)
        self.findings.prove(
            f"{number} 列(含方案所取的全部)的造价、面积、效益、后续费用、分年付款和资金类别由清单簿重新推算,与问题文件一致",
            f"cost, area, benefit, later cost, spending and class of {number} columns, those of the plan among them, "
            "are derived again from the book and agree with the program",
        )

    def _columns(
        self, kind: str, communities: dict[str, str], types: dict[str, str]
    ) -> Iterator[tuple[int, Component]]:
        for place in range(self.program.size[kind]):
            if kind == "option":
                yield place, option_column(self.program, place, communities, types)
            else:
                yield place, opening_column(self.program, place, types)

    def _every_column(
        self,
        communities: dict[str, str],
        need_types: dict[str, str],
        measure_types: dict[str, str],
        taken: dict[str, list[int]],
    ) -> int:
        """Derive the columns that the plan does not take as well."""
        number = 0
        for kind, known in (("option", need_types), ("opening", measure_types)):
            done = set(taken[kind])
            for place, one in self._columns(kind, communities, known):
                number += 1
                if place in done:
                    continue
                try:
                    package = parse_package(one.package)
                    found = self._derived(one, package)
                except (ArithmeticError, LookupError, TypeError, ValueError) as error:
                    self.findings.refuse(
                        "column-not-derivable", one.id, f"推算不出({error})", f"cannot be derived ({error})"
                    )
                    continue
                self._compare(kind, place, one, found, package)
        return number

    def _derived(self, one: Component, package: Package) -> Derived:
        if one.kind == "option":
            return derive_option(self.facts, self.facts.needs[one.need], one, package)
        if one.kind == "module":
            return derive_module(self.facts, one, package)
        return (
            derive_site(self.facts, one, package) if one.kind == "site" else derive_campaign(self.facts, one, package)
        )

    def _differ(self, code: str, where: str, found: object, wanted: object) -> None:
        if found != wanted:
            self.findings.refuse(
                code,
                where,
                f"问题文件为 {found},清单簿推算为 {wanted}",
                f"{found} in the program, {wanted} by the book",
            )

    def _compare(self, kind: str, place: int, one: Component, found: Derived, package: Package) -> None:
        p = self.program
        self._differ("program-cost", one.id, int(p[f"label_{kind}_cost"][place]), found.cost)
        self._differ("program-later", one.id, int(p[f"label_{kind}_later"][place]), found.later_yuan)
        self._differ("program-period", one.id, int(p[f"{kind}_period"][place]), one.year - self.facts.years[0])
        if kind == "option":
            self._differ("program-area", one.id, int(p["option_size"][place]), found.area)
            self._differ("program-units", one.id, int(p["label_option_units"][place]), found.units)
        for name, value in (
            ("benefit", found.benefit),
            ("safety", found.safety),
            ("cost", -cost_points(self.facts, found)),
        ):
            if name in self.stage:
                self._differ(
                    f"program-points-{name}", one.id, int(p[f"objective_{kind}"][self.stage[name]][place]), value
                )
        self._spending(kind, place, one, found, package)

    def _spending(self, kind: str, place: int, one: Component, found: Derived, package: Package) -> None:
        p = self.program
        spent: dict[int, int] = defaultdict(int)
        for demand, amount in p.entries(f"{kind}_spend", place):
            spent[int(p["label_demand_year"][demand])] += amount
            number = int(p["demand_class"][demand])
            self.classes.add(number)
            told = (
                p.text("county", int(p["label_class_county"][number])),
                p.text("programme", int(p["label_class_programme"][number])),
                int(p["label_class_year"][number]),
                p.text("package", int(p["label_class_package"][number])),
                int(p["label_class_lag"][number]),
                *(p.text(f"asked_{name}", int(p[f"label_class_{name}"][number])) for name in self.asked),
            )
            wanted_class = (found.county, found.programme, one.year, str(package), found.class_lag)
            self._differ("program-class", one.id, told, (*wanted_class, *self._asked_of(one, found)))
        self._differ("program-spending", one.id, dict(sorted(spent.items())), dict(sorted(found.demand.items())))
        drawn: dict[tuple[str, int], int] = defaultdict(int)
        for row, amount in p.entries(f"{kind}_row", place):
            if row < len(self.sources):
                fund, year = self.sources[row]
                drawn[p.text("fund", fund), year] += amount
        wanted: dict[tuple[str, int], int] = defaultdict(int)
        for draw in found.draws:
            wanted[draw.fund, draw.budget_year] += draw.amount
        self._differ("program-draws", one.id, dict(sorted(drawn.items())), dict(sorted(wanted.items())))

    def _asked_of(self, one: Component, found: Derived) -> tuple[str, ...]:
        """What the classes tell apart beside the rest, of one component."""
        if not self.asked:
            return ()
        traits = traits_of(self.facts, one, found)
        return tuple(str(getattr(traits, "type" if name == "service_type" else name)) for name in self.asked)

    def _groups(self) -> None:
        p = self.program
        told = {
            str(name): (int(most), bool(exact))
            for name, most, exact in zip(p["label_need"], p["group_capacity"], p["group_exact"], strict=True)
        }
        for name, need in self.facts.needs.items():
            if name in told:
                self._differ("program-need", name, told[name], (need.lots, must_be_answered(self.facts, need)))
            elif must_be_answered(self.facts, need):
                self.findings.refuse("program-need", name, "问题文件缺少强制需求", "the program lacks a mandatory need")
        for name in sorted(set(told) - set(self.facts.needs)):
            self.findings.refuse(
                "program-need", name, "问题文件有不在待解决之列的需求", "the program has a need that is not open"
            )

    def _facility(self, facility: int) -> None:
        p, facts = self.program, self.facts
        kind = int(p["label_facility_kind"][facility])
        site = p.text("site", int(p["label_facility_site"][facility]))
        capacity = int(p["facility_capacity"][facility])
        if kind == 0 and site in facts.sites:
            self._differ("program-capacity", site, capacity, site_capacity(facts, site))
        elif kind == 1:
            measure = measure_of(facts, p.text("measure", int(p["label_facility_measure"][facility])), 0)
            limit = module_capacity(measure)
            self._differ("program-capacity", f"{site} {measure['id']}", capacity, UNLIMITED if limit is None else limit)
            least = -(-10 * (measure["min_area_m2"] or 0) // 1)
            self._differ("program-minimum", f"{site} {measure['id']}", int(p["facility_minimum"][facility]), int(least))

    def _sources_and_classes(self) -> None:
        p, facts = self.program, self.facts
        for row, (number, year) in enumerate(self.sources):
            fund = p.text("fund", number)
            limit = facts.budget_yuan(fund, year) if fund in facts.funds else None
            self._differ(
                "program-budget", f"{fund} {year}", int(p["row_limit"][row]), None if limit is None else limit // 100
            )
        portions: dict[int, dict[str, int]] = defaultdict(dict)
        fund_of = self._portion_funds()
        for portion, fund in fund_of.items():
            portions[int(p["portion_class"][portion])][fund] = portion
        arcs: dict[tuple[int, str], set[int]] = defaultdict(set)
        for demand, portion, source in zip(
            p["arc_demand"].tolist(), p["arc_portion"].tolist(), p["arc_source"].tolist(), strict=True
        ):
            if source >= len(self.sources) or p.text("fund", self.sources[source][0]) != fund_of.get(portion):
                self.findings.refuse(
                    "program-arcs", f"demand {demand}", "资金弧不在其资金上", "an arc does not draw on its fund"
                )
            else:
                arcs[demand, fund_of[portion]].add(self.sources[source][1])
        for number in sorted(self.classes):
            self._class(number, portions[number], arcs)

    def _portion_funds(self) -> dict[int, str]:
        p = self.program
        if "label_portion_fund" in p.arrays:
            return {portion: p.text("fund", int(fund)) for portion, fund in enumerate(p["label_portion_fund"])}
        found: dict[int, str] = {}
        for portion, source in zip(p["arc_portion"].tolist(), p["arc_source"].tolist(), strict=True):
            if source < len(self.sources):
                found.setdefault(portion, p.text("fund", self.sources[source][0]))
        return found

    def _class(self, number: int, portions: dict[str, int], arcs: dict[tuple[int, str], set[int]]) -> None:
        """Shares, floor and budget years of a class against its package."""
        p, facts = self.program, self.facts
        text = p.text("package", int(p["label_class_package"][number]))
        package = parse_package(text)
        where = f"class {number} {text}"
        shares = {fund: cap for fund, cap in package.caps.items() if cap != FIXED}
        told = {fund: int(p["portion_percent"][portion]) for fund, portion in portions.items()}
        self._differ("program-shares", where, dict(sorted(told.items())), dict(sorted(shares.items())))
        if package.floor:
            floors = {
                fund: int(p["floor_percent"][floor])
                for fund, portion in portions.items()
                if (floor := int(p["portion_floor"][portion])) != NONE
            }
            self._differ("program-floor", where, floors, dict.fromkeys(package.local(facts), package.floor))
        start, lag = int(p["label_class_year"][number]), int(p["label_class_lag"][number])
        for demand in np.flatnonzero(p["demand_class"] == number).tolist():
            paid = int(p["label_demand_year"][demand])
            for fund in shares:
                wanted = set(budget_years_for(facts, fund, start, lag, paid))
                self._differ("program-arcs", f"{where} {fund} {paid}", sorted(arcs[demand, fund]), sorted(wanted))
