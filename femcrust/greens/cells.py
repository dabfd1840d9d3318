"""Unit slip on flat patches inside elements: cells of rectangles, triangles, rows of a table."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from femcrust.case.schema_greens import PatchSize
from femcrust.errors import InputError
from femcrust.faults.geometry import Chart, frames, frames_of_normals, symmetric_dyad
from femcrust.faults.immersed import points_of_sheet, projection
from femcrust.faults.polygons import rectangle_corners
from femcrust.faults.sheet import Longs, Sheet, cell_tops
from femcrust.faults.surface import make_surface
from femcrust.faults.tables import read_polygons
from femcrust.faults.triangles import read_sheet
from femcrust.greens.merge import merged
from femcrust.greens.outlines import patch_table
from femcrust.greens.patches import PatchTable
from femcrust.greens.unit import UnitSource
from femcrust.mesh.mesh import Floats, Ints
from femcrust.model import Model, projector

MOST_CELLS = 100_000  # of one rectangle; more is a size in the wrong unit
TINY = 0.01  # of a cell
FLAT = 1e-9  # of a patch's size squared: an area below it is rounding
ROUNDING = 1e-9  # of a cell: a length that fits in to this takes no further cell

log = logging.getLogger("femcrust")


def cells(
    model: Model, fault: Any, name: str, size: PatchSize | None, components: Sequence[int]
) -> tuple[PatchTable, list[UnitSource]]:
    """The patches of a fault, and the unit slips of each, components fastest.

    name : heads complaints, e.g. faults.main
    components : rows of a patch's frame: 0 strike, 1 dip, 2 opening
    """
    sheet, patch_of = _sheet(model, fault, name, size)
    points, area = points_of_sheet(model.mesh, sheet, model.locator, name)
    _refuse_flat(sheet, area, name)
    _warn_of_tiny(model, area, points.tet, name)
    of_point = patch_of[points.polygon]
    order = np.argsort(of_point, kind="stable")
    count = int(patch_of.max()) + 1
    begin = np.searchsorted(of_point[order], np.arange(count + 1))
    rigidity = np.empty(count)
    units = []
    for patch in range(count):
        own = order[begin[patch] : begin[patch + 1]]
        tet, weight = points.tet[own], points.weight[own]
        rigidity[patch] = weight @ model.elastic.mu[tet] / weight.sum()
        frame = sheet.frames[points.polygon[own]]
        for component in components:
            density = weight[:, None] * symmetric_dyad(frame[:, component], frame[:, 2])
            elements, eigenstrain = projection(model.mesh, tet, points.bary[own], density)
            units.append(UnitSource(elements, eigenstrain))
    return patch_table(sheet, patch_of, name, area, rigidity), units


def _sheet(model: Model, fault: Any, name: str, size: PatchSize | None) -> tuple[Sheet, Longs]:
    """Flat polygons, whose slip does not matter, and the patch that each belongs to."""
    if fault.rectangle is not None:
        r = fault.rectangle
        frame = frames(r.strike, r.dip)
        n = cell_counts(r.length, r.width, size, f"{name}.rectangle")
        # rows from the top, each along strike
        tops = cell_tops(Chart(np.array(r.top_center), frame), r.length, r.width, n)
        tops = tops.reshape(*n, 3).swapaxes(0, 1).reshape(-1, 3)
        sides = [np.full(len(tops), whole / k) for whole, k in ((r.length, n[0]), (r.width, n[1]))]
        corners = rectangle_corners(tops, sides[0], sides[1], frame[None])
        return _as_sheet(corners, np.broadcast_to(frame, (len(tops), 3, 3)))
    project = projector(model.case.case.crs)
    directory = model.case.directory
    if fault.triangles is not None:
        points, facets = read_sheet(fault.triangles, directory, project)
        surface = make_surface(points, facets, fault.hanging_side, name)
        if size is None or size.count is None:
            return _as_sheet(points[surface.facets], surface.frames)
        points, facets, patch_of = merged(points, surface.facets, size.count, name)
        corners = points[facets]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.linalg.norm(normals, axis=1)[:, None]
        sheet, _ = _as_sheet(corners, frames_of_normals(normals, surface.chart.frame[0]))
        return sheet, patch_of
    rows = read_polygons(directory / fault.file, project, fault.units)
    return _as_sheet(rows.corners, rows.frames, rows.n_corners)


def _warn_of_tiny(model: Model, area: Floats, tets: Ints, name: str) -> None:
    """Patches that are specks in their cells are most often kilometres taken for metres."""
    across = float(np.sqrt(area.max()))
    corners = model.mesh.points[model.mesh.tets[np.unique(tets)]]
    cell = float(np.median(np.ptp(corners, axis=1).max(axis=1)))
    if across < TINY * cell:
        log.warning(
            f"{name}: its patches are at most {across:.3g} m across, in cells of {cell:.3g} m; look"
            " at its units"
        )


def cell_counts(length: float, width: float, size: PatchSize | None, key: str) -> Any:
    """Cells along strike and down dip of a rectangle. (2,) int

    >>> cell_counts(20e3, 9e3, PatchSize(length=5e3, width=5e3), "").tolist()
    [4, 2]
    """
    if size is None or not size.cuts_rectangles:
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


def _as_sheet(
    corners: Floats, frame: Floats, n_corners: Longs | None = None
) -> tuple[Sheet, Longs]:
    """Polygons that are a patch each."""
    if n_corners is None:
        n_corners = np.full(len(corners), corners.shape[1])
    sheet = Sheet(
        corners=corners,
        n_corners=n_corners,
        frames=frame,
        components=lambda x, _: np.zeros_like(x),
        outline=[],
        arrow_points=np.empty((0, 3)),
        arrow_polygons=np.empty(0, dtype=np.int64),
    )
    return sheet, np.arange(len(corners))
