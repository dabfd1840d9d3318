"""Stiffness that lives on boundary faces, assembled in 3×3 blocks on the rows it touches:
infinite elements, springs and what rises across density contrasts.

An infinite element extends a face to infinity along rays from a pole x₀; along a ray the
displacement falls as s^-p. With g_i dual to the corners seen from the pole, d = |det(X_i − x₀)|
and L_i barycentric on the face,

  ∇(N_a s^-p) = s^-(p+1) Σ_i C_ai g_i,   C_ai = ∂N_a/∂L_i − Σ_j L_j ∂N_a/∂L_j − p N_a
  K_ab = d / (2(2p−1)) Σ_q w_q [λ B_a ⊗ B_b + μ B_b ⊗ B_a + μ (B_a · B_b) I]

The integral along the ray, ∫ s^(-2p-2) s² ds = 1/(2p−1), is done by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from femcrust.mesh.mesh import Floats, Ints

# Triangle rule of degree 4 [Dunavant85]: B is quadratic in L, so products are exact.
_A, _B = 0.445948490915965, 0.091576213509771
_WEIGHT_A, _WEIGHT_B = 0.223381589678011, 0.109951743655322
POINTS = np.array(
    [[_A, _A, 1 - 2 * _A], [_A, 1 - 2 * _A, _A], [1 - 2 * _A, _A, _A]]
    + [[_B, _B, 1 - 2 * _B], [_B, 1 - 2 * _B, _B], [1 - 2 * _B, _B, _B]]
)  # (q, 3)
WEIGHTS = np.array([_WEIGHT_A] * 3 + [_WEIGHT_B] * 3)  # sum 1


@dataclass(frozen=True)
class BlockRows:
    """Rows of 3×3 blocks: those of `rows` only; begin (n+1,), columns (m,), blocks (m, 3, 3)."""

    rows: Ints
    begin: Ints
    columns: Ints
    blocks: Floats


def face_shape(barycentric: Floats, linear: bool = False) -> tuple[Floats, Floats]:
    """Shape functions of a face and ∂N_a/∂L_i, the three L taken as independent.

    barycentric : (q, 3).  Returns (q, n), (q, n, 3) with n = 6, or 3 when linear.
    """
    n_points = len(barycentric)
    if linear:
        return barycentric, np.broadcast_to(np.eye(3), (n_points, 3, 3)).copy()
    values, slopes = np.zeros((n_points, 6)), np.zeros((n_points, 6, 3))
    for i in range(3):
        values[:, i] = barycentric[:, i] * (2 * barycentric[:, i] - 1)
        slopes[:, i, i] = 4 * barycentric[:, i] - 1
    for k, (i, j) in enumerate(((0, 1), (1, 2), (0, 2)), start=3):
        values[:, k] = 4 * barycentric[:, i] * barycentric[:, j]
        slopes[:, k, i] = 4 * barycentric[:, j]
        slopes[:, k, j] = 4 * barycentric[:, i]
    return values, slopes


def infinite_blocks(
    corners: Floats, pole: Floats, exponent: float, lam: Floats, mu: Floats, linear: bool = False
) -> Floats:
    """Stiffness blocks of infinite elements on faces.

    corners : (k, 3, 3) m; pole : (3,) m; lam, mu : (k,) Pa.  Returns (k, n, n, 3, 3), n = 6 or 3.
    """
    gradients, along = infinite_gradients(corners, pole, exponent, linear)
    k, n = len(corners), gradients.shape[2]
    b = gradients.reshape(k, len(POINTS), 3 * n)  # columns (a, c)
    weight = along.sum(axis=1)
    outer = (b * WEIGHTS[:, None]).transpose(0, 2, 1) @ b
    outer = outer.reshape(k, n, 3, n, 3).transpose(0, 1, 3, 2, 4)  # kabcd
    blocks = (lam * weight)[:, None, None, None, None] * outer
    mu_outer = (mu * weight)[:, None, None, None, None] * outer
    blocks += mu_outer.swapaxes(3, 4)
    trace = np.trace(mu_outer, axis1=3, axis2=4)
    for c in range(3):
        blocks[..., c, c] += trace
    return np.asarray(blocks)


def infinite_gradients(
    corners: Floats, pole: Floats, exponent: float, linear: bool = False
) -> tuple[Floats, Floats]:
    """Gradients B of the shape functions on the face, (k, q, n, 3), and weights d w_q/(2(2p−1)) of
    what is integrated over the face and along the ray, (k, q)."""
    seen = corners - pole  # rows X_i − x₀
    dual = np.linalg.inv(seen).transpose(0, 2, 1)  # (k, i, 3): g_i · (X_j − x₀) = δ_ij
    weight = np.abs(np.linalg.det(seen)) / (2 * (2 * exponent - 1))
    values, slopes = face_shape(POINTS, linear)
    radial = np.einsum("qj,qaj->qa", POINTS, slopes) + exponent * values
    table = slopes - radial[:, :, None]  # C_qai
    gradients = (table.reshape(-1, 3) @ dual).reshape(len(corners), *table.shape)
    return gradients, weight[:, None] * WEIGHTS


def spring_blocks(
    corners: Floats, normal: Floats, tangential: Floats, linear: bool = False
) -> Floats:
    """∫ N_a N_b [k_n n⊗n + k_t (I − n⊗n)] dA on faces; stiffnesses in Pa/m. (k, n, n, 3, 3)"""
    n = _doubled_normals(corners)
    n /= np.linalg.norm(n, axis=1)[:, None]
    nn = np.einsum("kc,kd->kcd", n, n)
    spring = normal[:, None, None] * nn + tangential[:, None, None] * (np.eye(3) - nn)
    return _foundation(corners, spring, linear)


def vertical_blocks(corners: Floats, stiffness: Floats, linear: bool = False) -> Floats:
    """∫ N_a N_b k ẑ⊗ẑ dA on faces, k in Pa/m. (k, n, n, 3, 3)"""
    up = np.diag([0.0, 0.0, 1.0])
    return _foundation(corners, stiffness[:, None, None] * up, linear)


def _foundation(corners: Floats, spring: Floats, linear: bool) -> Floats:
    """∫ N_a N_b C dA of constant tensors C (k, 3, 3)."""
    values, _ = face_shape(POINTS, linear)
    mass = np.einsum("q,qa,qb->ab", WEIGHTS, values, values)
    area = np.linalg.norm(_doubled_normals(corners), axis=1) / 2
    return np.asarray(np.einsum("k,ab,kcd->kabcd", area, mass, spring))


def _doubled_normals(corners: Floats) -> Floats:
    return np.asarray(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))


def assemble(nodes_of: list[Ints], blocks_of: list[Floats], backend: Any) -> BlockRows:
    """Sum face blocks into rows. nodes_of: (k, n) each; blocks_of: (k, n, n, 3, 3) each."""
    if not nodes_of:
        empty = np.zeros(0, dtype=np.int32)
        return BlockRows(empty, np.zeros(1, dtype=np.int32), empty, np.zeros((0, 3, 3)))
    nodes, blocks = np.concatenate(nodes_of), np.concatenate(blocks_of)
    return BlockRows(*backend.sum_faces(nodes, blocks))
