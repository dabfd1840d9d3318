"""The oracle of viscoelastic layers against the elastic one, closed forms of a Maxwell half-space,
the image series of strike-slip faults, elements in depth and real-s inversion; each check is also
shown an input that must fail it."""

from __future__ import annotations

import numpy as np
import pytest
from depth_line import depth_line
from scipy.special import gammainc

from reference import inverse_laplace, layered, okada, point_source, strike_slip
from reference import viscoelastic_layered as oracle
from reference import viscoelastic_point as bodies
from reference.viscoelastic_layered import Layer

YEAR = 3.15576e7
MU, BULK, ETA, H = 3e10, 5e10, 2e18, 30e3
LAM = BULK - 2 * MU / 3
TAU = ETA / MU
TIMES = np.array([0.0, 0.3, 2.0, 15.0]) * TAU
SLIPS = np.eye(3)

maxwell = bodies.maxwell(MU, ETA)
burgers = bodies.burgers(MU, ETA, MU / 2, ETA / 20)
PLATE = Layer(H, BULK, bodies.elastic(MU))
MANTLE = Layer(0.0, BULK, maxwell)
# a soft layer on top, a viscous channel below the plate
CRUST = [
    Layer(8e3, BULK / 2, bodies.elastic(MU / 3), 2700.0),
    Layer(20e3, BULK, bodies.elastic(MU), 3000.0),
    Layer(15e3, BULK, bodies.standard_linear_solid(MU / 5, MU, ETA), 3100.0),
    Layer(0.0, 2 * BULK, bodies.burgers(2 * MU, 5 * ETA, MU, ETA / 3), 3300.0),
]


def misfit(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())


def cloud(seed: int, n: int, half_width: float) -> np.ndarray:
    points = np.random.default_rng(seed).uniform(-1, 1, (n, 3)) * half_width
    return points * [1, 1, 0]


def potency(strike: float, dip: float, slip) -> np.ndarray:
    """(b nᵀ + n bᵀ)/2."""
    return point_source.slip_tensor(strike, dip, slip, 0.0, 1.0) / 2


@pytest.mark.parametrize("slip", [(1.0, 0.5, 0.0), (0.2, 0.3, 0.7)])
def test_first_instant_is_the_elastic_oracle(slip) -> None:
    points = cloud(161803, 12, 3e4)
    fault = ([0.0, 0.0, -2e3], 30e3, 40e3, 30.0, 50.0, slip)
    elastic = [(8e3, BULK / 2 - 2 * MU / 9, MU / 3), (20e3, LAM, MU)]
    elastic += [
        (15e3, BULK - 0.8 * MU, 1.2 * MU),
        (0.0, 2 * BULK - 4 * MU / 3, 2 * MU),
    ]
    few = {"n_along": 4, "n_down": 6}
    u, later = oracle.rectangle(points, CRUST, *fault, [0.0, TAU], **few)
    exact = layered.rectangle(points, elastic, *fault, **few)
    assert misfit(u, exact) < 1e-12
    elastic[2] = elastic[1]
    assert misfit(u, layered.rectangle(points, elastic, *fault, **few)) > 1e-3
    assert misfit(later, exact) > 1e-3


@pytest.mark.parametrize("slip", SLIPS)
def test_maxwell_half_space_relaxes_to_an_incompressible_one(slip) -> None:
    points = cloud(57721, 20, 4e4)
    fault = ([0.0, 0.0, -2e3], 20e3, 15e3, 30.0, 50.0, slip)
    u = oracle.rectangle(points, [MANTLE], *fault, TIMES)
    nu = LAM / (2 * (LAM + MU))
    assert misfit(u[0], okada.rectangle(points, *fault, nu)) < 1e-12
    end = okada.rectangle(points, *fault, 0.5)
    # μ/(λ+μ) falls as e^{-t/τ'}, τ' = τ (K + μ/3)/K
    fade = np.exp(-TIMES / TAU * BULK / (BULK + MU / 3))[:, None, None]
    assert misfit(u, end + fade * (u[0] - end)) < 1e-12
    if slip[1]:
        other = np.exp(-TIMES / TAU)[:, None, None]
        assert misfit(u, end + other * (u[0] - end)) > 1e-3


