"""p-multigrid: quadratic → linear tetrahedra → smoothed aggregation with the six rigid modes.

Python sets the levels up once for each matrix; cycles run in the core. The linear level is
assembled by the core, the aggregation is pyamg's [VanekMandelBrezina96].
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import scipy.sparse as sparse

from femcrust.mesh.mesh import Floats, Ints
from femcrust.operators import ElasticOperator

DEGREE = 3  # of the Chebyshev smoother on every level
STRENGTH = 0.02  # threshold of the aggregation: keeps sharp contrasts of modulus apart
COARSEST = 300  # unknowns solved densely
LEVELS = 10
SEED = 726_510_394  # of the vectors with which pyamg estimates spectral radii


def multigrid(operator: ElasticOperator, precision: str) -> Any:
    """The core's V-cycle for an operator, in `single` or `double` precision."""
    matrix = linear_level(operator)
    modes = rigid_modes(operator.space.mesh.points)
    modes = np.einsum("nij,njm->nim", _vertex_projectors(operator), modes)
    levels, coarsest = aggregate(matrix, modes.reshape(-1, 6))
    return operator.backend.multigrid(
        operator.stiffness,
        operator.space.edges,
        [
            (_arrays(a), inverse_diagonal(a), _arrays(p), _arrays(sparse.bsr_matrix(p.T)))
            for a, p in levels
        ],
        _arrays(coarsest),
        _dense_inverse(coarsest),
        DEGREE,
        precision,
    )


def rigid_modes(points: Floats) -> Floats:
    """Three translations and three rotations of points, scaled to order one. (n, 3, 6)"""
    x, y, z = ((points - points.mean(axis=0)) / np.ptp(points, axis=0).max()).T
    modes = np.zeros((len(points), 3, 6))
    modes[:, 0, 0] = modes[:, 1, 1] = modes[:, 2, 2] = 1.0
    modes[:, 0, 3], modes[:, 1, 3] = -y, x
    modes[:, 1, 4], modes[:, 2, 4] = -z, y
    modes[:, 0, 5], modes[:, 2, 5] = z, -x
    return modes


def linear_level(operator: ElasticOperator) -> sparse.bsr_matrix:
    """Q (K + S) Q + (I − Q) D on the vertices, in 3×3 blocks."""
    n = operator.space.n_vertices
    begin, columns, blocks = operator.body.assemble_p1()
    matrix = sparse.bsr_matrix((blocks, columns, begin), shape=(3 * n, 3 * n), blocksize=(3, 3))
    rows = operator.surface_p1
    if len(rows.rows):
        full = np.zeros(n + 1, dtype=np.int64)
        full[rows.rows + 1] = np.diff(rows.begin)
        surface = sparse.bsr_matrix(
            (rows.blocks, rows.columns, np.cumsum(full)), shape=matrix.shape, blocksize=(3, 3)
        )
        matrix = sparse.bsr_matrix(matrix + surface, blocksize=(3, 3))
    held = operator.held_nodes[operator.held_nodes < n]
    if len(held):
        projectors = _vertex_projectors(operator)
        row_of = np.repeat(np.arange(n), np.diff(matrix.indptr))
        touched = np.zeros(n, dtype=bool)
        touched[held] = True
        some = touched[row_of] | touched[matrix.indices]
        diagonal = some & (row_of == matrix.indices)
        kept = matrix.data[diagonal].copy()
        matrix.data[some] = (
            projectors[row_of[some]] @ matrix.data[some] @ projectors[matrix.indices[some]]
        )
        scale = np.trace(kept, axis1=1, axis2=2)[:, None, None] / 3
        matrix.data[diagonal] += scale * (np.eye(3) - projectors[row_of[diagonal]])
    return matrix


def aggregate(
    matrix: sparse.bsr_matrix, modes: Floats
) -> tuple[list[tuple[sparse.bsr_matrix, sparse.bsr_matrix]], sparse.bsr_matrix]:
    """Levels (matrix, prolongation to it from the next) and the coarsest matrix."""
    from pyamg import smoothed_aggregation_solver

    with _reproducible():
        hierarchy = smoothed_aggregation_solver(
            matrix,
            B=modes,
            strength=("symmetric", {"theta": STRENGTH}),
            smooth=("jacobi", {"omega": 4.0 / 3.0, "degree": 1}),
            improve_candidates=None,
            max_levels=LEVELS,
            max_coarse=COARSEST,
            presmoother=None,
            postsmoother=None,
            keep=False,
        )
    stages = hierarchy.levels
    return (
        [(sparse.bsr_matrix(s.A), sparse.bsr_matrix(s.P)) for s in stages[:-1]],
        sparse.bsr_matrix(stages[-1].A),
    )


@contextmanager
def _reproducible() -> Iterator[None]:
    """numpy's global generator, which pyamg draws from, seeded; its state returns afterwards."""
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(SEED)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


def inverse_diagonal(matrix: sparse.bsr_matrix) -> Floats:
    """Inverses of the diagonal blocks. (n_rows, b, b)"""
    n = matrix.shape[0] // matrix.blocksize[0]
    row_of = np.repeat(np.arange(n), np.diff(matrix.indptr))
    on_diagonal = row_of == matrix.indices
    blocks = np.zeros((n, *matrix.blocksize))
    blocks[row_of[on_diagonal]] = matrix.data[on_diagonal]
    # A candidate that vanishes on an aggregate leaves a zero row; any diagonal there will do.
    size = np.trace(blocks, axis1=1, axis2=2) / matrix.blocksize[0]
    empty = np.abs(np.diagonal(blocks, axis1=1, axis2=2)) <= 1e-12 * size[:, None]
    node, row = np.nonzero(empty)
    blocks[node, row, row] = np.where(size[node] > 0, size[node], 1.0)
    return np.asarray(np.linalg.inv(blocks))


def _dense_inverse(matrix: sparse.bsr_matrix) -> Floats:
    """Pseudo-inverse of the coarsest matrix: rigid modes that boundaries hold leave zero rows."""
    values, vectors = np.linalg.eigh(matrix.toarray())
    usable = values > 1e-12 * values[-1]
    return np.asarray((vectors[:, usable] / values[usable]) @ vectors[:, usable].T)


def _vertex_projectors(operator: ElasticOperator) -> Floats:
    """Projector onto the free directions at every vertex. (n_vertices, 3, 3)"""
    n = operator.space.n_vertices
    projectors = np.broadcast_to(np.eye(3), (n, 3, 3)).copy()
    of_vertex = operator.held_nodes < n
    projectors[operator.held_nodes[of_vertex]] = operator.projectors[of_vertex]
    return projectors


def _arrays(matrix: sparse.bsr_matrix) -> tuple[int, int, Ints, Ints, Floats]:
    """A block matrix as the core takes it."""
    rows, columns = matrix.blocksize
    return (
        int(rows),
        int(columns),
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        np.ascontiguousarray(matrix.data, dtype=np.float64),
    )
