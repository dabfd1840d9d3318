"""The same problem on two backends and in every precision: the answers must be the same.

FEMCRUST_COMPARE=cuda makes every comparison with a known solution check this too.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from femcrust import backends, operators, preconditioners, solvers
from femcrust.boundaries.conditions import Conditions
from femcrust.discretisation import Discretisation

# Of the peak, by solver tolerance: solutions to a relative residual of t differ by t times the
# condition of the preconditioned problem, some 10 to 100.
BOUNDS = {1e-12: 1e-9, 1e-8: 1e-6}


def compared_with() -> str:
    """The backend that FEMCRUST_COMPARE names, or nothing."""
    return os.environ.get("FEMCRUST_COMPARE", "")


def solutions(
    space: Discretisation,
    lam: np.ndarray,
    mu: np.ndarray,
    conditions: Conditions,
    force: np.ndarray,
    backend: Any,
    precisions: tuple[str, ...] = tuple(preconditioners.STORAGE),
) -> dict[tuple[str, float], np.ndarray]:
    """Displacements by precision and tolerance."""
    operator = operators.elastic(space, lam, mu, conditions, backend)
    found = {}
    for precision in precisions:
        multigrid = preconditioners.build("multigrid", operator, precision)
        for tolerance in BOUNDS:
            solution = solvers.solve(operator, multigrid, force, tolerance=tolerance)
            found[precision, tolerance] = solution.displacement
    return found


def assert_same(
    space: Discretisation,
    lam: np.ndarray,
    mu: np.ndarray,
    conditions: Conditions,
    force: np.ndarray,
    other: str,
) -> None:
    """The CPU's answer in double and to 1e-12, against all of the other backend's."""
    problem = space, lam, mu, conditions, force
    exact = solutions(*problem, backends.select("cpu"), ("double",))["double", min(BOUNDS)]
    peak = np.abs(exact).max()
    for (precision, tolerance), u in solutions(*problem, backends.select(other)).items():
        apart = np.abs(u - exact).max() / peak
        # not (a <= b): NaN never passes
        assert apart <= BOUNDS[tolerance], f"{other}, {precision}, {tolerance:g}: {apart:.1e} apart"
