"""A run that goes on from a checkpoint is the run that was never stopped, bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hard_bodies as hard
from femcrust.checkpoint import Keeper
from femcrust.checkpoint.container import Make
from femcrust.errors import Interrupted
from femcrust.model import Model
from femcrust.outputs.result import Result
from femcrust.run import run

YEAR = 365.25 * 86400.0
ROCK = {"mu": 60e9, "nu": 0.25, "where": {"expression": "depth > 20*km"}}
CRUST = {"mu": 30e9, "nu": 0.25, "where": {"expression": "depth < 20*km"}}
ROCKS = {
    "maxwell": {"model": "maxwell", "eta": 60e9 * 2 * YEAR},
    "burgers": {
        "model": "burgers", "eta": 60e9 * 5 * YEAR, "mu_kelvin": 60e9, "eta_kelvin": 60e9 * YEAR,
    },
    "creep": {"model": "power_law", "eta": 60e9 * 5 * YEAR, "stress": 1e6, "exponent": 3.0},
}  # fmt: skip
KEYS = ("time_s", "step_s", "iterations", "relative_residual", "initial_relative_residual", "error")


class Seen(list[Result]):
    """Results that were observed; of those before a checkpoint it knows the number only."""

    before = 0

    def state(self) -> dict[str, Any]:
        return {"count": self.before + len(self)}

    def restore(self, state: dict[str, Any]) -> None:
        self.before = state["count"]


class StopsAfter(Keeper):
    """A keeper that ends the run after some steps, with a checkpoint."""

    left = 0

    def step_done(self, now: float, state: Make) -> None:
        super().step_done(now, state)
        self.left -= 1
        if self.left == 0:
            raise Interrupted("enough")


def body(rock: str = "maxwell", guess: str = "learned", **more: Any) -> Model:
    """A cube with two earthquakes on a thrust over rock that flows."""
    crust = CRUST | {"model": "maxwell", "eta": 30e9 * 9 * YEAR}
    materials = {"crust": crust, "mantle": ROCK | ROCKS[rock]}
    fault = {"rectangle": hard.RECTANGLE, "slip": {"dip": 1.0}, "time": [0.0, 2.3 * YEAR]}
    given = {
        "time": {"end": 5 * YEAR, "step": 0.25 * YEAR},
        "solver": {"tolerance": 1e-8, "initial_guess": guess, "backend": "cpu"},
        "output": {"every": YEAR, "checkpoint": {"every": "1 step"}},
        "faults": {"main": fault},
    }
    return hard.cube(4, materials, **(given | more))


def whole(model: Model) -> list[Result]:
    seen = Seen()
    run(model.case, model, seen.append)
    return seen


def in_parts(model: Model, folder: Path, stops: list[int], later: Model | None = None) -> Seen:
    """What the last part of a run sees that is stopped after so many steps, again and again."""
    for k, steps in enumerate(stops):
        seen = Seen()
        keeper = StopsAfter(model.case, folder, seen, resume=k > 0)
        keeper.left = steps
        with pytest.raises(Interrupted, match="enough"):
            run(model.case, model, seen.append, keeper)
    seen, last = Seen(), later or model
    run(last.case, last, seen.append, Keeper(last.case, folder, seen, resume=True))
    return seen


def assert_same_bits(found: Seen, wanted: list[Result]) -> None:
    assert found.before > 0
    assert found.before + len(found) == len(wanted)
    for mine, other in zip(found, wanted[found.before :], strict=True):
        assert mine.time_s == other.time_s
        for name in ("displacement", "stress", "velocity"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(other, name), name)
        rows = zip(mine.summary["steps"], other.summary["steps"], strict=True)
        assert all([a[key] for key in KEYS] == [b[key] for key in KEYS] for a, b in rows)


GUESSES = ["learned", "projection", "extrapolated", "previous", "none"]


@pytest.mark.parametrize("guess", GUESSES)
def test_every_guess_goes_on_as_it_was(guess: str, tmp_path: Path) -> None:
    """Stopped where the basis is young, just before an event and where the map is learned."""
    model = body(guess=guess)
    assert_same_bits(in_parts(model, tmp_path, [4, 6, 6]), whole(model))


@pytest.mark.parametrize("rock", ["burgers", "creep"])
@pytest.mark.parametrize("tolerance", [None, 1e-2])
def test_every_rock_goes_on_as_it_was(rock: str, tolerance: float | None, tmp_path: Path) -> None:
    time = {"end": 5 * YEAR, "step": 0.25 * YEAR, "tolerance": tolerance}
    model = body(rock, time=time)
    wanted = whole(model)
    steps = len(wanted[-1].summary["steps"])
    assert steps > 6
    assert_same_bits(in_parts(model, tmp_path, [2, steps // 2]), wanted)
