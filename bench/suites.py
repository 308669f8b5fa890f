"""The suites: which instances there are, each with an id that never changes its meaning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .classic_catalogue import instances as public_instances
from .classic_reading import InstanceError
from .knobs import Knobs
from .recipes import CapitalList, City, Generated, Public, Recipe, Regions

SUITES: Final = ("tiny", "standard", "province", "nation", "classic", "real")
PROVINCE: Final = 4600
NATION: Final = 118_000


@dataclass(frozen=True, slots=True)
class SuiteInstance:
    """An instance of a suite: its id, and how it is made. `growth` names the line of a growth curve it is a point of."""

    id: str
    suite: str
    recipe: Recipe
    growth: str = ""


def suite(name: str, *, every: bool = False, smallest: bool = False, data: Path | None = None) -> list[SuiteInstance]:
    """The instances of a suite, the smallest first; `every` takes all public files instead of the sample.

    Raises `InstanceError` for a suite that does not exist.
    """
    if name not in SUITES:
        known = "、".join(SUITES)
        raise InstanceError(f"没有算例组 {name}；可用：{known}", f"no suite {name!r}; there are: {', '.join(SUITES)}")
    found = list(_ALL[name] if not (every and name == "classic") else _every_classic(data))
    if every and name == "real":
        found += list(_every_year())
    return found[:1] if smallest else found


def find(identifier: str, data: Path | None = None) -> SuiteInstance:
    """The instance with an id; raises `InstanceError` without one."""
    for name in SUITES:
        for one in suite(name, every=True, data=data) + suite(name):
            if one.id == identifier:
                return one
    raise InstanceError(f"没有算例 {identifier}", f"there is no instance {identifier!r}")


def _generated(name: str, *cases: tuple[int, int, Knobs], growth: str = "") -> Iterator[SuiteInstance]:
    for communities, seed, knobs in cases:
        turned = f"-{knobs.label}" if knobs.label else ""
        line = growth if not turned and seed == 1 else ""
        yield SuiteInstance(f"{name}-{communities:04d}-{seed}{turned}", name, Generated(communities, seed, knobs), line)


def _regions(*counts: tuple[int, int]) -> Iterator[SuiteInstance]:
    for communities, largest in counts:
        whole, left = divmod(communities, largest)
        sizes = (largest,) * whole + (left,) * (left > 0)
        yield SuiteInstance(f"nation-{communities:06d}", "nation", Regions(sizes), "nation")


def _classic(sample: Iterable[tuple[str, str, str]]) -> Iterator[SuiteInstance]:
    for family, folder, file in sample:
        name = "-".join(part for part in (family, folder, file) if part)
        yield SuiteInstance(f"classic-{name}", "classic", Public(family, folder, file))


def _every_classic(data: Path | None) -> Iterator[SuiteInstance]:
    for family in ("gap", "mkp", "mmkp", "nrp", "sscflp"):
        for folder, name, path, _ in public_instances(family, data):
            if path is not None:
                yield from _classic([(family, folder, name)])


def _cities(*cases: tuple[str, int, int]) -> Iterator[SuiteInstance]:
    for city, first, last in cases:
        years = str(first) if first == last else f"{first}-{last}"
        yield SuiteInstance(f"real-{city.partition('_')[2].lower()}-{years}", "real", City(city, first, last))


def _every_year() -> Iterator[SuiteInstance]:
    kept = {one.id for one in _ALL["real"]}
    years = {
        "Poland_Czestochowa": (2020, 2024, 2025), "Poland_Gdansk": (2020,), "Poland_Gdynia": range(2020, 2026),
        "Poland_Krakow": range(2018, 2026), "Poland_Poznan": range(2023, 2027), "Poland_Warszawa": range(2017, 2025),
        "Poland_Zabrze": (2020, 2021),
    }  # fmt: skip
    for one in _cities(*((city, year, year) for city, held in years.items() for year in held)):
        if one.id not in kept:
            yield one


# four files of each kind: small and large, loose and tight, solved and open
_CLASSIC_SAMPLE: Final = (
    ("gap", "cattrysse1994", "gap1-0"),
    ("gap", "chu1997", "c05100"), ("gap", "chu1997", "d20200"), ("gap", "yagiura2004", "e20100"),
    ("gap", "yagiura2004", "d40400"),
    ("mkp", "", "mknapcb1_public.txt#0"), ("mkp", "", "mknapcb3_public.txt#14"), ("mkp", "", "mknapcb5_public.txt#7"),
    ("mkp", "", "mknapcb7_public.txt#19"), ("mkp", "", "mknapcb9_public.txt#0"),
    ("mmkp", "", "mmkp_a_07.txt"), ("mmkp", "", "mmkp_b_20.txt"), ("mmkp", "", "mmkp_c_23.txt"),
    ("mmkp", "", "mmkp_d_129.txt"), ("mmkp", "", "mmkp_d_193.txt"),
    ("nrp", "", "nrp1.txt#0.5"), ("nrp", "", "nrp2.txt#0.3"), ("nrp", "", "nrp-m3.txt#0.5"),
    ("sscflp", "holmberg", "p1"), ("sscflp", "holmberg", "p49"), ("sscflp", "diaz_fernandez", "p31"),
    ("sscflp", "yang", "Y1_30x200_1"), ("sscflp", "yang", "Y4_80x400_4"), ("sscflp", "tbed1", "i300_1"),
)  # fmt: skip

_ALL: Final[dict[str, tuple[SuiteInstance, ...]]] = {
    "tiny": tuple(_generated(
        "tiny", (2, 1, Knobs()), (2, 2, Knobs()), (3, 1, Knobs()), (3, 2, Knobs(money=60)), (5, 1, Knobs()),
        (5, 2, Knobs(rules=0)), (5, 3, Knobs(sites=50)), (8, 1, Knobs()), (8, 2, Knobs(radius=200)),
        (8, 3, Knobs(correlation=90)),
    )),
    "standard": tuple(_generated(
        "standard", (20, 1, Knobs()), (50, 1, Knobs()), (50, 2, Knobs()), (50, 3, Knobs()),
        (50, 1, Knobs(money=60)), (50, 1, Knobs(money=150)), (50, 1, Knobs(sites=50)), (50, 1, Knobs(sites=200)),
        (50, 1, Knobs(radius=60)), (50, 1, Knobs(radius=160)), (50, 1, Knobs(rules=0)), (50, 1, Knobs(rules=40)),
        (50, 1, Knobs(correlation=60)), (50, 1, Knobs(correlation=95)), (100, 1, Knobs()), (200, 1, Knobs()),
        (500, 1, Knobs()), (500, 2, Knobs()), growth="standard",
    )),
    "province": tuple(_generated(
        "province", *((size, 1, Knobs()) for size in (46, 115, 287, 575, 1150, 2300, PROVINCE)), growth="province",
    )),
    "nation": tuple(_regions(
        (24, 8), (920, 460), (9_200, PROVINCE), (27_600, PROVINCE), (59_000, PROVINCE), (NATION, PROVINCE),
    )),
    "classic": tuple(_classic(_CLASSIC_SAMPLE)),
    "real": (
        *_cities(("Poland_Zabrze", 2020, 2021), ("Poland_Gdansk", 2020, 2020), ("Poland_Czestochowa", 2024, 2025),
                 ("Poland_Poznan", 2023, 2026), ("Poland_Krakow", 2018, 2025), ("Poland_Warszawa", 2020, 2024),
                 ("Poland_Gdynia", 2020, 2025), ("Poland_Warszawa", 2018, 2018), ("Poland_Warszawa", 2017, 2024)),
        *(SuiteInstance(f"real-newyork-{percent}", "real", CapitalList(percent)) for percent in (30, 60, 80)),
    ),
}  # fmt: skip
