"""A property from scattered points: the nearest one, or linear on their Delaunay tetrahedra.

Linear never extrapolates: outside the convex hull is the user's mistake, and said so.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import QhullError, cKDTree

from femcrust.errors import InputError
from femcrust.materials.columns import Columns
from femcrust.mesh.mesh import Floats

INTERPOLATIONS = ("nearest", "linear")


@dataclass(frozen=True)
class Cloud:
    """points (n, 3) m, values (n,) SI, interpolation by name, path for messages."""

    points: Floats
    values: Floats
    interpolation: str
    path: Path

    def at(self, points: Floats) -> Floats:
        """Values at points (m, 3). (m,)

        >>> cloud = Cloud(np.eye(3), np.array([1.0, 2.0, 4.0]), "nearest", Path("cloud.csv"))
        >>> cloud.at(np.array([[0.1, 0.0, 0.7]])).tolist()
        [4.0]
        """
        if self.interpolation == "nearest":
            _, nearest = cKDTree(self.points).query(points)
            return np.asarray(self.values[nearest])
        # Depths are small beside map distances: scaled, or the tetrahedra would be slivers.
        try:
            linear = LinearNDInterpolator(self.points, self.values, rescale=True)
        except (QhullError, ValueError):
            raise InputError(
                f"{self.path}: its {len(self.points)} points span no volume; use nearest"
            ) from None
        values = np.asarray(linear(points), dtype=np.float64)
        outside = np.flatnonzero(np.isnan(values))
        if len(outside):
            x, y, z = points[outside[0]]
            raise InputError(
                f"{self.path}: {len(outside)} element centres lie outside the hull of its points, "
                f"e.g. ({x:g}, {y:g}, {z:g}) m; add points or use nearest"
            )
        return values


def cloud_of(columns: Columns, column: str, quantity: str, interpolation: str = "nearest") -> Cloud:
    """The cloud of one column of a file with x, y, z."""
    if interpolation not in INTERPOLATIONS:
        raise InputError(
            f"{columns.path}: interpolation '{interpolation}' is unknown for a cloud of points; "
            f"choose {' or '.join(INTERPOLATIONS)}"
        )
    points = np.stack([columns.si(axis, axis) for axis in "xyz"], axis=1)
    return Cloud(points, columns.si(column, quantity), interpolation, columns.path)
