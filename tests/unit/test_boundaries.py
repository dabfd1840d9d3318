"""Boundaries and loads: forces add up, specific names win, a body that may drift is refused."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.io import netcdf_file

from femcrust.boundaries import Conditions, build
from femcrust.boundaries.disc_cover import covered_pieces
from femcrust.boundaries.face_rule import POINTS, WEIGHTS, piece_points, quadratic
from femcrust.boundaries.rollers import roller
from femcrust.case.schema_boundaries import Boundary, Load
from femcrust.discretisation import discretise
from femcrust.errors import InputError
from femcrust.mesh.exterior import exterior_faces, named
from femcrust.mesh.mesh import Floats, Mesh
from small_meshes import split_cubes

EPS = float(np.finfo(np.float64).eps)
CHORDS = 2e-4  # share of a disc that chords of 1/64 of its radius leave out, at the most
EVERYWHERE = {"sides": "infinite", "bottom": "infinite"}
WATER = 1000.0 * 9.80665  # Pa/m


def block(n: int = 4) -> Mesh:
    """8 x 8 x 4 km below z = 0, centred."""
    return split_cubes(n, (8e3, 8e3, 4e3), (-4e3, -4e3, -4e3))


def conditions(
    mesh: Mesh,
    boundaries: dict[str, Any],
    loads: dict[str, Any] | None = None,
    sources: tuple[Any, ...] = (),
    directory: Path = Path(),
) -> Conditions:
    return build(
        mesh,
        exterior_faces(mesh),
        {name: Boundary.model_validate(b) for name, b in boundaries.items()},
        {name: Load.model_validate(b) for name, b in (loads or {}).items()},
        sources,
        directory,
    )


def refused(mesh: Mesh, *given: Any, **more: Any) -> str:
    with pytest.raises(InputError) as error:
        conditions(mesh, *given, **more)
    message = str(error.value)
    assert "\n" not in message
    return message


def source(x: float, y: float, moment: float, area: float = 1.0) -> Any:
    return SimpleNamespace(center=np.array([x, y, -1e3]), moment=moment, area=area)


def resultant(mesh: Mesh, found: Conditions) -> tuple[Floats, Floats]:
    """Net force, N, and its moment about the origin, Nm, of the nodal forces."""
    space = discretise(mesh)
    forces = np.zeros((space.n_nodes, 3))
    for traction in found.tractions:
        np.add.at(forces, space.face_nodes(traction.faces), traction.forces)
    return forces.sum(axis=0), np.cross(space.nodes, forces).sum(axis=0)


def with_cavity(n: int = 6) -> Mesh:
    """The block without its middle third: a cubic chamber, wall group `chamber`."""
    mesh = block(n)
    center = (mesh.points[mesh.tets].mean(axis=1) - [0.0, 0.0, -2e3]) / [8e3, 8e3, 4e3]
    hollow = Mesh(mesh.points, mesh.tets[np.abs(center).max(axis=1) > 1 / 6])
    exterior = exterior_faces(hollow)
    hollow.surfaces["chamber"] = exterior.faces[exterior.side == "inner"]
    return hollow


# --- quadrature -----------------------------------------------------------------------------------


def test_face_rule_integrates_every_monomial_of_degree_four() -> None:
    from math import factorial

    for i in range(5):
        for j in range(5 - i):
            # ∫ L1^i L2^j dA / A = 2 i! j! / (i + j + 2)! [StrangFix73]
            exact = 2 * factorial(i) * factorial(j) / factorial(i + j + 2)
            assert WEIGHTS @ (POINTS[:, 0] ** i * POINTS[:, 1] ** j) == pytest.approx(
                exact, rel=1e-13
            )
    assert not np.isclose(WEIGHTS @ POINTS[:, 0] ** 5, 2 * 120 / factorial(7), rtol=1e-6)


def test_shape_functions_of_a_face_are_nodal() -> None:
    corners = np.eye(3)
    middles = (corners[[0, 1, 0]] + corners[[1, 2, 2]]) / 2
    assert np.array_equal(quadratic(np.concatenate([corners, middles])), np.eye(6))


@pytest.mark.parametrize("radius", [0.003, 0.1, 0.7, 1.3])
def test_pieces_of_a_disc_have_its_area_and_second_moment(radius: float) -> None:
    center = np.array([0.0213, -0.0147])
    mesh = split_cubes(3, (4.0, 4.0, 1.0), (-2.0, -2.0, -1.0))
    exterior = exterior_faces(mesh)
    corners = mesh.points[exterior.faces[exterior.side == "top"]][..., :2]
    face, pieces = covered_pieces(corners, center, radius)
    barycentric, share = piece_points(pieces)
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    weight = share * (np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / 2)[face][:, None]
    offset = np.einsum("mqi,mic->mqc", barycentric, corners[face]) - center
    assert weight.sum() == pytest.approx(np.pi * radius**2, rel=CHORDS)
    second = (weight * (offset**2).sum(axis=2)).sum()
    assert second == pytest.approx(np.pi * radius**4 / 2, rel=2 * CHORDS)
    assert weight.sum() < np.pi * radius**2  # chords lie inside


# --- tractions ------------------------------------------------------------------------------------


def test_constant_traction_acts_on_mid_edges_only() -> None:
    mesh = block(3)
    given = {"bottom": "fixed", "top": {"traction": [1e6, -2e6, 3e6]}}
    (traction,) = conditions(mesh, given).tractions
    assert not traction.forces[:, :3].any()
    area = 64e6 / len(traction.faces)
    np.testing.assert_allclose(
        traction.forces[:, 3:], np.full((len(traction.faces), 3, 3), [1e6, -2e6, 3e6]) * area / 3
    )
    total, moment = resultant(mesh, conditions(mesh, given))
    np.testing.assert_allclose(total, np.array([1e6, -2e6, 3e6]) * 64e6, rtol=1e-13)
    np.testing.assert_allclose(moment, 0.0, atol=1e-12 * 3e6 * 64e6 * 4e3)  # about its centre


def test_linear_traction_has_the_exact_force_and_moment() -> None:
    mesh = block(2)
    given = {"bottom": "fixed", "top": {"traction": ["0 Pa", "0 Pa", "1e3*x + 5*MPa"]}}
    total, moment = resultant(mesh, conditions(mesh, given))
    np.testing.assert_allclose(total, [0, 0, 5e6 * 64e6], rtol=1e-13)
    # M_y = -∫ x t_z dA = -1e3 ∫ x² dA
    np.testing.assert_allclose(moment[1], -1e3 * 8e3 * 8e3**3 / 12, rtol=1e-12)


def test_pressure_compresses_and_opens_cavities() -> None:
    squeezed = conditions(block(2), {"bottom": "fixed", "top": {"pressure": 2e6}})
    assert (squeezed.tractions[0].forces[:, 3:, 2] < 0).all()
    mesh = with_cavity()
    found = conditions(mesh, {**EVERYWHERE, "chamber": {"pressure": 1e6}})
    (traction,) = found.tractions
    outward = mesh.points[traction.faces].mean(axis=1) - [0.0, 0.0, -2e3]
    pushed = np.einsum("kc,kc->k", traction.forces.sum(axis=1), outward)
    assert (pushed > 0).all()  # into the rock
    total, moment = resultant(mesh, found)
    size = 1e6 * 6 * (8e3 / 3) ** 2
    assert np.abs(total).max() < 1e-12 * size
    assert np.abs(moment).max() < 1e-12 * size * 4e3
    assert found.infinite is not None
    assert found.infinite.exponent == 2  # a closed chamber pushes nowhere


# --- loads ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("radius", "center"), [(2.5e3, (0, 0)), (900.0, (300, -700)), (20.0, (611, 402))]
)
@pytest.mark.parametrize("n", [1, 5])
def test_disc_has_its_exact_force_at_its_centre(
    radius: float, center: tuple[float, float], n: int
) -> None:
    mesh = block(n)
    disc = {"disc": {"center": center, "radius": radius}, "pressure": 1e6}
    found = conditions(mesh, EVERYWHERE, {"ice": disc})
    total, moment = resultant(mesh, found)
    force = np.pi * radius**2 * 1e6
    np.testing.assert_allclose(total, [0.0, 0.0, -force], atol=1e-12 * force)
    # chords are lost evenly around the rim, up to their own share of the arm
    np.testing.assert_allclose(
        [-moment[1], moment[0]], -force * np.array(center), atol=CHORDS * force * radius
    )
    assert found.infinite is not None
    assert found.infinite.exponent == 1


def test_disc_on_a_slope_weighs_by_its_area_in_map_view() -> None:
    mesh = block(4)
    mesh.points[:, 2] += 0.3 * mesh.points[:, 0] * (1 + mesh.points[:, 2] / 4e3)
    disc = {"disc": {"center": (0, 0), "radius": 2e3}, "pressure": 1e6}
    total, _ = resultant(mesh, conditions(mesh, EVERYWHERE, {"ice": disc}))
    assert total[2] == pytest.approx(-np.pi * 4e6 * 1e6, rel=1e-12)


def test_disc_that_leaves_the_mesh_is_refused() -> None:
    disc = {"disc": {"center": (2e3, 0), "radius": 2.1e3}, "pressure": 1e6}
    assert "loads.ice.disc: 9" in refused(block(), EVERYWHERE, {"ice": disc})
    disc["disc"]["center"] = (90e3, 0)  # type: ignore[index]
    assert "0.0 % of the disc" in refused(block(), EVERYWHERE, {"ice": disc})


def write_grid(path: Path, x: Floats, y: Floats, values: Floats, unit: str) -> None:
    with netcdf_file(str(path), "w") as file:
        for name, axis in (("y", y), ("x", x)):
            file.createDimension(name, len(axis))
            variable = file.createVariable(name, "d", (name,))
            variable[:] = axis
            variable.units = "m"
        variable = file.createVariable("load", "d", ("y", "x"))
        variable[:] = values
        variable.units = unit


@pytest.mark.parametrize(("unit", "pascals"), [("Pa", 1.0), ("kPa", 1e3), ("m", WATER)])
@pytest.mark.parametrize("n", [1, 6])
def test_gridded_load_has_the_force_and_moment_of_the_grid(
    tmp_path: Path, unit: str, pascals: float, n: int
) -> None:
    axis = np.linspace(-4e3, 4e3, 17)
    x, _ = np.meshgrid(axis, axis)
    write_grid(tmp_path / "snow.nc", axis, axis, 2.0 + x / 4e3, unit)
    mesh = block(n)
    found = conditions(
        mesh, EVERYWHERE, {"snow": {"grid": {"file": "snow.nc"}}}, directory=tmp_path
    )
    total, moment = resultant(mesh, found)
    np.testing.assert_allclose(total, [0, 0, -2 * pascals * 64e6], rtol=1e-12, atol=1e-3)
    np.testing.assert_allclose(moment[1], pascals / 4e3 * 8e3 * 8e3**3 / 12, rtol=1e-12)


def test_gridded_load_smaller_than_a_face_keeps_its_force(tmp_path: Path) -> None:
    axis = np.linspace(-1e3, 1e3, 21)
    x, y = np.meshgrid(axis, axis)
    write_grid(tmp_path / "lake.nc", axis, axis, np.cos(np.pi * x / 2e3) ** 2 + 0 * y, "MPa")
    mesh = block(1)  # two faces of 8 km, cells of 100 m
    found = conditions(mesh, EVERYWHERE, {"l": {"grid": {"file": "lake.nc"}}}, directory=tmp_path)
    total, _ = resultant(mesh, found)
    assert total[2] == pytest.approx(-1e6 * 1e3 * 2e3, rel=0.05)  # its jump at y = ±1 km is sampled
    write_grid(tmp_path / "far.nc", axis + 1e6, axis, 0 * x, "Pa")
    with pytest.raises(InputError, match="nothing of the ground"):
        conditions(mesh, EVERYWHERE, {"l": {"grid": {"file": "far.nc"}}}, directory=tmp_path)


def test_hole_and_missing_unit_of_a_gridded_load_are_refused(tmp_path: Path) -> None:
    axis = np.linspace(-4e3, 4e3, 5)
    values = np.ones((5, 5))
    values[2, 2] = np.nan
    loads = {"ice": {"grid": {"file": "ice.nc"}}}
    write_grid(tmp_path / "ice.nc", axis, axis, values, "Pa")
    assert "loads.ice.grid: ice.nc has no value at x=" in refused(
        block(), EVERYWHERE, loads, directory=tmp_path
    )
    write_grid(tmp_path / "ice.nc", axis, axis, values, "")
    assert "it has no unit" in refused(block(), EVERYWHERE, loads, directory=tmp_path)


def test_body_forces_add_up() -> None:
    mesh = block(2)
    loads = {
        "gravity": {"body_force": [0.0, 0.0, -27e3]},
        "push": {"body_force": [1e3, 0.0, 0.0]},
    }
    found = conditions(mesh, EVERYWHERE, loads)
    assert found.body_force is not None
    assert np.array_equal(found.body_force, np.tile([1e3, 0.0, -27e3], (mesh.n_tets, 1)))
    assert found.infinite is not None
    assert found.infinite.exponent == 1


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
