"""The recipes in meshes/ give what they promise: fault planes, layers, cavities, cell shapes."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from femcrust.mesh.exterior import exterior_faces, named
from femcrust.mesh.locate import Locator
from femcrust.mesh.mesh import Mesh, tet_volumes
from femcrust.mesh.quality import quality
from femcrust.mesh.read import read_mesh

LEAST_ANGLE = 10.0  # degrees: below it the solver slows down


def recipe(monkeypatch: pytest.MonkeyPatch, root: Path, name: str) -> ModuleType:
    monkeypatch.syspath_prepend(str(root / "meshes"))
    try:
        import gmsh  # noqa: F401
    except OSError as error:
        pytest.skip(f"gmsh lacks a system library: {error}")
    return importlib.import_module(name)


def normals_and_areas(mesh: Mesh, name: str) -> tuple[np.ndarray, np.ndarray]:
    x = mesh.points[mesh.surfaces[name]]
    cross = np.cross(x[:, 1] - x[:, 0], x[:, 2] - x[:, 0])
    area = np.linalg.norm(cross, axis=1)
    return cross / area[:, None], area / 2


def test_strike_slip_crust_has_layers_hills_and_a_vertical_fault(
    monkeypatch: pytest.MonkeyPatch, root: Path, tmp_path: Path
) -> None:
    made = recipe(monkeypatch, root, "strike_slip")
    path = tmp_path / "a.msh"
    made.build(path, size_km=4.0)
    mesh = read_mesh(path)
    assert set(mesh.volumes) == set(made.LAYERS)
    assert sum(len(index) for index in mesh.volumes.values()) == mesh.n_tets
    fault = mesh.points[mesh.surfaces["fault"]]
    assert np.abs(fault[..., 0]).max() < 1e-6  # vertical, at x = 0, up to rounding
    assert np.abs(fault[..., 1]).max() == pytest.approx(35e3)
    top = Locator(mesh).surface_z(fault[..., 0], fault[..., 1])
    assert np.min(np.abs(top - fault[..., 2])) < 1e-6  # reaches the surface
    # Every vertex of the surface is on the hills, whose relief is at most 1 km.
    exterior = exterior_faces(mesh)
    x, y, z = mesh.points[np.unique(exterior.faces[named(mesh, exterior, "top")])].T
    np.testing.assert_allclose(z, made.topography(x, y), atol=1e-6)
    assert 500 < np.ptp(z) <= 1000
    depths = mesh.points[mesh.tets[mesh.volumes["mantle"]]][..., 2]
    assert depths.max() < -31e3
    assert quality(mesh).min_dihedral_deg > LEAST_ANGLE


def test_rerun_gives_the_same_file(
    monkeypatch: pytest.MonkeyPatch, root: Path, tmp_path: Path
) -> None:
    made = recipe(monkeypatch, root, "strike_slip")
    for name in ("a.msh", "b.msh"):
        made.build(tmp_path / name, size_km=8.0)
    assert (tmp_path / "a.msh").read_bytes() == (tmp_path / "b.msh").read_bytes()


@pytest.mark.slow
def test_default_strike_slip_mesh_has_300_000_unknowns(
    monkeypatch: pytest.MonkeyPatch, root: Path, tmp_path: Path
) -> None:
    recipe(monkeypatch, root, "strike_slip").build(tmp_path / "a.msh")
    report = quality(read_mesh(tmp_path / "a.msh"))
    assert 300_000 <= report.n_dof < 400_000
    assert report.min_dihedral_deg > LEAST_ANGLE


@pytest.mark.parametrize(("dip", "strike", "top"), [(30.0, 0.0, 2.0), (60.0, 35.0, 0.0)])
def test_dipping_fault_has_its_area_and_dips_to_the_right_of_strike(
    monkeypatch: pytest.MonkeyPatch,
    root: Path,
    tmp_path: Path,
    dip: float,
    strike: float,
    top: float,
) -> None:
    made = recipe(monkeypatch, root, "dipping")
    path = tmp_path / "a.msh"
    made.build(path, strike_deg=strike, dip_deg=dip, top_km=top, size_km=2.0)
    mesh = read_mesh(path)
    normal, area = normals_and_areas(mesh, "fault")
    assert area.sum() == pytest.approx(20e3 * 10e3, rel=1e-9)
    phi, delta = np.radians([strike, dip])
    up = np.array(
        [np.sin(delta) * np.cos(phi), -np.sin(delta) * np.sin(phi), np.cos(delta)]
    )  # the hanging wall's side
    np.testing.assert_allclose(np.abs(normal @ up), 1.0, atol=1e-9)
    z = mesh.points[mesh.surfaces["fault"]][..., 2]
    assert z.max() == pytest.approx(-top * 1e3, abs=1e-6)
    assert z.min() == pytest.approx(-top * 1e3 - 10e3 * np.sin(delta), abs=1e-6)
    assert tet_volumes(mesh).sum() == pytest.approx(80e3 * 80e3 * 40e3, rel=1e-12)
    assert quality(mesh).min_dihedral_deg > LEAST_ANGLE


def test_curved_fault_follows_its_formula(
    monkeypatch: pytest.MonkeyPatch, root: Path, tmp_path: Path
) -> None:
    made = recipe(monkeypatch, root, "curved")
    path = tmp_path / "a.msh"
    made.build(path, size_km=3.0)
    mesh = read_mesh(path)
    x, y, z = mesh.points[np.unique(mesh.surfaces["fault"])].T
    s, r = (-z - 1e3) / 12e3, y / 20e3
    np.testing.assert_allclose(x, 15e3 * s**2 + 5e3 * (1 - r**2), atol=2.0)  # of the spline
    assert z.max() == pytest.approx(-1e3, abs=1.0)
    assert z.min() == pytest.approx(-13e3, abs=1.0)
    assert quality(mesh).min_dihedral_deg > LEAST_ANGLE


def test_cavity_is_a_sphere_and_its_wall_is_inner(
    monkeypatch: pytest.MonkeyPatch, root: Path, tmp_path: Path
) -> None:
    made = recipe(monkeypatch, root, "cavity")
    path = tmp_path / "a.msh"
    made.build(path, radius_km=1.0, depth_km=4.0, size_km=0.4)
    mesh = read_mesh(path)
    exterior = exterior_faces(mesh)
    wall = named(mesh, exterior, "cavity")
    np.testing.assert_array_equal(wall, np.flatnonzero(exterior.side == "inner"))
    distance = np.linalg.norm(mesh.points[exterior.faces[wall]] - [0, 0, -4e3], axis=2)
    np.testing.assert_allclose(distance, 1e3, rtol=1e-9)
    assert quality(mesh).min_dihedral_deg > LEAST_ANGLE


def test_a_recipe_is_a_command_with_the_defaults_of_its_function(
    monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    shared = recipe(monkeypatch, root, "gmsh_session")
    seen: list[object] = []

    def build(path: str, size_km: float = 1.0, layers_km=(4.0, 16.0), hills: bool = True) -> None:
        seen.append((path, size_km, layers_km, hills))

    monkeypatch.setattr(shared, "report", lambda path, started: seen.append(path))
    told = {"size_km": "on the fault", "layers_km": "bottoms", "hills": "flat"}
    for words in ("a.msh", "b.msh --size 2 --layers 1 3 5 --no-hills"):
        monkeypatch.setattr("sys.argv", ["recipe.py", *words.split()])
        shared.command_line(build, **told)
    assert seen[:2] == [("a.msh", 1.0, (4.0, 16.0), True), "a.msh"]
    assert seen[2:] == [("b.msh", 2.0, [1.0, 3.0, 5.0], False), "b.msh"]
