"""Who lives within reach of what: pairs of points by walking distance, exact to the formula of the reference."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from .distance import METRES_NORTH, metres

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]


def within(
    lon: Numbers, lat: Numbers, radius: Numbers, to_lon: Numbers, to_lat: Numbers, *, walking_factor: float = 1.0
) -> tuple[Rows, Rows]:
    """All pairs (first point, second point) at most the first one's radius in metres apart.

    A search tree proposes a few pairs too many, and the formula decides.
    """
    none = np.empty(0, dtype=np.int64)
    if not len(lon) or not len(to_lon):
        return none, none
    there = _on_a_sphere(to_lon, to_lat)
    tree = KDTree(there)
    first, second = [none], [none]
    for far in np.unique(radius):
        chosen = np.flatnonzero(radius == far)
        limit = far / walking_factor * 1.001 + 1.0
        found: Any = KDTree(_on_a_sphere(lon[chosen], lat[chosen])).sparse_distance_matrix(
            tree, limit, output_type="ndarray"
        )
        here, other = chosen[found["i"]], found["j"].astype(np.int64)
        near = metres(lon[here], lat[here], to_lon[other], to_lat[other], walking_factor) <= far
        first.append(here[near])
        second.append(other[near])
    return np.concatenate(first), np.concatenate(second)


def _on_a_sphere(lon: Numbers, lat: Numbers) -> Numbers:
    # The shorter degree as radius, so that a straight line through the sphere is never longer than the formula's.
    radius = METRES_NORTH * 180 / np.pi
    east, north = np.radians(lon), np.radians(lat)
    return radius * np.column_stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])
