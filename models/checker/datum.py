"""Points of the two shifted Chinese datums brought back to WGS-84, one point at a time."""

from __future__ import annotations

import math

_AXIS = 6378245.0
_ECCENTRICITY = 0.00669342162296594323  # of the Krasovsky ellipsoid on which GCJ-02 rests


def to_wgs84(lon: float, lat: float, datum: str) -> tuple[float, float]:
    """A point of GCJ02 or BD09 in WGS-84, rounded to 7 decimals."""
    if datum == "BD09":
        lon, lat = _from_bd09(lon, lat)
    east, north = lon, lat
    for _ in range(6):  # the shift is known where the true point is, so it is approached step by step
        shifted_east, shifted_north = _gcj02(east, north)
        east, north = east - (shifted_east - lon), north - (shifted_north - lat)
    return round(east * 1e7) / 1e7, round(north * 1e7) / 1e7


def _from_bd09(lon: float, lat: float) -> tuple[float, float]:
    turn = math.pi * 3000.0 / 180.0
    x, y = lon - 0.0065, lat - 0.006
    reach = math.sqrt(x * x + y * y) - 0.00002 * math.sin(y * turn)
    angle = math.atan2(y, x) - 0.000003 * math.cos(x * turn)
    return reach * math.cos(angle), reach * math.sin(angle)


def _gcj02(lon: float, lat: float) -> tuple[float, float]:
    x, y = lon - 105.0, lat - 35.0
    waves = 20.0 * (math.sin(6.0 * x * math.pi) + math.sin(2.0 * x * math.pi))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += (waves + 20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += (waves + 20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    latitude = lat / 180.0 * math.pi
    bend = 1.0 - _ECCENTRICITY * math.sin(latitude) ** 2
    north = north * 180.0 / ((_AXIS * (1.0 - _ECCENTRICITY)) / (bend * math.sqrt(bend)) * math.pi)
    east = east * 180.0 / (_AXIS / math.sqrt(bend) * math.cos(latitude) * math.pi)
    return lon + east, lat + north
