"""Stress and strain of linear viscoelastic points: shear relaxes, the volume stays elastic.

The shear modulus as a function of the Laplace variable s, with σ = 2 G*(s) ε for deviators:

    springs and dashpots (i = 1..n)   G* = μ∞ + Σ μ_i s/(s + 1/τ_i),   τ_i = η_i/μ_i
    Burgers                           1/G* = 1/μ + 1/(η s) + 1/(μ_K + η_K s)

Maxwell: n = 1, μ∞ = 0. Standard linear solid: n = 1, μ∞ > 0. By correspondence every response is a
rational transform, inverted in closed form (`inverse_laplace.rational`):

    shear                    σ = 2 G* ε
    uniaxial strain          σ = (K + 4G*/3) ε            (confined: no lateral strain)
    uniaxial stress          σ = 9KG*/(3K + G*) ε         (free: no lateral stress), and
                             ε_lateral = -(3K - 2G*)/(2(3K + G*)) ε

Sources: Christensen R. M. (1982), Theory of viscoelasticity, 2nd ed., ch. 1-2; Lee E. H. (1955),
Stress analysis in visco-elastic bodies, Q. Appl. Math. 13, 183-190 (correspondence); Findley W. N.,
Lai J. S. and Onaran K. (1976), Creep and relaxation of nonlinear viscoelastic materials, ch. 5.

Conventions: SI, tension positive, tensor shear strain (half the engineering one), creep rate of a
dashpot s/(2η), so that a Maxwell body relaxes with τ = η/μ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .inverse_laplace import rational

Array = NDArray[np.float64]
Loading = Literal["shear", "confined", "free"]


@dataclass(frozen=True)
class Body:
    """G*(s) = numerator(s)/denominator(s), Pa; coefficients from the highest power of s down."""

    numerator: tuple[float, ...]
    denominator: tuple[float, ...]

    def modulus(self, s: Any) -> Any:
        """G*(s), Pa, at real or complex s, 1/s."""
        return np.polyval(self.numerator, s) / np.polyval(self.denominator, s)


def elastic(mu: float) -> Body:
    """A spring, Pa."""
    return Body((mu,), (1.0,))


def maxwell(mu: float, eta: float) -> Body:
    """Spring, Pa, and dashpot, Pa s, in series: μ η s/(μ + η s)."""
    return Body((mu * eta, 0.0), (eta, mu))


def branches(mu: Sequence[float], tau: Sequence[float], mu_infinity: float = 0.0) -> Body:
    """A spring, Pa, beside Maxwell elements of moduli, Pa, and relaxation times, s."""
    numerator, denominator = np.poly1d([mu_infinity]), np.poly1d([1.0])
    for m, t in zip(mu, tau, strict=True):
        pole = np.poly1d([t, 1.0])
        numerator = numerator * pole + np.poly1d([m * t, 0.0]) * denominator
        denominator = denominator * pole
    return Body(tuple(numerator.coeffs), tuple(denominator.coeffs))


def standard_linear_solid(mu_infinity: float, mu: float, eta: float) -> Body:
    """A spring beside one Maxwell element."""
    return branches([mu], [eta / mu], mu_infinity)


def burgers(mu: float, eta: float, mu_k: float, eta_k: float) -> Body:
    """A Maxwell element in series with a Kelvin element (spring μ_K beside dashpot η_K)."""
    kelvin = np.poly1d([eta_k, mu_k])
    numerator = np.poly1d([mu * eta, 0.0]) * kelvin
    denominator = np.poly1d([eta, mu]) * kelvin + np.poly1d([mu * eta, 0.0])
    return Body(tuple(numerator.coeffs), tuple(denominator.coeffs))


def _stiffness(body: Body, loading: Loading, bulk: float) -> tuple[Array, Array]:
    """Numerator and denominator of axial (or shear) stress over strain."""
    n, d = np.poly1d(body.numerator), np.poly1d(body.denominator)
    pair = {
        "shear": (2 * n, d),
        "confined": (3 * bulk * d + 4 * n, 3 * d),
        "free": (9 * bulk * n, 3 * bulk * d + n),
    }[loading]
    return pair[0].coeffs, pair[1].coeffs


def relaxation(
    body: Body, times: ArrayLike, strain: float, loading: Loading = "shear", bulk: float = 0.0
) -> Array:
    """Stress (n_t,), Pa, after a strain that steps to its value at t = 0 and stays."""
    n, d = _stiffness(body, loading, bulk)
    return strain * rational(n, d, times, 1)


def creep(
    body: Body, times: ArrayLike, stress: float, loading: Loading = "shear", bulk: float = 0.0
) -> Array:
    """Strain (n_t,) after a stress, Pa, that steps to its value at t = 0 and stays."""
    n, d = _stiffness(body, loading, bulk)
    return stress * rational(d, n, times, 1)


def loading_at_constant_rate(
    body: Body, times: ArrayLike, rate: float, loading: Loading = "shear", bulk: float = 0.0
) -> Array:
    """Stress (n_t,), Pa, under a strain that grows at `rate`, 1/s, from nothing at t = 0."""
    n, d = _stiffness(body, loading, bulk)
    return rate * rational(n, d, times, 2)


def lateral_strain(body: Body, times: ArrayLike, strain: float, bulk: float) -> Array:
    """Strain (n_t,) across a free bar whose axial strain steps to its value at t = 0 and stays."""
    n, d = np.poly1d(body.numerator), np.poly1d(body.denominator)
    ratio = (3 * bulk * d - 2 * n).coeffs, (2 * (3 * bulk * d + n)).coeffs
    return -strain * rational(*ratio, times, 1)


def lateral_stress(body: Body, times: ArrayLike, strain: float, bulk: float) -> Array:
    """Stress (n_t,), Pa, across a confined bar whose axial strain steps and stays: K - 2G*/3."""
    n, d = np.poly1d(body.numerator), np.poly1d(body.denominator)
    return strain * rational((3 * bulk * d - 2 * n).coeffs, (3 * d).coeffs, times, 1)