@pytest.mark.parametrize("kind", ["slip", "couples"])
@pytest.mark.parametrize("body", [maxwell, burgers], ids=["Maxwell", "Burgers"])
def test_equal_layers_are_the_half_space_in_closed_form(kind, body) -> None:
    points = cloud(14142, 10, 4e4)
    tensor = np.array([[1.3, -0.4, 0.7], [-0.4, -0.9, 0.5], [0.7, 0.5, 0.6]])
    tensor *= 1e18 if kind == "couples" else 1e8
    equal = [Layer(H, BULK, body), Layer(0.0, BULK, body)]
    for z in (-12e3, -40e3):
        source = [1e3, 0.0, z]
        closed = oracle.point(points, equal[1:], source, tensor, TIMES, kind)
        whole = oracle.point(points, equal, source, tensor, TIMES, kind, subtract=False)
        assert misfit(whole, closed) < 1e-11
        other = [Layer(H, BULK, bodies.maxwell(MU, ETA / 2)), equal[1]]
        wrong = oracle.point(points, other, source, tensor, TIMES, kind, subtract=False)
        assert misfit(wrong, closed) > 1e-3


@pytest.mark.parametrize("z", [-10e3, -29.9e3, -45e3])
def test_difference_to_the_half_space_is_the_whole_kernel(z: float) -> None:
    points, tensor = cloud(17320, 8, 3e4), potency(30.0, 40.0, (1.0, 0.5, 0.3))
    layers = [Layer(H, BULK, maxwell), Layer(0.0, BULK, burgers)]
    for kind in ("slip", "couples"):
        u = oracle.point(points, layers, [0, 0, z], tensor, TIMES, kind)
        whole = oracle.point(points, layers, [0, 0, z], tensor, TIMES, kind, subtract=False)
        assert misfit(whole, u) < 1e-7
        fine = oracle.point(points, layers, [0, 0, z], tensor, TIMES, kind, fine=2.0)
        assert misfit(fine, u) < 1e-7
    assert misfit(oracle.point(points, layers, [0, 0, z], -tensor, TIMES), u) > 1.0


def antiplane(k: np.ndarray, layers, z: float, t: float) -> np.ndarray:
    """|T| (n_k,) of slip along an endless vertical fault, per slip and depth, at time t."""
    s, w = inverse_laplace.talbot_nodes(t)
    total = np.zeros(k.size)
    for one, weight in zip(s, w / s, strict=True):
        at_s = [layer.elastic(one) for layer in layers]
        total += (weight * layered.kernels(k, at_s, [z])[:, 0, 2, 3] * MU).real
    return np.abs(total)


@pytest.mark.parametrize("z", [-1e3, -14e3, -29e3])
def test_antiplane_kernel_is_nur_and_mavkos_series(z: float) -> None:
    k = np.array([0.02, 0.3, 1.0, 3.0]) / H
    n = np.arange(1, 200)
    image = np.exp(-k * (2 * n[:, None] * H + z)) + np.exp(-k * (2 * n[:, None] * H - z))
    for t in (0.3 * TAU, 5 * TAU, 60 * TAU):
        weights = gammainc(n, t / strike_slip.savage_time(MU, ETA))
        exact = np.exp(k * z) + weights @ image
        assert misfit(antiplane(k, [PLATE, MANTLE], z, t), exact) < 1e-9
        assert misfit(antiplane(k, [PLATE, MANTLE], z, 2 * t), exact) > 1e-3


