"""Displacement of a point moment tensor in an elastic half-space.

    u_i(x) = M_jk ∂G_ij(x, s)/∂s_k

with G the displacement of a unit point force at s (symmetric M: single couples without net torque).

Source of G: Mindlin R. D. (1936), Force at a point in the interior of a semi-infinite solid,
Physics 7, 195-202. The derivative is a complex step in s, exact to rounding. No term is shared with
Okada's closed form of `okada.py`, so each checks the other.

Frame: x east, y north, z up, metres; medium in z <= 0. Surface and interior points.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Field = NDArray[Any]  # real, or complex in a complex step


def force(points: Field, source: Field, mu: float, nu: float) -> Field:
    """G (n,3,3): component i of the displacement at points (n,3) of a unit force along j at (3,).

    Mindlin's z and depth c point downwards; real or complex source.
    """
    dx = points - source
    x, y = dx[:, 0], dx[:, 1]
    z, c = -points[:, 2], -source[2]
    below, above = z - c, z + c  # from the source, from its image
    r1 = np.sqrt(x**2 + y**2 + below**2)
    r2 = np.sqrt(x**2 + y**2 + above**2)
    k, m = 3 - 4 * nu, 4 * (1 - nu) * (1 - 2 * nu)
    s = r2 + above
    g = np.empty((x.size, 3, 3), dtype=np.result_type(points, source))
    for i, (along, other) in enumerate(((x, y), (y, x))):
        g[:, i, i] = (
            k / r1
            + 1 / r2
            + along**2 / r1**3
            + k * along**2 / r2**3
            + 2 * c * z / r2**3 * (1 - 3 * along**2 / r2**2)
            + m / s * (1 - along**2 / (r2 * s))
        )
        g[:, 1 - i, i] = (
            along * other * (1 / r1**3 + k / r2**3 - 6 * c * z / r2**5 - m / (r2 * s**2))
        )
        odd = below / r1**3 + k * below / r2**3
        even = m / (r2 * s) - 6 * c * z * above / r2**5
        g[:, 2, i] = -along * (odd + even)  # minus: Mindlin's u_z is downwards
        g[:, i, 2] = -along * (odd - even)
    g[:, 2, 2] = (
        k / r1
        + (8 * (1 - nu) ** 2 - k) / r2
        + below**2 / r1**3
        + (k * above**2 - 2 * c * z) / r2**3
        + 6 * c * z * above**2 / r2**5
    )
    return g / (16 * np.pi * mu * (1 - nu))


def moment_tensor(
    points: ArrayLike, source: ArrayLike, tensor: ArrayLike, lam: float, mu: float
) -> Array:
    """Displacement (n,3), m, at points (n,3), m, of a moment tensor (3,3), N m, at source (3,)."""
    points = np.atleast_2d(np.asarray(points, dtype=float))
    source, tensor = np.asarray(source, dtype=float), np.asarray(tensor, dtype=float)
    if source[2] >= 0 or not np.allclose(tensor, tensor.T):
        raise ValueError("the source must lie below z = 0 and the tensor be symmetric")
    nu = lam / (2 * (lam + mu))
    h = 1e-40 * abs(source[2])
    u = np.zeros_like(points)
    for k in range(3):
        moved = source.astype(complex)
        moved[k] += 1j * h
        u += force(points, moved, mu, nu).imag @ tensor[:, k] / h
    return u


def double_couple(moment: float, strike_deg: float, dip_deg: float, rake_deg: float) -> Array:
    """Moment tensor (3,3), N m, in (east, north, up), from Aki and Richards angles, degrees."""
    phi, delta, rake = np.radians([strike_deg, dip_deg, rake_deg])
    e_strike = np.array([np.sin(phi), np.cos(phi), 0.0])
    e_left = np.array([-np.cos(phi), np.sin(phi), 0.0])
    e_up = np.array([0.0, 0.0, 1.0])
    slip = np.cos(rake) * e_strike + np.sin(rake) * (np.cos(delta) * e_left + np.sin(delta) * e_up)
    normal = np.cos(delta) * e_up - np.sin(delta) * e_left
    return np.asarray(moment * (np.outer(slip, normal) + np.outer(normal, slip)))


def slip_tensor(strike_deg: float, dip_deg: float, slip: ArrayLike, lam: float, mu: float) -> Array:
    """Moment per area (3,3), N/m, of slip (strike, dip, open), m: λ (b·n) I + μ (b nᵀ + n bᵀ)."""
    phi, delta = np.radians([strike_deg, dip_deg])
    e_strike = np.array([np.sin(phi), np.cos(phi), 0.0])
    e_left = np.array([-np.cos(phi), np.sin(phi), 0.0])
    e_up = np.array([0.0, 0.0, 1.0])
    updip = np.cos(delta) * e_left + np.sin(delta) * e_up
    normal = np.cos(delta) * e_up - np.sin(delta) * e_left
    s = np.asarray(slip, dtype=float)
    b = s[0] * e_strike + s[1] * updip + s[2] * normal
    return np.asarray(
        lam * (b @ normal) * np.eye(3) + mu * (np.outer(b, normal) + np.outer(normal, b))
    )
