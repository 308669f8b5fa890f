"""Compile the kernels once, before the clock of a run is divided among its phases.

Compiled code is kept beside the package (or under NUMBA_CACHE_DIR), so that only the first run on a machine waits.
"""

from __future__ import annotations

import numpy as np

from .backends.outcome import Prices
from .certificate import certified_bound, make_certificate
from .exact_walk import fast_roots
from .problem import NONE, Objective, Problem, make_problem
from .sparse import Sparse
from .stop import Stop

STEPS = 40


def warm_up() -> None:
    """Run every compiled kernel once on a problem of a few columns."""
    from .branching import prove  # late, like all that follows: kernels are slow to import
    from .core import make_guide
    from .prices import find_prices, make_priced
    from .rounding import rounded
    from .search import EVEN, FILLING, PlanSearch

    problem = small_problem()
    priced = make_priced(problem)
    found = find_prices(priced, steps=STEPS)
    make_guide(priced, found)
    search = PlanSearch(priced, found.row, np.random.default_rng(0), lambda: True)
    search.load(rounded(problem, found.average))
    for grip in (1.0, 0.0):
        search.run(EVEN, factor=0.5, grip=grip)
    search.run(FILLING)
    search.reroute()
    prices = Prices(found.group, found.row)
    proof = prove(problem, prices=prices, plan=search.best, stop=Stop(time=None, work=STEPS))
    certificate = make_certificate(problem, (), [(proof.prices.group, proof.prices.row)])
    certified_bound(problem, certificate, 0, settle=fast_roots)


def small_problem() -> Problem:
    """Four needs, a site with two modules, a campaign, two funds in two years: every part of the class once."""
    options = 10
    facility = np.array([1, 1, 2, 2, 1, 3, 3, NONE, NONE, NONE])
    period = np.array([0, 1, 0, 1, 0, 0, 1, 0, 1, 0])
    spent = np.arange(options)
    return make_problem(
        2,
        (Objective("benefit", np.array([9, 8, 7, 6, 5, 6, 5, 4, 4, 3]), np.array([-1, 0, -1, 0, 0, -1, 0]), np.zeros(1, np.int64)),),
        group_capacity=[1, 2, 1, 1], group_region=[0, 0, 1, 1],
        facility_parent=[NONE, 0, 0, NONE], facility_capacity=[8, NONE, 6, NONE], facility_minimum=[0, 3, 2, 0],
        facility_occasional=[False, False, False, True], facility_exclusion=[NONE, 0, 0, NONE],
        facility_region=[0, 0, 0, 1],
        opening_facility=[0, 0, 1, 1, 2, 3, 3], opening_period=[0, 1, 0, 1, 0, 0, 1],
        option_group=[0, 0, 1, 1, 1, 2, 2, 3, 3, 3], option_weight=[1, 1, 2, 1, 1, 1, 1, 1, 1, 1],
        option_choice=[0, 0, 1, 1, NONE, 2, 2, 3, 3, NONE], option_facility=facility, option_period=period,
        option_size=[4, 4, 3, 5, 2, 0, 0, 0, 0, 0],
        row_limit=[12, 12, 9, -1],
        option_row=Sparse.from_entries(options, np.r_[spent, 7, 8], np.r_[np.full(options, 2), 3, 3], np.r_[np.ones(options), -1, -1]),
        opening_row=Sparse.from_entries(7, [0, 2], [2, 2], [1, 1]),
        extra_lower=[0], extra_upper=[1], extra_whole=[True], extra_row=Sparse.from_entries(1, [0], [2], [1]),
        class_count=1, demand_class=[0, 0],
        option_spend=Sparse.from_entries(options, spent, period, np.full(options, 3)),
        opening_spend=Sparse.from_entries(7, [0, 2, 4], [0, 0, 0], [2, 1, 1]),
        portion_class=[0, 0], portion_percent=[60, 100], portion_floor=[NONE, 0], floor_class=[0], floor_percent=[20],
        arc_demand=[0, 0, 1, 1], arc_portion=[0, 1, 0, 1], arc_source=[0, 1, 0, 1],
    )  # fmt: skip


if __name__ == "__main__":
    warm_up()
