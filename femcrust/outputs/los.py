"""Displacement along a radar's line of sight, positive toward the satellite.

For a right-looking radar that flies along `heading` (clockwise from north) and sees the ground
under `incidence` (from the vertical), the unit vector from ground to satellite is
(−cos h sin i, sin h sin i, cos i) in (east, north, up) [Hanssen01, ch. 5].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from femcrust.errors import InputError
from femcrust.mesh.mesh import Floats

UNIT_TOLERANCE = 0.01  # users write three digits; a look vector in degrees or metres is far off


def los_unit(heading: float, incidence: float) -> Floats:
    """Unit vector from ground to satellite (east, north, up) of a right-looking radar.

    heading, incidence : degrees; heading clockwise from north, incidence from the vertical

    >>> los_unit(0.0, 90.0).round(12).tolist()
    [-1.0, 0.0, 0.0]
    """
    if not (np.isfinite(heading) and 0.0 <= incidence <= 90.0):
        raise InputError(
            f"los: heading {heading:g}, incidence {incidence:g} are no look direction; "
            "incidence is 0 to 90 deg from the vertical"
        )
    h, i = np.radians(heading), np.radians(incidence)
    return np.array([-np.cos(h) * np.sin(i), np.sin(h) * np.sin(i), np.cos(i)])


def checked_unit(vector: Sequence[float], key: str = "los.unit") -> Floats:
    """The vector scaled to length one; refused unless it has that length within 1 %."""
    unit = np.asarray(vector, dtype=np.float64)
    length = float(np.linalg.norm(unit)) if unit.shape == (3,) else float("nan")
    if not abs(length - 1.0) <= UNIT_TOLERANCE:
        raise InputError(
            f"{key}: {list(vector)} has length {length:.4g}; "
            "give the unit vector [east, north, up] from the ground toward the satellite"
        )
    return np.asarray(unit / length)


def los_vectors(los: Mapping[str, Any] | None) -> dict[str, Floats]:
    """name -> unit vector (3,) of every line of sight in `output.los`."""
    vectors = {}
    for name, view in (los or {}).items():
        unit = getattr(view, "unit", None)
        if unit is not None:
            vectors[name] = checked_unit(unit, f"output.los.{name}.unit")
        else:
            vectors[name] = los_unit(float(view.heading), float(view.incidence))
    return vectors


def line_of_sight(displacement: Floats, unit: Floats) -> Floats:
    """u · l, m, positive toward the satellite.

    displacement : (…, 3) m in true east, true north, up
    """
    return np.asarray(displacement @ unit)


def to_true_north(displacement: Floats, convergence: Floats) -> Floats:
    """Vectors in model axes (grid east, grid north, up) -> true east, true north, up.

    Grid north lies `convergence` clockwise of true north, so every azimuth grows by it.

    displacement : (…, 3); convergence : (…) rad
    """
    return _azimuth_grown(displacement, convergence)


def to_grid_north(displacement: Floats, convergence: Floats) -> Floats:
    """Inverse of `to_true_north`."""
    return _azimuth_grown(displacement, -np.asarray(convergence))


def _azimuth_grown(vectors: Floats, angle: Floats) -> Floats:
    cos, sin = np.cos(angle), np.sin(angle)
    east, north = vectors[..., 0], vectors[..., 1]
    turned = np.array(vectors, dtype=np.float64, copy=True)
    turned[..., 0] = east * cos + north * sin
    turned[..., 1] = north * cos - east * sin
    return turned
