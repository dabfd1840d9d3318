"""Quadrature on quadratic triangles and on pieces of them: ∫ N_a f dA ≈ A Σ_q w_q N_a(q) f(q).

The rule has degree 4 [Dunavant85, table II]: exact for the quadratic N_a with f up to quadratic.
"""

from __future__ import annotations

import numpy as np

from femcrust.mesh.mesh import Floats

_A, _B = 0.445948490915965, 0.091576213509771
POINTS = np.array(
    [[_A, _A, 1 - 2 * _A], [_A, 1 - 2 * _A, _A], [1 - 2 * _A, _A, _A]]
    + [[_B, _B, 1 - 2 * _B], [_B, 1 - 2 * _B, _B], [1 - 2 * _B, _B, _B]]
)  # (6, 3) barycentric
WEIGHTS = np.array([0.223381589678011] * 3 + [0.109951743655322] * 3)  # of the area; sum 1

# The four quarters of a triangle, as barycentric corners in the whole.
QUARTERS = np.array(
    [
        [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.5, 0.0, 0.5]],
        [[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.5, 0.5]],
        [[0.5, 0.0, 0.5], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]],
        [[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]],
    ]
)


def quadratic(barycentric: Floats) -> Floats:
    """The six shape functions of a quadratic triangle. (…, 3) → (…, 6)

    >>> quadratic(np.array([0.25, 0.25, 0.5])).tolist()
    [-0.125, -0.125, 0.0, 0.25, 0.5, 0.5]
    """
    corners = barycentric * (2.0 * barycentric - 1.0)
    pairs = ((0, 1), (1, 2), (0, 2))
    edges = [4.0 * barycentric[..., i] * barycentric[..., j] for i, j in pairs]
    return np.concatenate([corners, np.stack(edges, axis=-1)], axis=-1)


def quartered(pieces: Floats) -> Floats:
    """Each triangle cut in four. (m, 3, 3) barycentric corners → (4 m, 3, 3)"""
    return np.asarray(np.einsum("qij,mjk->mqik", QUARTERS, pieces).reshape(-1, 3, 3))


def piece_points(pieces: Floats) -> tuple[Floats, Floats]:
    """Points of the rule in pieces of a face, barycentric in the face, and shares of its area.

    pieces : (m, 3, 3) barycentric corners; returns (m, 6, 3) and (m, 6)
    """
    share = np.abs(np.linalg.det(pieces))
    return np.einsum("qi,mij->mqj", POINTS, pieces), share[:, None] * WEIGHTS
