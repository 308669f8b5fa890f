"""The rows of a rule and the rule itself, told in plain Python, agree on every plan of small random options."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hand_made import OPENING, OPTION, Row, make_book, make_options
from qingdan.models.formulation import formulate
from qingdan.models.rule_values import row_values
from qingdan.models.scenario import parse_scenario
from qingdan.solver.problem import Problem
from qingdan.solver.solution import Plan

COMMUNITIES = ["360102001001", "360102001002", "360702001001"]
TYPES = ["F02", "F03", "G03"]
PROGRAMME = {"F02": "facilities", "F03": "facilities", "G03": "green"}
NATIONAL = {"F02": "完整社区;嵌入式", "F03": "嵌入式", "G03": "完整社区"}

Component = dict[str, Any]
Rule = Callable[[list[Component], list[Row], list[Component]], bool]
"""Whether a plan keeps the rule: what is taken, all needs, all components there are."""


def random_case(seed: int) -> tuple[list[Row], list[Row], list[Row], list[Row]]:
    """Needs, options, facilities and openings."""
    draw = random.Random(seed)
    needs: list[Row] = []
    for number in range(4):
        place, kind = draw.choice(COMMUNITIES), draw.choice(TYPES)
        needs.append(
            {"id": f"N{number}", "community": place, "city_code": place[:4], "county_code": place[:6],
             "street_code": draw.choice([place[:9], None]), "service_type": kind, "programme": PROGRAMME[kind],
             "national": NATIONAL[kind], "lots": draw.choice([1, 1, 3]),
             "group_served": draw.choice(["elders", "all"]), "safety": draw.random() < 0.5}
        )  # fmt: skip
    options: list[Row] = []
    for number in range(7):
        need = draw.randrange(len(needs))
        options.append(
            {"need": need, "lots": draw.randint(1, needs[need]["lots"]), "year": draw.choice([2027, 2028]),
             "level": draw.choice([1, 2, 2, 3]), "cost": draw.choice([0, 30, 70, 100]), "choice": number,
             "variant": draw.choice([0, 0, 0, 0, 16, 32]), "department": draw.choice(["民政", "体育"])}
        )  # fmt: skip
    place = draw.choice(COMMUNITIES)
    site = {"community": place, "city_code": place[:4], "county_code": place[:6], "street_code": place[:9]}
    openings: list[Row] = [{"facility": 0, "year": draw.choice([2027, 2028]), "cost": draw.choice([10, 50])}]
    return needs, options, [site], openings


def components(needs: list[Row], options: list[Row], facilities: list[Row], openings: list[Row]) -> list[Component]:
    """Everything that may be taken, with its attributes."""
    found: list[Component] = []
    for told in options:
        option = {**OPTION, **told}
        need = needs[option["need"]]
        found.append({**need, **option, "option": True, "emergency": option["variant"] == 16, "Q": need["lots"]})
    for told in openings:
        opening = {**OPENING, **told}
        site = facilities[opening["facility"]]
        found.append(
            {**site, **opening, "option": False, "emergency": False, "service_type": None, "programme": "facilities",
             "department": "住房城乡建设"}
        )  # fmt: skip
    return found


def thousandths(taken: Sequence[Component], level: int = 2) -> int:
    return sum(1000 * c["lots"] // c["Q"] for c in taken if c["option"] and not c["emergency"] and c["level"] >= level)


def money_floor(taken: list[Component], needs: list[Row], everything: list[Component]) -> bool:
    return bool(sum(c["cost"] for c in taken if c["programme"] == "green") >= 70)


def money_share(taken: list[Component], needs: list[Row], everything: list[Component]) -> bool:
    keys = {(c["county_code"], c["year"]) for c in everything if c["programme"] == "facilities"}
    for key in keys:
        used = [c for c in taken if (c["county_code"], c["year"]) == key]
        if 100 * sum(c["cost"] for c in used if c["programme"] == "facilities") > 60 * sum(c["cost"] for c in used):
            return False
    return True


def number_ceiling(taken: list[Component], needs: list[Row], everything: list[Component]) -> bool:
    counted = [c for c in taken if c["option"] and not c["emergency"] and c["street_code"]]
    keys = [(c["street_code"], c["year"]) for c in counted]
    return all(keys.count(key) <= 1 for key in keys)


def number_share(taken: list[Component], needs: list[Row], everything: list[Component]) -> bool:
    counted = [c for c in taken if c["option"] and not c["emergency"]]
    return bool(100 * sum(c["department"] == "民政" for c in counted) >= 50 * len(counted))


def met(taken: list[Component], needs: list[Row], everything: list[Component]) -> bool:
    for county in {n["county_code"] for n in needs}:
        base = [n for n in needs if n["county_code"] == county and thousandths(_of(everything, n)) > 0]
        if 100 * sum(thousandths(_of(taken, n)) for n in base) < 40 * 1000 * len(base):
            return False
    return True


def met_ceiling(taken: list[Component], needs: list[Row], everything: list[Component]) -> bool:
    """At most half of the needs of every group and national programme; a need counts in each of its programmes."""
    keys = {(n["group_served"], name) for n in needs for name in n["national"].split(";")}
    for group, name in keys:
        base = [n for n in needs if n["group_served"] == group and name in n["national"]]
        if 100 * sum(thousandths(_of(taken, n)) for n in base) > 50 * 1000 * len(base):
            return False
    return True


def number_by_national(taken: list[Component], needs: list[Row], everything: list[Component]) -> bool:
    for name in ("完整社区", "嵌入式"):
        counted = [c for c in taken if c["option"] and not c["emergency"] and name in c["national"]]
        there = any(c["option"] and not c["emergency"] and name in c["national"] for c in everything)
        if there and len(counted) > 1:
            return False
    return True


def money_by_named_national(taken: list[Component], needs: list[Row], everything: list[Component]) -> bool:
    """Of what counts for the complete community at least half for green works; other programmes have no row."""
    counted = [c for c in taken if c["option"] and "完整社区" in c["national"]]
    if not any(c["option"] and "完整社区" in c["national"] and c["programme"] == "green" for c in everything):
        return True
    green = sum(c["cost"] for c in counted if c["programme"] == "green")
    return bool(100 * green >= 50 * sum(c["cost"] for c in counted))


def _of(some: list[Component], need: Row) -> list[Component]:
    return [c for c in some if c["option"] and c["id"] == need["id"]]


def safety(taken: list[Component], needs: list[Row], everything: list[Component]) -> bool:
    base = [n for n in needs if n["safety"] and thousandths(_of(everything, n)) > 0]
    return 100 * sum(thousandths(_of(taken, n)) for n in base) >= 50 * 1000 * len(base)


def complete(taken: list[Component], needs: list[Row], everything: list[Component]) -> bool:
    count = 0
    for place in COMMUNITIES:
        counted = [n for n in needs if n["community"] == place and "完整社区" in n["national"]]
        able = bool(counted) and all(thousandths(_of(everything, n)) > 0 for n in counted)
        lots = {
            n["id"]: sum(c["lots"] for c in _of(taken, n) if not c["emergency"] and c["level"] >= 2) for n in counted
        }
        count += able and all(lots[n["id"]] == n["lots"] for n in counted)
    return count >= 1


def prerequisite(taken: list[Component], needs: list[Row], everything: list[Component]) -> bool:
    for place in COMMUNITIES:

        def first(some: list[Component], place: str = place) -> list[int]:
            return [
                c["year"] for c in some
                if c["option"] and c["community"] == place and c["service_type"] == "G03" and c["variant"] == 0
            ]  # fmt: skip

        later = [
            c["year"] for c in taken
            if c["option"] and c["community"] == place and c["service_type"] != "G03" and not c["emergency"]
        ]  # fmt: skip
        if first(everything) and later and min(later) < min(first(taken), default=9999):
            return False
    return True


def exclusion(taken: list[Component], needs: list[Row], everything: list[Component]) -> bool:
    for place in COMMUNITIES:
        there = {c["service_type"] for c in taken if c["option"] and c["community"] == place and not c["emergency"]}
        if "F02" in there and there & {"F03", "G03"}:
            return False
    return True


def prerequisite_of_needs(taken: list[Component], needs: list[Row], everything: list[Component]) -> bool:
    """N2 and N3 wait for each of N0 and N1 that something but emergency handling and *exists* can begin."""
    for earlier, later in itertools.product(("N0", "N1"), ("N2", "N3")):
        able = [c for c in everything if c["option"] and c["id"] == earlier and c["variant"] == 0]
        begun = [c["year"] for c in taken if c["option"] and c["id"] == earlier and c["variant"] == 0]
        waiting = [c["year"] for c in taken if c["option"] and c["id"] == later and not c["emergency"]]
        if able and waiting and min(waiting) < min(begun, default=9999):
            return False
    return True


def exclusion_of_things(taken: list[Component], needs: list[Row], everything: list[Component]) -> bool:
    """Neither N1 nor the site together with N2 or N3, wherever they are."""
    there = {c["id"] for c in taken if c["option"] and not c["emergency"]}
    first = "N1" in there or any(not c["option"] for c in taken)
    return not (first and there & {"N2", "N3"})


def forbid(taken: list[Component], needs: list[Row], everything: list[Component]) -> bool:
    for c in taken:
        if c["option"] and c["id"] == "N1" and c["year"] == 2027 and not c["emergency"]:
            return False
        if not c["option"] and c["year"] == 2027:
            return False
    return True


def listed(taken: list[Component], needs: list[Row], everything: list[Component]) -> bool:
    def programmes(some: list[Component]) -> set[str]:
        return {
            c["programme"] for c in some
            if c["option"] and c["community"] == COMMUNITIES[0] and c["year"] == 2027 and not c["emergency"]
        }  # fmt: skip

    return programmes(everything) <= programmes(taken)


RULES: list[tuple[str, Rule]] = [
    ("kind = 'money'\nbound = 'floor'\namount = 0.7\nprogrammes = ['green']", money_floor),
    (
        "kind = 'money'\nbound = 'ceiling'\nshare = 60\nprogrammes = ['facilities']\neach = ['county', 'year']",
        money_share,
    ),
    ("kind = 'number'\nbound = 'ceiling'\nnumber = 1\neach = ['street', 'year']", number_ceiling),
    ("kind = 'number'\nbound = 'floor'\nshare = 50\ndepartments = ['民政']", number_share),
    ("kind = 'met'\nshare = 40\nreachable = true\neach = ['county']", met),
    ("kind = 'met'\nbound = 'ceiling'\nshare = 50\neach = ['group', 'national']", met_ceiling),
    ("kind = 'number'\nbound = 'ceiling'\nnumber = 1\neach = ['national']", number_by_national),
    (
        "kind = 'money'\nbound = 'floor'\nshare = 50\nprogrammes = ['green']\nnational = ['完整社区']\neach = ['national']",
        money_by_named_national,
    ),
    ("kind = 'safety_first'\nshare = 50", safety),
    ("kind = 'complete'\nnumber = 1", complete),
    ("kind = 'prerequisite'\nbefore = ['G03']\nafter = ['F02', 'F03']", prerequisite),
    ("kind = 'exclusion'\nfirst = 'F02'\nsecond = ['F03', 'G03']", exclusion),
    ("kind = 'prerequisite'\nbefore_needs = ['N0', 'N1']\nafter_needs = ['N2', 'N3']", prerequisite_of_needs),
    (
        "kind = 'exclusion'\nfirst_needs = ['N1', 'N1']\nfirst_sites = 'S1'\nsecond_needs = ['N2', 'N3']",
        exclusion_of_things,
    ),
    ("kind = 'forbid'\nneeds = ['N1']\nsites = ['S1']\nyears = [2027]", forbid),
    ("kind = 'pilots'\nmode = 'listed'", listed),
]


def plans(options: list[Row], needs: list[Row], openings: int) -> list[np.ndarray[Any, np.dtype[np.bool_]]]:
    """Every choice that keeps within the lots of each need."""
    found = []
    for chosen in itertools.product([False, True], repeat=len(options) + openings):
        lots = [0] * len(needs)
        for option, one in zip(options, chosen, strict=False):
            lots[option["need"]] += option["lots"] * one
        if all(total <= need["lots"] for total, need in zip(lots, needs, strict=True)):
            found.append(np.array(chosen, np.bool_))
    return found


def rows_hold(problem: Problem, option: Any, opening: Any) -> bool:
    """Whether some extra columns make every row but the budgets hold."""
    of_rule = problem.labels["label_row_kind"] != "source"
    used = problem.option_row.totals(option.astype(np.int64), problem.rows)
    used += problem.opening_row.totals(opening.astype(np.int64), problem.rows)
    bounds = zip(problem.extra_lower.tolist(), problem.extra_upper.tolist(), strict=True)
    for extra in itertools.product(*(range(low, high + 1) for low, high in bounds)):
        whole = used + problem.extra_row.totals(np.array(extra, np.int64), problem.rows)
        if np.all((whole <= problem.row_limit)[of_rule]):
            return True
    return False


@pytest.mark.parametrize(("text", "rule"), RULES, ids=[rule.__name__ for _, rule in RULES])
def test_rows_hold_exactly_where_the_rule_does(text: str, rule: Rule) -> None:
    """No plan that a planner would allow is cut off, none that breaks the rule gets through."""
    told = f'[[rule]]\nname = "规则"\n{text}\n'
    both = set()
    for seed in range(12):
        needs, options, facilities, openings = random_case(seed)
        book = make_book(
            communities=[
                {"id": place, "pilot_category": "basic" if place == COMMUNITIES[0] else None} for place in COMMUNITIES
            ]
        )
        made = make_options(needs=needs, options=options, facilities=facilities, openings=openings)
        problem = formulate(made, book, parse_scenario(told))
        everything = components(needs, options, facilities, openings)
        for chosen in plans(options, needs, len(openings)):
            option, opening = chosen[: len(options)], chosen[len(options) :]
            taken = [c for c, one in zip(everything, chosen, strict=True) if one]
            wanted = rule(taken, needs, everything)
            assert rows_hold(problem, option, opening) == wanted, (seed, chosen)
            both.add(wanted)
            if problem.extras == 0:
                # what people are told says the same
                plan = Plan(option, opening, np.zeros(0), np.zeros(problem.arcs))
                assert bool((row_values(problem, plan)["slack"] >= -1e-6).all()) == wanted
    assert both == {True, False}


def state(component: Component) -> tuple[Any, ...]:
    return tuple(component[name] for name in ("measure", "operation", "level", "lots", "year"))


def test_changes_are_counted_as_a_planner_counts_them(tmp_path: Path) -> None:
    """Needs whose options are not exactly the earlier ones, and sites opened or not opened otherwise."""
    counted = set()
    for seed in range(8):
        needs, options, facilities, openings = random_case(seed)
        everything = components(needs, options, facilities, openings)
        some = plans(options, needs, len(openings))
        earlier = [c for c, one in zip(everything, random.Random(seed).choice(some), strict=True) if one]
        ids = [
            f"{c['id']}|{c['measure']}|{c['operation']}||{c['level']}|{c['lots']}|{c['year']}|{c['variant']}"
            if c["option"]
            else f"site|S1|{c['year'] + 1}"
            for c in earlier
        ]
        folder = tmp_path / str(seed)
        folder.mkdir()
        (folder / "components.csv").write_text("\n".join(["component_id", *ids, "gone|F17a|own||2|1|2027|0"]) + "\n")
        told = f"[[rule]]\nname = '少变动'\nkind = 'changes'\nplan = '{folder}'\nnumber = 2\n"
        made = make_options(needs=needs, options=options, facilities=facilities, openings=openings)
        problem = formulate(made, make_book(), parse_scenario(told))
        for chosen in some:
            taken = [c for c, one in zip(everything, chosen, strict=True) if one]
            changes = sum(
                sorted(map(state, _of(taken, need))) != sorted(map(state, _of(earlier, need))) for need in needs
            )
            changes += any(not c["option"] for c in taken) != any(not c["option"] for c in earlier)
            option, opening = chosen[: len(options)], chosen[len(options) :]
            assert rows_hold(problem, option, opening) == (changes <= 2), (seed, chosen)
            counted.add(changes)
    assert counted >= {0, 1, 2, 3}
