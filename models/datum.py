"""Chinese map datums to WGS-84, and the boxes in which a book's points must lie."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Degrees = npt.NDArray[np.float64]

JIANGXI = (113.5, 118.5, 24.4, 30.1)
"""West, east, south and north of a box around Jiangxi, degrees."""

CHINA = (73.0, 136.0, 3.0, 54.0)

_AXIS, _ECCENTRICITY = 6378245.0, 0.00669342162296594323  # Krasovsky 1940, on which GCJ-02 rests
_BD_TURN = np.pi * 3000.0 / 180.0


def box_of(region: Sequence[str]) -> tuple[float, float, float, float]:
    """The box for a region: Jiangxi's if every code begins with 36 or none is given, else China's."""
    return JIANGXI if all(code.startswith("36") for code in region) else CHINA


def to_wgs84(lon: Degrees, lat: Degrees, datum: str) -> tuple[Degrees, Degrees]:
    """Points of GCJ02 or BD09 in WGS-84, to 7 decimals (about 1 cm); other datums come back unchanged."""
    if datum == "BD09":
        lon, lat = _bd_to_gcj(lon, lat)
    if datum not in ("GCJ02", "BD09"):
        return lon, lat
    # The shift is a known function of the WGS-84 point: search the point whose shifted image is the given one.
    found_lon, found_lat = lon.copy(), lat.copy()
    for _ in range(6):
        image_lon, image_lat = wgs_to_gcj(found_lon, found_lat)
        found_lon, found_lat = found_lon - (image_lon - lon), found_lat - (image_lat - lat)
    return np.round(found_lon, 7), np.round(found_lat, 7)


def wgs_to_gcj(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """WGS-84 points in GCJ-02, by the published series."""
    x, y = lon - 105.0, lat - 35.0
    waves = 20.0 * (np.sin(6.0 * x * np.pi) + np.sin(2.0 * x * np.pi))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    north = north + (waves + 20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north = north + (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    east = east + (waves + 20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east = east + (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    turn = np.radians(lat)
    root = 1.0 - _ECCENTRICITY * np.sin(turn) ** 2
    north = north * 180.0 / ((_AXIS * (1.0 - _ECCENTRICITY)) / (root * np.sqrt(root)) * np.pi)
    east = east * 180.0 / (_AXIS / np.sqrt(root) * np.cos(turn) * np.pi)
    return lon + east, lat + north


def _bd_to_gcj(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    x, y = lon - 0.0065, lat - 0.006
    reach = np.sqrt(x * x + y * y) - 0.00002 * np.sin(y * _BD_TURN)
    angle = np.arctan2(y, x) - 0.000003 * np.cos(x * _BD_TURN)
    return reach * np.cos(angle), reach * np.sin(angle)
