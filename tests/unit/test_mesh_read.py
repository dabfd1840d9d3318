"""Mesh files: what a good one gives, and that a bad one gives one line, never a traceback."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import meshio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from femcrust.errors import InputError
from femcrust.mesh.mesh import Mesh, tet_volumes
from femcrust.mesh.read import read_mesh
from small_meshes import split_cubes

TRIANGLE, TETRA = 2, 3  # gmsh's dimensions


def layered() -> Mesh:
    """Eight kilometres of crust over mantle, with a fault in the plane y = 0 of the crust."""
    mesh = split_cubes((4, 4, 4), (16e3, 16e3, 16e3), (-8e3, -8e3, -16e3))
    centroid = mesh.points[mesh.tets].mean(axis=1)
    crust = centroid[:, 2] > -8e3
    faces = mesh.tets[:, [(1, 2, 3), (0, 3, 2), (0, 1, 3), (0, 2, 1)]].reshape(-1, 3)
    x = mesh.points[faces]
    on = np.all((np.abs(x[..., 1]) < 1.0) & (x[..., 2] > -8.1e3), axis=1)
    fault = np.unique(np.sort(faces[on], axis=1), axis=0).astype(np.int32)
    return replace(
        mesh,
        volumes={
            "crust": np.flatnonzero(crust).astype(np.int32),
            "mantle": np.flatnonzero(~crust).astype(np.int32),
        },
        surfaces={"fault": fault},
    )


def as_meshio(mesh: Mesh, scale: float = 1.0, named: bool = True) -> meshio.Mesh:
    """In gmsh's way: a block for each physical group."""
    blocks, tags, names = [], [], {}
    for number, (name, index) in enumerate(mesh.volumes.items(), start=1):
        blocks.append(("tetra", mesh.tets[index]))
        tags.append(np.full(len(index), number))
        names[name] = np.array([number, TETRA])
    for number, (name, faces) in enumerate(mesh.surfaces.items(), start=1):
        blocks.append(("triangle", faces))
        tags.append(np.full(len(faces), number))
        names[name] = np.array([number, TRIANGLE])
    return meshio.Mesh(
        mesh.points * scale,
        blocks,
        cell_data={"gmsh:physical": tags, "gmsh:geometrical": tags},
        field_data=names if named else {},
    )


def gmsh22(mesh: Mesh, path: Path, **how: object) -> Path:
    as_meshio(mesh, **how).write(path, file_format="gmsh22", binary=False)  # type: ignore[arg-type]
    return path


def same_mesh(read: Mesh, mesh: Mesh) -> None:
    """Tetrahedra and groups as sets of corner positions, on a lattice of a metre."""

    def places(points: np.ndarray, cells: np.ndarray) -> set[tuple[int, ...]]:
        at = np.round(points[cells]).astype(int)
        return {tuple(sorted(map(tuple, cell))) for cell in at.tolist()}  # type: ignore[misc]

    assert places(read.points, read.tets) == places(mesh.points, mesh.tets)
    assert sorted(read.volumes) == sorted(mesh.volumes)
    for name, index in mesh.volumes.items():
        found = read.tets[read.volumes[name]]
        assert places(read.points, found) == places(mesh.points, mesh.tets[index])
    assert sorted(read.surfaces) == sorted(mesh.surfaces)
    for name, faces in mesh.surfaces.items():
        assert places(read.points, read.surfaces[name]) == places(mesh.points, faces)


def test_gmsh_2_gives_the_named_groups(tmp_path: Path) -> None:
    mesh = layered()
    read = read_mesh(gmsh22(mesh, tmp_path / "crust.msh"))
    same_mesh(read, mesh)
    assert (read.source, read.points.dtype, read.tets.dtype) == ("crust.msh", np.float64, np.int32)


