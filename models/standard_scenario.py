"""A scenario to start from: rules that bind, none stricter than a modest plan that the book surely allows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from .book import Book
from .catalogue import catalogue_of
from .checkup import checkup
from .formulation_goals import met_thousandths
from .matching import match
from .modest_plan import ENOUGH, ModestPlan, Work, modest_plan
from .options import EMERGENCY, Options
from .scenario import Scenario, parse_scenario

FLOORS = (("resilience", "韧性工程", 20), ("green", "绿色工程", 8))
"""Programmes whose works take at least so many percent of the money used."""

COVERAGE = 15
"""Percent of the needs that can be met that every county meets."""

STREET_YEAR = 20
"""Works that one street office can start a year."""

WORKS_A_COMMUNITY = 0.3
"""What one department can start a year, in works a community of the book."""

COMMUNITIES_A_COMPLETE_ONE = 50
"""One complete community is asked for in so many."""

COMPLETE = "完整社区"

_HEAD = """\
title = "基准方案"

[objective]
kind = "lexicographic"
"""

_FLOOR = """
[[rule]]
kind = "money"
name = "{name}不少于所用资金的{share}%"
bound = "floor"
share = {share}
of = "used"
programmes = ["{programme}"]
"""

_MET = """
[[rule]]
kind = "met"
name = "各县区有办法的需求解决不少于{share}%"
share = {share}
reachable = true
each = ["county"]
"""

_COUNTIES = "counties = [{counties}]\n"

_CAPACITY = """
[[rule]]
kind = "number"
name = "每个{name}每年开工不超过{number}项"
bound = "ceiling"
number = {number}
each = ["{each}", "year"]
"""

_DIG = """
[[rule]]
kind = "dig_once"
name = "管线同沟同期开挖"
service_types = ["R02", "R03", "G03"]
saving = 8
fixed = 2
"""

_PILOTS = """
[[rule]]
kind = "pilots"
name = "试点第一年各项工程先行"
mode = "listed"
"""

_COMPLETE_ONES = """
[[rule]]
kind = "complete"
name = "至少建成{number}个完整社区"
number = {number}
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the modest plan keeps: percent by programme, percent of needs met and where, and numbers."""

    floors: dict[str, int]
    met: int
    counties: tuple[str, ...]  # where `met` is kept, if not everywhere
    pilots: bool
    hindered: tuple[str, ...]  # pilots for which the rule on pilots cannot be kept
    complete: int
    street: int
    department: int


def standard_scenario(book: Book) -> str:
    """The text of a scenario for this book: money by programme, need met by county, capacity, pilots.

    Every rule that the modest plan of the book cannot keep is lowered to what it keeps, or left out.
    """
    return scenario_with_hindered(book)[0]


def scenario_with_hindered(book: Book) -> tuple[str, tuple[str, ...]]:
    """The standard scenario, and the pilots because of which it has no rule on pilots."""
    draft = _text(Kept({name: share for name, _, share in FLOORS}, COVERAGE, (), False, (), 0, STREET_YEAR, 1))
    scenario = parse_scenario(draft)
    if book.table("needs").is_empty():
        book = book.with_table("needs", checkup(book, scenario).needs)
    kept = _kept(match(book, scenario), book, scenario)
    return _text(kept), kept.hindered


def _text(kept: Kept) -> str:
    text = _HEAD
    for programme, name, _ in FLOORS:
        if share := kept.floors.get(programme, 0):
            text += _FLOOR.format(name=name, share=share, programme=programme)
    if kept.met:
        text += _MET.format(share=kept.met)
        if kept.counties:
            text += _COUNTIES.format(counties=", ".join(f'"{code}"' for code in kept.counties))
    text += _CAPACITY.format(name="街道", number=kept.street, each="street")
    text += _CAPACITY.format(name="部门", number=kept.department, each="department")
    text += _DIG
    if kept.pilots:
        text += _PILOTS
    if kept.complete:
        text += _COMPLETE_ONES.format(number=kept.complete)
    return text


def _kept(options: Options, book: Book, scenario: Scenario) -> Kept:
    places = _listed(book)
    plan, works = modest_plan(options, book, scenario, places)
    of_need: dict[int, list[Work]] = defaultdict(list)
    for work in works:
        of_need[work.need].append(work)
    mandatory = frozenset(options.needs.with_row_index("n").filter("mandatory")["n"].to_list())
    empty = plan.copy()
    first = [work for work in works if work.year == book.years[0] and not work.emergency]
    hindered = _pilots(
        plan, [work for work in first if work.whole or work.need not in mandatory], options, book, places
    )
    pilots = bool(places) and not hindered
    if not _answered(plan, sorted(mandatory), of_need) and pilots:
        plan, pilots = empty, False
        _answered(plan, sorted(mandatory), of_need)
    free = [work for work in works if not work.emergency and work.need not in mandatory]
    complete = _complete(plan, of_need, mandatory, options, book)
    capacity = _Capacity(options, book)
    met, counties = _coverage(plan, free, options, capacity)
    floors = _floors(plan, free, options, capacity)
    return Kept(floors, met, counties, pilots, hindered, complete, *capacity.needed(plan))


def _answered(plan: ModestPlan, mandatory: Iterable[int], of_need: Mapping[int, Sequence[Work]]) -> bool:
    """Emergency handling of every mandatory need that nothing else answers; False if one has none that can be paid."""
    asked = [need for need in mandatory if need not in plan.taken and of_need[need]]
    return all([any(plan.take(work) for work in of_need[need] if work.emergency) for need in asked])


def _listed(book: Book) -> set[str]:
    listed = book.table("listings").filter(pl.col("programme") == "good_pilot")["community"]
    return {*listed, *book.table("communities").filter(pl.col("pilot_category").is_not_null())["id"]}


def _pilots(
    plan: ModestPlan, free: Sequence[Work], options: Options, book: Book, places: Collection[str]
) -> tuple[str, ...]:
    """Every pilot gets the cheapest work of every programme in which something can start in the first year.

    If that cannot be had for all nothing is taken, and the pilots that stand in the way are named.
    """
    home = options.needs.select("community", "programme").rows()
    early = options.options.filter(pl.col("year") == book.years[0], (pl.col("variant") & EMERGENCY) == 0)
    wanted: dict[tuple[str, str], list[Work]] = {
        home[need]: [] for need in early["need"].unique(maintain_order=True) if home[need][0] in places
    }
    for work in free:
        if home[work.need] in wanted:
            wanted[home[work.need]].append(work)
    for choices in wanted.values():
        choices.sort(key=lambda work: any(part.uses for part in work.parts))  # quotas are for who needs them
    if plan.take_all(sorted(wanted.values(), key=len)):
        return ()
    tried = plan.copy()
    return tuple(
        sorted(
            {
                key[0]
                for key in sorted(wanted, key=lambda key: len(wanted[key]))
                if not any(map(tried.take, wanted[key]))
            }
        )
    )


def _complete(
    plan: ModestPlan, of_need: dict[int, list[Work]], mandatory: Collection[int], options: Options, book: Book
) -> int:
    """Communities that can be completed, the cheapest first, as far as one is asked for in so many."""
    kinds = catalogue_of(book).service_types.filter(
        pl.col("programmes_counted").fill_null("").str.split(";").list.contains(COMPLETE)
    )["id"]
    counted: dict[str, list[list[Work]]] = defaultdict(list)
    needs = options.needs.with_row_index("n").filter(pl.col("service_type").is_in(kinds.to_list()))
    for need, community in needs.select("n", "community").iter_rows():
        taken = plan.taken.get(need)
        if taken is None or not taken.whole:
            free = taken is None and need not in mandatory
            counted[community].append([work for work in of_need[need] if work.whole] if free else [])
    able = {community: sum(works[0].cost for works in groups) for community, groups in counted.items() if all(groups)}
    wanted = max(1, book.table("communities").height // COMMUNITIES_A_COMPLETE_ONE)
    number = 0
    for community in sorted(able, key=lambda name: (able[name], name)):
        if number >= wanted:
            break
        number += plan.take_all(counted[community])
    return number


def _coverage(
    plan: ModestPlan, free: Iterable[Work], options: Options, capacity: _Capacity
) -> tuple[int, tuple[str, ...]]:
    """The cheapest needs of every county, until `COVERAGE` percent are met; the percent that most counties reach."""
    county = options.needs["county_code"].to_list()
    reached = options.options["need"].to_numpy()[met_thousandths(options, level=ENOUGH) > 0]
    within = Counter(county[need] for need in set(reached.tolist()))
    met = Counter(county[need] for need, work in plan.taken.items() if work.whole)
    for work in free:
        place = county[work.need]
        if work.whole and 100 * met[place] < COVERAGE * within[place] and capacity.take(plan, work):
            met[place] += 1
    share = {place: 100 * met[place] // number for place, number in within.items()}
    enough = sorted(place for place in share if share[place] >= COVERAGE)
    if len(enough) == len(share):
        return COVERAGE, ()
    if enough and 2 * len(enough) >= len(share):
        return COVERAGE, tuple(enough)
    return min(share.values(), default=0), ()


def _floors(plan: ModestPlan, free: Sequence[Work], options: Options, capacity: _Capacity) -> dict[str, int]:
    """Further works of each programme until it has its share of the money; the shares there are in the end."""
    programme = options.needs["programme"].to_list()
    left = {name: [work for work in free if programme[work.need] == name] for name, _, _ in FLOORS}
    short = True
    while short:
        total = plan.cost.total()
        short = False
        for name, _, share in FLOORS:
            while left[name] and 100 * plan.cost[name] < share * total:
                short |= capacity.take(plan, left[name].pop(0))
                total = plan.cost.total()
    total = max(plan.cost.total(), 1)
    return {name: min(share, 100 * plan.cost[name] // total) for name, _, share in FLOORS}


class _Capacity:
    """Works that a street office and a department can start a year: the usual, or more if the plan needs it."""

    def __init__(self, options: Options, book: Book) -> None:
        self._street = options.needs["street_code"].to_list()
        self._usual = max(10, round(WORKS_A_COMMUNITY * book.table("communities").height))
        self._started: Counter[tuple[str, str, int]] | None = None

    def take(self, plan: ModestPlan, work: Work) -> bool:
        """Take a work if street office and department can start one more in its year."""
        started = self._counted(plan)
        street, department = self._keys(work)
        if started[street] >= STREET_YEAR or started[department] >= self._usual or not plan.take(work):
            return False
        started.update((street, department))
        return True

    def needed(self, plan: ModestPlan) -> tuple[int, int]:
        """The two capacities."""
        started = self._counted(plan)
        most = {kind: max((n for key, n in started.items() if key[0] == kind), default=0) for kind in ("s", "d")}
        return max(STREET_YEAR, most["s"]), max(self._usual, most["d"])

    def _keys(self, work: Work) -> tuple[tuple[str, str, int], tuple[str, str, int]]:
        return ("s", self._street[work.need] or "", work.year), ("d", work.department, work.year)

    def _counted(self, plan: ModestPlan) -> Counter[tuple[str, str, int]]:
        if self._started is None:
            works = [work for work in plan.taken.values() if not work.emergency]
            self._started = Counter(key for work in works for key in self._keys(work))
        return self._started
