"""The money of a class given to its projects, in whole yuan, to few funds each.

Within a class every member has the same shares, so a split in proportion always exists. Any split that leaves the
rest in a state where proportion still works is as good; so projects are served one after the other, each from
as few funds as its shares allow (those it already has first), and what is left can always be given out. All
amounts are whole: a percent of a hundred yuan is a yuan, so no share is rounded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .class_money import HUNDRED

MOST_SOURCES = 4
"""Funds that one project can be filed with in practice."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one fund pays to a class in a payment year: in all (yuan), at most (percent), in which floor set."""

    fund: str
    amount: int
    cap: int
    floor_set: int = -1


@dataclass(frozen=True, slots=True)
class Due:
    """What falls due of one project in a class and payment year, in hundreds of yuan."""

    project: str
    hundreds: int


@dataclass(slots=True)
class FundsOfProjects:
    """Which funds each project has so far, so that later years use them again."""

    held: dict[str, set[str]] = field(default_factory=dict)

    def of(self, project: str) -> set[str]:
        """The funds of one project."""
        return self.held.setdefault(project, set())

    def add(self, grants: Mapping[tuple[str, str], int]) -> None:
        """Remember who got what from whom."""
        for project, fund in grants:
            self.of(project).add(fund)

    def new(self, grants: Mapping[tuple[str, str], int]) -> int:
        """How many (project, fund) pairs are not there yet."""
        return sum(fund not in self.of(project) for project, fund in grants)


def split_to_projects(
    dues: Sequence[Due],
    shares: Sequence[Share],
    floors: Mapping[int, int],
    funds: FundsOfProjects,
    small: Collection[tuple[str, str]] = (),
) -> dict[tuple[str, str], int]:
    """Yuan by (project, fund): every project paid in full, every fund's total kept, every share kept.

    `floors` gives the least percentage of each floor set, `small` the (project, fund) pairs to avoid because the
    project is too small for the fund. Of two orders of service the one that needs fewer such pairs and fewer new
    funds is taken; both are fixed by the input alone.
    """
    if sum(share.amount for share in shares) != HUNDRED * sum(due.hundreds for due in dues):
        raise ValueError("the funds do not pay exactly what falls due")
    largest = sorted(dues, key=lambda due: (-due.hundreds, due.project))
    trials = [largest, largest[::-1]] if len(largest) > 1 else [largest]
    splits = [_serve(trial, shares, floors, funds, small) for trial in trials]
    split = min(splits, key=lambda s: (sum(pair in small for pair in s), funds.new(s), len(s)))
    funds.add(split)
    return split


def _serve(
    dues: Iterable[Due],
    shares: Sequence[Share],
    floors: Mapping[int, int],
    funds: FundsOfProjects,
    small: Collection[tuple[str, str]],
) -> dict[tuple[str, str], int]:
    left = [share.amount for share in shares]
    dues = [due for due in dues if due.hundreds]
    rest = sum(due.hundreds for due in dues)
    out: dict[tuple[str, str], int] = {}
    for due in dues:
        rest -= due.hundreds
        avoided = {share.fund for share in shares if (due.project, share.fund) in small}
        paid = _one(due, rest, left, shares, floors, funds.of(due.project) - avoided, avoided)
        for place, amount in enumerate(paid):
            left[place] -= amount
            if amount:
                key = (due.project, shares[place].fund)
                out[key] = out.get(key, 0) + amount
    return out


def _one(
    due: Due,
    rest: int,
    left: list[int],
    shares: Sequence[Share],
    floors: Mapping[int, int],
    held: set[str],
    avoided: set[str],
) -> list[int]:
    """What each fund pays to one project, such that the `rest` (hundreds) can still be paid in proportion."""
    paid = [max(0, have - share.cap * rest) for have, share in zip(left, shares, strict=True)]
    most = [min(have, share.cap * due.hundreds) for have, share in zip(left, shares, strict=True)]
    wanted = HUNDRED * due.hundreds - sum(paid)
    room: dict[int, int] = {}
    least: dict[int, int] = {}
    for floor, percent in floors.items():
        inside = [place for place, share in enumerate(shares) if share.floor_set == floor]
        given = sum(paid[place] for place in inside)
        least[floor] = max(0, percent * due.hundreds - given)
        room[floor] = sum(left[place] for place in inside) - percent * rest - given
    order = sorted(
        range(len(shares)),
        key=lambda place: (
            shares[place].fund in avoided,
            paid[place] == 0 and shares[place].fund not in held,
            -most[place],
            shares[place].fund,
        ),
    )

    def pour(places: Iterable[int], amount: int) -> int:
        for place in places:
            floor = shares[place].floor_set
            add = min(most[place] - paid[place], amount, room.get(floor, amount))
            paid[place] += add
            amount -= add
            if floor in room:
                room[floor] -= add
        return amount

    for floor, needed in least.items():
        short = pour([place for place in order if shares[place].floor_set == floor], needed)
        wanted -= needed - short
    if pour(order, wanted):
        raise AssertionError(f"{due.project}: the shares of the class do not add up")
    return paid


def split_by_budget_year(
    grants: Mapping[tuple[str, str], int], by_year: Mapping[str, Mapping[int, int]]
) -> dict[tuple[str, str, int], int]:
    """Yuan by (project, fund, budget year): earlier budgets are used up first, projects in order of their codes.

    `by_year` has for every fund the yuan of each budget year; both totals are kept.
    """
    left = {
        fund: [[year, amount] for year, amount in sorted(years.items()) if amount] for fund, years in by_year.items()
    }
    out: dict[tuple[str, str, int], int] = {}
    for (project, fund), wanted in sorted(grants.items()):
        queue = left[fund]
        while wanted:
            year, have = queue[0]
            given = min(have, wanted)
            out[project, fund, year] = given
            wanted -= given
            queue[0][1] -= given
            if not queue[0][1]:
                queue.pop(0)
    return out


@dataclass(frozen=True, slots=True)
class Tidiness:
    """What of the funding table is still awkward to file; nothing was dropped for it, so no benefit is lost."""

    projects_over_four_sources: int
    grants_below_smallest: int
    below_smallest_yuan: int
    benefit_lost: int = 0


def tidiness(grants: Mapping[tuple[str, str], int], smallest: Mapping[str, int]) -> Tidiness:
    """Count projects with more than four funds, and grants (project, fund) below the fund's smallest (yuan)."""
    number: dict[str, int] = {}
    for project, _ in grants:
        number[project] = number.get(project, 0) + 1
    small = [amount for (_, fund), amount in grants.items() if amount < smallest.get(fund, 0)]
    return Tidiness(sum(count > MOST_SOURCES for count in number.values()), len(small), sum(small))
