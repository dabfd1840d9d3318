"""Quadratic tetrahedra on a mesh: nodes, elements and edges as the plain arrays of the core.

Nodes are the mesh's vertices, then one node at the middle of each edge, both in the order in which
the elements meet them; so vectors on the linear level are the head of vectors on the quadratic one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femcrust.mesh.mesh import Floats, Ints, Mesh

# Ends of mid-edge nodes 4 … 9 of a tetrahedron, and of 3 … 5 of a triangle.
TET_EDGES = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))
TRIANGLE_EDGES = ((0, 1), (1, 2), (0, 2))


@dataclass(frozen=True)
class Discretisation:
    """The quadratic space on a mesh.

    nodes : (n_nodes, 3) float, m;  elements : (n_tets, 10) int;  edges : (n_edges, 2) int
    """

    mesh: Mesh
    nodes: Floats
    elements: Ints
    edges: Ints
    edge_keys: NDArray[np.int64]  # sorted
    edge_of_key: Ints

    @property
    def n_nodes(self) -> int:
        return len(self.nodes)

    @property
    def n_dof(self) -> int:
        return 3 * len(self.nodes)

    @property
    def n_vertices(self) -> int:
        return self.mesh.n_points

    def edge_nodes(self, ends: Ints) -> Ints:
        """Nodes at the middles of the edges with these ends. (…, 2) → (…)"""
        keys = _key(ends, self.n_vertices)
        place = np.minimum(np.searchsorted(self.edge_keys, keys), len(self.edge_keys) - 1)
        if not np.array_equal(self.edge_keys[place], keys):
            raise ValueError("an edge that is not in the mesh")
        return np.asarray(self.n_vertices + self.edge_of_key[place], dtype=np.int32)

    def face_nodes(self, faces: Ints) -> Ints:
        """The six nodes of triangles: corners, then (0,1), (1,2), (0,2). (k, 3) → (k, 6)"""
        ends = np.stack([faces[:, list(pair)] for pair in TRIANGLE_EDGES], axis=1)
        return np.concatenate([faces, self.edge_nodes(ends)], axis=1).astype(np.int32)


def count_nodes(mesh: Mesh) -> int:
    """Nodes of the quadratic space: vertices and edges."""
    ends = np.stack([mesh.tets[:, list(pair)] for pair in TET_EDGES], axis=1)
    return mesh.n_points + len(np.unique(_key(ends, mesh.n_points)))


def discretise(mesh: Mesh) -> Discretisation:
    """Number the quadratic nodes of a mesh."""
    ends = np.stack([mesh.tets[:, list(pair)] for pair in TET_EDGES], axis=1)  # (n_tets, 6, 2)
    keys, first, inverse = np.unique(
        _key(ends, mesh.n_points).ravel(), return_index=True, return_inverse=True
    )
    met = np.argsort(first, kind="stable")  # edges in the order in which elements meet them
    edge_of_key = np.empty(len(keys), dtype=np.int32)
    edge_of_key[met] = np.arange(len(keys), dtype=np.int32)
    low, high = np.divmod(keys[met], mesh.n_points)
    edges = np.stack([low, high], axis=1).astype(np.int32)
    middles = mesh.points[edges].mean(axis=1)
    edge_nodes = mesh.n_points + edge_of_key[inverse].reshape(-1, 6)
    return Discretisation(
        mesh=mesh,
        nodes=np.ascontiguousarray(np.concatenate([mesh.points, middles])),
        elements=np.ascontiguousarray(
            np.concatenate([mesh.tets, edge_nodes], axis=1).astype(np.int32)
        ),
        edges=edges,
        edge_keys=keys,
        edge_of_key=edge_of_key,
    )


def _key(ends: Ints, n_vertices: int) -> NDArray[np.int64]:
    """One number for an edge, the same from both ends."""
    low = ends.min(axis=-1).astype(np.int64)
    return np.asarray(low * n_vertices + ends.max(axis=-1))
