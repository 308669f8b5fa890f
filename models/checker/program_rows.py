"""Does what the run says is chosen satisfy the program: groups, choices, doors, capacities and rows?"""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from .program import NONE, UNLIMITED, Program
from .report import Findings

NO_LIMIT = 2**53


def check_rows(p: Program, options: list[int], openings: list[int], findings: Findings) -> None:
    """Refuse every rule of the program that the chosen columns break, whatever money and extra columns do."""
    _groups(p, options, findings)
    _doors(p, options, openings, findings)
    _capacity(p, options, openings, findings)
    _limits(p, options, openings, findings)
    findings.prove(
        "方案满足问题文件的各组、各门、各容量和各行约束",
        "the plan satisfies groups, doors, capacities and rows of the program",
    )


def _groups(p: Program, options: list[int], findings: Findings) -> None:
    weight: Counter[int] = Counter()
    for place in options:
        weight[int(p["option_group"][place])] += int(p["option_weight"][place])
    for group in range(p.size["group"]):
        most, exact = int(p["group_capacity"][group]), bool(p["group_exact"][group])
        if weight[group] > most or (exact and weight[group] < most):
            findings.refuse(
                "program-group", f"group {group}", f"{weight[group]} / {most}", f"{weight[group]} of {most}"
            )
    choices = Counter(int(p["option_choice"][place]) for place in options)
    for choice, number in choices.items():
        if choice != NONE and number > 1:
            findings.refuse("program-choice", f"choice {choice}", f"取了 {number} 项", f"{number} of it are taken")


def _doors(p: Program, options: list[int], openings: list[int], findings: Findings) -> None:
    since: dict[int, int] = {}
    for place in openings:
        facility = int(p["opening_facility"][place])
        if facility in since:
            findings.refuse("program-door", f"facility {facility}", "开启两次", "it opens twice")
        since[facility] = int(p["opening_period"][place])
    users = [(int(p["option_facility"][place]), int(p["option_period"][place])) for place in options]
    users += [(int(p["facility_parent"][facility]), period) for facility, period in since.items()]
    for facility, period in users:
        if facility == NONE:
            continue
        start = since.get(facility)
        occasional = bool(p["facility_occasional"][facility])
        if start is None or (start != period if occasional else start > period):
            findings.refuse("program-door", f"facility {facility}", "用在开启之前", "it is used before it opens")
    sets = Counter(int(p["facility_exclusion"][facility]) for facility in since)
    for number, times in sets.items():
        if number != NONE and times > 1:
            findings.refuse("program-exclusion", f"set {number}", f"开启 {times} 处", f"{times} of it open")


def _capacity(p: Program, options: list[int], openings: list[int], findings: Findings) -> None:
    load: dict[int, int] = defaultdict(int)
    for place in options:
        load[int(p["option_facility"][place])] += int(p["option_size"][place])
    total: dict[int, int] = defaultdict(int)
    for facility in {int(p["opening_facility"][place]) for place in openings}:
        own, parent = load[facility], int(p["facility_parent"][facility])
        most = int(p["facility_capacity"][facility])
        if parent != NONE and most != UNLIMITED and own > most:
            findings.refuse("program-overfilled", f"module {facility}", f"{own} / {most}", f"{own} of {most}")
        total[facility if parent == NONE else parent] += (
            own if parent == NONE else max(own, int(p["facility_minimum"][facility]))
        )
    for facility, taken in total.items():
        most = int(p["facility_capacity"][facility])
        if most != UNLIMITED and taken > most:
            findings.refuse("program-overfilled", f"root {facility}", f"{taken} / {most}", f"{taken} of {most}")


def _limits(p: Program, options: list[int], openings: list[int], findings: Findings) -> None:
    """Rows of whole columns alone exactly; extra columns and money are taken as favourably as can be."""
    value = [0] * p.size["row"]
    for kind, places in (("option", options), ("opening", openings)):
        for place in places:
            for row, amount in p.entries(f"{kind}_row", place):
                value[row] += amount
    for extra in range(p.size["extra"]):
        lower, upper = int(p["extra_lower"][extra]), int(p["extra_upper"][extra])
        for row, amount in p.entries("extra_row", extra):
            value[row] += min(amount * lower, amount * upper)
    helped = set(p["arc_row_index"][p["arc_row_amount"] < 0].tolist())
    limits = p["row_limit"].tolist()
    for row in np.flatnonzero(np.array(value, dtype=object) > p["row_limit"].astype(object)).tolist():
        if row not in helped and limits[row] < NO_LIMIT:
            findings.refuse(
                "program-row", f"row {row}", f"{value[row]},限 {limits[row]}", f"{value[row]} above {limits[row]}"
            )
