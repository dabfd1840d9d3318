"""Loads and tractions: nodal forces have the exact resultant, whatever the faces they fall on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import netcdf_file

from femcrust.boundaries import Conditions
from femcrust.boundaries.disc_cover import covered_pieces
from femcrust.boundaries.face_rule import POINTS, WEIGHTS, piece_points, quadratic
from femcrust.discretisation import discretise
from femcrust.errors import InputError
from femcrust.mesh.exterior import exterior_faces
from femcrust.mesh.mesh import Floats, Mesh
from small_meshes import split_cubes
from unit.small_conditions import EVERYWHERE, block, conditions, refused

CHORDS = 2e-4  # share of a disc that chords of 1/64 of its radius leave out, at the most
WATER = 1000.0 * 9.80665  # Pa/m


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
            # ∫ L1^i L2^j dA / A = 2 i! j! / (i + j + 2)!
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


def test_disc_smaller_than_a_cell_is_told_and_one_that_no_cell_sees_is_refused(caplog) -> None:
    mesh = block(4)  # faces of 2 km by 2 km along their diagonals, 2.828 km

    def disc(radius: float) -> dict[str, Any]:
        return {"ice": {"disc": {"center": (611.0, 402.0), "radius": radius}, "pressure": 1e6}}

    conditions(mesh, EVERYWHERE, disc(1415.0))
    assert caplog.text == ""
    conditions(mesh, EVERYWHERE, disc(1413.0))
    assert "loads.ice.disc.radius: 1413 m on mesh cells of 2828 m: acts as a point" in caplog.text
    said = refused(mesh, EVERYWHERE, disc(1e-3))
    assert "loads.ice.disc.radius: 0.001 m on mesh cells of 2828 m; check its unit" in said


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
