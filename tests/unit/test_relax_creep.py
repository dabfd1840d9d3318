"""Runs with rock that creeps by a power of its stress, as a whole: beside linear rock, with sources
that cross it and infinite elements that flow; steps that fail."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import hard_bodies as hard
from femcrust.errors import NotConverged
from femcrust.model import Model
from femcrust.outputs.result import Result
from femcrust.run import run
from femcrust.timestepping import Stepper
from femcrust.timestepping.fixed_point import StageFailed, fixed_point

YEAR = 365.25 * 86400.0
KM = 1e3
MU, ETA = 60e9, 60e9 * 2 * YEAR
BELOW = {"mu": MU, "nu": 0.25, "where": {"expression": "depth > 20*km"}}
LINEAR = BELOW | {"model": "maxwell", "eta": ETA}

# 3 μ A in MPa is the rate μ/η
DIFFUSION = {"prefactor": 1e6 / (3 * ETA)}
CREEP = BELOW | {"model": "power_law", "diffusion": DIFFUSION, "temperature": 1500.0}


def body(mantle: dict[str, Any], **more: Any) -> Model:
    """A cube with a Maxwell lower crust whose thrust goes down into the mantle."""
    crust = {"model": "maxwell", "mu": 30e9, "nu": 0.25, "eta": 30e9 * 5 * YEAR}
    given = {
        "time": {"end": 4 * YEAR, "step": 0.5 * YEAR},
        "solver": {"tolerance": 1e-11},
        "faults": {
            "thrust": {
                "rectangle": {
                    "top_center": (0.0, 0.0, -10 * KM), "length": 20 * KM, "width": 30 * KM,
                    "strike": 20.0, "dip": 60.0,
                },
                "slip": {"dip": 2.0},
                "time": (0.0, 2 * YEAR),
            }
        },
        "boundaries": {"sides": "infinite", "bottom": "infinite"},
    }  # fmt: skip
    above = crust | {"where": {"expression": "depth < 20*km"}}
    return hard.cube(4, {"crust": above, "mantle": mantle}, **(given | more))


def end(model: Model) -> Result:
    return run(model.case, model)


def test_creep_that_is_all_but_linear_is_that_of_a_maxwell_body() -> None:
    """By the flow of creep, whose power counts for less than rounding; the same steps."""
    faint = {"prefactor": 1e-60, "exponent": 3.5}
    creep, linear = end(body(CREEP | {"dislocation": faint})), end(body(LINEAR))
    for found, right in (
        (creep.displacement, linear.displacement),
        (creep.stress, linear.stress),
    ):
        assert np.abs(found - right).max() < 1e-8 * np.abs(right).max()
    assert [row["error"] for row in creep.summary["steps"]] == pytest.approx(
        [row["error"] for row in linear.summary["steps"]], rel=1e-3
    )
    # planted: a mantle of half the viscosity
    softer = end(body(LINEAR | {"eta": ETA / 2}))
    assert (
        np.abs(softer.displacement - linear.displacement).max()
        > 1e-3 * np.abs(linear.displacement).max()
    )


POWER = BELOW | {"model": "power_law", "eta": ETA, "stress": 3e6, "exponent": 3.5}


def test_the_error_stays_below_the_tolerance() -> None:
    """Of the motion since the first earthquake, against a run of a twentieth or less of it."""
    span = {"end": 4 * YEAR, "step": YEAR}
    fine = end(body(POWER, time=span | {"tolerance": 5e-4}))
    model, first = body(POWER, time=span), list[Any]()
    run(model.case, model, lambda result: first.append(result.displacement.copy()))
    moved = np.linalg.norm(fine.displacement - 2 * first[0])
    for tolerance in (1e-2, 5e-3):
        found = end(body(POWER, time=span | {"tolerance": tolerance}))
        assert np.linalg.norm(found.displacement - fine.displacement) < tolerance * moved


def test_few_solves_are_needed() -> None:
    span = {"end": 4 * YEAR, "step": YEAR, "tolerance": 1e-2}
    rows = end(body(POWER, time=span, solver={"tolerance": 1e-8})).summary["steps"]
    later = [row["iterations"] for row in rows if row["iterations"] < 100]
    assert len(later) >= len(rows) - 2  # but for the first after an event, whose tries count
    assert max(later) <= 20


def test_steps_that_fail_are_halved_or_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module(fixed_point.__module__)
    monkeypatch.setattr(module, "MOST", 3)
    with pytest.raises(NotConverged, match=r"time.step: creep does not converge within 3 solves.*"):
        end(body(POWER))
    monkeypatch.undo()
    stepping = importlib.import_module(Stepper.__module__)
    calls = []

    def fails_first(*words: Any) -> Any:
        calls.append(words)
        if len(calls) == 1:
            raise StageFailed("not yet")
        return fixed_point(*words)

    monkeypatch.setattr(stepping, "fixed_point", fails_first)
    span = {"end": 4 * YEAR, "step": 1e-4 * YEAR, "tolerance": 1e-2}
    steps = end(body(POWER, time=span)).summary["steps"]
    assert steps[0]["step_s"] <= 1e-4 * YEAR / 2
    assert max(row["relative_residual"] for row in steps) <= 1e-11
