"""Manufactured solutions on a jiggled unit cube: errors of quadratic tetrahedra in L² and H¹.

The displacement is prescribed on all sides. Inside acts either b = −div σ of the smooth medium
("strong"), or the weak form ∫ σ : ∇N of the medium that the elements see, moduli constant in each
("weak"), whose exact solution is the same u. Derivatives are complex steps of u, so the load shares
no formula with the code under test.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import both_backends
from femcrust import backends, operators, preconditioners, solvers
from femcrust.boundaries.conditions import Conditions, Constraint
from femcrust.discretisation import Discretisation, discretise
from femcrust.mesh.exterior import exterior_faces
from small_meshes import split_cubes

Field = Callable[[np.ndarray], np.ndarray]

TINY = 1e-30  # complex step
SECOND = 1e-4  # real step of the outer derivative, O(step⁴) by Richardson


def displacement(x: np.ndarray) -> np.ndarray:
    """Smooth, of all three components, not zero on the sides. (…, 3)"""
    a, b, c = x[..., 0], x[..., 1], x[..., 2]
    return np.stack(
        [np.sin(2 * a + b) * np.exp(-c), np.cos(a - 2 * c) + a * b, np.sin(a * b + 2 * c)], axis=-1
    )


def homogeneous(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return 3.0 + 0 * x[..., 0], 2.0 + 0 * x[..., 0]


def smooth(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """λ, μ that vary by a factor of three across the cube."""
    return 2.0 * np.exp(x[..., 0] - x[..., 1]), 1.0 + np.exp(x[..., 2]) + x[..., 0] * x[..., 1]


def gradient(x: np.ndarray) -> np.ndarray:
    """∂u_c/∂x_d. (…, 3, 3)"""
    return np.stack(
        [displacement(x + 1j * TINY * np.eye(3)[d]).imag / TINY for d in range(3)], axis=-1
    )


def stress(x: np.ndarray, moduli: Callable) -> np.ndarray:
    lam, mu = moduli(x)
    h = gradient(x)
    trace = np.trace(h, axis1=-2, axis2=-1)
    return (lam * trace)[..., None, None] * np.eye(3) + mu[..., None, None] * (
        h + np.swapaxes(h, -1, -2)
    )


def body_force(x: np.ndarray, moduli: Callable) -> np.ndarray:
    """−div σ by central differences with Richardson's extrapolation. (…, 3)"""
    total = np.zeros(x.shape)
    for d in range(3):
        step = np.eye(3)[d] * SECOND
        near = (stress(x + step, moduli) - stress(x - step, moduli))[..., d] / (2 * SECOND)
        far = (stress(x + 2 * step, moduli) - stress(x - 2 * step, moduli))[..., d] / (4 * SECOND)
        total -= (4 * near - far) / 3
    return total


def gauss(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Barycentric points and weights (sum 1) of a collapsed rule, exact to degree 2n − 3."""
    t, w = np.polynomial.legendre.leggauss(n)
    t, w = (t + 1) / 2, w / 2
    a, b, c = (g.ravel() for g in np.meshgrid(t, t, t, indexing="ij"))
    wa, wb, wc = (g.ravel() for g in np.meshgrid(w, w, w, indexing="ij"))
    bary = np.stack([a, (1 - a) * b, (1 - a) * (1 - b) * c, (1 - a) * (1 - b) * (1 - c)], axis=-1)
    weights = wa * wb * wc * (1 - a) ** 2 * (1 - b)
    return bary, weights / weights.sum()


def shape(bary: np.ndarray) -> np.ndarray:
    """Quadratic shape functions. (q, 10)"""
    edges = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))
    values = [bary[:, i] * (2 * bary[:, i] - 1) for i in range(4)]
    values += [4 * bary[:, i] * bary[:, j] for i, j in edges]
    return np.stack(values, axis=-1)


def slopes(bary: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """∇N_a at points of elements. gradients (e, 4, 3) → (e, q, 10, 3)"""
    edges = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))
    parts = [(4 * bary[None, :, i] - 1)[..., None] * gradients[:, None, i] for i in range(4)]
    parts += [
        4
        * (
            bary[None, :, i, None] * gradients[:, None, j]
            + bary[None, :, j, None] * gradients[:, None, i]
        )
        for i, j in edges
    ]
    return np.stack(parts, axis=2)


def errors(
    n: int, moduli: Callable, load: str = "strong", factor: float = 1.0
) -> tuple[float, float]:
    """Errors in L² and in the H¹ seminorm with n cells an axis; `factor` spoils μ on purpose."""
    space = discretise(split_cubes(n, jiggle=0.15))
    u = solve(space, moduli, load, factor)
    bary, weights = gauss(4)
    corners = space.nodes[space.elements[:, :4]]
    points = np.einsum("qi,eik->eqk", bary, corners)
    matrix = np.concatenate([np.ones((*corners.shape[:2], 1)), corners], axis=2)
    inverse = np.linalg.inv(matrix)
    volumes = np.abs(np.linalg.det(matrix)) / 6
    nodal = u[space.elements]
    values = np.einsum("qa,eac->eqc", shape(bary), nodal)
    rows = inverse[:, 1:, :].transpose(0, 2, 1)
    grads = np.einsum("eqad,eac->eqcd", slopes(bary, rows), nodal)
    l2 = np.einsum("e,q,eq->", volumes, weights, ((values - displacement(points)) ** 2).sum(-1))
    h1 = np.einsum(
        "e,q,eq->", volumes, weights, ((grads - gradient(points)) ** 2).sum(axis=(-1, -2))
    )
    return float(np.sqrt(l2)), float(np.sqrt(h1))


def solve(space: Discretisation, moduli: Callable, load: str, factor: float) -> np.ndarray:
    corners = space.nodes[space.elements[:, :4]]
    lam, mu = moduli(corners.mean(axis=1))
    faces = exterior_faces(space.mesh).faces
    held = Constraint(faces=faces, free=np.zeros((3, 3)), value=displacement)
    conditions = Conditions(constraints=[held])
    operator = operators.elastic(space, lam, factor * mu, conditions, backends.select("cpu"))
    bary, weights = gauss(4)
    points = np.einsum("qi,eik->eqk", bary, corners)
    volumes = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1])) / 6
    if load == "strong":
        force = body_force(points, moduli)
        nodal = np.einsum("e,q,qa,eqc->eac", volumes, weights, shape(bary), force)
    else:
        matrix = np.concatenate([np.ones((*corners.shape[:2], 1)), corners], axis=2)
        rows = np.linalg.inv(matrix)[:, 1:, :].transpose(0, 2, 1)
        sigma = stress(points, lambda _: (lam[:, None] + 0 * points[..., 0], mu[:, None]))
        nodal = np.einsum("e,q,eqcd,eqad->eac", volumes, weights, sigma, slopes(bary, rows))
    total = np.zeros_like(space.nodes)
    np.add.at(total, space.elements, nodal)
    preconditioner = preconditioners.build("multigrid", operator)
    both_backends.elastic(space, lam, factor * mu, conditions, total)
    return solvers.solve(operator, preconditioner, total, tolerance=1e-10).displacement
