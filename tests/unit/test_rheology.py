"""Branches of linear rheologies against the oracle of viscoelastic points, dashpots that creep, and
arithmetic of sixty digits; ratios of moduli and of viscosities from 1e-8 to 1e8."""

from __future__ import annotations

import itertools
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from femcrust.materials import rheology
from reference import viscoelastic_point

EPS = float(np.finfo(np.float64).eps)
MU, ETA = 3e10, 1e18
TAU = ETA / MU
MU_K, ETA_K = 2e10, 1.3e17
TIMES = np.array([0.0, 0.01, 0.1, 0.5, 1.0, 3.0, 10.0]) * TAU
RATIOS = (1e-8, 1e-3, 0.7, 1.0, 1e4, 1e8)
MANY = [1e10, 2e9, 4e9, 7e9, 3e9], [TAU, TAU / 9, TAU / 70, 30 * TAU, 400 * TAU]

maxwell = rheology.maxwell(MU, ETA)
burgers = rheology.burgers(MU, ETA, MU_K, ETA_K)
solid = rheology.standard_linear_solid(MU, MU_K, ETA_K)
many = rheology.generalised_maxwell(
    list(MANY[0]), [m * t for m, t in zip(MANY[0], MANY[1], strict=True)]
)
IN_SERIES = 1 / (1 / MU + 1 / MU_K)  # of the springs of a standard linear solid
PAIRS = {
    "Maxwell": (maxwell, viscoelastic_point.maxwell(MU, ETA)),
    "many": (many, viscoelastic_point.branches(*MANY, MU - sum(MANY[0]))),
    "Burgers": (burgers, viscoelastic_point.burgers(MU, ETA, MU_K, ETA_K)),
    "solid": (
        solid,
        viscoelastic_point.standard_linear_solid(
            IN_SERIES, MU - IN_SERIES, (MU - IN_SERIES) * ETA_K / (MU + MU_K)
        ),
    ),
}


def relaxation_modulus(branches: Any, times: Any, mu: float = MU) -> Any:
    """G(t) = μ_∞ + Σ μ_k exp(−t/τ_k). (n_t,)"""
    moduli, tau = branches
    return mu - moduli.sum() + np.exp(-np.asarray(times)[:, None] / tau) @ moduli


def transformed(branches: Any, s: Any, mu: float = MU) -> Any:
    """G*(s) = μ_∞ + Σ μ_k s τ_k/(1 + s τ_k). (n_s,)"""
    moduli, tau = branches
    st = s[:, None] * tau
    rest = mu - moduli.sum()
    return (rest if rest > 1e-12 * mu else 0.0) + (st / (1 + st)) @ moduli


def exact_burgers(mu: float, eta: float, mu_k: float, eta_k: float) -> tuple[list[Any], ...]:
    """Moduli, times and (a + b + c)/D with sixty digits, by the textbook formula of a quadratic."""
    with localcontext() as context:
        context.prec = 60
        m, n, mk, nk = map(Decimal, (mu, eta, mu_k, eta_k))
        p, q = m / n + mk / nk + m / nk, m * mk / (n * nk)
        root = (p * p - 4 * q).sqrt()
        r = (p + root) / 2, (p - root) / 2
        b = mk / nk
        moduli = m * (r[0] - b) / root, m * (b - r[1]) / root
        return [float(x) for x in moduli], [float(1 / x) for x in r], [float(p / root)]


@pytest.mark.parametrize("name", PAIRS)
def test_a_held_strain_relaxes_as_the_oracle_says(name: str) -> None:
    branches, body = PAIRS[name]
    strain = 1e-4
    expected = viscoelastic_point.relaxation(body, TIMES, strain)
    found = 2 * relaxation_modulus(branches, TIMES) * strain
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * 2 * MU * strain)
    s = np.logspace(-12, 12, 97) / TAU
    np.testing.assert_allclose(transformed(branches, s), body.modulus(s), rtol=1e-12)
    slower = branches[0], branches[1] * 1.000_001
    assert not np.allclose(transformed(slower, s), body.modulus(s), rtol=1e-8)


def test_burgers_body_of_any_ratios_has_the_modulus_of_the_oracle() -> None:
    s = np.logspace(-20, 20, 161) / TAU
    for x, y, z in itertools.product(RATIOS, repeat=3):
        parts = MU, x * ETA, y * MU, z * ETA
        found = transformed(rheology.burgers(*parts), s)
        expected = viscoelastic_point.burgers(*parts).modulus(s)
        np.testing.assert_allclose(found, expected, rtol=1e-12, err_msg=f"{x:g} {y:g} {z:g}")


