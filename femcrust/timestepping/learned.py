"""Guesses learned from the history of the run, sub-domain by sub-domain [Ichimura21].

The flow of linear rock takes each increment of the displacement to the next by one linear map as
long as Δt stays: what combination of earlier increments the last one is, the next one is of their
successors. The core fits it in each sub-domain (csrc/timestepping/predictor.hpp). An event leaves
the map as it is, another Δt has another. Until three pairs follow one of them, a projection on the
last solutions does better: `perf/guesses.py` prints what was compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from femcrust.backends import core
from femcrust.mesh.mesh import Floats
from femcrust.timestepping.guess import END, EVENT, Guess, OneRank, Space, State
from femcrust.timestepping.projected import Projected

PAIRS = 16  # of increments, for each of the two stages
NODES = 2048  # of a sub-domain: a range along the space-filling curve
FRESH = 3  # pairs since the last event or change of Δt that a fit wants
YOUNG = 12  # solutions that are projected on before


class Learned:
    """The next increment as the history continues it; `young` guesses where that is short."""

    def __init__(
        self,
        pairs: int = PAIRS,
        nodes: int = NODES,
        young: Guess | None = None,
        space: Space | None = None,
    ) -> None:
        self._pairs, self._piece, self._space = pairs, 3 * nodes, space or OneRank()
        self._young = young or Projected(most=YOUNG, space=space)
        self._predictor: Any = None  # made when the number of nodes is known
        self._last: Floats | None = None  # solution that the next increment starts from
        self._start: Floats | None = None  # that of the step in hand
        self._increments = 0  # since the last event or change of Δt
        self._halfway = False
        self._dt = 0.0

    @property
    def bytes(self) -> int:
        return self._young.bytes + (self._predictor.bytes if self._predictor else 0)

    def predict(self, stage: int, load: Floats, operator: Any) -> Floats | None:
        fresh = (self._increments - 1) // 2
        known = stage != EVENT and self._halfway == (stage == END)
        if not known or fresh < min(FRESH, self._pairs):
            return self._young.predict(stage, load, operator)
        return self._space.agreed(np.asarray(self._predictor.predict(self._last)))

    def event(self, u: Floats) -> None:
        self._young.event(u)
        self._start = u
        self._restart(u)

    def step_changes(self, dt: float) -> None:
        self._young.step_changes(dt)
        failed = self._halfway
        if dt != self._dt or failed:
            self._restart(self._start)
            if self._predictor:
                self._predictor.forget()
        self._dt = dt

    def halfway(self, middle: Floats) -> None:
        self._young.halfway(middle)
        self._add(middle)
        self._halfway = True

    def learn(self, middle: Floats, end: Floats) -> None:
        self._young.learn(middle, end)
        if not self._halfway:
            self._add(middle)
        self._add(end)
        self._last = self._start = end
        self._halfway = False

    def state(self, operators: Sequence[Any]) -> State:
        kept = None
        if self._predictor:
            *last, first, second = self._predictor.state()
            kept = {"n": self._predictor.size, "last": last, "kinds": [first, second]}
        return {
            "young": self._young.state(operators),
            "predictor": kept,
            "last": self._last,
            "start": self._start,
            "increments": self._increments,
            "halfway": self._halfway,
            "dt": self._dt,
        }

    def restore(self, state: State, operators: Sequence[Any]) -> None:
        self._young.restore(state["young"], operators)
        self._last, self._start = state["last"], state["start"]
        self._increments, self._halfway = state["increments"], state["halfway"]
        self._dt = state["dt"]
        kept, self._predictor = state["predictor"], None
        if kept is not None:
            self._predictor = core().Predictor(kept["n"], self._piece, self._pairs)
            self._predictor.set_state(*kept["last"], *kept["kinds"])

    def _restart(self, u: Floats | None) -> None:
        """The next increment starts at u and follows none."""
        self._last, self._increments, self._halfway = u, 0, False
        if self._predictor:
            self._predictor.interrupt()

    def _add(self, u: Floats) -> None:
        """The increment from the last solution to u; none where that is not known."""
        if self._last is None:
            return
        if self._predictor is None:
            self._predictor = core().Predictor(u.size, self._piece, self._pairs)
        self._predictor.learn(self._last, u)
        self._last = u
        self._increments += 1
