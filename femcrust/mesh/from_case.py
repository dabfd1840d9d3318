"""The mesh that a case asks for: read from its file, or made in its box."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from femcrust.case import Case
from femcrust.case.expressions import Expression, evaluate
from femcrust.case.quantities import DataFile
from femcrust.case.schema_faults import Rectangle
from femcrust.case.schema_mesh import Box
from femcrust.errors import DiskError, InputError
from femcrust.grids import read_grid
from femcrust.mesh.box import BoxSpec, FaultPlane, box_mesh
from femcrust.mesh.mesh import Floats, Mesh
from femcrust.mesh.read import read_mesh
from femcrust.mesh.topography import Ground, undraped

UPRIGHT = 89.999  # degrees of dip from which a rectangle counts as vertical
# Cells of half the size where a patch is nearer to a station than this many of them: every entry of
# a library in a half-space is within 2 % of the patch's peak then (tests/verification/greens).
CLOSE = 3.0
RIM_POINTS = 24  # of a disc load, to be fine around
# Formats that hold tetrahedra, in one file: meshio also knows some for surfaces, and some whose
# second file would stay behind.
WRITABLE = (
    *(".vtu", ".vtk", ".msh", ".e", ".exo", ".med", ".inp", ".mesh", ".meshb", ".bdf", ".nas"),
    *(".cgns", ".su2", ".vol", ".avs"),
)


def case_mesh(
    case: Case, places: Mapping[str, Floats] | None = None, stations: Floats | None = None
) -> Mesh:
    """Read or make the mesh of a case.

    places : of immersed faults, points (n, 3), m; rectangles need none
    stations : (k, 3) m, z nan on the ground: where a place is near one, cells are finer still
    """
    if case.mesh.file is not None:
        return read_mesh(case.directory / case.mesh.file, case.mesh.units)
    assert case.mesh.box is not None  # the schema holds exactly one of the two
    return box_mesh(box_spec(case, case.mesh.box, places or {}, stations))


def box_spec(
    case: Case, box: Box, places: Mapping[str, Floats], stations: Floats | None = None
) -> BoxSpec:
    """What to mesh: fine around faults, points and discs; faces on layers and fault planes."""
    targets: list[Floats] = [np.array(box.at)] if box.at else []
    planes = []
    for name, fault in case.faults.items():
        if fault.rectangle is not None:
            targets.append(rectangle_corners(fault.rectangle))
            if name in box.fault_planes:
                planes.append(_plane(name, fault.rectangle))
        elif name in box.fault_planes:
            raise InputError(f"mesh.box.fault_planes: {name} has no rectangle; only those are cut")
        if fault.point is not None:
            targets.append(np.array([fault.point.at]))
    for load in case.loads.values():
        if load.disc is not None:
            turn = np.linspace(0, 2 * np.pi, RIM_POINTS, endpoint=False)
            rim = np.stack([np.cos(turn), np.sin(turn)], axis=1) * load.disc.radius
            ground = np.full((RIM_POINTS, 1), box.z[1])
            targets.append(np.hstack([rim + np.array(load.disc.center), ground]))
    relief = None if box.topography is None else _ground(box.topography, case.directory)
    flat = {name: undraped(points, relief, box.z) for name, points in places.items()}
    targets += [points for name, points in flat.items() if case.faults[name].rectangle is None]
    close = []
    if stations is not None:
        close = _near_stations(places, flat, _on_ground(stations, relief, box), box.size.near)
    return BoxSpec(
        x=box.x,
        y=box.y,
        z=box.z,
        near=box.size.near,
        far=box.size.far,
        growth=box.size.growth,
        at=tuple(targets),
        close=tuple(close),
        layers=tuple(sorted(_layers(case, box), reverse=True)),
        faults=tuple(planes),
        topography=relief,
    )


def _on_ground(stations: Floats, ground: Ground | None, box: Box) -> Floats:
    """Stations (k, 3) in the box with the height of the ground where theirs is nan."""
    low, high = np.array([box.x, box.y]).T
    stations = stations[((stations[:, :2] >= low) & (stations[:, :2] <= high)).all(axis=1)]
    height = np.full(len(stations), box.z[1])
    if ground is not None:
        height = np.asarray(ground(stations[:, 0], stations[:, 1]), dtype=np.float64)
    lifted = np.where(np.isnan(stations[:, 2]), height, stations[:, 2])
    return np.column_stack([stations[:, :2], lifted])


def _near_stations(
    places: Mapping[str, Floats], flat: Mapping[str, Floats], stations: Floats, near: float
) -> list[Floats]:
    """The parts of `flat` whose places are nearer to a station than CLOSE cells."""
    if len(stations) == 0:
        return []
    tree = cKDTree(stations)
    parts = [
        flat[name][tree.query(points, distance_upper_bound=CLOSE * near)[0] < np.inf]
        for name, points in places.items()
    ]
    return [part for part in parts if len(part)]


def rectangle_corners(rectangle: Rectangle) -> Floats:
    """Corners, in cyclic order from the start of the upper edge; dips to the right. (4, 3)"""
    strike, dip = np.radians([rectangle.strike, rectangle.dip])
    along = np.array([np.sin(strike), np.cos(strike), 0.0])
    down = np.array([np.cos(strike) * np.cos(dip), -np.sin(strike) * np.cos(dip), -np.sin(dip)])
    start = np.array(rectangle.top_center) - along * rectangle.length / 2
    end = start + along * rectangle.length
    return np.array([start, end, end + down * rectangle.width, start + down * rectangle.width])


def check_target(case: Case, path: Path) -> None:
    """InputError, before any work, where the mesh could not be written to `path`."""
    if path.suffix.lower() not in WRITABLE:
        raise InputError(
            f"{path}: no format of tetrahedra has this ending; use one of {' '.join(WRITABLE)}"
        )
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file in it, e.g. {path / 'mesh.vtu'}")
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}; make it first")
    given = case.mesh.file
    if given is not None and path.resolve() == (case.directory / given).resolve():
        raise InputError(
            f"{path}: is mesh.file itself, whose groups would be lost; choose another --output"
        )


def write_mesh(mesh: Mesh, path: Path) -> None:
    """Write a mesh with its groups as numbers, in the format of the file's ending.

    An older file of that name stays as it was until the new one is whole.
    """
    import meshio

    tags = np.zeros(mesh.n_tets, dtype=np.int32)
    for number, tets in enumerate(mesh.volumes.values(), start=1):
        tags[tets] = number
    data = meshio.Mesh(mesh.points, [("tetra", mesh.tets)], cell_data={"group": [tags]})
    try:
        with tempfile.TemporaryDirectory(prefix=".femcrust-", dir=path.parent) as folder:
            whole = Path(folder) / path.name
            with contextlib.redirect_stdout(io.StringIO()):
                data.write(whole)
            os.replace(whole, path)
    except OSError as error:
        raise DiskError(f"{path}: {error.strerror or error}; choose another file") from error
    except (meshio.WriteError, meshio.ReadError, KeyError, ValueError) as error:
        why = " ".join(str(error).split())[:200]
        raise InputError(f"{path}: cannot hold this mesh ({why}); use .vtu or .msh") from error


def _ground(topography: Expression | DataFile, directory: Path) -> Ground:
    """Height of the ground at x, y: an expression, or a netCDF grid that covers the box."""
    key = "mesh.box.topography"
    if isinstance(topography, Expression):
        return lambda x, y: evaluate(topography, key, x=x, y=y)
    grid = read_grid(directory / topography.file, topography.variable, "elevation", topography.unit)
    return lambda x, y: grid.at(np.stack([x, y, np.zeros_like(x)], axis=-1))


def _plane(name: str, rectangle: Rectangle) -> FaultPlane:
    corners = rectangle_corners(rectangle)
    flat = np.ptp(corners, axis=0) < 1e-6 * rectangle.length
    if rectangle.dip < UPRIGHT or not flat[:2].any():
        raise InputError(
            f"mesh.box.fault_planes: {name} has strike {rectangle.strike:g} and dip"
            f" {rectangle.dip:g} deg; a box has faces on vertical planes along x or y only;"
            " remove it from fault_planes (it is immersed then), or mesh it with gmsh"
        )
    return FaultPlane(name, np.where(flat, corners.mean(axis=0), corners))


def _layers(case: Case, box: Box) -> set[float]:
    """z of the borders between materials inside the box."""
    borders = set()
    for material in case.materials.values():
        if material.where is not None:
            for depths in (material.where.depth, material.where.below_surface):
                borders |= {-depth for depth in depths or () if box.z[0] < -depth < box.z[1]}
    return borders
