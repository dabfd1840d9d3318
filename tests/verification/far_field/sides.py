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
SLIP = (0.5, 1.0, 0.0)  # rake 63°
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


def ground() -> np.ndarray:
    """14 x 14 points, |x|, |y| <= 1.5 lengths: the outermost lie on the rim of the smallest box."""
    return hs.surface_grid(1.5 * LENGTH, 14)


def make(lengths: float, mesh: tuple[float, float, float], **case: Any) -> hs.Body:
    """A box of half-width `lengths`; mesh: size near the fault and far from it, m, and growth."""
    near, far, growth = mesh
    half = lengths * LENGTH
    far *= max(1.0, lengths / 3)
    section = hs.box(half, DEPTH * half, near, far, growth)
    return hs.body({"mesh": section, "materials": {"rock": hs.ROCK}, **case})


def part(found: hs.Field, judge: hs.Field) -> float:
    """Largest difference on the ground over the peak of the judge, which a finer grid finds."""
    points = ground()
    peak = np.linalg.norm(judge.displacement(hs.surface_grid(LENGTH, 41)), axis=1).max()
    difference = found.displacement(points) - judge.displacement(points)
    return float(np.linalg.norm(difference, axis=1).max() / peak)
