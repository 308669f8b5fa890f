"""A plan under search: passes of the ascent, money routed anew, and the phases that lead to a first plan."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .ascent import ascend
from .blend_walk import mix
from .books import Books, Ledger, open_books, open_ledger, plan_of, reprice
from .elastic import EXCEEDED, row_use
from .feasibility import profit, violations
from .halves import AFTERWARDS, Halves, another, make_halves, together, with_half_the_room
from .prices import Priced, price_scales
from .problem import NONE, Problem
from .regions import Regions, divide
from .reroute import bundles_of_arcs, rerouted
from .shelves import Shelves, make_shelves
from .solution import Plan

Float = NDArray[np.float64]
Int = NDArray[np.int64]

CHUNK = 100  # things between two looks at the clock
DEARER = 3.0  # how much the penalty of rows that are still exceeded rises
ASKING = 3.0  # of its price: what a unit costs that a rule asks for and does not get, at least
SMALLEST_PRICE = 0.3  # of its natural price: what overspending a row without price costs at least

# degrees of profit and of priced use, pass by pass
EVEN = ((1.0, 1.0),)
LEAN = ((1.0, 0.7),)
FILLING = ((1.0, 0.5),)


def empty_plan(problem: Problem) -> Plan:
    """Nothing is taken; extra columns at the value nearest to zero."""
    return Plan(
        np.zeros(problem.options, np.bool_),
        np.zeros(problem.openings, np.bool_),
        np.clip(0, problem.extra_lower, problem.extra_upper).astype(np.float64),
        np.zeros(problem.arcs),
    )


@dataclass(slots=True)
class PlanSearch:
    """Ascent on one problem at given row prices; `best` is the best plan so far that obeys every rule."""

    priced: Priced
    row_price: Float
    random: np.random.Generator
    go_on: Callable[[], bool]
    threads: int = 1
    best: Plan | None = None
    best_value: int = 0
    passes: int = 0
    books: Books = field(init=False)
    shelves: Shelves = field(init=False)
    ledger: Ledger = field(init=False)
    overspending: Float = field(init=False)  # natural price of a unit beyond a row's limit
    regions: Regions = field(init=False)
    halves: Halves | None = field(init=False)
    arc_order: Int = field(init=False)  # arcs by demand, the cheapest first
    fresh: NDArray[np.bool_] = field(init=False)
    bundles: list[Int] = field(init=False)  # of arcs whose money is routed together
    dearer: Float = field(init=False)  # how many times that price a row's penalty has risen to

    def __post_init__(self) -> None:
        p = self.priced.problem
        books = open_books(self.priced)
        self.books = books._replace(row_penalty=np.maximum(books.row_penalty, ASKING * self.row_price))
        asks = p.objectives[0].opening > 0
        asks[p.opening_row.owner_of_entry()[p.opening_row.amount < 0]] = True
        self.shelves = make_shelves(self.priced.layout, p.options, asks)
        self.overspending = np.maximum(self.row_price, SMALLEST_PRICE * price_scales(self.priced)[1])
        self.dearer = np.ones(p.rows)
        self.regions = divide(p)
        self.halves = make_halves(p, self.priced.layout, self.regions)
        self.bundles = bundles_of_arcs(p, self.regions)
        arc_price = self.priced.arc_use @ self.row_price
        self.arc_order = np.lexsort((np.arange(p.arcs), arc_price, p.arc_demand)).astype(np.int64)
        self.fresh = np.zeros(p.options, np.bool_)
        unit_cost, _ = mix(self.priced.blends, arc_price)
        prices = np.concatenate([self.row_price, unit_cost, np.zeros(p.groups)])
        self.shelves.option_cost[:] = self.priced.option_use @ prices
        self.shelves.opening_cost[:] = self.priced.opening_use @ prices[: len(self.row_price) + len(unit_cost)]
        self.load(empty_plan(p))

    def bar(self, option: NDArray[np.bool_], opening: NDArray[np.bool_]) -> None:
        """Leave these columns alone from now on, unless the plan holds them."""
        self.shelves.option_barred[:] = option
        self.shelves.opening_barred[:] = opening

    def load(self, plan: Plan) -> None:
        """Go on from this plan."""
        self.ledger = open_ledger(self.books, self.priced.problem, plan, self.row_price)

    @property
    def plan(self) -> Plan:
        """The plan as it stands, allowed or not."""
        return plan_of(self.books, self.ledger)

    def lenient(self, factor: float) -> Books:
        """Books in which every row may be exceeded at `factor` times its price; rules that ask keep their penalty."""
        penalty = self.dearer * np.where(self.books.row_soft, self.books.row_penalty, factor * self.overspending)
        return self.books._replace(row_soft=np.ones(len(penalty), np.bool_), row_penalty=penalty)

    def make_dearer(self) -> None:
        """Raise the penalty of what the plan exceeds, and look at all that would relieve it, whatever it loses."""
        p = self.priced.problem
        exceeded = row_use(p, self.plan) > p.row_limit + EXCEEDED
        self.dearer[exceeded] *= DEARER
        relieving = p.option_row.owner_of_entry()[exceeded[p.option_row.index] & (p.option_row.amount < 0)]
        self.shelves.option_barred[relieving] = False
        facility = np.zeros(p.facilities + 1, np.bool_)
        facility[p.option_facility[relieving]] = True
        facility[NONE] = False
        parent = p.facility_parent[np.flatnonzero(facility[:-1])]
        facility[parent[parent != NONE]] = True
        opens = p.opening_row.owner_of_entry()[exceeded[p.opening_row.index] & (p.opening_row.amount < 0)]
        self.shelves.opening_barred[opens] = False
        self.shelves.opening_barred[facility[p.opening_facility]] = False

    def run(self, degrees: tuple[tuple[float, float], ...], *, factor: float | None = None, grip: float = 1.0) -> None:
        """Passes over all blocks in random order; with a `factor` rows may be exceeded, and money is routed anew."""
        p, layout = self.priced.problem, self.priced.layout
        books = self.books if factor is None else self.lenient(factor)
        things = len(layout.root_facility) + len(layout.loose_start) - 1 + p.extras
        for degree in degrees:
            order = self.random.permutation(things)
            reprice(books, self.ledger, p.rows, p.groups, self.row_price)
            if self.halves is None:
                self._pass(books, self.ledger, order, degree, grip)
            else:
                self._pass_of_halves(self.halves, books, order, degree, grip)
            if not self.go_on():
                return
            self.passes += 1
            if factor is not None:
                self.reroute()

    def _pass(self, books: Books, ledger: Ledger, order: Int, degree: tuple[float, float], grip: float) -> None:
        """Settle these things one after the other, until time is up."""
        p = self.priced.problem
        lower, upper = p.extra_lower.astype(np.float64), p.extra_upper.astype(np.float64)
        for begin in range(0, len(order), CHUNK):
            if not self.go_on():
                return
            ascend(
                books, self.shelves, ledger, self.row_price, self.arc_order, np.array(degree), grip,
                order[begin : begin + CHUNK], lower, upper, self.fresh,
            )  # fmt: skip

    def _pass_of_halves(
        self, halves: Halves, books: Books, order: Int, degree: tuple[float, float], grip: float
    ) -> None:
        """The same for two halves of the regions at a time; what belongs to no region comes last."""
        p = self.priced.problem
        narrow = with_half_the_room(books, self.ledger, halves.shared)
        ledgers = (self.ledger, another(self.ledger))
        for ledger in ledgers:
            reprice(narrow, ledger, p.rows, p.groups, self.row_price)

        def settle(half: int) -> None:
            self._pass(narrow, ledgers[half], order[halves.thing[order] == half], degree, grip)

        with ThreadPoolExecutor(max(1, min(self.threads, 2))) as workers:
            list(workers.map(settle, (0, 1)))
        self.load(together(books, *ledgers, halves))
        reprice(books, self.ledger, p.rows, p.groups, self.row_price)
        self._pass(books, self.ledger, order[halves.thing[order] == AFTERWARDS], degree, grip)

    def reroute(self) -> None:
        """Route the money of the plan anew."""
        self.load(rerouted(self.priced.problem, self.plan, self.row_price, self.bundles))

    def offer(self, plan: Plan) -> bool:
        """Keep a plan if it obeys every rule and is better than the best."""
        p = self.priced.problem
        value = profit(p, p.objectives[0], plan)
        if (self.best is not None and value <= self.best_value) or violations(p, plan):
            return False
        self.best, self.best_value = plan, value
        return True
