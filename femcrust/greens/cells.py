"""Unit slip on flat patches inside elements: cells of rectangles, triangles, rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from femcrust.case.schema_greens import PatchSize
from femcrust.errors import InputError
from femcrust.faults.fsp import read_fsp
from femcrust.faults.geometry import Chart, frames, symmetric_dyad
from femcrust.faults.immersed import points_of_sheet, projection
from femcrust.faults.patches import read_patches
from femcrust.faults.sheet import Sheet, cell_tops, rectangle_corners
from femcrust.faults.surface import make_surface
from femcrust.faults.triangles import read_triangles
from femcrust.greens.patches import CORNERS, PatchTable, angles_of
from femcrust.greens.unit import UnitSource
from femcrust.mesh.mesh import Floats
from femcrust.model import Model, projector

MOST_CELLS = 100_000  # of one rectangle; more is a size in the wrong unit
FLAT = 1e-9  # of a patch's size squared: an area below it is rounding
ROUNDING = 1e-9  # of a cell: a length that fits in to this takes no further cell


def cells(
    model: Model, fault: Any, name: str, size: PatchSize | None, components: Sequence[int]
) -> tuple[PatchTable, list[UnitSource]]:
    """The patches of a fault, and the unit slips of each, components fastest.

    name : heads complaints, e.g. faults.main
    components : rows of a patch's frame: 0 strike, 1 dip, 2 opening
    """
    sheet = _sheet(model, fault, name, size)
    points, area = points_of_sheet(model.mesh, sheet, model.locator, name)
    _refuse_flat(sheet, area, name)
    order = np.argsort(points.polygon, kind="stable")
    begin = np.searchsorted(points.polygon[order], np.arange(len(area) + 1))
    rigidity = np.empty(len(area))
    units = []
    for patch, frame in enumerate(sheet.frames):
        own = order[begin[patch] : begin[patch + 1]]
        tet, weight = points.tet[own], points.weight[own]
        rigidity[patch] = weight @ model.elastic.mu[tet] / weight.sum()
        for component in components:
            density = weight[:, None] * symmetric_dyad(frame[component], frame[2])
            elements, eigenstrain = projection(model.mesh, tet, points.bary[own], density)
            units.append(UnitSource(elements, eigenstrain))
    return _table(sheet, name, area, rigidity), units


def _sheet(model: Model, fault: Any, name: str, size: PatchSize | None) -> Sheet:
    """The patches as flat polygons; their slip does not matter."""
    if fault.rectangle is not None:
        r = fault.rectangle
        frame = frames(r.strike, r.dip)
        n = cell_counts(r.length, r.width, size, f"{name}.rectangle")
        # rows from the top, each along strike
        tops = cell_tops(Chart(np.array(r.top_center), frame), r.length, r.width, n)
        tops = tops.reshape(*n, 3).swapaxes(0, 1).reshape(-1, 3)
        sides = [np.full(len(tops), whole / k) for whole, k in ((r.length, n[0]), (r.width, n[1]))]
        return _as_sheet(
            rectangle_corners(tops, sides[0], sides[1], frame[None]),
            np.broadcast_to(frame, (len(tops), 3, 3)),
        )
    project = projector(model.case.case.crs)
    directory = model.case.directory
    if fault.triangles is not None:
        given = fault.triangles
        points, facets = read_triangles(directory / given.file, given.units, given.crs, project)
        surface = make_surface(points, facets, fault.hanging_side, name)
        return _as_sheet(points[surface.facets], surface.frames)
    path = directory / fault.file
    is_fsp = path.name.lower().removesuffix(".gz").endswith(".fsp")
    rows = read_fsp(path, project) if is_fsp else read_patches(path, project)
    frame = frames(rows.strike, rows.dip)
    return _as_sheet(rectangle_corners(rows.top_center, rows.length, rows.width, frame), frame)


def cell_counts(length: float, width: float, size: PatchSize | None, key: str) -> Any:
    """Cells along strike and down dip of a rectangle. (2,) int

    >>> cell_counts(20e3, 9e3, PatchSize(length=5e3, width=5e3), "").tolist()
    [4, 2]
    """
    if size is None:
        return np.array([1, 1])
    if size.along_strike is not None and size.down_dip is not None:
        return np.array([size.along_strike, size.down_dip])
    assert size.length is not None  # the schema holds the two together
    assert size.width is not None
    wanted = np.ceil(np.array([length / size.length, width / size.width]) - ROUNDING)
    counts = np.maximum(wanted, 1.0)
    if counts.prod() > MOST_CELLS:
        raise InputError(
            f"greens.patches: {size.length:g} m x {size.width:g} m cut {key} into"
            f" {counts[0]:.0f} x {counts[1]:.0f} patches; give at most {MOST_CELLS:,}"
        )
    return counts.astype(np.int64)


def _refuse_flat(sheet: Sheet, area: Floats, name: str) -> None:
    """A patch of no area moves nothing: a row of zeros makes an inversion singular."""
    size = np.ptp(sheet.corners, axis=1).max(axis=1)
    flat = np.flatnonzero(~(area > FLAT * size**2))
    if len(flat):
        x = sheet.corners[flat[0]].mean(axis=0)
        raise InputError(
            f"{name}: a triangle near ({x[0]:.6g}, {x[1]:.6g}, {x[2]:.6g}) m has no area;"
            " mend the surface"
        )


def _as_sheet(corners: Floats, frame: Floats) -> Sheet:
    return Sheet(
        corners=corners,
        n_corners=np.full(len(corners), corners.shape[1]),
        frames=frame,
        components=lambda x, _: np.zeros_like(x),
        outline=[],
        arrow_points=np.empty((0, 3)),
        arrow_polygons=np.empty(0, dtype=np.int64),
    )


def _table(sheet: Sheet, name: str, area: Floats, rigidity: Floats) -> PatchTable:
    count, given = sheet.corners.shape[:2]
    corners = np.full((count, CORNERS, 3), np.nan)
    corners[:, :given] = sheet.corners
    strike, dip = angles_of(sheet.frames)
    return PatchTable(
        fault=np.full(count, name.rpartition(".")[2]),
        kind=np.full(count, "triangle" if given == 3 else "rectangle"),
        corners=corners,
        centre=sheet.corners.mean(axis=1),
        strike=strike,
        dip=dip,
        area=area,
        rigidity=rigidity,
    )
