"""The whole case: what a case file may hold, as frozen data in SI (angles in degrees).

`Case.model_validate(dict)` or keywords build the same in Python, where bare numbers are SI and
material values may be functions f(x, y, z) of arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import Field, model_validator

from femcrust.case.quantities import Unit
from femcrust.case.schema_boundaries import Boundary, Load
from femcrust.case.schema_faults import Fault
from femcrust.case.schema_greens import Greens
from femcrust.case.schema_materials import Material
from femcrust.case.schema_mesh import MeshSection
from femcrust.case.schema_output import Output
from femcrust.case.schema_solver import Solver, Time
from femcrust.case.section import (
    OneOrMany,
    Section,
    Text,
    Title,
    WholeFile,
    Word,
    complaint,
)
from femcrust.case.suggest import did_you_mean

Gravity: TypeAlias = Annotated[float, Unit("acceleration", above=0.0, most=1e3)]


class Info(Section):
    """Who made the case and why; copied into every output."""

    title: Title = ""
    authors: Annotated[tuple[Text, ...], OneOrMany()] = ()
    reference: Text | None = Field(default=None, description="Paper or DOI.")
    keywords: Annotated[tuple[Text, ...], OneOrMany()] = ()
    crs: Text | None = Field(
        default=None,
        description="Coordinate system of x, y; only where lon/lat occur.",
        examples=["EPSG:32654"],
    )


def _quiet_sides() -> dict[str, Boundary]:
    words = {"sides": "infinite", "bottom": "infinite", "top": "free"}
    return {name: Boundary.model_validate(word) for name, word in words.items()}


class Case(WholeFile):
    """One computation: mesh, materials, what acts, how it is solved, what is written."""

    case: Info = Info()
    mesh: MeshSection
    materials: dict[Word, Material] = Field(min_length=1)
    faults: dict[Word, Fault] = Field(default={}, description="Faults by name.")
    boundaries: dict[Text, Boundary] = Field(
        default_factory=_quiet_sides,
        description="By sides, bottom, top, west, east, south, north or a surface of the mesh.",
    )
    loads: dict[Word, Load] = Field(default={}, description="Loads by name.")
    gravity: Gravity | None = Field(
        default=None,
        description="m/s²; the ground and density contrasts weigh what rises across them. Absent:"
        " nothing does.",
        examples=["9.81 m/s^2"],
    )
    time: Time | None = Field(
        default=None, description="Span of a relaxation run; absent: the elastic answer alone."
    )
    solver: Solver = Solver()
    output: Output = Output()
    greens: Greens | None = Field(
        default=None, description="Unit sources of `femcrust greens`; absent: all faults, whole."
    )

    def resolved(self) -> dict[str, Any]:
        """Every value, defaults too, with units: a valid case file as plain data."""
        return self.model_dump(mode="json", exclude_none=True, by_alias=True)

    @model_validator(mode="after")
    def _sections_agree(self) -> Case:
        for i, name in enumerate(self.mesh.box.fault_planes if self.mesh.box else ()):
            if name not in self.faults:
                hint = did_you_mean(name, self.faults) or "; the case has no faults"
                at = ("mesh", "box", "fault_planes", i)
                raise complaint(f"{name!r} is no fault{hint}", *at)
        if self.greens is not None:
            self._sources_exist(self.greens)
        self._times_agree()
        return self

    def _sources_exist(self, greens: Greens) -> None:
        """What becomes a unit source is a fault, or a disc load."""
        for i, name in enumerate(greens.faults):
            if name not in self.faults:
                hint = did_you_mean(name, self.faults) or "; the case has no faults"
                raise complaint(f"{name!r} is no fault{hint}", "greens", "faults", i)
        discs = [name for name, load in self.loads.items() if load.disc is not None]
        for i, name in enumerate(greens.loads):
            if name not in discs:
                hint = did_you_mean(name, discs) or "; the case has none"
                raise complaint(f"{name!r} is no disc load{hint}", "greens", "loads", i)

    def _times_agree(self) -> None:
        """What happens in time needs a section `time`, and lies in it."""
        acting: dict[str, Mapping[str, Any]] = {"faults": self.faults, "loads": self.loads}
        if self.time is None:
            needs = "needs a section time, for relaxation; remove it"
            for key in self.output.given(("every", "times")):
                raise complaint(needs, "output", key)
            for field in sorted({"velocity", "strain_rate"} & set(self.output.fields)):
                raise complaint(f"{field} {needs}", "output", "fields")
            for section, parts in acting.items():
                for name, part in parts.items():
                    if part.time != (0.0,):
                        raise complaint(f"{part.time[-1]:g} s {needs}", section, name, "time")
                    if part.growth is not None:
                        raise complaint(needs, section, name, "growth")
            return
        end = self.time.end
        for section, parts in acting.items():
            for name, part in parts.items():
                if list(part.time) != sorted(set(part.time)):
                    raise complaint("sort the times, each once", section, name, "time")
                if part.time[-1] > end:
                    raise complaint(
                        f"{part.time[-1]:g} s is after time.end, {end:g} s; remove it or extend"
                        " time.end", section, name, "time",
                    )  # fmt: skip
        for k, t in enumerate(self.output.times or ()):
            if t > end:
                raise complaint(
                    f"{t:g} s is after time.end, {end:g} s; remove it", "output", "times", k
                )
