"""What is solved for a library: the linear answer to unit sources, without anything prescribed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from femcrust import operators, solvers
from femcrust.case.schema_solver import Solver
from femcrust.greens.receivers import Receivers
from femcrust.greens.unit import UnitSource
from femcrust.mesh.mesh import Floats
from femcrust.operators import ElasticOperator
from femcrust.sampling import displacement_at, shape_values

WIDTH = solvers.WIDTHS[-1]  # right-hand sides that go together
AXES = 3


@dataclass(frozen=True)
class Problem:
    """A body with its sources and receivers.

    units : all columns of the library
    """

    operator: ElasticOperator
    preconditioner: Any
    solver: Solver
    units: Sequence[UnitSource]
    receivers: Receivers

    def solved(self, loads: Floats, watch: solvers.Watch | None = None) -> Floats:
        """u (n_nodes, 3, k), m, of forces (n_nodes, 3, k), N."""
        return solvers.solve_many(
            self.operator,
            self.preconditioner,
            loads,
            tolerance=self.solver.tolerance,
            max_iterations=self.solver.max_iterations,
            watch=watch,
        ).displacement


def without_prescribed(operator: ElasticOperator) -> ElasticOperator:
    """Held directions stay held, at zero: what a displacement prescribed there does is no answer to
    a unit source."""
    return replace(operator, prescribed=np.zeros_like(operator.prescribed))


def forward(problem: Problem, first: int, last: int, watch: solvers.Watch | None = None) -> Floats:
    """Displacement at the stations of columns first … last, one solve each. (k, n, 3) m"""
    operator, placed = problem.operator, problem.receivers.placed
    units = problem.units[first:last]
    loads = [operators.load(operator, [unit], unit.conditions) for unit in units]
    u = problem.solved(np.stack(loads, axis=2), watch)
    return np.stack(
        [
            displacement_at(operator.space, [unit], u[:, :, i], placed.tets, placed.barycentric)
            for i, unit in enumerate(units)
        ]
    )


def point_forces(problem: Problem, first: int, last: int) -> Floats:
    """1 N along each axis at stations first … last: the transpose of how a station is sampled.

    (n_nodes, 3, 3 k), axes fastest
    """
    placed, space = problem.receivers.placed, problem.operator.space
    shape = shape_values(placed.barycentric[first:last])
    nodes = space.elements[placed.tets[first:last]]
    loads = np.zeros((space.n_nodes, AXES, AXES * (last - first)))
    for station, (where, share) in enumerate(zip(nodes, shape, strict=True)):
        for axis in range(AXES):
            loads[where, axis, AXES * station + axis] = share
    return loads
