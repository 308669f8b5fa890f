"""What it would take to meet every need by its cheapest measure: money, floor area and later costs."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ..models.catalogue import packaged_catalogue
from ..models.sums import parse_sums
from .frames import Floats

FIT_OUT = 0.25  # share of a unit's cost that falls due when a module opens (factors.fit_out_share)
YUAN_IN_WAN = 10_000


@dataclass(frozen=True, slots=True)
class Cheapest:
    """For every need the measure of least cost that reaches at least *enough*.

    `cost` in yuan, `area` in m2 of a site (0 where none is needed), `later` in yuan a year net of income,
    `measure` the row of the packaged measures, `units` how many.
    """

    measure: np.ndarray
    units: Floats
    cost: Floats
    area: Floats
    later: Floats


def measures() -> pl.DataFrame:
    """The packaged measures in the order of their ids."""
    return packaged_catalogue().measures


def cheapest(types: pl.Series, short: Floats, *, at_site: bool = False) -> Cheapest:
    """The cheapest measure for needs of these types and quantities short; of those at a site alone if asked for."""
    n = len(types)
    found = Cheapest(np.full(n, -1), np.zeros(n), np.full(n, np.inf), np.zeros(n), np.zeros(n))
    kinds = types.to_numpy()
    for row, measure in enumerate(measures().iter_rows(named=True)):
        if measure["level_reached"] == "exists" or measure["id"].endswith("e"):
            continue
        if at_site and measure["site_kind"] == "none":
            continue
        rows = np.flatnonzero(kinds == measure["service_type"])
        units = np.ceil(np.round(short[rows] / measure["metric_per_unit"], 9))
        paid, area = units, np.zeros(len(rows))
        if measure["site_kind"] != "none":
            each = measure["area_m2_per_unit"] or 0.0
            least = np.ceil((measure["min_area_m2"] or 0.0) / each) if each else 1.0
            paid = FIT_OUT * max(least, 1.0) + (1.0 - FIT_OUT) * units
            area = np.maximum(units * each, measure["min_area_m2"] or 0.0)
        cost = (measure["fixed_capex_wan"] or 0) + paid * measure["capex_wan_per_unit_typ"]
        better = cost < found.cost[rows]
        rows, later = (
            rows[better],
            (measure["opex_wan_per_unit_year"] or 0) - (measure["revenue_wan_per_unit_year"] or 0),
        )
        found.measure[rows], found.units[rows], found.cost[rows] = row, units[better], cost[better]
        found.area[rows], found.later[rows] = area[better], max(later, 0) * units[better]
    found.cost[found.measure < 0] = 0.0
    return found


def area_asked(types: pl.Series, short: Floats) -> tuple[float, float]:
    """Floor and plot area (m2) that these needs ask for with their cheapest measure at a site: indoors, outdoors."""
    take = cheapest(types, short, at_site=True)
    outdoors = (measures()["site_kind"] == "land").to_numpy()[take.measure]
    return float(take.area[~outdoors].sum()), float(take.area[outdoors].sum())


def accepted_parts(fund_type: str) -> Floats:
    """The part of the cost of every measure that a fund type accepts, by the catalogue (0 to 1)."""
    shares = measures()["eligible_share_by_fund"]
    return np.array([float(parse_sums(cell).get(fund_type, 0)) for cell in shares])
