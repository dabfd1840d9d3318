"""Exact intersection of flat polygons with tetrahedra, as quadrature points.

Each polygon is cut by the four half-spaces L_i ≥ 0 of each tetrahedron near it [Sutherland74];
what remains is convex and is integrated by fans of triangles with the six-point rule of degree 4
[Strang73]. A polygon that lies on a face of the mesh belongs to both sides, half each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from femcrust.faults.tet10 import barycentric_gradients
from femcrust.mesh.mesh import Floats, Ints, Mesh

Longs = NDArray[np.int64]

ON_FACE = 1e-9  # of the tetrahedron's size: nearer to its face is on it
SNAP = 1e-11  # in barycentric coordinates: rounding of polygons that end on a face
PAIRS_AT_ONCE = 400_000  # bounds the memory for candidates
POLYGONS_AT_ONCE = 256

# Six points on the triangle, exact to degree 4; weights sum to one.
_A, _B = 0.445948490915965, 0.091576213509771
TRIANGLE_POINTS = np.array([np.roll([1.0 - 2.0 * c, c, c], i) for c in (_A, _B) for i in range(3)])
TRIANGLE_WEIGHTS = np.repeat([0.223381589678011, 0.109951743655322], 3)
TRIANGLE_WEIGHTS /= TRIANGLE_WEIGHTS.sum()


@dataclass(frozen=True)
class SheetPoints:
    """Quadrature points of polygons in a mesh.

    tet : (q,) int;  polygon : (q,) int
    bary : (q, 4) float, barycentric coordinates;  x : (q, 3) float, metres
    weight : (q,) float, m²
    """

    tet: Ints
    polygon: Longs
    bary: Floats
    x: Floats
    weight: Floats


def sheet_points(mesh: Mesh, corners: Floats, n_corners: Longs, normals: Floats) -> SheetPoints:
    """Cut polygons by the mesh.

    corners : (p, c, 3) float, metres, convex and flat; n_corners : (p,) int, how many count
    normals : (p, 3) float, unit
    """
    parts = [
        _cut(mesh, corners, n_corners, normals, polygon, tet)
        for polygon, tet in _near(mesh, corners, n_corners)
    ]
    if not parts:
        return SheetPoints(
            np.empty(0, np.int32),
            np.empty(0, np.int64),
            np.empty((0, 4)),
            np.empty((0, 3)),
            np.empty(0),
        )
    return SheetPoints(
        tet=np.concatenate([p.tet for p in parts]),
        polygon=np.concatenate([p.polygon for p in parts]),
        bary=np.concatenate([p.bary for p in parts]),
        x=np.concatenate([p.x for p in parts]),
        weight=np.concatenate([p.weight for p in parts]),
    )


def _near(mesh: Mesh, corners: Floats, n_corners: Longs) -> Iterator[tuple[Longs, Longs]]:
    """Pairs (polygon, tetrahedron) whose bounding spheres meet, in parts of bounded size.

    Tetrahedra are searched in classes of size, so that far, large ones cost nothing near.
    """
    counted = np.arange(corners.shape[1]) < n_corners[:, None]
    middle = np.where(counted[..., None], corners, 0.0).sum(axis=1) / n_corners[:, None]
    reach = (np.linalg.norm(corners - middle[:, None], axis=2) * counted).max(axis=1)
    x = mesh.points[mesh.tets]
    centroid = x.mean(axis=1)
    size = np.sqrt(((x - centroid[:, None]) ** 2).sum(axis=2).max(axis=1))
    gap = np.maximum(
        centroid - (middle + reach[:, None]).max(axis=0),
        (middle - reach[:, None]).min(axis=0) - centroid,
    ).max(axis=1)
    close = np.flatnonzero(gap <= size)
    level = np.floor(np.log2(size[close])).astype(np.int64)
    for each in np.unique(level):
        chosen = close[level == each]
        tree = cKDTree(centroid[chosen])
        for start in range(0, len(middle), POLYGONS_AT_ONCE):
            part = slice(start, start + POLYGONS_AT_ONCE)
            radius = reach[part] + 2.0 ** float(each + 1)
            found = tree.query_ball_point(middle[part], radius, return_sorted=True)
            count = np.array([len(f) for f in found])
            tet = chosen[np.concatenate([np.asarray(f, dtype=np.int64) for f in found])]
            polygon = np.repeat(np.arange(start, start + len(count)), count)
            touching = np.linalg.norm(centroid[tet] - middle[polygon], axis=1) <= (
                size[tet] + reach[polygon]
            )
            polygon, tet = polygon[touching], tet[touching]
            for first in range(0, len(tet), PAIRS_AT_ONCE):
                chunk = slice(first, first + PAIRS_AT_ONCE)
                yield polygon[chunk], tet[chunk]


def _cut(
    mesh: Mesh, corners: Floats, n_corners: Longs, normals: Floats, polygon: Longs, tet: Longs
) -> SheetPoints:
    """Quadrature points of the intersections of pairs (polygon, tet)."""
    vertices = mesh.points[mesh.tets[tet]]
    height = np.einsum("nvi,ni->nv", vertices - corners[polygon, 0, None], normals[polygon])
    thickness = ON_FACE * np.abs(vertices - vertices[:, :1]).max(axis=(1, 2))[:, None]
    meets = np.any(height <= thickness, axis=1) & np.any(height >= -thickness, axis=1)
    polygon, tet, height, vertices = polygon[meets], tet[meets], height[meets], vertices[meets]
    on_plane = np.abs(height) <= thickness[meets]
    on_face = on_plane.sum(axis=1) == 3

    g, _ = barycentric_gradients(mesh.points, mesh.tets[tet])
    x = corners[polygon]  # (n, c, 3)
    bary = np.empty((*x.shape[:2], 4))
    bary[..., 1:] = np.einsum("nci,nji->ncj", x - vertices[:, None, 0], g[:, 1:])
    bary[..., 0] = 1.0 - bary[..., 1:].sum(axis=2)
    # The vertex off the plane must not cut a polygon that lies on the opposite face.
    bary[on_face[:, None, None] & ~on_plane[:, None, :].repeat(x.shape[1], axis=1)] = 0.0
    ring, row = _clipped(np.concatenate([bary, x], axis=2), n_corners[polygon])

    share = np.where(on_face, 0.5, 1.0)[row]
    fans = np.stack(
        [np.repeat(ring[:, :1], ring.shape[1] - 2, axis=1), ring[:, 1:-1], ring[:, 2:]], axis=2
    )  # (n, fans, 3 corners, 4 + 3); padding repeats the last corner, its fans have no area
    a, b = (fans[:, :, i, 4:] - fans[:, :, 0, 4:] for i in (1, 2))
    area = np.linalg.norm(np.cross(a, b), axis=2) / 2.0 * share[:, None]
    which, fan = np.nonzero(area > 0.0)
    at = np.einsum("qc,nck->nqk", TRIANGLE_POINTS, fans[which, fan])
    n_points = len(TRIANGLE_WEIGHTS)
    return SheetPoints(
        tet=np.repeat(tet[row[which]], n_points).astype(np.int32),
        polygon=np.repeat(polygon[row[which]], n_points),
        bary=at[..., :4].reshape(-1, 4),
        x=at[..., 4:].reshape(-1, 3),
        weight=(area[which, fan][:, None] * TRIANGLE_WEIGHTS).ravel(),
    )


def _clipped(ring: Floats, count: Longs) -> tuple[Floats, Longs]:
    """Cut polygons by L_i ≥ 0, i = 0 … 3, the first four of their columns.

    ring : (n, c, 4 + …); count : (n,) corners that count
    returns those with at least three corners left, padded with their last one, and their rows
    """
    row = np.arange(len(ring))
    for i in range(4):
        c = ring.shape[1]
        valid = np.arange(c) < count[:, None]
        onward = np.where(np.arange(c) + 1 < count[:, None], np.arange(c) + 1, 0)
        following = np.take_along_axis(ring, onward[..., None], axis=1)
        here, there = ring[..., i], following[..., i]
        here, there = (np.where(np.abs(f) < SNAP, 0.0, f) for f in (here, there))
        crosses = valid & (here * there < 0.0)
        t = np.where(crosses, here / np.where(crosses, here - there, 1.0), 0.0)
        between = ring + t[..., None] * (following - ring)
        kept = np.stack([valid & (here >= 0.0), crosses], axis=2).reshape(len(ring), 2 * c)
        both = np.stack([ring, between], axis=2).reshape(len(ring), 2 * c, ring.shape[2])
        count = kept.sum(axis=1)
        order = np.argsort(~kept, axis=1, kind="stable")[:, : c + 1]  # a cut adds one corner
        last = np.minimum(np.arange(order.shape[1]), np.maximum(count - 1, 0)[:, None])
        order = np.take_along_axis(order, last, axis=1)
        left = count >= 3
        ring = np.take_along_axis(both, order[..., None], axis=1)[left]
        count, row = count[left], row[left]
    return ring, row
