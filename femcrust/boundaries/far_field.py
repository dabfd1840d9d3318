"""Where the infinite elements have their pole, and how fast the displacement falls along rays.

Slip has no net force: displacement falls as 1/r², exponent 2. A net force makes it 1/r, exponent 1.
The pole lies above the sources on the ground, so that rays leave them outward through every face.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from femcrust.boundaries.conditions import Conditions, Infinite
from femcrust.case.schema_boundaries import Infinite as InfiniteOptions
from femcrust.errors import InputError
from femcrust.mesh.exterior import Exterior
from femcrust.mesh.mesh import Floats, Ints, Mesh, tet_volumes

BALANCED = 1e-3  # net force over the sum of forces: below it a load counts as closed in itself
GRAZING = 1e-4  # sine between rays and face: no box of use is that flat (100 wide, 1 deep: 0.01)
INSIDE = 0.05  # of the extent: the pole keeps this distance from the sides


class SourceLike(Protocol):
    """What the pole needs of a fault."""

    @property
    def center(self) -> Floats: ...  # (3,) m
    @property
    def moment(self) -> float: ...  # N m
    @property
    def area(self) -> float: ...  # m²


def infinite_elements(
    mesh: Mesh,
    exterior: Exterior,
    some: Ints,
    options: Sequence[InfiniteOptions],
    sources: Sequence[SourceLike],
    conditions: Conditions,
    force: Floats | None,
) -> Infinite:
    """Infinite elements on the exterior faces `some`; options of the case go before the rules."""
    exponents = {o.exponent for o in options if o.exponent is not None}
    poles = {o.pole for o in options if o.pole is not None}
    if len(exponents) > 1 or len(poles) > 1:
        raise InputError(
            "boundaries: infinite elements have one pole and one exponent; give them the same"
        )
    exponent = exponents.pop() if exponents else 1 if _net_force(mesh, conditions, force) else 2
    pole = np.array(poles.pop()) if poles else default_pole(mesh, exterior, sources, conditions)
    seen = mesh.points[exterior.faces[some]] - pole
    away = np.linalg.norm(seen, axis=2).max(axis=1)
    hidden = np.einsum("kc,kc->k", seen.mean(axis=1), exterior.normals[some]) <= GRAZING * away
    if hidden.any():
        raise InputError(
            f"boundaries: {int(hidden.sum())} infinite faces are not seen from the pole"
            f" {np.round(pole).tolist()} m from inside; move infinite.pole, or fix those faces"
        )
    return Infinite(exterior.faces[some], exterior.tets[some], pole, exponent)


def default_pole(
    mesh: Mesh, exterior: Exterior, sources: Sequence[SourceLike], conditions: Conditions
) -> Floats:
    """Above the mean of the sources weighted by moment, or of the loads; z of the top's rim."""
    low, high = mesh.points.min(axis=0)[:2], mesh.points.max(axis=0)[:2]
    weights = np.array([source.moment for source in sources])
    if not weights.any():  # a library of unit slips, or all slip still to come
        weights = np.array([source.area for source in sources])
    if len(weights) and weights.sum() > 0:
        middle = weights @ np.array([s.center[:2] for s in sources]) / weights.sum()
    elif conditions.tractions:
        size = np.concatenate(
            [np.linalg.norm(t.forces, axis=2).sum(axis=1) for t in conditions.tractions]
        )
        centers = [mesh.points[t.faces].mean(axis=1)[:, :2] for t in conditions.tractions]
        middle = size @ np.concatenate(centers) / size.sum()
    else:
        middle = (low + high) / 2
    margin = INSIDE * (high - low)
    buried = np.unique(exterior.faces[~np.isin(exterior.side, ("top", "inner"))])
    rim = np.intersect1d(buried, np.unique(exterior.faces[exterior.side == "top"]))
    z = mesh.points[rim, 2].mean() if len(rim) else mesh.points[:, 2].max()
    return np.array([*np.clip(middle, low + margin, high - margin), z])


def _net_force(mesh: Mesh, conditions: Conditions, force: Floats | None) -> bool:
    """Whether loads push the body somewhere."""
    total, size = np.zeros(3), 0.0
    for part in conditions.tractions:
        total += part.forces.sum(axis=(0, 1))
        size += float(np.linalg.norm(part.forces.sum(axis=1), axis=1).sum())
    if force is not None:
        forces = force * tet_volumes(mesh)[:, None]
        total += forces.sum(axis=0)
        size += float(np.linalg.norm(forces, axis=1).sum())
    return bool(np.linalg.norm(total) > BALANCED * size)
