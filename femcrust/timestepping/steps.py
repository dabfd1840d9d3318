"""The time loop: steps of TR-BDF2 from event to event.

Second order, L-stable, two implicit stages with one matrix [HoseaShampine96]. Between its ends a
step is the parabola through u at t, t + γ Δt and t + Δt.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from femcrust.case.schema_solver import Time
from femcrust.errors import NotConverged
from femcrust.mesh.mesh import Floats
from femcrust.solvers import Solution, solve
from femcrust.timestepping.fixed_point import StageFailed, fixed_point
from femcrust.timestepping.guess import END, EVENT, MIDDLE, Guess, State
from femcrust.timestepping.problem import Matrix, Relaxation
from femcrust.timestepping.sizes import Adaptive, Equal, spans

GAMMA = 2 - np.sqrt(2.0)
INNER = 0.1  # of its residual that a solve leaves where creep makes the next one anyway
SLOW = 6  # solves of a stage of creep after which its matrix is made anew


@dataclass(frozen=True)
class Step:
    """One accepted step; `at` and what follows hold until the next step is asked for."""

    problem: Relaxation
    start: float  # s
    end: float  # s
    dt: float  # s
    u: tuple[Floats, Floats, Floats]  # (n_nodes, 3) m at t, t + γ Δt, t + Δt
    error: float  # estimated, relative to the flowing stress
    solutions: list[Solution]
    seconds: float

    def displacement(self, t: float) -> Floats:
        """u at a time inside the step. (n_nodes, 3) m"""
        return self._weighted(parabola((t - self.start) / self.dt))

    def velocity(self, t: float) -> Floats:
        """du/dt at a time inside the step. (n_nodes, 3) m/s"""
        return self._weighted(_parabola_slope((t - self.start) / self.dt) / self.dt)

    def stress(self, t: float) -> Floats:
        """Stress at the vertices of elements at a time inside the step. (n_tets, 4, 6) Pa"""
        relaxed = self.problem.flow.stress(self.dt, (t - self.start) / self.dt)
        return self.problem.stress(self.displacement(t), self.factors(t), np.asarray(relaxed))

    def factors(self, t: float) -> list[float]:
        """Of the sources: what happens at the end of a step belongs to the next."""
        return self.problem.factors(t, before=t == self.end)

    def rates(self, t: float) -> list[float]:
        """How fast they grow, 1/s."""
        return self.problem.rates(t, before=t == self.end)

    def _weighted(self, weights: Floats) -> Floats:
        total = weights[0] * self.u[0]
        for weight, u in zip(weights[1:], self.u[1:], strict=True):
            total += weight * u
        return np.asarray(total)


def parabola(s: float) -> Floats:
    """Lagrange's weights of values at 0, γ, 1."""
    g = GAMMA
    return np.array([(s - g) * (s - 1) / g, s * (s - 1) / (g * (g - 1)), s * (s - g) / (1 - g)])


def _parabola_slope(s: float) -> Floats:
    g = GAMMA
    return np.array([(2 * s - g - 1) / g, (2 * s - 1) / (g * (g - 1)), (2 * s - g) / (1 - g)])


def sizes_of(start: float, end: float, time_of: Time) -> Equal | Adaptive:
    """Those of the steps of a span."""
    if time_of.tolerance is None:
        return Equal(start, end, time_of.step)
    return Adaptive(start, end, time_of.step, time_of.tolerance)


