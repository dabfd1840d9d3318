"""Green's functions by a solve for each unit source, sampled at the stations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from femcrust import operators
from femcrust.greens.evolution import Report, answers
from femcrust.greens.problem import Problem
from femcrust.greens.unit import Total, UnitSource
from femcrust.mesh.mesh import Floats
from femcrust.operators import ElasticOperator
from femcrust.sampling import displacement_at


@dataclass(frozen=True)
class Sources:
    """Unit sources, or totals of them, one a column."""

    eigenstrains: Sequence[UnitSource | Total]

    def forces(self, operator: ElasticOperator) -> list[Floats]:
        """(n_nodes, 3) N each."""
        return [operators.load(operator, [unit], unit.conditions) for unit in self.eigenstrains]


def forward(problem: Problem, first: int, last: int, report: Report) -> Floats:
    """Displacement at the stations of columns first … last. (n_epochs, k, n, 3) m"""
    units = problem.units[first:last]
    space, placed = problem.operator.space, problem.receivers.placed
    found = [
        [
            displacement_at(space, [unit], answer.displacement(i), placed.tets, placed.barycentric)
            for i, unit in enumerate(units)
        ]
        for answer in answers(problem, Sources(units), report)
    ]
    return np.array(found)
