"""Boundaries: specific names win, rollers slide, a body that may drift is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from femcrust.boundaries import Conditions
from femcrust.boundaries.rollers import roller
from femcrust.mesh.exterior import exterior_faces, named
from femcrust.mesh.mesh import Floats, Mesh
from unit.small_conditions import EVERYWHERE, block, conditions, refused, source

EPS = float(np.finfo(np.float64).eps)


# --- constraints ----------------------------------------------------------------------------------


def held(found: Conditions, mesh: Mesh) -> dict[int, Floats]:
    """Per vertex the sum of the projectors onto the held directions."""
    blocked: dict[int, Floats] = {}
    for constraint in found.constraints:
        free = np.broadcast_to(constraint.free, (len(constraint.faces), 3, 3))
        for face, projector in zip(constraint.faces, free, strict=True):
            for vertex in face:
                blocked[vertex] = blocked.get(vertex, np.zeros((3, 3))) + np.eye(3) - projector
    return blocked


def test_rollers_hold_one_direction_on_sides_two_on_edges_three_in_corners() -> None:
    mesh = block(3)
    found = conditions(mesh, {"sides": "roller", "bottom": "roller"})
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    for vertex, blocked in held(found, mesh).items():
        x = mesh.points[vertex]
        planes = int((np.abs(x - low) < 1).sum() + (np.abs(x[:2] - high[:2]) < 1).sum())
        values = np.linalg.eigvalsh(blocked)
        assert int((values > 1e-12).sum()) == planes


def test_roller_on_a_tilted_plane_has_one_normal() -> None:
    mesh = block(3)
    turn = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    rng = np.random.default_rng(5501873)
    turned = Mesh(mesh.points @ turn.T + rng.uniform(-1, 1, mesh.points.shape) * 0.5, mesh.tets)
    before, after = exterior_faces(mesh), exterior_faces(turned)
    assert np.array_equal(before.faces, after.faces)
    west = before.side == "west"
    constraint = roller(after.faces[west], after.normals[west], "boundaries.tilted")
    assert len(np.unique(constraint.free.reshape(-1, 9), axis=0)) == 1
    np.testing.assert_allclose(
        constraint.free[0], np.eye(3) - np.outer(turn[:, 0], turn[:, 0]), atol=1e-3
    )


def test_roller_on_a_curved_surface_is_refused() -> None:
    mesh = block(6)
    mesh.points[:, 2] += 600.0 * np.cos(mesh.points[:, 0] / 4e3) * (1 + mesh.points[:, 2] / 4e3)
    assert "roller needs plane faces" in refused(mesh, {"bottom": "fixed", "top": "roller"})


def test_prescribed_displacement_holds_only_what_is_given() -> None:
    mesh = block(2)
    given = {"bottom": "fixed", "west": {"displacement": {"x": "1 m", "z": "x/8e3 + z/4e3"}}}
    fixed, moved = conditions(mesh, given).constraints
    assert not fixed.free.any()
    assert fixed.value is None
    assert np.array_equal(moved.free, np.diag([0.0, 1.0, 0.0]))
    assert moved.value is not None
    points = np.array([[-4e3, 1.0, -1e3], [-4e3, 0.0, 0.0]])
    np.testing.assert_allclose(moved.value(points), [[1, 0, -0.75], [1, 0, -0.5]], rtol=4 * EPS)


def test_fixed_components() -> None:
    found = conditions(block(2), {"bottom": "fixed", "sides": {"fixed": ["x", "y"]}})
    assert np.array_equal(found.constraints[1].free, np.diag([0.0, 0.0, 1.0]))


def test_specific_names_win_in_any_order() -> None:
    mesh = block(3)
    exterior = exterior_faces(mesh)
    patch = exterior.faces[named(mesh, exterior, "west")[:4]]
    mesh.surfaces["patch"] = patch
    given = {
        "patch": {"traction": [1e6, 0.0, 0.0]},
        "sides": "infinite",
        "west": "free",
        "bottom": "infinite",
    }
    for order in (list(given), list(given)[::-1]):
        found = conditions(mesh, {name: given[name] for name in order})
        assert {tuple(sorted(f)) for f in found.tractions[0].faces} == {
            tuple(sorted(f)) for f in patch
        }
        assert found.infinite is not None
        west = named(mesh, exterior, "west")
        assert not np.isin(exterior.tets[west], found.infinite.tets).all()
        assert len(found.infinite.faces) == 3 * 18 + 18


def test_two_conditions_on_a_face_are_refused() -> None:
    mesh = block(3)
    exterior = exterior_faces(mesh)
    top = exterior.faces[exterior.side == "top"]
    mesh.surfaces["lake"], mesh.surfaces["river"] = top[:5], top[4:7]
    message = refused(mesh, {**EVERYWHERE, "lake": {"pressure": 1e6}, "river": {"pressure": 1e5}})
    assert message.startswith("boundaries.river: 1 face")
    assert "lake" in message


def test_unknown_and_inner_names_are_refused() -> None:
    mesh = block(2)
    assert "did you mean bottom?" in refused(mesh, {"botom": "fixed"})
    assert "no such boundary; available: sides, west" in refused(mesh, {"floor": "fixed"})
    mesh.surfaces["fault"] = mesh.tets[:1, :3][:, [0, 1, 2]]
    inside = named(mesh, exterior_faces(mesh), "top")
    assert len(inside)
    two = np.sort(mesh.tets[:, :3], axis=1)
    outside = {tuple(sorted(f)) for f in exterior_faces(mesh).faces}
    mesh.surfaces["fault"] = np.array([f for f in two if tuple(f) not in outside][:1])
    assert "lie inside the mesh" in refused(mesh, {"bottom": "fixed", "fault": {"pressure": 1e6}})


# --- rigid motions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "free"),
    [
        ({"top": "free"}, 6),
        ({"bottom": "roller"}, 3),
        ({"bottom": "roller", "west": "roller"}, 1),
        ({"sides": "roller"}, 1),
        ({"bottom": {"springs": {"normal": 1e6}}}, 3),
        ({"bottom": {"springs": {"tangential": 1e6}}}, 3),
        ({"west": {"fixed": ["x", "y"]}}, 1),
        ({"top": {"pressure": 1e6}, "bottom": {"pressure": 1e6}}, 6),
    ],
)
def test_free_rigid_motions_are_counted(given: dict[str, Any], free: int) -> None:
    assert f"{free} of 6 rigid motions" in refused(block(2), given)


@pytest.mark.parametrize(
    "given",
    [
        {"bottom": "fixed"},
        {"sides": "roller", "bottom": "roller"},
        {"bottom": "roller", "west": "roller", "south": "roller"},
        {"bottom": {"springs": {"normal": 1e-3, "tangential": 1e-9}}},
        {"bottom": "infinite"},
    ],
)
def test_held_bodies_pass(given: dict[str, Any]) -> None:
    conditions(block(2), given)


# --- infinite elements ----------------------------------------------------------------------------


def test_slip_decays_as_the_square_and_a_push_as_the_distance() -> None:
    mesh = block(3)
    quiet = conditions(mesh, EVERYWHERE, sources=(source(0, 0, 1e18),)).infinite
    assert quiet is not None
    assert quiet.exponent == 2
    disc = {"disc": {"center": (0, 0), "radius": 1e3}, "pressure": 1e-3}
    pushed = conditions(mesh, EVERYWHERE, {"l": disc}, (source(0, 0, 1e18),)).infinite
    assert pushed is not None
    assert pushed.exponent == 1
    told = {"sides": {"infinite": {"exponent": 2, "pole": [0.0, 0.0, 0.0]}}, "bottom": "infinite"}
    given = conditions(mesh, told, {"l": disc}).infinite
    assert given is not None
    assert given.exponent == 2


def test_pole_is_above_the_weighted_middle_of_the_sources() -> None:
    mesh = block(3)
    mesh.points[:, 2] += 100.0  # the ground at 100 m
    far = conditions(
        mesh, EVERYWHERE, sources=(source(-1e3, 2e3, 1e18), source(1e3, -2e3, 3e18))
    ).infinite
    assert far is not None
    np.testing.assert_allclose(far.pole, [500.0, -1000.0, 100.0], rtol=4 * EPS)
    still = conditions(
        mesh, EVERYWHERE, sources=(source(-1e3, 2e3, 0.0, 3e6), source(1e3, -2e3, 0.0, 1e6))
    ).infinite
    assert still is not None
    np.testing.assert_allclose(still.pole, [-500.0, 1000.0, 100.0], rtol=4 * EPS)


def test_pole_stays_inside_the_box() -> None:
    far = conditions(block(3), EVERYWHERE, sources=(source(9e9, 0, 1e18),)).infinite
    assert far is not None
    assert far.pole[0] == pytest.approx(0.95 * 8e3 - 4e3)


def test_pole_of_a_load_is_its_centre() -> None:
    disc = {"disc": {"center": (1500.0, -500.0), "radius": 1e3}, "pressure": 1e6}
    far = conditions(block(8), EVERYWHERE, {"l": disc}).infinite
    assert far is not None
    # The centres of the loaded faces stand for the load: right to a part of a face.
    np.testing.assert_allclose(far.pole, [1500.0, -500.0, 0.0], atol=100.0)


@pytest.mark.parametrize("pole", [[0, 0, 0], [0, 0, -5e3], [5e3, 0, -1e3]])
def test_faces_that_the_pole_does_not_see_are_refused(pole: list[float]) -> None:
    infinite = {"infinite": {"pole": [float(c) for c in pole]}}
    given = {"sides": infinite, "bottom": infinite}
    if pole == [0, 0, 0]:
        conditions(block(3), given)  # the right place
        given["top"] = infinite  # rays run along the ground
    assert "are not seen from the pole" in refused(block(3), given)


def test_two_poles_are_refused() -> None:
    given = {
        "sides": {"infinite": {"pole": [0.0, 0.0, 0.0]}},
        "bottom": {"infinite": {"pole": [1e3, 0.0, 0.0]}},
    }
    assert "one pole" in refused(block(3), given)
