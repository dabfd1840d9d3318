"""Angles, edges and volumes of tetrahedra whose shapes are known."""

from __future__ import annotations

import numpy as np
import pytest

from femcrust.mesh.mesh import Mesh
from femcrust.mesh.quality import quality, smallest_dihedrals
from small_meshes import split_cubes

REGULAR = np.array([[1, 1, 1], [-1, 1, -1], [1, -1, -1], [-1, -1, 1]], dtype=float)
CORNER = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=float)


def one(points: np.ndarray) -> Mesh:
    return Mesh(points, np.array([[0, 1, 2, 3]], dtype=np.int32))


def test_regular_tetrahedron_has_dihedral_arccos_one_third() -> None:
    report = quality(one(1e3 * REGULAR))
    assert report.min_dihedral_deg == pytest.approx(np.degrees(np.arccos(1 / 3)), abs=1e-12)
    assert report.max_edge_ratio == pytest.approx(1.0, abs=1e-14)
    edge = 1e3 * np.sqrt(8.0)
    assert report.volume == pytest.approx(edge**3 / np.sqrt(72.0), rel=1e-14)
    assert (report.edge_min, report.edge_max) == pytest.approx((edge, edge), rel=1e-14)


def test_corner_of_a_cube_has_dihedral_arctan_root_two() -> None:
    """Three right angles at the corner, three of arccos(1/√3) at the oblique face."""
    assert smallest_dihedrals(one(CORNER))[0] == pytest.approx(54.735610317245346, abs=1e-12)


@pytest.mark.parametrize("height", [0.3, 1e-2, 1e-4])
def test_flat_tetrahedron_has_the_angle_of_its_height(height: float) -> None:
    """An apex above the foot of an equilateral triangle, side 1: tan θ = height / inradius."""
    foot = np.array([[0, 0, 0], [1, 0, 0], [0.5, np.sqrt(0.75), 0]])
    mesh = one(np.vstack([foot, foot.mean(axis=0) + [0, 0, height]]))
    expected = np.degrees(np.arctan(height * np.sqrt(12.0)))
    # The cosine of a small angle θ holds it to eps / θ².
    rounding = 8 * np.finfo(float).eps / np.radians(expected) ** 2
    assert smallest_dihedrals(mesh)[0] == pytest.approx(expected, rel=rounding)


@pytest.mark.parametrize(("angle", "percent"), [(9.9, 100.0), (10.1, 0.0)])
def test_ten_degrees_divide_flat_from_sound(angle: float, percent: float) -> None:
    foot = np.array([[0, 0, 0], [1, 0, 0], [0.5, np.sqrt(0.75), 0]])
    height = np.tan(np.radians(angle)) / np.sqrt(12.0)
    mesh = one(np.vstack([foot, foot.mean(axis=0) + [0, 0, height]]))
    assert quality(mesh).percent_below_10deg == percent


def test_angles_do_not_depend_on_position_rotation_or_size() -> None:
    random = np.random.default_rng(44019)
    shape = random.uniform(0, 1, (4, 3))
    turn, _ = np.linalg.qr(random.normal(size=(3, 3)))
    moved = 1e4 * shape @ turn.T + [3e5, -2e5, 1e5]
    before, after = smallest_dihedrals(one(shape)), smallest_dihedrals(one(moved))
    assert after[0] == pytest.approx(before[0], abs=1e-8)


def test_split_cubes_have_known_counts_and_histogram() -> None:
    """n³ cubes in six: 45° everywhere; edges along axes, face and space diagonals."""
    n = 3
    report = quality(split_cubes(n, (300.0, 300.0, 300.0)))
    assert (report.n_points, report.n_tets) == ((n + 1) ** 3, 6 * n**3)
    assert report.n_edges == 3 * n * (n + 1) ** 2 + 3 * n**2 * (n + 1) + n**3
    assert report.n_dof == 3 * (2 * n + 1) ** 3  # the P2 nodes fill the lattice of half cells
    assert report.volume == pytest.approx(300.0**3, rel=1e-13)
    assert report.min_dihedral_deg == pytest.approx(45.0, abs=1e-9)
    assert report.histogram.sum() == report.n_tets
    assert report.histogram[8:10].sum() == report.n_tets  # 45°, on the edge of two bins
    assert report.max_edge_ratio == pytest.approx(np.sqrt(3.0), rel=1e-12)
    assert report.edge_min == pytest.approx(100.0, rel=1e-12)
    # 144 edges along axes are more than the 108 + 27 diagonals.
    assert report.edge_median == pytest.approx(100.0, rel=1e-12)
    assert report.percent_below_10deg == 0.0


def test_the_worst_cell_is_named_and_shown() -> None:
    mesh = split_cubes(4, (8e3, 8e3, 8e3), (0.0, 0.0, -8e3))
    points = mesh.points.copy()
    inner = np.flatnonzero(np.all(np.abs(points - [4e3, 4e3, -4e3]) < 1.0, axis=1))
    points[inner] += [0.0, 150.0, 1900.0]  # nearly onto the next vertex
    report = quality(Mesh(points, mesh.tets))
    assert inner[0] in mesh.tets[report.worst[0]]
    assert report.worst_angles[0] == report.min_dihedral_deg
    assert np.all(np.diff(report.worst_angles) >= 0)
    assert report.percent_below_10deg > 0
    text = report.text()
    assert f"{report.min_dihedral_deg:.2f}°" in text
    assert "384 tetrahedra" in text
