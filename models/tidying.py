"""Funding that can be filed: grants too small for their fund, and funds beyond the fourth, moved to others.

A grant is given up only whole, and only where other funds that the project has anyway can pay instead: within
their shares, with what their budgets still hold, and out of every other rule on money. No works change, so
no benefit is lost; what cannot be moved is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .disbursement import MOST_SOURCES

Cell = tuple[str, int, str, int]  # project, demand, fund, budget year


@dataclass(frozen=True, slots=True)
class Way:
    """A fund-year that may pay a demand: at most `cap` percent together with the fund's other years.

    `tied` says that some other rule speaks of this money, so that it stays as it is.
    """

    fund: str
    budget_year: int
    cap: int
    floor_set: int
    tied: bool


@dataclass(slots=True)
class Ledger:
    """The funding table while it is tidied: yuan by cell, what each budget still holds, what is due."""

    cells: dict[Cell, int]
    left: dict[tuple[str, int], int]  # fund, budget year
    due: Mapping[tuple[str, int], int]  # hundreds, by project and demand
    ways: Mapping[int, tuple[Way, ...]]
    floors: Mapping[int, int]  # percent, by floor set
    fixed: Mapping[tuple[str, str], int]  # yuan that cannot be moved, by project and fund
    turn: Mapping[str, int]  # small pays first
    by_grant: dict[tuple[str, str], set[Cell]] = field(default_factory=dict)
    funds: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for cell in self.cells:
            self._note(cell)
        for project, fund in self.fixed:
            self.funds.setdefault(project, set()).add(fund)

    def _note(self, cell: Cell) -> None:
        project, _, fund, _ = cell
        self.by_grant.setdefault((project, fund), set()).add(cell)
        self.funds.setdefault(project, set()).add(fund)

    def total(self, project: str, fund: str) -> int:
        """Yuan that a fund gives to a project."""
        moved = sum(self.cells[cell] for cell in self.by_grant.get((project, fund), ()))
        return moved + self.fixed.get((project, fund), 0)

    def give_up(self, project: str, fund: str, smallest: Mapping[str, int] | None = None) -> bool:
        """Let other funds pay instead of this one; nothing changes where they cannot.

        The other funds are those that the project has; with `smallest` (yuan, by fund) also further ones, as long as
        none of them gives less than its smallest and the project does not come to more than four.
        """
        if (project, fund) in self.fixed:
            return False
        before = set(self.funds[project])
        allowed = before if smallest is None else before | set(self.turn)
        moves: list[tuple[Cell, Cell, int]] = []
        whole = all(self._move(cell, allowed - {fund}, moves) for cell in sorted(self.by_grant[project, fund]))
        new = {target[2] for _, target, _ in moves} - before
        held = smallest or {}
        after = (before | new) - {fund}
        few = len(after) <= max(MOST_SOURCES, len(before))
        if whole and few and all(self.total(project, one) >= held.get(one, 0) for one in new):
            self.funds[project] = after
            self.by_grant.pop((project, fund))
            return True
        for source, target, amount in reversed(moves):
            self._shift(target, source, amount)
        self.funds[project] = before
        return False

    def _move(self, cell: Cell, allowed: set[str], moves: list[tuple[Cell, Cell, int]]) -> bool:
        project, demand, fund, budget_year = cell
        ways = self.ways[demand]
        own = next(way for way in ways if (way.fund, way.budget_year) == (fund, budget_year))
        if own.tied:
            return False
        others = [way for way in ways if way.fund in allowed and not way.tied]
        held = self.funds[project]
        # funds that the project has come first, so that a new one is taken only where they do not reach
        for way in sorted(others, key=lambda w: (w.fund not in held, self.turn[w.fund], w.budget_year, w.fund)):
            wanted = self.cells[cell]
            room = min(wanted, self.left[way.fund, way.budget_year])
            room = min(room, way.cap * self.due[project, demand] - self._paid(project, demand, {way.fund}))
            if own.floor_set >= 0 and way.floor_set != own.floor_set:
                local = {one.fund for one in ways if one.floor_set == own.floor_set}
                least = self.floors[own.floor_set] * self.due[project, demand]
                room = min(room, self._paid(project, demand, local) - least)
            if room > 0:
                target = (project, demand, way.fund, way.budget_year)
                self._shift(cell, target, room)
                moves.append((cell, target, room))
            if not self.cells.get(cell):
                return True
        return False

    def _paid(self, project: str, demand: int, funds: set[str]) -> int:
        return sum(
            self.cells.get((project, demand, way.fund, way.budget_year), 0)
            for way in self.ways[demand]
            if way.fund in funds
        )

    def _shift(self, source: Cell, target: Cell, amount: int) -> None:
        self.cells[source] -= amount
        self.cells[target] = self.cells.get(target, 0) + amount
        self._note(target)
        self.left[source[2], source[3]] += amount
        self.left[target[2], target[3]] -= amount


def tidy(ledger: Ledger, smallest: Mapping[str, int]) -> None:
    """Give up grants below their fund's smallest (yuan), then the smallest grants of projects with more than four."""
    small = [
        (ledger.total(project, fund), project, fund)
        for project, fund in ledger.by_grant
        if ledger.total(project, fund) < smallest.get(fund, 0)
    ]
    for _, project, fund in sorted(small):
        if ledger.total(project, fund) < smallest.get(fund, 0):
            ledger.give_up(project, fund, smallest)
    for project in sorted(ledger.funds):
        for fund in sorted(ledger.funds[project], key=lambda fund: (ledger.total(project, fund), fund)):
            if len(ledger.funds[project]) <= MOST_SOURCES:
                break
            ledger.give_up(project, fund)
    ledger.cells = {cell: amount for cell, amount in ledger.cells.items() if amount}
