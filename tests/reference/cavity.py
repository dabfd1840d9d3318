"""Surface displacement of a half-space with a pressurised spherical cavity of radius a at depth d.

Point source [Mogi58] and first correction for the finite radius [McTigue87, eqs. 52-53]:

    (u_r, u_z) = (1-ν) ΔP a³/μ · (r, d)/R³ · { 1 + (a/d)³ c },     R² = r² + d²
    c = (1+ν)/(2(5ν-7)) + 15 d² (ν-2)/(4 R² (5ν-7))

The cavity itself, `sphere`, is solved to a stated residual by rings of Mindlin point forces inside
it whose strengths are fitted to the uniform pressure on its wall: no expansion in a/d.

Sources: Mogi K. (1958), Bull. Earthq. Res. Inst. 36, 99-134; McTigue D. F. (1987), Elastic stress
and deformation near a finite spherical magma body, J. Geophys. Res. 92, 12931-12940; for the fit
Fairweather G. and Karageorghis A. (1998), The method of fundamental solutions, Adv. Comput.
Math. 9, 69-95.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .point_source import force

Array = NDArray[np.float64]
Field = NDArray[Any]  # real, or complex in a complex step


def mogi(
    points: ArrayLike, center: ArrayLike, radius: float, pressure: float, lam: float, mu: float
) -> Array:
    """Displacement (n,3), m, at surface points (n,3), m; center (3,), m; overpressure, Pa."""
    offset, cube, _ = _geometry(points, center)
    nu = lam / (2 * (lam + mu))
    return np.asarray((1 - nu) * pressure * radius**3 / mu * offset / cube[:, None])


def mctigue(
    points: ArrayLike, center: ArrayLike, radius: float, pressure: float, lam: float, mu: float
) -> Array:
    """As `mogi`, with the correction of order (a/d)³."""
    _, cube, d = _geometry(points, center)
    nu = lam / (2 * (lam + mu))
    square = cube ** (2 / 3)
    bracket = (1 + nu) / (2 * (5 * nu - 7)) + 15 * d**2 * (nu - 2) / (4 * square * (5 * nu - 7))
    factor = 1 + (radius / d) ** 3 * bracket
    return np.asarray(mogi(points, center, radius, pressure, lam, mu) * factor[:, None])


def _geometry(points: ArrayLike, center: ArrayLike) -> tuple[Array, Array, float]:
    """Offset (n,3) from the centre, R³ (n,), depth."""
    points, center = np.atleast_2d(np.asarray(points, float)), np.asarray(center, float)
    if np.any(points[:, 2] != 0) or center[2] >= 0:
        raise ValueError("points must lie at z = 0 and the centre below")
    offset = points - center
    return offset, np.linalg.norm(offset, axis=1) ** 3, -float(center[2])


def sphere(
    points: ArrayLike, center: ArrayLike, radius: float, pressure: float, lam: float, mu: float,
    n_rings: int = 24,
) -> tuple[Array, float]:  # fmt: skip
    """Displacement (n,3), m, outside the cavity, and the residual of the wall traction over ΔP.

    Surface and interior points. Rings of radial and vertical forces on a sphere of radius a/2.
    """
    points, center = np.atleast_2d(np.asarray(points, float)), np.asarray(center, float)
    nu = lam / (2 * (lam + mu))
    depth = -float(center[2])
    inner, n_azimuth = 0.5, 64
    # Scaled: radius 1, μ 1; centre on the axis.
    origin = np.array([0.0, 0.0, -depth / radius])
    theta = (np.arange(n_rings) + 0.5) * np.pi / n_rings
    rings = inner * np.stack([np.sin(theta), np.cos(theta)], axis=1)
    wall_theta = (np.arange(2 * n_rings) + 0.5) * np.pi / (2 * n_rings)
    normal = np.stack([np.sin(wall_theta), 0 * wall_theta, np.cos(wall_theta)], axis=1)
    wall = origin + normal

    gradient = np.empty((wall.shape[0], 3, 3, 2 * n_rings))
    h = 1e-40
    for j in range(3):
        moved = wall.astype(complex)
        moved[:, j] += 1j * h
        gradient[:, :, j] = _rings(moved, origin, rings, nu, n_azimuth).imag / h
    ratio = 2 * nu / (1 - 2 * nu)  # λ/μ
    trace = np.einsum("niif->nf", gradient)
    traction = (
        ratio * normal[:, :, None] * trace[:, None]
        + np.einsum("nijf,nj->nif", gradient, normal)
        + np.einsum("njif,nj->nif", gradient, normal)
    )
    system = traction[:, [0, 2]].reshape(-1, 2 * n_rings)
    target = -normal[:, [0, 2]].reshape(-1)  # the wall is pushed outwards, away from the cavity
    strength = np.linalg.lstsq(system, target, rcond=1e-14)[0]
    residual = float(np.abs(system @ strength - target).max())

    offset = (points - [center[0], center[1], 0.0]) / radius
    r = np.linalg.norm(offset[:, :2], axis=1)
    plane = np.stack([r, 0 * r, offset[:, 2]], axis=1)
    u = _rings(plane, origin, rings, nu, n_azimuth) @ strength * pressure * radius / mu
    unit = offset[:, :2] / np.where(r > 0, r, 1.0)[:, None]
    return np.column_stack([u[:, :1] * unit, u[:, 2]]), residual


def _rings(points: Field, origin: Array, rings: Array, nu: float, n_azimuth: int) -> Field:
    """Displacement (n, 3, 2 n_rings) of unit radial, then vertical ring forces; points in y = 0."""
    azimuth = np.arange(n_azimuth) * 2 * np.pi / n_azimuth
    radial = np.stack([np.cos(azimuth), np.sin(azimuth), 0 * azimuth], axis=1)
    columns = np.zeros((points.shape[0], 3, 2, rings.shape[0]), dtype=points.dtype)
    for i, (rho, z) in enumerate(rings):
        for e in radial:
            g = force(points, origin + rho * e + [0.0, 0.0, z], 1.0, nu)
            columns[:, :, 0, i] += g @ e / n_azimuth
            columns[:, :, 1, i] += g[:, :, 2] / n_azimuth
    return columns.reshape(points.shape[0], 3, -1)
