"""Solvers that come as extras: which package brings them, and how to get it."""

from __future__ import annotations

from importlib.util import find_spec


class MissingSolver(RuntimeError):
    """A method was asked for whose package is not installed; `zh` and `en` name the command that installs it."""

    def __init__(self, method: str, extra: str, package: str) -> None:
        command = f'pip install "qingdan[{extra}]"'
        self.zh = f"方法 {method} 需要 {package}，请先安装：{command}"
        self.en = f"method {method} needs {package}; install it with: {command}"
        super().__init__(f"{self.zh} / {self.en}")


def installed(package: str) -> bool:
    """Whether a package can be imported; nothing is imported to find out."""
    return find_spec(package) is not None
