"""How the instances of the suites are made: each recipe gives a program, from a generator or from public files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ..solver.problem import Problem
from .classic_catalogue import data_folder
from .classic_family import Classic
from .classic_reading import InstanceError
from .knobs import Knobs

ELECTIONS: Final = Path("pabulib/projects")
CAPITAL_LIST: Final = Path("city/nyc_capital_fy2021_bk_mn_qn_other.geojson")


class Recipe(ABC):
    """Makes one program, the same every time. `data` is the folder with public files, None for the usual place."""

    __slots__ = ()
    public: bool = False
    """Whether public files are needed."""

    @abstractmethod
    def make(self, data: Path | None) -> Problem:
        """The program; raises `InstanceError` where a file is missing or wrong."""

    @abstractmethod
    def told(self) -> str:
        """What it is, in a few English words."""


@dataclass(frozen=True, slots=True)
class Generated(Recipe):
    """A generated book with its standard scenario."""

    communities: int
    seed: int = 1
    knobs: Knobs = field(default_factory=Knobs)

    def make(self, data: Path | None) -> Problem:
        """Generate, check up, match and formulate."""
        from ..models.formulation import formulate  # late: heavy
        from ..models.matching import match
        from ..models.scenario import parse_scenario
        from .knobs import turned_book, turned_problem

        book = turned_book(self.communities, self.seed, self.knobs)
        scenario = parse_scenario(book.scenario_text or "")
        return turned_problem(formulate(match(book, scenario), book, scenario), self.knobs)

    def told(self) -> str:
        """Size, seed and knobs."""
        turned = f", {self.knobs.label}" if self.knobs.label else ""
        return f"{self.communities} communities, seed {self.seed}{turned}"


@dataclass(frozen=True, slots=True)
class Regions(Recipe):
    """Several generated books as one program; each has a seed of its own."""

    sizes: tuple[int, ...]

    def make(self, data: Path | None) -> Problem:
        """Make every book, and join them."""
        from .joined_problems import join

        return join([Generated(size, seed).make(data) for seed, size in enumerate(self.sizes, start=1)])

    def told(self) -> str:
        """Number of regions and of communities."""
        return f"{sum(self.sizes)} communities in {len(self.sizes)} regions"


@dataclass(frozen=True, slots=True)
class Public(Recipe):
    """A public instance of a classic family."""

    family: str
    set: str
    file: str
    public = True

    def make(self, data: Path | None) -> Problem:
        """Read the file."""
        return self.read(data)[0]

    def read(self, data: Path | None) -> tuple[Problem, Classic]:
        """The program, and the way back to the family's own value and rules."""
        from .classic_solving import load

        instance = load(self.file, self.family, set=self.set or None, data=data)
        return instance.problem, instance.classic

    def told(self) -> str:
        """Family, set and file."""
        return " ".join(part for part in (self.family, self.set, self.file) if part)


@dataclass(frozen=True, slots=True)
class City(Recipe):
    """Elections of a city in some years as one program."""

    city: str
    first: int
    last: int
    public = True

    def make(self, data: Path | None) -> Problem:
        """Read and join the elections."""
        from .joined_elections import joined_elections, read_elections

        return joined_elections(read_elections(_folder(data) / ELECTIONS, self.city, self.first, self.last))

    def told(self) -> str:
        """City and years."""
        return f"elections of {self.city.partition('_')[2]}, {self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class CapitalList(Recipe):
    """The capital projects of New York with so many percent of the money they ask for."""

    percent: int
    public = True

    def make(self, data: Path | None) -> Problem:
        """Read the list."""
        from .capital_list import capital_program, read_capital_list

        return capital_program(read_capital_list(_folder(data) / CAPITAL_LIST), self.percent)

    def told(self) -> str:
        """The share of the money."""
        return f"capital projects of New York 2021-2025, {self.percent} % of the money"


def _folder(data: Path | None) -> Path:
    folder = data_folder(data)
    if folder is None:
        raise InstanceError(
            "未找到公开算例文件夹；请用 --data 或环境变量 QINGDAN_BENCH 指定",
            "the folder with public instances was not found; name it with --data or QINGDAN_BENCH",
        )
    return folder
