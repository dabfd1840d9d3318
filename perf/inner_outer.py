"""The inner-outer conjugate gradients of [Ichimura18], to be compared with the V-cycle.

Outer: flexible conjugate gradients in double. Its preconditioner starts from block Jacobi, solves
the linear level loosely by conjugate gradients in float, prolongs, and goes on by conjugate
gradients in float on the quadratic level. What counts is the products; Python does the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sparse

from femcrust.mesh.mesh import Floats
from femcrust.operators import ElasticOperator

Apply = Callable[[Floats], Floats]
COARSE_TOLERANCE, COARSE_MOST = 0.075, 300  # the published parameters
FINE_TOLERANCE, FINE_MOST = 0.125, 50


@dataclass
class InnerOuter:
    """z ≈ K⁻¹ r of an operator whose boundaries hold whole nodes; `products` counts the work."""

    operator: ElasticOperator
    products: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        space = self.operator.space
        self.free = np.ones((space.n_nodes, 1), dtype=np.float32)
        self.free[self.operator.held_nodes] = 0
        n = space.n_vertices
        begin, columns, blocks = self.operator.body.assemble_p1()
        self.coarse = sparse.bsr_matrix(
            (blocks.astype(np.float32), columns, begin), shape=(3 * n, 3 * n)
        )
        diagonal = blocks[np.repeat(np.arange(n), np.diff(begin)) == columns]
        self.coarse_jacobi = np.linalg.inv(diagonal).astype(np.float32)
        self.fine_jacobi = self.operator.backend.block_jacobi(self.operator.stiffness)

    def __call__(self, r: Floats) -> Floats:
        scale = np.sqrt(r.size) / np.linalg.norm(r)
        right = (scale * r).astype(np.float32)
        z = self._jacobi(right)
        n, edges = self.operator.space.n_vertices, self.operator.space.edges
        inner = self._conjugate_gradients(
            self._coarse_product, self._coarse_jacobi, self._restricted(right),
            z[:n] * self.free[:n], COARSE_TOLERANCE, COARSE_MOST,
        )  # fmt: skip
        z = np.concatenate([inner, inner[edges].mean(axis=1)]) * self.free
        z = self._conjugate_gradients(
            self._fine_product, self._jacobi, right, z, FINE_TOLERANCE, FINE_MOST
        )
        return z.astype(np.float64) / scale

    def _restricted(self, fine: Floats) -> Floats:
        n, edges = self.operator.space.n_vertices, self.operator.space.edges
        out = fine[:n].copy()
        for end in range(2):
            np.add.at(out, edges[:, end], 0.5 * fine[n:])
        return out * self.free[:n]

    def _jacobi(self, r: Floats) -> Floats:
        return np.asarray(self.fine_jacobi(r.astype(np.float64)), dtype=np.float32) * self.free

    def _coarse_jacobi(self, r: Floats) -> Floats:
        return np.einsum("nij,nj->ni", self.coarse_jacobi, r)

    def _fine_product(self, x: Floats) -> Floats:
        self.products["P2 float"] += 1
        return np.asarray(self.operator.body.product(x)) * self.free

    def _coarse_product(self, x: Floats) -> Floats:
        self.products["P1 float"] += 1
        product = np.asarray(self.coarse @ x.ravel()).reshape(x.shape)
        return product * self.free[: len(x)]

    @staticmethod
    def _conjugate_gradients(
        product: Apply, jacobi: Apply, right: Floats, x: Floats, tolerance: float, most: int
    ) -> Floats:
        r = right - product(x)
        p, rho, old = np.zeros_like(r), 1.0, r
        for step in range(most):
            if np.linalg.norm(r) <= tolerance * np.linalg.norm(right):
                break
            z = jacobi(r)
            beta = 0.0 if step == 0 else _dot(z, r - old) / rho
            p = z + np.float32(beta) * p
            q = product(p)
            rho = _dot(z, r)
            alpha = np.float32(rho / _dot(p, q))
            old = r
            x, r = x + alpha * p, r - alpha * q
        return x


def solve(operator: ElasticOperator, load: Floats, tolerance: float = 1e-8) -> dict[str, Any]:
    """Iterations and products to ‖b − K u‖ / ‖b‖ ≤ tolerance."""
    preconditioner = InnerOuter(operator)
    b = operator.project(load[:, :, None])[:, :, 0]
    x, r = np.zeros_like(b), b
    p, rho, old, iterations = np.zeros_like(b), 1.0, b, 0
    while np.linalg.norm(r) > tolerance * np.linalg.norm(b) and iterations < 200:
        z = preconditioner(r)
        beta = 0.0 if iterations == 0 else _dot(z, r - old) / rho
        p = z + beta * p
        q = operator @ p
        rho = _dot(z, r)
        alpha = rho / _dot(p, q)
        old = r
        x, r = x + alpha * p, r - alpha * q
        iterations += 1
    true = np.linalg.norm(b - operator @ x) / np.linalg.norm(b)
    return {"iterations": iterations, "residual": float(true), **preconditioner.products}


def _dot(a: Floats, b: Floats) -> float:
    return float(np.sum(a.astype(np.float64) * b))
