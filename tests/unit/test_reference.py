"""The analytic oracles of tests/reference against published tables, against one another and against
the equations they solve; each check is also shown an input that must fail it."""

from __future__ import annotations

import numpy as np
import pytest
from depth_line import depth_line

from reference import cavity, disc, layered, okada, point_source, tilted

LAM, MU = 3e10, 2e10
NU = LAM / (2 * (LAM + MU))
SLIPS = np.eye(3)
TENSOR = np.array([[1.3, -0.4, 0.7], [-0.4, -0.9, 0.5], [0.7, 0.5, 0.6]]) * 1e18
# top layer a sixth as stiff as the middle one
LAYERS = [(5e3, LAM / 5, MU / 6), (7e3, LAM, MU), (0.0, 1.5 * LAM, 2 * MU)]


def misfit(a: np.ndarray, b: np.ndarray) -> float:
    """Largest difference over the largest value of b."""
    return float(np.abs(a - b).max() / np.abs(b).max())


def cloud(seed: int, n: int, half_width: float, depth: float) -> np.ndarray:
    points = np.random.default_rng(seed).uniform(-1, 1, (n, 3)) * half_width
    points[:, 2] = -np.abs(points[:, 2]) * depth / half_width
    return points


def differences(f, points: np.ndarray, h: float) -> np.ndarray:
    """Fourth-order ∂f/∂x_j on a last axis."""

    def central(h: float) -> np.ndarray:
        return np.stack([(f(points + h * e) - f(points - h * e)) / (2 * h) for e in np.eye(3)], -1)

    return (4 * central(h) - central(2 * h)) / 3


# --- Okada -------------------------------------------------------------------------------------


def okada_case(x: float, y: float, depth: float, dip: float, slip) -> np.ndarray:
    """Okada's own frame: x along strike from the lower corner at `depth`, L = 3, W = 2."""
    d = np.radians(dip)
    top = [1.5, 2 * np.cos(d), 2 * np.sin(d) - depth]
    return okada.rectangle([[x, y, 0.0]], top, 3.0, 2.0, 90.0, dip, slip)[0]


@pytest.mark.parametrize(
    ("x", "y", "depth", "dip", "slip", "published"),
    [  # Okada (1985), table 2, cases 2 and 3
        (2, 3, 4, 70, (1, 0, 0), (-8.689e-3, -4.298e-3, -2.747e-3)),
        (2, 3, 4, 70, (0, 1, 0), (-4.682e-3, -3.527e-2, -3.564e-2)),
        (2, 3, 4, 70, (0, 0, 1), (-2.660e-4, 1.056e-2, 3.214e-3)),
        (0, 0, 4, 90, (1, 0, 0), (0, 5.253e-3, 0)),
        (0, 0, 4, 90, (0, 1, 0), (0, 0, 0)),
        (0, 0, 4, 90, (0, 0, 1), (1.223e-2, 0, -1.606e-2)),
    ],
)
def test_rectangle_gives_okadas_table(x, y, depth, dip, slip, published) -> None:
    # half a unit of the last of four printed digits; case 3 lies on a nudged line (1e-7)
    bound = np.maximum(0.5e-3 * np.abs(published), 1e-7)
    assert np.all(np.abs(okada_case(x, y, depth, dip, slip) - published) < bound)
    if any(published):
        reversed_slip = okada_case(x, y, depth, dip, -np.array(slip))
        assert np.any(np.abs(reversed_slip - published) > bound)


@pytest.mark.parametrize("slip", SLIPS)
def test_point_source_gives_okadas_table(slip) -> None:
    published = {  # Okada (1985), table 2, case 1: ν = 1/4, unit potency
        0: (-9.447e-4, -1.023e-3, -7.420e-4),
        1: (-1.172e-3, -2.082e-3, -2.532e-3),
        2: (-3.572e-4, 3.531e-4, -2.007e-4),
    }[int(np.argmax(slip))]
    u = [
        point_source.moment_tensor(
            [[2.0, 3.0, 0.0]], [0, 0, -4.0], point_source.slip_tensor(90, dip, slip, 1, 1), 1, 1
        )
        for dip in (70.0, 69.0)
    ]
    assert np.allclose(u[0], published, rtol=6e-4, atol=0)
    assert not np.allclose(u[1], published, rtol=6e-4, atol=0)


