"""Lengths of steps: halves of halves of the span between two events, so that steps meet the events
and a matrix serves many of them.

The error that counts is that of the run, so a step of Δt at age t after the event may use the part
Δt/t of the tolerance: what all steps use grows with the logarithm of t only, SHARE keeps it below.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from femcrust.errors import NotConverged

FINEST = 2**50  # parts of a span
SHARE = 0.5  # of the tolerance
SAFE = 0.8  # of what is allowed, where a step is to grow
ORDER = 3  # of the error of one step


def spans(events: Iterable[float], end: float) -> list[tuple[float, float]]:
    """From each event to the next, the first from 0, the last to the end.

    >>> spans([0.0, 3.0, 9.0], 5.0)
    [(0.0, 3.0), (3.0, 5.0)]
    """
    starts = sorted({0.0, *(t for t in events if 0.0 < t < end)})
    return list(zip(starts, [*starts[1:], end], strict=True))


class Equal:
    """Steps of one length, the longest up to `step` that divides the span."""

    def __init__(self, start: float, end: float, step: float) -> None:
        self.start, self.end = start, end
        self.count = max(1, math.ceil((end - start) / step * (1 - 1e-12)))
        self.done = 0

    @property
    def dt(self) -> float:
        return (self.end - self.start) / self.count

    @property
    def time(self) -> float:
        """Where the step in hand starts."""
        return self.start + self.done * self.dt

    @property
    def until(self) -> float:
        """Where it ends: at the event itself, not beside it by rounding."""
        return self.end if self.done + 1 == self.count else self.time + self.dt

    @property
    def finished(self) -> bool:
        return self.done == self.count

    def accepts(self, error: float) -> bool:
        """Whether the step in hand stands; if so, the next is in hand."""
        self.done += 1
        return True

    def state(self) -> list[int]:
        return [self.done]

    def restore(self, state: list[int]) -> None:
        (self.done,) = state


class Adaptive:
    """Steps that halve and double by their estimated error, relative to the tolerance's norm."""

    def __init__(self, start: float, end: float, step: float, tolerance: float) -> None:
        self.start, self.end, self.tolerance = start, end, tolerance
        halvings = max(0, math.ceil(math.log2((end - start) / step) - 1e-9))
        self.parts = FINEST >> min(halvings, 50)  # of the step in hand
        self.at = 0  # parts done

    @property
    def dt(self) -> float:
        return (self.end - self.start) * (self.parts / FINEST)

    @property
    def time(self) -> float:
        return self.start + (self.end - self.start) * (self.at / FINEST)

    @property
    def until(self) -> float:
        return self.end if self.at + self.parts == FINEST else self.time + self.dt

    @property
    def finished(self) -> bool:
        return self.at == FINEST

    def allowed(self) -> float:
        """Error that the step in hand may have."""
        return self.tolerance * SHARE * self.parts / (self.at + self.parts)

    def accepts(self, error: float) -> bool:
        allowed = self.allowed()
        if not error <= allowed:
            if self.parts == 1:
                raise NotConverged(
                    f"time.tolerance: steps of {self.dt:.3g} s at {self.time:.6g} s still err by"
                    f" {error:.1e} of the flowing stress; raise it (now {self.tolerance:g})"
                )
            excess = error / allowed if math.isfinite(error) else 2.0**ORDER
            halvings = max(1, round(math.log2(excess) / ORDER))
            self.parts = max(1, self.parts >> halvings)
            return False
        self.at += self.parts
        self._grow(error)
        return True

    def state(self) -> list[int]:
        return [self.parts, self.at]

    def restore(self, state: list[int]) -> None:
        self.parts, self.at = state

    def _grow(self, error: float) -> None:
        """Doubles where the longer step starts at a multiple of itself and is expected to stand."""
        longer = 2 * self.parts
        if self.at % longer or self.at + longer > FINEST:
            return
        allowed = self.tolerance * SHARE * longer / (self.at + longer)
        if error * 2**ORDER <= SAFE * allowed:
            self.parts = longer
