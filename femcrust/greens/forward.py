"""Green's functions by a solve for each unit source, sampled at the stations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from femcrust import operators
from femcrust.greens.columns import Answer
from femcrust.greens.evolution import Report, answers
from femcrust.greens.problem import Problem
from femcrust.greens.unit import Total, UnitSource
from femcrust.mesh.mesh import Floats
from femcrust.operators import ElasticOperator
from femcrust.operators.load import hooke_at
from femcrust.sampling import displacement_at, linear_at, places_in, strain_at, tilt_at


@dataclass(frozen=True)
class Sources:
    """Unit sources, or totals of them, one a column."""

    eigenstrains: Sequence[UnitSource | Total]

    def forces(self, operator: ElasticOperator) -> list[Floats]:
        """(n_nodes, 3) N each."""
        return [operators.load(operator, [unit], unit.conditions) for unit in self.eigenstrains]


def forward(problem: Problem, first: int, last: int, report: Report) -> dict[str, Floats]:
    """What the stations tell of columns first … last. Field → (n_epochs, columns, n, k)"""
    units = problem.units[first:last]
    found = [
        [_told(problem, unit, answer, i) for i, unit in enumerate(units)]
        for answer in answers(problem, Sources(units), report)
    ]
    return {
        field: np.array([[told[field] for told in epoch] for epoch in found])
        for field in problem.receivers.fields
    }


def _told(problem: Problem, unit: UnitSource, answer: Answer, column: int) -> dict[str, Floats]:
    """Of one column at one epoch, in model axes; each field (n, k)."""
    seen, space = problem.receivers, problem.operator.space
    placed, fields = seen.placed, seen.fields
    u, at = answer.displacement(column), (placed.tets, placed.barycentric)
    told = {"displacement": displacement_at(space, [unit], u, *at)}
    if "tilt" in fields:
        told["tilt"] = tilt_at(space, [unit], u, *at)
    if "strain" in fields or "stress" in fields:
        told["strain"] = strain_at(space, [unit], u, *at)
    if "stress" in fields:
        told["stress"] = stress_of(problem, told["strain"])
        relaxed = answer.relaxed(column)
        if relaxed is not None:
            assert problem.body is not None
            here, place = places_in(problem.body.relaxing.elements, placed.tets)
            told["stress"][here] -= linear_at(relaxed[place], placed.barycentric[here])
    return told


def stress_of(problem: Problem, strain: Floats, first: int = 0) -> Floats:
    """C : ε of the cells of stations from `first` on. strain (…, n, 6) → Pa"""
    tets = problem.receivers.placed.tets[first : first + strain.shape[-2]]
    lam, mu = (moduli[tets] for moduli in (problem.operator.lam, problem.operator.mu))
    return hooke_at(strain, lam, mu)
