"""Stations of a case: read, put on the ground, found in the mesh, sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from femcrust import progress
from femcrust.case import Case
from femcrust.discretisation import Discretisation
from femcrust.errors import InputError
from femcrust.faults.source import Source
from femcrust.mesh.mesh import Floats, Ints
from femcrust.model import Model
from femcrust.outputs.result import Stations
from femcrust.outputs.station_fields import in_true_axes
from femcrust.sampling import (
    linear_at,
    nodal_at,
    quadratic_at,
    shape_values,
    slopes_in,
    strain_in,
)
from femcrust.station_list import StationList, read_station_list

BURIED = 1e-3  # m under the ground that still counts as on it
NAMED = 5  # station names that a message lists


@dataclass(frozen=True)
class PlacedStations:
    """Stations inside the mesh: positions, element and barycentric coordinates."""

    listed: StationList
    xyz: Floats  # (n, 3)
    tets: Ints  # (n,)
    barycentric: Floats  # (n, 4)


def case_stations(case: Case, model: Model) -> PlacedStations | None:
    """The stations of a case, or None; those outside the mesh are an InputError by name."""
    if case.output.stations is None:
        return None
    listed = read_station_list(case.directory / case.output.stations, case.case.crs)
    ground = model.locator.surface_z(listed.x, listed.y)
    _refuse(listed, np.isnan(ground), "outside the mesh; move it or make the model wider")
    lifted = ~(listed.z < ground - BURIED)  # no z, on the ground, or above it
    above = np.flatnonzero(listed.z > ground + BURIED)
    if len(above):
        progress.say(
            f"{len(above)} stations above the ground are put on it: {names_of(listed, above)}"
        )
    if "stress" in case.output.station_fields:
        why = "on the ground, where output.station_fields has no stress; give them a z below it"
        _refuse(listed, lifted, f"{why}, or leave stress out")
    xyz = np.stack([listed.x, listed.y, np.where(lifted, ground, listed.z)], axis=1)
    tets, barycentric = model.locator.find(xyz)
    _refuse(listed, tets < 0, "below the mesh; raise it or make the model deeper")
    return PlacedStations(listed, xyz, tets, barycentric)


@dataclass(frozen=True)
class Samples:
    """In the elements of stations: displacement and velocity or None at the nodes (n, 10, 3),
    stress and strain at the vertices (n, 4, 6), slopes of level lines there (n, 4, 2)."""

    moved: Floats
    stress: Floats
    strain: Floats
    slopes: Floats
    velocity: Floats | None


def samples_in(
    tets: Ints,
    space: Discretisation,
    sources: Sequence[Source],
    u: Floats,
    stress: Floats,
    velocity: Floats | None = None,
    slipping: Sequence[Source] = (),
) -> Samples:
    """Of elements of a space, its sources and what these add in a second."""
    return Samples(
        nodal_at(space, sources, u, tets),
        stress[tets],
        strain_in(space, sources, u, tets),
        slopes_in(space, sources, u, tets),
        None if velocity is None else nodal_at(space, slipping, velocity, tets),
    )


def stations_of(placed: PlacedStations, sources: Sequence[Source], samples: Samples) -> Stations:
    """What the stations tell, of the side of a fault that their element is on."""
    listed, at = placed.listed, placed.barycentric

    def in_axes(name: str, values: Floats) -> Floats:
        return values if listed.lonlat is None else in_true_axes(name, values, listed.convergence)

    rate = None
    if samples.velocity is not None:
        rate = in_axes("displacement", quadratic_at(samples.velocity, at))
    return Stations(
        names=listed.names,
        xyz=placed.xyz,
        displacement=in_axes("displacement", quadratic_at(samples.moved, at)),
        convergence=listed.convergence,
        lonlat=listed.lonlat,
        stress=linear_at(samples.stress, at),
        velocity=rate,
        tilt=in_axes("tilt", linear_at(samples.slopes, at)),
        strain=in_axes("strain", linear_at(samples.strain, at)),
        side=_sides(placed, sources),
    )


def _sides(placed: PlacedStations, sources: Sequence[Source]) -> tuple[str | None, ...]:
    """`fault:hanging` or `fault:foot` where a station's element jumps at the station itself."""
    sides: list[str | None] = [None] * len(placed.tets)
    shape = shape_values(placed.barycentric)
    for source in sources:
        if source.offset is None:
            continue
        place = {int(e): k for k, e in enumerate(source.elements)}
        for station, tet in enumerate(placed.tets):
            k = place.get(int(tet))
            on_trace = k is not None and np.abs(placed.barycentric[station]).min() < 1e-6
            if k is None or not on_trace:
                continue
            jump = shape[station] @ source.offset[k]
            if np.abs(jump).max() > 0:
                sides[station] = f"{source.name}:{_side_of(source.offset[k], source)}"
    return tuple(sides) if any(sides) else ()


def _side_of(offset: Floats, source: Source) -> str:
    """Hanging when the offset points along the fault's mean slip, foot when against it."""
    mean = source.arrows[:, 3:].mean(axis=0)
    return "hanging" if float(offset.sum(axis=0) @ mean) > 0 else "foot"


def names_of(listed: StationList, which: Ints | np.ndarray) -> str:
    """The first few of these stations, for a message."""
    names = ", ".join(listed.names[int(k)] for k in which[:NAMED])
    return names + (f" and {len(which) - NAMED} more" if len(which) > NAMED else "")


def _refuse(listed: StationList, bad: np.ndarray, why: str) -> None:
    if bad.any():
        which = np.flatnonzero(bad)
        raise InputError(f"output.stations: {names_of(listed, which)}: {why}")
