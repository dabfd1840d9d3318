"""Stress of points that creep by power laws of a flow law: closed forms of σ̇ = -(rate of creep).

The creep rate is ε̇_ij = (D + B τ^(n-1)) s_ij, τ² = s:s/2, with D = 1/(2η) of diffusion creep and B
of dislocation creep. For one-dimensional loadings the stress S obeys

    Ṡ = R ε̇ - a S - b S^n

    shear      S = s_xy            R = 2μ   a = 2μ D    b = 2μ B                     (strain ε_xy)
    confined   S = σ_xx - σ_yy     R = 2μ   a = 2μ D    b = 2μ B 3^((1-n)/2)         (ε_yy = 0)
    free       S = σ_xx            R = E    a = 2E D/3  b = (2E B/3) 3^((1-n)/2)     (σ_yy = 0)

Held strain (a Bernoulli equation), constant rate with one mechanism (an integral of Gauss's
function), steady state. In the confined bar the mean stress K ε is elastic: σ_xx = K ε + 2S/3.

Flow law, from uniaxial tests: ε̇ = A σ^n d^(-p) C^r exp(-(E + PV)/(RT)); between invariants
σ = √3 τ, ε̇_ij = 3/2 (ε̇/σ) s_ij, hence B = 3^((n+1)/2)/2 · A d^(-p) C^r exp(...).

Sources: Hirth G. and Kohlstedt D. (2003), Rheology of the upper mantle and the mantle wedge, AGU
Geophys. Monogr. 138, 83-105; Ranalli G. (1995), Rheology of the Earth, 2nd ed., ch. 4; Gerya T.
(2019), Introduction to numerical geodynamic modelling, 2nd ed., ch. 6 (the factor of invariants).

Conventions: SI, tension positive, tensor shear strain, creep rate of a linear body s/(2η).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import hyp2f1

Array = NDArray[np.float64]
Loading = Literal["shear", "confined", "free"]
GAS_CONSTANT = 8.314462618  # J/(mol K)


@dataclass(frozen=True)
class FlowLaw:
    """Constants as tables print them: MPa, µm, water as MPa or H/10⁶Si, J/mol, m³/mol."""

    prefactor: float  # MPa^-n µm^p (unit of water)^-r / s
    n: float
    energy: float
    volume: float = 0.0
    grain_exponent: float = 0.0
    water_exponent: float = 0.0

    def rate_factor(
        self, temperature: ArrayLike, pressure: float = 0.0, grain: float = 1.0, water: float = 1.0
    ) -> Array:
        """B in ε̇_ij = B τ^(n-1) s_ij, Pa^-n/s; temperature, K; pressure, Pa; grain size, µm."""
        heat = GAS_CONSTANT * np.asarray(temperature, float)
        uniaxial = self.prefactor * grain**-self.grain_exponent * water**self.water_exponent
        arrhenius = np.exp(-(self.energy + pressure * self.volume) / heat)
        return np.asarray(3 ** ((self.n + 1) / 2) / 2 * uniaxial * arrhenius * 1e-6**self.n)


# Hirth and Kohlstedt (2003), table 1; "wet" at constant water content. Of the volumes of the
# dry laws they give ranges: a value from within.
DRY_DISLOCATION = FlowLaw(1.1e5, 3.5, 530e3, 18e-6)
WET_DISLOCATION = FlowLaw(90.0, 3.5, 480e3, 11e-6, water_exponent=1.2)
DRY_DIFFUSION = FlowLaw(1.5e9, 1.0, 375e3, 6e-6, grain_exponent=3.0)
WET_DIFFUSION = FlowLaw(1e6, 1.0, 335e3, 4e-6, grain_exponent=3.0, water_exponent=1.0)


def viscosity_at_stress(linear: float, power: float, n: float, tau: ArrayLike) -> Array:
    """η = 1/(2(D + B τ^(n-1))), Pa s, at τ = √(s:s/2), Pa."""
    return np.asarray(0.5 / (linear + power * np.asarray(tau, float) ** (n - 1)))


def viscosity_at_rate(power: float, n: float, rate: ArrayLike) -> Array:
    """η = B^(-1/n) ε̇^(1/n - 1)/2, Pa s, of one mechanism at ε̇ = √(ε̇:ε̇/2), 1/s."""
    return np.asarray(0.5 * power ** (-1 / n) * np.asarray(rate, float) ** (1 / n - 1))


def coefficients(
    loading: Loading, linear: float, power: float, n: float, mu: float, bulk: float = np.inf
) -> tuple[float, float, float]:
    """R, Pa, a, 1/s, and b, Pa^(1-n)/s, of Ṡ = R ε̇ - a S - b S^n."""
    if loading == "free":
        stiffness = 9 * mu / (3 + mu / bulk)
        share = 2 * stiffness / 3
    else:
        stiffness = share = 2 * mu
    geometry = 1.0 if loading == "shear" else 3 ** ((1 - n) / 2)
    return stiffness, share * linear, share * power * geometry


def relaxation(start: float, times: ArrayLike, a: float, b: float, n: float) -> Array:
    """S (n_t,), Pa, with held strain from S(0) = start > 0, n > 1.

    b = 0: S₀ e^(-at). a = 0: [S₀^(1-n) + (n-1) b t]^(1/(1-n)).
    Both: S^(1-n) = (S₀^(1-n) + b/a) e^((n-1)at) - b/a.
    """
    x = (n - 1) * a * np.asarray(times, float)
    # (e^x - 1)/a, which has a limit at a = 0
    grown = np.expm1(x) / a if a > 0 else (n - 1) * np.asarray(times, float)
    scaled = np.exp(x) + b * start ** (n - 1) * grown
    return np.asarray(start * scaled ** (1 / (1 - n)))


def creep(stress: float, times: ArrayLike, stiffness: float, a: float, b: float, n: float) -> Array:
    """Strain (n_t,) under S = stress >= 0 from t = 0: elastic, then steady."""
    rate = (a * stress + b * stress**n) / stiffness
    return stress / stiffness + rate * np.asarray(times, float)


def steady_stress(rate: float, stiffness: float, b: float, n: float) -> float:
    """S, Pa, that a constant strain rate of one mechanism ends at: (R ε̇/b)^(1/n)."""
    return float((stiffness * rate / b) ** (1 / n))


def time_to_stress(stress: ArrayLike, rate: float, stiffness: float, b: float, n: float) -> Array:
    """Time, s, at which S reaches `stress` below the steady one, from none, at a constant rate.

    t = ∫ dS/(R ε̇ - b S^n) = S/(R ε̇) ₂F₁(1, 1/n; 1 + 1/n; b S^n/(R ε̇)).
    """
    s = np.asarray(stress, float)
    drive = stiffness * rate
    return np.asarray(s / drive * hyp2f1(1.0, 1 / n, 1 + 1 / n, b * s**n / drive))
