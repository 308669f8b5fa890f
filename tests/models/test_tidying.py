"""Tidying the funding table changes who pays whom, never what is paid, shared or budgeted."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from qingdan.models.disbursement import tidiness
from qingdan.models.tidying import Cell, Ledger, Way, tidy

TURN = {"A": 0, "B": 3, "C": 4, "D": 4, "E": 4, "F": 4}


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    """Two classes of a few projects, every fund in both, all shares and the floor of C kept."""
    funds = sorted(TURN)[: draw(st.integers(2, 6))]
    cells: dict[Cell, int] = {}
    due: dict[tuple[str, int], int] = {}
    for demand in range(2):
        for number in range(draw(st.integers(1, 4))):
            project = f"P{number}"
            hundreds = draw(st.integers(1, 40))
            due[project, demand] = hundreds
            left = 100 * hundreds
            for fund in funds[:-1]:
                part = draw(st.integers(0, left)) if fund != "A" else draw(st.integers(0, 60 * hundreds))
                if part:
                    cells[project, demand, fund, 2027] = part
                left -= part
            if left:
                cells[project, demand, funds[-1], 2027] = left
    ways = tuple(Way(fund, 2027, 60 if fund == "A" else 100, 0 if fund == "C" else -1, fund == "E") for fund in funds)
    least = min(
        (cells.get((project, demand, "C", 2027), 0) // hundreds for (project, demand), hundreds in due.items()),
        default=0,
    )
    return Ledger(
        cells=cells,
        left={(fund, 2027): draw(st.integers(0, 2000)) for fund in funds},
        due=due,
        ways={0: ways, 1: ways},
        floors={0: least if "C" in funds else 0},
        fixed={("P0", "B"): 300} if draw(st.booleans()) else {},
        turn={fund: TURN[fund] for fund in funds},
        smallest={"A": 1500, "B": 500},
    )


def totals(ledger: Ledger) -> dict[tuple[str, str], int]:
    out = dict(ledger.fixed)
    for (project, _, fund, _), amount in ledger.cells.items():
        out[project, fund] = out.get((project, fund), 0) + amount
    return out


@given(ledgers())
@settings(max_examples=200, deadline=None)
def test_tidying_keeps_every_sum_share_floor_and_budget(ledger: Ledger) -> None:
    """After it everything still ties, and no more is awkward than before."""
    before = tidiness(totals(ledger), ledger.smallest)
    spent = {key: left + _used(ledger, *key) for key, left in ledger.left.items()}
    tied = {cell: amount for cell, amount in ledger.cells.items() if cell[2] == "E"}
    tidy(ledger)
    for (project, demand), hundreds in ledger.due.items():
        mine = {f: v for (p, d, f, _), v in ledger.cells.items() if (p, d) == (project, demand)}
        assert sum(mine.values()) == 100 * hundreds
        assert mine.get("A", 0) <= 60 * hundreds
        assert mine.get("C", 0) >= ledger.floors[0] * hundreds
    assert all(amount > 0 for amount in ledger.cells.values())
    assert all(left >= 0 for left in ledger.left.values())
    assert {key: left + _used(ledger, *key) for key, left in ledger.left.items()} == spent
    # money of which another rule speaks stays in its class
    for demand in range(2):
        now = sum(v for (_, d, f, _), v in ledger.cells.items() if f == "E" and d == demand)
        assert now == sum(v for (_, d, _, _), v in tied.items() if d == demand)
    after = tidiness(totals(ledger), ledger.smallest)
    assert after.projects_over_four_sources <= before.projects_over_four_sources
    assert after.grants_below_smallest <= before.grants_below_smallest


def _used(ledger: Ledger, fund: str, year: int) -> int:
    return sum(v for (_, _, f, y), v in ledger.cells.items() if (f, y) == (fund, year))


def test_a_crumb_is_exchanged_between_two_projects() -> None:
    """City money below its smallest grant goes to the project that has city money; county money comes back."""
    ways = (Way("B", 2027, 100, -1, False), Way("C", 2027, 100, -1, False))
    ledger = Ledger(
        cells={
            ("P1", 0, "B", 2027): 100,
            ("P1", 0, "C", 2027): 900,
            ("P2", 1, "B", 2027): 800,
            ("P2", 1, "C", 2027): 700,
        },
        left={("B", 2027): 0, ("C", 2027): 0},
        due={("P1", 0): 10, ("P2", 1): 15},
        ways={0: ways, 1: ways},
        floors={},
        fixed={},
        turn={"B": 3, "C": 4},
        smallest={"B": 500},
    )
    tidy(ledger)
    assert ledger.cells == {("P1", 0, "C", 2027): 1000, ("P2", 1, "B", 2027): 900, ("P2", 1, "C", 2027): 600}
