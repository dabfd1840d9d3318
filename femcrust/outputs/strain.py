"""Strain from the displacement's gradient: ε(u) − ε*, right whatever law the stress follows.

A quadratic element's gradient is linear; at vertex i it is
H_i = Σ_{j≠i} (4 u_ij − 3 u_i − u_j) ⊗ ∇L_j, with u_ij at the edge's middle and L_j the barycentric
coordinates.
"""

from __future__ import annotations

import numpy as np

from femcrust.mesh.mesh import Floats
from femcrust.outputs.result import Result
from femcrust.outputs.surface import EDGE_NODE
from femcrust.sampling import PAIRS


def mean_strain(result: Result) -> Floats:
    """Mean of ε(u) − ε* over each tetrahedron, (n_tets, 6) in xx, yy, zz, xy, xz, yz."""
    strain = _mean_of(result, result.displacement)
    for source in result.sources:
        strain[source.elements] -= source.eigenstrain.mean(axis=1)
    return strain


def strain_rate(result: Result) -> Floats:
    """Mean of ε(du/dt) − dε*/dt over each tetrahedron, without slip. (n_tets, 6) 1/s"""
    assert result.velocity is not None
    rate = _mean_of(result, result.velocity)
    for source in result.slipping:
        rate[source.elements] -= source.eigenstrain.mean(axis=1)
    return rate


def _mean_of(result: Result, nodal: Floats) -> Floats:
    """Mean symmetric gradient of a nodal field (n_nodes, 3)."""
    corners = result.nodes[result.elements[:, :4]]
    slopes = np.empty_like(corners)  # ∇L_j, (n_tets, 4, 3)
    slopes[:, 1:] = np.linalg.inv(corners[:, 1:] - corners[:, :1]).transpose(0, 2, 1)
    slopes[:, 0] = -slopes[:, 1:].sum(axis=1)
    u = nodal[result.elements]
    gradient = np.zeros((len(u), 3, 3))
    for i in range(4):
        for j in range(4):
            if j != i:
                rise = 4.0 * u[:, EDGE_NODE[i, j]] - 3.0 * u[:, i] - u[:, j]
                gradient += 0.25 * rise[:, :, None] * slopes[:, None, j]
    return np.stack([(gradient[:, a, b] + gradient[:, b, a]) / 2.0 for a, b in PAIRS], axis=1)
