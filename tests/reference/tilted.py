"""Rectangular dislocation in a half-space whose free surface is a tilted plane.

    u(x) = R u_Okada(Rᵀ (x - pivot)),   R = [[cos t, 0, sin t], [0, 1, 0], [-sin t, 0, cos t]]

Elasticity does not know which way is up: the half-space under a plane through `pivot`, turned by
the angle t about the y axis (north), is the flat one in the frame of the plane. The free surface is

    z = z_pivot - (x - x_pivot) tan t        (positive t: it descends to the east)

Source: Okada (1992), see `okada.py`; McTigue D. F. and Segall P. (1988), Geophys. Res. Lett. 15,
601-604, discuss what such slopes do.

Points, fault and slip vector are given in the world frame (x east, y north, z up). The fault is
corner + s·along + t·down, 0 <= s, t <= 1, with `along` parallel to the tilted plane and normal to
`down`; a fault that strikes north qualifies at every tilt. Slip vector = motion of the hanging wall
relative to the foot wall, where the hanging wall is the side towards the free surface,
n·e_normal > 0 (if the fault is normal to the plane: right of `along` when looking along it).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import okada

Array = NDArray[np.float64]


def rotation(tilt_deg: float) -> Array:
    """R (3,3); its columns are the axes of the plane's frame, the third its upward normal."""
    c, s = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def surface_z(x: ArrayLike, tilt_deg: float, pivot: ArrayLike = (0.0, 0.0, 0.0)) -> Array:
    """Elevation of the free surface, m, at x, m."""
    pivot = np.asarray(pivot, float)
    return np.asarray(pivot[2] - (np.asarray(x) - pivot[0]) * np.tan(np.radians(tilt_deg)))


def _local(
    points: ArrayLike, tilt_deg: float, corner: ArrayLike, along: ArrayLike, down: ArrayLike,
    slip_vector: ArrayLike, pivot: ArrayLike,
) -> tuple[Array, Array, tuple[Array, float, float, float, float, Array]]:  # fmt: skip
    """R, points in the plane's frame, and the arguments of `okada.rectangle`."""
    r, origin = rotation(tilt_deg), np.asarray(pivot, float)
    local = (np.atleast_2d(np.asarray(points, float)) - origin) @ r
    fault = okada.from_edges(
        (np.asarray(corner, float) - origin) @ r,
        *(np.asarray(v, float) @ r for v in (along, down, slip_vector)),
    )
    # rounding may lift surface points off the plane
    near = np.abs(local[:, 2]) < 1e-9 * (fault[1] + np.abs(local).max())
    local[near, 2] = 0.0
    if abs(fault[0][2]) < 1e-9 * fault[1]:
        fault[0][2] = 0.0
    return r, local, fault


def tilted_rectangle(
    points: ArrayLike, tilt_deg: float, corner: ArrayLike, along: ArrayLike, down: ArrayLike,
    slip_vector: ArrayLike, nu: float = 0.25, pivot: ArrayLike = (0.0, 0.0, 0.0),
) -> Array:  # fmt: skip
    """Displacement (n,3), m, world frame, at points (n,3), m, on or under the tilted plane."""
    r, local, fault = _local(points, tilt_deg, corner, along, down, slip_vector, pivot)
    return np.asarray(okada.rectangle(local, *fault, nu) @ r.T)


def tilted_gradient(
    points: ArrayLike, tilt_deg: float, corner: ArrayLike, along: ArrayLike, down: ArrayLike,
    slip_vector: ArrayLike, nu: float = 0.25, pivot: ArrayLike = (0.0, 0.0, 0.0),
) -> Array:  # fmt: skip
    """Gradient (n,3,3), [:, i, j] = ∂u_i/∂x_j, world frame, of `tilted_rectangle`."""
    r, local, fault = _local(points, tilt_deg, corner, along, down, slip_vector, pivot)
    g = okada.rectangle_gradient(local, *fault, nu)
    return np.asarray(np.einsum("ia,nab,jb->nij", r, g, r))
