"""Where a library is read: stations with their axes and lines of sight, none of them on a fault."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from femcrust.case import Case
from femcrust.errors import InputError
from femcrust.greens.sources import UnitSources
from femcrust.mesh.mesh import Floats, Ints
from femcrust.model import Model
from femcrust.outputs.los import line_of_sight, los_vectors, to_true_north
from femcrust.stations import PlacedStations, case_stations, names_of

ON_FAULT = 1e-6  # of a patch's size: nearer than this is on it

log = logging.getLogger("femcrust")


@dataclass(frozen=True)
class Receivers:
    """Stations in the mesh, and lines of sight by name, unit vectors (3,) in true axes."""

    placed: PlacedStations
    views: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.placed.tets)

    def observed(self, moved: Floats, some: slice = slice(None)) -> tuple[Floats, Floats]:
        """What is kept of displacements in model axes at `some` stations, (…, n, 3).

        returns them in the axes of the stations, as a run does, and along lines of sight (…, n, v)
        """
        listed = self.placed.listed
        true = to_true_north(moved, listed.convergence[some])
        seen = [line_of_sight(true, unit) for unit in self.views.values()]
        toward = np.stack(seen, axis=-1) if seen else np.empty((*moved.shape[:-1], 0))
        return (moved if listed.lonlat is None else true), toward


def receivers(case: Case, model: Model, sources: UnitSources) -> Receivers:
    """The stations of a case; where the displacement jumps none may be."""
    placed = case_stations(case, model)
    if placed is None:
        raise InputError(
            f"{case.name}: output.stations: missing; name the file of the stations of the library"
        )
    on, crossed = _on_faults(placed, model, sources)
    if on.any():
        raise InputError(
            f"output.stations: {names_of(placed.listed, np.flatnonzero(on))}: on a fault, where"
            " the displacement jumps; move it to one side"
        )
    if crossed.any():
        log.warning(
            f"output.stations: {names_of(placed.listed, np.flatnonzero(crossed))}: in a cell that"
            " a patch crosses, which smears the jump over the cell; make the mesh finer there"
        )
    return Receivers(placed, los_vectors(case.output.los))


def _on_faults(
    placed: PlacedStations, model: Model, sources: UnitSources
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which stations lie on a patch or a split fault, and which in cells that a patch crosses."""
    on = np.zeros(len(placed.tets), dtype=bool)
    crossed = np.zeros(len(placed.tets), dtype=bool)
    if sources.patches is None:
        return on, crossed
    units = sources.families[0].units
    each = len(units) // len(sources.patches)
    for patch, corners in enumerate(sources.patches.corners):
        unit = units[patch * each]
        if unit.offset is None:
            here = np.flatnonzero(np.isin(placed.tets, unit.elements))
            crossed[here] = True
            on[here] |= _inside(placed.xyz[here], corners[np.isfinite(corners[:, 0])])
    for name in np.unique(sources.patches.fault[sources.patches.kind == "node"]):
        on |= _on_facets(placed, model, model.mesh.surfaces[str(model.case.faults[name].surface)])
    return on, crossed & ~on


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