def gmsh_box(path: Path, version: float, binary: bool, size: float) -> None:
    """Two layers written by Gmsh itself; the group 'all' holds tetrahedra of the others."""
    try:
        import gmsh
    except OSError as error:
        pytest.skip(f"gmsh lacks a system library: {error}")
    gmsh.initialize(readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Verbosity", 1)
        gmsh.option.setNumber("Mesh.MshFileVersion", version)
        gmsh.option.setNumber("Mesh.Binary", binary)
        gmsh.option.setNumber("Mesh.MeshSizeMax", size)
        upper = gmsh.model.occ.addBox(0, 0, -1e4, 3e4, 2e4, 1e4)
        lower = gmsh.model.occ.addBox(0, 0, -3e4, 3e4, 2e4, 2e4)
        gmsh.model.occ.fragment([(3, upper)], [(3, lower)])
        gmsh.model.occ.synchronize()
        between = gmsh.model.getEntitiesInBoundingBox(-1, -1, -1e4 - 1, 3e4 + 1, 2e4 + 1, -9999, 2)
        gmsh.model.addPhysicalGroup(3, [upper], name="upper crust")
        gmsh.model.addPhysicalGroup(3, [lower], name="lower")
        gmsh.model.addPhysicalGroup(3, [upper, lower], name="all")
        gmsh.model.addPhysicalGroup(2, [tag for _, tag in between], name="interface")
        gmsh.model.mesh.generate(3)
        gmsh.write(str(path))
    finally:
        gmsh.finalize()


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("version", [2.2, 4.1])
def test_gmsh_itself_gives_the_named_groups(tmp_path: Path, version: float, binary: bool) -> None:
    path = tmp_path / "box.msh"
    gmsh_box(path, version, binary, size=5e3)
    mesh = read_mesh(path)
    volume = tet_volumes(mesh)
    assert volume[mesh.volumes["upper crust"]].sum() == pytest.approx(6e12, rel=1e-12)
    assert volume[mesh.volumes["lower"]].sum() == pytest.approx(12e12, rel=1e-12)
    assert len(mesh.volumes["all"]) == mesh.n_tets
    np.testing.assert_allclose(mesh.points[mesh.surfaces["interface"]][..., 2], -1e4)


def test_kilometres_become_metres(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    mesh = layered()
    path = gmsh22(mesh, tmp_path / "km.msh", scale=1e-3)
    same_mesh(read_mesh(path, "km"), mesh)
    assert not caplog.records
    with caplog.at_level(logging.WARNING, "femcrust"):
        read_mesh(path)
    assert "16 m wide; is the mesh in km? write units: km" in caplog.text
    with pytest.raises(InputError, match=r"more than the Earth; is it in metres"):
        read_mesh(gmsh22(mesh, tmp_path / "m.msh"), "km")
    with pytest.raises(InputError, match=r"mesh.units: 'miles'"):
        read_mesh(path, "miles")


def test_unnamed_groups_are_kept_under_their_numbers(tmp_path: Path) -> None:
    read = read_mesh(gmsh22(layered(), tmp_path / "x.msh", named=False))
    assert sorted(read.volumes) == ["volume 1", "volume 2"]
    assert sorted(read.surfaces) == ["surface 1"]


def test_abaqus_element_sets_are_groups(tmp_path: Path) -> None:
    mesh = layered()
    lines = ["*NODE"]
    lines += [f"{i}, {x!r}, {y!r}, {z!r}" for i, (x, y, z) in enumerate(mesh.points.tolist(), 1)]
    number = 0
    cells = {name: ("C3D4", mesh.tets[index]) for name, index in mesh.volumes.items()}
    cells["fault"] = ("CPS3", mesh.surfaces["fault"])
    for name, (kind, rows) in cells.items():
        lines.append(f"*ELEMENT, TYPE={kind}, ELSET={name}")
        for row in (rows + 1).tolist():
            number += 1
            lines.append(", ".join(map(str, [number, *row])))
    path = tmp_path / "mesh.inp"
    path.write_text("\n".join(lines) + "\n")
    same_mesh(read_mesh(path), mesh)


def test_vtu_with_quadratic_cells_is_read_by_corners(tmp_path: Path) -> None:
    mesh = layered()
    edges = np.array([(0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)])
    middles = mesh.points[mesh.tets[:, edges]].mean(axis=2)
    keys, inverse = np.unique(np.round(middles.reshape(-1, 3)), axis=0, return_inverse=True)
    cells = np.hstack([mesh.tets, mesh.n_points + inverse.reshape(-1, 6)])
    path = tmp_path / "quadratic.vtu"
    meshio.Mesh(np.vstack([mesh.points, keys]), [("tetra10", cells)]).write(path)
    read = read_mesh(path)
    same_mesh(read, replace(mesh, volumes={}, surfaces={}))
    assert read.n_points == mesh.n_points  # the middles are dropped


def test_med_families_are_groups(tmp_path: Path) -> None:
    mesh = layered()
    in_crust = np.isin(np.arange(mesh.n_tets), mesh.volumes["crust"])
    out = meshio.Mesh(
        mesh.points,
        [("tetra", mesh.tets), ("triangle", mesh.surfaces["fault"])],
        cell_data={"cell_tags": [np.where(in_crust, -1, -2), np.full(16, -3)]},
    )
    out.cell_tags = {-1: ["crust"], -2: ["mantle"], -3: ["fault"]}
    out.point_tags = {}
    path = tmp_path / "mesh.med"
    out.write(path)
    same_mesh(read_mesh(path), mesh)


def test_exodus_blocks_are_groups(tmp_path: Path) -> None:
    netcdf = pytest.importorskip("netCDF4")
    mesh = layered()
    path = tmp_path / "mesh.e"
    blocks = [("tetra", mesh.tets[index]) for index in mesh.volumes.values()]
    meshio.Mesh(mesh.points, blocks).write(path)
    numbered = read_mesh(path)
    assert sorted(numbered.volumes) == ["volume 1", "volume 2"]
    with netcdf.Dataset(path, "a") as file:
        file.createDimension("n_eb", 2)
        file.createDimension("len_eb", 33)
        names = file.createVariable("eb_names", "S1", ("n_eb", "len_eb"))
        for row, name in enumerate(mesh.volumes):
            names[row] = np.array(list(name.ljust(33, "\0")), dtype="S1")
    same_mesh(read_mesh(path), replace(mesh, surfaces={}))


def hexahedra(path: Path) -> None:
    cube = np.array([(x, y, z) for z in (0, 1) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))])
    meshio.Mesh(cube * 1e5, [("hexahedron", np.arange(8)[None])]).write(path)


