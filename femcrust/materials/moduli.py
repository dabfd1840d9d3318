"""Lamé parameters λ, μ from any two elastic constants, or from wave speeds and density.

λ = K − 2μ/3 = 2μν/(1 − 2ν), μ = E/(2(1 + ν)) [Mavko20, table 2.2.1]; μ = ρ vs², λ = ρ vp² − 2μ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

Scalars = Any  # float or array; arrays broadcast
Pair = Callable[[Scalars, Scalars], tuple[Scalars, Scalars]]


def lame_from_speeds(vp: Scalars, vs: Scalars, rho: Scalars) -> tuple[Scalars, Scalars]:
    """λ, μ in Pa from wave speeds, m/s, and density, kg/m³.

    >>> lame_from_speeds(2.0, 1.0, 1.0)
    (2.0, 1.0)
    """
    mu = rho * vs**2
    return rho * vp**2 - 2.0 * mu, mu


def lame_from_young(young: Scalars, nu: Scalars) -> tuple[Scalars, Scalars]:
    """λ, μ from Young's modulus E and Poisson's ratio.

    >>> lame_from_young(5.0, 0.25)
    (2.0, 2.0)
    """
    mu = young / (2.0 * (1.0 + nu))
    return lame_from_shear(mu, nu)


def lame_from_shear(mu: Scalars, nu: Scalars) -> tuple[Scalars, Scalars]:
    """λ, μ from the shear modulus and Poisson's ratio.

    >>> lame_from_shear(3.0, 0.25)
    (3.0, 3.0)
    """
    return 2.0 * mu * nu / (1.0 - 2.0 * nu), mu


def lame_from_bulk_shear(bulk: Scalars, mu: Scalars) -> tuple[Scalars, Scalars]:
    """λ, μ from the bulk modulus K and the shear modulus.

    >>> lame_from_bulk_shear(5.0, 3.0)
    (3.0, 3.0)
    """
    return bulk - 2.0 * mu / 3.0, mu


def lame_from_bulk_young(bulk: Scalars, young: Scalars) -> tuple[Scalars, Scalars]:
    """λ, μ from K and E: μ = 3KE/(9K − E).

    >>> lame_from_bulk_young(5.0, 7.5)
    (3.0, 3.0)
    """
    return lame_from_bulk_shear(bulk, 3.0 * bulk * young / (9.0 * bulk - young))


def lame_from_bulk(bulk: Scalars, nu: Scalars) -> tuple[Scalars, Scalars]:
    """λ, μ from K and ν: λ = 3Kν/(1 + ν).

    >>> lame_from_bulk(5.0, 0.25)
    (3.0, 3.0)
    """
    return 3.0 * bulk * nu / (1.0 + nu), 3.0 * bulk * (1.0 - 2.0 * nu) / (2.0 * (1.0 + nu))


def lame_from_lambda(lam: Scalars, nu: Scalars) -> tuple[Scalars, Scalars]:
    """λ, μ from λ and ν, which must not be zero.

    >>> lame_from_lambda(3.0, 0.25)
    (3.0, 3.0)
    """
    return lam, lam * (1.0 - 2.0 * nu) / (2.0 * nu)


def lame_from_lambda_bulk(lam: Scalars, bulk: Scalars) -> tuple[Scalars, Scalars]:
    """λ, μ from λ and K.

    >>> lame_from_lambda_bulk(3.0, 5.0)
    (3.0, 3.0)
    """
    return lam, 1.5 * (bulk - lam)


def lame_from_lambda_young(lam: Scalars, young: Scalars) -> tuple[Scalars, Scalars]:
    """λ, μ from λ and E: 4μ = E − 3λ + √(E² + 9λ² + 2Eλ).

    >>> lam, mu = lame_from_lambda_young(2.0, 5.0)
    >>> float(lam), float(mu)
    (2.0, 2.0)
    """
    root = np.sqrt(young**2 + 9.0 * lam**2 + 2.0 * young * lam)
    return lam, (young - 3.0 * lam + root) / 4.0


def lame_from_shear_young(mu: Scalars, young: Scalars) -> tuple[Scalars, Scalars]:
    """λ, μ from μ and E: λ = μ(E − 2μ)/(3μ − E).

    >>> lame_from_shear_young(2.0, 5.0)
    (2.0, 2.0)
    """
    return mu * (young - 2.0 * mu) / (3.0 * mu - young), mu


def lame_itself(lam: Scalars, mu: Scalars) -> tuple[Scalars, Scalars]:
    """λ, μ as given."""
    return lam, mu


PAIRS: dict[tuple[str, str], Pair] = {
    ("E", "nu"): lame_from_young,
    ("mu", "nu"): lame_from_shear,
    ("K", "mu"): lame_from_bulk_shear,
    ("K", "nu"): lame_from_bulk,
    ("K", "E"): lame_from_bulk_young,
    ("lambda_", "mu"): lame_itself,
    ("lambda_", "nu"): lame_from_lambda,
    ("lambda_", "K"): lame_from_lambda_bulk,
    ("lambda_", "E"): lame_from_lambda_young,
    ("mu", "E"): lame_from_shear_young,
}


def pair_of(names: Iterable[str]) -> tuple[str, str] | None:
    """The pair, in the order of its function's arguments, that two names make.

    >>> pair_of(["nu", "E"])
    ('E', 'nu')
    """
    wanted = set(names)
    return next((pair for pair in PAIRS if set(pair) == wanted), None)


def bulk_modulus(lam: Scalars, mu: Scalars) -> Scalars:
    """K = λ + 2μ/3.

    >>> bulk_modulus(1.0, 3.0)
    3.0
    """
    return lam + 2.0 * mu / 3.0


def poisson_ratio(lam: Scalars, mu: Scalars) -> Scalars:
    """ν = λ/(2(λ + μ)).

    >>> poisson_ratio(3.0, 3.0)
    0.25
    """
    return lam / (2.0 * (lam + mu))
