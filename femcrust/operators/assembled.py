"""The stiffness of quadratic tetrahedra as a sparse matrix in 3×3 blocks, for other solvers.

Gradients of quadratic shape functions are linear in the barycentric coordinates L, so with
∇N_a = Σ_km c_akm L_k g_m, g_m = ∇L_m, and ∫ L_k L_l = V (1 + δ_kl) / 20,

    D_ij[a, b] = ∫ ∂_i N_a ∂_j N_b = V Σ_mn g_mi g_nj R[m, n, a, b],
    R[m, n, a, b] = Σ_kl c_akm c_bln (1 + δ_kl) / 20,
    K_ij = λ D_ij + μ D_ji + μ δ_ij Σ_k D_kk

with one table R and no quadrature. It shares nothing with the element product of the core.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sparse

from femcrust.discretisation import TET_EDGES
from femcrust.mesh.mesh import Floats, Ints
from femcrust.operators.elastic import ElasticOperator, surface_rows

if TYPE_CHECKING:
    from femcrust.boundaries.conditions import Conditions

CHUNK = 20_000  # elements at once: bounds the memory
HELD = -1  # in place of a node that has no row


def _reference() -> Floats:
    """R[(m, n), (a, b)] of the formula above. (16, 100)"""
    c = np.zeros((10, 4, 4))  # [a][k][m]
    for a in range(4):  # ∇ L (2 L - 1) = (4 L_a - 1) g_a
        c[a, :, a] = -1.0
        c[a, a, a] = 3.0
    for a, (i, j) in enumerate(TET_EDGES, start=4):  # ∇ 4 L_i L_j
        c[a, i, j] = c[a, j, i] = 4.0
    mass = (np.ones((4, 4)) + np.eye(4)) / 20.0
    return np.asarray(np.einsum("akm,bln,kl->mnab", c, c, mass).reshape(16, 100))


REFERENCE = _reference()


def gradients(points: Floats, tets: Ints) -> tuple[Floats, Floats]:
    """g_m = ∇L_m (n, 4, 3), 1/m, and volumes (n,), m³."""
    edges = points[tets[:, 1:]] - points[tets[:, :1]]
    g = np.linalg.inv(edges).transpose(0, 2, 1)
    g = np.concatenate([-g.sum(axis=1, keepdims=True), g], axis=1)
    return np.asarray(g), np.asarray(np.linalg.det(edges) / 6.0)


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
    points: Floats, tets: Ints, lam: Floats, mu: Floats, elements: Ints, n: int
) -> sparse.bsr_matrix:
    """K of n nodes, N/m, in sorted rows of 3×3 blocks; elements (n_tets, 10), HELD is left out."""
    row = np.repeat(np.arange(len(tets)), 10)
    touched = elements.ravel() != HELD
    touch = sparse.csr_matrix(
        (np.ones(touched.sum(), dtype=np.int32), (row[touched], elements.ravel()[touched])),
        shape=(len(tets), n),
    )
    pattern = (touch.T @ touch).tocsr()
    pattern.sort_indices()
    begin, columns = pattern.indptr, pattern.indices
    del pattern, touch
    keys = np.repeat(np.arange(n, dtype=np.int64) * n, np.diff(begin)) + columns
    values = np.zeros((3, 3, len(columns)))
    for part, k in element_matrices(points, tets, lam, mu):
        e = elements[part].astype(np.int64)
        inside = (e[:, :, None] != HELD) & (e[:, None, :] != HELD)
        place = np.searchsorted(keys, (e[:, :, None] * n + e[:, None, :])[inside])
        for i in range(3):
            for j in range(3):
                np.add.at(values[i, j], place, k[i, j][inside])
    blocks = np.ascontiguousarray(values.transpose(2, 0, 1))
    return sparse.bsr_matrix((blocks, columns, begin), shape=(3 * n, 3 * n))


def matrix(operator: ElasticOperator, conditions: Conditions) -> sparse.bsr_matrix:
    """What `operator @ u` does, with its boundaries, as a matrix that has an inverse: Q K Q, and on
    the held directions, which Q takes out, I − Q times a typical entry of the diagonal. Of several
    ranks the matrices add up to it."""
    space = operator.space
    mesh, n = space.mesh, space.n_nodes
    found = assemble(mesh.points, mesh.tets, operator.lam, operator.mu, space.elements, n)
    fine, _ = surface_rows(space, operator.lam, operator.mu, conditions, operator.backend)
    counts = np.zeros(n + 1, dtype=np.int64)
    counts[fine.rows + 1] = np.diff(fine.begin)
    begin = np.cumsum(counts)
    found = found + sparse.bsr_matrix((fine.blocks, fine.columns, begin), shape=found.shape)
    medians = space.totals(np.array([np.median(found.diagonal()), 1.0]))
    if not len(operator.held_nodes):
        return found
    every = np.tile(np.eye(3), (n, 1, 1))
    free, held = every.copy(), np.zeros_like(every)
    free[operator.held_nodes] = operator.projectors
    held[operator.held_nodes] = np.eye(3) - operator.projectors
    held[~space.owned()] = 0.0  # one rank's is enough
    q, p = (_diagonal(blocks, found.shape) for blocks in (free, held))
    return (q @ found @ q + float(medians[0] / medians[1]) * p).tobsr(blocksize=(3, 3))


def _diagonal(blocks: Floats, shape: tuple[int, int]) -> sparse.bsr_matrix:
    n = len(blocks)
    return sparse.bsr_matrix((blocks, np.arange(n), np.arange(n + 1)), shape=shape)
