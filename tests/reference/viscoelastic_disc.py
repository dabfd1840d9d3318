"""Surface displacement of a viscoelastic half-space under uniform pressure on a disc from t = 0.

Without gravity by correspondence from `disc.py`: the shape stays, the factors follow

    (1-ν)/μ -> (3K + 4G*)/(2G*(3K + G*)),    (1-2ν)/μ -> 3/(3K + G*)

With gravity the displaced surface weighs ρ g u_z (buoyancy; exact for an incompressible body), so
that a pressure of wavenumber k moves the surface by

    w(k, s) = p (3K + 4G*)/[2k G*(3K + G*) + ρ g (3K + 4G*)]/s    (downwards)
    u_r(k, s) = -p 3G*/[the same]/s

a Maxwell body relaxes to w = p/(ρ g) (incompressible: with the time 2ηk/(ρ g) + η/μ). The Hankel
integral is taken of the difference to the case without gravity.

Sources: Lee E. H. (1955), Stress analysis in visco-elastic bodies, Q. Appl. Math. 13, 183-190;
disc: Love A. E. H. (1929), Phil. Trans. R. Soc. A 228, 377-420; gravity: Turcotte D. L. and
Schubert G. (2014), Geodynamics, 3rd ed., § 6.10 (postglacial rebound); Nakiboglu S. M. and
Lambeck K. (1982), A study of the Earth's response to surface loading with application to Lake
Bonneville, Geophys. J. R. astr. Soc. 70, 577-620.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import jv

from . import disc as elastic_disc
from .inverse_laplace import rational, talbot_nodes
from .viscoelastic_point import Body

Array = NDArray[np.float64]
GAUSS = 8


def disc(
    points: ArrayLike, center: ArrayLike, radius: float, pressure: float, bulk: float, body: Body,
    times: ArrayLike,
) -> Array:  # fmt: skip
    """Displacement (n_t, n, 3), m, z up, at surface points (n,2 or 3), m; pressure, Pa, down."""
    t = np.atleast_1d(np.asarray(times, float))
    n, d = np.poly1d(body.numerator), np.poly1d(body.denominator)
    stiff = 3 * bulk * d + n
    vertical = rational(((3 * bulk * d + 4 * n) * d).coeffs, (2 * n * stiff).coeffs, t, 1)
    radial = rational((3 * d).coeffs, stiff.coeffs, t, 1)
    shape = elastic_disc.disc(points, center, radius, pressure, 0.0, 1.0)  # both factors are 1
    return np.asarray(shape * np.stack([radial, radial, vertical], axis=1)[:, None])


def transfer(k: Array, t: float, bulk: float, body: Body, weight: float) -> tuple[Array, Array]:
    """(w, u_r) (n_k,) per pressure, m/Pa, at wavenumbers k, 1/m; weight = ρ g, Pa/m."""
    if t == 0:
        s, factors = np.array([np.inf]), np.array([1.0])
        g = np.array([body.numerator[0] / body.denominator[0]])
    else:
        s, factors = talbot_nodes(t)
        factors, g = factors / s, body.modulus(s)
    g = g[:, None]
    below = 2 * k * g * (3 * bulk + g) + weight * (3 * bulk + 4 * g)
    return (factors @ ((3 * bulk + 4 * g) / below)).real, -(factors @ (3 * g / below)).real


def disc_with_gravity(
    points: ArrayLike, center: ArrayLike, radius: float, pressure: float, bulk: float, body: Body,
    density: float, times: ArrayLike, gravity: float = 9.81, end: float = 600.0,
) -> Array:  # fmt: skip
    """As `disc`, on a surface that weighs; wavenumbers up to end/radius."""
    t = np.atleast_1d(np.asarray(times, float))
    offset = np.atleast_2d(np.asarray(points, float))[:, :2] - np.asarray(center, float)[:2]
    r = np.linalg.norm(offset, axis=1)
    u = disc(points, center, radius, pressure, bulk, body, t)
    x, w = np.polynomial.legendre.leggauss(GAUSS)
    # finer towards k = 0, where the half-space gives way within few wavenumbers
    panel = np.pi / max(float(r.max()), radius)
    small = panel * np.geomspace(1e-6, 1.0, 41)
    edges = np.concatenate([[0.0], small, np.arange(2 * panel, end / radius + panel, panel)])
    half = np.diff(edges)[:, None] / 2
    k = ((edges[1:] + edges[:-1])[:, None] / 2 + half * x).ravel()
    load = (half * w).ravel() * pressure * radius * jv(1, k * radius)
    bessel = [jv(n, np.outer(k, r)) for n in range(2)]
    unit = offset / np.where(r > 0, r, 1.0)[:, None]
    for i, one in enumerate(t):
        with_weight = transfer(k, one, bulk, body, density * gravity)
        without = transfer(k, one, bulk, body, 0.0)
        u[i, :, 2] -= (load * (with_weight[0] - without[0])) @ bessel[0]
        u[i, :, :2] += ((load * (with_weight[1] - without[1])) @ bessel[1])[:, None] * unit
    return u
