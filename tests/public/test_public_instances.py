"""Published instances: every file is read, optima that others proved are found, and no bound contradicts them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from qingdan.bench.classic_catalogue import BestKnown, collections, instances
from qingdan.bench.classic_files import Instance
from qingdan.bench.classic_solving import Answer, load, solve_instance

ROUNDED = Fraction(1, 100)  # values are published with two digits
BESIDE = Path(__file__).parents[2] / "../shared/data/bench"
NAMED = os.environ.get("QINGDAN_BENCH")
DATA = Path(NAMED) if NAMED else BESIDE

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not DATA.is_dir(), reason="the published instances are not here; name their folder in QINGDAN_BENCH"
    ),
]

# dimensions as the tables of the collections give them
SIZES = [
    ("sscflp", "holmberg/p1", {"sites": 10, "customers": 50}),
    ("sscflp", "holmberg/p47", {"sites": 10, "customers": 90}),
    ("sscflp", "orlib_small/p1", {"sites": 16, "customers": 50}),
    ("sscflp", "yang/Y4_80x400_1", {"sites": 80, "customers": 400}),
    ("sscflp", "gadegaard/60-300-5_1", {"sites": 60, "customers": 300}),
    ("sscflp", "diaz_fernandez/p1", {"sites": 10, "customers": 20}),
    ("sscflp", "diaz_fernandez/p43", {"sites": 30, "customers": 75}),
    ("sscflp", "tbed1/i300_1", {"sites": 300, "customers": 300}),
    ("sscflp", "orlib_large/capa.txt#8000", {"sites": 100, "customers": 1000}),
    ("gap", "yagiura2004/d201600", {"agents": 20, "jobs": 1600}),
    ("mkp", "mknapcb9_public.txt#19", {"items": 500, "resources": 30}),
    ("mmkp", "mmkp_a_13.txt", {"classes": 400, "items": 4000, "resources": 10}),
    ("nrp", "nrp1.txt#0.3", {"requirements": 140, "prerequisites": 97, "customers": 100}),
    ("nrp", "nrp4.txt#0.3", {"requirements": 3250, "prerequisites": 4961, "customers": 750}),
    ("pabulib", "projects/France_Toulouse_2022.pb", {"projects": 199}),
]
# solved to proof within a second
SOLVED = [
    ("sscflp", "holmberg/p1"),
    ("sscflp", "holmberg/p14"),
    ("sscflp", "holmberg/p47"),
    ("sscflp", "orlib_small/p1"),
    ("sscflp", "orlib_small/p13"),
    ("sscflp", "diaz_fernandez/p4"),
    ("gap", "cattrysse1994/gap1-0"),
    ("gap", "cattrysse1994/gap12-0"),
    ("gap", "chu1997/a20200"),
    ("gap", "chu1997/c05100"),
    ("mkp", "mknapcb1_public.txt#14"),
    ("nrp", "nrp1.txt#0.3"),
    ("nrp", "nrp1.txt#0.7"),
    ("nrp", "nrp-e1.txt#0.3"),
    ("nrp", "nrp-g3.txt#0.5"),
    ("pabulib", "projects/France_Toulouse_2022.pb"),
    ("pabulib", "full/Poland_Warszawa_2024_Mokotow.pb"),
]
# not solved within the time given: what is told of them must be true all the same
UNFINISHED = [
    ("sscflp", "yang/Y1_30x200_1"),
    ("gap", "chu1997/d05100"),
    ("mkp", "mknapcb4_public.txt#13"),
    ("mmkp", "mmkp_a_07.txt"),
    ("mmkp", "mmkp_d_1.txt"),
]

# one of every family for the decomposition
DECOMPOSED = [
    ("sscflp", "holmberg/p1"),
    ("gap", "cattrysse1994/gap1-0"),
    ("mkp", "mknapcb1_public.txt#14"),
    ("mmkp", "mmkp_a_07.txt"),
    ("nrp", "nrp1.txt#0.3"),
    ("pabulib", "projects/France_Toulouse_2022.pb"),
]


def answer(family: str, file: str, *, time: float, method: str = "highs") -> tuple[Instance, Answer]:
    """An instance and what was found for it; the plan keeps every rule by the file."""
    instance = load(file, family, data=DATA)
    found = solve_instance(instance, method=method, time=time, threads=1)
    assert not found.faults
    return instance, found


def value_of(found: Answer) -> BestKnown:
    """The value that others have published."""
    assert found.known is not None
    return found.known


def true_to_what_is_known(instance: Instance, found: Answer) -> None:
    """No bound excludes a value that somebody reached, and no value passes a bound that somebody proved."""
    sense = 1 if instance.classic.maximise else -1
    known = value_of(found)
    for bound in (found.bound, found.certified_bound):
        assert bound is None or sense * (bound - known.best) >= -ROUNDED
    if found.objective is not None and known.bound is not None:
        assert sense * (known.bound - found.objective) >= -ROUNDED


@pytest.mark.parametrize(("family", "file", "dimensions"), SIZES)
def test_a_file_has_the_size_that_its_collection_tells(family: str, file: str, dimensions: dict[str, int]) -> None:
    """One file of every order and family."""
    assert load(file, family, data=DATA).dimensions == dimensions


def files_of(family: str) -> Iterator[str]:
    """Every file of a family, up to three of each set, with a `#k` where one is needed."""
    by_set: dict[str, list[str]] = {}
    for name, instance, path, _ in instances(family, DATA):
        if path is not None:
            by_set.setdefault(name, []).append(str(path.parent / instance))
    for files in by_set.values():
        yield from files[:: max(1, len(files) // 3)][:3]


@pytest.mark.parametrize("family", ["sscflp", "gap", "mkp", "mmkp", "nrp", "pabulib"])
def test_files_of_every_set_are_read(family: str) -> None:
    """Nothing is left over, nothing is missing, and taking nothing is told as what it is."""
    read = [load(file, family, data=DATA) for file in files_of(family)]
    assert len(read) >= 3
    for instance in read:
        assert instance.problem.options > 0 and min(instance.dimensions.values()) >= 0


def test_every_collection_is_there() -> None:
    """A set whose files are not found would be skipped silently."""
    empty = [(one.family, one.set) for one in collections(DATA) if not one.files]
    assert not empty


@pytest.mark.parametrize(("family", "file"), SOLVED)
def test_the_published_optimum_is_found_and_proved(family: str, file: str) -> None:
    """The very optimum that others published, in the family's own unit."""
    instance, found = answer(family, file, time=30)
    assert found.objective is not None
    assert found.objective == found.bound
    assert abs(found.objective - value_of(found).best) < ROUNDED
    true_to_what_is_known(instance, found)


@pytest.mark.parametrize(("family", "file"), DECOMPOSED)
def test_the_decomposition_is_true_to_what_is_known(family: str, file: str) -> None:
    """The very code that runs a plan of a city: its plan keeps every rule by the file, its certificate excludes no optimum."""
    instance, found = answer(family, file, time=2, method="decomposition")
    assert found.objective is not None and found.certified_bound is not None
    true_to_what_is_known(instance, found)


@pytest.mark.parametrize(("family", "file"), UNFINISHED)
def test_what_is_told_of_an_unsolved_instance_is_true(family: str, file: str) -> None:
    """A bound is never beyond a value that somebody reached."""
    instance, found = answer(family, file, time=1)
    assert found.bound is not None
    true_to_what_is_known(instance, found)