@pytest.mark.parametrize("dip", [0.0, 20.0, 70.0, 90.0])
def test_rectangle_is_an_equilibrium_with_a_free_surface(dip: float) -> None:
    fault = ([100.0, -200.0, -2e3], 6e3, 4e3, 33.0, dip, (1.0, -0.7, 0.4))
    points = cloud(774411, 15, 8e3, 9e3)
    points[:, 2] -= 60.0

    def sigma(p: np.ndarray, lam: float = LAM) -> np.ndarray:
        return okada.stress(okada.rectangle_gradient(p, *fault, NU), lam, MU)

    gradient = okada.rectangle_gradient(points, *fault, NU)
    by_difference = differences(lambda p: okada.rectangle(p, *fault, NU), points, 10.0)
    assert misfit(by_difference, gradient) < 1e-5

    tensor = np.array([[0, 3, 4], [3, 1, 5], [4, 5, 2]])

    def residual(lam: float) -> float:
        d = differences(lambda p: sigma(p, lam), points, 5.0)
        force = sum(d[:, tensor[:, j], j] for j in range(3))
        return float(np.abs(force).max() / np.abs(d).max())

    assert residual(LAM) < 1e-6  # truncation of the differences
    assert residual(LAM / 2) > 1e-2

    surface = points * [1, 1, 0]
    traction = sigma(surface)[:, [2, 4, 5]]
    scale = np.abs(sigma(surface)).max()
    assert np.abs(traction).max() < 1e-9 * scale
    assert np.abs(sigma(surface, LAM / 2)[:, 2]).max() > 1e-2 * scale


@pytest.mark.parametrize("dip", [0.0, 35.0, 90.0])
def test_displacement_jumps_by_the_slip_across_the_fault(dip: float) -> None:
    slip = np.array([0.6, -1.1, 0.3])
    top, length, width, strike = np.array([100.0, 200.0, -1e3]), 6e3, 4e3, 25.0
    phi, delta = np.radians([strike, dip])
    e_strike = np.array([np.sin(phi), np.cos(phi), 0])
    right = np.array([np.cos(phi), -np.sin(phi), 0])
    e_down = np.cos(delta) * right - np.sin(delta) * np.array([0, 0, 1])
    normal = np.sin(delta) * right + np.cos(delta) * np.array([0, 0, 1])
    on_fault = top + 0.3 * width * e_down + 0.2 * length * e_strike
    sides = [on_fault + 1e-3 * normal, on_fault - 1e-3 * normal]
    u = okada.rectangle(sides, top, length, width, strike, dip, slip, NU)
    jump = np.array([e_strike, -e_down, normal]) @ (u[0] - u[1])
    assert np.allclose(jump, slip, atol=1e-5)  # sides are 2 mm apart, strain 1e-4
    assert not np.allclose(jump, [0.6, 1.1, 0.3], atol=1e-5)
    mean = okada.rectangle([on_fault], top, length, width, strike, dip, slip, NU)[0]
    assert np.allclose(mean, u.mean(axis=0), atol=1e-5)


@pytest.mark.parametrize("dip", [0.0, 40.0, 90.0])
def test_small_rectangle_is_a_point_source(dip: float) -> None:
    points = cloud(5533771, 25, 9e3, 9e3)
    points[:8, 2] = 0
    center, size, delta = np.array([100.0, 200.0, -4e3]), 20.0, np.radians(dip)
    phi = np.radians(25.0)
    e_down = np.array([np.cos(phi) * np.cos(delta), -np.sin(phi) * np.cos(delta), -np.sin(delta)])
    for slip in SLIPS:
        a = okada.rectangle(points, center - size / 2 * e_down, size, size, 25.0, dip, slip, NU)
        tensor = point_source.slip_tensor(25.0, dip, slip, LAM, MU) * size**2
        b = point_source.moment_tensor(points, center, tensor, LAM, MU)
        assert misfit(a, b) < 1e-4  # (size/distance)²
        assert misfit(-a, b) > 1.0


