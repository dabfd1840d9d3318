"""What is solved for a library: the linear answer to unit sources, without anything prescribed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from femcrust import solvers
from femcrust.case.schema_solver import Solver
from femcrust.errors import InputError
from femcrust.greens.course import Course
from femcrust.greens.receivers import Receivers
from femcrust.greens.unit import UnitSource
from femcrust.mesh.mesh import Floats
from femcrust.model import Model
from femcrust.operators import ElasticOperator
from femcrust.timestepping import Relaxation

WIDTH = solvers.WIDTHS[-1]  # right-hand sides that go together


@dataclass(frozen=True)
class Problem:
    """A body with its sources and receivers.

    units : all columns of the library
    body, course : of a library over time
    """

    operator: ElasticOperator
    preconditioner: Any
    solver: Solver
    units: Sequence[UnitSource]
    receivers: Receivers
    body: Relaxation | None = None
    course: Course | None = None

    @property
    def n_epochs(self) -> int:
        """One, the elastic answer, where the library is not over time."""
        return 1 if self.course is None else len(self.course.epochs)

    def elastic(self, loads: Floats, watch: solvers.Watch | None = None) -> Floats:
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
    return replace(operator, prescribed=None)


def relaxing_body(model: Model, operator: ElasticOperator, preconditioner: Any) -> Relaxation:
    """The body over time with nothing acting on it; `operator` prescribes nothing."""
    bare = replace(model.conditions, tractions=[], body_force=None)
    model = replace(model, sources=[], conditions=bare)
    return Relaxation(model, operator, preconditioner, model.case.solver)


def refuse_creep(model: Model) -> None:
    """Answers add up, in a library and in whatever it is used for, only where flow is linear."""
    rock = model.relaxing
    if rock is not None and rock.creeps.any():
        names, index = model.elastic.names, model.elastic.index
        first = names[index[rock.elements[rock.creeps.argmax()]]]
        raise InputError(
            f"materials.{first}.model: power_law: answers of rock that creeps by a power of its"
            " stress do not add up, as those of a library must; choose a linear model, or remove"
            " the section time"
        )
