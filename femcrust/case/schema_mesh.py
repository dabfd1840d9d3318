"""Section `mesh` of a case: a file, or a box that femcrust meshes itself."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from femcrust.case.expressions import Expression
from femcrust.case.quantities import DataFile, Formula, Length, PositiveLength, Unit
from femcrust.case.section import FileName, Increasing, Section, Word, complaint

Range = Annotated[tuple[Length, Length], Increasing]


class Size(Section):
    """Edge lengths of the cells of a box."""

    near: PositiveLength = Field(
        description="Edge length at faults, their edges and `at`, m.", examples=["2 km"]
    )
    far: PositiveLength = Field(
        description="Largest edge length, reached away from them, m.", examples=["15 km"]
    )
    growth: Annotated[float, Unit(None, above=0.0, most=10.0)] = Field(
        default=0.3, description="Growth of the edge length per distance from the nearest target."
    )

    @model_validator(mode="after")
    def _near_is_smaller(self) -> Size:
        if self.near > self.far:
            raise complaint(f"near = {self.near:g} m is above far = {self.far:g} m; exchange them")
        return self


class Box(Section):
    """A box of tetrahedra, fine near faults."""

    x: Range = Field(description="Western and eastern side, m.", examples=[["-60 km", "60 km"]])
    y: Range = Field(description="Southern and northern side, m.", examples=[["-60 km", "60 km"]])
    z: Range = Field(description="Bottom and ground, m.", examples=[["-60 km", "0 km"]])
    size: Size
    at: tuple[tuple[Length, Length, Length], ...] = Field(
        default=(),
        description="More points to be fine around, m.",
        examples=[[["0 km", "0 km", "-5 km"]]],
    )
    topography: Annotated[
        Expression | DataFile | None,
        Formula("length", variables=("x", "y"), constant=True, data=True),
    ] = Field(
        default=None,
        description="Height of the ground: an expression in x and y, m, or {file: netCDF grid}.",
        examples=["2*km*exp(-(x**2 + y**2)/(20*km)**2)"],
    )
    fault_planes: tuple[Word, ...] = Field(
        default=(),
        description="Faults whose planes become faces of the mesh: vertical, along x or y.",
        examples=[["main"]],
    )


class MeshSection(Section):
    """Where the mesh comes from: exactly one of `file` and `box`."""

    reserved: ClassVar[dict[str, str]] = {
        "build": "is reserved and not yet available in this version; "
        "make the mesh with gmsh and give mesh.file"
    }
    file: FileName | None = Field(
        default=None,
        description="Gmsh 2/4, Exodus, VTU, MED or Abaqus file of tetrahedra, beside the case.",
        examples=["mesh.msh"],
    )
    units: Literal["m", "km"] = Field(default="m", description="Unit of the coordinates in `file`.")
    box: Box | None = None

    @model_validator(mode="after")
    def _one_source(self) -> MeshSection:
        self.exactly_one("file", "box")
        if self.box is not None and "units" in self.model_fields_set and self.units != "m":
            raise complaint("goes with file only; the box has its own units", "units")
        return self
