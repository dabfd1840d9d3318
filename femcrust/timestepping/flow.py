"""Flow of a relaxing body, kept by the core: branches of tetrahedra and of infinite elements.

Infinite elements flow with the tetrahedron that they are attached to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from femcrust.boundaries.conditions import Infinite
from femcrust.discretisation import Discretisation
from femcrust.faults.source import Source
from femcrust.materials.relaxing import Relaxing
from femcrust.mesh.mesh import Floats, Ints
from femcrust.operators import ElasticOperator
from femcrust.operators.surface import infinite_gradients

DIAGONAL = 1 - np.sqrt(0.5)  # of both stages of TR-BDF2, in steps


def relaxed_moduli(relaxing: Relaxing, lam: Floats, mu: Floats, dt: float) -> tuple[Floats, Floats]:
    """λ, μ of a step's matrix: μ − Σ μ_k z/(1 + z) with z = d Δt/τ_k, and K as it is. (n_tets,)"""
    z = DIAGONAL * dt / relaxing.times
    lost = (relaxing.moduli * (z / (1 + z))).sum(axis=1)
    lam, mu = lam.copy(), mu.copy()
    mu[relaxing.elements] -= lost
    lam[relaxing.elements] += 2 / 3 * lost
    return lam, mu


def make_flow(operator: ElasticOperator, relaxing: Relaxing, far: Infinite | None) -> Any:
    """The core's Flow, at rest."""
    faces = _faces(operator.space, relaxing, far)
    rates = 1 / relaxing.times
    return operator.backend.Flow(
        operator.body, relaxing.elements, relaxing.moduli, rates,
        *faces[:3], relaxing.moduli[faces[3]], rates[faces[3]],
    )  # fmt: skip


def _faces(
    space: Discretisation, relaxing: Relaxing, far: Infinite | None
) -> tuple[Ints, Floats, Floats, Ints]:
    """Of the infinite elements that flow: nodes, gradients, weights, place of their tetrahedron."""
    if far is None:
        empty = np.zeros(0, dtype=np.int32)
        return np.zeros((0, 6), np.int32), np.zeros((0, 6, 6, 3)), np.zeros((0, 6)), empty
    place, flows = _places(relaxing, far.tets)
    faces = far.faces[flows]
    gradients, weights = infinite_gradients(space.mesh.points[faces], far.pole, far.exponent)
    return space.face_nodes(faces), gradients, weights, place


def _places(relaxing: Relaxing, tets: Ints) -> tuple[Ints, Any]:
    """Which of some tetrahedra flow (a mask), and the places of those among all that do."""
    inside = np.isin(tets, relaxing.elements)
    return np.searchsorted(relaxing.elements, tets[inside]).astype(np.int32), inside


class Offsets:
    """Eigenstrain of the sources on elements that flow, at one time."""

    def __init__(self, relaxing: Relaxing, sources: Sequence[Source]) -> None:
        self.parts = []
        for source in sources:
            place, inside = _places(relaxing, source.elements)
            self.parts.append((place, source.eigenstrain[inside]))
        found = [place for place, _ in self.parts]
        self.cells = np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=int)

    def at(self, factors: Sequence[float]) -> tuple[Ints, Floats]:
        """Cells of the flow and the eigenstrain at their vertices; a factor for each source."""
        strain = np.zeros((len(self.cells), 4, 6))
        for factor, (place, unit) in zip(factors, self.parts, strict=True):
            np.add.at(strain, np.searchsorted(self.cells, place), factor * unit)
        return self.cells.astype(np.int32), strain
