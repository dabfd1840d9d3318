"""Uniform refinement keeps a mesh whole, its groups and boundary and, after one step, its shape."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from femcrust import backends, operators, preconditioners, solvers
from femcrust.boundaries.conditions import Conditions, Infinite
from femcrust.discretisation import discretise
from femcrust.errors import InputError
from femcrust.mesh import refinement
from femcrust.mesh.box import BoxSpec, FaultPlane, box_mesh
from femcrust.mesh.exterior import exterior_faces, row_ids
from femcrust.mesh.mesh import Mesh, ordered, tet_volumes
from femcrust.mesh.quality import smallest_dihedrals
from femcrust.mesh.refinement import Counts, count, refined
from small_meshes import split_cubes

KM = 1e3
EXACT = 1e-12  # relative; sums of at most 1e6 terms rounded at 1e-16
CORNERS = np.array([(0.0, -4, -6), (0.0, 4, -6), (0.0, 4, 0), (0.0, -4, 0)]) * KM
CUBES = BoxSpec((-8 * KM, 8 * KM), (-8 * KM, 8 * KM), (-16 * KM, 0.0), KM, 4 * KM, at=(CORNERS,))
GRADED = replace(
    CUBES,
    near=2 * KM,
    x=(-9.3 * KM, 10.1 * KM),
    layers=(-7.1 * KM,),
    faults=(FaultPlane("main", CORNERS),),
)
CUBE_ANGLE = 30.0  # degrees: shapes that cells of cubes come to, where the worst path gives 19
COUNT = """
import hashlib
from femcrust.mesh.refinement import refined
from small_meshes import split_cubes
fine = refined(split_cubes(5, jiggle=0.2), 2)
found = hashlib.sha256(fine.mesh.points.tobytes() + fine.mesh.tets.tobytes())
print(found.hexdigest(), fine.exterior.faces.sum())
"""


@pytest.fixture(scope="module")
def coarse() -> Mesh:
    return box_mesh(GRADED)


def face_uses(mesh: Mesh) -> np.ndarray:
    """How many tetrahedra have each face."""
    faces = mesh.tets[:, [(1, 2, 3), (0, 3, 2), (0, 1, 3), (0, 2, 1)]].reshape(-1, 3)
    return np.bincount(row_ids(faces))


@pytest.mark.parametrize("times", [0, 1, 2])
def test_counts_are_those_of_uniform_refinement(coarse: Mesh, times: int) -> None:
    fine = refined(coarse, times).mesh
    assert count(fine) == count(coarse).refined(times)
    assert fine.n_tets == 8**times * coarse.n_tets
    assert discretise(fine).n_dof == count(coarse).refined(times).unknowns


@pytest.mark.parametrize("times", [1, 2])
def test_fine_mesh_conforms_and_fills_its_parents(coarse: Mesh, times: int) -> None:
    fine = refined(coarse, times)
    uses = face_uses(fine.mesh)
    assert uses.max() == 2  # no face has three cells, and with the next line none hangs
    assert (uses == 1).sum() == 4**times * len(exterior_faces(coarse).faces)
    volumes = tet_volumes(fine.mesh)
    assert volumes.min() > 0
    parents = tet_volumes(coarse)
    children = volumes.reshape(len(parents), -1)
    np.testing.assert_allclose(children.sum(axis=1), parents, rtol=EXACT)
    np.testing.assert_allclose(children, parents[:, None] / 8**times + 0 * children, rtol=1e-9)
    # children lie inside: the barycentric coordinates of their vertices in the parent are ≥ 0
    first = coarse.points[coarse.tets[:, 0]]
    edges = coarse.points[coarse.tets[:, 1:]] - first[:, None]
    corners = fine.mesh.points[fine.mesh.tets].reshape(len(parents), -1, 3) - first[:, None]
    inside = np.linalg.solve(edges.transpose(0, 2, 1), corners.transpose(0, 2, 1))
    assert inside.min() > -1e-9
    assert inside.sum(axis=1).max() < 1 + 1e-9


def test_points_are_not_repeated_and_old_ones_stay(coarse: Mesh) -> None:
    fine = refined(coarse, 2).mesh
    assert len(np.unique(np.round(fine.points, 3), axis=0)) == fine.n_points  # to the millimetre
    known = {point.tobytes() for point in fine.points}
    assert {point.tobytes() for point in coarse.points} <= known


def test_boundary_is_that_of_a_search(coarse: Mesh) -> None:
    for mesh in (coarse, split_cubes((3, 4, 2), jiggle=0.2)):
        fine = refined(mesh, 2)
        searched = exterior_faces(fine.mesh)
        found = fine.exterior
        order = [np.lexsort((*e.faces.T, e.tets)) for e in (found, searched)]
        for name in ("faces", "tets", "side"):
            mine, other = getattr(found, name)[order[0]], getattr(searched, name)[order[1]]
            if name == "faces":  # the same turn may begin at another corner
                mine, other = (np.sort(faces, axis=1) for faces in (found.faces, searched.faces))
                mine = mine[np.lexsort(mine.T)]
                other = other[np.lexsort(other.T)]
            np.testing.assert_array_equal(mine, other)
        corners = fine.mesh.points[found.faces]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        np.testing.assert_allclose(normal / 2, found.normals * found.areas[:, None], rtol=0,
                                   atol=1e-9 * found.areas.max())  # fmt: skip


def test_groups_follow(coarse: Mesh) -> None:
    fine = refined(coarse, 2).mesh
    assert set(fine.volumes) == {"layer1", "layer2"}
    for name, index in fine.volumes.items():
        before = tet_volumes(coarse)[coarse.volumes[name]].sum()
        assert tet_volumes(fine)[index].sum() == pytest.approx(before, rel=EXACT)
        z = fine.points[fine.tets[index], 2]
        assert (z.min() >= -7.1 * KM - 1e-6) if name == "layer1" else (z.max() <= -7.1 * KM + 1e-6)
    triangles = fine.points[fine.surfaces["main"]]
    assert len(triangles) == 16 * len(coarse.surfaces["main"])
    normal = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]) / 2
    # all normals along +x, their sum the rectangle of 8 by 6 km
    assert normal[:, 0].min() > 0
    assert normal.sum(axis=0) == pytest.approx([48 * KM**2, 0, 0], rel=EXACT, abs=1e-3)


def test_quality_decays_once_and_no_further() -> None:
    mesh = box_mesh(replace(CUBES, near=2 * KM))
    worst = [smallest_dihedrals(refined(mesh, times).mesh).min() for times in (0, 1, 2, 3)]
    assert worst[0] > 44.9
    assert worst[1] >= CUBE_ANGLE - 1e-6
    # all shapes are there after two steps at most
    assert worst[2:] == pytest.approx([worst[2]] * 2, rel=1e-9)
    assert worst[2] >= CUBE_ANGLE - 1e-6
    # whatever the order in which the coarse cells list their vertices
    for order in ([1, 2, 0, 3], [0, 2, 3, 1], [1, 0, 3, 2]):
        other = ordered(replace(mesh, tets=np.ascontiguousarray(mesh.tets[:, order])))
        fine = refined(other, 2).mesh
        assert smallest_dihedrals(fine).min() >= CUBE_ANGLE - 1e-6
    jiggled = split_cubes(2, jiggle=0.25)
    worst = [smallest_dihedrals(refined(jiggled, times).mesh).min() for times in (2, 3, 4)]
    assert worst == pytest.approx([worst[0]] * 3, rel=1e-6)


def test_vertices_are_numbered_as_cells_meet_them_and_neighbours_follow(coarse: Mesh) -> None:
    fine = refined(coarse, 2).mesh
    met, first = np.unique(fine.tets.ravel(), return_index=True)
    # within a cell the last two may have changed places
    assert (np.diff(first // 4) >= 0).all()
    assert len(met) == fine.n_points
    shared = (fine.tets[:-1, :, None] == fine.tets[1:, None, :]).sum(axis=(1, 2))
    shared_there = shared[np.arange(1, fine.n_tets) % 8 != 0]  # by cells of one parent
    assert shared_there.min() >= 2
    assert (shared_there == 3).mean() == pytest.approx(5 / 7)  # steps that cross a face
    # nodes that a block of 512 cells touches: no more than along a Hilbert curve
    assert blocks_nodes(fine) <= 1.02 * blocks_nodes(ordered(fine))


def blocks_nodes(mesh: Mesh) -> float:
    elements = discretise(mesh).elements
    whole = elements[: len(elements) // 512 * 512].reshape(-1, 5120)
    return float(np.mean([len(np.unique(block)) for block in whole]))


def test_same_bits_whatever_the_number_of_threads() -> None:
    found = set()
    for threads in ("1", "2", "5"):
        done = subprocess.run(
            [sys.executable, "-c", COUNT],
            env={
                **os.environ,
                "OMP_NUM_THREADS": threads,
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(done.stdout)
    assert len(found) == 1


def iterations(mesh: Mesh, exterior: refinement.Exterior) -> int:
    """Of a solve with infinite sides, three layers and random forces."""
    space = discretise(mesh)
    z = mesh.points[mesh.tets, 2].mean(axis=1)
    mu = np.select([z > -4 * KM, z > -8 * KM], [3.5e9, 30e9], 70e9)
    buried = exterior.side != "top"
    far = Infinite(exterior.faces[buried], exterior.tets[buried], np.zeros(3), 2)
    operator = operators.elastic(space, mu, mu, Conditions(infinite=far), backends.select())
    load = np.random.default_rng(730_551_209).normal(size=space.nodes.shape)
    return solvers.solve(operator, preconditioners.build("multigrid", operator), load).iterations


def test_solve_takes_as_many_iterations_as_on_a_box() -> None:
    plain = box_mesh(replace(CUBES, near=0.5 * KM, far=2 * KM))
    fine = refined(box_mesh(CUBES), 1)
    assert abs(iterations(fine.mesh, fine.exterior) - iterations(plain, exterior_faces(plain))) <= 1


def test_numbers_beyond_32_bits_are_refused_before_the_work(coarse: Mesh) -> None:
    with pytest.raises(InputError, match=r"refinement: 6 times gives [\d,]+ unknowns"):
        refined(coarse, 6)
    with pytest.raises(InputError, match=r"give 0, 1, 2"):
        refined(coarse, -1)
    core = backends.core()
    none = np.zeros(0, dtype=np.int64), np.zeros((0, 3), dtype=np.int32)
    for times in (6, 10, 60):  # the core itself refuses, too
        with pytest.raises(core.ArgumentError, match="2³¹"):
            core.refined(coarse.points, coarse.tets, *none, times)
    assert Counts(4, 6, 4, 1).refined(9).tets == 8**9


def test_numbering_out_of_turn_is_refused() -> None:
    mesh = split_cubes(3)
    swap = np.arange(mesh.n_points, dtype=np.int32)
    swap[[5, 40]] = swap[[40, 5]]
    wrong = replace(mesh, points=mesh.points[swap], tets=swap[mesh.tets])
    with pytest.raises(backends.core().ArgumentError, match="in the order"):
        refined(wrong, 1)
    assert refined(ordered(wrong), 1).mesh.n_tets == 8 * mesh.n_tets