@dataclass
class Stepper:
    """What the steps share."""

    problem: Relaxation
    guess: Guess
    tolerance: float  # of the solver
    max_iterations: int
    solutions: list[Solution] = field(default_factory=list)  # of the step in hand
    largest: float = 0.0  # norm of the flowing stress so far, √J
    u: Floats | None = None  # (n_nodes, 3) m where the step in hand starts
    span: int = 0  # between two events, in hand
    sizes: Equal | Adaptive | None = None  # of its steps; None before it has begun

    def spans(self, time_of: Time) -> list[tuple[float, float]]:
        """From event to event."""
        events = [t for history in self.problem.histories for t in history.events]
        return spans(events, time_of.end)

    def state(self) -> State:
        """All that the next steps depend on, between two steps."""
        return {
            "span": self.span,
            "sizes": None if self.sizes is None else self.sizes.state(),
            "u": self.u,
            "largest": self.largest,
            "problem": self.problem.state(),
            "guess": self.guess.state(self.problem.operators),
        }

    def restore(self, state: State, time_of: Time, read: Callable[[Any], Any]) -> None:
        """Stands where what had this state stood; `read` fetches arrays; without a guess one begins
        anew."""
        self.problem.restore(state["problem"])
        self.u, self.largest = read(state["u"]), state["largest"]
        guess = read(state["guess"])
        if guess is not None:
            self.guess.restore(guess, self.problem.operators)
        elif self.u is not None:
            self.guess.event(self.u)
        self.span, self.sizes = state["span"], None
        if state["sizes"] is not None:
            self.sizes = sizes_of(*self.spans(time_of)[self.span], time_of)
            self.sizes.restore(state["sizes"])

    def solved(self, stage: int, matrix: Matrix, load: Floats) -> Floats:
        """The displacement of a stage; 0 is what happens at once."""
        guess = self.guess.predict(stage, load, matrix.operator)

        def attempt(forces: Floats, start: Floats | None, reduction: float) -> Solution:
            return solve(
                matrix.operator,
                matrix.preconditioner,
                forces,
                tolerance=self.tolerance,
                max_iterations=self.max_iterations,
                guess=start,
                reduction=reduction,
            )

        flow = self.problem.flow
        if stage == EVENT or not flow.creeps:
            self.solutions.append(attempt(load, guess, 0.0))
            return self.solutions[-1].displacement

        def corrected(u: Floats) -> Solution:
            return attempt(load + flow.trial(stage == END, matrix.dt, u), u, INNER)

        first = np.zeros_like(load) if guess is None else guess
        products = self.problem.elastic.space.products
        found, solves = fixed_point(corrected, first, self.tolerance, products)
        self.solutions.append(found)
        if solves > SLOW:
            self.problem.renew()
        return found.displacement

    def event(self, t: float, u: Floats | None) -> Floats:
        """The displacement at the start of a span: a new one where something jumps."""
        problem = self.problem
        if u is not None and not any(history.jumps(t) for history in problem.histories):
            return u
        problem.set_offsets(t)
        matrix = problem.matrix(0.0)
        u = self.solved(EVENT, matrix, problem.load(matrix, t) + problem.flow.present())
        problem.flow.restart(u)
        if problem.flow.creeps:
            problem.renew()
        self.guess.event(u)
        return u

    def stages(self, t: float, until: float, dt: float) -> tuple[Floats, Floats, float]:
        """u at t + γ Δt and t + Δt, and the error relative to the largest flowing stress."""
        problem, flow = self.problem, self.problem.flow
        matrix = problem.matrix(dt)
        between = t + GAMMA * dt
        problem.set_offsets(between)
        middle = self.solved(MIDDLE, matrix, problem.load(matrix, between) + flow.first(dt))
        self.guess.halfway(middle)
        history = flow.second(dt, middle)
        problem.set_offsets(until, before=True)
        end = self.solved(END, matrix, problem.load(matrix, until, before=True) + history)
        error, stress = flow.last(dt, end)
        self.largest = max(self.largest, np.sqrt(stress))
        return middle, end, np.sqrt(error) / self.largest if self.largest else 0.0


def steps(stepper: Stepper, time_of: Time) -> Iterator[Step]:
    """All accepted steps of a run, in order, from where the stepper stands."""
    problem, guess = stepper.problem, stepper.guess
    whole = stepper.spans(time_of)
    while stepper.span < len(whole):
        start, end = whole[stepper.span]
        began = time.perf_counter()
        if stepper.sizes is None:
            stepper.u = stepper.event(start, stepper.u)
            stepper.sizes = sizes_of(start, end, time_of)
        sizes = stepper.sizes
        while not sizes.finished:
            t, until, dt = sizes.time, sizes.until, sizes.dt
            guess.step_changes(dt)
            try:
                middle, last, error = stepper.stages(t, until, dt)
            except StageFailed as failure:
                if time_of.tolerance is None:
                    raise NotConverged(
                        f"time.step: {failure}; take shorter steps, or give time.tolerance"
                    ) from failure
                problem.renew()
                error = np.inf
            if not sizes.accepts(error):
                continue
            problem.flow.accept()
            guess.learn(middle, last)
            found, stepper.solutions = stepper.solutions, []
            assert stepper.u is not None
            u, stepper.u = (stepper.u, middle, last), last
            yield Step(problem, t, until, dt, u, error, found, time.perf_counter() - began)
            del u
            began = time.perf_counter()
        stepper.span, stepper.sizes = stepper.span + 1, None
