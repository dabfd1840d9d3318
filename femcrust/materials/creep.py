"""Creep by a power of the stress as rates of flow, R(x) = r + p x^(n−1) (csrc/materials/creep.hpp).

With the deviator s = 2 μ w of the stress, |w| = x = √(½ w:w), and the differential stress
σ = √(3/2 s:s) = 2√3 μ x, a sample's ε̇ = a σⁿ stands for ε̇ = 3/2 a σ^(n−1) s, thus for
R = 3 μ a σ^(n−1); its viscosity s/(2ε̇) is η = 1/(3 a σ^(n−1)), so that R = μ/η, the rate of a
Maxwell body.
"""

from __future__ import annotations

import numpy as np

from femcrust.mesh.mesh import Floats

GAS = 8.31446261815324  # J/(mol K), CODATA 2018
MEGA, MICRO = 1e6, 1e-6
AN_EXAMPLE = 1e6  # Pa, of a differential stress


def sigma_of_strain(mu: Floats) -> Floats:
    """Differential stress, Pa, at x = 1."""
    return np.asarray(2 * np.sqrt(3.0) * mu)


def of_viscosity(mu: Floats, eta: Floats, stress: float, exponent: float) -> Floats:
    """p, 1/s, where the viscosity is η (n,) at a differential stress.

    Ratios are taken before powers, for a power alone may overflow.

    >>> of_viscosity(np.array([1.0]), np.array([4.0]), 2 * np.sqrt(3.0), 3.0).round(12).tolist()
    [0.25]
    """
    return np.asarray(mu / eta * (sigma_of_strain(mu) / stress) ** (exponent - 1))


def of_flow_law(mu: Floats, prefactor: Floats, exponent: float) -> Floats:
    """p, 1/s, of ε̇ = a σⁿ with the prefactor a (n,) in MPa^-n s^-1; r where n is 1."""
    a_sigma = prefactor * (sigma_of_strain(mu) / MEGA) ** (exponent - 1)  # 1/(MPa s), at x = 1
    return np.asarray(3 * (mu / MEGA) * a_sigma)


def activated(
    prefactor: float, energy: float, volume: float, temperature: Floats, pressure: Floats | float
) -> Floats:
    """A exp(−(E + P V)/(R T)) (n,), in the unit of A."""
    return np.asarray(prefactor * np.exp(-(energy + pressure * volume) / (GAS * temperature)))
