"""Conjugate gradients in double on the true residual; a solve that does not converge raises."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from femcrust.errors import NotConverged
from femcrust.mesh.mesh import Floats
from femcrust.operators import ElasticOperator

Watch = Callable[[int, float], bool]
ROUNDING = 1e-12  # of a residual: from here on rounding, not iterations, decides


@dataclass(frozen=True)
class Solution:
    """u (n_nodes, 3), m, and how the solver got there; residuals are ‖b − K u‖ / ‖b‖."""

    displacement: Floats
    iterations: int
    residuals: list[float]
    seconds: float


def solve(
    operator: ElasticOperator,
    preconditioner: Any,
    load: Floats,
    *,
    tolerance: float = 1e-8,
    max_iterations: int = 500,
    guess: Floats | None = None,
    watch: Watch | None = None,
) -> Solution:
    """Solve K u = f for the free directions; prescribed displacements are added to u.

    load : (n_nodes, 3) N, of everything that acts.  guess : (n_nodes, 3) m, whole displacement.
    """
    start = time.perf_counter()
    if not np.isfinite(load).all():
        raise ValueError("the load holds NaN or infinity")
    free_load = operator.constrain(load)
    if guess is None:
        free_guess = np.zeros_like(free_load)
    else:
        free_guess = np.asarray(operator.stiffness.project(guess - operator.prescribed))
    u, converged, broken_down, iterations, residuals = operator.backend.cg(
        operator.stiffness,
        preconditioner,
        free_load,
        free_guess,
        tolerance,
        max_iterations,
        True,
        watch or (lambda iteration, residual: True),
    )
    if not converged:
        raise NotConverged(
            _advice(iterations, max_iterations, residuals[-1], tolerance, broken_down)
        )
    return Solution(
        u + operator.prescribed, iterations, list(residuals), time.perf_counter() - start
    )


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
