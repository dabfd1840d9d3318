"""Bodies to be compared with half-space solutions: one mesh and operator, many sources.

Each fault of a case is solved for on its own, so that one mesh serves several kinds of slip.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

import both_backends
from femcrust import backends, operators, preconditioners, solvers
from femcrust.boundaries.conditions import Conditions, Constraint
from femcrust.case import Case
from femcrust.discretisation import Discretisation, discretise
from femcrust.mesh.mesh import Mesh
from femcrust.model import Model, build_model
from femcrust.sampling import displacement_at, linear_at

MU, NU = 30e9, 0.25
LAM = 2 * MU * NU / (1 - 2 * NU)
ROCK = {"mu": MU, "nu": NU}


@dataclass(frozen=True)
class Body:
    """A model, ready to be solved under its own or other boundary conditions."""

    model: Model
    space: Discretisation
    conditions: Conditions

    @cached_property
    def operator(self) -> Any:
        elastic = self.model.elastic
        return operators.elastic(
            self.space, elastic.lam, elastic.mu, self.conditions, backends.select("cpu")
        )

    @cached_property
    def preconditioner(self) -> Any:
        return preconditioners.build("multigrid", self.operator)

    def solve(self, *faults: str) -> Field:
        """The answer to the faults named, or to the loads alone."""
        sources = [source for source in self.model.sources if source.name in faults]
        if len(sources) != len(faults):
            raise ValueError(f"{faults}: the body has {[s.name for s in self.model.sources]}")
        solution = self.answer(operators.load(self.operator, sources, self.conditions), 1e-8)
        return Field(self, sources, solution.displacement, solution.iterations)

    def answer(self, force: Any, tolerance: float) -> Any:
        """The solution to any load; with FEMCRUST_COMPARE on that backend, too."""
        solution = solvers.solve(self.operator, self.preconditioner, force, tolerance=tolerance)
        elastic = self.model.elastic
        both_backends.elastic(self.space, elastic.lam, elastic.mu, self.conditions, force)
        return solution

    def under(self, **conditions: Any) -> Body:
        """The same mesh with other boundary conditions."""
        return replace(self, conditions=replace(self.conditions, **conditions))

    def held(self, value: Any = None) -> Body:
        """Buried sides that are prescribed, value(points) -> (n, 3) m, or fixed when None."""
        exterior = self.model.exterior
        faces = exterior.faces[exterior.side != "top"]
        return self.under(constraints=[Constraint(faces, np.zeros((3, 3)), value)], infinite=None)


@dataclass(frozen=True)
class Field:
    """A solution that can be asked at points (n, 3), m."""

    body: Body
    sources: list[Any]
    u: np.ndarray
    iterations: int

    def displacement(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) m"""
        tets, barycentric = self._found(points)
        return displacement_at(self.body.space, self.sources, self.u, tets, barycentric)

    def stress(self, points: np.ndarray) -> np.ndarray:
        """(n, 6) Pa"""
        tets, barycentric = self._found(points)
        elements, place = np.unique(tets, return_inverse=True)
        corners = operators.stress(self.body.operator, self.sources, self.u, elements)
        return linear_at(corners[place], barycentric)

    def _found(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        tets, barycentric = self.body.model.locator.find(points)
        if (tets < 0).any():
            raise ValueError("a point is outside the mesh")
        return tets, barycentric


def body(case: dict[str, Any], mesh: Mesh | None = None) -> Body:
    """A case, given as its plain data in SI, on its own mesh or on one made before."""
    model = build_model(Case.model_validate(case), mesh)
    return Body(model, discretise(model.mesh), model.conditions)


def box(half: float, depth: float, near: float, far: float, growth: float = 0.3) -> dict[str, Any]:
    """Section mesh of a box centred on the origin."""
    size = {"near": near, "far": far, "growth": growth}
    return {"box": {"x": (-half, half), "y": (-half, half), "z": (-depth, 0.0), "size": size}}


def surface_grid(half: float, n: int) -> np.ndarray:
    """Regular points on the ground, |x|, |y| <= half. (n², 3) m"""
    line = np.linspace(-half, half, n)
    x, y = np.meshgrid(line, line)
    return np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)


def off(found: np.ndarray, exact: np.ndarray) -> float:
    """Largest difference over the largest value, both in length of the vectors (n, k)."""
    peak = np.linalg.norm(exact, axis=1).max()
    return float(np.linalg.norm(found - exact, axis=1).max() / peak)
