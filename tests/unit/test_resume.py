"""A run that goes on from a checkpoint is the run that was never stopped, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hard_bodies as hard
from femcrust.checkpoint import Keeper
from femcrust.checkpoint.container import Make
from femcrust.errors import InputError, Interrupted
from femcrust.model import Model
from femcrust.outputs.result import Result
from femcrust.run import run

YEAR = 365.25 * 86400.0
ROCK = {"mu": 60e9, "nu": 0.25, "where": {"expression": "depth > 20*km"}}
CRUST = {"mu": 30e9, "nu": 0.25, "where": {"expression": "depth <= 20*km"}}
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


def body(rock: str = "maxwell", guess: str = "learned", n: int = 4, **more: Any) -> Model:
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
    return hard.cube(n, materials, **(given | more))


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


def test_a_run_goes_on_with_another_number_of_threads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = [body(solver={"threads": n, "backend": "cpu"}) for n in (1, 2)]
    wanted = whole(parts[0])
    found = in_parts(parts[0], tmp_path, [9], parts[1])
    assert "threads 1 → 2: the rest of the run agrees" in capsys.readouterr().out
    assert_close(found, wanted)


def test_a_run_goes_on_on_another_backend(
    on_device: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    time = {"end": 3 * YEAR, "step": 0.5 * YEAR}
    host, device = (
        body(n=3, time=time, solver={"backend": name, "preconditioner": "jacobi"})
        for name in ("cpu", "cuda")
    )
    wanted = whole(host)
    for k, (first, second) in enumerate([(host, device), (device, host)]):
        found = in_parts(first, tmp_path / str(k), [3], second)
        said = capsys.readouterr().out
        assert f"backend {first.case.solver.backend} → {second.case.solver.backend}" in said
        assert "to about solver.tolerance, 1e-08, not to the last bit" in said
        assert_close(found, wanted)


def assert_close(found: Seen, wanted: list[Result]) -> None:
    """To a few times the tolerance of the solver, 1e-8 of the load."""
    assert found.before > 0
    for mine, other in zip(found, wanted[found.before :], strict=True):
        for name in ("displacement", "stress"):
            a, b = getattr(mine, name), getattr(other, name)
            assert np.abs(a - b).max() <= 1e-6 * np.abs(b).max(), name


def test_a_mesh_that_has_changed_is_refused(tmp_path: Path) -> None:
    model = body()
    moved = model.mesh.points.copy()
    moved[0] += 1e-9
    other = replace(model, mesh=replace(model.mesh, points=moved))
    with pytest.raises(InputError, match="what the case's files say of the mesh has changed"):
        in_parts(model, tmp_path, [2], other)


def test_a_run_without_time_has_no_checkpoints(tmp_path: Path) -> None:
    model = hard.cube(3, {"rock": hard.ROCK})
    keeper = Keeper(model.case, tmp_path, Seen(), resume=True)
    assert run(model.case, model, None, keeper).displacement.any()
    assert not list(tmp_path.iterdir())


def test_steps_and_the_clock_decide_when(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[float] = []
    monkeypatch.setattr(Keeper, "_save", save_into(saved))
    for every, wanted in (("4 steps", 5), ("1 step", 20), ("10 min", 0), ("1e-9 s", 20)):
        saved.clear()
        model = body(guess="none", n=3, output={"checkpoint": {"every": every}})
        run(model.case, model, None, Keeper(model.case, tmp_path, Seen(), resume=False))
        assert len(saved) == wanted, every


def save_into(saved: list[float]) -> Any:
    def save(keeper: Keeper, now: float, state: Make) -> None:
        saved.append(now)
        keeper._steps, keeper._written = 0, 0.0

    return save


def test_rock_that_does_not_flow_goes_on_as_it_was(tmp_path: Path) -> None:
    """No element flows and none is infinite: states are empty."""
    fault = {"rectangle": hard.RECTANGLE, "slip": {"dip": 1.0}, "growth": {"steady": 2 * YEAR}}
    model = hard.cube(
        3, {"rock": hard.ROCK}, faults={"main": fault}, time={"end": 3 * YEAR, "step": 0.5 * YEAR},
        output={"every": YEAR, "checkpoint": {"every": "1 step"}},
        boundaries={"sides": "fixed", "bottom": "fixed"},
    )  # fmt: skip
    assert_same_bits(in_parts(model, tmp_path, [2, 2]), whole(model))
