"""Strike, dip and rake as geologists use them, pinned by cases that can be drawn on paper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from femcrust.faults.geometry import (
    chart_of_points,
    distance_to_segments,
    frames,
    frames_of_normals,
    slip_vectors,
    strike_and_dip,
    symmetric_dyad,
)
from femcrust.faults.patches import raked
from femcrust.faults.source import magnitude, scalar_moment_density
from femcrust.faults.tet10 import barycentric_gradients, strain_at_vertices
from small_meshes import split_cubes

EXACT = 1e-12  # sines and cosines of unit vectors: a few roundings
HALF, ROOT = 0.5, np.sqrt(0.75)

# strike, dip, (strike, dip, opening) slip → motion of the hanging wall, east north up
MOTIONS = {
    "left-lateral on a northward strike: the east side goes north": (0, 90, (1, 0, 0), (0, 1, 0)),
    "left-lateral on an eastward strike: the south side goes east": (90, 90, (1, 0, 0), (1, 0, 0)),
    "thrust on a vertical fault: the right side goes up": (0, 90, (0, 1, 0), (0, 0, 1)),
    "opening of a northward dike: the east side goes east": (0, 90, (0, 0, 1), (1, 0, 0)),
    "thrust, dip 30 to the east: west and up": (0, 30, (0, 1, 0), (-ROOT, 0, HALF)),
    "thrust, dip 30 to the south: north and up": (90, 30, (0, 1, 0), (0, ROOT, HALF)),
    "normal fault, dip 60 to the west: west and down": (180, 60, (0, -1, 0), (-HALF, 0, -ROOT)),
    "opening of a sill: up": (77, 0, (0, 0, 1), (0, 0, 1)),
    "opening, dip 60 to the east: up and east": (0, 60, (0, 0, 1), (ROOT, 0, HALF)),
}


@pytest.mark.parametrize("case", MOTIONS)
def test_motion_of_the_hanging_wall(case: str) -> None:
    strike, dip, components, motion = MOTIONS[case]
    found = slip_vectors(np.array(components, dtype=float), frames(strike, dip))
    np.testing.assert_allclose(found, motion, atol=EXACT)


@pytest.mark.parametrize(
    ("rake", "components"), [(0, (2, 0)), (90, (0, 2)), (180, (-2, 0)), (-90, (0, -2))]
)
def test_rake_is_left_lateral_thrust_right_lateral_normal(rake: float, components: tuple) -> None:
    found = raked(np.array([2.0]), np.array([float(rake)]))
    np.testing.assert_allclose(found, [[*components, 0.0]], atol=EXACT)


@given(st.floats(0, 360), st.floats(0.2, 179.0))
def test_normal_gives_back_strike_and_dip(strike: float, dip: float) -> None:
    """Also past the vertical, where a curved fault overhangs."""
    frame = frames(strike, dip)
    np.testing.assert_allclose(np.linalg.det(frame), 1.0, atol=EXACT)
    np.testing.assert_allclose(frames_of_normals(frame[2]), frame, atol=1e-9)
    found = strike_and_dip(frame[2])
    assert np.cos(np.radians(found[0] - strike)) == pytest.approx(1.0, abs=EXACT)
    assert found[1] == pytest.approx(dip, abs=1e-9)


def test_horizontal_facets_take_the_strike_they_are_given() -> None:
    flat = np.array([1e-5, -1e-5, 1.0])
    frame = frames_of_normals(flat / np.linalg.norm(flat), frames(30.0, 0.0)[0])
    np.testing.assert_allclose(frame, frames(30.0, 0.0), atol=2e-5)
    np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=EXACT)


def test_dyad_is_the_symmetric_part() -> None:
    b, n = np.random.default_rng(90210417).normal(size=(2, 3))
    expected = (np.outer(b, n) + np.outer(n, b)) / 2
    found = symmetric_dyad(b, n)
    np.testing.assert_allclose(found, expected[(0, 1, 2, 0, 0, 1), (0, 1, 2, 1, 2, 2)])


def test_moment_of_shear_is_mu_times_slip_and_of_opening_its_tensor_norm() -> None:
    lam, mu = np.array(2.0), np.array(3.0)
    b, n = np.array([0.0, 0.5, 0.0]), np.array([1.0, 0.0, 0.0])
    assert scalar_moment_density(symmetric_dyad(b, n), lam, mu) == pytest.approx(1.5)
    tensor = 2.0 * np.eye(3) + 6.0 * np.outer(n, n)
    opening = scalar_moment_density(symmetric_dyad(n, n), lam, mu)
    assert opening == pytest.approx(np.linalg.norm(tensor) / np.sqrt(2.0))


def test_magnitude_six_is_ten_to_the_18_point_1() -> None:
    assert magnitude(10.0**18.1) == pytest.approx(6.0)
    assert magnitude(0.0) == -np.inf


def test_strain_of_a_quadratic_field_is_exact() -> None:
    mesh = split_cubes(2, jiggle=0.2)
    c = np.random.default_rng(558823).normal(size=(3, 3, 3))

    def grad(x):  # u_i = c_ijk x_j x_k
        return np.einsum("ijk,nj->nik", c + c.transpose(0, 2, 1), x)

    x = mesh.points[mesh.tets]
    middles = [(x[:, i] + x[:, j]) / 2 for i, j in ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))]
    nodes = np.concatenate([x, np.stack(middles, axis=1)], axis=1)
    u = np.einsum("ijk,nmj,nmk->nmi", c, nodes, nodes)
    g, _ = barycentric_gradients(mesh.points, mesh.tets)
    h = grad(x.reshape(-1, 3))
    expected = ((h + h.transpose(0, 2, 1)) / 2)[:, (0, 1, 2, 0, 0, 1), (0, 1, 2, 1, 2, 2)]
    found = strain_at_vertices(u, g).reshape(-1, 6)
    np.testing.assert_allclose(found, expected, atol=1e-11)  # differences over edges of 0.1


def test_chart_is_measured_from_the_top_centre() -> None:
    frame = frames(40.0, 50.0)
    corners = np.array([[-3.0, 0.0], [3.0, 0.0], [3.0, 5.0], [-3.0, 5.0]])  # along, down
    points = 7.0 + corners[:, :1] * frame[0] - corners[:, 1:] * frame[1]
    np.testing.assert_allclose(
        chart_of_points(points, frame).along_down(points), corners, atol=1e-12
    )


def test_distance_to_segments_counts_ends_and_insides() -> None:
    ends = np.array([[[0.0, 0, 0], [2.0, 0, 0]]])
    points = np.array([[1.0, 3, 0], [-3.0, 4, 0], [2.0, 0, 1], [1.0, 0, 0]])
    assert distance_to_segments(points, ends).tolist() == [3.0, 5.0, 1.0, 0.0]
    assert distance_to_segments(points, ends, limit=2.0).tolist() == [2.0, 2.0, 1.0, 0.0]
