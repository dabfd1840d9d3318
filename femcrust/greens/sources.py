"""From the section `greens` of a case to unit sources: patches of faults, points, disc loads."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from femcrust.boundaries.surface_loads import disc
from femcrust.case.schema_greens import Greens
from femcrust.errors import InputError
from femcrust.faults.moment_tensor import TENSOR, point_source
from femcrust.greens.cells import cells
from femcrust.greens.hats import hats
from femcrust.greens.patches import PatchTable, joined
from femcrust.greens.unit import Family, UnitSource
from femcrust.model import Model

COMPONENTS = ("strike", "dip", "opening")  # rows of a patch's frame

log = logging.getLogger("femcrust")


@dataclass(frozen=True)
class UnitSources:
    """All columns of a library.

    families : those that have members, patches first
    patches : the table of the family `patch`, or None
    """

    families: tuple[Family, ...]
    patches: PatchTable | None

    @property
    def units(self) -> list[UnitSource]:
        """All columns, family by family."""
        return [unit for family in self.families for unit in family.units]


def unit_sources(model: Model) -> UnitSources:
    """The unit sources that a case asks for; without a section `greens`, all its faults."""
    case = model.case
    greens = case.greens or Greens()
    names = greens.faults or tuple(case.faults)
    components = [COMPONENTS.index(name) for name in greens.components]
    tables, slips = [], []
    points: dict[str, list[UnitSource]] = {}
    for name in names:
        fault, key = case.faults[name], f"faults.{name}"
        if fault.point is not None:
            points[name] = _moments(model, fault.point.at, key)
            continue
        if fault.surface is not None:
            table, units = hats(model, fault, key, components)
        else:
            if fault.rectangle is not None and name in model.mesh.surfaces:
                log.warning(
                    f"{key}: the box is cut along it, which smears patches over two cells in place"
                    " of one; take it out of mesh.box.fault_planes for a library"
                )
            table, units = cells(model, fault, key, greens.patches, components)
        tables.append(table)
        slips += units
    families = []
    if tables:
        labels = tuple(str(i) for i in range(sum(len(table) for table in tables)))
        about = "for each metre of slip"
        families.append(Family("patch", labels, greens.components, "m-1", about, slips))
    if points:
        about = "for each newton metre of a component of the moment tensor"
        moments = [unit for units in points.values() for unit in units]
        families.append(Family("point", tuple(points), TENSOR, "N-1 m-1", about, moments))
    if greens.loads:
        about = "for each pascal on the disc"
        pressed = [_pressed(model, name) for name in greens.loads]
        families.append(Family("load", greens.loads, (), "Pa-1", about, pressed))
    if not families:
        raise InputError(f"{case.name}: has no fault to make unit sources of; add one")
    return UnitSources(tuple(families), joined(tables) if tables else None)


def _moments(model: Model, at: object, key: str) -> list[UnitSource]:
    """The six components of a moment tensor at one point, 1 N m each."""
    found = []
    for name in TENSOR:
        unit = SimpleNamespace(**{name: 1.0})
        source = point_source(model.mesh, model.elastic, at, unit, model.locator, key)
        found.append(UnitSource(source.elements, source.eigenstrain))
    return found


def _pressed(model: Model, name: str) -> UnitSource:
    """1 Pa on the disc of a load."""
    load = model.case.loads[name].model_copy(update={"pressure": 1.0})
    traction = disc(model.mesh, model.exterior, load, f"loads.{name}")
    return UnitSource(np.empty(0, np.int32), np.empty((0, 4, 6)), traction=traction)
