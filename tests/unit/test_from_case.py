"""The mesh of a case: boxes, layers on material borders, ground from an expression or a grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import netcdf_file

from femcrust.case import build_case
from femcrust.errors import InputError
from femcrust.mesh.from_case import WRITABLE, case_mesh, write_mesh
from small_meshes import split_cubes

ROCK = {"mu": 3e10, "nu": 0.25}


def case_of(directory: Path, **box: object):
    sides = {"x": (-20e3, 20e3), "y": (-20e3, 20e3), "z": (-20e3, 0.0)}
    return build_case(
        {
            "mesh": {"box": {**sides, "size": {"near": 5e3, "far": 5e3}, **box}},
            "materials": {
                "cover": {**ROCK, "where": {"depth": (0.0, 7e3)}},
                "rock": {**ROCK, "where": {"depth": (7e3, 90e3)}},
            },
            "loads": {"lake": {"disc": {"center": (0.0, 0.0), "radius": 5e3}, "pressure": 1e6}},
        },
        directory,
    )


def write_grid(path: Path, half: float, unit: str, scale: float = 1.0) -> None:
    x = np.linspace(-half, half, 41)
    with netcdf_file(str(path), "w") as file:
        for name in ("x", "y"):
            file.createDimension(name, len(x))
            variable = file.createVariable(name, "f8", (name,))
            variable[:], variable.units = x, "m"
        height = file.createVariable("elevation", "f8", ("y", "x"))
        height[:] = (300.0 + 0.01 * x[None, :] + 0.0 * x[:, None]) * scale
        height.units = unit


def top_of(mesh) -> tuple[np.ndarray, np.ndarray]:
    on_rim = np.isclose(np.abs(mesh.points[:, 0]), 20e3)
    rim = mesh.points[on_rim]
    highest = rim[rim[:, 2] > -1e3]
    return highest[:, 0], highest[:, 2]


@pytest.mark.parametrize(("unit", "scale"), [("m", 1.0), ("km", 1e-3)])
def test_ground_follows_a_grid(tmp_path, unit, scale) -> None:
    write_grid(tmp_path / "topo.nc", 21e3, unit, scale)
    mesh = case_mesh(case_of(tmp_path, topography={"file": "topo.nc"}))
    x, z = top_of(mesh)
    np.testing.assert_allclose(z, 300.0 + 0.01 * x, rtol=1e-12)


def test_grid_that_does_not_cover_the_box_states_its_extent(tmp_path) -> None:
    write_grid(tmp_path / "topo.nc", 15e3, "m")
    with pytest.raises(InputError, match=r"covers .*-15000 to 15000"):
        case_mesh(case_of(tmp_path, topography={"file": "topo.nc"}))


def test_material_borders_are_faces_of_the_mesh(tmp_path) -> None:
    mesh = case_mesh(case_of(tmp_path))
    z = mesh.points[mesh.tets][..., 2]
    straddles = (z.min(axis=1) < -7e3 - 1e-6) & (z.max(axis=1) > -7e3 + 1e-6)
    assert not straddles.any()


@pytest.mark.filterwarnings("ignore")  # meshio's own remarks on what some formats leave out
@pytest.mark.parametrize("ending", WRITABLE)
def test_a_mesh_is_whole_in_every_format_offered(ending: str, tmp_path: Path, capfd) -> None:
    import meshio

    mesh = split_cubes(3)
    path = tmp_path / f"a{ending}"
    write_mesh(mesh, path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]  # and no second file
    back = meshio.read(path)
    tets = np.concatenate([block.data for block in back.cells if block.type == "tetra"])
    assert len(tets) == mesh.n_tets
    np.testing.assert_allclose(back.points[tets], mesh.points[mesh.tets], atol=1e-6)
