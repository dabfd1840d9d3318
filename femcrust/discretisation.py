"""Quadratic tetrahedra on a mesh: nodes, elements and edges as the plain arrays of the core.

Nodes are the mesh's vertices, then one node at the middle of each edge, both in the order in which
the elements meet them; so vectors on the linear level are the head of vectors on the quadratic one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from femcrust import backends
from femcrust.errors import InputError
from femcrust.mesh.mesh import NUMBERED, Floats, Ints, Mesh

# Ends of mid-edge nodes 4 … 9 of a tetrahedron, and of 3 … 5 of a triangle.
TET_EDGES = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))
TRIANGLE_EDGES = ((0, 1), (1, 2), (0, 2))


@dataclass(frozen=True)
class Discretisation:
    """The quadratic space on a mesh.

    nodes : (n_nodes, 3) float, m;  elements : (n_tets, 10) int
    edge_index : the core's edges, which finds an edge by its ends
    """

    mesh: Mesh
    nodes: Floats
    elements: Ints
    edge_index: Any

    @property
    def n_nodes(self) -> int:
        return len(self.nodes)

    @property
    def n_dof(self) -> int:
        return 3 * len(self.nodes)

    @property
    def n_vertices(self) -> int:
        return self.mesh.n_points

    @property
    def edges(self) -> Ints:
        """Ends of the edges, in the order of their nodes; not copied. (n_edges, 2)"""
        return np.asarray(self.edge_index.ends)

    def edge_nodes(self, ends: Ints) -> Ints:
        """Nodes at the middles of the edges with these ends. (…, 2) → (…)"""
        return np.asarray(self.n_vertices + self.edge_index.find(ends), dtype=np.int32)

    def face_nodes(self, faces: Ints) -> Ints:
        """The six nodes of triangles: corners, then (0,1), (1,2), (0,2). (k, 3) → (k, 6)"""
        ends = np.stack([faces[:, list(pair)] for pair in TRIANGLE_EDGES], axis=1)
        return np.concatenate([faces, self.edge_nodes(ends)], axis=1).astype(np.int32)


def count_nodes(mesh: Mesh) -> int:
    """Nodes of the quadratic space: vertices and edges."""
    return len(discretise(mesh).nodes)


def discretise(mesh: Mesh) -> Discretisation:
    """Number the quadratic nodes of a mesh."""
    core = backends.core()
    try:
        nodes, elements, edges = core.quadratic(mesh.points, mesh.tets)
    except core.ArgumentError as error:
        raise InputError(f"mesh: {error}; nodes are numbered with 32 bits") from error
    if 3 * len(nodes) > NUMBERED:  # sums over the edges of vertices, and vectors, count so far
        raise InputError(
            f"mesh: {3 * len(nodes):,} unknowns, more than {NUMBERED:,}; make the mesh coarser"
        )
    return Discretisation(mesh, nodes, elements, edges)
