"""Section `faults` of a case: where slip is, and how much.

Strike clockwise from north, dip to its right, rake by Aki & Richards; angles in degrees.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from femcrust.case.expressions import Value
from femcrust.case.quantities import Angle, Formula, Length, PositiveLength, Unit
from femcrust.case.schema_growth import Growth, Times, must_grow
from femcrust.case.section import FileName, Increasing, Section, Text, complaint

Compass = Literal[
    "north",
    "northeast",
    "east",
    "southeast",
    "south",
    "southwest",
    "west",
    "northwest",
    "above",
]
SlipValue: TypeAlias = Annotated[Value, Formula("length", variables=("along", "down", *"xyz"))]
Dip: TypeAlias = Annotated[float, Unit("angle", above=0.0, most=90.0)]
Moment: TypeAlias = Annotated[float, Unit("moment")]
Point3: TypeAlias = tuple[Length, Length, Length]
Degrees: TypeAlias = Annotated[tuple[Angle, Angle], Increasing]
Lengths: TypeAlias = Annotated[tuple[Length, Length], Increasing]

COMPONENTS = ("mxx", "myy", "mzz", "mxy", "mxz", "myz")
KINDS = ("surface", "rectangle", "triangles", "file", "point")


class Slip(Section):
    """Motion of the hanging wall: strike/dip/open, or amount and rake, or a file."""

    strike: SlipValue | None = Field(
        default=None, description="Left-lateral slip, m, or an expression.", examples=["1 m"]
    )
    dip: SlipValue | None = Field(
        default=None,
        description="Thrust slip (hanging wall up), m, or an expression.",
        examples=["1 m"],
    )
    open: SlipValue | None = Field(
        default=None, description="Opening, m, or an expression.", examples=["0.5 m"]
    )
    amount: SlipValue | None = Field(
        default=None, description="Slip in the direction of rake, m.", examples=["2 m"]
    )
    rake: Angle | None = Field(
        default=None,
        description="Direction of slip from strike: 0 left-lateral, 90 thrust.",
        examples=["90 deg"],
    )
    file: FileName | None = Field(
        default=None, description="CSV of x,y,z,strike,dip,open, m, interpolated to the nodes."
    )
    taper: PositiveLength | None = Field(
        default=None,
        description="Slip falls linearly to zero over this distance from the buried edges, m.",
        examples=["3 km"],
    )

    @model_validator(mode="after")
    def _one_form(self) -> Slip:
        parts = self.given(("strike", "dip"))
        if self.file is not None:
            for name in self.given(("strike", "dip", "open", "amount", "rake")):
                raise complaint("is in slip.file already; remove one of them", name)
        elif self.amount is not None or self.rake is not None:
            for name in parts:
                raise complaint("does not go with amount and rake; keep one form", name)
            for name in ("amount", "rake"):
                if getattr(self, name) is None:
                    raise complaint("missing; amount and rake go together", name)
        elif not self.given(("strike", "dip", "open")):
            raise complaint("has no slip; give strike, dip, open or amount and rake, e.g. 1 m")
        return self


class Rectangle(Section):
    """A plane fault inside any mesh, by the middle of its upper edge."""

    top_center: Point3 = Field(
        description="Middle of the upper edge, x, y, z, m.", examples=[["0 km", "0 km", "-5 km"]]
    )
    length: PositiveLength = Field(description="Along strike, m.", examples=["20 km"])
    width: PositiveLength = Field(description="Down dip, m.", examples=["10 km"])
    strike: Angle = Field(description="Clockwise from north.", examples=["30 deg"])
    dip: Dip = Field(
        description="Down from horizontal, to the right of strike.", examples=["45 deg"]
    )


class Triangles(Section):
    """A curved sheet inside any mesh: a file of triangles, or a grid of heights (Slab2, GMT)."""

    file: FileName
    units: Literal["m", "km"] = Field(default="m", description="Unit of the coordinates in `file`.")
    crs: Text | None = Field(
        default=None,
        description="Coordinate system of `file`, if not the case's.",
        examples=["EPSG:4326"],
    )
    lon: Degrees | None = Field(
        default=None,
        description="Part of a grid file that is taken.",
        examples=[["131 deg", "138 deg"]],
    )
    lat: Degrees | None = Field(default=None, description="The same.")
    x: Lengths | None = Field(default=None, description="The same, m.")
    y: Lengths | None = Field(default=None, description="The same, m.")
    depth: Lengths | None = Field(
        default=None,
        description="Depths of a grid that are taken, m.",
        examples=[["5 km", "50 km"]],
    )
    count: Annotated[int, Field(strict=True, gt=0, le=200_000)] | None = Field(
        default=None, description="About how many triangles to make of a grid; absent: all."
    )

    @model_validator(mode="after")
    def _of_grids(self) -> Triangles:
        if not self.file.lower().endswith((".grd", ".nc", ".cdf")):
            for name in self.given(("lon", "lat", "x", "y", "depth", "count")):
                raise complaint("goes with a grid only (.grd, .nc); remove it", name)
        return self


class PointSource(Section):
    """Where a moment tensor acts."""

    at: Point3 = Field(description="x, y, z, m.", examples=[["0 km", "0 km", "-8 km"]])


class MomentTensor(Section):
    """Six components (x east, y north, z up), or size and angles of a double couple."""

    mxx: Moment | None = Field(default=None, description="N m; absent: 0.", examples=["1e18 N*m"])
    myy: Moment | None = Field(default=None, description="N m; absent: 0.", examples=["1e18 N*m"])
    mzz: Moment | None = Field(default=None, description="N m; absent: 0.", examples=["1e18 N*m"])
    mxy: Moment | None = Field(default=None, description="N m; absent: 0.", examples=["1e18 N*m"])
    mxz: Moment | None = Field(default=None, description="N m; absent: 0.", examples=["1e18 N*m"])
    myz: Moment | None = Field(default=None, description="N m; absent: 0.", examples=["1e18 N*m"])
    M0: Annotated[float, Unit("moment", above=0.0)] | None = Field(
        default=None, description="Scalar moment, N m.", examples=["4e18 N*m"]
    )
    Mw: Annotated[float, Unit(None, least=-5.0, most=10.0)] | None = Field(
        default=None, description="Moment magnitude, no unit.", examples=[6.3]
    )
    strike: Angle | None = Field(
        default=None, description="Clockwise from north.", examples=["30 deg"]
    )
    dip: Dip | None = Field(default=None, description="Down from horizontal.", examples=["45 deg"])
    rake: Angle | None = Field(
        default=None, description="0 left-lateral, 90 thrust.", examples=["90 deg"]
    )

    @model_validator(mode="after")
    def _one_form(self) -> MomentTensor:
        tensor, sizes = self.given(COMPONENTS), self.given(("M0", "Mw"))
        angles = self.given(("strike", "dip", "rake"))
        if tensor and (sizes or angles):
            raise complaint(f"does not go with {tensor[0]}; keep one form", (sizes + angles)[0])
        if not tensor:
            self.exactly_one("M0", "Mw")
            for name in {"strike", "dip", "rake"} - set(angles):
                raise complaint(f"missing; {sizes[0]} needs strike, dip and rake", name)
        return self


class Fault(Section):
    """Slip on a mesh surface, a rectangle or triangles inside the mesh, a table, or a point."""

    surface: Text | None = Field(
        default=None, description="Surface group of the mesh: split nodes.", examples=["fault"]
    )
    hanging_side: Compass | None = Field(
        default=None,
        description="Side of the hanging wall; needed where the dip exceeds 85 degrees.",
    )
    rectangle: Rectangle | None = None
    triangles: Triangles | None = None
    file: FileName | None = Field(
        default=None,
        description="Table of patches: CSV, SRCMOD .fsp, PSCMP, Coulomb .inp, Unicycle .flt, or"
        " corners as CSI writes them.",
        examples=["slip.csv"],
    )
    units: Literal["m", "km"] | None = Field(
        default=None, description="Unit of lengths in a .flt file, which does not tell."
    )
    point: PointSource | None = None
    slip: Slip | None = None
    moment: MomentTensor | None = None
    time: Times = Field(
        default=(0.0,),
        description="When it slips, s; several times are several equal earthquakes.",
        examples=["0 yr", ["0 yr", "150 yr"]],
    )
    growth: Growth | None = Field(
        default=None, description="How the slip grows from then on; absent: at once."
    )

    @property
    def kind(self) -> str:
        """'surface', 'rectangle', 'triangles', 'file' or 'point'."""
        return self.given(KINDS)[0]

    @model_validator(mode="after")
    def _one_kind(self) -> Fault:
        kind = self.exactly_one(*KINDS)
        if self.hanging_side is not None and kind not in ("surface", "triangles"):
            raise complaint("goes with surface and triangles only; remove it", "hanging_side")
        self.only_with("point", "moment")
        self.only_with("file", "units")
        if kind == "point" and self.moment is None:
            raise complaint(
                "missing; a point needs it, e.g. {Mw: 6, strike: ..., dip: ...}", "moment"
            )
        if kind in ("surface", "rectangle", "triangles") and self.slip is None:
            raise complaint("missing; give e.g. slip: {strike: 1 m}", "slip")
        if kind in ("file", "point") and self.slip is not None:
            raise complaint(f"does not go with {kind}; remove it", "slip")
        must_grow(self.growth)
        return self
