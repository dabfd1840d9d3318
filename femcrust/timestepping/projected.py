"""Guesses by projection on past solutions, under the load that acts now [Fischer98].

Of all combinations of past solutions it takes the best in the norm of A, so it is never worse than
a polynomial in time through the same solutions (csrc/timestepping/projection.hpp). It costs a
product a solve.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from femcrust.backends import core
from femcrust.mesh.mesh import Floats
from femcrust.timestepping.guess import OneRank, Space, State

MOST = 16  # solutions
RECENT = 6  # of them go on where the basis is full or A is another


def _forgotten() -> None:
    """Instead of a weak reference: no operator."""


class Projected:
    """A basis of past solutions, begun anew from the recent ones for another A."""

    def __init__(self, most: int = MOST, recent: int = RECENT, space: Space | None = None) -> None:
        self._most, self._space = most, space or OneRank()
        self._recent: deque[Floats] = deque(maxlen=recent)
        self._basis: Any = None  # of the core; made when the number of nodes is known
        self._waiting: list[Floats] = []  # to join the basis, in this order
        self._guess: Floats | None = None
        self._operator: Any = _forgotten  # weak: matrices are large
        self._halfway = False

    @property
    def bytes(self) -> int:
        basis = 0 if self._basis is None else int(self._basis.bytes)
        return basis + sum(u.nbytes for u in [*self._recent, *self._waiting])

    def predict(self, stage: int, load: Floats, operator: Any) -> Floats | None:
        if operator is not self._operator():
            self._restart()
            self._operator = weakref.ref(operator)
        if self._basis is None:
            self._basis = core().Projection(load.size, self._space.halo)
        for u in self._waiting:
            self._basis.add(u, operator @ u)
        self._waiting = []
        if len(self._basis):
            self._guess = np.asarray(self._basis.project(load))
        return self._guess

    def event(self, u: Floats) -> None:
        self._take(u)

    def step_changes(self, dt: float) -> None:
        self._halfway = False

    def halfway(self, middle: Floats) -> None:
        self._take(middle)
        self._halfway = True

    def learn(self, middle: Floats, end: Floats) -> None:
        if not self._halfway:
            self._take(middle)
        self._take(end)

    def state(self, operators: Sequence[Any]) -> State:
        own, basis = self._operator(), self._basis
        return {
            "recent": list(self._recent),
            "basis": None if basis is None else {"n": basis.n_values, "kept": basis.state()},
            "waiting": self._waiting,
            "guess": self._guess,
            "halfway": self._halfway,
            "operator": next((k for k, one in enumerate(operators) if one is own), None),
        }

    def restore(self, state: State, operators: Sequence[Any]) -> None:
        self._recent.clear()
        self._recent.extend(state["recent"])
        self._waiting, self._guess = state["waiting"], state["guess"]
        self._halfway = state["halfway"]
        basis, self._basis = state["basis"], None
        if basis is not None:
            self._basis = core().Projection(basis["n"], self._space.halo)
            self._basis.set_state(*basis["kept"])
        place = state["operator"]
        self._operator = _forgotten if place is None else weakref.ref(operators[place])

    def _restart(self) -> None:
        """From the last solution and the last differences, the latest first."""
        late = [*reversed(self._recent)]
        differences = [before - after for after, before in pairwise(late)]
        self._forget()
        self._waiting, self._guess = [*late[:1], *differences], None

    def _forget(self) -> None:
        self._waiting = []
        if self._basis is not None:
            self._basis.forget()

    def _take(self, u: Floats) -> None:
        """What the guess missed of u. Where nobody asked for a guess only recent ones are kept."""
        self._recent.append(u)
        kept = 0 if self._basis is None else len(self._basis)
        if self._guess is None or kept + len(self._waiting) >= self._most:
            self._forget()
            self._operator = _forgotten
        else:
            self._waiting.append(u - self._guess)
        self._guess = None
