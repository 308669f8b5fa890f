"""The demo book that ships with the package: 靖安县, fourteen real community names, simulated figures."""

from importlib.resources import files
from pathlib import Path

from ..models.book import Book
from .generator import generate

COUNTY, COMMUNITIES, SEED = "360925", 14, 2047


def demo_book() -> Path:
    """The folder of the demo book."""
    return Path(str(files("qingdan.bench.data").joinpath("demo_book")))


def made_demo_book() -> Book:
    """The demo book made anew; it equals the one that ships."""
    return generate(COMMUNITIES, SEED, counties=[COUNTY])
