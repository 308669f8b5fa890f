"""The machine and the versions with which something was measured; nothing that tells whose machine it is."""

from __future__ import annotations

import hashlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PROCESSORS = Path("/proc/cpuinfo")
MEMORY = Path("/proc/meminfo")
PACKAGES = ("numpy", "scipy", "numba", "highspy", "pyscipopt", "ortools")


def machine_gigabytes() -> float | None:
    """Memory of the machine; None where the system does not tell."""
    try:
        for line in MEMORY.read_text(encoding="ascii").splitlines():
            if line.startswith("MemTotal:"):
                return int(line.split()[1]) / 2**20
    except OSError:
        pass
    return None


def processor() -> str:
    """The name of the processor."""
    try:
        for line in PROCESSORS.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name" and value.strip():
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def machine() -> str:
    """Cores, processor, memory and system in one line."""
    held = machine_gigabytes()
    memory = "" if held is None else f", {held:.1f} GB of memory"
    return f"{os.cpu_count()} cores, {processor()}{memory}, {platform.system()}"


def versions() -> str:
    """Versions of the program, of Python and of the packages that compute, those alone that are installed."""
    found = [f"qingdan {_version('qingdan')}", f"solver {solver_digest()}", f"Python {platform.python_version()}"]
    found += [f"{name} {told}" for name in PACKAGES if (told := _version(name))]
    return ", ".join(found)


def solver_digest() -> str:
    """The first digits of the SHA-256 of the solver's code: two results with the same are of the same solver."""
    folder = Path(__file__).parents[1] / "solver"
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        whole.update(path.relative_to(folder).as_posix().encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()[:8]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
