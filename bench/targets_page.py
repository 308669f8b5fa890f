"""`docs/reference/targets.md`: the targets and what was measured, made from the table of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .target_records import Result
from .target_rows import Row

_BEFORE = """\
# Targets of the solver, measured

What the solver is meant to reach, and what it reached on the machine named below. The page is written by `make targets`
from `bench/data/targets.csv`, which holds all figures; edit neither by hand.

```console
$ make targets                                   # every row that has no result yet: about three hours in all
$ make targets ROWS="plan-50 sscflp-holmberg"    # these alone
$ python -m qingdan.bench.targets --help
```

A row that has a result is left alone unless `--again` is given. A measurement that was stopped is resumed: what was
measured before, with the same code of the solver, is not measured again. `--all` takes every public file instead of the sample,
`--time-scale 0.05` shortens all limits for a trial, whose results are shown and not kept.
"""
_AFTER = """\
## How it is measured

* Every measurement runs in a process of its own; *memory* is the most that the largest of them held once the program was
  read. *Seconds* are those of all solving in the row.
* Books are those of `generate(n, seed=1)` ([generator.md](generator.md)) under their own scenario, solved as
  `qingdan solve` does with `--method auto`; the clock starts with the compiled program in memory and kernels compiled. A nation
  is made of provinces with a seed each, joined to one program.
* The gap of a plan row is that of its benefit, |bound - benefit| / bound, against the certified bound recomputed in whole
  numbers after the run, in a run of its own for every time limit; a run that ends up to 5 % after its limit counts as in time.
* Growth, comparison and solving again go by the course of plan and bound that a run reports; the bounds of other solvers
  are their own claims. Time before the benefit stage counts.
* Public instances are described in [classic.md](classic.md). Their rows use the decomposition whatever the size. A gap to the
  best known value is above 0 where the plan is worse, below 0 where it is better; *proven* counts plans that equal their own
  certified bound. A mean is left out (–) where there is no plan for a file.
* *Met* says whether the whole row holds. Other load on the machine makes figures worse, never better.
"""


def page(rows: Sequence[Row], results: Mapping[str, Result]) -> str:
    """The page with a line for every row, measured or not."""
    lines = [
        _BEFORE,
        "| id | what | target | measured | met | seconds | memory | date |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        result = results.get(row.id)
        if result is None:
            cells = [row.id, row.what, row.target, "not measured yet", "", "", "", ""]
        else:
            memory = "" if result.memory_mb is None else f"{result.memory_mb:,} MB"
            seconds = f"{result.seconds:,.0f}" if result.was_run else ""
            cells = [
                result.id, result.what, result.target, result.finding, result.met, seconds, memory, result.date,
            ]  # fmt: skip
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines += ["", "## Machine and versions", "", *_machines(rows, results), "", _AFTER]
    return "\n".join(lines)


def _machines(rows: Sequence[Row], results: Mapping[str, Result]) -> list[str]:
    """A line for every machine with its versions, and the rows measured there."""
    held: dict[str, list[str]] = {}
    for row in rows:
        result = results.get(row.id)
        if result is not None and result.was_run:
            held.setdefault(f"{result.machine}; {result.versions}", []).append(row.id)
    return [f"* {', '.join(ids)}: {words}" for words, ids in held.items()] or ["Nothing has been measured yet."]
