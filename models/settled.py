"""Options and openings as arrays: what rules and objectives speak of, attribute by attribute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .options import EMERGENCY, Options

Int = NDArray[np.int64]
Flags = NDArray[np.bool_]

NONE = -1


@dataclass(frozen=True, slots=True)
class Coded:
    """A text or a year of every element as a code into `values`; -1 where it has none."""

    code: Int
    values: tuple[str, ...]

    @classmethod
    def of(cls, series: pl.Series) -> Coded:
        """Codes of a column in the order of its sorted values."""
        texts = series.cast(pl.String)
        values = texts.unique().drop_nulls().sort()
        code = texts.replace_strict(values, pl.Series(range(len(values)), dtype=pl.Int64), default=None)
        return cls(code.fill_null(NONE).to_numpy().astype(np.int64), tuple(values.to_list()))

    def among(self, wanted: Iterable[object]) -> Flags:
        """Which elements have one of the values."""
        texts = {str(value) for value in wanted}
        hit = np.array([value in texts for value in self.values] + [False], np.bool_)
        return hit[self.code]

    def taken(self, rows: Int) -> Coded:
        """The same codes for other elements; row -1 has none."""
        return Coded(np.where(rows < 0, NONE, self.code[rows] if len(self.code) else NONE), self.values)


def joined(first: Coded, second: Coded) -> Coded:
    """The elements of both, one after the other."""
    values = tuple(sorted({*first.values, *second.values}))
    place = {value: number for number, value in enumerate(values)}
    parts = []
    for coded in (first, second):
        table = np.array([place[value] for value in coded.values] + [NONE], np.int64)
        parts.append(table[coded.code])
    return Coded(np.concatenate(parts), values)


ATTRIBUTES = (
    "service_type", "programme", "city", "county", "street", "community", "department", "group", "year", "need",
)  # fmt: skip

FILTER_ATTRIBUTE = {
    "service_types": "service_type", "programmes": "programme", "cities": "city", "counties": "county",
    "streets": "street", "communities": "community", "departments": "department", "groups": "group", "years": "year",
    "needs": "need",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Components:
    """All options, then all openings, with what rules may ask of them."""

    options: int
    openings: int
    attribute: Mapping[str, Coded]
    national: Mapping[str, tuple[str, ...]]  # national programmes of every service type
    cost: Int  # hundreds of yuan
    emergency: Flags

    @property
    def size(self) -> int:
        """Number of components."""
        return self.options + self.openings

    @property
    def is_option(self) -> Flags:
        """Which components are options."""
        return np.arange(self.size) < self.options

    def fits(self, rule: object, *, only: tuple[str, ...] | None = None) -> Flags:
        """Which components are in a rule's filter; `only` looks at some filters alone."""
        mask = np.ones(self.size, np.bool_)
        for name, attribute in FILTER_ATTRIBUTE.items():
            wanted = getattr(rule, name, ())
            if wanted and (only is None or name in only):
                mask &= self.attribute[attribute].among(wanted)
        wanted = getattr(rule, "national", ())
        if wanted and (only is None or "national" in only):
            mask &= self.attribute["service_type"].among(types_counting(self.national, wanted))
        return mask


def types_counting(national: Mapping[str, tuple[str, ...]], wanted: Iterable[str]) -> set[str]:
    """Service types that count for one of the national programmes."""
    programmes = set(wanted)
    return {name for name, counted in national.items() if programmes & set(counted)}


def components_of(options: Options) -> Components:
    """The components of all that matching handed over."""
    needs, chosen, facilities, openings = options.needs, options.options, options.facilities, options.openings
    need = chosen["need"].to_numpy()
    facility = openings["facility"].to_numpy()
    nothing = pl.Series([None] * facilities.height, dtype=pl.String)
    attribute = {}
    for name, of_need, of_facility in (
        ("service_type", "service_type", "service_type"),
        ("programme", "programme", "programme"),
        ("city", "city_code", "city_code"),
        ("county", "county_code", "county_code"),
        ("street", "street_code", "street_code"),
        ("community", "community", "community"),
        ("group", "group_served", ""),
        ("need", "id", ""),
    ):
        own = Coded.of(needs[of_need]).taken(need)
        other = Coded.of(facilities[of_facility] if of_facility else nothing).taken(facility)
        attribute[name] = joined(own, other)
    attribute["department"] = joined(Coded.of(chosen["department"]), Coded.of(facilities["department"]).taken(facility))
    attribute["year"] = joined(Coded.of(chosen["year"]), Coded.of(openings["year"]))
    national = {
        name: tuple(part for part in (told or "").split(";") if part)
        for name, told in needs.select("service_type", "national").unique().iter_rows()
    }
    emergency = (chosen["variant"].to_numpy() & EMERGENCY) != 0
    return Components(
        options=chosen.height,
        openings=openings.height,
        attribute={name: attribute[name] for name in ATTRIBUTES},
        national=national,
        cost=np.concatenate([chosen["cost"].to_numpy(), openings["cost"].to_numpy()]).astype(np.int64),
        emergency=np.concatenate([emergency, np.zeros(openings.height, np.bool_)]),
    )


def combinations(keys: list[Int]) -> tuple[Int, Int]:
    """For elements with some keys each: the row of its combination (-1 if a key is missing), and the combinations.

    The combinations are in the order of their keys; without keys all elements are of one combination.
    """
    size = len(keys[0])
    there = np.ones(size, np.bool_)
    flat = np.zeros(size, np.int64)
    for key in keys:
        there &= key != NONE
        flat = flat * (int(key.max(initial=0)) + 1) + np.maximum(key, 0)
    found, place = np.unique(flat[there], return_inverse=True)
    row = np.full(size, NONE, np.int64)
    row[there] = place
    first = np.zeros(len(found), np.int64)
    first[place[::-1]] = np.flatnonzero(there)[::-1]
    return row, np.stack([key[first] for key in keys], axis=1)
