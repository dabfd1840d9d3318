"""The boundary of a mesh and its sides; what makes a mesh unusable is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from femcrust.errors import InputError
from femcrust.mesh.check import checked, units_hint
from femcrust.mesh.exterior import exterior_faces, named
from femcrust.mesh.mesh import Mesh, ordered, tet_volumes
from small_meshes import split_cubes

SIZE = (40e3, 30e3, 20e3)
CORNER = (-20e3, -10e3, -20e3)


def box(n: tuple[int, int, int] = (4, 3, 5)) -> Mesh:
    return split_cubes(n, SIZE, CORNER, jiggle=0.2)


def hills(mesh: Mesh) -> Mesh:
    points = mesh.points.copy()
    bump = 3e3 * np.cos(points[:, 0] / 7e3) * np.cos(points[:, 1] / 9e3)
    points[:, 2] += bump * (points[:, 2] + 20e3) / 20e3
    return replace(mesh, points=points)


def without(mesh: Mesh, inside: Callable[[np.ndarray], np.ndarray]) -> Mesh:
    """The mesh less the tetrahedra whose centroids are inside."""
    keep = ~inside(mesh.points[mesh.tets].mean(axis=1))
    return ordered(Mesh(mesh.points, mesh.tets[keep], source="test"))


def inner_face(mesh: Mesh) -> np.ndarray:
    """A face between two tetrahedra."""
    exterior = {tuple(sorted(face)) for face in exterior_faces(mesh).faces.tolist()}
    return next(t for t in mesh.tets[:, 1:] if tuple(sorted(t.tolist())) not in exterior)


def with_cavity() -> Mesh:
    """A box of 8 x 6 x 4 cells of 5 km with a cavity of 2 x 2 x 2 cells."""
    mesh = split_cubes((8, 6, 4), SIZE, CORNER)
    centre = np.array([0.0, 5e3, -10e3])
    return without(mesh, lambda x: np.all(np.abs(x - centre) < 5e3, axis=1))


def test_boundary_encloses_the_volume_of_the_mesh() -> None:
    """Divergence theorem: the flux of x/3 through the outward boundary is the volume."""
    mesh = hills(box())
    exterior = exterior_faces(mesh)
    centroids = mesh.points[exterior.faces].mean(axis=1)
    flux = np.einsum("ki,ki,k->", centroids, exterior.normals, exterior.areas) / 3.0
    assert flux == pytest.approx(tet_volumes(mesh).sum(), rel=1e-12)
    owned = mesh.tets[exterior.tets]
    assert np.all((exterior.faces[:, :, None] == owned[:, None, :]).any(axis=2))


@pytest.mark.parametrize("shape", [box, lambda: hills(box())], ids=["flat", "hills"])
def test_each_side_of_a_box_has_its_area_and_direction(shape: Callable[[], Mesh]) -> None:
    mesh = shape()
    exterior = exterior_faces(mesh)
    outward = {
        "west": (0, -1), "east": (0, 1), "south": (1, -1), "north": (1, 1), "bottom": (2, -1),
    }  # fmt: skip
    for name, (axis, sign) in outward.items():
        index = named(mesh, exterior, name)
        np.testing.assert_allclose(exterior.normals[index, axis], sign, rtol=1e-12)
    top = named(mesh, exterior, "top")
    # Seen from above, the top covers the box once, and so does the bottom.
    seen = (exterior.areas * exterior.normals[:, 2])[top].sum()
    assert seen == pytest.approx(SIZE[0] * SIZE[1], rel=1e-12)
    assert exterior.areas[named(mesh, exterior, "bottom")].sum() == pytest.approx(seen, rel=1e-12)
    counts = [len(named(mesh, exterior, name)) for name in (*outward, "top")]
    assert counts == [30, 30, 40, 40, 24, 24]
    assert len(named(mesh, exterior, "sides")) == 140


def test_cavity_walls_are_inner_and_the_top_is_not() -> None:
    mesh = with_cavity()
    exterior = exterior_faces(mesh)
    walls = named(mesh, exterior, "inner")
    assert exterior.areas[walls].sum() == pytest.approx(6 * 10e3**2, rel=1e-12)
    centroids = mesh.points[exterior.faces[walls]].mean(axis=1)
    inward = np.einsum("ki,ki->k", centroids - [0.0, 5e3, -10e3], exterior.normals[walls])
    assert np.all(inward < 0)  # out of the rock is into the cavity
    assert len(named(mesh, exterior, "top")) == 2 * 8 * 6


def test_overhanging_cliff_belongs_to_the_top() -> None:
    """A notch dug sideways under the surface: its roof faces down, yet is free like the rest."""
    mesh = split_cubes((8, 6, 4), SIZE, CORNER)
    x_low, x_high = -5e3, 5e3

    def notch(x: np.ndarray) -> np.ndarray:
        shaft = (x[:, 0] > x_low) & (x[:, 0] < 0) & (x[:, 2] > -10e3)
        tunnel = (x[:, 0] > x_low) & (x[:, 0] < x_high) & (x[:, 2] > -10e3) & (x[:, 2] < -5e3)
        return (shaft | tunnel) & (x[:, 1] > 0) & (x[:, 1] < 10e3)

    mesh = without(mesh, notch)
    exterior = exterior_faces(mesh)
    assert not np.any(exterior.side == "inner")
    top = exterior.side == "top"
    assert np.any(top & (exterior.normals[:, 2] < -0.9))
    for name in ("west", "east", "south", "north", "bottom"):
        flat = 2 * {"west": 24, "south": 32, "east": 24, "north": 32, "bottom": 48}[name]
        assert np.count_nonzero(exterior.side == name) == flat


def test_rotated_box_has_buried_sides_and_no_wall_in_the_top() -> None:
    mesh = hills(box())
    turn = np.radians(30.0)
    rotation = np.array(
        [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
    )
    mesh = replace(mesh, points=mesh.points @ rotation.T)
    exterior = exterior_faces(mesh)
    assert len(named(mesh, exterior, "top")) == 24
    assert len(named(mesh, exterior, "sides")) == 140
    assert [len(named(mesh, exterior, s)) for s in ("west", "east")] == [30, 30]


def test_surface_group_names_exterior_faces_and_refuses_inner_ones() -> None:
    mesh = with_cavity()
    exterior = exterior_faces(mesh)
    walls = exterior.faces[exterior.side == "inner"]
    rolled = np.roll(walls, 1, axis=1)[::-1]  # another order of faces and vertices
    inside = inner_face(mesh)[None]
    mesh = replace(mesh, surfaces={"chamber": rolled, "fault": np.vstack([walls[:2], inside])})
    index = named(mesh, exterior, "chamber")
    np.testing.assert_array_equal(index, np.flatnonzero(exterior.side == "inner"))
    with pytest.raises(InputError, match=r"fault: 1 of 3 triangles .* inside the mesh"):
        named(mesh, exterior, "fault")


def test_unknown_boundary_is_refused_with_the_nearest_name() -> None:
    mesh = box()
    with pytest.raises(InputError, match=r"botom.*did you mean bottom.*sides.*west.*top"):
        named(mesh, exterior_faces(mesh), "botom")


def test_checked_turns_inverted_tetrahedra() -> None:
    mesh = box()
    tets = mesh.tets.copy()
    tets[::3] = tets[::3][:, [1, 0, 2, 3]]
    mended = checked(replace(mesh, tets=tets))
    np.testing.assert_array_equal(np.sort(mended.tets, axis=1), np.sort(mesh.tets, axis=1))
    assert tet_volumes(mended).min() > 0


def nan_vertex(mesh: Mesh) -> Mesh:
    points = mesh.points.copy()
    points[7, 1] = np.nan
    return replace(mesh, points=points)


def flat_tet(mesh: Mesh) -> Mesh:
    points = mesh.points.copy()
    a, b, c, d = mesh.tets[4]
    points[d] = (points[a] + points[b] + points[c]) / 3.0
    return replace(mesh, points=points)


def missing_vertex(mesh: Mesh) -> Mesh:
    tets = mesh.tets.copy()
    tets[3, 2] = mesh.n_points
    return replace(mesh, tets=tets)


def copied_tet(mesh: Mesh) -> Mesh:
    return replace(mesh, tets=np.vstack([mesh.tets, mesh.tets[[9]][:, [2, 0, 1, 3]]]))


def third_on_a_face(mesh: Mesh) -> Mesh:
    """A needle beside a face that has two tetrahedra already."""
    inner = inner_face(mesh)
    points = np.vstack([mesh.points, mesh.points[inner].mean(axis=0) + [3.0, 17.0, 111.0]])
    tets = np.vstack([mesh.tets, [[*inner, mesh.n_points]]]).astype(np.int32)
    return replace(mesh, points=points, tets=tets)


def folded(mesh: Mesh) -> Mesh:
    """One inner vertex pulled beyond its neighbours: tetrahedra overlap there."""
    points = mesh.points.copy()
    inner = np.setdiff1d(np.arange(mesh.n_points), exterior_faces(mesh).faces)
    points[inner[0]] += [23e3, 13e3, 9e3]
    return replace(mesh, points=points)


def unmerged(mesh: Mesh) -> Mesh:
    """Two boxes that touch, with vertices of their own."""
    other = mesh.points + [SIZE[0], 0.0, 0.0]
    tets = np.vstack([mesh.tets, mesh.tets + mesh.n_points])
    return replace(mesh, points=np.vstack([mesh.points, other]), tets=tets.astype(np.int32))


def apart(mesh: Mesh) -> Mesh:
    other = mesh.points + [2 * SIZE[0], 0.0, 0.0]
    tets = np.vstack([mesh.tets, mesh.tets + mesh.n_points])
    return replace(mesh, points=np.vstack([mesh.points, other]), tets=tets.astype(np.int32))


def loose_triangle(mesh: Mesh) -> Mesh:
    return replace(mesh, surfaces={"fault": np.array([[0, 1, mesh.n_points - 1]], dtype=np.int32)})


def empty(mesh: Mesh) -> Mesh:
    return replace(mesh, tets=mesh.tets[:0])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (nan_vertex, r"test: vertex 8 \(1 in all\).*nan.*finite"),
        (missing_vertex, r"tetrahedron 4 \(1 in all\) names a vertex"),
        (flat_tet, r"tetrahedron 5.* near x=.* has no volume"),
        (copied_tet, r"tetrahedron 10 \(2 in all\).*occurs twice"),
        (third_on_a_face, r"shares a face with two others"),
        (folded, r"overlaps the tetrahedron beyond"),
        (unmerged, r"\d+ pairs in all\) coincide.*merge them"),
        (apart, r"\(360 in all\).*\(2 pieces\)"),
        (loose_triangle, r"surface 'fault': 1 of 1 triangles are no faces"),
        (empty, r"no tetrahedra"),
    ],
)
def test_unusable_mesh_is_refused_by_name(spoil: Callable[[Mesh], Mesh], message: str) -> None:
    good = box()
    checked(good)  # does not raise
    with pytest.raises(InputError, match=message):
        checked(spoil(good))


def test_kilometres_taken_for_metres_are_noticed() -> None:
    mesh = box()
    assert units_hint(mesh) is None
    hint = units_hint(replace(mesh, points=mesh.points / 1e3))
    assert hint is not None
    assert "write units: km" in hint
    with pytest.raises(InputError, match="more than the Earth"):
        units_hint(replace(mesh, points=mesh.points * 1e3))
