"""Section `materials` of a case: elastic moduli, or wave speeds, and where they hold; how they
relax is in `schema_rheology`."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, model_validator

from femcrust.case.quantities import Condition, Formula, Length
from femcrust.case.rheologies import ROUNDING
from femcrust.case.schema_rheology import MaterialValue, Modulus, Rheology
from femcrust.case.section import Increasing, OneOrMany, Section, Text, complaint

PAIRS = (("vp", "vs"), ("E", "nu"), ("mu", "nu"), ("lambda_", "mu"), ("K", "mu"))

FirstLame = Annotated[MaterialValue, Formula("stress", data=True)]
Ratio = Annotated[MaterialValue, Formula(None, above=-1.0, below=0.5, data=True)]
Speed = Annotated[MaterialValue, Formula("velocity", above=0.0, data=True)]
Density = Annotated[MaterialValue, Formula("density", above=0.0, data=True)]
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


class Material(Rheology):
    """One pair of vp+vs (with rho), E+nu, mu+nu, lambda+mu, K+mu; values may vary in space."""

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
    where: Where | None = Field(default=None, description="Where it is; absent: everywhere.")

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

    @model_validator(mode="after")
    def _branches_within_mu(self) -> Material:
        """μ∞ = μ − Σ μ_k ≥ 0, where all are plain numbers."""
        parts = [branch.mu for branch in self.branches or ()]
        numbers = [mu for mu in parts if isinstance(mu, float)]
        if not isinstance(self.mu, float) or len(numbers) < len(parts):
            return self
        if sum(numbers) > self.mu * (1.0 + ROUNDING):
            raise complaint(
                f"their mu sum to {sum(numbers):g} Pa, above the shear modulus"
                f" {self.mu:g} Pa; lower them, what they leave of it does not relax",
                "branches",
            )
        return self
