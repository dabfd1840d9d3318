"""Linear rheologies as branches, moduli μ_k and relaxation times τ_k of springs with dashpots.

Under a shear strain that steps to e and stays, the stress is 2 G(t) e with the relaxation modulus

    G(t) = μ_∞ + Σ_k μ_k exp(−t/τ_k),    μ = μ_∞ + Σ_k μ_k = G(0),    τ_k = η_k/μ_k.

A dashpot creeps at the strain rate s/(2η), s the deviator of stress. Strains of elements in series
add up, so that G* = s ∫ G e^{−st} dt, the modulus at the Laplace variable s, has
1/G* = 1/μ + 1/(ηs) + 1/(μ_K + η_K s) for a spring, a dashpot and a Kelvin element; its poles −1/τ_k
and their residues are the branches.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from femcrust.mesh.mesh import Floats

Branches = tuple[Floats, Floats]  # moduli, Pa, and relaxation times, s; each (..., k)


def maxwell(mu: ArrayLike, eta: ArrayLike) -> Branches:
    """A spring in series with a dashpot: one branch, nothing stays.

    >>> [part.tolist() for part in maxwell(2.0, 6.0)]
    [[2.0], [3.0]]
    """
    return generalised_maxwell([mu], [eta])


def generalised_maxwell(mu: list[ArrayLike], eta: list[ArrayLike]) -> Branches:
    """Springs with dashpots side by side; μ_∞ is what they leave of the modulus."""
    moduli = np.stack([np.asarray(m, dtype=np.float64) for m in mu], axis=-1)
    return moduli, np.stack([np.asarray(e, dtype=np.float64) for e in eta], axis=-1) / moduli


def standard_linear_solid(mu: ArrayLike, mu_kelvin: ArrayLike, eta_kelvin: ArrayLike) -> Branches:
    """A spring in series with a Kelvin element (spring μ_K beside dashpot η_K): one branch.

    G* = μ(μ_K + η_K s)/(μ + μ_K + η_K s) has its pole at τ = η_K/(μ + μ_K); it falls from μ
    (s → ∞) to μ_∞ = μμ_K/(μ + μ_K) (s = 0), by μ_1 = μ/(1 + μ_K/μ).

    >>> [part.tolist() for part in standard_linear_solid(4.0, 12.0, 8.0)]
    [[1.0], [0.5]]
    """
    mu, mu_kelvin, eta_kelvin = (np.asarray(v, float) for v in (mu, mu_kelvin, eta_kelvin))
    moduli = mu / (1.0 + mu_kelvin / mu)
    return moduli[..., None], (eta_kelvin / (mu + mu_kelvin))[..., None]


def burgers(mu: ArrayLike, eta: ArrayLike, mu_kelvin: ArrayLike, eta_kelvin: ArrayLike) -> Branches:
    """A spring, a dashpot and a Kelvin element in series: a fast branch and a slow one.

    With the rates a = μ/η, b = μ_K/η_K and c = μ/η_K, G* = μ s(s + b)/(s² + (a + b + c)s + ab).
    The roots −r_1, −r_2 of its denominator differ by D = √(d² + 4bc), d = a + c − b, thus

        r_1 = (a + b + c + D)/2,    r_2 = ab/r_1,
        μ_1 = μ(r_1 − b)/D = μ(D + d)/(2D),    μ_2 = μ(b − r_2)/D = μ(D − d)/(2D),

    all positive. Of D + d and D − d, whose product is 4bc, the smaller comes from the larger, so
    that no digits are lost.

    >>> [part.tolist() for part in burgers(21.0, 21.0, 28.0, 14.0)]
    [[12.0, 9.0], [0.25, 2.0]]
    """
    mu, eta, mu_kelvin, eta_kelvin = (
        np.asarray(v, float) for v in (mu, eta, mu_kelvin, eta_kelvin)
    )
    a, b, c = mu / eta, mu_kelvin / eta_kelvin, mu / eta_kelvin
    d = a + c - b
    apart = np.sqrt(d * d + 4.0 * b * c)
    larger = (apart + np.abs(d)) / 2.0
    smaller = b * c / larger
    fast, slow = np.where(d > 0.0, larger, smaller), np.where(d > 0.0, smaller, larger)
    rate = (a + b + c + apart) / 2.0
    return (
        np.stack([mu * (fast / apart), mu * (slow / apart)], axis=-1),
        np.stack([1.0 / rate, rate / (a * b)], axis=-1),
    )