@pytest.mark.parametrize("body", [maxwell, burgers], ids=["Maxwell", "Burgers"])
def test_long_fault_is_the_strike_slip_oracle(body) -> None:
    # the ends tell by H/L at once, by the spreading of relaxation later
    x, depth, t = np.array([5e3, 20e3, 60e3]), 20e3, np.array([1e-3, 0.5, 2.0]) * TAU
    points = np.stack([x, 0 * x, 0 * x], axis=1)
    exact = strike_slip.event_over(x, t, depth, H, MU, body.modulus)
    errors = []
    for length, n_along in ((600e3, 90), (1200e3, 180)):
        fault = ([0.0, 0.0, 0.0], length, depth, 0.0, 90.0, (1.0, 0.0, 0.0))
        layers = [PLATE, Layer(0.0, BULK, body)]
        u = oracle.rectangle(points, layers, *fault, t, n_along=n_along, n_down=4)[:, :, 1]
        errors.append(np.abs(u - exact).max(axis=1))
    assert errors[1].max() < 2e-2 * exact.max()
    assert errors[1].max() < errors[0].max() / 2.5
    assert np.abs(exact[2] - exact[0]).max() > 5e-2


@pytest.mark.parametrize("k_scaled", [0.3, 1.5])
@pytest.mark.parametrize("angle", [0.0, 0.6], ids=["real s", "complex s"])
@pytest.mark.parametrize("gravity", [0.0, 9.81])
def test_kernels_agree_with_elements_in_depth_and_with_reciprocity(k_scaled, angle, gravity):
    k, s = k_scaled / 8e3, np.exp(1j * angle * np.pi) / TAU
    at_s = [layer.elastic(s if angle else s.real) for layer in CRUST]
    # as heavy as a soft half-space would feel it: 1000 times the weight
    pull = [1e3 * g for g in oracle._buoyancy(CRUST, gravity)]
    lower, n = (64e3, 640) if k_scaled > 1 else (256e3, 1024)
    z, u, c = depth_line(k, at_s, n, lower, pull)
    load = layered.kernels(np.array([k]), at_s, np.zeros(1), True, pull)[0, 0, :, 0] / k
    assert abs(load[0] + u[0]) < 3e-3 * abs(u[0])  # (kh)² of the elements
    assert abs(load[1] + c[0]) < 3e-3 * abs(u[0])
    if gravity:
        light = layered.kernels(np.array([k]), at_s, np.zeros(1), True)[0, 0, 0, 0] / k
        assert abs(light + u[0]) > 3e-3 * abs(u[0])
    # u_z at the surface from M at z = strain at z from a force at the surface
    for depth in (3e3, 20e3, 35e3):
        i = int(np.argmin(np.abs(z + depth)))
        slope_u, slope_c = ((f[i + 1] - f[i - 1]) / (z[i + 1] - z[i - 1]) for f in (u, c))
        kernel = layered.kernels(np.array([k]), at_s, z[i : i + 1], buoyancy=pull)[0, 0, 0, :3]
        strain = np.array([-k * c[i], slope_u, -(slope_c + k * u[i])])
        bound = 1e-2 * np.abs(strain).max()
        assert np.abs(kernel - strain).max() < bound
        assert np.abs(kernel + strain).max() > bound


def test_real_laplace_variable_and_fewer_nodes_give_the_same_history() -> None:
    points = cloud(66260, 12, 8e4)
    fault = ([0.0, 0.0, -1e3], 40e3, 35e3, 20.0, 60.0, (1.0, 0.5, 0.2))
    layers = [PLATE, Layer(0.0, BULK, burgers)]
    fault = (*fault, TIMES, 0.0, 4, 4)
    u = oracle.rectangle(points, layers, *fault)
    real = oracle.rectangle(points, layers, *fault, nodes=inverse_laplace.stehfest_nodes)
    assert misfit(real[1:] - u[0], u[1:] - u[0]) < 1e-3
    few = oracle.rectangle(
        points, layers, *fault, nodes=lambda t: inverse_laplace.talbot_nodes(t, 12)
    )
    assert misfit(few, u) < 1e-6
    early = oracle.rectangle(points, layers, *fault[:6], TIMES / 2, 0.0, 4, 4)
    assert misfit(early[1:] - u[0], u[1:] - u[0]) > 1e-2


