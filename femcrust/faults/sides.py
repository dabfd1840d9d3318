"""On which side of a fault each (tetrahedron, node) lies, by adjacency.

The tetrahedra around a fault node are linked through the faces they share at that node, fault
facets left out. A connected set of them belongs to the wall of the facets that it touches; where
one set touches both walls, one can walk around the node: it is on the buried edge of the fault.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from femcrust.errors import InputError
from femcrust.faults.surface import Surface
from femcrust.faults.tet10 import EDGE_NODE, TET_EDGES
from femcrust.mesh.exterior import row_ids
from femcrust.mesh.mesh import Ints, Mesh

FACES = np.array([(1, 2, 3), (0, 2, 3), (0, 1, 3), (0, 1, 2)])  # opposite to vertex 0 … 3
PAIRS = ((0, 1), (1, 2), (0, 2))
Longs = NDArray[np.int64]


@dataclass(frozen=True)
class Sides:
    """The tetrahedra around a fault.

    Fault nodes are the surface's `vertices`, then the middles of its edges.

    vertices : (n_vertices,) int, mesh vertices on the fault, ascending
    tets : (m,) int, tetrahedra that share a vertex with the fault, ascending
    node : (m, 10) int, fault node, -1 elsewhere
    side : (m, 10) int, +1 hanging wall, -1 foot wall, 0 at nodes on neither
    tip : (n_fault_nodes,) bool, nodes on the buried edge
    hanging, foot : (k,) int, mesh tetrahedra behind each facet
    """

    vertices: Ints
    tets: Ints
    node: Ints
    side: NDArray[np.int8]
    tip: NDArray[np.bool_]
    hanging: Ints
    foot: Ints


def sides_of(mesh: Mesh, surface: Surface, name: str) -> Sides:
    """Walls and tips of a fault whose facets are faces of the mesh."""
    on_fault = np.zeros(mesh.n_points, dtype=bool)
    on_fault[surface.facets] = True
    near = np.flatnonzero(on_fault[mesh.tets].any(axis=1)).astype(np.int32)
    tets = mesh.tets[near]
    vertices, node = _fault_nodes(tets, surface, mesh.n_points)

    # Faces with a vertex on the fault: row r is the face of tets[owner[r]] with local corners
    # local[r], in the order of their global numbers, so that both owners list them alike.
    owner, opposite = np.nonzero(on_fault[tets[:, FACES]].any(axis=2))
    local = FACES[opposite]
    local = np.take_along_axis(
        local, np.argsort(np.take_along_axis(tets[owner], local, axis=1), axis=1), axis=1
    )
    k = len(surface.facets)
    faces = np.take_along_axis(tets[owner], local, axis=1)
    ids = row_ids(np.concatenate([surface.facets, faces]))
    is_facet = np.zeros(ids.max() + 1, dtype=bool)
    is_facet[ids[:k]] = True
    count = np.bincount(ids[k:], minlength=len(is_facet))
    _check(count[ids[:k]], surface, name)

    order = np.argsort(ids[k:], kind="stable")
    ranked = ids[k:][order]
    first = np.flatnonzero(ranked[1:] == ranked[:-1])
    one, two = order[first], order[first + 1]  # the two rows of each inner face
    fault = is_facet[ids[k:][one]]

    label = _components(node, owner, local, one[~fault], two[~fault])
    position = np.empty(len(is_facet), dtype=np.int64)
    position[ids[k:][one[fault]]] = np.flatnonzero(fault)
    at = position[ids[:k]]  # facet → its pair of rows
    a, b = one[at], two[at]
    apex = mesh.points[tets[owner[a], opposite[a]]] - surface.points[surface.facets[:, 0]]
    above = np.einsum("ki,ki->k", apex, surface.normals) > 0.0
    hanging, foot = np.where(above, a, b), np.where(above, b, a)

    touches = np.zeros((2, label.max() + 1), dtype=bool)
    for wall, rows in enumerate((hanging, foot)):
        touches[wall, label[owner[rows, None], _face_nodes(local[rows])]] = True
    both = touches[0] & touches[1]
    wall_of_label = np.where(both, 0, touches[0].astype(np.int8) - touches[1].astype(np.int8))
    known = label >= 0
    side = np.where(known, wall_of_label[label], 0).astype(np.int8)
    tip = np.zeros(len(vertices) + len(surface.edges), dtype=bool)
    tip[node[known & both[label]]] = True
    return Sides(
        vertices=vertices,
        tets=near,
        node=node,
        side=side,
        tip=tip,
        hanging=near[owner[hanging]],
        foot=near[owner[foot]],
    )


def _fault_nodes(tets: Ints, surface: Surface, n_points: int) -> tuple[Ints, Ints]:
    """Vertices on the fault, and the fault node of each local node of tets (m, 10)."""
    vertices = np.unique(surface.facets).astype(np.int32)
    number = np.full(n_points, -1, dtype=np.int32)
    number[vertices] = np.arange(len(vertices), dtype=np.int32)
    node = np.empty((len(tets), 10), dtype=np.int32)
    node[:, :4] = number[tets]
    keys = surface.edges[:, 0].astype(np.int64) * n_points + surface.edges[:, 1]  # ascending
    ends = np.sort(tets[:, TET_EDGES].astype(np.int64), axis=2)
    wanted = ends[..., 0] * n_points + ends[..., 1]
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    node[:, 4:] = np.where(keys[place] == wanted, len(vertices) + place, -1)
    return vertices, node


def _face_nodes(local: Longs) -> Longs:
    """Local corners (n, 3) of faces → their six local nodes: corners, then edges. (n, 6)"""
    edges = [EDGE_NODE[local[:, i], local[:, j]] for i, j in PAIRS]
    return np.concatenate([local, np.stack(edges, axis=1)], axis=1)


def _components(node: Ints, owner: Longs, local: Longs, one: Longs, two: Longs) -> Longs:
    """Component of each (tetrahedron, fault node), -1 off the fault. (m, 10)

    Rows `one` and `two` (of owner, local) are the two sides of each inner face that is no facet.
    """
    active = node >= 0
    number = np.full(node.shape, -1, dtype=np.int64)
    number[active] = np.arange(int(active.sum()))
    a = number[owner[one, None], _face_nodes(local[one])].ravel()
    b = number[owner[two, None], _face_nodes(local[two])].ravel()
    linked = a >= 0  # the same node, so b >= 0 too
    a, b = a[linked], b[linked]
    n = int(active.sum())
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(n, n))
    _, component = connected_components(graph, directed=False)
    label = np.full(node.shape, -1, dtype=np.int64)
    label[active] = component
    return label


def _check(count: Longs, surface: Surface, name: str) -> None:
    """Each facet must lie between two tetrahedra."""
    for bad, what in (
        (count == 0, "are no faces of the mesh's tetrahedra; mesh the volume along the fault"),
        (count == 1, "lie on the outside of the mesh; a fault needs rock on both sides"),
        (count > 2, "belong to three or more tetrahedra; the mesh overlaps itself there"),
    ):
        if np.any(bad):
            x = surface.points[surface.facets[np.argmax(bad)]].mean(axis=0)
            raise InputError(
                f"{name}.surface: {int(bad.sum())} of {len(count)} triangles {what} "
                f"(the first is at ({x[0]:.6g}, {x[1]:.6g}, {x[2]:.6g}) m)"
            )
