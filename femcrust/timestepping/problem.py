"""A relaxing body as equations: matrices of step sizes, loads over time, the state of the flow.

At a stage, with relaxed moduli μ_v and history v*,
  K_v u = f(t) + Σ a_s(t) ∫ Bᵀ C_v ε*_s dV + ∫ Bᵀ 2 μ_k/(1 + z_k) v*_k dV
for sources with eigenstrain ε*_s and factor a_s; the elastic answer is that of a step of length 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from femcrust import operators, preconditioners
from femcrust.boundaries.conditions import Conditions
from femcrust.case.schema_solver import Solver
from femcrust.faults.source import Source
from femcrust.materials.relaxing import Relaxing
from femcrust.mesh.mesh import Floats
from femcrust.model import Model
from femcrust.operators import ElasticOperator
from femcrust.timestepping.flow import Offsets, make_flow, relaxed_moduli

NOTHING = Relaxing(np.zeros(0, np.int32), np.zeros((0, 1)), np.zeros((0, 1)))


@dataclass(frozen=True)
class Matrix:
    """What one step size needs: operator, preconditioner, and forces of each source's unit slip."""

    dt: float
    operator: ElasticOperator
    preconditioner: Any
    steady: Floats  # (n_nodes, 3) N, of loads
    unit: list[Floats]  # (n_nodes, 3) N each, of sources

    def load(self, factors: Sequence[float]) -> Floats:
        """Forces of all that acts, with a factor for each source."""
        total = self.steady.copy()
        for factor, forces in zip(factors, self.unit, strict=True):
            if factor:
                total += factor * forces
        return total


class Relaxation:
    """The body of a model over time; `elastic` is its operator before anything flows, with its
    preconditioner; `solver` is the case's section."""

    def __init__(
        self, model: Model, elastic: ElasticOperator, preconditioner: Any, solver: Solver
    ) -> None:
        self.model = model
        self.elastic = elastic
        self.solver = solver
        self.relaxing = model.relaxing or NOTHING
        self.flow = make_flow(elastic, self.relaxing, model.conditions.infinite)
        self.offsets = Offsets(self.relaxing, model.sources)
        self._elastic = self._made(0.0, elastic, preconditioner)
        self._present: Matrix | None = None

    def factors(self, t: float) -> list[float]:
        """Of the eigenstrain of each source at t."""
        return [source.history(t) for source in self.model.sources]

    def factors_before(self, t: float) -> list[float]:
        """The same just before what happens at t."""
        return [source.history.before(t) for source in self.model.sources]

    def matrix(self, dt: float) -> Matrix:
        """Of a step size; 0 for what happens at once. The elastic one stays, the last other too."""
        if dt == 0 or not len(self.relaxing.elements):
            return self._elastic
        if self._present is None or self._present.dt != dt:
            self._present = None  # its memory is wanted for the next
            self._present = self._relaxed(dt)
        return self._present

    def _relaxed(self, dt: float) -> Matrix:
        operator, solver = self.elastic, self.solver
        lam, mu = relaxed_moduli(self.relaxing, operator.lam, operator.mu, dt)
        operator = operators.with_moduli(operator, lam, mu, self.model.conditions)
        return self._made(
            dt,
            operator,
            preconditioners.build(solver.preconditioner, operator, solver.precision),
        )

    def _made(self, dt: float, operator: ElasticOperator, preconditioner: Any) -> Matrix:
        steady = operators.load(operator, [], self.model.conditions)
        unit = [operators.load(operator, [source], Conditions()) for source in self.model.sources]
        return Matrix(dt, operator, preconditioner, steady, unit)

    def stress(self, u: Floats, factors: Sequence[float], relaxed: Floats) -> Floats:
        """Stress at the vertices of all elements; `relaxed` of those that flow. (n_tets, 4, 6)"""
        stress = operators.stress(self.elastic, self.sources(factors), u)
        stress[self.relaxing.elements] -= relaxed
        return stress

    def sources(self, factors: Sequence[float]) -> list[Source]:
        """The sources as they are at one time."""
        return [
            source
            if factor == 1
            else replace(
                source,
                eigenstrain=factor * source.eigenstrain,
                offset=None if source.offset is None else factor * source.offset,
                moment=factor * source.moment,
                potency=factor * source.potency,
            )
            for source, factor in zip(self.model.sources, factors, strict=True)
        ]
