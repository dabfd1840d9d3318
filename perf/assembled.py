"""The matrix that the peers solve: quadratic elasticity in 3×3 blocks, held nodes left out.

Gradients of quadratic shape functions are linear in the barycentric coordinates L, so with
∇N_a = Σ_km c_akm L_k g_m, g_m = ∇L_m, and ∫ L_k L_l = V (1 + δ_kl) / 20,

    D_ij[a, b] = ∫ ∂_i N_a ∂_j N_b = V Σ_mn g_mi g_nj R[m, n, a, b],
    R[m, n, a, b] = Σ_kl c_akm c_bln (1 + δ_kl) / 20,
    K_ij = λ D_ij + μ D_ji + μ δ_ij Σ_k D_kk

with one table R and no quadrature. It shares nothing with femcrust's element product and numbers
its own nodes: free ones only, along a Hilbert curve, so that the rows of a rank lie together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse

from femcrust.mesh.mesh import Floats, Ints, hilbert_keys

EDGES = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))  # ends of nodes 4 … 9
CHUNK = 20_000  # elements at once: bounds the memory
SEED = 715_225_739  # of the random load
HELD = -1


def _reference() -> Floats:
    """R[(m, n), (a, b)] of the formula above. (16, 100)"""
    c = np.zeros((10, 4, 4))  # [a][k][m]
    for a in range(4):  # ∇ L (2 L - 1) = (4 L_a - 1) g_a
        c[a, :, a] = -1.0
        c[a, a, a] = 3.0
    for a, (i, j) in enumerate(EDGES, start=4):  # ∇ 4 L_i L_j
        c[a, i, j] = c[a, j, i] = 4.0
    mass = (np.ones((4, 4)) + np.eye(4)) / 20.0
    return np.asarray(np.einsum("akm,bln,kl->mnab", c, c, mass).reshape(16, 100))


REFERENCE = _reference()


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


def gradients(points: Floats, tets: Ints) -> tuple[Floats, Floats]:
    """g_m = ∇L_m (n, 4, 3), 1/m, and volumes (n,), m³."""
    edges = points[tets[:, 1:]] - points[tets[:, :1]]
    g = np.linalg.inv(edges).transpose(0, 2, 1)
    g = np.concatenate([-g.sum(axis=1, keepdims=True), g], axis=1)
    return g, np.linalg.det(edges) / 6.0


def element_matrices(
    points: Floats, tets: Ints, lam: Floats, mu: Floats
) -> Iterator[tuple[slice, Floats]]:
    """Parts of the elements and their K_e[i][j][a][b], N/m. (slice, (3, 3, part, 10, 10))"""
    for start in range(0, len(tets), CHUNK):
        part = slice(start, min(start + CHUNK, len(tets)))
        g, volume = gradients(points, tets[part])
        d = np.empty((3, 3, len(g), 10, 10))
        for i in range(3):
            for j in range(3):
                pairs = volume[:, None, None] * g[:, :, None, i] * g[:, None, :, j]
                d[i, j] = (pairs.reshape(-1, 16) @ REFERENCE).reshape(-1, 10, 10)
        first, m = lam[part, None, None], mu[part, None, None]
        k = first * d + m * d.transpose(1, 0, 2, 3, 4)
        for i in range(3):
            k[i, i] += m * (d[0, 0] + d[1, 1] + d[2, 2])
        yield part, k


def assemble(
    points: Floats, tets: Ints, lam: Floats, mu: Floats, nodes: Nodes
) -> sparse.bsr_matrix:
    """K of the free nodes, N/m, in sorted rows of 3×3 blocks."""
    n = len(nodes.ends)
    row = np.repeat(np.arange(len(tets)), 10)
    touched = nodes.elements.ravel() != HELD
    touch = sparse.csr_matrix(
        (np.ones(touched.sum(), dtype=np.int32), (row[touched], nodes.elements.ravel()[touched])),
        shape=(len(tets), n),
    )
    pattern = (touch.T @ touch).tocsr()
    pattern.sort_indices()
    begin, columns = pattern.indptr, pattern.indices
    del pattern, touch
    keys = np.repeat(np.arange(n, dtype=np.int64) * n, np.diff(begin)) + columns
    values = np.zeros((3, 3, len(columns)))
    for part, k in element_matrices(points, tets, lam, mu):
        e = nodes.elements[part].astype(np.int64)
        inside = (e[:, :, None] != HELD) & (e[:, None, :] != HELD)
        place = np.searchsorted(keys, (e[:, :, None] * n + e[:, None, :])[inside])
        for i in range(3):
            for j in range(3):
                np.add.at(values[i, j], place, k[i, j][inside])
    blocks = np.ascontiguousarray(values.transpose(2, 0, 1))
    return sparse.bsr_matrix((blocks, columns, begin), shape=(3 * n, 3 * n))


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
