"""The oracles of discs and cavities in viscoelastic rock against published closed forms, limits and
the equations they solve; each check is also shown an input that must fail it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import bei, beip, ber, berp, kei, keip, ker, kerp

from reference import cavity, disc, viscoelastic_cavity, viscoelastic_disc, viscoelastic_layered
from reference import viscoelastic_point as bodies
from reference.inverse_laplace import stehfest_nodes
from reference.viscoelastic_layered import Layer

MU, BULK, ETA = 3e10, 5e10, 1e20
LAM = BULK - 2 * MU / 3
NU = LAM / (2 * (LAM + MU))
TAU = ETA / MU
TIMES = np.array([0.0, 0.2, 1.0, 7.0]) * TAU
maxwell = bodies.maxwell(MU, ETA)
burgers = bodies.burgers(MU, ETA, MU / 2, ETA / 20)
R, P, CENTER = 50e3, 1e6, (1e3, -2e3)
POINTS = np.array([[1e3, -2e3, 0], [30e3, 10e3, 0], [1e3, 58e3, 0], [-90e3, 60e3, 0]])
RHO_G = 3300 * 9.81


def misfit(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())


def test_disc_sinks_at_its_centre_as_published() -> None:
    # w = p a A/(2 μ C) [β q t/r + 1 - e + e exp(-r t)], A = 3K + 4μ, C = 3K + μ, β = μ/η,
    # q = 3Kβ/A, r = 3Kβ/C, e = (β - r)(q - r)/r²
    beta, a, c = MU / ETA, 3 * BULK + 4 * MU, 3 * BULK + MU
    q, r = 3 * BULK * beta / a, 3 * BULK * beta / c
    e = (beta - r) * (q - r) / r**2
    w = P * R * a / (2 * MU * c) * (beta * q * TIMES / r + 1 - e + e * np.exp(-r * TIMES))
    found = viscoelastic_disc.disc(POINTS, CENTER, R, P, BULK, maxwell, TIMES)
    assert misfit(-found[:, 0, 2], w) < 1e-12
    assert found[0, 0, 2] == pytest.approx(-(1 - NU) * P * R / MU)
    late = viscoelastic_disc.disc(POINTS, CENTER, R, P, BULK, maxwell, [90 * TAU, 91 * TAU])
    assert late[0, 0, 2] - late[1, 0, 2] == pytest.approx(P * R / (2 * ETA) * TAU)
    other = viscoelastic_disc.disc(POINTS, CENTER, R, P, BULK, burgers, TIMES)
    assert misfit(-other[:, 0, 2], w) > 0.1


def test_disc_starts_elastic_and_its_edge_ends_at_the_bulk_modulus() -> None:
    found = viscoelastic_disc.disc(POINTS, CENTER, R, P, BULK, maxwell, [0.0, 90 * TAU])
    exact = disc.disc(POINTS, CENTER, R, P, LAM, MU)
    assert misfit(found[0], exact) < 1e-12
    assert misfit(found[0], disc.disc(POINTS, CENTER, R, P, LAM, MU / 2)) > 0.1
    # (1-2ν)/μ = 3/(3K + G*) ends at 1/K
    assert misfit(found[1, :, :2], exact[:, :2] * (1 + MU / (3 * BULK))) < 1e-12


def test_single_wavenumber_relaxes_in_the_published_time() -> None:
    # incompressible: w = p/(ρg) [1 - 2kμ/(2kμ + ρg) e^{-t/t_k}], t_k = 2ηk/(ρg) + η/μ
    k = np.array([0.01, 0.1, 1.0, 10.0]) * RHO_G / (2 * MU)
    stiff = 2 * k * MU
    for t in (0.0, TAU / 2, 3 * TAU):
        w, across = viscoelastic_disc.transfer(k, t, 1e9 * MU, maxwell, RHO_G)
        exact = (1 - stiff / (stiff + RHO_G) * np.exp(-t / (stiff / RHO_G + 1) / TAU)) / RHO_G
        assert misfit(w, exact) < 1e-7
        assert np.abs(across).max() < 1e-7 * exact.max()
        wrong = viscoelastic_disc.transfer(k, t + TAU / 5, 1e9 * MU, maxwell, RHO_G)[0]
        assert misfit(wrong, exact) > 1e-3


def test_disc_with_gravity_floats_in_the_end() -> None:
    found = viscoelastic_disc.disc_with_gravity(
        POINTS, CENTER, R, P, BULK, maxwell, 3300.0, [0.0, 1e4 * TAU]
    )
    without = viscoelastic_disc.disc(POINTS, CENTER, R, P, BULK, maxwell, [0.0])[0]
    assert 1e-3 < misfit(found[0], without) < 2 * RHO_G * R / MU  # weight over stiffness
    inside = np.array([True, True, False, False])
    assert np.allclose(found[1, :, 2], np.where(inside, -P / RHO_G, 0.0), atol=2e-2 * P / RHO_G)
    air = viscoelastic_disc.disc_with_gravity(POINTS, CENTER, R, P, BULK, maxwell, 0.0, TIMES)
    light = viscoelastic_disc.disc(POINTS, CENTER, R, P, BULK, maxwell, TIMES)
    assert misfit(air, light) < 1e-14


@pytest.mark.parametrize("density", [0.0, 3300.0])
@pytest.mark.parametrize("body", [maxwell, burgers], ids=["Maxwell", "Burgers"])
def test_disc_is_that_of_equal_layers(density: float, body) -> None:
    layers = [Layer(20e3, BULK, body, density), Layer(0.0, BULK, body, density)]
    u = viscoelastic_layered.disc_load(POINTS, layers, CENTER, R, P, TIMES, 9.81)
    exact = viscoelastic_disc.disc_with_gravity(POINTS, CENTER, R, P, BULK, body, density, TIMES)
    assert misfit(u, exact) < 4e-3  # the layered one ends at 60/radius
    fine = viscoelastic_layered.disc_load(POINTS, layers, CENTER, R, P, TIMES, 9.81, fine=4.0)
    assert misfit(fine, exact) < 3e-4
    other = viscoelastic_disc.disc_with_gravity(POINTS, CENTER, R, P, BULK, body, 1e4, TIMES)
    assert misfit(fine, other) > 4e-3


def test_relaxed_plate_bends_as_a_thin_plate_on_a_fluid() -> None:
    # Hertz: w = p/(ρg) [1 + α ker'(α) ber(r/l) - α kei'(α) bei(r/l)] inside, α = a/l,
    # w = p/(ρg) [α ber'(α) ker(r/l) - α bei'(α) kei(r/l)] outside; l⁴ = D/(ρg)
    errors = []
    for thickness in (4e3, 2e3):
        rigidity = MU * thickness**3 / (6 * (1 - NU))
        length = (rigidity / RHO_G) ** 0.25
        radius = 2 * length
        x = np.array([0.0, 0.8, 3.0, 5.0])
        inside = 1 + 2 * (kerp(2) * ber(x) - keip(2) * bei(x))
        outside = 2 * (berp(2) * ker(x[2:]) - beip(2) * kei(x[2:]))
        w = np.concatenate([inside[:2], outside]) * P / RHO_G
        layers = [
            Layer(thickness, BULK, bodies.elastic(MU), 2700.0),
            Layer(0.0, BULK, maxwell, 3300.0),
        ]
        points = np.stack([x * length, 0 * x, 0 * x], axis=1)
        late = viscoelastic_layered.disc_load(points, layers, (0, 0), radius, P, [1e6 * TAU], 9.81)
        errors.append(misfit(-late[0, :, 2], w))
        assert misfit(-late[0, :, 2], 2 * w) > 0.1
    assert errors[0] < 1e-2
    assert errors[1] < errors[0] / 1.3  # (thickness/length)², as the root of thickness


INNER, OUTER = 1e3, 1.5e3
SHELL = (INNER, OUTER, 1e7, BULK)


def test_shell_grows_from_the_cavity_to_its_own_size_in_the_published_time() -> None:
    r = np.array([2e3, 5e3])
    t_r = 3 * (1 - NU) / (1 + NU) * TAU * (OUTER / INNER) ** 3
    times = np.array([0.0, 0.4, 1.5, 40.0]) * t_r
    grown = -np.expm1(-times / t_r)[:, None]
    cube = INNER**3 * (1 - grown) + OUTER**3 * grown
    u, stress = viscoelastic_cavity.shell(r, times, *SHELL, maxwell, MU)
    exact = 1e7 * cube / (4 * MU * r**2)
    assert misfit(u, exact) < 1e-12
    assert misfit(stress, -1e7 * cube / r**3) < 1e-12
    later = viscoelastic_cavity.shell(r, 2 * times, *SHELL, maxwell, MU)[0]
    assert misfit(later, exact) > 0.05


@pytest.mark.parametrize("body", [maxwell, burgers], ids=["Maxwell", "Burgers"])
def test_shell_carries_the_pressure_and_holds_together(body) -> None:
    eps = 1e-9
    r = np.array([INNER, OUTER * (1 - eps), OUTER * (1 + eps)])
    u, stress = viscoelastic_cavity.shell(r, TIMES, *SHELL, body, 2 * MU)
    assert np.allclose(stress[:, 0], -1e7, rtol=1e-9)
    assert np.allclose(u[:, 1], u[:, 2], rtol=1e-7)
    assert np.allclose(stress[:, 1], stress[:, 2], rtol=1e-7)
    wide = viscoelastic_cavity.shell(r, TIMES, INNER, 2 * OUTER, 1e7, BULK, body, 2 * MU)[1]
    assert not np.allclose(wide[1:, 1], stress[1:, 1], rtol=1e-2)


def shell_by_time(times: np.ndarray, n: int = 160, steps: int = 4000) -> np.ndarray:
    """u_r at R2, a Maxwell shell of n layers whose creep is integrated by small steps."""
    r = np.linspace(INNER, OUTER, n + 1)
    mid, h = (r[1:] + r[:-1]) / 2, np.diff(r)
    # per element ε_r = u', ε_t = u/r at the middle; creep (c, -c/2, -c/2)
    gradient = np.zeros((n, 2, n + 1))
    for e in range(n):
        gradient[e, 0, e : e + 2] = np.array([-1, 1]) / h[e]
        gradient[e, 1, e : e + 2] = 0.5 / mid[e]
    elastic = np.array([[LAM + 2 * MU, 2 * LAM], [2 * LAM, 4 * LAM + 4 * MU]])
    volume = mid**2 * h
    stiffness = np.einsum("e,eai,ab,ebj->ij", volume, gradient, elastic, gradient)
    stiffness[-1, -1] += 4 * MU * OUTER  # elastic rock beyond: σ_rr = -4μ u/R2
    inverse = np.linalg.inv(stiffness)
    push = np.zeros(n + 1)
    push[0] = 1e7 * INNER**2
    creep, out, now = np.zeros(n), [], 0.0

    def solve() -> tuple[np.ndarray, np.ndarray]:
        load = push + np.einsum("e,eai,a->i", volume * 2 * MU * creep, gradient, [1.0, -1.0])
        u = inverse @ load
        strain = gradient @ u
        deviator = 2 * MU * ((strain[:, 0] - strain[:, 1]) * 2 / 3 - creep)
        return u, deviator

    for t in times:
        m = int(np.ceil(steps * (t - now) / times[-1]))
        for _ in range(m):  # midpoint rule
            dt, start = (t - now) / m, creep
            creep = start + dt / 2 * solve()[1] / (2 * ETA)
            creep = start + dt * solve()[1] / (2 * ETA)
        now = t
        out.append(solve()[0][-1])
    return np.array(out)


def test_shell_is_what_small_steps_of_creep_give() -> None:
    u = viscoelastic_cavity.shell([OUTER], TIMES, *SHELL, maxwell, MU)[0][:, 0]
    assert misfit(u, shell_by_time(TIMES)) < 1e-3
    assert misfit(u[1:], shell_by_time(TIMES / 2)[1:]) > 5e-2


def test_shell_at_the_surface_is_a_growing_mogi_source() -> None:
    center, points = (0.0, 0.0, -8e3), np.array([[0, 0, 0], [5e3, 3e3, 0.0]])
    args = (points, center, [0.0, 1e4 * TAU], *SHELL, maxwell, LAM, MU)
    u = viscoelastic_cavity.shell_surface(*args)
    assert misfit(u[0], cavity.mogi(points, center, INNER, 1e7, LAM, MU)) < 1e-12
    end = cavity.mogi(points, center, OUTER, 1e7, LAM, MU)
    assert misfit(u[1], end) < 1e-9
    assert misfit(u[0], end) > 0.1


@pytest.mark.parametrize("name", ["mogi", "mctigue"])
def test_cavity_in_a_viscoelastic_half_space_by_correspondence(name: str) -> None:
    center, points = (0.0, 0.0, -3e3), np.array([[0, 0, 0], [2e3, 3e3, 0.0]])
    times = [0.0, 90 * TAU, 91 * TAU]
    u = getattr(viscoelastic_cavity, name)(points, center, times, INNER, 1e7, BULK, maxwell)
    exact = getattr(cavity, name)
    assert misfit(u[0], exact(points, center, INNER, 1e7, LAM, MU)) < 1e-12
    # in the end an incompressible body whose μ is η per second
    rate = exact(points, center, INNER, 1e7, 1e12 * ETA, ETA) * TAU
    assert misfit(u[2] - u[1], rate) < 1e-9
    # and in between the elastic solution at real s
    s, w = stehfest_nodes(TAU)
    mid = sum(
        wk / sk * exact(points, center, INNER, 1e7, BULK - 2 * g / 3, g)
        for sk, wk, g in zip(s, w, burgers.modulus(s), strict=True)
    )
    found = getattr(viscoelastic_cavity, name)(points, center, [TAU], INNER, 1e7, BULK, burgers)[0]
    assert misfit(found, mid) < 1e-3
    assert misfit(2 * found, mid) > 0.1
