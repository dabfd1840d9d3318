"""The model of a part: what of materials, faults and boundaries lies in its tetrahedra."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from femcrust.boundaries.conditions import Conditions, Infinite
from femcrust.faults.source import Source
from femcrust.materials import Elastic, Relaxing
from femcrust.mesh.exterior import row_ids, tet_faces
from femcrust.mesh.mesh import Ints, Mesh
from femcrust.mesh.part import Part, cut
from femcrust.model import Model


def local_model(model: Model, part: Part, rank_of: Ints, rank: int) -> Model:
    """The model that one rank solves for with the others; its exterior and locator are of the whole
    mesh."""
    elastic = model.elastic
    return replace(
        model,
        mesh=cut(model.mesh, part),
        elastic=Elastic(
            elastic.lam[part.tets],
            elastic.mu[part.tets],
            elastic.rho[part.tets],
            elastic.names,
            elastic.index[part.tets],
        ),
        sources=[_source(source, part) for source in model.sources],
        conditions=_conditions(model.conditions, model.mesh, part, rank_of, rank),
        relaxing=None if model.relaxing is None else _relaxing(model.relaxing, part),
    )


def _source(source: Source, part: Part) -> Source:
    place = part.tet_of[source.elements]
    here = place >= 0
    return replace(
        source,
        elements=place[here],
        eigenstrain=source.eigenstrain[here],
        offset=None if source.offset is None else source.offset[here],
    )


def _relaxing(relaxing: Relaxing, part: Part) -> Relaxing:
    place = part.tet_of[relaxing.elements]
    here = place >= 0
    return replace(relaxing.rows(here), elements=place[here])


def _conditions(
    conditions: Conditions, mesh: Mesh, part: Part, rank_of: Ints, rank: int
) -> Conditions:
    """Each face goes to the lowest rank that has a tetrahedron at it; a constraint goes to all that
    have one of its nodes."""

    def mine(faces: Ints) -> Any:
        return face_ranks(mesh, rank_of, faces) == rank

    def some(values: Any, here: Any) -> Any:
        return values[here] if np.ndim(values) else values

    def placed(faces: Ints) -> Ints:
        return part.point_of[faces]

    tractions = []
    for traction in conditions.tractions:
        here = mine(traction.faces)
        tractions.append(
            replace(traction, faces=placed(traction.faces[here]), forces=traction.forces[here])
        )
    springs = []
    for spring in conditions.springs:
        here = mine(spring.faces)
        springs.append(
            replace(
                spring,
                faces=placed(spring.faces[here]),
                normal=some(spring.normal, here),
                tangential=some(spring.tangential, here),
            )
        )
    constraints = []
    for constraint in conditions.constraints:
        here = (placed(constraint.faces) >= 0).any(axis=1)
        free = constraint.free[here] if constraint.free.ndim == 3 else constraint.free
        constraints.append(replace(constraint, faces=placed(constraint.faces[here]), free=free))
    weighs = conditions.buoyancy
    if weighs is not None:
        here = mine(weighs.faces)
        weighs = replace(weighs, faces=placed(weighs.faces[here]), stiffness=weighs.stiffness[here])
    force = conditions.body_force
    return Conditions(
        constraints=constraints,
        tractions=tractions,
        springs=springs,
        infinite=_infinite(conditions.infinite, part),
        body_force=None if force is None else force[part.tets],
        buoyancy=weighs,
    )


def _infinite(far: Infinite | None, part: Part) -> Infinite | None:
    if far is None:
        return None
    tets = part.tet_of[far.tets]
    here = tets >= 0
    return replace(far, faces=part.point_of[far.faces[here]], tets=tets[here])


def face_ranks(mesh: Mesh, rank_of: Ints, faces: Ints) -> Ints:
    """The lowest rank with a tetrahedron at each face. (k,)"""
    at = np.zeros(mesh.n_points, dtype=bool)
    at[faces] = True
    near = np.flatnonzero(at[mesh.tets].sum(axis=1) >= 3)
    ids = row_ids(np.concatenate([faces, tet_faces(mesh.tets[near])]))
    lowest = np.full(ids.max(initial=-1) + 1, np.iinfo(np.int32).max, dtype=np.int32)
    np.minimum.at(lowest, ids[len(faces) :], np.repeat(rank_of[near], 4))
    return lowest[ids[: len(faces)]]
