"""Where the immersed faults of a case are, as points: what a box is meshed finely around."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from femcrust.faults.geometry import frames
from femcrust.faults.immersed import FARTHEST
from femcrust.faults.patches import Project
from femcrust.faults.polygons import points_on, rectangle_corners
from femcrust.faults.tables import read_polygons
from femcrust.faults.triangles import read_sheet
from femcrust.mesh.mesh import Floats

MOST_POINTS = 1_000_000  # a mesh that needs more is larger than this mesher makes


def places(
    faults: Mapping[str, Any], directory: Path, project: Project | None, spacing: float
) -> dict[str, Floats]:
    """Points of each immersed fault, (n, 3) m, no farther than `spacing` apart, or MOST_POINTS."""
    found = {}
    for name, fault in faults.items():
        corners = _corners(fault, directory, project)
        # what reaches farther is refused with more words when it meets the mesh
        if corners is not None and np.abs(corners).max() < FARTHEST:
            found[name] = points_on(corners, max(spacing, _finest(corners)))
    return found


def _corners(fault: Any, directory: Path, project: Project | None) -> Floats | None:
    """Of the polygons of a fault, (p, c, 3) m; None where it is on mesh faces or a point."""
    if fault.rectangle is not None:
        r = fault.rectangle
        frame = frames(r.strike, r.dip)[None]
        top = np.array([r.top_center], dtype=np.float64)
        return rectangle_corners(top, np.array([r.length]), np.array([r.width]), frame)
    if fault.triangles is not None:
        points, facets = read_sheet(fault.triangles, directory, project)
        return np.asarray(points[facets])
    if fault.file is not None:
        return read_polygons(directory / fault.file, project, fault.units).corners
    return None


def _finest(corners: Floats) -> float:
    """A spacing, m, that makes about MOST_POINTS."""
    sides = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2)
    return float(np.sqrt((sides.max(axis=1) ** 2).sum() / MOST_POINTS))