def test_lines_through_the_edges_are_regular() -> None:
    fault = ([0.0, 0.0, 0.0], 6e3, 4e3, 0.0, 50.0, (1.0, 1.0, 0.0))  # breaks the surface
    trace = np.array([[0, 5e3, 0], [0, -9e3, 0], [0, 4e3, -1e3], [2e3, 3e3, 0.0]])
    down = np.array([np.cos(np.radians(50)), 0, -np.sin(np.radians(50))])
    points = np.vstack([trace, [0, 3e3, 0] + 5e3 * down, [0, -3e3, 0] + 7e3 * down])
    beside = points + [3.0, 4.0, 0.0]
    for field in (okada.rectangle, okada.rectangle_gradient):
        on, off = field(points, *fault), field(beside, *fault)
        assert np.isfinite(on).all()
        assert misfit(on, off) < 1e-2  # 5 m aside, at 1 km and more from the edges


def test_patches_of_equal_slip_add_up_to_the_rectangle() -> None:
    points = cloud(90817, 20, 9e3, 9e3)
    fault = ([100.0, 0.0, -500.0], 6e3, 4e3, 70.0, 40.0, (1.0, -0.5, 0.2))
    whole = okada.rectangle(points, *fault, NU)
    patches = okada.tapered(points, *fault, 5, 3, np.ones((5, 3)), NU)
    assert misfit(patches, whole) < 1e-10
    tapered = okada.tapered(points, *fault, 5, 3, lambda s, t: 1 - t / 4e3, NU)
    assert misfit(tapered, whole) > 0.1
    gradient = okada.tapered(points, *fault, 5, 3, np.ones((5, 3)), NU, okada.rectangle_gradient)
    assert misfit(gradient, okada.rectangle_gradient(points, *fault, NU)) < 1e-10


def test_edges_give_the_same_fault_from_either_end() -> None:
    corner, along, down = np.array([1e3, 0, -1e3]), np.array([0, 4e3, 0]), np.array([2e3, 0, -1e3])
    b = np.array([0.3, 0.5, 0.2])
    top, length, width, strike, dip, slip = okada.from_edges(corner, along, down, b)
    assert (length, strike) == (4e3, 0.0)
    assert dip == pytest.approx(np.degrees(np.arctan(0.5)))
    assert np.linalg.norm(slip) == pytest.approx(np.linalg.norm(b))
    other = okada.from_edges(corner + along, -along, down, b)
    points = cloud(663113, 9, 5e3, 5e3)
    u = okada.rectangle(points, top, length, width, strike, dip, slip)
    assert misfit(okada.rectangle(points, *other), u) < 1e-12
    with pytest.raises(ValueError):
        okada.from_edges(corner, along + [0, 0, 10.0], down, b)


