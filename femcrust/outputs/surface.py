"""The ground: upward-facing outer triangles of the mesh, with the displacement of their own side.

Each triangle keeps the offset of the tetrahedron below it, so a fault that breaks the surface
stays a jump and is never smeared across.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femcrust.mesh.exterior import exterior_faces
from femcrust.mesh.mesh import Floats, Ints, Mesh
from femcrust.outputs.result import Result
from femcrust.outputs.split_nodes import total_offset

EDGE_NODE = np.array(  # local node between two vertices of a tetrahedron
    [[-1, 4, 6, 7], [4, -1, 5, 8], [6, 5, -1, 9], [7, 8, 9, -1]]
)
STEEPEST_GROUND = 0.05  # upward part of a unit normal: 87° slopes are ground, walls are not


@dataclass(frozen=True)
class Surface:
    """k triangles of the ground.

    corners : (k, 3, 3) m; displacement : (k, 6, 3) m at vertices, then edges 01, 12, 02
    slopes : (k, 3, 2) dz/dx and dz/dy at the corners, averaged over the triangles around them
    tets : (k,) the tetrahedron below each
    """

    corners: Floats
    displacement: Floats
    slopes: Floats
    tets: NDArray[np.int64]

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Lowest and highest x, then y, m."""
        low = self.corners.min(axis=(0, 1))
        high = self.corners.max(axis=(0, 1))
        return float(low[0]), float(high[0]), float(low[1]), float(high[1])


def ground_faces(mesh: Mesh) -> tuple[Ints, NDArray[np.int64]]:
    """Vertices (k, 3) of the ground's triangles and the tetrahedra (k,) below, lowest first."""
    exterior = exterior_faces(mesh)
    kept = np.flatnonzero((exterior.side == "top") & (exterior.normals[:, 2] > STEEPEST_GROUND))
    height = mesh.points[exterior.faces[kept], 2].mean(axis=1)
    kept = kept[np.argsort(height, kind="stable")]
    return exterior.faces[kept], exterior.tets[kept].astype(np.int64)


def ground(result: Result) -> Surface:
    """The ground with its displacement; where it overhangs, the higher sheet comes last."""
    faces, tet = ground_faces(result.mesh)
    inside = result.below_ground
    if inside is None:
        inside = displacement_in(result, tet)
    vertex = (result.mesh.tets[tet, None] == faces[:, :, None]).argmax(axis=2)
    a, b, c = vertex.T
    local = np.column_stack([vertex, EDGE_NODE[a, b], EDGE_NODE[b, c], EDGE_NODE[a, c]])
    displacement = inside[np.arange(len(tet))[:, None], local]
    points = result.mesh.points
    return Surface(points[faces], displacement, _slopes(points, faces), tet)


def displacement_in(result: Result, tets: NDArray[np.integer]) -> Floats:
    """At the ten nodes of some tetrahedra, on their own side of faults. (k, 10, 3) m"""
    inside: Floats = result.displacement[result.elements[tets]]
    touched, offset = total_offset(result.sources, len(result.elements))
    if len(touched):
        row = np.full(len(result.elements), -1, dtype=np.int64)
        row[touched] = np.arange(len(touched))
        moved = row[tets] >= 0
        inside[moved] += offset[row[tets[moved]]]
    return inside


def _slopes(points: Floats, triangles: NDArray[np.integer]) -> Floats:
    """Slopes at the triangles' corners from area-weighted normals of their neighbours."""
    a, b, c = (points[triangles[:, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    vertex, corner = np.unique(triangles, return_inverse=True)
    corner = corner.reshape(-1)
    summed = np.stack(
        [np.bincount(corner, np.repeat(n, 3), minlength=len(vertex)) for n in normal.T], axis=1
    )
    slopes = -summed[:, :2] / summed[:, 2:]
    return np.asarray(slopes[corner].reshape(-1, 3, 2))
