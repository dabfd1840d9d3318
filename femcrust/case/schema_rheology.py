"""How the shear stress of a material relaxes: springs and dashpots in series or side by side.

The shear modulus of a material is the instantaneous one, which an elastic run takes. A dashpot
creeps at the rate s/(2η), so that a spring μ behind it relaxes with τ = η/μ.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, field_validator, model_validator

from femcrust.case.expressions import Value
from femcrust.case.quantities import DataFile, Formula
from femcrust.case.rheologies import EXAMPLES, KEYS, LATER, MODELS, MOST_BRANCHES
from femcrust.case.section import Section, complaint
from femcrust.case.suggest import did_you_mean
from femcrust.units import shown

Model = Literal["elastic", "maxwell", "generalised_maxwell", "burgers", "standard_linear_solid"]

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
        description="Viscosity of maxwell and of the Maxwell element of burgers, Pa s.",
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
            if key not in KEYS[self.model] and getattr(self, key) is not None:
                models = _listed(m for m in MODELS if key in KEYS[m])
                raise complaint(
                    f"goes with model: {models} only; remove it or change the model", key
                )
        return self


def _listed(words: Any) -> str:
    """'a, b or c'."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else str(last)
