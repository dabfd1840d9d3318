"""A tetrahedral mesh as plain arrays, and its renumbering along a space-filling curve.

Everything downstream relies on locality: tetrahedra follow a Hilbert curve through their
centroids [Skilling04], vertices are numbered in the order in which the tetrahedra meet them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

NUMBERED = 2**31 - 1  # the core numbers elements, and the three unknowns of each node, with 32 bits
CHUNK = 50_000  # tetrahedra or faces that a loop takes at once: bounds the memory
HILBERT_BITS = 16  # per axis: 2^16 cells across the mesh, far below any element's size


@dataclass(frozen=True)
class Mesh:
    """Points, positively oriented tetrahedra, and named groups of them.

    points : (n_points, 3) float, metres, x east, y north, z up
    tets : (n_tets, 4) int, vertices; det(x1-x0, x2-x0, x3-x0) > 0
    volumes : name -> (k,) int, tetrahedra of a volume group
    surfaces : name -> (k, 3) int, vertex triples of a surface group
    source : where it came from, for messages
    """

    points: Floats
    tets: Ints
    volumes: dict[str, Ints] = field(default_factory=dict)
    surfaces: dict[str, Ints] = field(default_factory=dict)
    source: str = "box"

    @property
    def n_points(self) -> int:
        return len(self.points)

    @property
    def n_tets(self) -> int:
        return len(self.tets)


def tet_volumes(mesh: Mesh) -> Floats:
    """Signed volumes of the tetrahedra, m³: det(x1-x0, x2-x0, x3-x0) / 6. (n_tets,)"""
    volumes = np.empty(mesh.n_tets)
    for start in range(0, mesh.n_tets, CHUNK):
        part = slice(start, start + CHUNK)
        corners = mesh.points[mesh.tets[part]]
        a, b, c = (corners[:, i] - corners[:, 0] for i in (1, 2, 3))
        volumes[part] = np.einsum("ni,ni->n", a, np.cross(b, c)) / 6.0
    return volumes


def hilbert_keys(points: Floats, bits: int = HILBERT_BITS) -> NDArray[np.uint64]:
    """Position of each point along a 3-D Hilbert curve [Skilling04, AxestoTranspose]. (n,)"""
    low = points.min(axis=0)
    extent = float((points.max(axis=0) - low).max()) or 1.0
    x = np.floor((points - low) / extent * (2**bits - 1)).astype(np.uint64).T.copy()  # (3, n)
    one = np.uint64(1)
    q = np.uint64(1 << (bits - 1))
    while q > one:
        p = q - one
        for i in range(3):
            inverted = (x[i] & q) != 0
            exchange = np.where(inverted, np.uint64(0), (x[0] ^ x[i]) & p)
            x[0] = np.where(inverted, x[0] ^ p, x[0] ^ exchange)
            x[i] ^= exchange
        q >>= one
    x[1] ^= x[0]
    x[2] ^= x[1]
    flip = np.zeros_like(x[0])
    q = np.uint64(1 << (bits - 1))
    while q > one:
        flip = np.where((x[2] & q) != 0, flip ^ (q - one), flip)
        q >>= one
    x ^= flip
    key = np.zeros_like(x[0])
    for bit in range(bits - 1, -1, -1):
        for i in range(3):
            key = (key << one) | ((x[i] >> np.uint64(bit)) & one)
    return np.asarray(key)


def ordered(mesh: Mesh) -> Mesh:
    """The same mesh, numbered along a Hilbert curve; unused points are dropped."""
    rank_of_tet = np.argsort(hilbert_keys(mesh.points[mesh.tets].mean(axis=1)), kind="stable")
    tets = mesh.tets[rank_of_tet]
    met, first = np.unique(tets.ravel(), return_index=True)
    old_points = met[np.argsort(first, kind="stable")]
    new_point = np.full(mesh.n_points, -1, dtype=np.int32)
    new_point[old_points] = np.arange(len(old_points), dtype=np.int32)
    new_tet = np.empty(mesh.n_tets, dtype=np.int32)
    new_tet[rank_of_tet] = np.arange(mesh.n_tets, dtype=np.int32)
    return Mesh(
        points=np.ascontiguousarray(mesh.points[old_points]),
        tets=np.ascontiguousarray(new_point[tets]),
        volumes={name: np.sort(new_tet[index]) for name, index in mesh.volumes.items()},
        surfaces={name: new_point[faces] for name, faces in mesh.surfaces.items()},
        source=mesh.source,
    )
