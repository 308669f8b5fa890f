"""Distance on the ground, and which sites lie within reach of which communities."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

METRES_EAST = 111_320.0  # a degree of longitude at the equator
METRES_NORTH = 110_540.0  # a degree of latitude
_AT_ONCE = 4_000_000  # pairs held in memory at a time

Degrees = NDArray[np.float64]


def metres(lon1: Degrees, lat1: Degrees, lon2: Degrees, lat2: Degrees, walking_factor: float) -> Degrees:
    """Walking distance between points in degrees: the straight line times the factor."""
    east = (lon1 - lon2) * np.cos(np.radians((lat1 + lat2) / 2)) * METRES_EAST
    north = (lat1 - lat2) * METRES_NORTH
    return walking_factor * np.sqrt(east * east + north * north)


def pairs_in_reach(
    communities: pl.DataFrame, sites: pl.DataFrame, radius: float, walking_factor: float
) -> pl.DataFrame:
    """Pairs of a community and a site of the same county no farther apart than `radius`, or the site in it.

    Both frames have `county_code`, `lon`, `lat`; `communities` has `community`, `sites` has `site` and `home`
    (its own community or null). The result has `community`, `site`, `metres` and `inside`.
    """
    shops = {key[0]: part for key, part in sites.partition_by("county_code", as_dict=True).items()}
    found = []
    for key, places in communities.partition_by("county_code", as_dict=True, maintain_order=True).items():
        there = shops.get(key[0])
        if there is None:
            continue
        lon, lat = there["lon"].to_numpy(), there["lat"].to_numpy()
        homes = there["home"].fill_null("").to_numpy()
        step = max(1, _AT_ONCE // len(there))
        for start in range(0, len(places), step):
            part = places.slice(start, step)
            far = metres(
                part["lon"].to_numpy()[:, None],
                part["lat"].to_numpy()[:, None],
                lon[None, :],
                lat[None, :],
                walking_factor,
            )
            inside = part["community"].to_numpy()[:, None] == homes[None, :]
            row, column = np.nonzero((far <= radius) | inside)
            found.append(
                pl.DataFrame(
                    {
                        "community": part["community"].gather(row),
                        "site": there["site"].gather(column),
                        "metres": far[row, column],
                        "inside": inside[row, column].astype(bool),
                    }
                )
            )
    if not found:
        schema = {"community": pl.String, "site": pl.String, "metres": pl.Float64, "inside": pl.Boolean}
        return pl.DataFrame(schema=schema)
    return pl.concat(found)
