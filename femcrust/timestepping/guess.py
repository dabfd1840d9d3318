"""Where a solve starts: guesses of the displacement of the next stage from those before."""

from __future__ import annotations

from typing import Any, Protocol

from femcrust.mesh.mesh import Floats


class Guess(Protocol):
    """What the time loop asks and tells. Stage 0 is the elastic answer of an event, 1 and 2 those
    of a step; None is no idea."""

    def predict(self, stage: int, load: Floats, operator: Any) -> Floats | None: ...
    def event(self, u: Floats) -> None: ...
    def step_changes(self, dt: float) -> None: ...
    def learn(self, middle: Floats, end: Floats) -> None: ...


class Previous:
    """The last solution."""

    def __init__(self) -> None:
        self.u: Floats | None = None

    def predict(self, stage: int, load: Floats, operator: Any) -> Floats | None:
        return self.u

    def event(self, u: Floats) -> None:
        self.u = u

    def step_changes(self, dt: float) -> None:
        pass

    def learn(self, middle: Floats, end: Floats) -> None:
        self.u = end


def make_guess(name: str) -> Guess:
    """By the name of solver.initial_guess."""
    return Previous()
