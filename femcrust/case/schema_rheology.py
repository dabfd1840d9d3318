"""How the shear stress of a material relaxes: springs and dashpots in series or side by side.

The shear modulus of a material is the instantaneous one, which an elastic run takes. A dashpot
creeps at the rate s/(2η), so that a spring μ behind it relaxes with τ = η/μ.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, field_validator, model_validator

from femcrust.case.expressions import Value
from femcrust.case.quantities import DataFile, Formula
from femcrust.case.rheologies import EXAMPLES, KEYS, LATER, MODELS, MOST_BRANCHES, goes_with
from femcrust.case.schema_creep import (
    Differential,
    Diffusion,
    Dislocation,
    Exponent,
    GrainSize,
    Pressure,
    Temperature,
    Water,
    check_creep,
)
from femcrust.case.section import Section, complaint
from femcrust.case.suggest import did_you_mean
from femcrust.units import shown

Model = Literal[
    "elastic", "maxwell", "generalised_maxwell", "burgers", "standard_linear_solid", "power_law"
]

MaterialValue: TypeAlias = Value | DataFile
Modulus = Annotated[MaterialValue, Formula("stress", above=0.0, data=True)]
Viscosity = Annotated[MaterialValue, Formula("viscosity", above=0.0, data=True)]


class Branch(Section):
    """A spring and a dashpot in series, beside the others."""

    mu: Modulus = Field(description="Its part of the shear modulus, Pa.", examples=["20 GPa"])
    eta: Viscosity = Field(
        description="Its viscosity, Pa s; it relaxes with eta/mu.", examples=["1e19 Pa*s"]
    )


class Rheology(Section):
    """The keys of a material that say how it relaxes."""

    model: Model = Field(
        default="elastic",
        description="Rheology; an elastic run takes the instantaneous moduli of each.",
    )
    eta: Viscosity | None = Field(
        default=None,
        description="Viscosity of maxwell, of the Maxwell element of burgers, and of power_law at"
        " the stress `stress`, Pa s.",
        examples=[EXAMPLES["eta"]],
    )
    mu_kelvin: Modulus | None = Field(
        default=None,
        description="Shear modulus of the Kelvin element (burgers, standard_linear_solid), Pa.",
        examples=[EXAMPLES["mu_kelvin"]],
    )
    eta_kelvin: Viscosity | None = Field(
        default=None,
        description="Viscosity of the Kelvin element (burgers, standard_linear_solid), Pa s.",
        examples=[EXAMPLES["eta_kelvin"]],
    )
    branches: tuple[Branch, ...] | None = Field(
        default=None,
        description="Maxwell elements of generalised_maxwell; what they leave of the shear modulus"
        " does not relax.",
        examples=[[{"mu": "20 GPa", "eta": "1e19 Pa*s"}]],
        json_schema_extra={"minItems": 1, "maxItems": MOST_BRANCHES},
    )

    stress: Differential | None = Field(
        default=None,
        description="Differential stress √(3/2 s:s) where power_law has the viscosity eta, Pa.",
        examples=[EXAMPLES["stress"]],
    )
    exponent: Exponent | None = Field(
        default=None,
        description="n of power_law: the viscosity falls with the (n − 1)th power of the stress.",
        examples=[3.5],
    )
    dislocation: Dislocation | None = Field(
        default=None, description="Flow law of dislocation creep (power_law)."
    )
    diffusion: Diffusion | None = Field(
        default=None, description="Flow law of diffusion creep (power_law), beside the other."
    )
    temperature: Temperature | None = Field(
        default=None, description="For flow laws, K.", examples=[EXAMPLES["temperature"]]
    )
    pressure: Pressure | None = Field(
        default=None,
        description="For flow laws with an activation volume, Pa.",
        examples=[EXAMPLES["pressure"]],
    )
    grain_size: GrainSize | None = Field(
        default=None,
        description="For flow laws with a grain exponent, m.",
        examples=[EXAMPLES["grain_size"]],
    )
    water: Water | None = Field(
        default=None,
        description="For flow laws with a water exponent, in the unit of their prefactor.",
        examples=[1000],
    )

    @field_validator("model", mode="before")
    @classmethod
    def _known_model(cls, value: object) -> object:
        if value in LATER:
            raise complaint(f"{shown(value)} is not yet available; use {_listed(MODELS)}")
        if value not in MODELS:
            raise complaint(f"{shown(value)} is no model{did_you_mean(str(value), MODELS)}")
        return value

    @field_validator("branches", mode="before")
    @classmethod
    def _a_few(cls, value: Any) -> Any:
        if isinstance(value, (list, tuple)) and not 1 <= len(value) <= MOST_BRANCHES:
            raise complaint(f"has {len(value)} branches; give 1 to {MOST_BRANCHES}")
        return value

    @model_validator(mode="after")
    def _keys_of_the_model(self) -> Rheology:
        for key in KEYS[self.model]:
            if getattr(self, key) is None:
                needs = f"{self.model} needs it, e.g. {key}: {EXAMPLES[key]}"
                raise complaint(f"missing; {needs}", key)
        for key in EXAMPLES:
            if self.model not in goes_with(key) and getattr(self, key) is not None:
                models = _listed(goes_with(key))
                raise complaint(
                    f"goes with model: {models} only; remove it or change the model", key
                )
        if self.model == "power_law":
            check_creep(self, EXAMPLES)
        return self


def _listed(words: Any) -> str:
    """'a, b or c'."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else str(last)
