"""Flow of a relaxing body, kept by the core: branches of tetrahedra and of infinite elements.

Infinite elements flow with the tetrahedron that they are attached to. Linear rock and rock that
creeps by a power of its stress are two flows of the core, for a cell is one or the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from femcrust.boundaries.conditions import Infinite
from femcrust.discretisation import Discretisation
from femcrust.materials.relaxing import Relaxing
from femcrust.mesh.mesh import Floats, Ints
from femcrust.operators import ElasticOperator
from femcrust.operators.load import Source
from femcrust.operators.surface import infinite_gradients

WHERE, CARRIED = ("tet", "face"), ("strain", "rate")  # of a state
DIAGONAL = 1 - np.sqrt(0.5)  # of both stages of TR-BDF2, in steps


def relaxed_moduli(
    relaxing: Relaxing, lam: Floats, mu: Floats, dt: float, held: Floats
) -> tuple[Floats, Floats]:
    """λ, μ of a step's matrix: μ − Σ μ_k z/(1 + z) with z = d Δt/τ_k, and K as it is. (n_tets,)

    held : of the elements that creep, the part of μ that they keep
    """
    z = DIAGONAL * dt / relaxing.times
    lost = (relaxing.moduli * (z / (1 + z))).sum(axis=1)
    lost[relaxing.creeps] = relaxing.moduli[relaxing.creeps, 0] * (1 - held)
    lam, mu = lam.copy(), mu.copy()
    mu[relaxing.elements] -= lost
    lam[relaxing.elements] += 2 / 3 * lost
    return lam, mu


class Flow:
    """The state of all that flows, at rest at first. Forces are (n_nodes, 3) N."""

    def __init__(self, operator: ElasticOperator, relaxing: Relaxing, far: Infinite | None) -> None:
        self._space = operator.space
        self.creeps = self._space.anywhere(bool(relaxing.creeps.any()))
        self._places = [np.flatnonzero(~relaxing.creeps), np.flatnonzero(relaxing.creeps)]
        self._linear, _ = _core_flow(operator, relaxing.only(~relaxing.creeps), far, False)
        self._parts = [self._linear]
        if self.creeps:
            self._creep, self._face_cells = _core_flow(
                operator, relaxing.only(relaxing.creeps), far, True
            )
            self._parts.append(self._creep)

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self._parts)

    def set_offsets(self, cells: Ints, strains: Floats) -> None:
        """Eigenstrain (k, 4, 6) of some cells, by their places among all that flow."""
        for part, places in zip(self._parts, self._places, strict=False):
            at = np.searchsorted(places, cells)
            mine = at < len(places)
            mine[mine] = places[at[mine]] == cells[mine]
            part.set_offsets(at[mine].astype(np.int32), strains[mine])

    def restart(self, u: Floats) -> None:
        """Rates of flow under a displacement that may have jumped."""
        for part in self._parts:
            part.restart(u)

    def present(self) -> Floats:
        """Forces of what has flowed, on an elastic matrix."""
        return self._space.summed(np.asarray(sum(part.first(0.0) for part in self._parts)))

    def first(self, dt: float) -> Floats:
        """Forces of linear flow in the first stage of a step."""
        return self._space.summed(np.asarray(self._linear.first(dt)))

    def second(self, dt: float, middle: Floats) -> Floats:
        """Those in the second; takes the displacement of the first."""
        if self.creeps:
            self._creep.middle(dt, middle)
        return self._space.summed(np.asarray(self._linear.second(dt, middle)))

    def trial(self, second: bool, dt: float, u: Floats) -> Floats:
        """Forces of creep in a stage, for a trial of its displacement."""
        return self._space.summed(np.asarray(self._creep.trial(second, dt, u)))

    def softness(self, dt: float) -> Floats:
        """Part of μ that a matrix may keep where rock creeps, by its present rates."""
        if not self.creeps:
            return np.zeros(0)
        mean: Floats = np.asarray(self._creep.softness(dt)).mean(axis=1)
        return mean

    def hold(self, held: Floats) -> None:
        """What the matrix of the next steps keeps of it."""
        if self.creeps:
            self._creep.hold(held, held[self._face_cells])

    def last(self, dt: float, end: Floats) -> tuple[float, float]:
        """Takes the displacement of the second stage: squares of norms, of error and of stress."""
        norms = np.array([part.last(dt, end) for part in self._parts])
        error, stress = self._space.totals(norms.sum(axis=0))
        return float(error), float(stress)

    def accept(self) -> None:
        """The step in hand stands."""
        for part in self._parts:
            part.accept()

    def state(self) -> list[dict[str, Callable[[], Floats]]]:
        """v and its rate, on tetrahedra (n, n_branches, 4, 5) and on infinite elements
        (n, n_branches, 6, 5), the same on every backend; made when they are asked for."""
        return [
            {
                f"{where}_{what}": partial(getattr(part, f"{where}_state"), what)
                for where in WHERE
                for what in CARRIED
            }
            for part in self._parts
        ]

    def restore(self, state: Sequence[Mapping[str, Callable[[], Floats]]]) -> None:
        """As it was; what functions give is dropped one by one."""
        for part, kept in zip(self._parts, state, strict=True):
            for where in WHERE:
                for what in CARRIED:
                    getattr(part, f"set_{where}_state")(what, kept[f"{where}_{what}"]())

    def stress(self, dt: float, theta: float) -> Floats:
        """Σ 2 μ v at the vertices, at part θ of the last step. (m, 4, 6) Pa"""
        found = [np.asarray(part.stress(dt, theta)) for part in self._parts]
        if not self.creeps:
            return np.asarray(found[0])
        whole = np.empty((sum(map(len, found)), 4, 6))
        for places, part in zip(self._places, found, strict=True):
            whole[places] = part
        return whole


def _core_flow(
    operator: ElasticOperator, relaxing: Relaxing, far: Infinite | None, creeps: bool
) -> tuple[Any, Ints]:
    """The core's flow of elements that are alike, and which of them each infinite element is at."""
    *faces, cells = _faces(operator.space, relaxing, far)
    rates = 1 / relaxing.times
    creep, face_creep = None, None
    if creeps:
        creep = relaxing.powers, relaxing.exponents
        face_creep = relaxing.powers[cells], relaxing.exponents[cells]
    return operator.backend.Flow(
        operator.body, relaxing.elements, relaxing.moduli, rates,
        *faces, relaxing.moduli[cells], rates[cells], creep, face_creep,
    ), cells  # fmt: skip


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
