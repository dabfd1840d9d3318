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
from femcrust.faults.source import Source
from femcrust.materials.relaxing import Relaxing
from femcrust.mesh.mesh import Floats
from femcrust.model import Model
from femcrust.operators import ElasticOperator
from femcrust.timestepping.flow import Offsets, make_flow, relaxed_moduli

NOTHING = Relaxing(np.zeros(0, np.int32), np.zeros((0, 1)), np.zeros((0, 1)))
KEPT = 2  # matrices at hand: that of the elastic answer, and of the present step


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
    """The body of a model over time; `elastic` is its operator before anything flows."""

    def __init__(self, model: Model, elastic: ElasticOperator, name: str, precision: str) -> None:
        self.model = model
        self.elastic = elastic
        self.relaxing = model.relaxing or NOTHING
        self.flow = make_flow(elastic, self.relaxing, model.conditions.infinite)
        self.offsets = Offsets(self.relaxing, model.sources)
        self._name, self._precision = name, precision
        self._matrices: dict[float, Matrix] = {}

    def factors(self, t: float) -> list[float]:
        """Of the eigenstrain of each source at t."""
        return [source.history(t) for source in self.model.sources]

    def factors_before(self, t: float) -> list[float]:
        """The same just before what happens at t."""
        return [source.history.before(t) for source in self.model.sources]

    def matrix(self, dt: float) -> Matrix:
        """Of a step size; 0 for what happens at once."""
        if dt not in self._matrices:
            while len(self._matrices) >= KEPT:  # the elastic one is wanted at every event
                del self._matrices[next(key for key in self._matrices if key or dt == 0)]
            self._matrices[dt] = self._made(dt)
        return self._matrices[dt]

    def _made(self, dt: float) -> Matrix:
        operator, conditions = self.elastic, self.model.conditions
        if dt > 0 and len(self.relaxing.elements):
            lam, mu = relaxed_moduli(self.relaxing, operator.lam, operator.mu, dt)
            operator = operators.with_moduli(operator, lam, mu, conditions)
        unit = [operators.load(operator, [source], Conditions()) for source in self.model.sources]
        return Matrix(
            dt,
            operator,
            preconditioners.build(self._name, operator, self._precision),
            operators.load(operator, [], conditions),
            unit,
        )

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
