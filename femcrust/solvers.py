"""Conjugate gradients in double on the true residual; a solve that does not converge raises."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from femcrust.errors import NotConverged
from femcrust.mesh.mesh import Floats
from femcrust.operators import ElasticOperator
from femcrust.petsc import Krylov

Watch = Callable[[int, float], bool]
WIDTHS = (1, 4, 8, 16)  # right-hand sides that a kernel of the core takes
ROUNDING = 1e-12  # of a residual: from here on rounding, not iterations, decides


@dataclass(frozen=True)
class Solution:
    """u (n_nodes, 3), m, and how the solver got there; residuals are ‖b − K u‖ / ‖b‖.

    seconds : of the whole solve; `iterating` without what goes to a device and comes back
    """

    displacement: Floats
    iterations: int
    residuals: list[float]
    seconds: float
    iterating: float = 0.0


@dataclass(frozen=True)
class Solutions:
    """u (n_nodes, 3, k), m, of k loads, and of each load what a Solution tells."""

    displacement: Floats
    iterations: list[int]
    residuals: list[list[float]]
    seconds: float
    iterating: float


def solve(
    operator: ElasticOperator,
    preconditioner: Any,
    load: Floats,
    *,
    tolerance: float = 1e-8,
    max_iterations: int = 500,
    guess: Floats | None = None,
    watch: Watch | None = None,
    reduction: float = 0.0,
) -> Solution:
    """Solve K u = f for the free directions; prescribed displacements are added to u.

    load : (n_nodes, 3) N, of everything that acts.  guess : (n_nodes, 3) m, whole displacement.
    reduction : of the first residual; the solve ends there, or at the tolerance
    """
    found = solve_many(
        operator,
        preconditioner,
        load[:, :, None],
        tolerance=tolerance,
        max_iterations=max_iterations,
        guess=None if guess is None else guess[:, :, None],
        watch=watch,
        reduction=reduction,
    )
    return Solution(
        found.displacement[:, :, 0],
        found.iterations[0],
        found.residuals[0],
        found.seconds,
        found.iterating,
    )


def solve_many(
    operator: ElasticOperator,
    preconditioner: Any,
    loads: Floats,
    *,
    tolerance: float = 1e-8,
    max_iterations: int = 500,
    guess: Floats | None = None,
    watch: Watch | None = None,
    reduction: float = 0.0,
) -> Solutions:
    """Solve for many loads at once, (n_nodes, 3, k); each column to the tolerance on its own.

    Columns go through the core in batches of up to 16, which share every read of the mesh.
    """
    start = time.perf_counter()
    if operator.space.anywhere(not np.isfinite(loads).all()):
        raise ValueError("the load holds NaN or infinity")
    if isinstance(preconditioner, Krylov):
        most = max_iterations
        return _by_library(
            operator, preconditioner, loads, tolerance, most, guess, watch, reduction
        )
    u = np.empty(loads.shape)  # pages that nobody touches take no memory
    iterations: list[int] = []
    residuals: list[list[float]] = []
    iterating = 0.0
    enough = _Enough(watch, reduction)
    for first, last, width in batches(loads.shape[2], preconditioner.most_columns):
        some = slice(first, last)
        free = _free_guess(operator, guess, some)
        part, columns, seconds = operator.backend.cg(
            operator.stiffness,
            preconditioner,
            _padded(operator.constrain(loads[:, :, some]), width),
            None if free is None else _padded(free, width),
            tolerance,
            max_iterations,
            True,
            enough,
        )
        iterating += seconds
        for converged, broken_down, count, history in columns[: last - first]:
            if not converged and not enough.reached:
                raise NotConverged(
                    _advice(count, max_iterations, history[-1], tolerance, broken_down)
                )
            iterations.append(count)
            residuals.append(list(history))
        part = part.reshape(len(part), 3, width)
        if width == loads.shape[2]:
            u = part
        else:
            u[:, :, some] = part[:, :, : last - first]
    if operator.prescribed is not None:
        u += operator.prescribed[:, :, None]
    return Solutions(u, iterations, residuals, time.perf_counter() - start, iterating)


def _by_library(
    operator: ElasticOperator,
    solver: Krylov,
    loads: Floats,
    tolerance: float,
    max_iterations: int,
    guess: Floats | None,
    watch: Watch | None,
    reduction: float,
) -> Solutions:
    """By a library that is a solver of its own, column by column."""
    start = time.perf_counter()
    u = np.empty(loads.shape)
    counts: list[int] = []
    histories: list[list[float]] = []
    for i in range(loads.shape[2]):
        one = slice(i, i + 1)
        free = _free_guess(operator, guess, one)
        u[:, :, i], count, history = solver.solve(
            lambda x: np.asarray(operator @ x),
            operator.constrain(loads[:, :, one])[:, :, 0],
            np.zeros_like(loads[:, :, i]) if free is None else free[:, :, 0],
            tolerance,
            max_iterations,
            watch,
            reduction,
        )
        counts.append(count)
        histories.append(history)
    if operator.prescribed is not None:
        u += operator.prescribed[:, :, None]
    seconds = time.perf_counter() - start
    return Solutions(u, counts, histories, seconds, seconds)


class _Enough:
    """A watch that ends a solve at a part of its first residual."""

    def __init__(self, watch: Watch | None, reduction: float) -> None:
        self._watch, self._reduction = watch, reduction
        self._first = 0.0
        self.reached = False

    def __call__(self, iteration: int, residual: float) -> bool:
        if iteration == 0:
            self._first = residual
        self.reached = residual < self._reduction * self._first
        return not self.reached and (self._watch is None or self._watch(iteration, residual))


def batches(n: int, most: int = WIDTHS[-1]) -> Iterator[tuple[int, int, int]]:
    """Columns first … last of n that go together, and the width of the kernel that takes them."""
    for first in range(0, n, most):
        last = min(n, first + most)
        yield first, last, next(width for width in WIDTHS if width >= last - first)


def _padded(columns: Floats, width: int) -> Floats:
    """Columns (n_nodes, 3, k) and zeros to fill the width; one column has two axes."""
    if width == 1:
        return np.ascontiguousarray(columns[:, :, 0])
    out = np.zeros((*columns.shape[:2], width))
    out[:, :, : columns.shape[2]] = columns
    return out


def _free_guess(operator: ElasticOperator, guess: Floats | None, some: slice) -> Floats | None:
    if guess is None:
        return None
    moved = 0.0 if operator.prescribed is None else operator.prescribed[:, :, None]
    return operator.project(guess[:, :, some] - moved)


def _advice(
    iterations: int, max_iterations: int, residual: float, tolerance: float, broken_down: bool
) -> str:
    reached = f"solver: stopped at relative residual {residual:.1e} (asked: {tolerance:.1e})"
    if broken_down:
        return (
            f"{reached} after {iterations} iterations: the problem is not positive definite in"
            " this precision; look at `femcrust check` for flat cells, or set"
            " solver.precision: double"
        )
    if residual < ROUNDING:
        return f"{reached}: double precision reaches no more; raise solver.tolerance"
    return (
        f"{reached} after {iterations} iterations; raise solver.max_iterations (now"
        f" {max_iterations}), or look at the cell quality that `femcrust check` prints"
    )


def reporting(advance: Callable[[float, str], None], tolerance: float) -> Watch:
    """A watch that shows progress: the share of decades of residual already won."""
    decades = -np.log10(tolerance)

    def watch(iteration: int, residual: float) -> bool:
        won = -np.log10(max(residual, tolerance)) / decades
        advance(float(np.clip(won, 0.0, 1.0)), f"iteration {iteration}, residual {residual:.1e}")
        return True

    return watch
