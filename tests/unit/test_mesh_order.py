"""Renumbering a mesh changes no geometry and no group, and keeps neighbours close in memory."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from femcrust.mesh.mesh import Mesh, hilbert_keys, ordered, tet_volumes


@pytest.fixture
def scattered() -> Mesh:
    """64 tetrahedra with random corners, two unused points and two named groups."""
    random = np.random.default_rng(770917)
    points = random.uniform(-3e3, 5e3, (258, 3))
    tets = random.permutation(np.arange(1, 257)).reshape(-1, 4).astype(np.int32)
    inverted = tet_volumes(Mesh(points, tets)) < 0
    tets[inverted] = tets[inverted][:, [1, 0, 2, 3]]
    return Mesh(
        points,
        tets,
        volumes={"slab": np.array([3, 11, 40], dtype=np.int32)},
        surfaces={"fault": tets[[5, 50]][:, :3].copy()},
    )


def corners(points: np.ndarray, cells: np.ndarray) -> set[bytes]:
    """The cells by the coordinates of their corners, in the order in which each lists them."""
    return {cell.tobytes() for cell in points[cells]}


def test_volume_of_known_tetrahedra_is_signed() -> None:
    points = np.array([[0, 0, 0], [2, 0, 0], [0, 3, 0], [0, 0, 4], [0, 0, -4]], dtype=float)
    mesh = Mesh(points, np.array([[0, 1, 2, 3], [0, 1, 2, 4]], dtype=np.int32))
    np.testing.assert_array_equal(tet_volumes(mesh), [4.0, -4.0])


def test_ordering_keeps_every_cell_group_and_orientation(scattered: Mesh) -> None:
    mesh = ordered(scattered)
    assert mesh.n_points == 256  # the two points without a tetrahedron are gone
    assert corners(mesh.points, mesh.tets) == corners(scattered.points, scattered.tets)
    slab, old_slab = mesh.tets[mesh.volumes["slab"]], scattered.tets[scattered.volumes["slab"]]
    assert corners(mesh.points, slab) == corners(scattered.points, old_slab)
    np.testing.assert_array_equal(
        mesh.points[mesh.surfaces["fault"]], scattered.points[scattered.surfaces["fault"]]
    )
    assert np.all(tet_volumes(mesh) > 0)


def test_ordering_twice_is_ordering_once(scattered: Mesh) -> None:
    once = ordered(scattered)
    twice = ordered(once)
    np.testing.assert_array_equal(once.points, twice.points)
    np.testing.assert_array_equal(once.tets, twice.tets)


def test_hilbert_curve_steps_from_cell_to_neighbouring_cell() -> None:
    """What defines the curve: through a full lattice of 2^k cells, each step has length 1."""
    n = 8
    lattice = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    keys = hilbert_keys(lattice.astype(float), bits=3)
    assert sorted(keys.tolist()) == list(range(n**3))
    path = lattice[np.argsort(keys)]
    assert all(np.abs(b - a).sum() == 1 for a, b in pairwise(path))


def test_points_in_one_place_have_one_key() -> None:
    assert set(hilbert_keys(np.ones((5, 3))).tolist()) == {0}
