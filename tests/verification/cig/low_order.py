"""The same problem with linear tetrahedra and with trilinear cubes, the elements of PyLith's table.

Assembled, K_ab = ∫ λ ∇N_a ⊗ ∇N_b + μ (∇N_b ⊗ ∇N_a + ∇N_a·∇N_b I) dV, and solved by conjugate
gradients with the inverse of the diagonal. The slip enters as the values w it has at the corners
of the elements on either wall: Σ_e K_e (u + w_e) = 0.
"""

from __future__ import annotations

import itertools

import cube
import numpy as np
import scipy.sparse as sparse
from events import SIDE, Event, displacement
from measure import Cells, cube_rule
from scipy.sparse.linalg import LinearOperator, cg

RESIDUAL = 1e-8  # of the load, as in the published runs


def tetrahedra(event: Event, spacing: float) -> Cells:
    """On femcrust's own mesh and with its slip at the vertices."""
    model = cube.model(event, spacing)
    points, tets = model.mesh.points, model.mesh.tets
    edges = points[tets[:, 1:]] - points[tets[:, :1]]
    g = np.swapaxes(np.linalg.inv(edges), 1, 2)  # gradients of the last three
    g = np.concatenate([-g.sum(axis=1, keepdims=True), g], axis=1)
    blocks = _stiffness(g[:, None], np.linalg.det(edges)[:, None] / 6)
    jumps = np.zeros((*tets.shape, 3))
    for source in model.sources:
        assert source.offset is not None
        jumps[source.elements] += source.offset[:, :4]
    return Cells(points[tets], _solved(event, points, tets, blocks, jumps), spacing)


def cubes(event: Event, spacing: float) -> Cells:
    """On a lattice; a vertical fault only."""
    n = round(SIDE / spacing)
    axis = np.arange(n + 1) * spacing
    points = np.stack(np.meshgrid(axis, axis, axis - SIDE, indexing="ij"), -1).reshape(-1, 3)
    index = np.arange(len(points)).reshape(3 * (n + 1,))
    corners = list(itertools.product((0, 1), repeat=3))
    cells = np.stack([index[i : n + i, j : n + j, k : n + k].ravel() for i, j, k in corners], 1)

    places, weights = cube_rule(2)
    signs = 2.0 * np.array(corners) - 1
    values = np.where(np.array(corners) == 1, places[:, None], 1 - places[:, None])  # (8, 8, 3)
    gradients = np.stack(
        [signs[:, i] * np.delete(values, i, axis=2).prod(axis=2) for i in range(3)], axis=2
    )
    block = _stiffness(gradients[None] / spacing, weights[None] * spacing**3)

    at = points[cells]
    on = np.abs(at[..., 0] - event.x) < 1.0
    wall = np.where(at[..., 0].mean(axis=1) > event.x, 0.5, -0.5)[:, None]
    jumps = np.zeros(at.shape)
    jumps[..., 1] = np.where(on, event.taper(at[..., 1], at[..., 2]), 0.0) * event.slip[0] * wall
    blocks = np.broadcast_to(block, (len(cells), 24, 24))
    return Cells(at, _solved(event, points, cells, blocks, jumps), spacing)


def _stiffness(g: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """From gradients (n, q, k, 3), 1/m, and weights (n, q), m³. (n, 3k, 3k)"""
    lam = 2 * cube.MU * cube.NU / (1 - 2 * cube.NU)
    products = np.einsum("eq,eqai,eqbj->eaibj", weights, g, g, optimize=True)
    blocks = lam * products + cube.MU * np.swapaxes(products, 2, 4)
    blocks += cube.MU * np.einsum("eakbk,ij->eaibj", products, np.eye(3))
    n, k = g.shape[0], g.shape[2]
    return np.asarray(blocks.reshape(n, 3 * k, 3 * k))


def _solved(
    event: Event, points: np.ndarray, cells: np.ndarray, blocks: np.ndarray, jumps: np.ndarray
) -> np.ndarray:
    """Displacement with its jumps at the corners of all elements, m. (n, k, 3)"""
    n, k = cells.shape
    row = (3 * cells[:, :, None] + np.arange(3)).reshape(n, 3 * k)
    entries = np.repeat(row, 3 * k, axis=1).ravel(), np.tile(row, (1, 3 * k)).ravel()
    matrix = sparse.csr_array(sparse.coo_array((blocks.ravel(), entries)))
    forces = -np.einsum("eij,ej->ei", blocks, jumps.reshape(n, 3 * k))
    load = np.bincount(row.ravel(), forces.ravel(), minlength=matrix.shape[0])

    free, u = _held(event, points)
    inner = matrix[free][:, free]
    diagonal = inner.diagonal()
    inverse = LinearOperator(inner.shape, lambda r: r / diagonal)
    u[free], failed = cg(inner, (load - matrix @ u)[free], rtol=RESIDUAL, M=inverse, maxiter=2000)
    assert failed == 0
    return u.reshape(-1, 3)[cells] + jumps


def _held(event: Event, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which components are free, (3 n,), and the prescribed displacement, m. (3 n,)"""
    x, y, z = points.T
    near = 1.0  # m
    free, u = np.ones(points.shape, dtype=bool), np.zeros(points.shape)
    free[y < near] = [axis not in event.held for axis in "xyz"]
    moved = (x < near) | (x > SIDE - near) | (y > SIDE - near) | (z < -SIDE + near)
    free[moved] = False
    u[moved] = displacement(event, points[moved])
    return free.ravel(), u.ravel()
