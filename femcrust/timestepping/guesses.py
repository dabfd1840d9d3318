"""Initial guesses by the names that a case gives them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from femcrust.mesh.mesh import Floats
from femcrust.timestepping.guess import (
    Extrapolated,
    Guess,
    Nothing,
    OneRank,
    Previous,
    Space,
    State,
)
from femcrust.timestepping.learned import Learned
from femcrust.timestepping.projected import Projected

Anywhere = Callable[[bool], bool]

_KINDS: dict[str, Callable[[Space], Guess]] = {
    "learned": lambda space: Learned(space=space),
    "extrapolated": lambda space: Extrapolated(),
    "previous": lambda space: Previous(),
    "none": lambda space: Nothing(),
    "projection": lambda space: Projected(space=space),
}


OF_LINEAR_FLOW = ("learned", "projection")


def make_guess(name: str, creeps: bool = False, space: Space | None = None) -> Guess:
    """The initial guess of `solver.initial_guess`; where rock creeps by a power of its stress, no
    linear map takes increments to the next ones, and extrapolation does instead.

    space : of the solutions, where ranks share it
    """
    kind = _KINDS["extrapolated" if creeps and name in OF_LINEAR_FLOW else name]
    shared = space or OneRank()
    return Finite(lambda: kind(shared), shared.anywhere)


class Finite:
    """Keeps NaN and infinity out of a guess and of what it predicts: there it starts anew."""

    def __init__(self, make: Callable[[], Guess], anywhere: Anywhere = bool) -> None:
        self._make, self._anywhere, self._dt = make, anywhere, 0.0
        self._guess = make()

    @property
    def bytes(self) -> int:
        return self._guess.bytes

    def predict(self, stage: int, load: Floats, operator: Any) -> Floats | None:
        u = self._guess.predict(stage, load, operator)
        return u if u is None or self._passes(u) else None

    def event(self, u: Floats) -> None:
        if self._passes(u):
            self._guess.event(u)

    def step_changes(self, dt: float) -> None:
        self._dt = dt
        self._guess.step_changes(dt)

    def halfway(self, middle: Floats) -> None:
        if self._passes(middle):
            self._guess.halfway(middle)

    def learn(self, middle: Floats, end: Floats) -> None:
        if self._passes(middle) and self._passes(end):
            self._guess.learn(middle, end)

    def state(self, operators: Sequence[Any]) -> State:
        return {"dt": self._dt, "guess": self._guess.state(operators)}

    def restore(self, state: State, operators: Sequence[Any]) -> None:
        self._dt = state["dt"]
        self._guess.restore(state["guess"], operators)

    def _passes(self, u: Floats) -> bool:
        """A sum tells at once, but for one that overflows, which is no loss."""
        if not self._anywhere(not np.isfinite(u.sum())):
            return True
        self._guess = self._make()
        self._guess.step_changes(self._dt)
        return False
