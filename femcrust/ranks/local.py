"""Pieces of a model: what of mesh, materials, faults and boundaries lies in the tetrahedra of each
rank."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from femcrust.boundaries.conditions import (
    Buoyancy,
    Conditions,
    Infinite,
    Springs,
    Traction,
)
from femcrust.boundaries.from_case import Prescribed
from femcrust.case import Case
from femcrust.faults.source import Source
from femcrust.materials import Elastic, Relaxing
from femcrust.mesh.exterior import row_ids, tet_faces
from femcrust.mesh.mesh import Ints, Mesh
from femcrust.mesh.part import Part, cut, part_of
from femcrust.model import Body, Model
from femcrust.ranks.borders import borders


@dataclass(frozen=True)
class Piece:
    """What goes to a rank; a case it has itself.

    tets, points : their numbers in the whole, tetrahedra ascending
    shared : of each other rank the vertices that it has too, by their places here, in the order of
        their numbers in the whole
    """

    mesh: Mesh
    elastic: Elastic
    sources: list[Source]
    conditions: Conditions
    relaxing: Relaxing | None
    tets: Ints
    points: Ints
    shared: dict[int, Ints]

    def body(self, case: Case) -> Body:
        """The problem that the rank solves with the others."""
        home = [
            replace(constraint, value=constraint.value.at_home(case.boundaries))
            if isinstance(constraint.value, Prescribed)
            else constraint
            for constraint in self.conditions.constraints
        ]
        conditions = replace(self.conditions, constraints=home)
        return Body(case, self.mesh, self.elastic, self.sources, conditions, self.relaxing)


class Cutter:
    """Cuts a model into pieces, one for each rank."""

    def __init__(self, model: Model, rank_of: Ints) -> None:
        self._model, self._rank_of = model, rank_of
        self._borders = borders(model.mesh, rank_of)
        conditions = model.conditions
        faced: list[Traction | Springs | Buoyancy] = [*conditions.tractions, *conditions.springs]
        if conditions.buoyancy is not None:
            faced.append(conditions.buoyancy)
        self._owners = {id(one): face_ranks(model.mesh, rank_of, one.faces) for one in faced}

    def piece(self, rank: int) -> Piece:
        """That of a rank."""
        model = self._model
        part = part_of(model.mesh, np.flatnonzero(self._rank_of == rank).astype(np.int32))
        elastic, relaxing = model.elastic, model.relaxing
        return Piece(
            mesh=cut(model.mesh, part),
            elastic=Elastic(
                elastic.lam[part.tets],
                elastic.mu[part.tets],
                elastic.rho[part.tets],
                elastic.names,
                elastic.index[part.tets],
            ),
            sources=[_source(source, part) for source in model.sources],
            conditions=self._conditions(part, rank),
            relaxing=None if relaxing is None else _relaxing(relaxing, part),
            tets=part.tets,
            points=part.points,
            shared={r: part.point_of[at] for r, at in self._borders.of(rank).items()},
        )

    def _conditions(self, part: Part, rank: int) -> Conditions:
        """Each face goes to the lowest rank that has a tetrahedron at it; a constraint goes to all
        that have one of its nodes."""
        conditions = self._model.conditions

        def mine(one: Any) -> Any:
            return self._owners[id(one)] == rank

        def placed(faces: Ints) -> Ints:
            return part.point_of[faces]

        tractions = []
        for traction in conditions.tractions:
            here = mine(traction)
            tractions.append(
                replace(traction, faces=placed(traction.faces[here]), forces=traction.forces[here])
            )
        springs = []
        for spring in conditions.springs:
            here = mine(spring)
            springs.append(
                replace(
                    spring,
                    faces=placed(spring.faces[here]),
                    normal=_some(spring.normal, here),
                    tangential=_some(spring.tangential, here),
                )
            )
        constraints = []
        for constraint in conditions.constraints:
            here = (placed(constraint.faces) >= 0).any(axis=1)
            free = constraint.free[here] if constraint.free.ndim == 3 else constraint.free
            constraints.append(replace(constraint, faces=placed(constraint.faces[here]), free=free))
        weighs = conditions.buoyancy
        if weighs is not None:
            here = mine(weighs)
            weighs = replace(
                weighs, faces=placed(weighs.faces[here]), stiffness=weighs.stiffness[here]
            )
        force = conditions.body_force
        return Conditions(
            constraints=constraints,
            tractions=tractions,
            springs=springs,
            infinite=_infinite(conditions.infinite, part),
            body_force=None if force is None else force[part.tets],
            buoyancy=weighs,
        )


def _some(values: Any, here: Any) -> Any:
    return values[here] if np.ndim(values) else values


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
