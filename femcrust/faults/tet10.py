"""Quadratic tetrahedra in numpy: gradients, and strain at the vertices of given nodal values.

With g_j = ∇L_j the displacement gradient at vertex i is
H_i = Σ_{j≠i} (4 w_ij − 3 w_i − w_j) ⊗ g_j, exact for straight edges.
"""

from __future__ import annotations

import numpy as np

from femcrust.mesh.mesh import Floats, Ints

TET_EDGES = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))  # ends of nodes 4 … 9
EDGE_NODE = np.full((4, 4), -1)  # local node in the middle of two local vertices
for _node, (_i, _j) in enumerate(TET_EDGES, start=4):
    EDGE_NODE[_i, _j] = EDGE_NODE[_j, _i] = _node


def barycentric_gradients(points: Floats, tets: Ints) -> tuple[Floats, Floats]:
    """∇L_j (m, 4, 3), 1/m, and volumes (m,), m³."""
    x = points[tets]
    a, b, c = (x[:, i] - x[:, 0] for i in (1, 2, 3))
    normals = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=1)
    six_volumes = np.einsum("mi,mi->m", a, normals[:, 0])
    g = np.empty((len(tets), 4, 3))
    g[:, 1:] = normals / six_volumes[:, None, None]
    g[:, 0] = -g[:, 1:].sum(axis=1)
    return g, six_volumes / 6.0


def strain_at_vertices(w: Floats, g: Floats) -> Floats:
    """ε(w) at the vertices. w (m, 10, 3) metres, g (m, 4, 3) → (m, 4, 6)"""
    strain = np.empty((len(w), 4, 6))
    for i in range(4):
        h = np.zeros((len(w), 3, 3))
        for j in range(4):
            if j != i:
                bracket = 4.0 * w[:, EDGE_NODE[i, j]] - 3.0 * w[:, i] - w[:, j]
                h += bracket[:, :, None] * g[:, j, None, :]
        strain[:, i, :3] = h[:, (0, 1, 2), (0, 1, 2)]
        strain[:, i, 3:] = (h[:, (0, 0, 1), (1, 2, 2)] + h[:, (1, 2, 2), (0, 0, 1)]) / 2.0
    return strain
