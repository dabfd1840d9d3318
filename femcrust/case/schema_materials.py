"""Section `materials` of a case: elastic moduli, or wave speeds, and where they hold."""

from __future__ import annotations

import math
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, field_validator, model_validator

from femcrust.case.expressions import Value
from femcrust.case.quantities import Condition, DataFile, Formula, Length
from femcrust.case.section import Increasing, OneOrMany, Section, Text, complaint
from femcrust.case.suggest import did_you_mean
from femcrust.units import shown

LATER = ("burgers", "generalised_maxwell", "kelvin", "power_law", "plastic")
PAIRS = (("vp", "vs"), ("E", "nu"), ("mu", "nu"), ("lambda_", "mu"), ("K", "mu"))

MaterialValue: TypeAlias = Value | DataFile
Modulus = Annotated[MaterialValue, Formula("stress", above=0.0, data=True)]
FirstLame = Annotated[MaterialValue, Formula("stress", data=True)]
Ratio = Annotated[MaterialValue, Formula(None, above=-1.0, below=0.5, data=True)]
Speed = Annotated[MaterialValue, Formula("velocity", above=0.0, data=True)]
Density = Annotated[MaterialValue, Formula("density", above=0.0, data=True)]
Viscosity = Annotated[MaterialValue, Formula("viscosity", above=0.0, data=True)]
Depths = Annotated[tuple[Length, Length], Increasing]


class Where(Section):
    """Where a material is: every condition that is given must hold."""

    group: Annotated[tuple[Text, ...], Field(min_length=1), OneOrMany()] | None = Field(
        default=None,
        description="Volume group of the mesh, or a list.",
        examples=["mantle"],
    )
    depth: Depths | None = Field(
        default=None, description="Top and bottom as depth -z, m.", examples=[["0 km", "30 km"]]
    )
    below_surface: Depths | None = Field(
        default=None,
        description="Top and bottom below the topography, m.",
        examples=[["0 km", "2 km"]],
    )
    expression: Condition | None = Field(
        default=None,
        description="Condition on x, y, z, depth, m.",
        examples=["x > 2*km and depth < 8*km"],
    )

    @model_validator(mode="after")
    def _not_empty(self) -> Where:
        if not self.given(("group", "depth", "below_surface", "expression")):
            raise complaint("is empty; give group, depth, below_surface or expression")
        return self


class Material(Section):
    """One pair of vp+vs (with rho), E+nu, mu+nu, lambda+mu, K+mu; values may vary in space."""

    model: Literal["elastic", "maxwell"] = Field(
        default="elastic", description="Rheology; an elastic run takes the elastic part of maxwell."
    )
    vp: Speed | None = Field(default=None, description="P wave speed, m/s.", examples=["6 km/s"])
    vs: Speed | None = Field(default=None, description="S wave speed, m/s.", examples=["3.46 km/s"])
    rho: Density | None = Field(
        default=None, description="Density, kg/m³.", examples=["2700 kg/m^3"]
    )
    E: Modulus | None = Field(default=None, description="Young's modulus, Pa.", examples=["75 GPa"])
    nu: Ratio | None = Field(default=None, description="Poisson's ratio, no unit.", examples=[0.25])
    mu: Modulus | None = Field(default=None, description="Shear modulus, Pa.", examples=["30 GPa"])
    lambda_: FirstLame | None = Field(
        default=None, alias="lambda", description="Lamé's first parameter, Pa.", examples=["30 GPa"]
    )
    K: Modulus | None = Field(default=None, description="Bulk modulus, Pa.", examples=["50 GPa"])
    eta: Viscosity | None = Field(
        default=None, description="Viscosity of maxwell, Pa s.", examples=["1e19 Pa*s"]
    )
    where: Where | None = Field(default=None, description="Where it is; absent: everywhere.")

    @field_validator("model", mode="before")
    @classmethod
    def _known_model(cls, value: object) -> object:
        if value in LATER:
            raise complaint(f"{shown(value)} is not yet available; use elastic or maxwell")
        if value not in ("elastic", "maxwell"):
            hint = did_you_mean(str(value), ("elastic", "maxwell"))
            raise complaint(f"{shown(value)} is no model{hint}")
        return value

    @model_validator(mode="after")
    def _one_pair(self) -> Material:
        names = ("vp", "vs", "E", "nu", "mu", "lambda_", "K")
        found = self.given(names)
        pairs = [tuple(p.rstrip("_") for p in pair) for pair in PAIRS]
        if not any(set(pair) == set(found) for pair in pairs):
            has = f"has {', '.join(found)}" if found else "has no moduli"
            raise complaint(f"{has}; give one pair of {', '.join('+'.join(p) for p in pairs)}")
        if self.vp is not None and self.rho is None:
            raise complaint("missing; vp and vs need rho, e.g. rho: 2700 kg/m^3", "rho")
        if self.model == "maxwell" and self.eta is None:
            raise complaint("missing; maxwell needs it, e.g. eta: 1e19 Pa*s", "eta")
        if self.model == "elastic" and self.eta is not None:
            raise complaint("goes with model: maxwell only; remove it or change the model", "eta")
        return self

    @model_validator(mode="after")
    def _stable(self) -> Material:
        """K > 0, where both values are plain numbers: vp² > 4/3 vs², λ > −2/3 μ."""
        if isinstance(self.vp, float) and isinstance(self.vs, float):
            least = self.vs * math.sqrt(4.0 / 3.0)
            if not self.vp > least:
                raise complaint(
                    f"{self.vp:g} m/s is too slow for vs = {self.vs:g} m/s; "
                    f"a positive bulk modulus needs more than {least:g} m/s",
                    "vp",
                )
        if isinstance(self.lambda_, float) and isinstance(self.mu, float):
            least = -2.0 / 3.0 * self.mu
            if not self.lambda_ > least:
                raise complaint(
                    f"{self.lambda_:g} Pa makes the bulk modulus negative; "
                    f"give more than {least:g} Pa",
                    "lambda",
                )
        return self
