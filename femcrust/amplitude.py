"""How slip and loads go on in time: the factor of what they are given as.

Zero before the first time; each of `times` starts the same growth g(t − t₀) once more, so that
several times are several equal earthquakes. Steps of a run start at `events`.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any, Protocol


class Growth(Protocol):
    """The factor at an age, s, and how fast it grows there, 1/s."""

    def __call__(self, age: float) -> float: ...
    def rate(self, age: float) -> float: ...


@dataclass(frozen=True)
class AtOnce:
    """All of it in the moment of the earthquake."""

    def __call__(self, age: float) -> float:
        return 1.0

    def rate(self, age: float) -> float:
        return 0.0


at_once = AtOnce()


@dataclass(frozen=True)
class Steady:
    """All of it in every `span`, s, without end: a rate of slip."""

    span: float

    def __call__(self, age: float) -> float:
        return age / self.span

    def rate(self, age: float) -> float:
        return 1 / self.span


@dataclass(frozen=True)
class Exponential:
    """1 − exp(−age/scale).

    >>> round(Exponential(2.0)(2.0), 6)
    0.632121
    """

    scale: float

    def __call__(self, age: float) -> float:
        return -math.expm1(-age / self.scale)

    def rate(self, age: float) -> float:
        return math.exp(-age / self.scale) / self.scale


@dataclass(frozen=True)
class Logarithmic:
    """log(1 + age/scale) up to `over`, s, where it is one, and stays: afterslip [Marone91].

    >>> Logarithmic(1.0, 3.0)(1.0), Logarithmic(1.0, 3.0)(5.0)
    (0.5, 1.0)
    """

    scale: float
    over: float

    def __call__(self, age: float) -> float:
        return math.log1p(min(age, self.over) / self.scale) / math.log1p(self.over / self.scale)

    def rate(self, age: float) -> float:
        if age > self.over:
            return 0.0
        return 1 / ((self.scale + age) * math.log1p(self.over / self.scale))


@dataclass(frozen=True)
class Points:
    """Straight lines between (age, factor); the last factor stays. Two at one age are a jump.

    >>> Points((0.0, 1.0, 1.0), (0.0, 0.5, 1.0))(0.5)
    0.25
    """

    ages: tuple[float, ...]
    factors: tuple[float, ...]

    def __call__(self, age: float) -> float:
        after = bisect_right(self.ages, age)
        if after == 0:
            return 0.0
        if after == len(self.ages):
            return self.factors[-1]
        return self._between(after, age)

    def before(self, age: float) -> float:
        """The factor just before an age."""
        after = bisect_left(self.ages, age)
        if after == 0:
            return 0.0
        if after == len(self.ages):
            return self.factors[-1]
        return self._between(after, age)

    def rate(self, age: float) -> float:
        """Just before an age, of the line that leads there."""
        after = bisect_left(self.ages, age)
        if after in (0, len(self.ages)):
            return 0.0
        rise = self.factors[after] - self.factors[after - 1]
        return rise / (self.ages[after] - self.ages[after - 1])

    def _between(self, after: int, age: float) -> float:
        first, last = self.ages[after - 1], self.ages[after]
        part = (age - first) / (last - first)
        return self.factors[after - 1] + part * (self.factors[after] - self.factors[after - 1])


@dataclass(frozen=True)
class Amplitude:
    """The sum of one growth started at several times, s."""

    times: tuple[float, ...] = (0.0,)
    growth: Growth = at_once

    def __call__(self, t: float) -> float:
        """The factor at t, after what happens there."""
        return sum(self.growth(t - start) for start in self.times if t >= start)

    def before(self, t: float) -> float:
        """The factor just before t."""
        left = self.growth.before if isinstance(self.growth, Points) else self.growth
        return sum(left(t - start) for start in self.times if t > start)

    def rate(self, t: float, before: bool = False) -> float:
        """How fast the factor grows just after t, or just before, 1/s; jumps do not count."""
        if before:
            return sum(self.growth.rate(t - start) for start in self.times if t > start)
        ages = [t - start for start in self.times if t >= start]
        return sum(self.growth.rate(math.nextafter(age, math.inf)) for age in ages)

    def jumps(self, t: float) -> bool:
        """Whether something happens at once at t."""
        return self(t) != self.before(t)

    @property
    def events(self) -> tuple[float, ...]:
        """When it jumps or bends."""
        ages: tuple[float, ...] = (0.0,)
        if isinstance(self.growth, Points):
            ages = self.growth.ages
        elif isinstance(self.growth, Logarithmic):
            ages = (0.0, self.growth.over)
        return tuple(sorted({start + age for start in self.times for age in ages}))


def amplitude_of(part: Any) -> Amplitude:
    """Of a fault or a load of the case: its `time` and `growth`."""
    growth = getattr(part, "growth", None)
    return Amplitude(tuple(getattr(part, "time", (0.0,))), _law(growth))


def _law(growth: Any) -> Growth:
    if growth is None:
        return at_once
    if growth.steady is not None:
        return Steady(growth.steady)
    if growth.exponential is not None:
        return Exponential(growth.exponential)
    if growth.logarithmic is not None:
        return Logarithmic(growth.logarithmic.scale, growth.logarithmic.over)
    ages, factors = zip(*growth.points, strict=True)
    return Points(ages, factors)
