"""stations.nc: the stations' series as labelled arrays that xarray, MATLAB and GMT read.

displacement and velocity (station, time, axis), also tilt (…, tilt_axis), strain and stress (…,
tensor) where asked for; lines of sight and Coulomb changes (station, time).
Missing values are nan. CF conventions, classic netCDF with 64-bit offsets.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femcrust.mesh.mesh import Floats
from femcrust.outputs.atomic import write_bytes
from femcrust.outputs.netcdf import JULIAN_YEAR, KeptBytes
from femcrust.outputs.result import Stations
from femcrust.outputs.station_fields import FIELDS, in_order
from femcrust.outputs.stations import (
    FIXED,
    SECONDS_PER_YEAR,
    Columns,
    at_stations,
    columns_at,
)

AXES = ("east", "north", "up")


def write_station_arrays(
    path: Path, case: Any, times: Sequence[float], stations: Sequence[Stations]
) -> Path:
    """Write the file; `stations` as they were at each of the `times`, s."""
    from scipy.io import netcdf_file

    tables = [columns_at(s, t, case.output) for s, t in zip(stations, times, strict=True)]
    first = stations[0]
    buffer = KeptBytes()
    with netcdf_file(buffer, "w", version=2) as file:
        file.Conventions = "CF-1.8"
        file.title = str(case.case.title or "").encode("utf-8")
        file.source = "femcrust"

        def put(name: str, values: Any, dims: tuple[str, ...], unit: str, about: str) -> None:
            array = np.asarray(values)
            variable = file.createVariable(name, "c" if array.dtype.kind == "S" else "f8", dims)
            variable[:] = array
            variable.long_name = about.encode("utf-8")
            if unit:
                variable.units = unit
            if array.dtype.kind == "S":
                variable._Encoding = "utf-8"

        names, axes = _characters(first.names), _characters(AXES)
        sizes = {"station": len(names), "time": len(times), "axis": len(axes)}
        sizes |= {"name_length": names.shape[1], "axis_length": axes.shape[1]}
        for name, size in sizes.items():
            file.createDimension(name, size)
        put("station", names, ("station", "name_length"), "", "name of the station")
        put("axis", axes, ("axis", "axis_length"), "", _axes(first))
        years = np.asarray(times) / SECONDS_PER_YEAR
        put("time", years, ("time",), JULIAN_YEAR, "time, years of 365.25 days")
        for name, place in zip("xyz", first.xyz.T, strict=True):
            put(name, place, ("station",), "m", f"{name} of the station")
        if first.lonlat is not None:
            put("lon", first.lonlat[:, 0], ("station",), "degrees_east", "longitude")
            put("lat", first.lonlat[:, 1], ("station",), "degrees_north", "latitude")
        whole = ("station", "time", "axis")
        moved = np.stack([s.displacement for s in stations], axis=1)
        put("displacement", moved, whole, "m", "displacement")
        if any(s.velocity is not None for s in stations):
            still = np.full(first.xyz.shape, np.nan)
            rates = [still if s.velocity is None else s.velocity for s in stations]
            velocity = np.stack(rates, axis=1)
            put("velocity", velocity, whole, "m s-1", "velocity")
        for name in in_order(case.output.station_fields)[1:]:
            field = FIELDS[name]
            if field.dimension not in file.dimensions:
                labels = _characters(field.labels)
                file.createDimension(field.dimension, len(labels))
                file.createDimension(f"{field.dimension}_length", labels.shape[1])
                place = (field.dimension, f"{field.dimension}_length")
                put(field.dimension, labels, place, "", _axes(first))
            values = np.stack([at_stations(s, name) for s in stations], axis=1)
            put(name, values, ("station", "time", field.dimension), field.unit, field.about)
        for name in dict.fromkeys(name for table in tables for name in table):
            if name in FIXED or not name.startswith(("los_", "coulomb_")):
                continue
            label, unit = name.rsplit("_", 1)
            about = "displacement toward the satellite" if unit == "m" else "Coulomb stress change"
            put(label, _by_time(tables, name), ("station", "time"), unit, about)
    return write_bytes(path, buffer.content)


def _by_time(tables: Sequence[Columns], name: str) -> Floats:
    """One column of all times, (station, time); nan where a time lacks it."""
    missing = np.full(len(tables[0]["name"]), np.nan)
    return np.stack([np.asarray(table.get(name, missing)) for table in tables], axis=1)


def _axes(stations: Stations) -> str:
    """What the axes are: those of the displacement in stations.csv."""
    return "true east, true north, up" if stations.lonlat is not None else "along x, y, z"


def _characters(texts: Sequence[str]) -> NDArray[np.bytes_]:
    """(n, longest) bytes of UTF-8."""
    encoded = np.array([text.encode("utf-8") or b" " for text in texts])
    return encoded.view("S1").reshape(len(texts), -1)