def surface_only(path: Path) -> None:
    meshio.Mesh(np.eye(3) * 1e5, [("triangle", np.arange(3)[None])]).write(path)


def flat_cell(path: Path) -> None:
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]]) * 1e5
    meshio.Mesh(points, [("tetra", np.arange(4)[None])]).write(path)


def words(path: Path) -> None:
    path.write_text("this is no mesh\n")


def nothing(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("suffix", [".vtu", ".msh", ".inp", ".med", ".e", ".dat", ""])
@pytest.mark.parametrize("content", [words, nothing])
def test_files_that_are_no_mesh_are_refused_in_one_line(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    suffix: str,
    content: Callable[[Path], None],
) -> None:
    path = tmp_path / f"mesh{suffix}"
    content(path)
    with pytest.raises(InputError) as refused:
        read_mesh(path)
    assert "\n" not in str(refused.value)
    assert "mesh" in str(refused.value)
    assert capfd.readouterr() == ("", "")  # meshio prints; that stays inside


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (hexahedra, "1 hexahedron cells, but only tetrahedra"),
        (surface_only, "no tetrahedra"),
        (flat_cell, "tetrahedron 1 .*has no volume"),
    ],
)
def test_meshes_without_proper_tetrahedra_are_refused(
    tmp_path: Path, content: Callable[[Path], None], message: str
) -> None:
    content(tmp_path / "mesh.vtu")
    with pytest.raises(InputError, match=message):
        read_mesh(tmp_path / "mesh.vtu")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mesh\.file: .*none\.msh does not exist"):
        read_mesh(tmp_path / "none.msh")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A small mesh in Gmsh's formats, text and binary."""
    path = tmp_path_factory.mktemp("sound") / "box.msh"
    files = {}
    for version in (2.2, 4.1):
        for binary in (False, True):
            gmsh_box(path, version, binary, size=3e4)
            files[f"{version} {'binary' if binary else 'text'}"] = path.read_bytes()
    return files


@settings(max_examples=int(os.environ.get("FEMCRUST_EXAMPLES", "200")))
@given(
    kind=st.sampled_from(["2.2 text", "2.2 binary", "4.1 text", "4.1 binary"]),
    cut=st.floats(0.0, 1.0),
    holes=st.lists(st.tuples(st.floats(0.0, 1.0), st.binary(min_size=1, max_size=12)), max_size=4),
    whole=st.booleans(),
)
def test_damaged_gmsh_files_are_read_or_refused_never_worse(
    sound: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
    kind: str,
    cut: float,
    holes: list[tuple[float, bytes]],
    whole: bool,
) -> None:
    """Truncated or overwritten anywhere: a sound mesh or an InputError of one line."""
    folder = tmp_path_factory.getbasetemp()
    content = bytearray(sound[kind])
    for where, garbage in holes:
        start = int(where * len(content))
        content[start : start + len(garbage)] = garbage
    if not whole:
        content = content[: int(cut * len(content))]
    path = folder / "damaged.msh"
    path.write_bytes(content)
    try:
        mesh = read_mesh(path)
    except InputError as refused:
        message = str(refused)
    else:
        message = ""
        assert np.all(np.isfinite(mesh.points))
        assert tet_volumes(mesh).min() > 0
    assert "\n" not in message
