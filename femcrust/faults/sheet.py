"""Faults that need no faces of the mesh: flat polygons with slip, from rectangles or triangles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femcrust.errors import InputError
from femcrust.faults.geometry import Chart, frames
from femcrust.faults.polygons import Polygons, rectangle_corners
from femcrust.faults.slip import slip_law
from femcrust.faults.source import Locator
from femcrust.faults.surface import make_surface, polylines
from femcrust.mesh.mesh import Floats, Ints

Longs = NDArray[np.int64]

AT_GROUND = 1e-6  # of the fault's size: an edge this close to the ground is open, not buried
CELLS = 16  # cuts along each side where slip varies; each is cut again by the mesh
TAPER_CELLS = 4  # cells across a taper
MOST_CELLS = 64
ARROWS = (6, 4)  # along strike, down dip


@dataclass(frozen=True)
class Sheet:
    """Flat, convex polygons with slip.

    corners : (p, c, 3) float, metres; n_corners : (p,) int, how many of them count
    frames : (p, 3, 3) float, rows e_strike, e_updip, n
    components : points (n, 3), their polygons (n,) → strike, dip, opening (n, 3), metres
    outline : polylines (k, 3), metres
    arrow_points : (k, 3) float, metres; arrow_polygons : (k,) int
    """

    corners: Floats
    n_corners: Longs
    frames: Floats
    components: Callable[[Floats, Longs], Floats]
    outline: list[Floats]
    arrow_points: Floats
    arrow_polygons: Longs


def rectangle_sheet(
    rectangle: Any, slip: Any, locator: Locator, directory: Path, name: str
) -> Sheet:
    """The case's rectangle: top_center (x, y, z), length, width (metres), strike, dip (degrees)."""
    top = np.array(rectangle.top_center, dtype=np.float64)
    length, width = float(rectangle.length), float(rectangle.width)
    frame = frames(float(rectangle.strike), float(rectangle.dip))
    _check_rectangle(np.concatenate([top, [length, width], frame.ravel()]), length, width, name)
    if not 0.0 <= float(rectangle.dip) <= 90.0:
        raise InputError(f"{name}.rectangle.dip: {rectangle.dip} is not between 0 and 90 degrees")
    chart = Chart(origin=top, frame=frame)
    rim = rectangle_corners(top[None], np.array([length]), np.array([width]), frame[None])[0]
    ends = np.stack([rim, np.roll(rim, -1, axis=0)], axis=1)
    law = slip_law(slip, chart, ends[_buried(ends, locator)], directory, name)

    n = np.array([1, 1])
    if not law.uniform:
        taper = float(getattr(slip, "taper", None) or np.inf)
        finest = np.array([length, width]) * TAPER_CELLS / taper
        n = np.clip(np.ceil(finest), CELLS, MOST_CELLS).astype(np.int64)
    cells = cell_tops(chart, length, width, n)
    sides = np.array([length, width]) / n
    count = len(cells)
    points = cell_tops(chart, length, width, np.array(ARROWS))
    points = points - width / ARROWS[1] / 2.0 * frame[1]
    return Sheet(
        corners=rectangle_corners(
            cells, np.full(count, sides[0]), np.full(count, sides[1]), frame[None]
        ),
        n_corners=np.full(count, 4),
        frames=np.broadcast_to(frame, (count, 3, 3)),
        components=lambda x, _: law.components(x),
        outline=[np.concatenate([rim, rim[:1]])],
        arrow_points=points,
        arrow_polygons=np.zeros(len(points), dtype=np.int64),
    )


def patch_sheet(polygons: Polygons) -> Sheet:
    """Many small polygons with a constant slip each; those without slip are left out."""
    slips = np.flatnonzero(np.any(polygons.components != 0.0, axis=1))
    components = polygons.components[slips]
    corners, count = polygons.corners[slips], polygons.n_corners[slips]
    rims = [rim[:n] for rim, n in zip(corners, count, strict=True)]
    return Sheet(
        corners=corners,
        n_corners=count,
        frames=polygons.frames[slips],
        components=lambda _, polygon: components[polygon],
        outline=[np.concatenate([rim, rim[:1]]) for rim in rims],
        arrow_points=np.array([rim.mean(axis=0) for rim in rims]),
        arrow_polygons=np.arange(len(corners)),
    )


def triangle_sheet(
    points: Floats, facets: Ints, fault: Any, locator: Locator, directory: Path, name: str
) -> Sheet:
    """Triangles (k, 3) on points (n, 3), metres; slip and hanging side as on a mesh surface."""
    surface = make_surface(points, facets, getattr(fault, "hanging_side", None), name)
    ends = points[surface.edges[surface.rim]]
    buried = ends[_buried(ends, locator)]
    law = slip_law(fault.slip, surface.chart, buried, directory, name)
    corners = points[surface.facets]
    return Sheet(
        corners=corners,
        n_corners=np.full(len(corners), 3),
        frames=surface.frames,
        components=lambda x, _: law.components(x),
        outline=polylines(points, surface.edges[surface.rim]),
        arrow_points=corners.mean(axis=1),
        arrow_polygons=np.arange(len(corners)),
    )


def cell_tops(chart: Chart, length: float, width: float, n: Longs) -> Floats:
    """Top centres of n[0] x n[1] equal cells of a rectangle. (n[0] n[1], 3)"""
    along = ((np.arange(n[0]) + 0.5) / n[0] - 0.5) * length
    down = np.arange(n[1]) / n[1] * width
    a, d = np.meshgrid(along, down, indexing="ij")
    offset = a.ravel()[:, None] * chart.frame[0] - d.ravel()[:, None] * chart.frame[1]
    return np.asarray(chart.origin + offset)


def _buried(ends: Floats, locator: Locator) -> NDArray[np.bool_]:
    """Which edges (k, 2, 3) lie below the ground, not on it."""
    size = float(np.ptp(ends.reshape(-1, 3), axis=0).max())
    flat = ends.reshape(-1, 3)
    depth = locator.surface_z(flat[:, 0], flat[:, 1]) - flat[:, 2]
    at_ground = np.abs(depth) <= AT_GROUND * size  # nan outside the mesh: buried
    return np.asarray(~at_ground.reshape(-1, 2).all(axis=1))


def _check_rectangle(values: Floats, length: float, width: float, name: str) -> None:
    if not np.isfinite(values).all():
        raise InputError(f"{name}.rectangle: every number must be finite; correct it")
    for key, value in (("length", length), ("width", width)):
        if value <= 0.0:
            raise InputError(f"{name}.rectangle.{key}: {value} m is not positive; correct it")
