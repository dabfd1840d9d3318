"""How slip and loads go on in time: `time` (once or several times) and `growth`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, TypeAlias

from pydantic import Field, model_validator

from femcrust.case.quantities import Unit
from femcrust.case.section import OneOrMany, Section, complaint

Age: TypeAlias = Annotated[float, Unit("time", least=0.0)]
Span: TypeAlias = Annotated[float, Unit("time", above=0.0)]
Factor: TypeAlias = Annotated[float, Unit(None, least=0.0)]


Times: TypeAlias = Annotated[tuple[Age, ...], OneOrMany(), Field(min_length=1)]


class Logarithmic(Section):
    """log(1 + t/scale), all of it after the span `over`."""

    scale: Span = Field(description="s; short against over.", examples=["5 day"])
    over: Span = Field(description="When all of it has happened, s.", examples=["5 yr"])


class Growth(Section):
    """How slip, or a load, comes to its full size after its time; absent: at once."""

    steady: Span | None = Field(
        default=None,
        description="All of it in every such span, without end, s: a rate.",
        examples=["1 yr"],
    )
    exponential: Span | None = Field(
        default=None, description="1 − exp(−t/this), s.", examples=["0.5 yr"]
    )
    logarithmic: Logarithmic | None = Field(
        default=None, description="Afterslip: log(1 + t/scale) up to the span over."
    )
    points: tuple[tuple[Age, Factor], ...] | None = Field(
        default=None,
        min_length=2,
        description="Time after `time` and factor, straight lines between; the last factor stays.",
        examples=[[["0 yr", 0], ["0 yr", 0.4], ["3 yr", 1]]],
    )

    @model_validator(mode="after")
    def _one_law(self) -> Growth:
        self.exactly_one("steady", "exponential", "logarithmic", "points")
        _check_points(self.points or ())
        return self


def _check_points(points: Sequence[tuple[float, float]]) -> None:
    for k, ((age, _), (later, _)) in enumerate(pairwise(points), start=1):
        if later < age:
            raise complaint(f"{later:g} s comes after {age:g} s; sort the times", "points", k)
        if k > 1 and points[k - 2][0] == age == later:
            raise complaint(f"has {age:g} s three times; two make a jump", "points", k)


def must_grow(growth: Growth | None) -> None:
    """Slip that falls back is refused; loads may fall."""
    points = () if growth is None else growth.points or ()
    for k, ((_, factor), (_, more)) in enumerate(pairwise(points), start=1):
        if more < factor:
            raise complaint(
                f"falls from {factor:g} to {more:g}; what has slipped does not slip back: give"
                " another fault the opposite slip where it does",
                "growth",
                "points",
                k,
            )
