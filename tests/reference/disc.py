"""Surface displacement of an elastic half-space under uniform pressure on a disc.

    w(r) = 4(1-ν²)p/(πE) · { a E(r²/a²),                                 r <= a
                           { r [E(a²/r²) - (1 - a²/r²) K(a²/r²)],        r >= a      (downwards)
    u_r  = -(1-2ν) p /(4μ) · { r,  r <= a;  a²/r,  r >= a }

K, E complete elliptic integrals of parameter m = k²; centre (1-ν)pa/μ, rim 2(1-ν)pa/(πμ).

Source: Love A. E. H. (1929), The stress produced in a semi-infinite solid by pressure on part of
the boundary, Phil. Trans. R. Soc. A 228, 377-420;
also Johnson K. L. (1985), Contact mechanics, § 3.4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ellipe, ellipk

Array = NDArray[np.float64]


def disc(
    points: ArrayLike, center: ArrayLike, radius: float, pressure: float, lam: float, mu: float
) -> Array:
    """Displacement (n,3), m, z up, at surface points (n,2 or 3), m; pressure, Pa, pushes down."""
    offset = np.atleast_2d(np.asarray(points, float))[:, :2] - np.asarray(center, float)[:2]
    r = np.linalg.norm(offset, axis=1)
    nu = lam / (2 * (lam + mu))
    inside = r <= radius
    m_in = np.where(inside, r / radius, 0.0) ** 2
    m_out = np.where(inside, 0.5, radius / np.where(inside, 1.0, r)) ** 2
    shape = np.where(
        inside, radius * ellipe(m_in), r * (ellipe(m_out) - (1 - m_out) * ellipk(m_out))
    )
    u = np.empty((r.size, 3))
    # u_r / r is finite at the centre
    ratio = -(1 - 2 * nu) * pressure / (4 * mu) * np.where(inside, 1.0, m_out)
    u[:, :2] = ratio[:, None] * offset
    u[:, 2] = -2 * (1 - nu) * pressure / (np.pi * mu) * shape
    return u
