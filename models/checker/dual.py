"""The bound that prices prove, in Python's whole numbers: money by filling shares, each root by a small knapsack.

With a price for every group and row the program falls apart. What is left is solved exactly, so for any prices
that are not negative the sum is an upper bound. Everything is times 100 (shares are whole percent) and times the
grid of the prices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from .cases import Leaf, PricedSum
from .program import NONE, UNLIMITED, Program

Item = tuple[int, int]
"""What is taken of a capacity, and what it is worth."""
Dated = tuple[int, int, int]
"""Period, size, worth."""

COARSE_STATES = 1 << 20
"""A root with more possible loads than this may be bounded a little above its best."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound with and without the modules' own capacities; `coarse`: some root is very large."""

    lowest: int
    highest: int
    coarse: bool


def prove_cases(program: Program, stage: int, reached: list[int], leaves: list[Leaf]) -> Bound:
    """The bound of one stage that holds on every leaf of a proof by cases."""
    bounds = [prove(program, stage, reached, leaf.scale, leaf.group, leaf.row, leaf.sums) for leaf in leaves]
    return Bound(
        max(bound.lowest for bound in bounds),
        max(bound.highest for bound in bounds),
        any(bound.coarse for bound in bounds),
    )


def prove(
    program: Program,
    stage: int,
    reached: list[int],
    scale: int,
    group_price: list[int],
    row_price: list[int],
    sums: tuple[PricedSum, ...] = (),
) -> Bound:
    """The bound of one stage, given what the stages before it reached, where these sums hold."""
    whole = worth_of_limits(program, reached, group_price, row_price)
    found = worth_of_columns(program, stage, scale, group_price, row_price, sums)
    unit = 100 * scale
    return Bound((whole + found.lowest) // unit, (whole + found.highest) // unit, found.coarse)


def worth_of_limits(program: Program, reached: list[int], group_price: list[int], row_price: list[int]) -> int:
    """What all limits are worth at these prices, times 100."""
    limits = [*program["row_limit"].tolist(), *(-value for value in reached)]
    capacities = program["group_capacity"].tolist()
    worth: int = sum(price * limit for price, limit in zip(row_price, limits, strict=True))
    worth += sum(price * most for price, most in zip(group_price, capacities, strict=True))
    return 100 * worth


def worth_of_columns(
    program: Program,
    stage: int,
    scale: int,
    group_price: list[int],
    row_price: list[int],
    sums: tuple[PricedSum, ...] = (),
) -> Bound:
    """The most that columns bring less the price of what they use, with that of these sums; times 100 and the scale."""
    p, constant = program, 0
    rows = len(row_price) - stage
    money = unit_costs(p, row_price)
    worth = {}
    for kind in ("option", "opening", "extra"):
        points = p[f"objective_{kind}"][stage].tolist()
        values = [100 * scale * point for point in points]
        for before in range(stage):  # the row of an earlier stage holds minus its objective
            price = row_price[rows + before]
            if price:
                for place, point in enumerate(p[f"objective_{kind}"][before].tolist()):
                    values[place] += 100 * price * point
        _less_rows(p, kind, row_price, values)
        worth[kind] = values
    for kind in ("option", "opening"):
        _less(
            worth[kind],
            p[f"{kind}_spend_start"].tolist(),
            p[f"{kind}_spend_index"].tolist(),
            p[f"{kind}_spend_amount"].tolist(),
            money,
            1,
        )
    for place, (group, weight) in enumerate(zip(p["option_group"].tolist(), p["option_weight"].tolist(), strict=True)):
        if group != NONE:
            worth["option"][place] -= 100 * group_price[group] * weight
    for held in sums:
        constant += 100 * held.price * held.limit
        for kind, place, times in held.entries:
            worth[kind][place] -= 100 * held.price * times
    total = constant + _extras(p, worth["extra"]) + _siteless(p, worth["option"])
    lowest, highest, coarse = _roots(p, worth["option"], worth["opening"])
    return Bound(total + lowest, total + highest, coarse)


def _less_rows(p: Program, kind: str, row_price: list[int], values: list[int]) -> None:
    _less(
        values,
        p[f"{kind}_row_start"].tolist(),
        p[f"{kind}_row_index"].tolist(),
        p[f"{kind}_row_amount"].tolist(),
        row_price,
        100,
    )


def _less(
    values: list[int], start: list[int], index: list[int], amount: list[int], price: list[int], factor: int
) -> None:
    for owner in range(len(values)):
        begin, end = start[owner], start[owner + 1]
        if begin != end:
            values[owner] -= factor * sum(price[index[at]] * amount[at] for at in range(begin, end))


def unit_costs(p: Program, row_price: list[int]) -> list[int]:
    """For every demand 100 times the least that a unit of money costs, shares and floors respected."""
    cheapest: dict[tuple[int, int], int] = {}
    start, index, amount = (p[f"arc_row_{part}"].tolist() for part in ("start", "index", "amount"))
    arcs = zip(p["arc_demand"].tolist(), p["arc_portion"].tolist(), p["arc_source"].tolist(), strict=True)
    for arc, (demand, portion, source) in enumerate(arcs):
        price = row_price[source] + sum(row_price[index[at]] * amount[at] for at in range(start[arc], start[arc + 1]))
        held = cheapest.get((demand, portion))
        if held is None or price < held:
            cheapest[demand, portion] = price
    by_demand: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for (demand, portion), price in cheapest.items():
        by_demand[demand].append((price, portion))
    percent, floor_of, least = (p[name].tolist() for name in ("portion_percent", "portion_floor", "floor_percent"))
    costs = [0] * p.size["demand"]
    for demand, portions in by_demand.items():
        portions.sort()
        taken = dict.fromkeys((portion for _, portion in portions), 0)
        filled: dict[int, int] = defaultdict(int)
        for _, portion in portions:
            floor = floor_of[portion]
            if floor != NONE:
                taken[portion] = max(0, min(percent[portion], least[floor] - filled[floor]))
                filled[floor] += taken[portion]
        wanted = 100 - sum(taken.values())
        for _, portion in portions:
            more = max(0, min(percent[portion] - taken[portion], wanted))
            taken[portion] += more
            wanted -= more
        costs[demand] = sum(price * taken[portion] for price, portion in portions)
    return costs


def _extras(p: Program, worth: list[int]) -> int:
    bounds = zip(worth, p["extra_lower"].tolist(), p["extra_upper"].tolist(), strict=True)
    return sum(max(value * lower, value * upper) for value, lower, upper in bounds)


def _siteless(p: Program, worth: list[int]) -> int:
    best: dict[int, int] = {}
    alone = 0
    for value, facility, choice in zip(worth, p["option_facility"].tolist(), p["option_choice"].tolist(), strict=True):
        if facility == NONE and value > 0:
            if choice == NONE:
                alone += value
            else:
                best[choice] = max(best.get(choice, 0), value)
    return alone + sum(best.values())


def _roots(p: Program, option: list[int], opening: list[int]) -> tuple[int, int, bool]:
    """The best of every root, with and without the modules' own capacities."""
    parent, capacity = p["facility_parent"].tolist(), p["facility_capacity"].tolist()
    openings: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for facility, period, value in zip(
        p["opening_facility"].tolist(), p["opening_period"].tolist(), opening, strict=True
    ):
        openings[facility].append((period, value))
    choices: dict[int, dict[int, list[Dated]]] = defaultdict(lambda: defaultdict(list))
    columns = zip(
        option, p["option_facility"].tolist(), p["option_choice"].tolist(), p["option_period"].tolist(),
        p["option_size"].tolist(), strict=True,
    )  # fmt: skip
    for place, (value, facility, choice, period, size) in enumerate(columns):
        if facility != NONE and value > 0:
            choices[facility][choice if choice != NONE else -2 - place].append((period, size, value))
    modules: dict[int, list[int]] = defaultdict(list)
    for facility, above in enumerate(parent):
        if above != NONE and facility in openings:
            modules[above].append(facility)
    minimum, exclusion = p["facility_minimum"].tolist(), p["facility_exclusion"].tolist()
    occasional = p["facility_occasional"].tolist()
    lowest = highest = 0
    coarse = False
    for root in openings:
        if parent[root] != NONE:
            continue
        room = capacity[root]
        limited = any(capacity[module] != UNLIMITED for module in modules[root])
        values = []
        for own in (True, False) if limited else (False,):
            sets: dict[int, list[Dated]] = defaultdict(list)
            for module in modules[root]:
                key = exclusion[module] if exclusion[module] != NONE else -2 - module
                inside = capacity[module] if own and capacity[module] != UNLIMITED else room
                inside = inside if room == UNLIMITED else min(inside, room) if inside != UNLIMITED else room
                sets[key] += _module_items(
                    choices[module], openings[module], minimum[module], inside, room, occasional[root]
                )
            values.append(
                _root_value([*choices[root].values(), *sets.values()], openings[root], room, occasional[root])
            )
        lowest += values[0]
        highest += values[-1]
        coarse = coarse or room > COARSE_STATES
    return lowest, highest, coarse


def _served(items: Iterable[Dated], period: int, occasional: bool) -> list[Item]:
    return [
        (size, value) for when, size, value in items if value > 0 and (when == period if occasional else when >= period)
    ]


def _module_items(
    choices: dict[int, list[Dated]],
    openings: list[tuple[int, int]],
    minimum: int,
    inside: int,
    room: int,
    occasional: bool,
) -> list[Dated]:
    """What a module may take and be worth, for every period in which it may open."""
    out = []
    for period, value in openings:
        front = best_front([_served(items, period, occasional) for items in choices.values()], inside)
        padded: dict[int, int] = {}
        for load, gain in front:
            size = max(load, minimum)
            if room == UNLIMITED or size <= room:
                padded[size] = max(padded.get(size, gain), gain)
        out += [(period, size, value + gain) for size, gain in padded.items()]
    return out


def _root_value(sets: list[list[Dated]], openings: list[tuple[int, int]], room: int, occasional: bool) -> int:
    best = 0
    for period, value in openings:
        classes = [items for items in (_served(dated, period, occasional) for dated in sets) if items]
        if value + sum(max(gain for _, gain in items) for items in classes) > best:
            best = max(best, value + best_front(classes, room)[-1][1])
    return best


def best_front(classes: list[list[Item]], room: int) -> list[Item]:
    """Loads within the room at which the best worth rises, with that worth; of each class one item at most."""
    classes = [items for items in classes if items]
    if room == UNLIMITED:
        return [(0, sum(max(value for _, value in items) for items in classes))]
    front: list[Item] = [(0, 0)]
    for items in classes:
        candidates = list(front)
        for size, value in _rising(items):
            if size <= room:
                candidates += [(load + size, held + value) for load, held in front if load + size <= room]
        front = _rising(candidates)
    return front


def _rising(items: list[Item]) -> list[Item]:
    """Items that no other of smaller or equal size equals or beats, in order of size."""
    out: list[Item] = []
    for size, value in sorted(items, key=lambda item: (item[0], -item[1])):
        if not out or value > out[-1][1]:
            out.append((size, value))
    return out
