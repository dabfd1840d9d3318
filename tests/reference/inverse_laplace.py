"""Inverse Laplace transforms: f(t) from F(s) = ∫ f e^{-st} dt, closed for rational F, else numeric.

* `rational`: N(s)/(D(s) s^m) by partial fractions: residues N(r)/(r^m D'(r)) at the simple roots r
  of D, a Taylor series of N/D at the pole s = 0.
* `talbot_nodes`: the contour s(θ) = r θ (cot θ + i), r = 2M/(5t), as f(t) = Re Σ w_k F(s_k). About
  0.6 M digits while rounding grows as e^{2M/5}: M = 20 gives 1e-11. All poles must lie on (or near)
  the negative real axis, as those of relaxing bodies do.
* `stehfest_nodes`: real s only, f(t) = Σ w_k F(k ln2/t); some 4 digits with 14 terms in double
  precision, enough to check the other two on their own.

Sources: Talbot A. (1979), J. Inst. Maths Applics 23, 97-120, in the fixed form of Abate J. and
Valkó P. P. (2004), Multi-precision Laplace transform inversion, Int. J. Numer. Meth. Engng 60,
979-993; Stehfest H. (1970), Algorithm 368, Commun. ACM 13, 47-49.
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]
Transform = Callable[[Any], Any]


def talbot_nodes(t: float, terms: int = 20) -> tuple[Complex, Complex]:
    """Points s (terms,), 1/s, and weights (terms,) with f(t) = Re Σ w F(s); t > 0, s."""
    theta = np.arange(1, terms) * np.pi / terms
    cot = 1 / np.tan(theta)
    radius = 2 * terms / (5 * t)
    s = np.concatenate([[radius + 0j], radius * theta * (cot + 1j)])
    slope = np.concatenate([[0.5], 1 + 1j * (theta + (theta * cot - 1) * cot)])
    return s, np.asarray(np.exp(s * t) * slope * radius / terms)


def stehfest_nodes(t: float, terms: int = 14) -> tuple[Array, Array]:
    """Real points s (terms,), 1/s, and weights (terms,); terms even, t > 0, s."""
    half = terms // 2
    weights = np.zeros(terms)
    for k in range(1, terms + 1):
        for j in range((k + 1) // 2, min(k, half) + 1):
            weights[k - 1] += (
                (-1) ** (k + half) * j**half * factorial(2 * j)
                / (factorial(half - j) * factorial(j) * factorial(j - 1))
                / (factorial(k - j) * factorial(2 * j - k))
            )  # fmt: skip
    return np.arange(1, terms + 1) * np.log(2) / t, weights * np.log(2) / t


def numeric(f: Transform, times: ArrayLike, terms: int = 20) -> Array:
    """f (n_t, ...) at times > 0 of a transform that takes one complex s, by Talbot's contour."""
    out = []
    for t in np.atleast_1d(np.asarray(times, float)):
        s, w = talbot_nodes(float(t), terms)
        out.append(sum((wk * np.asarray(f(sk)) for sk, wk in zip(s, w, strict=True))).real)
    return np.array(out)


def rational(numerator: ArrayLike, denominator: ArrayLike, times: ArrayLike, order: int) -> Array:
    """Inverse (n_t,) of N(s)/(D(s) s^order) at t >= 0; coefficients from the highest power down.

    The degree of N must be below that of D s^order: no impulse at t = 0.
    """
    t = np.atleast_1d(np.asarray(times, float))
    num, n_zero = _without_zero_roots(numerator)
    den, d_zero = _without_zero_roots(denominator)
    m = order + d_zero - n_zero
    if m < 0:
        num, m = np.concatenate([num, np.zeros(-m)]), 0
    if num.size >= den.size + m:
        raise ValueError("the transform does not vanish at large s: an impulse at t = 0")
    roots = np.roots(den)
    gaps = np.abs(roots[:, None] / roots - 1)[~np.eye(roots.size, dtype=bool)]
    if np.any(gaps < 1e-6):
        raise ValueError("two relaxation times are equal: merge their branches")
    f = np.zeros(t.size, dtype=complex)
    for r in roots:
        f += np.polyval(num, r) / (r**m * np.polyval(np.polyder(den), r)) * np.exp(r * t)
    for j, c in enumerate(_series(num, den, m)):  # c s^j / s^m
        f += c * t ** (m - 1 - j) / factorial(m - 1 - j)
    return np.asarray(f.real)


def _without_zero_roots(coefficients: ArrayLike) -> tuple[Array, int]:
    """Coefficients without trailing zeros, and how many there were."""
    c = np.trim_zeros(np.atleast_1d(np.asarray(coefficients, float)), "f")
    kept = np.trim_zeros(c, "b")
    return kept, c.size - kept.size


def _series(num: Array, den: Array, terms: int) -> list[float]:
    """First Taylor coefficients of N/D at s = 0, by long division from the lowest power up."""
    n, d, c = num[::-1], den[::-1], []
    for j in range(terms):
        known = sum(c[j - i] * d[i] for i in range(1, min(j, d.size - 1) + 1))
        c.append(((n[j] if j < n.size else 0.0) - known) / d[0])
    return c
