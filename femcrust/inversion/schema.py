"""inversion.yaml: library, data, smoothing, bounds and output of `femcrust invert`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from femcrust.case.quantities import Angle, PositiveLength, Seconds, Unit
from femcrust.case.schema_greens import Component
from femcrust.case.section import (
    FileName,
    OneOrMany,
    Section,
    Text,
    Title,
    WholeFile,
    Word,
    complaint,
    folder_inside,
)
from femcrust.inversion.amounts import SlipBound, Variance

KINDS = ("offsets", "velocities", "los")
ALONG = ("along", "across")  # components of slip in the direction of a rake or an azimuth


class Covariance(Section):
    """Of the errors of one data set: a matrix from a file, or one that falls with distance."""

    file: FileName | None = Field(
        default=None,
        description="CSV of numbers without header, or netCDF; rows in the order of the data,"
        " east, north, up of each station in turn.",
    )
    unit: Text | None = Field(
        default=None, description="Unit of the numbers in a CSV file.", examples=["mm^2"]
    )
    variable: Text | None = Field(
        default=None, description="netCDF variable to take, where the file has several."
    )
    sill: Variance | None = Field(
        default=None,
        description="Variance of errors that are alike nearby: sill * exp(-distance / range).",
        examples=["4 mm^2"],
    )
    range: PositiveLength | None = Field(
        default=None, description="Distance of that fall, m.", examples=["12 km"]
    )

    @model_validator(mode="after")
    def _one_form(self) -> Covariance:
        if self.exactly_one("file", "sill") == "file":
            self.only_with("sill", "range")
        elif self.range is None:
            raise complaint("missing; sill and range go together", "range")
        self.only_with("file", "unit", "variable")
        return self


class DataSet(Section):
    """One table of observations at stations of the library, and how far it can be trusted."""

    offsets: FileName | None = Field(
        default=None, description="CSV: name, place, east_mm, sigma_east_mm, ... north, up."
    )
    velocities: FileName | None = Field(
        default=None, description="The same with east_mm_per_yr and so on: slip a year is found."
    )
    los: FileName | None = Field(
        default=None,
        description="CSV: name, place, los_mm, sigma_mm, unit_east, unit_north, unit_up.",
    )
    view: Word | None = Field(
        default=None, description="Line of sight of the library, if the file has no unit vectors."
    )
    covariance: Covariance | None = Field(
        default=None, description="Besides what the sigmas of the table give."
    )
    ramp: Literal["none", "offset", "plane"] = Field(
        default="none", description="What is found beside slip: a shift, or a plane in x and y."
    )

    @model_validator(mode="after")
    def _one_table(self) -> DataSet:
        kind = self.exactly_one(*KINDS)
        if kind != "los" and self.view is not None:
            raise complaint("goes with los only; remove it", "view")
        if kind != "los" and self.ramp != "none":
            raise complaint("goes with los only; remove it", "ramp")
        return self

    @property
    def kind(self) -> str:
        """offsets, velocities or los."""
        return self.exactly_one(*KINDS)

    @property
    def file(self) -> str:
        """The table."""
        return str(getattr(self, self.kind))


class SlipSought(Section):
    """Which slip is looked for."""

    faults: Annotated[tuple[Word, ...], OneOrMany()] = Field(
        default=(), description="Faults of the library that may slip; absent: all."
    )
    components: Annotated[tuple[Component, ...], OneOrMany()] = Field(
        default=(), description="Of those in the library; absent: all."
    )
    rake: Angle | None = Field(
        default=None,
        description="Turns strike and dip slip to `along` this rake and `across` it, which is 90"
        " degrees ahead.",
        examples=["90 deg"],
    )
    azimuth: Angle | None = Field(
        default=None,
        description="The same by the azimuth, clockwise from the model's north, in which the"
        " hanging wall moves: for faults whose strike turns.",
        examples=["200 deg"],
    )
    across: bool = Field(default=True, description="Whether slip across that direction is sought.")
    non_negative: bool = Field(
        default=False,
        description="Whether no component may be below zero. Signed slip is the default: slip"
        " against the expected sense tells of a wrong structure.",
    )
    bounds: dict[Word, tuple[SlipBound, SlipBound]] = Field(
        default={},
        description="Least and most slip by component; none where there is no limit.",
        examples=["{along: [0 m, 12 m]}"],
    )

    @model_validator(mode="after")
    def _agree(self) -> SlipSought:
        if self.rake is not None and self.azimuth is not None:
            raise complaint("does not go with rake; keep one of them", "azimuth")
        if self.rake is None and self.azimuth is None and not self.across:
            raise complaint("goes with rake or azimuth only; remove it", "across")
        for i, component in enumerate(self.components):
            if component in self.components[:i]:
                raise complaint(f"{component} stands twice; keep one", "components", i)
        if self.bounds and self.non_negative:
            raise complaint("does not go with non_negative; keep one of them", "bounds")
        for name, (low, high) in self.bounds.items():
            if low is not None and high is not None and not low.value < high.value:
                raise complaint("is no range; give the lower end first", "bounds", name)
        return self

    @property
    def turned(self) -> bool:
        """Whether components are along and across a direction."""
        return self.rake is not None or self.azimuth is not None


class Range(Unit):
    """A length, or the word abic: it is chosen with the weight."""

    def read(self, value: Any, info: ValidationInfo) -> Any:
        """As in a file."""
        return value if value == "abic" else super().read(value, info)

    def written(self, value: Any) -> Any:
        return value if value == "abic" else super().written(value)


class Weight(Unit):
    """A number, or how it is chosen."""

    def read(self, value: Any, info: ValidationInfo) -> Any:
        """As in a file."""
        if isinstance(value, str) and value not in ("abic", "cross_validation"):
            raise complaint(f"{value!r} is none of abic, cross_validation, or a number")
        return value if isinstance(value, str) else super().read(value, info)

    def written(self, value: Any) -> Any:
        return value


class Smoothing(Section):
    """What is expected of slip before the data: neighbours on the fault slip alike."""

    model: Literal["laplacian", "matern"] = Field(
        default="laplacian",
        description="laplacian: differences from neighbours are small; matern: a random field that"
        " forgets over `range`.",
    )
    range: Annotated[float | str, Range("length", above=0.0)] | None = Field(
        default=None,
        description="Of the Matérn field: distance at which about a tenth of the correlation is"
        " left, sqrt(8) / kappa, m; or abic.",
        examples=["30 km"],
    )
    alpha: Literal[1, 2] = Field(
        default=2, description="Of the Matérn field: power of (kappa^2 - Laplacian) in its inverse."
    )
    edges: Literal["closed", "free"] = Field(
        default="closed", description="closed: slip falls to zero across buried edges; free."
    )
    weight: Annotated[float | str, Weight(None, above=0.0)] = Field(
        default="abic",
        description="Of smoothing against data, 1/m^2: abic, cross_validation, or a number.",
    )
    folds: Annotated[int, Field(strict=True, ge=2, le=100)] = Field(
        default=5, description="Parts into which stations are cut by cross-validation."
    )

    @model_validator(mode="after")
    def _belong_to_the_model(self) -> Smoothing:
        if self.model == "matern" and self.range is None:
            raise complaint("missing; write e.g. range: 30 km", "range")
        if self.model != "matern" and self.range is not None:
            raise complaint("goes with model: matern only; remove it", "range")
        if self.range == "abic" and self.weight != "abic":
            raise complaint("goes with weight: abic only; give a length", "range")
        return self


class InversionOutput(Section):
    """What is written, into which folder."""

    directory: FileName = Field(
        default="inversion", description="Folder, inside that of inversion.yaml."
    )
    covariance: bool = Field(
        default=True, description="Whether the covariance of all slips goes into inversion.nc."
    )
    pictures: bool = Field(default=True, description="Whether maps are drawn.")

    @field_validator("directory")
    @classmethod
    def _inside(cls, value: str, info: ValidationInfo) -> str:
        return folder_inside(value, info, "file")


class Inversion(WholeFile):
    """From displacements at stations to slip on the patches of a library."""

    title: Title = ""
    library: FileName = Field(description="What `femcrust greens` made.", examples=["greens.nc"])
    epoch: Seconds | None = Field(
        default=None,
        description="Of libraries over time: the data are what slip at once has done by then, s.",
        examples=["5 yr"],
    )
    structures: Annotated[tuple[FileName, ...], OneOrMany()] = Field(
        default=(),
        description="Libraries of the same patches and stations in other rock: how predictions"
        " differ between them joins the errors of the data.",
        examples=[["soft.nc", "layered.nc"]],
    )
    iterations: Annotated[int, Field(strict=True, ge=1, le=5)] = Field(
        default=2, description="How often that is found anew from the slip found."
    )
    data: dict[Word, DataSet] = Field(min_length=1, description="Data sets by name.")
    slip: SlipSought = SlipSought()
    smoothing: Smoothing = Smoothing()
    sparsity: Annotated[float, Unit(None, above=0.0)] | None = Field(
        default=None,
        description="Weight of the squared mean of |slip| over the fault, 1/m^2: fewer patches"
        " slip. Absent: none.",
    )
    errors: Literal["given", "scaled", "by_set"] = Field(
        default="scaled",
        description="given: the data are as good as they say; scaled: by one factor that is found;"
        " by_set: by one for each data set.",
    )
    output: InversionOutput = InversionOutput()

    @model_validator(mode="after")
    def _go_together(self) -> Inversion:
        chosen = self.smoothing.weight
        if self.errors == "by_set" and chosen != "abic":
            raise complaint("by_set goes with smoothing.weight: abic only", "errors")
        return self
