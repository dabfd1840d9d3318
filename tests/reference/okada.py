"""Displacement and strain of a rectangular dislocation in an elastic half-space.

With Chinnery's notation f|| = f(x,p) - f(x,p-W) - f(x-L,p) + f(x-L,p-W) and the medium in z <= 0,

    u = slip/(2π) [ u_A(z) - u_A(-z) + u_B(z) + z u_C(z) ]||

where u_A belongs to the full space and its image, u_B to the free surface and z u_C to depth.

Source: Okada Y. (1992), Internal deformation due to shear and tensile faults in a half-space,
BSSA 82, 1018-1040, table 6 (names of the intermediate quantities are his).

Gradients are complex-step derivatives of the closed form, ∂f/∂x = Im f(x + ih)/h with h = 1e-40 L:
no difference is formed, so they are as accurate as the displacement.

Frame: x east, y north, z up, metres. Strike clockwise from north, dip to the right of strike;
slip = (strike, dip, open) = motion of the hanging wall relative to the foot wall; left-lateral,
thrust and opening are positive. A point on the fault plane itself gets the mean of its two sides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Field = NDArray[Any]  # real, or complex in a complex step

# Below this cos(dip) the 1/cos² terms of I3, I4 lose more than the vertical formulae neglect.
VERTICAL = 1e-5
# Points on the line through a fault edge (or its image) are moved by this fraction of the length.
NUDGE = 1e-7
# Points nearer to the plane than this fraction of the length count as on it (rounding of input).
ON_PLANE = 1e-11


def _arctan(num: Field, den: Field) -> Field:
    """atan(num/den), 0 where den = 0 [Okada92, table 6 note (i)]; derivative regular there."""
    zero = den.real == 0
    value = np.where(zero, 0.0, np.arctan(num.real / np.where(zero, 1.0, den.real)))
    if not np.iscomplexobj(num):
        return value
    square = num.real**2 + den.real**2
    tangent = num.imag * den.real - num.real * den.imag
    return np.asarray(value + 1j * tangent / np.where(square > 0, square, 1.0))


def _sum_with(r: Field, a: Field, rest: Field) -> Field:
    """R + a without cancellation: rest = R² - a²."""
    negative = a.real < 0
    return np.where(negative, rest / np.where(negative, r - a, 1.0), r + a)


def _terms(
    xi: Field,
    eta: Field,
    q: Field,
    z: Field,
    sd: float,
    cd: float,
    alpha: float,
    image: bool,
) -> tuple[Field, Field, Field]:  # fmt: skip
    """u_A, u_B, u_C of table 6: each (3 kinds of slip, 3 components, ...); B and C if `image`."""
    r = np.sqrt(xi**2 + eta**2 + q**2)
    r_xi = _sum_with(r, xi, eta**2 + q**2)
    r_eta = _sum_with(r, eta, xi**2 + q**2)
    x11, y11 = 1 / (r * r_xi), 1 / (r * r_eta)
    theta = _arctan(xi * eta, q * r)
    ln_xi, ln_eta = np.log(r_xi), np.log(r_eta)
    a, h = alpha / 2, (1 - alpha) / 2
    u_a = np.array(
        [
            [theta / 2 + a * xi * q * y11, a * q / r, h * ln_eta - a * q**2 * y11],
            [a * q / r, theta / 2 + a * eta * q * x11, h * ln_xi - a * q**2 * x11],
            [
                -h * ln_eta - a * q**2 * y11,
                -h * ln_xi - a * q**2 * x11,
                theta / 2 - a * q * (eta * x11 + xi * y11),
            ],
        ]
    )
    if not image:
        return u_a, u_a, u_a

    y, d = eta * cd + q * sd, eta * sd - q * cd  # ỹ, d̃; d̃ >= 0 for the image
    c = d + z
    r_d = r + d
    if abs(cd) > VERTICAL:
        big_x = np.sqrt(xi**2 + q**2)
        i3 = y / (cd * r_d) - (ln_eta - sd * np.log(r_d)) / cd**2
        # atan(N/D) is written -atan(D/N): they differ by ±π/2, which cancels in f||, and this one
        # is smooth through ξ = 0.
        angle = -_arctan(xi * (r + big_x) * cd, eta * (big_x + q * cd) + big_x * (r + big_x) * sd)
        i4 = sd / cd * xi / r_d + 2 / cd**2 * angle
    else:
        i3 = (eta / r_d + y * q / r_d**2 - ln_eta) / 2
        i4 = xi * y / (2 * r_d**2)
    i1 = -xi / r_d * cd - i4 * sd
    i2 = np.log(r_d) + i3 * sd
    g = (1 - alpha) / alpha
    u_b = np.array(
        [
            [
                -xi * q * y11 - theta - g * i1 * sd,
                -q / r + g * y / r_d * sd,
                q**2 * y11 - g * i2 * sd,
            ],
            [
                -q / r + g * i3 * sd * cd,
                -eta * q * x11 - theta - g * xi / r_d * sd * cd,
                q**2 * x11 + g * i4 * sd * cd,
            ],
            [
                q**2 * y11 - g * i3 * sd**2,
                q**2 * x11 + g * xi / r_d * sd**2,
                q * (eta * x11 + xi * y11) - theta - g * i4 * sd**2,
            ],
        ]
    )
    x32, y32 = (2 * r + xi) / (r**3 * r_xi**2), (2 * r + eta) / (r**3 * r_eta**2)
    z32 = sd / r**3 - (q * cd - z) * y32
    b = 1 - alpha
    u_c = np.array(
        [
            [
                b * xi * y11 * cd - alpha * xi * q * z32,
                b * (cd / r + 2 * q * y11 * sd) - alpha * c * q / r**3,
                b * q * y11 * cd - alpha * (c * eta / r**3 - z * y11 + xi**2 * z32),
            ],
            [
                b * cd / r - q * y11 * sd - alpha * c * q / r**3,
                b * y * x11 - alpha * c * eta * q * x32,
                -d * x11 - xi * y11 * sd - alpha * c * (x11 - q**2 * x32),
            ],
            [
                -b * (sd / r + q * y11 * cd) - alpha * (z * y11 - q**2 * z32),
                2 * b * xi * y11 * sd + d * x11 - alpha * c * (x11 - q**2 * x32),
                b * (y * x11 + xi * y11 * cd) + alpha * q * (c * eta * x32 + xi * z32),
            ],
        ]
    )
    return u_a, u_b, u_c


def _fault_frame(
    points: Field, depth: float, length: float, width: float,
    sd: float, cd: float, slip: Array, alpha: float,
) -> Field:  # fmt: skip
    """Displacement (3, n) in Okada's frame: x along strike from the lower corner, y to its left."""
    x, y, z = points
    total = np.zeros((3, 3, x.size), dtype=points.dtype)
    for image in (False, True):
        d = depth - z if image else depth + z
        p, q = y * cd + d * sd, y * sd - d * cd
        q = np.where(abs(q.real) < ON_PLANE * length, q - q.real, q)
        u_a, u_b, u_c = np.zeros((3, *total.shape), dtype=total.dtype)
        for i, xi in enumerate((x, x - length)):
            for j, eta in enumerate((p, p - width)):
                sign = (-1) ** (i + j)
                a, b, c = _terms(xi, eta, q, z, sd, cd, alpha, image)
                u_a, u_b, u_c = u_a + sign * a, u_b + sign * b, u_c + sign * c
        if not image:
            across, up = -u_a, -u_a  # -u_A(-z)
        else:
            across, up = u_a + u_b + z * u_c, u_a + u_b - z * u_c
        total[:, 0] += across[:, 0]
        total[:, 1] += across[:, 1] * cd - across[:, 2] * sd
        total[:, 2] += up[:, 1] * sd + up[:, 2] * cd
    return np.asarray(np.einsum("k,kin->in", slip, total) / (2 * np.pi))


