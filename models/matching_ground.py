"""What every step of matching stands on: the frames read once, and the lists that numbers refer to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .book import Book
from .catalogue import Catalogue, catalogue_of
from .eligibility import Eligibility, costs_of
from .fund_rules import Fund, read_funds
from .matching_settings import MatchingSettings
from .measures_frame import SITE_PROFILE, first_name, measures_frame, sums_to_end
from .open_needs import held_needs, open_needs, pilots
from .site_rules import sites_frame

Int = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ground:
    """Frames of one matching. `measures` has a row number `m` and `kind`, the number of its service type."""

    book: Book
    settings: MatchingSettings
    catalogue: Catalogue
    needs: pl.DataFrame
    held: tuple[str, ...]
    measures: pl.DataFrame
    sites: pl.DataFrame
    funds: list[Fund]
    eligibility: Eligibility
    types: tuple[str, ...]
    programme: dict[str, str]
    pilots: frozenset[str]

    @property
    def paid(self) -> Int:
        """Percent paid by the end of each year since the start, by measure."""
        return np.asarray(self.measures["paid"].to_numpy(), np.int64).reshape(len(self.measures), self.length)

    @property
    def length(self) -> int:
        """Payment years of the longest profile."""
        dtype = self.measures.schema["paid"]
        assert isinstance(dtype, pl.Array)
        return int(dtype.shape[0])

    @property
    def site_paid(self) -> Int:
        """The profile of conversions and campaigns in the same form."""
        return np.array(sums_to_end(SITE_PROFILE, self.length), np.int64)

    def package_numbers(self, names: Iterable[str | None]) -> list[int]:
        """Provisional numbers of packages by name; -1 for none."""
        numbers = {name: number for number, name in enumerate(self.eligibility.found)}
        return [-1 if name is None else numbers[name] for name in names]


def lay_ground(book: Book, settings: MatchingSettings, told: pl.DataFrame) -> Ground:
    """Read all that matching needs from a book; `told` is the needs list."""
    catalogue = catalogue_of(book)
    funds, thresholds = read_funds(book)
    needs = open_needs(book, catalogue, told, settings, thresholds)
    programme = dict(catalogue.service_types.select("id", "programme").iter_rows())
    types = tuple(programme)
    measures = _with_own_emergency(measures_frame(catalogue), needs, catalogue, settings)
    kinds = {kind: number for number, kind in enumerate(types)}
    measures = (
        measures.filter(pl.col("service_type").is_in(types))
        .with_row_index("m")
        .with_columns(
            pl.col("m").cast(pl.Int64),
            kind=pl.col("service_type").replace_strict(kinds, return_dtype=pl.Int64),
        )
    )
    return Ground(
        book=book,
        settings=settings,
        catalogue=catalogue,
        needs=needs,
        held=held_needs(book, told),
        measures=measures,
        sites=sites_frame(book),
        funds=funds,
        eligibility=Eligibility(funds, costs_of(measures, programme), settings.most_packages, settings.selects_pilots),
        types=types,
        programme=programme,
        pilots=frozenset(pilots(book)),
    )


def _with_own_emergency(
    measures: pl.DataFrame, needs: pl.DataFrame, catalogue: Catalogue, settings: MatchingSettings
) -> pl.DataFrame:
    """Emergency handling for types of mandatory needs that have none; `own` tells it apart."""
    having = set(measures.filter("emergency")["service_type"].to_list())
    lacking = sorted(set(needs.filter("mandatory")["service_type"].to_list()) - having)
    measures = measures.with_columns(own=pl.lit(False))
    if not lacking:
        return measures
    pattern = measures.head(0)
    length = len(measures["paid"][0]) if len(measures) else len(SITE_PROFILE)
    departments = dict(catalogue.service_types.select("id", first_name("department_zh")).iter_rows())
    added = pl.DataFrame(
        [
            {
                "measure": f"{kind}e", "service_type": kind, "measure_level": 1, "metric": 1,
                "capex": settings.emergency_cost, "fixed": 0, "opex": 0, "revenue": 0, "area_each": 0, "minimum": 0,
                "units_min": 1, "max_units": None, "capacity": -1, "site_kind": "none", "floor_rule": None,
                "max_floor": None, "flue": False, "consent": "none", "radius": None, "life": None, "lag": 0,
                "department": departments[kind], "emergency": True, "siteless": True, "eligible": None,
                "paid": [100] * length, "net": 0, "own": True,
            }
            for kind in lacking
        ],
        schema=pattern.schema,
    )  # fmt: skip
    return pl.concat([measures, added])
