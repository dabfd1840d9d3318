"""How rock creeps by a power of its stress: viscosity at one stress, or flow laws of laboratories.

A flow law is that of a sample under one differential stress σ, the strain rate along it being

    ε̇ = A σⁿ d^(−p) C^r exp(−(E + P V)/(R T)),

A in units of MPa, μm and s, and of C, as tables have it [HirthKohlstedt03].
"""

from __future__ import annotations

from typing import Annotated, Protocol

from pydantic import Field

from femcrust.case.expressions import Value
from femcrust.case.quantities import DataFile, Formula, Unit
from femcrust.case.section import Section, complaint

Temperature = Annotated[Value | DataFile, Formula("temperature", above=0.0, data=True)]
Pressure = Annotated[Value | DataFile, Formula("stress", data=True)]
GrainSize = Annotated[Value | DataFile, Formula("length", above=0.0, data=True)]
Water = Annotated[Value | DataFile, Formula(None, above=0.0, data=True)]
Positive = Annotated[float, Unit(None, above=0.0)]
NotNegative = Annotated[float, Unit(None, least=0.0)]
Energy = Annotated[float, Unit("energy per mole", least=0.0)]
Volume = Annotated[float, Unit("volume per mole", least=0.0)]
Exponent = Annotated[float, Unit(None, least=1.0, most=10.0)]
Differential = Annotated[float, Unit("stress", above=0.0)]

BY_STRESS = ("eta", "stress", "exponent")
LAWS = ("dislocation", "diffusion")
PLACES = {  # what a flow law needs to know of a place where a key of it is not zero
    "temperature": None,
    "pressure": "volume",
    "grain_size": "grain_exponent",
    "water": "water_exponent",
}


class FlowLaw(Section):
    """A mechanism of creep, but for its power of the stress."""

    prefactor: Positive = Field(
        description="A, MPa^-n μm^p s^-1 per C^r, for a sample under one differential stress.",
        examples=[90],
    )
    energy: Energy = Field(
        default=0.0, description="Activation energy E, J/mol.", examples=["480 kJ/mol"]
    )
    volume: Volume = Field(
        default=0.0, description="Activation volume V, m³/mol.", examples=["11 cm^3/mol"]
    )
    grain_exponent: NotNegative = Field(
        default=0.0, description="p, of the grain size.", examples=[3]
    )
    water_exponent: NotNegative = Field(
        default=0.0, description="r, of the water content.", examples=[1.2]
    )


class Dislocation(FlowLaw):
    """Dislocation creep."""

    exponent: Exponent = Field(default=3.5, description="n, of the stress.", examples=[3.5])


class Diffusion(FlowLaw):
    """Diffusion creep, linear in the stress."""


class Creeping(Protocol):
    """The keys of a material that are looked at here."""

    dislocation: Dislocation | None
    diffusion: Diffusion | None


def check_creep(rock: Creeping, examples: dict[str, str]) -> None:
    """One way to say the viscosity, and nothing missing for it."""
    laws = [law for name in LAWS if (law := getattr(rock, name)) is not None]
    if not laws:
        for key in BY_STRESS:
            if getattr(rock, key) is None:
                needs = f"power_law needs it, or flow laws; e.g. {key}: {examples[key]}"
                raise complaint(f"missing; {needs}", key)
    for key in BY_STRESS:
        if laws and getattr(rock, key) is not None:
            raise complaint("goes without dislocation and diffusion; give it or those", key)
    for key, of in PLACES.items():
        wanted = any(of is None or getattr(law, of) > 0 for law in laws)
        if wanted and getattr(rock, key) is None:
            why = "a flow law needs it" if of is None else f"{of} is given"
            raise complaint(f"missing; {why}, e.g. {key}: {examples[key]}", key)
        if not wanted and getattr(rock, key) is not None:
            why = "no flow law is given" if not laws else f"no flow law has {of}"
            raise complaint(f"{why}, so nothing reads it; remove it", key)
