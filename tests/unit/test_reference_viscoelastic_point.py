"""The viscoelastic point oracle against textbook forms, springs and dashpots integrated in time,
and two numerical inversions; each check is also shown an input that must fail it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from reference import inverse_laplace, viscoelastic_point
from reference.viscoelastic_point import Body

MU, BULK, ETA = 3e10, 5e10, 1e18
TAU = ETA / MU
TIMES = np.array([0.0, 0.1, 0.5, 1.0, 3.0, 10.0]) * TAU
MU_K, ETA_K = 2e10, 1.3e17

maxwell = viscoelastic_point.maxwell(MU, ETA)
solid = viscoelastic_point.standard_linear_solid(1e10, 2e10, ETA)
burgers = viscoelastic_point.burgers(MU, ETA, MU_K, ETA_K)
many = viscoelastic_point.branches(
    [1e10, 2e9, 4e9, 7e9, 3e9, 5e9], [TAU, TAU / 9, TAU / 70, 30 * TAU, 400 * TAU, TAU / 1e4], 1e9
)
BODIES = {"Maxwell": maxwell, "solid": solid, "Burgers": burgers, "many": many}


def misfit(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())


def test_closed_inverse_gives_known_pairs() -> None:
    t = np.array([0.0, 0.3, 2.0])
    pairs = [  # coefficients of N and D, order, f
        ([1.0], [1.0, 2.0], 0, np.exp(-2 * t)),
        ([1.0], [1.0, 2.0], 2, t / 2 - 0.25 + np.exp(-2 * t) / 4),
        ([1.0, 0.0], [1.0, 3.0, 2.0], 1, np.exp(-t) - np.exp(-2 * t)),
        ([3.0], [1.0, 0.0, 4.0], 0, 1.5 * np.sin(2 * t)),
        ([1.0], [1.0, 0.0], 2, t**2 / 2),
    ]
    for num, den, order, f in pairs:
        assert np.allclose(inverse_laplace.rational(num, den, t, order), f, atol=1e-14)
        assert not np.allclose(inverse_laplace.rational(num, den, t, order + 1), f, atol=1e-3)
    with pytest.raises(ValueError):
        inverse_laplace.rational([1.0, 1.0], [1.0, 2.0], t, 0)
    with pytest.raises(ValueError):
        inverse_laplace.rational([1.0], [1.0, 2.0, 1.0], t, 0)


def test_numerical_inverses_reach_their_stated_digits() -> None:
    for t in (0.01, 1.0, 50.0):
        f = np.exp(-t) + 2 * np.exp(-0.1 * t)
        s, w = inverse_laplace.talbot_nodes(t)
        assert (w @ (1 / (s + 1) + 2 / (s + 0.1))).real == pytest.approx(f, abs=1e-10)
        assert (w @ (1 / (s + 1) + 1 / (s + 0.1))).real != pytest.approx(f, abs=1e-4)
        s, w = inverse_laplace.stehfest_nodes(t)
        assert w @ (1 / (s + 1) + 2 / (s + 0.1)) == pytest.approx(f, abs=1e-4)


def test_maxwell_gives_the_textbook_forms() -> None:
    point = viscoelastic_point
    strain, stress, rate = 1e-4, 2e6, 1e-14
    decay = np.exp(-TIMES / TAU)
    young, nu = 9 * BULK * MU / (3 * BULK + MU), (3 * BULK - 2 * MU) / (2 * (3 * BULK + MU))
    slow = np.exp(-TIMES / TAU * young / (3 * MU))  # Maxwell bar: E σ/(3η) is its creep
    forms = [
        (point.relaxation(maxwell, TIMES, strain), 2 * MU * strain * decay),
        (
            point.relaxation(maxwell, TIMES, strain, "confined", BULK),
            (BULK + 4 / 3 * MU * decay) * strain,
        ),
        (
            point.lateral_stress(maxwell, TIMES, strain, BULK),
            (BULK - 2 / 3 * MU * decay) * strain,
        ),
        (point.relaxation(maxwell, TIMES, strain, "free", BULK), young * strain * slow),
        (
            point.lateral_strain(maxwell, TIMES, strain, BULK),
            -strain * (0.5 - (0.5 - nu) * slow),
        ),
        (point.creep(maxwell, TIMES, stress), stress / 2 * (1 / MU + TIMES / ETA)),
        (point.creep(maxwell, TIMES, stress, "free", BULK), stress * (1 / young + TIMES / 3 / ETA)),
        (point.loading_at_constant_rate(maxwell, TIMES, rate), 2 * ETA * rate * (1 - decay)),
    ]
    for found, form in forms:
        assert misfit(found, form) < 1e-12
    doubled = viscoelastic_point.maxwell(MU, 2 * ETA)  # the other convention of τ
    assert misfit(point.relaxation(doubled, TIMES, strain), 2 * MU * strain * decay) > 0.1
    assert misfit(forms[2][0], forms[1][1]) > 0.1


def test_solid_and_burgers_give_the_textbook_forms() -> None:
    point, stress = viscoelastic_point, 2e6
    kelvin = (1 - np.exp(-MU_K / ETA_K * TIMES)) / MU_K
    form = stress / 2 * (1 / MU + TIMES / ETA + kelvin)
    assert misfit(point.creep(burgers, TIMES, stress), form) < 1e-12
    swapped = viscoelastic_point.burgers(MU_K, ETA, MU, ETA_K)
    assert misfit(point.creep(swapped, TIMES, stress), form) > 1e-2
    # Zener's solid creeps with τ_c = τ (μ∞ + μ1)/μ∞ from 1/(μ∞ + μ1) to 1/μ∞
    tau = ETA / 2e10
    retarded = 1e-10 - (1e-10 - 1 / 3e10) * np.exp(-TIMES / (3 * tau))
    assert misfit(point.creep(solid, TIMES, stress), stress / 2 * retarded) < 1e-12
    relaxing = 2e-4 * (1e10 + 2e10 * np.exp(-TIMES / tau))
    assert misfit(point.relaxation(solid, TIMES, 1e-4), relaxing) < 1e-12
    assert misfit(point.relaxation(solid, TIMES, 1e-4), relaxing + 1e4) > 1e-3


def by_springs_and_dashpots(mu_infinity: float, mu, tau, strain, times: np.ndarray) -> np.ndarray:
    """Shear stress (n_t,) under strain(t), from ε̇_i = (ε - ε_i)/τ_i of every dashpot."""
    mu, tau = np.asarray(mu), np.asarray(tau)
    done = solve_ivp(
        lambda t, e: (strain(t) - e) / tau,
        (0, times[-1]), np.zeros(mu.size), "Radau", times, rtol=1e-9, atol=1e-15,
    )  # fmt: skip
    e = strain(times)
    return 2 * mu_infinity * e + 2 * (mu[:, None] * (e - done.y)).sum(axis=0)


def test_branches_are_their_springs_and_dashpots() -> None:
    mu, tau = [1e10, 2e9, 4e9], [TAU, TAU / 9, 30 * TAU]
    body = viscoelastic_point.branches(mu, tau, 1e9)
    held = by_springs_and_dashpots(1e9, mu, tau, lambda t: 1e-4 + 0 * t, TIMES)
    assert misfit(viscoelastic_point.relaxation(body, TIMES, 1e-4), held) < 1e-7
    driven = by_springs_and_dashpots(1e9, mu, tau, lambda t: 1e-12 * t, TIMES)
    assert misfit(viscoelastic_point.loading_at_constant_rate(body, TIMES, 1e-12), driven) < 1e-7
    other = by_springs_and_dashpots(1e9, mu, tau[::-1], lambda t: 1e-4 + 0 * t, TIMES)
    assert misfit(viscoelastic_point.relaxation(body, TIMES, 1e-4), other) > 1e-2


def confined_creep_by_time(body_tau: float, stress: float, times: np.ndarray) -> np.ndarray:
    """Axial strain of a confined Maxwell bar; its state is the creep of σ_xx - σ_yy."""

    def strain(creep):
        return (stress + 4 / 3 * MU * creep) / (BULK + 4 / 3 * MU)

    done = solve_ivp(
        lambda t, c: (strain(c) - c) / body_tau,
        (0, times[-1]), [0.0], "Radau", times, rtol=1e-10, atol=1e-16,
    )  # fmt: skip
    return strain(done.y[0])


def test_confined_bar_creeps_to_its_bulk_modulus() -> None:
    found = viscoelastic_point.creep(maxwell, TIMES, 1e6, "confined", BULK)
    assert misfit(found, confined_creep_by_time(TAU, 1e6, TIMES)) < 1e-7
    assert misfit(found, confined_creep_by_time(2 * TAU, 1e6, TIMES)) > 1e-2
    late = viscoelastic_point.creep(maxwell, [60 * TAU], 1e6, "confined", BULK)
    assert late == pytest.approx(1e6 / BULK, rel=1e-10)


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("loading", ["shear", "confined", "free"])
def test_closed_responses_agree_with_numerical_inversion(name: str, loading: str) -> None:
    body, times = BODIES[name], TIMES[1:]

    def stiffness(s, body: Body = body):
        g = body.modulus(s)
        return {
            "shear": 2 * g,
            "confined": BULK + 4 * g / 3,
            "free": 9 * BULK * g / (3 * BULK + g),
        }[loading]

    responses = [
        (viscoelastic_point.relaxation, lambda s: stiffness(s) / s),
        (viscoelastic_point.creep, lambda s: 1 / stiffness(s) / s),
        (viscoelastic_point.loading_at_constant_rate, lambda s: stiffness(s) / s**2),
    ]
    for response, transform in responses:
        closed = response(body, times, 1.0, loading, BULK)
        assert misfit(inverse_laplace.numeric(transform, times), closed) < 1e-9
        stehfest = [w @ transform(s) for s, w in (inverse_laplace.stehfest_nodes(t) for t in times)]
        assert misfit(np.array(stehfest), closed) < 1e-3
        assert misfit(inverse_laplace.numeric(transform, 2 * times), closed) > 1e-3


@pytest.mark.parametrize("name", BODIES)
def test_instant_response_is_elastic_with_all_springs(name: str) -> None:
    body = BODIES[name]
    springs = {"Maxwell": MU, "solid": 3e10, "Burgers": MU, "many": 3.2e10}[name]
    assert viscoelastic_point.relaxation(body, [0.0], 1e-4) == pytest.approx(2e-4 * springs)
    assert viscoelastic_point.creep(body, [0.0], 1e6) == pytest.approx(5e5 / springs)
    free = 9 * BULK * springs / (3 * BULK + springs)
    assert viscoelastic_point.relaxation(body, [0.0], 1e-4, "free", BULK) == pytest.approx(
        1e-4 * free
    )
