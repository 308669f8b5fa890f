"""Who shares whose facilities: the two-step floating catchment between communities, as sparse shares."""

import numpy as np
import polars as pl
from scipy.sparse import csr_array, identity

from ..models.reach import within
from .frames import Flags, Floats, Ints


def near_pairs(a: pl.DataFrame, b: pl.DataFrame, radius: float) -> tuple[Ints, Ints]:
    """All pairs of rows of a and b within a radius in metres, in order."""
    points = [frame.select("lon", "lat").to_numpy().astype(np.float64) for frame in (a, b)]
    first, second = within(points[0][:, 0], points[0][:, 1], np.full(len(a), radius), points[1][:, 0], points[1][:, 1])
    order = np.lexsort((second, first))
    return first[order], second[order]


def catchment(communities: pl.DataFrame, radius: float | None, people: Floats) -> csr_array:
    """Shares: entry (i, j) is the part of community j's facilities that serves community i."""
    n = len(communities)
    if radius is None:
        return csr_array(identity(n, format="csr"))
    rows, columns = near_pairs(communities, communities, radius)
    served = np.bincount(columns, people[rows], n)
    return csr_array((people[rows] / served[columns], (rows, columns)), shape=(n, n))


def smoothed(communities: pl.DataFrame, noise: Floats, radius: float) -> Floats:
    """Noise averaged over the neighbours within a radius, again of mean 0 and deviation 1."""
    n = len(communities)
    rows, columns = near_pairs(communities, communities, radius)
    total = np.bincount(rows, noise[columns], n) / np.sqrt(np.bincount(rows, minlength=n))
    return np.asarray(total, dtype=np.float64)


def supplied(shares: csr_array, wanted: Floats, enough: Floats, silent: Flags, unit: float, steps: int = 30) -> Floats:
    """Quantities, in whole units, that bring about `wanted` in every community as nearly as can be.

    Who wants at least `enough` gets it; some who want less then get more than they want. The `silent` have none.
    """
    # Projected Landweber steps: the shares average over neighbours, so they cannot simply be inverted.
    quantity, back, speaking = wanted * ~silent, shares.T.tocsr(), ~silent
    for _ in range(steps):
        quantity = np.maximum(quantity + back @ (wanted - shares @ quantity), 0.0) * speaking
    quantity = np.round(quantity / unit) * unit
    for _ in range(4):
        lacking = np.where(wanted >= enough, np.maximum(enough - shares @ quantity, 0.0), 0.0) * speaking
        quantity = quantity + np.ceil(lacking / unit - 1e-9) * unit
    return np.asarray(quantity, dtype=np.float64)
