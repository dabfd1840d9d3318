"""The strike-slip oracles against closed limits, differences in time, numerical inversion, Fourier
series and a table of the benchmark cycle; each check is also shown an input that must fail it."""

from __future__ import annotations

import numpy as np
import pytest

from reference import strike_slip, viscoelastic_point

YEAR = 3.15576e7
MU, H, D = 3e10, 40e3, 20e3
ETA = MU * 50 * YEAR  # 2η/μ = 100 yr
X = np.array([-60e3, 1.0, 5e3, 20e3, 60e3, 200e3, 1000e3])
PLATE = (D, H, MU, ETA)


def misfit(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())


def test_conventions_of_the_relaxation_time() -> None:
    assert strike_slip.maxwell_time(MU, ETA) == pytest.approx(50 * YEAR)
    assert strike_slip.savage_time(MU, ETA) == pytest.approx(100 * YEAR)
    # the shear stress of the body that the half-space is made of falls to 1/e in the first
    held = viscoelastic_point.relaxation(viscoelastic_point.maxwell(MU, ETA), [50 * YEAR], 1.0)
    assert held == pytest.approx(2 * MU / np.e)


def test_event_starts_elastic_and_ends_as_a_plate_over_a_fluid() -> None:
    u = strike_slip.event(X, [0.0, 2000 * 100 * YEAR], *PLATE)
    assert misfit(u[0], np.arctan(D / X) / np.pi) < 1e-14
    # images beyond n = τ have not come yet: Σ_{n>τ} 2Dx/(4n²H²)
    left = strike_slip.relaxed(X, D, H) - u[1]
    assert np.allclose(left, D * X / (2 * H**2 * 2000) / np.pi, rtol=1e-2)
    assert misfit(u[0], strike_slip.relaxed(X, D, H)) > 0.1
    # far away the plate has moved on by its share of the slip, b D/(2H); at the fault by b/2
    assert strike_slip.relaxed(np.array([1e7]), D, H) == pytest.approx(D / (2 * H))
    assert strike_slip.relaxed(np.array([1e-3]), D, H) == pytest.approx(0.5, abs=1e-6)
    assert strike_slip.relaxed(X, H, H) == pytest.approx(np.sign(X) / 2)


def test_relaxed_plate_is_free_at_its_base_and_the_sum_of_its_images() -> None:
    n = 200_000
    images = strike_slip.images(X, D, H, n).sum(axis=0)
    tail = 2 * D * X / (4 * H**2 * (n + 0.5))  # Σ_{m>n} 2Dx/(4m²H²)
    found = strike_slip.elastic(X, D) + (images + tail) / np.pi
    assert misfit(found, strike_slip.relaxed(X, D, H)) < 1e-9
    assert misfit(found, strike_slip.relaxed(X, D, 1.1 * H)) > 1e-2


def test_images_agree_with_the_published_tangent() -> None:
    # F_n = atan[2Dx/(4n²H² - D² + x²)]
    n = np.arange(1, 30)[:, None]
    published = np.arctan(2 * D * X / (4 * n**2 * H**2 - D**2 + X**2))
    assert misfit(strike_slip.images(X, D, H, 29), published) < 1e-13
    assert misfit(strike_slip.images(X, D, H / 2, 29), published) > 0.1


def test_weights_are_the_published_sums() -> None:
    # C_n = 1 - e^{-τ} Σ_{m<n} τ^m/m!, seen through one far point per image
    tau = 1.7
    term = np.exp(-tau) * np.cumprod([1.0, *(tau / np.arange(1, 60))])
    c = 1 - np.cumsum(term)
    f = strike_slip.images(X, D, H, 60)
    found = strike_slip.event(X, [tau * 100 * YEAR], *PLATE)[0]
    assert misfit(found, strike_slip.elastic(X, D) + c @ f / np.pi) < 1e-12
    other = strike_slip.event(X, [tau * 50 * YEAR], *PLATE)[0]  # τ counted in η/μ
    assert misfit(other, strike_slip.elastic(X, D) + c @ f / np.pi) > 1e-3


