"""Flat polygons with a constant slip each: what every table of patches is read into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femcrust.faults.geometry import frames
from femcrust.faults.patches import Patches
from femcrust.mesh.mesh import Floats

Longs = NDArray[np.int64]


@dataclass(frozen=True)
class Polygons:
    """Convex polygons in model axes.

    corners : (p, c, 3) float, metres, the last one repeated; n_corners : (p,) int, how many count
    frames : (p, 3, 3) float, rows e_strike, e_updip, n
    components : (p, 3) float, metres, strike, dip, opening
    """

    corners: Floats
    n_corners: Longs
    frames: Floats
    components: Floats


def rectangle_corners(top: Floats, length: Floats, width: Floats, frame: Floats) -> Floats:
    """Corners of rectangles from their top centres, around. (p, 4, 3)"""
    along = frame[:, 0] * (length / 2.0)[:, None]
    down = -frame[:, 1] * width[:, None]
    return np.stack([top - along, top + along, top + along + down, top - along + down], axis=1)


def of_rectangles(patches: Patches) -> Polygons:
    """The rectangles of a table."""
    frame = frames(patches.strike, patches.dip)
    corners = rectangle_corners(patches.top_center, patches.length, patches.width, frame)
    return Polygons(corners, np.full(len(corners), 4), frame, patches.components)


def points_on(corners: Floats, spacing: float) -> Floats:
    """Points of polygons (p, c, 3), 3 or 4 corners each, no farther than `spacing` apart. (n, 3)

    >>> square = np.array([[[0.0, 0, 0], [2, 0, 0], [2, 1, 0], [0, 1, 0]]])
    >>> points_on(square, 1.0).shape
    (6, 3)
    """
    ring = corners[:, [0, 1, 2, -1]]  # a triangle is a quadrilateral with a corner twice
    sides = np.linalg.norm(np.roll(ring, -1, axis=1) - ring, axis=2)
    along = np.ceil(np.maximum(sides[:, 0], sides[:, 2]) / spacing).astype(np.int64)
    down = np.ceil(np.maximum(sides[:, 1], sides[:, 3]) / spacing).astype(np.int64)
    counts = np.stack([along, down], axis=1)
    found = []
    for count in np.unique(counts, axis=0):
        of_them = (counts == count).all(axis=1)
        s, t = (
            axis.ravel() for axis in np.meshgrid(*(np.linspace(0.0, 1.0, n + 1) for n in count))
        )
        share = np.stack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t], axis=1)
        found.append(np.einsum("qc,pci->pqi", share, ring[of_them]).reshape(-1, 3))
    return np.concatenate(found) if found else np.empty((0, 3))
