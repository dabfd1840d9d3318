"""Sections `boundaries` and `loads` of a case: what happens on the faces and in the volume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from femcrust.case.expressions import Value
from femcrust.case.quantities import (
    DataFile,
    Formula,
    Length,
    LengthFormula,
    PositiveLength,
    StressFormula,
    Unit,
)
from femcrust.case.schema_growth import Growth, Times
from femcrust.case.section import OneOrMany, Section, complaint
from femcrust.case.suggest import did_you_mean
from femcrust.units import shown

Axis = Literal["x", "y", "z"]
Kind = Literal[
    "infinite", "fixed", "roller", "free", "displacement", "traction", "pressure", "springs"
]
WORDS = ("infinite", "fixed", "roller", "free")
PARTS = ("infinite", "fixed", "displacement", "traction", "pressure", "springs")
Stiffness: TypeAlias = Annotated[float, Unit("stiffness", least=0.0)]
BodyForce: TypeAlias = Annotated[Value, Formula("body force")]


class Displacement(Section):
    """Prescribed components; the others stay free."""

    x: LengthFormula | None = Field(default=None, description="East, m.", examples=["1 m"])
    y: LengthFormula | None = Field(default=None, description="North, m.", examples=["1 m"])
    z: LengthFormula | None = Field(default=None, description="Up, m.", examples=["1 m"])

    @model_validator(mode="after")
    def _not_empty(self) -> Displacement:
        if not self.given(("x", "y", "z")):
            raise complaint("is empty; give x, y or z, e.g. x: 1 m")
        return self


class Springs(Section):
    """An elastic foundation: traction = -k u."""

    normal: Stiffness = Field(default=0.0, description="Pa/m.", examples=["10 MPa/m"])
    tangential: Stiffness = Field(default=0.0, description="Pa/m.", examples=["10 MPa/m"])

    @model_validator(mode="after")
    def _not_empty(self) -> Springs:
        if self.normal == 0.0 and self.tangential == 0.0:
            raise complaint("has no stiffness; give normal or tangential, e.g. normal: 10 MPa/m")
        return self


class Infinite(Section):
    """The rest of the half-space, along rays from a pole on the ground above the sources."""

    exponent: Literal[1, 2] | None = Field(
        default=None,
        description="Displacement falls as distance^-exponent: 2 for slip, 1 for net forces.",
    )
    pole: tuple[Length, Length, Length] | None = Field(
        default=None,
        description="x, y, z, m; absent: above the sources.",
        examples=[["0 km", "0 km", "0 km"]],
    )


class Boundary(Section):
    """One word (infinite, fixed, roller, free) or one of the mappings below."""

    kind: Kind
    infinite: Infinite | None = None
    fixed: Annotated[tuple[Axis, ...], Field(min_length=1), OneOrMany()] | None = Field(
        default=None,
        description="Axes along which nothing moves.",
        examples=[["x", "y"]],
    )
    displacement: Displacement | None = None
    traction: tuple[StressFormula, StressFormula, StressFormula] | None = Field(
        default=None,
        description="Force per area, Pa; x, y, z.",
        examples=[["0 Pa", "0 Pa", "-1 MPa"]],
    )
    pressure: StressFormula | None = Field(
        default=None, description="Pushes against the face, Pa.", examples=["10 MPa"]
    )
    springs: Springs | None = None

    @model_validator(mode="before")
    @classmethod
    def _word_or_mapping(cls, value: Any) -> Any:
        """`fixed` becomes {kind: fixed, fixed: [x, y, z]}; the key of a mapping is its kind."""
        if isinstance(value, str):
            if value not in WORDS:
                hint = did_you_mean(value, WORDS)
                raise complaint(f"{shown(value)} is no boundary{hint}")
            value = {"kind": value}
        elif not isinstance(value, Mapping):
            return value
        found = [part for part in PARTS if value.get(part) is not None]
        kind = value.get("kind", found[0] if found else None)
        if kind is None:
            if set(value) <= {"kind", *PARTS}:
                raise complaint(f"give one of {', '.join((*PARTS, 'roller', 'free'))}")
            return {"kind": "free", **value}  # unknown keys: they are what is complained of
        if not isinstance(kind, str):
            return value
        if any(part != kind for part in found):
            raise complaint(f"has {' and '.join(dict.fromkeys([str(kind), *found]))}; keep one")
        whole = {"fixed": ("x", "y", "z"), "infinite": {}}
        if kind in PARTS and not found and kind not in whole:
            raise complaint(f"{kind} needs values; write {kind}: ...")
        filled = {kind: whole[kind]} if kind in whole and not found else {}
        return {**value, **filled, "kind": kind}

    @model_validator(mode="after")
    def _axes_once(self) -> Boundary:
        if self.fixed is not None and len(set(self.fixed)) < len(self.fixed):
            raise complaint("names an axis twice", "fixed")
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        mapping = handler.resolve_ref_schema(handler(schema))
        own = {k: v for k, v in mapping.items() if k not in ("required", "description")}
        word = {"type": "string", "enum": list(WORDS)}
        return {"anyOf": [word, own], "description": mapping.get("description", "")}


class Disc(Section):
    """A circle on the ground."""

    center: tuple[Length, Length] = Field(description="x, y, m.", examples=[["0 km", "0 km"]])
    radius: PositiveLength = Field(description="m.", examples=["10 km"])


class Load(Section):
    """A load on the ground (disc with pressure, or a grid of pressure), or a body force."""

    disc: Disc | None = None
    pressure: StressFormula | None = Field(
        default=None, description="Pressure of the disc, down, Pa.", examples=["1 MPa"]
    )
    grid: DataFile | None = Field(default=None, description="netCDF grid of pressure, down, Pa.")
    body_force: tuple[BodyForce, BodyForce, BodyForce] | None = Field(
        default=None,
        description="Force per volume, N/m³; x, y, z.",
        examples=[["0 N/m^3", "0 N/m^3", "-27 kN/m^3"]],
    )
    time: Times = Field(
        default=(0.0,),
        description="When it begins to act, s; several times add up.",
        examples=["0 yr"],
    )
    growth: Growth | None = Field(
        default=None, description="How it grows from then on; absent: at once."
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Load:
        self.exactly_one("disc", "grid", "body_force")
        self.only_with("disc", "pressure")
        if self.disc is not None and self.pressure is None:
            raise complaint("missing; a disc needs it, e.g. pressure: 1 MPa", "pressure")
        if self.body_force is not None and (self.time != (0.0,) or self.growth is not None):
            raise complaint("acts from the start on, always; remove time and growth", "body_force")
        return self
