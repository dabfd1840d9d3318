"""Quantities with units: '30 GPa' → 3e10, in SI; angles in degrees, as geologists give them.

A text is a number and a product of powers of unit names. Its grammar is checked here and pint is
asked for single names only, so no text is ever evaluated. A year has 365.25 days.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from femcrust.errors import InputError

if TYPE_CHECKING:
    import pint

LONGEST_TEXT = 200
LARGEST_POWER = 9
SHOWN = 60  # characters of a wrong value that a message repeats


@dataclass(frozen=True)
class Dimension:
    """What a key wants: `noun` for messages, `unit` that values are returned in, an example."""

    noun: str
    unit: str
    example: str


DIMENSIONS = {
    "length": Dimension("length", "m", "15 km"),
    "time": Dimension("time", "s", "0.25 yr"),
    "velocity": Dimension("velocity", "m/s", "6 km/s"),
    "acceleration": Dimension("acceleration", "m/s^2", "9.81 m/s^2"),
    "rate": Dimension("rate", "m/s", "2 cm/yr"),
    "stress": Dimension("stress or modulus", "Pa", "30 GPa"),
    "density": Dimension("density", "kg/m^3", "2700 kg/m^3"),
    "viscosity": Dimension("viscosity", "Pa*s", "1e19 Pa*s"),
    "stiffness": Dimension("stiffness per area", "Pa/m", "10 MPa/m"),
    "body force": Dimension("force per volume", "N/m^3", "-27 kN/m^3"),
    "moment": Dimension("moment", "N*m", "1e18 N*m"),
    "temperature": Dimension("temperature", "K", "1500 K"),
    "energy per mole": Dimension("activation energy", "J/mol", "480 kJ/mol"),
    "volume per mole": Dimension("activation volume", "m^3/mol", "11 cm^3/mol"),
    "area": Dimension("area or variance", "m^2", "4 mm^2"),
    "squared rate": Dimension("variance of a rate", "m^2/s^2", "4 mm^2/yr^2"),
    "angle": Dimension("angle", "deg", "90 deg"),
}

_DEGREES = {"deg": 1.0, "degree": 1.0, "degrees": 1.0, "rad": math.degrees(1.0)}
_DEGREES |= dict.fromkeys(("radian", "radians"), math.degrees(1.0))

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_NOT_FINITE = re.compile(r"[-+]?\.?(?:inf|infinity|nan)\b", re.IGNORECASE)
_TERM = re.compile(r"(?P<join>\s*[*/]\s*|\s*)(?P<name>[A-Za-zµμ]+)(?:(?:\^|\*\*)(?P<power>-?\d+))?")
_DIMENSIONS = ("[length]", "[mass]", "[time]", "[temperature]", "[substance]")
_COMMON = ("mm", "cm", "m", "km", "Pa", "kPa", "MPa", "GPa", "kg", "N", "kN", "s", "yr", "deg")


class NoQuantity(ValueError):
    """The text is no quantity of the wanted dimension; the message lacks only the key."""


def quantity(text: object, dimension: str, key: str) -> float:
    """The value of `text` in SI, degrees for an angle; `key` is named if it is none.

    >>> quantity("30 GPa", "stress", "materials.crust.E")
    30000000000.0
    >>> quantity("15*km", "length", "mesh.box.size.far")
    15000.0
    """
    try:
        return parsed(text, dimension)
    except NoQuantity as error:
        raise InputError(f"{key}: {error}") from None


def parsed(text: object, dimension: str) -> float:
    """Like `quantity`, but raises NoQuantity, for callers that add the key themselves."""
    wanted = DIMENSIONS[dimension]
    write = f"write e.g. '{wanted.example}'"
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        raise NoQuantity(f"{shown(text)} has no unit; {write}")
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise NoQuantity(f"{shown(text)} is no {wanted.noun}; {write}")
    stripped = text.strip()
    if _NOT_FINITE.match(stripped):
        raise NoQuantity(f"{shown(text)} is not finite; {write}")
    number = _NUMBER.match(stripped)
    if number is None:
        raise NoQuantity(f"{shown(text)} is no {wanted.noun}; {write}")
    rest = stripped[number.end() :]
    if not rest.strip():
        raise NoQuantity(f"{shown(text)} has no unit; {write}")
    terms = _terms(rest)
    if terms is None:
        raise NoQuantity(f"{shown(text)} is no {wanted.noun}; {write}")
    value = float(number.group()) * _factor(terms, wanted, text)
    if not math.isfinite(value):
        raise NoQuantity(f"{shown(text)} is too large; {write}")
    if value == 0.0 and re.search(r"[1-9]", re.split("[eE]", number.group())[0]):
        raise NoQuantity(f"{shown(text)} is too small; {write}")
    return value


def shown(value: object) -> str:
    """A value as a message repeats it: one line, quoted if it is text, cut if it is long."""
    if isinstance(value, int) and abs(value) >= 10**SHOWN:
        return "a number of very many digits"
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a huge integer inside a list
        text = f"a {type(value).__name__}"
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def _terms(text: str) -> list[tuple[str, int]] | None:
    """[(unit name, power)] of 'kg/m^3', or None; '/' turns the one term after it."""
    terms = []
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] == "*":  # 30*GPa
        start += 1
    elif text[start : start + 1] == "/":  # 30/m
        return None
    position = start
    while position < len(text):
        term = _TERM.match(text, position)
        if term is None or (position > start and not term["join"]):
            return None
        if position == start and term["join"].strip():
            return None
        power = 1 if term["power"] is None else _power(term["power"])
        if power is None:
            return None
        terms.append((term["name"], -power if "/" in term["join"] else power))
        position = term.end()
    return terms or None


def _power(digits: str) -> int | None:
    power = int(digits) if len(digits) <= 2 else 0
    return power if 0 < abs(power) <= LARGEST_POWER else None


def _factor(terms: list[tuple[str, int]], wanted: Dimension, text: str) -> float:
    """How many of the wanted unit `terms` is; refused if it is another dimension."""
    write = f"write e.g. '{wanted.example}'"
    if wanted.unit == "deg":
        if len(terms) == 1 and terms[0][1] == 1 and terms[0][0] in _DEGREES:
            return _DEGREES[terms[0][0]]
        raise NoQuantity(f"{shown(text)} is no angle; {write}")
    factor = 1.0
    dimensions = dict.fromkeys(_DIMENSIONS, 0)
    for name, power in terms:
        found = _unit(name)
        if found is None:
            raise NoQuantity(f"{shown(text)}: {shown(name)} is no unit{_nearest(name)}; {write}")
        if not found.dimensions or any(d not in dimensions for d, _ in found.dimensions):
            raise NoQuantity(f"{shown(text)} is no {wanted.noun}; {write}")
        factor = _times(factor, found.factor, power)
        for d, exponent in found.dimensions:
            dimensions[d] += exponent * power
    target = _reference(wanted.unit)
    if {d: e for d, e in dimensions.items() if e} != target:
        raise NoQuantity(f"{shown(text)} is no {wanted.noun}; {write}")
    return factor


def _times(factor: float, unit: float, power: int) -> float:
    try:
        return factor * unit**power
    except OverflowError:
        return math.inf


@dataclass(frozen=True)
class _Unit:
    """One name: SI factor and powers of its dimensions."""

    factor: float
    dimensions: tuple[tuple[str, int], ...]


@lru_cache(maxsize=1)
def _registry() -> pint.UnitRegistry[float]:
    import pint

    return pint.UnitRegistry()


@lru_cache(maxsize=512)
def _unit(name: str) -> _Unit | None:
    """The unit called `name`, or None; scales with an offset, degC, have no dimension of ours."""
    import pint

    registry = _registry()
    try:
        factor, base = registry.get_base_units(name)
        powers = tuple((str(d), float(str(e))) for d, e in base.dimensionality.items())
        scale = float(str(factor))
        offset = float(str(registry.Quantity(0.0, name).to_base_units().magnitude))
    except (pint.PintError, ValueError, AttributeError, TypeError, KeyError):
        return None
    if any(not exponent.is_integer() for _, exponent in powers):
        return None
    if offset != 0.0:
        return _Unit(scale, ())
    return _Unit(scale, tuple((d, int(exponent)) for d, exponent in powers))


@lru_cache(maxsize=64)
def _reference(unit: str) -> dict[str, int]:
    """Dimensions of one of our own units."""
    total: dict[str, int] = {}
    for name, power in _terms(unit) or []:
        found = _unit(name)
        assert found is not None
        for d, exponent in found.dimensions:
            total[d] = total.get(d, 0) + exponent * power
    return {d: e for d, e in total.items() if e}


def _nearest(name: str) -> str:
    """'; did you mean GPa?' where only capitals differ."""
    same = [unit for unit in _COMMON if unit.lower() == name.lower()]
    return f" (did you mean {same[0]}?)" if same else ""