@pytest.mark.parametrize("years", [1.0, 30.0, 400.0])
def test_velocity_is_the_slope_of_displacement(years: float) -> None:
    t, h = years * YEAR, 1e-3 * years * YEAR
    u = strike_slip.event(X, [t - h, t + h], *PLATE)
    v = strike_slip.event_velocity(X, [t], *PLATE)[0]
    assert misfit((u[1] - u[0]) / (2 * h), v) < 1e-5
    assert misfit((u[1] - u[0]) / (2 * h), 2 * v) > 0.1
    cycle = (*PLATE, 0.02 / YEAR, 200 * YEAR)
    if years < 200:
        u = strike_slip.cycle(X, [t - h, t + h], *cycle)
        v = strike_slip.cycle_velocity(X, [t], *cycle)[0]
        assert misfit((u[1] - u[0]) / (2 * h), v) < 1e-5
        assert misfit((u[1] - u[0]) / (2 * h), v - 0.002 / YEAR) > 0.05


def test_first_velocity_is_that_of_the_first_image() -> None:
    v = strike_slip.event_velocity(X, [0.0], *PLATE)[0]
    first = np.arctan(2 * D * X / (4 * H**2 - D**2 + X**2)) / np.pi / (100 * YEAR)
    assert misfit(v, first) < 1e-12


def test_any_body_below_by_numerical_inversion() -> None:
    x, times = X[:5], np.array([1.0, 30.0, 300.0]) * YEAR
    maxwell = viscoelastic_point.maxwell(MU, ETA)
    found = strike_slip.event_over(x, times, D, H, MU, maxwell.modulus)
    assert misfit(found, strike_slip.event(x, times, *PLATE)) < 1e-8
    wrong = viscoelastic_point.maxwell(MU, 2 * ETA)
    assert misfit(strike_slip.event_over(x, times, D, H, MU, wrong.modulus), found) > 1e-2
    # Burgers: no Kelvin element if it is rigid; as soft as a fluid at once if its dashpot is thin
    rigid = viscoelastic_point.burgers(MU, ETA, 1e6 * MU, ETA)
    assert misfit(strike_slip.event_over(x, times, D, H, MU, rigid.modulus), found) < 1e-5
    soft = viscoelastic_point.burgers(MU, ETA, MU, ETA / 1e6)
    half = viscoelastic_point.maxwell(MU / 2, ETA)
    assert misfit(
        strike_slip.event_over(x, times, D, H, MU, soft.modulus),
        strike_slip.event_over(x, times, D, H, MU, half.modulus),
    ) < 1e-3  # fmt: skip


def test_softer_elastic_half_space_is_rybickis_series() -> None:
    ratio = 1 / 3
    gamma = (1 - ratio) / (1 + ratio)
    x = X[:5]
    n = np.arange(1, 400)
    exact = strike_slip.elastic(x, D) + gamma**n @ strike_slip.images(x, D, H, 399) / np.pi
    body = viscoelastic_point.elastic(MU * ratio)
    found = strike_slip.event_over(x, [YEAR], D, H, MU, lambda s: body.modulus(s) + 0 * s)
    assert misfit(found[0], exact) < 1e-9
    assert misfit(found[0], strike_slip.elastic(x, D)) > 1e-2


# Displacement, m, relative to just after an event, at 1/4, 1/2, 3/4 of the cycle of the benchmark:
# H = 40 km, D = 20 km, T = 200 yr, V = 2 cm/yr, after many cycles. τ₀ = μT/(2η): the pages of the
# benchmark give η for τ₀ = 2, the manual that of τ₀ = 4.
DISTANCES = np.array([5e3, 20e3, 60e3, 200e3])
TABLE = {
    2.0: [
        (0.0865, 0.2821, 0.4605, 0.5112),
        (0.1660, 0.5377, 0.8702, 0.9911),
        (0.2406, 0.7752, 1.2435, 1.4438),
    ],
    4.0: [
        (0.0950, 0.3138, 0.5239, 0.5571),
        (0.1737, 0.5667, 0.9309, 1.0435),
        (0.2447, 0.7906, 1.2772, 1.4775),
    ],
}
PERIOD, SPEED = 200 * YEAR, 0.02 / YEAR
QUARTERS = np.array([0.25, 0.5, 0.75]) * PERIOD


