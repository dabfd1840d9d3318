"""Unit sources over time: the columns of a batch go through the same steps together.

What acts does so from t = 0 on and stays. Each column has its own flow and its own initial guess;
all share the matrix of a step and its solves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from femcrust import solvers
from femcrust.mesh.mesh import Floats
from femcrust.operators import ElasticOperator
from femcrust.operators.load import Source
from femcrust.timestepping import Relaxation, make_guess
from femcrust.timestepping.flow import Flow, Offsets
from femcrust.timestepping.guess import END, MIDDLE, Guess
from femcrust.timestepping.problem import Matrix
from femcrust.timestepping.steps import parabola

PIECE = 1024  # nodes; of sixteen columns 400 kB


class Acting(Protocol):
    """What acts in the columns."""

    @property
    def eigenstrains(self) -> Sequence[Source | None]:
        """Of each column; None where it has none."""
        ...

    def forces(self, operator: ElasticOperator) -> list[Floats]:
        """(n_nodes, 3) N of each column; eigenstrain meets the moduli of the operator."""
        ...


@dataclass(frozen=True)
class Answer:
    """All columns at one epoch, to be asked by number before the next epoch is.

    displacement : (n_nodes, 3) m
    relaxed : stress that flow has taken away, at the vertices of what flows, (m, 4, 6) Pa; None
        where none has
    """

    displacement: Callable[[int], Floats]
    relaxed: Callable[[int], Floats | None] = lambda column: None


@dataclass
class _Column:
    """u : (n_nodes, 3) m where the step in hand starts, then also in its middle and at its end;
    largest : norm of the flowing stress so far, √J"""

    flow: Flow
    guess: Guess
    u: tuple[Floats, ...]
    largest: float = 0.0

    def error(self, dt: float) -> float:
        """That of the step in hand, relative to the largest flowing stress."""
        error, stress = self.flow.last(dt, self.u[-1])
        self.largest = max(self.largest, float(np.sqrt(stress)))
        return float(np.sqrt(error)) / self.largest if self.largest else 0.0


class Columns:
    """A batch from its elastic answers on, (n_nodes, 3) each; `watch` sees every solve."""

    def __init__(
        self,
        body: Relaxation,
        acting: Acting,
        elastic: Sequence[Floats],
        watch: solvers.Watch | None = None,
    ) -> None:
        self._body, self._acting, self._watch = body, acting, watch
        self._forces: tuple[float, list[Floats]] | None = None  # of the matrix of a step size
        self._dt = 0.0
        self._columns = [
            self._column(u, source) for u, source in zip(elastic, acting.eigenstrains, strict=True)
        ]

    def _column(self, u: Floats, source: Source | None) -> _Column:
        body = self._body
        flow = Flow(body.elastic, body.relaxing, body.model.conditions.infinite)
        if source is not None:
            flow.set_offsets(*Offsets(body.relaxing, [source]).at([1.0]))
        flow.restart(u)
        guess = make_guess(body.solver.initial_guess, space=body.elastic.space)
        guess.event(u)
        return _Column(flow, guess, (u,))

    def attempt(self, dt: float) -> float:
        """Both stages of a step from where the last one that stands ended; the worst error."""
        matrix, self._dt = self._body.matrix(dt), dt
        for column in self._columns:
            column.guess.step_changes(dt)
        middle = self._solved(MIDDLE, matrix, lambda column: column.flow.first(dt))
        for column, u in zip(self._columns, middle, strict=True):
            column.u = column.u[0], u
            column.guess.halfway(u)
        end = self._solved(END, matrix, lambda column: column.flow.second(dt, column.u[1]))
        for column, u in zip(self._columns, end, strict=True):
            column.u = *column.u[:2], u
        return max(column.error(dt) for column in self._columns)

    def accept(self) -> None:
        """The step in hand stands."""
        for column in self._columns:
            column.flow.accept()
            column.guess.learn(*column.u[1:])

    def go_on(self) -> None:
        """The next step starts where the one that stands ended."""
        for column in self._columns:
            column.u = column.u[-1:]

    def answer(self, theta: float) -> Answer:
        """At part θ of the step that stands."""
        return Answer(partial(self._displacement, theta), partial(self._relaxed, theta))

    def _displacement(self, theta: float, column: int) -> Floats:
        """The parabola through the three."""
        u = self._columns[column].u
        if theta == 1.0:
            return u[-1]
        return np.asarray(sum(w * part for w, part in zip(parabola(theta), u, strict=True)))

    def _relaxed(self, theta: float, column: int) -> Floats:
        """Σ 2 μ v on the same parabola, which makes both ways agree between steps, too.

        The core knows the cubic p with the values and rates of both ends. The second stage of
        TR-BDF2 takes its rate from the parabola [HoseaShampine96], which therefore is
        q(θ) = (1 − θ)² p(0) + θ (2 − θ) p(1) − θ (1 − θ) p′(1), with p′(1) from four values of p.
        """
        stress = partial(self._columns[column].flow.stress, self._dt)
        if theta == 1.0:
            return stress(1.0)
        slope = -theta * (1 - theta) / 3
        weights = {
            0.0: (1 - theta) ** 2 + slope,
            0.5: -6 * slope,
            1.0: theta * (2 - theta) + 3 * slope,
            1.5: 2 * slope,
        }
        return np.asarray(sum(w * stress(at) for at, w in weights.items()))

    def _solved(
        self, stage: int, matrix: Matrix, past: Callable[[_Column], Floats]
    ) -> list[Floats]:
        """u of a stage, of what acts and the forces of past flow."""
        loads, starts = [], []
        for column, forces in zip(self._columns, self._forces_of(matrix), strict=True):
            load = forces + past(column)
            start = column.guess.predict(stage, load, matrix.operator)
            loads.append(load)
            starts.append(np.zeros_like(load) if start is None else start)
        all_loads = together(loads)
        del loads, load  # memory of a batch is what limits its width
        guess = together(starts)
        del starts, start
        solver = self._body.solver
        found = solvers.solve_many(
            matrix.operator,
            matrix.preconditioner,
            all_loads,
            tolerance=solver.tolerance,
            max_iterations=solver.max_iterations,
            guess=guess,
            watch=self._watch,
        )
        return apart(found.displacement)

    def _forces_of(self, matrix: Matrix) -> list[Floats]:
        if self._forces is None or self._forces[0] != matrix.dt:
            self._forces = None  # its memory is wanted for the next
            self._forces = matrix.dt, self._acting.forces(matrix.operator)
        return self._forces[1]


def together(columns: Sequence[Floats]) -> Floats:
    """(n_nodes, 3) each → (n_nodes, 3, k)"""
    out = np.empty((*columns[0].shape, len(columns)))
    for some in _pieces(len(out)):
        np.stack([column[some] for column in columns], axis=2, out=out[some])
    return out


def apart(columns: Floats) -> list[Floats]:
    """(n_nodes, 3, k) → (n_nodes, 3) each, in memory of their own."""
    out = [np.empty(columns.shape[:2]) for _ in range(columns.shape[2])]
    for some in _pieces(len(columns)):
        for i, column in enumerate(out):
            column[some] = columns[some, :, i]
    return out


def _pieces(n_nodes: int) -> Iterator[slice]:
    """Nodes whose columns a cache holds, for reading one way and writing another."""
    for first in range(0, n_nodes, PIECE):
        yield slice(first, first + PIECE)
