"""What a user installs is what the repository holds."""

import tomllib
from pathlib import Path

import qingdan

ROOT = Path(__file__).parents[1]
SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]


def test_every_package_is_listed() -> None:
    """No folder is forgotten in the wheel (an editable install would hide it)."""
    on_disk = {
        ".".join([name, *init.parent.relative_to(ROOT / path).parts])
        for name, path in SETUP["package-dir"].items()
        for init in (ROOT / path).rglob("__init__.py")
    }
    assert on_disk | {"qingdan.bench.data.demo_book"} == set(SETUP["packages"])  # a folder of data is listed too


def test_the_door_names_what_it_offers() -> None:
    """Everything in `__all__` can be imported, and nothing else is public."""
    assert sorted(qingdan.__all__) == list(qingdan.__all__)
    for name in qingdan.__all__:
        assert getattr(qingdan, name) is not None
