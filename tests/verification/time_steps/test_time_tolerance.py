"""`time.tolerance` bounds the error of a run: in flowing stress and in displacement of the ground.

The error is against equal steps, extrapolated to none: u = (4 u(Δt/2) − u(Δt))/3 of a method of
order 2. Norms: √∫ |s − s'|²/(2μ) dV over what flows, relative to the largest √∫ |s|²/(2μ) dV, and
the largest difference on the ground over the peak. Two rocks, of which one relaxes ten times as
fast, and a thrust that cuts both.
"""

from __future__ import annotations

from typing import Any

import half_space as hs
import numpy as np
import pytest
import relaxing
from table import record

import both_backends
from femcrust import timestepping
from femcrust.mesh.mesh import Mesh, tet_volumes
from femcrust.model import Model
from femcrust.run import build
from small_meshes import split_cubes

KM, YEAR = 1e3, relaxing.YEAR
MU, FAST, SLOW = 30e9, 1 * YEAR, 10 * YEAR
END = 20 * YEAR
ASKED = np.array([0.0, 0.13, 0.5, 1.0, 1.7, 3.1, 5.5, 10.0, 14.2, 20.0]) * YEAR
TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-5)


def make_model(time: dict[str, Any], mesh: Mesh | None = None) -> Model:
    """On a box, or with held sides on a mesh."""
    crust = {"mu": MU, "nu": 0.25}
    case: dict[str, Any] = {
        "mesh": {"file": "cubes"} if mesh else hs.box(60 * KM, 60 * KM, 6 * KM, 30 * KM, 0.8),
        "materials": {
            "crust": crust | {"where": {"expression": "depth < 10*km"}},
            "lower": crust
            | {"model": "maxwell", "eta": MU * FAST}
            | {"where": {"expression": "depth >= 10*km and depth < 20*km"}},
            "mantle": {"mu": 2 * MU, "nu": 0.27, "model": "maxwell", "eta": 2 * MU * SLOW}
            | {"where": {"expression": "depth >= 20*km"}},
        },
        "faults": {
            "main": {
                "rectangle": {
                    "top_center": (1 * KM, 0.0, -3 * KM), "length": 20 * KM, "width": 14 * KM,
                    "strike": 20.0, "dip": 60.0,
                },
                "slip": {"dip": 1.0, "strike": 0.7},
            }
        },
        "solver": {"tolerance": 1e-9},
        "time": {"end": END} | time,
    }  # fmt: skip
    if mesh:
        case["boundaries"] = {"sides": "fixed", "bottom": "fixed", "top": "free"}
    return relaxing.make_model(case, mesh)


class Answer:
    """What a run gives at the times asked; keeps how many steps it took."""

    def __init__(self, model: Model) -> None:
        assert model.relaxing is not None
        assert model.case.time is not None
        both_backends.runs(model)
        operator, preconditioner = build(model.case, model)
        solver = model.case.solver
        body = timestepping.Relaxation(model, operator, preconditioner, solver)
        guess = timestepping.make_guess(solver.initial_guess)
        stepper = timestepping.Stepper(body, guess, solver.tolerance, solver.max_iterations)
        exterior = model.exterior
        ground = np.unique(exterior.faces[exterior.side == "top"])
        flowing = model.relaxing.elements
        self.volume = tet_volumes(model.mesh)[flowing]
        self.mu = model.elastic.mu[flowing]
        self.steps, left = 0, list(ASKED)
        ground_at, flowing_at = [], []
        for step in timestepping.steps(stepper, model.case.time):
            self.steps += 1
            while left and left[0] <= step.end:
                t = left.pop(0)
                ground_at.append(step.displacement(t)[ground])
                flowing_at.append(deviator(step.stress(t)[flowing]))
        self.ground = np.array(ground_at)  # (n_t, n, 3) m
        self.flowing = np.array(flowing_at)  # (n_t, m, 4, 6) Pa

    def energy(self, stress: np.ndarray) -> float:
        """Largest over time of √∫ |s|²/(2μ) dV, s linear inside elements. stress (n_t, m, 4, 6)"""
        mass = (np.ones((4, 4)) + np.eye(4)) / 20
        twice = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
        weights = self.volume / (2 * self.mu)
        squares = [
            np.sum(weights[:, None, None] * twice * s * np.einsum("ij,ejk->eik", mass, s))
            for s in stress
        ]
        return float(np.sqrt(max(squares)))


def deviator(stress: np.ndarray) -> np.ndarray:
    """(…, 6)"""
    out = stress.copy()
    out[..., :3] -= stress[..., :3].mean(axis=-1, keepdims=True)
    return out


def errors(found: Answer, exact: Answer) -> tuple[float, float]:
    """In flowing stress and in displacement of the ground."""
    stress = exact.energy(found.flowing - exact.flowing) / exact.energy(exact.flowing)
    return stress, relaxing.worst(found.ground, exact.ground)


def extrapolated(step: float, mesh: Mesh | None) -> Answer:
    """From equal steps and their halves."""
    coarse, fine = (Answer(make_model({"step": dt}, mesh)) for dt in (step, step / 2))
    fine.ground = (4 * fine.ground - coarse.ground) / 3
    fine.flowing = (4 * fine.flowing - coarse.flowing) / 3
    return fine


def measured(mesh: Mesh | None, exact: Answer) -> list[tuple[float, float]]:
    """Errors of all tolerances; rows of the table."""
    found = []
    for tolerance in TOLERANCES:
        answer = Answer(make_model({"step": FAST / 10, "tolerance": tolerance}, mesh))
        found.append(errors(answer, exact))
        for what, error in zip(("flowing stress", "ground"), found[-1], strict=True):
            note = f"{answer.steps} steps"
            record(f"time tolerance, {what}", np.nan, error, tolerance, note=note)
    return found


def assert_bounded_and_falling(found: list[tuple[float, float]]) -> None:
    for tolerance, pair in zip(TOLERANCES, found, strict=True):
        assert max(pair) <= tolerance
    assert all(np.diff([pair[i] for pair in found]).max() < 0 for i in range(2))


def test_the_error_of_a_run_stays_below_the_tolerance() -> None:
    mesh = split_cubes(4, (40 * KM, 40 * KM, 40 * KM), (-20 * KM, -20 * KM, -40 * KM), 0.1)
    assert_bounded_and_falling(measured(mesh, extrapolated(FAST / 10, mesh)))


@pytest.mark.verify
@pytest.mark.slow
def test_the_error_of_a_larger_run_stays_below_the_tolerance() -> None:
    assert_bounded_and_falling(measured(None, extrapolated(FAST / 16, None)))


def test_steps_that_are_too_long_are_seen() -> None:
    """Equal steps of half the fast relaxation time err by more than a tight tolerance allows."""
    mesh = split_cubes(3, (40 * KM, 40 * KM, 40 * KM), (-20 * KM, -20 * KM, -40 * KM), 0.1)
    exact = extrapolated(FAST / 8, mesh)
    stress, _ = errors(Answer(make_model({"step": FAST / 2}, mesh)), exact)
    assert stress > 1e-3
