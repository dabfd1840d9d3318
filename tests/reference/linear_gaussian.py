"""Linear Gaussian inversion by conditioning of joint Gaussians, all of it in the space of the data.

For d = G m + A b + e with e ~ N(0, σ²E), m ~ N(0, ρ²H⁻¹) and b ~ N(0, β²I), β → ∞ for flat priors:

    cov(d) = σ²E + ρ² G H⁻¹ Gᵀ + β² A Aᵀ,   mean(m|d) = ρ² H⁻¹ Gᵀ cov(d)⁻¹ d,   and so on

Source: Tarantola A. (2005), Inverse Problem Theory, SIAM, ch. 3; the criterion is
−2 log of the density of d, Akaike H. (1980). Nothing is decomposed, so it is slow and plain.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def prior_covariance(precision: Array) -> Array:
    """H⁻¹ of an invertible precision."""
    return np.asarray(np.linalg.inv(precision))


def data_covariance(design: Array, noise: Array, prior: Array, sigma: float, rho: float) -> Array:
    """σ²E + ρ²GH⁻¹Gᵀ."""
    return np.asarray(sigma**2 * noise + rho**2 * design @ prior @ design.T)


def posterior(
    design: Array, noise: Array, prior: Array, values: Array, sigma: float, rho: float
) -> tuple[Array, Array]:
    """Mean and covariance of m given d."""
    spread = rho**2 * prior
    gain = spread @ design.T @ np.linalg.inv(data_covariance(design, noise, prior, sigma, rho))
    left = np.eye(len(spread)) - gain @ design
    # P − K G P, in the form of Joseph, which keeps it when P is wide
    return gain @ values, left @ spread @ left.T + sigma**2 * gain @ noise @ gain.T


def minus_two_log_likelihood(values: Array, covariance: Array) -> float:
    """−2 log N(d; 0, covariance), without the factors of 2π."""
    sign, log_det = np.linalg.slogdet(covariance)
    assert sign > 0
    return float(log_det + values @ np.linalg.solve(covariance, values))
