"""The file of a library: netCDF-4 (HDF5) with named axes, which xarray reads.

    displacement (patch, component, station, axis)   los (patch, component, station, view)
    tilt (…, tilt_axis)   strain (…, tensor)   stress (…, tensor), where asked for

and the same with point_ and load_ for sources of these kinds; over time epoch is one more axis, the
last. Columns that no batch has reached are nan.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from femcrust import projection
from femcrust.case import Case
from femcrust.errors import InputError
from femcrust.greens.course import Course
from femcrust.greens.kinds import STATIONS, kinds_of
from femcrust.greens.patches import PatchTable
from femcrust.greens.plan import Plan
from femcrust.greens.receivers import Receivers
from femcrust.greens.seal import Region, Sealed, on_disk, seal
from femcrust.greens.sources import UnitSources
from femcrust.greens.unit import Family
from femcrust.greens.writer import Writer
from femcrust.mesh.mesh import Floats
from femcrust.outputs.atomic import disk_errors, staged
from femcrust.outputs.netcdf import JULIAN_YEAR
from femcrust.outputs.resolved import plain, resolved_yaml
from femcrust.outputs.station_fields import FIELDS, StationField
from femcrust.outputs.stations import SECONDS_PER_YEAR
from femcrust.outputs.summary import current_versions

FILE = "greens.nc"  # in the folder of the results
AXES = ("east", "north", "up")
STEPS = ("step_length", "step_end")


def create(
    path: Path,
    case: Case,
    sources: UnitSources,
    receivers: Receivers,
    plan: Plan,
    made_of: Mapping[str, str],
    course: Course | None = None,
) -> None:
    """Write the file with all that is known before any solve; the arrays are nan.

    course : of a library over time
    """
    import h5py

    with staged(path.parent) as folder, disk_errors(path):
        with h5py.File(folder / path.name, "w") as file:
            out = Writer(file)
            _describe(file, case, plan, made_of)
            _stations(out, receivers)
            kinds = kinds_of(receivers.fields, over_time=course is not None)
            kind_of = {field: kind for kind, fields in kinds.items() for field in fields}
            if sources.patches is not None:
                _patches(out, sources.patches, case.case.crs)
            if course is not None:
                _times(out, course)
            n_epochs = 0 if course is None else len(course.epochs)
            regions: dict[str, Region] = {}
            for family in sources.families:
                regions |= _responses(out, family, receivers, n_epochs, kind_of)
            file.flush()
            regions = {
                name: replace(r, offset=file[name].id.get_offset() or 0)
                for name, r in regions.items()
            }
        with open(folder / path.name, "r+b") as whole:
            seal(whole, regions, plan.batches)
            on_disk(whole)


@dataclass(frozen=True)
class Header:
    """What a file says of itself: identity by part, the case as plain data, and the steps that its
    batches take, if any."""

    made_of: dict[str, str]
    case: dict[str, Any]
    course: Course | None


def read_header(sealed: Sealed, epochs: Sequence[float]) -> Header:
    """Of a file whose seal holds; `epochs` are those of the case, s."""
    import h5py

    with h5py.File(sealed.path, "r") as file:
        course = None
        if STEPS[0] in file:
            lengths, ends = (file[name][...] for name in STEPS)
            course = Course(lengths, ends, np.array(epochs))
        made_of, case = (json.loads(file.attrs[name]) for name in ("made_of", "case_json"))
        return Header(made_of, case, course)


def read_arrays(path: Path) -> dict[str, Any]:
    """All variables of a library by name; refused where a batch is damaged."""
    import h5py

    with Sealed(path) as sealed:
        sealed.check()
    with h5py.File(path, "r") as file:
        found = {
            name: data.asstr()[...] if h5py.check_string_dtype(data.dtype) else data[...]
            for name, data in file.items()
        }
        found |= {name: str(file.attrs[name]) for name in ("title", "crs")}
    return found


def read(path: Path) -> Any:
    """The library as an xarray.Dataset, in memory; refused where a batch is damaged."""
    try:
        import xarray
    except ImportError:
        raise InputError(
            "femcrust.greens: xarray is not installed; pip install 'femcrust[greens]', or run"
            " `femcrust greens`, which does without"
        ) from None
    with Sealed(Path(path)) as sealed:
        sealed.check()
    with xarray.open_dataset(path, engine="netcdf4") as data:
        return data.load()


def _describe(file: Any, case: Case, plan: Plan, made_of: Mapping[str, str]) -> None:
    file.attrs["Conventions"] = "CF-1.8"
    file.attrs["title"] = str(case.case.title or "")
    file.attrs["source"] = "femcrust"
    file.attrs["method"] = plan.method
    file.attrs["crs"] = str(case.case.crs or "")
    file.attrs["case"] = resolved_yaml(case)
    file.attrs["case_json"] = json.dumps(plain(case), default=str)
    file.attrs["made_of"] = json.dumps(dict(made_of))
    file.attrs["versions"] = json.dumps(current_versions())


def _stations(out: Writer, receivers: Receivers) -> None:
    placed = receivers.placed
    listed = placed.listed
    true = listed.lonlat is not None
    out.axis("station", listed.names, "name of the station")
    axes = "true east, true north, up" if true else "along x, y, z"
    out.axis("axis", AXES, axes)
    for field in (FIELDS[name] for name in receivers.fields[1:]):
        if field.dimension not in out.file:
            out.axis(field.dimension, field.labels, f"e, n, u: {axes}")
    out.axis("view", list(receivers.views), "line of sight")
    for name, place in zip("xyz", placed.xyz.T, strict=True):
        out.put(name, place, ("station",), "m", f"{name} of the station")
    if listed.lonlat is not None:
        out.put("lon", listed.lonlat[:, 0], ("station",), "degrees_east", "longitude")
        out.put("lat", listed.lonlat[:, 1], ("station",), "degrees_north", "latitude")
    if receivers.views:
        toward = np.stack(list(receivers.views.values()))
        about = "unit vector toward the satellite: true east, true north, up"
        out.put("view_unit", toward, ("view", "axis"), "1", about)


def _patches(out: Writer, table: PatchTable, crs: str | None) -> None:
    out.axis("patch", np.arange(len(table)), "number of the patch, from 0")
    out.axis("corner", np.arange(table.corners.shape[1]), "number of the corner, around")
    dim = ("patch",)
    out.put("patch_fault", table.fault, dim, about="fault that the patch is of")
    about = "rectangle, triangle, triangles merged, or node with a hat function"
    out.put("patch_kind", table.kind, dim, about=about)
    for i, name in enumerate("xyz"):
        out.put(f"patch_{name}", table.centre[:, i], dim, "m", f"{name} of the centre")
        about = f"{name} of the corners, nan where there is none"
        out.put(f"corner_{name}", table.corners[:, :, i], ("patch", "corner"), "m", about)
    if crs:
        lonlat = projection.unproject(crs, table.centre[:, :2])
        out.put("patch_lon", lonlat[:, 0], dim, "degrees_east", "longitude of the centre")
        out.put("patch_lat", lonlat[:, 1], dim, "degrees_north", "latitude of the centre")
    about = "strike, clockwise from the model's north"
    out.put("patch_strike", table.strike, dim, "degree", about)
    out.put("patch_dip", table.dip, dim, "degree", "dip, to the right of strike")
    about = "area; of a node the integral of its hat function"
    out.put("patch_area", table.area, dim, "m2", about)
    out.put("patch_rigidity", table.rigidity, dim, "Pa", "mean shear modulus")


def _times(out: Writer, course: Course) -> None:
    years = course.epochs / SECONDS_PER_YEAR
    out.axis("epoch", years, "time since the sources act, years of 365.25 days", JULIAN_YEAR)
    out.axis("step", np.arange(len(course.lengths)), "number of the step, from 0")
    for name, values in zip(STEPS, (course.lengths, course.ends), strict=True):
        about = "of the steps that every source goes through"
        out.put(name, values, ("step",), "s", f"{name.partition('_')[2]} {about}")


def _responses(
    out: Writer,
    family: Family,
    receivers: Receivers,
    n_epochs: int,
    kind_of: Mapping[str, str],
) -> dict[str, Region]:
    """The arrays of a family of sources; their places in the file are not known yet."""
    if family.name != "patch":
        out.axis(family.name, family.labels, f"name of the {family.name} source")
    dims: tuple[str, ...] = (family.name,)
    shape: tuple[int, ...] = (len(family.labels),)
    if family.components:
        component = "component" if family.name == "patch" else "moment"
        meant = {"component": "of slip: left-lateral, thrust, opening", "moment": "of the tensor"}
        out.axis(component, family.components, meant[component])
        dims, shape = (*dims, component), (*shape, len(family.components))
    columns = len(family.units)
    regions = {}
    epochs, when = ((n_epochs,), ("epoch",)) if n_epochs else ((), ())
    for field, size in arrays_of(receivers):
        name, whole = family.variable(field.name), (len(receivers), size, *epochs)
        unit, about = f"{field.unit} {family.per}".lstrip(), f"{field.about} {family.about}"
        out.empty(name, (*shape, *whole), (*dims, "station", field.dimension, *when), unit, about)
        kind = kind_of.get(field.name, STATIONS)
        regions[name] = Region(family.name, 0, (columns, *whole), kind)
    return regions


def arrays_of(receivers: Receivers) -> list[tuple[StationField, int]]:
    """What the arrays of a family hold, and the size of their axis."""
    found = [(FIELDS[name], len(FIELDS[name].labels)) for name in receivers.fields]
    if receivers.views:
        views = tuple(receivers.views)
        about = "displacement toward the satellite"
        found.insert(1, (StationField("los", "view", views, "m", about), len(views)))
    return found


def values_of(
    family: Family, receivers: Receivers, values: Mapping[str, Floats], some: slice
) -> dict[str, Floats]:
    """What is kept, by array, of fields (epochs, columns, stations, k) at `some` stations; epochs
    last."""
    kept = receivers.observed(values, some)
    return {family.variable(name): np.moveaxis(part, 0, -1) for name, part in kept.items()}
