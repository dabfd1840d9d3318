"""Mesh, materials, faults and boundaries of a case, built and checked to agree."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from femcrust import boundaries, faults, materials, projection
from femcrust.boundaries import gravity
from femcrust.boundaries.conditions import Conditions
from femcrust.case import Case
from femcrust.errors import InputError
from femcrust.faults.patches import Project
from femcrust.faults.source import Source
from femcrust.materials import Elastic, Relaxing
from femcrust.mesh.exterior import Exterior, exterior_faces
from femcrust.mesh.from_case import case_mesh
from femcrust.mesh.locate import Locator
from femcrust.mesh.mesh import Floats, Mesh
from femcrust.station_list import read_station_list

POINTS_A_CELL = 3.0  # of faults, along each edge, that the mesher sees
LARGEST_MOMENT = 1e30  # N m; the largest earthquake known, Chile 1960, had 2e23


@dataclass(frozen=True)
class Body:
    """The physical problem on a mesh, or on a part of one, before anything is discretised.

    relaxing : None where the case has no span of time or nothing relaxes
    """

    case: Case
    mesh: Mesh
    elastic: Elastic
    sources: list[Source]
    conditions: Conditions
    relaxing: Relaxing | None = None

    @property
    def n_branches(self) -> int | None:
        """Of all elements that flow; None where the case has no span of time."""
        if self.case.time is None:
            return None
        return 0 if self.relaxing is None else int(self.relaxing.moduli.size)


@dataclass(frozen=True, kw_only=True)
class Model(Body):
    """The whole of a case, with its outside and what finds places in it."""

    exterior: Exterior
    locator: Locator


def build_model(case: Case, mesh: Mesh | None = None) -> Model:
    """Everything that a solve needs to know of a case; `mesh` when it was made before."""
    mesh = mesh_of(case) if mesh is None else mesh
    exterior = exterior_faces(mesh)
    locator = Locator(mesh)
    elastic = materials.elastic_fields(mesh, case.materials, case.directory, locator.surface_z)
    relaxing = (
        materials.relaxing_fields(mesh, case.materials, elastic, case.directory)
        if case.time is not None
        else None
    )
    sources = faults.build(
        mesh, elastic, case.faults, locator, case.directory, projector(case.case.crs)
    )
    conditions = boundaries.build(
        mesh, exterior, case.boundaries, case.loads, sources, case.directory
    )
    if case.gravity is not None:
        weighs = gravity.buoyancy(
            mesh, exterior, elastic.rho, elastic.names, elastic.index, case.gravity
        )
        conditions = replace(conditions, buoyancy=weighs)
    for source in sources:
        if not source.moment < LARGEST_MOMENT:  # also catches nan
            raise InputError(
                f"faults.{source.name}: moment is {source.moment:.3g} N m, above that of any"
                " earthquake; look at its slip and size"
            )
    if not any(source.eigenstrain.any() for source in sources) and not acts(conditions):
        raise InputError(
            f"{case.name}: nothing acts: add a fault with slip, a load, a traction or a"
            " prescribed displacement"
        )
    return Model(
        case, mesh, elastic, sources, conditions, relaxing, exterior=exterior, locator=locator
    )


def mesh_of(case: Case) -> Mesh:
    """The mesh of a case; a box is fine around faults, finer still near stations of a library."""
    box = case.mesh.box
    if box is None:
        return case_mesh(case)
    stations = None
    if case.greens is not None and case.greens.refine and case.output.stations is not None:
        listed = read_station_list(case.directory / case.output.stations, case.case.crs)
        stations = np.stack([listed.x, listed.y, listed.z], axis=1)
    wanted = {  # the mesher knows rectangles; near stations their parts count
        name: fault
        for name, fault in case.faults.items()
        if fault.rectangle is None or stations is not None
    }
    spacing = box.size.near / POINTS_A_CELL
    places = faults.places(wanted, case.directory, projector(case.case.crs), spacing)
    return case_mesh(case, places, stations)


def acts(conditions: Conditions) -> bool:
    """Whether the boundaries or body forces deform anything."""
    return bool(
        conditions.tractions
        or conditions.body_force is not None
        or any(constraint.value is not None for constraint in conditions.constraints)
    )


def projector(crs: str | None) -> Project | None:
    """Longitude, latitude (degrees) → x, y (metres); None without a crs."""
    if crs is None:
        return None

    def projected(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        x, y = projection.project(crs, np.stack([lon, lat], axis=1)).T
        return x, y

    return projected
