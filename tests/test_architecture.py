"""The layers know each other in one direction, and heavy libraries stay where they belong."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "solver": set(),
    "models": {"solver"},
    "scenarios": {"models", "solver"},
    "bench": {"models", "solver"},
    "app": {"scenarios", "models", "bench"},
}
# What models may take from the solver: the seam and nothing behind it.
SEAM = {"solver.problem", "solver.sparse", "solver.solution"}
# Third parties and the only files that may import them.
AT_HOME = {
    "highspy": ("solver/", "models/disbursement"),
    "scipy": ("solver/", "models/", "bench/"),
    "numba": ("solver/",),
    "ortools": ("solver/backends/",),
    "pulp": ("solver/backends/",),
    "pyscipopt": ("solver/backends/",),
    "psutil": ("bench/",),
    "matplotlib": ("bench/",),
    "typer": ("app/",),
    "rich": ("app/", "bench/targets.py"),
    "fastexcel": ("models/",),
    "xlsxwriter": ("models/", "app/"),
    "polars": ("models/", "scenarios/", "bench/", "app/"),
    "pydantic": ("models/", "app/"),
    "sqlalchemy": ("scenarios/store", "scenarios/worker", "scenarios/migrations/"),
    "alembic": ("scenarios/store_migrations", "scenarios/migrations/"),
    "psycopg": (),
}
CHECKER_MAY_IMPORT = set(sys.stdlib_module_names) | {"numpy"}


def modules(folder: str) -> Iterator[Path]:
    yield from sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Every import of a file as an absolute name; those of the project start with `qingdan.`."""
    package = ["qingdan", *path.relative_to(ROOT).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1]
            named = [node.module] if node.module else [alias.name for alias in node.names]
            yield from (".".join([*base, name]) for name in named)


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_layer_imports_only_from_the_layers_below_it(folder: str) -> None:
    """Someone who reads one layer need not read those above it."""
    for path in modules(folder):
        for name in imports(path):
            parts = name.split(".")
            if parts[0] == "qingdan" and len(parts) > 1 and parts[1] != folder:
                assert parts[1] in MAY_IMPORT[folder], f"{path.relative_to(ROOT)} imports {name}"


def test_models_see_only_the_seam_of_the_solver() -> None:
    """The formulation can be read without knowing how it is solved."""
    for path in modules("models"):
        for name in imports(path):
            if name.startswith("qingdan.solver"):
                assert name.removeprefix("qingdan.") in SEAM, f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("library", AT_HOME)
def test_third_parties_stay_in_their_place(library: str) -> None:
    """A library can be replaced by changing the folder that it lives in."""
    for folder in [*MAY_IMPORT, "qingdan"]:
        for path in modules(folder):
            inside = path.relative_to(ROOT).as_posix()
            if path.name.startswith("test_"):
                continue
            if any(name.split(".")[0] == library for name in imports(path)):
                assert inside.startswith(AT_HOME[library]), f"{inside} imports {library}"


def test_the_checker_shares_no_code_with_the_rest() -> None:
    """A fault of the solver or the models cannot hide itself from the check."""
    for path in modules("models/checker"):
        for name in imports(path):
            own = name.startswith("qingdan.models.checker")
            assert own or name.split(".")[0] in CHECKER_MAY_IMPORT, f"{path.relative_to(ROOT)} imports {name}"


def test_importing_the_door_loads_no_solver_and_no_tables() -> None:
    """`import qingdan` and `qingdan --help` are quick because heavy libraries come only when used."""
    heavy = "numpy polars highspy scipy numba pydantic sqlalchemy alembic"
    code = f"import sys, qingdan, qingdan.app.cli; print([m for m in '{heavy}'.split() if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_modules_hold_one_idea() -> None:
    """No module grows beyond what one sitting can read."""
    for folder in [*MAY_IMPORT, "qingdan"]:
        for path in modules(folder):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            assert lines <= 400, f"{path.relative_to(ROOT)} has {lines} lines"