def test_tilted_surface_is_free_and_the_fault_slips() -> None:
    tilt, slip = 12.0, np.array([0.2, 1.0, -0.4])
    r = tilted.rotation(tilt)
    fault = (r @ [500.0, -2e3, -1e3], [0, 4e3, 0], r @ [1500.0, 0, -2000.0], slip)
    x = np.linspace(-4e3, 5e3, 7)
    surface = np.stack([x, 0.3 * x + 200.0, tilted.surface_z(x, tilt)], axis=1)

    def traction(normal: np.ndarray) -> float:
        s = okada.stress(tilted.tilted_gradient(surface, tilt, *fault, NU), LAM, MU)
        full = s[:, [[0, 3, 4], [3, 1, 5], [4, 5, 2]]]
        return float(np.abs(full @ normal).max() / np.abs(s).max())

    assert traction(r[:, 2]) < 1e-9
    assert traction(tilted.rotation(-tilt)[:, 2]) > 1e-2
    middle = fault[0] + 0.5 * np.array(fault[1]) + 0.5 * fault[2]
    normal = np.cross(fault[1], -fault[2])
    normal /= np.linalg.norm(normal)
    u = tilted.tilted_rectangle([middle + 1e-3 * normal, middle - 1e-3 * normal], tilt, *fault, NU)
    assert np.allclose(u[0] - u[1], slip, atol=1e-5)
    flat = okada.rectangle(surface * [1, 1, 0], *okada.from_edges([500, -2e3, -1e3], [0, 4e3, 0],
                           [1500, 0, -2e3], slip), NU)  # fmt: skip
    assert misfit(tilted.tilted_rectangle(surface, tilt, *fault, NU), flat) > 1e-2


# --- cavity and disc ---------------------------------------------------------------------------


def test_mogi_is_an_isotropic_point_source() -> None:
    points = cloud(31337, 12, 8e3, 0.0)
    center, radius, pressure = [300.0, 0.0, -3e3], 900.0, 1e6
    moment = np.pi * radius**3 * pressure * (LAM + 2 * MU) / MU
    u = cavity.mogi(points, center, radius, pressure, LAM, MU)
    assert (
        misfit(point_source.moment_tensor(points, center, moment * np.eye(3), LAM, MU), u) < 1e-12
    )
    assert misfit(cavity.mogi(points, center, radius, pressure, LAM, MU / 2), u) > 0.1


def test_mctigue_corrects_mogi_to_the_solved_cavity() -> None:
    points = np.array([[0, 0, 0], [0.6, 0.8, 0], [3, 0, 0], [-6, 2, 0]]) * 1e3
    errors = []
    for radius in (600.0, 900.0):
        case = (points, [0.0, 0.0, -3e3], radius, 1e6, LAM, MU)
        exact, residual = cavity.sphere(*case, n_rings=16)
        assert residual < 2e-6  # of the pressure on the wall
        assert misfit(cavity.mogi(*case), exact) > 5e-3
        errors.append(misfit(cavity.mctigue(*case), exact))
    assert errors[1] < 2e-3  # (a/d)^5 = 2.4e-3
    assert np.log(errors[1] / errors[0]) / np.log(1.5) > 4.5  # beyond the first correction


def test_disc_is_the_sum_of_point_forces() -> None:
    radius, pressure = 1e3, 1e6
    points = np.array([[0, 0, 0], [2.5e3, 1e3, 0], [-4e3, 3e3, 0.0]])
    x, w = np.polynomial.legendre.leggauss(12)
    rho, weight = (x + 1) / 2 * radius, w * (x + 1) / 4 * radius**2
    azimuth = np.arange(24) * 2 * np.pi / 24
    u = np.zeros((3, 3))
    for p, a in zip(rho, weight, strict=True):
        for t in azimuth:
            s = np.array([p * np.cos(t), p * np.sin(t), -1e-6])
            u -= point_source.force(points, s, MU, NU)[:, :, 2] * a * pressure * 2 * np.pi / 24
    exact = disc.disc(points, (0, 0), radius, pressure, LAM, MU)
    assert misfit(u[1:], exact[1:]) < 1e-6
    assert misfit(-u[1:], exact[1:]) > 1.0
    rim = disc.disc([[radius, 0, 0]], (0, 0), radius, pressure, LAM, MU)[0, 2]
    assert exact[0, 2] == pytest.approx(-(1 - NU) * pressure * radius / MU)
    assert rim == pytest.approx(-2 * (1 - NU) * pressure * radius / (np.pi * MU))


# --- layered half-space ------------------------------------------------------------------------


