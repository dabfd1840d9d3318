"""Section `output` of a case: what is written, and where."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from femcrust.case.quantities import Angle, Length, Number, PositiveLength, Stress, Unit
from femcrust.case.schema_faults import Dip
from femcrust.case.schema_solver import PositiveTime
from femcrust.case.section import FileName, OneOrMany, Section, Text, Word, complaint, folder_inside

UNIT_TOLERANCE = 0.01  # three digits of a published unit vector

FieldName = Literal["displacement", "velocity", "stress", "strain", "strain_rate", "coulomb"]
StationField = Literal["displacement", "tilt", "strain", "stress"]
Format = Literal["vtu", "csv", "png", "html", "npz"]


class LineOfSight(Section):
    """A direction toward a satellite: unit vector, or heading and incidence (right-looking)."""

    unit: tuple[Number, Number, Number] | None = Field(
        default=None, description="East, north, up, from the ground.", examples=[[-0.6, -0.1, 0.79]]
    )
    heading: Angle | None = Field(
        default=None, description="Flight direction, clockwise from north.", examples=["-13 deg"]
    )
    incidence: Annotated[float, Unit("angle", least=0.0, below=90.0)] | None = Field(
        default=None, description="From the vertical.", examples=["39 deg"]
    )

    @model_validator(mode="after")
    def _one_form(self) -> LineOfSight:
        if self.unit is not None:
            for name in self.given(("heading", "incidence")):
                raise complaint("does not go with unit; keep one form", name)
            length = math.hypot(*self.unit)
            if not abs(length - 1.0) <= UNIT_TOLERANCE:
                raise complaint(
                    f"has length {length:.4g}; give the unit vector [east, north, up] "
                    "from the ground toward the satellite",
                    "unit",
                )
        elif self.heading is None or self.incidence is None:
            raise complaint("give unit, or heading and incidence")
        return self


class Regional(Section):
    """The stress before, of which one principal axis is vertical; compression is positive."""

    regime: Literal["strike_slip", "thrust", "normal"] = Field(
        description="Which faults it favours: s2, s3 or s1 is vertical.", examples=["thrust"]
    )
    azimuth: Angle = Field(
        description="Of the greater horizontal compression, clockwise from north.",
        examples=["35 deg"],
    )
    s1: Stress = Field(description="Greatest compression, Pa.", examples=["20 MPa"])
    s2: Stress = Field(description="The one between, Pa.", examples=["15 MPa"])
    s3: Stress = Field(description="Least compression, Pa.", examples=["10 MPa"])

    @model_validator(mode="after")
    def _ordered(self) -> Regional:
        if not self.s1 >= self.s2 >= self.s3:
            raise complaint("s1, s2, s3 do not fall; compression is positive, s1 the greatest")
        return self


class Receiver(Section):
    """Faults on which Coulomb stress change is wanted, Δτ along rake + friction · Δσ_n: of one
    orientation, or where a regional stress and the change favour slip most."""

    strike: Angle | None = Field(
        default=None, description="Clockwise from north.", examples=["30 deg"]
    )
    dip: Dip | None = Field(default=None, description="Down from horizontal.", examples=["45 deg"])
    rake: Angle | None = Field(
        default=None, description="0 left-lateral, 90 thrust.", examples=["90 deg"]
    )
    regional: Regional | None = Field(
        default=None, description="For faults of optimal orientation, in place of the angles."
    )
    friction: Annotated[float, Unit(None, least=0.0, most=1.0)] = Field(
        default=0.4, description="Effective friction, no unit."
    )
    depth: PositiveLength | None = Field(
        default=None, description="Depth of the map, m.", examples=["10 km"]
    )

    @model_validator(mode="after")
    def _one_orientation(self) -> Receiver:
        for name in ("strike", "dip", "rake"):
            given = getattr(self, name) is not None
            if given and self.regional is not None:
                raise complaint("does not go with regional; keep one of them", name)
            if not given and self.regional is None:
                raise complaint("missing; a receiver has strike, dip and rake, or regional", name)
        return self


class SurfaceGrid(Section):
    """Displacement of the ground on a regular grid (netCDF)."""

    spacing: PositiveLength = Field(description="m.", examples=["500 m"])
    extent: tuple[Length, Length, Length, Length] | None = Field(
        default=None,
        description="West, east, south, north, m; absent: the whole ground.",
        examples=[["-30 km", "30 km", "-30 km", "30 km"]],
    )

    @model_validator(mode="after")
    def _extent_increases(self) -> SurfaceGrid:
        e = self.extent
        if e is not None and not (e[0] < e[1] and e[2] < e[3]):
            raise complaint("is no extent; give west, east, south, north", "extent")
        return self


class Interval(Unit):
    """A time, a float; so many steps, an int; or never, infinity."""

    def read(self, value: Any, info: ValidationInfo) -> Any:
        if value in ("never", math.inf):
            return math.inf
        steps = re.fullmatch(r"\s*([1-9]\d{0,8})\s+steps?\s*", str(value))
        return super().read(value, info) if steps is None else int(steps[1])

    def written(self, value: Any) -> Any:
        if isinstance(value, int):
            return f"{value} steps"
        return "never" if value == math.inf else super().written(value)


class Checkpoint(Section):
    """How often a run over time keeps what `femcrust run --resume` goes on from."""

    every: Annotated[float | int, Interval("time", above=0.0)] = Field(
        default=600.0,
        description="By the clock on the wall, s, or in steps (20 steps); never: none is kept, not"
        " even when the run is stopped.",
        examples=["10 min", "20 steps", "never"],
    )

    @property
    def kept(self) -> bool:
        """Whether there are any."""
        return self.every < math.inf


class Output(Section):
    """What is written, into which folder."""

    directory: FileName = Field(default="results", description="Folder, inside that of the case.")
    stations: FileName | None = Field(
        default=None,
        description="CSV: name,x,y[,z] or name,lon,lat[,height].",
        examples=["gnss.csv"],
    )
    fields: Annotated[tuple[FieldName, ...], OneOrMany()] = ("displacement", "stress")
    formats: Annotated[tuple[Format, ...], OneOrMany()] = ("vtu", "csv", "png", "html")
    station_fields: Annotated[tuple[StationField, ...], OneOrMany()] = Field(
        default=("displacement",),
        description="What stations tell, in runs and in libraries: the displacement always, tilt,"
        " strain, and, below the ground, stress.",
        examples=[["displacement", "tilt", "strain"]],
    )
    los: dict[Word, LineOfSight] = Field(default={}, description="Lines of sight, by name.")
    coulomb: dict[Word, Receiver] = Field(default={}, description="Receiver faults, by name.")
    grid: SurfaceGrid | None = None
    every: PositiveTime | None = Field(
        default=None, description="Interval of results of a relaxation run, s.", examples=["5 yr"]
    )
    times: tuple[PositiveTime, ...] | None = Field(
        default=None,
        description="Times of results of a relaxation run, s.",
        examples=[["1 yr", "10 yr"]],
    )
    checkpoint: Checkpoint = Checkpoint()
    title: Text | None = Field(default=None, description="Title of pictures; absent: the case's.")

    @field_validator("directory")
    @classmethod
    def _inside(cls, value: str, info: ValidationInfo) -> str:
        return folder_inside(value, info, "case")

    @model_validator(mode="after")
    def _asked_for(self) -> Output:
        if "coulomb" in self.fields and not self.coulomb:
            raise complaint("has coulomb, but output.coulomb names no receiver fault", "fields")
        if self.every is not None and self.times is not None:
            raise complaint("does not go with every; keep one of them", "times")
        return self
