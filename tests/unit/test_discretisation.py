"""The quadratic numbering and the boundary, beside plain NumPy that sorts all edges and faces."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from femcrust import backends, discretisation
from femcrust.discretisation import TET_EDGES, count_nodes, discretise
from femcrust.errors import InputError
from femcrust.mesh.box import BoxSpec, box_mesh
from femcrust.mesh.exterior import exterior_faces, tet_faces
from femcrust.mesh.mesh import Floats, Ints, Mesh
from small_meshes import split_cubes

GRADED = BoxSpec(
    x=(-9.0, 9.0), y=(-9.0, 9.0), z=(-9.0, 0.0), near=0.8, far=4.0, at=(np.zeros((1, 3)),)
)


def meshes() -> dict[str, Mesh]:
    """Blocks of 512 elements: one, several, and several with numbers that follow no curve."""
    graded = box_mesh(GRADED)
    rng = np.random.default_rng(618033988)
    turn = rng.permutation(graded.n_points).astype(np.int32)
    points = np.empty_like(graded.points)
    points[turn] = graded.points
    shuffled = turn[graded.tets][rng.permutation(graded.n_tets)]
    return {
        "cubes": split_cubes(3, jiggle=0.2),
        "graded": graded,
        "shuffled": Mesh(points, np.ascontiguousarray(shuffled)),
    }


def numbered_by_sorting(mesh: Mesh) -> tuple[Ints, Ints, Floats]:
    """Edges in the order in which elements meet them, by np.unique: (edges, elements, nodes)."""
    ends = np.sort(np.stack([mesh.tets[:, list(pair)] for pair in TET_EDGES], axis=1), axis=2)
    keys = ends[..., 0].astype(np.int64) * mesh.n_points + ends[..., 1]
    unique, first, inverse = np.unique(keys.ravel(), return_index=True, return_inverse=True)
    met = np.argsort(first)
    number = np.empty(len(met), dtype=np.int32)
    number[met] = np.arange(len(met))
    edges = np.stack(np.divmod(unique[met], mesh.n_points), axis=1).astype(np.int32)
    middles = mesh.n_points + number[inverse].reshape(-1, 6)
    nodes = np.concatenate([mesh.points, mesh.points[edges].mean(axis=1)])
    return edges, np.concatenate([mesh.tets, middles], axis=1).astype(np.int32), nodes


@pytest.mark.parametrize("name", ["cubes", "graded", "shuffled"])
def test_quadratic_nodes_are_numbered_as_the_elements_meet_them(name: str) -> None:
    mesh = meshes()[name]
    edges, elements, nodes = numbered_by_sorting(mesh)
    space = discretise(mesh)
    np.testing.assert_array_equal(space.edges, edges)
    np.testing.assert_array_equal(space.elements, elements)
    np.testing.assert_array_equal(space.nodes, nodes)
    assert count_nodes(mesh) == len(nodes)


@pytest.mark.parametrize("name", ["cubes", "graded", "shuffled"])
def test_exterior_faces_belong_to_one_tetrahedron(name: str) -> None:
    mesh = meshes()[name]
    faces = tet_faces(mesh.tets)
    _, inverse, count = np.unique(
        np.sort(faces, axis=1), axis=0, return_inverse=True, return_counts=True
    )
    once = np.flatnonzero(count[inverse.ravel()] == 1)
    exterior = exterior_faces(mesh)
    np.testing.assert_array_equal(exterior.faces, faces[once])
    np.testing.assert_array_equal(exterior.tets, once // 4)


def test_edges_are_found_from_both_ends() -> None:
    space = discretise(meshes()["shuffled"])
    expected = space.n_vertices + np.arange(len(space.edges))
    np.testing.assert_array_equal(space.edge_nodes(space.edges), expected)
    np.testing.assert_array_equal(space.edge_nodes(space.edges[:, ::-1]), expected)


@pytest.mark.parametrize("ends", [(0, 0), (-1, 3), (3, 10**6)])
def test_an_edge_that_is_not_there_is_refused(ends: tuple[int, int]) -> None:
    space = discretise(split_cubes(2))
    with pytest.raises(ValueError, match="not in the mesh"):
        space.edge_nodes(np.array([ends], dtype=np.int32))


def test_tetrahedra_with_unknown_vertices_are_refused() -> None:
    mesh = split_cubes(2)
    broken = mesh.tets.copy()
    broken[3, 1] = mesh.n_points
    with pytest.raises(InputError, match=r"^mesh: tets: a vertex number lies outside"):
        discretise(Mesh(mesh.points, broken))


def digest() -> str:
    """One number for the bits of everything that is set up."""
    mesh = box_mesh(GRADED)
    space = discretise(mesh)
    exterior = exterior_faces(mesh)
    total = hashlib.sha256()
    for array in (space.elements, space.nodes, space.edges, exterior.faces):
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()


def test_numbers_do_not_depend_on_threads() -> None:
    core = backends.core()
    before = core.threads()
    digests = set()
    for threads in (1, 2, 5):
        core.set_threads(threads)
        digests.add(digest())
    core.set_threads(before)
    assert len(digests) == 1


def test_more_unknowns_than_32_bits_count_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    mesh = split_cubes(2)
    n = discretise(mesh).n_dof
    monkeypatch.setattr(discretisation, "NUMBERED", n)
    assert discretise(mesh).n_dof == n
    monkeypatch.setattr(discretisation, "NUMBERED", n - 1)
    with pytest.raises(InputError, match=rf"mesh: {n} unknowns, more than {n - 1}; make the mesh"):
        discretise(mesh)