@pytest.mark.parametrize("z", [-2e3, -4999.0, -5e3, -5001.0, -9e3, -20e3])
def test_equal_layers_are_a_half_space(z: float) -> None:
    points = cloud(48151, 10, 3e4, 0.0)
    points[0] = 0
    equal = [(5e3, LAM, MU), (7e3, LAM, MU), (0.0, LAM, MU)]
    u = point_source.moment_tensor(points, [0, 0, z], TENSOR, LAM, MU)
    assert misfit(layered.moment_tensor(points, equal, [0, 0, z], TENSOR, subtract=False), u) < 1e-9
    softer = [(5e3, LAM, MU / 2), *equal[1:]]
    assert misfit(layered.moment_tensor(points, softer, [0, 0, z], TENSOR), u) > 1e-2


def test_vanishing_top_layer_leaves_the_half_space_below() -> None:
    # its stress scale is the film's, six times softer: the moduli enter A on their own
    points, source = cloud(48151, 10, 3e4, 0.0), [0, 0, -9e3]
    u = point_source.moment_tensor(points, source, TENSOR, LAM, MU)
    film = [(0.01, LAM / 5, MU / 6), (0.0, LAM, MU)]
    assert misfit(layered.moment_tensor(points, film, source, TENSOR, subtract=False), u) < 1e-5
    thick = [(1e3, LAM / 5, MU / 6), (0.0, LAM, MU)]
    assert misfit(layered.moment_tensor(points, thick, source, TENSOR, subtract=False), u) > 1e-2


@pytest.mark.parametrize("z", [-2e3, -4999.9, -5e3, -5000.1, -9e3, -20e3])
def test_layered_source_does_not_depend_on_quadrature_or_subtraction(z: float) -> None:
    points = cloud(16342, 10, 3e4, 0.0)
    u = layered.moment_tensor(points, LAYERS, [0, 0, z], TENSOR)
    fine = layered.moment_tensor(points, LAYERS, [0, 0, z], TENSOR, fine=2.0)
    whole = layered.moment_tensor(points, LAYERS, [0, 0, z], TENSOR, subtract=False)
    assert misfit(fine, u) < 1e-9
    assert misfit(whole, u) < 1e-9
    assert misfit(layered.moment_tensor(points, LAYERS, [0, 0, z], -TENSOR), u) > 1.0


@pytest.mark.parametrize("k_scaled", [0.3, 1.5])
def test_kernels_agree_with_elements_in_depth_and_with_reciprocity(k_scaled: float) -> None:
    k, n = k_scaled / 5e3, 480
    lower = 40e3 if k_scaled > 1 else 160e3  # exp(-9) and less at the fixed end, squared in energy
    z, u, s = depth_line(k, LAYERS, n, lower)
    load = layered.kernels(np.array([k]), LAYERS, np.zeros(1), load=True)[0, 0, :, 0] / k
    assert -u[0] == pytest.approx(load[0], rel=3e-3)  # (kh)² of the elements
    assert -s[0] == pytest.approx(load[1], rel=3e-3)
    # u_z at the surface from M at z = strain at z from a force at the surface
    for depth in (3e3, 8e3, 20e3):
        i = int(np.argmin(np.abs(z + depth)))
        slope_u, slope_s = ((f[i + 1] - f[i - 1]) / (z[i + 1] - z[i - 1]) for f in (u, s))
        kernel = layered.kernels(np.array([k]), LAYERS, z[i : i + 1])[0, 0, 0, :3]
        strain = np.array([-k * s[i], slope_u, -(slope_s + k * u[i])])
        wrong = layered.kernels(np.array([k]), [*LAYERS[:2], (0.0, LAM, MU)], z[i : i + 1])
        bound = 1e-2 * np.abs(strain).max()
        assert np.abs(kernel - strain).max() < bound
        assert np.abs(wrong[0, 0, 0, :3] - strain).max() > bound


