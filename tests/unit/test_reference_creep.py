"""The power-law oracle against integration of the full tensor equations in time, published
constants and limits; each check is also shown an input that must fail it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from reference import creep_point
from reference.creep_point import FlowLaw

MU, BULK = 6.5e10, 1.1e11
N, TAU0 = 3.5, 1e6
LINEAR = 1 / (2 * 5e18)
POWER = 1 / (2 * 2e18) / TAU0 ** (N - 1)  # 2e18 Pa s at 1 MPa
TIMES = np.array([0.0, 0.01, 0.1, 1.0, 10.0]) * 3.15576e7


def misfit(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())


def tensor_history(loading: str, linear: float, power: float, n: float, strain: float, rate: float):
    """Stress (n_t, 3, 3) in the 3-D law; strain(t) = strain + rate t, along x or in xy."""
    direction = np.zeros((3, 3))
    if loading == "shear":
        direction[0, 1] = direction[1, 0] = 1.0
    else:
        direction[0, 0] = 1.0

    def stress(t: float, creep: np.ndarray) -> np.ndarray:
        total = direction * (strain + rate * t)
        if loading == "free":  # lateral strain that leaves no lateral stress
            e = creep.reshape(3, 3)
            lam = BULK - 2 * MU / 3
            x = total[0, 0] - np.trace(e)
            side = (2 * MU * e[1, 1] - lam * x) / (2 * (lam + MU))
            total[1, 1] = total[2, 2] = side
        e = total - creep.reshape(3, 3)
        return (BULK - 2 * MU / 3) * np.trace(e) * np.eye(3) + 2 * MU * e

    def rates(t: float, creep: np.ndarray) -> np.ndarray:
        s = stress(t, creep)
        s = s - np.trace(s) / 3 * np.eye(3)
        tau = np.sqrt((s * s).sum() / 2)
        return ((linear + power * tau ** (n - 1)) * s).ravel()

    done = solve_ivp(rates, (0, TIMES[-1]), np.zeros(9), "LSODA", TIMES, rtol=1e-9, atol=1e-16)
    return np.array([stress(t, c) for t, c in zip(TIMES, done.y.T, strict=True)])


@pytest.mark.parametrize("loading", ["shear", "confined", "free"])
@pytest.mark.parametrize(("linear", "power"), [(0.0, POWER), (LINEAR, 0.0), (LINEAR, POWER)])
def test_held_strain_relaxes_as_the_tensor_law(loading: str, linear: float, power: float) -> None:
    strain = 3e-5
    history = tensor_history(loading, linear, power, N, strain, 0.0)
    stiffness, a, b = creep_point.coefficients(loading, linear, power, N, MU, BULK)
    found = creep_point.relaxation(stiffness * strain, TIMES, a, b, N)
    exact = history[:, 0, 1] if loading == "shear" else history[:, 0, 0] - history[:, 1, 1]
    assert misfit(found, exact) < 1e-6
    wrong = creep_point.relaxation(stiffness * strain, TIMES, 2 * a, 2 * b, N)
    assert misfit(wrong, exact) > 1e-2
    if loading == "confined":
        assert misfit(BULK * strain + 2 * found / 3, history[:, 0, 0]) < 1e-6


@pytest.mark.parametrize("loading", ["shear", "confined", "free"])
def test_constant_rate_builds_up_as_the_tensor_law(loading: str) -> None:
    rate = 1e-12
    history = tensor_history(loading, 0.0, POWER, N, 0.0, rate)
    stiffness, _, b = creep_point.coefficients(loading, 0.0, POWER, N, MU, BULK)
    s = history[:, 0, 1] if loading == "shear" else history[:, 0, 0] - history[:, 1, 1]
    t = creep_point.time_to_stress(s[1:4], rate, stiffness, b, N)
    assert np.allclose(t, TIMES[1:4], rtol=1e-5)
    assert not np.allclose(
        creep_point.time_to_stress(s[1:4], rate, stiffness, b / 2, N), TIMES[1:4], rtol=1e-3
    )
    end = creep_point.steady_stress(rate, stiffness, b, N)
    assert s[-1] == pytest.approx(end, rel=1e-5)


def test_constant_rate_of_a_linear_body_is_exponential() -> None:
    stiffness, rate, b = 2 * MU, 1e-12, 2 * MU * LINEAR
    t = np.array([0.1, 1.0, 3.0]) / b
    s = stiffness * rate / b * (1 - np.exp(-b * t))
    assert np.allclose(creep_point.time_to_stress(s, rate, stiffness, b, 1.0), t, rtol=1e-10)


def test_relaxation_and_creep_give_the_published_forms() -> None:
    _, a, b = creep_point.coefficients("shear", 0.0, POWER, N, MU)
    form = (5e6 ** (1 - N) + 2 * MU * POWER * (N - 1) * TIMES) ** (1 / (1 - N))
    assert misfit(creep_point.relaxation(5e6, TIMES, a, b, N), form) < 1e-12
    # n -> 1 is Maxwell with η = 1/(2B)
    _, a, b = creep_point.coefficients("shear", 0.0, LINEAR, 1 + 1e-9, MU)
    maxwell = 5e6 * np.exp(-MU / 5e18 * TIMES)
    assert misfit(creep_point.relaxation(5e6, TIMES, a, b, 1 + 1e-9), maxwell) < 1e-6
    # a steady bar creeps A σ^n uniaxially, A = 2B/3^((n+1)/2)
    stiffness, a, b = creep_point.coefficients("free", 0.0, POWER, N, MU, BULK)
    uniaxial = 2 * POWER / 3 ** ((N + 1) / 2) * 5e6**N
    strain = creep_point.creep(5e6, TIMES, stiffness, a, b, N)
    assert misfit(strain[1:] - strain[0], uniaxial * TIMES[1:]) < 1e-9
    assert strain[0] == pytest.approx(5e6 / (9 * BULK * MU / (3 * BULK + MU)))


@pytest.mark.parametrize(
    ("law", "published"),
    [
        # constants for invariants, as models of continental extension print them
        (creep_point.DRY_DISLOCATION, 6.52e-16),
        (creep_point.WET_DISLOCATION, 5.33e-19),
        (FlowLaw(10**0.2, 3.0, 345e3), 7.13e-18),  # Rybacki et al. (2006), wet anorthite
    ],
)
def test_conversion_from_uniaxial_tests_gives_published_constants(law, published) -> None:
    cold = FlowLaw(law.prefactor, law.n, 0.0)
    assert cold.rate_factor(1000.0) == pytest.approx(published, rel=2e-3, abs=0)
    assert law.prefactor * 1e-6**law.n != pytest.approx(published, rel=0.5, abs=0)


def test_flow_law_depends_on_heat_pressure_grain_and_water_as_written() -> None:
    law = creep_point.WET_DIFFUSION
    base = law.rate_factor(1500.0, 3e9, 5e3, 1000.0)
    assert law.rate_factor(1500.0, 3e9, 1e4, 1000.0) == pytest.approx(base / 8, rel=1e-9, abs=0)
    assert law.rate_factor(1500.0, 3e9, 5e3, 2000.0) == pytest.approx(2 * base, rel=1e-9, abs=0)
    slope = np.log(law.rate_factor(1501.0, 3e9) / law.rate_factor(1499.0, 3e9)) / 2
    assert slope == pytest.approx((335e3 + 3e9 * 4e-6) / (8.314462618 * 1500.0**2), rel=1e-5)
    # a bar at 1 MPa flows at the rate of the table, 1 MPa^-1 µm^-3 apart
    eta = creep_point.viscosity_at_stress(float(base), 0.0, 1.0, 1e6)
    table = 1e6 * 5e3**-3.0 * 1000.0 * np.exp(-(335e3 + 12e3) / 8.314462618 / 1500.0)
    assert 1e6 / (3 * eta) == pytest.approx(table, rel=1e-12, abs=0)
    assert 1e6 / (2 * eta) != pytest.approx(table, rel=0.1, abs=0)


def test_viscosities_at_stress_and_at_rate_are_one() -> None:
    tau = np.array([1e5, 1e6, 1e7])
    at_stress = creep_point.viscosity_at_stress(0.0, POWER, N, tau)
    at_rate = creep_point.viscosity_at_rate(POWER, N, tau / (2 * at_stress))
    assert np.allclose(at_rate, at_stress, rtol=1e-12)
    assert at_stress[1] == pytest.approx(2e18)
    both = creep_point.viscosity_at_stress(LINEAR, POWER, N, TAU0)
    assert 1 / both == pytest.approx(1 / 5e18 + 1 / 2e18, rel=1e-9, abs=0)
