"""A relaxing body as equations: matrices of step sizes, loads over time, the state of the flow.

At a stage, with relaxed moduli μ_v and history v*,
  K_v u = Σ a_l(t) f_l + Σ a_s(t) ∫ Bᵀ C_v ε*_s dV + ∫ Bᵀ 2 μ_k/(1 + z_k) v*_k dV
for loads f_l and sources with eigenstrain ε*_s, factors a over time. The elastic answer is that of
a step of length 0. Where rock creeps by a power of its stress, the last term depends on u.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from femcrust import operators, preconditioners
from femcrust.amplitude import Amplitude
from femcrust.boundaries.conditions import Conditions
from femcrust.case.schema_solver import Solver
from femcrust.faults.source import scaled
from femcrust.materials.relaxing import Relaxing
from femcrust.mesh.mesh import Floats
from femcrust.model import Body
from femcrust.operators import ElasticOperator
from femcrust.timestepping.flow import Flow, Offsets, relaxed_moduli
from femcrust.timestepping.guess import State

NOTHING = Relaxing.linear(np.zeros(0, np.int32), np.zeros((0, 1)), np.zeros((0, 1)))


@dataclass(frozen=True)
class Matrix:
    """What one step size needs: operator, preconditioner, and forces of each source's full slip;
    `held` of the elements that creep, the part of μ that it keeps."""

    dt: float
    operator: ElasticOperator
    preconditioner: Any
    forces: list[Floats]  # (n_nodes, 3) N each
    held: Floats


class Relaxation:
    """The body of a model over time; `elastic` is its operator before anything flows, with its
    preconditioner; `solver` is the case's section."""

    def __init__(
        self, model: Body, elastic: ElasticOperator, preconditioner: Any, solver: Solver
    ) -> None:
        self.model = model
        self.elastic = elastic
        self.solver = solver
        self.relaxing = model.relaxing or NOTHING
        self.relaxes = elastic.space.anywhere(len(self.relaxing.elements) > 0)
        self.flow = Flow(elastic, self.relaxing, model.conditions.infinite)
        self.offsets = Offsets(self.relaxing, model.sources)
        self.steady, self.loads = _loads(elastic, model.conditions)
        self._elastic = self._made(0.0, elastic, preconditioner, np.zeros(0))
        self._present: Matrix | None = None

    def factors(self, t: float, before: bool = False) -> list[float]:
        """Of the eigenstrain of each source at t, or just before what happens then."""
        histories = [source.history for source in self.model.sources]
        return [h.before(t) if before else h(t) for h in histories]

    def rates(self, t: float, before: bool = False) -> list[float]:
        """How fast these factors grow, 1/s."""
        return [source.history.rate(t, before) for source in self.model.sources]

    def set_offsets(self, t: float, before: bool = False) -> None:
        """Lets the flow know the eigenstrain of the sources at t."""
        self.flow.set_offsets(*self.offsets.at(self.factors(t, before)))

    def load(self, matrix: Matrix, t: float, before: bool = False) -> Floats:
        """Forces of all that acts at t, or just before. (n_nodes, 3) N"""
        total = self.steady.copy()
        parts = zip((source.history for source in self.model.sources), matrix.forces, strict=True)
        for history, forces in [*parts, *self.loads]:
            factor = history.before(t) if before else history(t)
            if factor:
                total += factor * forces
        return total

    @property
    def histories(self) -> list[Amplitude]:
        """Of all that acts."""
        return [s.history for s in self.model.sources] + [history for history, _ in self.loads]

    def matrix(self, dt: float) -> Matrix:
        """Of a step size; 0 for what happens at once. The elastic one stays; the last other stays
        too, though rates of creep change, until `renew`."""
        if dt == 0 or not self.relaxes:
            return self._elastic
        if self._present is None or self._present.dt != dt:
            self._present = None  # its memory is wanted for the next
            self._present = self._relaxed(dt, self.flow.softness(dt))
        return self._present

    def renew(self) -> None:
        """The next matrix takes the present rates of creep."""
        self._present = None

    @property
    def operators(self) -> list[Any]:
        """The elastic one, and that of the present step size."""
        return [made.operator for made in (self._elastic, self._present) if made is not None]

    def state(self) -> State:
        """What is carried from step to step."""
        present = self._present
        matrix = None if present is None else {"dt": present.dt, "held": present.held}
        return {"flow": self.flow.state(), "matrix": matrix}

    def restore(self, state: State) -> None:
        """As it was; the matrix is made again."""
        self.flow.restore(state["flow"])
        matrix = state["matrix"]
        self._present = None
        if matrix is not None:
            self._present = self._relaxed(matrix["dt"], matrix["held"]())

    def _relaxed(self, dt: float, held: Floats) -> Matrix:
        operator, solver = self.elastic, self.solver
        self.flow.hold(held)
        lam, mu = relaxed_moduli(self.relaxing, operator.lam, operator.mu, dt, held)
        operator = operators.with_moduli(operator, lam, mu, self.model.conditions)
        return self._made(
            dt,
            operator,
            preconditioners.of_case(solver, operator, self.model.conditions),
            held,
        )

    def _made(
        self, dt: float, operator: ElasticOperator, preconditioner: Any, held: Floats
    ) -> Matrix:
        sources = self.model.sources
        forces = [operators.load(operator, [source], Conditions()) for source in sources]
        return Matrix(dt, operator, preconditioner, forces, held)

    def stress(self, u: Floats, factors: Sequence[float], relaxed: Floats) -> Floats:
        """Stress at the vertices of all elements; `relaxed` of those that flow. (n_tets, 4, 6)"""
        stress = operators.stress(self.elastic, scaled(self.model.sources, factors), u)
        stress[self.relaxing.elements] -= relaxed
        return stress


def _loads(
    operator: ElasticOperator, conditions: Conditions
) -> tuple[Floats, list[tuple[Amplitude, Floats]]]:
    """Forces that act all the time, and those of each history; moduli do not matter to them."""
    always = Amplitude()
    histories = [always, *(t.history for t in conditions.tractions)]
    parts = {
        history: operators.load(
            operator,
            [],
            Conditions(
                tractions=[t for t in conditions.tractions if t.history == history],
                body_force=conditions.body_force if history == always else None,
            ),
        )
        for history in dict.fromkeys(histories)  # in one order on all ranks
    }
    steady = parts.pop(always)
    return steady, list(parts.items())