def test_long_strike_slip_fault_is_the_image_series_of_one_layer() -> None:
    # Rybicki (1971) for slip from 0 to D <= H: u = (b/2π) [2 atan(D/x) + 2 Σ γⁿ F_n],
    # F_n = atan((D + 2nH)/x) + atan((D - 2nH)/x), γ = (μ1 - μ2)/(μ1 + μ2)
    depth, thickness, ratio = 4e3, 5e3, 6.0
    x = np.array([500.0, 2e3, 6e3, 12e3])
    layers = [(thickness, LAM, MU), (0.0, LAM * ratio, MU * ratio)]
    gamma = (1 - ratio) / (1 + ratio)
    images = sum(
        gamma**n * (np.arctan((depth + 2 * n * thickness) / x)
        + np.arctan((depth - 2 * n * thickness) / x)) for n in range(1, 200)
    )  # fmt: skip
    exact = (np.arctan(depth / x) + images) / np.pi
    points = np.stack([x, 0 * x, 0 * x], axis=1)
    fault = ([0.0, 0.0, 0.0], 600e3, depth, 0.0, 90.0, (1.0, 0, 0))
    u = layered.rectangle(points, layers, *fault, n_along=200, n_down=4)[:, 1]
    assert misfit(u, exact) < 2e-3  # the ends at ±300 km
    assert misfit(u, np.arctan(depth / x) / np.pi) > 5e-2


@pytest.mark.parametrize("dip", [30.0, 90.0])
def test_layered_rectangle_converges_and_is_the_sum_of_its_sources(dip: float) -> None:
    points = cloud(2718281, 40, 3e4, 0.0)
    fault = ([0.0, 0.0, -1e3], 20e3, 12e3, 40.0, dip, (1.0, 0.5, 0.2))
    coarse = layered.rectangle(points, LAYERS, *fault)
    fine = layered.rectangle(points, LAYERS, *fault, n_along=18, n_down=20, fine=1.5)
    assert misfit(coarse, fine) < 1e-4
    assert misfit(okada.rectangle(points, *fault, NU), fine) > 5e-2
    equal = [(5e3, LAM, MU), (0.0, LAM, MU)]
    assert (
        misfit(layered.rectangle(points, equal, *fault), okada.rectangle(points, *fault, NU))
        < 1e-10
    )


def test_small_layered_rectangle_is_a_layered_point_source() -> None:
    points = cloud(141421, 12, 2e4, 0.0)
    for depth in (3e3, 8e3, 15e3):
        lam, mu = layered._moduli(LAYERS, -depth)
        tensor = point_source.slip_tensor(40.0, 0.0, (1.0, 0.3, 0.2), lam, mu) * 100.0**2
        point = layered.moment_tensor(points, LAYERS, [0, 0, -depth], tensor)
        south = [-50 * np.sin(np.radians(130)), -50 * np.cos(np.radians(130)), -depth]
        slip = (1.0, 0.3, 0.2)
        small = layered.rectangle(points, LAYERS, south, 100.0, 100.0, 40.0, 0.0, slip, 2, 2)
        assert misfit(small, point) < 1e-3  # (size/depth)²
        wrong = layered.moment_tensor(points, LAYERS, [0, 0, -depth], tensor / 2)
        assert misfit(small, wrong) > 0.5


def test_disc_on_a_vanishing_layer_feels_the_half_space_below() -> None:
    points = np.array([[0, 0, 0], [3e4, 0, 0], [1e4, 2e4, 0.0]])
    u = disc.disc(points, (0, 0), 2e4, 1e6, LAM, MU)
    error = [
        misfit(
            layered.disc_load(points, [(h, LAM / 2, MU / 2), (0.0, LAM, MU)], (0, 0), 2e4, 1e6), u
        )
        for h in (400.0, 200.0)
    ]
    assert error[1] < 1e-2
    assert 1.6 < error[0] / error[1] < 2.4  # first order in the thickness
    assert misfit(disc.disc(points, (0, 0), 2e4, 1e6, LAM / 2, MU / 2), u) > 0.5
