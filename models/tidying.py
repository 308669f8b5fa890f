"""Funding that can be filed: grants too small for their fund, and funds beyond the fourth, moved to others.

A grant is given up only whole, and only where other money can pay instead within its shares: what budgets still
hold, unless another rule speaks of it, or what another project of the class gives in exchange. No works
change, so no benefit is lost; what cannot be moved is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from .disbursement import MOST_SOURCES

Cell = tuple[str, int, str, int]  # project, demand, fund, budget year

MOST_TRIALS: Final = 300
"""Partners that are asked before an exchange is given up."""


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
    smallest: Mapping[str, int]  # yuan, by fund
    by_grant: dict[tuple[str, str], set[Cell]] = field(default_factory=dict)
    funds: dict[str, set[str]] = field(default_factory=dict)
    by_source: dict[tuple[str, int], set[Cell]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for cell in self.cells:
            self._note(cell)
        for project, fund in self.fixed:
            self.funds.setdefault(project, set()).add(fund)

    def _note(self, cell: Cell) -> None:
        project, _, fund, budget_year = cell
        self.by_source.setdefault((fund, budget_year), set()).add(cell)
        self.by_grant.setdefault((project, fund), set()).add(cell)
        self.funds.setdefault(project, set()).add(fund)

    def total(self, project: str, fund: str) -> int:
        """Yuan that a fund gives to a project."""
        moved = sum(self.cells[cell] for cell in self.by_grant.get((project, fund), ()))
        return moved + self.fixed.get((project, fund), 0)

    def give_up(self, project: str, fund: str, *, further: bool) -> bool:
        """Let other funds pay instead of this one; nothing changes where they cannot.

        The other funds are those that the project has; `further` ones are taken too as long as none of them gives
        less than its smallest and the project does not come to more than four.
        """
        if (project, fund) in self.fixed:
            return False
        before = set(self.funds[project])
        allowed = (before | set(self.turn) if further else before) - {fund}
        moves: list[tuple[Cell, Cell, int]] = []
        whole = all(self._move(cell, allowed, moves) for cell in sorted(self.by_grant[project, fund]))
        new = {target[2] for _, target, _ in moves if target[0] == project} - before
        after = (before | new) - {fund}
        few = len(after) <= max(MOST_SOURCES, len(before))
        if whole and few and all(self.total(project, one) >= self.smallest.get(one, 0) for one in new):
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
        others = [way for way in ways if way.fund in allowed]
        held = self.funds[project]
        # funds that the project has come first, so that a new one is taken only where they do not reach
        others.sort(key=lambda w: (w.fund not in held, self.turn[w.fund], w.budget_year, w.fund))
        for way in () if own.tied else others:
            if way.tied:
                continue
            room = min(self.left[way.fund, way.budget_year], self._room(project, demand, own, way, self.cells[cell]))
            self._take(cell, (project, demand, way.fund, way.budget_year), room, moves)
            if not self.cells[cell]:
                return True
        for way in others:
            if way.fund not in held:
                continue
            givers = sorted(self.by_source.get((way.fund, way.budget_year), ()))
            for theirs in givers[:MOST_TRIALS]:
                if theirs[0] != project and fund in self.funds[theirs[0]]:
                    self._swap(cell, own, theirs, way, moves)
                if not self.cells[cell]:
                    return True
        return False

    def _swap(self, cell: Cell, own: Way, theirs: Cell, way: Way, moves: list[tuple[Cell, Cell, int]]) -> None:
        """Another project takes this money and gives some of its own: every budget pays what it paid before.

        Between classes only where no other rule speaks of either money.
        """
        project, demand, fund, budget_year = cell
        other, elsewhere = theirs[0], theirs[1]
        if elsewhere == demand:
            comes, goes = own, way
        else:
            pairs = {(one.fund, one.budget_year): one for one in self.ways[elsewhere]}
            found, goes = pairs.get((fund, budget_year)), pairs[way.fund, way.budget_year]
            if found is None or found.tied or goes.tied or own.tied or way.tied:
                return
            comes = found
        give = min(self.cells.get(theirs, 0), self.total(other, way.fund) - max(1, self.smallest.get(way.fund, 0)))
        give = min(give, self._room(project, demand, own, way, self.cells[cell]))
        give = min(give, self._room(other, elsewhere, goes, comes, give))
        if give > 0:
            self._take(cell, (other, elsewhere, fund, budget_year), give, moves)
            self._take(theirs, (project, demand, way.fund, way.budget_year), give, moves)

    def _room(self, project: str, demand: int, leaving: Way, coming: Way, wanted: int) -> int:
        """How much of one fund's money in a project may become another's, by shares and floor."""
        due = self.due[project, demand]
        room = min(wanted, coming.cap * due - self._paid(project, demand, {coming.fund}))
        if leaving.floor_set >= 0 and coming.floor_set != leaving.floor_set:
            local = {one.fund for one in self.ways[demand] if one.floor_set == leaving.floor_set}
            room = min(room, self._paid(project, demand, local) - self.floors[leaving.floor_set] * due)
        return room

    def _take(self, source: Cell, target: Cell, amount: int, moves: list[tuple[Cell, Cell, int]]) -> None:
        if amount > 0:
            self._shift(source, target, amount)
            moves.append((source, target, amount))

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


def tidy(ledger: Ledger) -> None:
    """Give up grants below their fund's smallest, then the smallest grants of projects with more than four."""
    small = [
        (ledger.total(project, fund), project, fund)
        for project, fund in ledger.by_grant
        if ledger.total(project, fund) < ledger.smallest.get(fund, 0)
    ]
    for _, project, fund in sorted(small):
        if ledger.total(project, fund) < ledger.smallest.get(fund, 0):
            ledger.give_up(project, fund, further=True)
    for project in sorted(ledger.funds):
        for fund in sorted(ledger.funds[project], key=lambda fund: (ledger.total(project, fund), fund)):
            if len(ledger.funds[project]) <= MOST_SOURCES:
                break
            ledger.give_up(project, fund, further=False)
    ledger.cells = {cell: amount for cell, amount in ledger.cells.items() if amount}
