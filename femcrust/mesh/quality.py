"""Shape of the tetrahedra: dihedral angles, edges, volume.

The dihedral angle at the edge between faces i and j is π - ∠(n_i, n_j), outward normals n;
a regular tetrahedron has 70.5°, a sliver or a needle comes near 0° or 180°.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femcrust.backends import core
from femcrust.mesh.mesh import CHUNK, Floats, Ints, Mesh, tet_volumes

FACE_PAIRS = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
EDGES = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))
BIN_DEG = 5.0  # of the histogram
FLAT_DEG = 10.0  # smallest dihedral angle below which a cell slows the solver (README)
N_WORST = 10


@dataclass(frozen=True)
class Quality:
    """Counts and shapes of a mesh.

    volume : m³
    min_dihedral_deg, percent_below_10deg : smallest angle; share of tetrahedra with one below 10°
    max_edge_ratio : longest over shortest edge of one tetrahedron, its largest value
    edge_min, edge_median, edge_max : m, over all edges
    histogram : (18,) int, tetrahedra by their smallest dihedral angle in steps of 5°
    worst : (≤ 10,) int, the tetrahedra with the smallest angles, worst first
    worst_angles, worst_centroids : their angles, degrees, and centroids (≤ 10, 3), m
    """

    n_points: int
    n_edges: int
    n_tets: int
    volume: float
    min_dihedral_deg: float
    percent_below_10deg: float
    max_edge_ratio: float
    edge_min: float
    edge_median: float
    edge_max: float
    histogram: Ints
    worst: Ints
    worst_angles: Floats
    worst_centroids: Floats

    @property
    def n_dof(self) -> int:
        """Unknowns of quadratic elements: three at each vertex and each edge's midpoint."""
        return 3 * (self.n_points + self.n_edges)

    def text(self) -> str:
        """A few lines for people, lengths in km."""
        x, y, z = self.worst_centroids[0] / 1e3
        bars = [f"{int(100 * n / self.n_tets + 0.5)}" for n in self.histogram]
        return (
            f"{self.n_tets:,} tetrahedra, {self.n_points:,} vertices, {self.n_edges:,} edges: "
            f"{self.n_dof:,} unknowns\n"
            f"volume {self.volume / 1e9:,.6g} km³; edges {self.edge_min / 1e3:.3g} to "
            f"{self.edge_max / 1e3:.3g} km, median {self.edge_median / 1e3:.3g} km; "
            f"longest over shortest edge of a tetrahedron up to {self.max_edge_ratio:.1f}\n"
            f"smallest dihedral angle {self.min_dihedral_deg:.2f}° near "
            f"({x:.3f}, {y:.3f}, {z:.3f}) km; {self.percent_below_10deg:.3g} % of the "
            f"tetrahedra below {FLAT_DEG:.0f}°\n"
            f"percent by smallest angle, steps of {BIN_DEG:.0f}°: " + " ".join(bars)
        )


def smallest_dihedrals(mesh: Mesh) -> Floats:
    """The smallest of the six dihedral angles of each tetrahedron, degrees. (n_tets,)"""
    smallest = np.empty(mesh.n_tets)
    for start in range(0, mesh.n_tets, CHUNK):
        part = slice(start, start + CHUNK)
        x = mesh.points[mesh.tets[part]]
        a, b, c = (x[:, i] - x[:, 0] for i in (1, 2, 3))
        inward = np.stack([np.zeros_like(a), np.cross(b, c), np.cross(c, a), np.cross(a, b)])
        inward[0] = -inward[1:].sum(axis=0)  # the faces of a closed body: areas sum to zero
        inward /= np.linalg.norm(inward, axis=2, keepdims=True)
        cosine = np.max([-np.einsum("nk,nk->n", inward[i], inward[j]) for i, j in FACE_PAIRS], 0)
        smallest[part] = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    return smallest


def quality(mesh: Mesh) -> Quality:
    """Counts, edge lengths and dihedral angles of a mesh."""
    unique = _edge_lengths(mesh)
    angle = smallest_dihedrals(mesh)
    worst = np.argsort(angle, kind="stable")[:N_WORST].astype(np.int32)
    histogram, _ = np.histogram(angle, bins=np.arange(0.0, 90.0 + BIN_DEG, BIN_DEG))
    return Quality(
        n_points=mesh.n_points,
        n_edges=len(unique),
        n_tets=mesh.n_tets,
        volume=float(tet_volumes(mesh).sum()),
        min_dihedral_deg=float(angle.min()),
        percent_below_10deg=float(100.0 * np.mean(angle < FLAT_DEG)),
        max_edge_ratio=_largest_edge_ratio(mesh),
        edge_min=float(unique.min()),
        edge_median=float(np.median(unique)),
        edge_max=float(unique.max()),
        histogram=histogram.astype(np.int32),
        worst=worst,
        worst_angles=angle[worst],
        worst_centroids=mesh.points[mesh.tets[worst]].mean(axis=1),
    )


def _edge_lengths(mesh: Mesh) -> Floats:
    """Of each edge of the mesh, m. (n_edges,)"""
    *_, edges = core().quadratic(mesh.points, mesh.tets)
    ends = np.asarray(edges.ends)
    return np.asarray(np.linalg.norm(mesh.points[ends[:, 0]] - mesh.points[ends[:, 1]], axis=1))


def _largest_edge_ratio(mesh: Mesh) -> float:
    """Longest over shortest edge of one tetrahedron."""
    largest = 0.0
    for start in range(0, mesh.n_tets, CHUNK):
        ends = mesh.tets[start : start + CHUNK, EDGES]  # (k, 6, 2)
        length = np.linalg.norm(mesh.points[ends[..., 0]] - mesh.points[ends[..., 1]], axis=2)
        largest = max(largest, float((length.max(axis=1) / length.min(axis=1)).max()))
    return largest
