"""How much of the error comes from the sides of the box, whatever the mesh does near the fault.

The far-field part is the difference between two solutions on one mesh, one with the sides to be
judged, one with the exact displacement on them (or, where none is known, on a box so wide that its
sides do not matter and whose cells are the same inside the small box); in fractions of the peak.

The fault is that of far_field.md § 2 (40 km x 25 km, dip 30°, oblique thrust, upper edge at 5 km);
half-widths of boxes are in its lengths, depths three quarters of that.
"""

from __future__ import annotations

from typing import Any

import half_space as hs
import numpy as np

from reference import okada

KM = 1e3
LENGTH = 40 * KM
PLANE = {"length": LENGTH, "width": 25 * KM, "strike": 0.0, "dip": 30.0}
TOP_CENTER = (0.0, 0.0, -5 * KM)  # the middle of the slip is 11 km east of the box's
SLIP = (1.0, 1.0, 0.0)
DEPTH = 0.75


def fault(east: float = 0.0) -> dict[str, Any]:
    """The oblique thrust, moved east by so many metres."""
    top = (TOP_CENTER[0] + east, *TOP_CENTER[1:])
    return {
        "rectangle": {**PLANE, "top_center": top},
        "slip": {"strike": SLIP[0], "dip": SLIP[1]},
    }


def exact(points: np.ndarray, east: float = 0.0) -> np.ndarray:
    """Its displacement in the half-space, m. (n, 3)"""
    top = (TOP_CENTER[0] + east, *TOP_CENTER[1:])
    return okada.rectangle(
        points, top, PLANE["length"], PLANE["width"], PLANE["strike"], PLANE["dip"], SLIP, hs.NU
    )


def ground(half: float = 1.5 * LENGTH) -> np.ndarray:
    """14 x 14 points on |x|, |y| <= half, off the mesh's lines."""
    return hs.surface_grid(half * (1 - 1e-9), 14)


def part(found: hs.Field, judge: hs.Field, points: np.ndarray) -> float:
    """Largest difference over the peak of the judge at the points."""
    return hs.off(found.displacement(points), judge.displacement(points))
