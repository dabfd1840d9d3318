"""Quantities of an inversion: of displacement and slip, or of their rates, a year each.

Which of the two a text means shows in its unit, so that offsets and velocities cannot be mixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import ValidationInfo

from femcrust.case.quantities import Unit
from femcrust.case.section import complaint
from femcrust.units import DIMENSIONS, NoQuantity, parsed, shown

YEAR = 365.25 * 86400.0  # s


@dataclass(frozen=True)
class Amount:
    """A value in metres, or squared metres; `rate`: a year, or a year squared."""

    value: float
    rate: bool


@dataclass(frozen=True)
class AmountUnit(Unit):
    """An Amount, read from a text with a unit; from Python a bare number has no rate."""

    of_rate: str = "rate"
    years: float = YEAR  # what turns the SI value of a rate into one a year

    def read(self, value: Any, info: ValidationInfo) -> Any:
        """The amount of a text; `none` is None."""
        if isinstance(value, Amount) or value is None:
            return value
        if value == "none":
            return None
        try:
            found = parsed(value, self.of_rate) * self.years
        except NoQuantity:
            return Amount(float(super().read(value, info)), rate=False)
        return Amount(self.bounded(found, value), rate=True)

    def written(self, value: Any) -> Any:
        """The amount as a file has it."""
        if value is None:
            return "none"
        assert self.dimension is not None
        unit = DIMENSIONS[self.dimension].unit
        power = "^2" if unit == "m^2" else ""
        return f"{value.value!r} {unit}{f'/yr{power}' if value.rate else ''}"


def variance_of(unit: str) -> Amount:
    """The unit of a covariance, e.g. mm^2 or mm^2/yr^2.

    >>> variance_of("mm^2"), variance_of("m^2/yr^2")
    (Amount(value=1e-06, rate=False), Amount(value=1.0, rate=True))
    """
    try:
        return Amount(parsed(f"1 {unit}", "area"), rate=False)
    except NoQuantity:
        pass
    try:
        return Amount(round(parsed(f"1 {unit}", "squared rate") * YEAR**2, 15), rate=True)
    except NoQuantity:
        raise complaint(
            f"{shown(unit)} is no unit of a covariance; write e.g. mm^2 or mm^2/yr^2"
        ) from None


SlipBound: TypeAlias = Annotated[Amount | None, AmountUnit("length")]
Variance: TypeAlias = Annotated[
    Amount, AmountUnit("area", above=0.0, of_rate="squared rate", years=YEAR**2)
]