def _prepare(
    points: ArrayLike, top_center: ArrayLike, length: float, width: float, strike_deg: float,
    dip_deg: float,
) -> tuple[Array, Array, float, float, float]:  # fmt: skip
    """Rotation (3,3), rows (strike, left, up), local points (3, n), depth, sin and cos of dip."""
    phi, delta = np.radians(strike_deg), np.radians(dip_deg)
    sd, cd = float(np.sin(delta)), float(np.cos(delta))
    if abs(cd) <= VERTICAL:
        sd, cd = 1.0, 0.0
    frame = np.array(
        [[np.sin(phi), np.cos(phi), 0.0], [-np.cos(phi), np.sin(phi), 0.0], [0.0, 0.0, 1.0]]
    )
    center = np.asarray(top_center, dtype=float)
    points = np.atleast_2d(np.asarray(points, dtype=float))
    if not 0 <= dip_deg <= 90 or center[2] > 1e-9 * length or points[:, 2].max() > 1e-9 * length:
        raise ValueError("dip must be within 0..90 degrees, and fault and points at z <= 0")
    local = frame @ (points - center).T
    x, y, z = local[0] + length / 2, local[1] + width * cd, np.minimum(points[:, 2], 0.0)
    depth = -min(center[2], 0.0) + width * sd
    # Lines through the edges: the closed form is 0/0 there, while the field is regular.
    tiny = NUDGE * length
    for d in (depth + z, depth - z):
        p, q = y * cd + d * sd, y * sd - d * cd
        off_ends = np.minimum(abs(x), abs(x - length)) < 1e-2 * tiny
        off_edges = np.minimum(abs(p), abs(p - width)) < 1e-2 * tiny
        on_line = (abs(q) < 1e-2 * tiny) & (off_ends | off_edges)
        x, y = x + np.where(on_line, tiny, 0.0), y + np.where(on_line, 1.3 * tiny, 0.0)
    return frame, np.array([x, y, z]), depth, sd, cd


