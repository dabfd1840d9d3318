"""Longitude and latitude to the model's axes, and the angle between grid north and true north.

The meridian convergence is found by stepping along the meridian: that holds for every projection.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from femcrust.errors import InputError

Floats = NDArray[np.float64]

MERIDIAN_STEP = 1e-4  # deg, about 11 m: error of the direction far below 1e-9 rad
POLE_LATITUDE = 89.999  # deg; nearer the pole "north" turns within a model


def _projected_crs(crs: str) -> Any:
    import pyproj
    from pyproj.exceptions import CRSError

    try:
        found = pyproj.CRS.from_user_input(crs)
    except CRSError as error:
        raise InputError(
            f"case.crs: {crs!r} is no coordinate reference system; write e.g. EPSG:32654"
        ) from error
    if not found.is_projected:
        raise InputError(
            f"case.crs: {crs!r} has no metres ({found.type_name}); "
            "give a projected one, e.g. EPSG:32654 for UTM zone 54 N"
        )
    factors = {axis.unit_conversion_factor for axis in found.axis_info[:2]}
    if factors != {1.0}:
        raise InputError(
            f"case.crs: {crs!r} counts in {found.axis_info[0].unit_name}; give one in metres"
        )
    return found


def project(crs: str, lonlat: Floats) -> Floats:
    """Easting and northing, (n, 2) m, of longitude and latitude, (n, 2) degrees WGS84.

    Points that the projection cannot reach come back as inf.
    """
    import pyproj

    transformer = pyproj.Transformer.from_crs("EPSG:4326", _projected_crs(crs), always_xy=True)
    x, y = transformer.transform(lonlat[:, 0], lonlat[:, 1])
    return np.column_stack([x, y]).astype(np.float64)


def unproject(crs: str, xy: Floats) -> Floats:
    """Longitude and latitude, (n, 2) degrees WGS84, of easting and northing, (n, 2) m."""
    import pyproj

    transformer = pyproj.Transformer.from_crs(_projected_crs(crs), "EPSG:4326", always_xy=True)
    lon, lat = transformer.transform(xy[:, 0], xy[:, 1])
    return np.column_stack([lon, lat]).astype(np.float64)


def convergence(crs: str, lonlat: Floats) -> Floats:
    """Meridian convergence, (n,) rad: how far grid north lies clockwise of true north."""
    middle = np.array(lonlat, dtype=np.float64)
    middle[:, 1] = np.clip(middle[:, 1], -POLE_LATITUDE, POLE_LATITUDE)
    step = np.array([0.0, MERIDIAN_STEP])
    with np.errstate(invalid="ignore"):  # inf − inf where the projection cannot reach: nan
        north = project(crs, middle + step) - project(crs, middle - step)
    azimuth_of_true_north = np.arctan2(north[:, 0], north[:, 1])  # clockwise from grid north
    return np.asarray(-azimuth_of_true_north)


def convergence_at(crs: str | None, xy: Floats) -> Floats:
    """The same for points in model axes, (n, 2) m; zero without a crs."""
    if not crs:
        return np.zeros(len(xy))
    return convergence(crs, unproject(crs, xy))