def test_small_rectangle_is_a_point_in_elastic_and_viscous_layers() -> None:
    points, slip = cloud(27182, 10, 5e4), (1.0, 0.3, 0.2)
    layers = [PLATE, MANTLE]
    for depth in (20e3, 40e3):
        top = [0.0, 50 * np.cos(np.radians(30)), -depth + 50 * np.sin(np.radians(30))]
        small = oracle.rectangle(points, layers, top, 100.0, 100.0, 90.0, 30.0, slip, TIMES,
                                 n_along=2, n_down=2)  # fmt: skip
        tensor = potency(90.0, 30.0, slip) * 100.0**2
        u = oracle.point(points, layers, [0, 0, -depth], tensor, TIMES)
        assert misfit(small, u) < 1e-4
        # couples of a source in viscous rock stay, those of a slip relax
        moment = point_source.slip_tensor(90.0, 30.0, slip, LAM, MU) * 100.0**2
        couples = oracle.point(points, layers, [0, 0, -depth], moment, TIMES, "couples")
        assert (misfit(couples, u) < 1e-4) == (depth < H)


def test_burgers_body_with_a_rigid_kelvin_element_is_maxwell() -> None:
    points, tensor = cloud(31622, 8, 6e4), potency(30.0, 40.0, (0.3, 1.0, 0.0))
    rigid = Layer(0.0, BULK, bodies.burgers(MU, ETA, 1e7 * MU, ETA))
    source = [0.0, 0.0, -15e3]
    u = oracle.point(points, [PLATE, MANTLE], source, tensor, TIMES)
    assert misfit(oracle.point(points, [PLATE, rigid], source, tensor, TIMES), u) < 1e-6
    soft = Layer(0.0, BULK, burgers)
    assert misfit(oracle.point(points, [PLATE, soft], source, tensor, TIMES), u) > 1e-2


def test_gravity_levels_the_relaxed_surface() -> None:
    points, tensor = cloud(22360, 12, 1.2e5), potency(0.0, 45.0, (0.0, 1.0, 0.0)) * 80e3 * 25e3
    layers = [
        Layer(H, BULK, bodies.elastic(MU), 2900.0),
        Layer(0.0, BULK, maxwell, 3300.0),
    ]
    times, source = np.array([0.0, 2.0, 400.0]) * TAU, [0.0, 0.0, -9e3]
    light, heavy, fine, whole = (
        oracle.point(points, layers, source, tensor, times, gravity=g, fine=f, subtract=subtract)
        for g, f, subtract in ((0, 1, True), (9.81, 1, True), (9.81, 2, True), (9.81, 1, False))
    )
    assert misfit(heavy, fine) < 1e-4
    assert misfit(heavy, whole) < 1e-4
    change = [misfit(a, b) for a, b in zip(heavy, light, strict=True)]
    assert change[0] < 2e-2 < 0.1 < change[2]  # ρ g H/μ at first, all of it when the mantle flows
    assert np.abs(heavy[2, :, 2]).max() < 0.8 * np.abs(light[2, :, 2]).max()
    # a source so shallow that the pull of the surface above it is cut off
    shallow, near = [0.0, 0.0, -2e3], points[:5] / 8
    u, whole = (
        oracle.point(near, layers, shallow, tensor, times[:2], gravity=9.81, subtract=subtract)
        for subtract in (True, False)
    )
    assert misfit(u, whole) < 1e-4
    with pytest.raises(ValueError):
        oracle.point(points, layers[1:], source, tensor, times, gravity=9.81)
