"""Which tetrahedron holds a point: barycentric coordinates λ_i(x) of the candidates.

Every tetrahedron is filed under the centre of its bounding box in one of up to 16 nested grids,
the one whose cells are the smallest not below the box; so a point needs to look only at the
2 x 2 x 2 cells around it in each grid in use. The search is exact, whatever the grading.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from femcrust.errors import InputError
from femcrust.mesh.exterior import exterior_faces
from femcrust.mesh.mesh import CHUNK as AT_ONCE
from femcrust.mesh.mesh import Floats, Ints, Mesh

Longs = NDArray[np.int64]

MAX_LEVEL = 16  # smallest cells: 2^-16 of the mesh; 3 x 17 bits of cell + 5 of level = 56
BITS = MAX_LEVEL + 1
CHUNK = 20_000  # points looked up at once: bounds the memory for candidates
ROUNDING = 16.0 * float(np.finfo(np.float64).eps)  # of the largest coordinate, in distances


def _runs(first: Longs, count: Longs) -> tuple[Longs, Longs]:
    """Owners and members of the runs first[i] … first[i] + count[i] - 1, concatenated."""
    owner = np.repeat(np.arange(len(count)), count)
    start = np.cumsum(count) - count
    return owner, np.arange(len(owner)) - np.repeat(start - first, count)


class _Boxes:
    """Bounding boxes in nested grids; low, high are (n, d)."""

    def __init__(self, low: Floats, high: Floats, slack: Floats) -> None:
        self.low, self.high = low - slack[:, None], high + slack[:, None]
        self.d = low.shape[1]
        self.origin = self.low.min(axis=0)
        self.extent = float((self.high.max(axis=0) - self.origin).max())
        size = np.maximum((self.high - self.low).max(axis=1), self.extent * 2.0**-MAX_LEVEL)
        # The tiny factor keeps cells above the box even where log2 rounds up.
        level = np.floor(np.log2(self.extent / size * (1.0 - 1e-12))).clip(0, MAX_LEVEL)
        self.levels = np.unique(level).astype(np.int64)
        centre = (self.low + self.high) / 2.0
        cell = np.floor((centre - self.origin) / (self.extent / 2.0**level)[:, None])
        keys = self._keys(level.astype(np.int64), cell.astype(np.int64))
        self.order = np.argsort(keys, kind="stable")
        self.keys = keys[self.order]

    def _keys(self, level: Longs | int, cell: Longs) -> Longs:
        key = np.full(cell.shape[:-1], 0, dtype=np.int64) + level
        for axis in range(self.d):
            key = (key << BITS) | cell[..., axis]
        return key

    def candidates(self, points: Floats) -> Iterator[tuple[Longs, Longs]]:
        """Pairs (point, box) with the point inside the box; every such pair occurs once."""
        corners = np.stack(np.meshgrid(*[[0, 1]] * self.d, indexing="ij"), -1).reshape(-1, self.d)
        for level in self.levels:
            h = self.extent / 2.0 ** int(level)
            # Clipped, or a point far away would overflow.
            first_cell = np.floor((points - self.origin) / h - 0.5).clip(-2, 2 ** int(level) + 1)
            cells = first_cell[:, None, :].astype(np.int64) + corners  # (n, 2^d, d)
            inside = np.all((cells >= 0) & (cells <= 2 ** int(level)), axis=-1)
            who, _ = np.nonzero(inside)
            keys = self._keys(int(level), cells[inside])
            start = np.searchsorted(self.keys, keys, side="left")
            count = np.searchsorted(self.keys, keys, side="right") - start
            run, entry = _runs(start, count)
            point, box = who[run], self.order[entry]
            x = points[point]
            held = np.all((x >= self.low[box]) & (x <= self.high[box]), axis=1)
            yield point[held], box[held]


@dataclass
class _Top:
    """The triangles of the top surface, in map view."""

    boxes: _Boxes
    corners: Floats  # (k, 3, 3)


class Locator:
    """Finds the tetrahedra that hold points, and the height of the top surface.

    >>> mesh = Mesh(np.vstack([np.zeros(3), np.eye(3)]), np.array([[0, 1, 2, 3]], dtype=np.int32))
    >>> tets, bary = Locator(mesh).find(np.array([[0.25, 0.25, 0.25], [1.0, 1.0, 1.0]]))
    >>> tets.tolist(), bary[0].tolist()
    ([0, -1], [0.25, 0.25, 0.25, 0.25])
    """

    def __init__(self, mesh: Mesh, tolerance: float = 1e-9) -> None:
        """`tolerance`: how far outside a point may lie, relative to the tetrahedron's size."""
        self.mesh = mesh
        self.tolerance = tolerance
        self._top: _Top | None = None

    @cached_property
    def slack(self) -> Floats:
        """How far outside a point may lie, m. (n_tets,)"""
        low, high = self._extents
        rounding = ROUNDING * float(np.abs(self.mesh.points).max())
        return np.asarray(self.tolerance * (high - low).max(axis=1) + rounding)

    @cached_property
    def _boxes(self) -> _Boxes:
        """Of the tetrahedra; made where points are looked for, for it takes more than the mesh."""
        return _Boxes(*self._extents, self.slack)

    @property
    def _extents(self) -> tuple[Floats, Floats]:
        """Lowest and highest coordinates of the tetrahedra, m. (n_tets, 3), (n_tets, 3)"""
        low, high = np.empty((2, self.mesh.n_tets, 3))
        for start in range(0, self.mesh.n_tets, AT_ONCE):
            corners = self.mesh.points[self.mesh.tets[start : start + AT_ONCE]]
            low[start : start + AT_ONCE] = corners.min(axis=1)
            high[start : start + AT_ONCE] = corners.max(axis=1)
        return low, high

    def find(self, points: Floats) -> tuple[Ints, Floats]:
        """The lowest-numbered tetrahedron that holds each point, -1 outside the mesh.

        points : (n, 3) float, metres
        returns (n,) int and (n, 4) float barycentric coordinates (nan where outside)
        """
        points = np.atleast_2d(np.asarray(points, dtype=np.float64))
        _refuse_nan(points)
        tets = np.full(len(points), -1, dtype=np.int32)
        bary = np.full((len(points), 4), np.nan)
        for start in range(0, len(points), CHUNK):
            part = slice(start, start + CHUNK)
            tets[part], bary[part] = self._find(points[part])
        return tets, bary

    def _find(self, points: Floats) -> tuple[Ints, Floats]:
        pairs = list(self._boxes.candidates(points))
        who = np.concatenate([p for p, _ in pairs])
        tet = np.concatenate([t for _, t in pairs])
        lam, distance = self._barycentric(points[who], tet)
        held = np.all(distance <= self.slack[tet][:, None], axis=1)
        who, tet, lam = who[held], tet[held], lam[held]
        order = np.lexsort((tet, who))  # lowest tetrahedron first: ties do not depend on the grid
        found, first = np.unique(who[order], return_index=True)
        tets = np.full(len(points), -1, dtype=np.int32)
        bary = np.full((len(points), 4), np.nan)
        tets[found] = tet[order[first]]
        bary[found] = lam[order[first]]
        return tets, bary

    def _barycentric(self, x: Floats, tet: Longs) -> tuple[Floats, Floats]:
        """λ (n, 4) of x in the tetrahedra, and how far beyond each face x lies, m (n, 4).

        λ_i = (x - x0)·∇λ_i for i = 1, 2, 3 and λ_0 = 1 - Σ λ_i; distances are -λ_i / |∇λ_i|.
        """
        corners = self.mesh.points[self.mesh.tets[tet]]
        a, b, c = (corners[:, i] - corners[:, 0] for i in (1, 2, 3))
        normals = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=1)
        grad = normals / np.einsum("ni,ni->n", a, normals[:, 0])[:, None, None]
        lam = np.empty((len(x), 4))
        lam[:, 1:] = np.einsum("nji,ni->nj", grad, x - corners[:, 0])
        lam[:, 0] = 1.0 - lam[:, 1:].sum(axis=1)
        steep = np.empty_like(lam)
        steep[:, 1:] = np.linalg.norm(grad, axis=2)
        steep[:, 0] = np.linalg.norm(grad.sum(axis=1), axis=1)
        return lam, -lam / steep

    def surface_z(self, x: Floats, y: Floats) -> Floats:
        """Height of the top surface at (x, y), metres: the highest under overhangs, nan outside."""
        x, y = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
        points = np.stack([x.ravel(), y.ravel()], axis=1)
        _refuse_nan(points)
        z = np.full(len(points), -np.inf)
        top = self._top_surface()
        for start in range(0, len(points), CHUNK):
            for who, face in top.boxes.candidates(points[start : start + CHUNK]):
                height = _heights(points[start + who], top.corners[face], self.tolerance)
                np.maximum.at(z, start + who, height)
        return np.where(np.isfinite(z), z, np.nan).reshape(x.shape)

    def _top_surface(self) -> _Top:
        if self._top is None:
            exterior = exterior_faces(self.mesh)
            # A vertical cliff has no height of its own; its rims belong to neighbours.
            seen = (exterior.side == "top") & (np.abs(exterior.normals[:, 2]) > 1e-9)
            if not seen.any():
                raise InputError(f"{self.mesh.source}: the mesh has no top surface")
            corners = self.mesh.points[exterior.faces[seen]]
            low, high = corners[:, :, :2].min(axis=1), corners[:, :, :2].max(axis=1)
            slack = self.slack[exterior.tets[seen]]
            self._top = _Top(_Boxes(low, high, slack), corners)
        return self._top


def _heights(points: Floats, corners: Floats, tolerance: float) -> Floats:
    """z of triangles (n, 3, 3) at (x, y) points (n, 2); -inf where the point is not inside."""
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    p = points - corners[:, 0, :2]
    area = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    s = (p[:, 0] * b[:, 1] - p[:, 1] * b[:, 0]) / area
    t = (a[:, 0] * p[:, 1] - a[:, 1] * p[:, 0]) / area
    size = np.maximum(np.abs(a).max(axis=1), np.abs(b).max(axis=1))
    # A coordinate's rounding, in units of the thinnest direction of the triangle.
    rounding = ROUNDING * np.abs(corners).max(axis=(1, 2)) * size / np.abs(area)
    allowed = -(tolerance + rounding)
    inside = (s >= allowed) & (t >= allowed) & (1.0 - s - t >= allowed)
    return np.where(inside, corners[:, 0, 2] + s * a[:, 2] + t * b[:, 2], -np.inf)


def _refuse_nan(points: Floats) -> None:
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(bad):
        raise InputError(
            f"point {bad[0]}: its position {points[bad[0]].tolist()} is not finite; "
            f"correct the {len(bad)} such points"
        )
