"""Displacement around a pressurised spherical cavity in viscoelastic rock, pressure on from t = 0.

Shell, in a full space: cavity of radius R1, viscoelastic shell to R2, elastic beyond. With
spherical symmetry u = A r + B/r² in the shell and C/r² beyond, σ_rr = 3K A - 4G B/r³, and the
conditions at R1 (σ_rr = -P) and R2 (u, σ_rr continuous) give, with G* of the shell and μ beyond,

    B = P / [4G*/R1³ - 12K (G* - μ)/(R2³ (3K + 4μ))]
    A = 4 (G* - μ) B / (R2³ (3K + 4μ)),    C = B (3K + 4G*)/(3K + 4μ)

rational in s. For a Maxwell shell as stiff as the rock beyond, 4μ C/P runs from R1³ to R2³ as

    R1³ e^{-t/t_R} + R2³ (1 - e^{-t/t_R}),    t_R = [3(1-ν)/(1+ν)] (η/μ) (R2/R1)³

Half-space: the same source strength at the surface (`shell_surface`, exact for R2 << depth), and a
half-space that is viscoelastic throughout (`mogi`, `mctigue`): (1-ν)/μ and the correction of
McTigue as functions of s.

Sources: Dragoni M. and Magnanensi C. (1989), Displacement and stress produced by a pressurized,
spherical magma chamber, surrounded by a viscoelastic shell, Phys. Earth Planet. Inter. 56, 316-328;
Segall P. (2010), Earthquake and volcano deformation, § 7.5; Bonafede M., Dragoni M. and Quareni F.
(1986), Displacement and stress fields produced by a centre of dilation and by a pressure source in
a viscoelastic half-space, Geophys. J. R. astr. Soc. 87, 455-485.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import cavity
from .inverse_laplace import rational
from .viscoelastic_point import Body

Array = NDArray[np.float64]


def _strengths(
    inner: float, outer: float, pressure: float, bulk: float, body: Body, mu: float
) -> dict[str, tuple[Array, Array]]:
    """Transforms A, B, C and G*B as (numerator, denominator); lengths over R1."""
    n, d = np.poly1d(body.numerator), np.poly1d(body.denominator)
    cube, beyond = (outer / inner) ** 3, 3 * bulk + 4 * mu
    below = 4 * n - 12 * bulk * (n - mu * d) / (cube * beyond)
    above = {
        "A": 4 * (n - mu * d) / (cube * beyond),
        "B": d,
        "C": (3 * bulk * d + 4 * n) / beyond,
        "GB": n,
    }
    return {name: ((pressure * p).coeffs, below.coeffs) for name, p in above.items()}


def shell(
    r: ArrayLike, times: ArrayLike, inner: float, outer: float, pressure: float, bulk: float,
    body: Body, mu: float,
) -> tuple[Array, Array]:  # fmt: skip
    """u_r (n_t, n_r), m, and σ_rr (n_t, n_r), Pa, at distances r >= inner, m, in a full space.

    bulk, Pa: of the shell (that of the rock beyond does not enter); mu, Pa: of the rock beyond.
    """
    scaled = np.asarray(r, float) / inner
    terms = _strengths(inner, outer, pressure, bulk, body, mu)
    a, b, c, gb = (rational(*terms[name], times, 1)[:, None] for name in ("A", "B", "C", "GB"))
    far = scaled > outer / inner
    u = np.where(far, c / scaled**2, a * scaled + b / scaled**2) * inner
    stress = np.where(far, -4 * mu * c / scaled**3, 3 * bulk * a - 4 * gb / scaled**3)
    return u, stress


def shell_surface(
    points: ArrayLike, center: ArrayLike, times: ArrayLike, inner: float, outer: float,
    pressure: float, bulk: float, body: Body, lam: float, mu: float,
) -> Array:  # fmt: skip
    """Displacement (n_t, n, 3), m, at surface points (n,3), of Mogi's source of that strength."""
    terms = _strengths(inner, outer, 1.0, bulk, body, mu)
    history = 4 * mu * rational(*terms["C"], times, 1)
    return np.asarray(
        history[:, None, None] * cavity.mogi(points, center, inner, pressure, lam, mu)
    )


def mogi(
    points: ArrayLike, center: ArrayLike, times: ArrayLike, radius: float, pressure: float,
    bulk: float, body: Body,
) -> Array:  # fmt: skip
    """Displacement (n_t, n, 3), m, of `cavity.mogi` in a half-space that is all viscoelastic."""
    n, d = np.poly1d(body.numerator), np.poly1d(body.denominator)
    above, below = (3 * bulk * d + 4 * n) * d, 2 * n * (3 * bulk * d + n)
    history = rational(above.coeffs, below.coeffs, times, 1)
    shape = cavity.mogi(points, center, radius, pressure, 0.0, 1.0)  # (1-ν)/μ = 1
    return np.asarray(history[:, None, None] * shape)


def mctigue(
    points: ArrayLike, center: ArrayLike, times: ArrayLike, radius: float, pressure: float,
    bulk: float, body: Body,
) -> Array:  # fmt: skip
    """As `mogi`, with (a/d)³ {-9K + 15 d²/(2R²) (9K + 6G*)}/(54K + 48G*) of McTigue."""
    n, d = np.poly1d(body.numerator), np.poly1d(body.denominator)
    above, below = (3 * bulk * d + 4 * n) * d, 2 * n * (3 * bulk * d + n)
    denominator = below * (54 * bulk * d + 48 * n)
    uniform = rational((above * -9 * bulk * d).coeffs, denominator.coeffs, times, 1)
    graded = rational((above * (9 * bulk * d + 6 * n) * 7.5).coeffs, denominator.coeffs, times, 1)
    shape = cavity.mogi(points, center, radius, pressure, 0.0, 1.0)
    depth = -float(np.asarray(center, float)[2])
    square = np.sum((np.atleast_2d(np.asarray(points, float)) - center) ** 2, axis=1)
    correction = uniform[:, None] + graded[:, None] * depth**2 / square
    return np.asarray(
        mogi(points, center, times, radius, pressure, bulk, body)
        + (radius / depth) ** 3 * correction[..., None] * shape
    )
