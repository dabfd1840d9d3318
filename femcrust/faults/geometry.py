"""Directions on a fault: strike, up-dip and normal, and tensors of slip on it.

For strike φ (clockwise from north) and dip δ to the right of strike [Aki02, sec. 4.5], in axes
east, north, up:

    e_strike = ( sin φ,        cos φ,        0    )
    e_updip  = (−cos δ cos φ,  cos δ sin φ,  sin δ)
    n        = ( sin δ cos φ, −sin δ sin φ,  cos δ)      from foot wall to hanging wall

so b = s_strike e_strike + s_dip e_updip + s_open n: left-lateral, thrust and opening are positive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femcrust.mesh.mesh import Floats

HORIZONTAL = np.sin(np.radians(0.1))  # flatter facets have no strike of their own
NORTH = np.array([0.0, 1.0, 0.0])


def frames(strike: Floats | float, dip: Floats | float) -> Floats:
    """Rows e_strike, e_updip, n for angles in degrees. (…, 3, 3)

    >>> frames(0.0, 90.0).round(12).tolist()
    [[0.0, 1.0, 0.0], [-0.0, 0.0, 1.0], [1.0, -0.0, 0.0]]
    """
    phi, delta = np.broadcast_arrays(np.radians(strike), np.radians(dip))
    sp, cp, sd, cd = np.sin(phi), np.cos(phi), np.sin(delta), np.cos(delta)
    zero = np.zeros_like(sp)
    rows = [[sp, cp, zero], [-cd * cp, cd * sp, sd], [sd * cp, -sd * sp, cd]]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def frames_of_normals(normals: Floats, flat_strike: Floats = NORTH) -> Floats:
    """Rows e_strike, e_updip, n for unit normals toward the hanging wall. (…, 3) → (…, 3, 3)

    `flat_strike` : (3,) horizontal unit vector, the strike of facets without one.
    """
    n = np.asarray(normals, dtype=np.float64)
    horizontal = np.hypot(n[..., 0], n[..., 1])
    flat = horizontal < HORIZONTAL
    length = np.where(flat, 1.0, horizontal)
    strike = np.stack([-n[..., 1] / length, n[..., 0] / length, np.zeros_like(length)], axis=-1)
    if np.any(flat):  # their part of flat_strike along the facet, which is all but horizontal
        along = flat_strike - (n @ flat_strike)[..., None] * n
        size = np.linalg.norm(along, axis=-1, keepdims=True)
        strike = np.where(flat[..., None], along / np.where(size > 0.0, size, 1.0), strike)
    return np.stack([strike, np.cross(n, strike), n], axis=-2)


def strike_and_dip(normal: Floats) -> tuple[float, float]:
    """Strike in [0, 360) and dip, degrees, of a plane whose hanging side `normal` points to."""
    e_strike = frames_of_normals(normal)[0]
    dip = np.degrees(np.arctan2(np.hypot(normal[0], normal[1]), normal[2]))
    return float(np.degrees(np.arctan2(e_strike[0], e_strike[1])) % 360.0), float(dip)


def slip_vectors(components: Floats, frame: Floats) -> Floats:
    """b = s_strike e_strike + s_dip e_updip + s_open n. (n, 3), (n, 3, 3) → (n, 3), metres"""
    return np.asarray(np.einsum("...c,...ci->...i", components, frame))


def symmetric_dyad(b: Floats, n: Floats) -> Floats:
    """(b⊗n + n⊗b) / 2 as xx, yy, zz, xy, xz, yz. (…, 3), (…, 3) → (…, 6)

    >>> symmetric_dyad(np.array([0.0, 2.0, 0.0]), np.array([1.0, 0.0, 0.0])).tolist()
    [0.0, 0.0, 0.0, 1.0, 0.0, 0.0]
    """
    i, j = (0, 1, 2, 0, 0, 1), (0, 1, 2, 1, 2, 2)
    return np.asarray((b[..., i] * n[..., j] + b[..., j] * n[..., i]) / 2.0)


def as_matrix(six: Floats) -> Floats:
    """Symmetric matrices of six components. (…, 6) → (…, 3, 3)"""
    return np.asarray(six[..., [[0, 3, 4], [3, 1, 5], [4, 5, 2]]])


@dataclass(frozen=True)
class Chart:
    """Flat coordinates on a fault: `along` strike and `down` dip from its top centre, metres."""

    origin: Floats  # (3,) m, top centre
    frame: Floats  # (3, 3) rows e_strike, e_updip, n

    def along_down(self, points: Floats) -> Floats:
        """(n, 3) → (n, 2)"""
        relative = points - self.origin
        return np.stack([relative @ self.frame[0], -(relative @ self.frame[1])], axis=-1)


def chart_of_points(points: Floats, frame: Floats) -> Chart:
    """The chart in the plane `frame` whose top centre fits the extent of points (n, 3)."""
    centre = points.mean(axis=0)
    local = (points - centre) @ frame.T
    low, high = local.min(axis=0), local.max(axis=0)
    top_centre = np.array([(low[0] + high[0]) / 2.0, high[1], 0.0])
    return Chart(origin=centre + top_centre @ frame, frame=frame)


def distance_to_segments(points: Floats, ends: Floats, limit: float = np.inf) -> Floats:
    """Distance of points (n, 3) to the nearest of segments (k, 2, 3), at most `limit`. (n,)"""
    nearest = np.full(len(points), limit)
    if len(ends) == 0 or len(points) == 0:
        return nearest
    start, run = ends[:, 0], ends[:, 1] - ends[:, 0]
    squared = np.maximum(np.einsum("ki,ki->k", run, run), np.finfo(np.float64).tiny)
    step = max(1, 2_000_000 // len(ends))  # bounds the memory
    for first in range(0, len(points), step):
        part = slice(first, first + step)
        to = points[part, None, :] - start
        t = np.clip(np.einsum("nki,ki->nk", to, run) / squared, 0.0, 1.0)
        gap = np.linalg.norm(to - t[..., None] * run, axis=2).min(axis=1)
        nearest[part] = np.minimum(nearest[part], gap)
    return nearest
