"""The matrix that the peers solve: quadratic elasticity in 3×3 blocks, held nodes left out.

femcrust/operators/assembled.py has the formula, which shares nothing with femcrust's element
product. Nodes have their own numbers here: free ones only, along a Hilbert curve, so that the rows
of a rank lie together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse

from femcrust.discretisation import TET_EDGES as EDGES
from femcrust.mesh.mesh import Floats, Ints, hilbert_keys
from femcrust.operators import assembled
from femcrust.operators.assembled import HELD, REFERENCE, element_matrices, gradients

__all__ = ["REFERENCE"]  # for those who assemble elsewhere

SEED = 715_225_739  # of the random load


@dataclass(frozen=True)
class Nodes:
    """The free quadratic nodes, and where the elements find them.

    ends : (n, 2) int, vertices at the ends of a node's edge; twice the same for a vertex
    points : (n, 3) m;  elements : (n_tets, 10) int, HELD where a node does not move
    """

    ends: Ints
    points: Floats
    elements: Ints

    @property
    def n_dof(self) -> int:
        return 3 * len(self.ends)


def free_nodes(points: Floats, tets: Ints, fixed: Ints) -> Nodes:
    """Number the nodes that no fixed face (k, 3) holds."""
    n = len(points)
    every, inverse = np.unique(_keys(tets[:, np.array(EDGES)], n), return_inverse=True)
    ends = np.concatenate(
        [np.tile(np.arange(n)[:, None], 2), np.stack(np.divmod(every, n), axis=1)]
    )
    held = np.zeros(len(ends), dtype=bool)
    held[fixed] = True
    held[n + np.searchsorted(every, _keys(fixed[:, [[0, 1], [1, 2], [0, 2]]], n))] = True
    where = points[ends].mean(axis=1)
    free = np.flatnonzero(~held)
    free = free[np.argsort(hilbert_keys(where[free]), kind="stable")]
    number = np.full(len(ends), HELD, dtype=np.int32)
    number[free] = np.arange(len(free), dtype=np.int32)
    elements = np.concatenate([number[tets], number[n + inverse.reshape(-1, 6)]], axis=1)
    return Nodes(ends[free].astype(np.int32), where[free], elements)


def _keys(ends: Ints, n: int) -> np.ndarray:
    ends = ends.astype(np.int64)
    return np.asarray(ends.min(axis=-1) * n + ends.max(axis=-1))


def assemble(
    points: Floats, tets: Ints, lam: Floats, mu: Floats, nodes: Nodes
) -> sparse.bsr_matrix:
    """K of the free nodes, N/m, in sorted rows of 3×3 blocks."""
    return assembled.assemble(points, tets, lam, mu, nodes.elements, len(nodes.ends))


def product(points: Floats, tets: Ints, lam: Floats, mu: Floats, nodes: Nodes, x: Floats) -> Floats:
    """K x element by element, for bodies whose matrix does not fit. x (n, 3) → (n, 3)"""
    y = np.zeros((len(x) + 1, 3))  # the last row collects what acts on held nodes
    padded = np.concatenate([x, np.zeros((1, 3))])
    for part, k in element_matrices(points, tets, lam, mu):
        force = np.einsum("ijeab,ebj->eai", k, padded[nodes.elements[part]], optimize=True)
        for i in range(3):
            y[:, i] += np.bincount(
                nodes.elements[part].ravel() % len(y), force[..., i].ravel(), minlength=len(y)
            )
    return y[:-1]


def fault_load(points: Floats, tets: Ints, mu: Floats, nodes: Nodes, slipping: Ints) -> Floats:
    """Forces of a unit shear strain ε_xy in the slipping cells: ∫ Bᵀ σ dV, N. (n, 3)

    ∫ ∇N_a is zero for a vertex and V (g_i + g_j) for the node between vertices i and j.
    """
    g, volume = gradients(points, tets[slipping])
    shear = 2.0 * mu[slipping] * volume  # σ_xy = 2 μ ε_xy
    load = np.zeros((len(nodes.ends) + 1, 3))
    for a, (i, j) in enumerate(EDGES, start=4):
        both = shear[:, None] * (g[:, i] + g[:, j])
        force = np.stack([both[:, 1], both[:, 0], np.zeros(len(g))], axis=1)
        np.add.at(load, nodes.elements[slipping, a], force)
    return load[:-1]


def random_load(nodes: Nodes) -> Floats:
    """Independent normal forces, the same for the same mesh. (n, 3)"""
    return np.random.default_rng(SEED).normal(size=(len(nodes.ends), 3))
