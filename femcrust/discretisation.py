"""Quadratic tetrahedra on a mesh: nodes, elements and edges as the plain arrays of the core.

Nodes are the mesh's vertices, then one node at the middle of each edge, both in the order in which
the elements meet them; so vectors on the linear level are the head of vectors on the quadratic one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femcrust import backends
from femcrust.comm import ALONE, Comm
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
    halo : the core's nodes that other ranks have too; None where there is one rank
    comm : of these ranks
    """

    mesh: Mesh
    nodes: Floats
    elements: Ints
    edge_index: Any
    halo: Any = None
    comm: Comm = ALONE

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

    def known_face_nodes(self, faces: Ints) -> Ints:
        """The same of faces that this space may lack in part; -1 for nodes that it lacks."""
        ends = np.stack([faces[:, list(pair)] for pair in TRIANGLE_EDGES], axis=1).reshape(-1, 2)
        edges = np.asarray(self.edge_index.look_for(ends)).reshape(-1, 3)
        return np.concatenate(
            [faces, np.where(edges < 0, -1, self.n_vertices + edges)], axis=1
        ).astype(np.int32)

    def summed(self, values: Floats) -> Floats:
        """Parts of sums at nodes (n_nodes, …), which each rank has, as whole sums."""
        if self.halo is None:
            return values
        whole = np.array(values, dtype=float, order="C")
        self.halo.sum(whole)
        return whole

    def agreed(self, values: Floats) -> Floats:
        """Values at nodes of which ranks have different ones: those of a node's owner."""
        return values if self.halo is None else self.summed(self._counted(values))

    def products(self, a: Sequence[Floats], b: Sequence[Floats]) -> Floats:
        """a_i · b_j of nodal vectors, over all ranks. (len(a), len(b))"""
        if self.halo is not None:
            a = [self._counted(values) for values in a]
        found = np.stack([x.ravel() for x in a]) @ np.stack([x.ravel() for x in b]).T
        return self.totals(found)

    def owned(self) -> NDArray[np.bool_]:
        """The nodes that count on this rank: of shared ones those of the lowest rank. (n_nodes,)"""
        mine = np.ones(self.n_nodes, dtype=bool)
        if self.halo is not None:
            mine[self.halo.ghosts] = False
        return mine

    def numbers(self) -> NDArray[np.int64]:
        """Numbers of the nodes over all ranks; those of a rank follow each other. (n_nodes,)"""
        mine = self.owned()
        counts = np.zeros(self.comm.size)
        counts[self.comm.rank] = mine.sum()
        first = self.totals(counts)[: self.comm.rank].sum()
        numbers = np.zeros((self.n_nodes, 1))
        numbers[mine, 0] = first + np.arange(mine.sum())
        return self.agreed(numbers)[:, 0].astype(np.int64)

    def totals(self, numbers: Floats) -> Floats:
        """Numbers of this rank → those of all."""
        found = np.array(numbers, dtype=float, order="C")
        self.comm.sum(found)
        return found

    def anywhere(self, here: bool) -> bool:
        """Whether it is so on some rank."""
        return bool(self.totals(np.array([float(here)]))[0])

    def _counted(self, values: Floats) -> Floats:
        """Zero where another rank owns the node."""
        counted = np.array(values, dtype=float, order="C")
        self.halo.hide_ghosts(counted)
        return counted


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
