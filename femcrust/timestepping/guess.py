"""Where a solve starts: guesses of the displacement of the next stage from those before.

A guess changes the iterations of a solve, never its answer beyond the solver's tolerance.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

from femcrust.mesh.mesh import Floats

EVENT, MIDDLE, END = 0, 1, 2  # stages: the elastic answer of an event, t + γ Δt, t + Δt
GAMMA = 2 - math.sqrt(2.0)

State = dict[str, Any]  # plain values, arrays, functions that make an array


class Space(Protocol):
    """What a guess asks of the space of its solutions, where ranks share nodes."""

    @property
    def halo(self) -> Any: ...
    def agreed(self, values: Floats) -> Floats: ...
    def anywhere(self, here: bool) -> bool: ...


class OneRank:
    """Nothing is shared."""

    halo: Any = None

    def agreed(self, values: Floats) -> Floats:
        return values

    def anywhere(self, here: bool) -> bool:
        return here


class Guess(Protocol):
    """What the time loop asks and tells.

    An event, then for each try of a step: `step_changes`, a guess of the middle, `halfway`, a guess
    of the end; and `learn` once a try stands. A next `step_changes` without it: the try failed.
    Solutions are kept, not copied; nobody changes them afterwards.
    """

    @property
    def bytes(self) -> int:
        """Memory of the history."""
        ...

    def predict(self, stage: int, load: Floats, operator: Any) -> Floats | None:
        """u (n_nodes, 3) of a stage under a load; None: nothing is known, take zero."""
        ...

    def event(self, u: Floats) -> None:
        """Something jumped: u is the solution just after, where the next step starts."""
        ...

    def step_changes(self, dt: float) -> None:
        """The step in hand takes dt, s, which may be that of the last one."""
        ...

    def halfway(self, middle: Floats) -> None:
        """The first solution of the step in hand; its second depends on it closely."""
        ...

    def learn(self, middle: Floats, end: Floats) -> None:
        """Both solutions of the step in hand, which stands."""
        ...

    def state(self, operators: Sequence[Any]) -> State:
        """All that is known between two steps; of the operators that last, the place in a list."""
        ...

    def restore(self, state: State, operators: Sequence[Any]) -> None:
        """Goes on as what had this state would."""
        ...


class Previous:
    """The last solution."""

    def __init__(self) -> None:
        self._u: Floats | None = None

    @property
    def bytes(self) -> int:
        return 0 if self._u is None else self._u.nbytes

    def predict(self, stage: int, load: Floats, operator: Any) -> Floats | None:
        return self._u

    def event(self, u: Floats) -> None:
        self._u = u

    def step_changes(self, dt: float) -> None:
        pass

    def halfway(self, middle: Floats) -> None:
        self._u = middle

    def learn(self, middle: Floats, end: Floats) -> None:
        self._u = end

    def state(self, operators: Sequence[Any]) -> State:
        return {"u": self._u}

    def restore(self, state: State, operators: Sequence[Any]) -> None:
        self._u = state["u"]


class Nothing(Previous):
    """No guess."""

    def predict(self, stage: int, load: Floats, operator: Any) -> Floats | None:
        return None


class Extrapolated:
    """The polynomial in time through the last solutions since the last event.

    Steps may have any lengths. The middle of a try that failed lies between what it is followed by,
    so it serves as a solution until a step stands.
    """

    def __init__(self, order: int = 3) -> None:
        self._known: deque[tuple[float, Floats]] = deque(maxlen=order + 1)  # s from now, u
        self._tried: list[tuple[float, Floats]] = []
        self._dt = 0.0

    @property
    def bytes(self) -> int:
        return sum(u.nbytes for _, u in [*self._known, *self._tried])

    @property
    def last(self) -> Floats | None:
        """The solution where the step in hand starts."""
        return self._known[-1][1] if self._known else None

    def predict(self, stage: int, load: Floats, operator: Any) -> Floats | None:
        points = [*self._known, *self._tried][-(self._known.maxlen or 1) :]
        if stage == EVENT or not points:
            return self.last
        at = self._dt * (GAMMA if stage == MIDDLE else 1.0)
        total = None
        for t, u in points:  # Lagrange
            weight = math.prod((at - s) / (t - s) for s, _ in points if s != t)
            if total is None:
                total = weight * u
            else:
                total += weight * u
        return total

    def event(self, u: Floats) -> None:
        self._known.clear()
        self._tried = []
        self._known.append((0.0, u))

    def step_changes(self, dt: float) -> None:
        self._dt = dt

    def halfway(self, middle: Floats) -> None:
        self._tried = [(GAMMA * self._dt, middle)]

    def learn(self, middle: Floats, end: Floats) -> None:
        known = [(t - self._dt, u) for t, u in self._known]
        self._known.clear()
        self._known.extend([*known, ((GAMMA - 1) * self._dt, middle), (0.0, end)])
        self._tried = []

    def state(self, operators: Sequence[Any]) -> State:
        return {"known": list(self._known), "tried": self._tried, "dt": self._dt}

    def restore(self, state: State, operators: Sequence[Any]) -> None:
        self._known.clear()
        self._known.extend((t, u) for t, u in state["known"])
        self._tried = [(t, u) for t, u in state["tried"]]
        self._dt = state["dt"]