def rectangle(
    points: ArrayLike, top_center: ArrayLike, length: float, width: float, strike_deg: float,
    dip_deg: float, slip: ArrayLike, nu: float = 0.25,
) -> Array:  # fmt: skip
    """Displacement (n,3), m, at points (n,3), m, of a rectangle with uniform slip (3,), m."""
    frame, local, depth, sd, cd = _prepare(points, top_center, length, width, strike_deg, dip_deg)
    alpha = 1 / (2 * (1 - nu))
    u = _fault_frame(local, depth, length, width, sd, cd, np.asarray(slip, float), alpha)
    return np.asarray((frame.T @ u).T)


def rectangle_gradient(
    points: ArrayLike, top_center: ArrayLike, length: float, width: float, strike_deg: float,
    dip_deg: float, slip: ArrayLike, nu: float = 0.25,
) -> Array:  # fmt: skip
    """Gradient (n,3,3), [:, i, j] = ∂u_i/∂x_j, of `rectangle`."""
    frame, local, depth, sd, cd = _prepare(points, top_center, length, width, strike_deg, dip_deg)
    alpha, h = 1 / (2 * (1 - nu)), 1e-40 * length
    columns = []
    for j in range(3):
        moved = local.astype(complex)
        moved[j] += 1j * h
        u = _fault_frame(moved, depth, length, width, sd, cd, np.asarray(slip, float), alpha)
        columns.append(u.imag / h)
    return np.asarray(np.einsum("ai,jan,jb->nib", frame, np.array(columns), frame))


def stress(gradient: Array, lam: float, mu: float) -> Array:
    """Stress (n,6), Pa, (xx, yy, zz, xy, xz, yz), tension positive, from ∂u_i/∂x_j (n,3,3)."""
    strain = (gradient + np.swapaxes(gradient, 1, 2)) / 2
    sigma = 2 * mu * strain + lam * np.trace(strain, axis1=1, axis2=2)[:, None, None] * np.eye(3)
    i, j = [0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]
    return np.asarray(sigma[:, i, j])


def tapered(
    points: ArrayLike, top_center: ArrayLike, length: float, width: float, strike_deg: float,
    dip_deg: float, slip: ArrayLike, n_along: int, n_down: int,
    taper: Callable[[Array, Array], ArrayLike] | ArrayLike, nu: float = 0.25,
    field: Callable[..., Array] = rectangle,
) -> Array:  # fmt: skip
    """Sum of n_along × n_down patches whose slip is `slip` times `taper`.

    taper : function (along, down) -> factor at patch centres, along in [-L/2, L/2] and down in
        [0, W], metres; or array (n_along, n_down) of factors; or (n_along, n_down, 3) of slips, m,
        which then replace `slip`. `field=rectangle_gradient` sums gradients instead.
    """
    along = (np.arange(n_along) + 0.5) * length / n_along - length / 2
    down = (np.arange(n_down) + 0.5) * width / n_down
    value = taper(*np.meshgrid(along, down, indexing="ij")) if callable(taper) else taper
    value = np.asarray(value, dtype=float)
    slips = value if value.ndim == 3 else value[:, :, None] * np.asarray(slip, dtype=float)
    phi, delta = np.radians(strike_deg), np.radians(dip_deg)
    e_along = np.array([np.sin(phi), np.cos(phi), 0.0])
    e_down = np.array([np.cos(phi) * np.cos(delta), -np.sin(phi) * np.cos(delta), -np.sin(delta)])
    total: Array | float = 0.0
    for i, j in np.argwhere(np.any(slips != 0, axis=2)):
        top = np.asarray(top_center) + along[i] * e_along + (down[j] - width / n_down / 2) * e_down
        size = (length / n_along, width / n_down)
        total = total + field(points, top, *size, strike_deg, dip_deg, slips[i, j], nu)
    return np.asarray(total)


def from_edges(
    corner: ArrayLike, along: ArrayLike, down: ArrayLike, slip_vector: ArrayLike
) -> tuple[Array, float, float, float, float, Array]:
    """(top_center, length, width, strike, dip, slip) of the rectangle corner + s·along + t·down.

    along (3,) must be horizontal and normal to down (3,), which points downwards; slip_vector (3,)
    is the motion of the hanging wall (right of the resulting strike) relative to the foot wall.
    """
    corner, a, d, b = (np.asarray(v, dtype=float) for v in (corner, along, down, slip_vector))
    length, width = float(np.linalg.norm(a)), float(np.linalg.norm(d))
    if abs(a[2]) > 1e-9 * length or abs(a @ d) > 1e-9 * length * width or d[2] > 1e-9 * width:
        raise ValueError("along must be parallel to the surface, down normal to along and descend")
    s = a / length
    if np.cross(s, d)[2] > 1e-12 * width:  # d is to the left: strike is the other way round
        s = -s
    e_down = d / width
    horizontal = float(np.array([s[1], -s[0], 0.0]) @ e_down)
    dip = np.degrees(np.arctan2(-e_down[2], max(horizontal, 0.0)))
    strike = np.degrees(np.arctan2(s[0], s[1]))
    normal = np.cross(s, -e_down)
    slip = np.array([b @ s, -b @ e_down, b @ normal])
    return corner + a / 2, length, width, float(strike), float(dip), slip
