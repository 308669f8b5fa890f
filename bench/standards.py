"""What the catalogue asks of a community: how much is enough of each type, and how far it reaches."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from ..models.tables import packaged_rows
from .frames import Floats

GROUP_COLUMNS: Mapping[str, str] = {
    "all": "population",
    "elders": "elders_60p",
    "children": "children",
    "children_0_3": "children_0_3",
    "car_owners": "cars",
    "ebike_owners": "ebikes",
    "disabled": "disabled",
}
"""The column of communities that counts the people of a group served."""

_DENOMINATORS = {"residents": "population"}


@dataclass(frozen=True, slots=True)
class Standard:
    """The part of a service type's row that a generator needs."""

    id: str
    name_zh: str
    special: bool
    supply: bool
    denominator: str
    denominator_new: str
    exists: float
    exists_per_1000: bool
    radius: float | None
    per_1000: float
    per_1000_new: float
    least: float
    overrides: Mapping[str, float]
    good_score: float
    area: bool
    divisible: bool
    lot: float
    group: str


@cache
def standards() -> tuple[Standard, ...]:
    """All service types of the packaged catalogue, in its order."""
    return tuple(_standard(row) for row in packaged_rows("service_types"))


def _standard(row: Mapping[str, str]) -> Standard:
    plain = float(row["threshold_enough_per_1000"] or 0)
    return Standard(
        id=row["id"],
        name_zh=row["name_zh"],
        special=row["need_class"] == "special",
        supply=row["metric_kind"] == "supply",
        denominator=row["denominator"],
        denominator_new=row["denominator_new"] or row["denominator"],
        exists=float(row["threshold_exists"]),
        exists_per_1000=row["exists_basis"] == "per_1000",
        radius=float(row["exists_radius_m"]) if row["exists_radius_m"] else None,
        per_1000=float(row["enough_per_1000_existing"] or plain),
        per_1000_new=float(row["enough_per_1000_new"] or plain),
        least=float(row["enough_min_absolute"] or 0),
        overrides={
            city: float(value)
            for city, _, value in (e.partition("=") for e in row["enough_city_override"].split(";") if e)
        },
        good_score=float(row["threshold_good_quality_score"] or 0),
        area=row["metric_unit"] == "m2",
        divisible=row["divisible"] == "yes",
        lot=float(row["lot_size"]),
        group=row["group_served"],
    )


def denominators(communities: pl.DataFrame, name: str) -> Floats:
    """The denominator of a standard in every community."""
    return communities[_DENOMINATORS.get(name, name)].to_numpy().astype(np.float64)


def enough_quantity(communities: pl.DataFrame, standard: Standard) -> tuple[Floats, Floats]:
    """How much of a supply type is enough in every community: by heads, shared with neighbours, and at least.

    What is counted is rounded up to whole ones. The second number is of what lies within reach, unshared.
    """
    is_new = (communities["area_class"] == "new").to_numpy()
    rate = np.where(is_new, standard.per_1000_new, standard.per_1000)
    for city, value in standard.overrides.items():
        rate = np.where((communities["city_code"] == city).to_numpy(), value, rate)
    codes = (standard.denominator_new, standard.denominator)
    bases = [denominators(communities, code) if code != "community" else np.zeros(len(communities)) for code in codes]
    wanted = rate * np.where(is_new, *bases) / 1000.0
    if not standard.area:
        wanted = np.ceil(np.round(wanted, 9))
    return np.asarray(wanted, dtype=np.float64), np.full(len(communities), max(standard.least, standard.exists))


def people_served(communities: pl.DataFrame, group: str) -> Floats:
    """The people of a group in every community, at least one."""
    return np.asarray(np.maximum(communities[GROUP_COLUMNS[group]].to_numpy(), 1.0), dtype=np.float64)
