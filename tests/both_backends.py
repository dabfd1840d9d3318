"""The same problem on two backends and in every precision: the answers must be the same.

FEMCRUST_COMPARE=cuda makes every comparison with a known solution check this too: elastic solves in
every precision, or those named after it ("cuda mixed double"), runs over time and libraries of
Green's functions in the precision of their case.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

import femcrust
from femcrust import backends, operators, preconditioners, progress, solvers
from femcrust.boundaries.conditions import Conditions
from femcrust.case import Case
from femcrust.discretisation import Discretisation
from femcrust.model import Model
from femcrust.outputs.result import Result

# Of the peak, by solver tolerance: solutions to a relative residual of t differ by t times the
# condition of the preconditioned problem, some 10 to 100.
BOUNDS = {1e-12: 1e-9, 1e-8: 1e-6}
TIGHT = min(BOUNDS)
# Gradients divide by an element, rates by a step: one more digit goes.
DIGITS = {"displacement": 1, "velocity": 10, "stress": 10}
IN_LIBRARY = {"displacement": 1, "tilt": 10, "strain": 10, "stress": 10}
# All comparisons made: what, how far apart, the bound. The largest are told at the end of a run.
MADE: list[tuple[str, float, float]] = []


def compared_with() -> str:
    """The backend that FEMCRUST_COMPARE names, or nothing."""
    return " ".join(os.environ.get("FEMCRUST_COMPARE", "").split()[:1])


def precisions() -> tuple[str, ...]:
    """Those that FEMCRUST_COMPARE names, or all."""
    return tuple(os.environ.get("FEMCRUST_COMPARE", "").split()[1:] or preconditioners.STORAGE)


def judge(what: str, found: np.ndarray, exact: np.ndarray, peak: float, bound: float) -> None:
    """Fails where the two are further apart than the bound, a part of the peak."""
    apart = float(np.abs(found - exact).max() / peak) if peak > 0 else float(np.abs(found).max())
    MADE.append((what, apart, bound))
    # not (a <= b): NaN never passes
    assert apart <= bound, f"{what}: {apart:.1e} apart"


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
    peak = float(np.abs(exact).max())
    found = solutions(*problem, backends.select(other), precisions())
    for (precision, tolerance), u in found.items():
        judge(f"{other}, {precision}, {tolerance:g}", u, exact, peak, BOUNDS[tolerance])


def elastic(
    space: Discretisation,
    lam: np.ndarray,
    mu: np.ndarray,
    conditions: Conditions,
    force: np.ndarray,
) -> None:
    """As assert_same, if FEMCRUST_COMPARE asks."""
    if other := compared_with():
        assert_same(space, lam, mu, conditions, force, other)


def on(case: Case, backend: str, **solver: Any) -> Case:
    """A case to be solved on that backend."""
    update = {"backend": backend, **solver}
    return case.model_copy(update={"solver": case.solver.model_copy(update=update)})


def results(model: Model, backend: str) -> list[Result]:
    """At all wanted times."""
    found: list[Result] = []
    with progress.reporting(quiet=True):
        last = femcrust.run(on(model.case, backend, tolerance=TIGHT), model, found.append)
    return found or [last]


def runs(model: Model) -> None:
    """If FEMCRUST_COMPARE asks: a run on both backends, at all wanted times."""
    other = compared_with()
    if not other:
        return
    exact, found = results(model, "cpu"), results(model, other)
    assert [one.time_s for one in exact] == [two.time_s for two in found]
    moved = max(float(np.abs(result.displacement).max()) for result in exact)
    for name, digits in DIGITS.items():
        one = [getattr(result, name) for result in exact]
        two = [getattr(result, name) for result in found]
        assert [a is None for a in one] == [b is None for b in two]
        pairs = [(a, b) for a, b in zip(one, two, strict=True) if a is not None]
        peak = max((float(np.abs(a).max()) for a, _ in pairs), default=0.0)
        if name == "velocity" and pairs:  # where nothing moves on, rates are rounding
            peak = max(peak, moved / exact[-1].time_s)
        for a, b in pairs:
            judge(f"{other}, run, {name}", b, a, peak, digits * BOUNDS[TIGHT])


def libraries(case: Case, model: Model | None = None) -> None:
    """If FEMCRUST_COMPARE asks: a library on both backends."""
    other = compared_with()
    if not other:
        return
    with progress.reporting(quiet=True):
        exact, found = (
            femcrust.greens(on(case, name, tolerance=TIGHT), model=model) for name in ("cpu", other)
        )
    for name in IN_LIBRARY.keys() & set(exact.data_vars):
        values = exact[name].values
        peak, bound = float(np.abs(values).max()), IN_LIBRARY[name] * BOUNDS[TIGHT]
        judge(f"{other}, library, {name}", found[name].values, values, peak, bound)


def told() -> list[str]:
    """Lines on all comparisons made: of each kind the worst."""
    worst: dict[tuple[str, float], list[float]] = {}
    for what, apart, bound in MADE:
        worst.setdefault((what, bound), []).append(apart)
    return [
        f"{what}: {len(all_)} comparisons, at most {max(all_):.1e} of the peak apart ({bound:g})"
        for (what, bound), all_ in worst.items()
    ]
