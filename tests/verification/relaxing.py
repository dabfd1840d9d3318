"""Bodies that relax, solved as `femcrust run` solves a case, and asked at points and times.

A case is given as its plain data in SI; its results are those of the start, of `output.times`
and of the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import both_backends
import femcrust
from femcrust import progress, timestepping
from femcrust.amplitude import Amplitude
from femcrust.case import Case
from femcrust.mesh.mesh import Mesh
from femcrust.model import Model, build_model
from femcrust.outputs.result import Result
from femcrust.run import build
from femcrust.sampling import displacement_at, linear_at

YEAR = 365.25 * 86400.0


@dataclass(frozen=True)
class Series:
    """Results of a run in the order of time."""

    model: Model
    results: list[Result]

    @property
    def times(self) -> np.ndarray:
        """(n_t,) s"""
        return np.array([result.time_s for result in self.results])

    @property
    def steps(self) -> list[dict[str, Any]]:
        """Rows of all steps, as the summary tells them."""
        return list(self.results[-1].summary["steps"])

    def displacement(self, points: np.ndarray) -> np.ndarray:
        """(n_t, n, 3) m"""
        return self._at(points, "displacement")

    def velocity(self, points: np.ndarray) -> np.ndarray:
        """Of the continuous part. (n_t, n, 3) m/s"""
        return self._at(points, "velocity")

    def stress(self, points: np.ndarray) -> np.ndarray:
        """(n_t, n, 6) Pa"""
        tets, barycentric = self._found(points)
        return np.array([linear_at(r.stress[tets], barycentric) for r in self.results])

    def _at(self, points: np.ndarray, what: str) -> np.ndarray:
        tets, barycentric = self._found(points)
        return np.array(
            [
                displacement_at(
                    r, r.sources if what == "displacement" else [], getattr(r, what), tets,
                    barycentric,
                )
                for r in self.results
            ]
        )  # fmt: skip

    def _found(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        tets, barycentric = self.model.locator.find(points)
        if (tets < 0).any():
            raise ValueError("a point is outside the mesh")
        return tets, barycentric


def make_model(
    case: dict[str, Any], mesh: Mesh | None = None, starts: dict[str, Sequence[float]] | None = None
) -> Model:
    """The model of a case; starts: times, s, at which a fault slips, by its name."""
    model = build_model(Case.model_validate(case), mesh)
    sources = [
        replace(source, history=Amplitude(tuple(starts[source.name])))
        if starts and source.name in starts
        else source
        for source in model.sources
    ]
    return replace(model, sources=sources)


def relaxed(model: Model) -> Series:
    """Runs a model; with FEMCRUST_COMPARE on that backend, too."""
    both_backends.runs(model)
    results: list[Result] = []
    with progress.reporting(quiet=True):
        femcrust.run(both_backends.on(model.case, "cpu"), model, results.append)
    return Series(model, results)


def run(case: dict[str, Any], mesh: Mesh | None = None, **more: Any) -> Series:
    """Builds and runs a case."""
    return relaxed(make_model(case, mesh, **more))


def iterations(model: Model) -> list[int]:
    """Of every stage of every step of a run, the elastic answers among them."""
    case = model.case
    assert case.time is not None
    operator, preconditioner = build(case, model)
    body = timestepping.Relaxation(model, operator, preconditioner, case.solver)
    guess = timestepping.make_guess(case.solver.initial_guess)
    stepper = timestepping.Stepper(body, guess, case.solver.tolerance, case.solver.max_iterations)
    found = []
    for step in timestepping.steps(stepper, case.time):
        found += [solution.iterations for solution in step.solutions]
    return found


def worst(found: np.ndarray, exact: np.ndarray) -> float:
    """Largest difference over the largest value."""
    return float(np.abs(found - exact).max() / np.abs(exact).max())
