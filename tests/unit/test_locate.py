"""Points are found in the tetrahedron that holds them, however the mesh is graded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from femcrust.errors import InputError
from femcrust.mesh.locate import Locator
from femcrust.mesh.mesh import Mesh, ordered
from small_meshes import split_cubes

SIZE = (200e3, 160e3, 100e3)
LOW = np.array([-100e3, -80e3, -100e3])
HIGH = LOW + SIZE


def graded(n: int = 9) -> Mesh:
    """Cells of 100 m around the origin to ones above 10 km at the far corners."""
    mesh = split_cubes((2 * n, 2 * n, n), SIZE, tuple(LOW))
    points = mesh.points.copy()
    for axis, scale in enumerate((100e3, 80e3, 100e3)):
        t = points[:, axis] / scale
        points[:, axis] = scale * np.sign(t) * np.abs(t) ** 3
    return ordered(replace(mesh, points=points))


MESH = graded()
SHARED = (MESH, Locator(MESH))


def lowest_by_brute_force(mesh: Mesh, points: np.ndarray) -> np.ndarray:
    """A linear system in every tetrahedron; random points keep clear of faces by 1e-9."""
    x = mesh.points[mesh.tets]
    system = np.stack([x[:, i] - x[:, 0] for i in (1, 2, 3)], axis=2)
    found = []
    for point in points:
        lam = np.linalg.solve(system, (point - x[:, 0])[:, :, None])[:, :, 0]
        held = (lam.min(axis=1) >= 0) & (lam.sum(axis=1) <= 1)
        found.append(np.argmax(held) if held.any() else -1)
    return np.array(found)


def test_points_are_where_brute_force_finds_them() -> None:
    mesh = graded(4)
    random = np.random.default_rng(571923)
    points = random.uniform(1.1 * LOW, 1.1 * HIGH, (300, 3))
    points[:150] *= random.uniform(0.03, 1, (150, 1)) ** 2  # most of them near the fine cells
    tets, bary = Locator(mesh).find(points)
    np.testing.assert_array_equal(tets, lowest_by_brute_force(mesh, points))
    assert 0 < np.count_nonzero(tets < 0) < 150
    assert np.all(np.isnan(bary[tets < 0]))


def test_barycentric_coordinates_give_the_point_back() -> None:
    mesh = graded()
    points = np.random.default_rng(8812377).uniform(LOW, HIGH, (2000, 3))
    tets, bary = Locator(mesh).find(points)
    assert tets.min() >= 0
    back = np.einsum("ni,nij->nj", bary, mesh.points[mesh.tets[tets]])
    np.testing.assert_allclose(back, points, atol=1e-8)  # eps x 1e5 m x the aspect of the cells
    np.testing.assert_allclose(bary.sum(axis=1), 1.0, rtol=1e-14)


@settings(max_examples=60)
@given(
    tet=st.integers(0, 6 * 18 * 18 * 9 - 1),
    corners=st.sets(st.integers(0, 3), min_size=1, max_size=3),
    share=st.floats(0.01, 1.0),
)
def test_points_on_faces_edges_and_vertices_are_found_once_and_for_all(
    tet: int, corners: set[int], share: float
) -> None:
    """The lowest number among those that share the point, whatever else is asked with it."""
    mesh, locator = SHARED
    weight = np.zeros(4)
    weight[sorted(corners)] = share ** np.arange(len(corners))
    point = (weight / weight.sum()) @ mesh.points[mesh.tets[tet]]
    alone, bary = locator.find(point[None])
    among, _ = locator.find(np.vstack([mesh.points[:50], point]))
    assert 0 <= alone[0] <= tet
    assert alone[0] == among[-1]
    assert bary.min() > -1e-6


def test_vertices_are_found_in_the_lowest_tetrahedron_that_has_them() -> None:
    mesh, locator = SHARED
    tets, bary = locator.find(mesh.points)
    first = np.full(mesh.n_points, mesh.n_tets)
    np.minimum.at(first, mesh.tets.ravel(), np.repeat(np.arange(mesh.n_tets), 4))
    np.testing.assert_array_equal(tets, first)
    assert bary.max() == pytest.approx(1.0, abs=1e-6)


def test_station_a_hair_above_the_surface_is_found_and_one_a_metre_above_is_not() -> None:
    _, locator = SHARED
    hair = 1e-9 * 100e3 / 9**3  # the tolerance, times a size below that of the cells there
    tets, _ = locator.find(np.array([[30e3, 20e3, hair], [30e3, 20e3, 1.0], [1e300, 0, 0]]))
    assert tets[0] >= 0
    assert tets[1:].tolist() == [-1, -1]


def test_surface_height_is_that_of_the_top_faces() -> None:
    """Linear hills are exact at every point; the rim counts as inside, beyond it is nan."""
    mesh = split_cubes((7, 6, 4), SIZE, tuple(LOW), jiggle=0.1)
    points = mesh.points.copy()
    slope = 0.01 * points[:, 0] - 0.02 * points[:, 1]
    points[:, 2] += slope * (points[:, 2] - LOW[2]) / 100e3
    locator = Locator(replace(mesh, points=points))
    random = np.random.default_rng(660211)
    x, y = random.uniform(LOW[0], HIGH[0], 500), random.uniform(LOW[1], HIGH[1], 500)
    x[:2], y[:2] = (LOW[0], HIGH[0]), (LOW[1], HIGH[1])  # corners
    np.testing.assert_allclose(locator.surface_z(x, y), 0.01 * x - 0.02 * y, atol=1e-8)
    assert np.isnan(locator.surface_z(HIGH[0] + 1.0, 0.0))
    assert locator.surface_z(x.reshape(50, 10), y.reshape(50, 10)).shape == (50, 10)


def test_under_an_overhang_the_highest_surface_counts() -> None:
    """A block of cells removed sideways under a roof: the roof's height, not the floor's."""
    mesh = split_cubes((8, 6, 4), (8.0, 6.0, 4.0), (0.0, 0.0, -4.0))
    x = mesh.points[mesh.tets].mean(axis=1)
    shaft = (x[:, 0] > 2) & (x[:, 0] < 3) & (x[:, 2] > -2)
    tunnel = (x[:, 0] > 2) & (x[:, 0] < 5) & (x[:, 2] > -2) & (x[:, 2] < -1)
    gone = (shaft | tunnel) & (x[:, 1] > 2) & (x[:, 1] < 4)
    locator = Locator(ordered(Mesh(mesh.points, mesh.tets[~gone])))
    z = locator.surface_z(np.array([2.5, 4.5, 6.5]), 3.1)
    np.testing.assert_allclose(z, [-2.0, 0.0, 0.0], atol=1e-12)


def test_a_position_that_is_no_number_is_refused() -> None:
    _, locator = SHARED
    with pytest.raises(InputError, match=r"point 1: .*nan.*not finite"):
        locator.find(np.array([[0.0, 0.0, -1.0], [np.nan, 0.0, 0.0]]))
    with pytest.raises(InputError, match="not finite"):
        locator.surface_z(np.inf, 0.0)
