"""From the boundaries and loads of a case to conditions on faces.

A more specific name wins: a surface group or `west` over `sides`. A face carries one condition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from femcrust.amplitude import amplitude_of
from femcrust.boundaries.conditions import Conditions, Constraint, Springs
from femcrust.boundaries.far_field import SourceLike, infinite_elements
from femcrust.boundaries.rigid import check_held
from femcrust.boundaries.rollers import roller
from femcrust.boundaries.surface_loads import body_force, disc, grid, pressure, traction
from femcrust.case.expressions import Value, evaluate
from femcrust.case.schema_boundaries import Boundary, Load
from femcrust.errors import InputError
from femcrust.mesh.exterior import SIDES, Exterior, named
from femcrust.mesh.mesh import Floats, Ints, Mesh

RANK = {
    "sides": 0,
    "top": 1,
    "bottom": 1,
    "inner": 1,
    **dict.fromkeys(SIDES, 1),
}  # groups of the mesh: 2


def build(
    mesh: Mesh,
    exterior: Exterior,
    boundaries: Mapping[str, Boundary],
    loads: Mapping[str, Load],
    sources: Sequence[SourceLike],
    directory: Path,
) -> Conditions:
    """Conditions of a case; `directory`: where relative files start."""
    faces_of = _claims(mesh, exterior, boundaries)
    conditions = Conditions()
    far: list[Ints] = []
    for name, boundary in boundaries.items():
        some, key = faces_of[name], f"boundaries.{name}"
        if not len(some) or boundary.kind == "free":
            continue
        faces = exterior.faces[some]
        if boundary.kind == "infinite":
            far.append(some)
        elif boundary.kind in ("fixed", "roller", "displacement"):
            constraint = _constraint(boundary, key, faces, exterior.normals[some])
            if constraint.value is not None:
                constraint.value(mesh.points[np.unique(faces)])  # complains before any solve
            conditions.constraints.append(constraint)
        elif boundary.springs is not None:
            springs = boundary.springs
            conditions.springs.append(Springs(faces, springs.normal, springs.tangential))
        elif boundary.pressure is not None:
            normals = exterior.normals[some]
            conditions.tractions.append(pressure(mesh, faces, normals, boundary.pressure, key))
        elif boundary.traction is not None:
            conditions.tractions.append(traction(mesh, faces, boundary.traction, key))
    total: Floats | None = None
    for name, load in loads.items():
        key = f"loads.{name}"
        if load.disc is not None:
            part = disc(mesh, exterior, load, key)
            conditions.tractions.append(replace(part, history=amplitude_of(load)))
        elif load.grid is not None:
            part = grid(mesh, exterior, load.grid, directory, key)
            conditions.tractions.append(replace(part, history=amplitude_of(load)))
        elif load.body_force is not None:
            force = body_force(mesh, load.body_force, key)
            total = force if total is None else total + force
    infinite = None
    if far:
        options = [b.infinite for b in boundaries.values() if b.infinite is not None]
        infinite = infinite_elements(
            mesh, exterior, np.sort(np.concatenate(far)), options, sources, conditions, total
        )
    found = Conditions(
        conditions.constraints, conditions.tractions, conditions.springs, infinite, total
    )
    check_held(mesh, found)
    return found


def _claims(mesh: Mesh, exterior: Exterior, boundaries: Mapping[str, Boundary]) -> dict[str, Ints]:
    """Exterior faces of each name, each face with the most specific name only."""
    owner = np.full(len(exterior.faces), -1)
    rank = np.full(len(exterior.faces), -1)
    names = list(boundaries)
    for k, name in enumerate(names):
        try:
            faces = named(mesh, exterior, name)
        except InputError as error:
            raise InputError(f"boundaries.{error}") from None
        mine = 2 if name in mesh.surfaces else RANK.get(name, 2)
        clash = faces[rank[faces] == mine]
        if len(clash):
            raise InputError(
                f"boundaries.{name}: {len(clash)} faces belong to"
                f" {names[owner[clash[0]]]} as well; give each face one condition"
            )
        won = faces[rank[faces] < mine]
        owner[won], rank[won] = k, mine
    return {name: np.flatnonzero(owner == k).astype(np.int32) for k, name in enumerate(names)}


class Prescribed:
    """Displacement along x, y and z that a boundary of the case prescribes: points (n, 3) → (n, 3)
    m. Formulae stay where they are: what goes to another rank takes those of the case there."""

    def __init__(self, name: str, boundary: Boundary) -> None:
        assert boundary.displacement is not None
        self.name = name
        self.given: list[Value | None] = [getattr(boundary.displacement, axis) for axis in "xyz"]

    def __call__(self, points: Floats) -> Floats:
        x, y, z = points.T
        parts = [
            np.zeros(len(points))
            if part is None
            else evaluate(part, f"boundaries.{self.name}.displacement.{axis}", x=x, y=y, z=z)
            for axis, part in zip("xyz", self.given, strict=True)
        ]
        return np.stack(parts, axis=1)

    def __getstate__(self) -> dict[str, Any]:
        return {"name": self.name}

    def at_home(self, boundaries: Mapping[str, Boundary]) -> Prescribed:
        """The same by the case of this rank."""
        return Prescribed(self.name, boundaries[self.name])


def _constraint(boundary: Boundary, key: str, faces: Ints, normals: Floats) -> Constraint:
    """What the nodes of faces may still do."""
    if boundary.kind == "roller":
        return roller(faces, normals, key)
    if boundary.fixed is not None:
        return Constraint(faces, np.diag([float(axis not in boundary.fixed) for axis in "xyz"]))
    value = Prescribed(key.removeprefix("boundaries."), boundary)
    return Constraint(faces, np.diag([float(part is None) for part in value.given]), value)
