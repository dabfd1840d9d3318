"""Triangulated sheets from files: mesh formats of meshio, or node and triangle tables .ned, .tri.

A .ned file has lines `number north east down` (with a geographic crs: latitude, longitude, depth),
its .tri of the same name `number i j k`; both may be gzipped. In a mesh file or grid the third
coordinate is z up. Longitudes may run from −180 or from 0.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np

from femcrust.errors import InputError
from femcrust.faults.csv_table import number, text_lines
from femcrust.faults.grid_sheet import is_grid, read_grid_sheet
from femcrust.faults.patches import Project, projected
from femcrust.mesh.mesh import Floats, Ints

SCALE = {"m": 1.0, "km": 1e3}


def read_sheet(given: Any, directory: Path, project: Project | None) -> tuple[Floats, Ints]:
    """Points (n, 3), metres in model axes, and triangles (k, 3) of a section `triangles`.

    given : file, units, crs
    """
    units, crs = getattr(given, "units", "m"), getattr(given, "crs", None)
    path = directory / str(given.file)
    if not is_grid(path):
        return read_triangles(path, units, crs, project)
    degrees = crs is not None and _system(crs, path).is_geographic
    points, facets = read_grid_sheet(path, given, SCALE[units], degrees)
    return _placed(points, facets, units, crs, project, path)


def read_triangles(
    path: Path, units: str, crs: str | None, project: Project | None
) -> tuple[Floats, Ints]:
    """Points (n, 3), metres in model axes, and triangles (k, 3).

    units : 'm' or 'km', of lengths in the file
    crs : coordinate system of the file, None if it is the model's
    project : lon, lat → x, y of the model
    """
    if units not in SCALE:
        raise InputError(f"{path}: units {units!r}; write m or km")
    name = path.name.removesuffix(".gz")
    points, facets = _read_ned(path) if name.endswith(".ned") else _read_mesh(path)
    used = np.unique(facets)
    if len(facets) == 0:
        raise InputError(f"{path}: has no triangles; give a triangulated surface")
    if used[0] < 0 or used[-1] >= len(points):
        raise InputError(f"{path}: a triangle uses a point that does not exist; mend the file")
    if not np.isfinite(points[used]).all():
        raise InputError(f"{path}: a point is not finite; mend the file")
    facets = np.searchsorted(used, facets).astype(np.int32)
    return _placed(np.array(points[used], dtype=np.float64), facets, units, crs, project, path)


def _placed(
    points: Floats, facets: Ints, units: str, crs: str | None, project: Project | None, path: Path
) -> tuple[Floats, Ints]:
    """Points of a file, which are changed, in the model."""
    points[:, 2] *= SCALE[units]
    if crs is None:
        points[:, :2] *= SCALE[units]
        return points, facets
    lon, lat = _lonlat(points[:, 0], points[:, 1], SCALE[units], crs, path)
    points[:, 0], points[:, 1], _ = projected(lon, lat, project, str(path))
    return points, facets


def _lonlat(x: Floats, y: Floats, scale: float, crs: str, path: Path) -> tuple[Floats, Floats]:
    """Degrees WGS84 of coordinates in the file's system; lengths are scaled to metres first."""
    import pyproj

    system = _system(crs, path)
    if system.is_geographic:
        if np.any(np.abs(y) > 90.0) or np.any(np.abs(x) > 360.0):
            i = int(np.argmax((np.abs(y) > 90.0) | (np.abs(x) > 360.0)))
            raise InputError(
                f"{path}: ({x[i]:g}, {y[i]:g}) is no longitude and latitude; check its crs {crs}"
            )
        x = (x + 180.0) % 360.0 - 180.0
    else:
        x, y = x * scale, y * scale
    lon, lat = pyproj.Transformer.from_crs(system, "EPSG:4326", always_xy=True).transform(x, y)
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def _system(crs: str, path: Path) -> Any:
    import pyproj
    from pyproj.exceptions import CRSError

    try:
        return pyproj.CRS.from_user_input(crs)
    except CRSError as error:
        raise InputError(
            f"{path}: crs {crs!r} is no coordinate system; write e.g. EPSG:4326"
        ) from error


def _read_mesh(path: Path) -> tuple[Floats, Ints]:
    import meshio

    if not path.is_file():
        raise InputError(f"{path}: no such file; check the name")
    try:
        # meshio prints remarks and warns about old formats; neither is the user's business here.
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            with np.errstate(all="ignore"):
                found: Any = meshio.read(path)
            triangles = [cells.data for cells in found.cells if cells.type == "triangle"]
            points = np.asarray(found.points, dtype=np.float64)
            facets = np.concatenate([np.empty((0, 3), np.int64), *triangles]).astype(np.int64)
    except (Exception, SystemExit) as error:  # readers of many formats fail in many ways
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"{path}: cannot be read as a mesh ({reason}); mend the file") from error
    if points.ndim != 2 or points.shape[1] != 3:
        raise InputError(f"{path}: its points have no depth; give x, y, z")
    return points, facets.astype(np.int32)


def _read_ned(path: Path) -> tuple[Floats, Ints]:
    packed = path.name.endswith(".gz")
    stem = path.name.removesuffix(".gz").removesuffix(".ned")
    nodes = _numbers(path)
    triangles = _numbers(path.with_name(f"{stem}.tri{'.gz' if packed else ''}"))
    row_of = {float(label): row for row, label in enumerate(nodes[:, 0])}
    if len(row_of) != len(nodes):
        raise InputError(f"{path}: two nodes have the same number; mend the file")
    corners = triangles[:, 1:]
    facets = np.array([row_of.get(float(label), -1) for label in corners.ravel()], dtype=np.int32)
    north, east, down = nodes[:, 1], nodes[:, 2], nodes[:, 3]
    return np.stack([east, north, -down], axis=1), facets.reshape(-1, 3)


def _numbers(path: Path) -> Floats:
    """Four numbers a line. (n, 4)"""
    rows = []
    for at, line in enumerate(text_lines(path), start=1):
        cells = line.split("#", 1)[0].split()
        if not cells:
            continue
        if len(cells) != 4:
            raise InputError(f"{path}:{at}: {len(cells)} values where four belong; mend the line")
        rows.append([number(cell, path, at, "value") for cell in cells])
    if not rows:
        raise InputError(f"{path}: is empty; give four numbers a line")
    return np.array(rows)
