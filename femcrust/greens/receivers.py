"""Where a library is read: stations with their axes and lines of sight, none of them on a fault."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from femcrust.case import Case
from femcrust.errors import InputError
from femcrust.greens.sources import UnitSources
from femcrust.greens.unit import UnitSource
from femcrust.mesh.mesh import Floats, Ints, tet_volumes
from femcrust.model import Model
from femcrust.outputs.los import line_of_sight, los_vectors
from femcrust.outputs.station_fields import in_order, in_true_axes
from femcrust.stations import PlacedStations, case_stations, names_of

ON_FAULT = 1e-6  # of a patch's size: nearer than this is on it
# In a half-space errors are at most 1.6 % of a patch's peak so many cells away from patches that
# are LARGE cells across, and from those half as large; 4 % and 12 % at 2.2 and 1.1 cells from the
# latter (tests/verification/greens).
LARGE = 4.4
CELLS_OF_LARGE, CELLS_OF_SMALL = 2.2, 3.3
_S, _T = (axis.ravel() for axis in np.meshgrid(*[np.linspace(0.0, 1.0, 6)] * 2))
SPREAD = np.stack([(1 - _S) * (1 - _T), _S * (1 - _T), _S * _T, (1 - _S) * _T], axis=1)

log = logging.getLogger("femcrust")


@dataclass(frozen=True)
class Receivers:
    """Stations in the mesh, lines of sight by name, unit vectors (3,) in true axes, and what the
    stations tell, the displacement first."""

    placed: PlacedStations
    views: dict[str, Floats]
    fields: tuple[str, ...] = ("displacement",)

    def __len__(self) -> int:
        return len(self.placed.tets)

    def observed(
        self, values: Mapping[str, Floats], some: slice = slice(None)
    ) -> dict[str, Floats]:
        """What is kept of fields in model axes at `some` stations, (…, n, k) by name.

        returns them in the axes of the stations, as a run does, and los (…, n, v), if any
        """
        listed = self.placed.listed
        true = {
            name: in_true_axes(name, field, listed.convergence[some])
            for name, field in values.items()
        }
        kept = dict(values) if listed.lonlat is None else dict(true)
        if self.views and "displacement" in true:
            seen = [line_of_sight(true["displacement"], unit) for unit in self.views.values()]
            kept["los"] = np.stack(seen, axis=-1)
        return kept


def receivers(case: Case, model: Model, sources: UnitSources) -> Receivers:
    """The stations of a case; where the displacement jumps none may be."""
    placed = case_stations(case, model)
    if placed is None:
        raise InputError(
            f"{case.name}: output.stations: missing; name the file of the stations of the library"
        )
    on = _on_faults(placed, model, sources)
    if on.any():
        raise InputError(
            f"output.stations: {names_of(placed.listed, np.flatnonzero(on))}: on a fault, where"
            " the displacement jumps; move it to one side"
        )
    _warn_of_close_ones(placed, model, sources)
    fields = in_order(case.output.station_fields)
    return Receivers(placed, los_vectors(case.output.los), fields)


def _on_faults(placed: PlacedStations, model: Model, sources: UnitSources) -> NDArray[np.bool_]:
    """Which stations lie on a patch or on a split fault. (n,)"""
    on = np.zeros(len(placed.tets), dtype=bool)
    for pieces, unit in _immersed(sources):
        here = np.flatnonzero(np.isin(placed.tets, unit.elements))
        for corners in pieces if len(here) else ():
            on[here] |= _inside(placed.xyz[here], corners)
    table = sources.patches
    for name in () if table is None else np.unique(table.fault[table.kind == "node"]):
        on |= _on_facets(placed, model, model.mesh.surfaces[str(model.case.faults[name].surface)])
    return on


def _warn_of_close_ones(placed: PlacedStations, model: Model, sources: UnitSources) -> None:
    """A cell that a patch crosses smears the jump: a station near it sees that."""
    tree = cKDTree(placed.xyz)
    volumes = tet_volumes(model.mesh)
    close, stations = 0, set()
    for pieces, unit in _immersed(sources):
        cell = (6.0 * np.sqrt(2.0) * volumes[unit.elements].mean()) ** (1 / 3)
        ring = pieces[:, [0, 1, 2, -1]]  # a triangle is a quadrilateral with a corner twice
        spans = np.cross(ring[:, 1] - ring[:, 0], ring[:, 3] - ring[:, 0])
        across = np.sqrt(np.linalg.norm(spans, axis=1).sum())
        enough = (CELLS_OF_LARGE if across >= LARGE * cell else CELLS_OF_SMALL) * cell
        distance, nearest = tree.query(np.einsum("qc,pci->pqi", SPREAD, ring).reshape(-1, 3))
        if distance.min() < enough:
            close += 1
            stations.update(nearest[distance < enough].tolist())
    if close:
        names = names_of(placed.listed, np.array(sorted(stations)))
        log.warning(
            f"output.stations: {names}: so near to {close:,} of the patches that errors may exceed"
            " 2 % of their peak there; make the mesh finer, or the patches larger"
        )


def _immersed(sources: UnitSources) -> Iterator[tuple[Floats, UnitSource]]:
    """Polygons (k, c, 3) and first unit source of every patch inside cells."""
    if sources.patches is None:
        return
    units = sources.families[0].units
    each = len(units) // len(sources.patches)
    for pieces, unit in zip(sources.patches.pieces, units[::each], strict=True):
        if unit.offset is None:
            yield pieces, unit


def _on_facets(placed: PlacedStations, model: Model, facets: Ints) -> NDArray[np.bool_]:
    """Whether stations lie on facets (k, 3) of the mesh: only on those that touch their cell."""
    points = model.mesh.points
    near = np.zeros(len(points), dtype=bool)
    near[facets] = True
    corners = model.mesh.tets[placed.tets]
    on = np.zeros(len(placed.tets), dtype=bool)
    for station in np.flatnonzero(near[corners].any(axis=1)):
        touching = facets[np.isin(facets, corners[station]).any(axis=1)]
        place = placed.xyz[station : station + 1]
        on[station] = any(_inside(place, points[facet])[0] for facet in touching)
    return on


def _inside(points: Floats, corners: Floats) -> NDArray[np.bool_]:
    """Whether points (n, 3) lie on a flat convex polygon (c, 3), its edges too. (n,)"""
    sides = np.roll(corners, -1, axis=0) - corners
    normal = np.cross(sides[0], sides[1])
    normal /= np.linalg.norm(normal)
    near = ON_FAULT * float(np.linalg.norm(sides, axis=1).max())
    inward = np.cross(normal, sides)
    inward /= np.linalg.norm(inward, axis=1)[:, None]
    apart = points[:, None] - corners
    within = (np.einsum("nci,ci->nc", apart, inward) >= -near).all(axis=1)
    return np.asarray(within & (np.abs(apart[:, 0] @ normal) <= near))
