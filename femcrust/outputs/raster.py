"""Values on a regular grid from simplices: who owns each grid point, and where inside it lies.

Each simplex visits the grid points in its bounding box and keeps those whose barycentric
coordinates are all non-negative. All simplices at once, in chunks of bounded memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femcrust.mesh.mesh import Floats

CHUNK = 2_000_000  # candidate pairs held at once, about 200 MB
EDGE_TOLERANCE = 1e-9  # barycentric: a point on an edge belongs to one of the neighbours
FLAT = 1e-12  # smallest |det| relative to the bounding box's volume; thinner ones own nothing


@dataclass(frozen=True)
class Sampling:
    """owner : (ny, nx) simplex, −1 outside; bary : (ny, nx, d+1); x (nx,), y (ny,) m."""

    x: Floats
    y: Floats
    owner: NDArray[np.int64]
    bary: Floats

    @property
    def inside(self) -> NDArray[np.bool_]:
        return np.asarray(self.owner >= 0)

    def blend(self, values: Floats) -> Floats:
        """Σ λ_i v_i; values (n_simplices, d+1, …) -> (ny, nx, …), nan outside."""
        return self._weighted(values, self.bary)

    def blend_quadratic(self, values: Floats) -> Floats:
        """Quadratic shape functions; values (n_triangles, 6, …): vertices, edges 01, 12, 02."""
        a, b, c = np.moveaxis(self.bary, -1, 0)
        corners = [s * (2.0 * s - 1.0) for s in (a, b, c)]
        weights = np.stack([*corners, 4.0 * a * b, 4.0 * b * c, 4.0 * a * c], axis=-1)
        return self._weighted(values, weights)

    def _weighted(self, values: Floats, weights: Floats) -> Floats:
        out = np.full(self.owner.shape + values.shape[2:], np.nan)
        inside = self.inside
        out[inside] = np.einsum("pi,pi...->p...", weights[inside], values[self.owner[inside]])
        return out


def sample(corners: Floats, x: Floats, y: Floats, z: float | None = None) -> Sampling:
    """Find the simplex over every grid point.

    corners : (n, 3, 2) triangles in plan, or (n, 4, 3) tetrahedra cut at height z; m
    x, y : increasing, evenly spaced, m
    """
    dim = corners.shape[2]
    if dim == 3:
        assert z is not None
        hit = (corners[:, :, 2].min(axis=1) <= z) & (z <= corners[:, :, 2].max(axis=1))
    else:
        hit = np.ones(len(corners), dtype=bool)
    low, high = corners.min(axis=1), corners.max(axis=1)
    ix, nx = _span(low[:, 0], high[:, 0], x)
    iy, ny = _span(low[:, 1], high[:, 1], y)
    edges = corners[:, 1:] - corners[:, :1]  # (n, d, d)
    size = np.maximum(np.prod(high - low, axis=1), np.finfo(float).tiny)
    hit &= (nx > 0) & (ny > 0) & (np.abs(np.linalg.det(edges)) > FLAT * size)
    simplex = np.flatnonzero(hit)
    counts = (nx * ny)[simplex]

    owner = np.full((len(y), len(x)), -1, dtype=np.int64)
    bary = np.full((len(y), len(x), dim + 1), np.nan)
    if not len(simplex):
        return Sampling(x, y, owner, bary)
    ends = np.cumsum(counts)
    inverse = np.linalg.inv(edges[simplex])
    start = 0
    while start < len(simplex):
        before = ends[start] - counts[start]
        stop = max(start + 1, int(np.searchsorted(ends, before + CHUNK, side="right")))
        part = np.arange(start, stop)
        which = np.repeat(part, counts[part])
        rank = np.arange(len(which)) - np.repeat(ends[part] - counts[part] - before, counts[part])
        tet = simplex[which]
        column = ix[tet] + rank % nx[tet]
        line = iy[tet] + rank // nx[tet]
        point = np.column_stack([x[column], y[line]])
        if z is not None:
            point = np.column_stack([point, np.full(len(point), z)])
        rest = np.einsum("pi,pij->pj", point - corners[tet, 0], inverse[which])
        coordinates = np.column_stack([1.0 - rest.sum(axis=1), rest])
        own = (coordinates >= -EDGE_TOLERANCE).all(axis=1)
        owner[line[own], column[own]] = tet[own]
        bary[line[own], column[own]] = coordinates[own]
        start = stop
    return Sampling(x, y, owner, bary)


def _span(low: Floats, high: Floats, axis: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First index and number of the axis values within [low, high], widened by rounding."""
    slack = 1e-9 * max(abs(float(axis[-1])), abs(float(axis[0])), 1.0)
    first = np.searchsorted(axis, low - slack, side="left")
    last = np.searchsorted(axis, high + slack, side="right")
    return first, np.maximum(last - first, 0)
