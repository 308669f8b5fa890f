"""清单: the open optimizer for community renewal portfolios.

    >>> import qingdan
    >>> book = qingdan.read_book(qingdan.demo_book())
    >>> run = qingdan.solve(book, time=60)
    >>> qingdan.write_run("run", run)
    >>> qingdan.check(qingdan.demo_book(), "run").passed
    True

Names load what they need when they are first used, so that importing this package is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOME = {
    "Book": "models.book",
    "BookError": "models.faults",
    "Options": "models.options",
    "Problem": "solver.problem",
    "Scenario": "models.scenario",
    "Solution": "solver.solution",
    "check": "models.checker",
    "checkup": "models.checkup",
    "compare": "scenarios.compare",
    "demo_book": "bench.generator",
    "export": "scenarios.export",
    "formulate": "models.formulation",
    "generate": "bench.generator",
    "match": "models.matching",
    "new_book": "models.book",
    "read_book": "models.book",
    "read_run": "models.run",
    "read_scenario": "models.scenario",
    "solve": "scenarios.single",
    "write_book": "models.book",
    "write_run": "models.run",
}

__all__ = [
    "Book",
    "BookError",
    "Options",
    "Problem",
    "Scenario",
    "Solution",
    "check",
    "checkup",
    "compare",
    "demo_book",
    "export",
    "formulate",
    "generate",
    "match",
    "new_book",
    "read_book",
    "read_run",
    "read_scenario",
    "solve",
    "write_book",
    "write_run",
]

if TYPE_CHECKING:
    from .bench.generator import demo_book, generate
    from .models.book import Book, new_book, read_book, write_book
    from .models.checker import check
    from .models.checkup import checkup
    from .models.faults import BookError
    from .models.formulation import formulate
    from .models.matching import match
    from .models.options import Options
    from .models.run import read_run, write_run
    from .models.scenario import Scenario, read_scenario
    from .scenarios.compare import compare
    from .scenarios.export import export
    from .scenarios.single import solve
    from .solver.problem import Problem
    from .solver.solution import Solution


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'qingdan' has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