def by_fourier(x: np.ndarray, t: np.ndarray, tau0: float, n_modes: int) -> np.ndarray:
    """Plate motion plus the steady answer to a saw-tooth of slip, VT Σ_m sin(2πmt/T)/(πm)."""
    m = np.arange(1, n_modes + 1)
    gamma = 1 / (1 + 2j * np.pi * m / tau0)  # 1/(1 + iω 2η/μ)
    f = strike_slip.images(x, D, H, 80)
    answer = (gamma[:, None] ** np.arange(1, 81)) @ f / np.pi
    u = []
    for one in t:
        phase = np.exp(2j * np.pi * m * one / PERIOD) / (np.pi * m)
        u.append(SPEED * PERIOD * (phase @ answer).imag)
    saw = SPEED * (PERIOD / 2 - t)
    steady = SPEED * t[:, None] * np.sign(x) / 2
    return np.array(u) + saw[:, None] * strike_slip.elastic(x, D) + steady


@pytest.mark.parametrize("tau0", TABLE)
def test_cycle_gives_the_benchmark_table(tau0: float) -> None:
    x, table, eta = DISTANCES, np.array(TABLE[tau0]), MU * PERIOD / (2 * tau0)
    found = strike_slip.cycle(x, QUARTERS, D, H, MU, eta, SPEED, PERIOD)
    assert np.abs(found - table).max() < 0.6e-4  # the digits printed
    other = strike_slip.cycle(x, QUARTERS, D, H, MU, 2 * eta, SPEED, PERIOD)
    assert np.abs(other - table).max() > 1e-3


@pytest.mark.parametrize("tau0", TABLE)
def test_cycle_is_the_sum_of_many_events_and_of_frequencies(tau0: float) -> None:
    x, eta = DISTANCES, MU * PERIOD / (2 * tau0)
    found = strike_slip.cycle(x, QUARTERS, D, H, MU, eta, SPEED, PERIOD)
    waves = by_fourier(x, np.concatenate([[0.0], QUARTERS]), tau0, 20_000)
    assert misfit(waves[1:] - waves[0], found) < 1e-4  # first image: τ₀/(2π 20000) at t = 0
    waves = by_fourier(x, np.concatenate([[0.0], QUARTERS]), 1.1 * tau0, 2_000)
    assert misfit(waves[1:] - waves[0], found) > 2e-3
    errors = []
    for n in (20, 180):
        t = np.concatenate([[0.0], QUARTERS]) + (n - 1) * PERIOD
        u = strike_slip.events(x, t, D, H, MU, eta, SPEED, PERIOD, n)
        errors.append(misfit(u[1:] - u[0], found))
    assert errors[0] < 1e-3  # the far field diffuses: the rest falls as n^(-3/2)
    assert errors[1] < errors[0] / 15


@pytest.mark.parametrize("tau0", [0.05, 2.0, 40.0])
def test_cycle_repeats_and_moves_the_plates_by_half_the_slip(tau0: float) -> None:
    period, speed = 200 * YEAR, 0.02 / YEAR
    args = (D, H, MU, MU * period / (2 * tau0), speed, period)
    gained = strike_slip.cycle(X, [period], *args)[0]
    coseismic = strike_slip.elastic(X, D, speed * period)
    assert misfit(gained + coseismic, np.sign(X) * speed * period / 2) < 1e-9
    assert misfit(gained, np.sign(X) * speed * period / 2) > 0.1


def test_cycle_of_a_stiff_half_space_is_a_locked_fault() -> None:
    # T well below 2η/μ: (V/π)(π/2 - atan(D/x)), the interseismic arctangent
    period, speed = 2 * YEAR, 0.02 / YEAR
    v = strike_slip.cycle_velocity(X, [period / 2], *PLATE, speed, period)[0]
    locked = speed * (np.sign(X) / 2 - strike_slip.elastic(X, D))
    assert misfit(v, locked) < 1e-3
    v = strike_slip.cycle_velocity(X, [period / 2], *PLATE, speed, 200 * period)[0]
    assert misfit(v, locked) > 0.1


def test_ramp_is_the_integral_of_small_events() -> None:
    t = 150 * YEAR
    node, weight = np.polynomial.legendre.leggauss(20)
    past = (node + 1) / 2 * t
    ramp = weight @ strike_slip.event(X, past, *PLATE) * t / 2
    exact = SPEED * (np.sign(X) * t / 2 + PERIOD * strike_slip.event(X, [t], *PLATE)[0] - ramp)
    found = strike_slip.events(X, [t], *PLATE, SPEED, PERIOD, 1)[0]
    assert misfit(found, exact) < 1e-12
    assert misfit(strike_slip.events(X, [t], *PLATE, SPEED, PERIOD, 0)[0], exact) > 0.1
