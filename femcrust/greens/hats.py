"""Unit slip on split nodes: a hat function at each vertex of a mesh surface.

The hat is one at its vertex and falls linearly to zero at the neighbours; so their sum, with slips
s_v, is the slip that is linear on the facets between the s_v. Buried edges stay closed, and what
they lose is handed on as for any slip, which is linear too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from femcrust.errors import InputError
from femcrust.faults.sides import Sides, sides_of
from femcrust.faults.split import closed_at_tips, eigenstrain_of_slip, nodal_frames
from femcrust.faults.surface import Surface, make_surface
from femcrust.greens.patches import CORNERS, PatchTable, angles_of
from femcrust.greens.unit import UnitSource
from femcrust.mesh.mesh import Floats
from femcrust.model import Model


def hats(
    model: Model, fault: Any, name: str, components: Sequence[int]
) -> tuple[PatchTable, list[UnitSource]]:
    """The vertices of a split fault, and the unit slips of each, components fastest."""
    facets = model.mesh.surfaces[fault.surface]
    surface = make_surface(model.mesh.points, facets, fault.hanging_side, name)
    sides = sides_of(model.mesh, surface, name)
    frames = nodal_frames(surface, sides, name)
    units = []
    for vertex in range(len(sides.vertices)):
        hat = _hat(surface, sides, vertex)
        for component in components:
            slip = closed_at_tips(hat[:, None] * frames[:, component], surface, sides, name)
            elements, offset, eigenstrain = eigenstrain_of_slip(model.mesh, sides, slip)
            if not len(elements):
                x = surface.points[sides.vertices[vertex]]
                raise InputError(
                    f"{name}: the vertex at ({x[0]:.6g}, {x[1]:.6g}, {x[2]:.6g}) m cannot slip;"
                    " use smaller elements there"
                )
            units.append(UnitSource(elements, eigenstrain, offset))
    return _table(model, surface, sides, frames, name), units


def _hat(surface: Surface, sides: Sides, vertex: int) -> Floats:
    """Values at the fault's nodes: 1 at the vertex, 1/2 in the middle of its edges. (n,)"""
    touches = (surface.edges == sides.vertices[vertex]).any(axis=1)
    hat = np.zeros(len(sides.vertices) + len(surface.edges))
    hat[vertex] = 1.0
    hat[len(sides.vertices) :][touches] = 0.5
    return hat


def _table(model: Model, surface: Surface, sides: Sides, frames: Floats, name: str) -> PatchTable:
    """∫ of a hat is a third of the area of the facets around its vertex."""
    count = len(sides.vertices)
    corner = np.searchsorted(sides.vertices, surface.facets).ravel()
    mu = (model.elastic.mu[sides.hanging] + model.elastic.mu[sides.foot]) / 2.0
    share = np.repeat(surface.areas / 3.0, 3)
    area = np.bincount(corner, share, minlength=count).astype(np.float64)
    strike, dip = angles_of(frames[:count])
    return PatchTable(
        fault=np.full(count, name.rpartition(".")[2]),
        kind=np.full(count, "node"),
        corners=np.full((count, CORNERS, 3), np.nan),
        centre=surface.points[sides.vertices],
        strike=strike,
        dip=dip,
        area=area,
        rigidity=np.bincount(corner, share * np.repeat(mu, 3), minlength=count) / area,
        pieces=(np.empty((0, 3, 3)),) * count,
    )