def test_no_digits_are_lost_in_either_branch_of_a_burgers_body() -> None:
    """Where a + c is near b the moduli hang on their difference: the factor (a + b + c)/D."""
    for x, y, z in itertools.product(RATIOS, repeat=3):
        parts = MU, x * ETA, y * MU, z * ETA
        moduli, times, (spread,) = exact_burgers(*parts)
        found = rheology.burgers(*parts)
        np.testing.assert_allclose(found[0], moduli, rtol=8 * EPS * spread, err_msg=f"{parts}")
        np.testing.assert_allclose(found[1], times, rtol=16 * EPS, err_msg=f"{parts}")
        assert (found[0] > 0.0).all()
        assert found[1][0] < found[1][1]
        assert found[0].sum() == pytest.approx(MU, rel=4 * EPS)


def test_springs_and_dashpots_that_creep_under_a_held_strain() -> None:
    """σ = μ(1 − v − k), dv/dt = σ/η, dk/dt = (σ − μ_K k)/η_K by a matrix exponential."""
    rates = np.array([[-MU / ETA] * 2, [-MU / ETA_K, -(MU + MU_K) / ETA_K]])
    drive = np.array([MU / ETA, MU / ETA_K])
    still = np.linalg.solve(rates, -drive)
    kelvin = -(MU + MU_K) / ETA_K
    for t, g, g_solid in zip(
        TIMES, relaxation_modulus(burgers, TIMES), relaxation_modulus(solid, TIMES), strict=True
    ):
        v, k = still - expm(rates * t) @ still
        assert g == pytest.approx(MU * (1 - v - k), abs=1e-12 * MU)
        alone = -MU / ETA_K / kelvin * (1 - np.exp(kelvin * t))  # no Maxwell dashpot
        assert g_solid == pytest.approx(MU * (1 - alone), abs=1e-12 * MU)


def test_a_rigid_or_absent_kelvin_element_leaves_a_maxwell_body() -> None:
    plain = relaxation_modulus(maxwell, TIMES)
    for mu_k, eta_k in ((MU_K, 1e14 * ETA), (1e14 * MU, ETA_K), (1e14 * MU, 1e14 * ETA)):
        found = relaxation_modulus(rheology.burgers(MU, ETA, mu_k, eta_k), TIMES)
        np.testing.assert_allclose(found, plain, rtol=0, atol=1e-12 * MU)
    # a Kelvin element without a dashpot is a spring: at once the two springs share the strain
    fast, slow = rheology.burgers(MU, ETA, MU_K, 1e-15 * ETA_K)[0]
    assert (fast, slow) == pytest.approx((MU - IN_SERIES, IN_SERIES), rel=1e-12)
    assert rheology.burgers(MU, ETA, MU_K, 1e-15 * ETA_K)[1][1] == pytest.approx(ETA / IN_SERIES)


def test_a_burgers_body_without_a_maxwell_dashpot_is_a_standard_linear_solid() -> None:
    moduli, times = rheology.burgers(MU, 1e16 * ETA, MU_K, ETA_K)
    assert (moduli[0], times[0]) == pytest.approx((solid[0][0], solid[1][0]), rel=1e-12)
    assert moduli[1] == pytest.approx(IN_SERIES, rel=1e-12)
    assert times[1] > 1e15 * TAU


def test_a_standard_linear_solid_of_any_ratios() -> None:
    s = np.logspace(-20, 20, 161) / TAU
    for y, z in itertools.product(RATIOS, repeat=2):
        mu_k, eta_k = y * MU, z * ETA
        moduli, times = rheology.standard_linear_solid(MU, mu_k, eta_k)
        expected = 1 / (1 / MU + 1 / (mu_k + eta_k * s))
        found = 1 / (1 / MU + 1 / mu_k) + moduli * s / (s + 1 / times)
        np.testing.assert_allclose(found, expected, rtol=1e-12, err_msg=f"{y:g} {z:g}")


def test_arrays_are_converted_element_by_element() -> None:
    rng = np.random.default_rng(58_110_237)
    mu, eta, mu_k, eta_k = (v * 10 ** rng.uniform(-3, 3, 40) for v in (MU, ETA, MU_K, ETA_K))
    for name, parts in {
        "maxwell": (mu, eta),
        "burgers": (mu, eta, mu_k, eta_k),
        "standard_linear_solid": (mu, mu_k, eta_k),
    }.items():
        function = getattr(rheology, name)
        moduli, times = function(*parts)
        assert moduli.shape == times.shape == (40, 2 if name == "burgers" else 1)
        for e in range(40):
            alone = function(*(part[e] for part in parts))
            assert np.array_equal(moduli[e], alone[0])
            assert np.array_equal(times[e], alone[1])
